/* A TLS connection between two pieces of memory: OpenSSL reads from the ciphertext shown to it, and
 * what it writes is collected until the caller sends it, so that it never has to wait for a socket
 * with half a record in its hands. */
#include "net/tls.h"

#include "base/alloc.h"
#include "net/tls_internal.h"

#include <openssl/err.h>

/* A flight of a handshake with a long chain, or some records; more means a peer that makes us
 * answer without reading. */
#define OUT_LIMIT_BYTES ((size_t)256 * 1024)

const char *pl_tls_error_text(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return text == NULL ? "unknown" : text;
}

/* --- the BIO --- */

static int bio_read(BIO *bio, char *out, size_t size, size_t *got)
{
    struct pl_tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *got = pl_size_min(size, tls->in.len);
    if (*got == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(out, tls->in.ptr, *got);
    tls->in = pl_str_from(tls->in, *got);
    return 1;
}

static int bio_write(BIO *bio, const char *bytes, size_t len, size_t *written)
{
    struct pl_tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    pl_buf_add(&tls->out, bytes, len);
    *written = len;
    return pl_buf_failed(&tls->out) ? 0 : 1;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *pl_tls_bio_method_create(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "parley");
    if (method != NULL) {
        BIO_meth_set_read_ex(method, bio_read);
        BIO_meth_set_write_ex(method, bio_write);
        BIO_meth_set_ctrl(method, bio_control);
    }
    return method;
}

/* --- life --- */

int pl_tls_create_on(struct pl_tls **out, SSL_CTX *ctx, BIO_METHOD *bio_method,
                     struct pl_error *err)
{
    struct pl_tls *tls = pl_try_alloc(sizeof(*tls));
    BIO *bio = NULL;
    if (tls == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for a TLS connection");
    }
    *tls = (struct pl_tls){0};
    pl_buf_init(&tls->out, OUT_LIMIT_BYTES);
    tls->ssl = SSL_new(ctx);
    bio = BIO_new(bio_method);
    if (tls->ssl == NULL || bio == NULL || SSL_set_app_data(tls->ssl, tls) != 1) {
        BIO_free(bio);
        pl_tls_destroy(tls);
        ERR_clear_error();
        return pl_error_set(err, PL_E_NOMEM, "no memory for a TLS connection");
    }
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio); /* takes the one reference for both */
    *out = tls;
    return 0;
}

int pl_tls_create(struct pl_tls **out, struct pl_tls_context *context, struct pl_error *err)
{
    int rc = pl_tls_create_on(out, context->set.contexts[0], context->bio_method, err);
    if (rc == 0) {
        (*out)->context = context;
        SSL_set_accept_state((*out)->ssl);
    }
    return rc;
}

void pl_tls_destroy(struct pl_tls *tls)
{
    if (tls == NULL) {
        return;
    }
    SSL_free(tls->ssl);
    pl_buf_fini(&tls->out);
    pl_free(tls->host);
    pl_free(tls);
}

/* --- bytes --- */

static int fail(struct pl_tls *tls, int ssl_error)
{
    const char *stage = SSL_is_init_finished(tls->ssl) ? "record" : "handshake";
    if (ssl_error == SSL_ERROR_ZERO_RETURN) {
        tls->end = pl_error_set(&tls->reason, PL_E_CLOSED, "the peer closed");
    } else if (pl_buf_failed(&tls->out) ||
               ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE) {
        tls->end = pl_error_set(&tls->reason, PL_E_NOMEM, "%s: no memory", stage);
    } else {
        tls->end = tls->explain == NULL ? 0 : tls->explain(tls);
    }
    if (tls->end == 0) {
        tls->end = pl_error_set(&tls->reason, PL_E_PROTO, "%s: %s", stage, pl_tls_error_text());
    }
    ERR_clear_error();
    return tls->end;
}

/* A message behind the handshake, such as a ticket, makes a client's OpenSSL take the 16 KiB of its
 * write buffer again, and keep them until it writes: an idle one never does. */
static void free_buffers(struct pl_tls *tls)
{
    if (tls->context == NULL && SSL_is_init_finished(tls->ssl) && SSL_has_pending(tls->ssl) == 0) {
        SSL_free_buffers(tls->ssl);
    }
}

ptrdiff_t pl_tls_read(struct pl_tls *tls, struct pl_str *in, struct pl_span out,
                      struct pl_error *err)
{
    size_t total = 0;
    tls->in = *in;
    while (tls->end == 0 && total < out.len) {
        size_t got = 0;
        int error = 0;
        ERR_clear_error();
        if (SSL_read_ex(tls->ssl, out.ptr + total, out.len - total, &got) == 1) {
            total += got;
            continue;
        }
        error = SSL_get_error(tls->ssl, 0);
        if (error == SSL_ERROR_WANT_READ) {
            free_buffers(tls);
            break;
        }
        fail(tls, error);
    }
    *in = tls->in;
    tls->in = (struct pl_str){0};
    if (total > 0 || tls->end == 0) {
        return (ptrdiff_t)total;
    }
    return pl_error_set(err, tls->end, "%s", tls->reason.text);
}

int pl_tls_write(struct pl_tls *tls, struct pl_str plain, struct pl_error *err)
{
    if (!SSL_is_init_finished(tls->ssl)) {
        return tls->end == 0 ? PL_E_AGAIN : PL_E_CLOSED;
    }
    if ((tls->end != 0 && tls->end != PL_E_CLOSED) ||
        (SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN) != 0) {
        return PL_E_CLOSED;
    }
    while (plain.len > 0) {
        size_t written = 0;
        ERR_clear_error();
        if (SSL_write_ex(tls->ssl, plain.ptr, plain.len, &written) != 1) {
            int rc = fail(tls, SSL_get_error(tls->ssl, 0));
            return pl_error_set(err, rc, "%s", tls->reason.text);
        }
        plain = pl_str_from(plain, written);
    }
    return 0;
}

void pl_tls_close(struct pl_tls *tls)
{
    bool has_failed = tls->end != 0 && tls->end != PL_E_CLOSED;
    if (SSL_is_init_finished(tls->ssl) && !has_failed &&
        (SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN) == 0) {
        SSL_shutdown(tls->ssl); /* 0: sent, the peer's is not there yet; nobody waits for it here */
        ERR_clear_error();
    }
}

struct pl_buf *pl_tls_out(struct pl_tls *tls)
{
    return &tls->out;
}

bool pl_tls_is_ready(const struct pl_tls *tls)
{
    return SSL_is_init_finished(tls->ssl) == 1;
}

bool pl_tls_has_ended(const struct pl_tls *tls)
{
    return tls->end != 0;
}

bool pl_tls_is_resumed(const struct pl_tls *tls)
{
    return SSL_session_reused(tls->ssl) == 1;
}

const char *pl_tls_version(const struct pl_tls *tls)
{
    return SSL_get_version(tls->ssl);
}
