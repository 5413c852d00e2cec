/* Joining before telling, telling before leaving. */
#include "service/talo/members.h"

#include "service/talo/streams.h"
#include "service/talo/talo_internal.h"

void pl_talo_channel_count(struct pl_talo *talo, struct pl_talo_channel *channel)
{
    channel->message_count =
        pl_talo_counts_total(&talo->counts, channel->id, channel->message_count);
}

void pl_talo_member_follow(struct pl_talo *talo, int64_t channel_id, int64_t alias_id)
{
    struct pl_talo_conn_list list;
    pl_talo_conns_of_alias(&list, talo, alias_id);
    for (size_t i = 0; i < list.count; i++) {
        pl_talo_stream_join(list.items[i], PL_TALO_STREAM_CHANNEL, channel_id);
    }
    pl_talo_conn_list_fini(&list);
}

void pl_talo_member_unfollow(struct pl_talo *talo, int64_t channel_id, int64_t alias_id)
{
    struct pl_talo_conn_list list;
    pl_talo_conns_of_alias(&list, talo, alias_id);
    for (size_t i = 0; i < list.count; i++) {
        pl_talo_stream_leave(list.items[i], PL_TALO_STREAM_CHANNEL, channel_id);
    }
    pl_talo_conn_list_fini(&list);
}

static void publish(struct pl_talo *talo, const struct pl_talo_event *event)
{
    pl_talo_stream_publish(talo, PL_TALO_STREAM_CHANNEL, event->channel->id, event);
}

void pl_talo_member_joined(struct pl_talo *talo, const struct pl_talo_channel *channel,
                           const struct pl_talo_alias *alias)
{
    pl_talo_member_follow(talo, channel->id, alias->id);
    publish(talo, &(struct pl_talo_event){
                      .kind = PL_TALO_EVENT_PLAYER_JOINED, .channel = channel, .alias = alias});
}

void pl_talo_channel_gone(struct pl_talo *talo, const struct pl_talo_channel *channel)
{
    publish(talo,
            &(struct pl_talo_event){.kind = PL_TALO_EVENT_CHANNEL_DELETED, .channel = channel});
    pl_talo_stream_empty(talo, PL_TALO_STREAM_CHANNEL, channel->id);
    pl_talo_cache_drop_channel(&talo->cache, channel->id);
    pl_talo_counts_forget(&talo->counts, channel->id);
}

void pl_talo_member_left(struct pl_talo *talo, struct pl_talo_departure *departure,
                         enum pl_talo_leave_reason reason)
{
    struct pl_talo_channel *channel = &departure->channel;
    pl_talo_channel_count(talo, channel);
    publish(talo, &(struct pl_talo_event){.kind = PL_TALO_EVENT_PLAYER_LEFT,
                                          .channel = channel,
                                          .alias = departure->alias,
                                          .reason = (int)reason});
    if (departure->was_deleted) {
        pl_talo_channel_gone(talo, channel);
        return;
    }
    pl_talo_member_unfollow(talo, channel->id, departure->alias->id);
    if (departure->was_owner) {
        pl_talo_cache_drop_channel(&talo->cache, channel->id);
    }
}
