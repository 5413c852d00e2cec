/* Fan-out: who gets what, once, and what happens to a slow sink. */
#include "base/fanout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SINKS 40

struct probe {
    struct pl_sink sink;
    struct pl_fanout *fanout;
    size_t window; /* bytes that flush may send */
    size_t flush_count;
    size_t overflow_count;
    size_t received_count;
    uint8_t last;
};

static void on_flush(struct pl_sink *sink)
{
    struct probe *probe = PL_CONTAINER_OF(sink, struct probe, sink);
    struct pl_frame *frame = NULL;
    probe->flush_count++;
    while (pl_outq_peek(&sink->outq, &frame, 1) == 1 && frame->len <= probe->window) {
        probe->window -= frame->len;
        probe->received_count++;
        probe->last = frame->len > 0 ? frame->data[0] : 0;
        pl_outq_consume(&sink->outq, &probe->fanout->pool, frame->len);
    }
}

static void on_overflow(struct pl_sink *sink)
{
    PL_CONTAINER_OF(sink, struct probe, sink)->overflow_count++;
}

static const struct pl_sink_ops ops = {.flush = on_flush, .overflow = on_overflow};

struct fixture {
    struct pl_fanout fanout;
    struct pl_metrics metrics;
    struct probe probes[SINKS];
};

static struct fixture *make(void)
{
    static struct fixture at;
    memset(&at, 0, sizeof(at));
    pl_fanout_init(&at.fanout);
    at.fanout.metrics = &at.metrics;
    for (size_t i = 0; i < SINKS; i++) {
        at.probes[i] = (struct probe){.fanout = &at.fanout, .window = 1 << 20};
        at.probes[i].sink.ops = &ops;
        at.probes[i].sink.limit_bytes = 100;
        at.probes[i].sink.encoding = i % 2;
        at.probes[i].sink.is_ready = true;
        pl_fanout_attach(&at.fanout, &at.probes[i].sink);
    }
    return &at;
}

static void finish(struct fixture *at)
{
    for (size_t i = 0; i < SINKS; i++) {
        pl_fanout_detach(&at->fanout, &at->probes[i].sink);
        pl_fanout_detach(&at->fanout, &at->probes[i].sink); /* not attached: fine */
    }
    pl_fanout_fini(&at->fanout);
}

static void subscribe(struct fixture *at, size_t sink, uint32_t stream)
{
    pl_fanout_subscribe(&at->fanout, &at->probes[sink].sink, stream);
}

static struct pl_frame *frame_of(uint8_t number, size_t len)
{
    struct pl_frame *frame = pl_frame_create(len);
    assert_non_null(frame);
    memset(frame->data, number, len);
    return frame;
}

/* Publishes a message in both encodings and checks that no reference is lost or left. */
static size_t publish(struct fixture *at, struct pl_fanout_publish what, size_t len)
{
    struct pl_frame *frames[PL_ENCODING_MAX] = {frame_of(10, len), frame_of(11, len)};
    int64_t counted = pl_metrics_get(&at->metrics, PL_METRIC_SOCKETIO_MESSAGES_OUT);
    int64_t counted_bytes = pl_metrics_get(&at->metrics, PL_METRIC_SOCKETIO_BYTES_OUT);
    size_t queued = 0;
    size_t count = 0;
    what.frames = frames;
    what.counters =
        (struct pl_fanout_counters){PL_METRIC_SOCKETIO_MESSAGES_OUT, PL_METRIC_SOCKETIO_BYTES_OUT};
    count = pl_fanout_publish(&at->fanout, &what);
    assert_int_equal(pl_metrics_get(&at->metrics, PL_METRIC_SOCKETIO_MESSAGES_OUT) - counted,
                     count);
    assert_int_equal(pl_metrics_get(&at->metrics, PL_METRIC_SOCKETIO_BYTES_OUT) - counted_bytes,
                     count * len);
    pl_fanout_flush(&at->fanout);
    for (size_t i = 0; i < SINKS; i++) {
        queued += at->probes[i].sink.outq.count;
    }
    if (queued == 0) {
        assert_int_equal(atomic_load(&frames[0]->refs), 1);
        assert_int_equal(atomic_load(&frames[1]->refs), 1);
    }
    pl_frame_unref(&frames[0]);
    pl_frame_unref(&frames[1]);
    return count;
}

