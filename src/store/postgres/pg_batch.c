/* Writes in one transaction, each in a savepoint, without waiting for what nobody looks at. A failure shows
 * itself when a later operation looks at something: then the one that failed is undone, and those behind it
 * run again. */
#include "store/postgres/pg_batch.h"

#include "base/alloc.h"

/* The number of what belongs to no operation. */
#define NO_OP UINT32_MAX

/* Writes under way. */
struct batch {
    struct pl_pg_conn *conn;
    struct pl_store_op **ops;
    uint32_t count;
    struct pl_error *err;
};

/* --- the mark --- */

/* End a transaction that cannot go on. */
static void roll_back(struct pl_pg_conn *conn)
{
    struct pl_error ignored;
    if (conn->is_lost || (conn->has_failed && pl_pg_recover(conn, &ignored) < 0)) {
        return;
    }
    if (pl_pg_command(conn, "ROLLBACK", &ignored) < 0 || pl_pg_settle(conn, &ignored) < 0) {
        conn->is_lost = true;
    }
}

static int put_mark(struct pl_pg_conn *conn, const struct pl_pg_mark *mark, struct pl_error *err)
{
    int rc = pl_pg_command(conn, "BEGIN", err);
    if (rc == 0) {
        rc = PL_SQL_RUN(&conn->sql, err,
                        "INSERT INTO parley_commits (id, run, batch) VALUES (1, $1, $2) "
                        "ON CONFLICT (id) DO UPDATE SET run = EXCLUDED.run, batch = EXCLUDED.batch",
                        pl_sql_uuid(&mark->run), pl_sql_int(mark->batch));
    }
    if (rc == 0) {
        rc = pl_pg_command(conn, "COMMIT", err);
    }
    return rc == 0 ? pl_pg_settle(conn, err) : rc;
}

int pl_pg_mark_create(struct pl_pg_conn *conn, const struct pl_pg_mark *mark, struct pl_error *err)
{
    int rc = pl_pg_script(conn,
                          "CREATE TABLE IF NOT EXISTS parley_commits ("
                          "id SMALLINT PRIMARY KEY, run BYTEA NOT NULL, batch BIGINT NOT NULL)",
                          err);
    pl_pg_begin_op(conn, NO_OP);
    if (rc == 0) {
        rc = put_mark(conn, mark, err);
    }
    if (rc < 0) {
        roll_back(conn);
    }
    return rc;
}

/* 1 when the query has a row. */
static int look(struct pl_pg_conn *conn, const char *text, const struct pl_sql_value *values,
                size_t count, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = pl_pg_command(conn, "BEGIN", err);
    rc = rc < 0 ? rc : pl_sql_query(&rows, &conn->sql, text, values, count, err);
    if (rc < 0) {
        return rc;
    }
    int is_there = pl_sql_next(&rows, err);
    pl_sql_end(&rows);
    rc = pl_pg_command(conn, "COMMIT", err);
    rc = rc < 0 ? rc : pl_pg_settle(conn, err);
    return rc < 0 ? rc : is_there;
}

static int look_at_mark(struct pl_pg_conn *conn, const char *text,
                        const struct pl_sql_value *values, size_t count, struct pl_error *err)
{
    pl_pg_begin_op(conn, NO_OP);
    int rc = look(conn, text, values, count, err);
    if (rc < 0) {
        roll_back(conn);
    }
    return rc;
}

int pl_pg_mark_is_ours(struct pl_pg_conn *conn, const struct pl_pg_mark *mark, struct pl_error *err)
{
    return look_at_mark(conn, "SELECT 1 FROM parley_commits WHERE id = 1 AND run = $1",
                        (const struct pl_sql_value[]){pl_sql_uuid(&mark->run)}, 1, err);
}

int pl_pg_mark_check(struct pl_pg_conn *conn, const struct pl_pg_mark *mark, struct pl_error *err)
{
    return look_at_mark(
        conn, "SELECT 1 FROM parley_commits WHERE id = 1 AND run = $1 AND batch = $2",
        (const struct pl_sql_value[]){pl_sql_uuid(&mark->run), pl_sql_int(mark->batch)}, 2, err);
}

/* Where there is no such row, the division fails and the transaction with it: nobody has to look. */
static int note_mark(struct pl_pg_conn *conn, const struct pl_pg_mark *mark, struct pl_error *err)
{
    return PL_SQL_RUN(
        &conn->sql, err,
        "WITH mine AS (UPDATE parley_commits SET batch = $1 WHERE id = 1 AND run = $2 "
        "RETURNING 1) SELECT 1 / count(*) FROM mine",
        pl_sql_int(mark->batch), pl_sql_uuid(&mark->run));
}

/* --- operations --- */

static void call(struct pl_pg_conn *conn, struct pl_store_op *op)
{
    op->refusal = 0;
    op->error = (struct pl_error){0};
    op->rc = op->type->run(op, &conn->sql);
    if (op->rc < 0 && op->error.code == 0) {
        pl_error_set(&op->error, op->rc, "%s failed (%s)", op->type->name, pl_error_name(op->rc));
    }
    pl_pg_end_all(conn);
}

static void tell(struct pl_store_op *op, int rc, const struct pl_error *err)
{
    op->rc = rc;
    op->error = *err;
}

