/* CONNECT: the namespace is found or made, a broken session recovered, the middlewares asked, the
 * client answered, the handler called (spec 3.1). Functions and middlewares may answer later, when
 * the client may have gone. */
#include "dialect/socketio/connect.h"

#include "base/alloc.h"
#include "codec/json_raw.h"
#include "codec/sio_write.h"
#include "dialect/socketio/conn.h"
#include "dialect/socketio/emit.h"
#include "dialect/socketio/engine.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/names.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/next.h"
#include "dialect/socketio/pattern.h"
#include "dialect/socketio/recovery.h"
#include "dialect/socketio/room.h"
#include "dialect/socketio/socket.h"
#include "value/wire.h"

/* A CONNECT that is under way. */
struct joining {
    struct pl_list in_conn;
    struct pl_sio_conn *conn; /* counted */
    struct pl_sio_name *name;
    const struct parley_val *auth; /* counted; NULL: none */
    uint64_t parents_tried;        /* order of the last one */
    struct pl_sio_ns *asked;       /* counted: the parent whose function is asked */
    struct parley_socket *socket;  /* counted; NULL until its namespace is known */
    size_t middlewares_run;
    struct pl_sio_kept_session *kept; /* claimed from the namespace's store */
    char offset[PL_SIO_OFFSET_LEN];   /* where the client had stopped; meaningful with `kept` */
    bool is_abandoned;                /* the client has gone */
};

bool pl_sio_conn_is_joining(const struct pl_sio_conn *conn, struct pl_str ns)
{
    for (struct pl_list *node = conn->joinings.next; node != &conn->joinings; node = node->next) {
        struct joining *joining = PL_CONTAINER_OF(node, struct joining, in_conn);
        if (pl_str_eq(pl_sio_name_str(joining->name), ns)) {
            return true;
        }
    }
    return false;
}

void pl_sio_conn_each_claimed(const struct pl_sio_conn *conn,
                              void (*visit)(void *user, const struct pl_sio_ns *ns,
                                            const struct pl_sio_kept_session *session),
                              void *user)
{
    for (struct pl_list *node = conn->joinings.next; node != &conn->joinings;
         node = node->next) {
        const struct joining *joining = PL_CONTAINER_OF(node, struct joining, in_conn);
        if (joining->kept != NULL) {
            visit(user, joining->socket->ns, joining->kept);
        }
    }
}

static void unlink_joining(struct joining *joining)
{
    if (pl_list_is_linked(&joining->in_conn)) {
        pl_list_remove(&joining->in_conn);
        joining->conn->joining_count--;
    }
}

void pl_sio_conn_abandon_joinings(struct pl_sio_conn *conn)
{
    while (!pl_list_is_empty(&conn->joinings)) {
        struct joining *joining = PL_CONTAINER_OF(conn->joinings.next, struct joining, in_conn);
        joining->is_abandoned = true;
        unlink_joining(joining);
    }
}

/* The namespace is not waited for any more. */
static void forget_socket(struct joining *joining)
{
    struct parley_socket *socket = joining->socket;
    struct pl_sio_ns *ns = NULL;
    if (socket == NULL) {
        return;
    }
    ns = pl_sio_ns_ref(socket->ns);
    if (joining->kept != NULL) { /* not recovered after all: for the next attempt */
        pl_sio_store_keep(ns->store, joining->kept, pl_hub_now_ms(ns->io->hub));
    }
    socket->state = PL_SIO_GONE;
    if (socket->has_outgoing) {
        socket->has_outgoing = false;
        ns->outgoing_count--;
    }
    pl_sio_socket_free_slots(socket);
    parley_socket_unref(socket);
    ns->joining_count--;
    pl_sio_ns_tidy(ns);
    pl_sio_ns_unref(ns);
}

static void free_joining(struct joining *joining)
{
    unlink_joining(joining);
    forget_socket(joining);
    pl_sio_ns_unref(joining->asked);
    pl_sio_name_unref(joining->name);
    parley_val_unref(joining->auth);
    pl_sio_conn_unref(joining->conn);
    pl_free(joining);
}

static void drop_joining(void *owner)
{
    free_joining(owner);
}

/* --- refusing --- */

static void send_error(struct pl_sio_conn *conn, struct pl_str ns, const char *message,
                       const struct parley_val *data)
{
    struct parley_io *io = conn->io;
    struct pl_str raw_data = {0};
    if (data != NULL) {
        raw_data = pl_sio_write_value(io, data);
    }
    pl_sio_write_connect_error(pl_sio_packet_begin(io), ns, pl_str_of_cstr(message), raw_data);
    pl_sio_conn_send_packet(conn);
}

