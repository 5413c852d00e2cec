/* Deleting, inside an operation's transaction. Errors: those of pl_sql_run.
 * Threads: the worker's. */
#ifndef PL_STORE_TALO_ERASE_H
#define PL_STORE_TALO_ERASE_H

#include "store/sql.h"
#include "store/talo/entity.h"

/* A row with this id is being deleted: it is not given again after a restart. */
PL_MUST_CHECK int pl_talo_retire_id(struct pl_sql *sql, enum pl_talo_id kind, int64_t id,
                                    struct pl_error *err);

/* Delete an alias with all that hangs on it (spec 3.9, DELETE): its memberships, subscriptions in
 * both directions and the storage props that it created or updated last; channels that it owns
 * belong to nobody, and the presence that it changed was changed by nobody. Its player stays. */
PL_MUST_CHECK int pl_talo_erase_alias(struct pl_sql *sql, int64_t alias_id, struct pl_error *err);

/* Delete a player with its aliases, props, auth record, presence and places in groups. */
PL_MUST_CHECK int pl_talo_erase_player(struct pl_sql *sql, const struct pl_uuid *id,
                                       struct pl_error *err);

#endif
