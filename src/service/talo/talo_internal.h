/* What the files of this world share. Nothing outside src/service/talo includes it. Each part names
 * the file that writes its fields.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_TALO_INTERNAL_H
#define PL_SERVICE_TALO_TALO_INTERNAL_H

#include "base/hash.h"
#include "service/talo/absences.h"
#include "service/talo/admin.h"
#include "service/talo/cache.h"
#include "service/talo/conns.h"
#include "service/talo/counts.h"
#include "service/talo/key_uses.h"
#include "service/talo/replay.h"
#include "service/talo/resync.h"
#include "service/talo/talo.h"
#include "service/talo/tickets.h"
#include "service/talo/tokens.h"

/* world.c; what has a name below belongs to the file of that name */
struct pl_talo {
    struct pl_talo_config config;
    uint8_t hash_key[PL_SIPHASH_KEY_BYTES];
    int64_t last_ids[PL_TALO_ID_COUNT];
    bool is_stopping;
    bool is_retired;               /* nobody goes offline here any more */
    struct pl_log_limit log_limit; /* of lines that a failing store causes */
    struct pl_talo_admin admin;
    struct pl_talo_cache cache;
    struct pl_talo_conns conns;
    struct pl_talo_counts counts;
    struct pl_talo_key_uses key_uses;
    struct pl_talo_absences absences;
    struct pl_talo_resync resync;
    struct pl_talo_tickets tickets;
    struct pl_talo_tokens tokens;
    struct pl_talo_replay replay;
};

static inline uint64_t pl_talo_hash_id(const struct pl_talo *talo, int64_t id)
{
    return pl_siphash(talo->hash_key, &id, sizeof(id));
}

static inline uint64_t pl_talo_hash_uuid(const struct pl_talo *talo, const struct pl_uuid *id)
{
    return pl_siphash(talo->hash_key, id->bytes, sizeof(id->bytes));
}

/* An operation that came back with an error that nobody else tells of: one line in the log, of
 * which there are not too many. */
void pl_talo_log_failure(struct pl_talo *talo, const struct pl_store_op *op);

#endif
