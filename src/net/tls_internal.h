/* What tls.c, tls_context.c and tls_client.c share. Included by these alone. */
#ifndef PL_NET_TLS_INTERNAL_H
#define PL_NET_TLS_INTERNAL_H

#include "net/tls.h"
#include "net/tls_names.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>

/* The certificates of one load. A connection that began with an older set keeps what it needs of
 * it: OpenSSL counts its contexts. */
struct pl_tls_set {
    SSL_CTX **contexts; /* one per pair, owned */
    size_t count;
    struct pl_tls_names names;
    int64_t expiry_unix_s;
};

struct pl_tls_context {
    struct pl_tls_set set;
    BIO_METHOD *bio_method; /* of all connections: their input and output in memory */
};

struct pl_tls {
    struct pl_tls_context *context; /* borrowed; NULL in a client */
    char *host;                     /* owned; whom a client calls; NULL in a server */
    /* Of a client, or NULL: set `reason` to why a handshake failed, from OpenSSL's queue, and return
     * its code; 0 when OpenSSL's words will do. */
    int (*explain)(struct pl_tls *tls);
    SSL *ssl;
    struct pl_str in; /* what is being read, inside pl_tls_read only */
    struct pl_buf out;
    int end; /* PL_E_CLOSED, PL_E_PROTO ...: how reading ended; 0 before */
    struct pl_error reason;
};

/* tls.c: a connection of either side, which is not decided yet. PL_E_NOMEM. */
PL_MUST_CHECK int pl_tls_create_on(struct pl_tls **out, SSL_CTX *ctx, BIO_METHOD *bio_method,
                                   struct pl_error *err);

/* tls_file.c: whether a file can be read, said in the system's words: OpenSSL's are none for
 * operators. */
PL_MUST_CHECK int pl_tls_check_readable(const char *path, struct pl_error *err);

/* tls.c: the pieces of the BIO. NULL without memory. */
BIO_METHOD *pl_tls_bio_method_create(void);

/* The first error of OpenSSL's queue in words, which empties the queue. */
const char *pl_tls_error_text(void);

#endif
