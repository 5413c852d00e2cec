/* Field lines and list items; requests test the rest. */
#include "codec/http_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct line_row {
    struct pl_str line;
    const char *name; /* NULL: refused */
    const char *value;
};

static void test_http_header_lines_are_read_strictly(void **state)
{
    (void)state;
    static const struct line_row rows[] = {
        {PL_STR_INIT("Name: value\r\n"), "Name", "value"},
        {PL_STR_INIT("n:v\r\nmore"), "n", "v"},
        {PL_STR_INIT("n: \t two words\t \r\n"), "n", "two words"},
        {PL_STR_INIT("n:\r\n"), "n", ""},
        {PL_STR_INIT("n:  \r\n"), "n", ""},
        {PL_STR_INIT("n: a:b\r\n"), "n", "a:b"},
        {PL_STR_INIT("n: \xC3\xA4\r\n"), "n", "\xC3\xA4"},
        {PL_STR_INIT("n : v\r\n"), NULL, NULL},
        {PL_STR_INIT(" n: v\r\n"), NULL, NULL},
        {PL_STR_INIT("\tn: v\r\n"), NULL, NULL},
        {PL_STR_INIT(": v\r\n"), NULL, NULL},
        {PL_STR_INIT("n\r\n"), NULL, NULL},
        {PL_STR_INIT("n"), NULL, NULL},
        {PL_STR_INIT("(n): v\r\n"), NULL, NULL},
        {PL_STR_INIT("n: a\rb\r\n"), NULL, NULL},
        {PL_STR_INIT("n: a\nb\r\n"), NULL, NULL},
        {PL_STR_INIT("n: a\0b\r\n"), NULL, NULL},
        {PL_STR_INIT("n: a\x7F\r\n"), NULL, NULL},
        {PL_STR_INIT("n: v\r"), NULL, NULL},
        {PL_STR_INIT("n: v\n"), NULL, NULL},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_http_header header;
        struct pl_error err = {0};
        ptrdiff_t len = pl_http_header_read(&header, rows[i].line, &err);
        if (rows[i].name == NULL) {
            assert_int_equal(len, PL_E_PROTO);
            assert_int_equal(err.code, PL_E_PROTO);
            continue;
        }
        assert_int_equal(len, pl_str_find_char(rows[i].line, '\n') + 1);
        assert_true(pl_str_eq(header.name, pl_str_of_cstr(rows[i].name)));
        assert_true(pl_str_eq(header.value, pl_str_of_cstr(rows[i].value)));
        assert_non_null(header.value.ptr);
    }
}

static void test_http_list_items_are_trimmed_and_empty_ones_passed_over(void **state)
{
    (void)state;
    struct pl_str rest = PL_STR(" ,a , b c,\t,,d");
    struct pl_str item;
    assert_true(pl_http_list_next(&item, &rest));
    assert_true(pl_str_eq(item, PL_STR("a")));
    assert_true(pl_http_list_next(&item, &rest));
    assert_true(pl_str_eq(item, PL_STR("b c")));
    assert_true(pl_http_list_next(&item, &rest));
    assert_true(pl_str_eq(item, PL_STR("d")));
    assert_false(pl_http_list_next(&item, &rest));
    assert_false(pl_http_list_next(&item, &rest));
}

static void test_http_list_tokens_are_found_in_any_case(void **state)
{
    (void)state;
    assert_true(pl_http_list_has(PL_STR("keep-alive, Upgrade"), PL_STR("upgrade")));
    assert_true(pl_http_list_has(PL_STR("x"), PL_STR("X")));
    assert_false(pl_http_list_has(PL_STR("upgraded, up"), PL_STR("upgrade")));
    assert_false(pl_http_list_has(PL_STR(""), PL_STR("upgrade")));
    assert_false(pl_http_list_has(PL_STR(",,"), PL_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_header_lines_are_read_strictly),
        cmocka_unit_test(test_http_list_items_are_trimmed_and_empty_ones_passed_over),
        cmocka_unit_test(test_http_list_tokens_are_found_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
