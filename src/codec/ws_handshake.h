/* WebSocket handshake: the key that a client makes up, and the server's answer to it.
 * Source: RFC 6455 sections 4.1 and 4.2.2. */
#ifndef PL_CODEC_WS_HANDSHAKE_H
#define PL_CODEC_WS_HANDSHAKE_H

#include "base/error.h"
#include "base/str.h"

#define PL_WS_NONCE_BYTES ((size_t)16)
#define PL_WS_KEY_LEN ((size_t)24)    /* characters of Sec-WebSocket-Key */
#define PL_WS_ACCEPT_LEN ((size_t)28) /* characters of Sec-WebSocket-Accept */

/* A digest kept from one handshake to the next: fetching it anew triples the cost of an accept key.
 * Threads: one at a time; each I/O thread has its own. */
struct pl_ws_acceptor;

/* Returns 0; PL_E_NOMEM, or PL_E_UNSUPPORTED when libcrypto offers no SHA-1. */
PL_MUST_CHECK int pl_ws_acceptor_create(struct pl_ws_acceptor **out, struct pl_error *err);
void pl_ws_acceptor_destroy(struct pl_ws_acceptor *acceptor); /* NULL is fine */

/* Sec-WebSocket-Accept for the `key` of a request, with a NUL behind it. A client compares the
 * answer it got with this.
 * Returns 0, or PL_E_IO when libcrypto fails (then `out` is unchanged). */
PL_MUST_CHECK int pl_ws_accept_key(struct pl_ws_acceptor *acceptor, char out[PL_WS_ACCEPT_LEN + 1],
                                   struct pl_str key, struct pl_error *err);

/* Whether `key` is what a client may send: 16 bytes in base64. Threads: any. */
bool pl_ws_key_is_valid(struct pl_str key);

/* Sec-WebSocket-Key from PL_WS_NONCE_BYTES random bytes, with a NUL behind it. Threads: any. */
void pl_ws_key_write(char out[PL_WS_KEY_LEN + 1], const uint8_t *nonce);

#endif
