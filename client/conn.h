/* A connection to a server: name lookup, happy eyeballs (RFC 8305), proxy, TLS, and then bytes in
 * and out. What they mean is its owner's affair.
 * Threads: the client's. */
#ifndef PL_CLIENT_CONN_H
#define PL_CLIENT_CONN_H

#include "base/buf.h"
#include "client/client.h"
#include "client/transport.h"

struct pl_client_conn;

/* The owner's callbacks; none of them comes inside a function of this header. After on_end nothing
 * comes. The owner may destroy the connection in any of them. */
struct pl_client_conn_owner {
    void (*on_open)(struct pl_client_conn *conn, void *user);
    /* Take bytes from the front; they may be changed. Returns how many: what is left comes again with
     * more behind it, or with the same in the next turn when the budget is used up. An owner that
     * left bytes and is not over budget gets no call until more arrive. */
    size_t (*on_data)(struct pl_client_conn *conn, struct pl_span bytes, void *user);
    void (*on_sent)(struct pl_client_conn *conn, void *user); /* everything; may be NULL */
    /* error: PL_E_CLOSED (the peer ended properly), PL_E_IO, PL_E_TIMEOUT, PL_E_NOT_FOUND (no such
     * name), PL_E_DENIED (certificate, proxy), PL_E_PROTO, PL_E_TOO_BIG, PL_E_NOMEM */
    void (*on_end)(struct pl_client_conn *conn, int error, const char *reason, void *user);
};

/* Begin to connect. `transport` and `owner` are borrowed for the connection's life. There is no
 * timeout in here: the owner destroys what takes too long.
 *   in_max  most bytes that the owner may leave in on_data
 * Returns 0; PL_E_NOMEM, PL_E_IO. */
PL_MUST_CHECK int pl_client_conn_open(struct pl_client_conn **out, struct parley_client *client,
                                      const struct pl_client_transport *transport, size_t in_max,
                                      const struct pl_client_conn_owner *owner, void *user,
                                      struct pl_error *err);

/* What is to be sent: append to it, then call pl_client_conn_flush. It is sent when the turn ends, or
 * when the connection is open. Its limit_bytes is the owner's to set. */
struct pl_buf *pl_client_conn_out(struct pl_client_conn *conn);
void pl_client_conn_flush(struct pl_client_conn *conn);

size_t pl_client_conn_unsent(const struct pl_client_conn *conn); /* bytes, those of TLS included */

/* Nothing more is read; what is queued is sent for at most `linger_ms`, then it is gone by itself.
 * The owner hears nothing more and forgets it. */
void pl_client_conn_finish(struct pl_client_conn **conn, int linger_ms);

/* At once. NULL is fine; sets *conn to NULL. Safe in callbacks. */
void pl_client_conn_destroy(struct pl_client_conn **conn);

#endif
