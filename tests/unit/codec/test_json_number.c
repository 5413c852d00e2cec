/* JSON numbers: integers exact or refused, doubles as the C library has them. */
#include "codec/json_number.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_json_number_i64_is_exact_or_refused(void **state)
{
    static const struct {
        struct pl_str raw;
        bool is_ok;
        int64_t value;
    } rows[] = {
        {PL_STR_INIT("0"), true, 0},
        {PL_STR_INIT("-0"), true, 0},
        {PL_STR_INIT("-7"), true, -7},
        {PL_STR_INIT("9223372036854775807"), true, INT64_MAX},
        {PL_STR_INIT("-9223372036854775808"), true, INT64_MIN},
        {PL_STR_INIT("9223372036854775808"), false, 0},
        {PL_STR_INIT("-9223372036854775809"), false, 0},
        {PL_STR_INIT("99999999999999999999999"), false, 0},
        {PL_STR_INIT("1.0"), false, 0},
        {PL_STR_INIT("1e3"), false, 0},
        {PL_STR_INIT("01"), false, 0},
        {PL_STR_INIT("-01"), false, 0},
        {PL_STR_INIT("+1"), false, 0},
        {PL_STR_INIT("--1"), false, 0},
        {PL_STR_INIT("-"), false, 0},
        {PL_STR_INIT(""), false, 0},
        {PL_STR_INIT("x"), false, 0},
        {PL_STR_INIT("1 "), false, 0},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); ++i) {
        int64_t value = 4711;
        assert_int_equal(pl_json_number_to_i64(&value, rows[i].raw), rows[i].is_ok);
        assert_true(value == (rows[i].is_ok ? rows[i].value : 4711));
    }
}

static void test_json_number_u64_is_exact_or_refused(void **state)
{
    uint64_t value = 0;
    (void)state;
    assert_true(pl_json_number_to_u64(&value, PL_STR("18446744073709551615")));
    assert_true(value == UINT64_MAX);
    assert_false(pl_json_number_to_u64(&value, PL_STR("18446744073709551616")));
    assert_false(pl_json_number_to_u64(&value, PL_STR("-1")));
    assert_false(pl_json_number_to_u64(&value, PL_STR("007")));
    assert_true(value == UINT64_MAX);
}

static const char *const double_rows[] = {
    "0",
    "1",
    "-1.5",
    "0.1",
    "123456789012345",
    "1234567890123456",
    "9007199254740993",
    "1e22",
    "1e23",
    "123e-22",
    "1e-23",
    "5e-324",
    "2.4703282292062327e-324",
    "2.4703282292062328e-324",
    "2.2250738585072011e-308",
    "2.2250738585072014e-308",
    "1.7976931348623157e308",
    "1.7976931348623158e308",
    "0.000000000000000000000000000001e30",
    "100000000000000000000000000000000000e-35",
    "0e999999999999999999999",
    "0.0e-99999999999999999999",
    "1e-999999999999999999999",
    "9007199254740992.99999",
    "4503599627370496.5",
    "4503599627370497.5",
    "0.500000000000000166533453693773481063544750213623046875",
    "3.518437208883201171875e13",
    "62.5364939768271845828",
};

static void test_json_number_double_is_what_strtod_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(double_rows); ++i) {
        double value = 4711;
        assert_true(pl_json_number_to_double(&value, pl_str_of_cstr(double_rows[i])));
        assert_true(value == strtod(double_rows[i], NULL));
    }
}

static void test_json_number_double_reads_back_any_bits(void **state)
{
    uint64_t seed = 42;
    (void)state;
    for (int i = 0; i < 100000; ++i) {
        char text[64];
        double expected = 0;
        double value = 0;
        seed = seed * 6364136223846793005 + 1442695040888963407;
        memcpy(&expected, &seed, sizeof(expected));
        if (!isfinite(expected)) {
            continue;
        }
        snprintf(text, sizeof(text), i % 2 == 0 ? "%.17g" : "%.14e", expected);
        expected = strtod(text, NULL);
        assert_true(pl_json_number_to_double(&value, pl_str_of_cstr(text)) == !isinf(expected));
        assert_true(isinf(expected) || value == expected);
    }
}

/* Exactly half way between two doubles the even one wins;
 * one digit far behind decides otherwise. */
static void test_json_number_double_looks_at_digits_far_behind(void **state)
{
    char text[2000];
    double value = 0;
    (void)state;
    memset(text, '0', sizeof(text));
    memcpy(text, "9007199254740993.", 17); /* 2^53 + 1 */
    assert_true(pl_json_number_to_double(&value, pl_str_make(text, sizeof(text))));
    assert_true(value == 9007199254740992.0);
    text[sizeof(text) - 1] = '1';
    assert_true(pl_json_number_to_double(&value, pl_str_make(text, sizeof(text))));
    assert_true(value == 9007199254740994.0);
    memset(text, '9', sizeof(text)); /* 10^2000 overflows, its digits do not */
    assert_false(pl_json_number_to_double(&value, pl_str_make(text, sizeof(text))));
    memcpy(text + sizeof(text) - 6, "e-1990", 6);
    assert_true(pl_json_number_to_double(&value, pl_str_make(text, sizeof(text))));
    assert_true(value == 1e4);
}

static void test_json_number_double_refuses_infinity_and_other_text(void **state)
{
    static const char *const rows[] = {"1e309", "-1e309", "1.8e308", "1e99999999999999999999",
                                       "",      "-",      ".5",      "1.",
                                       "1e",    "1e+",    "1x",      "nan",
                                       "inf",   "0x1p3",  "1.5.5",   "1e5e5",
                                       "1 "};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); ++i) {
        double value = 4711;
        assert_false(pl_json_number_to_double(&value, pl_str_of_cstr(rows[i])));
        assert_true(value == 4711);
    }
}

static void test_json_number_double_keeps_the_sign_of_zero(void **state)
{
    double value = 1;
    (void)state;
    assert_true(pl_json_number_to_double(&value, PL_STR("-0.0")));
    assert_true(value == 0 && signbit(value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_number_i64_is_exact_or_refused),
        cmocka_unit_test(test_json_number_u64_is_exact_or_refused),
        cmocka_unit_test(test_json_number_double_is_what_strtod_says),
        cmocka_unit_test(test_json_number_double_reads_back_any_bits),
        cmocka_unit_test(test_json_number_double_looks_at_digits_far_behind),
        cmocka_unit_test(test_json_number_double_refuses_infinity_and_other_text),
        cmocka_unit_test(test_json_number_double_keeps_the_sign_of_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
