/* An id is kept as a keyed hash of alias and id: 64 bits of it say for sure enough whether it was
 * there, since nobody outside can look for two that are equal. */
#include "service/talo/replay.h"

#include "base/alloc.h"
#include "base/hash.h"

#define LIFE_MS (600 * 1000)
#define BEHIND_LATEST_MS 60000.0
#define FROM_NOW_MS 300000.0
#define NEVER_MS (-1e300) /* before any timestamp */

struct seen {
    struct pl_table_link link; /* whose hash is all there is */
    struct pl_talo_expiring expiring;
};

struct latest {
    struct pl_table_link link;
    struct pl_talo_expiring expiring;
    int64_t alias_id;
    double timestamp_ms;
};

static void on_seen_expired(struct pl_talo_expiring *expiring, void *user)
{
    struct pl_talo_replay *replay = user;
    struct seen *seen = PL_CONTAINER_OF(expiring, struct seen, expiring);
    pl_table_remove(&replay->ids, &seen->link);
    pl_free(seen);
}

static void on_latest_expired(struct pl_talo_expiring *expiring, void *user)
{
    struct pl_talo_replay *replay = user;
    struct latest *latest = PL_CONTAINER_OF(expiring, struct latest, expiring);
    pl_table_remove(&replay->latest, &latest->link);
    pl_free(latest);
}

void pl_talo_replay_init(struct pl_talo_replay *replay, struct pl_hub *hub, const uint8_t *hash_key)
{
    *replay = (struct pl_talo_replay){.hash_key = hash_key};
    pl_talo_expiry_init(&replay->ids_expiry, hub, LIFE_MS, on_seen_expired, replay);
    pl_talo_expiry_init(&replay->latest_expiry, hub, LIFE_MS, on_latest_expired, replay);
}

void pl_talo_replay_fini(struct pl_talo_replay *replay)
{
    pl_talo_expiry_fini(&replay->ids_expiry);
    pl_talo_expiry_fini(&replay->latest_expiry);
    pl_table_fini(&replay->ids);
    pl_table_fini(&replay->latest);
}

static uint64_t hash_of_alias(const struct pl_talo_replay *replay, int64_t alias_id)
{
    return pl_siphash(replay->hash_key, &alias_id, sizeof(alias_id));
}

static uint64_t hash_of_id(const struct pl_talo_replay *replay, int64_t alias_id, struct pl_str rid)
{
    uint64_t pair[2] = {(uint64_t)alias_id, pl_siphash(replay->hash_key, rid.ptr, rid.len)};
    return pl_siphash(replay->hash_key, pair, sizeof(pair));
}

/* NULL when nothing is remembered any more. */
static struct latest *find_latest(const struct pl_talo_replay *replay, int64_t alias_id)
{
    struct pl_table_link *link = pl_table_first(&replay->latest, hash_of_alias(replay, alias_id));
    for (; link != NULL; link = pl_table_next(link)) {
        struct latest *latest = PL_CONTAINER_OF(link, struct latest, link);
        if (latest->alias_id == alias_id) {
            return latest;
        }
    }
    return NULL;
}

static bool is_in_time(const struct pl_talo_replay *replay, const struct latest *latest,
                       double timestamp_ms, int64_t now_ms)
{
    if (latest != NULL && !pl_talo_expiry_is_over(&replay->latest_expiry, &latest->expiring) &&
        latest->timestamp_ms - timestamp_ms > BEHIND_LATEST_MS) {
        return false;
    }
    return timestamp_ms >= (double)now_ms - FROM_NOW_MS &&
           timestamp_ms <= (double)now_ms + FROM_NOW_MS;
}

/* False when it was seen already. */
static bool remember_id(struct pl_talo_replay *replay, uint64_t hash)
{
    struct pl_table_link *link = pl_table_first(&replay->ids, hash);
    struct seen *seen = link == NULL ? NULL : PL_CONTAINER_OF(link, struct seen, link);
    if (seen != NULL) {
        if (!pl_talo_expiry_is_over(&replay->ids_expiry, &seen->expiring)) {
            return false;
        }
        pl_talo_expiry_add(&replay->ids_expiry, &seen->expiring);
        return true;
    }
    if (replay->ids_expiry.count >= PL_TALO_REPLAY_IDS_MAX) {
        pl_talo_expiry_drop_oldest(&replay->ids_expiry);
    }
    seen = pl_alloc(sizeof(*seen));
    pl_table_add(&replay->ids, &seen->link, hash);
    pl_talo_expiry_add(&replay->ids_expiry, &seen->expiring);
    return true;
}

static struct latest *add_latest(struct pl_talo_replay *replay, int64_t alias_id)
{
    struct latest *latest = pl_alloc(sizeof(*latest));
    if (replay->latest_expiry.count >= PL_TALO_REPLAY_ALIASES_MAX) {
        pl_talo_expiry_drop_oldest(&replay->latest_expiry);
    }
    latest->alias_id = alias_id;
    latest->timestamp_ms = NEVER_MS;
    pl_table_add(&replay->latest, &latest->link, hash_of_alias(replay, alias_id));
    return latest;
}

bool pl_talo_replay_accept(struct pl_talo_replay *replay, int64_t alias_id, struct pl_str rid,
                           double timestamp_ms, int64_t now_ms)
{
    struct latest *latest = find_latest(replay, alias_id);
    if (!is_in_time(replay, latest, timestamp_ms, now_ms) ||
        !remember_id(replay, hash_of_id(replay, alias_id, rid))) {
        return false;
    }
    if (latest == NULL) {
        latest = add_latest(replay, alias_id);
    } else if (pl_talo_expiry_is_over(&replay->latest_expiry, &latest->expiring)) {
        latest->timestamp_ms = NEVER_MS;
    }
    if (timestamp_ms > latest->timestamp_ms) {
        latest->timestamp_ms = timestamp_ms;
    }
    if (latest->timestamp_ms > (double)now_ms) {
        latest->timestamp_ms = (double)now_ms; /* the future does not make the present late */
    }
    pl_talo_expiry_add(&replay->latest_expiry, &latest->expiring);
    return true;
}
