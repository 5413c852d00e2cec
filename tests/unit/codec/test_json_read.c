/* The JSON reader: what it accepts, what it refuses and why, the tokens it gives, its limits. */
#include "codec/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define DEPTH 8

struct verdict_row {
    struct pl_str text;
    int expected;
    const char *why;
};

#define ROW(text, expected, why)                                                                   \
    {                                                                                              \
        PL_STR_INIT(text), expected, why                                                           \
    }

static const struct verdict_row verdict_rows[] = {
    /* accepted */
    ROW("[]", 0, "empty array"),
    ROW("{}", 0, "empty object"),
    ROW(" \t\n\r[ \t\n\r1 , 2 ] ", 0, "all four kinds of white space"),
    ROW("{ \"a\" : 1 , \"b\" : [ ] }", 0, "white space around everything"),
    ROW("true", 0, "a lone word"),
    ROW("false", 0, "a lone word"),
    ROW("null", 0, "a lone word"),
    ROW("\"\"", 0, "a lone empty string"),
    ROW("0", 0, "a lone zero"),
    ROW("-0", 0, "minus zero"),
    ROW("-0.0e-0", 0, "all parts zero"),
    ROW("123456789012345678901234567890", 0, "larger than any integer: it stays text"),
    ROW("1e999", 0, "larger than any double: it stays text"),
    ROW("1E+2", 0, "capital E and plus"),
    ROW("1.5e-7", 0, "fraction and exponent"),
    ROW("{\"a\":1,\"a\":2}", 0, "a key twice"),
    ROW("{\"\":0}", 0, "an empty key"),
    ROW("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 0, "every short escape"),
    ROW("\"\\u0000\\uFFFF\\u00e9\"", 0, "escapes by number, both cases"),
    ROW("\"\\ud83d\\ude00\"", 0, "an escaped pair"),
    ROW("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", 0, "two, three and four bytes of UTF-8"),
    ROW("\"\xef\xbf\xbf\xf4\x8f\xbf\xbf\"", 0, "noncharacters are characters"),
    ROW("\"\x7f\"", 0, "DEL is no control character here"),
    ROW("\"abcdefghijklmnopqrstuvwxyz\\n0123456789\xc3\xa9 0123456789abcdef\"", 0, "long runs"),
    ROW("[[[[[[[[]]]]]]]]", 0, "as deep as allowed"),
    /* refused: shape */
    ROW("", PL_E_PROTO, "nothing"),
    ROW(" ", PL_E_PROTO, "only white space"),
    ROW("[", PL_E_PROTO, "open array"),
    ROW("{", PL_E_PROTO, "open object"),
    ROW("]", PL_E_PROTO, "an end without a start"),
    ROW("[}", PL_E_PROTO, "wrong end"),
    ROW("{]", PL_E_PROTO, "wrong end"),
    ROW("{\"a\":1]", PL_E_PROTO, "wrong end behind a member"),
    ROW("[1}", PL_E_PROTO, "wrong end behind an element"),
    ROW("[1,]", PL_E_PROTO, "comma before the end"),
    ROW("[,1]", PL_E_PROTO, "comma at the start"),
    ROW("[1,,2]", PL_E_PROTO, "two commas"),
    ROW("[1 2]", PL_E_PROTO, "no comma"),
    ROW("{\"a\":1,}", PL_E_PROTO, "comma before the end"),
    ROW("{,\"a\":1}", PL_E_PROTO, "comma at the start"),
    ROW("{\"a\"}", PL_E_PROTO, "key alone"),
    ROW("{\"a\" 1}", PL_E_PROTO, "no colon"),
    ROW("{\"a\"::1}", PL_E_PROTO, "two colons"),
    ROW("{\"a\":}", PL_E_PROTO, "no value"),
    ROW("{a:1}", PL_E_PROTO, "key without quotes"),
    ROW("{1:1}", PL_E_PROTO, "number as a key"),
    ROW("{'a':1}", PL_E_PROTO, "single quotes"),
    ROW("[\"a\":1]", PL_E_PROTO, "colon in an array"),
    ROW("1 2", PL_E_PROTO, "two values"),
    ROW("{}x", PL_E_PROTO, "garbage behind"),
    ROW("[]]", PL_E_PROTO, "an end too many"),
    ROW("[1]\0", PL_E_PROTO, "NUL behind"),
    ROW("\0", PL_E_PROTO, "NUL alone"),
    ROW("//x\n1", PL_E_PROTO, "a comment"),
    ROW("[1/**/]", PL_E_PROTO, "a comment"),
    ROW("\xef\xbb\xbf{}", PL_E_PROTO, "a byte order mark"),
    ROW("\xc2\xa0[]", PL_E_PROTO, "a no-break space"),
    ROW("\f[]", PL_E_PROTO, "a form feed is no white space"),
    ROW("\v[]", PL_E_PROTO, "a vertical tab is no white space"),
    /* refused: words */
    ROW("nul", PL_E_PROTO, "cut word"),
    ROW("nulll", PL_E_PROTO, "long word"),
    ROW("True", PL_E_PROTO, "capital"),
    ROW("[fals]", PL_E_PROTO, "cut word"),
    ROW("NaN", PL_E_PROTO, "not JSON"),
    ROW("nan", PL_E_PROTO, "not JSON"),
    ROW("Infinity", PL_E_PROTO, "not JSON"),
    ROW("-Infinity", PL_E_PROTO, "not JSON"),
    ROW("undefined", PL_E_PROTO, "not JSON"),
    /* refused: numbers */
    ROW("01", PL_E_PROTO, "leading zero"),
    ROW("-01", PL_E_PROTO, "leading zero"),
    ROW("00", PL_E_PROTO, "leading zero"),
    ROW("+1", PL_E_PROTO, "plus"),
    ROW("-", PL_E_PROTO, "minus alone"),
    ROW("--1", PL_E_PROTO, "two signs"),
    ROW(".5", PL_E_PROTO, "no digit before the point"),
    ROW("-.5", PL_E_PROTO, "no digit before the point"),
    ROW("1.", PL_E_PROTO, "no digit behind the point"),
    ROW("1.e1", PL_E_PROTO, "no digit behind the point"),
    ROW("1e", PL_E_PROTO, "no exponent"),
    ROW("1e+", PL_E_PROTO, "no exponent"),
    ROW("1e-", PL_E_PROTO, "no exponent"),
    ROW("1e1.5", PL_E_PROTO, "exponent with a point"),
    ROW("1.2.3", PL_E_PROTO, "two points"),
    ROW("0x10", PL_E_PROTO, "hexadecimal"),
    ROW("1_000", PL_E_PROTO, "underscore"),
    ROW("- 1", PL_E_PROTO, "space in a number"),
    ROW("1a", PL_E_PROTO, "letter in a number"),
    ROW("\xef\xbc\x91", PL_E_PROTO, "a wide digit"),
    /* refused: strings */
    ROW("\"", PL_E_PROTO, "open string"),
    ROW("\"abc", PL_E_PROTO, "open string"),
    ROW("\"\\\"", PL_E_PROTO, "the quote is escaped"),
    ROW("\"\\", PL_E_PROTO, "cut escape"),
    ROW("\"\\x41\"", PL_E_PROTO, "unknown escape"),
    ROW("\"\\a\"", PL_E_PROTO, "unknown escape"),
    ROW("\"\\'\"", PL_E_PROTO, "unknown escape"),
    ROW("\"\\U0041\"", PL_E_PROTO, "capital U"),
    ROW("\"\\\n\"", PL_E_PROTO, "escaped line end"),
    ROW("\"\\\0\"", PL_E_PROTO, "escaped NUL"),
    ROW("\"\\u\"", PL_E_PROTO, "no digits"),
    ROW("\"\\u12\"", PL_E_PROTO, "two digits"),
    ROW("\"\\u12G4\"", PL_E_PROTO, "no hexadecimal digit"),
    ROW("\"\\u 123\"", PL_E_PROTO, "space as a digit"),
    ROW("\"\\ud800\"", PL_E_PROTO, "high surrogate alone"),
    ROW("\"\\udc00\"", PL_E_PROTO, "low surrogate alone"),
    ROW("\"\\ud800\\ud800\"", PL_E_PROTO, "two high surrogates"),
    ROW("\"\\ud800\\n\"", PL_E_PROTO, "high surrogate and another escape"),
    ROW("\"\\ud800\\u\"", PL_E_PROTO, "cut pair"),
    ROW("\"\\udc00\\ud800\"", PL_E_PROTO, "pair in the wrong order"),
    ROW("\"a\nb\"", PL_E_PROTO, "line end"),
    ROW("\"a\tb\"", PL_E_PROTO, "tab"),
    ROW("\"\0\"", PL_E_PROTO, "NUL"),
    ROW("\"\x1f\"", PL_E_PROTO, "the last control character"),
    ROW("\"0123456789abcdef\x01\"", PL_E_PROTO, "control character in the second block"),
    /* refused: UTF-8 */
    ROW("\"\x80\"", PL_E_UTF8, "continuation byte alone"),
    ROW("\"\xc3\"", PL_E_UTF8, "cut character"),
    ROW("\"\xe2\x82\"", PL_E_UTF8, "cut character"),
    ROW("\"\xf0\x9f\x98\"", PL_E_UTF8, "cut character"),
    ROW("\"\xc0\xaf\"", PL_E_UTF8, "overlong"),
    ROW("\"\xe0\x80\xaf\"", PL_E_UTF8, "overlong"),
    ROW("\"\xed\xa0\x80\"", PL_E_UTF8, "a surrogate in UTF-8"),
    ROW("\"\xf4\x90\x80\x80\"", PL_E_UTF8, "above U+10FFFF"),
    ROW("\"\xff\"", PL_E_UTF8, "no UTF-8 byte"),
    ROW("{\"\xff\":1}", PL_E_UTF8, "in a key"),
    ROW("\"\\n\xff\"", PL_E_UTF8, "behind an escape"),
    ROW("\"0123456789abcdef0123\xe9\"", PL_E_UTF8, "Latin-1 in the second block"),
    ROW("[\xff]", PL_E_PROTO, "outside of a string"),
    /* refused: depth */
    ROW("[[[[[[[[[]]]]]]]]]", PL_E_TOO_BIG, "one too deep"),
    ROW("{\"a\":[[[[[[[{}]]]]]]]}", PL_E_TOO_BIG, "one too deep, mixed"),
};

/* Memory of exactly the text's size, so that the address sanitizer sees a byte read too many. */
static struct pl_str exact_copy(struct pl_str text)
{
    char *copy = malloc(text.len == 0 ? 1 : text.len);
    assert_non_null(copy);
    if (text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    return pl_str_make(copy, text.len);
}

static int validate_exact(struct pl_str text, size_t depth_limit, struct pl_error *err)
{
    struct pl_str copy = exact_copy(text);
    int rc = pl_json_validate(copy, depth_limit, err);
    assert_true(pl_str_eq(copy, text)); /* the input is never written to */
    free((void *)(uintptr_t)copy.ptr);
    return rc;
}

static void test_json_read_accepts_json_and_refuses_the_rest(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(verdict_rows); ++i) {
        const struct verdict_row *row = &verdict_rows[i];
        struct pl_error err = {0};
        int rc = validate_exact(row->text, DEPTH, &err);
        if (rc != row->expected || (rc < 0 && (err.code != rc || err.text[0] == '\0'))) {
            fail_msg("row %zu (%s): %d instead of %d: %s", i, row->why, rc, row->expected,
                     err.text);
        }
    }
}

static void test_json_read_any_cut_of_any_text_is_read_within_its_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(verdict_rows); ++i) {
        struct pl_str text = verdict_rows[i].text;
        for (size_t len = 0; len < text.len; ++len) {
            (void)validate_exact(pl_str_first(text, len), DEPTH, NULL);
            (void)validate_exact(pl_str_from(text, len), DEPTH, NULL);
        }
    }
}

