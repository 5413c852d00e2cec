/* When the journal (WAL) goes into the database's own file: some pages at a time, by the writer, after
 * a commit. Readers that follow each other closely could keep it from ever beginning anew, and it would
 * grow without end; so from a size on, the writer waits a moment for them.
 * Threads: the connection's. */
#ifndef PL_STORE_SQLITE_CHECKPOINT_H
#define PL_STORE_SQLITE_CHECKPOINT_H

#include "store/sqlite/conn.h"

/* For a writer's connection. */
void pl_sqlite_checkpoint_init(struct pl_sqlite *conn);

#endif
