/* Prepared statements: a map from the address of a text to what SQLite made of it. */
#include "store/sqlite/statement.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "store/sqlite/error.h"

#include <stdio.h>

/* The address stands for the text: statements are literals. */
static struct pl_str key_of(const char *const *text)
{
    return pl_str_make((const char *)text, sizeof(*text));
}

/* SQLite numbers parameters in the order of their first use; what $2 means must not depend on it. */
static bool has_parameters_in_order(sqlite3_stmt *stmt, size_t count)
{
    if ((size_t)sqlite3_bind_parameter_count(stmt) != count) {
        return false;
    }
    for (int i = 1; (size_t)i <= count; i++) {
        char expected[16];
        const char *name = sqlite3_bind_parameter_name(stmt, i);
        snprintf(expected, sizeof(expected), "$%d", i);
        if (name == NULL || strcmp(name, expected) != 0) {
            return false;
        }
    }
    return true;
}

static int prepare(sqlite3_stmt **out, struct pl_sqlite *conn, const char *text, size_t count,
                   struct pl_error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v3(conn->db, text, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) !=
        SQLITE_OK) {
        return pl_sqlite_error(conn->db, err);
    }
    if (stmt == NULL || !has_parameters_in_order(stmt, count)) {
        sqlite3_finalize(stmt);
        return pl_error_set(err, PL_E_INVALID, "the parameters are not $1 to $%zu in order: %.120s",
                            count, text);
    }
    *out = stmt;
    return 0;
}

int pl_sqlite_statement_take(struct pl_sqlite_statement **out, struct pl_sqlite *conn,
                             const char *text, size_t count, struct pl_error *err)
{
    struct pl_sqlite_statement *kept = pl_map_find(&conn->statements, key_of(&text));
    struct pl_sqlite_statement *statement = kept;
    if (kept != NULL) {
        PL_ASSERT(strcmp(sqlite3_sql(kept->stmt), text) == 0); /* not a literal? */
    }
    if (kept == NULL || pl_list_is_linked(&kept->use)) {
        sqlite3_stmt *stmt = NULL;
        int rc = prepare(&stmt, conn, text, count, err);
        if (rc < 0) {
            return rc;
        }
        statement = pl_alloc(sizeof(*statement));
        statement->stmt = stmt;
        statement->is_kept = kept == NULL;
        if (statement->is_kept) {
            pl_map_put(&conn->statements, key_of(&text), statement);
        }
    }
    pl_list_push_back(&conn->in_use, &statement->use);
    *out = statement;
    return 0;
}

static int bind_bytes(sqlite3_stmt *stmt, int at, const struct pl_sql_value *value, bool is_copied)
{
    const char *bytes = value->bytes.ptr == NULL ? "" : value->bytes.ptr; /* NULL would be NULL */
    sqlite3_destructor_type life = is_copied ? SQLITE_TRANSIENT : SQLITE_STATIC;
    if (value->kind == PL_SQL_TEXT) {
        return sqlite3_bind_text64(stmt, at, bytes, value->bytes.len, life, SQLITE_UTF8);
    }
    return sqlite3_bind_blob64(stmt, at, bytes, value->bytes.len, life);
}

static int bind_one(sqlite3_stmt *stmt, int at, const struct pl_sql_value *value, bool is_copied)
{
    switch (value->kind) {
    case PL_SQL_NULL:
        return sqlite3_bind_null(stmt, at);
    case PL_SQL_INT:
        return sqlite3_bind_int64(stmt, at, value->integer);
    case PL_SQL_TEXT:
    case PL_SQL_BYTES:
        return bind_bytes(stmt, at, value, is_copied);
    }
    return SQLITE_MISUSE;
}

static bool is_sound(const struct pl_sql_value *value)
{
    return value->kind != PL_SQL_TEXT || (pl_str_find_char(value->bytes, 0) == value->bytes.len &&
                                          pl_utf8_is_valid(value->bytes));
}

int pl_sqlite_statement_bind(struct pl_sqlite_statement *statement,
                             const struct pl_sql_value *values, size_t count, bool is_copied,
                             struct pl_error *err)
{
    PL_ASSERT((size_t)sqlite3_bind_parameter_count(statement->stmt) == count);
    for (size_t i = 0; i < count; i++) {
        if (!is_sound(&values[i])) {
            return pl_error_set(err, PL_E_INVALID, "a text is not UTF-8, or contains U+0000");
        }
        if (bind_one(statement->stmt, (int)i + 1, &values[i], is_copied) != SQLITE_OK) {
            return pl_sqlite_error(sqlite3_db_handle(statement->stmt), err);
        }
    }
    return 0;
}

static void free_statement(struct pl_sqlite_statement *statement)
{
    sqlite3_finalize(statement->stmt);
    pl_free(statement);
}

void pl_sqlite_statement_give(struct pl_sqlite_statement *statement)
{
    PL_ASSERT(pl_list_is_linked(&statement->use));
    pl_list_remove(&statement->use);
    if (!statement->is_kept) {
        free_statement(statement);
        return;
    }
    sqlite3_reset(statement->stmt); /* its error is the one of the step before */
    sqlite3_clear_bindings(statement->stmt);
}

static void free_kept(struct pl_str key, void *value, void *user)
{
    (void)key;
    (void)user;
    free_statement(value);
}

void pl_sqlite_statements_free(struct pl_sqlite *conn)
{
    pl_map_each(&conn->statements, free_kept, NULL);
    pl_map_fini(&conn->statements);
}
