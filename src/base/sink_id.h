/* Names of sinks, good across threads: the thread that has the sink, a place there and a generation.
 * The hub gives them out for every thread, so that it can talk about a sink before its thread has
 * heard of it; a late message about one that is gone finds nothing, not its successor.
 * Threads: one at a time (the hub's). */
#ifndef PL_BASE_SINK_ID_H
#define PL_BASE_SINK_ID_H

#include "base/defs.h"

#define PL_SINK_PLACE_BITS 26
#define PL_SINK_THREADS_MAX 64 /* the hub's own, number 0, among them */

struct pl_sink_id {
    uint32_t slot;       /* thread and place */
    uint32_t generation; /* 0 names no sink */
};

static inline uint32_t pl_sink_id_thread(struct pl_sink_id id)
{
    return id.slot >> PL_SINK_PLACE_BITS;
}

static inline uint32_t pl_sink_id_place(struct pl_sink_id id)
{
    return id.slot & ((UINT32_C(1) << PL_SINK_PLACE_BITS) - 1);
}

/* The places of one thread. Zeroed is empty, but for the thread's number. */
struct pl_sink_ids {
    uint32_t thread;
    uint32_t *generations; /* by place */
    uint32_t *free_places; /* the last one is taken next */
    uint32_t cap;
    uint32_t free_count;
};

void pl_sink_ids_fini(struct pl_sink_ids *ids);
struct pl_sink_id pl_sink_ids_take(struct pl_sink_ids *ids);

/* Nothing has that name any more. */
void pl_sink_ids_give(struct pl_sink_ids *ids, struct pl_sink_id id);

#endif
