/* Base64: the vectors of RFC 4648 section 10 both ways, what must be refused, and every length. */
#include "base/base64.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
    struct pl_str bytes;
    struct pl_str text;
    struct pl_str url_text;
} vectors[] = {
    {PL_STR_INIT(""), PL_STR_INIT(""), PL_STR_INIT("")},
    {PL_STR_INIT("f"), PL_STR_INIT("Zg=="), PL_STR_INIT("Zg")},
    {PL_STR_INIT("fo"), PL_STR_INIT("Zm8="), PL_STR_INIT("Zm8")},
    {PL_STR_INIT("foo"), PL_STR_INIT("Zm9v"), PL_STR_INIT("Zm9v")},
    {PL_STR_INIT("foob"), PL_STR_INIT("Zm9vYg=="), PL_STR_INIT("Zm9vYg")},
    {PL_STR_INIT("fooba"), PL_STR_INIT("Zm9vYmE="), PL_STR_INIT("Zm9vYmE")},
    {PL_STR_INIT("foobar"), PL_STR_INIT("Zm9vYmFy"), PL_STR_INIT("Zm9vYmFy")},
    {PL_STR_INIT("\xfb\xff\xbf"), PL_STR_INIT("+/+/"), PL_STR_INIT("-_-_")},
    {PL_STR_INIT("\x01\x02\x03\x04"), PL_STR_INIT("AQIDBA=="), PL_STR_INIT("AQIDBA")},
};

static const struct {
    struct pl_str text;
    bool is_url;
    const char *why;
} refused[] = {
    {PL_STR_INIT("Zg"), false, "padding missing"},
    {PL_STR_INIT("Zg="), false, "half of the padding missing"},
    {PL_STR_INIT("Zm9v="), false, "padding without need"},
    {PL_STR_INIT("Z==="), false, "a single character is no byte"},
    {PL_STR_INIT("===="), false, "padding alone"},
    {PL_STR_INIT("Zg==Zg=="), false, "padding inside"},
    {PL_STR_INIT("Zm=v"), false, "padding inside a group"},
    {PL_STR_INIT("Zm9 "), false, "space"},
    {PL_STR_INIT("Zm9v\r\n\r\n"), false, "line ends"},
    {PL_STR_INIT("-_-_"), false, "the URL alphabet"},
    {PL_STR_INIT("Zm9\xc3"), false, "not ASCII"},
    {PL_STR_INIT("Zm9\0"), false, "NUL"},
    {PL_STR_INIT("Z"), true, "a single character is no byte"},
    {PL_STR_INIT("Zg=="), true, "padding"},
    {PL_STR_INIT("+/+/"), true, "the standard alphabet"},
    {PL_STR_INIT("Zm9v!g"), true, "outside the alphabet, at the end"},
};

static void test_base64_vectors_of_the_rfc_hold_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(vectors); i++) {
        struct pl_str bytes = vectors[i].bytes;
        char text[32];
        uint8_t back[32];
        size_t len = pl_base64_encode(text, bytes.ptr, bytes.len);
        assert_true(pl_str_eq(pl_str_make(text, len), vectors[i].text));
        assert_int_equal(len, pl_base64_encoded_len(bytes.len));
        assert_int_equal(pl_base64_decode(back, vectors[i].text), bytes.len);
        assert_memory_equal(back, bytes.ptr, bytes.len);
        len = pl_base64url_encode(text, bytes.ptr, bytes.len);
        assert_true(pl_str_eq(pl_str_make(text, len), vectors[i].url_text));
        assert_int_equal(len, pl_base64url_encoded_len(bytes.len));
        assert_int_equal(pl_base64url_decode(back, vectors[i].url_text), bytes.len);
        assert_memory_equal(back, bytes.ptr, bytes.len);
    }
}

static void test_base64_malformed_text_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(refused); i++) {
        uint8_t out[32];
        ptrdiff_t rc = refused[i].is_url ? pl_base64url_decode(out, refused[i].text)
                                         : pl_base64_decode(out, refused[i].text);
        if (rc != PL_E_PROTO) {
            fail_msg("accepted: %s", refused[i].why);
        }
    }
}

static void test_base64_unused_bits_of_the_last_character_are_ignored(void **state)
{
    uint8_t out[8];
    (void)state;
    assert_int_equal(pl_base64_decode(out, PL_STR("Zh==")), 1);
    assert_int_equal(out[0], 'f');
    assert_int_equal(pl_base64_decode(out, PL_STR("Zm9=")), 2);
    assert_memory_equal(out, "fo", 2);
}

static void test_base64_every_length_and_byte_survives_in_exact_memory(void **state)
{
    (void)state;
    for (size_t len = 0; len < 300; len++) {
        uint8_t *bytes = malloc(len + 1);
        char *text = malloc(pl_base64_encoded_len(len) + 1);
        uint8_t *back = malloc(pl_base64_decoded_max(pl_base64_encoded_len(len)));
        size_t text_len = 0;
        assert_true(bytes != NULL && text != NULL && back != NULL);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (uint8_t)(i * 7 + len);
        }
        text_len = pl_base64_encode(text, bytes, len);
        assert_int_equal(pl_base64_decode(back, pl_str_make(text, text_len)), len);
        assert_memory_equal(back, bytes, len);
        text_len = pl_base64url_encode(text, bytes, len);
        assert_int_equal(pl_base64url_decode(back, pl_str_make(text, text_len)), len);
        assert_memory_equal(back, bytes, len);
        free(bytes);
        free(text);
        free(back);
    }
}

static void test_base64_is_appended_to_a_buffer_up_to_its_limit(void **state)
{
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 9);
    pl_buf_add_char(&buf, 'b');
    pl_buf_add_base64(&buf, "\x01\x02\x03\x04", 4);
    assert_true(pl_str_eq(pl_buf_str(&buf), PL_STR("bAQIDBA==")));
    pl_buf_add_base64(&buf, NULL, 0);
    assert_false(pl_buf_failed(&buf));
    pl_buf_add_base64(&buf, "x", 1);
    assert_true(pl_buf_failed(&buf));
    pl_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64_vectors_of_the_rfc_hold_both_ways),
        cmocka_unit_test(test_base64_malformed_text_is_refused),
        cmocka_unit_test(test_base64_unused_bits_of_the_last_character_are_ignored),
        cmocka_unit_test(test_base64_every_length_and_byte_survives_in_exact_memory),
        cmocka_unit_test(test_base64_is_appended_to_a_buffer_up_to_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
