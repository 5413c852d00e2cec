/* A database in memory, with the whole schema, for tests of operations and for the simulator: no
 * threads, no files.
 * Threads: one at a time. */
#ifndef PL_STORE_SQLITE_MEMORY_H
#define PL_STORE_SQLITE_MEMORY_H

#include "store/sqlite/conn.h"
#include "store/store.h"

/* Open and migrate. Close it with pl_sqlite_close. */
PL_MUST_CHECK int pl_sqlite_memory_open(struct pl_sqlite **out, struct pl_error *err);

/* Run one operation in its transaction, and tell op->rc (also returned). It runs twice, and the
 * first time is undone: an operation that does not reset its results shows it. A read that writes,
 * and one that leaves rows open, end the program. on_done is not called. */
int pl_sqlite_memory_run(struct pl_sqlite *conn, struct pl_store_op *op);

#endif
