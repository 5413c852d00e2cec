/* Sealed secrets: what opens, and that nothing else does. */
#include "codec/seal.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t key[PL_SEAL_KEY_BYTES] = {1, 2, 3};
static const uint8_t nonce[PL_SEAL_NONCE_BYTES] = {4, 5, 6};
#define CONTEXT PL_STR("game.secret")

static void seal(struct pl_buf *out, struct pl_str plain)
{
    pl_buf_init(out, 65536);
    pl_seal(out, key, nonce, CONTEXT, plain);
    assert_false(pl_buf_failed(out));
}

static void test_seal_opens_what_was_sealed(void **state)
{
    (void)state;
    static char plain[PL_SEAL_PLAIN_MAX];
    static const size_t sizes[] = {0, 1, 15, 16, 17, 96, PL_SEAL_PLAIN_MAX};
    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = (char)(i * 7);
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(sizes); i++) {
        struct pl_buf sealed;
        struct pl_buf opened;
        seal(&sealed, pl_str_make(plain, sizes[i]));
        pl_buf_init(&opened, 65536);
        pl_buf_add_char(&opened, '>');
        assert_int_equal(pl_seal_open(&opened, key, CONTEXT, pl_buf_str(&sealed), NULL), 0);
        assert_int_equal(opened.len, sizes[i] + 1);
        assert_memory_equal(opened.ptr + 1, plain, sizes[i]);
        pl_buf_fini(&sealed);
        pl_buf_fini(&opened);
    }
}

/* The vector was made with Node's crypto. */
static void test_seal_is_the_standard_cipher(void **state)
{
    (void)state;
    struct pl_buf sealed;
    seal(&sealed, PL_STR("secret"));
    assert_true(
        pl_str_eq(pl_buf_str(&sealed), PL_STR("BAUGAAAAAAAAAAAAEKDbYLORHX0cJ_Wk4URTl7He_vcciA")));
    pl_buf_fini(&sealed);
}

static void assert_stays_shut(const uint8_t *with, struct pl_str context, struct pl_str sealed)
{
    struct pl_buf opened;
    struct pl_error err;
    pl_buf_init(&opened, 65536);
    assert_int_equal(pl_seal_open(&opened, with, context, sealed, &err), PL_E_PROTO);
    assert_int_equal(opened.len, 0);
    pl_buf_fini(&opened);
}

static void test_seal_another_key_context_or_byte_opens_nothing(void **state)
{
    (void)state;
    static const uint8_t other_key[PL_SEAL_KEY_BYTES] = {9};
    struct pl_buf sealed;
    seal(&sealed, PL_STR("0123456789abcdef"));
    struct pl_str text = pl_buf_str(&sealed);
    assert_stays_shut(other_key, CONTEXT, text);
    assert_stays_shut(key, PL_STR("verification.value"), text);
    assert_stays_shut(key, PL_STR(""), text);
    for (size_t i = 0; i < text.len - 1; i++) { /* the last one has unused bits */
        uint8_t kept = sealed.ptr[i];
        sealed.ptr[i] = kept == 'A' ? 'B' : 'A';
        assert_stays_shut(key, CONTEXT, text);
        sealed.ptr[i] = kept;
    }
    for (size_t len = 0; len < text.len; len++) {
        assert_stays_shut(key, CONTEXT, pl_str_first(text, len));
    }
    pl_buf_fini(&sealed);
}

static void test_seal_texts_that_are_too_long_are_refused(void **state)
{
    (void)state;
    static char text[PL_SEAL_PLAIN_MAX * 2];
    struct pl_buf sealed;
    memset(text, 'A', sizeof(text));
    pl_buf_init(&sealed, 65536);
    pl_seal(&sealed, key, nonce, CONTEXT, pl_str_make(text, PL_SEAL_PLAIN_MAX + 1));
    assert_true(pl_buf_failed(&sealed));
    pl_buf_fini(&sealed);
    assert_stays_shut(key, CONTEXT, pl_str_make(text, sizeof(text)));
    seal(&sealed, PL_STR("secret"));
    struct pl_buf small;
    pl_buf_init(&small, 5);
    assert_int_equal(pl_seal_open(&small, key, CONTEXT, pl_buf_str(&sealed), NULL), PL_E_TOO_BIG);
    assert_int_equal(small.len, 0);
    pl_buf_fini(&small);
    pl_buf_fini(&sealed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seal_opens_what_was_sealed),
        cmocka_unit_test(test_seal_is_the_standard_cipher),
        cmocka_unit_test(test_seal_another_key_context_or_byte_opens_nothing),
        cmocka_unit_test(test_seal_texts_that_are_too_long_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
