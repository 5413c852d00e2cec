/* Sockets: one client in one namespace, and what the application keeps with it.
 * Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_SOCKET_H
#define PL_DIALECT_SOCKETIO_SOCKET_H

#include "dialect/socketio/conn.h"
#include "dialect/socketio/names.h"
#include "dialect/socketio/recovery.h"
#include "hub/table.h"
#include "parley/socketio.h"

struct pl_sio_handlers;
struct pl_sio_ns;
struct pl_sio_slot;

enum pl_sio_state {
    PL_SIO_JOINING,       /* middlewares run; the client has no answer yet */
    PL_SIO_CONNECTED,     /* in its namespace's index and on its connection's list */
    PL_SIO_DISCONNECTING, /* the handler of that name runs */
    PL_SIO_GONE,
};

struct parley_socket {
    struct pl_table_link by_id;
    struct pl_list in_conn;
    struct pl_sio_ns *ns;     /* counted */
    struct pl_sio_conn *conn; /* counted */
    struct pl_sio_handlers *handlers;
    const struct parley_val *auth; /* counted; NULL: the client sent none */
    const struct parley_val *data; /* counted; NULL: never set */
    struct pl_sio_rare *rare;      /* NULL until something in it is needed */
    uint32_t refs;
    uint32_t room_count;
    uint16_t id_len; /* PL_SIO_ID_LEN, but for clients of revision 4 */
    uint8_t state;   /* enum pl_sio_state */
    bool is_recovered;
    bool has_outgoing; /* counted in ns->outgoing_count */
    char id[];         /* with a NUL behind it */
};

_Static_assert(sizeof(struct parley_socket) <= 200, "an idle socket is meant to be small");

/* What few sockets have. */
struct pl_sio_rare {
    struct pl_sio_slot *slots;
    const struct parley_val *handshake;
    struct pl_list acks; /* awaited from the client (ack.c) */
    size_t ack_count;
    /* while joining: those to join; while disconnected: those it was in */
    struct pl_sio_names rooms;
    char pid[PL_SIO_ID_LEN + 1]; /* a secret of the client's; empty without recovery */
};

/* State JOINING, one reference. */
struct parley_socket *pl_sio_socket_create(struct pl_sio_ns *ns, struct pl_sio_conn *conn,
                                           const struct parley_val *auth);
struct pl_sio_rare *pl_sio_socket_rare(struct parley_socket *socket);
void pl_sio_socket_free_slots(struct parley_socket *socket);

static inline struct pl_str pl_sio_socket_id(const struct parley_socket *socket)
{
    return pl_str_make(socket->id, socket->id_len);
}

static inline struct pl_session *pl_sio_socket_session(const struct parley_socket *socket)
{
    return socket->conn->eio == NULL ? NULL : pl_eio_session_hub(socket->conn->eio);
}

static inline struct pl_str pl_sio_pid(const struct parley_socket *socket)
{
    return socket->rare == NULL || socket->rare->pid[0] == '\0'
               ? PL_STR("")
               : pl_str_make(socket->rare->pid, PL_SIO_ID_LEN);
}

#endif
