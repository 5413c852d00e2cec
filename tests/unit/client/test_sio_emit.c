/* Socket.IO sockets: events and acknowledgements, both ways, kept and sent again. */
#include "sio_fixture.h"

static void answer_ack(struct parley_sio *sio, const char *event, const struct parley_args *args,
                       struct parley_sio_ack *ack, void *user)
{
    struct parley_sio_ack **kept = user;
    (void)sio;
    (void)event;
    if (kept != NULL) {
        *kept = parley_sio_ack_ref(ack);
        return;
    }
    assert_int_equal(parley_sio_ack_send(ack, args), 0);
    assert_int_equal(parley_sio_ack_send(ack, args), PARLEY_E_STATE);
}

/* --- sending --- */

static void test_events_go_out_with_arguments_and_bytes(void **state)
{
    struct world world;
    struct parley_args *args = parley_args_new();
    (void)state;
    world_init(&world);
    connected(&world);
    assert_int_equal(parley_args_add_bytes(args, "xy", 2), 0);
    assert_int_equal(parley_args_add(args, parley_val_new_int(5)), 0);
    assert_int_equal(parley_sio_emit(world.sio, "none", NULL), 0);
    assert_int_equal(parley_sio_emit(world.sio, "bin", args), 0);
    assert_int_equal(parley_sio_emitf(world.sio, "q\"", "{\"x\":%d}", 3), 0);
    expect("> 2[\"none\"]\n> 51-[\"bin\",{\"_placeholder\":true,\"num\":0},5] +xy\n"
           "> 2[\"q\\\"\",{\"x\":3}]\n");
    assert_int_equal(parley_sio_emitf(world.sio, "e", "{"), PARLEY_E_INVALID);
    assert_int_equal(parley_sio_emit(world.sio, "connect", NULL), PARLEY_E_INVALID);
    assert_int_equal(parley_sio_emit(world.sio, "\xff", NULL), PARLEY_E_INVALID);
    assert_int_equal(parley_sio_emit(world.sio, NULL, NULL), PARLEY_E_INVALID);
    assert_int_equal(parley_sio_emit_ack(world.sio, "e", NULL, -1, on_ack, NULL), PARLEY_E_INVALID);
    assert_int_equal(parley_sio_emit_ack(world.sio, "e", NULL, 0, NULL, NULL), PARLEY_E_INVALID);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(parley_args_add_bytes(args, "z", 1), 0);
    }
    assert_int_equal(parley_sio_emit(world.sio, "bin", args), PARLEY_E_TOO_BIG);
    world.send_error = PL_E_FULL;
    assert_int_equal(parley_sio_emit(world.sio, "e", NULL), PARLEY_E_FULL);
    expect("");
    parley_args_unref(args);
    world_fini(&world);
}

static void test_what_is_kept_goes_in_order_before_what_is_newer(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &world.config), 0);
    emit_text(&world, "e", "1");
    assert_int_equal(parley_sio_connect(world.sio), 0);
    emit_text(&world, "e", "2");
    serve_open(&world);
    emit_text(&world, "e", "3");
    expect("opens\n> 0\n");
    serve(&world, "0{\"sid\":\"S\"}");
    emit_text(&world, "e", "4");
    expect("> 2[\"e\",\"1\"]\n> 2[\"e\",\"2\"]\n> 2[\"e\",\"3\"]\n/ CONNECTED S attempt=0\n"
           "> 2[\"e\",\"4\"]\n");
    world_fini(&world);
}

static void test_a_full_session_takes_the_rest_when_it_has_drained(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &world.config), 0);
    assert_int_equal(parley_sio_connect(world.sio), 0);
    emit_text(&world, "e", "1");
    serve_open(&world);
    world.send_error = PL_E_FULL;
    world.unsent = 1;
    serve(&world, "0{\"sid\":\"S\"}");
    emit_text(&world, "e", "2");
    assert_int_equal(parley_sio_emit_volatile(world.sio, "v", NULL), 0);
    expect("opens\n> 0\n/ CONNECTED S attempt=0\n");
    world.send_error = 0;
    serve_drain(&world);
    expect("> 2[\"e\",\"1\"]\n> 2[\"e\",\"2\"]\n");
    world_fini(&world);
}

