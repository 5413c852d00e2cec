/* Writing the storage of channels (the table of spec talo, 3.12): the change is grouped by key, and
 * each key is applied or has failed by itself. */
#include "store/talo/storage.h"

#include "store/talo/channel_change.h"
#include "store/talo/channel_load.h"
#include "store/talo/prop_groups.h"
#include "store/talo/rows.h"
#include "store/talo/storage_rows.h"

struct put {
    struct pl_store_op *op;
    struct pl_sql *sql;
    int64_t channel_id;
    int64_t alias_id; /* who acts */
    int64_t now_ms;
    struct pl_talo_storage_rows upserted;
    struct pl_talo_storage_rows deleted;
};

/* --- a scalar --- */

static int delete_scalar(struct put *put, struct pl_str key)
{
    struct pl_talo_storage_prop old = {.key = key, .updated_ms = put->now_ms};
    struct pl_sql_rows rows;
    int64_t created_by = 0;
    bool was_there = false;
    int rc = PL_SQL_QUERY(&rows, put->sql, &put->op->error,
                          "DELETE FROM talo_storage WHERE channel_id = $1 AND key = $2"
                          " RETURNING value, created_by, created_ms",
                          pl_sql_int(put->channel_id), pl_sql_text(key));
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_next(&rows, &put->op->error);
    if (rc > 0) {
        was_there = true;
        created_by = pl_sql_get_int(&rows, 1);
        old.created_ms = pl_sql_get_int(&rows, 2);
        rc = pl_sql_copy(&old.value, &rows, 0, &put->op->arena, &put->op->error);
    }
    pl_sql_end(&rows);
    if (rc < 0 || !was_there) {
        return rc;
    }
    return pl_talo_add_storage(&put->deleted, &old, created_by, put->alias_id, &put->op->arena,
                               &put->op->error);
}

static int upsert_scalar(struct put *put, struct pl_str key, struct pl_str value)
{
    struct pl_talo_storage_prop prop = {.key = key, .value = value, .updated_ms = put->now_ms};
    struct pl_sql_rows rows;
    int64_t created_by = 0;
    int rc = PL_SQL_QUERY(
        &rows, put->sql, &put->op->error,
        "INSERT INTO talo_storage (channel_id, key, position, value, created_by, updated_by,"
        " created_ms, updated_ms) VALUES ($1, $2, 0, $3, $4, $4, $5, $5)"
        " ON CONFLICT (channel_id, key, position) DO UPDATE SET value = excluded.value,"
        " updated_by = excluded.updated_by, updated_ms = excluded.updated_ms"
        " RETURNING created_by, created_ms",
        pl_sql_int(put->channel_id), pl_sql_text(key), pl_sql_text(value),
        pl_sql_int(put->alias_id), pl_sql_int(put->now_ms));
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_next(&rows, &put->op->error);
    if (rc > 0) {
        created_by = pl_sql_get_int(&rows, 0);
        prop.created_ms = pl_sql_get_int(&rows, 1);
    }
    pl_sql_end(&rows);
    if (rc < 0) {
        return rc;
    }
    return pl_talo_add_storage(&put->upserted, &prop, created_by, put->alias_id, &put->op->arena,
                               &put->op->error);
}

/* --- an array --- */

/* What was there, in the order of creation, and is taken away, to be written again. */
static int take_array(struct pl_talo_storage_rows *out, struct put *put, struct pl_str key)
{
    int rc =
        pl_talo_load_storage(out, put->sql, put->channel_id, key, &put->op->arena, &put->op->error);
    if (rc < 0 || out->count == 0) {
        return rc;
    }
    return PL_SQL_RUN(put->sql, &put->op->error,
                      "DELETE FROM talo_storage WHERE channel_id = $1 AND key = $2",
                      pl_sql_int(put->channel_id), pl_sql_text(key));
}

static int write_value(struct put *put, const struct pl_talo_storage_prop *prop, int64_t created_by,
                       size_t position)
{
    int rc = PL_SQL_RUN(
        put->sql, &put->op->error,
        "INSERT INTO talo_storage (channel_id, key, position, value, created_by,"
        " updated_by, created_ms, updated_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        pl_sql_int(put->channel_id), pl_sql_text(prop->key), pl_sql_int((int64_t)position),
        pl_sql_text(prop->value), pl_sql_int(created_by), pl_sql_int(put->alias_id),
        pl_sql_int(prop->created_ms), pl_sql_int(put->now_ms));
    return rc < 0 ? rc
                  : pl_talo_add_storage(&put->upserted, prop, created_by, put->alias_id,
                                        &put->op->arena, &put->op->error);
}

static bool has_value(const struct pl_talo_prop_group *group, struct pl_str value)
{
    for (size_t i = 0; i < group->count; i++) {
        if (pl_talo_prop_group_is_value(group, i) &&
            pl_str_eq(group->entries[i].change->value, value)) {
            return true;
        }
    }
    return false;
}

static bool was_there(const struct pl_talo_storage_rows *old, struct pl_str value)
{
    for (size_t i = 0; i < old->count; i++) {
        if (pl_str_eq(old->items[i].value, value)) {
            return true;
        }
    }
    return false;
}

