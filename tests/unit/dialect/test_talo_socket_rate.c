/* The rate limit of a Talo socket (spec 1.7): allowances, windows, blocks, warnings. */
#include "dialect/talo/socket_rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define T0 ((int64_t)1000)

static void take_ok(struct pl_talo_rate *rate, bool is_identified, size_t count, int64_t now_ms)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pl_talo_rate_take(rate, is_identified, now_ms), PL_TALO_RATE_OK);
    }
}

static void test_socket_rate_allows_300_and_3600_in_a_window(void **state)
{
    static const struct {
        bool is_identified;
        size_t allowance;
    } rows[] = {{false, 300}, {true, 3600}};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_talo_rate rate = {0};
        take_ok(&rate, rows[i].is_identified, rows[i].allowance, T0);
        assert_int_equal(pl_talo_rate_take(&rate, rows[i].is_identified, T0 + 59999),
                         PL_TALO_RATE_WARN);
    }
}

static void test_socket_rate_window_begins_with_its_first_message(void **state)
{
    struct pl_talo_rate rate = {0};
    (void)state;
    take_ok(&rate, false, 1, T0);
    take_ok(&rate, false, 299, T0 + 59999);
    take_ok(&rate, false, 300, T0 + 60000); /* a new one */
    assert_int_equal(pl_talo_rate_take(&rate, false, T0 + 119999), PL_TALO_RATE_WARN);
}

static void test_socket_rate_block_lasts_60_s_from_the_first_violation(void **state)
{
    struct pl_talo_rate rate = {0};
    (void)state;
    take_ok(&rate, false, 300, T0);
    assert_int_equal(pl_talo_rate_take(&rate, false, T0 + 30000), PL_TALO_RATE_WARN);
    assert_int_equal(pl_talo_rate_take(&rate, false, T0 + 60000), PL_TALO_RATE_WARN);
    assert_int_equal(pl_talo_rate_take(&rate, false, T0 + 89999), PL_TALO_RATE_WARN);
    take_ok(&rate, false, 300, T0 + 90000);
}

static void test_socket_rate_fourth_violation_closes(void **state)
{
    struct pl_talo_rate rate = {0};
    (void)state;
    take_ok(&rate, false, 300, T0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pl_talo_rate_take(&rate, false, T0), PL_TALO_RATE_WARN);
    }
    assert_int_equal(pl_talo_rate_take(&rate, false, T0), PL_TALO_RATE_CLOSE);
}

static void test_socket_rate_warnings_stay_after_the_block_and_are_worked_off(void **state)
{
    struct pl_talo_rate rate = {0};
    (void)state;
    pl_talo_rate_decay(&rate); /* not below 0 */
    take_ok(&rate, false, 300, T0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pl_talo_rate_take(&rate, false, T0), PL_TALO_RATE_WARN);
    }
    take_ok(&rate, false, 300, T0 + 60000);
    pl_talo_rate_decay(&rate);
    assert_int_equal(pl_talo_rate_take(&rate, false, T0 + 60001), PL_TALO_RATE_WARN);
    assert_int_equal(pl_talo_rate_take(&rate, false, T0 + 60002), PL_TALO_RATE_CLOSE);
}

static void test_socket_rate_identifying_starts_a_fresh_count(void **state)
{
    struct pl_talo_rate rate = {0};
    (void)state;
    take_ok(&rate, false, 300, T0);
    take_ok(&rate, true, 3600, T0 + 1);
    assert_int_equal(pl_talo_rate_take(&rate, true, T0 + 2), PL_TALO_RATE_WARN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_socket_rate_allows_300_and_3600_in_a_window),
        cmocka_unit_test(test_socket_rate_window_begins_with_its_first_message),
        cmocka_unit_test(test_socket_rate_block_lasts_60_s_from_the_first_violation),
        cmocka_unit_test(test_socket_rate_fourth_violation_closes),
        cmocka_unit_test(test_socket_rate_warnings_stay_after_the_block_and_are_worked_off),
        cmocka_unit_test(test_socket_rate_identifying_starts_a_fresh_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
