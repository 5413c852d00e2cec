/* What the files of the Socket.IO level share, and nobody else sees. Each struct names the file
 * that writes its fields. Callbacks of the application may do anything (disconnect, delete the
 * namespace, close the server), so whoever calls one holds counted references, and collects before
 * it calls. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_SIO_INTERNAL_H
#define PL_DIALECT_SOCKETIO_SIO_INTERNAL_H

#include "base/alloc.h"
#include "base/hash.h"
#include "codec/sio_decoder.h"
#include "codec/sio_write.h"
#include "dialect/socketio/pattern.h"
#include "dialect/socketio/recovery.h"
#include "dialect/socketio/socketio.h"
#include "hub/rate.h"
#include "hub/table.h"
#include "value/wire.h"

#define PL_SIO_NAMESPACE_LEN_MAX 512 /* of a name that clients may bring */
#define PL_SIO_ROOM_LEN_MAX 65535

/* Kinds of hub streams. A socket's own-id room is none:
 * it is a look-up in its namespace's index. */
enum {
    PL_STREAM_SIO_NAMESPACE = 16, /* subject: the namespace; every connected socket subscribes */
    PL_STREAM_SIO_ROOM = 17,      /* subject: the namespace; label: the room */
};

/* --- names (names.c) --- */

/* A counted text with a NUL behind it. */
struct pl_sio_name {
    uint32_t refs;
    uint32_t len;
    char text[];
};

struct pl_sio_name *pl_sio_name_create(struct pl_str text);
struct pl_sio_name *pl_sio_name_ref(struct pl_sio_name *name);
void pl_sio_name_unref(struct pl_sio_name *name); /* NULL is fine */

static inline struct pl_str pl_sio_name_str(const struct pl_sio_name *name)
{
    return pl_str_make(name->text, name->len);
}

/* A short list of names, each once, in the order of adding. Zeroed is empty. */
struct pl_sio_names {
    struct pl_sio_name **names;
    size_t count;
    size_t cap;
};

bool pl_sio_names_has(const struct pl_sio_names *names, struct pl_str text);
bool pl_sio_names_add(struct pl_sio_names *names, struct pl_str text);    /* whether it is new */
void pl_sio_names_append(struct pl_sio_names *names, struct pl_str text); /* known to be new */
bool pl_sio_names_remove(struct pl_sio_names *names, struct pl_str text); /* whether it was there */
void pl_sio_names_fini(struct pl_sio_names *names);

/* Whether a name of the application's is UTF-8 and of sane length; it becomes *out. */
bool pl_sio_name_read(struct pl_str *out, const char *cstr, size_t len_max);

/* --- answers of middlewares and hooks (next.c) --- */

struct pl_sio_verdict {
    bool is_accepted;
    const char *message;           /* of a refusal; never NULL then */
    const struct parley_val *data; /* may be NULL */
};

struct parley_next {
    struct pl_list in_io; /* on io->nexts until answered */
    void (*answer)(void *owner, const struct pl_sio_verdict *verdict);
    void (*drop)(void *owner); /* never answered, and the server is going */
    void *owner;
};

struct parley_next *pl_sio_next_create(struct parley_io *io,
                                       void (*answer)(void *owner,
                                                      const struct pl_sio_verdict *verdict),
                                       void (*drop)(void *owner), void *owner);
void pl_sio_nexts_drop(struct parley_io *io);

/* --- the server (io.c) --- */

/* A middleware of the transport (hooks.c). */
struct pl_sio_hook {
    void (*fn)(struct parley_request *request, struct parley_next *next, void *user);
    void *user;
};

struct pl_sio_hooks {
    struct pl_sio_hook *middlewares;
    size_t middleware_count;
    struct pl_sio_hook allow;
    int (*generate_id)(struct parley_request *request, char *out, size_t out_size, void *user);
    void *generate_id_user;
    void (*headers)(struct parley_request *request, bool is_initial, void *user);
    void *headers_user;
    void (*connection_error)(struct parley_request *request, int code, const char *message,
                             const char *context, void *user);
    void *connection_error_user;
};

