/* OpenSSL's client on a socket that does not block. It reads ahead, so that a system call brings
 * many records. */
#include "tls.h"

#include "base/alloc.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#define READ_AHEAD_BYTES ((size_t)64 * 1024)

static SSL_CTX *inner(struct pl_load_tls_context *context)
{
    return (SSL_CTX *)(void *)context;
}

static SSL *ssl_of(struct pl_load_tls *tls)
{
    return (SSL *)(void *)tls;
}

struct pl_load_tls_context *pl_load_tls_context_create(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx != NULL) {
        SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_CTX_set_read_ahead(ctx, 1);
        SSL_CTX_set_default_read_buffer_len(ctx, READ_AHEAD_BYTES);
    }
    return (struct pl_load_tls_context *)(void *)ctx;
}

void pl_load_tls_context_destroy(struct pl_load_tls_context *context)
{
    SSL_CTX_free(inner(context));
}

struct pl_load_tls *pl_load_tls_create(struct pl_load_tls_context *context, int fd)
{
    SSL *ssl = SSL_new(inner(context));
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_connect_state(ssl);
    return (struct pl_load_tls *)(void *)ssl;
}

void pl_load_tls_destroy(struct pl_load_tls *tls)
{
    SSL_free(ssl_of(tls));
}

/* What a call that moved nothing means. */
static ssize_t tell(struct pl_load_tls *tls, int result)
{
    int error = SSL_get_error(ssl_of(tls), result);
    ERR_clear_error();
    if (error == SSL_ERROR_ZERO_RETURN) {
        return 0;
    }
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
    } else if (error != SSL_ERROR_SYSCALL || errno == 0) {
        errno = EPROTO;
    }
    return -1;
}

ssize_t pl_load_tls_write(struct pl_load_tls *tls, const void *bytes, size_t len)
{
    size_t sent = 0;
    int rc = SSL_write_ex(ssl_of(tls), bytes, len, &sent);
    return rc == 1 ? (ssize_t)sent : tell(tls, rc);
}

ssize_t pl_load_tls_read(struct pl_load_tls *tls, void *out, size_t size)
{
    size_t got = 0;
    int rc = SSL_read_ex(ssl_of(tls), out, size, &got);
    return rc == 1 ? (ssize_t)got : tell(tls, rc);
}
