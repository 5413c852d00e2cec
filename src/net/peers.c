/* One entry per address in a map. Those without connections stand on a list by age: the oldest goes
 * when there are too many, or as soon as it has nothing left to tell (all its bursts are full). */
#include "net/peers.h"

#include "base/alloc.h"
#include "base/list.h"
#include "base/map.h"

#define KEY_MAX 9 /* family, and 4 or 8 bytes */
/* Old entries that may go for every new one: the list shrinks faster than it grows. */
#define FORGET_PER_NEW 2

struct peer {
    struct pl_list in_quiet; /* on peers->quiet while it has no connections */
    struct pl_rate connects;
    struct pl_rate requests;
    uint32_t connection_count;
    uint8_t key_len;
    char key[KEY_MAX];
};

struct pl_peers {
    struct pl_map by_key;
    struct pl_list quiet; /* the one seen last at the end */
    size_t quiet_count;
    struct pl_peers_limits limits;
};

struct pl_peers *pl_peers_create(const struct pl_peers_limits *limits, const uint8_t *hash_key)
{
    struct pl_peers *peers = pl_alloc(sizeof(*peers));
    pl_map_init(&peers->by_key, hash_key);
    pl_list_init(&peers->quiet);
    peers->limits = *limits;
    return peers;
}

static void free_peer(struct pl_str key, void *value, void *user)
{
    (void)key;
    (void)user;
    pl_free(value);
}

void pl_peers_destroy(struct pl_peers *peers)
{
    if (peers == NULL) {
        return;
    }
    pl_map_each(&peers->by_key, free_peer, NULL);
    pl_map_fini(&peers->by_key);
    pl_free(peers);
}

void pl_peers_set(struct pl_peers *peers, const struct pl_peers_limits *limits)
{
    peers->limits = *limits;
}

size_t pl_peers_count(const struct pl_peers *peers)
{
    return peers->by_key.count;
}

/* --- entries --- */

static struct pl_str write_key(char out[KEY_MAX], const struct pl_address *address)
{
    struct pl_address plain = pl_address_unmapped(address);
    size_t len = plain.family == PL_ADDRESS_IPV4 ? 4 : 8;
    out[0] = (char)plain.family;
    memcpy(out + 1, plain.bytes, len);
    return pl_str_make(out, 1 + len);
}

static void set_quiet(struct pl_peers *peers, struct peer *peer, bool is_quiet)
{
    if (pl_list_is_linked(&peer->in_quiet)) {
        pl_list_remove(&peer->in_quiet);
        peers->quiet_count--;
    }
    if (is_quiet) {
        pl_list_push_back(&peers->quiet, &peer->in_quiet);
        peers->quiet_count++;
    }
}

static void forget(struct pl_peers *peers, struct peer *peer)
{
    set_quiet(peers, peer, false);
    pl_map_remove(&peers->by_key, pl_str_make(peer->key, peer->key_len));
    pl_free(peer);
}

/* Whether forgetting it would make no difference. */
static bool has_nothing_to_tell(const struct peer *peer, int64_t now_ms)
{
    return pl_rate_wait_ms(&peer->connects, peer->connects.burst, now_ms) == 0 &&
           pl_rate_wait_ms(&peer->requests, peer->requests.burst, now_ms) == 0;
}

static void forget_some(struct pl_peers *peers, int64_t now_ms)
{
    for (int i = 0; i < FORGET_PER_NEW && !pl_list_is_empty(&peers->quiet); i++) {
        struct peer *oldest = PL_CONTAINER_OF(peers->quiet.next, struct peer, in_quiet);
        if (peers->quiet_count < peers->limits.remembered_max &&
            !has_nothing_to_tell(oldest, now_ms)) {
            return;
        }
        forget(peers, oldest);
    }
}

static struct peer *get(struct pl_peers *peers, const struct pl_address *address, int64_t now_ms)
{
    char bytes[KEY_MAX];
    struct pl_str key = write_key(bytes, address);
    struct peer *peer = pl_map_find(&peers->by_key, key);
    if (peer == NULL) {
        forget_some(peers, now_ms);
        peer = pl_alloc(sizeof(*peer));
        peer->key_len = (uint8_t)key.len;
        memcpy(peer->key, key.ptr, key.len);
        pl_map_put(&peers->by_key, key, peer);
    }
    if (peer->connection_count == 0) {
        set_quiet(peers, peer, true); /* the one seen last */
    }
    return peer;
}

/* Take one, from a bucket that is full when it is used first and when its limits have changed. */
static bool take(struct pl_rate *rate, uint32_t per_second, uint32_t burst, int64_t now_ms)
{
    if (rate->per_second != per_second || rate->burst != burst) {
        pl_rate_init(rate, per_second, burst, now_ms);
    }
    return pl_rate_take(rate, 1, now_ms);
}

static bool is_exempt(const struct pl_peers *peers, const struct pl_address *address)
{
    return address->family == PL_ADDRESS_UNIX || address->family == PL_ADDRESS_NONE ||
           pl_cidr_any_contains(peers->limits.exempt, peers->limits.exempt_count, address);
}

/* --- questions --- */

enum pl_peers_verdict pl_peers_connect(bool *is_counted, struct pl_peers *peers,
                                       const struct pl_address *address, int64_t now_ms)
{
    const struct pl_peers_limits *limits = &peers->limits;
    struct peer *peer = NULL;
    *is_counted = false;
    if ((limits->connections_max == 0 && limits->connects_per_second == 0) ||
        is_exempt(peers, address)) {
        return PL_PEERS_ADMITTED;
    }
    peer = get(peers, address, now_ms);
    if (limits->connections_max > 0 && peer->connection_count >= limits->connections_max) {
        return PL_PEERS_TOO_MANY;
    }
    if (!take(&peer->connects, limits->connects_per_second, limits->connects_burst, now_ms)) {
        return PL_PEERS_TOO_FAST;
    }
    peer->connection_count++;
    set_quiet(peers, peer, false);
    *is_counted = true;
    return PL_PEERS_ADMITTED;
}

void pl_peers_disconnect(struct pl_peers *peers, const struct pl_address *address)
{
    char bytes[KEY_MAX];
    struct peer *peer = pl_map_find(&peers->by_key, write_key(bytes, address));
    PL_ASSERT(peer != NULL && peer->connection_count > 0);
    peer->connection_count--;
    if (peer->connection_count == 0) {
        set_quiet(peers, peer, true);
    }
}

int64_t pl_peers_request(struct pl_peers *peers, const struct pl_address *address, int64_t now_ms)
{
    const struct pl_peers_limits *limits = &peers->limits;
    struct peer *peer = NULL;
    if (limits->requests_per_second == 0 || is_exempt(peers, address)) {
        return 0;
    }
    peer = get(peers, address, now_ms);
    if (take(&peer->requests, limits->requests_per_second, limits->requests_burst, now_ms)) {
        return 0;
    }
    return pl_rate_wait_ms(&peer->requests, 1, now_ms);
}
