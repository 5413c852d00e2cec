/* Writing presence, and what follows from it, inside an operation's transaction: inside store/talo.
 * Threads: the worker's. */
#ifndef PL_STORE_TALO_PRESENCE_ROWS_H
#define PL_STORE_TALO_PRESENCE_ROWS_H

#include "store/sql.h"
#include "store/talo/channels.h"

/* What player->presence says, which it has from now on. */
PL_MUST_CHECK int pl_talo_save_presence(struct pl_talo_player *player, struct pl_sql *sql,
                                        struct pl_error *err);

/* pl_talo_leave_temporary of all aliases of a player, by id. */
PL_MUST_CHECK int pl_talo_leave_all_temporary(struct pl_talo_departures *out, struct pl_sql *sql,
                                              const struct pl_uuid *player_id, int64_t now_ms,
                                              struct pl_arena *arena, struct pl_error *err);

#endif
