/* A ring of cells of one size between one producer and one consumer, first in, first out. Neither
 * waits for the other and neither locks.
 * Threads: one that pushes, one that pops. */
#ifndef PL_BASE_RING_H
#define PL_BASE_RING_H

#include "base/defs.h"

#include <stdatomic.h>

#define PL_RING_APART 64 /* bytes: a cache line, so that the sides do not take it from each other */

struct pl_ring {
    uint8_t *cells; /* owned */
    size_t cell_bytes;
    uint32_t mask; /* cells - 1 */
    /* what the producer changes */
    char apart_before_tail[PL_RING_APART];
    _Atomic uint32_t tail; /* pushed so far */
    uint32_t known_head;   /* the head at the producer's last look */
    /* what the consumer changes */
    char apart_before_head[PL_RING_APART];
    _Atomic uint32_t head; /* popped so far */
    uint32_t known_tail;
    char apart_behind[PL_RING_APART];
};

/* cells: a power of two. */
void pl_ring_init(struct pl_ring *ring, uint32_t cells, size_t cell_bytes);
void pl_ring_fini(struct pl_ring *ring); /* what is still in it is forgotten */

/* Producer: copy a cell in; false when the ring is full. */
PL_MUST_CHECK bool pl_ring_push(struct pl_ring *ring, const void *cell);

/* Consumer: copy the oldest cell out; false when there is none. */
PL_MUST_CHECK bool pl_ring_pop(struct pl_ring *ring, void *cell);

/* Whether nothing is in it. The consumer may rely on false, the producer on true. */
bool pl_ring_is_empty(const struct pl_ring *ring);

/* How many cells are in it: exact for neither side while the other is at work. */
uint32_t pl_ring_count(const struct pl_ring *ring);

#endif
