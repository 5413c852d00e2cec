/* TLS between two pieces of memory, our side against OpenSSL's client: versions, names, tickets. */
#include "tls_fixture.h"

#include "net/tls_names.h"

static void test_tls_speaks_1_2_and_1_3_and_nothing_older(void **state)
{
    static const struct {
        int version;
        enum pl_tls_version version_min;
        const char *name; /* NULL: refused */
    } rows[] = {
        {TLS1_3_VERSION, PL_TLS_VERSION_1_2, "TLSv1.3"},
        {TLS1_2_VERSION, PL_TLS_VERSION_1_2, "TLSv1.2"},
        {TLS1_1_VERSION, PL_TLS_VERSION_1_2, NULL},
        {TLS1_3_VERSION, PL_TLS_VERSION_1_3, "TLSv1.3"},
        {TLS1_2_VERSION, PL_TLS_VERSION_1_3, NULL},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_tls_config config = {.version_min = rows[i].version_min};
        struct pl_tls_context *context = context_of(*state, &config);
        struct client client;
        client_open(&client, context);
        SSL_set_security_level(client.ssl, 0);
        SSL_set_cipher_list(client.ssl, "ALL:@SECLEVEL=0");
        SSL_set_min_proto_version(client.ssl, rows[i].version);
        SSL_set_max_proto_version(client.ssl, rows[i].version);
        assert_int_equal(shake(&client), rows[i].name != NULL);
        if (rows[i].name != NULL) {
            assert_string_equal(pl_tls_version(client.tls), rows[i].name);
            assert_echoes(&client);
        } else {
            assert_int_equal(client.result, PL_E_PROTO);
        }
        client_close(&client);
        pl_tls_context_destroy(context);
    }
}

static void test_tls_input_may_be_cut_at_any_place(void **state)
{
    struct pl_tls_context *context = context_of(*state, &defaults);
    for (size_t cut = 1; cut < 700; cut += cut < 16 ? 1 : 13) {
        struct client client;
        client_open(&client, context);
        client.cut = cut;
        assert_true(shake(&client));
        assert_echoes(&client);
        client_close(&client);
    }
    pl_tls_context_destroy(context);
}

static void test_tls_alpn_chooses_http_1_1_or_refuses(void **state)
{
    static const struct {
        const char *offered;
        bool is_fine;
    } rows[] = {
        {"\x02h2\x08http/1.1", true}, {"\x08http/1.1", true}, {"\x02h2", false}, {"", true}};
    struct pl_tls_context *context = context_of(*state, &defaults);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct client client;
        const unsigned char *chosen = NULL;
        unsigned chosen_len = 0;
        client_open(&client, context);
        SSL_set_alpn_protos(client.ssl, (const unsigned char *)rows[i].offered,
                            (unsigned)strlen(rows[i].offered));
        assert_int_equal(shake(&client), rows[i].is_fine);
        SSL_get0_alpn_selected(client.ssl, &chosen, &chosen_len);
        if (rows[i].is_fine && rows[i].offered[0] != 0) {
            assert_int_equal(chosen_len, 8);
            assert_memory_equal(chosen, "http/1.1", 8);
        } else {
            assert_int_equal(chosen_len, 0);
        }
        client_close(&client);
    }
    pl_tls_context_destroy(context);
}

static void test_tls_server_name_chooses_the_certificate(void **state)
{
    struct {
        char asked[24]; /* empty: no server name; OpenSSL wants to be allowed to write */
        const char *common_name;
    } rows[] = {
        {"", "a.test"},
        {"a.test", "a.test"},
        {"b.test", "b.test"},
        {"B.TEST", "b.test"},
        {"cn.test", "cn.test"},
        {"any.wild.test", "a.test"},
        {"own.wild.test", "b.test"},
        {"other.example", "a.test"},
    };
    struct pl_tls_context *context = context_of(*state, &defaults);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct client client;
        client_open(&client, context);
        if (rows[i].asked[0] != 0) {
            SSL_set_tlsext_host_name(client.ssl, rows[i].asked);
        }
        assert_true(shake(&client));
        assert_common_name(&client, rows[i].common_name);
        client_close(&client);
    }
    pl_tls_context_destroy(context);
}

