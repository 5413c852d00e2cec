/* TLS as the transport of connections: one read call per readiness, gathered frames in records of
 * up to 16 KiB. Threads: the loop's. */
#ifndef PL_IO_CONN_TLS_H
#define PL_IO_CONN_TLS_H

#include "base/log.h"
#include "io/conn.h"
#include "net/tls.h"

/* What all TLS connections of one loop share. */
struct pl_conn_tls {
    struct pl_tls_context *context; /* borrowed; outlives the connections */
    const struct pl_log *log;
    struct pl_log_limit bad_peers;
    uint8_t *ciphertext; /* what one read call brought */
    uint8_t *record;     /* frames gathered for encryption */
    struct pl_buf spare; /* memory of an output buffer that is empty */
};

void pl_conn_tls_init(struct pl_conn_tls *shared, struct pl_tls_context *context,
                      const struct pl_log *log);
void pl_conn_tls_fini(
    struct pl_conn_tls *shared); /* after its connections; zeroed memory is fine */

/* Put TLS on a connection just opened, before anything was read. What the protocol queues before
 * the handshake is over is dropped, since it cannot be said. On failure the connection is closed.
 */
PL_MUST_CHECK int pl_conn_tls_start(struct pl_conn *conn, struct pl_conn_tls *shared,
                                    struct pl_error *err);

#endif
