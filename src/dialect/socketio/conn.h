/* Connections: what one Engine.IO session carries. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_CONN_H
#define PL_DIALECT_SOCKETIO_CONN_H

#include "base/rate.h"
#include "codec/sio_decoder.h"
#include "dialect/socketio/engine.h"
#include "dialect/socketio/names.h"
#include "parley/socketio.h"

struct pl_sio_ns;

/* One Engine.IO session: any number of sockets. */
struct pl_sio_conn {
    /* the session's own, one per socket and joining, one per call that is under way */
    uint32_t refs;
    bool is_closing;  /* nothing is read or sent any more */
    bool wants_close; /* once none of its sockets is on its way out */
    bool has_joined;  /* some namespace, once */
    bool is_revision4;
    struct parley_io *io;
    struct pl_eio_session *eio; /* NULL once it is closed */
    struct pl_list sockets;     /* connected, in the order of joining */
    struct pl_list joinings;
    uint32_t socket_count;
    uint32_t joining_count;
    uint32_t ending_count; /* sockets whose `disconnecting` handler runs: they need their rooms */
    /* until the first namespace is joined; later until attachments have come */
    struct pl_timer timer;
    struct pl_sio_decoder decoder;
    struct pl_rate rate;
    /* left by us, not by the client: what still arrives for them is dropped */
    struct pl_sio_names *former;
};

void pl_sio_conn_open(void *io, struct pl_eio_session *session);
void pl_sio_conn_message(void *io, struct pl_eio_session *session, bool is_text,
                         struct pl_span bytes);
void pl_sio_conn_closed(void *io, struct pl_eio_session *session, enum pl_eio_reason reason);

struct pl_sio_conn *pl_sio_conn_ref(struct pl_sio_conn *conn);
void pl_sio_conn_unref(struct pl_sio_conn *conn); /* NULL is fine */
struct parley_socket *pl_sio_conn_find(const struct pl_sio_conn *conn, struct pl_str ns);
/* The connected socket of this hub session in a namespace; NULL. */
struct parley_socket *pl_sio_session_socket(struct pl_session *session, const struct pl_sio_ns *ns);
/* The first namespace is joined. */
void pl_sio_conn_joined(struct pl_sio_conn *conn);
/* The server took the client out of a namespace. */
void pl_sio_conn_note_former(struct pl_sio_conn *conn, struct pl_str ns);
/* End all sockets with this reason, then close. */
void pl_sio_conn_close(struct pl_sio_conn *conn, enum parley_reason reason);
/* A socket is on its way out, or is out: in between the connection does not close. */
void pl_sio_conn_ending_begin(struct pl_sio_conn *conn);
void pl_sio_conn_ending_end(struct pl_sio_conn *conn);
/* Close for breaking the rules (spec 2.9, second row). */
void pl_sio_conn_violation(struct pl_sio_conn *conn);

static inline bool pl_sio_conn_is_open(const struct pl_sio_conn *conn)
{
    return conn->eio != NULL && !conn->is_closing && pl_eio_session_is_open(conn->eio);
}

/* Whether its client speaks Socket.IO 4, by Engine.IO 3. */
static inline bool pl_sio_conn_is_revision4(const struct pl_sio_conn *conn)
{
    return conn->is_revision4;
}

#endif