static void test_a_kept_event_that_never_fits_is_given_up(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &world.config), 0);
    assert_int_equal(parley_sio_connect(world.sio), 0);
    assert_int_equal(parley_sio_emit_ack(world.sio, "e", NULL, 0, on_ack, (void *)"e"), 0);
    serve_open(&world);
    world.send_error = PL_E_FULL;
    serve(&world, "0{\"sid\":\"S\"}");
    expect("opens\n> 0\nack e FULL()\n/ CONNECTED S attempt=0\n");
    world_fini(&world);
}

static void test_what_is_kept_has_a_bound(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    world.config.buffer_max = 200;
    assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &world.config), 0);
    assert_int_equal(parley_sio_emitf(world.sio, "e", "%s", "0123456789"), 0);
    assert_int_equal(parley_sio_emitf(world.sio, "e", "%s", "0123456789"), 0);
    assert_int_equal(parley_sio_emitf(world.sio, "e", "%s", "0123456789"), PARLEY_E_FULL);
    world.config.buffer_max = 0;
    assert_int_equal(parley_sio_create(&world.other, world.client, URL, &world.config), 0);
    assert_int_equal(parley_sio_emitf(world.other, "e", "%s", "0"), PARLEY_E_STATE);
    world_fini(&world);
}

static void test_events_emitted_when_the_ping_is_overdue_are_kept(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    connected(&world);
    world.has_expired = true;
    emit_text(&world, "e", "1");
    assert_int_equal(parley_sio_emit_volatile(world.sio, "v", NULL), 0);
    expect("");
    world.has_expired = false;
    come_back(&world, "0{\"sid\":\"S2\"}");
    assert_non_null(strstr(world.log, "> 0\n> 2[\"e\",\"1\"]\n/ CONNECTED S2 attempt=1\n"));
    world_fini(&world);
}

static void test_volatile_events_are_sent_at_once_or_never(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &world.config), 0);
    assert_int_equal(parley_sio_emit_volatile(world.sio, "v", NULL), 0);
    parley_sio_destroy(world.sio);
    connected(&world);
    assert_int_equal(parley_sio_emit_volatile(world.sio, "v", NULL), 0);
    expect("> 2[\"v\"]\n");
    world.is_unwritable = true;
    assert_int_equal(parley_sio_emit_volatile(world.sio, "v", NULL), 0);
    expect("");
    world_fini(&world);
}

static void test_listeners_of_what_is_sent_are_called_in_ticks_and_in_order(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    connected(&world);
    parley_sio_on_any_outgoing(world.sio, on_message, (void *)"out");
    emit_text(&world, "e", "1");
    emit_text(&world, "e", "2");
    world.is_in_call = true;
    assert_int_equal(parley_sio_emit_volatile(world.sio, "v", NULL), 0);
    world.is_in_call = false;
    expect("");
    tick(&world);
    expect("> 2[\"e\",\"1\"]\nout e(\"1\")\n> 2[\"e\",\"2\"]\nout e(\"2\")\n");
    assert_int_equal(parley_sio_emit_volatile(world.sio, "v", NULL), 0);
    emit_text(&world, "last", "3");
    world.is_in_call = true;
    assert_int_equal(parley_sio_disconnect(world.sio), 0);
    expect("> 2[\"v\"]\n> 2[\"last\",\"3\"]\n> 1\nleaves\n");
    world.is_in_call = false;
    world_fini(&world);
}

/* --- acknowledgements that we wait for --- */

static void test_acknowledgements_arrive_by_id(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    connected(&world);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(parley_sio_emit_ack(world.sio, "e", NULL, 0, on_ack, (void *)"a"), 0);
    }
    world.log[0] = '\0';
    serve(&world, "319[1,\"x\"]");
    serve(&world, "30[]");
    serve(&world, "30[]");
    serve(&world, "399[]");
    serve(&world, "61-1[{\"_placeholder\":true,\"num\":0}]");
    serve_bytes(&world, "zz");
    expect("ack a OK(1,\"x\")\nack a OK()\nack a OK({\"_placeholder\":true,\"num\":0})\n");
    world_fini(&world);
}

static void test_a_late_acknowledgement_is_a_timeout_and_then_nothing(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    connected(&world);
    assert_int_equal(parley_sio_emit_ack(world.sio, "e", NULL, 100, on_ack, (void *)"a"), 0);
    pass(&world, 99);
    expect("> 20[\"e\"]\n");
    pass(&world, 1);
    serve(&world, "30[]");
    expect("ack a TIMEOUT()\n");
    world_fini(&world);
}

