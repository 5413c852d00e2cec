/* TLS as the transport of connections: one read call per readiness, gathered frames in records of
 * up to 16 KiB. Threads: the loop's. */
#ifndef PL_IO_CONN_TLS_H
#define PL_IO_CONN_TLS_H

#include "base/log.h"
#include "io/conn.h"
#include "net/tls.h"

/* What the TLS connections of one listener share; read-only. */
struct pl_conn_tls {
    struct pl_tls_context *context; /* borrowed; outlives the connections */
    const struct pl_log *log;
};

/* What those of one loop share: the set's, made with the first of them. NULL is fine. */
void pl_conn_tls_memory_destroy(struct pl_conn_tls_memory *memory);

/* Put TLS on a connection just opened, before anything was read. What the protocol queues before
 * the handshake is over is dropped, since it cannot be said. On failure the connection is closed.
 */
PL_MUST_CHECK int pl_conn_tls_start(struct pl_conn *conn, const struct pl_conn_tls *shared,
                                    struct pl_error *err);

#endif
