/* Operations on PostgreSQL: many writes in one transaction, or one read in a snapshot.
 * Threads: the worker's that owns the connection. */
#ifndef PL_STORE_POSTGRES_PG_BATCH_H
#define PL_STORE_POSTGRES_PG_BATCH_H

#include "store/postgres/pg_conn.h"
#include "store/store.h"

/* What tells, after a connection broke while it committed, whether the commit happened: the last
 * batch is written down in its own transaction. And whose turn it is to write: the mark is of one
 * process, and batches of all others fail. */
struct pl_pg_mark {
    struct pl_uuid run; /* of this process */
    int64_t batch;      /* of this process; the next one is higher */
};

/* Make the table of the mark if need be, and put the mark there: this process writes from now on. */
PL_MUST_CHECK int pl_pg_mark_create(struct pl_pg_conn *conn, const struct pl_pg_mark *mark,
                                    struct pl_error *err);

/* Whether the mark is this process's, whatever its batch: 1 or 0, or an error. */
PL_MUST_CHECK int pl_pg_mark_is_ours(struct pl_pg_conn *conn, const struct pl_pg_mark *mark,
                                     struct pl_error *err);

/* Whether the batch of the mark has been committed: 1 or 0, or an error. */
PL_MUST_CHECK int pl_pg_mark_check(struct pl_pg_conn *conn, const struct pl_pg_mark *mark,
                                   struct pl_error *err);

/* Run the writes (linked by `next`) and commit. Each has then its rc and error.
 * Returns 0; PL_E_AGAIN: nothing happened, and the same may be tried again; PL_E_CLOSED: the
 * connection is lost, and *in_doubt says whether the commit may have happened; PL_E_STATE: the mark is
 * another process's; or what else kept all of them from happening. */
PL_MUST_CHECK int pl_pg_write(struct pl_pg_conn *conn, struct pl_store_op *ops,
                              const struct pl_pg_mark *mark, bool *in_doubt, struct pl_error *err);

/* Run one read. Sets its rc and error. Returns 0, or PL_E_CLOSED or PL_E_AGAIN as above. */
PL_MUST_CHECK int pl_pg_read(struct pl_pg_conn *conn, struct pl_store_op *op, struct pl_error *err);

#endif
