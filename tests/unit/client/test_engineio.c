/* Sessions on transports that write down what is asked of them: what goes where, in which order, and
 * how it ends. */
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

static void on_open(struct pl_client_eio *eio, void *user)
{
    struct world *world = user;
    assert_false(world->is_calling);
    world_log(&world->client, "open %s\n", pl_client_eio_transport(eio));
}

static void on_text(struct pl_client_eio *eio, struct pl_str text, void *user)
{
    struct world *world = user;
    (void)eio;
    assert_false(world->is_calling);
    world_log(&world->client, "text " PL_STR_FMT "\n", PL_STR_ARG(text));
    if (world->destroys_on_text) {
        pl_client_eio_destroy(&world->eio);
    }
}

static void on_binary(struct pl_client_eio *eio, struct pl_str bytes, void *user)
{
    struct world *world = user;
    (void)eio;
    assert_false(world->is_calling);
    world_log(&world->client, "bytes " PL_STR_FMT "\n", PL_STR_ARG(bytes));
}

static void on_drain(struct pl_client_eio *eio, void *user)
{
    struct world *world = user;
    assert_false(world->is_calling);
    assert_int_equal(pl_client_eio_unsent(eio), 0);
    world_log(&world->client, "drain\n");
}

static void on_upgrade(struct pl_client_eio *eio, void *user)
{
    struct world *world = user;
    assert_false(world->is_calling);
    world_log(&world->client, "upgraded to %s\n", pl_client_eio_transport(eio));
}

