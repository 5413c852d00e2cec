/* Operations of `parley talo import`: what was made elsewhere comes in with its names and times.
 * Times are milliseconds since 1970. Threads: `run` is the worker's, everything else the hub's. */
#ifndef PL_STORE_TALO_IMPORT_H
#define PL_STORE_TALO_IMPORT_H

#include "store/store.h"
#include "store/talo/props.h"

enum pl_talo_import_refusal {
    PL_TALO_IMPORT_NO_GAME = 1,
    PL_TALO_IMPORT_PLAYER_EXISTS,  /* this id */
    PL_TALO_IMPORT_ALIAS_EXISTS,   /* the one at `refused_alias` */
    PL_TALO_IMPORT_EMAIL_EXISTS,   /* in this game */
    PL_TALO_IMPORT_PROPS_REJECTED, /* `rejected` */
    PL_TALO_IMPORT_TOO_MANY_PROPS, /* PL_TALO_PROPS_BYTES_MAX */
    PL_TALO_IMPORT_NO_ALIAS,       /* the one at `refused_alias` is not in the game */
};

struct pl_talo_import_alias {
    int64_t id; /* a new one; a result of alias_lookup */
    struct pl_str service;
    struct pl_str identifier;
};

/* A player with at least one alias; all or nothing. */
struct pl_talo_op_player_import {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_uuid player_id;
    bool is_dev_build;
    const struct pl_talo_import_alias *aliases;
    size_t alias_count;
    struct pl_talo_prop_changes props; /* none of them null; META_ keys are taken */
    int64_t created_ms;
    int64_t last_seen_ms;
    struct pl_str password_hash; /* of a `talo` alias; NULL pointer: no login */
    struct pl_str email;         /* lower case; NULL pointer: none */
    bool has_verification;
    size_t refused_alias;
    struct pl_talo_rejected_props rejected;
    struct pl_talo_player *player; /* result: with aliases */
};
extern const struct pl_store_op_type pl_talo_op_player_import_type;

/* The ids of aliases by their names. NO_ALIAS. */
struct pl_talo_op_alias_lookup {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_talo_import_alias *aliases; /* ids are the result */
    size_t alias_count;
    size_t refused_alias;
};
extern const struct pl_store_op_type pl_talo_op_alias_lookup_type;

#endif
