/* One entry per address in a map. Those without connections stand on a list by age: the oldest goes
 * when there are too many, or as soon as it has nothing left to tell (all its bursts are full). */
#include "net/peers.h"

#include "base/alloc.h"
#include "base/list.h"
#include "base/map.h"

#include <pthread.h>

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
    /* Protects all below. A connection may be closed on another thread than it was accepted on; who
     * waits, waits for one look-up. */
    pthread_mutex_t lock;
    struct pl_map by_key;
    struct pl_list quiet; /* the one seen last at the end */
    size_t quiet_count;
    struct pl_peers_limits limits;
    struct pl_cidr *exempt; /* what `limits` points at */
};

static void take_limits(struct pl_peers *peers, const struct pl_peers_limits *limits)
{
    struct pl_cidr *exempt = pl_alloc_array(limits->exempt_count + 1, sizeof(*exempt));
    for (size_t i = 0; i < limits->exempt_count; i++) {
        exempt[i] = limits->exempt[i];
    }
    pl_free(peers->exempt);
    peers->exempt = exempt;
    peers->limits = *limits;
    peers->limits.exempt = exempt;
}

struct pl_peers *pl_peers_create(const struct pl_peers_limits *limits, const uint8_t *hash_key)
{
    struct pl_peers *peers = pl_alloc(sizeof(*peers));
    pthread_mutex_init(&peers->lock, NULL);
    pl_map_init(&peers->by_key, hash_key);
    pl_list_init(&peers->quiet);
    take_limits(peers, limits);
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
    pl_free(peers->exempt);
    pthread_mutex_destroy(&peers->lock);
    pl_free(peers);
}

void pl_peers_set(struct pl_peers *peers, const struct pl_peers_limits *limits)
{
    pthread_mutex_lock(&peers->lock);
    take_limits(peers, limits);
    pthread_mutex_unlock(&peers->lock);
}

size_t pl_peers_count(struct pl_peers *peers)
{
    pthread_mutex_lock(&peers->lock);
    size_t count = peers->by_key.count;
    pthread_mutex_unlock(&peers->lock);
    return count;
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

static bool counts_connections(const struct pl_peers_limits *limits)
{
    return limits->connections_max > 0 || limits->connects_per_second > 0;
}

/* --- questions, asked with the lock held --- */

static enum pl_peers_verdict admit(struct pl_peers *peers, const struct pl_address *address,
                                   int64_t now_ms)
{
    const struct pl_peers_limits *limits = &peers->limits;
    struct peer *peer = NULL;
    if (!counts_connections(limits) || is_exempt(peers, address)) {
        return PL_PEERS_ADMITTED;
    }
    peer = get(peers, address, now_ms);
    if (limits->connections_max > 0 && peer->connection_count >= limits->connections_max) {
        return PL_PEERS_TOO_MANY;
    }
    return take(&peer->connects, limits->connects_per_second, limits->connects_burst, now_ms)
               ? PL_PEERS_ADMITTED
               : PL_PEERS_TOO_FAST;
}

static bool hold(struct pl_peers *peers, const struct pl_address *address, int64_t now_ms)
{
    struct peer *peer = NULL;
    if (peers->limits.connections_max == 0 || is_exempt(peers, address)) {
        return false;
    }
    peer = get(peers, address, now_ms);
    peer->connection_count++;
    set_quiet(peers, peer, false);
    return true;
}

static void release(struct pl_peers *peers, const struct pl_address *address)
{
    char bytes[KEY_MAX];
    struct peer *peer = pl_map_find(&peers->by_key, write_key(bytes, address));
    PL_ASSERT(peer != NULL && peer->connection_count > 0);
    peer->connection_count--;
    if (peer->connection_count == 0) {
        set_quiet(peers, peer, true);
    }
}

static int64_t request(struct pl_peers *peers, const struct pl_address *address, int64_t now_ms)
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

enum pl_peers_verdict pl_peers_admit(struct pl_peers *peers, const struct pl_address *address,
                                     int64_t now_ms)
{
    pthread_mutex_lock(&peers->lock);
    enum pl_peers_verdict verdict = admit(peers, address, now_ms);
    pthread_mutex_unlock(&peers->lock);
    return verdict;
}

bool pl_peers_hold(struct pl_peers *peers, const struct pl_address *address, int64_t now_ms)
{
    pthread_mutex_lock(&peers->lock);
    bool is_held = hold(peers, address, now_ms);
    pthread_mutex_unlock(&peers->lock);
    return is_held;
}

void pl_peers_release(struct pl_peers *peers, const struct pl_address *address)
{
    pthread_mutex_lock(&peers->lock);
    release(peers, address);
    pthread_mutex_unlock(&peers->lock);
}

int64_t pl_peers_request(struct pl_peers *peers, const struct pl_address *address, int64_t now_ms)
{
    pthread_mutex_lock(&peers->lock);
    int64_t wait_ms = request(peers, address, now_ms);
    pthread_mutex_unlock(&peers->lock);
    return wait_ms;
}
