/* Targets, escapes and queries. */
#include "codec/http_url.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ARENA_LIMIT 4096

static void test_http_url_path_and_query_are_cut_at_the_first_question_mark(void **state)
{
    (void)state;
    static const struct {
        struct pl_str target;
        const char *path;
        const char *query; /* NULL: none */
    } rows[] = {
        {PL_STR_INIT("/"), "/", NULL},
        {PL_STR_INIT("/a/b"), "/a/b", NULL},
        {PL_STR_INIT("/a?"), "/a", ""},
        {PL_STR_INIT("/a?b=c?d"), "/a", "b=c?d"},
        {PL_STR_INIT("/a%3Fb"), "/a%3Fb", NULL},
        {PL_STR_INIT("?x"), "/", "x"},
        {PL_STR_INIT(""), "/", NULL},
        {PL_STR_INIT("*"), "*", NULL},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_http_url url;
        pl_http_url_split(&url, rows[i].target);
        assert_true(pl_str_eq(url.path, pl_str_of_cstr(rows[i].path)));
        if (rows[i].query == NULL) {
            assert_null(url.query.ptr);
        } else {
            assert_non_null(url.query.ptr);
            assert_true(pl_str_eq(url.query, pl_str_of_cstr(rows[i].query)));
        }
    }
}

struct decode_row {
    struct pl_str in;
    struct pl_str path; /* ptr NULL: refused */
    struct pl_str form;
};

static const struct decode_row decode_rows[] = {
    {PL_STR_INIT(""), PL_STR_INIT(""), PL_STR_INIT("")},
    {PL_STR_INIT("/a-b"), PL_STR_INIT("/a-b"), PL_STR_INIT("/a-b")},
    {PL_STR_INIT("a+b"), PL_STR_INIT("a+b"), PL_STR_INIT("a b")},
    {PL_STR_INIT("%41%2f%2F%c3%A4"), PL_STR_INIT("A//\xC3\xA4"), PL_STR_INIT("A//\xC3\xA4")},
    {PL_STR_INIT("%2B+%20"), PL_STR_INIT("++ "), PL_STR_INIT("+  ")},
    {PL_STR_INIT("%2541"), PL_STR_INIT("%41"), PL_STR_INIT("%41")},
    {PL_STR_INIT("a%"), {NULL, 0}, PL_STR_INIT("a%")},
    {PL_STR_INIT("a%4"), {NULL, 0}, PL_STR_INIT("a%4")},
    {PL_STR_INIT("%4g"), {NULL, 0}, PL_STR_INIT("%4g")},
    {PL_STR_INIT("%g4"), {NULL, 0}, PL_STR_INIT("%g4")},
    {PL_STR_INIT("%%41"), {NULL, 0}, PL_STR_INIT("%A")},
    {PL_STR_INIT("%00"), {NULL, 0}, PL_STR_INIT("\0")},
};

static void test_http_url_escapes_are_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(decode_rows); i++) {
        const struct decode_row *row = &decode_rows[i];
        struct pl_arena arena;
        struct pl_str out;
        struct pl_error err = {0};
        pl_arena_init(&arena, ARENA_LIMIT);
        int rc = pl_http_path_decode(&out, row->in, &arena, &err);
        assert_int_equal(rc, row->path.ptr == NULL ? PL_E_INVALID : 0);
        assert_int_equal(err.code, rc);
        assert_true(rc < 0 || pl_str_eq(out, row->path));
        assert_int_equal(pl_http_form_decode(&out, row->in, &arena, NULL), 0);
        assert_true(pl_str_eq(out, row->form));
        assert_true(pl_http_form_eq(row->in, row->form));
        assert_false(pl_http_form_eq(row->in, PL_STR("something else")));
        assert_true(row->form.len == 0 ||
                    !pl_http_form_eq(row->in, pl_str_first(row->form, row->form.len - 1)));
        pl_arena_fini(&arena);
    }
}

