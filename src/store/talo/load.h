/* Reading players and aliases inside an operation's transaction. What is loaded lives in the arena;
 * display names are computed. Errors everywhere: those of pl_sql_query, and PL_E_NOMEM at the
 * arena's cap.
 * Threads: the worker's. */
#ifndef PL_STORE_TALO_LOAD_H
#define PL_STORE_TALO_LOAD_H

#include "store/sql.h"
#include "store/talo/entity.h"

/* The id of the game's alias of this service and identifier; 0 when there is none. */
PL_MUST_CHECK int pl_talo_find_alias(int64_t *out, struct pl_sql *sql, int64_t game_id,
                                     struct pl_str service, struct pl_str identifier,
                                     struct pl_error *err);

/* An alias with its player (props, groups, auth, presence; not its aliases). *out becomes NULL when
 * the game has no such alias. */
PL_MUST_CHECK int pl_talo_load_alias(struct pl_talo_alias **out, struct pl_sql *sql,
                                     int64_t game_id, int64_t alias_id, struct pl_arena *arena,
                                     struct pl_error *err);

/* The same for many, of any game, in a few queries: out[i] is the alias ids[i], NULL for 0 and for
 * one that does not exist. Equal ids give the same alias, and aliases of one player the same
 * player. */
PL_MUST_CHECK int pl_talo_load_aliases(struct pl_talo_alias **out, struct pl_sql *sql,
                                       const int64_t *ids, size_t count, struct pl_arena *arena,
                                       struct pl_error *err);

/* A player with aliases (whose `player` it is). NULL when the game has no such player. */
PL_MUST_CHECK int pl_talo_load_player(struct pl_talo_player **out, struct pl_sql *sql,
                                      int64_t game_id, const struct pl_uuid *id,
                                      struct pl_arena *arena, struct pl_error *err);

enum pl_talo_load_what {
    PL_TALO_LOAD_PLAYERS,
    PL_TALO_LOAD_PLAYERS_AND_ALIASES,
};

/* The same for many: players[i].id is filled in by the caller and all different; each must exist. */
PL_MUST_CHECK int pl_talo_load_players(struct pl_talo_player *players, size_t count,
                                       struct pl_sql *sql, enum pl_talo_load_what what,
                                       struct pl_arena *arena, struct pl_error *err);

#endif
