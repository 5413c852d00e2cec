/* Rooms of one socket: hub streams, but for its own id. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_ROOM_H
#define PL_DIALECT_SOCKETIO_ROOM_H

#include "base/str.h"
#include "dialect/socketio/names.h"
#include "parley/socketio.h"

struct pl_sio_ns;
struct pl_stream;

/* Into a room, or out of it, with its events; `room` is not its own id. */
PL_MUST_CHECK int pl_sio_room_join(struct parley_socket *socket, struct pl_str room);
void pl_sio_room_leave(struct parley_socket *socket, struct pl_str room);
void pl_sio_room_leave_all(struct parley_socket *socket);
/* The stream of a room; NULL when nobody is in it. */
struct pl_stream *pl_sio_room_stream(const struct pl_sio_ns *ns, struct pl_str room);
/* Its rooms, without its own id, added to `out`. */
void pl_sio_rooms_collect(const struct parley_socket *socket, struct pl_sio_names *out);
/* Events of the own-id room. */
void pl_sio_own_room_joined(struct parley_socket *socket);
void pl_sio_own_room_left(struct parley_socket *socket);

#endif
