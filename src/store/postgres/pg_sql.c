/* Statements of operations on PostgreSQL: parameters out, rows in. Values travel as bytes, but for
 * integers, whose text fits whatever width a column has. */
#include "store/postgres/pg_internal.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

#define PARAMS_MAX 64
#define INT_TEXT_MAX 24
#define NAME_MAX_BYTES 24

enum {
    FORMAT_TEXT = 0,
    FORMAT_BINARY = 1,
};

/* Types by their numbers in pg_type. */
enum {
    TYPE_BOOL = 16,
    TYPE_BYTEA = 17,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_TEXT = 25,
};

/* What libpq wants to know of the parameters. */
struct params {
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX];
    int formats[PARAMS_MAX];
    Oid types[PARAMS_MAX];
    char ints[PARAMS_MAX][INT_TEXT_MAX];
    int count;
};

static int add_bytes(struct params *params, int i, const struct pl_sql_value *value, Oid type)
{
    if (value->bytes.len > INT32_MAX) {
        return PL_E_TOO_BIG;
    }
    params->values[i] = value->bytes.ptr == NULL ? "" : value->bytes.ptr;
    params->lengths[i] = (int)value->bytes.len;
    params->formats[i] = FORMAT_BINARY;
    params->types[i] = type;
    return 0;
}

static int add_text(struct params *params, int i, const struct pl_sql_value *value)
{
    if (pl_str_find_char(value->bytes, '\0') != value->bytes.len ||
        !pl_utf8_is_valid(value->bytes)) {
        return PL_E_INVALID;
    }
    return add_bytes(params, i, value, TYPE_TEXT);
}

static int add_param(struct params *params, int i, const struct pl_sql_value *value)
{
    switch (value->kind) {
    case PL_SQL_NULL:
        params->values[i] = NULL;
        params->types[i] = 0;
        params->formats[i] = FORMAT_TEXT;
        return 0;
    case PL_SQL_INT:
        (void)snprintf(params->ints[i], INT_TEXT_MAX, "%" PRId64, value->integer);
        params->values[i] = params->ints[i];
        params->types[i] = TYPE_INT8;
        params->formats[i] = FORMAT_TEXT;
        return 0;
    case PL_SQL_TEXT:
        return add_text(params, i, value);
    case PL_SQL_BYTES:
        return add_bytes(params, i, value, TYPE_BYTEA);
    }
    return PL_E_INVALID;
}

static int make_params(struct params *params, const struct pl_sql_value *values, size_t count,
                       struct pl_error *err)
{
    if (count > PARAMS_MAX) {
        return pl_error_set(err, PL_E_INVALID, "a statement has %zu parameters", count);
    }
    params->count = (int)count;
    for (size_t i = 0; i < count; i++) {
        int rc = add_param(params, (int)i, &values[i]);
        if (rc < 0) {
            return pl_error_set(err, rc, "parameter %zu cannot be stored: %s", i + 1,
                                rc == PL_E_INVALID ? "it is no UTF-8, or has U+0000 in it"
                                                   : "it is too long");
        }
    }
    return 0;
}

/* The name of the prepared statement, which is prepared when this is its first use. */
static int prepare(char name[NAME_MAX_BYTES], struct pl_pg_conn *conn, const char *text,
                   const struct params *params, struct pl_error *err)
{
    struct pl_str key = pl_pg_statement_key(&text);
    uintptr_t number = (uintptr_t)pl_map_find(&conn->statements, key);
    bool is_new = number == 0;
    if (is_new) {
        number = ++conn->statement_count;
    }
    (void)snprintf(name, NAME_MAX_BYTES, "s%" PRIuPTR, number);
    if (!is_new) {
        return 0;
    }
    if (PQsendPrepare(conn->pg, name, text, params->count, params->types) != 1) {
        return pl_pg_lost(conn, err);
    }
    pl_pg_push(conn, true, text);
    pl_map_put(&conn->statements, key, (void *)number);
    return 0;
}