static void test_tls_names_are_found_exactly_then_by_wildcard(void **state)
{
    char *texts[] = {"a.test", ".wild.test", "own.wild.test"};
    struct pl_tls_name items[] = {{texts[0], 6, 0}, {texts[1], 10, 1}, {texts[2], 13, 2}};
    const struct pl_tls_names names = {.items = items, .count = 3};
    static const struct {
        const char *wanted;
        ptrdiff_t found;
    } rows[] = {
        {"a.test", 0},     {"A.Test.", 0},     {"x.wild.test", 1},    {"own.wild.test", 2},
        {"wild.test", -1}, {".wild.test", -1}, {"x.y.wild.test", -1}, {"", -1},
        {".", -1},         {"test", -1},       {"xa.test", -1},       {"*.wild.test", 1},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        assert_int_equal(pl_tls_names_find(&names, pl_str_of_cstr(rows[i].wanted)), rows[i].found);
    }
}

/* --- resumption --- */

static SSL_SESSION *session_after(struct pl_tls_context *context, int version, SSL_SESSION *session,
                                  bool *was_resumed)
{
    struct client client;
    client_open(&client, context);
    SSL_set_max_proto_version(client.ssl, version);
    if (session != NULL) {
        SSL_set_session(client.ssl, session);
        SSL_SESSION_free(session);
    }
    assert_true(shake(&client));
    assert_echoes(&client); /* reads the ticket, too */
    assert_int_equal(pl_tls_is_resumed(client.tls), SSL_session_reused(client.ssl));
    *was_resumed = pl_tls_is_resumed(client.tls);
    session = SSL_get1_session(client.ssl);
    SSL_shutdown(client.ssl); /* else OpenSSL takes the session for a bad one */
    client_close(&client);
    return session;
}

static void test_tls_sessions_are_resumed_by_ticket(void **state)
{
    static const struct {
        int version;
        uint32_t lifetime_s;
        bool reloads;
        bool is_resumed;
    } rows[] = {
        {TLS1_2_VERSION, 60, false, true}, {TLS1_3_VERSION, 60, false, true},
        {TLS1_2_VERSION, 0, false, false}, {TLS1_3_VERSION, 0, false, false},
        {TLS1_2_VERSION, 60, true, false}, {TLS1_3_VERSION, 60, true, false},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_tls_config config = {.ticket_lifetime_s = rows[i].lifetime_s};
        struct pl_tls_context *context = context_of(*state, &config);
        struct pl_tls_pair pair = pair_of(*state, "b.pem", "b.key");
        bool was_resumed = false;
        SSL_SESSION *session = session_after(context, rows[i].version, NULL, &was_resumed);
        assert_false(was_resumed);
        config.pairs = &pair;
        config.pair_count = 1;
        if (rows[i].reloads) {
            assert_int_equal(pl_tls_context_reload(context, &config, NULL), 0);
        }
        SSL_SESSION_free(session_after(context, rows[i].version, session, &was_resumed));
        assert_int_equal(was_resumed, rows[i].is_resumed);
        pl_tls_context_destroy(context);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_speaks_1_2_and_1_3_and_nothing_older),
        cmocka_unit_test(test_tls_input_may_be_cut_at_any_place),
        cmocka_unit_test(test_tls_alpn_chooses_http_1_1_or_refuses),
        cmocka_unit_test(test_tls_server_name_chooses_the_certificate),
        cmocka_unit_test(test_tls_names_are_found_exactly_then_by_wildcard),
        cmocka_unit_test(test_tls_sessions_are_resumed_by_ticket),
    };
    return cmocka_run_group_tests(tests, files_make, files_remove);
}
