/* Arena: a chain of blocks that double in size up to 64 KiB. */
#include "base/arena.h"

#include "base/alloc.h"

struct pl_arena_block {
    struct pl_arena_block *next;
    size_t size;
    _Alignas(max_align_t) uint8_t data[];
};

#define FIRST_BLOCK_BYTES 512
#define LARGEST_BLOCK_BYTES 65536

void pl_arena_init(struct pl_arena *arena, size_t limit_bytes)
{
    *arena = (struct pl_arena){.limit_bytes = limit_bytes};
}

void pl_arena_fini(struct pl_arena *arena)
{
    struct pl_arena_block *block = arena->blocks;
    while (block != NULL) {
        struct pl_arena_block *next = block->next;
        pl_free(block);
        block = next;
    }
    pl_arena_init(arena, arena->limit_bytes);
}

static bool add_block(struct pl_arena *arena, size_t size)
{
    size_t wanted = arena->blocks == NULL
                        ? FIRST_BLOCK_BYTES
                        : pl_size_min(arena->blocks->size * 2, LARGEST_BLOCK_BYTES);
    size_t left = arena->limit_bytes - pl_size_min(arena->total_bytes, arena->limit_bytes);
    struct pl_arena_block *block = NULL;
    wanted = pl_size_max(pl_size_min(wanted, left), size);
    if (wanted > left) {
        return false;
    }
    block = pl_try_alloc(sizeof(*block) + wanted);
    if (block == NULL) {
        return false;
    }
    block->next = arena->blocks;
    block->size = wanted;
    arena->blocks = block;
    arena->used_bytes = 0;
    arena->total_bytes += wanted;
    return true;
}

void *pl_arena_alloc(struct pl_arena *arena, size_t size)
{
    size_t rounded = 0;
    void *ptr = NULL;
    if (!pl_size_add(&rounded, size, sizeof(max_align_t) - 1)) {
        return NULL;
    }
    rounded &= ~(sizeof(max_align_t) - 1);
    if (arena->blocks == NULL || arena->blocks->size - arena->used_bytes < rounded) {
        if (!add_block(arena, rounded)) {
            return NULL;
        }
    }
    ptr = arena->blocks->data + arena->used_bytes;
    arena->used_bytes += rounded;
    memset(ptr, 0, size);
    return ptr;
}

bool pl_arena_copy(struct pl_str *out, struct pl_arena *arena, struct pl_str str)
{
    char *copy = pl_arena_alloc(arena, str.len + 1);
    if (copy == NULL) {
        return false;
    }
    if (str.len > 0) {
        memcpy(copy, str.ptr, str.len);
    }
    *out = pl_str_make(copy, str.len);
    return true;
}
