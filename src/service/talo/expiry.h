/* Things that all live equally long: a list in the order in which they were added, with one timer
 * for the oldest. An entry costs no timer of its own.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_EXPIRY_H
#define PL_SERVICE_TALO_EXPIRY_H

#include "base/list.h"
#include "hub/hub.h"

/* Embedded in what expires. */
struct pl_talo_expiring {
    struct pl_list node;
    int64_t due_ms; /* of the hub's monotonic clock */
};

struct pl_talo_expiry {
    struct pl_hub *hub;
    struct pl_list oldest_first;
    struct pl_timer timer; /* due when the oldest is, or earlier; unset while empty */
    int64_t life_ms;
    size_t count;
    /* It is off the list; the owner's to free. */
    void (*on_expired)(struct pl_talo_expiring *entry, void *user);
    void *user;
};

/* The struct must not move afterwards. */
void pl_talo_expiry_init(struct pl_talo_expiry *expiry, struct pl_hub *hub, int64_t life_ms,
                         void (*on_expired)(struct pl_talo_expiring *entry, void *user),
                         void *user);

/* Everything that is left expires. */
void pl_talo_expiry_fini(struct pl_talo_expiry *expiry);

/* Its life begins now; one that is on the list already begins anew. */
void pl_talo_expiry_add(struct pl_talo_expiry *expiry, struct pl_talo_expiring *entry);

/* It does not expire any more; one that is on no list is fine. */
void pl_talo_expiry_remove(struct pl_talo_expiry *expiry, struct pl_talo_expiring *entry);

/* The oldest one expires now, if there is one: to keep a bound. */
void pl_talo_expiry_drop_oldest(struct pl_talo_expiry *expiry);

/* Whether its life is over though the timer has not come to it yet. */
static inline bool pl_talo_expiry_is_over(const struct pl_talo_expiry *expiry,
                                          const struct pl_talo_expiring *entry)
{
    return pl_hub_now_ms(expiry->hub) >= entry->due_ms;
}

#endif
