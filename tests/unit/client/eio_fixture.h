/* A session on transports that write down what is asked of them, and an owner that writes down what
 * it is told. The test plays the server. */
#ifndef PL_TEST_EIO_FIXTURE_H
#define PL_TEST_EIO_FIXTURE_H

#include "client/engineio.h"

#include "fake_transports.h"

#include <setjmp.h>

#include <cmocka.h>

#define OPEN_PACKET                                                                                \
    "0{\"sid\":\"S-1_x\",\"upgrades\":[\"websocket\"],\"pingInterval\":300,\"pingTimeout\":200,"   \
    "\"maxPayload\":40}"
#define LEFT "GET is dropped\nPOST is dropped\n"

struct world {
    struct parley_client client;
    struct pl_client_transport transport;
    struct pl_client_eio_config config;
    struct pl_client_eio *eio;
    bool is_calling;       /* a function of engineio.h runs: no callback may come */
    bool destroys_on_text; /* the owner does, in its callback */
};

static const char *const end_names[] = {"transport error", "transport close", "ping timeout",
                                        "parse error"};

static inline void on_open(struct pl_client_eio *eio, void *user)
{
    struct world *world = user;
    assert_false(world->is_calling);
    world_log(&world->client, "open %s\n", pl_client_eio_transport(eio));
}

static inline void on_text(struct pl_client_eio *eio, struct pl_str text, void *user)
{
    struct world *world = user;
    (void)eio;
    assert_false(world->is_calling);
    world_log(&world->client, "text " PL_STR_FMT "\n", PL_STR_ARG(text));
    if (world->destroys_on_text) {
        pl_client_eio_destroy(&world->eio);
    }
}

static inline void on_binary(struct pl_client_eio *eio, struct pl_str bytes, void *user)
{
    struct world *world = user;
    (void)eio;
    assert_false(world->is_calling);
    world_log(&world->client, "bytes " PL_STR_FMT "\n", PL_STR_ARG(bytes));
}

static inline void on_drain(struct pl_client_eio *eio, void *user)
{
    struct world *world = user;
    assert_false(world->is_calling);
    assert_int_equal(pl_client_eio_unsent(eio), 0);
    world_log(&world->client, "drain\n");
}

static inline void on_upgrade(struct pl_client_eio *eio, void *user)
{
    struct world *world = user;
    assert_false(world->is_calling);
    world_log(&world->client, "upgraded to %s\n", pl_client_eio_transport(eio));
}

static inline void on_closed(struct pl_client_eio *eio, const struct pl_client_eio_closed *closed,
                             void *user)
{
    struct world *world = user;
    assert_false(world->is_calling);
    assert_false(pl_client_eio_is_open(eio));
    world_log(&world->client, "closed: %s, %s, %d, %s\n", end_names[closed->end],
              pl_error_name(closed->error), closed->close_code, closed->detail);
}

static const struct pl_client_eio_owner owner = {on_open,  on_text,    on_binary,
                                                 on_drain, on_upgrade, on_closed};

static inline void begin(struct world *world, enum parley_sio_transports transports)
{
    memset(world, 0, sizeof(*world));
    world_init(&world->client);
    world->transport.connect_timeout_ms = 20000;
    world->transport.message_max = 1 << 20;
    world->config = (struct pl_client_eio_config){
        .transport = &world->transport,
        .transports = transports,
        .path = PL_STR("/engine.io/"),
        .unsent_max = 4096,
    };
}

static inline int open_session(struct world *world)
{
    int rc = 0;
    world->is_calling = true;
    rc = pl_client_eio_open(&world->eio, &world->client, &world->config, &owner, world, NULL);
    world->is_calling = false;
    return rc;
}

static inline int send_message(struct world *world, const char *text, const char *binary)
{
    struct pl_str bytes = pl_str_of_cstr(binary == NULL ? "" : binary);
    int rc = 0;
    world->is_calling = true;
    rc = pl_client_eio_send(world->eio, pl_str_of_cstr(text), &bytes, binary == NULL ? 0 : 1);
    world->is_calling = false;
    return rc;
}

static inline void destroy_session(struct world *world)
{
    world->is_calling = true;
    pl_client_eio_destroy(&world->eio);
    world->is_calling = false;
}

/* What happened since the last time, which is forgotten. */
static inline void expect(struct world *world, const char *log)
{
    assert_string_equal(world->client.log, log);
    world->client.log[0] = 0;
}

static inline void forget(struct world *world)
{
    world->client.log[0] = 0;
}

static inline void end(struct world *world)
{
    pl_client_eio_destroy(&world->eio);
    world_fini(&world->client);
}

/* An open session by polling. */
static inline void begin_polling(struct world *world, enum parley_sio_transports transports)
{
    begin(world, transports);
    assert_int_equal(open_session(world), 0);
    world_answer(&world->client, world->client.get, 200, OPEN_PACKET);
}

/* An open session by WebSocket. */
static inline void begin_websocket(struct world *world)
{
    begin(world, PARLEY_SIO_WEBSOCKET_ONLY);
    assert_int_equal(open_session(world), 0);
    world_ws_opened(&world->client, 0);
    world_ws_says(&world->client, 0, true, OPEN_PACKET);
    expect(world, "ws0 opens\nopen websocket\n");
}

#endif
