/* Rates between samples: the window never grows past two periods while turns go on. */
#include "app/rates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void turn(struct pl_rates *rates, const struct pl_metrics *metrics, int64_t now_ms)
{
    if (pl_rates_are_due(rates, now_ms)) {
        pl_rates_take(rates, metrics, now_ms);
    }
}

static void test_rates_are_of_the_last_five_to_ten_seconds(void **state)
{
    struct pl_metrics metrics = {0};
    struct pl_rates rates = {0};
    (void)state;
    assert_int_equal(pl_rates_over_ms(&rates, 1000), 0);
    for (int64_t now_ms = 1000; now_ms <= 60000; now_ms += 100) {
        int64_t added = now_ms <= 30000 ? 1 : 5; /* 10 a second, later 50 */
        pl_metrics_add(&metrics, PL_METRIC_PUBLISHES, added);
        pl_metrics_observe(&metrics, PL_HISTOGRAM_TURN, (uint64_t)added);
        turn(&rates, &metrics, now_ms);
        int64_t over_ms = pl_rates_over_ms(&rates, now_ms);
        double rate = pl_rates_of(&rates, &metrics, PL_METRIC_PUBLISHES, now_ms);
        assert_true(over_ms < 10000);
        if (now_ms > 12000) {
            assert_true(over_ms >= 5000);
        }
        if (now_ms > 12000 && now_ms <= 30000) {
            assert_true(rate == 10);
        } else if (now_ms > 40000) {
            assert_true(rate == 50);
            struct pl_histogram turns = pl_rates_histogram(&rates, &metrics, PL_HISTOGRAM_TURN);
            assert_int_equal(turns.sum, over_ms / 20);
            assert_int_equal(turns.buckets[0], 0); /* the ones are long ago */
            assert_int_equal(turns.buckets[3], over_ms / 100);
        }
    }
}

static void test_rates_after_a_pause_are_of_the_pause(void **state)
{
    struct pl_metrics metrics = {0};
    struct pl_rates rates = {0};
    (void)state;
    turn(&rates, &metrics, 1000);
    pl_metrics_add(&metrics, PL_METRIC_PUBLISHES, 100);
    assert_true(pl_rates_of(&rates, &metrics, PL_METRIC_PUBLISHES, 1000) == 0); /* no time yet */
    assert_true(pl_rates_of(&rates, &metrics, PL_METRIC_PUBLISHES, 101000) == 1);
    assert_int_equal(pl_rates_over_ms(&rates, 101000), 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates_are_of_the_last_five_to_ten_seconds),
        cmocka_unit_test(test_rates_after_a_pause_are_of_the_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
