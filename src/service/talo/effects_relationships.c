/* Relationships: who receives whose broadcasts, and who is told (spec talo, 1.8.9). */
#include "service/talo/effects.h"
#include "service/talo/events.h"
#include "service/talo/streams.h"
#include "service/talo/talo_internal.h"
#include "store/talo/relationships.h"

/* The subscriber's connections receive what the target sends. */
static void follow(struct pl_talo *talo, const struct pl_talo_subscription *subscription)
{
    struct pl_talo_conn_list list;
    pl_talo_conns_of_alias(&list, talo, subscription->subscriber->id);
    for (size_t i = 0; i < list.count; i++) {
        pl_talo_stream_join(list.items[i], PL_TALO_STREAM_BROADCAST, subscription->target->id);
    }
    pl_talo_conn_list_fini(&list);
}

static void unfollow(struct pl_talo *talo, const struct pl_talo_subscription *subscription)
{
    struct pl_talo_conn_list list;
    pl_talo_conns_of_alias(&list, talo, subscription->subscriber->id);
    for (size_t i = 0; i < list.count; i++) {
        pl_talo_stream_leave(list.items[i], PL_TALO_STREAM_BROADCAST, subscription->target->id);
    }
    pl_talo_conn_list_fini(&list);
}

static void on_create(struct pl_talo *talo, struct pl_store_op *op)
{
    const struct pl_talo_op_subscription_create *create = (const void *)op;
    struct pl_talo_event event = {.kind = PL_TALO_EVENT_SUBSCRIPTION_CREATED,
                                  .subscription = &create->subscription};
    pl_talo_event_send(talo, &create->subscription.target->id, 1, PL_TALO_READ_RELATIONSHIPS,
                       &event);
}

static void on_confirm(struct pl_talo *talo, struct pl_store_op *op)
{
    const struct pl_talo_op_subscription_confirm *confirm = (const void *)op;
    struct pl_talo_event event = {.kind = PL_TALO_EVENT_SUBSCRIPTION_CONFIRMED,
                                  .subscription = &confirm->subscription};
    follow(talo, &confirm->subscription);
    if (confirm->reciprocal != NULL) {
        follow(talo, confirm->reciprocal);
    }
    pl_talo_event_send(talo, &confirm->subscription.subscriber->id, 1, PL_TALO_READ_RELATIONSHIPS,
                       &event);
}

static void on_delete(struct pl_talo *talo, struct pl_store_op *op)
{
    const struct pl_talo_op_subscription_delete *delete = (const void *)op;
    struct pl_talo_event event = {.kind = PL_TALO_EVENT_SUBSCRIPTION_DELETED,
                                  .subscription = &delete->subscription,
                                  .reciprocal = delete->reciprocal};
    int64_t both[2] = {delete->subscription.subscriber->id, delete->subscription.target->id};
    unfollow(talo, &delete->subscription);
    if (delete->reciprocal != NULL) {
        unfollow(talo, delete->reciprocal);
    }
    pl_talo_event_send(talo, both, 2, PL_TALO_READ_RELATIONSHIPS, &event);
}

const struct pl_talo_effect_row pl_talo_effects_relationships[] = {
    {&pl_talo_op_subscription_create_type, on_create},
    {&pl_talo_op_subscription_confirm_type, on_confirm},
    {&pl_talo_op_subscription_delete_type, on_delete},
    {NULL, NULL},
};
