/* Operations on players and their aliases (spec talo, 3.8 and 7.6).
 * Times are milliseconds since 1970. Threads: `run` is the worker's, everything else the hub's. */
#ifndef PL_STORE_TALO_PLAYERS_H
#define PL_STORE_TALO_PLAYERS_H

#include "store/store.h"
#include "store/talo/props.h"
#include "store/talo/session.h"

/* UTF-16 units; longer: 400, judged by the caller. */
#define PL_TALO_SERVICE_MAX 255
#define PL_TALO_IDENTIFIER_MAX 255
#define PL_TALO_SEARCH_ITEMS 25

/* What operations on players refuse, with what REST answers. <1> and <2> are the player ids. */
enum pl_talo_player_refusal {
    PL_TALO_PLAYER_NOT_FOUND = 1,  /* 404 Player not found (also: no such alias) */
    PL_TALO_PLAYER_NOT_CREATED,    /* 404 Player not found. Use an access key with ... */
    PL_TALO_PLAYER_NEEDS_REGISTER, /* 404 Player not found: Talo aliases must be created ... */
    PL_TALO_PLAYER_NO_SESSION,     /* 401 MISSING_SESSION */
    PL_TALO_PLAYER_BAD_SESSION,    /* 401 INVALID_SESSION */
    PL_TALO_PLAYER_TOO_MANY_PROPS, /* 400: PL_TALO_PROPS_BYTES_MAX */
    PL_TALO_PLAYER_PROPS_REJECTED, /* administration only: the operation's `rejected` */
    PL_TALO_MERGE_SAME,            /* 400 Cannot merge a player into themselves */
    PL_TALO_MERGE_NO_PLAYER_1,     /* 404 Player <1> does not exist */
    PL_TALO_MERGE_NO_PLAYER_2,     /* 404 Player <2> does not exist */
    PL_TALO_MERGE_NOT_INITIATOR,   /* 403 This merge must be initiated by player <1> */
    PL_TALO_MERGE_HAS_AUTH,        /* 400 Player <2> has authentication enabled and cannot ... */
    PL_TALO_MERGE_HAS_STEAM,       /* 400 Player <2> has a Steam alias and cannot be merged */
    PL_TALO_MERGE_HAS_GOOGLE,      /* 400 Player <2> has a Google Play Games alias and cannot ... */
    PL_TALO_MERGE_SERVICES,        /* 400 Cannot merge players: both ...: the list in `services` */
};

/* GET /v1/players/identify: find the alias or create it with its player, at once: who loses a race
 * gets the winner's. Service and identifier are trimmed and compare exactly, byte by byte.
 * Refusals: NOT_CREATED, NEEDS_REGISTER; NO_SESSION, BAD_SESSION of a `talo` alias. Profanity is
 * the caller's to check, before. */
struct pl_talo_op_player_identify {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_str service;
    struct pl_str identifier;
    struct pl_str session_token; /* NULL pointer: none was given */
    bool may_create;             /* write:players */
    bool is_dev_build;           /* of a player that is created; who gets META_DEV_BUILD = 1 */
    int64_t new_alias_id;
    struct pl_uuid new_player_id;
    int64_t now_ms;
    struct pl_talo_alias *alias; /* result: with the full `auth` of its player */
    bool was_created;
};
extern const struct pl_store_op_type pl_talo_op_player_identify_type;

/* GET /v1/players/{id}. NOT_FOUND. */
struct pl_talo_op_player_find {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_uuid player_id;
    struct pl_talo_player *player; /* with aliases */
};
extern const struct pl_store_op_type pl_talo_op_player_find_type;

/* PATCH /v1/players/{id}, and the administrator's way to set props: with reserved = REFUSED a
 * rejected prop refuses everything (PROPS_REJECTED), otherwise the others are applied. Groups are
 * evaluated again. NOT_FOUND, TOO_MANY_PROPS. */
struct pl_talo_op_player_patch {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_uuid player_id;
    struct pl_talo_prop_changes changes; /* empty: nothing changes */
    struct pl_talo_profanity profanity;  /* zeroed where the game does not block it */
    enum pl_talo_reserved reserved;      /* IGNORED for players */
    struct pl_talo_player *player;       /* result: with aliases */
    struct pl_talo_rejected_props rejected;
};
extern const struct pl_store_op_type pl_talo_op_player_patch_type;

/* POST /v1/players/merge: player 2 into player 1. The refusals of MERGE, in this order, and
 * TOO_MANY_PROPS. If player 2 was online, player 1 is now. The hub: connections of player 2 are
 * player 1's from now on. */
struct pl_talo_op_player_merge {
    struct pl_store_op op;
    int64_t game_id;
    int64_t acting_alias_id;
    struct pl_uuid player1_id;
    struct pl_uuid player2_id;
    int64_t now_ms;
    struct pl_talo_player *player; /* result: player 1 with aliases */
    struct pl_str services;        /* of MERGE_SERVICES: "a, b", in alphabetical order */
};
extern const struct pl_store_op_type pl_talo_op_player_merge_type;

/* GET /v1/players/search: players of whom the id's text, an identifier or the value of a prop
 * contains the query, ASCII case ignored; last seen first; the first 25. */
struct pl_talo_op_player_search {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_str query; /* not empty */
    bool includes_dev;
    struct pl_talo_player *players; /* with aliases */
    size_t player_count;
    int64_t total;
};
extern const struct pl_store_op_type pl_talo_op_player_search_type;

/* For administrators: players of a game, oldest first. */
struct pl_talo_op_player_list {
    struct pl_store_op op;
    int64_t game_id;
    int64_t page; /* from 0 */
    int64_t page_items;
    struct pl_talo_player *players; /* with aliases */
    size_t player_count;
    int64_t total;
};
extern const struct pl_store_op_type pl_talo_op_player_list_type;

/* For administrators: a development player or not, with META_DEV_BUILD. NOT_FOUND. */
struct pl_talo_op_player_set_dev {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_uuid player_id;
    bool is_dev_build;
    struct pl_talo_player *player; /* result: with aliases */
};
extern const struct pl_store_op_type pl_talo_op_player_set_dev_type;

/* For administrators: delete a player with all that hangs on its aliases (store/talo/erase.h). The
 * hub: their connections leave all streams of channels and broadcasts; no events. NOT_FOUND. */
struct pl_talo_op_player_delete {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_uuid player_id;
    struct pl_talo_player *player; /* result: as it was, with aliases */
};
extern const struct pl_store_op_type pl_talo_op_player_delete_type;

/* An alias of the game, by id. NOT_FOUND. */
struct pl_talo_op_alias_find {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id;
    struct pl_talo_alias *alias; /* result */
};
extern const struct pl_store_op_type pl_talo_op_alias_find_type;

/* What a request's headers mean (spec 3.6.1 and 3.2, steps 6 and 10): whether the session that they
 * show is right, and who acts. No refusals. */
struct pl_talo_op_acting_load {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_talo_session_claim claim;
    int64_t now_ms;
    enum pl_talo_session_check session; /* result; MISSING and INVALID end the request */
    struct pl_talo_alias *alias;        /* result: claim.alias_id's; NULL: none, not of the game, or
                                           the session is not right */
};
extern const struct pl_store_op_type pl_talo_op_acting_load_type;

#endif
