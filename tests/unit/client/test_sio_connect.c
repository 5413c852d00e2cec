/* Socket.IO sockets: how they connect, fail, leave and come back, packet by packet. */
#include "sio_fixture.h"

static void test_a_socket_connects_and_tells_its_id(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_int_equal(parley_sio_create(&world.sio, world.client, URL "/chat?a=1", &world.config),
                     0);
    expect("");
    assert_int_equal(parley_sio_connect(world.sio), 0);
    assert_int_equal(parley_sio_connect(world.sio), PARLEY_E_STATE);
    expect("opens\n");
    assert_true(pl_str_eq(world.eio->lent->query, PL_STR("a=1")));
    assert_true(pl_str_eq(world.eio->lent->path, PL_STR("/socket.io/")));
    serve_open(&world);
    expect("> 0/chat,\n");
    assert_string_equal(parley_sio_id(world.sio), "");
    serve(&world, "0/chat,{\"sid\":\"S\\u0031\"}");
    expect("/chat CONNECTED S1 attempt=0\n");
    assert_string_equal(parley_sio_transport(world.sio), "polling");
    parley_sio_destroy(world.sio);
    expect("> 1/chat,\nleaves\n");
    world_fini(&world);
}

static void ask(struct parley_sio *sio, void *user)
{
    (void)sio;
    (void)user;
    check_in_tick();
    note("asks\n");
}

static void test_auth_is_sent_given_or_asked_for(void **state)
{
    struct world world;
    struct parley_val *auth = parley_val_format("{\"token\":\"t\"}");
    struct parley_val *number = parley_val_new_int(1);
    (void)state;
    world_init(&world);
    world.config.auth = number;
    assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &world.config),
                     PARLEY_E_INVALID);
    world.config.auth = auth;
    assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &world.config), 0);
    world.config.auth = NULL;
    world.config.get_auth = ask;
    assert_int_equal(parley_sio_create_namespace(&world.other, world.sio, "/b", &world.config), 0);
    assert_int_equal(parley_sio_connect(world.sio), 0);
    serve_open(&world);
    expect("opens\n> 0{\"token\":\"t\"}\n");
    assert_int_equal(parley_sio_auth(world.other, auth), PARLEY_E_STATE);
    world.is_in_call = true;
    assert_int_equal(parley_sio_connect(world.other), 0);
    world.is_in_call = false;
    tick(&world);
    expect("asks\n");
    assert_int_equal(parley_sio_auth(world.other, number), PARLEY_E_INVALID);
    assert_int_equal(parley_sio_auth(world.other, auth), 0);
    expect("> 0/b,{\"token\":\"t\"}\n");
    world_fini(&world);
    parley_val_unref(auth);
    parley_val_unref(number);
}

static void test_a_refusal_is_told_with_its_data_and_not_tried_again(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &world.config), 0);
    assert_int_equal(parley_sio_connect(world.sio), 0);
    serve_open(&world);
    world.log[0] = '\0';
    serve(&world, "4{\"message\":\"no \\\"entry\\\"\",\"data\":{\"code\":7}}");
    expect("leaves\n/ CONNECT_FAILED 'no \"entry\"' DENIED again=-1 {\"code\":7}\n");
    pass(&world, 60000);
    expect("");
    assert_int_equal(parley_sio_connect(world.sio), 0);
    serve_open(&world);
    serve(&world, "4\"words\"");
    expect("opens\n> 0\nleaves\n/ CONNECT_FAILED 'words' DENIED again=-1\n");
    world_fini(&world);
}

static void test_an_answer_without_a_sid_is_of_an_old_server(void **state)
{
    static const char *const answers[] = {"0", "0{}", "0{\"sid\":1}"};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(answers); i++) {
        struct world world;
        world_init(&world);
        assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &world.config), 0);
        assert_int_equal(parley_sio_connect(world.sio), 0);
        serve_open(&world);
        world.log[0] = '\0';
        serve(&world, answers[i]);
        expect(
            "leaves\n/ CONNECT_FAILED 'the server answers without a session id:' PROTO again=-1\n");
        world_fini(&world);
    }
}

