/* What is remembered of signed requests, so that none is taken twice (spec talo, 2.3, steps 6 to
 * 9): request ids, and the latest timestamp of an alias.
 * Both are bounded; at a bound what is oldest is forgotten. A request whose id is forgotten early is
 * still refused a minute behind the alias's latest one (step 6), and after five minutes by its
 * time.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_REPLAY_H
#define PL_SERVICE_TALO_REPLAY_H

#include "hub/table.h"
#include "service/talo/expiry.h"

#define PL_TALO_REPLAY_IDS_MAX 500000
#define PL_TALO_REPLAY_ALIASES_MAX 200000

struct pl_talo_replay {
    const uint8_t *hash_key; /* PL_SIPHASH_KEY_BYTES, unknown outside; borrowed */
    struct pl_table ids;
    struct pl_table latest;
    struct pl_talo_expiry ids_expiry;
    struct pl_talo_expiry latest_expiry;
};

void pl_talo_replay_init(struct pl_talo_replay *replay, struct pl_hub *hub,
                         const uint8_t *hash_key);
void pl_talo_replay_fini(struct pl_talo_replay *replay);

/* Steps 6 to 9 for a request whose signature is right. Refused ones leave no trace.
 *   now_ms  since 1970 */
bool pl_talo_replay_accept(struct pl_talo_replay *replay, int64_t alias_id, struct pl_str rid,
                           double timestamp_ms, int64_t now_ms);

#endif
