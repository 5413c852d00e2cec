/* Reading connections: what is shown to the protocol, and when. */
#include "conn_fixture.h"

static void test_conn_input_of_a_turn_has_a_share_and_the_rest_comes_next_turn(void **state)
{
    struct fixture *fixture = *state;
    struct subject *subject = subject_open(fixture);
    say_many(subject, 600);
    turns(fixture, 1);
    assert_int_equal(subject->taken, 256);
    pl_loop_turn(fixture->loop, -1); /* does not sleep */
    assert_int_equal(subject->taken, 512);
    pl_loop_turn(fixture->loop, -1);
    assert_int_equal(subject->taken, 600);
    assert_null(subject->conn->rest); /* an idle connection holds no buffer */
}

static void test_conn_of_little_input_is_not_starved_by_those_of_much(void **state)
{
    struct fixture *fixture = *state;
    struct subject *many[3];
    for (size_t i = 0; i < 3; i++) {
        many[i] = subject_open(fixture);
        say_many(many[i], 4096);
    }
    struct subject *few = subject_open(fixture);
    say_many(few, 1);
    turns(fixture, 5);
    assert_int_equal(few->taken, 1);
    for (size_t i = 0; i < 3; i++) {
        assert_true(many[i]->taken >= 256);
    }
}

static void test_conn_that_has_no_share_left_leaves_its_input_in_the_socket(void **state)
{
    struct fixture *fixture = *state;
    struct subject *subjects[4];
    size_t kept = 0;
    for (size_t i = 0; i < 4; i++) {
        subjects[i] = subject_open(fixture);
        say_many(subjects[i], 1000);
    }
    turns(fixture, 1);
    for (size_t i = 0; i < 4; i++) {
        kept += subjects[i]->conn->rest != NULL;
    }
    assert_int_equal(kept, 1);
    turns(fixture, 20);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(subjects[i]->taken, 1000);
    }
}

static void test_conn_incomplete_message_is_kept_and_shown_with_more_behind_it(void **state)
{
    struct fixture *fixture = *state;
    struct subject *subject = subject_open(fixture);
    subject->wants = 3;
    say(subject, "a");
    turns(fixture, 1);
    say(subject, "b");
    turns(fixture, 1);
    assert_int_equal(subject->taken, 0);
    say(subject, "cde");
    turns(fixture, 1);
    assert_int_equal(subject->taken, 3);
    assert_int_equal(subject->longest, 5);
    say(subject, "f");
    turns(fixture, 1);
    assert_int_equal(subject->taken, 6);
    assert_string_equal(subject->order, "a");
}

static void pause_at_p(struct subject *subject, uint8_t byte)
{
    if (byte == 'p') {
        pl_conn_set_reading(subject->conn, PL_CONN_PAUSED);
    }
}

static void test_conn_paused_inside_its_input_goes_on_where_it_was(void **state)
{
    struct fixture *fixture = *state;
    struct subject *subject = subject_open(fixture);
    subject->on_message = pause_at_p;
    say(subject, "apbc");
    turns(fixture, 3);
    assert_string_equal(subject->order, "ap");
    say(subject, "de");
    turns(fixture, 3);
    assert_string_equal(subject->order, "ap");
    pl_conn_set_reading(subject->conn, PL_CONN_READING);
    turns(fixture, 2);
    assert_string_equal(subject->order, "apbcde");
}

static void resume_other(struct subject *subject, uint8_t byte)
{
    (void)byte;
    pl_conn_set_reading(subject->other->conn, PL_CONN_PAUSED);
    pl_conn_set_reading(subject->other->conn, PL_CONN_READING);
}

static void test_conn_resumed_inside_its_own_input_is_shown_each_byte_once(void **state)
{
    struct fixture *fixture = *state;
    struct subject *subject = subject_open(fixture);
    subject->on_message = resume_other;
    subject->other = subject;
    say(subject, "abcdef");
    turns(fixture, 4);
    assert_string_equal(subject->order, "abcdef");
    assert_int_equal(subject->taken, 6);
}

static void test_conn_end_of_the_peer_is_noticed_as_its_reading_wants(void **state)
{
    static const struct {
        enum pl_conn_reading reading;
        int end;
        const char *shown; /* of what was sent before the end */
    } rows[] = {
        {PL_CONN_READING, PL_CONN_END_PEER, "ab"},
        {PL_CONN_WATCHING, PL_CONN_END_PEER, ""},
        {PL_CONN_PAUSED, END_NONE, ""},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        struct subject *subject = subject_open(&fixture);
        pl_conn_set_reading(subject->conn, rows[i].reading);
        say(subject, "ab");
        shutdown(subject->client, SHUT_WR);
        turns(&fixture, 3);
        assert_int_equal(subject->end, rows[i].end);
        assert_string_equal(subject->order, rows[i].shown);
        if (subject->end == END_NONE) { /* the end comes after what is unread */
            pl_conn_set_reading(subject->conn, PL_CONN_READING);
            turns(&fixture, 3);
            assert_int_equal(subject->end, PL_CONN_END_PEER);
            assert_string_equal(subject->order, "ab");
        }
        fixture_fini(&fixture);
    }
}

static void test_conn_reset_is_an_error_however_it_reads(void **state)
{
    static const enum pl_conn_reading rows[] = {PL_CONN_READING, PL_CONN_WATCHING, PL_CONN_PAUSED};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows) * 2; i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        struct subject *subject = subject_open_tcp(&fixture);
        pl_conn_set_reading(subject->conn, rows[i / 2]);
        if (i % 2 == 1) { /* with something to write, which meets the error first */
            int small = 4096;
            setsockopt(subject->conn->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
            queue(subject, 4u << 20);
            turns(&fixture, 1);
            assert_true(subject->conn->sink.is_blocked);
        }
        reset(subject);
        turns(&fixture, 2);
        assert_int_equal(subject->end, PL_CONN_END_ERROR);
        assert_int_equal(subject->end_count, 1);
        assert_int_equal(fixture.set.count, 0);
        assert_int_equal(pl_metrics_get(&fixture.metrics, PL_METRIC_CONNECTIONS_CLOSED_ERROR), 1);
        fixture_fini(&fixture);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_conn_input_of_a_turn_has_a_share_and_the_rest_comes_next_turn),
        TEST(test_conn_of_little_input_is_not_starved_by_those_of_much),
        TEST(test_conn_that_has_no_share_left_leaves_its_input_in_the_socket),
        TEST(test_conn_incomplete_message_is_kept_and_shown_with_more_behind_it),
        TEST(test_conn_paused_inside_its_input_goes_on_where_it_was),
        TEST(test_conn_resumed_inside_its_own_input_is_shown_each_byte_once),
        cmocka_unit_test(test_conn_end_of_the_peer_is_noticed_as_its_reading_wants),
        cmocka_unit_test(test_conn_reset_is_an_error_however_it_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
