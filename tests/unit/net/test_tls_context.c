/* Certificates, keys and settings that are wrong, reloads, and when certificates expire. */
#include "tls_fixture.h"

static void test_tls_bad_files_are_named_with_what_to_do(void **state)
{
    static const struct {
        const char *certificate;
        const char *key;
        int code;
        const char *file; /* named in the reason */
        const char *advice;
    } rows[] = {
        {"none.pem", "a.key", PL_E_NOT_FOUND, "none.pem", "is the path right"},
        {"a.pem", "none.key", PL_E_NOT_FOUND, "none.key", "is the path right"},
        {"text.pem", "a.key", PL_E_INVALID, "text.pem", "BEGIN CERTIFICATE"},
        {"empty.pem", "a.key", PL_E_INVALID, "empty.pem", "BEGIN CERTIFICATE"},
        {"a.key", "a.key", PL_E_INVALID, "a.key", "BEGIN CERTIFICATE"},
        {"cut.pem", "a.key", PL_E_INVALID, "cut.pem", "CERTIFICATE"},
        {"a.pem", "a.pem", PL_E_INVALID, "a.pem", "BEGIN PRIVATE KEY"},
        {"a.pem", "text.pem", PL_E_INVALID, "text.pem", "BEGIN PRIVATE KEY"},
        {"a.pem", "b.key", PL_E_INVALID, "b.key", "not that of the certificate"},
        {"a.pem", "locked.key", PL_E_INVALID, "locked.key", "openssl pkey"},
        {"a.pem", "", PL_E_INVALID, "", "private key"}, /* a folder */
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_tls_pair pairs[] = {pair_of(*state, "b.pem", "b.key"),
                                      pair_of(*state, rows[i].certificate, rows[i].key)};
        struct pl_tls_config config = {.pairs = pairs, .pair_count = 2};
        struct pl_tls_context *context = NULL;
        struct pl_error err = {0};
        assert_int_equal(pl_tls_context_create(&context, &config, &err), rows[i].code);
        assert_null(context);
        assert_non_null(strstr(err.text, rows[i].file));
        assert_non_null(strstr(err.text, rows[i].advice));
    }
}

static void test_tls_settings_that_make_no_context_are_refused(void **state)
{
    struct pl_tls_pair pair = pair_of(*state, "a.pem", "a.key");
    const struct pl_tls_config rows[] = {
        {.pair_count = 0},
        {.pairs = &pair, .pair_count = 1, .ciphers = "NO-SUCH-CIPHER"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_tls_context *context = NULL;
        struct pl_error err = {0};
        assert_int_equal(pl_tls_context_create(&context, &rows[i], &err), PL_E_INVALID);
        assert_true(err.text[0] != 0);
    }
}

static void test_tls_reload_changes_new_handshakes_and_no_open_connection(void **state)
{
    struct pl_tls_context *context = context_of(*state, &defaults);
    struct pl_tls_pair pair = pair_of(*state, "b.pem", "b.key");
    struct pl_tls_pair bad = pair_of(*state, "a.pem", "b.key");
    struct pl_tls_config config = {.pairs = &pair, .pair_count = 1};
    struct client old;
    struct client halfway;
    struct client new;
    client_open(&old, context);
    client_open(&halfway, context);
    assert_true(shake(&old));
    SSL_do_handshake(halfway.ssl);
    carry_in(&halfway);
    assert_int_equal(pl_tls_context_reload(context, &config, NULL), 0);
    assert_int_equal(pl_tls_context_certificate_count(context), 1);
    assert_echoes(&old);
    carry_out(&halfway);
    assert_true(shake(&halfway));
    assert_common_name(&halfway, "a.test");
    config.pairs = &bad;
    assert_int_equal(pl_tls_context_reload(context, &config, NULL), PL_E_INVALID);
    client_open(&new, context);
    assert_true(shake(&new));
    assert_common_name(&new, "b.test");
    client_close(&old);
    client_close(&halfway);
    client_close(&new);
    pl_tls_context_destroy(context);
}

static void test_tls_tells_when_the_first_certificate_expires(void **state)
{
    struct pl_tls_context *context = context_of(*state, &defaults);
    int64_t left_s = pl_tls_context_expiry_unix_s(context) - (int64_t)time(NULL);
    assert_in_range(left_s, 30 * 24 * 3600 - 600, 30 * 24 * 3600);
    pl_tls_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_bad_files_are_named_with_what_to_do),
        cmocka_unit_test(test_tls_settings_that_make_no_context_are_refused),
        cmocka_unit_test(test_tls_reload_changes_new_handshakes_and_no_open_connection),
        cmocka_unit_test(test_tls_tells_when_the_first_certificate_expires),
    };
    return cmocka_run_group_tests(tests, files_make, files_remove);
}
