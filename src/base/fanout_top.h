/* The sinks of one fan-out with the most unsent bytes, found in steps: a walk over all of them takes
 * longer than a turn may. For operators.
 * Threads: the fan-out's. */
#ifndef PL_BASE_FANOUT_TOP_H
#define PL_BASE_FANOUT_TOP_H

#include "base/fanout.h"

#define PL_SINK_TOP_MAX 64

/* Where a sink sends to; filled in by the op `describe`. */
struct pl_sink_info {
    char peer[72];         /* an address, "" when that is unknown */
    const char *transport; /* "websocket", "polling", "http"; static */
    int64_t stalled_ms;    /* since the peer took anything; -1: unknown */
};

struct pl_sink_load {
    struct pl_sink_id id;
    size_t bytes; /* unsent */
    uint32_t frames;
    bool is_blocked;
    struct pl_sink_info info; /* after pl_sink_top_finish */
};

struct pl_sink_top {
    struct pl_sink_load rows[PL_SINK_TOP_MAX]; /* the fullest first */
    size_t count;
    size_t count_max;
    uint32_t next_slot;
    /* of all sinks */
    size_t sink_count;
    size_t queued_count; /* with anything unsent */
    size_t bytes;
};

/* Begin a walk. count_max: how many rows are wanted, at most PL_SINK_TOP_MAX. */
void pl_sink_top_begin(struct pl_sink_top *top, size_t count_max);

/* Look at up to `slots` more. Returns whether that was all. Sinks may come and go between steps:
 * who was there all the time is seen once. */
bool pl_sink_top_step(struct pl_sink_top *top, const struct pl_fanout *fanout, uint32_t slots);

/* Ask the rows' sinks where they send to; those that are gone by now are dropped. */
void pl_sink_top_finish(struct pl_sink_top *top, const struct pl_fanout *fanout);

/* Add the rows and sums of another fan-out's walk. */
void pl_sink_top_merge(struct pl_sink_top *top, const struct pl_sink_top *other);

#endif
