/* Channels, their members and their storage (spec talo, 5.1). */
#include "service/talo/effects.h"
#include "service/talo/members.h"
#include "service/talo/streams.h"
#include "service/talo/talo_internal.h"
#include "store/talo/channels.h"
#include "store/talo/message.h"
#include "store/talo/storage.h"

static void publish(struct pl_talo *talo, const struct pl_talo_event *event)
{
    pl_talo_stream_publish(talo, PL_TALO_STREAM_CHANNEL, event->channel->id, event);
}

static void on_create(struct pl_talo *talo, struct pl_store_op *op)
{
    struct pl_talo_op_channel_create *create = (void *)op;
    if (create->alias != NULL) {
        pl_talo_member_joined(talo, &create->channel, create->alias);
    }
}

/* Who was a member already is in the stream, too, unless an earlier attempt happened that was told
 * as failed. */
static void on_join(struct pl_talo *talo, struct pl_store_op *op)
{
    struct pl_talo_op_channel_join *join = (void *)op;
    pl_talo_channel_count(talo, &join->channel);
    if (join->was_added) {
        pl_talo_member_joined(talo, &join->channel, join->alias);
    } else {
        pl_talo_member_follow(talo, join->channel.id, join->alias->id);
    }
}

static void on_invite(struct pl_talo *talo, struct pl_store_op *op)
{
    struct pl_talo_op_channel_invite *invite = (void *)op;
    pl_talo_channel_count(talo, &invite->channel);
    if (invite->was_added) {
        pl_talo_member_joined(talo, &invite->channel, invite->invitee);
    } else {
        pl_talo_member_follow(talo, invite->channel.id, invite->invitee->id);
    }
}

static void on_leave(struct pl_talo *talo, struct pl_store_op *op)
{
    struct pl_talo_op_channel_leave *leave = (void *)op;
    if (leave->was_removed) {
        pl_talo_member_left(talo, &leave->departure, PL_TALO_LEAVE_DEFAULT);
    } else {
        pl_talo_member_unfollow(talo, leave->channel_id, leave->actor.alias_id);
    }
}

static void on_update(struct pl_talo *talo, struct pl_store_op *op)
{
    struct pl_talo_op_channel_update *update = (void *)op;
    struct pl_talo_event event = {
        .channel = &update->channel, .alias = update->new_owner, .changed = update->changed};
    pl_talo_channel_count(talo, &update->channel);
    pl_talo_cache_drop_channel(&talo->cache, update->channel.id);
    if (update->was_owner_added) {
        pl_talo_member_follow(talo, update->channel.id, update->new_owner->id);
    }
    if (update->new_owner != NULL) {
        event.kind = PL_TALO_EVENT_OWNERSHIP_TRANSFERRED;
        publish(talo, &event);
    }
    if ((update->changed & ~(unsigned)PL_TALO_CHANGED_OWNER) != 0) {
        event.kind = PL_TALO_EVENT_CHANNEL_UPDATED;
        publish(talo, &event);
    }
}

static void on_delete(struct pl_talo *talo, struct pl_store_op *op)
{
    struct pl_talo_op_channel_delete *delete = (void *)op;
    pl_talo_channel_count(talo, &delete->channel);
    pl_talo_channel_gone(talo, &delete->channel);
}

static void on_put(struct pl_talo *talo, struct pl_store_op *op)
{
    struct pl_talo_op_storage_put *put = (void *)op;
    pl_talo_channel_count(talo, &put->channel);
    publish(talo, &(struct pl_talo_event){.kind = PL_TALO_EVENT_STORAGE_UPDATED,
                                          .channel = &put->channel,
                                          .upserted = &put->upserted,
                                          .deleted = &put->deleted});
}

/* --- reading: only the count of messages may be behind --- */

static void count_all(struct pl_talo *talo, struct pl_talo_channel *channels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pl_talo_channel_count(talo, &channels[i]);
    }
}

static void on_list(struct pl_talo *talo, struct pl_store_op *op)
{
    struct pl_talo_op_channel_list *list = (void *)op;
    count_all(talo, list->channels, list->channel_count);
}

static void on_subscriptions(struct pl_talo *talo, struct pl_store_op *op)
{
    struct pl_talo_op_channel_subscriptions *list = (void *)op;
    count_all(talo, list->channels, list->channel_count);
}

static void on_get(struct pl_talo *talo, struct pl_store_op *op)
{
    struct pl_talo_op_channel_get *get = (void *)op;
    pl_talo_channel_count(talo, &get->channel);
}

const struct pl_talo_effect_row pl_talo_effects_channels[] = {
    {&pl_talo_op_storage_put_type, on_put},
    {&pl_talo_op_channel_create_type, on_create},
    {&pl_talo_op_channel_join_type, on_join},
    {&pl_talo_op_channel_invite_type, on_invite},
    {&pl_talo_op_channel_leave_type, on_leave},
    {&pl_talo_op_channel_update_type, on_update},
    {&pl_talo_op_channel_delete_type, on_delete},
    {&pl_talo_op_channel_tally_type, NULL},     /* counts.c does it */
    {&pl_talo_op_channel_load_type, NULL},      /* writes nothing */
    {&pl_talo_op_message_load_type, NULL},      /* writes nothing */
    {&pl_talo_op_alias_memberships_type, NULL}, /* writes nothing */
    {&pl_talo_op_channel_list_type, on_list},
    {&pl_talo_op_channel_subscriptions_type, on_subscriptions},
    {&pl_talo_op_channel_get_type, on_get},
    {NULL, NULL},
};