static void test_json_read_container_cut_anywhere_is_refused(void **state)
{
    struct pl_str text =
        PL_STR("{\"key\":[1.5e3,\"\\ud83d\\ude00 \xc3\xa9\",true,null,{}],\"b\":-0}");
    (void)state;
    assert_int_equal(validate_exact(text, DEPTH, NULL), 0);
    for (size_t len = 0; len < text.len; ++len) {
        assert_int_not_equal(validate_exact(pl_str_first(text, len), DEPTH, NULL), 0);
    }
}

static void test_json_read_special_byte_is_found_at_every_offset(void **state)
{
    static const char specials[] = {'\x01', '\n', '\xff', '\\'};
    (void)state;
    for (size_t len = 1; len < 70; ++len) {
        for (size_t at = 0; at < len; ++at) {
            char text[80];
            memset(text, 'a', sizeof(text));
            text[0] = '"';
            text[len + 1] = '"';
            assert_int_equal(validate_exact(pl_str_make(text, len + 2), 0, NULL), 0);
            for (size_t i = 0; i < sizeof(specials); ++i) {
                text[1 + at] = specials[i];
                assert_int_not_equal(validate_exact(pl_str_make(text, len + 2), 0, NULL), 0);
            }
            text[1 + at] = '"'; /* ends the string early: the rest is garbage */
            assert_int_not_equal(validate_exact(pl_str_make(text, len + 2), 0, NULL), 0);
        }
    }
}