static void on_closed(struct pl_client_eio *eio, const struct pl_client_eio_closed *closed,
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

static void begin(struct world *world, enum parley_sio_transports transports)
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

static int open_session(struct world *world)
{
    int rc = 0;
    world->is_calling = true;
    rc = pl_client_eio_open(&world->eio, &world->client, &world->config, &owner, world, NULL);
    world->is_calling = false;
    return rc;
}

static int send_message(struct world *world, const char *text, const char *binary)
{
    struct pl_str bytes = pl_str_of_cstr(binary == NULL ? "" : binary);
    int rc = 0;
    world->is_calling = true;
    rc = pl_client_eio_send(world->eio, pl_str_of_cstr(text), &bytes, binary == NULL ? 0 : 1);
    world->is_calling = false;
    return rc;
}

static void destroy_session(struct world *world)
{
    world->is_calling = true;
    pl_client_eio_destroy(&world->eio);
    world->is_calling = false;
}

/* What happened since the last time. */
static void expect(struct world *world, const char *log)
{
    assert_string_equal(world->client.log, log);
    world->client.log[0] = 0;
}

static void forget(struct world *world)
{
    world->client.log[0] = 0;
}

static void end(struct world *world)
{
    pl_client_eio_destroy(&world->eio);
    world_fini(&world->client);
}

/* An open session by polling. */
static void begin_polling(struct world *world, enum parley_sio_transports transports)
{
    begin(world, transports);
    assert_int_equal(open_session(world), 0);
    world_answer(&world->client, world->client.get, 200, OPEN_PACKET);
}

/* An open session by WebSocket. */
static void begin_websocket(struct world *world)
{
    begin(world, PARLEY_SIO_WEBSOCKET_ONLY);
    assert_int_equal(open_session(world), 0);
    world_ws_opened(&world->client, 0);
    world_ws_says(&world->client, 0, true, OPEN_PACKET);
    expect(world, "ws0 opens\nopen websocket\n");
}

/* --- opening --- */

static void test_a_session_opens_by_polling_and_takes_what_is_behind_the_open_packet(void **state)
{
    struct world world;
    (void)state;
    begin(&world, PARLEY_SIO_POLLING_ONLY);
    assert_int_equal(open_session(&world), 0);
    expect(&world, "GET\n");
    assert_int_equal(send_message(&world, "early", NULL), PL_E_CLOSED);
    world_answer(&world.client, world.client.get, 200,
                 OPEN_PACKET "\x1e"
                             "4hello\x1e"
                             "bYWJj\x1e"
                             "6");
    expect(&world, "open polling\ntext hello\nbytes abc\nGET\n");
    end(&world);
}

static void test_targets_have_the_query_first_and_the_sid_escaped(void **state)
{
    struct world world;
    (void)state;
    begin(&world, PARLEY_SIO_POLLING_THEN_WEBSOCKET);
    world.config.query = PL_STR("room=1&EIO=3");
    world.client.shows_targets = true;
    assert_int_equal(open_session(&world), 0);
    expect(&world, "GET /engine.io/?room=1&EIO=3&EIO=4&transport=polling&t=abababab\n");
    world_answer(&world.client, world.client.get, 200,
                 "0{\"sid\":\"a b\\r\\n&c\",\"upgrades\":[\"websocket\"],\"pingInterval\":1,"
                 "\"pingTimeout\":1}");
    expect(&world,
           "open polling\n"
           "ws0 /engine.io/?room=1&EIO=3&EIO=4&transport=websocket&sid=a%20b%0D%0A%26c\n"
           "GET /engine.io/?room=1&EIO=3&EIO=4&transport=polling&t=abababab&sid=a%20b%0D%0A%26c\n");
    end(&world);
}

static void test_a_first_answer_that_opens_nothing_ends_it(void **state)
{
    static const struct {
        int status;
        const char *body;
        const char *log;
    } rows[] = {
        {200, "4hello",
         "closed: parse error, PROTO, 0, the server's first packet does not open a session\n"},
        {200, "<html>", "closed: parse error, PROTO, 0, parse error: unknown packet type\n"},
        {200, "", "closed: parse error, PROTO, 0, parse error: empty packet\n"},
        {200, "1", "closed: transport close, CLOSED, 0, closed by the server before it was open\n"},
        {200, "0{\"sid\":\"\",\"pingInterval\":1,\"pingTimeout\":1}",
         "closed: parse error, PROTO, 0, open packet with a sid of 0 bytes\n"},
        {200, "0{\"sid\":\"x\",\"pingInterval\":0,\"pingTimeout\":0}",
         "closed: parse error, PROTO, 0, open packet without time for a ping\n"},
        {200, "0{\"sid\":\"x\",\"pingInterval\":99999999999,\"pingTimeout\":0}",
         "closed: parse error, PROTO, 0, open packet without sid, pingInterval or pingTimeout\n"},
        {400, "{\"code\":0,\"message\":\"Transport unknown\"}",
         "closed: transport error, PROTO, 0, GET answered with status 400: Transport unknown\n"},
        {403, "{\"code\":4,\"message\":\"not\\u001b[31myou\"}",
         "closed: transport error, DENIED, 0, GET answered with status 403: not?[31myou\n"},
        {502, "Bad\r\nGateway\xff",
         "closed: transport error, PROTO, 0, GET answered with status 502: Bad  Gateway?\n"},
        {404, "", "closed: transport error, PROTO, 0, GET answered with status 404\n"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct world world;
        begin(&world, PARLEY_SIO_POLLING_THEN_WEBSOCKET);
        assert_int_equal(open_session(&world), 0);
        forget(&world);
        world_answer(&world.client, world.client.get, rows[i].status, rows[i].body);
        assert_non_null(strstr(world.client.log, "GET is dropped\n"));
        assert_string_equal(world.client.log + strlen("GET is dropped\n"), rows[i].log);
        end(&world);
    }
}

static void test_a_websocket_that_does_not_open_is_an_error_or_polling_is_tried(void **state)
{
    struct world world;
    (void)state;
    begin(&world, PARLEY_SIO_WEBSOCKET_ONLY);
    assert_int_equal(open_session(&world), 0);
    world_ws_ended(&world.client, 0, PL_E_DENIED, 1006, "status 400");
    expect(&world, "ws0 opens\nws0 is dropped\n"
                   "closed: transport error, DENIED, 1006, WebSocket: status 400\n");
    end(&world);
    begin(&world, PARLEY_SIO_WEBSOCKET_OR_POLLING);
    assert_int_equal(open_session(&world), 0);
    world_ws_ended(&world.client, 0, PL_E_DENIED, 1006, "status 400");
    world_answer(&world.client, world.client.get, 200, OPEN_PACKET);
    expect(&world, "ws0 opens\nws0 is dropped\nGET\nopen polling\nGET\n"); /* and no upgrade */
    end(&world);
}

static void test_a_websocket_that_takes_half_of_the_time_makes_room_for_polling(void **state)
{
    struct world world;
    (void)state;
    begin(&world, PARLEY_SIO_POLLING_THEN_WEBSOCKET);
    world.config.starts_with_websocket = true;
    assert_int_equal(open_session(&world), 0);
    world_wait(&world.client, 9999);
    expect(&world, "ws0 opens\n");
    world_wait(&world.client, 1);
    expect(&world, "ws0 is dropped\nGET\n");
    end(&world);
}

/* --- polling --- */

static void test_bodies_stay_below_max_payload_and_in_order(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    forget(&world);
    assert_true(pl_client_eio_is_writable(world.eio));
    assert_int_equal(send_message(&world, "0123456789", NULL), 0);
    assert_false(pl_client_eio_is_writable(world.eio));
    assert_int_equal(send_message(&world, "with", "abcdef"), 0);     /* 11 + 6 + 10 */
    assert_int_equal(send_message(&world, "012345678901", NULL), 0); /* + 14 = 41 > 40 */
    assert_int_equal(send_message(&world, "far too long for a body of forty bytes in all", NULL),
                     0);
    assert_int_equal(send_message(&world, "last", NULL), 0);
    world_end_turn(&world.client);
    expect(&world, "POST 40123456789\x1e"
                   "4with\x1e"
                   "bYWJjZGVm\n");
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, "POST 4012345678901\n");
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, "POST 4far too long for a body of forty bytes in all\n");
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, "POST 4last\n");
    assert_true(pl_client_eio_unsent(world.eio) > 0);
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, "drain\n");
    assert_true(pl_client_eio_is_writable(world.eio));
    end(&world);
}

