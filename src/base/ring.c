/* The ring: two counters that only grow (and wrap), each written by one side. Each side remembers
 * the other's counter and looks again only when it seems to be stuck, so that the cache lines stay
 * where they are used. */
#include "base/ring.h"

#include "base/alloc.h"

#include <string.h>

void pl_ring_init(struct pl_ring *ring, uint32_t cells, size_t cell_bytes)
{
    PL_ASSERT(cells > 0 && (cells & (cells - 1)) == 0);
    *ring = (struct pl_ring){
        .cells = pl_alloc_array(cells, cell_bytes), .cell_bytes = cell_bytes, .mask = cells - 1};
}

void pl_ring_fini(struct pl_ring *ring)
{
    pl_free(ring->cells);
    ring->cells = NULL;
}

static void *cell_at(const struct pl_ring *ring, uint32_t number)
{
    return ring->cells + (size_t)(number & ring->mask) * ring->cell_bytes;
}

bool pl_ring_push(struct pl_ring *ring, const void *cell)
{
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (tail - ring->known_head > ring->mask) {
        ring->known_head = atomic_load_explicit(&ring->head, memory_order_acquire);
        if (tail - ring->known_head > ring->mask) {
            return false;
        }
    }
    memcpy(cell_at(ring, tail), cell, ring->cell_bytes);
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
    return true;
}

bool pl_ring_pop(struct pl_ring *ring, void *cell)
{
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    if (head == ring->known_tail) {
        ring->known_tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
        if (head == ring->known_tail) {
            return false;
        }
    }
    memcpy(cell, cell_at(ring, head), ring->cell_bytes);
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    return true;
}

bool pl_ring_is_empty(const struct pl_ring *ring)
{
    return pl_ring_count(ring) == 0;
}

uint32_t pl_ring_count(const struct pl_ring *ring)
{
    return atomic_load_explicit(&ring->tail, memory_order_seq_cst) -
           atomic_load_explicit(&ring->head, memory_order_seq_cst);
}
