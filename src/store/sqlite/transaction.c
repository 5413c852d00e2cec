/* Operations inside transactions: begun, and ended by how the operation came out. */
#include "store/sqlite/transaction.h"

static int run_text(struct pl_sqlite *conn, const char *text, struct pl_error *err)
{
    return pl_sql_run(&conn->sql, text, NULL, 0, NULL, err);
}

int pl_sqlite_call(struct pl_sqlite *conn, struct pl_store_op *op)
{
    op->refusal = 0;
    op->error = (struct pl_error){0};
    op->rc = op->type->run(op, &conn->sql);
    if (op->rc < 0 && op->error.code == 0) {
        pl_error_set(&op->error, op->rc, "%s failed (%s)", op->type->name, pl_error_name(op->rc));
    }
    (void)pl_sqlite_end_all(conn);
    return op->rc;
}

int pl_sqlite_read(struct pl_sqlite *conn, struct pl_store_op *op)
{
    op->rc = run_text(conn, "BEGIN", &op->error);
    if (op->rc == 0) {
        pl_sqlite_call(conn, op);
        pl_sqlite_rollback(conn);
    }
    return op->rc;
}

int pl_sqlite_write(struct pl_sqlite *conn, struct pl_store_op *op)
{
    op->rc = run_text(conn, "BEGIN IMMEDIATE", &op->error);
    if (op->rc == 0 && pl_sqlite_call(conn, op) == 0) {
        op->rc = run_text(conn, "COMMIT", &op->error);
    }
    pl_sqlite_rollback(conn); /* where it was not committed */
    return op->rc;
}

int pl_sqlite_write_inside(struct pl_sqlite *conn, struct pl_store_op *op)
{
    op->rc = run_text(conn, "SAVEPOINT op", &op->error);
    if (op->rc < 0) {
        return op->rc;
    }
    pl_sqlite_call(conn, op);
    if (op->rc != 0 && pl_sqlite_is_in_transaction(conn) &&
        run_text(conn, "ROLLBACK TO op", NULL) < 0) {
        pl_sqlite_rollback(conn);
    }
    if (pl_sqlite_is_in_transaction(conn)) {
        struct pl_error err = {0};
        int rc = run_text(conn, "RELEASE op", &err);
        if (rc < 0) {
            op->rc = rc;
            op->error = err;
            pl_sqlite_rollback(conn);
        }
    }
    return op->rc;
}
