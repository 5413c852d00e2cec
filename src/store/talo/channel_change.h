/* Writing channels inside an operation's transaction: what several operations do. Errors: those of
 * pl_sql_run.
 * Threads: the worker's. */
#ifndef PL_STORE_TALO_CHANNEL_CHANGE_H
#define PL_STORE_TALO_CHANNEL_CHANGE_H

#include "store/talo/channels.h"

/* *was_added: it was none before. NULL: nobody asks. */
PL_MUST_CHECK int pl_talo_add_member(bool *was_added, struct pl_sql *sql, int64_t channel_id,
                                     const struct pl_talo_alias *alias, int64_t now_ms,
                                     struct pl_error *err);

/* The aliases of this player are of a development build, or not: the memberships say so too. */
PL_MUST_CHECK int pl_talo_mark_memberships(struct pl_sql *sql, const struct pl_uuid *player_id,
                                           bool is_dev_build, struct pl_error *err);

/* Put these where others were. */
PL_MUST_CHECK int pl_talo_replace_channel_props(struct pl_sql *sql, int64_t channel_id,
                                                const struct pl_talo_props *props,
                                                struct pl_error *err);

/* With its members, props and storage. */
PL_MUST_CHECK int pl_talo_erase_channel(struct pl_sql *sql, int64_t channel_id,
                                        struct pl_error *err);

/* What a negative rc of the functions of props.h means: a refusal when there are too many. */
int pl_talo_refuse_props(struct pl_store_op *op, int rc);

#endif
