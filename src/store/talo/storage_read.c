/* Reading the storage of channels (spec talo, 3.12). */
#include "store/talo/storage.h"

#include "codec/json_write.h"
#include "store/talo/channel_load.h"
#include "store/talo/rows.h"
#include "store/talo/storage_rows.h"

/* --- get --- */

/* ["a","b"]: all values, as text. */
static int join_values(struct pl_str *out, const struct pl_talo_storage_rows *list,
                       struct pl_store_op *op)
{
    struct pl_json_writer writer;
    struct pl_buf text;
    int rc = 0;
    pl_buf_init(&text, op->arena.limit_bytes);
    pl_json_writer_init(&writer, &text);
    pl_json_array_begin(&writer);
    for (size_t i = 0; i < list->count; i++) {
        pl_json_put_string(&writer, list->items[i].value);
    }
    pl_json_array_end(&writer);
    if (pl_buf_failed(&text) || !pl_arena_copy(out, &op->arena, pl_buf_str(&text))) {
        rc = pl_talo_no_room(&op->error);
    }
    pl_buf_fini(&text);
    return rc;
}

static int run_get(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_storage_get *get = (struct pl_talo_op_storage_get *)op;
    struct pl_talo_storage_rows list = {0};
    int rc = pl_talo_enter_as_member(op, sql, &get->actor, get->channel_id);
    get->prop = NULL;
    if (rc == 0) {
        rc = pl_talo_load_storage(&list, sql, get->channel_id, get->key, &op->arena, &op->error);
    }
    if (rc != 0 || list.count == 0) {
        return rc;
    }
    if (pl_talo_prop_is_array(get->key)) {
        rc = join_values(&list.items[0].value, &list, op);
    }
    list.count = 1;
    rc = rc < 0 ? rc : pl_talo_name_storage(&list, sql, &op->arena, &op->error);
    get->prop = list.items;
    return rc;
}

const struct pl_store_op_type pl_talo_op_storage_get_type = {
    .name = "storage.get",
    .size = sizeof(struct pl_talo_op_storage_get),
    .run = run_get,
};

/* --- list --- */

static bool is_first(const struct pl_talo_op_storage_list *list, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (pl_str_eq(list->keys[i], list->keys[at])) {
            return false;
        }
    }
    return true;
}

static int read_keys(struct pl_talo_storage_rows *out, struct pl_talo_op_storage_list *list,
                     struct pl_sql *sql)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < list->key_count; i++) {
        if (is_first(list, i)) {
            rc = pl_talo_load_storage(out, sql, list->channel_id, list->keys[i], &list->op.arena,
                                      &list->op.error);
        }
    }
    return rc;
}

static int read_all(struct pl_talo_storage_rows *out, struct pl_talo_op_storage_list *list,
                    struct pl_sql *sql)
{
    struct pl_store_op *op = &list->op;
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, &op->error,
                          "SELECT " PL_TALO_STORAGE_COLUMNS
                          " FROM talo_storage WHERE channel_id = $1 ORDER BY key, position",
                          pl_sql_int(list->channel_id));
    return rc < 0 ? rc : pl_talo_read_storage(out, &rows, &op->arena, &op->error);
}

static int run_list(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_storage_list *list = (struct pl_talo_op_storage_list *)op;
    struct pl_talo_storage_rows found = {0};
    int rc = pl_talo_enter_as_member(op, sql, &list->actor, list->channel_id);
    if (rc == 0) {
        rc = list->is_all ? read_all(&found, list, sql) : read_keys(&found, list, sql);
    }
    if (rc == 0) {
        rc = pl_talo_name_storage(&found, sql, &op->arena, &op->error);
    }
    list->props = (struct pl_talo_storage_props){found.items, found.count};
    return rc;
}

const struct pl_store_op_type pl_talo_op_storage_list_type = {
    .name = "storage.list",
    .size = sizeof(struct pl_talo_op_storage_list),
    .run = run_list,
};
