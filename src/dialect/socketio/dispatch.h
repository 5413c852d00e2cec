/* Packets of the client, to the socket they are for.
 * Source: shared spec socketio.md, sections 3.1 (step 8) and 3.11. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_DISPATCH_H
#define PL_DIALECT_SOCKETIO_DISPATCH_H

#include "base/arena.h"
#include "codec/sio_decoder.h"
#include "parley/socketio.h"

struct pl_sio_conn;

void pl_sio_dispatch(struct pl_sio_conn *conn, const struct pl_sio_message *message,
                     struct pl_arena *arena);
void pl_sio_socket_error(struct parley_socket *socket, const char *message);

#endif
