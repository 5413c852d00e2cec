/* Operators: whom an emit, join, leave or disconnect is for, put together call by call, and the
 * emits. */
#include "dialect/socketio/op.h"

#include "base/alloc.h"
#include "dialect/socketio/emit.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/names.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/recovery.h"
#include "dialect/socketio/select.h"
#include "dialect/socketio/socket.h"
#include "dialect/socketio/sockets.h"
#include "value/wire.h"

/* --- putting one together --- */

static struct parley_op *create_op(struct pl_sio_ns *ns, struct parley_socket *socket)
{
    struct parley_op *op = pl_alloc(sizeof(*op));
    op->ns = pl_sio_ns_ref(ns);
    op->socket = socket == NULL ? NULL : parley_socket_ref(socket);
    op->rooms_end = &op->rooms;
    op->except_end = &op->except;
    return op;
}

struct parley_op *parley_of(struct parley_io *io, const char *name)
{
    struct pl_sio_ns *ns = pl_sio_ns_lookup(io, name);
    return ns == NULL ? NULL : create_op(ns, NULL);
}

struct parley_op *parley_from(struct parley_socket *socket)
{
    return create_op(socket->ns, socket);
}

struct parley_op *parley_to(struct parley_socket *socket, const char *room)
{
    return parley_op_to(parley_from(socket), room);
}

struct parley_op *parley_broadcast(struct parley_socket *socket)
{
    return parley_op_broadcast(parley_from(socket));
}

static struct pl_sio_op_room **add_room(struct pl_sio_op_room **end, const char *text)
{
    size_t len = strlen(text);
    struct pl_sio_op_room *room = pl_alloc(sizeof(*room) + len);
    room->len = len;
    memcpy(room->text, text, len);
    *end = room;
    return &room->next;
}

/* A room that cannot be one has no members: it is kept, and found nowhere. NULL is such a room: a
 * name that an application failed to read must not become "everybody". */
static void add_target(struct parley_op *op, const char *room)
{
    op->is_aimed = true;
    op->rooms_end = add_room(op->rooms_end, room == NULL ? "\xff" : room);
    op->room_count++;
}

struct parley_op *parley_op_to(struct parley_op *op, const char *room)
{
    if (op != NULL) {
        add_target(op, room);
        op->leaves_out_self = op->socket != NULL;
    }
    return op;
}

struct parley_op *parley_op_within(struct parley_op *op, const char *room)
{
    if (op != NULL) {
        add_target(op, room);
    }
    return op;
}

struct parley_op *parley_op_except(struct parley_op *op, const char *room)
{
    if (op != NULL) {
        op->is_aimed = true;
        op->leaves_out_self = op->socket != NULL;
        if (room != NULL) {
            op->except_end = add_room(op->except_end, room);
            op->except_count++;
        }
    }
    return op;
}

struct parley_op *parley_op_broadcast(struct parley_op *op)
{
    if (op != NULL) {
        op->is_aimed = true;
        op->leaves_out_self = op->socket != NULL;
    }
    return op;
}

struct parley_op *parley_op_volatile(struct parley_op *op)
{
    if (op != NULL) {
        op->flags |= PL_SEND_VOLATILE;
    }
    return op;
}

struct parley_op *parley_op_local(struct parley_op *op)
{
    return op; /* there is one node */
}

struct parley_op *parley_op_compress(struct parley_op *op, bool compress)
{
    if (op != NULL) {
        op->is_uncompressed = !compress;
    }
    return op;
}

struct parley_op *parley_op_timeout(struct parley_op *op, uint32_t timeout_ms)
{
    if (op != NULL) {
        op->timeout_ms = timeout_ms;
    }
    return op;
}

static void free_rooms(struct pl_sio_op_room *room)
{
    while (room != NULL) {
        struct pl_sio_op_room *next = room->next;
        pl_free(room);
        room = next;
    }
}

void parley_op_drop(struct parley_op *op)
{
    if (op != NULL) {
        free_rooms(op->rooms);
        free_rooms(op->except);
        parley_socket_unref(op->socket);
        pl_sio_ns_unref(op->ns);
        pl_free(op);
    }
}

struct pl_sio_ns **pl_sio_op_namespaces(const struct parley_op *op, size_t *count)
{
    struct pl_sio_ns **namespaces = NULL;
    size_t i = 0;
    *count = op->ns->is_parent ? 0 : 1;
    PL_LIST_EACH(node, &op->ns->children)
    {
        (*count)++;
    }
    if (*count > 0) {
        namespaces = pl_alloc_array(*count, sizeof(*namespaces));
    }
    if (!op->ns->is_parent) {
        namespaces[i++] = pl_sio_ns_ref(op->ns);
    }
    PL_LIST_EACH(node, &op->ns->children)
    {
        namespaces[i++] = pl_sio_ns_ref(PL_CONTAINER_OF(node, struct pl_sio_ns, in_parent));
    }
    return namespaces;
}

