/* TLS 1.2 and 1.3 for servers (RFC 5246, RFC 8446), on OpenSSL; clients: tls_client.h. A context holds the certificates
 * and can be reloaded; a connection turns ciphertext that arrived into plaintext, and plaintext
 * into ciphertext to send. No sockets here: bytes in, bytes out. Threads: one at a time per context
 * and its connections. */
#ifndef PL_NET_TLS_H
#define PL_NET_TLS_H

#include "base/buf.h"
#include "base/error.h"

/* Plaintext of one record at most (RFC 8446 section 5.1). */
#define PL_TLS_RECORD_BYTES ((size_t)16 * 1024)

/* TLS 1.2 suites with forward secrecy and authenticated encryption; those of TLS 1.3 are all so. */
#define PL_TLS_CIPHERS                                                                             \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"     \
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

enum pl_tls_version {
    PL_TLS_VERSION_1_2,
    PL_TLS_VERSION_1_3,
};

/* Files in PEM form. */
struct pl_tls_pair {
    const char *certificate_path; /* the server's own first, then its chain */
    const char *key_path;         /* without a passphrase */
};

/* Borrowed for the call. */
struct pl_tls_config {
    const struct pl_tls_pair *pairs; /* the first serves clients that ask for no name, or another */
    size_t pair_count;
    enum pl_tls_version version_min;
    const char *ciphers;        /* for TLS 1.2, in OpenSSL's notation; NULL: PL_TLS_CIPHERS */
    uint32_t ticket_lifetime_s; /* sessions can be resumed for so long; 0: never */
};

struct pl_tls_context;
struct pl_tls;

/* Read the certificates. Returns 0; PL_E_NOT_FOUND, PL_E_DENIED or PL_E_IO for a file that cannot
 * be read, PL_E_INVALID for one that says the wrong thing; the reason names the file and what to
 * do.
 */
PL_MUST_CHECK int pl_tls_context_create(struct pl_tls_context **out,
                                        const struct pl_tls_config *config, struct pl_error *err);

/* Read them again: connections that are open go on as they are, new handshakes see the new ones,
 * and the keys of session tickets are new too. On failure (as create) nothing changes. */
PL_MUST_CHECK int pl_tls_context_reload(struct pl_tls_context *context,
                                        const struct pl_tls_config *config, struct pl_error *err);

/* After its last connection. NULL is fine. */
void pl_tls_context_destroy(struct pl_tls_context *context);

size_t pl_tls_context_certificate_count(const struct pl_tls_context *context);
/* When the first of them expires, in seconds since 1970. */
int64_t pl_tls_context_expiry_unix_s(const struct pl_tls_context *context);

/* A connection, waiting for a ClientHello. PL_E_NOMEM without memory. */
PL_MUST_CHECK int pl_tls_create(struct pl_tls **out, struct pl_tls_context *context,
                                struct pl_error *err);
void pl_tls_destroy(struct pl_tls *tls); /* NULL is fine */

/* Take ciphertext from the front of *in (advanced by what was taken: all of it, unless `out` is
 * full) and write plaintext to `out`. Drives the handshake; what it wants to send is in
 * pl_tls_out.
 * Returns the bytes written (> 0); 0 when more must arrive; PL_E_CLOSED behind the peer's
 * close_notify; PL_E_PROTO (a mistake of the peer; the alert is in pl_tls_out) or PL_E_NOMEM with
 * the reason. An end that came behind plaintext is told by the next call: pl_tls_has_ended. */
ptrdiff_t pl_tls_read(struct pl_tls *tls, struct pl_str *in, struct pl_span out,
                      struct pl_error *err);

/* Encrypt all of `plain` (best at most PL_TLS_RECORD_BYTES) to pl_tls_out. Returns 0; PL_E_AGAIN
 * while the handshake is unfinished; PL_E_CLOSED when nothing more may be sent; PL_E_NOMEM. */
PL_MUST_CHECK int pl_tls_write(struct pl_tls *tls, struct pl_str plain, struct pl_error *err);

/* Nothing more is sent: queue the close_notify, once, where the state allows one. */
void pl_tls_close(struct pl_tls *tls);

/* Ciphertext to send, in order. The caller consumes it. */
struct pl_buf *pl_tls_out(struct pl_tls *tls);

bool pl_tls_is_ready(const struct pl_tls *tls);   /* the handshake is done */
bool pl_tls_has_ended(const struct pl_tls *tls);  /* reading can only tell its end from here on */
bool pl_tls_is_resumed(const struct pl_tls *tls); /* by a ticket; once ready */
const char *pl_tls_version(const struct pl_tls *tls); /* "TLSv1.3"; static */

#endif
