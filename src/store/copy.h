/* Copying everything that a database keeps into another one, of whatever backend: how a game grows
 * from SQLite to PostgreSQL.
 * Threads: the connections'. */
#ifndef PL_STORE_COPY_H
#define PL_STORE_COPY_H

#include "store/sql.h"

struct pl_store_copy {
    /* Optional: rows of a table copied so far; total: of it. Now and then, and at each table's end. */
    void (*on_progress)(void *user, const char *table, int64_t done, int64_t total);
    void *user;
    /* Results. */
    int64_t table_count;
    int64_t row_count;
};

/* Both have the whole schema (store/migrate.h), and nobody else writes to either. All is copied in one
 * transaction, or nothing.
 * Returns 0; PL_E_EXISTS when the target has rows already; or what a pl_sql_... call returned, with the
 * table's name in the words. */
PL_MUST_CHECK int pl_store_copy_run(struct pl_store_copy *copy, struct pl_sql *from,
                                    struct pl_sql *to, struct pl_error *err);

#endif