static void test_json_read_gives_kind_text_and_position_of_each_token(void **state)
{
    static const struct {
        enum pl_json_kind kind;
        struct pl_str raw;
        size_t position;
        bool has_escapes;
    } rows[] = {
        {PL_JSON_OBJECT_BEGIN, PL_STR_INIT("{"), 1, false},
        {PL_JSON_KEY, PL_STR_INIT("\"a\\n\""), 2, true},
        {PL_JSON_ARRAY_BEGIN, PL_STR_INIT("["), 9, false},
        {PL_JSON_NUMBER, PL_STR_INIT("-1.50e+2"), 10, false},
        {PL_JSON_TRUE, PL_STR_INIT("true"), 19, false},
        {PL_JSON_FALSE, PL_STR_INIT("false"), 24, false},
        {PL_JSON_NULL, PL_STR_INIT("null"), 30, false},
        {PL_JSON_ARRAY_END, PL_STR_INIT("]"), 34, false},
        {PL_JSON_KEY, PL_STR_INIT("\"b\""), 36, false},
        {PL_JSON_STRING, PL_STR_INIT("\"\""), 40, false},
        {PL_JSON_OBJECT_END, PL_STR_INIT("}"), 42, false},
        {PL_JSON_END, PL_STR_INIT(""), 44, false},
        {PL_JSON_END, PL_STR_INIT(""), 44, false},
    };
    struct pl_json_reader reader;
    (void)state;
    pl_json_reader_init(&reader, PL_STR(" {\"a\\n\": [-1.50e+2,true,false,null],\"b\":\"\"} "),
                        DEPTH);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); ++i) {
        struct pl_json_token token;
        assert_int_equal(pl_json_next(&token, &reader, NULL), 0);
        assert_int_equal(token.kind, rows[i].kind);
        assert_true(pl_str_eq(token.raw, rows[i].raw));
        assert_int_equal(token.position, rows[i].position);
        assert_int_equal(token.has_escapes, rows[i].has_escapes);
    }
}

