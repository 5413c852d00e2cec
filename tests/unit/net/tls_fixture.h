/* Certificates in a folder, our side of TLS, and OpenSSL's client with what lies between. */
#ifndef PL_TEST_TLS_FIXTURE_H
#define PL_TEST_TLS_FIXTURE_H

#include "base/alloc.h"
#include "net/tls.h"

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

static inline const char *path_of(struct files *files, const char *name)
{
    char *text = files->text[files->text_count++ % 8];
    char folder[FOLDER_BYTES]; /* a copy: both are parts of one object */
    memcpy(folder, files->folder, sizeof(folder));
    int len = snprintf(text, PATH_BYTES, "%s/%.40s", folder, name);
    assert_true(len < PATH_BYTES);
    return text;
}

static inline void run(const char *fmt, ...) PL_PRINTF(1, 2);
static inline void run(const char *fmt, ...)
{
    char command[2048];
    va_list args;
    va_start(args, fmt);
    assert_true(vsnprintf(command, sizeof(command), fmt, args) < (int)sizeof(command));
    va_end(args);
    assert_int_equal(system(command), 0);
}

static inline void make_certificate(struct files *files, const char *name, const char *alternatives)
{
    run("cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
        "-keyout %s.key -out %s.pem -days 30 -subj /CN=%s.test %s%s 2>/dev/null",
        files->folder, name, name, name, alternatives[0] != 0 ? "-addext subjectAltName=" : "",
        alternatives);
}

static inline int files_make(void **state)
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

static inline int files_remove(void **state)
{
    struct files *files = *state;
    run("rm -r %s", files->folder);
    pl_free(files);
    return 0;
}

static inline struct pl_tls_pair pair_of(struct files *files, const char *certificate,
                                         const char *key)
{
    return (struct pl_tls_pair){path_of(files, certificate), path_of(files, key)};
}

static inline struct pl_tls_context *context_of(struct files *files,
                                                const struct pl_tls_config *more)
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

static inline void client_open(struct client *client, struct pl_tls_context *context)
{
    *client = (struct client){.ctx = SSL_CTX_new(TLS_client_method())};
    client->ssl = SSL_new(client->ctx);
    SSL_set_bio(client->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(client->ssl);
    assert_int_equal(pl_tls_create(&client->tls, context, NULL), 0);
}

static inline void client_close(struct client *client)
{
    pl_tls_destroy(client->tls);
    SSL_free(client->ssl);
    SSL_CTX_free(client->ctx);
    ERR_clear_error();
}

static inline void show(struct client *client, const char *bytes, size_t len)
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
static inline void carry_in(struct client *client)
{
    char bytes[PIECE_BYTES * 4];
    int len = BIO_read(SSL_get_wbio(client->ssl), bytes, sizeof(bytes));
    if (len > 0) {
        show(client, bytes, (size_t)len);
    }
}

static inline void carry_out(struct client *client)
{
    struct pl_buf *out = pl_tls_out(client->tls);
    if (out->len > 0) {
        assert_int_equal(BIO_write(SSL_get_rbio(client->ssl), out->ptr, (int)out->len), out->len);
        pl_buf_consume(out, out->len);
    }
}

/* Whether both sides came through. */
static inline bool shake(struct client *client)
{
    for (int i = 0; i < 6 && client->result >= 0; i++) {
        SSL_do_handshake(client->ssl);
        ERR_clear_error();
        carry_in(client);
        carry_out(client);
    }
    return SSL_is_init_finished(client->ssl) == 1 && pl_tls_is_ready(client->tls);
}

static inline void say(struct client *client, const char *text)
{
    assert_int_equal(SSL_write(client->ssl, text, (int)strlen(text)), strlen(text));
}

static inline void assert_hears(struct client *client, const char *text)
{
    char bytes[PIECE_BYTES];
    carry_out(client);
    int got = SSL_read(client->ssl, bytes, sizeof(bytes));
    assert_int_equal(got, strlen(text));
    assert_memory_equal(bytes, text, strlen(text));
}

static inline void assert_echoes(struct client *client)
{
    client->got_len = 0;
    say(client, "ping");
    carry_in(client);
    assert_int_equal(client->got_len, 4);
    assert_memory_equal(client->got, "ping", 4);
    assert_int_equal(pl_tls_write(client->tls, PL_STR("pong"), NULL), 0);
    assert_hears(client, "pong");
}

static inline void assert_common_name(const struct client *client, const char *wanted)
{
    char name[64] = {0};
    X509 *x509 = SSL_get1_peer_certificate(client->ssl);
    assert_non_null(x509);
    X509_NAME_get_text_by_NID(X509_get_subject_name(x509), NID_commonName, name, sizeof(name));
    X509_free(x509);
    assert_string_equal(name, wanted);
}

#endif
