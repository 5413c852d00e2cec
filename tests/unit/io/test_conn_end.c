/* Ends of connections, wherever they come from. */
#include "conn_fixture.h"

static void answer(struct subject *subject, uint8_t byte)
{
    (void)byte;
    queue(subject, 100000);
}

static void test_conn_whose_peer_ends_after_its_request_gets_its_answer(void **state)
{
    struct fixture *fixture = *state;
    size_t heard = 0;
    bool ended = false;
    int small = 4096;
    struct subject *subject = subject_open(fixture);
    setsockopt(subject->conn->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    subject->on_message = answer;
    say(subject, "q");
    shutdown(subject->client, SHUT_WR);
    for (int i = 0; i < 1000 && !ended; i++) {
        turns(fixture, 1);
        heard += hear(subject, &ended);
    }
    assert_int_equal(heard, 100000);
    assert_true(ended);
    assert_int_equal(subject->end, PL_CONN_END_PEER);
    assert_int_equal(subject->end_count, 1);
    assert_int_equal(fixture->set.count, 0);
    assert_int_equal(pl_metrics_get(&fixture->metrics, PL_METRIC_CONNECTIONS_CLOSED_PEER), 1);
}

static void test_conn_drained_sends_its_queue_and_waits_for_the_peers_end(void **state)
{
    struct fixture *fixture = *state;
    bool ended = false;
    struct subject *subject = subject_open(fixture);
    queue(subject, 1000);
    pl_conn_drain(subject->conn);
    assert_int_equal(subject->end, PL_CONN_END_LOCAL);
    queue(subject, 1000); /* too late: dropped */
    say(subject, "more");
    turns(fixture, 2);
    assert_int_equal(hear(subject, &ended), 1000);
    assert_true(ended);
    assert_int_equal(subject->taken, 0); /* nothing is shown any more */
    assert_int_equal(fixture->set.count, 1);
    shutdown(subject->client, SHUT_WR);
    turns(fixture, 2);
    assert_int_equal(fixture->set.count, 0);
    assert_int_equal(subject->end_count, 1);
}

static void test_conn_drained_does_not_wait_for_ever(void **state)
{
    static const struct {
        size_t queued; /* more than the system takes, or nothing */
        int64_t still_there_ms;
        int64_t gone_ms;
    } rows[] = {{0, 1900, 200}, {4u << 20, 29000, 2000}};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        struct subject *subject = subject_open(&fixture);
        if (rows[i].queued > 0) {
            queue(subject, rows[i].queued);
        }
        pl_conn_drain(subject->conn);
        turns(&fixture, 1);
        pl_loop_advance(fixture.loop, rows[i].still_there_ms);
        say(subject, "talk goes on"); /* which buys no time */
        turns(&fixture, 2);
        assert_int_equal(fixture.set.count, 1);
        pl_loop_advance(fixture.loop, rows[i].gone_ms);
        turns(&fixture, 1);
        assert_int_equal(fixture.set.count, 0);
        fixture_fini(&fixture);
    }
}

static void close_self(struct subject *subject, uint8_t byte)
{
    (void)byte;
    pl_conn_close(subject->conn, PL_CONN_END_LOCAL);
}

static void drain_self(struct subject *subject, uint8_t byte)
{
    (void)byte;
    pl_conn_drain(subject->conn);
}

static void close_other(struct subject *subject, uint8_t byte)
{
    (void)byte;
    pl_conn_close(subject->other->conn, PL_CONN_END_LOCAL);
}

static void test_conn_may_end_inside_its_own_input(void **state)
{
    static void (*const rows[])(struct subject *, uint8_t) = {close_self, drain_self};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        struct subject *subject = subject_open(&fixture);
        subject->on_message = rows[i];
        say(subject, "abc");
        turns(&fixture, 2);
        assert_int_equal(subject->taken, 1);
        assert_int_equal(subject->end_count, 1);
        fixture_fini(&fixture);
    }
}

static void test_conn_may_close_another_that_is_ready_in_the_same_turn(void **state)
{
    struct fixture *fixture = *state;
    struct subject *subjects[] = {subject_open(fixture), subject_open(fixture)};
    for (size_t i = 0; i < 2; i++) {
        subjects[i]->on_message = close_other;
        subjects[i]->other = subjects[1 - i];
        say(subjects[i], "a");
    }
    turns(fixture, 1);
    assert_int_equal(subjects[0]->taken + subjects[1]->taken, 1);
    assert_int_equal(fixture->set.count, 1);
}

static void test_conn_may_close_another_that_waits_for_its_share(void **state)
{
    struct fixture *fixture = *state;
    struct subject *subjects[] = {subject_open(fixture), subject_open(fixture)};
    for (size_t i = 0; i < 2; i++) {
        subjects[i]->other = subjects[1 - i];
        say_many(subjects[i], 300);
    }
    turns(fixture, 1);
    subjects[0]->on_message = close_other;
    subjects[1]->on_message = close_other;
    turns(fixture, 3);
    assert_int_equal(fixture->set.count, 1);
}

static void close_on_end(struct subject *subject)
{
    pl_conn_close(subject->conn, PL_CONN_END_LOCAL);
    pl_conn_deadline(subject->conn, 1); /* of no effect: no timer may point at what is freed */
}

static void test_conn_may_be_closed_inside_its_own_end(void **state)
{
    struct fixture *fixture = *state;
    struct subject *subject = subject_open(fixture);
    subject->on_end = close_on_end;
    pl_conn_drain(subject->conn);
    assert_int_equal(subject->end_count, 1);
    assert_int_equal(fixture->set.count, 0);
    turns(fixture, 1);
    pl_loop_advance(fixture->loop, 100000);
    turns(fixture, 1);
}

static void test_conn_set_fini_closes_all(void **state)
{
    struct fixture fixture;
    struct subject *subjects[3];
    (void)state;
    fixture_init(&fixture);
    for (size_t i = 0; i < 3; i++) {
        subjects[i] = subject_open(&fixture);
        queue(subjects[i], 10);
        say_many(subjects[i], 300);
    }
    turns(&fixture, 1);
    pl_conn_drain(subjects[1]->conn);
    fixture_fini(&fixture);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(subjects[i]->end_count, 1);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_conn_whose_peer_ends_after_its_request_gets_its_answer),
        TEST(test_conn_drained_sends_its_queue_and_waits_for_the_peers_end),
        cmocka_unit_test(test_conn_drained_does_not_wait_for_ever),
        cmocka_unit_test(test_conn_may_end_inside_its_own_input),
        TEST(test_conn_may_close_another_that_is_ready_in_the_same_turn),
        TEST(test_conn_may_close_another_that_waits_for_its_share),
        TEST(test_conn_may_be_closed_inside_its_own_end),
        cmocka_unit_test(test_conn_set_fini_closes_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
