/* Packets of the client, to the socket they are for: catch-alls, socket middlewares, the handler
 * (spec 3.1 step 8, 3.11). While a middleware has not answered, the connection's later messages
 * wait in the hub. */
#include "dialect/socketio/dispatch.h"

#include "base/alloc.h"
#include "dialect/socketio/ack.h"
#include "dialect/socketio/conn.h"
#include "dialect/socketio/connect.h"
#include "dialect/socketio/disconnect.h"
#include "dialect/socketio/handlers.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/names.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/next.h"
#include "dialect/socketio/revision4.h"
#include "dialect/socketio/socket.h"
#include "value/wire.h"

/* An event that middlewares are asked about, maybe for long. */
struct waiting_event {
    struct parley_socket *socket;     /* counted */
    struct pl_sio_handlers *handlers; /* counted: as they were when it came */
    struct pl_sio_name *event;
    const struct parley_args *args;
    uint64_t id;
    bool has_id;
    size_t place; /* in the table: middlewares before it have run */
    struct pl_session_id session;
};

/* --- the end of the way --- */

static void run_handler(struct parley_socket *socket, const struct pl_sio_handlers *handlers,
                        struct pl_str event, const struct parley_args *args, const uint64_t *id)
{
    struct parley_ack ack = {.socket = socket, .id = id == NULL ? 0 : *id};
    const struct pl_sio_handler *item = pl_sio_handlers_find(handlers, event);
    size_t place = 0;
    if (item != NULL) {
        item->fn.event(socket, item->name->text, args, id == NULL ? NULL : &ack, item->user);
        return;
    }
    item = pl_sio_handlers_next(handlers, PL_SIO_ON_UNHANDLED, &place);
    if (item != NULL) { /* `event` has a NUL behind it where somebody may see it */
        item->fn.event(socket, event.ptr, args, id == NULL ? NULL : &ack, item->user);
    }
}

void pl_sio_socket_error(struct parley_socket *socket, const char *message)
{
    struct pl_sio_handlers *handlers = pl_sio_handlers_ref(socket->handlers);
    size_t place = 0;
    const struct pl_sio_handler *item = pl_sio_handlers_next(handlers, PL_SIO_ON_ERROR, &place);
    if (item != NULL && socket->state == PL_SIO_CONNECTED) {
        item->fn.error(socket, message, item->user);
    }
    pl_sio_handlers_unref(handlers);
}

/* --- middlewares --- */

static void free_waiting(void *owner)
{
    struct waiting_event *waiting = owner;
    pl_sio_handlers_unref(waiting->handlers);
    pl_sio_name_unref(waiting->event);
    parley_args_unref(waiting->args);
    parley_socket_unref(waiting->socket);
    pl_free(waiting);
}

/* The connection's later messages go on, unless it has gone. */
static void finish(struct waiting_event *waiting)
{
    struct pl_session *session = pl_session_find(waiting->socket->ns->io->hub, waiting->session);
    free_waiting(waiting);
    if (session != NULL) {
        pl_session_resume(session);
    }
}

static void run_middlewares(struct waiting_event *waiting);

static void on_middleware(void *owner, const struct pl_sio_verdict *verdict)
{
    struct waiting_event *waiting = owner;
    if (verdict->is_accepted) {
        run_middlewares(waiting);
        return;
    }
    pl_sio_socket_error(waiting->socket, verdict->message);
    finish(waiting);
}

static void run_middlewares(struct waiting_event *waiting)
{
    struct parley_socket *socket = waiting->socket;
    const struct pl_sio_handler *item = NULL;
    if (socket->state == PL_SIO_CONNECTED) {
        item = pl_sio_handlers_next(waiting->handlers, PL_SIO_ON_USE, &waiting->place);
        if (item == NULL) {
            /* the table as it is now: a handler registered by a middleware counts */
            struct pl_sio_handlers *handlers = pl_sio_handlers_ref(socket->handlers);
            run_handler(socket, handlers, pl_sio_name_str(waiting->event), waiting->args,
                        waiting->has_id ? &waiting->id : NULL);
            pl_sio_handlers_unref(handlers);
        }
    }
    if (item == NULL) {
        finish(waiting);
        return;
    }
    struct pl_sio_name *event =
        pl_sio_name_ref(waiting->event); /* an answer in the call may end it */
    const struct parley_args *args = parley_args_ref(waiting->args);
    struct pl_sio_handler middleware = *item;
    struct parley_next *next =
        pl_sio_next_create(socket->ns->io, on_middleware, free_waiting, waiting);
    parley_socket_ref(socket);
    middleware.fn.use(socket, event->text, args, next, middleware.user);
    parley_socket_unref(socket);
    parley_args_unref(args);
    pl_sio_name_unref(event);
}

static void ask_middlewares(struct parley_socket *socket, struct pl_str event,
                            const struct parley_args *args, const uint64_t *id)
{
    struct pl_session *session = pl_sio_socket_session(socket);
    struct waiting_event *waiting = pl_alloc(sizeof(*waiting));
    *waiting = (struct waiting_event){
        .socket = parley_socket_ref(socket),
        .handlers = pl_sio_handlers_ref(socket->handlers),
        .event = pl_sio_name_create(event),
        .args = parley_args_ref(args),
        .id = id == NULL ? 0 : *id,
        .has_id = id != NULL,
        .session = pl_session_id(session),
    };
    pl_session_suspend(session);
    run_middlewares(waiting);
}