static void test_http_url_text_without_escapes_is_borrowed(void **state)
{
    (void)state;
    struct pl_arena arena;
    struct pl_str text = PL_STR("plain");
    struct pl_str out;
    pl_arena_init(&arena, ARENA_LIMIT);
    assert_int_equal(pl_http_path_decode(&out, text, &arena, NULL), 0);
    assert_ptr_equal(out.ptr, text.ptr);
    assert_int_equal(pl_http_form_decode(&out, text, &arena, NULL), 0);
    assert_ptr_equal(out.ptr, text.ptr);
    assert_int_equal(arena.total_bytes, 0);
    pl_arena_fini(&arena);
}

static void test_http_url_query_pairs_come_in_order(void **state)
{
    (void)state;
    static const char *const expected[][2] = {
        {"a", "1"}, {"b", ""}, {"c", ""}, {"", "x"}, {"d", "e=f"}, {"%61", "2"},
    };
    struct pl_str rest = PL_STR("&a=1&b&&c=&=x&d=e=f&%61=2&");
    struct pl_http_query_pair pair;
    for (size_t i = 0; i < PL_ARRAY_LEN(expected); i++) {
        assert_true(pl_http_query_next(&pair, &rest));
        assert_true(pl_str_eq(pair.name, pl_str_of_cstr(expected[i][0])));
        assert_true(pl_str_eq(pair.value, pl_str_of_cstr(expected[i][1])));
    }
    assert_false(pl_http_query_next(&pair, &rest));
    assert_false(pl_http_query_next(&pair, &rest));
}

static void test_http_url_last_value_of_a_name_wins(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        const char *name;
        const char *value; /* NULL: not found */
    } rows[] = {
        {"a=1&b=2&a=3", "a", "3"}, {"a=1&b=2&%61=3+4", "a", "3 4"},
        {"a=1&a", "a", ""},        {"a+b=%26", "a b", "&"},
        {"a=1", "b", NULL},        {"a=1", "A", NULL},
        {"", "a", NULL},           {"=1", "", "1"},
        {"aa=1", "a", NULL},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_arena arena;
        struct pl_str out;
        pl_arena_init(&arena, ARENA_LIMIT);
        int rc = pl_http_query_get(&out, pl_str_of_cstr(rows[i].query),
                                   pl_str_of_cstr(rows[i].name), &arena, NULL);
        if (rows[i].value == NULL) {
            assert_int_equal(rc, PL_E_NOT_FOUND);
        } else {
            assert_int_equal(rc, 0);
            assert_true(pl_str_eq(out, pl_str_of_cstr(rows[i].value)));
        }
        pl_arena_fini(&arena);
    }
    assert_null(pl_http_query_find(pl_str_make(NULL, 0), PL_STR("a")).ptr);
}

static void test_http_url_decoding_without_memory_is_refused(void **state)
{
    (void)state;
    struct pl_arena arena;
    struct pl_str out;
    pl_arena_init(&arena, ARENA_LIMIT);
    pl_try_alloc_fail_at(1);
    assert_int_equal(pl_http_form_decode(&out, PL_STR("a+b"), &arena, NULL), PL_E_TOO_BIG);
    pl_try_alloc_fail_at(1);
    assert_int_equal(pl_http_path_decode(&out, PL_STR("a%20"), &arena, NULL), PL_E_TOO_BIG);
    pl_try_alloc_fail_at(0);
    assert_int_equal(pl_http_form_decode(&out, PL_STR("a+b"), &arena, NULL), 0);
    pl_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_url_path_and_query_are_cut_at_the_first_question_mark),
        cmocka_unit_test(test_http_url_escapes_are_decoded),
        cmocka_unit_test(test_http_url_text_without_escapes_is_borrowed),
        cmocka_unit_test(test_http_url_query_pairs_come_in_order),
        cmocka_unit_test(test_http_url_last_value_of_a_name_wins),
        cmocka_unit_test(test_http_url_decoding_without_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
