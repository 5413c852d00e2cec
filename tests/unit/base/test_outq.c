/* The outgoing queue: order, bytes, parts of frames, and references given back. */
#include "base/outq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct fixture {
    struct pl_outq_pool pool;
    struct pl_outq queue;
};

static struct pl_frame *frame_of(uint8_t number, size_t len)
{
    struct pl_frame *frame = pl_frame_create(len);
    assert_non_null(frame);
    memset(frame->data, number, len);
    return frame;
}

static void fill(struct fixture *at, size_t count, size_t len)
{
    pl_outq_pool_init(&at->pool, 4);
    at->queue = (struct pl_outq){0};
    for (size_t i = 0; i < count; i++) {
        pl_outq_push(&at->queue, &at->pool, frame_of((uint8_t)i, len));
    }
}

static void finish(struct fixture *at)
{
    pl_outq_clear(&at->queue, &at->pool);
    assert_int_equal(at->queue.count, 0);
    assert_int_equal(at->queue.bytes, 0);
    assert_true(at->pool.spare_count <= at->pool.spare_max);
    pl_outq_pool_fini(&at->pool);
}

static void test_outq_pops_in_order_across_chunks(void **state)
{
    struct fixture at;
    (void)state;
    fill(&at, 100, 10);
    assert_int_equal(at.queue.bytes, 1000);
    for (uint8_t i = 0; i < 100; i++) {
        struct pl_frame *frame = pl_outq_pop(&at.queue, &at.pool);
        assert_int_equal(frame->data[0], i);
        pl_frame_unref(&frame);
        if (i % 3 == 0) { /* what is pushed meanwhile stays behind */
            pl_outq_push(&at.queue, &at.pool, frame_of((uint8_t)(100 + i / 3), 10));
        }
    }
    for (uint8_t i = 0; i < 34; i++) {
        struct pl_frame *frame = pl_outq_pop(&at.queue, &at.pool);
        assert_int_equal(frame->data[0], 100 + i);
        pl_frame_unref(&frame);
    }
    assert_null(pl_outq_pop(&at.queue, &at.pool));
    finish(&at);
}

static void test_outq_consumes_any_part(void **state)
{
    (void)state;
    for (size_t part = 1; part <= 41; part++) {
        struct fixture at;
        size_t sent = 0;
        size_t dropped = 0;
        fill(&at, 40, 7);
        while (at.queue.bytes > 0) {
            struct pl_frame *first = NULL;
            size_t bytes = pl_size_min(part, at.queue.bytes);
            assert_int_equal(pl_outq_peek(&at.queue, &first, 1), 1);
            assert_int_equal(first->data[0], sent / 7);
            assert_int_equal(at.queue.sent_of_first, sent % 7);
            dropped += pl_outq_consume(&at.queue, &at.pool, bytes);
            sent += bytes;
            assert_int_equal(dropped, sent / 7);
            assert_int_equal(at.queue.bytes, 280 - sent);
        }
        assert_int_equal(dropped, 40);
        finish(&at);
    }
}

static void test_outq_peek_shows_no_more_than_asked(void **state)
{
    struct fixture at;
    struct pl_frame *frames[64];
    (void)state;
    fill(&at, 40, 1);
    for (size_t max = 0; max <= 64; max++) {
        size_t count = pl_outq_peek(&at.queue, frames, max);
        assert_int_equal(count, pl_size_min(max, 40));
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(frames[i]->data[0], i);
        }
    }
    finish(&at);
}

static void test_outq_empty_frames_go_with_the_next(void **state)
{
    struct fixture at;
    (void)state;
    fill(&at, 5, 0);
    pl_outq_push(&at.queue, &at.pool, frame_of(5, 3));
    assert_int_equal(pl_outq_consume(&at.queue, &at.pool, 3), 6);
    finish(&at);
}

static void test_outq_gives_each_reference_back_once(void **state)
{
    struct fixture at;
    struct pl_frame *frame = frame_of(1, 8);
    (void)state;
    fill(&at, 0, 0);
    pl_frame_ref(frame, 30);
    for (int i = 0; i < 30; i++) {
        pl_outq_push(&at.queue, &at.pool, frame);
    }
    pl_outq_consume(&at.queue, &at.pool, 17);
    assert_int_equal(atomic_load(&frame->refs), 29);
    pl_outq_consume(&at.queue, &at.pool, 7 * 8);
    assert_int_equal(atomic_load(&frame->refs), 22);
    finish(&at);
    assert_int_equal(atomic_load(&frame->refs), 1);
    pl_frame_unref(&frame);
    assert_null(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outq_pops_in_order_across_chunks),
        cmocka_unit_test(test_outq_consumes_any_part),
        cmocka_unit_test(test_outq_peek_shows_no_more_than_asked),
        cmocka_unit_test(test_outq_empty_frames_go_with_the_next),
        cmocka_unit_test(test_outq_gives_each_reference_back_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