struct parley_io {
    struct pl_sio_params params;
    struct pl_sio_config config;
    struct pl_hub *hub;
    struct pl_eio_engine *engine; /* NULL until started */
    struct pl_eio_raw *raw;       /* engines of the application's own; NULL for none */
    bool has_raw_path;            /* one of them has taken the configured path: no Socket.IO */
    struct pl_sio_limits limits;  /* of every connection's decoder */
    uint8_t hash_key[PL_SIPHASH_KEY_BYTES];
    struct pl_map by_name;     /* namespaces that can be joined */
    struct pl_list namespaces; /* the same */
    struct pl_list parents;    /* patterns and functions, in the order of registration */
    uint64_t next_parent_order;
    size_t child_count;
    struct pl_list nexts;
    struct pl_sio_hooks hooks;
    void (*on_new_namespace)(const char *name, void *user);
    void *on_new_namespace_user;
    struct pl_timer purge; /* of recovery stores */
    struct pl_timer closed;
    void (*on_closed)(void *user);
    void *on_closed_user;
    struct pl_log_limit error_limit; /* of clients' mistakes */
    struct pl_log_limit emit_limit;  /* of the application's */
    /* emit.c: reused from packet to packet, so that writing one allocates nothing but its frame */
    struct pl_buf args;
    struct pl_buf packet;
    struct pl_buf packed; /* the packet as msgpack */
    struct pl_bin_list bins;
    struct pl_str *slices; /* of the attachments */
    size_t slice_cap;
    struct parley_val *empty_object;
};

/* A random id: PL_SIO_ID_LEN characters and a NUL. */
void pl_sio_make_id(struct parley_io *io, char out[PL_SIO_ID_LEN + 1]);

static inline struct pl_timers *pl_sio_timers(struct parley_io *io)
{
    return pl_hub_timers(io->hub);
}

static inline void pl_sio_count(struct parley_io *io, enum pl_metric metric, int64_t n)
{
    pl_metrics_add(io->params.metrics, metric, n);
}

/* --- namespaces (namespace.c) --- */

struct pl_sio_middleware {
    void (*fn)(struct parley_socket *socket, struct parley_next *next, void *user);
    void *user;
};

struct pl_sio_room_listener {
    void (*fn)(enum parley_room_event event, const char *room, const char *socket_id, void *user);
    void *user;
};

/* A namespace; or a parent, from which namespaces are made when clients ask for them. */
struct pl_sio_ns {
    uint32_t refs;
    struct pl_list in_io; /* on io->namespaces or io->parents, until deleted */
    struct parley_io *io;
    struct pl_sio_name *name; /* of a parent: the pattern's text, empty for a function */
    void (*on_connect)(struct parley_socket *socket, const struct parley_val *auth, void *user);
    void *user;
    struct pl_sio_middleware *middlewares;
    size_t middleware_count;
    struct pl_sio_room_listener *listeners;
    size_t listener_count;
    struct pl_sio_ns *parent; /* counted; NULL for a static namespace and for parents */
    struct pl_list in_parent;
    struct pl_sio_names params; /* parts of its name that were asked for (socket.c) */

    /* of a parent */
    bool is_parent;
    uint64_t order;
    struct pl_list children;
    struct pl_pattern *pattern; /* NULL for a function */
    void (*match)(const char *name, const struct parley_val *auth, struct parley_next *next,
                  void *user);
    void *match_user;

    /* of a namespace */
    struct pl_table by_id;     /* connected sockets */
    bool has_odd_ids;          /* not PL_SIO_ID_LEN long: of clients of revision 4 */
    size_t joining_count;      /* clients whose middlewares run */
    size_t outgoing_count;     /* sockets that listen to outgoing events */
    struct pl_table acks;      /* single acknowledgements that are awaited (ack.c) */
    struct pl_list broadcasts; /* acknowledgements of broadcasts (broadcast_ack.c) */
    uint64_t next_ack_id;
    struct pl_sio_handlers *no_handlers; /* where the tables of its sockets begin */
    struct pl_sio_store *store;          /* NULL without recovery */
    bool is_deleted;
};

struct pl_sio_ns *pl_sio_ns_ref(struct pl_sio_ns *ns);
void pl_sio_ns_unref(struct pl_sio_ns *ns); /* NULL is fine */
struct pl_sio_ns *pl_sio_ns_find(const struct parley_io *io, struct pl_str name);
/* A namespace, or the parent with this pattern's text; a missing slash is added. NULL. */
struct pl_sio_ns *pl_sio_ns_lookup(struct parley_io *io, const char *name);
/* The parent registered next after number `order`; NULL at the end. */
struct pl_sio_ns *pl_sio_parent_after(struct parley_io *io, uint64_t order);
/* The child, made when it is not there, if need be in the place of one that nobody is in. Borrowed.
 * NULL when there are too many. */
