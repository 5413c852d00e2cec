/* SQL on whatever backend: the calls of the interface, and what is read the same way on all. */
#include "store/sql.h"

int pl_sql_run(struct pl_sql *sql, const char *text, const struct pl_sql_value *values,
               size_t count, int64_t *changed, struct pl_error *err)
{
    return sql->impl->run(sql, text, values, count, changed, err);
}

int pl_sql_script(struct pl_sql *sql, const char *text_cstr, struct pl_error *err)
{
    return sql->impl->script(sql, text_cstr, err);
}

int pl_sql_query(struct pl_sql_rows *rows, struct pl_sql *sql, const char *text,
                 const struct pl_sql_value *values, size_t count, struct pl_error *err)
{
    *rows = (struct pl_sql_rows){.sql = sql};
    return sql->impl->query(rows, sql, text, values, count, err);
}

int pl_sql_next(struct pl_sql_rows *rows, struct pl_error *err)
{
    return rows->sql->impl->next(rows, err);
}

void pl_sql_end(struct pl_sql_rows *rows)
{
    if (rows->state != NULL) {
        rows->sql->impl->end(rows);
        rows->state = NULL;
    }
}

bool pl_sql_is_null(const struct pl_sql_rows *rows, int column)
{
    return rows->sql->impl->is_null(rows, column);
}

int64_t pl_sql_get_int(const struct pl_sql_rows *rows, int column)
{
    return rows->sql->impl->get_int(rows, column);
}

struct pl_str pl_sql_get_bytes(const struct pl_sql_rows *rows, int column)
{
    return rows->sql->impl->get_bytes(rows, column);
}

int pl_sql_copy(struct pl_str *out, const struct pl_sql_rows *rows, int column,
                struct pl_arena *arena, struct pl_error *err)
{
    if (!pl_arena_copy(out, arena, pl_sql_get_bytes(rows, column))) {
        return pl_error_set(err, PL_E_NOMEM, "the answer is too big");
    }
    return 0;
}

int pl_sql_get_uuid(struct pl_uuid *out, const struct pl_sql_rows *rows, int column,
                    struct pl_error *err)
{
    struct pl_str bytes = pl_sql_get_bytes(rows, column);
    if (bytes.len != sizeof(out->bytes)) {
        return pl_error_set(err, PL_E_IO, "column %d holds no UUID", column);
    }
    memcpy(out->bytes, bytes.ptr, sizeof(out->bytes));
    return 0;
}
