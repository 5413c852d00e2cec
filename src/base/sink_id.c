/* Names of sinks: places that are used again with another generation. */
#include "base/sink_id.h"

#include "base/alloc.h"

void pl_sink_ids_fini(struct pl_sink_ids *ids)
{
    pl_free(ids->generations);
    pl_free(ids->free_places);
    *ids = (struct pl_sink_ids){.thread = ids->thread};
}

static void grow(struct pl_sink_ids *ids)
{
    uint32_t cap = ids->cap == 0 ? 64 : ids->cap * 2;
    PL_ASSERT(cap <= UINT32_C(1) << PL_SINK_PLACE_BITS);
    ids->generations = pl_realloc(ids->generations, cap * sizeof(uint32_t));
    ids->free_places = pl_realloc(ids->free_places, cap * sizeof(uint32_t));
    for (uint32_t place = cap; place > ids->cap; place--) { /* the lowest is taken first */
        ids->generations[place - 1] = 0;
        ids->free_places[ids->free_count++] = place - 1;
    }
    ids->cap = cap;
}

struct pl_sink_id pl_sink_ids_take(struct pl_sink_ids *ids)
{
    uint32_t place = 0;
    if (ids->free_count == 0) {
        grow(ids);
    }
    place = ids->free_places[--ids->free_count];
    ids->generations[place]++;
    if (ids->generations[place] == 0) {
        ids->generations[place] = 1;
    }
    return (struct pl_sink_id){ids->thread << PL_SINK_PLACE_BITS | place, ids->generations[place]};
}

void pl_sink_ids_give(struct pl_sink_ids *ids, struct pl_sink_id id)
{
    uint32_t place = pl_sink_id_place(id);
    PL_ASSERT(pl_sink_id_thread(id) == ids->thread && ids->generations[place] == id.generation);
    ids->free_places[ids->free_count++] = place;
}
