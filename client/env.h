/* What the client may know of the world outside: clock, randomness, names and sockets, as inputs,
 * so that the simulator can put a network of its own in their place and replay a run from its seed.
 * Threads: the client's, but for wake. */
#ifndef PL_CLIENT_ENV_H
#define PL_CLIENT_ENV_H

#include "net/address.h"

#define PL_WATCH_READ 1u
#define PL_WATCH_WRITE 2u

/* A socket that is looked at. Readable and writable also mean: failed, ended. */
struct pl_client_watch {
    void (*on_ready)(struct pl_client_watch *watch, unsigned ready);
    int handle;      /* of env->connect */
    unsigned wanted; /* PL_WATCH_...; changed by env->watch alone */
};

struct pl_client_ready {
    struct pl_client_watch *watch;
    unsigned ready;
};

/* A name that is being looked up. The caller's memory, in place until on_done or cancel_lookup. */
struct pl_client_lookup {
    /* `addresses` in the order to try them (RFC 6724), with the port asked for; borrowed.
     * error: 0, or PL_E_NOT_FOUND, PL_E_TIMEOUT, PL_E_IO, PL_E_NOMEM with the reason in `err`. */
    void (*on_done)(struct pl_client_lookup *lookup, const struct pl_address *addresses,
                    size_t count, int error, const struct pl_error *err);
    void *state; /* the environment's */
};

#define PL_CLIENT_ADDRESSES_MAX 32 /* of one name; more are passed over */

struct pl_client_env {
    int64_t (*now_ms)(void *user);  /* monotonic */
    int64_t (*unix_ms)(void *user); /* calendar time, for signatures alone */
    void (*random)(void *user, void *out, size_t size);

    /* Begin to connect. Returns a handle (>= 0), or PL_E_IO, PL_E_DENIED, PL_E_FULL, PL_E_NOMEM. */
    int (*connect)(void *user, const struct pl_address *to, struct pl_error *err);
    /* How that went, once it is writable: 0, PL_E_AGAIN, or PL_E_IO with the reason. */
    int (*connected)(void *user, int handle, struct pl_error *err);
    /* Returns bytes (> 0), 0 at the end of the stream, PL_E_AGAIN, PL_E_IO. */
    ptrdiff_t (*read)(void *user, int handle, struct pl_span into, struct pl_error *err);
    /* Returns bytes (> 0), PL_E_AGAIN, PL_E_IO. */
    ptrdiff_t (*write)(void *user, int handle, struct pl_str from, struct pl_error *err);
    void (*close)(void *user, int handle); /* no longer watched */

    /* Watch for `wanted`; 0: for nothing. Returns 0 or PL_E_NOMEM (watch->wanted is then as before);
     * wanting less never fails. */
    int (*watch)(void *user, struct pl_client_watch *watch, unsigned wanted);
    /* What is ready, after at most timeout_ms (-1: for ever), or at a wake. Work of the environment's
     * own (name lookup) is done in here and calls on_done. Returns how many. */
    int (*wait)(void *user, struct pl_client_ready *out, int max, int timeout_ms);
    /* Until wait is due without anything being ready: of name lookups. -1: never. */
    int (*wait_ms)(void *user);
    void (*wake)(void *user); /* any thread: end the wait that is going on, or the next */
    int (*fd)(void *user);    /* readable when wait would find something; -1: there is none */

    /* Look a name up, an address in digits too. on_done comes inside a later wait, never in here.
     * Returns 0 or PL_E_NOMEM, PL_E_IO. */
    int (*lookup)(void *user, struct pl_client_lookup *lookup, struct pl_str host, uint16_t port,
                  struct pl_error *err);
    void (*cancel_lookup)(void *user, struct pl_client_lookup *lookup);

    void (*destroy)(void *user); /* may be NULL */
    void *user;
};

/* The real thing: epoll, sockets, c-ares. Returns 0, PL_E_NOMEM, or PL_E_IO without descriptors. */
PL_MUST_CHECK int pl_client_env_system(struct pl_client_env *out, struct pl_error *err);

#endif
