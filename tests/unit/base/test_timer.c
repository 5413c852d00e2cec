/* Timers: their order, and what callbacks may do to them. */
#include "base/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct probe {
    struct pl_timer timer;
    struct pl_timers *timers;
    struct log *log;
    int id;
    struct probe *sets; /* another one, set by the callback */
    int64_t sets_ms;
    struct probe *stops;
};

struct log {
    int ids[64];
    size_t count;
};

static void on_due(struct pl_timer *timer)
{
    struct probe *probe = PL_CONTAINER_OF(timer, struct probe, timer);
    probe->log->ids[probe->log->count++] = probe->id;
    if (probe->sets != NULL) {
        pl_timer_set(probe->timers, &probe->sets->timer, probe->sets_ms);
    }
    if (probe->stops != NULL) {
        pl_timer_stop(probe->timers, &probe->stops->timer);
    }
}

static void make(struct probe *probes, int count, struct pl_timers *timers, struct log *log)
{
    pl_timers_init(timers);
    *log = (struct log){0};
    for (int i = 0; i < count; i++) {
        probes[i] = (struct probe){.timers = timers, .log = log, .id = i};
        probes[i].timer.on_due = on_due;
    }
}

static void test_timer_same_moment_fires_in_the_order_of_setting(void **state)
{
    struct pl_timers timers;
    struct probe probes[50];
    struct log log;
    (void)state;
    make(probes, 50, &timers, &log);
    for (int i = 0; i < 50; i++) {
        pl_timer_set(&timers, &probes[i].timer, 7);
    }
    assert_int_equal(pl_timers_run(&timers, 6), 0);
    assert_int_equal(pl_timers_run(&timers, 7), 50);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(log.ids[i], i);
    }
    pl_timers_fini(&timers);
}

static void test_timer_fires_by_deadline_and_after_moving(void **state)
{
    struct pl_timers timers;
    struct probe probes[4];
    struct log log;
    (void)state;
    make(probes, 4, &timers, &log);
    pl_timer_set(&timers, &probes[0].timer, 40);
    pl_timer_set(&timers, &probes[1].timer, 10);
    pl_timer_set(&timers, &probes[2].timer, 30);
    pl_timer_set(&timers, &probes[3].timer, 20);
    pl_timer_set(&timers, &probes[0].timer, 5); /* moved to the front */
    pl_timer_stop(&timers, &probes[2].timer);
    pl_timer_stop(&timers, &probes[2].timer); /* not set: nothing */
    assert_false(pl_timer_is_set(&probes[2].timer));
    assert_int_equal(pl_timers_next_ms(&timers), 5);
    assert_int_equal(pl_timers_run(&timers, 100), 3);
    assert_int_equal(log.ids[0], 0);
    assert_int_equal(log.ids[1], 1);
    assert_int_equal(log.ids[2], 3);
    assert_int_equal(pl_timers_next_ms(&timers), -1);
    pl_timers_fini(&timers);
}

static void test_timer_set_again_in_its_callback_waits_for_the_next_run(void **state)
{
    struct pl_timers timers;
    struct probe probes[1];
    struct log log;
    (void)state;
    make(probes, 1, &timers, &log);
    probes[0].sets = &probes[0];
    probes[0].sets_ms = 3;
    pl_timer_set(&timers, &probes[0].timer, 3);
    assert_int_equal(pl_timers_run(&timers, 10), 1);
    assert_int_equal(pl_timers_run(&timers, 10), 1);
    pl_timers_fini(&timers);
}

/* Once, a timer set for the past stood before older ones and held them up, every turn anew. */
static void test_timer_set_for_the_past_in_a_callback_holds_up_nobody(void **state)
{
    struct pl_timers timers;
    struct probe probes[2];
    struct log log;
    (void)state;
    make(probes, 2, &timers, &log);
    probes[0].sets = &probes[0];
    probes[0].sets_ms = 0;
    pl_timer_set(&timers, &probes[0].timer, 1);
    pl_timer_set(&timers, &probes[1].timer, 2);
    assert_int_equal(pl_timers_run(&timers, 10), 2);
    assert_int_equal(log.ids[1], 1);
    pl_timers_fini(&timers);
}

static void test_timer_stopped_by_a_callback_does_not_fire(void **state)
{
    struct pl_timers timers;
    struct probe probes[3];
    struct log log;
    (void)state;
    make(probes, 3, &timers, &log);
    probes[0].stops = &probes[1];
    for (int i = 0; i < 3; i++) {
        pl_timer_set(&timers, &probes[i].timer, 1);
    }
    assert_int_equal(pl_timers_run(&timers, 1), 2);
    assert_int_equal(log.ids[1], 2);
    pl_timers_fini(&timers);
}

static void test_timer_many_moved_and_stopped_keep_their_order(void **state)
{
    struct pl_timers timers;
    struct probe probes[60];
    struct log log;
    int64_t last_ms = -1;
    uint32_t dice = 1;
    size_t set_count = 0;
    (void)state;
    make(probes, 60, &timers, &log);
    for (int i = 0; i < 3000; i++) {
        dice = dice * 1664525U + 1013904223U;
        struct probe *probe = &probes[(dice >> 8) % 60];
        if ((dice >> 24) % 3 == 0) {
            pl_timer_stop(&timers, &probe->timer);
        } else {
            pl_timer_set(&timers, &probe->timer, (dice >> 16) % 100);
        }
    }
    set_count = timers.count;
    assert_int_equal(pl_timers_run(&timers, 1000), set_count);
    for (size_t i = 0; i < log.count; i++) {
        assert_true(probes[log.ids[i]].timer.deadline_ms >= last_ms);
        last_ms = probes[log.ids[i]].timer.deadline_ms;
    }
    pl_timers_fini(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timer_same_moment_fires_in_the_order_of_setting),
        cmocka_unit_test(test_timer_fires_by_deadline_and_after_moving),
        cmocka_unit_test(test_timer_set_again_in_its_callback_waits_for_the_next_run),
        cmocka_unit_test(test_timer_set_for_the_past_in_a_callback_holds_up_nobody),
        cmocka_unit_test(test_timer_stopped_by_a_callback_does_not_fire),
        cmocka_unit_test(test_timer_many_moved_and_stopped_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
