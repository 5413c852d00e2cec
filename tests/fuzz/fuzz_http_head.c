/* Targets: what is packed comes back as it was, and unpacking anything else stays in bounds. */
#include "fuzz.h"

#include "codec/http_head_pack.h"

#define ARENA_LIMIT ((size_t)1024 * 1024)

static void check_round_trip(struct pl_str head, struct pl_arena *arena)
{
    struct pl_http_head_packer *packer = pl_http_head_packer_create();
    struct pl_str packed = {0};
    if (pl_http_head_pack(&packed, packer, head)) {
        struct pl_str back = {0};
        PL_ASSERT(packed.len < head.len);
        if (pl_http_head_unpack(&back, packed, head.len, arena, NULL) ==
            0) { /* else the arena is full */
            PL_ASSERT(pl_str_eq(back, head));
        } else {
            PL_ASSERT(head.len > ARENA_LIMIT / 4);
        }
    }
    pl_http_head_packer_destroy(packer);
}

/* The first two bytes say how long the head is said to have been. */
static void check_unpack(const uint8_t *data, size_t size, struct pl_arena *arena)
{
    struct pl_str head = {0};
    size_t head_len = size < 2 ? 0 : (size_t)data[0] << 8 | data[1];
    if (size < 2) {
        return;
    }
    if (pl_http_head_unpack(&head, pl_str_make((const char *)data + 2, size - 2), head_len, arena,
                            NULL) == 0) {
        PL_ASSERT(head.len == head_len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_arena arena;
    pl_arena_init(&arena, ARENA_LIMIT);
    check_round_trip(pl_str_make((const char *)data, size), &arena);
    check_unpack(data, size, &arena);
    pl_arena_fini(&arena);
    return 0;
}
