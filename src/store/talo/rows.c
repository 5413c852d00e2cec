/* Lists that grow in an arena, and queries with a fixed number of parameters for any number of ids:
 * what is left over repeats the last one. */
#include "store/talo/rows.h"

#include "base/alloc.h"

int pl_talo_no_room(struct pl_error *err)
{
    return pl_error_set(err, PL_E_NOMEM, "the answer is too big");
}

int pl_talo_grow(void *items, size_t count, size_t item_size, struct pl_arena *arena,
                 struct pl_error *err)
{
    void *before = NULL; /* read and written as bytes: it is a pointer to something else */
    void *grown = NULL;
    if ((count & (count - 1)) != 0) { /* 0, 1, 2, 4 ... are full */
        return 0;
    }
    grown = pl_arena_alloc(arena, pl_size_max(count * 2, 1) * item_size);
    if (grown == NULL) {
        return pl_talo_no_room(err);
    }
    if (count > 0) {
        memcpy(&before, items, sizeof(before));
        memcpy(grown, before, count * item_size);
    }
    memcpy(items, &grown, sizeof(grown));
    return 0;
}

int pl_talo_lower(struct pl_str *out, struct pl_str text, struct pl_arena *arena,
                  struct pl_error *err)
{
    char *lower = pl_arena_alloc(arena, text.len);
    if (lower == NULL) {
        return pl_talo_no_room(err);
    }
    pl_str_lower(lower, text);
    *out = pl_str_make(lower, text.len);
    return 0;
}

int pl_talo_add_prop(struct pl_talo_props *props, const struct pl_sql_rows *rows, int first,
                     struct pl_arena *arena, struct pl_error *err)
{
    struct pl_talo_prop *prop = NULL;
    int rc = PL_TALO_GROW(&props->items, props->count, arena, err);
    if (rc < 0) {
        return rc;
    }
    prop = &props->items[props->count++];
    rc = pl_sql_copy(&prop->key, rows, first, arena, err);
    return rc < 0 ? rc : pl_sql_copy(&prop->value, rows, first + 1, arena, err);
}

int pl_talo_read_ids(int64_t **ids, size_t *count, struct pl_sql_rows *rows, struct pl_arena *arena,
                     struct pl_error *err)
{
    int rc = 0;
    *ids = NULL;
    *count = 0;
    while (rc == 0) {
        rc = pl_sql_next(rows, err);
        if (rc <= 0) {
            break;
        }
        rc = PL_TALO_GROW(ids, *count, arena, err);
        if (rc == 0) {
            (*ids)[(*count)++] = pl_sql_get_int(rows, 0);
        }
    }
    pl_sql_end(rows);
    return rc;
}

int pl_talo_read_props(struct pl_talo_props *out, struct pl_sql_rows *rows, struct pl_arena *arena,
                       struct pl_error *err)
{
    int rc = 0;
    *out = (struct pl_talo_props){0};
    while (rc == 0) {
        rc = pl_sql_next(rows, err);
        if (rc <= 0) {
            break;
        }
        rc = pl_talo_add_prop(out, rows, 0, arena, err);
    }
    pl_sql_end(rows);
    return rc;
}

int pl_talo_read_number(int64_t *out, struct pl_sql_rows *rows, struct pl_error *err)
{
    int rc = pl_sql_next(rows, err);
    *out = rc > 0 ? pl_sql_get_int(rows, 0) : 0;
    pl_sql_end(rows);
    return rc < 0 ? rc : 0;
}

int pl_talo_exists(struct pl_sql *sql, const char *text, const struct pl_sql_value *values,
                   size_t count, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = pl_sql_query(&rows, sql, text, values, count, err);
    rc = rc < 0 ? rc : pl_sql_next(&rows, err);
    pl_sql_end(&rows);
    return rc;
}

int pl_talo_has_game(struct pl_sql *sql, int64_t game_id, struct pl_error *err)
{
    return PL_TALO_EXISTS(sql, err, "SELECT 1 FROM talo_games WHERE id = $1", pl_sql_int(game_id));
}

int pl_talo_query_in(struct pl_sql_rows *rows, struct pl_sql *sql,
                     const struct pl_talo_in_text *text, const struct pl_sql_value *values,
                     size_t count, struct pl_error *err)
{
    struct pl_sql_value padded[PL_TALO_IN_MAX];
    PL_ASSERT(count >= 1 && count <= PL_TALO_IN_MAX);
    if (count == 1) {
        return pl_sql_query(rows, sql, text->one, values, 1, err);
    }
    for (size_t i = 0; i < PL_TALO_IN_MAX; i++) {
        padded[i] = values[pl_size_min(i, count - 1)];
    }
    return pl_sql_query(rows, sql, text->many, padded, PL_TALO_IN_MAX, err);
}
