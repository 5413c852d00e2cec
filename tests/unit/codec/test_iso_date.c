/* Dates as text: what is understood, and what is not. */
#include "codec/iso_date.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

static const struct {
    const char *text;
    int64_t ms;
} good[] = {
    {"1970-01-01", 0},
    {"1969-12-31", -86400000},
    {"2000-02-29", INT64_C(951782400000)},
    {"0001-01-01", INT64_C(-62135596800000)},
    {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
    {"2025-03-01T09:30", INT64_C(1740821400000)},
    {"2025-03-01 09:30:00", INT64_C(1740821400000)},
    {"2025-03-01T09:30:00.25Z", INT64_C(1740821400250)},
    {"2024-02-29T23:59:59.999Z", INT64_C(1709251199999)},
    {"2100-12-31T00:00:00.5Z", INT64_C(4133894400500)},
    {"1969-12-31T23:59:59.000Z", -1000},
    {"2025-03-01T09:30:00.2509999Z", INT64_C(1740821400250)},
    {"2025-03-01T10:30:00+01:00", INT64_C(1740821400000)},
    {"2025-03-01T04:00:00-05:30", INT64_C(1740821400000)},
};

static const char *const bad[] = {
    "",
    "2025",
    "2025-3-01",
    "2025-13-01",
    "2025-02-29",
    "1900-02-29",
    "2025-00-10",
    "2025-04-31",
    "0000-01-01",
    "2025-03-01x",
    "2025-03-01T",
    "2025-03-01T24:00",
    "2025-03-01T09:60",
    "2025-03-01T09:30:60",
    "2025-03-01T09:30:00.",
    "2025-03-01T09:30:00.xZ",
    "-025-03-01T09:30:00.000Z",
    "Z",
    "2025-03-01T09:30:00+1:00",
    "2025-03-01T09:30Zz",
    "+2025-03-01",
    " 2025-03-01",
    "2025-03-01 ",
};

static void test_iso_dates_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        int64_t ms = 1;
        if (!pl_iso_date_parse(&ms, pl_str_of_cstr(good[i].text)) || ms != good[i].ms) {
            fail_msg("%s: %lld", good[i].text, (long long)ms);
        }
    }
}

static void test_iso_dates_nothing_else_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        int64_t ms = 0;
        if (pl_iso_date_parse(&ms, pl_str_of_cstr(bad[i]))) {
            fail_msg("%s", bad[i]);
        }
        assert_int_equal(ms, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iso_dates_are_read),
        cmocka_unit_test(test_iso_dates_nothing_else_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
