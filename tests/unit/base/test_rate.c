/* Token buckets: never more than the burst, never more than the rate. */
#include "base/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_rate_burst_then_refill(void **state)
{
    struct pl_rate rate;
    (void)state;
    pl_rate_init(&rate, 10, 3, 1000);
    for (int i = 0; i < 3; i++) {
        assert_true(pl_rate_take(&rate, 1, 1000));
    }
    assert_false(pl_rate_take(&rate, 1, 1000));
    assert_int_equal(pl_rate_wait_ms(&rate, 1, 1000), 100);
    assert_int_equal(pl_rate_wait_ms(&rate, 3, 1000), 300);
    assert_false(pl_rate_take(&rate, 1, 1099));
    assert_true(pl_rate_take(&rate, 1, 1100));
    assert_false(pl_rate_take(&rate, 1, 1100));
    assert_false(pl_rate_take(&rate, 4, 1000000)); /* more than the burst, and nothing is taken */
    assert_int_equal(pl_rate_wait_ms(&rate, 4, 1000000), INT64_MAX);
    assert_true(pl_rate_take(&rate, 3, 1000000));
}

static void test_rate_zero_means_no_limit(void **state)
{
    struct pl_rate rate;
    (void)state;
    pl_rate_init(&rate, 0, 0, 0);
    assert_true(pl_rate_take(&rate, UINT32_MAX, 0));
    assert_int_equal(pl_rate_wait_ms(&rate, UINT32_MAX, 0), 0);
}

static void test_rate_survives_extreme_clocks(void **state)
{
    struct pl_rate rate;
    (void)state;
    pl_rate_init(&rate, UINT32_MAX, UINT32_MAX, INT64_MIN);
    assert_true(pl_rate_take(&rate, UINT32_MAX, INT64_MIN));
    assert_true(pl_rate_take(&rate, UINT32_MAX, INT64_MAX));
    assert_false(pl_rate_take(&rate, 1, INT64_MIN)); /* a clock that goes back gives nothing */
    assert_false(pl_rate_take(&rate, 1, INT64_MAX));
}

static void test_rate_equals_a_bucket_filled_each_millisecond(void **state)
{
    uint32_t dice = 1;
    (void)state;
    for (uint32_t per_second = 1; per_second < 3000; per_second = per_second * 2 + 1) {
        struct pl_rate rate;
        uint64_t level = 5000;
        int64_t now_ms = 0;
        pl_rate_init(&rate, per_second, 5, 0);
        for (int i = 0; i < 2000; i++) {
            dice = dice * 1664525U + 1013904223U;
            uint32_t tokens = 1 + (dice >> 28) % 5;
            for (uint32_t step = (dice >> 16) % 64 * ((dice >> 24) % 8); step > 0; step--) {
                now_ms++;
                level = level + per_second > 5000 ? 5000 : level + per_second;
            }
            int64_t wait_ms = pl_rate_wait_ms(&rate, tokens, now_ms);
            assert_int_equal(wait_ms == 0, level >= tokens * UINT64_C(1000));
            assert_true(wait_ms == 0 ||
                        (level + (uint64_t)wait_ms * per_second >= tokens * UINT64_C(1000) &&
                         level + (uint64_t)(wait_ms - 1) * per_second < tokens * UINT64_C(1000)));
            assert_int_equal(pl_rate_take(&rate, tokens, now_ms), wait_ms == 0);
            level -= wait_ms == 0 ? tokens * UINT64_C(1000) : 0;
            assert_int_equal(rate.level_millitokens, level);
        }
    }
}

static void test_rate_changed_keeps_what_is_left_up_to_the_new_burst(void **state)
{
    struct pl_rate rate;
    (void)state;
    pl_rate_init(&rate, 10, 100, 0);
    assert_true(pl_rate_take(&rate, 98, 0));
    pl_rate_change(&rate, 1, 50, 0); /* two are left, and not fifty */
    assert_true(pl_rate_take(&rate, 2, 0));
    assert_false(pl_rate_take(&rate, 1, 0));
    assert_true(pl_rate_take(&rate, 1, 1000)); /* at the new speed */
    pl_rate_change(&rate, 10, 3, 100000);
    assert_true(pl_rate_take(&rate, 3, 100000));
    assert_false(pl_rate_take(&rate, 1, 100000));
    pl_rate_change(&rate, 0, 5, 100000);
    assert_true(pl_rate_take(&rate, 1000, 100000));
    pl_rate_change(&rate, 1, 5, 100000); /* one that had no limit is full */
    assert_true(pl_rate_take(&rate, 5, 100000));
    assert_false(pl_rate_take(&rate, 1, 100000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_burst_then_refill),
        cmocka_unit_test(test_rate_zero_means_no_limit),
        cmocka_unit_test(test_rate_survives_extreme_clocks),
        cmocka_unit_test(test_rate_changed_keeps_what_is_left_up_to_the_new_burst),
        cmocka_unit_test(test_rate_equals_a_bucket_filled_each_millisecond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
