/* Operations on channels and their members (spec talo, 3.11 and 5). Each names what it did, so that
 * the hub can follow: whom to add to the channel's stream or take off it, which events to publish.
 * All channels in results have owner and props; `member_count` only where it is said.
 * Times are milliseconds since 1970. Threads: `run` is the worker's, everything else the hub's. */
#ifndef PL_STORE_TALO_CHANNELS_H
#define PL_STORE_TALO_CHANNELS_H

#include "store/store.h"
#include "store/talo/props.h"

#define PL_TALO_PAGE_ITEMS 50
#define PL_TALO_CHANNEL_NAME_MAX 255 /* UTF-16 units; longer: 400, judged by the caller */

/* What operations on channels and their storage refuse, with what REST answers. */
enum pl_talo_channel_refusal {
    PL_TALO_CHANNEL_NO_ALIAS = 1,   /* 404 Player not found: the acting alias */
    PL_TALO_CHANNEL_NOT_FOUND,      /* 404 Channel not found */
    PL_TALO_CHANNEL_IS_PRIVATE,     /* 403 This channel is private */
    PL_TALO_CHANNEL_NOT_OWNER,      /* 403 This player is not the owner of the channel */
    PL_TALO_CHANNEL_NOT_MEMBER,     /* 403 This player is not a member of the channel */
    PL_TALO_CHANNEL_NO_INVITEE,     /* 404 Invitee not found */
    PL_TALO_CHANNEL_INVITES_SELF,   /* 400 Players cannot invite themselves */
    PL_TALO_CHANNEL_NO_NEW_OWNER,   /* 404 New owner not found */
    PL_TALO_CHANNEL_BAD_PROPS,      /* 400 with rejectedProps: the operation's `rejected` */
    PL_TALO_CHANNEL_TOO_MANY_PROPS, /* 400: PL_TALO_PROPS_BYTES_MAX, or storage.h's bounds */
};

/* Who acts on a channel. */
struct pl_talo_actor {
    int64_t game_id;
    int64_t alias_id;  /* the acting alias; a number that names none of the game is refused */
    bool is_admin;     /* an administrator: no acting alias, no check of owner or membership */
    bool includes_dev; /* players of development builds count as members and are listed */
    int64_t now_ms;    /* for writes */
};

/* --- reading --- */

/* GET /v1/game-channels. Most messages first, then by id. */
struct pl_talo_op_channel_list {
    struct pl_store_op op;
    struct pl_talo_actor actor; /* game_id and includes_dev alone; private ones only for is_admin */
    int64_t page;               /* from 0 */
    struct pl_str search;       /* part of the name or the owner's identifier, ASCII case ignored;
                                   empty: any */
    struct pl_str prop_key;     /* has this prop; NULL pointer: any */
    struct pl_str prop_value;   /* with this value; NULL pointer: any */
    struct pl_talo_channel *channels; /* with member_count */
    size_t channel_count;
    int64_t total; /* of all pages */
};
extern const struct pl_store_op_type pl_talo_op_channel_list_type;

/* GET .../subscriptions: the channels that the acting alias is a member of, in the same order. */
struct pl_talo_op_channel_subscriptions {
    struct pl_store_op op;
    struct pl_talo_actor actor;
    struct pl_str prop_key;
    struct pl_str prop_value;
    struct pl_talo_channel *channels; /* with member_count */
    size_t channel_count;
};
extern const struct pl_store_op_type pl_talo_op_channel_subscriptions_type;

/* GET .../{id}: needs no acting alias. NOT_FOUND is its only refusal. */
struct pl_talo_op_channel_get {
    struct pl_store_op op;
    struct pl_talo_actor actor; /* game_id and includes_dev alone */
    int64_t channel_id;
    struct pl_talo_channel channel; /* with member_count */
};
extern const struct pl_store_op_type pl_talo_op_channel_get_type;

