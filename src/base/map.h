/* Hash map from byte keys to pointers. Keys are copied; hashing is SipHash with the map's own key,
 * so that a peer who chooses keys cannot make it slow. Iteration order is not defined: nothing that
 * can be seen from outside may rest on it.
 * Threads: one at a time. */
#ifndef PL_BASE_MAP_H
#define PL_BASE_MAP_H

#include "base/str.h"

struct pl_map_entry;

struct pl_map {
    struct pl_map_entry **buckets; /* NULL while empty */
    size_t bucket_count;           /* a power of two */
    size_t count;
    uint8_t hash_key[16];
};

/* An empty map.
 *   hash_key  16 bytes of randomness, or NULL for a map whose keys only we choose */
void pl_map_init(struct pl_map *map, const uint8_t *hash_key);
void pl_map_fini(struct pl_map *map); /* the values are the caller's */

/* NULL when the key is not there. */
void *pl_map_find(const struct pl_map *map, struct pl_str key);

/* Set the value (not NULL) of a key; returns the value it replaced, or NULL. */
void *pl_map_put(struct pl_map *map, struct pl_str key, void *value);

/* Returns the removed value, or NULL. */
void *pl_map_remove(struct pl_map *map, struct pl_str key);

/* Call `visit` for each entry, in no defined order; it must not change the map. */
void pl_map_each(const struct pl_map *map,
                 void (*visit)(struct pl_str key, void *value, void *user), void *user);

#endif
