/* Aliases that send and channels that are spoken in, kept in memory so that a message asks no store.
 * Bounded in bytes: who was not used for longest goes. What is in it is what the last write that
 * came back left behind: entries are put in by loads, which the store runs among the writes in
 * order, and dropped by the effects of writes.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_CACHE_H
#define PL_SERVICE_TALO_CACHE_H

#include "base/list.h"
#include "hub/table.h"
#include "store/talo/entity.h"

struct pl_talo_cache {
    const uint8_t *hash_key; /* PL_SIPHASH_KEY_BYTES; borrowed */
    struct pl_table by_id;
    struct pl_table by_player; /* an alias by its player, a channel by its owner's */
    struct pl_list used_last;  /* most recently used first */
    size_t bytes;
    size_t limit_bytes;
};

/* limit_bytes: 0 for 16 MiB. */
void pl_talo_cache_init(struct pl_talo_cache *cache, const uint8_t *hash_key, size_t limit_bytes);
void pl_talo_cache_fini(struct pl_talo_cache *cache);

/* NULL when it is not there. Borrowed until the cache is given something or drops something. */
const struct pl_talo_alias *pl_talo_cache_find_alias(struct pl_talo_cache *cache, int64_t id);
const struct pl_talo_channel *pl_talo_cache_find_channel(struct pl_talo_cache *cache, int64_t id);

/* Keep a copy, in the place of what was there. */
void pl_talo_cache_put_alias(struct pl_talo_cache *cache, const struct pl_talo_alias *alias);
void pl_talo_cache_put_channel(struct pl_talo_cache *cache, const struct pl_talo_channel *channel);

/* Something about the player has changed: its aliases go, and the channels that they own. */
void pl_talo_cache_drop_player(struct pl_talo_cache *cache, const struct pl_uuid *player_id);
void pl_talo_cache_drop_channel(struct pl_talo_cache *cache, int64_t id);

/* Something about very many has changed. */
void pl_talo_cache_clear(struct pl_talo_cache *cache);

#endif
