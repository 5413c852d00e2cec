/* From polling to a WebSocket: when it is tried, what waits for it, and how it fails. */
#include "client/engineio.h"

#include "eio_fixture.h"

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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_upgrade_waits_for_both_requests_and_loses_nothing),
        cmocka_unit_test(test_an_upgrade_waits_for_an_answer_that_is_held),
        cmocka_unit_test(test_a_probe_that_fails_leaves_polling_as_it_was),
        cmocka_unit_test(test_a_probe_that_fails_while_requests_are_waited_for_lets_them_go_on),
        cmocka_unit_test(test_a_probe_that_is_not_answered_is_given_up),
        cmocka_unit_test(test_a_server_that_offers_no_upgrade_gets_none),
        cmocka_unit_test(test_a_close_waits_for_an_upgrade_that_is_under_way),
        cmocka_unit_test(test_a_close_gives_up_a_probe_that_is_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
