/* Rate limits of REST by address and bucket (spec talo, 3.4): a fixed window of a minute that starts
 * with the first request; who exceeds it is blocked for a minute. Memory is bounded: past
 * PL_TALO_LIMITER_MAX addresses the one whose window began first is forgotten.
 * Threads: one at a time. No clock. */
#ifndef PL_DIALECT_TALO_REST_LIMIT_H
#define PL_DIALECT_TALO_REST_LIMIT_H

#include "net/address.h"

#define PL_TALO_LIMITER_MAX 65536
#define PL_TALO_LIMIT_WINDOW_MS ((int64_t)60 * 1000)

struct pl_talo_limiter;

enum pl_talo_bucket {
    PL_TALO_BUCKET_AUTH,
    PL_TALO_BUCKET_DEFAULT,
};

/*   hash_key  16 bytes of randomness: peers choose their addresses */
struct pl_talo_limiter *pl_talo_limiter_create(const uint8_t *hash_key);
void pl_talo_limiter_destroy(struct pl_talo_limiter *limiter); /* NULL is fine */

/* Whether a request of `address` is within `limit` a minute (0: there is none). IPv6 counts by
 * networks of 64 bits; Unix sockets are not counted. */
bool pl_talo_limiter_admit(struct pl_talo_limiter *limiter, const struct pl_address *address,
                           enum pl_talo_bucket bucket, uint32_t limit, int64_t now_ms);

size_t pl_talo_limiter_count(const struct pl_talo_limiter *limiter);

#endif
