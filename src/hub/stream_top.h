/* The streams with the most members, found in steps: a walk over all of them takes longer than a
 * turn may. For operators.
 * Threads: the hub's. */
#ifndef PL_HUB_STREAM_TOP_H
#define PL_HUB_STREAM_TOP_H

#include "hub/hub.h"

#define PL_STREAM_TOP_MAX 64
#define PL_STREAM_TOP_TEXT_MAX 128 /* of each part of a name; longer ones are cut */

struct pl_stream_load {
    uint8_t kind;
    bool is_cut; /* a part of the name is longer than shown */
    uint32_t member_count;
    uint64_t publish_count; /* since it came to be */
    /* UTF-8 with a NUL behind; what is none is shown as '?' */
    char subject[PL_STREAM_TOP_TEXT_MAX];
    char subcontext[PL_STREAM_TOP_TEXT_MAX];
    char label[PL_STREAM_TOP_TEXT_MAX];
};

struct pl_stream_top {
    struct pl_stream_load rows[PL_STREAM_TOP_MAX]; /* the largest first; equal ones by name */
    size_t count;
    size_t count_max;
    size_t next_bucket;
    size_t bucket_count; /* of the table that the walk began with */
};

/* Begin a walk. count_max: how many rows are wanted, at most PL_STREAM_TOP_MAX. */
void pl_stream_top_begin(struct pl_stream_top *top, size_t count_max);

/* Look at up to `buckets` more of the hub's table, about as many streams. Returns whether that was
 * all. When the table has grown meanwhile, the walk begins anew. */
bool pl_stream_top_step(struct pl_stream_top *top, const struct pl_hub *hub, size_t buckets);

#endif
