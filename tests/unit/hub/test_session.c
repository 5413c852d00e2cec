/* Sessions: their names, what carries them, and their messages one at a time. */
#include "hub_fixture.h"

static bool receive(struct client *client, const char *text)
{
    uint8_t bytes[32] = {0};
    size_t len = strlen(text);
    memcpy(bytes, text, len);
    return pl_session_receive(client->session, PL_MESSAGE_TEXT, (struct pl_span){bytes, len});
}

static struct pl_frame *frame_of(char letter)
{
    struct pl_frame *frame = pl_frame_create(1);
    assert_non_null(frame);
    frame->data[0] = (uint8_t)letter;
    return frame;
}

static struct pl_frame *encode(void *user, uint8_t encoding)
{
    (void)user;
    return frame_of((char)('a' + encoding));
}

static void publish(struct fixture *at)
{
    struct pl_stream *stream = fixture_stream(at, "room");
    struct pl_publish out = {.include = &stream, .include_count = 1, .message = {encode, NULL}};
    assert_int_equal(pl_hub_publish(at->hub, &out), 0);
}

static void test_session_old_name_finds_nothing(void **state)
{
    struct fixture *at = fixture_make();
    struct pl_session_id old = pl_session_id(fixture_open(at, 0, 0));
    struct pl_session *next = NULL;
    (void)state;
    assert_ptr_equal(pl_session_find(at->hub, old), at->clients[0].session);
    pl_session_close(&at->clients[0].session);
    assert_null(at->clients[0].session);
    assert_null(pl_session_find(at->hub, old));
    next = fixture_open(at, 1, 0);
    assert_int_equal(pl_session_id(next).slot, old.slot);
    assert_null(pl_session_find(at->hub, old));
    assert_null(pl_session_find(at->hub, (struct pl_session_id){0}));
    assert_null(pl_session_find(at->hub, (struct pl_session_id){1000000, 1}));
    fixture_finish(at);
}

static void test_session_messages_wait_while_suspended_and_keep_their_order(void **state)
{
    struct fixture *at = fixture_make();
    struct client *client = &at->clients[0];
    (void)state;
    fixture_open(at, 0, 0);
    assert_true(receive(client, "1"));
    pl_session_suspend(client->session);
    pl_session_suspend(client->session);
    assert_true(receive(client, "2"));
    assert_true(receive(client, "3"));
    pl_session_resume(client->session);
    assert_true(pl_session_is_suspended(client->session));
    assert_string_equal(client->handled, "1");
    pl_session_resume(client->session);
    assert_false(pl_session_is_suspended(client->session));
    assert_string_equal(client->handled, "123");
    assert_int_equal(pl_hub_stats(at->hub).suspend_count, 2);
    fixture_finish(at);
}

static void do_as_told(struct client *client, char what)
{
    switch (what) {
    case 's':
        pl_session_suspend(client->session);
        break;
    case 'c':
        pl_session_close(&client->session);
        break;
    case 'r':
        assert_true(receive(client, "x")); /* waits for this handler to end */
        client->handled[client->handled_count++] = '.';
        break;
    case 'b':
        pl_session_suspend(client->session);
        pl_session_resume(client->session); /* nothing is handled inside another handler */
        client->handled[client->handled_count++] = '.';
        break;
    default:
        break;
    }
}

