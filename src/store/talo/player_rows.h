/* Lists of players, for several operations: inside store/talo.
 * Threads: the worker's. */
#ifndef PL_STORE_TALO_PLAYER_ROWS_H
#define PL_STORE_TALO_PLAYER_ROWS_H

#include "store/talo/load.h"

/* The players of a query whose first column is an id, in its order. Ends the query. */
PL_MUST_CHECK int pl_talo_read_players(struct pl_talo_player **players, size_t *count,
                                       struct pl_sql_rows *rows, enum pl_talo_load_what what,
                                       struct pl_arena *arena, struct pl_error *err);

#endif