static void test_json_read_skip_gives_the_whole_value(void **state)
{
    struct pl_json_reader reader;
    struct pl_json_token token;
    struct pl_str raw;
    (void)state;
    pl_json_reader_init(&reader, PL_STR("[{\"a\":[1,{\"b\":\"]}\"}]} , 7 ]"), DEPTH);
    assert_int_equal(pl_json_next(&token, &reader, NULL), 0);
    assert_int_equal(pl_json_next(&token, &reader, NULL), 0);
    assert_int_equal(pl_json_skip(&raw, &reader, &token, NULL), 0);
    assert_true(pl_str_eq(raw, PL_STR("{\"a\":[1,{\"b\":\"]}\"}]}")));
    assert_int_equal(pl_json_next(&token, &reader, NULL), 0);
    assert_int_equal(pl_json_skip(&raw, &reader, &token, NULL), 0);
    assert_true(pl_str_eq(raw, PL_STR("7")));
    assert_int_equal(pl_json_next(&token, &reader, NULL), 0);
    assert_int_equal(token.kind, PL_JSON_ARRAY_END);
}

static void test_json_read_skip_of_a_broken_value_is_refused(void **state)
{
    struct pl_json_reader reader;
    struct pl_json_token token;
    struct pl_str raw;
    (void)state;
    pl_json_reader_init(&reader, PL_STR("[1,2"), DEPTH);
    assert_int_equal(pl_json_next(&token, &reader, NULL), 0);
    assert_int_equal(pl_json_skip(&raw, &reader, &token, NULL), PL_E_PROTO);
}