/* Old values that stay, in their order; what goes is told as deleted. */
static int keep_values(struct put *put, const struct pl_talo_prop_group *group,
                       const struct pl_talo_storage_rows *old, size_t *position)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < old->count; i++) {
        struct pl_talo_storage_prop prop = old->items[i];
        prop.updated_ms = put->now_ms;
        if (has_value(group, prop.value)) {
            rc = write_value(put, &prop, old->alias_ids[2 * i], (*position)++);
        } else {
            rc = pl_talo_add_storage(&put->deleted, &prop, old->alias_ids[2 * i], put->alias_id,
                                     &put->op->arena, &put->op->error);
        }
    }
    return rc;
}

static int put_array(struct put *put, const struct pl_talo_prop_group *group)
{
    struct pl_talo_storage_rows old = {0};
    size_t position = 0;
    int64_t created_by = put->alias_id;
    int rc = take_array(&old, put, group->key);
    if (rc == 0 && old.count > 0) {
        created_by = old.alias_ids[0]; /* the oldest entry's */
    }
    rc = rc < 0 ? rc : keep_values(put, group, &old, &position);
    for (size_t i = 0; rc == 0 && i < group->count; i++) {
        struct pl_talo_storage_prop prop = {.key = group->key,
                                            .value = group->entries[i].change->value,
                                            .created_ms = put->now_ms,
                                            .updated_ms = put->now_ms};
        if (pl_talo_prop_group_is_value(group, i) && !was_there(&old, prop.value)) {
            rc = write_value(put, &prop, created_by, position++);
        }
    }
    return rc;
}

/* --- the whole --- */

static int put_groups(struct put *put, const struct pl_talo_prop_groups *groups)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < groups->count; i++) {
        const struct pl_talo_prop_group *group = groups->in_order[i];
        if (group->is_rejected) {
            continue;
        }
        if (group->is_array) {
            rc = put_array(put, group);
        } else if (group->is_deleted) {
            rc = delete_scalar(put, group->key);
        } else {
            rc = upsert_scalar(put, group->key, group->entries[group->chosen].change->value);
        }
    }
    return rc;
}

static int check_total(const struct put *put)
{
    struct pl_sql_rows rows;
    int64_t total = 0;
    int rc = 0;
    if (put->upserted.count == 0) {
        return 0;
    }
    rc = PL_SQL_QUERY(&rows, put->sql, &put->op->error,
                      "SELECT COALESCE(SUM(length(key) + length(value) + 64), 0)"
                      " FROM talo_storage WHERE channel_id = $1",
                      pl_sql_int(put->channel_id));
    rc = rc < 0 ? rc : pl_talo_read_number(&total, &rows, &put->op->error);
    if (rc == 0 && total > PL_TALO_STORAGE_CHARS_MAX) {
        return pl_store_refuse(put->op, PL_TALO_CHANNEL_TOO_MANY_PROPS);
    }
    return rc;
}

static int change(struct pl_talo_op_storage_put *request, struct put *put)
{
    struct pl_store_op *op = put->op;
    const struct pl_talo_prop_rules rules = {
        .value_max = PL_TALO_PROP_VALUE_MAX,
        .reserved = PL_TALO_RESERVED_TAKEN,
        .profanity = request->profanity,
    };
    struct pl_talo_prop_groups groups;
    int rc = pl_talo_prop_groups_make(&groups, &request->changes, &rules, PL_TALO_LAST_COUNTS,
                                      &op->arena, &op->error);
    if (rc < 0) {
        return rc;
    }
    request->failed = groups.rejected;
    rc = put_groups(put, &groups);
    rc = rc < 0 ? rc : check_total(put);
    if (rc == 0) {
        rc = pl_talo_name_storage(&put->upserted, put->sql, &op->arena, &op->error);
    }
    if (rc == 0) {
        rc = pl_talo_name_storage(&put->deleted, put->sql, &op->arena, &op->error);
    }
    return rc;
}

static int run_put(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_storage_put *request = (struct pl_talo_op_storage_put *)op;
    struct put put = {.op = op,
                      .sql = sql,
                      .channel_id = request->channel_id,
                      .alias_id = request->actor.alias_id,
                      .now_ms = request->actor.now_ms};
    int rc = pl_talo_enter_as_member(op, sql, &request->actor, request->channel_id);
    PL_ASSERT(!request->actor.is_admin);
    if (rc == 0 && request->changes.count > PL_TALO_STORAGE_CHANGES_MAX) {
        return pl_store_refuse(op, PL_TALO_CHANNEL_TOO_MANY_PROPS);
    }
    if (rc == 0) {
        rc = pl_talo_need_channel(&request->channel, op, sql, request->actor.game_id,
                                  request->channel_id);
    }
    if (rc != 0) {
        return rc;
    }
    rc = change(request, &put);
    request->upserted = (struct pl_talo_storage_props){put.upserted.items, put.upserted.count};
    request->deleted = (struct pl_talo_storage_props){put.deleted.items, put.deleted.count};
    return rc;
}

const struct pl_store_op_type pl_talo_op_storage_put_type = {
    .name = "storage.put",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_storage_put),
    .run = run_put,
};