/* GET .../{id}/members, by id. */
struct pl_talo_op_channel_members {
    struct pl_store_op op;
    struct pl_talo_actor actor;
    int64_t channel_id;
    int64_t page;
    bool has_player_id;
    struct pl_uuid player_id;
    bool has_alias_id;
    int64_t alias_id;
    struct pl_str identifier; /* exactly; NULL pointer: any */
    struct pl_str prop_key;   /* of the player; NULL pointer: any */
    struct pl_str prop_value; /* NULL pointer: any */
    bool has_group_id;
    struct pl_uuid group_id;
    struct pl_talo_alias *members;
    size_t member_count;
    int64_t total; /* of all pages */
};
extern const struct pl_store_op_type pl_talo_op_channel_members_type;

/* What an alias receives: for the streams of a connection that identifies. In ascending order. */
struct pl_talo_memberships {
    int64_t *channel_ids; /* it is a member of */
    size_t channel_count;
    int64_t *broadcaster_ids; /* aliases that it has a confirmed subscription to */
    size_t broadcaster_count;
};

/* For operations that others write, inside their transaction. */
PL_MUST_CHECK int pl_talo_load_memberships(struct pl_talo_memberships *out, struct pl_sql *sql,
                                           int64_t alias_id, struct pl_arena *arena,
                                           struct pl_error *err);

/* The same as an operation. A write, though it writes nothing: so it comes back in the order of the
 * writes that change memberships. */
struct pl_talo_op_alias_memberships {
    struct pl_store_op op;
    int64_t alias_id;
    struct pl_talo_memberships result;
    bool has_player; /* whose alias it is; false: there is no such alias */
    struct pl_uuid player_id;
};
extern const struct pl_store_op_type pl_talo_op_alias_memberships_type;

/* A channel for the hub's memory; no refusal but NOT_FOUND. A write for the same reason. */
struct pl_talo_op_channel_load {
    struct pl_store_op op;
    int64_t game_id;
    int64_t channel_id;
    int64_t alias_id; /* 0, or who asks: */
    bool is_member;   /* result: whether it is one */
    struct pl_talo_channel channel;
};
extern const struct pl_store_op_type pl_talo_op_channel_load_type;

/* --- writing --- */

/* POST /v1/game-channels. Events: player-joined to the owner, if there is one. */
struct pl_talo_op_channel_create {
    struct pl_store_op op;
    struct pl_talo_actor
        actor;          /* owner and only member. is_admin: alias_id 0 makes a channel without
                                   either; another one that does not exist is refused (NO_NEW_OWNER) */
    int64_t channel_id; /* a new one */
    struct pl_str name; /* as given */
    struct pl_talo_props props;         /* as given: neither merged nor de-duplicated */
    struct pl_talo_profanity profanity; /* zeroed where the game does not block it */
    bool is_auto_cleanup;
    bool is_private;
    bool is_temporary;
    struct pl_talo_rejected_props rejected; /* of BAD_PROPS */
    struct pl_talo_channel channel;         /* with member_count */
    struct pl_talo_alias *alias;            /* who joined; NULL: nobody */
};
extern const struct pl_store_op_type pl_talo_op_channel_create_type;

/* POST .../{id}/join; not for administrators. Events: player-joined to all members, if was_added. */
struct pl_talo_op_channel_join {
    struct pl_store_op op;
    struct pl_talo_actor actor;
    int64_t channel_id;
    struct pl_talo_channel channel; /* with member_count */
    struct pl_talo_alias *alias;
    bool was_added;
};
extern const struct pl_store_op_type pl_talo_op_channel_join_type;

/* POST .../{id}/invite. Events: player-joined (of the invitee) to all members, if was_added. */
struct pl_talo_op_channel_invite {
    struct pl_store_op op;
    struct pl_talo_actor actor;
    int64_t channel_id;
    int64_t invitee_id;
    struct pl_talo_channel channel;
    struct pl_talo_alias *invitee;
    bool was_added;
};
extern const struct pl_store_op_type pl_talo_op_channel_invite_type;

