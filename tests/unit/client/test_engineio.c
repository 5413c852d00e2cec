/* Sessions: how they open, live by WebSocket, are kept alive and end; and without memory. */
#include "client/engineio.h"

#include "eio_fixture.h"

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
        cmocka_unit_test(test_messages_by_websocket_are_frames),
        cmocka_unit_test(test_a_websocket_ends_with_the_reason_of_its_end),
        cmocka_unit_test(test_what_a_websocket_has_no_room_for_goes_later),
        cmocka_unit_test(test_what_waits_is_bounded),
        cmocka_unit_test(test_pings_alone_keep_it_alive),
        cmocka_unit_test(test_a_server_that_pings_and_does_not_read_gets_few_pongs),
        cmocka_unit_test(test_a_destroyed_websocket_session_closes_in_the_background),
        cmocka_unit_test(test_a_session_left_before_it_is_open_is_closed_once_it_is),
        cmocka_unit_test(test_the_owner_may_leave_in_a_callback),
        cmocka_unit_test(test_a_client_that_is_destroyed_takes_leaving_sessions_with_it),
        cmocka_unit_test(test_any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
