/* Templates: names, and what a project without a page lacks. */
#include "cli/project_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void expect(const char *template, bool has_page, const char *expected)
{
    struct pl_buf out;
    pl_buf_init(&out, 4096);
    pl_project_text_write(&out, pl_str_of_cstr(template), PL_STR("my-chat"), has_page);
    pl_buf_add_char(&out, 0);
    assert_false(pl_buf_failed(&out));
    assert_string_equal((const char *)out.ptr, expected);
    pl_buf_fini(&out);
}

static void test_project_text_marks_are_replaced(void **state)
{
    static const struct {
        const char *template;
        const char *with_page;
        const char *without_page;
    } rows[] = {
        {"", "", ""},
        {"plain\n", "plain\n", "plain\n"},
        {"no end of line", "no end of line", "no end of line"},
        {"@NAME@", "my-chat", "my-chat"},
        {"<@NAME@> and @NAME@@NAME@\n", "<my-chat> and my-chatmy-chat\n",
         "<my-chat> and my-chatmy-chat\n"},
        {"@name@ @NAME @@NAME\n", "@name@ @NAME @@NAME\n", "@name@ @NAME @@NAME\n"},
        {"a\n  # @page@\nb @NAME@\n  # @end@\nc\n", "a\nb my-chat\nc\n", "a\nc\n"},
        {"/* @page@ */\nb\n/* @end@ */", "b\n", ""},
        {"@page@\nb\n@end@\nc\n@page@\nd", "b\nc\nd", "c\n"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        expect(rows[i].template, true, rows[i].with_page);
        expect(rows[i].template, false, rows[i].without_page);
    }
}

static void test_project_text_stops_at_the_limit(void **state)
{
    struct pl_buf out;
    (void)state;
    pl_buf_init(&out, 6);
    pl_project_text_write(&out, PL_STR("@NAME@\n"), PL_STR("my-chat"), true);
    assert_true(pl_buf_failed(&out));
    pl_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_project_text_marks_are_replaced),
        cmocka_unit_test(test_project_text_stops_at_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