struct pl_sio_ns *pl_sio_ns_ensure_child(struct pl_sio_ns *parent, struct pl_str name);
/* Forget a child that nobody is in any more, where that is configured. */
void pl_sio_ns_tidy(struct pl_sio_ns *ns);
void pl_sio_namespaces_fini(struct parley_io *io);
struct parley_socket *pl_sio_ns_find_socket(const struct pl_sio_ns *ns, struct pl_str id);
/* The stream that all its sockets subscribe; NULL when there are none. */
struct pl_stream *pl_sio_ns_stream(const struct pl_sio_ns *ns);

/* --- connections (conn.c) --- */

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
void pl_sio_conn_upgraded(void *io, struct pl_eio_session *session); /* handlers.c */

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

/* --- Socket.IO 4 (revision4.c) --- */

/* Join the client to `/`, which it has not asked for. */
void pl_sio_revision4_open(struct pl_sio_conn *conn);
/* Take the query out of the namespace's name: it becomes the payload, in `arena`. PL_E_TOO_BIG. */
PL_MUST_CHECK int pl_sio_revision4_read_connect(struct pl_sio_packet *packet,
                                                struct pl_arena *arena);
/* Append the id of its socket in `ns`. False, with `out` as it was, for clients of revision 5. */
PL_MUST_CHECK bool pl_sio_revision4_make_id(struct pl_buf *out, const struct pl_sio_ns *ns,
                                            const struct pl_sio_conn *conn);

/* --- handlers (handlers.c) --- */

enum pl_sio_handler_kind {
    PL_SIO_ON_EVENT,
    PL_SIO_ON_UNHANDLED,
    PL_SIO_ON_ANY,
    PL_SIO_ON_OUTGOING,
    PL_SIO_ON_USE,
    PL_SIO_ON_ERROR,
    PL_SIO_ON_DISCONNECTING,
    PL_SIO_ON_DISCONNECT,
    PL_SIO_ON_UPGRADE,
};

struct pl_sio_handler {
    enum pl_sio_handler_kind kind;
    union {
        void (*any)(void); /* to compare */
        void (*event)(struct parley_socket *socket, const char *event,
                      const struct parley_args *args, struct parley_ack *ack, void *user);
        void (*use)(struct parley_socket *socket, const char *event, const struct parley_args *args,
                    struct parley_next *next, void *user);
        void (*error)(struct parley_socket *socket, const char *message, void *user);
        void (*reason)(struct parley_socket *socket, enum parley_reason reason, void *user);
        void (*upgrade)(struct parley_socket *socket, void *user);
    } fn;
    void *user;
    struct pl_sio_name *name; /* of PL_SIO_ON_EVENT; counted */
};

/* What a socket's events lead to. Immutable and counted: sockets on which the same handlers were
 * registered in the same order share one table, since each table remembers what it last became
 * (`next`). */
struct pl_sio_handlers {
    uint32_t refs;
    uint32_t count;
    uint32_t kinds;               /* a bit for each kind that is in it */
    struct pl_sio_handlers *next; /* counted; this table and one item more */
    struct pl_sio_handler items[];
};

struct pl_sio_handlers *pl_sio_handlers_create(void); /* an empty table */
struct pl_sio_handlers *pl_sio_handlers_ref(struct pl_sio_handlers *handlers);
void pl_sio_handlers_unref(struct pl_sio_handlers *handlers); /* NULL is fine */
/* The handler of an event; NULL. */
const struct pl_sio_handler *pl_sio_handlers_find(const struct pl_sio_handlers *handlers,
                                                  struct pl_str event);
/* The first one of a kind at or behind place *i, which is moved behind it; NULL at the end. */
const struct pl_sio_handler *pl_sio_handlers_next(const struct pl_sio_handlers *handlers,
                                                  enum pl_sio_handler_kind kind, size_t *i);

/* --- sockets (socket.c) --- */

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

