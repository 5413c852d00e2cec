/* Ranges: value and size of the file against what is to be sent. */
#include "codec/http_range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NONE PL_HTTP_RANGE_NONE
#define PART PL_HTTP_RANGE_SATISFIABLE
#define BEYOND PL_HTTP_RANGE_UNSATISFIABLE

static void test_http_range_single_ranges_are_read_and_others_ignored(void **state)
{
    (void)state;
    static const struct {
        struct pl_str value;
        uint64_t size_bytes;
        enum pl_http_range_kind kind;
        uint64_t first;
        uint64_t last;
    } rows[] = {
        {PL_STR_INIT("bytes=0-0"), 10, PART, 0, 0},
        {PL_STR_INIT("bytes=2-5"), 10, PART, 2, 5},
        {PL_STR_INIT("bytes=2-"), 10, PART, 2, 9},
        {PL_STR_INIT("bytes=9-"), 10, PART, 9, 9},
        {PL_STR_INIT("bytes=2-99"), 10, PART, 2, 9},
        {PL_STR_INIT("bytes=2-99999999999999999999999"), 10, PART, 2, 9},
        {PL_STR_INIT("bytes=-3"), 10, PART, 7, 9},
        {PL_STR_INIT("bytes=-99"), 10, PART, 0, 9},
        {PL_STR_INIT("bytes=-99999999999999999999999"), 10, PART, 0, 9},
        {PL_STR_INIT("BYTES= 2-5 "), 10, PART, 2, 5},
        {PL_STR_INIT("bytes=0-"), UINT64_MAX, PART, 0, UINT64_MAX - 1},
        {PL_STR_INIT("bytes=10-"), 10, BEYOND, 0, 0},
        {PL_STR_INIT("bytes=10-20"), 10, BEYOND, 0, 0},
        {PL_STR_INIT("bytes=99999999999999999999999-"), 10, BEYOND, 0, 0},
        {PL_STR_INIT("bytes=-0"), 10, BEYOND, 0, 0},
        {PL_STR_INIT("bytes=0-"), 0, BEYOND, 0, 0},
        {PL_STR_INIT("bytes=-1"), 0, NONE, 0, 0},
        {PL_STR_INIT("bytes=5-2"), 10, NONE, 0, 0},
        {PL_STR_INIT("bytes=0-1,3-4"), 10, NONE, 0, 0},
        {PL_STR_INIT("bytes=0-1,"), 10, NONE, 0, 0},
        {PL_STR_INIT("bytes=-"), 10, NONE, 0, 0},
        {PL_STR_INIT("bytes=5"), 10, NONE, 0, 0},
        {PL_STR_INIT("bytes="), 10, NONE, 0, 0},
        {PL_STR_INIT("bytes"), 10, NONE, 0, 0},
        {PL_STR_INIT(""), 10, NONE, 0, 0},
        {PL_STR_INIT("lines=0-1"), 10, NONE, 0, 0},
        {PL_STR_INIT("bytes=a-b"), 10, NONE, 0, 0},
        {PL_STR_INIT("bytes=+1-2"), 10, NONE, 0, 0},
        {PL_STR_INIT("bytes=1--2"), 10, NONE, 0, 0},
        {PL_STR_INIT("bytes=1 - 2"), 10, NONE, 0, 0},
        {PL_STR_INIT("bytes=1-0x2"), 10, NONE, 0, 0},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_http_range range = {0};
        enum pl_http_range_kind kind =
            pl_http_range_read(&range, rows[i].value, rows[i].size_bytes);
        if (kind != rows[i].kind || range.first != rows[i].first || range.last != rows[i].last) {
            fail_msg("'" PL_STR_FMT "'", PL_STR_ARG(rows[i].value));
        }
    }
    struct pl_http_range range;
    assert_int_equal(pl_http_range_read(&range, pl_str_make(NULL, 0), 10), NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_range_single_ranges_are_read_and_others_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
