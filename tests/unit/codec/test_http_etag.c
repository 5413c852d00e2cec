/* Entity tags: lists of If-None-Match against ours. */
#include "codec/http_etag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_http_etag_lists_are_matched_weakly(void **state)
{
    (void)state;
    static const struct {
        struct pl_str list;
        struct pl_str etag;
        bool matches;
    } rows[] = {
        {PL_STR_INIT("\"a\""), PL_STR_INIT("\"a\""), true},
        {PL_STR_INIT("W/\"a\""), PL_STR_INIT("\"a\""), true},
        {PL_STR_INIT("\"a\""), PL_STR_INIT("W/\"a\""), true},
        {PL_STR_INIT("W/\"a\""), PL_STR_INIT("W/\"a\""), true},
        {PL_STR_INIT("*"), PL_STR_INIT("\"a\""), true},
        {PL_STR_INIT(" * "), PL_STR_INIT("\"a\""), true},
        {PL_STR_INIT("\"b\", \"a\""), PL_STR_INIT("\"a\""), true},
        {PL_STR_INIT(",\"b\" ,W/\"a\","), PL_STR_INIT("\"a\""), true},
        {PL_STR_INIT("\"b,\", \"a\""), PL_STR_INIT("\"a\""), true},
        {PL_STR_INIT("\"\""), PL_STR_INIT("\"\""), true},
        {PL_STR_INIT("\"b, \"a\""), PL_STR_INIT("\"a\""), false},
        {PL_STR_INIT("\"b\"\"a\""), PL_STR_INIT("\"a\""), false},
        {PL_STR_INIT("b, \"a\""), PL_STR_INIT("\"a\""), false},
        {PL_STR_INIT("*, \"b\""), PL_STR_INIT("\"a\""), false},
        {PL_STR_INIT("w/\"a\""), PL_STR_INIT("\"a\""), false},
        {PL_STR_INIT("\"A\""), PL_STR_INIT("\"a\""), false},
        {PL_STR_INIT("\"a"), PL_STR_INIT("\"a\""), false},
        {PL_STR_INIT("\""), PL_STR_INIT("\"a\""), false},
        {PL_STR_INIT("W/"), PL_STR_INIT("\"a\""), false},
        {PL_STR_INIT("a"), PL_STR_INIT("\"a\""), false},
        {PL_STR_INIT(""), PL_STR_INIT("\"a\""), false},
        {PL_STR_INIT(","), PL_STR_INIT("\"a\""), false},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if (pl_http_etag_list_has(rows[i].list, rows[i].etag) != rows[i].matches) {
            fail_msg("'" PL_STR_FMT "'", PL_STR_ARG(rows[i].list));
        }
    }
}

static void test_http_etag_weak_ones_are_never_strongly_equal(void **state)
{
    (void)state;
    assert_true(pl_http_etag_eq_strong(PL_STR("\"a\""), PL_STR("\"a\"")));
    assert_false(pl_http_etag_eq_strong(PL_STR("W/\"a\""), PL_STR("W/\"a\"")));
    assert_false(pl_http_etag_eq_strong(PL_STR("W/\"a\""), PL_STR("\"a\"")));
    assert_false(pl_http_etag_eq_strong(PL_STR("\"b\""), PL_STR("\"a\"")));
    assert_false(pl_http_etag_eq_strong(PL_STR(""), PL_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_etag_lists_are_matched_weakly),
        cmocka_unit_test(test_http_etag_weak_ones_are_never_strongly_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
