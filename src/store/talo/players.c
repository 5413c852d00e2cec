/* Players and aliases: found, listed, changed, deleted. */
#include "store/talo/players.h"

#include "store/talo/channel_change.h"
#include "store/talo/channel_load.h"
#include "store/talo/erase.h"
#include "store/talo/load.h"
#include "store/talo/player_rows.h"
#include "store/talo/rows.h"
#include "store/talo/save.h"

/* The player, with aliases; refused when the game has none of this id. */
static int find(struct pl_talo_player **out, struct pl_store_op *op, struct pl_sql *sql,
                int64_t game_id, const struct pl_uuid *id)
{
    int rc = pl_talo_load_player(out, sql, game_id, id, &op->arena, &op->error);
    return rc < 0 || *out != NULL ? rc : pl_store_refuse(op, PL_TALO_PLAYER_NOT_FOUND);
}

static int run_find(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_player_find *self = (struct pl_talo_op_player_find *)op;
    return find(&self->player, op, sql, self->game_id, &self->player_id);
}

const struct pl_store_op_type pl_talo_op_player_find_type = {
    .name = "player.find",
    .size = sizeof(struct pl_talo_op_player_find),
    .run = run_find,
};

static int run_alias_find(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_alias_find *self = (struct pl_talo_op_alias_find *)op;
    int rc = pl_talo_load_alias(&self->alias, sql, self->game_id, self->alias_id, &op->arena,
                                &op->error);
    return rc < 0 || self->alias != NULL ? rc : pl_store_refuse(op, PL_TALO_PLAYER_NOT_FOUND);
}

const struct pl_store_op_type pl_talo_op_alias_find_type = {
    .name = "alias.find",
    .size = sizeof(struct pl_talo_op_alias_find),
    .run = run_alias_find,
};

/* --- lists --- */

int pl_talo_read_players(struct pl_talo_player **players, size_t *count, struct pl_sql_rows *rows,
                         enum pl_talo_load_what what, struct pl_arena *arena, struct pl_error *err)
{
    struct pl_sql *sql = rows->sql;
    int rc = 0;
    *players = NULL;
    *count = 0;
    while (rc == 0) {
        rc = pl_sql_next(rows, err);
        if (rc <= 0) {
            break;
        }
        rc = PL_TALO_GROW(players, *count, arena, err);
        rc = rc < 0 ? rc : pl_sql_get_uuid(&(*players)[(*count)++].id, rows, 0, err);
    }
    pl_sql_end(rows);
    return rc < 0 ? rc : pl_talo_load_players(*players, *count, sql, what, arena, err);
}

static int run_list(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_player_list *self = (struct pl_talo_op_player_list *)op;
    struct pl_sql_rows rows;
    int rc =
        PL_SQL_QUERY(&rows, sql, &op->error, "SELECT COUNT(*) FROM talo_players WHERE game_id = $1",
                     pl_sql_int(self->game_id));
    rc = rc < 0 ? rc : pl_talo_read_number(&self->total, &rows, &op->error);
    if (rc < 0) {
        return rc;
    }
    rc = PL_SQL_QUERY(
        &rows, sql, &op->error,
        "SELECT id FROM talo_players WHERE game_id = $1"
        " ORDER BY created_ms, id LIMIT $2 OFFSET $3",
        pl_sql_int(self->game_id), pl_sql_int(self->page_items),
        pl_sql_int(self->page < INT32_MAX ? self->page * self->page_items : INT64_MAX));
    return rc < 0 ? rc
                  : pl_talo_read_players(&self->players, &self->player_count, &rows,
                                         PL_TALO_LOAD_PLAYERS_AND_ALIASES, &op->arena, &op->error);
}

const struct pl_store_op_type pl_talo_op_player_list_type = {
    .name = "player.list",
    .size = sizeof(struct pl_talo_op_player_list),
    .run = run_list,
};

/* --- changes --- */

