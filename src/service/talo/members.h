/* What becomes of a channel's members (spec talo, 5.1): streams and events, in the order in which
 * the spec has them.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_MEMBERS_H
#define PL_SERVICE_TALO_MEMBERS_H

#include "service/talo/talo.h"
#include "store/talo/channels.h"

/* The connections of the alias are in the channel from now on; without an event. */
void pl_talo_member_follow(struct pl_talo *talo, int64_t channel_id, int64_t alias_id);

/* They are not any more. */
void pl_talo_member_unfollow(struct pl_talo *talo, int64_t channel_id, int64_t alias_id);

/* The same, and player-joined to all who are in it, the new ones too. */
void pl_talo_member_joined(struct pl_talo *talo, const struct pl_talo_channel *channel,
                           const struct pl_talo_alias *alias);

enum pl_talo_leave_reason {
    PL_TALO_LEAVE_DEFAULT = 0,
    PL_TALO_LEAVE_TEMPORARY = 1,
};

/* player-left, then deleted if the channel went with it, both to the leaver too; then the streams
 * end. */
void pl_talo_member_left(struct pl_talo *talo, struct pl_talo_departure *departure,
                         enum pl_talo_leave_reason reason);

/* deleted to all members, then nobody is in it, and nothing is remembered of it. */
void pl_talo_channel_gone(struct pl_talo *talo, const struct pl_talo_channel *channel);

/* The exact count of messages, in the place of the stored one. */
void pl_talo_channel_count(struct pl_talo *talo, struct pl_talo_channel *channel);

#endif
