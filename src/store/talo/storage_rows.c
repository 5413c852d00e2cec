/* Storage props, read row by row; their aliases then all at once. */
#include "store/talo/storage_rows.h"

#include "store/talo/load.h"
#include "store/talo/rows.h"

int pl_talo_add_storage(struct pl_talo_storage_rows *list, const struct pl_talo_storage_prop *prop,
                        int64_t created_by, int64_t updated_by, struct pl_arena *arena,
                        struct pl_error *err)
{
    struct pair {
        int64_t ids[2];
    } *pairs = (struct pair *)list->alias_ids;
    int rc = PL_TALO_GROW(&list->items, list->count, arena, err);
    rc = rc < 0 ? rc : PL_TALO_GROW(&pairs, list->count, arena, err);
    if (rc < 0) {
        return rc;
    }
    list->alias_ids = pairs->ids;
    pairs[list->count] = (struct pair){{created_by, updated_by}};
    list->items[list->count++] = *prop;
    return 0;
}

int pl_talo_read_storage(struct pl_talo_storage_rows *list, struct pl_sql_rows *rows,
                         struct pl_arena *arena, struct pl_error *err)
{
    int rc = 0;
    while (rc == 0) {
        struct pl_talo_storage_prop prop = {0};
        rc = pl_sql_next(rows, err);
        if (rc <= 0) {
            break;
        }
        prop.created_ms = pl_sql_get_int(rows, 4);
        prop.updated_ms = pl_sql_get_int(rows, 5);
        rc = pl_sql_copy(&prop.key, rows, 0, arena, err);
        rc = rc < 0 ? rc : pl_sql_copy(&prop.value, rows, 1, arena, err);
        rc = rc < 0 ? rc
                    : pl_talo_add_storage(list, &prop, pl_sql_get_int(rows, 2),
                                          pl_sql_get_int(rows, 3), arena, err);
    }
    pl_sql_end(rows);
    return rc;
}

int pl_talo_load_storage(struct pl_talo_storage_rows *list, struct pl_sql *sql, int64_t channel_id,
                         struct pl_str key, struct pl_arena *arena, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, err,
                          "SELECT " PL_TALO_STORAGE_COLUMNS
                          " FROM talo_storage WHERE channel_id = $1 AND key = $2 ORDER BY position",
                          pl_sql_int(channel_id), pl_sql_text(key));
    return rc < 0 ? rc : pl_talo_read_storage(list, &rows, arena, err);
}

int pl_talo_name_storage(struct pl_talo_storage_rows *list, struct pl_sql *sql,
                         struct pl_arena *arena, struct pl_error *err)
{
    struct pl_talo_alias **aliases = NULL;
    int rc = 0;
    if (list->count == 0) {
        return 0;
    }
    aliases = pl_arena_alloc(arena, 2 * list->count * sizeof(*aliases));
    if (aliases == NULL) {
        return pl_talo_no_room(err);
    }
    rc = pl_talo_load_aliases(aliases, sql, list->alias_ids, 2 * list->count, arena, err);
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        list->items[i].created_by = aliases[2 * i];
        list->items[i].updated_by = aliases[2 * i + 1];
        if (list->items[i].created_by == NULL || list->items[i].updated_by == NULL) {
            return pl_error_set(err, PL_E_IO, "a storage prop of nobody");
        }
    }
    return rc;
}
