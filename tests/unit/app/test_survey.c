/* A survey goes on turn by turn while everything else goes on as well. */
#include "app/survey.h"

#include "base/alloc.h"
#include "base/env.h"
#include "hub/port_inline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SINKS 100000

struct world {
    struct pl_loop *loop;
    struct pl_fanout fanout;
    struct pl_hub *hub;
    struct pl_survey *survey;
    struct pl_sink *sinks;
    size_t done_count;
    size_t restart_count; /* surveys to begin from inside on_done */
    struct pl_survey_result last;
};

static void on_done(void *user, const struct pl_survey_result *result)
{
    struct world *world = user;
    world->done_count++;
    world->last = *result;
    if (world->restart_count > 0) {
        world->restart_count--;
        pl_survey_start(world->survey);
        assert_int_equal(result->sinks.sink_count, world->last.sinks.sink_count); /* still there */
    }
}

static void nothing(struct pl_sink *sink)
{
    (void)sink;
}

static int set_up(void **state)
{
    static const struct pl_sink_ops ops = {.flush = nothing, .overflow = nothing};
    struct world *world = pl_alloc(sizeof(*world));
    struct pl_hub_config config = {
        .env = pl_env_system(), .port_impl = &pl_port_inline, .port = &world->fanout};
    assert_int_equal(pl_loop_create(&world->loop, NULL), 0);
    config.timers = pl_loop_timers(world->loop);
    pl_fanout_init(&world->fanout);
    assert_int_equal(pl_hub_create(&world->hub, &config, NULL), 0);
    world->survey = pl_survey_create(&(struct pl_survey_config){.loop = world->loop,
                                                                .fanout = &world->fanout,
                                                                .hub = world->hub,
                                                                .on_done = on_done,
                                                                .user = world});
    world->sinks = calloc(SINKS, sizeof(*world->sinks));
    for (size_t i = 0; i < SINKS; i++) {
        world->sinks[i] = (struct pl_sink){.ops = &ops, .limit_bytes = 1000};
        pl_fanout_attach(&world->fanout, &world->sinks[i]);
    }
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    pl_survey_destroy(world->survey);
    for (size_t i = 0; i < SINKS; i++) {
        pl_fanout_detach(&world->fanout, &world->sinks[i]);
    }
    pl_hub_destroy(world->hub);
    pl_fanout_fini(&world->fanout);
    pl_loop_destroy(world->loop);
    free(world->sinks);
    pl_free(world);
    return 0;
}

static void run_until(struct world *world, size_t done_count)
{
    while (world->done_count < done_count) {
        pl_loop_turn(world->loop, -1); /* a survey under way never lets the loop sleep */
    }
}

static void test_a_survey_sees_all_and_then_rests(void **state)
{
    struct world *world = *state;
    struct pl_frame *frame = pl_frame_create(77);
    assert_true(pl_fanout_send(&world->fanout, &world->sinks[SINKS - 5], frame, 0));
    pl_loop_turn(world->loop, 0);
    assert_int_equal(world->done_count, 0); /* nobody asked */
    pl_survey_start(world->survey);
    pl_survey_start(world->survey); /* one at a time */
    run_until(world, 1);
    assert_int_equal(world->last.sinks.sink_count, SINKS);
    assert_int_equal(world->last.sinks.count, 1);
    assert_int_equal(world->last.sinks.bytes, 77);
    assert_int_equal(world->last.streams.count, 0);
    assert_true(world->last.slice_count >= 1);
    assert_true(world->last.longest_us <= world->last.took_us);
    pl_loop_turn(world->loop, 0);
    pl_loop_turn(world->loop, 0);
    assert_int_equal(world->done_count, 1);
}

static void test_one_that_is_wanted_while_the_last_is_told_follows(void **state)
{
    struct world *world = *state;
    world->restart_count = 2;
    pl_survey_start(world->survey);
    run_until(world, 3);
    pl_loop_turn(world->loop, 0);
    assert_int_equal(world->done_count, 3);
}

static void test_a_survey_under_way_may_be_destroyed(void **state)
{
    struct world *world = *state;
    pl_survey_start(world->survey);
    pl_survey_destroy(world->survey);
    world->survey = NULL;
    pl_loop_turn(world->loop, 0);
    assert_int_equal(world->done_count, 0);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(test_a_survey_sees_all_and_then_rests),
        ROW(test_one_that_is_wanted_while_the_last_is_told_follows),
        ROW(test_a_survey_under_way_may_be_destroyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
