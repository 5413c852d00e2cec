/* An arena: memory for one request, freed only as a whole. Has a cap, because a peer sizes it.
 * Threads: one at a time. */
#ifndef PL_BASE_ARENA_H
#define PL_BASE_ARENA_H

#include "base/str.h"

struct pl_arena_block;

struct pl_arena {
    struct pl_arena_block *blocks; /* newest first */
    size_t used_bytes;             /* of the newest block */
    size_t total_bytes;            /* of all blocks */
    size_t limit_bytes;
};

/* Takes no memory until the first allocation. */
void pl_arena_init(struct pl_arena *arena, size_t limit_bytes);

/* Frees everything; the arena is then as after init. A zeroed arena is fine. */
void pl_arena_fini(struct pl_arena *arena);

/* Zeroed, aligned for any type. NULL at the cap or without memory: the request ends with
 * PL_E_TOO_BIG. */
PL_MUST_CHECK void *pl_arena_alloc(struct pl_arena *arena, size_t size);

/* A copy in the arena, with a NUL behind it. False at the cap. */
PL_MUST_CHECK bool pl_arena_copy(struct pl_str *out, struct pl_arena *arena, struct pl_str str);

#endif
