/* Few things by their id, in its order: an array that is searched by halves.
 * Threads: one at a time. */
#ifndef PL_SERVICE_TALO_BY_ID_H
#define PL_SERVICE_TALO_BY_ID_H

#include "base/defs.h"

struct pl_talo_by_id {
    struct pl_talo_by_id_item {
        int64_t id;
        void *value;
    } * items; /* in the order of ids */
    size_t count;
    size_t cap;
};

/* The values are the caller's. */
void pl_talo_by_id_fini(struct pl_talo_by_id *map);

/* NULL when it is not there. */
void *pl_talo_by_id_find(const struct pl_talo_by_id *map, int64_t id);

/* The one with the lowest id above; NULL: none. */
void *pl_talo_by_id_next(const struct pl_talo_by_id *map, int64_t after_id);

/* Returns what it replaced, or NULL. */
void *pl_talo_by_id_put(struct pl_talo_by_id *map, int64_t id, void *value);

/* Returns what it removed, or NULL. */
void *pl_talo_by_id_remove(struct pl_talo_by_id *map, int64_t id);

#endif
