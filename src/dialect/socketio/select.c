/* Whom an operator selects (spec 3.2), and sending to them. Rooms are streams of the hub, which
 * knows how to reach the union of some without some others; own-id rooms are sockets of the
 * namespace's index, looked up here. */
#include "dialect/socketio/select.h"

#include "base/alloc.h"
#include "dialect/socketio/conn.h"
#include "dialect/socketio/emit.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/names.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/room.h"
#include "dialect/socketio/socket.h"

#define STREAMS_INLINE 8

/* An operator's names, looked up in one namespace. */
struct selection {
    struct pl_sio_ns *ns;
    struct pl_publish publish;
    struct pl_stream **streams; /* include, then exclude */
    struct parley_socket **ids; /* sockets named by their ids: include, then exclude */
    size_t include_id_count;
    size_t exclude_id_count;
    struct pl_stream *few_streams[STREAMS_INLINE];
    struct parley_socket *few_ids[STREAMS_INLINE];
};

static void *room_for(void *few, size_t count, size_t size)
{
    return count <= STREAMS_INLINE ? few : pl_alloc_array(count, size);
}

/* Each name is a room that somebody joined, a socket's id, both or nothing. */
static void look_up(struct selection *selection, const struct pl_sio_op_room *room,
                    size_t *stream_count, size_t *id_count, struct pl_stream **streams,
                    struct parley_socket **ids)
{
    for (; room != NULL; room = room->next) {
        struct pl_str name = pl_str_make(room->text, room->len);
        struct pl_stream *stream = pl_sio_room_stream(selection->ns, name);
        struct parley_socket *socket = pl_sio_ns_find_socket(selection->ns, name);
        if (stream != NULL) {
            streams[(*stream_count)++] = stream;
        }
        if (socket != NULL) {
            ids[(*id_count)++] = socket;
        }
    }
}

static void add_whole_namespace(struct selection *selection)
{
    struct pl_stream *stream = pl_sio_ns_stream(selection->ns);
    if (stream != NULL) {
        selection->streams[0] = stream;
        selection->publish.include_count = 1;
    }
}

/* The sender is left out where it is connected still; a socket that has gone is in no stream. */
static void leave_out_self(struct selection *selection, const struct parley_op *op)
{
    struct parley_socket *socket = op->socket;
    bool is_there = socket->ns == selection->ns &&
                    (socket->state == PL_SIO_CONNECTED || socket->state == PL_SIO_DISCONNECTING);
    if (is_there) {
        selection->ids[selection->include_id_count + selection->exclude_id_count++] = socket;
    }
}

/* Whether `socket` is among the sockets named from `first` on. */
static bool is_named(struct parley_socket *const *ids, size_t count,
                     const struct parley_socket *socket)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == socket) {
            return true;
        }
    }
    return false;
}

static struct parley_socket **excluded_ids(const struct selection *selection)
{
    return selection->ids + selection->include_id_count;
}

static void init(struct selection *selection, const struct parley_op *op, struct pl_sio_ns *ns)
{
    size_t max = op->room_count + op->except_count + 1;
    size_t exclude_stream_count = 0;
    *selection = (struct selection){.ns = ns};
    selection->streams = room_for(selection->few_streams, max, sizeof(struct pl_stream *));
    selection->ids = room_for(selection->few_ids, max, sizeof(struct parley_socket *));
    if (op->rooms == NULL) {
        add_whole_namespace(selection);
    } else {
        look_up(selection, op->rooms, &selection->publish.include_count,
                &selection->include_id_count, selection->streams, selection->ids);
    }
    look_up(selection, op->except, &exclude_stream_count, &selection->exclude_id_count,
            selection->streams + selection->publish.include_count, excluded_ids(selection));
    if (op->leaves_out_self) {
        leave_out_self(selection, op);
    }
    selection->publish.include = selection->streams;
    selection->publish.exclude = selection->streams + selection->publish.include_count;
    selection->publish.exclude_count = exclude_stream_count;
    selection->publish.flags = op->flags;
}

static void fini(struct selection *selection)
{
    if (selection->streams != selection->few_streams) {
        pl_free(selection->streams);
    }
    if (selection->ids != selection->few_ids) {
        pl_free(selection->ids);
    }
}

/* --- collecting --- */

struct collector {
    struct pl_sio_sockets *out;
    const struct selection *selection;
};

static void collect(void *user, struct pl_session *session)
{
    struct collector *collector = user;
    const struct selection *selection = collector->selection;
    struct parley_socket *socket = pl_sio_session_socket(session, selection->ns);
    if (socket != NULL && socket->state == PL_SIO_CONNECTED &&
        !is_named(excluded_ids(selection), selection->exclude_id_count, socket)) {
        pl_sio_sockets_add(collector->out, socket);
    }
}

