/* Every entry of the table, derived from the grammar again. */
#include "codec/http_chars.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static bool is_alnum(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_one_of(int c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

static void test_http_chars_are_classed_as_the_grammar_says(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool is_visible = c > 0x20 && c < 0x7f;
        bool is_obs_text = c >= 0x80;
        char byte = (char)c;
        assert_int_equal(pl_http_char_is(byte, PL_HTTP_CHAR_TOKEN),
                         is_alnum(c) || is_one_of(c, "!#$%&'*+-.^_`|~"));
        assert_int_equal(pl_http_char_is(byte, PL_HTTP_CHAR_VALUE),
                         is_visible || is_obs_text || c == ' ' || c == '\t');
        assert_int_equal(pl_http_char_is(byte, PL_HTTP_CHAR_TARGET), is_visible && c != '#');
        assert_int_equal(pl_http_char_is(byte, PL_HTTP_CHAR_HOST),
                         is_alnum(c) || is_one_of(c, "-._~!$&'()*+,;=%"));
        assert_int_equal(pl_http_char_is(byte, PL_HTTP_CHAR_ETAG),
                         (is_visible && c != '"') || is_obs_text);
        assert_int_equal(pl_http_char_is(byte, PL_HTTP_CHAR_BASE64),
                         is_alnum(c) || is_one_of(c, "+/"));
    }
}

static void test_http_hex_digits_have_their_values(void **state)
{
    (void)state;
    static const char digits[] = "0123456789abcdef";
    for (int c = 0; c < 256; c++) {
        int lower = c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c;
        const char *at = c == 0 ? NULL : strchr(digits, lower);
        assert_int_equal(pl_http_hex_value((char)c), at == NULL ? -1 : (int)(at - digits));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_chars_are_classed_as_the_grammar_says),
        cmocka_unit_test(test_http_hex_digits_have_their_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
