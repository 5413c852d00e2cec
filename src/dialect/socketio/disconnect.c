/* The end of a socket, in the order of spec 3.1 step 9, and its reasons (3.7). */
#include "dialect/socketio/disconnect.h"

#include "base/alloc.h"
#include "codec/sio_write.h"
#include "dialect/socketio/ack.h"
#include "dialect/socketio/broadcast_ack.h"
#include "dialect/socketio/conn.h"
#include "dialect/socketio/emit.h"
#include "dialect/socketio/handlers.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/names.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/recovery.h"
#include "dialect/socketio/room.h"
#include "dialect/socketio/socket.h"
#include "dialect/socketio/sockets.h"

const char *parley_reason_text(enum parley_reason reason)
{
    switch (reason) {
    case PARLEY_CLIENT_NAMESPACE_DISCONNECT:
        return "client namespace disconnect";
    case PARLEY_SERVER_NAMESPACE_DISCONNECT:
        return "server namespace disconnect";
    case PARLEY_SERVER_SHUTTING_DOWN:
        return "server shutting down";
    case PARLEY_FORCED_SERVER_CLOSE:
        return "forced server close";
    case PARLEY_FORCED_CLOSE:
        return "forced close";
    case PARLEY_TRANSPORT_CLOSE:
        return "transport close";
    case PARLEY_TRANSPORT_ERROR:
        return "transport error";
    case PARLEY_PING_TIMEOUT:
        return "ping timeout";
    case PARLEY_PARSE_ERROR:
        return "parse error";
    }
    PL_ASSERT(false);
    return "";
}

enum parley_reason pl_sio_reason_of(enum pl_eio_reason reason)
{
    switch (reason) {
    case PL_EIO_TRANSPORT_CLOSE:
        return PARLEY_TRANSPORT_CLOSE;
    case PL_EIO_TRANSPORT_ERROR:
        return PARLEY_TRANSPORT_ERROR;
    case PL_EIO_PING_TIMEOUT:
        return PARLEY_PING_TIMEOUT;
    case PL_EIO_PARSE_ERROR:
        return PARLEY_PARSE_ERROR;
    case PL_EIO_FORCED_CLOSE:
        return PARLEY_FORCED_CLOSE;
    case PL_EIO_SERVER_SHUTDOWN:
        return PARLEY_SERVER_SHUTTING_DOWN;
    }
    PL_ASSERT(false);
    return PARLEY_FORCED_CLOSE;
}

static bool is_recoverable(enum parley_reason reason)
{
    switch (reason) {
    case PARLEY_SERVER_SHUTTING_DOWN:
    case PARLEY_FORCED_SERVER_CLOSE:
    case PARLEY_FORCED_CLOSE:
    case PARLEY_TRANSPORT_CLOSE:
    case PARLEY_TRANSPORT_ERROR:
    case PARLEY_PING_TIMEOUT:
        return true;
    case PARLEY_CLIENT_NAMESPACE_DISCONNECT:
    case PARLEY_SERVER_NAMESPACE_DISCONNECT:
    case PARLEY_PARSE_ERROR:
        return false;
    }
    PL_ASSERT(false);
    return false;
}

/* The handler of a kind, if there is one: the table is held, the handler may change it. */
static void call_reason_handler(struct parley_socket *socket, enum pl_sio_handler_kind kind,
                                enum parley_reason reason)
{
    struct pl_sio_handlers *handlers = pl_sio_handlers_ref(socket->handlers);
    size_t at = 0;
    const struct pl_sio_handler *item = pl_sio_handlers_next(handlers, kind, &at);
    if (item != NULL) {
        item->fn.reason(socket, reason, item->user);
    }
    pl_sio_handlers_unref(handlers);
}

static void free_data(void *data)
{
    parley_val_unref(data);
}

/* Keep what a client that comes back gets again; its own id is among the rooms. */
static void persist(struct parley_socket *socket, const struct pl_sio_names *rooms)
{
    struct pl_sio_ns *ns = socket->ns;
    struct pl_sio_kept_session *kept = NULL;
    struct pl_str *texts = pl_alloc_array(rooms->count + 1, sizeof(*texts));
    texts[0] = pl_sio_socket_id(socket);
    for (size_t i = 0; i < rooms->count; i++) {
        texts[i + 1] = pl_sio_name_str(rooms->names[i]);
    }
    kept = pl_sio_kept_session_create(texts[0], pl_sio_pid(socket), texts, rooms->count + 1);
    pl_free(texts);
    if (socket->data != NULL) {
        kept->data = (void *)(uintptr_t)parley_val_ref(socket->data);
        kept->free_data = free_data;
    }
    pl_sio_store_keep(ns->store, kept, pl_hub_now_ms(ns->io->hub));
}

