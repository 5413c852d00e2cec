/* What tls.c and tls_context.c share. Included by these two alone. */
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
    struct pl_tls_context *context; /* borrowed */
    SSL *ssl;
    struct pl_str in; /* what is being read, inside pl_tls_read only */
    struct pl_buf out;
    int end; /* PL_E_CLOSED, PL_E_PROTO ...: how reading ended; 0 before */
    struct pl_error reason;
};

/* tls.c: the pieces of the BIO. NULL without memory. */
BIO_METHOD *pl_tls_bio_method_create(void);

/* The first error of OpenSSL's queue in words, which empties the queue. */
const char *pl_tls_error_text(void);

#endif
