/* Namespaces: static ones, parents (patterns and functions) and the children made from them.
 * Callbacks of the application may do anything (disconnect, delete the namespace, close the
 * server), so whoever calls one holds counted references, and collects before it calls.
 * Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_NAMESPACE_H
#define PL_DIALECT_SOCKETIO_NAMESPACE_H

#include "base/list.h"
#include "dialect/socketio/names.h"
#include "hub/table.h"
#include "parley/socketio.h"

struct pl_pattern;
struct pl_sio_handlers;
struct pl_sio_store;
struct pl_stream;

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
/* An empty store for a namespace with recovery, not yet its own; no offset is older than
 * `dropped_us`. NULL without recovery. */
struct pl_sio_store *pl_sio_ns_create_store(const struct pl_sio_ns *ns, int64_t dropped_us);
/* Its store from now on, instead of the one it had. */
void pl_sio_ns_set_store(struct pl_sio_ns *ns, struct pl_sio_store *store);
/* Forget a child that nobody is in any more, where that is configured. */
void pl_sio_ns_tidy(struct pl_sio_ns *ns);
/* io->config has changed. */
void pl_sio_ns_configure(struct pl_sio_ns *ns);
void pl_sio_namespaces_fini(struct parley_io *io);
struct parley_socket *pl_sio_ns_find_socket(const struct pl_sio_ns *ns, struct pl_str id);
/* The stream that all its sockets subscribe; NULL when there are none. */
struct pl_stream *pl_sio_ns_stream(const struct pl_sio_ns *ns);

#endif
