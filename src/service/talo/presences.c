/* Departures, then the news of presence. */
#include "service/talo/presences.h"

#include "service/talo/members.h"
#include "service/talo/streams.h"
#include "service/talo/talo_internal.h"

static void depart(struct pl_talo *talo, const struct pl_talo_presence_change *change)
{
    for (size_t i = 0; i < change->departures.count; i++) {
        pl_talo_member_left(talo, &change->departures.items[i], PL_TALO_LEAVE_TEMPORARY);
    }
}

static void tell(struct pl_talo *talo, int64_t game_id,
                 const struct pl_talo_presence_change *change)
{
    struct pl_talo_event event = {.kind = PL_TALO_EVENT_PRESENCE_UPDATED,
                                  .alias = change->alias,
                                  .presence = &change->presence,
                                  .online_changed = change->online_changed,
                                  .status_changed = change->status_changed};
    if (change->alias != NULL) {
        pl_talo_cache_drop_player(&talo->cache, &change->alias->player->id);
    }
    pl_talo_stream_publish(talo, PL_TALO_STREAM_PRESENCE, game_id, &event);
}

void pl_talo_presence_apply(struct pl_talo *talo, const struct pl_talo_presence_change *change)
{
    depart(talo, change);
    if (change->alias != NULL) {
        tell(talo, change->alias->player->game_id, change);
    }
}

void pl_talo_presence_apply_put(struct pl_talo *talo, const struct pl_talo_op_presence_set *set)
{
    depart(talo, &set->change);
    tell(talo, set->game_id, &set->change);
}
