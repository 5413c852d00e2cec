/* The peers by address: how many connections each has open, how fast it opens them and how fast it
 * asks. An address is one of IPv4, or a network of 64 bits of IPv6, since whoever has one of those
 * has them all. Peers on Unix sockets and those of exempt blocks are not counted.
 * Memory is bounded: an address is remembered while it has connections (of which the server has a
 * bounded number), and remembered_max of those that have none, the ones seen last.
 * Threads: any. No I/O; time is an argument. */
#ifndef PL_NET_PEERS_H
#define PL_NET_PEERS_H

#include "base/rate.h"
#include "net/cidr.h"

struct pl_peers;

/* Limits of one address; 0: none. */
struct pl_peers_limits {
    uint32_t connections_max; /* at once */
    uint32_t connects_per_second;
    uint32_t connects_burst;
    uint32_t requests_per_second;
    uint32_t requests_burst;
    uint32_t remembered_max;      /* addresses without connections that are kept */
    const struct pl_cidr *exempt; /* copied */
    size_t exempt_count;
};

enum pl_peers_verdict {
    PL_PEERS_ADMITTED,
    PL_PEERS_TOO_MANY, /* connections at once */
    PL_PEERS_TOO_FAST, /* new connections a second */
};

/*   hash_key  16 bytes of randomness: peers choose their addresses */
struct pl_peers *pl_peers_create(const struct pl_peers_limits *limits, const uint8_t *hash_key);
void pl_peers_destroy(struct pl_peers *peers); /* NULL is fine */

/* Other limits from now on; rates that changed begin with a full burst. */
void pl_peers_set(struct pl_peers *peers, const struct pl_peers_limits *limits);

/* Whether `address` may have one more connection, before anything is spent on it. */
enum pl_peers_verdict pl_peers_admit(struct pl_peers *peers, const struct pl_address *address,
                                     int64_t now_ms);

/* A connection from `address` is open. Returns whether it is counted: then pl_peers_release must be
 * called when it is closed. */
bool pl_peers_hold(struct pl_peers *peers, const struct pl_address *address, int64_t now_ms);
void pl_peers_release(struct pl_peers *peers, const struct pl_address *address);

/* A request from `address`. Returns 0 when it is admitted, otherwise the milliseconds until the
 * next one would be. */
int64_t pl_peers_request(struct pl_peers *peers, const struct pl_address *address, int64_t now_ms);

/* Addresses remembered now. */
size_t pl_peers_count(struct pl_peers *peers);

#endif