static void test_namespaces_share_a_connection_that_goes_with_the_last(void **state)
{
    struct world world;
    struct parley_sio *third = NULL;
    (void)state;
    world_init(&world);
    connected(&world);
    assert_int_equal(parley_sio_create_namespace(&third, world.sio, "/", &world.config),
                     PARLEY_E_EXISTS);
    assert_int_equal(parley_sio_create_namespace(&third, world.sio, "/a,b", &world.config),
                     PARLEY_E_INVALID);
    assert_int_equal(parley_sio_create_namespace(&third, world.sio, "/\xff", &world.config),
                     PARLEY_E_INVALID);
    assert_int_equal(parley_sio_create_namespace(&world.other, world.sio, "/b", &world.config), 0);
    assert_int_equal(parley_sio_connect(world.other), 0);
    serve(&world, "0/b,{\"sid\":\"S2\"}");
    expect("> 0/b,\n/b CONNECTED S2 attempt=0\n");
    world.is_in_call = true;
    assert_int_equal(parley_sio_disconnect(world.sio), 0);
    assert_int_equal(parley_sio_disconnect(world.sio), PARLEY_E_STATE);
    world.is_in_call = false;
    tick(&world);
    expect("> 1\n/ DISCONNECTED 'io client disconnect' OK again=-1\n");
    serve(&world, "1/b,");
    expect("leaves\n/b DISCONNECTED 'io server disconnect' OK again=-1\n");
    assert_int_equal(parley_sio_connect(world.other), 0);
    expect("opens\n");
    world_fini(&world);
}

static void test_a_lost_connection_is_made_again_with_all_namespaces(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    connected(&world);
    assert_int_equal(parley_sio_create_namespace(&world.other, world.sio, "/b", &world.config), 0);
    assert_int_equal(parley_sio_connect(world.other), 0);
    world.log[0] = '\0';
    serve_end(&world, PL_CLIENT_EIO_PING_TIMEOUT, PL_E_TIMEOUT);
    expect("leaves\n/ DISCONNECTED 'ping timeout' TIMEOUT again=1001\n"
           "/b CONNECT_FAILED 'ping timeout' TIMEOUT again=1001\n");
    pass(&world, 1000);
    expect("");
    pass(&world, 10);
    expect("/ RECONNECTING 1\n/b RECONNECTING 1\nopens\n");
    serve_end(&world, PL_CLIENT_EIO_TRANSPORT_ERROR, PL_E_IO);
    expect("leaves\n/ CONNECT_FAILED 'words' IO again=2003\n/b CONNECT_FAILED 'words' IO "
           "again=2003\n");
    pass(&world, 2010);
    serve_open(&world);
    serve(&world, "0/b,{\"sid\":\"B\"}");
    serve(&world, "0{\"sid\":\"A\"}");
    expect("/ RECONNECTING 2\n/b RECONNECTING 2\nopens\n> 0\n> 0/b,\n"
           "/b CONNECTED B attempt=2\n/ CONNECTED A attempt=2\n");
    world_fini(&world);
}

static void test_attempts_are_used_up_and_may_begin_anew(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    world.config.reconnect.attempts = 1;
    assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &world.config), 0);
    assert_int_equal(parley_sio_connect(world.sio), 0);
    serve_end(&world, PL_CLIENT_EIO_TRANSPORT_ERROR, PL_E_IO);
    pass(&world, 1500);
    serve_end(&world, PL_CLIENT_EIO_TRANSPORT_ERROR, PL_E_IO);
    expect(
        "opens\nleaves\n/ CONNECT_FAILED 'words' IO again=1001\n/ RECONNECTING 1\nopens\nleaves\n"
        "/ CONNECT_FAILED 'words' IO again=-1\n/ GAVE_UP\n");
    assert_int_equal(parley_sio_connect(world.sio), 0);
    expect("opens\n");
    world_fini(&world);
}

static void test_without_reconnection_it_stays_away(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    world.config.reconnect.is_on = false;
    connected(&world);
    serve_end(&world, PL_CLIENT_EIO_TRANSPORT_CLOSE, 0);
    pass(&world, 60000);
    expect("leaves\n/ DISCONNECTED 'transport close' OK again=-1\n");
    world_fini(&world);
}

static void test_the_connect_timeout_is_of_the_session_alone(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &world.config), 0);
    assert_int_equal(parley_sio_connect(world.sio), 0);
    pass(&world, 19999);
    expect("opens\n");
    pass(&world, 1);
    expect("leaves\n/ CONNECT_FAILED 'timeout' TIMEOUT again=1001\n");
    pass(&world, 1100);
    serve_open(&world);
    pass(&world, 60000);
    expect("/ RECONNECTING 1\nopens\n> 0\n");
    world_fini(&world);
}

static void test_what_cannot_be_read_ends_the_connection_with_parse_error(void **state)
{
    static const char *const packets[] = {"",          "9",   "2",       "2[]", "2[\"connect\"]",
                                          "51-[\"a\"", "3[]", "2[null]", "1{}"};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(packets); i++) {
        struct world world;
        world_init(&world);
        connected(&world);
        serve(&world, packets[i]);
        expect("leaves\n/ DISCONNECTED 'parse error' PROTO again=1001\n");
        world_fini(&world);
    }
}

