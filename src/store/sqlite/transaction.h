/* One operation inside a transaction of SQLite. Threads: the connection's. */
#ifndef PL_STORE_SQLITE_TRANSACTION_H
#define PL_STORE_SQLITE_TRANSACTION_H

#include "store/sqlite/conn.h"
#include "store/store.h"

/* Call op->type->run with op's outcome reset; op->rc is what it returned. A negative one has words
 * in op->error. What it left open is ended. Returns op->rc. */
int pl_sqlite_call(struct pl_sqlite *conn, struct pl_store_op *op);

/* A read: a snapshot around it. Returns op->rc. */
int pl_sqlite_read(struct pl_sqlite *conn, struct pl_store_op *op);

/* A write in a transaction of its own. Returns op->rc. */
int pl_sqlite_write(struct pl_sqlite *conn, struct pl_store_op *op);

/* A write inside the open transaction, in a savepoint, so that a refusal or a failure undoes what it
 * did and no more. Returns op->rc; afterwards the transaction may have ended
 * (pl_sqlite_is_in_transaction): then all of it is undone. */
int pl_sqlite_write_inside(struct pl_sqlite *conn, struct pl_store_op *op);

#endif
