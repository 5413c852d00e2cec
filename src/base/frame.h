/* A frame group: one encoded message, immutable and counted, shared by all its recipients. It is
 * indivisible: a Socket.IO packet and its attachments are one group. Its bytes are what a WebSocket
 * carries, headers included; the packet inside is addressable, because long-polling joins packets
 * into one payload.
 * Threads: any; the count is atomic (the one object that threads share). */
#ifndef PL_BASE_FRAME_H
#define PL_BASE_FRAME_H

#include "base/str.h"

#include <stdatomic.h>

struct pl_frame {
    _Atomic uint32_t refs;
    uint32_t len;           /* of data */
    uint16_t packet_offset; /* where the packet begins, behind a WebSocket header; 0 without one */
    uint16_t flags;         /* PL_FRAME_... */
    uint8_t data[];
};

enum {
    PL_FRAME_NO_COMPRESS = 1, /* the sender asked that it is not compressed */
    PL_FRAME_CLOSES = 2,      /* nothing may follow it on its connection */
};

/* A group of `len` bytes to be filled in by the caller, with one reference. NULL without memory. */
PL_MUST_CHECK struct pl_frame *pl_frame_create(size_t len);

/* Add `count` references at once: one atomic addition per publish, however many the recipients. */
static inline void pl_frame_ref(struct pl_frame *frame, uint32_t count)
{
    atomic_fetch_add_explicit(&frame->refs, count, memory_order_relaxed);
}

/* Give one reference back and set *frame to NULL. NULL is fine. */
void pl_frame_unref(struct pl_frame **frame);

/* Give `count` references back at once. */
void pl_frame_unref_many(struct pl_frame *frame, uint32_t count);

/* The packet without its WebSocket header. Only meaningful for a group of one packet. */
static inline struct pl_str pl_frame_packet(const struct pl_frame *frame)
{
    return pl_str_make((const char *)frame->data + frame->packet_offset,
                       frame->len - frame->packet_offset);
}

#endif
