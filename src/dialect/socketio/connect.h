/* CONNECT: into a namespace.
 * Source: shared spec socketio.md, section 3.1. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_CONNECT_H
#define PL_DIALECT_SOCKETIO_CONNECT_H

#include "codec/sio_packet.h"

struct pl_sio_conn;
struct pl_sio_kept_session;
struct pl_sio_ns;

void pl_sio_connect(struct pl_sio_conn *conn, const struct pl_sio_packet *packet);
/* Whether a CONNECT for this namespace is under way. */
bool pl_sio_conn_is_joining(const struct pl_sio_conn *conn, struct pl_str ns);
/* Show the sessions that clients have claimed and whose middlewares still run: they are in no
 * store. */
void pl_sio_conn_each_claimed(const struct pl_sio_conn *conn,
                              void (*visit)(void *user, const struct pl_sio_ns *ns,
                                            const struct pl_sio_kept_session *session),
                              void *user);
/* The client has gone: what is under way ends when its middlewares answer. */
void pl_sio_conn_abandon_joinings(struct pl_sio_conn *conn);

#endif
