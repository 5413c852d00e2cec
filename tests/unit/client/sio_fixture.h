/* Socket.IO sockets on a session that writes down what is asked of it, in a client whose clock the
 * test holds. The test plays the server: it opens the session, sends packets, ends it. */
#ifndef PL_TEST_SIO_FIXTURE_H
#define PL_TEST_SIO_FIXTURE_H

#include "base/alloc.h"
#include "client/client.h"
#include "client/engineio.h"
#include "parley/client_socketio.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define LOG_BYTES 16384
#define URL "http://127.0.0.1:1"

struct pl_client_eio {
    struct parley_client *client;
    const struct pl_client_eio_config *lent;
    void (*on_released)(void *user);
    const struct pl_client_eio_owner *owner;
    void *user;
    struct pl_client_later free;
    bool is_open;
};

struct world {
    struct parley_client *client;
    struct pl_client_eio *eio; /* the last that was opened, while its owner has it */
    struct parley_sio *sio;
    struct parley_sio *other;
    struct parley_sio_config config;
    int64_t now_ms;
    int session_count; /* not released yet */
    bool is_in_call;   /* of the application: no callback may come */
    bool is_unwritable;
    bool has_expired;
    int open_error;
    int send_error;
    size_t unsent;
    char log[LOG_BYTES];
};

/* The session has no other way to its test. */
static struct world *the_world;

PL_PRINTF(1, 2)
static inline void note(const char *fmt, ...)
{
    size_t len = strlen(the_world->log);
    va_list args;
    va_start(args, fmt);
    vsnprintf(the_world->log + len, LOG_BYTES - len, fmt, args);
    va_end(args);
}

/* What happened since the last time. */
#define expect(text)                                                                               \
    do {                                                                                           \
        assert_string_equal(the_world->log, text);                                                 \
        the_world->log[0] = '\0';                                                                  \
    } while (0)

/* --- the session --- */

static inline void free_session(struct pl_client_later *later)
{
    struct pl_client_eio *eio = PL_CONTAINER_OF(later, struct pl_client_eio, free);
    the_world->session_count--;
    eio->on_released(eio->user);
    pl_free(eio);
}

int pl_client_eio_open(struct pl_client_eio **out, struct parley_client *client,
                       const struct pl_client_eio_config *config,
                       const struct pl_client_eio_owner *owner, void *user, struct pl_error *err)
{
    struct pl_client_eio *eio = NULL;
    if (the_world->open_error < 0) {
        return pl_error_set(err, the_world->open_error, "no way there");
    }
    eio = pl_try_alloc(sizeof(*eio));
    if (eio == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for a session");
    }
    *eio = (struct pl_client_eio){.client = client,
                                  .lent = config,
                                  .on_released = config->on_released,
                                  .owner = owner,
                                  .user = user,
                                  .free = {.run = free_session}};
    the_world->eio = eio;
    the_world->session_count++;
    note("opens%s\n", config->starts_with_websocket ? " by websocket" : "");
    *out = eio;
    return 0;
}

int pl_client_eio_send(struct pl_client_eio *eio, struct pl_str text, const struct pl_str *binaries,
                       size_t binary_count)
{
    void *room = NULL;
    if (!eio->is_open) {
        return PL_E_CLOSED;
    }
    if (the_world->send_error < 0) {
        return the_world->send_error;
    }
    room = pl_try_alloc(1);
    if (room == NULL) {
        return PL_E_NOMEM;
    }
    pl_free(room);
    note("> " PL_STR_FMT, PL_STR_ARG(text));
    for (size_t i = 0; i < binary_count; i++) {
        note(" +" PL_STR_FMT, PL_STR_ARG(binaries[i]));
    }
    note("\n");
    return 0;
}

bool pl_client_eio_is_writable(struct pl_client_eio *eio)
{
    return eio->is_open && !the_world->is_unwritable && !the_world->has_expired;
}

bool pl_client_eio_has_expired(const struct pl_client_eio *eio)
{
    (void)eio;
    return the_world->has_expired;
}

size_t pl_client_eio_unsent(const struct pl_client_eio *eio)
{
    (void)eio;
    return the_world->unsent;
}

bool pl_client_eio_is_open(const struct pl_client_eio *eio)
{
    return eio->is_open;
}

const char *pl_client_eio_transport(const struct pl_client_eio *eio)
{
    (void)eio;
    return "polling";
}

void pl_client_eio_destroy(struct pl_client_eio **out)
{
    struct pl_client_eio *eio = *out;
    *out = NULL;
    if (eio != NULL) {
        note("leaves\n");
        eio->is_open = false;
        if (the_world->eio == eio) {
            the_world->eio = NULL;
        }
        pl_client_free_later(eio->client, &eio->free);
    }
}

/* --- the world around the client --- */

static inline int64_t fake_now(void *user)
{
    return ((struct world *)user)->now_ms;
}

static inline void fake_random(void *user, void *out, size_t size)
{
    (void)user;
    memset(out, 0x80, size); /* in the middle: no jitter to speak of */
}

static inline int fake_wait(void *user, struct pl_client_ready *out, int max, int timeout_ms)
{
    (void)user;
    (void)out;
    (void)max;
    (void)timeout_ms;
    return 0;
}

static inline int fake_wait_ms(void *user)
{
    (void)user;
    return -1;
}

static inline void fake_wake(void *user)
{
    (void)user;
}

/* --- what the application hears --- */

static inline void check_in_tick(void)
{
    assert_false(the_world->is_in_call);
}

