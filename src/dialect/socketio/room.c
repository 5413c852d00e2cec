/* Rooms of one socket: hub streams, but for its own id. While it joins its namespace they are only
 * names. */
#include "dialect/socketio/room.h"

#include "dialect/socketio/io.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/socket.h"

static struct pl_stream_key room_key(const struct pl_sio_ns *ns, struct pl_str room)
{
    return (struct pl_stream_key){
        .kind = PL_STREAM_SIO_ROOM, .subject = pl_sio_name_str(ns->name), .label = room};
}

struct pl_stream *pl_sio_room_stream(const struct pl_sio_ns *ns, struct pl_str room)
{
    struct pl_stream_key key = room_key(ns, room);
    return pl_stream_find(ns->io->hub, &key);
}

/* Tell the listeners of the namespace. `room` needs a NUL behind it. */
static void tell(const struct parley_socket *socket, enum parley_room_event event, const char *room)
{
    struct pl_sio_ns *ns = socket->ns;
    for (size_t i = 0; i < ns->listener_count; i++) {
        ns->listeners[i].fn(event, room, socket->id, ns->listeners[i].user);
    }
}

/* A listener may free the text that it is told of: it gets a copy. */
static struct pl_sio_name *name_for_listeners(const struct parley_socket *socket,
                                              struct pl_str room)
{
    return socket->ns->listener_count == 0 ? NULL : pl_sio_name_create(room);
}

/* The names that parley_room_at gave out are not true any more. */
static void forget_names(struct parley_socket *socket)
{
    if (socket->rare != NULL) {
        pl_sio_names_fini(&socket->rare->rooms);
    }
}

int pl_sio_room_join(struct parley_socket *socket, struct pl_str room)
{
    struct pl_sio_ns *ns = socket->ns;
    struct pl_session *session = pl_sio_socket_session(socket);
    struct pl_stream_key key = room_key(ns, room);
    bool is_new = ns->listener_count > 0 && pl_stream_find(ns->io->hub, &key) == NULL;
    int rc = 0;
    if (session == NULL) {
        return PL_E_CLOSED;
    }
    if (socket->room_count >= ns->io->config.rooms_max) {
        return pl_hub_find_member(ns->io->hub, session, &key) != NULL ? 0 : PL_E_FULL;
    }
    rc = pl_hub_join(ns->io->hub, session, &key, PL_MEMBER_SUBSCRIBER, NULL, NULL);
    if (rc <= 0) {
        return rc;
    }
    socket->room_count++;
    struct pl_sio_name *name = name_for_listeners(socket, room);
    forget_names(socket); /* `room` may have been one of them */
    if (name != NULL) {
        parley_socket_ref(socket); /* a listener may end it */
        if (is_new) {
            tell(socket, PARLEY_ROOM_CREATED, name->text);
        }
        tell(socket, PARLEY_ROOM_JOINED, name->text);
        pl_sio_name_unref(name);
        parley_socket_unref(socket);
    }
    return 0;
}

/* The member has left; `name` is NULL when nobody listens. */
static void tell_left(struct parley_socket *socket, struct pl_sio_name *name)
{
    if (name != NULL) {
        parley_socket_ref(socket); /* a listener may end it */
        tell(socket, PARLEY_ROOM_LEFT, name->text);
        if (pl_sio_room_stream(socket->ns, pl_sio_name_str(name)) == NULL) {
            tell(socket, PARLEY_ROOM_DELETED, name->text);
        }
        pl_sio_name_unref(name);
        parley_socket_unref(socket);
    }
}

static void leave_member(struct parley_socket *socket, struct pl_member *member)
{
    struct pl_sio_name *name =
        name_for_listeners(socket, pl_stream_key(pl_member_stream(member)).label);
    pl_hub_leave_member(socket->ns->io->hub, member);
    socket->room_count--;
    forget_names(socket);
    tell_left(socket, name);
}

void pl_sio_room_leave(struct parley_socket *socket, struct pl_str room)
{
    struct pl_session *session = pl_sio_socket_session(socket);
    struct pl_stream_key key = room_key(socket->ns, room);
    struct pl_member *member =
        session == NULL ? NULL : pl_hub_find_member(socket->ns->io->hub, session, &key);
    if (member != NULL) {
        leave_member(socket, member);
    }
}

/* The next membership of this namespace's rooms at or behind the one after `member`. */
static struct pl_member *next_room(const struct parley_socket *socket, struct pl_member *member)
{
    struct pl_session *session = pl_sio_socket_session(socket);
    while (session != NULL && (member = pl_session_next_member(session, member)) != NULL) {
        struct pl_stream_key key = pl_stream_key(pl_member_stream(member));
        if (key.kind == PL_STREAM_SIO_ROOM &&
            pl_str_eq(key.subject, pl_sio_name_str(socket->ns->name))) {
            return member;
        }
    }
    return NULL;
}

void pl_sio_room_leave_all(struct parley_socket *socket)
{
    struct pl_member *member = NULL;
    while (socket->room_count > 0 && (member = next_room(socket, NULL)) != NULL) {
        leave_member(socket, member); /* listeners may change what comes next: start again */
    }
}

