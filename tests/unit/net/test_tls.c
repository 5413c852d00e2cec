/* TLS between two pieces of memory: our side against OpenSSL's client, with every way in which a
 * peer, a file or memory can fail. */
#include "net/tls.h"

#include "base/alloc.h"
#include "net/tls_names.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define FOLDER_BYTES 64
#define PATH_BYTES 256
#define PIECE_BYTES 4096

/* --- files --- */

struct files {
    char folder[FOLDER_BYTES];
    char text[8][PATH_BYTES];
    size_t text_count;
};

static const char *path_of(struct files *files, const char *name)
{
    char *text = files->text[files->text_count++ % 8];
    char folder[FOLDER_BYTES]; /* a copy: both are parts of one object */
    memcpy(folder, files->folder, sizeof(folder));
    int len = snprintf(text, PATH_BYTES, "%s/%.40s", folder, name);
    assert_true(len < PATH_BYTES);
    return text;
}

static void run(const char *fmt, ...) PL_PRINTF(1, 2);
static void run(const char *fmt, ...)
{
    char command[2048];
    va_list args;
    va_start(args, fmt);
    assert_true(vsnprintf(command, sizeof(command), fmt, args) < (int)sizeof(command));
    va_end(args);
    assert_int_equal(system(command), 0);
}

static void make_certificate(struct files *files, const char *name, const char *alternatives)
{
    run("cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
        "-keyout %s.key -out %s.pem -days 30 -subj /CN=%s.test %s%s 2>/dev/null",
        files->folder, name, name, name, alternatives[0] != 0 ? "-addext subjectAltName=" : "",
        alternatives);
}

static int files_make(void **state)
{
    struct files *files = pl_alloc(sizeof(*files));
    snprintf(files->folder, sizeof(files->folder), "/tmp/parley-tls-XXXXXX");
    assert_non_null(mkdtemp(files->folder));
    make_certificate(files, "a", "DNS:a.test,DNS:*.wild.test");
    make_certificate(files, "b", "DNS:B.test,DNS:own.wild.test");
    make_certificate(files, "cn", "");
    run("cd %s && openssl pkey -in a.key -aes128 -passout pass:secret -out locked.key && "
        "echo nothing > text.pem && head -c 300 a.pem > cut.pem && : > empty.pem",
        files->folder);
    *state = files;
    return 0;
}

static int files_remove(void **state)
{
    struct files *files = *state;
    run("rm -r %s", files->folder);
    pl_free(files);
    return 0;
}

static struct pl_tls_pair pair_of(struct files *files, const char *certificate, const char *key)
{
    return (struct pl_tls_pair){path_of(files, certificate), path_of(files, key)};
}

static struct pl_tls_context *context_of(struct files *files, const struct pl_tls_config *more)
{
    struct pl_tls_pair pairs[] = {pair_of(files, "a.pem", "a.key"),
                                  pair_of(files, "b.pem", "b.key"),
                                  pair_of(files, "cn.pem", "cn.key")};
    struct pl_tls_config config = *more;
    struct pl_tls_context *context = NULL;
    struct pl_error err = {0};
    config.pairs = pairs;
    config.pair_count = PL_ARRAY_LEN(pairs);
    assert_int_equal(pl_tls_context_create(&context, &config, &err), 0);
    return context;
}

static const struct pl_tls_config defaults = {.ticket_lifetime_s = 60};

/* --- a client, and what lies between it and us --- */

struct client {
    SSL_CTX *ctx;
    SSL *ssl;
    struct pl_tls *tls;
    size_t cut;       /* our input comes in pieces of at most so many bytes; 0: whole */
    ptrdiff_t result; /* of the last pl_tls_read */
    struct pl_error err;
    char got[PIECE_BYTES]; /* plaintext that came to us */
    size_t got_len;
};