static void test_fanout_union_reaches_each_sink_once_in_its_encoding(void **state)
{
    struct fixture *at = make();
    const uint32_t streams[] = {3, 200, 3, 9999};
    (void)state;
    for (size_t i = 0; i < 20; i++) {
        subscribe(at, i, 3);
        subscribe(at, i + 10, 200);
    }
    assert_int_equal(
        publish(at, (struct pl_fanout_publish){.include = streams, .include_count = 4}, 5), 30);
    for (size_t i = 0; i < SINKS; i++) {
        assert_int_equal(at->probes[i].received_count, i < 30);
        assert_true(i >= 30 || at->probes[i].last == 10 + i % 2);
    }
    finish(at);
}

static void test_fanout_excluded_get_nothing(void **state)
{
    struct fixture *at = make();
    const uint32_t include = 1;
    const uint32_t exclude[] = {2, 77};
    struct pl_fanout_publish what = {
        .include = &include, .include_count = 1, .exclude = exclude, .exclude_count = 2};
    (void)state;
    for (size_t i = 0; i < 10; i++) {
        subscribe(at, i, 1);
    }
    subscribe(at, 4, 2);
    subscribe(at, 30, 2);
    what.except = at->probes[7].sink.id;
    assert_int_equal(publish(at, what, 5), 8);
    assert_int_equal(at->probes[4].received_count, 0);
    assert_int_equal(at->probes[7].received_count, 0);
    finish(at);
}

static void test_fanout_subscriptions_survive_others_leaving(void **state)
{
    struct fixture *at = make();
    bool is_in[SINKS][12] = {{false}};
    uint32_t dice = 7;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        dice = dice * 1664525U + 1013904223U;
        size_t sink = (dice >> 8) % SINKS;
        uint32_t stream = (dice >> 16) % 12;
        if (is_in[sink][stream] || dice >> 30 == 0) { /* leaving what it is not in does nothing */
            pl_fanout_unsubscribe(&at->fanout, &at->probes[sink].sink, stream);
            is_in[sink][stream] = false;
        } else {
            subscribe(at, sink, stream);
            is_in[sink][stream] = true;
        }
    }
    for (uint32_t stream = 0; stream < 12; stream++) {
        struct pl_fanout_publish what = {.include = &stream, .include_count = 1};
        size_t before[SINKS];
        for (size_t i = 0; i < SINKS; i++) {
            before[i] = at->probes[i].received_count;
        }
        publish(at, what, 5);
        for (size_t i = 0; i < SINKS; i++) {
            assert_int_equal(at->probes[i].received_count - before[i], is_in[i][stream]);
        }
    }
    finish(at);
}

static void test_fanout_volatile_needs_a_ready_sink_with_an_empty_queue(void **state)
{
    struct fixture *at = make();
    const uint32_t stream = 0;
    struct pl_fanout_publish what = {
        .include = &stream, .include_count = 1, .flags = PL_SEND_VOLATILE};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        subscribe(at, i, stream);
    }
    at->probes[0].sink.is_ready = false;
    at->probes[1].sink.is_closed = true;
    at->probes[2].window = 0;
    assert_true(pl_fanout_send(&at->fanout, &at->probes[2].sink, frame_of(1, 3), 0));
    assert_int_equal(publish(at, what, 5), 1);
    assert_int_equal(at->probes[3].received_count, 1);
    assert_int_equal(at->fanout.dropped_volatile_count, 2);
    assert_false(
        pl_fanout_send(&at->fanout, &at->probes[0].sink, frame_of(1, 3), PL_SEND_VOLATILE));
    assert_false(
        pl_fanout_send(&at->fanout, &at->probes[1].sink, frame_of(1, 3), PL_SEND_VOLATILE));
    assert_int_equal(at->fanout.dropped_volatile_count, 3); /* a closed sink drops everything */
    finish(at);
}