/* A middleware's words: revision 4 sends them, or the data, bare. */
static void send_refusal(struct pl_sio_conn *conn, struct pl_str ns, const char *message,
                         const struct parley_val *data)
{
    struct parley_io *io = conn->io;
    if (!pl_sio_conn_is_revision4(conn)) {
        send_error(conn, ns, message, data);
        return;
    }
    struct pl_str raw_data = data == NULL ? (struct pl_str){0} : pl_sio_write_value(io, data);
    pl_sio_write_error(pl_sio_packet_begin(io), ns, pl_str_of_cstr(message), raw_data);
    pl_sio_conn_send_packet(conn);
}

static void refuse(struct joining *joining, const char *message)
{
    if (!joining->is_abandoned) {
        send_error(joining->conn, pl_sio_name_str(joining->name), message, NULL);
    }
    free_joining(joining);
}

static void refuse_name(struct joining *joining)
{
    pl_sio_count(joining->conn->io, PL_METRIC_REFUSED_NAMESPACE, 1);
    refuse(joining, "Invalid namespace");
}

/* --- recovery (spec 3.8) --- */

static struct pl_str auth_text(const struct parley_val *auth, const char *key)
{
    size_t len = 0;
    const char *text = parley_val_str(parley_val_get(auth, key), &len);
    return text == NULL ? (struct pl_str){0} : pl_str_make(text, len);
}

static void restore_data(struct parley_socket *socket, const struct pl_sio_kept_session *kept)
{
    if (kept->data != NULL) {
        parley_val_unref(socket->data);
        socket->data = parley_val_ref(kept->data);
    }
}

/* Take the session that the client names out of the store, if it is there: the socket is the old
 * one again. */
static void claim_session(struct joining *joining)
{
    struct parley_socket *socket = joining->socket;
    struct pl_sio_ns *ns = socket->ns;
    struct pl_str pid = auth_text(joining->auth, "pid");
    struct pl_str offset = auth_text(joining->auth, "offset");
    if (ns->store == NULL || pl_sio_conn_is_revision4(joining->conn)) {
        return; /* its client does not know how to come back */
    }
    if (pid.ptr == NULL || offset.ptr == NULL) {
        pl_sio_make_id(ns->io, pl_sio_socket_rare(socket)->pid);
        return;
    }
    joining->kept = pl_sio_store_claim(ns->store, pid, offset, pl_hub_now_ms(ns->io->hub));
    pl_sio_count(ns->io,
                 joining->kept != NULL ? PL_METRIC_RECOVERIES_OK : PL_METRIC_RECOVERIES_FAILED, 1);
    if (joining->kept == NULL) {
        pl_sio_make_id(ns->io, pl_sio_socket_rare(socket)->pid);
        return;
    }
    memcpy(joining->offset, offset.ptr, PL_SIO_OFFSET_LEN);
    memcpy(socket->id, joining->kept->id, PL_SIO_ID_LEN);
    memcpy(pl_sio_socket_rare(socket)->pid, joining->kept->pid, PL_SIO_ID_LEN);
    for (size_t i = 0; i < joining->kept->room_count; i++) {
        if (!pl_str_eq(joining->kept->rooms[i], pl_sio_socket_id(socket))) {
            pl_sio_names_append(&socket->rare->rooms, joining->kept->rooms[i]);
        }
    }
    restore_data(socket, joining->kept);
    socket->is_recovered = true;
}

static struct pl_str joining_offset(const struct joining *joining)
{
    return pl_str_make(joining->offset, PL_SIO_OFFSET_LEN);
}

/* While middlewares ran, packets after the offset may have been dropped:
 * then it is a new socket. */
static void check_still_recoverable(struct joining *joining)
{
    struct parley_socket *socket = joining->socket;
    if (joining->kept != NULL &&
        !pl_sio_store_has_all(socket->ns->store, joining_offset(joining))) {
        for (size_t i = 0; i < joining->kept->room_count; i++) {
            pl_sio_names_remove(&socket->rare->rooms, joining->kept->rooms[i]);
        }
        pl_sio_kept_session_free(joining->kept);
        joining->kept = NULL;
        socket->is_recovered = false;
        pl_sio_make_id(socket->ns->io, socket->id);
        pl_sio_make_id(socket->ns->io, socket->rare->pid);
    }
}

/* A kept packet's attachments are blobs, an outgoing one's are slices. */
static void send_missed(void *user, const struct pl_sio_kept_packet *packet)
{
    struct pl_sio_conn *conn = user;
    struct pl_str *attachments =
        packet->attachment_count == 0
            ? NULL
            : pl_alloc_array(packet->attachment_count, sizeof(*attachments));
    struct pl_sio_outgoing outgoing = {
        .text = packet->text,
        .attachments = attachments,
        .attachment_count = packet->attachment_count,
        .is_bytes = conn->io->config.parser == PL_SIO_PARSER_MSGPACK,
    };
    for (size_t i = 0; i < packet->attachment_count; i++) {
        attachments[i] = pl_blob_str(packet->attachments[i]);
    }
    if (pl_sio_conn_send(conn, &outgoing, 0) < 0) {
        pl_sio_conn_close(conn, PARLEY_TRANSPORT_ERROR); /* nothing may be missing in the middle */
    }
    pl_free(attachments);
}

