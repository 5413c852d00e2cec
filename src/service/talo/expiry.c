/* One timer for a list in which who comes first is due first. */
#include "service/talo/expiry.h"

static struct pl_talo_expiring *oldest(const struct pl_talo_expiry *expiry)
{
    return pl_list_is_empty(&expiry->oldest_first)
               ? NULL
               : PL_CONTAINER_OF(expiry->oldest_first.next, struct pl_talo_expiring, node);
}

static void on_due(struct pl_timer *timer)
{
    struct pl_talo_expiry *expiry = PL_CONTAINER_OF(timer, struct pl_talo_expiry, timer);
    struct pl_talo_expiring *entry = NULL;
    while ((entry = oldest(expiry)) != NULL && pl_talo_expiry_is_over(expiry, entry)) {
        pl_talo_expiry_drop_oldest(expiry);
    }
    if (entry != NULL) {
        pl_timer_set(pl_hub_timers(expiry->hub), &expiry->timer, entry->due_ms);
    }
}

void pl_talo_expiry_init(struct pl_talo_expiry *expiry, struct pl_hub *hub, int64_t life_ms,
                         void (*on_expired)(struct pl_talo_expiring *entry, void *user), void *user)
{
    *expiry = (struct pl_talo_expiry){.hub = hub,
                                      .timer = {.on_due = on_due},
                                      .life_ms = life_ms,
                                      .on_expired = on_expired,
                                      .user = user};
    pl_list_init(&expiry->oldest_first);
}

void pl_talo_expiry_fini(struct pl_talo_expiry *expiry)
{
    if (expiry->hub == NULL) {
        return;
    }
    pl_timer_stop(pl_hub_timers(expiry->hub), &expiry->timer);
    while (oldest(expiry) != NULL) {
        pl_talo_expiry_drop_oldest(expiry);
    }
}

void pl_talo_expiry_add(struct pl_talo_expiry *expiry, struct pl_talo_expiring *entry)
{
    pl_talo_expiry_remove(expiry, entry);
    entry->due_ms = pl_hub_now_ms(expiry->hub) + expiry->life_ms;
    pl_list_push_back(&expiry->oldest_first, &entry->node);
    expiry->count++;
    if (!pl_timer_is_set(&expiry->timer)) {
        pl_timer_set(pl_hub_timers(expiry->hub), &expiry->timer, entry->due_ms);
    }
}

void pl_talo_expiry_remove(struct pl_talo_expiry *expiry, struct pl_talo_expiring *entry)
{
    if (pl_list_is_linked(&entry->node)) {
        pl_list_remove(&entry->node);
        expiry->count--;
    }
}

void pl_talo_expiry_drop_oldest(struct pl_talo_expiry *expiry)
{
    struct pl_talo_expiring *entry = oldest(expiry);
    if (entry != NULL) {
        pl_talo_expiry_remove(expiry, entry);
        expiry->on_expired(entry, expiry->user);
    }
}
