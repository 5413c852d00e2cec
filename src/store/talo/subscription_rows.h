/* Subscriptions as they come out of rows, and what all operations on them begin with: inside
 * store/talo. Results live in op->arena; errors are in op->error.
 * Threads: the worker's. */
#ifndef PL_STORE_TALO_SUBSCRIPTION_ROWS_H
#define PL_STORE_TALO_SUBSCRIPTION_ROWS_H

#include "store/talo/relationships.h"

#define PL_TALO_SUBSCRIPTION_COLUMNS                                                               \
    "id, subscriber_alias_id, target_alias_id, is_confirmed, is_bidirectional, created_ms, "       \
    "updated_ms"

/* The rows of a query for these columns, with aliases. Ends the query. */
PL_MUST_CHECK int pl_talo_read_subscriptions(struct pl_talo_subscription **out, size_t *count,
                                             struct pl_sql_rows *rows, struct pl_store_op *op);

/* One by its id; NULL when there is none. */
PL_MUST_CHECK int pl_talo_find_subscription(struct pl_talo_subscription **out,
                                            struct pl_store_op *op, struct pl_sql *sql, int64_t id);

/* The one between two, in this direction; NULL when there is none. */
PL_MUST_CHECK int pl_talo_find_subscription_between(struct pl_talo_subscription **out,
                                                    struct pl_store_op *op, struct pl_sql *sql,
                                                    int64_t subscriber_id, int64_t target_id);

/* Whether the game has the acting alias: 0, the refusal NO_ALIAS, or an error. */
PL_MUST_CHECK int pl_talo_check_subscriber(struct pl_store_op *op, struct pl_sql *sql,
                                           int64_t game_id, int64_t alias_id);

#endif