static void test_an_event_whose_acknowledgement_is_late_is_not_sent_any_more(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &world.config), 0);
    assert_int_equal(parley_sio_emit_ack(world.sio, "e", NULL, 100, on_ack, (void *)"a"), 0);
    pass(&world, 100);
    expect("ack a TIMEOUT()\n");
    assert_int_equal(parley_sio_connect(world.sio), 0);
    serve_open(&world);
    serve(&world, "0{\"sid\":\"S\"}");
    expect("opens\n> 0\n/ CONNECTED S attempt=0\n");
    world_fini(&world);
}

static void test_a_disconnect_closes_what_was_sent_and_keeps_what_was_not(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    connected(&world);
    assert_int_equal(parley_sio_emit_ack(world.sio, "e", NULL, 0, on_ack, (void *)"sent"), 0);
    world.has_expired = true;
    assert_int_equal(parley_sio_emit_ack(world.sio, "e", NULL, 0, on_ack, (void *)"kept"), 0);
    world.has_expired = false;
    serve_end(&world, PL_CLIENT_EIO_TRANSPORT_CLOSE, 0);
    expect(
        "> 20[\"e\"]\nleaves\n/ DISCONNECTED 'transport close' OK again=1001\nack sent CLOSED()\n");
    pass(&world, 2000);
    serve_open(&world);
    serve(&world, "0{\"sid\":\"S2\"}");
    serve(&world, "30[]");
    serve(&world, "31[7]");
    expect("/ RECONNECTING 1\nopens\n> 0\n> 21[\"e\"]\n/ CONNECTED S2 attempt=1\nack kept OK(7)\n");
    assert_int_equal(parley_sio_emit_ack(world.sio, "e", NULL, 0, on_ack, (void *)"own"), 0);
    world.is_in_call = true;
    assert_int_equal(parley_sio_disconnect(world.sio), 0);
    world.is_in_call = false;
    tick(&world);
    expect("> 22[\"e\"]\n> 1\nleaves\n/ DISCONNECTED 'io client disconnect' OK again=-1\n"
           "ack own CLOSED()\n");
    world_fini(&world);
}

/* --- acknowledgements that the server wants --- */

static void test_the_server_gets_its_acknowledgement_once(void **state)
{
    struct world world;
    struct parley_sio_ack *kept = NULL;
    struct parley_args *bytes = parley_args_new();
    (void)state;
    world_init(&world);
    connected(&world);
    assert_int_equal(parley_args_add_bytes(bytes, "xy", 2), 0);
    parley_sio_on(world.sio, "now", answer_ack, NULL);
    parley_sio_on(world.sio, "later", answer_ack, &kept);
    serve(&world, "212[\"now\",1,2]");
    serve(&world, "213[\"later\"]");
    serve(&world, "214[\"nobody\"]");
    expect("> 312[1,2]\n");
    assert_int_equal(parley_sio_ack_send(kept, bytes), 0);
    expect("> 61-13[{\"_placeholder\":true,\"num\":0}] +xy\n");
    assert_int_equal(parley_sio_ack_send(kept, NULL), PARLEY_E_STATE);
    parley_sio_ack_unref(kept);
    serve(&world, "215[\"later\"]");
    come_back(&world, "0{\"sid\":\"S2\"}");
    assert_int_equal(parley_sio_ack_send(kept, NULL), PARLEY_E_CLOSED);
    parley_sio_ack_unref(kept);
    serve(&world, "216[\"later\"]");
    parley_sio_destroy(world.sio);
    tick(&world);
    assert_int_equal(parley_sio_ack_send(kept, NULL), PARLEY_E_CLOSED);
    world_fini(&world);
    parley_sio_ack_unref(kept);
    parley_sio_ack_unref(NULL);
    parley_args_unref(bytes);
}

/* --- the at-least-once queue --- */

static void with_retries(struct world *world)
{
    world_init(world);
    world->config.retries = 2;
    world->config.ack_timeout_ms = 100;
    connected(world);
}

static void test_one_event_is_in_flight_until_it_is_acknowledged(void **state)
{
    struct world world;
    (void)state;
    with_retries(&world);
    emit_text(&world, "e", "1");
    assert_int_equal(parley_sio_emit_ack(world.sio, "e", NULL, 0, on_ack, (void *)"2"), 0);
    assert_int_equal(parley_sio_emit_volatile(world.sio, "v", NULL), 0);
    tick(&world);
    expect("> 2[\"v\"]\n> 20[\"e\",\"1\"]\n");
    pass(&world, 100);
    expect("> 21[\"e\",\"1\"]\n");
    serve(&world, "30[]");
    expect("");
    serve(&world, "31[]");
    expect("> 22[\"e\"]\n");
    serve(&world, "32[5]");
    expect("ack 2 OK(5)\n");
    world_fini(&world);
}