/* Other props, and what follows: the places in groups, and the names that are shown. */
static int change_props(struct pl_talo_player **player, struct pl_store_op *op, struct pl_sql *sql,
                        const struct pl_talo_props *props)
{
    struct pl_uuid id = (*player)->id;
    int64_t game_id = (*player)->game_id;
    int rc = pl_talo_set_player_props(*player, sql, props, &op->error);
    rc = rc < 0 ? rc : pl_talo_regroup(*player, sql, &op->arena, &op->error);
    return rc < 0 ? rc : find(player, op, sql, game_id, &id);
}

static int run_patch(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_player_patch *self = (struct pl_talo_op_player_patch *)op;
    const struct pl_talo_prop_rules rules = {.value_max = PL_TALO_PROP_VALUE_MAX,
                                             .reserved = self->reserved,
                                             .profanity = self->profanity};
    struct pl_talo_merged_props merged = {0};
    int rc = find(&self->player, op, sql, self->game_id, &self->player_id);
    self->rejected = (struct pl_talo_rejected_props){0};
    if (rc != 0 || self->changes.count == 0) {
        return rc;
    }
    rc = pl_talo_props_merge(&merged, &self->player->props, &self->changes, &rules, &op->arena,
                             &op->error);
    self->rejected = merged.rejected;
    if (rc == PL_E_TOO_BIG) {
        return pl_store_refuse(op, PL_TALO_PLAYER_TOO_MANY_PROPS);
    }
    if (rc == 0 && self->reserved == PL_TALO_RESERVED_REFUSED && merged.rejected.count > 0) {
        return pl_store_refuse(op, PL_TALO_PLAYER_PROPS_REJECTED);
    }
    return rc < 0 ? rc : change_props(&self->player, op, sql, &merged.props);
}

const struct pl_store_op_type pl_talo_op_player_patch_type = {
    .name = "player.patch",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_player_patch),
    .run = run_patch,
};

static int run_set_dev(struct pl_store_op *op, struct pl_sql *sql)
{
    static const struct pl_talo_prop_rules rules = {.value_max = PL_TALO_PROP_VALUE_MAX};
    struct pl_talo_op_player_set_dev *self = (struct pl_talo_op_player_set_dev *)op;
    struct pl_talo_prop_change mark = {
        .key = PL_STR("META_DEV_BUILD"), .value = PL_STR("1"), .is_null = !self->is_dev_build};
    const struct pl_talo_prop_changes changes = {&mark, 1};
    struct pl_talo_merged_props merged = {0};
    int rc = find(&self->player, op, sql, self->game_id, &self->player_id);
    if (rc != 0) {
        return rc;
    }
    rc = PL_SQL_RUN(sql, &op->error, "UPDATE talo_players SET is_dev_build = $1 WHERE id = $2",
                    pl_sql_int(self->is_dev_build), pl_sql_uuid(&self->player_id));
    rc = rc < 0 ? rc
                : pl_talo_mark_memberships(sql, &self->player_id, self->is_dev_build, &op->error);
    if (rc == 0) {
        rc = pl_talo_props_merge(&merged, &self->player->props, &changes, &rules, &op->arena,
                                 &op->error);
    }
    if (rc == PL_E_TOO_BIG) {
        return pl_store_refuse(op, PL_TALO_PLAYER_TOO_MANY_PROPS);
    }
    return rc < 0 ? rc : change_props(&self->player, op, sql, &merged.props);
}

const struct pl_store_op_type pl_talo_op_player_set_dev_type = {
    .name = "player.set_dev",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_player_set_dev),
    .run = run_set_dev,
};

static int run_delete(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_player_delete *self = (struct pl_talo_op_player_delete *)op;
    int rc = find(&self->player, op, sql, self->game_id, &self->player_id);
    return rc != 0 ? rc : pl_talo_erase_player(sql, &self->player_id, &op->error);
}

const struct pl_store_op_type pl_talo_op_player_delete_type = {
    .name = "player.delete",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_player_delete),
    .run = run_delete,
};
