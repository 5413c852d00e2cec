/* The end of a socket.
 * Source: shared spec socketio.md, sections 3.1 (step 9) and 3.7. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_DISCONNECT_H
#define PL_DIALECT_SOCKETIO_DISCONNECT_H

#include "dialect/socketio/engine.h"
#include "parley/socketio.h"

/* Why a transport ended, as applications are told. */
enum parley_reason pl_sio_reason_of(enum pl_eio_reason reason);

/* Out of its namespace (spec 3.1, step 9). A socket that is not connected is left alone. */
void pl_sio_socket_end(struct parley_socket *socket, enum parley_reason reason);
/* The same with a DISCONNECT packet before. */
void pl_sio_socket_kick(struct parley_socket *socket);

#endif
