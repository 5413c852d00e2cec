/* Counted frame groups. */
#include "base/frame.h"

#include "base/alloc.h"

struct pl_frame *pl_frame_create(size_t len)
{
    struct pl_frame *frame = NULL;
    if (len > UINT32_MAX - sizeof(*frame)) {
        return NULL;
    }
    frame = pl_try_alloc(sizeof(*frame) + len);
    if (frame == NULL) {
        return NULL;
    }
    atomic_init(&frame->refs, 1);
    frame->len = (uint32_t)len;
    frame->packet_offset = 0;
    frame->flags = 0;
    return frame;
}

void pl_frame_unref_many(struct pl_frame *frame, uint32_t count)
{
    uint32_t before = atomic_fetch_sub_explicit(&frame->refs, count, memory_order_acq_rel);
    PL_ASSERT(before >= count);
    if (before == count) {
        pl_free(frame);
    }
}

void pl_frame_unref(struct pl_frame **frame)
{
    if (*frame != NULL) {
        pl_frame_unref_many(*frame, 1);
        *frame = NULL;
    }
}
