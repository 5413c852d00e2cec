/* Operations on presence (spec talo, 1.8.2, 1.8.5, 1.9 and 3.10).
 * Times are milliseconds since 1970. Threads: `run` is the worker's, everything else the hub's. */
#ifndef PL_STORE_TALO_PRESENCE_H
#define PL_STORE_TALO_PRESENCE_H

#include "store/talo/channels.h"

#define PL_TALO_STATUS_MAX 255 /* UTF-16 units; longer: 400, judged by the caller */

enum pl_talo_presence_refusal {
    PL_TALO_PRESENCE_NOT_FOUND = 1, /* 404 Player not found: the player, or the acting alias */
    PL_TALO_PRESENCE_BAD_SESSION,   /* of a `talo` alias that identifies */
};

/* GET /v1/players/presence/{playerId}. NOT_FOUND. */
struct pl_talo_op_presence_get {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_uuid player_id;
    bool has_presence; /* false: offline, "", nobody, now */
    struct pl_talo_presence presence;
    struct pl_talo_alias *alias; /* that changed it last; NULL: nobody */
};
extern const struct pl_store_op_type pl_talo_op_presence_get_type;

/* What became of a player's presence. Events, in order: those of `departures` (with reason 1), then
 * presence updated, of `presence`, `alias` and both flags. */
struct pl_talo_presence_change {
    struct pl_talo_presence presence;
    struct pl_talo_alias *alias; /* that changed it last, its player with the new presence; NULL:
                                    nobody */
    bool online_changed;         /* as the table of 1.8.5 has it */
    bool status_changed;
    bool was_online;
    struct pl_talo_departures departures;
};

/* PUT /v1/players/presence: change what is given. Where it leaves the player offline, the acting
 * alias leaves its temporary channels. NOT_FOUND. */
struct pl_talo_op_presence_set {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id; /* the acting one */
    bool has_online;
    bool is_online;
    bool has_status;
    struct pl_str custom_status;
    int64_t now_ms;
    struct pl_talo_presence_change change;
};
extern const struct pl_store_op_type pl_talo_op_presence_set_type;

/* A socket identifies (its token is checked): the player is online. NOT_FOUND: the game has no such
 * alias; BAD_SESSION. change.alias has the full `auth` of its player, for the success alone. The
 * hub: the connection joins the streams of `memberships`, then the event, then the success. */
struct pl_talo_op_presence_online {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id;
    struct pl_str session_token; /* empty: none */
    int64_t now_ms;
    struct pl_talo_presence_change change;
    struct pl_talo_memberships memberships;
};
extern const struct pl_store_op_type pl_talo_op_presence_online_type;

/* The last connection of a player has closed: the player is offline, and all its aliases leave
 * their temporary channels. Where it has been merged into another meanwhile, that is whose alias it
 * is, and which goes offline: change.alias->player. NOT_FOUND: the player has been deleted.
 * change.alias is NULL (and there is no event) when the alias has been deleted meanwhile. */
struct pl_talo_op_presence_offline {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_uuid player_id;
    int64_t alias_id; /* that disconnected last */
    int64_t now_ms;
    struct pl_talo_presence_change change;
};
extern const struct pl_store_op_type pl_talo_op_presence_offline_type;

/* At the start no connection exists: whoever was left online is offline, without events (1.9). */
struct pl_talo_op_presence_sweep {
    struct pl_store_op op;
    int64_t now_ms;
    int64_t swept_count; /* result */
};
extern const struct pl_store_op_type pl_talo_op_presence_sweep_type;

#endif
