/* Tables of handlers, and the calls that register them. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_HANDLERS_H
#define PL_DIALECT_SOCKETIO_HANDLERS_H

#include "dialect/socketio/names.h"
#include "parley/socketio.h"

struct pl_eio_session;

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

/* Of the engine's handler: the session has switched to WebSocket. */
void pl_sio_conn_upgraded(void *io, struct pl_eio_session *session);

#endif