static void test_an_answer_that_takes_too_long_goes_on_in_the_next_turn(void **state)
{
    static const char *const answer = "4a\x1e"
                                      "4b\x1e"
                                      "bYWJj\x1e"
                                      "4c";
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    forget(&world);
    world.client.is_over_budget = true;
    world.client.get->is_busy = false;
    world.client.get->owner->on_answer(
        world.client.get, 200, (struct pl_span){(uint8_t *)(uintptr_t)answer, strlen(answer)},
        world.client.get->user);
    expect(&world, "text a\n");
    world_end_turn(&world.client);
    expect(&world, "text b\n");
    world_end_turn(&world.client);
    expect(&world, "bytes abc\n");
    world_end_turn(&world.client);
    expect(&world, "text c\nGET\n");
    world_answer(&world.client, world.client.get, 200, answer);
    world.client.is_over_budget = false;
    destroy_session(&world); /* with a part held */
    world_end_turn(&world.client);
    expect(&world, "text a\ntext b\nPOST 1\n");
    end(&world);
}

static void test_an_upgrade_waits_for_an_answer_that_is_held(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_THEN_WEBSOCKET);
    world_ws_opened(&world.client, 0);
    world_ws_says(&world.client, 0, true, "3probe");
    forget(&world);
    world.client.is_over_budget = true;
    world_answer(&world.client, world.client.get, 200,
                 "4a\x1e"
                 "4b\x1e"
                 "4c");
    expect(&world, "text a\ntext b\n");
    world_end_turn(&world.client);
    expect(&world, "text c\nws0 text 5\nGET is dropped\nupgraded to websocket\n");
    end(&world);
}

static void test_a_refused_or_failed_request_is_a_transport_error(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    assert_int_equal(send_message(&world, "big", NULL), 0);
    world_end_turn(&world.client);
    forget(&world);
    world_answer(&world.client, world.client.post, 413, "");
    expect(&world, LEFT "closed: transport error, TOO_BIG, 0, POST answered with status 413\n");
    end(&world);
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    forget(&world);
    world_fail(&world.client, world.client.get, PL_E_CLOSED, "the server closed the connection");
    expect(&world, "GET is dropped\n"
                   "closed: transport error, CLOSED, 0, the server closed the connection\n");
    end(&world);
}

static void test_a_server_closes_behind_its_messages(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    forget(&world);
    world_answer(&world.client, world.client.get, 200,
                 "4last words\x1e"
                 "1\x1e"
                 "4too late");
    expect(&world, "text last words\nGET is dropped\n"
                   "closed: transport close, OK, 0, closed by the server\n");
    end(&world);
}

static void test_a_packet_that_is_none_ends_it_and_tells_the_server(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    assert_int_equal(send_message(&world, "not sent any more", NULL), 0);
    forget(&world);
    world_answer(&world.client, world.client.get, 200,
                 "4a\x1e"
                 "x");
    expect(&world, "text a\n"
                   "closed: parse error, PROTO, 0, parse error: unknown packet type\nPOST 1\n");
    destroy_session(&world);
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, LEFT);
    end(&world);
}

