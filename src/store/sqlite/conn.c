/* The SQL interface on one SQLite connection. A query makes its first step at once, so that a
 * statement with RETURNING does its work whether or not its rows are read. */
#include "store/sqlite/conn.h"

#include "base/alloc.h"
#include "base/owner.h"
#include "store/sqlite/checkpoint.h"
#include "store/sqlite/error.h"
#include "store/sqlite/functions.h"
#include "store/sqlite/statement.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

static const char rollback_text[] = "ROLLBACK";

/* Of pl_sql_rows.at: what the last step found. */
enum {
    ROW_WAITS, /* stepped onto, not told yet */
    ROW_TOLD,
    ROWS_OVER,
};

static struct pl_sqlite *conn_of(struct pl_sql *sql)
{
    return PL_CONTAINER_OF(sql, struct pl_sqlite, sql);
}

static int take_bound(struct pl_sqlite_statement **out, struct pl_sqlite *conn, const char *text,
                      const struct pl_sql_value *values, size_t count, bool is_copied,
                      struct pl_error *err)
{
    struct pl_sqlite_statement *statement = NULL;
    int rc = pl_sqlite_statement_take(&statement, conn, text, count, err);
    if (rc < 0) {
        return rc;
    }
    rc = pl_sqlite_statement_bind(statement, values, count, is_copied, err);
    if (rc < 0) {
        pl_sqlite_statement_give(statement);
        return rc;
    }
    *out = statement;
    return 0;
}

/* 1: a row; 0: none any more. */
static int step(struct pl_sqlite_statement *statement, struct pl_error *err)
{
    int result = sqlite3_step(statement->stmt);
    if (result == SQLITE_ROW || result == SQLITE_DONE) {
        return result == SQLITE_ROW ? 1 : 0;
    }
    return pl_sqlite_error(sqlite3_db_handle(statement->stmt), err);
}

static int sqlite_run(struct pl_sql *sql, const char *text, const struct pl_sql_value *values,
                      size_t count, int64_t *changed, struct pl_error *err)
{
    struct pl_sqlite *conn = conn_of(sql);
    struct pl_sqlite_statement *statement = NULL;
    int rc = take_bound(&statement, conn, text, values, count, false, err);
    if (rc < 0) {
        return rc;
    }
    do {
        rc = step(statement, err);
    } while (rc == 1);
    if (rc == 0 && changed != NULL) {
        *changed = sqlite3_stmt_readonly(statement->stmt) ? 0 : sqlite3_changes64(conn->db);
    }
    pl_sqlite_statement_give(statement);
    return rc;
}

static int sqlite_query(struct pl_sql_rows *rows, struct pl_sql *sql, const char *text,
                        const struct pl_sql_value *values, size_t count, struct pl_error *err)
{
    struct pl_sqlite *conn = conn_of(sql);
    struct pl_sqlite_statement *statement = NULL;
    int rc = take_bound(&statement, conn, text, values, count, true, err);
    if (rc < 0) {
        return rc;
    }
    rc = step(statement, err);
    if (rc < 0) {
        pl_sqlite_statement_give(statement);
        return rc;
    }
    rows->state = statement;
    rows->at = rc == 1 ? ROW_WAITS : ROWS_OVER;
    return 0;
}

static int sqlite_next(struct pl_sql_rows *rows, struct pl_error *err)
{
    if (rows->at == ROW_WAITS) {
        rows->at = ROW_TOLD;
        return 1;
    }
    if (rows->at == ROWS_OVER) {
        return 0;
    }
    int rc = step(rows->state, err);
    if (rc != 1) {
        rows->at = ROWS_OVER;
    }
    return rc;
}

static void sqlite_end(struct pl_sql_rows *rows)
{
    pl_sqlite_statement_give(rows->state);
}

static sqlite3_stmt *stmt_of(const struct pl_sql_rows *rows)
{
    const struct pl_sqlite_statement *statement = rows->state;
    PL_ASSERT(rows->at == ROW_TOLD);
    return statement->stmt;
}

static bool sqlite_is_null(const struct pl_sql_rows *rows, int column)
{
    return sqlite3_column_type(stmt_of(rows), column) == SQLITE_NULL;
}

static int64_t sqlite_get_int(const struct pl_sql_rows *rows, int column)
{
    return sqlite3_column_int64(stmt_of(rows), column);
}

static struct pl_str sqlite_get_bytes(const struct pl_sql_rows *rows, int column)
{
    const char *bytes = sqlite3_column_blob(stmt_of(rows), column);
    return pl_str_make(bytes == NULL ? "" : bytes,
                       (size_t)sqlite3_column_bytes(stmt_of(rows), column));
}

static int sqlite_script(struct pl_sql *sql, const char *text, struct pl_error *err)
{
    struct pl_sqlite *conn = conn_of(sql);
    if (sqlite3_exec(conn->db, text, NULL, NULL, NULL) != SQLITE_OK) {
        return pl_sqlite_error(conn->db, err);
    }
    return 0;
}

