/* Hash map with chained entries; the buckets double when there are more entries than buckets. */
#include "base/map.h"

#include "base/alloc.h"
#include "base/hash.h"

struct pl_map_entry {
    struct pl_map_entry *next;
    uint64_t hash;
    void *value;
    size_t key_len;
    char key[];
};

#define FIRST_BUCKETS 8

void pl_map_init(struct pl_map *map, const uint8_t *hash_key)
{
    *map = (struct pl_map){0};
    if (hash_key != NULL) {
        memcpy(map->hash_key, hash_key, sizeof(map->hash_key));
    }
}

void pl_map_fini(struct pl_map *map)
{
    for (size_t i = 0; i < map->bucket_count; i++) {
        struct pl_map_entry *entry = map->buckets[i];
        while (entry != NULL) {
            struct pl_map_entry *next = entry->next;
            pl_free(entry);
            entry = next;
        }
    }
    pl_free(map->buckets);
    map->buckets = NULL;
    map->bucket_count = 0;
    map->count = 0;
}

/* The link that points at the entry of `key`, or at the NULL where it would be added. */
static struct pl_map_entry **find_link(const struct pl_map *map, struct pl_str key, uint64_t hash)
{
    struct pl_map_entry **link = &map->buckets[hash & (map->bucket_count - 1)];
    while (*link != NULL && !((*link)->hash == hash &&
                              pl_str_eq(pl_str_make((*link)->key, (*link)->key_len), key))) {
        link = &(*link)->next;
    }
    return link;
}

static void grow(struct pl_map *map)
{
    size_t count = map->bucket_count == 0 ? FIRST_BUCKETS : map->bucket_count * 2;
    struct pl_map_entry **buckets = pl_alloc_array(count, sizeof(struct pl_map_entry *));
    for (size_t i = 0; i < map->bucket_count; i++) {
        struct pl_map_entry *entry = map->buckets[i];
        while (entry != NULL) {
            struct pl_map_entry *next = entry->next;
            entry->next = buckets[entry->hash & (count - 1)];
            buckets[entry->hash & (count - 1)] = entry;
            entry = next;
        }
    }
    pl_free(map->buckets);
    map->buckets = buckets;
    map->bucket_count = count;
}

void *pl_map_find(const struct pl_map *map, struct pl_str key)
{
    struct pl_map_entry *entry = NULL;
    if (map->count == 0) {
        return NULL;
    }
    entry = *find_link(map, key, pl_siphash(map->hash_key, key.ptr, key.len));
    return entry == NULL ? NULL : entry->value;
}

void *pl_map_put(struct pl_map *map, struct pl_str key, void *value)
{
    uint64_t hash = pl_siphash(map->hash_key, key.ptr, key.len);
    struct pl_map_entry **link = NULL;
    struct pl_map_entry *entry = NULL;
    void *replaced = NULL;
    PL_ASSERT(value != NULL);
    if (map->count >= map->bucket_count) {
        grow(map);
    }
    link = find_link(map, key, hash);
    if (*link != NULL) {
        replaced = (*link)->value;
        (*link)->value = value;
        return replaced;
    }
    entry = pl_alloc(sizeof(*entry) + key.len);
    entry->hash = hash;
    entry->value = value;
    entry->key_len = key.len;
    if (key.len > 0) {
        memcpy(entry->key, key.ptr, key.len);
    }
    *link = entry;
    map->count++;
    return NULL;
}

void *pl_map_remove(struct pl_map *map, struct pl_str key)
{
    struct pl_map_entry **link = NULL;
    struct pl_map_entry *entry = NULL;
    void *value = NULL;
    if (map->count == 0) {
        return NULL;
    }
    link = find_link(map, key, pl_siphash(map->hash_key, key.ptr, key.len));
    entry = *link;
    if (entry == NULL) {
        return NULL;
    }
    value = entry->value;
    *link = entry->next;
    pl_free(entry);
    map->count--;
    return value;
}

void pl_map_each(const struct pl_map *map,
                 void (*visit)(struct pl_str key, void *value, void *user), void *user)
{
    for (size_t i = 0; i < map->bucket_count; i++) {
        for (struct pl_map_entry *entry = map->buckets[i]; entry != NULL; entry = entry->next) {
            visit(pl_str_make(entry->key, entry->key_len), entry->value, user);
        }
    }
}