/* --- by WebSocket --- */

static void test_messages_by_websocket_are_frames(void **state)
{
    struct world world;
    (void)state;
    begin_websocket(&world);
    assert_int_equal(send_message(&world, "a", NULL), 0);
    assert_int_equal(send_message(&world, "b", "bytes"), 0);
    assert_int_equal(send_message(&world, "c", NULL), 0);
    expect(&world, "ws0 text 4a\nws0 text 4b\nws0 bytes bytes\nws0 text 4c\n");
    world_ws_sent(&world.client, 0);
    world_ws_says(&world.client, 0, true, "4x");
    world_ws_says(&world.client, 0, false, "4x");
    world_ws_says(&world.client, 0, true, "bYWJj");
    world_ws_says(&world.client, 0, true, "6");
    expect(&world, "drain\ntext x\nbytes 4x\nbytes abc\n");
    end(&world);
}

static void test_a_websocket_ends_with_the_reason_of_its_end(void **state)
{
    static const struct {
        int error;
        uint16_t code;
        const char *reason;
        const char *log;
    } rows[] = {
        {0, 1000, "", "closed: transport close, OK, 1000, WebSocket closed with 1000\n"},
        {0, 1009, "big", "closed: transport close, OK, 1009, WebSocket closed with 1009: big\n"},
        {PL_E_CLOSED, 1006, "gone", "closed: transport close, CLOSED, 1006, WebSocket: gone\n"},
        {PL_E_IO, 1006, "reset", "closed: transport error, IO, 1006, WebSocket: reset\n"},
        {PL_E_PROTO, 1002, "rsv", "closed: transport error, PROTO, 1002, WebSocket: rsv\n"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct world world;
        begin_websocket(&world);
        world_ws_ended(&world.client, 0, rows[i].error, rows[i].code, rows[i].reason);
        assert_string_equal(world.client.log + strlen("ws0 is dropped\n"), rows[i].log);
        end(&world);
    }
}

static void test_what_a_websocket_has_no_room_for_goes_later(void **state)
{
    struct world world;
    (void)state;
    begin_websocket(&world);
    world.client.keeps_unsent = true;
    assert_int_equal(send_message(&world, "a", NULL), 0);
    world.client.ws_has_no_room = true;
    assert_int_equal(send_message(&world, "alone", NULL), PL_E_NOMEM);
    assert_int_equal(send_message(&world, "b", "bytes"), 0);
    assert_int_equal(send_message(&world, "c", NULL), 0);
    world_end_turn(&world.client);
    expect(&world, "ws0 text 4a\n");
    world.client.ws_has_no_room = false;
    world_ws_sent(&world.client, 0);
    expect(&world, "ws0 text 4b\nws0 bytes bytes\nws0 text 4c\n");
    end(&world);
}

static void test_what_waits_is_bounded(void **state)
{
    struct world world;
    (void)state;
    begin_websocket(&world);
    world.client.keeps_unsent = true;
    world.config.unsent_max = 0; /* of the caller: the session has its own */
    while (send_message(&world, "0123456789", NULL) == 0) {
        assert_true(pl_client_eio_unsent(world.eio) <= 4096);
    }
    assert_int_equal(send_message(&world, "0123456789", NULL), PL_E_FULL);
    world_ws_sent(&world.client, 0);
    assert_int_equal(send_message(&world, "0123456789", NULL), 0);
    end(&world);
}

/* --- upgrade --- */

static void test_an_upgrade_waits_for_both_requests_and_loses_nothing(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_THEN_WEBSOCKET);
    expect(&world, "GET\nopen polling\nws0 opens\nGET\n");
    assert_int_equal(send_message(&world, "1", NULL), 0);
    world_ws_opened(&world.client, 0);
    expect(&world, "ws0 text 2probe\nPOST 41\n");
    assert_int_equal(send_message(&world, "2", "bytes"), 0);
    world_ws_says(&world.client, 0, true, "3probe");
    assert_int_equal(send_message(&world, "3", NULL), 0);
    assert_false(pl_client_eio_is_writable(world.eio));
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, ""); /* no further POST */
    world_answer(&world.client, world.client.get, 200,
                 "4from the server\x1e"
                 "2");
    expect(&world, "text from the server\nws0 text 5\n" LEFT
                   "ws0 text 42\nws0 bytes bytes\nws0 text 43\nws0 text 3\n"
                   "upgraded to websocket\n");
    assert_int_equal(send_message(&world, "4", NULL), 0);
    world_ws_says(&world.client, 0, true, "4back");
    expect(&world, "ws0 text 44\ntext back\n");
    end(&world);
}

