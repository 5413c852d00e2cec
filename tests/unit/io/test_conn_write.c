/* Writing to connections: how what is queued leaves. */
#include "conn_fixture.h"

static void test_conn_queue_longer_than_one_gather_leaves_in_order(void **state)
{
    struct fixture *fixture = *state;
    uint8_t got[1024];
    struct subject *subject = subject_open(fixture);
    for (size_t i = 0; i < 300; i++) {
        struct pl_frame *frame = pl_frame_create(i % 3); /* some are empty */
        memset(frame->data, (int)(i % 251), i % 3);
        pl_conn_send(subject->conn, frame);
    }
    turns(fixture, 1);
    assert_int_equal(recv(subject->client, got, sizeof(got), 0), 300);
    for (size_t i = 0, at = 0; i < 300; i++) {
        for (size_t j = 0; j < i % 3; j++) {
            assert_int_equal(got[at++], i % 251);
        }
    }
    assert_int_equal(subject->flushed, 1);
    assert_int_equal(subject->conn->sink.outq.count, 0);
}

static void test_conn_that_is_written_in_parts_loses_nothing(void **state)
{
    struct fixture *fixture = *state;
    size_t sent = 0;
    size_t heard = 0;
    int small = 2048;
    struct subject *subject = subject_open(fixture);
    setsockopt(subject->conn->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    for (size_t i = 0; i < 200; i++) {
        queue(subject, 37 * i);
        sent += 37 * i;
    }
    turns(fixture, 1);
    assert_true(subject->conn->sink.is_blocked);
    assert_int_equal(subject->flushed, 0);
    for (int i = 0; i < 2000 && heard < sent; i++) {
        heard += hear(subject, NULL);
        turns(fixture, 1);
    }
    assert_int_equal(heard, sent);
    assert_false(subject->conn->sink.is_blocked);
    assert_int_equal(subject->flushed, 1);
}

static void test_conn_of_a_slow_consumer_is_closed_at_the_end_of_the_turn(void **state)
{
    struct fixture *fixture = *state;
    int small = 2048;
    struct subject *subject = subject_open(fixture);
    setsockopt(subject->conn->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    subject->conn->sink.limit_bytes = 100000;
    for (size_t i = 0; i < 200; i++) {
        queue(subject, 1000); /* early flushes fill the system's buffer first */
    }
    assert_true(subject->conn->sink.is_closed);
    assert_int_equal(subject->end, END_NONE); /* not inside the publish */
    assert_true(subject->conn->sink.outq.bytes <= 101000);
    turns(fixture, 1);
    assert_int_equal(subject->end, PL_CONN_END_OVERFLOW);
    assert_int_equal(subject->end_count, 1);
    assert_int_equal(fixture->set.count, 0);
    assert_int_equal(pl_metrics_get(&fixture->metrics, PL_METRIC_SLOW_CONSUMERS), 1);
}

static void test_conn_that_passes_half_its_bound_is_flushed_inside_the_publish(void **state)
{
    struct fixture *fixture = *state;
    struct pl_frame *frames[PL_ENCODING_MAX] = {0};
    uint32_t stream = 7;
    struct subject *subject = subject_open(fixture);
    subject->conn->sink.limit_bytes = 1000;
    pl_fanout_subscribe(&fixture->fanout, &subject->conn->sink, stream);
    frames[0] = pl_frame_create(400);
    memset(frames[0]->data, 'x', 400);
    for (size_t i = 0; i < 5; i++) {
        struct pl_fanout_publish publish = {
            .include = &stream, .include_count = 1, .frames = frames};
        assert_int_equal(pl_fanout_publish(&fixture->fanout, &publish), 1);
    }
    assert_int_equal(hear(subject, NULL), 1600); /* two at a time; no turn has passed */
    assert_int_equal(subject->end, END_NONE);
    turns(fixture, 1);
    assert_int_equal(hear(subject, NULL), 400);
    pl_frame_unref(&frames[0]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_conn_queue_longer_than_one_gather_leaves_in_order),
        TEST(test_conn_that_is_written_in_parts_loses_nothing),
        TEST(test_conn_of_a_slow_consumer_is_closed_at_the_end_of_the_turn),
        TEST(test_conn_that_passes_half_its_bound_is_flushed_inside_the_publish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