static void client_open(struct client *client, struct pl_tls_context *context)
{
    *client = (struct client){.ctx = SSL_CTX_new(TLS_client_method())};
    client->ssl = SSL_new(client->ctx);
    SSL_set_bio(client->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(client->ssl);
    assert_int_equal(pl_tls_create(&client->tls, context, NULL), 0);
}

static void client_close(struct client *client)
{
    pl_tls_destroy(client->tls);
    SSL_free(client->ssl);
    SSL_CTX_free(client->ctx);
    ERR_clear_error();
}

static void show(struct client *client, const char *bytes, size_t len)
{
    while (len > 0) {
        struct pl_str in =
            pl_str_make(bytes, client->cut > 0 ? pl_size_min(client->cut, len) : len);
        struct pl_span out = {(uint8_t *)client->got + client->got_len,
                              sizeof(client->got) - client->got_len};
        bytes += in.len;
        len -= in.len;
        client->result = pl_tls_read(client->tls, &in, out, &client->err);
        if (client->result < 0) {
            return;
        }
        assert_int_equal(in.len, 0);
        client->got_len += (size_t)client->result;
    }
}

/* What the client has written goes to us. */
static void carry_in(struct client *client)
{
    char bytes[PIECE_BYTES * 4];
    int len = BIO_read(SSL_get_wbio(client->ssl), bytes, sizeof(bytes));
    if (len > 0) {
        show(client, bytes, (size_t)len);
    }
}

static void carry_out(struct client *client)
{
    struct pl_buf *out = pl_tls_out(client->tls);
    if (out->len > 0) {
        assert_int_equal(BIO_write(SSL_get_rbio(client->ssl), out->ptr, (int)out->len), out->len);
        pl_buf_consume(out, out->len);
    }
}

/* Whether both sides came through. */
static bool shake(struct client *client)
{
    for (int i = 0; i < 6 && client->result >= 0; i++) {
        SSL_do_handshake(client->ssl);
        ERR_clear_error();
        carry_in(client);
        carry_out(client);
    }
    return SSL_is_init_finished(client->ssl) == 1 && pl_tls_is_ready(client->tls);
}

static void say(struct client *client, const char *text)
{
    assert_int_equal(SSL_write(client->ssl, text, (int)strlen(text)), strlen(text));
}

static void assert_hears(struct client *client, const char *text)
{
    char bytes[PIECE_BYTES];
    carry_out(client);
    int got = SSL_read(client->ssl, bytes, sizeof(bytes));
    assert_int_equal(got, strlen(text));
    assert_memory_equal(bytes, text, strlen(text));
}

static void assert_echoes(struct client *client)
{
    client->got_len = 0;
    say(client, "ping");
    carry_in(client);
    assert_int_equal(client->got_len, 4);
    assert_memory_equal(client->got, "ping", 4);
    assert_int_equal(pl_tls_write(client->tls, PL_STR("pong"), NULL), 0);
    assert_hears(client, "pong");
}

static void assert_common_name(const struct client *client, const char *wanted)
{
    char name[64] = {0};
    X509 *x509 = SSL_get1_peer_certificate(client->ssl);
    assert_non_null(x509);
    X509_NAME_get_text_by_NID(X509_get_subject_name(x509), NID_commonName, name, sizeof(name));
    X509_free(x509);
    assert_string_equal(name, wanted);
}

/* --- handshakes --- */

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

/* --- files that are wrong, and reloads --- */

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

/* --- bad peers --- */

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
        cmocka_unit_test(test_tls_speaks_1_2_and_1_3_and_nothing_older),
        cmocka_unit_test(test_tls_input_may_be_cut_at_any_place),
        cmocka_unit_test(test_tls_alpn_chooses_http_1_1_or_refuses),
        cmocka_unit_test(test_tls_server_name_chooses_the_certificate),
        cmocka_unit_test(test_tls_names_are_found_exactly_then_by_wildcard),
        cmocka_unit_test(test_tls_sessions_are_resumed_by_ticket),
        cmocka_unit_test(test_tls_bad_files_are_named_with_what_to_do),
        cmocka_unit_test(test_tls_settings_that_make_no_context_are_refused),
        cmocka_unit_test(test_tls_reload_changes_new_handshakes_and_no_open_connection),
        cmocka_unit_test(test_tls_tells_when_the_first_certificate_expires),
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
