/* What loading players and loading aliases have in common (store/talo/load.h): a batch of players, for
 * each of which rows are read: inside store/talo.
 * Threads: the worker's. */
#ifndef PL_STORE_TALO_LOAD_BATCH_H
#define PL_STORE_TALO_LOAD_BATCH_H

#include "store/sql.h"
#include "store/talo/entity.h"
#include "store/talo/rows.h"

/* What is being loaded, sorted by id, each once. */
struct pl_talo_loading {
    struct pl_talo_player *player;
    struct pl_str display_key; /* of its game; empty: none */
};

struct pl_talo_batch {
    struct pl_talo_loading *items;
    size_t count;
    struct pl_sql *sql;
    struct pl_arena *arena;
    struct pl_error *err;
};

/* What a query selects for pl_talo_batch_read_player, from talo_players p. */
#define PL_TALO_PLAYER_COLUMNS                                                                     \
    "p.id, p.game_id, p.is_dev_build, p.created_ms, p.last_seen_ms, g.display_name_key, "          \
    "r.has_verification, r.email, r.session_created_ms, "                                          \
    "s.is_online, s.custom_status, s.updated_ms, s.alias_id"
#define PL_TALO_PLAYER_JOINS                                                                       \
    " JOIN talo_games g ON g.id = p.game_id"                                                       \
    " LEFT JOIN talo_auths r ON r.player_id = p.id"                                                \
    " LEFT JOIN talo_presences s ON s.player_id = p.id "

/* By the player's id: for qsort and bsearch of items. */
int pl_talo_loading_compare(const void *a, const void *b);

/* The first columns of a row, but the id, which out->player has already. */
PL_MUST_CHECK int pl_talo_batch_read_player(struct pl_talo_loading *out,
                                            const struct pl_sql_rows *rows,
                                            struct pl_talo_batch *batch);

/* Columns from `first` on: id, service, identifier, last_seen_ms, created_ms, updated_ms. */
PL_MUST_CHECK int pl_talo_batch_read_alias(struct pl_talo_alias *alias,
                                           const struct pl_sql_rows *rows, int first,
                                           struct pl_talo_batch *batch);

/* Rows about the players of the batch, by id in their first column; each is given to `read`. */
typedef int pl_talo_batch_read_row(struct pl_talo_loading *of, const struct pl_sql_rows *rows,
                                   struct pl_talo_batch *batch);
PL_MUST_CHECK int pl_talo_batch_read_rows(struct pl_talo_batch *batch,
                                          const struct pl_talo_in_text *text,
                                          pl_talo_batch_read_row *read);

/* Props and groups of all. */
PL_MUST_CHECK int pl_talo_batch_read_details(struct pl_talo_batch *batch);

/* What is shown of an alias whose player is loaded (displayName of spec 4). */
struct pl_str pl_talo_loading_name(const struct pl_talo_alias *alias, struct pl_str display_key);

#endif
