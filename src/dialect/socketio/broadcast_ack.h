/* Broadcasts that ask for acknowledgements.
 * Source: shared spec socketio.md, section 3.4. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_BROADCAST_ACK_H
#define PL_DIALECT_SOCKETIO_BROADCAST_ACK_H

#include "codec/sio_decoder.h"
#include "parley/socketio.h"

struct pl_sio_ns;

/* An ACK that no single emit waits for: maybe a broadcast does. */
void pl_sio_broadcast_receive(struct parley_socket *socket, const struct pl_sio_message *message);
/* The socket has gone: broadcasts do not wait for it any more. */
void pl_sio_broadcasts_leave(struct parley_socket *socket);
/* End all with PL_E_CLOSED: the namespace goes. */
void pl_sio_broadcasts_close(struct pl_sio_ns *ns);

#endif
