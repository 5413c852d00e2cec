/* A database in memory, for tests and the simulator. */
#include "store/sqlite/memory.h"

#include "store/migrate.h"
#include "store/sqlite/transaction.h"

int pl_sqlite_memory_open(struct pl_sqlite **out, struct pl_error *err)
{
    struct pl_sqlite *conn = NULL;
    int rc = pl_sqlite_open(&conn, ":memory:", NULL, PL_SQLITE_WRITER, err);
    if (rc == 0) {
        rc = pl_migrate_up(&conn->sql, &pl_migrations_sqlite, NULL, err);
    }
    if (rc < 0) {
        pl_sqlite_close(conn);
        return rc;
    }
    *out = conn;
    return 0;
}

/* Once, and undone. */
static void rehearse(struct pl_sqlite *conn, struct pl_store_op *op)
{
    PL_ASSERT(pl_sql_script(&conn->sql, "BEGIN", NULL) == 0);
    op->rc = op->type->run(op, &conn->sql);
    PL_ASSERT(pl_sqlite_end_all(conn) == 0); /* a query without its pl_sql_end */
    pl_sqlite_rollback(conn);
}

int pl_sqlite_memory_run(struct pl_sqlite *conn, struct pl_store_op *op)
{
    if (op->type->is_write) {
        rehearse(conn, op);
        return pl_sqlite_write(conn, op);
    }
    PL_ASSERT(pl_sql_script(&conn->sql, "PRAGMA query_only = ON", NULL) == 0);
    rehearse(conn, op);
    int rc = pl_sqlite_read(conn, op);
    PL_ASSERT(pl_sql_script(&conn->sql, "PRAGMA query_only = OFF", NULL) == 0);
    return rc;
}
