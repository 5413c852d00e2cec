/* Whom an operator selects, and sending to them.
 * Source: shared spec socketio.md, section 3.2. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_SELECT_H
#define PL_DIALECT_SOCKETIO_SELECT_H

#include "base/error.h"
#include "dialect/socketio/op.h"
#include "dialect/socketio/sockets.h"

struct pl_sio_outgoing;

/* Everybody selected in one namespace (the operator's, or a child of it), each once, in the order
 * of joining. */
void pl_sio_select(struct pl_sio_sockets *out, const struct parley_op *op, struct pl_sio_ns *ns);

/* Send to everybody selected. Nothing is allocated, copied or locked per recipient unless the
 * operator names own-id rooms or leaves out several: then the recipients are collected, still with
 * one frame per encoding. */
PL_MUST_CHECK int pl_sio_select_send(const struct parley_op *op, struct pl_sio_ns *ns,
                                     const struct pl_sio_outgoing *outgoing);

#endif
