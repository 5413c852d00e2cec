/* A fleet: as many processes as it takes to hold a number of connections, since the limit of open
 * files is per process. The parent sets goals and watches; each worker has a swarm of its own.
 * Threads: one at a time. */
#ifndef PL_BENCH_FLEET_H
#define PL_BENCH_FLEET_H

#include "swarm.h"

struct pl_fleet;

struct pl_fleet_state {
    size_t identified_count;
    size_t failed_count;
    int64_t last_identified_ns;
    struct pl_error first_error; /* of a worker that failed a connection */
};

/* Start the workers, each for at most `per_process` connections of the `capacity` in all.
 * Returns 0, PL_E_IO, or PL_E_TOO_BIG for more than 256 workers. */
PL_MUST_CHECK int pl_fleet_create(struct pl_fleet **out, const struct pl_swarm_way *way,
                                  size_t capacity, size_t per_process, struct pl_error *err);

/* Open connections up to `target_count` and wait until each is identified or failed, at most to the
 * deadline. Afterwards the workers go on answering pings.
 * Returns false at the deadline. */
bool pl_fleet_open(struct pl_fleet *fleet, size_t target_count, int64_t deadline_ns,
                   struct pl_fleet_state *out);

/* What is open now. */
struct pl_fleet_state pl_fleet_state(const struct pl_fleet *fleet);

size_t pl_fleet_process_count(const struct pl_fleet *fleet);

/* Close all connections and wait for the workers. NULL is fine. */
void pl_fleet_destroy(struct pl_fleet *fleet);

#endif