/* One alias that left one channel. Events, all before it is taken off the stream: player-left with
 * `channel`, then, if was_deleted, channel deleted with the same. */
struct pl_talo_departure {
    /* As it was before: the owner may still be the leaver (8.2.5). */
    struct pl_talo_channel channel;
    struct pl_talo_alias *alias;
    bool was_owner;     /* and the channel has none now, unless it was deleted */
    bool was_deleted;   /* auto cleanup: the channel is gone, whoever was in it */
    int64_t updated_ms; /* of the channel that is left */
};

/* POST .../{id}/leave; not for administrators. */
struct pl_talo_op_channel_leave {
    struct pl_store_op op;
    struct pl_talo_actor actor;
    int64_t channel_id;
    bool was_removed; /* false: was not a member, nothing happened */
    struct pl_talo_departure departure;
};
extern const struct pl_store_op_type pl_talo_op_channel_leave_type;

struct pl_talo_departures {
    struct pl_talo_departure *items; /* by the channel's id */
    size_t count;
};

/* Take the alias out of every channel of temporary membership (spec 5.2), for operations that put
 * a player offline, inside their transaction. Events with reason 1. */
PL_MUST_CHECK int pl_talo_leave_temporary(struct pl_talo_departures *out, struct pl_sql *sql,
                                          int64_t alias_id, int64_t now_ms, struct pl_arena *arena,
                                          struct pl_error *err);

enum pl_talo_owner_change {
    PL_TALO_OWNER_UNCHANGED,
    PL_TALO_OWNER_NOBODY,
    PL_TALO_OWNER_ALIAS,
};

/* PUT .../{id}. Events, in order: ownership-transferred with new_owner, unless NULL, after it was
 * added to the stream; then updated with `changed`, if any bit but PL_TALO_CHANGED_OWNER is set. */
struct pl_talo_op_channel_update {
    struct pl_store_op op;
    struct pl_talo_actor actor;
    int64_t channel_id;
    unsigned given;     /* bits of PL_TALO_CHANGED_NAME ... PL_TALO_CHANGED_TEMPORARY */
    struct pl_str name; /* blank: as if not given; trimmed otherwise */
    struct pl_talo_prop_changes props;
    struct pl_talo_profanity profanity;     /* zeroed where the game does not block it */
    enum pl_talo_owner_change owner_change; /* of PL_TALO_CHANGED_OWNER */
    int64_t new_owner_id;
    bool is_auto_cleanup;
    bool is_private;
    bool is_temporary;
    struct pl_talo_rejected_props rejected; /* of BAD_PROPS */
    struct pl_talo_channel channel;         /* as it is now, with member_count */
    unsigned changed;                       /* `given` without a blank name */
    struct pl_talo_alias *new_owner;        /* also if it was the owner before */
    bool was_owner_added;                   /* as a member */
};
extern const struct pl_store_op_type pl_talo_op_channel_update_type;

/* DELETE .../{id}. Events: channel deleted to all members, then nobody is in its stream. */
struct pl_talo_op_channel_delete {
    struct pl_store_op op;
    struct pl_talo_actor actor;
    int64_t channel_id;
    struct pl_talo_channel channel; /* as it was */
};
extern const struct pl_store_op_type pl_talo_op_channel_delete_type;

struct pl_talo_channel_tally {
    int64_t channel_id;
    int64_t total; /* totalMessages now, as the hub counts them */
};

/* Set totalMessages, where it is less: running it again, even after a connection that broke while
 * committing, is harmless. Channels that are gone are passed over. Does not change updatedAt. */
struct pl_talo_op_channel_tally {
    struct pl_store_op op;
    const struct pl_talo_channel_tally *items;
    size_t item_count;
};
extern const struct pl_store_op_type pl_talo_op_channel_tally_type;

#endif
