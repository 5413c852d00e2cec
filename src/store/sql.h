/* SQL as an operation of the store sees it: one connection, inside the operation's transaction, on
 * whatever backend. The text of a statement is the same for SQLite and PostgreSQL: parameters are
 * $1, $2 ... (first used in ascending order), rows have an ORDER BY where order can be seen. What
 * both understand: INSERT ... ON CONFLICT ... DO NOTHING / DO UPDATE, RETURNING, COALESCE, CASE,
 * common table expressions, LIMIT/OFFSET, strpos(text, part) and lower(column) (ASCII letters only; of a
 * parameter it knows more on PostgreSQL: pl_talo_lower).
 * Times are milliseconds since 1970 as integers, booleans 0 and 1, UUIDs 16 bytes.
 * Threads: the worker's that runs the operation. */
#ifndef PL_STORE_SQL_H
#define PL_STORE_SQL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/uuid.h"

enum pl_sql_kind {
    PL_SQL_NULL,
    PL_SQL_INT,
    PL_SQL_TEXT, /* UTF-8 without U+0000: PL_E_INVALID otherwise */
    PL_SQL_BYTES,
};

struct pl_sql_value {
    enum pl_sql_kind kind;
    int64_t integer;
    struct pl_str bytes; /* borrowed for the call */
};

static inline struct pl_sql_value pl_sql_null(void)
{
    return (struct pl_sql_value){.kind = PL_SQL_NULL};
}

static inline struct pl_sql_value pl_sql_int(int64_t value)
{
    return (struct pl_sql_value){.kind = PL_SQL_INT, .integer = value};
}

static inline struct pl_sql_value pl_sql_text(struct pl_str text)
{
    return (struct pl_sql_value){.kind = PL_SQL_TEXT, .bytes = text};
}

static inline struct pl_sql_value pl_sql_bytes(struct pl_str bytes)
{
    return (struct pl_sql_value){.kind = PL_SQL_BYTES, .bytes = bytes};
}

static inline struct pl_sql_value pl_sql_uuid(const struct pl_uuid *uuid)
{
    return pl_sql_bytes(pl_uuid_bytes(uuid));
}

struct pl_sql;
struct pl_sql_rows;

/* A backend's connection. Complete, or refused when it is opened. */
struct pl_sql_impl {
    int (*run)(struct pl_sql *sql, const char *text, const struct pl_sql_value *values,
               size_t count, int64_t *changed, struct pl_error *err);
    int (*query)(struct pl_sql_rows *rows, struct pl_sql *sql, const char *text,
                 const struct pl_sql_value *values, size_t count, struct pl_error *err);
    int (*next)(struct pl_sql_rows *rows, struct pl_error *err);
    void (*end)(struct pl_sql_rows *rows);
    bool (*is_null)(const struct pl_sql_rows *rows, int column);
    int64_t (*get_int)(const struct pl_sql_rows *rows, int column);
    struct pl_str (*get_bytes)(const struct pl_sql_rows *rows, int column);
    int (*script)(struct pl_sql *sql, const char *text, struct pl_error *err);
};

/* Embedded as the first field of a backend's connection. */
struct pl_sql {
    const struct pl_sql_impl *impl;
    bool is_postgres; /* for the few statements that need it */
};

/* The rows of one query; on the stack. Several may be open at once. */
struct pl_sql_rows {
    struct pl_sql *sql;
    void *state; /* the backend's */
    int64_t at;  /* the backend's */
};

/* A statement without rows. `text` is a literal: its address names the prepared statement.
 * changed: where to put how many rows it touched, or NULL; then a backend may tell a failure later,
 * with the next query or at the end of the operation, which fails as a whole either way.
 * Returns 0; PL_E_EXISTS for a row that is there already (a UNIQUE), PL_E_FULL (no space), PL_E_IO,
 * PL_E_CLOSED (connection lost), PL_E_INVALID. After an error the operation returns it: its
 * transaction is over. */
PL_MUST_CHECK int pl_sql_run(struct pl_sql *sql, const char *text,
                             const struct pl_sql_value *values, size_t count, int64_t *changed,
                             struct pl_error *err);

/* Statements without parameters and rows, one behind the other, from text that may be anywhere: for
 * migrations and transactions, not for operations. Errors as pl_sql_run. */
PL_MUST_CHECK int pl_sql_script(struct pl_sql *sql, const char *text_cstr, struct pl_error *err);

/* A statement with rows. Errors as pl_sql_run; every query that returned 0 needs its pl_sql_end. */
PL_MUST_CHECK int pl_sql_query(struct pl_sql_rows *rows, struct pl_sql *sql, const char *text,
                               const struct pl_sql_value *values, size_t count,
                               struct pl_error *err);

/* The next row: 1, or 0 when there is none any more, or an error. */
PL_MUST_CHECK int pl_sql_next(struct pl_sql_rows *rows, struct pl_error *err);
void pl_sql_end(struct pl_sql_rows *rows); /* again is fine */

/* Columns of the row, from 0. NULL is 0 and the empty text. */
bool pl_sql_is_null(const struct pl_sql_rows *rows, int column);
int64_t pl_sql_get_int(const struct pl_sql_rows *rows, int column);
struct pl_str pl_sql_get_bytes(const struct pl_sql_rows *rows, int column); /* until the next row */

/* A text or bytes, copied. PL_E_NOMEM at the arena's cap. */
PL_MUST_CHECK int pl_sql_copy(struct pl_str *out, const struct pl_sql_rows *rows, int column,
                              struct pl_arena *arena, struct pl_error *err);

/* 16 bytes; PL_E_IO for anything else. */
PL_MUST_CHECK int pl_sql_get_uuid(struct pl_uuid *out, const struct pl_sql_rows *rows, int column,
                                  struct pl_error *err);

/* PL_SQL_RUN(sql, err, "UPDATE ... WHERE id = $1", pl_sql_int(id)) */
#define PL_SQL_RUN(sql, err, text, ...)                                                            \
    pl_sql_run(sql, "" text, (const struct pl_sql_value[]){__VA_ARGS__},                           \
               sizeof((const struct pl_sql_value[]){__VA_ARGS__}) / sizeof(struct pl_sql_value),   \
               NULL, err)
#define PL_SQL_QUERY(rows, sql, err, text, ...)                                                    \
    pl_sql_query(rows, sql, "" text, (const struct pl_sql_value[]){__VA_ARGS__},                   \
                 sizeof((const struct pl_sql_value[]){__VA_ARGS__}) / sizeof(struct pl_sql_value), \
                 err)

#endif
