/* The fullest sinks of a fan-out, compared with sorting all of them. */
#include "base/fanout_top.h"

#include "base/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SINKS 3000

static void nothing(struct pl_sink *sink)
{
    (void)sink;
}

static void on_describe(struct pl_sink *sink, struct pl_sink_info *out)
{
    snprintf(out->peer, sizeof(out->peer), "slot %u", (unsigned)sink->id.slot);
    out->transport = "test";
    out->stalled_ms = 5;
}

static const struct pl_sink_ops ops = {
    .flush = nothing, .overflow = nothing, .describe = on_describe};
static const struct pl_sink_ops silent_ops = {.flush = nothing, .overflow = nothing};

struct world {
    struct pl_fanout fanout;
    struct pl_sink sinks[SINKS];
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    pl_fanout_init(&world->fanout);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < SINKS; i++) {
        pl_fanout_detach(&world->fanout, &world->sinks[i]);
    }
    pl_fanout_fini(&world->fanout);
    free(world);
    return 0;
}

/* A sink with so many bytes queued. */
static void add_sink(struct world *world, size_t i, size_t bytes)
{
    struct pl_sink *sink = &world->sinks[i];
    *sink = (struct pl_sink){.ops = &ops, .limit_bytes = UINT32_MAX, .is_blocked = bytes > 0};
    pl_fanout_attach(&world->fanout, sink);
    if (bytes > 0) {
        struct pl_frame *frame = pl_frame_create(bytes);
        assert_non_null(frame);
        assert_true(pl_fanout_send(&world->fanout, sink, frame, 0));
    }
}

static void walk(struct pl_sink_top *top, const struct world *world, size_t rows, uint32_t step)
{
    pl_sink_top_begin(top, rows);
    while (!pl_sink_top_step(top, &world->fanout, step)) {
    }
    pl_sink_top_finish(top, &world->fanout);
}

static size_t bytes_of(size_t i)
{
    return i % 3 == 0 ? 0 : (i * 7919 + 13) % 1009; /* many are equal, some are empty */
}

static void test_the_fullest_come_first_whatever_the_step(void **state)
{
    struct world *world = *state;
    static const uint32_t steps[] = {1, 7, 256, 1000000};
    size_t all[SINKS];
    size_t total = 0;
    size_t queued = 0;
    for (size_t i = 0; i < SINKS; i++) {
        size_t at = i;
        all[i] = bytes_of(i);
        total += all[i];
        queued += all[i] > 0;
        add_sink(world, i, all[i]);
        for (size_t one = all[i]; at > 0 && all[at - 1] < one; at--) {
            all[at] = all[at - 1];
            all[at - 1] = one;
        }
    }
    for (size_t s = 0; s < PL_ARRAY_LEN(steps); s++) {
        struct pl_sink_top top;
        walk(&top, world, 20, steps[s]);
        assert_int_equal(top.count, 20);
        assert_int_equal(top.sink_count, SINKS);
        assert_int_equal(top.queued_count, queued);
        assert_int_equal(top.bytes, total);
        for (size_t i = 0; i < top.count; i++) {
            char peer[32];
            snprintf(peer, sizeof(peer), "slot %u", (unsigned)top.rows[i].id.slot);
            assert_int_equal(top.rows[i].bytes, all[i]);
            assert_int_equal(top.rows[i].frames, 1);
            assert_true(top.rows[i].is_blocked);
            assert_string_equal(top.rows[i].info.peer, peer);
            assert_string_equal(top.rows[i].info.transport, "test");
        }
    }
}

static void test_sinks_without_anything_queued_are_no_rows(void **state)
{
    struct world *world = *state;
    struct pl_sink_top top;
    walk(&top, world, 10, 10);
    assert_int_equal(top.count, 0);
    add_sink(world, 0, 0);
    add_sink(world, 1, 5);
    world->sinks[1].ops = &silent_ops;
    walk(&top, world, 10, 10);
    assert_int_equal(top.count, 1);
    assert_string_equal(top.rows[0].info.peer, "");
    assert_int_equal(top.rows[0].info.stalled_ms, -1);
    walk(&top, world, 0, 10);
    assert_int_equal(top.count, 0);
    assert_int_equal(top.bytes, 5);
}

static void test_a_sink_that_goes_during_the_walk_is_dropped(void **state)
{
    struct world *world = *state;
    struct pl_sink_top top;
    for (size_t i = 0; i < 10; i++) {
        add_sink(world, i, 10 + i);
    }
    pl_sink_top_begin(&top, 10);
    assert_true(pl_sink_top_step(&top, &world->fanout, 1000));
    pl_fanout_detach(&world->fanout, &world->sinks[9]);
    pl_fanout_detach(&world->fanout, &world->sinks[4]);
    add_sink(world, 4, 1000); /* another one in its place */
    pl_sink_top_finish(&top, &world->fanout);
    assert_int_equal(top.count, 8);
    assert_int_equal(top.rows[0].bytes, 18);
}

static void test_walks_of_several_fanouts_add_up(void **state)
{
    struct world *world = *state;
    struct pl_sink_top one;
    struct pl_sink_top other;
    add_sink(world, 0, 5);
    add_sink(world, 1, 1);
    walk(&one, world, 3, 10);
    pl_fanout_detach(&world->fanout, &world->sinks[0]);
    add_sink(world, 2, 9);
    add_sink(world, 3, 3);
    walk(&other, world, 3, 10);
    pl_sink_top_merge(&one, &other);
    assert_int_equal(one.count, 3);
    assert_int_equal(one.rows[0].bytes, 9);
    assert_int_equal(one.rows[1].bytes, 5);
    assert_int_equal(one.rows[2].bytes, 3);
    assert_int_equal(one.sink_count, 5);
    assert_int_equal(one.bytes, 19);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(test_the_fullest_come_first_whatever_the_step),
        ROW(test_sinks_without_anything_queued_are_no_rows),
        ROW(test_a_sink_that_goes_during_the_walk_is_dropped),
        ROW(test_walks_of_several_fanouts_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
