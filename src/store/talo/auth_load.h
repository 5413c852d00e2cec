/* The login of somebody, read inside an operation's transaction: inside store/talo.
 * Threads: the worker's. */
#ifndef PL_STORE_TALO_AUTH_LOAD_H
#define PL_STORE_TALO_AUTH_LOAD_H

#include "store/talo/auth.h"

/* Of an alias of the game. Returns 0; 1 when `op` is refused: NO_ALIAS, or NONE for an alias without
 * login or of another service than `talo`; a negative error of the store. */
PL_MUST_CHECK int pl_talo_auth_load(struct pl_talo_auth_record *out, struct pl_store_op *op,
                                    struct pl_sql *sql, int64_t game_id, int64_t alias_id);

/* The same, refused with CHANGED when another password hash than `password_hash` is in force. */
PL_MUST_CHECK int pl_talo_auth_load_unchanged(struct pl_talo_auth_record *out,
                                              struct pl_store_op *op, struct pl_sql *sql,
                                              int64_t game_id, int64_t alias_id,
                                              struct pl_str password_hash);

/* Whether another player of the game than `player_id` has this address: 1 or 0, or an error. */
PL_MUST_CHECK int pl_talo_auth_email_is_taken(struct pl_sql *sql, int64_t game_id,
                                              struct pl_str email, const struct pl_uuid *player_id,
                                              struct pl_error *err);

#define PL_TALO_AUTH_SERVICE PL_STR("talo")

#endif
