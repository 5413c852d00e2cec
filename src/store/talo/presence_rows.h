/* Writing presence inside an operation's transaction: inside store/talo.
 * Threads: the worker's. */
#ifndef PL_STORE_TALO_PRESENCE_ROWS_H
#define PL_STORE_TALO_PRESENCE_ROWS_H

#include "store/sql.h"
#include "store/talo/entity.h"

/* What player->presence says, which it has from now on. */
PL_MUST_CHECK int pl_talo_save_presence(struct pl_talo_player *player, struct pl_sql *sql,
                                        struct pl_error *err);

#endif
