/* Operations that end a login: the alias goes over to another service, or is deleted. */
#include "store/talo/auth_load.h"
#include "store/talo/erase.h"
#include "store/talo/load.h"
#include "store/talo/rows.h"

static int erase_login(struct pl_sql *sql, const struct pl_uuid *player_id, struct pl_error *err)
{
    return PL_SQL_RUN(sql, err, "DELETE FROM talo_auths WHERE player_id = $1",
                      pl_sql_uuid(player_id));
}

/* --- auth.migrate --- */

static int move_alias(struct pl_talo_op_auth_migrate *op, struct pl_sql *sql)
{
    int64_t there = 0;
    int rc =
        pl_talo_find_alias(&there, sql, op->game_id, op->service, op->identifier, &op->op.error);
    if (there != 0) {
        return pl_store_refuse(&op->op, PL_TALO_AUTH_IDENTIFIER_TAKEN);
    }
    return rc < 0 ? rc
                  : PL_SQL_RUN(sql, &op->op.error,
                               "UPDATE talo_aliases SET service = $1, identifier = $2,"
                               " updated_ms = $3 WHERE id = $4",
                               pl_sql_text(op->service), pl_sql_text(op->identifier),
                               pl_sql_int(op->now_ms), pl_sql_int(op->alias_id));
}

static int run_migrate(struct pl_store_op *base, struct pl_sql *sql)
{
    struct pl_talo_op_auth_migrate *op = (struct pl_talo_op_auth_migrate *)base;
    struct pl_talo_auth_record record;
    op->alias = NULL;
    int rc = pl_talo_auth_load_unchanged(&record, base, sql, op->game_id, op->alias_id,
                                         op->password_hash);
    rc = rc != 0 ? rc : move_alias(op, sql);
    rc = rc != 0 ? rc : erase_login(sql, &record.player_id, &base->error);
    return rc != 0 ? rc
                   : pl_talo_load_alias(&op->alias, sql, op->game_id, op->alias_id, &base->arena,
                                        &base->error);
}

const struct pl_store_op_type pl_talo_op_auth_migrate_type = {
    .name = "auth.migrate",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_auth_migrate),
    .run = run_migrate};

/* --- auth.delete --- */

/* The ids that one query has, all of which concern the alias. `text` is a literal. */
static int read_ids(int64_t **ids, size_t *count, struct pl_talo_op_auth_delete *op,
                    struct pl_sql *sql, const char *text)
{
    struct pl_sql_rows rows;
    const struct pl_sql_value alias_id = pl_sql_int(op->alias_id);
    *ids = NULL;
    *count = 0;
    int rc = pl_sql_query(&rows, sql, text, &alias_id, 1, &op->op.error);
    return rc < 0 ? rc : pl_talo_read_ids(ids, count, &rows, &op->op.arena, &op->op.error);
}

/* What the alias takes part in. */
static int read_places(struct pl_talo_op_auth_delete *op, struct pl_sql *sql)
{
    int rc = read_ids(&op->channels, &op->channel_count, op, sql,
                      "SELECT channel_id FROM talo_members WHERE alias_id = $1"
                      " ORDER BY channel_id");
    if (rc == 0) {
        rc = read_ids(&op->owned, &op->owned_count, op, sql,
                      "SELECT id FROM talo_channels WHERE owner_alias_id = $1 ORDER BY id");
    }
    if (rc == 0) {
        rc = read_ids(&op->targets, &op->target_count, op, sql,
                      "SELECT target_alias_id FROM talo_subscriptions"
                      " WHERE subscriber_alias_id = $1 AND is_confirmed = 1"
                      " ORDER BY target_alias_id");
    }
    if (rc == 0) {
        rc = read_ids(&op->subscribers, &op->subscriber_count, op, sql,
                      "SELECT subscriber_alias_id FROM talo_subscriptions"
                      " WHERE target_alias_id = $1 AND is_confirmed = 1"
                      " ORDER BY subscriber_alias_id");
    }
    return rc;
}

static int run_delete(struct pl_store_op *base, struct pl_sql *sql)
{
    struct pl_talo_op_auth_delete *op = (struct pl_talo_op_auth_delete *)base;
    struct pl_talo_auth_record record;
    int rc = pl_talo_auth_load_unchanged(&record, base, sql, op->game_id, op->alias_id,
                                         op->password_hash);
    if (rc != 0) {
        return rc;
    }
    op->player_id = record.player_id;
    rc = read_places(op, sql);
    rc = rc < 0 ? rc : erase_login(sql, &record.player_id, &base->error);
    return rc < 0 ? rc : pl_talo_erase_alias(sql, op->alias_id, &base->error);
}

const struct pl_store_op_type pl_talo_op_auth_delete_type = {
    .name = "auth.delete",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_auth_delete),
    .run = run_delete};
