/* A listener: accepts connections and hands them on. At the limit of connections, or of
 * descriptors, a newcomer is refused quickly (503) instead of left hanging.
 * Threads: its loop's. */
#ifndef PL_IO_LISTENER_H
#define PL_IO_LISTENER_H

#include "base/log.h"
#include "io/conn.h"

struct pl_listener;

struct pl_listener_config {
    struct pl_address address; /* port 0: a free one */
    struct pl_conn_set *conns; /* whose count_max is the limit */
    void (*on_accept)(void *user, int fd,
                      const struct pl_address *peer); /* takes the descriptor over */
    void *user;
    const struct pl_log *log;
};

/* Bind and listen; connections are accepted from the next turn on. Errors as pl_socket_listen. */
PL_MUST_CHECK int pl_listener_create(struct pl_listener **out,
                                     const struct pl_listener_config *config, struct pl_error *err);
void pl_listener_destroy(struct pl_listener *listener); /* stops accepting; NULL is fine */

/* The address bound, with its real port. */
const struct pl_address *pl_listener_address(const struct pl_listener *listener);

#endif
