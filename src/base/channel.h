/* A channel from one thread to another: a ring, a list for what the ring does not hold, and the
 * consumer's sleep. Nothing is lost and nothing overtakes: while cells wait in the list, new ones
 * go behind them. The producer wakes the consumer once per turn, and not at all when it is awake.
 * Threads: one that pushes, one that pops; each function says whose it is. */
#ifndef PL_BASE_CHANNEL_H
#define PL_BASE_CHANNEL_H

#include "base/ring.h"

struct pl_channel_config {
    uint32_t ring_cells;
    size_t cell_bytes;
    size_t bytes_max; /* that cells on their way may keep in memory */
    /* The producer has more than bytes_max on its way. It has to see to it that the consumer does
     * something, and comes back when pl_channel_is_over says no more. */
    void (*on_over)(void *user);
    void *user;
};

struct pl_channel {
    struct pl_ring ring;
    struct pl_channel_config config;
    _Atomic bool is_asleep; /* the consumer sleeps, or is about to */
    /* the producer's */
    uint8_t *backlog;     /* cells, oldest at backlog_first; owned */
    size_t backlog_first; /* a place in an array that is used round about */
    size_t backlog_count;
    size_t backlog_cap;
    bool has_news;       /* pushed since the consumer was last looked after */
    size_t pushed_bytes; /* costs since the beginning */
    /* the consumer's */
    _Atomic size_t done_bytes; /* of them */
};

void pl_channel_init(struct pl_channel *channel, const struct pl_channel_config *config);

/* Both sides are done; what is left must have been popped. */
void pl_channel_fini(struct pl_channel *channel);

/* --- the producer's --- */

/* Hand a cell over. `cost_bytes`: what it keeps until it is done, besides itself; or the work that it
 * stands for. */
void pl_channel_push(struct pl_channel *channel, const void *cell, size_t cost_bytes);

/* Move what waits into the ring, as far as it goes. Returns whether nothing waits any more. */
bool pl_channel_settle(struct pl_channel *channel);
bool pl_channel_is_over(const struct pl_channel *channel);

/* The costs of what is on its way. */
size_t pl_channel_bytes(const struct pl_channel *channel);

/* At the end of a turn: whether the consumer sleeps and has to be woken. True once per sleep. */
PL_MUST_CHECK bool pl_channel_must_wake(struct pl_channel *channel);

/* --- the consumer's --- */

PL_MUST_CHECK bool pl_channel_pop(struct pl_channel *channel, void *cell);

/* A cell that was popped keeps nothing any more; its cost as it was pushed with. */
void pl_channel_done(struct pl_channel *channel, size_t cost_bytes);

/* It is about to sleep: from here on the producer wakes it. False when something has come: it must
 * not sleep. Either way pl_channel_awake follows. */
PL_MUST_CHECK bool pl_channel_sleep(struct pl_channel *channel);
void pl_channel_awake(struct pl_channel *channel);

#endif
