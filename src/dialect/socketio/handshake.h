/* The handshake object, made when somebody asks for it.
 * Source: shared spec socketio.md, section 3.9. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_HANDSHAKE_H
#define PL_DIALECT_SOCKETIO_HANDSHAKE_H

#include "parley/socketio.h"

/* The value of parley_socket_handshake, one reference; NULL without memory. */
const struct parley_val *pl_sio_handshake_create(const struct parley_socket *socket);

#endif
