/* Dates: written like the C library's calendar has them, read in all three forms. */
#include "codec/http_date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define NOW_S ((int64_t)1700000000) /* November 2023 */

static void test_http_date_is_the_c_librarys(void **state)
{
    (void)state;
    /* A step that is prime to the day and the week, from the year 1 to 9999. */
    for (int64_t unix_s = -62135596800; unix_s <= 253402300799; unix_s += 10000019) {
        time_t at = (time_t)unix_s;
        struct tm tm;
        char expected[64];
        char date[PL_HTTP_DATE_LEN];
        assert_non_null(gmtime_r(&at, &tm));
        size_t len = strftime(expected, sizeof(expected), "%a, %d %b ", &tm);
        len += (size_t)snprintf(expected + len, sizeof(expected) - len, "%04d", tm.tm_year + 1900);
        strftime(expected + len, sizeof(expected) - len, " %H:%M:%S GMT", &tm);
        pl_http_date_write(date, unix_s);
        assert_memory_equal(date, expected, sizeof(date));
        int64_t again;
        assert_int_equal(pl_http_date_read(&again, pl_str_make(date, sizeof(date)), 0, NULL), 0);
        assert_int_equal(again, unix_s);
    }
}

static void test_http_date_outside_four_digit_years_is_moved_inside(void **state)
{
    (void)state;
    char date[PL_HTTP_DATE_LEN];
    pl_http_date_write(date, INT64_MIN);
    assert_memory_equal(date, "Mon, 01 Jan 0001 00:00:00 GMT", sizeof(date));
    pl_http_date_write(date, INT64_MAX);
    assert_memory_equal(date, "Fri, 31 Dec 9999 23:59:59 GMT", sizeof(date));
}

static void test_http_date_all_three_forms_are_read(void **state)
{
    (void)state;
    static const struct {
        struct pl_str text;
        int64_t unix_s; /* -1: refused */
    } rows[] = {
        {PL_STR_INIT("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777},
        {PL_STR_INIT("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777},
        {PL_STR_INIT("Sun Nov  6 08:49:37 1994"), 784111777},
        {PL_STR_INIT("Wed Nov 16 08:49:37 1994"), 784975777},
        {PL_STR_INIT("Thu, 01 Jan 1970 00:00:00 GMT"), 0},
        {PL_STR_INIT("Thu, 29 Feb 2024 00:00:00 GMT"), 1709164800},
        {PL_STR_INIT("Sat, 31 Dec 2016 23:59:60 GMT"), 1483228800},
        {PL_STR_INIT("Tuesday, 01-Jan-73 00:00:00 GMT"), 3250454400}, /* 2073: 50 years ahead */
        {PL_STR_INIT("Tuesday, 01-Jan-74 00:00:00 GMT"), 126230400},  /* 1974, not 2074 */
        {PL_STR_INIT("Sunday, 01-Jan-23 00:00:00 GMT"), 1672531200},
        {PL_STR_INIT(""), -1},
        {PL_STR_INIT("784111777"), -1},
        {PL_STR_INIT(" GMT"), -1},
        {PL_STR_INIT("Sun, 06 Nov 1994 08:49:37"), -1},
        {PL_STR_INIT("Sun, 06 Nov 1994 08:49:37 UTC"), -1},
        {PL_STR_INIT("Sun, 06 Nov 1994 08:49:37 GMT "), -1},
        {PL_STR_INIT("Sun,  6 Nov 1994 08:49:37 GMT"), -1},
        {PL_STR_INIT("sun, 06 nov 1994 08:49:37 GMT"), -1},
        {PL_STR_INIT("Sun, 06 Nov 94 08:49:37 GMT"), -1},
        {PL_STR_INIT("Xxx, 06 Nov 1994 08:49:37 GMT"), -1},
        {PL_STR_INIT("Sun, 06 Foo 1994 08:49:37 GMT"), -1},
        {PL_STR_INIT("Sun, 00 Nov 1994 08:49:37 GMT"), -1},
        {PL_STR_INIT("Sun, 31 Nov 1994 08:49:37 GMT"), -1},
        {PL_STR_INIT("Sun, 32 Dec 1994 08:49:37 GMT"), -1},
        {PL_STR_INIT("Sun, 29 Feb 2023 08:49:37 GMT"), -1},
        {PL_STR_INIT("Sun, 29 Feb 1900 08:49:37 GMT"), -1},
        {PL_STR_INIT("Sun, 01 Jan 0000 08:49:37 GMT"), -1},
        {PL_STR_INIT("Sun, 06 Nov 1994 24:00:00 GMT"), -1},
        {PL_STR_INIT("Sun, 06 Nov 1994 08:60:37 GMT"), -1},
        {PL_STR_INIT("Sun, 06 Nov 1994 08:49:61 GMT"), -1},
        {PL_STR_INIT("Sun, 06 Nov 1994 +8:49:37 GMT"), -1},
        {PL_STR_INIT("Sun, 06-Nov-94 08:49:37 GMT"), -1},
        {PL_STR_INIT("Sun Nov 06 08:49:37 1994 GMT"), -1},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        int64_t unix_s = -1;
        struct pl_error err = {0};
        int rc = pl_http_date_read(&unix_s, rows[i].text, NOW_S, &err);
        if (unix_s != rows[i].unix_s) {
            fail_msg(PL_STR_FMT ": %lld", PL_STR_ARG(rows[i].text), (long long)unix_s);
        }
        assert_int_equal(rc, unix_s < 0 ? PL_E_INVALID : 0);
        assert_int_equal(err.code, rc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_date_is_the_c_librarys),
        cmocka_unit_test(test_http_date_outside_four_digit_years_is_moved_inside),
        cmocka_unit_test(test_http_date_all_three_forms_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