static void test_half_a_packet_is_dropped_with_its_connection(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    connected(&world);
    parley_sio_on(world.sio, "b", on_message, NULL);
    serve(&world, "51-[\"b\",{\"_placeholder\":true,\"num\":0}]");
    serve_end(&world, PL_CLIENT_EIO_TRANSPORT_CLOSE, 0);
    pass(&world, 2000);
    serve_open(&world);
    serve(&world, "0{\"sid\":\"S2\"}");
    world.log[0] = '\0';
    serve(&world, "51-[\"b\",{\"_placeholder\":true,\"num\":0}]");
    serve_bytes(&world, "xy");
    expect("on b({\"_placeholder\":true,\"num\":0})\n");
    world_fini(&world);
}

static void test_recovery_sends_pid_and_offset_and_tells_that_it_worked(void **state)
{
    struct world world;
    struct parley_val *auth = parley_val_format("{\"t\":1}");
    (void)state;
    world_init(&world);
    world.config.auth = auth;
    connected(&world);
    serve_end(&world, PL_CLIENT_EIO_TRANSPORT_CLOSE, 0);
    pass(&world, 2000);
    serve_open(&world);
    serve(&world, "0{\"sid\":\"S\",\"pid\":\"P\"}");
    parley_sio_on(world.sio, "e", on_message, NULL);
    world.log[0] = '\0';
    serve(&world, "2[\"e\",1,\"o\\\"1\"]");
    serve(&world, "27[\"e\",\"no offset\"]");
    serve(&world, "2[\"e\",2]");
    expect("on e(1,\"o\\\"1\")\non e(\"no offset\") wants an answer\non e(2)\n");
    serve_end(&world, PL_CLIENT_EIO_TRANSPORT_CLOSE, 0);
    pass(&world, 2000);
    world.log[0] = '\0';
    serve_open(&world);
    expect("> 0{\"pid\":\"P\",\"offset\":\"o\\\"1\",\"t\":1}\n");
    serve(&world, "2[\"e\",3,\"o2\"]");
    expect("");
    serve(&world, "0{\"sid\":\"S\",\"pid\":\"P\"}");
    expect("on e(3,\"o2\")\n/ CONNECTED S attempt=1 recovered\n");
    come_back(&world, "0{\"sid\":\"S9\",\"pid\":\"P9\"}");
    assert_non_null(strstr(world.log, "\"offset\":\"o2\""));
    assert_non_null(strstr(world.log, "CONNECTED S9 attempt=1\n"));
    world_fini(&world);
    parley_val_unref(auth);
}

static void test_the_keys_of_auth_win_over_recovery(void **state)
{
    struct world world;
    struct parley_val *auth = parley_val_format("{\"pid\":\"mine\"}");
    (void)state;
    world_init(&world);
    world.config.auth = auth;
    connected(&world);
    come_back(&world, "0{\"sid\":\"S\",\"pid\":\"P\"}");
    serve(&world, "2[\"e\",\"o\"]");
    world.log[0] = '\0';
    come_back(&world, "0{\"sid\":\"S\",\"pid\":\"P\"}");
    assert_non_null(strstr(world.log, "> 0{\"offset\":\"o\",\"pid\":\"mine\"}\n"));
    world_fini(&world);
    parley_val_unref(auth);
}

static void destroy_it(struct parley_sio *sio, const struct parley_client_event *event, void *user)
{
    struct world *world = user;
    on_event(sio, event, user);
    parley_sio_destroy(world->sio);
    parley_sio_destroy(world->other);
    world->sio = NULL;
    world->other = NULL;
}

static void test_sockets_are_destroyed_in_any_event(void **state)
{
    (void)state;
    for (int step = 0; step < 4; step++) {
        struct world world;
        world_init(&world);
        world.config.on_event = destroy_it;
        world.config.user = &world;
        assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &world.config), 0);
        assert_int_equal(parley_sio_create_namespace(&world.other, world.sio, "/b", &world.config),
                         0);
        assert_int_equal(parley_sio_connect(world.sio), 0);
        assert_int_equal(parley_sio_connect(world.other), 0);
        if (step == 0) {
            serve_end(&world, PL_CLIENT_EIO_TRANSPORT_ERROR, PL_E_IO);
        }
        serve_open(&world);
        serve(&world, step == 1 ? "0{\"sid\":\"S\"}" : step == 2 ? "4{\"message\":\"m\"}" : "x");
        assert_null(world.sio);
        assert_null(world.eio);
        assert_non_null(strstr(world.log, "leaves\n"));
        world_fini(&world);
    }
}

