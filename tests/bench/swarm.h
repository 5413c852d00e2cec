/* Many connections of the load generator on one epoll.
 * Threads: one at a time; a swarm belongs to one process. */
#ifndef PL_BENCH_SWARM_H
#define PL_BENCH_SWARM_H

#include "client.h"
#include "dialect.h"
#include "logins.h"

/* Where and how the connections go. */
struct pl_swarm_way {
    const struct pl_load_dialect *dialect;
    struct sockaddr_in server;
    unsigned source_count; /* connections come from 127.0.0.1 to 127.0.0.source_count, in turn */
    unsigned target_count; /* and go to as many addresses from the server's on, in turn */
    enum pl_load_head head;
    bool is_secure;               /* TLS */
    struct pl_load_logins logins; /* of the connections, in their order; none: all alike */
    struct pl_load_link link;
};

struct pl_swarm {
    struct pl_swarm_way way;
    /* An echo reply or a broadcast came in; may be NULL. The message is borrowed for the call; what
     * the callee puts into the client's buffer is sent when all that came in with it is handled. */
    void (*on_message)(void *user, struct pl_load_client *client, enum pl_load_event event,
                       struct pl_str message);
    void *user;
    int epoll_fd;
    struct pl_load_client *clients; /* owned, `capacity` of them */
    size_t capacity;
    size_t opened_count;     /* tried so far: the first of `clients` */
    size_t identified_count; /* of them, open and identified now */
    size_t failed_count;     /* of them, refused or lost */
    int64_t last_identified_ns;
    struct pl_error first_error;
    uint8_t *input;                  /* owned; one for all */
    struct pl_load_packed *packed;   /* owned */
    struct pl_load_tls_context *tls; /* owned; NULL without TLS */
};

/* Returns 0 or PL_E_IO. */
PL_MUST_CHECK int pl_swarm_init(struct pl_swarm *swarm, const struct pl_swarm_way *way,
                                size_t capacity, struct pl_error *err);

/* Closes all connections. */
void pl_swarm_fini(struct pl_swarm *swarm);

/* Begin to open connections until `target_count` have been tried, but keep only some dozens under
 * way at a time: call again after each pump.
 * Returns true when all of them are identified or failed. */
bool pl_swarm_open_some(struct pl_swarm *swarm, size_t target_count);

/* Open up to `target_count` connections and wait for them.
 * Returns 0; PL_E_TIMEOUT at the deadline; PL_E_IO when one of them failed, with its reason. */
PL_MUST_CHECK int pl_swarm_open_all(struct pl_swarm *swarm, size_t target_count,
                                    int64_t deadline_ns, struct pl_error *err);

/* Wait for events at most timeout_ms (0: do not wait) and handle them. Returns how many sockets. */
size_t pl_swarm_pump(struct pl_swarm *swarm, int timeout_ms);

/* Queue a message and send it at once. Not for use inside on_message. */
void pl_swarm_send(struct pl_swarm *swarm, struct pl_load_client *client, struct pl_str message);

#define PL_SWARM_FILL_WORDS '\0'

/* A message of `size` bytes in the given shape, filled with `fill`, or with words. Owned by the
 * caller (pl_free). */
char *pl_swarm_message_create(const struct pl_load_shape *shape, size_t size, char fill);

#endif