/* --- events --- */

static bool has_kind(const struct pl_sio_handlers *handlers, enum pl_sio_handler_kind kind)
{
    size_t place = 0;
    return pl_sio_handlers_next(handlers, kind, &place) != NULL;
}

static void run_catch_alls(struct parley_socket *socket, struct pl_str event,
                           const struct parley_args *args)
{
    struct pl_sio_handlers *handlers = pl_sio_handlers_ref(socket->handlers);
    size_t place = 0;
    const struct pl_sio_handler *item = NULL;
    while (socket->state == PL_SIO_CONNECTED &&
           (item = pl_sio_handlers_next(handlers, PL_SIO_ON_ANY, &place)) != NULL) {
        item->fn.event(socket, event.ptr, args, NULL, item->user);
    }
    pl_sio_handlers_unref(handlers);
}

static void run_event(struct parley_socket *socket, struct pl_str event,
                      const struct parley_args *args, const uint64_t *id)
{
    struct pl_sio_handlers *handlers = NULL;
    run_catch_alls(socket, event, args);
    if (socket->state != PL_SIO_CONNECTED || pl_sio_socket_session(socket) == NULL) {
        return;
    }
    if (has_kind(socket->handlers, PL_SIO_ON_USE)) {
        ask_middlewares(socket, event, args, id);
        return;
    }
    handlers = pl_sio_handlers_ref(socket->handlers);
    run_handler(socket, handlers, event, args, id);
    pl_sio_handlers_unref(handlers);
}

/* Whether somebody sees every event, and so this one's name, which then needs a NUL behind it. */
static bool has_watchers(const struct pl_sio_handlers *handlers)
{
    return has_kind(handlers, PL_SIO_ON_ANY) || has_kind(handlers, PL_SIO_ON_USE);
}

static void receive_event(struct parley_socket *socket, const struct pl_sio_message *message,
                          struct pl_arena *arena)
{
    const struct pl_sio_packet *packet = &message->packet;
    struct pl_str event = packet->event;
    const struct parley_args *args = NULL;
    bool is_handled = pl_sio_handlers_find(socket->handlers, event) != NULL;
    bool is_shown = !is_handled || has_watchers(socket->handlers);
    if (!is_handled && !has_kind(socket->handlers, PL_SIO_ON_UNHANDLED) &&
        !has_watchers(socket->handlers)) {
        return; /* dropped, and not acknowledged (spec 2.9) */
    }
    args = pl_args_of_wire(packet->args, PL_SIO_DEPTH_MAX, message->attachments,
                           message->attachment_count);
    if (args == NULL || (is_shown && !pl_arena_copy(&event, arena, event))) {
        parley_args_unref(args);
        pl_sio_conn_close(socket->conn, PARLEY_TRANSPORT_ERROR); /* no memory: better than a gap */
        return;
    }
    parley_socket_ref(socket);
    run_event(socket, event, args, packet->has_id ? &packet->id : NULL);
    parley_socket_unref(socket);
    parley_args_unref(args);
}

/* --- packets --- */

static void receive(struct parley_socket *socket, const struct pl_sio_message *message,
                    struct pl_arena *arena)
{
    switch (message->packet.type) {
    case PL_SIO_EVENT:
    case PL_SIO_BINARY_EVENT:
        receive_event(socket, message, arena);
        break;
    case PL_SIO_ACK:
    case PL_SIO_BINARY_ACK:
        pl_sio_ack_receive(socket, message);
        break;
    case PL_SIO_DISCONNECT:
        pl_sio_socket_end(socket, PARLEY_CLIENT_NAMESPACE_DISCONNECT);
        break;
    case PL_SIO_CONNECT:       /* it is connected already */
    case PL_SIO_CONNECT_ERROR: /* refused by the decoder before */
        pl_sio_conn_violation(socket->conn);
        break;
    }
}

void pl_sio_dispatch(struct pl_sio_conn *conn, const struct pl_sio_message *message,
                     struct pl_arena *arena)
{
    struct pl_sio_packet connect = message->packet;
    const struct pl_sio_packet *packet = &message->packet;
    struct parley_socket *socket = NULL;
    if (packet->type == PL_SIO_CONNECT && pl_sio_conn_is_revision4(conn)) {
        packet = &connect;
        if (pl_sio_revision4_read_connect(&connect, arena) < 0) {
            pl_sio_conn_violation(conn);
            return;
        }
    }
    socket = pl_sio_conn_find(conn, packet->nsp);
    if (socket != NULL) {
        receive(socket, message, arena);
    } else if (packet->type == PL_SIO_CONNECT && !pl_sio_conn_is_joining(conn, packet->nsp)) {
        pl_sio_connect(conn, packet);
    } else if (packet->type == PL_SIO_CONNECT || conn->former == NULL ||
               !pl_sio_names_has(conn->former, packet->nsp)) {
        pl_sio_conn_violation(conn);
    } /* else it was in flight when we took the client out */
}