static void test_a_probe_that_fails_leaves_polling_as_it_was(void **state)
{
    static const char *const answers[] = {"3", "4hello", "3prob", NULL};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(answers); i++) {
        struct world world;
        begin_polling(&world, PARLEY_SIO_POLLING_THEN_WEBSOCKET);
        world_ws_opened(&world.client, 0);
        forget(&world);
        if (answers[i] != NULL) {
            world_ws_says(&world.client, 0, true, answers[i]);
        } else {
            world_ws_ended(&world.client, 0, PL_E_IO, 1006, "reset");
        }
        expect(&world, "ws0 is dropped\n");
        assert_int_equal(send_message(&world, "1", NULL), 0);
        world_answer(&world.client, world.client.get, 200, "4hello");
        expect(&world, "text hello\nGET\nPOST 41\n");
        end(&world);
    }
}

static void test_a_probe_that_fails_while_requests_are_waited_for_lets_them_go_on(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_THEN_WEBSOCKET);
    assert_int_equal(send_message(&world, "1", NULL), 0);
    world_ws_opened(&world.client, 0);
    world_ws_says(&world.client, 0, true, "3probe");
    world_answer(&world.client, world.client.get, 200, "6");
    assert_int_equal(send_message(&world, "2", NULL), 0);
    forget(&world);
    world_ws_ended(&world.client, 0, 0, 1000, "");
    expect(&world, "ws0 is dropped\nGET\n");
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, "POST 42\n");
    end(&world);
}

static void test_a_probe_that_is_not_answered_is_given_up(void **state)
{
    struct world world;
    (void)state;
    begin(&world, PARLEY_SIO_POLLING_THEN_WEBSOCKET);
    world.transport.connect_timeout_ms = 400;
    assert_int_equal(open_session(&world), 0);
    world_answer(&world.client, world.client.get, 200, OPEN_PACKET);
    forget(&world);
    world_wait(&world.client, 399);
    expect(&world, "");
    world_wait(&world.client, 1);
    expect(&world, "ws0 is dropped\n");
    assert_true(pl_client_eio_is_open(world.eio));
    end(&world);
}

static void test_a_server_that_offers_no_upgrade_gets_none(void **state)
{
    struct world world;
    (void)state;
    begin(&world, PARLEY_SIO_POLLING_THEN_WEBSOCKET);
    assert_int_equal(open_session(&world), 0);
    world_answer(&world.client, world.client.get, 200,
                 "0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000}");
    expect(&world, "GET\nopen polling\nGET\n");
    end(&world);
}

/* --- heartbeat --- */

static void test_pings_alone_keep_it_alive(void **state)
{
    struct world world;
    (void)state;
    begin_websocket(&world);
    world_wait(&world.client, 400);
    world_ws_says(&world.client, 0, true, "2");
    expect(&world, "ws0 text 3\n");
    world_wait(&world.client, 499);
    world_ws_says(&world.client, 0, true, "4no ping");
    assert_true(pl_client_eio_is_writable(world.eio));
    expect(&world, "text no ping\n");
    world.client.now_ms += 1;
    assert_false(pl_client_eio_is_writable(world.eio)); /* before any timer ran */
    world_end_turn(&world.client);
    expect(&world, "ws0 is dropped\n"
                   "closed: ping timeout, TIMEOUT, 0, no ping from the server for 500 ms\n");
    end(&world);
}

static void test_a_server_that_pings_and_does_not_read_gets_few_pongs(void **state)
{
    struct world world;
    (void)state;
    begin_websocket(&world);
    world.client.keeps_unsent = true;
    for (int i = 0; i < 6000; i++) {
        forget(&world);
        world_ws_says(&world.client, 0, true, "2");
    }
    assert_true(pl_client_eio_unsent(world.eio) < 6000);
    end(&world);
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    assert_int_equal(send_message(&world, "1", NULL), 0);
    world_end_turn(&world.client);
    for (int i = 0; i < 100; i++) {
        world_answer(&world.client, world.client.get, 200,
                     "2\x1e"
                     "2");
    }
    forget(&world);
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, "POST 3\n");
    end(&world);
}

