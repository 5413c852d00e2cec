/* A listener: accepts connections and hands them on. At the limit of connections, of descriptors, or
 * of its own address, a newcomer is refused quickly (503, 429) instead of left hanging, before
 * anything is spent on it.
 * Threads: its loop's. */
#ifndef PL_IO_LISTENER_H
#define PL_IO_LISTENER_H

#include "base/log.h"
#include "io/conn.h"

struct pl_listener;

struct pl_listener_config {
    int fd;                              /* listens already; taken over in any case */
    struct pl_conn_set *conns;           /* whose count_max is the limit of all */
    const struct pl_conn_source *source; /* counts the connections of this listener; NULL: nobody */
    void (*on_accept)(void *user, int fd,
                      const struct pl_address *peer); /* takes the descriptor over */
    void *user;
    const struct pl_log *log;
    bool is_secure; /* peers speak TLS: a refusal says nothing */
};

/* Connections are accepted from the next turn on. Returns 0, or PL_E_IO with the reason. */
PL_MUST_CHECK int pl_listener_create(struct pl_listener **out,
                                     const struct pl_listener_config *config, struct pl_error *err);
void pl_listener_destroy(struct pl_listener *listener); /* stops accepting; NULL is fine */

/* A limit for the connections of this listener alone; 0: none. */
void pl_listener_set_limit(struct pl_listener *listener, size_t count_max);

int pl_listener_fd(const struct pl_listener *listener); /* borrowed */

#endif
