/* One entry per address and bucket, in a map and on a list in the order in which their windows
 * began: what is over is at the front, and so is what goes when there are too many. */
#include "dialect/talo/rest_limit.h"

#include "base/alloc.h"
#include "base/list.h"
#include "base/map.h"

#define KEY_MAX 10       /* bucket, family, 4 or 8 bytes */
#define FORGET_PER_NEW 2 /* the list shrinks faster than it grows */

struct entry {
    struct pl_list in_order;
    int64_t end_ms; /* of the window, or of the block */
    uint32_t count;
    bool is_blocked;
    uint8_t key_len;
    char key[KEY_MAX];
};

struct pl_talo_limiter {
    struct pl_map by_key;
    struct pl_list order; /* by end_ms, nearly: a block moves its entry to the end */
};

struct pl_talo_limiter *pl_talo_limiter_create(const uint8_t *hash_key)
{
    struct pl_talo_limiter *limiter = pl_alloc(sizeof(*limiter));
    pl_map_init(&limiter->by_key, hash_key);
    pl_list_init(&limiter->order);
    return limiter;
}

static void forget(struct pl_talo_limiter *limiter, struct entry *entry)
{
    pl_list_remove(&entry->in_order);
    pl_map_remove(&limiter->by_key, pl_str_make(entry->key, entry->key_len));
    pl_free(entry);
}

void pl_talo_limiter_destroy(struct pl_talo_limiter *limiter)
{
    if (limiter == NULL) {
        return;
    }
    while (!pl_list_is_empty(&limiter->order)) {
        forget(limiter, PL_CONTAINER_OF(limiter->order.next, struct entry, in_order));
    }
    pl_map_fini(&limiter->by_key);
    pl_free(limiter);
}

size_t pl_talo_limiter_count(const struct pl_talo_limiter *limiter)
{
    return limiter->by_key.count;
}

static void forget_some(struct pl_talo_limiter *limiter, int64_t now_ms)
{
    for (int i = 0; i < FORGET_PER_NEW && !pl_list_is_empty(&limiter->order); i++) {
        struct entry *oldest = PL_CONTAINER_OF(limiter->order.next, struct entry, in_order);
        if (oldest->end_ms > now_ms && limiter->by_key.count < PL_TALO_LIMITER_MAX) {
            return;
        }
        forget(limiter, oldest);
    }
}

static struct pl_str write_key(char out[KEY_MAX], const struct pl_address *address,
                               enum pl_talo_bucket bucket)
{
    struct pl_address plain = pl_address_unmapped(address);
    size_t len = plain.family == PL_ADDRESS_IPV4 ? 4 : 8;
    out[0] = (char)bucket;
    out[1] = (char)plain.family;
    memcpy(out + 2, plain.bytes, len);
    return pl_str_make(out, 2 + len);
}

static struct entry *add(struct pl_talo_limiter *limiter, struct pl_str key, int64_t now_ms)
{
    forget_some(limiter, now_ms);
    struct entry *entry = pl_alloc(sizeof(*entry));
    entry->key_len = (uint8_t)key.len;
    memcpy(entry->key, key.ptr, key.len);
    pl_map_put(&limiter->by_key, key, entry);
    return entry;
}

/* A window or a block begins now. */
static void begin(struct pl_talo_limiter *limiter, struct entry *entry, bool is_blocked,
                  int64_t now_ms)
{
    entry->is_blocked = is_blocked;
    entry->count = 0;
    entry->end_ms = now_ms + PL_TALO_LIMIT_WINDOW_MS;
    pl_list_remove(&entry->in_order);
    pl_list_push_back(&limiter->order, &entry->in_order);
}

bool pl_talo_limiter_admit(struct pl_talo_limiter *limiter, const struct pl_address *address,
                           enum pl_talo_bucket bucket, uint32_t limit, int64_t now_ms)
{
    char bytes[KEY_MAX];
    if (limit == 0 || address->family == PL_ADDRESS_UNIX || address->family == PL_ADDRESS_NONE) {
        return true;
    }
    struct pl_str key = write_key(bytes, address, bucket);
    struct entry *entry = pl_map_find(&limiter->by_key, key);
    if (entry == NULL) {
        entry = add(limiter, key, now_ms);
        begin(limiter, entry, false, now_ms);
    } else if (now_ms >= entry->end_ms) {
        begin(limiter, entry, false, now_ms);
    }
    if (entry->is_blocked) {
        return false;
    }
    if (++entry->count <= limit) {
        return true;
    }
    begin(limiter, entry, true, now_ms);
    return false;
}