/* Put it on its way. */
static int send(struct pl_pg_conn *conn, const char *text, const struct pl_sql_value *values,
                size_t count, struct pl_error *err)
{
    char name[NAME_MAX_BYTES];
    struct params params;
    int rc = make_params(&params, values, count, err);
    if (rc == 0) {
        rc = pl_pg_make_room(conn, 2, err);
    }
    if (rc == 0) {
        rc = prepare(name, conn, text, &params, err);
    }
    if (rc < 0) {
        return rc;
    }
    if (PQsendQueryPrepared(conn->pg, name, params.count, params.values, params.lengths,
                            params.formats, FORMAT_BINARY) != 1) {
        return pl_pg_lost(conn, err);
    }
    pl_pg_push(conn, false, text);
    return 0;
}

static int64_t changed_rows(PGresult *result)
{
    uint64_t count = 0;
    (void)pl_str_to_u64(&count, pl_str_of_cstr(PQcmdTuples(result)), INT64_MAX);
    return (int64_t)count;
}

static int run(struct pl_sql *sql, const char *text, const struct pl_sql_value *values,
               size_t count, int64_t *changed, struct pl_error *err)
{
    struct pl_pg_conn *conn = (struct pl_pg_conn *)sql;
    PGresult *result = NULL;
    int rc = send(conn, text, values, count, err);
    if (rc < 0 || changed == NULL) {
        return rc;
    }
    rc = pl_pg_drain(conn, &result, err);
    if (rc == 0) {
        *changed = changed_rows(result);
    }
    PQclear(result);
    return rc;
}

/* --- rows --- */

/* What `state` of rows points to. */
struct pg_rows {
    struct pl_list open; /* in conn->open_rows */
    PGresult *result;
};

static const PGresult *result_of(const struct pl_sql_rows *rows)
{
    return ((const struct pg_rows *)rows->state)->result;
}

static void free_rows(struct pg_rows *open)
{
    pl_list_remove(&open->open);
    PQclear(open->result);
    pl_free(open);
}

static int query(struct pl_sql_rows *rows, struct pl_sql *sql, const char *text,
                 const struct pl_sql_value *values, size_t count, struct pl_error *err)
{
    struct pl_pg_conn *conn = (struct pl_pg_conn *)sql;
    PGresult *result = NULL;
    int rc = send(conn, text, values, count, err);
    if (rc == 0) {
        rc = pl_pg_drain(conn, &result, err);
    }
    if (rc < 0) {
        return rc;
    }
    struct pg_rows *open = pl_alloc(sizeof(*open));
    open->result = result;
    pl_list_push_back(&conn->open_rows, &open->open);
    rows->state = open;
    rows->at = -1;
    return 0;
}

static int next(struct pl_sql_rows *rows, struct pl_error *err)
{
    (void)err;
    rows->at++;
    return rows->at < PQntuples(result_of(rows)) ? 1 : 0;
}

static void end(struct pl_sql_rows *rows)
{
    free_rows(rows->state);
}

void pl_pg_end_all(struct pl_pg_conn *conn)
{
    while (!pl_list_is_empty(&conn->open_rows)) {
        free_rows(PL_CONTAINER_OF(conn->open_rows.next, struct pg_rows, open));
    }
}

static bool is_null(const struct pl_sql_rows *rows, int column)
{
    return PQgetisnull(result_of(rows), (int)rows->at, column) != 0;
}

static struct pl_str get_bytes(const struct pl_sql_rows *rows, int column)
{
    int length = PQgetlength(result_of(rows), (int)rows->at, column);
    return pl_str_make(PQgetvalue(result_of(rows), (int)rows->at, column), (size_t)length);
}

/* Integers come big-endian, as wide as their type. */
static int64_t get_int(const struct pl_sql_rows *rows, int column)
{
    struct pl_str bytes = get_bytes(rows, column);
    Oid type = PQftype(result_of(rows), column);
    PL_ASSERT(type == TYPE_INT8 || type == TYPE_INT4 || type == TYPE_INT2 || type == TYPE_BOOL);
    uint64_t value = bytes.len > 0 && (bytes.ptr[0] & 0x80) != 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes.len; i++) {
        value = value << 8 | (uint8_t)bytes.ptr[i];
    }
    return (int64_t)value;
}

static int script(struct pl_sql *sql, const char *text, struct pl_error *err)
{
    return pl_pg_script(PL_CONTAINER_OF(sql, struct pl_pg_conn, sql), text, err);
}

const struct pl_sql_impl pl_pg_sql_impl = {
    .run = run,
    .query = query,
    .next = next,
    .end = end,
    .is_null = is_null,
    .get_int = get_int,
    .get_bytes = get_bytes,
    .script = script,
};
