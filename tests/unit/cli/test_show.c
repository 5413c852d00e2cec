/* Figures as people read them. */
#include "cli/show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_figures_are_short_and_have_a_unit(void **state)
{
    char out[PL_SHOW_MAX];
    static const struct {
        double value;
        const char *bytes;
        const char *count;
        const char *us;
    } rows[] = {
        {0, "0 B", "0", "0 us"},
        {3.4, "3 B", "3.4", "3 us"},
        {999, "999 B", "999", "999 us"},
        {1000, "1000 B", "1000", "1.0 ms"},
        {1023.7, "1.0 KiB", "1024", "1.0 ms"},
        {9999, "9.8 KiB", "9999", "10.0 ms"},
        {10000, "9.8 KiB", "10.0k", "10.0 ms"},
        {38149, "37 KiB", "38.1k", "38.1 ms"},
        {999960, "977 KiB", "1000k", "1.00 s"},
        {2340000, "2.2 MiB", "2340k", "2.34 s"},
        {23400000, "22 MiB", "23.4M", "23.40 s"},
        {5e12, "4.5 TiB", "5000G", "5000000.00 s"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        assert_string_equal(pl_show_bytes(out, rows[i].value), rows[i].bytes);
        assert_string_equal(pl_show_count(out, rows[i].value), rows[i].count);
        assert_string_equal(pl_show_us(out, rows[i].value), rows[i].us);
    }
}

static void test_durations_have_two_units_at_most(void **state)
{
    char out[PL_SHOW_MAX];
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {{0, "0 s"},
                {59999, "59 s"},
                {60000, "1 min 0 s"},
                {3599000, "59 min 59 s"},
                {3600000, "1 h 0 min"},
                {86399000, "23 h 59 min"},
                {446400000, "5 d 4 h"}};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        assert_string_equal(pl_show_duration(out, rows[i].ms), rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures_are_short_and_have_a_unit),
        cmocka_unit_test(test_durations_have_two_units_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
