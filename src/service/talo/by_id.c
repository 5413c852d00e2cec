/* A sorted array. New ids are mostly the highest, so that putting one in moves nothing. */
#include "service/talo/by_id.h"

#include "base/alloc.h"

#include <string.h>

void pl_talo_by_id_fini(struct pl_talo_by_id *map)
{
    pl_free(map->items);
    *map = (struct pl_talo_by_id){0};
}

/* Where the first id that is not below `id` stands. */
static size_t place_of(const struct pl_talo_by_id *map, int64_t id)
{
    size_t low = 0;
    size_t high = map->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (map->items[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void *pl_talo_by_id_find(const struct pl_talo_by_id *map, int64_t id)
{
    size_t at = place_of(map, id);
    return at < map->count && map->items[at].id == id ? map->items[at].value : NULL;
}

void *pl_talo_by_id_next(const struct pl_talo_by_id *map, int64_t after_id)
{
    size_t at = after_id == INT64_MAX ? map->count : place_of(map, after_id + 1);
    return at < map->count ? map->items[at].value : NULL;
}

void *pl_talo_by_id_put(struct pl_talo_by_id *map, int64_t id, void *value)
{
    size_t at = place_of(map, id);
    if (at < map->count && map->items[at].id == id) {
        void *before = map->items[at].value;
        map->items[at].value = value;
        return before;
    }
    if (map->count == map->cap) {
        map->cap = map->cap == 0 ? 16 : map->cap * 2;
        map->items = pl_realloc(map->items, map->cap * sizeof(*map->items));
    }
    memmove(map->items + at + 1, map->items + at, (map->count - at) * sizeof(*map->items));
    map->items[at] = (struct pl_talo_by_id_item){id, value};
    map->count++;
    return NULL;
}

void *pl_talo_by_id_remove(struct pl_talo_by_id *map, int64_t id)
{
    size_t at = place_of(map, id);
    void *value = NULL;
    if (at == map->count || map->items[at].id != id) {
        return NULL;
    }
    value = map->items[at].value;
    map->count--;
    memmove(map->items + at, map->items + at + 1, (map->count - at) * sizeof(*map->items));
    return value;
}