static void replay(struct joining *joining)
{
    if (joining->kept != NULL) {
        pl_sio_store_each_missed(joining->socket->ns->store, joining->kept, joining_offset(joining),
                                 send_missed, joining->conn);
        pl_sio_kept_session_free(joining->kept);
        joining->kept = NULL;
    }
}

/* --- the last steps --- */

static int register_socket(struct parley_socket *socket)
{
    struct pl_sio_ns *ns = socket->ns;
    struct pl_sio_conn *conn = socket->conn;
    int rc = pl_hub_join(ns->io->hub, pl_eio_session_hub(conn->eio),
                         &(struct pl_stream_key){.kind = PL_STREAM_SIO_NAMESPACE,
                                                 .subject = pl_sio_name_str(ns->name)},
                         PL_MEMBER_SUBSCRIBER, NULL, NULL);
    if (rc < 0) {
        return rc;
    }
    socket->state = PL_SIO_CONNECTED;
    ns->has_odd_ids = ns->has_odd_ids || socket->id_len != PL_SIO_ID_LEN;
    pl_table_add(&ns->by_id, &socket->by_id,
                 pl_siphash(ns->io->hash_key, socket->id, socket->id_len));
    pl_list_push_back(&conn->sockets, &parley_socket_ref(socket)->in_conn);
    conn->socket_count++;
    pl_sio_count(ns->io, PL_METRIC_SOCKETIO_SOCKETS, 1);
    return 0;
}

static void send_answer(struct parley_socket *socket)
{
    struct pl_sio_ns *ns = socket->ns;
    struct pl_buf *packet = pl_sio_packet_begin(ns->io);
    if (pl_sio_conn_is_revision4(socket->conn)) { /* which makes the id itself */
        pl_sio_write_connect_request(packet, pl_sio_name_str(ns->name), PL_STR(""));
    } else {
        pl_sio_write_connect(packet, pl_sio_name_str(ns->name), pl_sio_socket_id(socket),
                             pl_sio_pid(socket));
    }
    pl_sio_conn_send_packet(socket->conn);
}

/* Its own room, those its middlewares chose, those it had. */
static void join_rooms(struct parley_socket *socket)
{
    struct pl_sio_names rooms = {0};
    pl_sio_own_room_joined(socket);
    if (socket->rare != NULL) {
        rooms = socket->rare->rooms;
        socket->rare->rooms = (struct pl_sio_names){0};
    }
    for (size_t i = 0; i < rooms.count && socket->state == PL_SIO_CONNECTED; i++) {
        int rc = pl_sio_room_join(socket, pl_sio_name_str(rooms.names[i]));
        (void)rc; /* the list was bounded when it was made */
    }
    pl_sio_names_fini(&rooms);
}

static void connect_socket(struct joining *joining)
{
    struct parley_socket *socket = parley_socket_ref(joining->socket);
    struct pl_sio_ns *ns = socket->ns;
    check_still_recoverable(joining);
    if (register_socket(socket) < 0) {
        refuse(joining, "Too many rooms");
        parley_socket_unref(socket);
        return;
    }
    pl_sio_conn_joined(socket->conn);
    unlink_joining(joining);
    ns->joining_count--;
    parley_socket_unref(joining->socket);
    joining->socket = socket; /* the reference of this call */
    replay(joining);
    send_answer(socket);
    if (socket->state == PL_SIO_CONNECTED) { /* sending may have found that it cannot go on */
        join_rooms(socket);
    }
    if (socket->state == PL_SIO_CONNECTED) {
        ns->on_connect(socket, socket->auth == NULL ? ns->io->empty_object : socket->auth,
                       ns->user);
    }
    joining->socket = NULL;
    parley_socket_unref(socket);
    free_joining(joining);
}

/* --- middlewares --- */

static void run_middlewares(struct joining *joining);

static void on_middleware(void *owner, const struct pl_sio_verdict *verdict)
{
    struct joining *joining = owner;
    if (verdict->is_accepted || joining->is_abandoned) {
        run_middlewares(joining);
        return;
    }
    pl_sio_count(joining->conn->io, PL_METRIC_REFUSED_MIDDLEWARE, 1);
    send_refusal(joining->conn, pl_sio_name_str(joining->name), verdict->message, verdict->data);
    free_joining(joining);
}