static void test_json_read_same_error_again_after_an_error(void **state)
{
    static const struct pl_str rows[] = {PL_STR_INIT("{\"a\" 1}"), PL_STR_INIT("[1 2]"),
                                         PL_STR_INIT("[[1,"), PL_STR_INIT("{\"a\":tru}")};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); ++i) {
        struct pl_json_reader reader;
        struct pl_json_token token;
        struct pl_error first;
        struct pl_error second;
        pl_json_reader_init(&reader, rows[i], DEPTH);
        while (pl_json_next(&token, &reader, &first) == 0) {
        }
        assert_int_equal(pl_json_next(&token, &reader, &second), first.code);
        assert_string_equal(first.text, second.text);
    }
}

static void test_json_read_depth_limit_is_exact_and_capped(void **state)
{
    char text[2 * (PL_JSON_DEPTH_MAX + 1)];
    (void)state;
    for (size_t depth = 1; depth <= PL_JSON_DEPTH_MAX + 1; ++depth) {
        struct pl_str nested = pl_str_make(text, 2 * depth);
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_int_equal(validate_exact(nested, depth - 1, NULL), PL_E_TOO_BIG);
        assert_int_equal(validate_exact(nested, depth, NULL),
                         depth > PL_JSON_DEPTH_MAX ? PL_E_TOO_BIG : 0);
    }
    assert_int_equal(validate_exact(PL_STR("1"), 0, NULL), 0);
}

static void test_json_read_null_slice_is_an_empty_text(void **state)
{
    (void)state;
    assert_int_equal(pl_json_validate(pl_str_make(NULL, 0), DEPTH, NULL), PL_E_PROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_read_accepts_json_and_refuses_the_rest),
        cmocka_unit_test(test_json_read_any_cut_of_any_text_is_read_within_its_bounds),
        cmocka_unit_test(test_json_read_container_cut_anywhere_is_refused),
        cmocka_unit_test(test_json_read_special_byte_is_found_at_every_offset),
        cmocka_unit_test(test_json_read_gives_kind_text_and_position_of_each_token),
        cmocka_unit_test(test_json_read_skip_gives_the_whole_value),
        cmocka_unit_test(test_json_read_skip_of_a_broken_value_is_refused),
        cmocka_unit_test(test_json_read_same_error_again_after_an_error),
        cmocka_unit_test(test_json_read_depth_limit_is_exact_and_capped),
        cmocka_unit_test(test_json_read_null_slice_is_an_empty_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