/* --- the client closes --- */

static void test_a_close_by_polling_goes_behind_what_is_queued(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    assert_int_equal(send_message(&world, "1", NULL), 0);
    world_end_turn(&world.client);
    assert_int_equal(send_message(&world, "2", NULL), 0);
    forget(&world);
    destroy_session(&world);
    assert_null(world.eio);
    world_end_turn(&world.client);
    expect(&world, "");
    world_answer(&world.client, world.client.get, 200, "4nobody listens");
    expect(&world, "");
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, "POST 42\x1e"
                   "1\n");
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, LEFT);
    end(&world);
}

static void test_a_destroyed_websocket_session_closes_in_the_background(void **state)
{
    struct world world;
    (void)state;
    begin_websocket(&world);
    assert_int_equal(send_message(&world, "1", NULL), 0);
    destroy_session(&world);
    world_end_turn(&world.client);
    expect(&world, "ws0 text 41\nws0 close 1000\n");
    world_ws_ended(&world.client, 0, 0, 1000, "");
    expect(&world, "ws0 is dropped\n");
    end(&world);
}

static void test_leaving_takes_two_seconds_at_most(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    destroy_session(&world);
    world_wait(&world.client, 1999);
    forget(&world);
    world_wait(&world.client, 1);
    expect(&world, LEFT);
    end(&world);
}

static void test_a_close_waits_for_an_upgrade_that_is_under_way(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_THEN_WEBSOCKET);
    world_ws_opened(&world.client, 0);
    world_ws_says(&world.client, 0, true, "3probe");
    assert_int_equal(send_message(&world, "1", NULL), 0);
    forget(&world);
    destroy_session(&world);
    world_end_turn(&world.client);
    expect(&world, "");
    world_answer(&world.client, world.client.get, 200, "6");
    expect(&world, "ws0 text 5\nGET is dropped\nws0 text 41\nws0 close 1000\n");
    end(&world);
}

static void test_a_close_gives_up_a_probe_that_is_not_answered(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_THEN_WEBSOCKET);
    world_ws_opened(&world.client, 0);
    forget(&world);
    destroy_session(&world);
    world_end_turn(&world.client);
    expect(&world, "ws0 is dropped\nPOST 1\n");
    end(&world);
}

static void test_a_session_left_before_it_is_open_is_closed_once_it_is(void **state)
{
    struct world world;
    (void)state;
    begin(&world, PARLEY_SIO_POLLING_ONLY);
    assert_int_equal(open_session(&world), 0);
    destroy_session(&world);
    world_end_turn(&world.client);
    expect(&world, "GET\n");
    world_answer(&world.client, world.client.get, 200, OPEN_PACKET);
    expect(&world, "POST 1\n");
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, LEFT);
    end(&world);
    begin(&world, PARLEY_SIO_WEBSOCKET_ONLY);
    assert_int_equal(open_session(&world), 0);
    destroy_session(&world);
    expect(&world, "ws0 opens\nws0 is dropped\n");
    world_end_turn(&world.client);
    expect(&world, "");
    end(&world);
}

static void test_the_owner_may_leave_in_a_callback(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    forget(&world);
    world.destroys_on_text = true;
    world_answer(&world.client, world.client.get, 200,
                 "4a\x1e"
                 "4b");
    expect(&world, "text a\nPOST 1\n");
    end(&world);
    begin_websocket(&world);
    world.destroys_on_text = true;
    world_ws_says(&world.client, 0, true, "4a");
    expect(&world, "text a\nws0 close 1000\n");
    end(&world);
}

static void test_a_client_that_is_destroyed_takes_leaving_sessions_with_it(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_THEN_WEBSOCKET);
    assert_int_equal(send_message(&world, "never sent", "bytes"), 0);
    end(&world); /* nothing is left behind: the sanitizer looks */
}

/* --- memory --- */