static void test_fanout_slow_sink_is_closed_after_a_flush_attempt_only(void **state)
{
    static const struct {
        size_t window;
        bool is_blocked;
        size_t len;
        size_t overflows;
        const char *why;
    } rows[] = {
        {0, false, 100, 0, "at the bound"},
        {0, false, 101, 1, "past the bound"},
        {0, true, 101, 1, "past the bound without asking the system"},
        {500, false, 400, 0, "the flush takes it all"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture *at = make();
        const uint32_t stream = 5;
        struct pl_fanout_publish what = {.include = &stream, .include_count = 1};
        subscribe(at, 0, stream);
        at->probes[0].window = rows[i].window;
        at->probes[0].sink.is_blocked = rows[i].is_blocked;
        publish(at, what, rows[i].len);
        assert_int_equal(at->probes[0].overflow_count, rows[i].overflows);
        assert_int_equal(at->probes[0].sink.is_closed, rows[i].overflows);
        assert_int_equal(at->probes[0].flush_count > 0, !rows[i].is_blocked);
        assert_int_equal(publish(at, what, 0), rows[i].overflows == 0); /* closed: takes no more */
        finish(at);
    }
}

static void test_fanout_flushes_once_a_turn_and_early_past_half(void **state)
{
    struct fixture *at = make();
    (void)state;
    pl_fanout_send(&at->fanout, &at->probes[0].sink, frame_of(1, 25), 0);
    pl_fanout_send(&at->fanout, &at->probes[0].sink, frame_of(2, 25), 0);
    assert_int_equal(at->probes[0].flush_count, 0);
    pl_fanout_send(&at->fanout, &at->probes[0].sink, frame_of(3, 1), 0);
    assert_int_equal(at->probes[0].flush_count, 1);
    assert_int_equal(at->probes[0].received_count, 3);
    pl_fanout_flush(&at->fanout);
    assert_int_equal(at->probes[0].flush_count, 2);
    pl_fanout_flush(&at->fanout);
    assert_int_equal(at->probes[0].flush_count, 2);
    assert_int_equal(at->probes[1].flush_count, 0);
    finish(at);
}

static void test_fanout_old_name_finds_nothing(void **state)
{
    struct fixture *at = make();
    struct pl_sink_id old = at->probes[3].sink.id;
    (void)state;
    assert_ptr_equal(pl_fanout_find(&at->fanout, old), &at->probes[3].sink);
    subscribe(at, 3, 1);
    pl_fanout_send(&at->fanout, &at->probes[3].sink, frame_of(1, 3),
                   0); /* dropped with its queue */
    pl_fanout_detach(&at->fanout, &at->probes[3].sink);
    assert_null(pl_fanout_find(&at->fanout, old));
    pl_fanout_attach(&at->fanout, &at->probes[3].sink);
    assert_int_equal(at->probes[3].sink.id.slot, old.slot);
    assert_null(pl_fanout_find(&at->fanout, old));
    assert_null(pl_fanout_find(&at->fanout, (struct pl_sink_id){0}));
    assert_null(pl_fanout_find(&at->fanout, (struct pl_sink_id){1000000, 1}));
    assert_int_equal(pl_fanout_subscriber_count(&at->fanout, 1), 0);
    pl_fanout_flush(&at->fanout);
    assert_int_equal(at->probes[3].flush_count, 0);
    finish(at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fanout_union_reaches_each_sink_once_in_its_encoding),
        cmocka_unit_test(test_fanout_excluded_get_nothing),
        cmocka_unit_test(test_fanout_subscriptions_survive_others_leaving),
        cmocka_unit_test(test_fanout_volatile_needs_a_ready_sink_with_an_empty_queue),
        cmocka_unit_test(test_fanout_slow_sink_is_closed_after_a_flush_attempt_only),
        cmocka_unit_test(test_fanout_flushes_once_a_turn_and_early_past_half),
        cmocka_unit_test(test_fanout_old_name_finds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
