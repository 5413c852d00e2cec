/* Writing players and aliases inside an operation's transaction: what several operations do.
 * Errors: those of pl_sql_run, and PL_E_NOMEM at the arena's cap.
 * Threads: the worker's. */
#ifndef PL_STORE_TALO_SAVE_H
#define PL_STORE_TALO_SAVE_H

#include "store/sql.h"
#include "store/talo/entity.h"

/* A new player with its first alias; one of a development build gets the prop META_DEV_BUILD = 1.
 * What is set of `alias`: id, service, identifier; of its player: id, game_id, is_dev_build.
 * *was_added is false, and nothing is written, when the game has an alias of this service and
 * identifier. Groups are not evaluated: load the alias, then pl_talo_regroup. */
PL_MUST_CHECK int pl_talo_add_player(bool *was_added, struct pl_sql *sql,
                                     const struct pl_talo_alias *alias, int64_t now_ms,
                                     struct pl_error *err);

/* One more alias of a player, whose id and game are set. *was_added as above. */
PL_MUST_CHECK int pl_talo_add_alias(bool *was_added, struct pl_sql *sql,
                                    const struct pl_talo_alias *alias, int64_t now_ms,
                                    struct pl_error *err);

struct pl_talo_login {
    int64_t game_id;
    struct pl_uuid player_id;
    struct pl_str password_hash;
    struct pl_str email; /* NULL pointer: none */
    bool has_verification;
};

/* The login of a player who has none, without a session. */
PL_MUST_CHECK int pl_talo_add_login(struct pl_sql *sql, const struct pl_talo_login *login,
                                    struct pl_error *err);

/* A loaded alias and its player were seen now; both are changed as well. */
PL_MUST_CHECK int pl_talo_see(struct pl_talo_alias *alias, struct pl_sql *sql, int64_t now_ms,
                              struct pl_error *err);

/* Give a loaded player other props; it is changed as well. Display names of loaded aliases are
 * not. */
PL_MUST_CHECK int pl_talo_set_player_props(struct pl_talo_player *player, struct pl_sql *sql,
                                           const struct pl_talo_props *props, struct pl_error *err);

/* Evaluate the groups of its game for a loaded player (spec 7.5): at creation, identify and change
 * of props. player->groups is changed as well. */
PL_MUST_CHECK int pl_talo_regroup(struct pl_talo_player *player, struct pl_sql *sql,
                                  struct pl_arena *arena, struct pl_error *err);

#endif
