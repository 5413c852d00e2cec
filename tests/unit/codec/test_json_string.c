/* Raw JSON strings: what they mean, compared and unescaped, and that writing and reading them are
 * inverse. */
#include "codec/json_string.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "codec/json_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct {
    struct pl_str raw;
    struct pl_str meaning;
} rows[] = {
    {PL_STR_INIT("\"\""), PL_STR_INIT("")},
    {PL_STR_INIT("\"abc\""), PL_STR_INIT("abc")},
    {PL_STR_INIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), PL_STR_INIT("\"\\/\b\f\n\r\t")},
    {PL_STR_INIT("\"\\u0000x\""), PL_STR_INIT("\0x")},
    {PL_STR_INIT("\"\\u007f\\u0080\\u07FF\""), PL_STR_INIT("\x7f\xc2\x80\xdf\xbf")},
    {PL_STR_INIT("\"\\u0800\\ud7ff\\ue000\\uffff\""),
     PL_STR_INIT("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf")},
    {PL_STR_INIT("\"\\ud800\\udc00\\uDBFF\\uDFFF\""),
     PL_STR_INIT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")},
    {PL_STR_INIT("\"plain \xe2\x82\xac then \\u20ac and more plain text behind it\""),
     PL_STR_INIT("plain \xe2\x82\xac then \xe2\x82\xac and more plain text behind it")},
};

static const struct pl_str broken_rows[] = {
    PL_STR_INIT(""),          PL_STR_INIT("\""),          PL_STR_INIT("abc"),
    PL_STR_INIT("\"abc"),     PL_STR_INIT("\"\\\""),      PL_STR_INIT("\"\\x\""),
    PL_STR_INIT("\"\\u12\""), PL_STR_INIT("\"\\ud800\""), PL_STR_INIT("\"a\nb\""),
    PL_STR_INIT("\"a\"b\""),  PL_STR_INIT("\"\\udc00\""), PL_STR_INIT("\"\\ud800\\n\""),
};

static void test_json_string_decodes_to_its_meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); ++i) {
        struct pl_arena arena;
        struct pl_str out;
        char copy[128];
        pl_arena_init(&arena, 4096);
        assert_int_equal(pl_json_string_decode(&out, &arena, rows[i].raw, NULL), 0);
        assert_true(pl_str_eq(out, rows[i].meaning));
        assert_true(pl_json_string_equals(rows[i].raw, rows[i].meaning));
        assert_int_equal(pl_json_string_copy(copy, rows[i].raw), rows[i].meaning.len);
        assert_memory_equal(copy, rows[i].meaning.ptr, rows[i].meaning.len);
        pl_arena_fini(&arena);
    }
}

static void test_json_string_equals_only_its_meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); ++i) {
        for (size_t j = 0; j < PL_ARRAY_LEN(rows); ++j) {
            assert_int_equal(pl_json_string_equals(rows[i].raw, rows[j].meaning), i == j);
        }
        for (size_t len = 0; len < rows[i].meaning.len; ++len) {
            assert_false(pl_json_string_equals(rows[i].raw, pl_str_first(rows[i].meaning, len)));
        }
    }
    assert_false(pl_json_string_equals(PL_STR("\"\\n\""), PL_STR("\\n")));
    assert_false(pl_json_string_equals(PL_STR("\"abc\""), PL_STR("abcd")));
}

static void test_json_string_token_compares_with_and_without_escapes(void **state)
{
    struct pl_json_token token = {.raw = PL_STR("\"ab\"")};
    (void)state;
    assert_true(pl_json_token_equals(&token, PL_STR("ab")));
    assert_false(pl_json_token_equals(&token, PL_STR("a")));
    token = (struct pl_json_token){.raw = PL_STR("\"\\u0061b\""), .has_escapes = true};
    assert_true(pl_json_token_equals(&token, PL_STR("ab")));
}

static void test_json_string_that_is_none_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(broken_rows); ++i) {
        struct pl_arena arena;
        struct pl_str out;
        char copy[32];
        pl_arena_init(&arena, 4096);
        assert_int_equal(pl_json_string_copy(copy, broken_rows[i]), PL_E_PROTO);
        assert_int_equal(pl_json_string_decode(&out, &arena, broken_rows[i], NULL), PL_E_PROTO);
        assert_false(pl_json_string_equals(broken_rows[i], PL_STR("a")));
        assert_false(pl_json_string_equals(broken_rows[i], PL_STR("")));
        pl_arena_fini(&arena);
    }
}

static void test_json_string_without_escapes_is_borrowed(void **state)
{
    struct pl_arena arena;
    struct pl_str raw = PL_STR("\"abc\"");
    struct pl_str out;
    (void)state;
    pl_arena_init(&arena, 0);
    assert_int_equal(pl_json_string_decode(&out, &arena, raw, NULL), 0);
    assert_ptr_equal(out.ptr, raw.ptr + 1);
    assert_int_equal(pl_json_string_decode(&out, &arena, PL_STR("\"\\n\""), NULL), PL_E_TOO_BIG);
    pl_arena_fini(&arena);
}

static void test_json_string_decode_survives_a_refused_allocation(void **state)
{
    struct pl_arena arena;
    struct pl_str out;
    (void)state;
    pl_arena_init(&arena, 4096);
    pl_try_alloc_fail_at(1);
    assert_int_equal(pl_json_string_decode(&out, &arena, PL_STR("\"\\n\""), NULL), PL_E_TOO_BIG);
    pl_try_alloc_fail_at(0);
    pl_arena_fini(&arena);
}

/* Every code point, alone and written by our writer, is read back as it was. */
static void test_json_string_every_character_survives_the_round_trip(void **state)
{
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, SIZE_MAX);
    for (uint32_t code = 0; code <= 0x10ffff; code += code < 0x3000 ? 1 : 97) {
        char escaped[32];
        char utf8[13];
        ptrdiff_t len = 0;
        if (code >= 0xd800 && code <= 0xdfff) {
            continue;
        }
        if (code < 0x10000) {
            snprintf(escaped, sizeof(escaped), "\"\\u%04x\"", code);
        } else {
            snprintf(escaped, sizeof(escaped), "\"\\u%04X\\u%04X\"",
                     0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff));
        }
        len = pl_json_string_copy(utf8, pl_str_of_cstr(escaped));
        assert_true(len > 0 && pl_utf8_is_valid(pl_str_make(utf8, (size_t)len)));
        pl_buf_clear(&buf);
        pl_json_write_string(&buf, pl_str_make(utf8, (size_t)len));
        assert_int_equal(pl_json_validate(pl_buf_str(&buf), 0, NULL), 0);
        assert_true(pl_json_string_equals(pl_buf_str(&buf), pl_str_make(utf8, (size_t)len)));
    }
    pl_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_string_decodes_to_its_meaning),
        cmocka_unit_test(test_json_string_equals_only_its_meaning),
        cmocka_unit_test(test_json_string_token_compares_with_and_without_escapes),
        cmocka_unit_test(test_json_string_that_is_none_is_refused),
        cmocka_unit_test(test_json_string_without_escapes_is_borrowed),
        cmocka_unit_test(test_json_string_decode_survives_a_refused_allocation),
        cmocka_unit_test(test_json_string_every_character_survives_the_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
