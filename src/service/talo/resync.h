/* After writes of which nobody knows whether they happened (a connection to the store that broke):
 * what is kept in memory is made to agree with the store again, as soon as that answers. Streams
 * follow the memberships of whoever is connected, players are whose aliases they have, the cache is
 * emptied, and what administrators own is loaded again.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_RESYNC_H
#define PL_SERVICE_TALO_RESYNC_H

#include "service/talo/talo.h"

struct pl_talo_resync {
    struct pl_talo *talo;
    struct pl_timer timer;
    int64_t wait_ms;    /* until the next attempt */
    int64_t *alias_ids; /* of this run; the first one is 0, nobody's, to see whether it works */
    size_t count;
    size_t next;
    size_t under_way;            /* operations */
    uint64_t admin_change_count; /* when the load of what administrators own was submitted */
    bool has_answer;             /* the store works */
    bool has_failed;             /* this run is given up */
    bool is_wanted;              /* once more, when this run has ended */
};

void pl_talo_resync_init(struct pl_talo_resync *resync, struct pl_talo *talo);
void pl_talo_resync_fini(struct pl_talo_resync *resync);

/* A write came back with PL_E_CLOSED. */
void pl_talo_resync_note(struct pl_talo_resync *resync, const struct pl_store_op *op);

#endif