/* State of the application's own. */
struct pl_sio_slot {
    struct pl_sio_slot *next;
    void *value;
    void (*free_value)(void *value);
    char key[];
};

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

/* handshake.c: the value of parley_socket_handshake, one reference; NULL without memory. */
const struct parley_val *pl_sio_handshake_create(const struct parley_socket *socket);

/* A list of counted sockets, for walks whose callbacks may do anything. Zeroed is empty. */
struct pl_sio_sockets {
    struct parley_socket **sockets;
    size_t count;
    size_t cap;
};

void pl_sio_sockets_add(struct pl_sio_sockets *list, struct parley_socket *socket);
void pl_sio_sockets_fini(struct pl_sio_sockets *list);

/* --- connecting and disconnecting (connect.c, disconnect.c) --- */

void pl_sio_connect(struct pl_sio_conn *conn, const struct pl_sio_packet *packet);
/* Whether a CONNECT for this namespace is under way. */
bool pl_sio_conn_is_joining(const struct pl_sio_conn *conn, struct pl_str ns);
/* The client has gone: what is under way ends when its middlewares answer. */
void pl_sio_conn_abandon_joinings(struct pl_sio_conn *conn);

/* Out of its namespace (spec 3.1, step 9). A socket that is not connected is left alone. */
void pl_sio_socket_end(struct parley_socket *socket, enum parley_reason reason);
/* The same with a DISCONNECT packet before. */
void pl_sio_socket_kick(struct parley_socket *socket);

/* --- receiving (dispatch.c) --- */

void pl_sio_dispatch(struct pl_sio_conn *conn, const struct pl_sio_message *message,
                     struct pl_arena *arena);
void pl_sio_socket_error(struct parley_socket *socket, const char *message);

/* --- sending (emit.c) --- */

/* A packet ready for its frames; borrowed from the server until the next one is written. */
struct pl_sio_outgoing {
    struct pl_str text;
    const struct pl_str *attachments;
    size_t attachment_count;
    bool is_uncompressed;
    bool is_bytes; /* of the msgpack parser: the text is bytes */
};

struct pl_sio_emission {
    struct pl_str event;
    const struct parley_args *args; /* may be NULL */
    bool has_id;
    uint64_t id;
    struct pl_str offset; /* of recovery; empty for none */
};

/* Returns 0, PL_E_TOO_BIG or PL_E_NOMEM. */
PL_MUST_CHECK int pl_sio_write_emission(struct pl_sio_outgoing *out, struct pl_sio_ns *ns,
                                        const struct pl_sio_emission *emission);
/* The answer to event number `id`. Errors as above. */
PL_MUST_CHECK int pl_sio_write_ack_packet(struct pl_sio_outgoing *out, struct pl_sio_ns *ns,
                                          uint64_t id, const struct parley_args *args);
/* One value as JSON, in io->args until the next packet is written; empty without memory. Bytes are
 * placeholders. */
struct pl_str pl_sio_write_value(struct parley_io *io, const struct parley_val *val);
/* One frame for an encoding; NULL without memory. */
struct pl_frame *pl_sio_outgoing_frame(struct parley_io *io, const struct pl_sio_outgoing *outgoing,
                                       uint8_t encoding);
PL_MUST_CHECK int pl_sio_conn_send(struct pl_sio_conn *conn, const struct pl_sio_outgoing *outgoing,
                                   unsigned flags);
/* A packet that has been written to io->packet: CONNECT, DISCONNECT, CONNECT_ERROR. */
void pl_sio_conn_send_packet(struct pl_sio_conn *conn);
/* An empty io->packet. */
struct pl_buf *pl_sio_packet_begin(struct parley_io *io);

/* The name of an event; PL_E_INVALID for a reserved one. */
PL_MUST_CHECK int pl_sio_event_read(struct pl_str *out, const char *event);
/* The same for one that is emitted, with a warning in the log. */
PL_MUST_CHECK int pl_sio_event_to_emit(struct pl_str *out, struct parley_io *io, const char *event);
/* Tell the operator of an emit that the application got wrong: few look at what emits return. */
void pl_sio_warn_emit(struct parley_io *io, const char *event, int error);
/* 0 when the socket may emit now; PL_E_STATE or PL_E_CLOSED. */
PL_MUST_CHECK int pl_sio_socket_may_emit(const struct parley_socket *socket);
/* Emit to one socket, with an ack id or without. */
PL_MUST_CHECK int pl_sio_emit_one(struct parley_socket *socket,
                                  const struct pl_sio_emission *emission, unsigned flags);
