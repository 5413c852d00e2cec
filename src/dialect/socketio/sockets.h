/* Lists of counted sockets, for walks whose callbacks may do anything. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_SOCKETS_H
#define PL_DIALECT_SOCKETIO_SOCKETS_H

#include "parley/socketio.h"

/* Zeroed is empty. */
struct pl_sio_sockets {
    struct parley_socket **sockets;
    size_t count;
    size_t cap;
};

void pl_sio_sockets_add(struct pl_sio_sockets *list, struct parley_socket *socket);
void pl_sio_sockets_fini(struct pl_sio_sockets *list);

#endif