static const struct pl_sql_impl sqlite_impl = {
    .run = sqlite_run,
    .query = sqlite_query,
    .next = sqlite_next,
    .end = sqlite_end,
    .is_null = sqlite_is_null,
    .get_int = sqlite_get_int,
    .get_bytes = sqlite_get_bytes,
    .script = sqlite_script,
};

/* So that the way out of a transaction needs no memory. */
static int prepare_rollback(struct pl_sqlite *conn, struct pl_error *err)
{
    struct pl_sqlite_statement *statement = NULL;
    int rc = pl_sqlite_statement_take(&statement, conn, rollback_text, 0, err);
    if (rc == 0) {
        pl_sqlite_statement_give(statement);
    }
    return rc;
}

/* Foreign keys are off unless asked for; FULL makes a commit wait for the disk; a file of foreign
 * making may not run anything of its own (trusted_schema). A new file becomes one with WAL by a
 * rollback journal, whose removal has to reach the disk too (EXTRA): found there after a crash, it
 * would empty the file again, and with it goes all that WAL had. */
static int prepare_conn(struct pl_sqlite *conn, enum pl_sqlite_role role, struct pl_error *err)
{
    sqlite3_busy_timeout(conn->db, PL_SQLITE_BUSY_MS);
    sqlite3_extended_result_codes(conn->db, 1);
    int rc = pl_sqlite_functions_add(conn->db, err);
    if (rc == 0 && role == PL_SQLITE_WRITER) {
        rc =
            sqlite_script(&conn->sql,
                          "PRAGMA synchronous = EXTRA; PRAGMA journal_mode = WAL;"
                          "PRAGMA cache_size = -16384;" /* KiB, for the indexes of a large game */
                          "PRAGMA journal_size_limit = 67108864", /* what stays of a long journal */
                          err);
        pl_sqlite_checkpoint_init(conn);
    }
    if (rc == 0) {
        rc = sqlite_script(&conn->sql,
                           "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                           "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"
                           "PRAGMA cell_size_check = ON",
                           err);
    }
    if (rc == 0) {
        rc = prepare_rollback(conn, err);
    }
    if (rc == 0 && role == PL_SQLITE_COPY) {
        rc = sqlite_script(&conn->sql, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF", err);
    }
    if (rc == 0 && role == PL_SQLITE_READER) {
        rc = sqlite_script(&conn->sql, "PRAGMA query_only = ON", err);
    }
    return rc;
}

/* What players keep there is nobody else's business; SQLite would ask the umask. That it fails shows
 * when SQLite tries. Only where there is none yet: closing a descriptor of the file of an open
 * database would let go of SQLite's locks. */
static void create_file(const char *path_cstr, const char *vfs, enum pl_sqlite_role role)
{
    if (role == PL_SQLITE_WRITER && vfs == NULL && strcmp(path_cstr, ":memory:") != 0) {
        int fd = open(path_cstr, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0) {
            pl_owner_adopt(fd, path_cstr); /* SQLite gives its journal to the same one */
            close(fd);
        }
    }
}

int pl_sqlite_open(struct pl_sqlite **out, const char *path_cstr, const char *vfs,
                   enum pl_sqlite_role role, struct pl_error *err)
{
    struct pl_sqlite *conn = pl_alloc(sizeof(*conn));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                (role == PL_SQLITE_WRITER ? SQLITE_OPEN_CREATE : 0);
    conn->sql.impl = &sqlite_impl;
    pl_map_init(&conn->statements, NULL);
    pl_list_init(&conn->in_use);
    create_file(path_cstr, vfs, role);
    int rc = sqlite3_open_v2(path_cstr, &conn->db, flags, vfs) == SQLITE_OK
                 ? prepare_conn(conn, role, err)
                 : pl_sqlite_error_opening(conn->db, path_cstr, err);
    if (rc < 0) {
        pl_sqlite_close(conn);
        return rc;
    }
    *out = conn;
    return 0;
}

void pl_sqlite_close(struct pl_sqlite *conn)
{
    if (conn == NULL) {
        return;
    }
    pl_sqlite_end_all(conn);
    pl_sqlite_statements_free(conn);
    sqlite3_close_v2(conn->db);
    pl_free(conn);
}

bool pl_sqlite_is_in_transaction(const struct pl_sqlite *conn)
{
    return sqlite3_get_autocommit(conn->db) == 0;
}

size_t pl_sqlite_end_all(struct pl_sqlite *conn)
{
    size_t count = 0;
    PL_LIST_EACH(node, &conn->in_use)
    {
        pl_sqlite_statement_give(PL_CONTAINER_OF(node, struct pl_sqlite_statement, use));
        count++;
    }
    return count;
}

void pl_sqlite_rollback(struct pl_sqlite *conn)
{
    if (pl_sqlite_is_in_transaction(conn)) {
        (void)!sqlite_run(&conn->sql, rollback_text, NULL, 0, NULL, NULL);
    }
}
