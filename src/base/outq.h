/* The queue of what one connection has still to send: references to frame groups, in order, and how
 * far the first one got. Two places are inside, so that a message now and then allocates nothing;
 * more come from a pool of chunks.
 * Threads: one at a time. */
#ifndef PL_BASE_OUTQ_H
#define PL_BASE_OUTQ_H

#include "base/counter.h"
#include "base/frame.h"

#define PL_OUTQ_INSIDE 2
#define PL_OUTQ_CHUNK 13

struct pl_outq_chunk {
    struct pl_outq_chunk *next;
    uint32_t first; /* index of the oldest frame */
    uint32_t end;   /* index behind the newest */
    struct pl_frame *frames[PL_OUTQ_CHUNK];
};

/* What the queues of one thread share: chunks that none of them uses at the moment. */
struct pl_outq_pool {
    struct pl_outq_chunk *spare;
    size_t spare_count;
    size_t spare_max;           /* chunks kept at most */
    _Atomic uint64_t all_bytes; /* still to send in all queues; any thread may read it */
};

struct pl_outq {
    struct pl_frame *inside[PL_OUTQ_INSIDE]; /* older than the chunks */
    struct pl_outq_chunk *head;
    struct pl_outq_chunk *tail;
    uint32_t count; /* frames in the queue */
    uint32_t inside_count;
    uint32_t sent_of_first; /* bytes of the first frame that are gone */
    size_t bytes;           /* still to send */
};

void pl_outq_pool_init(struct pl_outq_pool *pool, size_t spare_max);
void pl_outq_pool_fini(struct pl_outq_pool *pool);

/* Append a frame. The caller has counted the reference that the queue now holds. */
void pl_outq_push(struct pl_outq *queue, struct pl_outq_pool *pool, struct pl_frame *frame);

/* The frames from the front, at most `max`; returns how many. Borrowed: the queue keeps them. */
size_t pl_outq_peek(const struct pl_outq *queue, struct pl_frame **frames, size_t max);

/* `bytes` of what peek shows have been sent: drop whole frames (giving their references back) and
 * remember the part.
 * Returns the number of frames dropped. */
size_t pl_outq_consume(struct pl_outq *queue, struct pl_outq_pool *pool, size_t bytes);

/* Take the first frame out, with its reference. NULL when empty.
 * No part of it may have been sent. */
struct pl_frame *pl_outq_pop(struct pl_outq *queue, struct pl_outq_pool *pool);

/* The queue goes to another thread: what it holds is no longer, or from now on, counted by a pool. */
void pl_outq_leave(const struct pl_outq *queue, struct pl_outq_pool *pool);
void pl_outq_enter(const struct pl_outq *queue, struct pl_outq_pool *pool);

/* Drop everything. */
void pl_outq_clear(struct pl_outq *queue, struct pl_outq_pool *pool);

#endif