static inline char *json_of(const struct parley_args *args)
{
    static char json[2048];
    json[0] = '\0';
    for (size_t i = 0; i < parley_args_count(args); i++) {
        char *one = parley_val_to_json(parley_args_get(args, i));
        strncat(json, i > 0 ? "," : "", sizeof(json) - strlen(json) - 1);
        strncat(json, one == NULL ? "?" : one, sizeof(json) - strlen(json) - 1);
        parley_free(one);
    }
    return json;
}

static inline void on_event(struct parley_sio *sio, const struct parley_client_event *event,
                            void *user)
{
    static const char *const names[] = {"CONNECTED", "CONNECT_FAILED", "DISCONNECTED",
                                        "RECONNECTING", "GAVE_UP"};
    (void)user;
    check_in_tick();
    note("%s %s", parley_sio_namespace(sio), names[event->kind]);
    switch (event->kind) {
    case PARLEY_CLIENT_CONNECTED:
        note(" %s attempt=%u%s", parley_sio_id(sio), event->attempt,
             event->is_recovered ? " recovered" : "");
        break;
    case PARLEY_CLIENT_CONNECT_FAILED:
    case PARLEY_CLIENT_DISCONNECTED:
        note(" '%.40s' %s again=%d", event->reason, pl_error_name(event->error), event->delay_ms);
        break;
    case PARLEY_CLIENT_RECONNECTING:
        note(" %u", event->attempt);
        break;
    case PARLEY_CLIENT_GAVE_UP:
        break;
    }
    if (event->data != NULL) {
        char *json = parley_val_to_json(event->data);
        note(" %s", json == NULL ? "?" : json);
        parley_free(json);
    }
    note("\n");
}

static inline void on_message(struct parley_sio *sio, const char *event,
                              const struct parley_args *args, struct parley_sio_ack *ack,
                              void *user)
{
    (void)sio;
    check_in_tick();
    note("%s %s(%s)%s\n", user == NULL ? "on" : (const char *)user, event, json_of(args),
         ack == NULL ? "" : " wants an answer");
}

static inline void on_ack(struct parley_sio *sio, int error, const struct parley_args *args,
                          void *user)
{
    (void)sio;
    check_in_tick();
    note("ack %s %s(%s)\n", (const char *)user, pl_error_name(error), json_of(args));
}

/* --- a test --- */

static inline void world_init(struct world *world)
{
    struct pl_client_env env = {.now_ms = fake_now,
                                .random = fake_random,
                                .wait = fake_wait,
                                .wait_ms = fake_wait_ms,
                                .wake = fake_wake,
                                .user = world};
    memset(world, 0, sizeof(*world));
    the_world = world;
    world->now_ms = 1000;
    parley_sio_config_init(&world->config);
    world->config.on_event = on_event;
    assert_int_equal(pl_client_create_in(&world->client, &env), 0);
}

static inline void world_fini(struct world *world)
{
    parley_client_destroy(world->client);
    assert_int_equal(world->session_count, 0);
}

static inline void tick(struct world *world)
{
    bool was_in_call = world->is_in_call;
    world->is_in_call = false;
    parley_client_tick(world->client, 0);
    world->is_in_call = was_in_call;
}

static inline void pass(struct world *world, int64_t ms)
{
    world->now_ms += ms;
    tick(world);
}

/* The server's part; each is a turn, as far as the socket sees. */
static inline void serve(struct world *world, const char *text)
{
    if (world->eio != NULL && world->eio->is_open) {
        world->eio->owner->on_text(world->eio, pl_str_of_cstr(text), world->eio->user);
    }
    tick(world);
}

static inline void serve_bytes(struct world *world, const char *bytes)
{
    if (world->eio != NULL && world->eio->is_open) {
        world->eio->owner->on_binary(world->eio, pl_str_of_cstr(bytes), world->eio->user);
    }
    tick(world);
}

static inline void serve_open(struct world *world)
{
    if (world->eio != NULL) {
        world->eio->is_open = true;
        world->eio->owner->on_open(world->eio, world->eio->user);
    }
    tick(world);
}

static inline void serve_drain(struct world *world)
{
    world->eio->owner->on_drain(world->eio, world->eio->user);
    tick(world);
}

static inline void serve_end(struct world *world, enum pl_client_eio_end end, int error)
{
    struct pl_client_eio_closed closed = {end, error, 0, "words"};
    if (world->eio != NULL) {
        world->eio->is_open = false;
        world->eio->owner->on_closed(world->eio, &closed, world->eio->user);
    }
    tick(world);
}

/* A socket of namespace "/", connected; nothing of that is left in the log. */
static inline void connected(struct world *world)
{
    assert_int_equal(parley_sio_create(&world->sio, world->client, URL, &world->config), 0);
    assert_int_equal(parley_sio_connect(world->sio), 0);
    serve_open(world);
    serve(world, "0{\"sid\":\"S1\"}");
    assert_true(parley_sio_is_connected(world->sio));
    world->log[0] = '\0';
}

/* The connection is lost, made again, and the namespace joined with this answer. */
static inline void come_back(struct world *world, const char *answer)
{
    serve_end(world, PL_CLIENT_EIO_TRANSPORT_CLOSE, PL_E_CLOSED);
    pass(world, 6000);
    serve_open(world);
    serve(world, answer);
}

static inline void emit_text(struct world *world, const char *event, const char *text)
{
    world->is_in_call = true;
    assert_int_equal(parley_sio_emitf(world->sio, event, "%s", text), 0);
    world->is_in_call = false;
}

#endif
