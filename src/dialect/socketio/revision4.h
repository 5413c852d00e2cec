/* Socket.IO revision 4, which the clients of Engine.IO 3 speak.
 * Source: shared spec socketio.md, section 2.12. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_REVISION4_H
#define PL_DIALECT_SOCKETIO_REVISION4_H

#include "base/arena.h"
#include "base/buf.h"
#include "codec/sio_packet.h"

struct pl_sio_conn;
struct pl_sio_ns;

/* Join the client to `/`, which it has not asked for. */
void pl_sio_revision4_open(struct pl_sio_conn *conn);
/* Take the query out of the namespace's name: it becomes the payload, in `arena`. PL_E_TOO_BIG. */
PL_MUST_CHECK int pl_sio_revision4_read_connect(struct pl_sio_packet *packet,
                                                struct pl_arena *arena);
/* Append the id of its socket in `ns`. False, with `out` as it was, for clients of revision 5. */
PL_MUST_CHECK bool pl_sio_revision4_make_id(struct pl_buf *out, const struct pl_sio_ns *ns,
                                            const struct pl_sio_conn *conn);

#endif
