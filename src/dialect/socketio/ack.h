/* Acknowledgements of one socket: those the client asked for, and those it owes us.
 * Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_ACK_H
#define PL_DIALECT_SOCKETIO_ACK_H

#include "codec/sio_decoder.h"
#include "parley/socketio.h"

struct parley_ack {
    struct parley_socket *socket; /* counted when the ack is kept */
    uint64_t id;
    bool is_kept; /* on the heap: freed by its answer */
    bool is_done;
};

/* An ACK of the client. */
void pl_sio_ack_receive(struct parley_socket *socket, const struct pl_sio_message *message);
/* The socket has gone: all it still owes ends with PL_E_CLOSED. */
void pl_sio_acks_close(struct parley_socket *socket);

#endif
