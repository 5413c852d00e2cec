/* The session of a `talo` alias, read inside an operation's transaction.
 * Threads: the worker's. */
#ifndef PL_STORE_TALO_SESSION_LOAD_H
#define PL_STORE_TALO_SESSION_LOAD_H

#include "store/sql.h"
#include "store/talo/session.h"

/* Without an auth record, or logged out, it has no key, and every token is invalid. */
PL_MUST_CHECK int pl_talo_load_session(struct pl_talo_session *out, struct pl_sql *sql,
                                       int64_t alias_id, const struct pl_uuid *player_id,
                                       struct pl_error *err);

#endif