static void test_an_event_is_given_up_after_its_retries(void **state)
{
    struct world world;
    (void)state;
    with_retries(&world);
    assert_int_equal(parley_sio_emit_ack(world.sio, "a", NULL, 50, on_ack, (void *)"a"), 0);
    emit_text(&world, "b", "");
    for (int i = 0; i < 4; i++) {
        pass(&world, 50);
    }
    expect("> 20[\"a\"]\n> 21[\"a\"]\n> 22[\"a\"]\nack a TIMEOUT()\n> 23[\"b\",\"\"]\n");
    world_fini(&world);
}

static void test_an_event_in_flight_is_sent_again_after_a_reconnection(void **state)
{
    struct world world;
    (void)state;
    with_retries(&world);
    emit_text(&world, "e", "1");
    tick(&world);
    serve_end(&world, PL_CLIENT_EIO_TRANSPORT_CLOSE, 0);
    emit_text(&world, "e", "2");
    pass(&world, 2000);
    serve_open(&world);
    world.log[0] = '\0';
    serve(&world, "0{\"sid\":\"S2\"}");
    serve(&world, "31[]");
    expect("> 21[\"e\",\"1\"]\n/ CONNECTED S2 attempt=1\n> 22[\"e\",\"2\"]\n");
    world_fini(&world);
}

/* --- listeners --- */

static void remove_both(struct parley_sio *sio, const char *event, const struct parley_args *args,
                        struct parley_sio_ack *ack, void *user)
{
    on_message(sio, event, args, ack, user);
    assert_int_equal(parley_sio_off(sio, "e", NULL), 3);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(parley_sio_on(sio, "e", on_message, (void *)"new"), 0);
    }
}

static void test_listeners_come_and_go_while_they_are_called(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    connected(&world);
    parley_sio_on(world.sio, "e", on_message, (void *)"first");
    parley_sio_on(world.sio, "e", remove_both, (void *)"second");
    parley_sio_on(world.sio, "e", on_message, (void *)"third");
    serve(&world, "2[\"e\"]");
    expect("first e()\nsecond e()\n");
    assert_int_equal(parley_sio_off(world.sio, "e", on_message), 10);
    serve(&world, "2[\"e\"]");
    expect("");
    world_fini(&world);
}

static void test_catch_all_listeners_are_called_before_others(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    connected(&world);
    parley_sio_on(world.sio, "1", on_message, (void *)"on");
    parley_sio_once(world.sio, "1", on_message, (void *)"once");
    parley_sio_on_any(world.sio, on_message, (void *)"any");
    serve(&world, "2[1,\"a\"]");
    serve(&world, "2[\"1\"]");
    serve(&world, "2[\"other\"]");
    expect("any 1(\"a\")\non 1(\"a\")\nonce 1(\"a\")\nany 1()\non 1()\nany other()\n");
    assert_int_equal(parley_sio_off(world.sio, NULL, NULL), 1);
    serve(&world, "2[\"other\"]");
    expect("");
    assert_int_equal(parley_sio_on(world.sio, NULL, on_message, NULL), PARLEY_E_INVALID);
    assert_int_equal(parley_sio_on(world.sio, "e", NULL, NULL), PARLEY_E_INVALID);
    world_fini(&world);
}

static void destroy_in_listener(struct parley_sio *sio, const char *event,
                                const struct parley_args *args, struct parley_sio_ack *ack,
                                void *user)
{
    on_message(sio, event, args, ack, user);
    parley_sio_destroy(sio);
}

static void test_a_socket_is_destroyed_in_a_listener(void **state)
{
    (void)state;
    for (int early = 0; early < 2; early++) {
        struct world world;
        world_init(&world);
        assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &world.config), 0);
        assert_int_equal(parley_sio_connect(world.sio), 0);
        parley_sio_on(world.sio, "e", destroy_in_listener, (void *)"first");
        parley_sio_on(world.sio, "e", on_message, (void *)"second");
        emit_text(&world, "kept", "1");
        serve_open(&world);
        if (early) {
            serve(&world, "23[\"e\",1]");
            serve(&world, "2[\"e\",2]");
        }
        serve(&world, "0{\"sid\":\"S\"}");
        if (!early) {
            serve(&world, "23[\"e\",1]");
        }
        assert_non_null(strstr(world.log, "first e(1) wants an answer\n> "));
        assert_null(strstr(world.log, "second"));
        world_fini(&world);
    }
}