/* All that a session does, with whatever comes of it. */
static void live(struct world *world, enum parley_sio_transports transports)
{
    struct parley_client *client = &world->client;
    if (open_session(world) < 0) {
        return;
    }
    world_ws_opened(client, 0);
    world_ws_says(client, 0, true, OPEN_PACKET);
    world_answer(client, client->get, 200, OPEN_PACKET);
    (void)!send_message(world, "1", "bytes");
    world_ws_opened(client, transports == PARLEY_SIO_WEBSOCKET_ONLY ? 1 : 0);
    world_answer(client, client->get, 200,
                 "2\x1e"
                 "bYWJj");
    world_answer(client, client->post, 200, "ok");
    world_ws_says(client, 0, true, "3probe");
    world_answer(client, client->post, 200, "ok");
    (void)!send_message(world, "2", NULL);
    world_answer(client, client->get, 200, "6");
    (void)!send_message(world, "3", "bytes");
    world_ws_says(client, 0, true, "bYWJj");
    world_ws_says(client, 0, true, "2");
    world_ws_sent(client, 0);
    destroy_session(world);
    world_end_turn(client);
}

static void test_any_allocation_may_fail(void **state)
{
    static const enum parley_sio_transports kinds[] = {
        PARLEY_SIO_POLLING_THEN_WEBSOCKET, PARLEY_SIO_POLLING_ONLY, PARLEY_SIO_WEBSOCKET_ONLY};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(kinds); i++) {
        for (uint64_t nth = 1; nth < 80; nth++) {
            struct world world;
            begin(&world, kinds[i]);
            pl_try_alloc_fail_at(nth);
            live(&world, kinds[i]);
            pl_try_alloc_fail_at(0);
            if (world.eio != NULL) {
                assert_non_null(strstr(world.client.log, "closed: "));
            }
            end(&world);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_opens_by_polling_and_takes_what_is_behind_the_open_packet),
        cmocka_unit_test(test_targets_have_the_query_first_and_the_sid_escaped),
        cmocka_unit_test(test_a_first_answer_that_opens_nothing_ends_it),
        cmocka_unit_test(test_a_websocket_that_does_not_open_is_an_error_or_polling_is_tried),
        cmocka_unit_test(test_a_websocket_that_takes_half_of_the_time_makes_room_for_polling),
        cmocka_unit_test(test_bodies_stay_below_max_payload_and_in_order),
        cmocka_unit_test(test_an_answer_that_takes_too_long_goes_on_in_the_next_turn),
        cmocka_unit_test(test_an_upgrade_waits_for_an_answer_that_is_held),
        cmocka_unit_test(test_a_refused_or_failed_request_is_a_transport_error),
        cmocka_unit_test(test_a_server_closes_behind_its_messages),
        cmocka_unit_test(test_a_packet_that_is_none_ends_it_and_tells_the_server),
        cmocka_unit_test(test_messages_by_websocket_are_frames),
        cmocka_unit_test(test_a_websocket_ends_with_the_reason_of_its_end),
        cmocka_unit_test(test_what_a_websocket_has_no_room_for_goes_later),
        cmocka_unit_test(test_what_waits_is_bounded),
        cmocka_unit_test(test_an_upgrade_waits_for_both_requests_and_loses_nothing),
        cmocka_unit_test(test_a_probe_that_fails_leaves_polling_as_it_was),
        cmocka_unit_test(test_a_probe_that_fails_while_requests_are_waited_for_lets_them_go_on),
        cmocka_unit_test(test_a_probe_that_is_not_answered_is_given_up),
        cmocka_unit_test(test_a_server_that_offers_no_upgrade_gets_none),
        cmocka_unit_test(test_pings_alone_keep_it_alive),
        cmocka_unit_test(test_a_server_that_pings_and_does_not_read_gets_few_pongs),
        cmocka_unit_test(test_a_close_by_polling_goes_behind_what_is_queued),
        cmocka_unit_test(test_a_destroyed_websocket_session_closes_in_the_background),
        cmocka_unit_test(test_leaving_takes_two_seconds_at_most),
        cmocka_unit_test(test_a_close_waits_for_an_upgrade_that_is_under_way),
        cmocka_unit_test(test_a_close_gives_up_a_probe_that_is_not_answered),
        cmocka_unit_test(test_a_session_left_before_it_is_open_is_closed_once_it_is),
        cmocka_unit_test(test_the_owner_may_leave_in_a_callback),
        cmocka_unit_test(test_a_client_that_is_destroyed_takes_leaving_sessions_with_it),
        cmocka_unit_test(test_any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