static void disconnect_others(struct parley_sio *sio, const struct parley_client_event *event,
                              void *user)
{
    struct world *world = user;
    on_event(sio, event, user);
    if (event->kind == PARLEY_CLIENT_DISCONNECTED && event->delay_ms >= 0) {
        assert_int_equal(parley_sio_disconnect(world->sio), 0);
        assert_int_equal(parley_sio_disconnect(world->other), 0);
    }
}

static void test_leaving_in_an_event_ends_the_attempts(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    world.config.on_event = disconnect_others;
    world.config.user = &world;
    connected(&world);
    assert_int_equal(parley_sio_create_namespace(&world.other, world.sio, "/b", &world.config), 0);
    assert_int_equal(parley_sio_connect(world.other), 0);
    serve(&world, "0/b,{\"sid\":\"B\"}");
    world.log[0] = '\0';
    serve_end(&world, PL_CLIENT_EIO_TRANSPORT_CLOSE, 0);
    expect("leaves\n/ DISCONNECTED 'transport close' OK again=1001\n"
           "/b DISCONNECTED 'transport close' OK again=-1\n");
    pass(&world, 60000);
    expect("");
    world_fini(&world);
}

static void test_a_socket_that_was_left_connects_again_after_the_event(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    connected(&world);
    assert_int_equal(parley_sio_create_namespace(&world.other, world.sio, "/b", &world.config), 0);
    assert_int_equal(parley_sio_connect(world.other), 0);
    assert_int_equal(parley_sio_disconnect(world.sio), 0);
    assert_int_equal(parley_sio_connect(world.sio), 0);
    serve(&world, "0{\"sid\":\"S2\"}");
    expect("> 0/b,\n> 1\n> 0\n/ DISCONNECTED 'io client disconnect' OK again=-1\n"
           "/ CONNECTED S2 attempt=0\n");
    world_fini(&world);
}

static void test_settings_that_make_no_sense_are_refused(void **state)
{
    struct world world;
    struct parley_sio_config config;
    (void)state;
    world_init(&world);
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        config = world.config;                                                                     \
        change;                                                                                    \
        assert_int_equal(parley_sio_create(&world.sio, world.client, URL, &config),                \
                         PARLEY_E_INVALID);                                                        \
        assert_null(world.sio);                                                                    \
        assert_true(strlen(parley_client_error(world.client)) > 0);                                \
    } while (0)
    REFUSED(config.path = NULL);
    REFUSED(config.path = "/a?b");
    REFUSED(config.path = "/a b");
    REFUSED(config.query = "a#b");
    REFUSED(config.attachment_max = -1);
    REFUSED(config.unsent_max = 0);
    REFUSED(config.retries = -1);
    REFUSED(config.ack_timeout_ms = -1);
    REFUSED(config.reconnect.jitter = 2);
    REFUSED(config.transports = (enum parley_sio_transports)9);
#undef REFUSED
    assert_int_equal(parley_sio_create(&world.sio, world.client, "nonsense", NULL),
                     PARLEY_E_INVALID);
    assert_int_equal(parley_sio_create(&world.sio, world.client, URL "/a,b", NULL),
                     PARLEY_E_INVALID);
    assert_int_equal(parley_sio_create(&world.sio, world.client, URL, NULL), 0);
    world.open_error = PL_E_IO;
    assert_int_equal(parley_sio_connect(world.sio), PARLEY_E_IO);
    world.open_error = 0;
    assert_int_equal(parley_sio_connect(world.sio), 0);
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_socket_connects_and_tells_its_id),
        cmocka_unit_test(test_auth_is_sent_given_or_asked_for),
        cmocka_unit_test(test_a_refusal_is_told_with_its_data_and_not_tried_again),
        cmocka_unit_test(test_an_answer_without_a_sid_is_of_an_old_server),
        cmocka_unit_test(test_namespaces_share_a_connection_that_goes_with_the_last),
        cmocka_unit_test(test_a_lost_connection_is_made_again_with_all_namespaces),
        cmocka_unit_test(test_attempts_are_used_up_and_may_begin_anew),
        cmocka_unit_test(test_without_reconnection_it_stays_away),
        cmocka_unit_test(test_the_connect_timeout_is_of_the_session_alone),
        cmocka_unit_test(test_what_cannot_be_read_ends_the_connection_with_parse_error),
        cmocka_unit_test(test_half_a_packet_is_dropped_with_its_connection),
        cmocka_unit_test(test_recovery_sends_pid_and_offset_and_tells_that_it_worked),
        cmocka_unit_test(test_the_keys_of_auth_win_over_recovery),
        cmocka_unit_test(test_sockets_are_destroyed_in_any_event),
        cmocka_unit_test(test_leaving_in_an_event_ends_the_attempts),
        cmocka_unit_test(test_a_socket_that_was_left_connects_again_after_the_event),
        cmocka_unit_test(test_settings_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
