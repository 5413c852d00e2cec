/* UTF-8 validation: rows of text with the place where it must be refused, fed whole and cut
 * everywhere. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NEVER SIZE_MAX

struct row {
    struct pl_str text;
    size_t bad_at;    /* index of the first impossible byte, or NEVER */
    bool is_complete; /* when nothing is impossible: whether the text may end here */
    const char *why;
};

static const struct row rows[] = {
    {PL_STR_INIT(""), NEVER, true, "empty"},
    {PL_STR_INIT("plain text, longer than one block of sixteen"), NEVER, true, "ASCII"},
    {PL_STR_INIT("a\0b"), NEVER, true, "NUL is a character"},
    {PL_STR_INIT("\x7F"), NEVER, true, "last of one byte"},
    {PL_STR_INIT("\xC2\x80"), NEVER, true, "first of two bytes"},
    {PL_STR_INIT("\xDF\xBF"), NEVER, true, "last of two bytes"},
    {PL_STR_INIT("\xE0\xA0\x80"), NEVER, true, "first of three bytes"},
    {PL_STR_INIT("\xED\x9F\xBF"), NEVER, true, "last before the surrogates"},
    {PL_STR_INIT("\xEE\x80\x80"), NEVER, true, "first after the surrogates"},
    {PL_STR_INIT("\xEF\xBF\xBF"), NEVER, true, "last of three bytes, a noncharacter"},
    {PL_STR_INIT("\xF0\x90\x80\x80"), NEVER, true, "first of four bytes"},
    {PL_STR_INIT("\xF4\x8F\xBF\xBF"), NEVER, true, "U+10FFFF"},
    {PL_STR_INIT("\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5"), NEVER, true, "Greek"},
    {PL_STR_INIT("0123456789abcde\xE2\x82\xAC"
                 "0123456789abcdef"),
     NEVER, true, "over a block's end"},
    {PL_STR_INIT("\xC2"), NEVER, false, "cut in two bytes"},
    {PL_STR_INIT("\xE1\x80"), NEVER, false, "cut in three bytes"},
    {PL_STR_INIT("\xF0\x90\x80"), NEVER, false, "cut in four bytes"},
    {PL_STR_INIT("\x80"), 0, false, "continuation first"},
    {PL_STR_INIT("\xBF"), 0, false, "continuation first, the last one"},
    {PL_STR_INIT("a\xC2"
                 "a"),
     2, false, "continuation missing"},
    {PL_STR_INIT("\xC2\xC2"), 1, false, "lead in place of a continuation"},
    {PL_STR_INIT("\xC0\x80"), 0, false, "overlong NUL"},
    {PL_STR_INIT("\xC1\xBF"), 0, false, "overlong DEL"},
    {PL_STR_INIT("\xE0\x9F\xBF"), 1, false, "overlong in three bytes"},
    {PL_STR_INIT("\xF0\x8F\xBF\xBF"), 1, false, "overlong in four bytes"},
    {PL_STR_INIT("\xED\xA0\x80"), 1, false, "first surrogate"},
    {PL_STR_INIT("\xED\xBF\xBF"), 1, false, "last surrogate"},
    {PL_STR_INIT("\xF4\x90\x80\x80"), 1, false, "U+110000"},
    {PL_STR_INIT("\xF5\x80\x80\x80"), 0, false, "no character starts with F5"},
    {PL_STR_INIT("\xFE"), 0, false, "never a byte of UTF-8"},
    {PL_STR_INIT("\xFF"), 0, false, "never a byte of UTF-8"},
    {PL_STR_INIT("0123456789abcdef\xFF"), 16, false, "right behind a block"},
    {PL_STR_INIT("0123456789abcde\xFF"
                 "0123456789abcdef"),
     15, false, "the last byte of a block"},
};

static void test_utf8_rows_are_judged_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        bool expected = rows[i].bad_at == NEVER && rows[i].is_complete;
        if (pl_utf8_is_valid(rows[i].text) != expected) {
            fail_msg("%s", rows[i].why);
        }
    }
}

static void test_utf8_is_refused_at_the_first_impossible_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_utf8_state utf8 = {0};
        size_t at = 0;
        while (at < rows[i].text.len &&
               pl_utf8_feed(&utf8, pl_str_make(rows[i].text.ptr + at, 1))) {
            at++;
        }
        if (at != pl_size_min(rows[i].bad_at, rows[i].text.len)) {
            fail_msg("%s: stopped at %zu", rows[i].why, at);
        }
        if (rows[i].bad_at == NEVER) {
            assert_int_equal(pl_utf8_is_complete(&utf8), rows[i].is_complete);
        }
    }
}

