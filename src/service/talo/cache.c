/* One list of what was used last, over two kinds of entries and two tables. */
#include "service/talo/cache.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "service/talo/entity_copy.h"

#define LIMIT_BYTES ((size_t)16 * 1024 * 1024)

enum kind {
    ALIAS,
    CHANNEL,
};

struct entry {
    struct pl_table_link by_id;
    struct pl_table_link by_player;
    struct pl_list used_last;
    int64_t id;
    struct pl_uuid player_id;
    size_t bytes;
    bool has_player; /* a channel without owner has none */
    enum kind kind;
    struct pl_talo_alias *alias; /* owned; of one kind or the other */
    struct pl_talo_channel *channel;
};

void pl_talo_cache_init(struct pl_talo_cache *cache, const uint8_t *hash_key, size_t limit_bytes)
{
    *cache = (struct pl_talo_cache){.hash_key = hash_key,
                                    .limit_bytes = limit_bytes == 0 ? LIMIT_BYTES : limit_bytes};
    pl_list_init(&cache->used_last);
}

static void drop(struct pl_talo_cache *cache, struct entry *entry)
{
    pl_table_remove(&cache->by_id, &entry->by_id);
    if (entry->has_player) {
        pl_table_remove(&cache->by_player, &entry->by_player);
    }
    pl_list_remove(&entry->used_last);
    cache->bytes -= entry->bytes;
    pl_free(entry->alias);
    pl_free(entry->channel);
    pl_free(entry);
}

void pl_talo_cache_clear(struct pl_talo_cache *cache)
{
    PL_LIST_EACH(node, &cache->used_last)
    {
        drop(cache, PL_CONTAINER_OF(node, struct entry, used_last));
    }
}

void pl_talo_cache_fini(struct pl_talo_cache *cache)
{
    if (cache->hash_key == NULL) {
        return;
    }
    pl_talo_cache_clear(cache);
    pl_table_fini(&cache->by_id);
    pl_table_fini(&cache->by_player);
}

static uint64_t hash_of_id(const struct pl_talo_cache *cache, enum kind kind, int64_t id)
{
    int64_t key[2] = {kind, id};
    return pl_siphash(cache->hash_key, key, sizeof(key));
}

static uint64_t hash_of_player(const struct pl_talo_cache *cache, const struct pl_uuid *id)
{
    return pl_siphash(cache->hash_key, id->bytes, sizeof(id->bytes));
}

static struct entry *find(const struct pl_talo_cache *cache, enum kind kind, int64_t id)
{
    struct pl_table_link *link = pl_table_first(&cache->by_id, hash_of_id(cache, kind, id));
    for (; link != NULL; link = pl_table_next(link)) {
        struct entry *entry = PL_CONTAINER_OF(link, struct entry, by_id);
        if (entry->id == id && entry->kind == kind) {
            return entry;
        }
    }
    return NULL;
}

/* Find it, as the one that was used last. */
static struct entry *use(struct pl_talo_cache *cache, enum kind kind, int64_t id)
{
    struct entry *entry = find(cache, kind, id);
    if (entry != NULL) {
        pl_list_remove(&entry->used_last);
        pl_list_push_back(cache->used_last.next, &entry->used_last);
    }
    return entry;
}

const struct pl_talo_alias *pl_talo_cache_find_alias(struct pl_talo_cache *cache, int64_t id)
{
    const struct entry *entry = use(cache, ALIAS, id);
    return entry == NULL ? NULL : entry->alias;
}

const struct pl_talo_channel *pl_talo_cache_find_channel(struct pl_talo_cache *cache, int64_t id)
{
    const struct entry *entry = use(cache, CHANNEL, id);
    return entry == NULL ? NULL : entry->channel;
}

static struct entry *oldest(const struct pl_talo_cache *cache)
{
    return pl_list_is_empty(&cache->used_last)
               ? NULL
               : PL_CONTAINER_OF(cache->used_last.prev, struct entry, used_last);
}

/* Put it in its places, and whatever the bound wants out. One that is larger than the bound stays
 * alone until the next one comes. */
static void put(struct pl_talo_cache *cache, struct entry *entry)
{
    struct entry *before = find(cache, entry->kind, entry->id);
    if (before != NULL) {
        drop(cache, before);
    }
    while (cache->bytes + entry->bytes > cache->limit_bytes && oldest(cache) != NULL) {
        drop(cache, oldest(cache));
    }
    cache->bytes += entry->bytes;
    pl_table_add(&cache->by_id, &entry->by_id, hash_of_id(cache, entry->kind, entry->id));
    if (entry->has_player) {
        pl_table_add(&cache->by_player, &entry->by_player,
                     hash_of_player(cache, &entry->player_id));
    }
    pl_list_push_back(cache->used_last.next, &entry->used_last);
}

void pl_talo_cache_put_alias(struct pl_talo_cache *cache, const struct pl_talo_alias *alias)
{
    struct entry *entry = pl_alloc(sizeof(*entry));
    entry->kind = ALIAS;
    entry->id = alias->id;
    entry->has_player = true;
    entry->player_id = alias->player->id;
    entry->alias = pl_talo_alias_copy(&entry->bytes, alias);
    entry->bytes += sizeof(*entry);
    put(cache, entry);
}

void pl_talo_cache_put_channel(struct pl_talo_cache *cache, const struct pl_talo_channel *channel)
{
    struct entry *entry = pl_alloc(sizeof(*entry));
    entry->kind = CHANNEL;
    entry->id = channel->id;
    entry->has_player = channel->owner != NULL;
    if (entry->has_player) {
        entry->player_id = channel->owner->player->id;
    }
    entry->channel = pl_talo_channel_copy(&entry->bytes, channel);
    entry->bytes += sizeof(*entry);
    put(cache, entry);
}

void pl_talo_cache_drop_player(struct pl_talo_cache *cache, const struct pl_uuid *player_id)
{
    struct pl_table_link *link =
        pl_table_first(&cache->by_player, hash_of_player(cache, player_id));
    while (link != NULL) {
        struct entry *entry = PL_CONTAINER_OF(link, struct entry, by_player);
        link = pl_table_next(link);
        if (pl_uuid_eq(&entry->player_id, player_id)) {
            drop(cache, entry);
        }
    }
}

void pl_talo_cache_drop_channel(struct pl_talo_cache *cache, int64_t id)
{
    struct entry *entry = find(cache, CHANNEL, id);
    if (entry != NULL) {
        drop(cache, entry);
    }
}