/* Queue the operation's commands and run it. A negative result is a failure of the connection or of
 * some statement before; that of the operation alone is in its rc. */
static int run_in_savepoint(struct batch *batch, uint32_t number)
{
    struct pl_pg_conn *conn = batch->conn;
    struct pl_store_op *op = batch->ops[number];
    pl_pg_begin_op(conn, number);
    int rc = pl_pg_command(conn, "SAVEPOINT op", batch->err);
    if (rc < 0) {
        return rc;
    }
    call(conn, op);
    if (conn->is_lost || conn->has_failed) {
        *batch->err = op->error;
        return op->rc < 0 ? op->rc : PL_E_IO;
    }
    if (op->rc != 0) {
        rc = pl_pg_command(conn, "ROLLBACK TO SAVEPOINT op", batch->err);
    }
    return rc < 0 ? rc : pl_pg_command(conn, "RELEASE SAVEPOINT op", batch->err);
}

/* A statement has failed: undo the operation that it was of, and say with which to go on. */
static int undo_failed(struct batch *batch, uint32_t *next)
{
    struct pl_pg_conn *conn = batch->conn;
    uint32_t failed = conn->failed_op;
    struct pl_error failure = conn->failure;
    if (conn->is_lost || failed >= batch->count || failure.code == PL_E_AGAIN) {
        *batch->err = conn->is_lost ? *batch->err : failure;
        return conn->is_lost ? PL_E_CLOSED : failure.code;
    }
    int rc = pl_pg_recover(conn, batch->err);
    pl_pg_begin_op(conn, NO_OP);
    if (rc == 0) {
        rc = pl_pg_command(conn, "ROLLBACK TO SAVEPOINT op", batch->err);
    }
    if (rc == 0) {
        rc = pl_pg_command(conn, "RELEASE SAVEPOINT op", batch->err);
    }
    tell(batch->ops[failed], failure.code, &failure);
    *next = failed + 1;
    return rc;
}

/* Run operations until all have gone through. */
static int run_all(struct batch *batch)
{
    struct pl_pg_conn *conn = batch->conn;
    uint32_t next = 0;
    for (;;) {
        int rc =
            next < batch->count ? run_in_savepoint(batch, next) : pl_pg_settle(conn, batch->err);
        if (rc == 0 && next == batch->count) {
            return 0;
        }
        if (rc == 0) {
            next++;
            continue;
        }
        if (!conn->has_failed && !conn->is_lost) {
            return rc;
        }
        rc = undo_failed(batch, &next);
        if (rc < 0) {
            return rc;
        }
    }
}

static int run_batch(struct batch *batch, const struct pl_pg_mark *mark, bool *in_doubt)
{
    struct pl_pg_conn *conn = batch->conn;
    *in_doubt = false;
    pl_pg_begin_op(conn, NO_OP);
    int rc = pl_pg_command(conn, "BEGIN", batch->err);
    if (rc == 0) {
        rc = run_all(batch);
    }
    pl_pg_begin_op(conn, NO_OP);
    if (rc == 0) {
        rc = note_mark(conn, mark, batch->err);
    }
    if (rc == 0) {
        rc = pl_pg_command(conn, "COMMIT", batch->err);
    }
    if (rc == 0) {
        rc = pl_pg_settle(conn, batch->err);
        *in_doubt = rc == PL_E_CLOSED;
    }
    return rc;
}

static uint32_t count_of(const struct pl_store_op *ops)
{
    uint32_t count = 0;
    for (const struct pl_store_op *op = ops; op != NULL; op = op->next) {
        count++;
    }
    return count;
}

int pl_pg_write(struct pl_pg_conn *conn, struct pl_store_op *ops, const struct pl_pg_mark *mark,
                bool *in_doubt, struct pl_error *err)
{
    struct batch batch = {.conn = conn, .count = count_of(ops), .err = err};
    uint32_t at = 0;
    batch.ops = pl_alloc_array(batch.count + 1, sizeof(struct pl_store_op *));
    for (struct pl_store_op *op = ops; op != NULL; op = op->next) {
        batch.ops[at++] = op;
    }
    int rc = run_batch(&batch, mark, in_doubt);
    if (rc < 0) {
        roll_back(conn);
    }
    pl_free(batch.ops);
    return rc;
}

int pl_pg_read(struct pl_pg_conn *conn, struct pl_store_op *op, struct pl_error *err)
{
    pl_pg_begin_op(conn, 0);
    int rc = pl_pg_command(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
    if (rc == 0) {
        call(conn, op);
        *err = op->error;
        rc = conn->is_lost ? PL_E_CLOSED : 0;
    }
    if (rc == 0 && !conn->has_failed) {
        rc = pl_pg_command(conn, "COMMIT", err);
        rc = rc == 0 ? pl_pg_settle(conn, err) : rc;
    }
    if (rc == 0 && !conn->has_failed) {
        return 0;
    }
    bool may_retry = conn->is_lost || (conn->has_failed && conn->failure.code == PL_E_AGAIN);
    if (!may_retry && op->rc >= 0) { /* what it did not look at has failed */
        tell(op, conn->failure.code, &conn->failure);
    }
    rc = conn->is_lost ? PL_E_CLOSED : may_retry ? PL_E_AGAIN : 0;
    roll_back(conn);
    return rc;
}
