/* TLS 1.2 and 1.3 for clients (RFC 5246, RFC 8446), on OpenSSL: whom to trust, and connections of
 * the kind that net/tls.h has the functions for. Memory may be refused; nothing here aborts.
 * Threads: one at a time per context and its connections. */
#ifndef PL_NET_TLS_CLIENT_H
#define PL_NET_TLS_CLIENT_H

#include "net/tls.h"

/* Borrowed for the call. */
struct pl_tls_client_config {
    const char *ca_file; /* PEM: trusted instead of the system's; NULL: the system's */
    const char *pins;    /* "sha256//BASE64[;...]": SHA-256 of a SubjectPublicKeyInfo (RFC 7469
                            section 2.4), one of which the verified chain has; NULL: none */
    bool trusts_anybody; /* nothing is verified; pins, if any, are those of the server's own key */
};

struct pl_tls_client_context;

/* Returns 0; PL_E_INVALID (pins, a file that says the wrong thing), PL_E_NOT_FOUND, PL_E_DENIED,
 * PL_E_IO (the file), PL_E_NOMEM. */
PL_MUST_CHECK int pl_tls_client_context_create(struct pl_tls_client_context **out,
                                               const struct pl_tls_client_config *config,
                                               struct pl_error *err);
void pl_tls_client_context_destroy(struct pl_tls_client_context *context); /* NULL is fine */

/* A connection to `host`, a name or an address, which the certificate has to be for. Its ClientHello
 * comes with the first pl_tls_read, whose input may be empty. pl_tls_read returns PL_E_DENIED for a
 * certificate that is not trusted. `context` is borrowed for the connection's life.
 * Returns 0; PL_E_INVALID for a host that is neither, PL_E_NOMEM. */
PL_MUST_CHECK int pl_tls_client_create(struct pl_tls **out, struct pl_tls_client_context *context,
                                       struct pl_str host, struct pl_error *err);

#endif