static void test_session_handlers_may_suspend_close_and_receive(void **state)
{
    static const struct {
        const char *queued; /* while suspended; then resumed until nothing changes */
        const char *handled[3];
        const char *why;
    } rows[] = {
        {"123", {"123", "123", "123"}, "all at once"},
        {"1s2s", {"1s", "1s2s", "1s2s"}, "until suspended again"},
        {"1c23", {"1c", "1c", "1c"}, "until closed"},
        {"r2", {"r.2x", "r.2x", "r.2x"}, "what comes meanwhile is last"},
        {"b12", {"b.12", "b.12", "b.12"}, "suspended and resumed at once"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture *at = fixture_make();
        struct client *client = &at->clients[0];
        fixture_open(at, 0, 0);
        client->on_message = do_as_told;
        pl_session_suspend(client->session);
        for (const char *c = rows[i].queued; *c != '\0'; c++) {
            assert_true(receive(client, (const char[]){*c, '\0'}));
        }
        for (size_t j = 0; j < 3; j++) {
            if (client->session != NULL && pl_session_is_suspended(client->session)) {
                pl_session_resume(client->session);
            }
            assert_string_equal(client->handled, rows[i].handled[j]);
        }
        pl_hub_turn_begin(at->hub);
        fixture_finish(at);
    }
}

static void test_session_reading_stops_at_the_bound_and_goes_on_at_half(void **state)
{
    static const struct {
        const char *message;
        unsigned until_pause;
        unsigned until_resume; /* messages handled */
        const char *why;
    } rows[] = {
        {"s", 4, 2, "4 messages, 2 left"},
        {"s234567890123456789", 3, 2, "57 of 40 bytes, 19 left"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture *at = fixture_make();
        struct client *client = &at->clients[0];
        fixture_open(at, 0, 0);
        client->on_message = do_as_told;
        pl_session_suspend(client->session);
        for (unsigned j = 1; j <= rows[i].until_pause; j++) {
            assert_int_equal(client->pause_count, 0);
            assert_true(receive(client, rows[i].message));
        }
        assert_int_equal(client->pause_count, 1);
        for (unsigned j = 1; j <= rows[i].until_resume; j++) {
            assert_int_equal(client->resume_count, 0);
            pl_session_resume(client->session);
        }
        assert_int_equal(client->resume_count, 1);
        assert_int_equal(client->pause_count, 1);
        fixture_finish(at);
    }
}

static void test_session_paused_sink_is_given_back_reading(void **state)
{
    struct fixture *at = fixture_make();
    struct client *client = &at->clients[0];
    (void)state;
    fixture_open(at, 0, 0);
    pl_session_suspend(client->session);
    for (int i = 0; i < 4; i++) {
        assert_true(receive(client, "1"));
    }
    pl_session_attach(client->session, fixture_sink(at, 1, 0), 0);
    assert_int_equal(client->resume_count, 1);
    assert_int_equal(at->clients[1].pause_count, 1);
    pl_session_close(&client->session);
    assert_int_equal(at->clients[1].resume_count, 1);
    fixture_finish(at);
}

static void test_session_without_memory_refuses_a_waiting_message(void **state)
{
    struct fixture *at = fixture_make();
    struct client *client = &at->clients[0];
    (void)state;
    fixture_open(at, 0, 0);
    pl_session_suspend(client->session);
    assert_true(receive(client, "1"));
    pl_try_alloc_fail_at(1);
    assert_false(receive(client, "2"));
    pl_session_resume(client->session);
    assert_string_equal(client->handled, "1");
    fixture_finish(at);
}

static void test_session_moves_with_its_subscriptions(void **state)
{
    struct fixture *at = fixture_make();
    struct pl_session *session = fixture_open(at, 0, 0);
    (void)state;
    assert_int_equal(fixture_join(at, 0, "room", PL_MEMBER_SUBSCRIBER), 1);
    assert_int_equal(fixture_join(at, 0, "there", PL_MEMBER_PRESENCE), 1);
    publish(at);
    pl_session_attach(session, fixture_sink(at, 1, 2), 2);
    assert_int_equal(pl_session_encoding(session), 2);
    publish(at);
    pl_session_send(session, frame_of('u'), 0);
    assert_string_equal(fixture_received(at, 0), "a");
    assert_string_equal(fixture_received(at, 1), "cu");
    fixture_finish(at);
}

static void test_session_detached_stays_a_member_and_receives_nothing(void **state)
{
    struct fixture *at = fixture_make();
    struct pl_session *session = fixture_open(at, 0, 0);
    (void)state;
    assert_int_equal(fixture_join(at, 0, "room", PL_MEMBER_SUBSCRIBER), 1);
    pl_session_attach(session, (struct pl_sink_id){0}, 0);
    publish(at);
    pl_session_send(session, frame_of('u'), 0);
    assert_int_equal(pl_hub_stats(at->hub).encode_count, 0);
    assert_int_equal(pl_stream_subscriber_count(fixture_stream(at, "room")), 1);
    pl_session_attach(session, fixture_sink(at, 1, 1), 1);
    publish(at);
    assert_string_equal(fixture_received(at, 0), "");
    assert_string_equal(fixture_received(at, 1), "b");
    fixture_finish(at);
}

static void test_session_calls_on_a_closed_one_do_nothing(void **state)
{
    struct fixture *at = fixture_make();
    struct pl_session *session = fixture_open(at, 0, 0);
    struct pl_stream_key key = fixture_key("room");
    (void)state;
    pl_session_close(&at->clients[0].session);
    assert_int_equal(pl_hub_join(at->hub, session, &key, PL_MEMBER_SUBSCRIBER, NULL, NULL),
                     PL_E_CLOSED);
    pl_session_send(session, frame_of('u'), 0);
    pl_session_attach(session, at->clients[0].sink.id, 0);
    pl_session_suspend(session);
    pl_session_resume(session);
    assert_true(pl_session_receive(session, PL_MESSAGE_TEXT, (struct pl_span){NULL, 0}));
    assert_string_equal(fixture_received(at, 0), "");
    fixture_finish(at);
}

static void test_session_hub_refuses_what_is_not_complete(void **state)
{
    struct fixture *at = fixture_make();
    struct pl_port_impl half = pl_port_inline;
    struct pl_hub_config config = fixture_config(at);
    struct pl_hub *hub = NULL;
    struct pl_error err = {0};
    (void)state;
    half.resume = NULL;
    config.port_impl = &half;
    assert_int_equal(pl_hub_create(&hub, &config, &err), PL_E_INVALID);
    config = fixture_config(at);
    config.env.random = NULL;
    assert_int_equal(pl_hub_create(&hub, &config, &err), PL_E_INVALID);
    config = fixture_config(at);
    config.timers = NULL;
    assert_int_equal(pl_hub_create(&hub, &config, NULL), PL_E_INVALID);
    assert_null(hub);
    pl_hub_destroy(NULL);
    fixture_finish(at);
}

static void test_session_stamps_increase_though_the_clock_jumps(void **state)
{
    static const int64_t clocks_us[] = {1000, 5, 1003, 1003, 2000};
    static const int64_t stamps_us[] = {1000, 1001, 1003, 1004, 2000};
    struct fixture *at = fixture_make();
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(clocks_us); i++) {
        at->unix_us = clocks_us[i];
        at->now_ms++;
        pl_hub_turn_begin(at->hub);
        assert_int_equal(pl_hub_now_ms(at->hub), at->now_ms);
        assert_int_equal(pl_hub_stamp_us(at->hub), stamps_us[i]);
    }
    fixture_finish(at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session_old_name_finds_nothing),
        cmocka_unit_test(test_session_messages_wait_while_suspended_and_keep_their_order),
        cmocka_unit_test(test_session_handlers_may_suspend_close_and_receive),
        cmocka_unit_test(test_session_reading_stops_at_the_bound_and_goes_on_at_half),
        cmocka_unit_test(test_session_paused_sink_is_given_back_reading),
        cmocka_unit_test(test_session_without_memory_refuses_a_waiting_message),
        cmocka_unit_test(test_session_moves_with_its_subscriptions),
        cmocka_unit_test(test_session_detached_stays_a_member_and_receives_nothing),
        cmocka_unit_test(test_session_calls_on_a_closed_one_do_nothing),
        cmocka_unit_test(test_session_hub_refuses_what_is_not_complete),
        cmocka_unit_test(test_session_stamps_increase_though_the_clock_jumps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