/* Rooms are remembered where somebody will ask: the store, or the disconnect handler. */
static void leave_rooms(struct parley_socket *socket, enum parley_reason reason)
{
    struct pl_sio_ns *ns = socket->ns;
    struct pl_sio_names rooms = {0};
    size_t at = 0;
    bool is_kept = ns->store != NULL && pl_sio_pid(socket).len > 0 && !ns->is_deleted &&
                   is_recoverable(reason);
    bool is_read = pl_sio_handlers_next(socket->handlers, PL_SIO_ON_DISCONNECT, &at) != NULL;
    if (is_kept || is_read) {
        pl_sio_rooms_collect(socket, &rooms);
    }
    if (is_kept) {
        persist(socket, &rooms);
    }
    pl_sio_room_leave_all(socket);
    pl_sio_own_room_left(socket);
    if (rooms.count > 0 && is_read) {
        pl_sio_socket_rare(socket)->rooms = rooms;
    } else {
        pl_sio_names_fini(&rooms);
    }
}

static void unregister(struct parley_socket *socket)
{
    struct pl_sio_ns *ns = socket->ns;
    struct pl_session *session = pl_sio_socket_session(socket);
    if (session != NULL) {
        pl_hub_leave(ns->io->hub, session,
                     &(struct pl_stream_key){.kind = PL_STREAM_SIO_NAMESPACE,
                                             .subject = pl_sio_name_str(ns->name)});
    }
    pl_table_remove(&ns->by_id, &socket->by_id);
    socket->conn->socket_count--;
    if (socket->has_outgoing) {
        socket->has_outgoing = false;
        ns->outgoing_count--;
    }
    socket->state = PL_SIO_GONE;
    pl_sio_count(ns->io, PL_METRIC_SOCKETIO_SOCKETS, -1);
}

void pl_sio_socket_end(struct parley_socket *socket, enum parley_reason reason)
{
    struct pl_sio_ns *ns = socket->ns;
    struct pl_sio_conn *conn = socket->conn;
    if (socket->state != PL_SIO_CONNECTED) {
        return;
    }
    pl_sio_ns_ref(ns);
    pl_sio_conn_ref(conn);
    pl_sio_conn_ending_begin(conn);
    socket->state = PL_SIO_DISCONNECTING;
    pl_list_remove(
        &socket->in_conn); /* who ends all sockets of a connection goes on with the next one */
    call_reason_handler(socket, PL_SIO_ON_DISCONNECTING, reason);
    leave_rooms(socket, reason);
    unregister(socket);
    pl_sio_acks_close(socket);
    pl_sio_broadcasts_leave(socket);
    call_reason_handler(socket, PL_SIO_ON_DISCONNECT, reason);
    if (socket->rare != NULL) {
        pl_sio_names_fini(&socket->rare->rooms);
    }
    pl_sio_socket_free_slots(socket);
    parley_socket_unref(socket); /* the connection's */
    pl_sio_conn_ending_end(conn);
    pl_sio_conn_unref(conn);
    pl_sio_ns_tidy(ns);
    pl_sio_ns_unref(ns);
}

void pl_sio_socket_kick(struct parley_socket *socket)
{
    struct pl_sio_ns *ns = socket->ns;
    if (socket->state != PL_SIO_CONNECTED) {
        return;
    }
    parley_socket_ref(socket);
    pl_sio_write_disconnect(pl_sio_packet_begin(ns->io), pl_sio_name_str(ns->name));
    pl_sio_conn_send_packet(socket->conn);
    pl_sio_conn_note_former(socket->conn, pl_sio_name_str(ns->name));
    pl_sio_socket_end(socket, PARLEY_SERVER_NAMESPACE_DISCONNECT);
    parley_socket_unref(socket);
}

void parley_disconnect(struct parley_socket *socket)
{
    pl_sio_socket_kick(socket);
}

void parley_disconnect_all(struct parley_socket *socket)
{
    struct pl_sio_conn *conn = NULL;
    struct pl_sio_sockets sockets = {0};
    if (socket->state == PL_SIO_GONE) { /* the connection may go on without it */
        return;
    }
    conn = pl_sio_conn_ref(socket->conn);
    PL_LIST_EACH(node, &conn->sockets)
    {
        pl_sio_sockets_add(&sockets, PL_CONTAINER_OF(node, struct parley_socket, in_conn));
    }
    for (size_t i = 0; i < sockets.count; i++) {
        pl_sio_socket_kick(sockets.sockets[i]);
    }
    pl_sio_sockets_fini(&sockets);
    pl_sio_conn_close(conn, PARLEY_SERVER_NAMESPACE_DISCONNECT);
    pl_sio_conn_unref(conn);
}