void pl_sio_op_namespaces_free(struct pl_sio_ns **namespaces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pl_sio_ns_unref(namespaces[i]);
    }
    pl_free(namespaces);
}

/* --- emitting --- */

/* Only where somebody listens: the audience is walked. */
static void tell_outgoing(const struct parley_op *op, struct pl_sio_ns *ns, struct pl_str event,
                          const struct parley_args *args)
{
    struct pl_sio_sockets sockets = {0};
    if (ns->outgoing_count == 0) {
        return;
    }
    pl_sio_select(&sockets, op, ns);
    for (size_t i = 0; i < sockets.count; i++) {
        pl_sio_tell_outgoing(sockets.sockets[i], event, args);
    }
    pl_sio_sockets_fini(&sockets);
}

static struct pl_str *room_texts(const struct pl_sio_op_room *room, size_t count,
                                 struct pl_str more)
{
    struct pl_str *texts = pl_alloc_array(count + 1, sizeof(*texts));
    for (size_t i = 0; room != NULL; room = room->next) {
        texts[i++] = pl_str_make(room->text, room->len);
    }
    texts[count] = more;
    return texts;
}

/* For sessions that come back: whom it was for, by names. */
static void keep_for_recovery(const struct parley_op *op, struct pl_sio_ns *ns,
                              const struct pl_sio_outgoing *outgoing, struct pl_str offset)
{
    struct pl_str self = op->leaves_out_self ? pl_sio_socket_id(op->socket) : (struct pl_str){0};
    struct pl_str *rooms = room_texts(op->rooms, op->room_count, (struct pl_str){0});
    struct pl_str *except = room_texts(op->except, op->except_count, self);
    pl_sio_offset_keep(ns, outgoing, offset, rooms, op->room_count, except,
                       op->except_count + (op->leaves_out_self ? 1 : 0));
    pl_free(rooms);
    pl_free(except);
}

static int emit_in(const struct parley_op *op, struct pl_sio_ns *ns, struct pl_str event,
                   const struct parley_args *args)
{
    struct pl_sio_emission emission = {.event = event, .args = args};
    struct pl_sio_outgoing outgoing;
    char offset[PL_SIO_OFFSET_LEN];
    int rc = 0;
    tell_outgoing(op, ns, event, args);
    if ((op->flags & PL_SEND_VOLATILE) == 0) {
        emission.offset = pl_sio_offset_begin(ns, offset);
    }
    rc = pl_sio_write_emission(&outgoing, ns, &emission);
    if (rc < 0) {
        return rc;
    }
    outgoing.is_uncompressed = op->is_uncompressed;
    if (emission.offset.len > 0) {
        keep_for_recovery(op, ns, &outgoing, emission.offset);
    }
    return pl_sio_select_send(op, ns, &outgoing);
}

static int emit_in_children(const struct parley_op *op, struct pl_str event,
                            const struct parley_args *args)
{
    size_t count = 0;
    struct pl_sio_ns **namespaces = pl_sio_op_namespaces(op, &count);
    int rc = 0;
    for (size_t i = 0; i < count; i++) {
        int one_rc = emit_in(op, namespaces[i], event, args);
        rc = one_rc < 0 ? one_rc : rc;
    }
    pl_sio_op_namespaces_free(namespaces, count);
    return rc;
}

int parley_op_emit(struct parley_op *op, const char *event, const struct parley_args *args)
{
    struct pl_str name;
    int rc = op == NULL ? PL_E_NOT_FOUND : pl_sio_event_to_emit(&name, op->ns->io, event);
    if (rc < 0) {
        parley_op_drop(op);
        return rc;
    }
    if (pl_sio_op_is_for_self(op)) {
        rc = pl_sio_emit_one(op->socket, &(struct pl_sio_emission){.event = name, .args = args},
                             op->flags);
    } else if (op->ns->is_parent) {
        rc = emit_in_children(op, name, args);
    } else {
        rc = emit_in(op, op->ns, name, args);
    }
    parley_op_drop(op);
    return rc;
}

int parley_op_emitf(struct parley_op *op, const char *event, const char *fmt, ...)
{
    struct parley_args *args = NULL;
    va_list list;
    int rc = 0;
    va_start(list, fmt);
    rc = pl_args_formatv(&args, fmt, list);
    va_end(list);
    if (rc < 0) {
        if (op != NULL) {
            pl_sio_warn_emit(op->ns->io, event, rc);
        }
        parley_op_drop(op);
        return rc;
    }
    rc = parley_op_emit(op, event, args);
    parley_args_unref(args);
    return rc;
}
