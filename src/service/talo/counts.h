/* How many messages channels have had: counted in memory, written about once a second. The numbers
 * here are totals, so writing one twice does no harm.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_COUNTS_H
#define PL_SERVICE_TALO_COUNTS_H

#include "service/talo/expiry.h"
#include "service/talo/talo.h"

#define PL_TALO_COUNTS_WRITE_MS 1000

struct pl_talo_counts {
    struct pl_talo *talo;
    struct pl_table by_channel;
    struct pl_list unwritten;      /* in the order in which they came to be */
    struct pl_talo_expiry written; /* forgotten when nothing is said there for a while */
    struct pl_timer timer;
    int64_t wait_ms; /* longer while the store fails */
};

void pl_talo_counts_init(struct pl_talo_counts *counts, struct pl_talo *talo);
void pl_talo_counts_fini(struct pl_talo_counts *counts);

/* One message more. `stored`: what the channel had when it was loaded. Returns the total now. */
int64_t pl_talo_counts_add(struct pl_talo_counts *counts, int64_t channel_id, int64_t stored);

/* The total, where the store says `stored`. */
int64_t pl_talo_counts_total(const struct pl_talo_counts *counts, int64_t channel_id,
                             int64_t stored);

/* The channel is gone. */
void pl_talo_counts_forget(struct pl_talo_counts *counts, int64_t channel_id);

/* Write all that is not written. */
void pl_talo_counts_flush(struct pl_talo_counts *counts);

#endif