static bool is_in_any(const struct selection *selection, const struct parley_socket *socket,
                      struct pl_stream *const *streams, size_t count)
{
    const struct pl_session *session = pl_sio_socket_session(socket);
    for (size_t i = 0; i < count; i++) {
        if (pl_hub_find_member_in(selection->ns->io->hub, session, streams[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* A socket named by its id: once, unless it is left out or was reached by a room already. */
static bool is_new_id(const struct selection *selection, size_t i)
{
    const struct parley_socket *socket = selection->ids[i];
    return socket->state == PL_SIO_CONNECTED && pl_sio_socket_session(socket) != NULL &&
           !is_named(selection->ids, i, socket) &&
           !is_named(excluded_ids(selection), selection->exclude_id_count, socket) &&
           !is_in_any(selection, socket, selection->publish.exclude,
                      selection->publish.exclude_count) &&
           !is_in_any(selection, socket, selection->publish.include,
                      selection->publish.include_count);
}

static void collect_all(struct pl_sio_sockets *out, const struct selection *selection)
{
    struct collector collector = {out, selection};
    pl_hub_each_in_audience(selection->ns->io->hub, &selection->publish, collect, &collector);
    for (size_t i = 0; i < selection->include_id_count; i++) {
        if (is_new_id(selection, i)) {
            pl_sio_sockets_add(out, selection->ids[i]);
        }
    }
}

void pl_sio_select(struct pl_sio_sockets *out, const struct parley_op *op, struct pl_sio_ns *ns)
{
    struct selection selection;
    if (pl_sio_op_is_for_self(op)) {
        if (op->socket->state == PL_SIO_CONNECTED) {
            pl_sio_sockets_add(out, op->socket);
        }
        return;
    }
    init(&selection, op, ns);
    collect_all(out, &selection);
    fini(&selection);
}

/* --- sending --- */

struct encoder {
    struct parley_io *io;
    const struct pl_sio_outgoing *outgoing;
};

static struct pl_frame *encode(void *user, uint8_t encoding)
{
    const struct encoder *encoder = user;
    return pl_sio_outgoing_frame(encoder->io, encoder->outgoing, encoding);
}

static int publish(struct selection *selection, const struct pl_sio_outgoing *outgoing)
{
    struct parley_io *io = selection->ns->io;
    struct encoder encoder = {io, outgoing};
    if (selection->exclude_id_count == 1) {
        selection->publish.except = pl_sio_socket_session(excluded_ids(selection)[0]);
    }
    selection->publish.message = (struct pl_message){encode, &encoder};
    selection->publish.counters =
        (struct pl_fanout_counters){PL_METRIC_SOCKETIO_MESSAGES_OUT, PL_METRIC_SOCKETIO_BYTES_OUT};
    return pl_hub_publish(io->hub, &selection->publish);
}

/* One by one, with one frame per encoding. */
static int send_each(const struct selection *selection, const struct pl_sio_outgoing *outgoing)
{
    struct pl_frame *frames[PL_ENCODING_MAX] = {0};
    struct pl_sio_sockets sockets = {0};
    int rc = 0;
    collect_all(&sockets, selection);
    for (size_t i = 0; i < sockets.count; i++) {
        struct pl_session *session = pl_sio_socket_session(sockets.sockets[i]);
        struct pl_frame **frame = &frames[pl_session_encoding(session)];
        if (*frame == NULL) {
            *frame =
                pl_sio_outgoing_frame(selection->ns->io, outgoing, pl_session_encoding(session));
        }
        if (*frame == NULL) {
            rc = PL_E_NOMEM;
            continue;
        }
        pl_frame_ref(*frame, 1);
        pl_sio_count(selection->ns->io, PL_METRIC_SOCKETIO_MESSAGES_OUT, 1);
        pl_sio_count(selection->ns->io, PL_METRIC_SOCKETIO_BYTES_OUT, (int64_t)(*frame)->len);
        pl_session_send(session, *frame, selection->publish.flags);
    }
    for (size_t i = 0; i < PL_ENCODING_MAX; i++) {
        pl_frame_unref(&frames[i]);
    }
    pl_sio_sockets_fini(&sockets);
    return rc;
}

int pl_sio_select_send(const struct parley_op *op, struct pl_sio_ns *ns,
                       const struct pl_sio_outgoing *outgoing)
{
    struct selection selection;
    int rc = 0;
    if (ns->io->is_mute) {
        return 0;
    }
    init(&selection, op, ns);
    if (selection.include_id_count == 0 && selection.exclude_id_count <= 1) {
        rc = publish(&selection, outgoing);
    } else {
        rc = send_each(&selection, outgoing);
    }
    fini(&selection);
    return rc;
}