static void test_utf8_cut_anywhere_is_judged_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        for (size_t cut = 0; cut <= rows[i].text.len; cut++) {
            struct pl_utf8_state utf8 = {0};
            bool is_possible = pl_utf8_feed(&utf8, pl_str_first(rows[i].text, cut)) &&
                               pl_utf8_feed(&utf8, pl_str_from(rows[i].text, cut));
            assert_int_equal(is_possible, rows[i].bad_at == NEVER);
            assert_int_equal(is_possible && pl_utf8_is_complete(&utf8),
                             pl_utf8_is_valid(rows[i].text));
        }
    }
}

/* The plain definition: decode, then look at the value. */
static bool is_scalar_written_shortest(const uint8_t *at, size_t len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t value = 0;
    if (len == 1) {
        return at[0] < 0x80;
    }
    if ((at[0] & (0xFF80u >> len & 0xFFu)) != (0xFF00u >> len & 0xFFu)) {
        return false; /* not `len` ones and a zero */
    }
    value = at[0] & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return false;
        }
        value = value << 6 | (at[i] & 0x3Fu);
    }
    return value >= least[len] && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
}

static void test_utf8_every_code_point_agrees_with_the_definition(void **state)
{
    (void)state;
    for (uint32_t value = 0x80; value < 0x200000; value++) {
        uint8_t text[4] = {0};
        size_t len = value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;
        uint32_t rest = value;
        for (size_t i = len - 1; i > 0; i--) {
            text[i] = (uint8_t)(0x80u | (rest & 0x3Fu));
            rest >>= 6;
        }
        text[0] = (uint8_t)((0xFF00u >> len & 0xFFu) | rest);
        assert_int_equal(pl_utf8_is_valid(pl_str_make((const char *)text, len)),
                         is_scalar_written_shortest(text, len));
    }
}

static void test_utf8_cut_ends_between_characters(void **state)
{
    static const struct {
        struct pl_str text;
        size_t limit_bytes;
        size_t expected;
    } cuts[] = {
        {PL_STR_INIT(""), 4, 0},
        {PL_STR_INIT("abc"), 3, 3},
        {PL_STR_INIT("abc"), 2, 2},
        {PL_STR_INIT("a\xE2\x82\xAC"), 4, 4},
        {PL_STR_INIT("a\xE2\x82\xAC"), 3, 1},
        {PL_STR_INIT("a\xE2\x82\xAC"), 2, 1},
        {PL_STR_INIT("\xF0\x9F\x98\x80"), 3, 0},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(cuts); i++) {
        assert_int_equal(pl_utf8_cut(cuts[i].text, cuts[i].limit_bytes), cuts[i].expected);
    }
}

static void test_utf8_trim_takes_what_javascript_takes(void **state)
{
    static const struct {
        struct pl_str text;
        struct pl_str expected;
    } texts[] = {
        {PL_STR_INIT(""), PL_STR_INIT("")},
        {PL_STR_INIT(" \t\n\v\f\r"), PL_STR_INIT("")},
        {PL_STR_INIT(" a b\n"), PL_STR_INIT("a b")},
        {PL_STR_INIT("\xC2\xA0x\xEF\xBB\xBF"), PL_STR_INIT("x")},
        {PL_STR_INIT("\xE2\x80\x80\xE2\x80\x8A y\xE3\x80\x80"), PL_STR_INIT("y")},
        {PL_STR_INIT("\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAF\xE2\x81\x9F\xE1\x9A\x80"),
         PL_STR_INIT("")},
        {PL_STR_INIT("\xE2\x80\x8B"), PL_STR_INIT("\xE2\x80\x8B")}, /* of no width: no space */
        {PL_STR_INIT(" \xC3\xA9 "), PL_STR_INIT("\xC3\xA9")},
        {PL_STR_INIT("x\xC3\xA0"), PL_STR_INIT("x\xC3\xA0")}, /* ends in A0, too */
        {PL_STR_INIT("\xF0\x9F\x98\x80"), PL_STR_INIT("\xF0\x9F\x98\x80")},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        assert_true(pl_str_eq(pl_utf8_trim(texts[i].text), texts[i].expected));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_rows_are_judged_whole),
        cmocka_unit_test(test_utf8_is_refused_at_the_first_impossible_byte),
        cmocka_unit_test(test_utf8_cut_anywhere_is_judged_the_same),
        cmocka_unit_test(test_utf8_every_code_point_agrees_with_the_definition),
        cmocka_unit_test(test_utf8_cut_ends_between_characters),
        cmocka_unit_test(test_utf8_trim_takes_what_javascript_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
