/* TLS and what a peer can do wrong, ends, and missing memory. */
#include "tls_fixture.h"

static void test_tls_garbage_is_refused_with_an_alert(void **state)
{
    static const struct pl_str rows[] = {
        PL_STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        PL_STR_INIT("\x16\x03\x01\x00\x05hello"),
        PL_STR_INIT("\x16\x03\x01\xff\xff garbage"),
        PL_STR_INIT("\x15\x03\x03\x00\x02\x02\x28"), /* an alert in place of a ClientHello */
        PL_STR_INIT("\xff\xff\xff\xff\xff\xff\xff\xff"),
    };
    struct pl_tls_context *context = context_of(*state, &defaults);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct client client;
        client_open(&client, context);
        show(&client, rows[i].ptr, rows[i].len);
        assert_int_equal(client.result, PL_E_PROTO);
        assert_true(strncmp(client.err.text, "handshake: ", 11) == 0);
        assert_true(pl_tls_has_ended(client.tls));
        assert_int_equal(pl_tls_write(client.tls, PL_STR("x"), NULL), PL_E_CLOSED);
        client_close(&client);
    }
    pl_tls_context_destroy(context);
}

static void test_tls_truncated_record_waits_and_a_changed_one_ends(void **state)
{
    struct pl_tls_context *context = context_of(*state, &defaults);
    struct client client;
    char bytes[PIECE_BYTES];
    client_open(&client, context);
    assert_true(shake(&client));
    say(&client, "first");
    say(&client, "second");
    int len = BIO_read(SSL_get_wbio(client.ssl), bytes, sizeof(bytes));
    show(&client, bytes, (size_t)len - 1);
    assert_int_equal(client.got_len, 5); /* the second one is not whole */
    assert_false(pl_tls_has_ended(client.tls));
    bytes[len - 1] = (char)(bytes[len - 1] ^ 1);
    show(&client, bytes + len - 1, 1);
    assert_int_equal(client.result, PL_E_PROTO);
    assert_int_equal(client.got_len, 5);
    assert_true(pl_tls_out(client.tls)->len > 0); /* bad_record_mac */
    client_close(&client);
    pl_tls_context_destroy(context);
}

static void test_tls_plaintext_in_front_of_an_end_is_told_first(void **state)
{
    struct pl_tls_context *context = context_of(*state, &defaults);
    struct client client;
    struct pl_str nothing = {0};
    client_open(&client, context);
    assert_true(shake(&client));
    say(&client, "last words");
    SSL_shutdown(client.ssl);
    carry_in(&client);
    assert_int_equal(client.result, 10);
    assert_true(pl_tls_has_ended(client.tls));
    assert_int_equal(
        pl_tls_read(client.tls, &nothing, (struct pl_span){(uint8_t *)client.got, 1}, NULL),
        PL_E_CLOSED);
    assert_int_equal(pl_tls_write(client.tls, PL_STR("still said"), NULL), 0);
    client_close(&client);
    pl_tls_context_destroy(context);
}

static void test_tls_close_says_so_once_and_nothing_behind_it(void **state)
{
    struct pl_tls_context *context = context_of(*state, &defaults);
    struct client client;
    char byte;
    client_open(&client, context);
    pl_tls_close(client.tls); /* no handshake yet: nothing to say */
    assert_int_equal(pl_tls_out(client.tls)->len, 0);
    assert_int_equal(pl_tls_write(client.tls, PL_STR("x"), NULL), PL_E_AGAIN);
    assert_true(shake(&client));
    pl_tls_close(client.tls);
    size_t len = pl_tls_out(client.tls)->len;
    pl_tls_close(client.tls);
    assert_int_equal(pl_tls_out(client.tls)->len, len);
    assert_int_equal(pl_tls_write(client.tls, PL_STR("x"), NULL), PL_E_CLOSED);
    carry_out(&client);
    assert_int_equal(SSL_read(client.ssl, &byte, 1), 0);
    assert_int_equal(SSL_get_error(client.ssl, 0), SSL_ERROR_ZERO_RETURN);
    client_close(&client);
    pl_tls_context_destroy(context);
}

static void test_tls_renegotiation_is_refused(void **state)
{
    struct pl_tls_context *context = context_of(*state, &defaults);
    struct client client;
    client_open(&client, context);
    SSL_set_max_proto_version(client.ssl, TLS1_2_VERSION);
    assert_true(shake(&client));
    assert_int_equal(SSL_renegotiate(client.ssl), 1);
    SSL_do_handshake(client.ssl);
    carry_in(&client);
    carry_out(&client);
    assert_true(SSL_do_handshake(client.ssl) <= 0);
    assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
    client_close(&client);
    pl_tls_context_destroy(context);
}

static void test_tls_long_plaintext_is_carried_in_records(void **state)
{
    struct pl_tls_context *context = context_of(*state, &defaults);
    struct client client;
    static char plain[100000];
    static char heard[sizeof(plain)];
    size_t at = 0;
    int got = 0;
    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = (char)(i * 7);
    }
    client_open(&client, context);
    assert_true(shake(&client));
    assert_int_equal(pl_tls_write(client.tls, pl_str_make(plain, sizeof(plain)), NULL), 0);
    carry_out(&client);
    while (at < sizeof(plain) &&
           (got = SSL_read(client.ssl, heard + at, (int)(sizeof(heard) - at))) > 0) {
        at += (size_t)got;
    }
    assert_int_equal(at, sizeof(plain));
    assert_memory_equal(heard, plain, sizeof(plain));
    client_close(&client);
    pl_tls_context_destroy(context);
}

/* --- memory --- */

static void test_tls_without_memory_a_connection_ends_and_nothing_else(void **state)
{
    struct pl_tls_context *context = context_of(*state, &defaults);
    bool came_through = false;
    for (uint64_t nth = 2; nth < 64 && !came_through; nth++) { /* the first is the connection's */
        struct client client;
        client_open(&client, context);
        pl_try_alloc_fail_at(nth - 1);
        came_through = shake(&client);
        assert_true(came_through || client.result == PL_E_NOMEM);
        pl_try_alloc_fail_at(0);
        client_close(&client);
    }
    assert_true(came_through);
    struct pl_tls *none = NULL;
    pl_try_alloc_fail_at(1);
    assert_int_equal(pl_tls_create(&none, context, NULL), PL_E_NOMEM);
    assert_null(none);
    pl_try_alloc_fail_at(0);
    pl_tls_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_garbage_is_refused_with_an_alert),
        cmocka_unit_test(test_tls_truncated_record_waits_and_a_changed_one_ends),
        cmocka_unit_test(test_tls_plaintext_in_front_of_an_end_is_told_first),
        cmocka_unit_test(test_tls_close_says_so_once_and_nothing_behind_it),
        cmocka_unit_test(test_tls_renegotiation_is_refused),
        cmocka_unit_test(test_tls_long_plaintext_is_carried_in_records),
        cmocka_unit_test(test_tls_without_memory_a_connection_ends_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, files_make, files_remove);
}