static void run_middlewares(struct joining *joining)
{
    struct parley_socket *socket = joining->socket;
    struct pl_sio_ns *ns = socket->ns;
    bool skips = joining->kept != NULL && ns->io->config.recovery.skips_middlewares;
    if (joining->is_abandoned || !pl_sio_conn_is_open(joining->conn)) {
        free_joining(joining);
    } else if (ns->is_deleted) {
        refuse_name(joining);
    } else if (skips || joining->middlewares_run >= ns->middleware_count) {
        connect_socket(joining);
    } else {
        struct pl_sio_middleware middleware = ns->middlewares[joining->middlewares_run++];
        struct parley_next *next = pl_sio_next_create(ns->io, on_middleware, drop_joining, joining);
        parley_socket_ref(socket); /* an answer inside the call may be the end of it */
        middleware.fn(socket, next, middleware.user);
        parley_socket_unref(socket);
    }
}

/* --- the namespace --- */

static void enter(struct joining *joining, struct pl_sio_ns *ns)
{
    joining->socket = pl_sio_socket_create(ns, joining->conn, joining->auth);
    ns->joining_count++;
    claim_session(joining);
    run_middlewares(joining);
}

static void enter_child(struct joining *joining, struct pl_sio_ns *parent)
{
    struct pl_sio_ns *child = pl_sio_ns_ensure_child(parent, pl_sio_name_str(joining->name));
    if (child == NULL) {
        refuse_name(joining);
    } else {
        enter(joining, child);
    }
}

static void try_parents(struct joining *joining);

static void on_match(void *owner, const struct pl_sio_verdict *verdict)
{
    struct joining *joining = owner;
    struct pl_sio_ns *parent = joining->asked;
    joining->asked = NULL;
    if (joining->is_abandoned || !pl_sio_conn_is_open(joining->conn)) {
        free_joining(joining);
    } else if (verdict->is_accepted) {
        enter_child(joining, parent);
    } else {
        try_parents(joining);
    }
    pl_sio_ns_unref(parent);
}

/* An answer inside the call may be the end of the joining: what the function was given is held. */
static void ask_parent(struct joining *joining, struct pl_sio_ns *parent)
{
    struct parley_io *io = joining->conn->io;
    struct pl_sio_name *name = pl_sio_name_ref(joining->name);
    const struct parley_val *auth =
        parley_val_ref(joining->auth == NULL ? io->empty_object : joining->auth);
    struct parley_next *next = pl_sio_next_create(io, on_match, drop_joining, joining);
    joining->asked = pl_sio_ns_ref(parent);
    parent->match(name->text, auth, next, parent->match_user);
    parley_val_unref(auth);
    pl_sio_name_unref(name);
}

static void try_parents(struct joining *joining)
{
    struct parley_io *io = joining->conn->io;
    struct pl_sio_ns *parent = NULL;
    while ((parent = pl_sio_parent_after(io, joining->parents_tried)) != NULL) {
        joining->parents_tried = parent->order;
        if (parent->pattern == NULL) {
            ask_parent(joining, parent);
            return;
        }
        if (pl_pattern_matches(parent->pattern, pl_sio_name_str(joining->name))) {
            enter_child(joining, parent);
            return;
        }
    }
    refuse_name(joining);
}

static struct joining *create_joining(struct pl_sio_conn *conn, const struct pl_sio_packet *packet)
{
    struct joining *joining = pl_alloc(sizeof(*joining));
    joining->conn = pl_sio_conn_ref(conn);
    joining->name = pl_sio_name_create(packet->nsp);
    if (packet->payload.len > 0) {
        joining->auth = pl_val_of_wire(packet->payload, PL_SIO_DEPTH_MAX);
    }
    pl_list_push_back(&conn->joinings, &joining->in_conn);
    conn->joining_count++;
    return joining;
}

void pl_sio_connect(struct pl_sio_conn *conn, const struct pl_sio_packet *packet)
{
    struct pl_sio_ns *ns = NULL;
    if (packet->nsp.len > PL_SIO_NAMESPACE_LEN_MAX ||
        pl_str_find_char(packet->nsp, '\0') <
            packet->nsp.len) { /* it would pass for a shorter one */
        pl_sio_count(conn->io, PL_METRIC_REFUSED_NAMESPACE, 1);
        send_error(conn, packet->nsp, "Invalid namespace", NULL);
        return;
    }
    if (conn->socket_count + conn->joining_count >= conn->io->config.namespaces_max) {
        pl_sio_count(conn->io, PL_METRIC_REFUSED_NAMESPACE, 1);
        send_error(conn, packet->nsp, "Too many namespaces", NULL);
        return;
    }
    if (conn->former != NULL) {
        pl_sio_names_remove(conn->former, packet->nsp);
    }
    ns = pl_sio_ns_find(conn->io, packet->nsp);
    struct joining *joining = create_joining(conn, packet);
    if (ns != NULL) {
        enter(joining, ns);
    } else {
        try_parents(joining);
    }
}
