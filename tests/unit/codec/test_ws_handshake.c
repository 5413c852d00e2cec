/* WebSocket handshake keys. */
#include "codec/ws_handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_ws_handshake_accept_key_example_of_the_rfc_again_and_again(void **state)
{
    struct pl_ws_acceptor *acceptor = NULL;
    (void)state;
    assert_int_equal(pl_ws_acceptor_create(&acceptor, NULL), 0);
    for (int i = 0; i < 3; i++) {
        char out[PL_WS_ACCEPT_LEN + 1];
        assert_int_equal(pl_ws_accept_key(acceptor, out, PL_STR("dGhlIHNhbXBsZSBub25jZQ=="), NULL),
                         0);
        assert_string_equal(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
    pl_ws_acceptor_destroy(acceptor);
}

static void test_ws_handshake_destroying_no_acceptor_is_fine(void **state)
{
    (void)state;
    pl_ws_acceptor_destroy(NULL);
}

static void test_ws_handshake_keys_are_sixteen_bytes_in_base64(void **state)
{
    static const struct {
        struct pl_str key;
        bool is_valid;
    } rows[] = {
        {PL_STR_INIT("dGhlIHNhbXBsZSBub25jZQ=="), true},
        {PL_STR_INIT("AAAAAAAAAAAAAAAAAAAA+/=="), true},
        {PL_STR_INIT(""), false},
        {PL_STR_INIT("dGhlIHNhbXBsZSBub25jZQ="), false},
        {PL_STR_INIT("dGhlIHNhbXBsZSBub25jZQAA"), false},
        {PL_STR_INIT("dGhlIHNhbXBsZSBub25jZQ==="), false},
        {PL_STR_INIT("dGhlIHNhbXBsZSBub25j Q=="), false},
        {PL_STR_INIT("dGhlIHNhbXBsZSBub25j-_=="), false},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        assert_int_equal(pl_ws_key_is_valid(rows[i].key), rows[i].is_valid);
    }
}

static void test_ws_handshake_written_key_is_valid(void **state)
{
    char out[PL_WS_KEY_LEN + 1];
    (void)state;
    pl_ws_key_write(out, (const uint8_t *)"the sample nonce");
    assert_string_equal(out, "dGhlIHNhbXBsZSBub25jZQ==");
    assert_true(pl_ws_key_is_valid(pl_str_of_cstr(out)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ws_handshake_accept_key_example_of_the_rfc_again_and_again),
        cmocka_unit_test(test_ws_handshake_destroying_no_acceptor_is_fine),
        cmocka_unit_test(test_ws_handshake_keys_are_sixteen_bytes_in_base64),
        cmocka_unit_test(test_ws_handshake_written_key_is_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
