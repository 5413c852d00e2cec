/* The application's hooks of the transport.
 * Source: shared spec socketio.md, sections 1.9 to 1.12. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_HOOKS_H
#define PL_DIALECT_SOCKETIO_HOOKS_H

#include "parley/socketio.h"

struct pl_eio_handler;

/* A middleware of the transport. */
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

/* The hooks that were registered, for the engine. */
void pl_sio_hooks_fill(struct pl_eio_handler *handler, const struct parley_io *io);
void pl_sio_hooks_fini(struct parley_io *io);

#endif