void pl_sio_rooms_collect(const struct parley_socket *socket, struct pl_sio_names *out)
{
    struct pl_member *member = NULL;
    while (socket->room_count > 0 && (member = next_room(socket, member)) != NULL) {
        pl_sio_names_append(out, pl_stream_key(pl_member_stream(member)).label);
    }
}

void pl_sio_own_room_joined(struct parley_socket *socket)
{
    tell(socket, PARLEY_ROOM_CREATED, socket->id);
    tell(socket, PARLEY_ROOM_JOINED, socket->id);
}

void pl_sio_own_room_left(struct parley_socket *socket)
{
    tell(socket, PARLEY_ROOM_LEFT, socket->id);
    tell(socket, PARLEY_ROOM_DELETED, socket->id);
}

/* --- the application's calls --- */

static int join_later(struct parley_socket *socket, struct pl_str room)
{
    struct pl_sio_rare *rare = pl_sio_socket_rare(socket);
    if (rare->rooms.count >= socket->ns->io->config.rooms_max &&
        !pl_sio_names_has(&rare->rooms, room)) {
        return PL_E_FULL;
    }
    pl_sio_names_add(&rare->rooms, room);
    return 0;
}

static int read_room(struct pl_str *out, const struct parley_socket *socket, const char *room)
{
    if (!pl_sio_name_read(out, room, PL_SIO_ROOM_LEN_MAX)) {
        return PL_E_INVALID;
    }
    return socket->state == PL_SIO_JOINING || socket->state == PL_SIO_CONNECTED ? 0 : PL_E_CLOSED;
}

int parley_join(struct parley_socket *socket, const char *room)
{
    struct pl_str name;
    int rc = read_room(&name, socket, room);
    if (rc < 0 || pl_str_eq(name, pl_sio_socket_id(socket))) {
        return rc;
    }
    return socket->state == PL_SIO_JOINING ? join_later(socket, name)
                                           : pl_sio_room_join(socket, name);
}

int parley_leave(struct parley_socket *socket, const char *room)
{
    struct pl_str name;
    int rc = read_room(&name, socket, room);
    if (rc < 0) {
        return rc;
    }
    if (socket->state == PL_SIO_CONNECTED) {
        pl_sio_room_leave(socket, name);
    } else if (socket->rare != NULL) {
        pl_sio_names_remove(&socket->rare->rooms, name);
    }
    return 0;
}

void parley_leave_all(struct parley_socket *socket)
{
    if (socket->state == PL_SIO_CONNECTED) {
        parley_socket_ref(socket);
        pl_sio_room_leave_all(socket);
        parley_socket_unref(socket);
    } else if (socket->state == PL_SIO_JOINING && socket->rare != NULL) {
        pl_sio_names_fini(&socket->rare->rooms);
    }
}

/* Rooms are members of the hub's streams, or (joining, or just gone) names. */
static bool has_members(const struct parley_socket *socket)
{
    return socket->state == PL_SIO_CONNECTED || socket->state == PL_SIO_DISCONNECTING;
}

size_t parley_room_count(const struct parley_socket *socket)
{
    return 1 + (has_members(socket)    ? socket->room_count
                : socket->rare == NULL ? 0
                                       : socket->rare->rooms.count);
}

/* A label has no NUL behind it: names that were asked for are kept beside the socket. */
const char *parley_room_at(const struct parley_socket *socket, size_t index)
{
    struct pl_sio_rare *rare = NULL;
    if (index == 0 || index >= parley_room_count(socket)) {
        return index == 0 ? socket->id : NULL;
    }
    rare =
        pl_sio_socket_rare((struct parley_socket *)(uintptr_t)socket); /* a cache behind a getter */
    if (has_members(socket) && rare->rooms.count == 0) {
        pl_sio_rooms_collect(socket, &rare->rooms);
    }
    return index <= rare->rooms.count ? rare->rooms.names[index - 1]->text : NULL;
}

bool parley_in_room(const struct parley_socket *socket, const char *room)
{
    struct pl_str name = room == NULL ? (struct pl_str){0} : pl_str_of_cstr(room);
    if (pl_str_eq(name, pl_sio_socket_id(socket))) {
        return true;
    }
    if (has_members(socket)) {
        struct pl_session *session = pl_sio_socket_session(socket);
        struct pl_stream_key key = room_key(socket->ns, name);
        return session != NULL && pl_hub_find_member(socket->ns->io->hub, session, &key) != NULL;
    }
    return socket->rare != NULL && pl_sio_names_has(&socket->rare->rooms, name);
}

size_t parley_room_size(struct parley_io *io, const char *ns_name, const char *room)
{
    struct pl_sio_ns *ns = pl_sio_ns_lookup(io, ns_name);
    struct pl_str name;
    struct pl_stream *stream = NULL;
    if (ns == NULL || ns->is_parent || !pl_sio_name_read(&name, room, PL_SIO_ROOM_LEN_MAX)) {
        return 0;
    }
    stream = pl_sio_room_stream(ns, name);
    return (stream == NULL ? 0 : pl_stream_member_count(stream)) +
           (pl_sio_ns_find_socket(ns, name) != NULL ? 1 : 0);
}