/* Tell those who listen to what this socket is sent. */
void pl_sio_tell_outgoing(struct parley_socket *socket, struct pl_str event,
                          const struct parley_args *args);

/* With recovery on: a new offset for a packet, in `out`, which it returns; empty otherwise. */
struct pl_str pl_sio_offset_begin(struct pl_sio_ns *ns, char out[PL_SIO_OFFSET_LEN]);
/* Keep a packet that was written with that offset. */
void pl_sio_offset_keep(struct pl_sio_ns *ns, const struct pl_sio_outgoing *outgoing,
                        struct pl_str offset, const struct pl_str *rooms, size_t room_count,
                        const struct pl_str *except, size_t except_count);

/* --- acknowledgements (ack.c, broadcast_ack.c) --- */

struct parley_ack {
    struct parley_socket *socket; /* counted when the ack is kept */
    uint64_t id;
    bool is_kept; /* on the heap: freed by its answer */
    bool is_done;
};

/* An ACK of the client. */
void pl_sio_ack_receive(struct parley_socket *socket, const struct pl_sio_message *message);
/* The socket has gone: all it still owes ends with PL_E_CLOSED. */
void pl_sio_acks_close(struct parley_socket *socket);
/* An ACK that no single emit waits for: maybe a broadcast does. */
void pl_sio_broadcast_receive(struct parley_socket *socket, const struct pl_sio_message *message);
/* The socket has gone: broadcasts do not wait for it any more. */
void pl_sio_broadcasts_leave(struct parley_socket *socket);
/* End all with PL_E_CLOSED: the namespace goes. */
void pl_sio_broadcasts_close(struct pl_sio_ns *ns);

/* --- rooms (room.c) --- */

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

/* --- operators (op.c, select.c, bulk.c) --- */

struct pl_sio_op_room {
    struct pl_sio_op_room *next;
    size_t len;
    char text[];
};

struct parley_op {
    struct pl_sio_ns *ns;         /* counted; may be a parent */
    struct parley_socket *socket; /* counted; NULL from a namespace */
    struct pl_sio_op_room *rooms; /* union of these */
    struct pl_sio_op_room **rooms_end;
    struct pl_sio_op_room *except;
    struct pl_sio_op_room **except_end;
    size_t room_count;
    size_t except_count;
    uint32_t timeout_ms; /* 0: as configured */
    unsigned flags;      /* PL_SEND_... */
    bool is_aimed;       /* at others than the socket it came from */
    bool leaves_out_self;
    bool is_uncompressed;
};

/* Whether it is for the socket that it came from and for nobody else. */
static inline bool pl_sio_op_is_for_self(const struct parley_op *op)
{
    return op->socket != NULL && !op->is_aimed;
}

/* Everybody selected in one namespace (the operator's, or a child of it), each once, in the order
 * of joining. */
void pl_sio_select(struct pl_sio_sockets *out, const struct parley_op *op, struct pl_sio_ns *ns);

/* Send to everybody selected. Nothing is allocated, copied or locked per recipient unless the
 * operator names own-id rooms or leaves out several: then the recipients are collected, still with
 * one frame per encoding. */
PL_MUST_CHECK int pl_sio_select_send(const struct parley_op *op, struct pl_sio_ns *ns,
                                     const struct pl_sio_outgoing *outgoing);

/* The namespaces an operator is for: its own, or a parent's children, counted. */
struct pl_sio_ns **pl_sio_op_namespaces(const struct parley_op *op, size_t *count);
void pl_sio_op_namespaces_free(struct pl_sio_ns **namespaces, size_t count);

/* --- raw Engine.IO (eio_raw.c) --- */

void pl_eio_raw_shutdown(struct parley_io *io);
void pl_eio_raw_destroy(struct parley_io *io);

/* --- transport hooks (hooks.c) --- */

/* The hooks that were registered, for the engine. */
void pl_sio_hooks_fill(struct pl_eio_handler *handler, const struct parley_io *io);
void pl_sio_hooks_fini(struct parley_io *io);

#endif
