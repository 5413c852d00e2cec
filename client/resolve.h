/* Names to addresses by c-ares, whose sockets are watched in the epoll of the environment.
 * Threads: the client's. */
#ifndef PL_CLIENT_RESOLVE_H
#define PL_CLIENT_RESOLVE_H

#include "client/env.h"

struct pl_resolver;

/* What epoll has in data.u64 for a socket of the resolver's is odd, and no pointer is. */
static inline bool pl_resolver_owns(uint64_t tag)
{
    return (tag & 1) != 0;
}

/* Nothing is opened or read until a name is looked up.
 *   servers  "127.0.0.1:5353,..." in place of the system's; NULL. Borrowed */
PL_MUST_CHECK int pl_resolver_create(struct pl_resolver **out, int epoll_fd, const char *servers);
void pl_resolver_destroy(
    struct pl_resolver *resolver); /* what goes on is forgotten; NULL is fine */

/* As of pl_client_env. */
PL_MUST_CHECK int pl_resolver_lookup(struct pl_resolver *resolver, struct pl_client_lookup *lookup,
                                     struct pl_str host, uint16_t port, struct pl_error *err);
void pl_resolver_cancel(struct pl_resolver *resolver, struct pl_client_lookup *lookup);

/* One of its sockets is ready: `events` as of epoll. */
void pl_resolver_on_ready(struct pl_resolver *resolver, uint64_t tag, uint32_t events);

/* See to timeouts, and tell what is known: calls on_done. */
void pl_resolver_run(struct pl_resolver *resolver);

/* Until pl_resolver_run is due; -1: never. */
int pl_resolver_wait_ms(const struct pl_resolver *resolver);

#endif