static void test_an_outgoing_listener_destroys_its_socket(void **state)
{
    (void)state;
    for (int retries = 0; retries < 2; retries++) {
        struct world world;
        world_init(&world);
        world.config.retries = retries;
        connected(&world);
        parley_sio_on_any_outgoing(world.sio, destroy_in_listener, (void *)"out");
        emit_text(&world, "e", "1");
        emit_text(&world, "e", "2");
        tick(&world);
        assert_non_null(strstr(world.log, "out e(\"1\")\n"));
        assert_non_null(strstr(world.log, "> 1\nleaves\n"));
        world_fini(&world);
    }
}

static void destroy_in_ack(struct parley_sio *sio, int error, const struct parley_args *args,
                           void *user)
{
    on_ack(sio, error, args, user);
    parley_sio_destroy(sio);
}

static void test_a_socket_is_destroyed_in_an_acknowledgement(void **state)
{
    (void)state;
    for (int retries = 0; retries < 2; retries++) {
        for (int way = 0; way < 3; way++) {
            struct world world;
            world_init(&world);
            world.config.retries = retries;
            connected(&world);
            for (int i = 0; i < 3; i++) {
                assert_int_equal(
                    parley_sio_emit_ack(world.sio, "e", NULL, 50, destroy_in_ack, (void *)"a"), 0);
            }
            tick(&world);
            if (way == 0) {
                serve(&world, "30[]");
            } else if (way == 1) {
                serve_end(&world, PL_CLIENT_EIO_TRANSPORT_CLOSE, 0);
            }
            pass(&world, 50);
            pass(&world, 50);
            world_fini(&world);
        }
    }
}

static void test_too_much_before_the_answer_ends_the_connection(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    world.config.transport.message_max = 1000;
    assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &world.config), 0);
    assert_int_equal(parley_sio_connect(world.sio), 0);
    serve_open(&world);
    world.log[0] = '\0';
    for (int i = 0; i < 20; i++) {
        serve(&world, "2[\"e\",\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"]");
    }
    expect("leaves\n/ CONNECT_FAILED 'parse error' TOO_BIG again=1001\n");
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_go_out_with_arguments_and_bytes),
        cmocka_unit_test(test_what_is_kept_goes_in_order_before_what_is_newer),
        cmocka_unit_test(test_a_full_session_takes_the_rest_when_it_has_drained),
        cmocka_unit_test(test_a_kept_event_that_never_fits_is_given_up),
        cmocka_unit_test(test_what_is_kept_has_a_bound),
        cmocka_unit_test(test_events_emitted_when_the_ping_is_overdue_are_kept),
        cmocka_unit_test(test_volatile_events_are_sent_at_once_or_never),
        cmocka_unit_test(test_listeners_of_what_is_sent_are_called_in_ticks_and_in_order),
        cmocka_unit_test(test_acknowledgements_arrive_by_id),
        cmocka_unit_test(test_a_late_acknowledgement_is_a_timeout_and_then_nothing),
        cmocka_unit_test(test_an_event_whose_acknowledgement_is_late_is_not_sent_any_more),
        cmocka_unit_test(test_a_disconnect_closes_what_was_sent_and_keeps_what_was_not),
        cmocka_unit_test(test_the_server_gets_its_acknowledgement_once),
        cmocka_unit_test(test_one_event_is_in_flight_until_it_is_acknowledged),
        cmocka_unit_test(test_an_event_is_given_up_after_its_retries),
        cmocka_unit_test(test_an_event_in_flight_is_sent_again_after_a_reconnection),
        cmocka_unit_test(test_listeners_come_and_go_while_they_are_called),
        cmocka_unit_test(test_catch_all_listeners_are_called_before_others),
        cmocka_unit_test(test_a_socket_is_destroyed_in_a_listener),
        cmocka_unit_test(test_an_outgoing_listener_destroys_its_socket),
        cmocka_unit_test(test_a_socket_is_destroyed_in_an_acknowledgement),
        cmocka_unit_test(test_too_much_before_the_answer_ends_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
