/* The histogram that all latencies of script/bench go through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "hist.h"

static void test_hist_empty_has_quantile_zero(void **state)
{
    (void)state;
    struct pl_hist *hist = pl_alloc(sizeof(*hist));
    assert_int_equal(pl_hist_quantile_ns(hist, 0.99), 0);
    pl_free(hist);
}

static void test_hist_one_value_is_known_to_within_a_step(void **state)
{
    (void)state;
    for (uint64_t value = 0; value < (UINT64_C(1) << 39); value = value * 3 / 2 + 1) {
        struct pl_hist *hist = pl_alloc(sizeof(*hist));
        pl_hist_add(hist, (int64_t)value);
        pl_hist_add(hist, INT64_MAX); /* so that max does not hide the cell's end */
        uint64_t got = pl_hist_quantile_ns(hist, 0.5);
        assert_in_range(got, value, value + value / 64);
        pl_free(hist);
    }
}

static void test_hist_quantiles_of_an_even_spread_are_even(void **state)
{
    (void)state;
    struct pl_hist *hist = pl_alloc(sizeof(*hist));
    for (int64_t i = 1; i <= 100000; i++) {
        pl_hist_add(hist, i * 10);
    }
    assert_in_range(pl_hist_quantile_ns(hist, 0.5), 500000, 508000);
    assert_in_range(pl_hist_quantile_ns(hist, 0.99), 990000, 1000000);
    assert_int_equal(pl_hist_quantile_ns(hist, 1), 1000000);
    pl_free(hist);
}

static void test_hist_negative_and_huge_values_are_kept_in_range(void **state)
{
    (void)state;
    struct pl_hist *hist = pl_alloc(sizeof(*hist));
    pl_hist_add(hist, -5);
    assert_int_equal(pl_hist_quantile_ns(hist, 1), 0);
    pl_hist_add(hist, INT64_MAX);
    assert_int_equal(hist->max_ns, INT64_MAX);
    assert_int_equal(hist->count, 2);
    pl_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hist_empty_has_quantile_zero),
        cmocka_unit_test(test_hist_one_value_is_known_to_within_a_step),
        cmocka_unit_test(test_hist_quantiles_of_an_even_spread_are_even),
        cmocka_unit_test(test_hist_negative_and_huge_values_are_kept_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
