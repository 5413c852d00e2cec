/* Groups: saved with their members, listed, shown, deleted. */
#include "store/talo/groups.h"

#include "store/talo/channel_load.h"
#include "store/talo/group_rules.h"
#include "store/talo/player_rows.h"
#include "store/talo/rows.h"

#define RULES_TEXT_MAX ((size_t)256 * 1024)
#define GROUP_COLUMNS                                                                              \
    "g.id, g.name, g.description, g.rules, g.is_any, g.has_visible_members, g.updated_ms"

/* The columns, without the count. */
static int read_group(struct pl_talo_group *group, const struct pl_sql_rows *rows, int64_t game_id,
                      struct pl_arena *arena, struct pl_error *err)
{
    int rc = pl_sql_get_uuid(&group->id, rows, 0, err);
    group->game_id = game_id;
    group->is_any = pl_sql_get_int(rows, 4) != 0;
    group->has_visible_members = pl_sql_get_int(rows, 5) != 0;
    group->updated_ms = pl_sql_get_int(rows, 6);
    rc = rc < 0 ? rc : pl_sql_copy(&group->name, rows, 1, arena, err);
    rc = rc < 0 ? rc : pl_sql_copy(&group->description, rows, 2, arena, err);
    return rc < 0 ? rc : pl_talo_rules_read(group, pl_sql_get_bytes(rows, 3), arena, err);
}

/* --- group.save --- */

static int add_members(struct pl_talo_group *group, const struct pl_talo_player *players,
                       size_t count, struct pl_sql *sql, struct pl_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (pl_talo_group_matches(group, &players[i])) {
            group->count++;
            rc = PL_SQL_RUN(sql, err,
                            "INSERT INTO talo_group_members (group_id, player_id) VALUES ($1, $2)",
                            pl_sql_uuid(&group->id), pl_sql_uuid(&players[i].id));
        }
    }
    return rc;
}

/* The next players of the game, in an arena of their own: there is no bound to how many there are.
 * *after is the last one. */
static int add_some_members(struct pl_talo_group *group, struct pl_talo_player *after,
                            size_t *count, struct pl_sql *sql, struct pl_store_op *op)
{
    struct pl_talo_player *players = NULL;
    struct pl_sql_rows rows;
    struct pl_arena arena;
    int rc = PL_SQL_QUERY(&rows, sql, &op->error,
                          "SELECT id FROM talo_players WHERE game_id = $1"
                          " AND (created_ms, id) > ($2, $3) ORDER BY created_ms, id LIMIT 64",
                          pl_sql_int(group->game_id), pl_sql_int(after->created_ms),
                          pl_sql_uuid(&after->id));
    if (rc < 0) {
        return rc;
    }
    pl_arena_init(&arena, op->arena.limit_bytes);
    rc = pl_talo_read_players(&players, count, &rows, PL_TALO_LOAD_PLAYERS, &arena, &op->error);
    if (rc == 0 && *count > 0) {
        rc = add_members(group, players, *count, sql, &op->error);
        *after = players[*count - 1];
    }
    pl_arena_fini(&arena);
    return rc;
}

static int recompute_members(struct pl_talo_group *group, struct pl_sql *sql,
                             struct pl_store_op *op)
{
    struct pl_talo_player after = {.created_ms = INT64_MIN};
    size_t count = 0;
    int rc = PL_SQL_RUN(sql, &op->error, "DELETE FROM talo_group_members WHERE group_id = $1",
                        pl_sql_uuid(&group->id));
    group->count = 0;
    do {
        rc = rc < 0 ? rc : add_some_members(group, &after, &count, sql, op);
    } while (rc == 0 && count > 0);
    return rc;
}

/* What is there of this id, and of the game. */
static int check(struct pl_talo_op_group_save *self, struct pl_sql *sql)
{
    struct pl_store_op *op = &self->op;
    struct pl_sql_rows rows;
    int64_t game_id = 0;
    int rc = pl_talo_has_game(sql, self->group.game_id, &op->error);
    if (rc <= 0) {
        return rc < 0 ? rc : pl_store_refuse(op, PL_TALO_GROUP_NO_GAME);
    }
    rc = PL_SQL_QUERY(&rows, sql, &op->error, "SELECT game_id FROM talo_groups WHERE id = $1",
                      pl_sql_uuid(&self->group.id));
    rc = rc < 0 ? rc : pl_talo_read_number(&game_id, &rows, &op->error);
    if (rc < 0) {
        return rc;
    }
    if (self->is_new) {
        return game_id == 0 ? 0 : pl_store_refuse(op, PL_TALO_GROUP_EXISTS);
    }
    return game_id == self->group.game_id ? 0 : pl_store_refuse(op, PL_TALO_GROUP_NOT_FOUND);
}

static int write_group(const struct pl_talo_group *group, struct pl_sql *sql, struct pl_error *err)
{
    struct pl_json_writer json;
    struct pl_buf rules;
    int rc = 0;
    pl_buf_init(&rules, RULES_TEXT_MAX);
    pl_json_writer_init(&json, &rules);
    pl_talo_rules_write(&json, group);
    if (pl_buf_failed(&rules)) {
        rc = pl_error_set(err, PL_E_INVALID, "the rules are too long");
    } else {
        rc = PL_SQL_RUN(
            sql, err,
            "INSERT INTO talo_groups (id, game_id, name, description, rules, is_any,"
            " has_visible_members, updated_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
            " description = excluded.description, rules = excluded.rules,"
            " is_any = excluded.is_any, has_visible_members = excluded.has_visible_members,"
            " updated_ms = excluded.updated_ms",
            pl_sql_uuid(&group->id), pl_sql_int(group->game_id), pl_sql_text(group->name),
            pl_sql_text(group->description), pl_sql_text(pl_buf_str(&rules)),
            pl_sql_int(group->is_any), pl_sql_int(group->has_visible_members),
            pl_sql_int(group->updated_ms));
    }
    pl_buf_fini(&rules);
    return rc;
}

static int run_save(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_group_save *self = (struct pl_talo_op_group_save *)op;
    int rc = check(self, sql);
    rc = rc != 0 ? rc : write_group(&self->group, sql, &op->error);
    return rc != 0 ? rc : recompute_members(&self->group, sql, op);
}

const struct pl_store_op_type pl_talo_op_group_save_type = {
    .name = "group.save",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_group_save),
    .run = run_save,
};

/* --- group.delete --- */

static int run_delete(struct pl_store_op *op, struct pl_sql *sql)
{
    const struct pl_talo_op_group_delete *self = (struct pl_talo_op_group_delete *)op;
    const struct pl_sql_value values[] = {pl_sql_uuid(&self->group_id), pl_sql_int(self->game_id)};
    int64_t changed = 0;
    int rc = pl_sql_run(sql, "DELETE FROM talo_groups WHERE id = $1 AND game_id = $2", values,
                        PL_ARRAY_LEN(values), &changed, &op->error);
    if (rc < 0 || changed == 0) {
        return rc < 0 ? rc : pl_store_refuse(op, PL_TALO_GROUP_NOT_FOUND);
    }
    return PL_SQL_RUN(sql, &op->error, "DELETE FROM talo_group_members WHERE group_id = $1",
                      pl_sql_uuid(&self->group_id));
}

const struct pl_store_op_type pl_talo_op_group_delete_type = {
    .name = "group.delete",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_group_delete),
    .run = run_delete,
};

/* --- group.list --- */

static int run_list(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_group_list *self = (struct pl_talo_op_group_list *)op;
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, &op->error,
                          "SELECT " GROUP_COLUMNS
                          ", (SELECT COUNT(*) FROM talo_group_members m WHERE m.group_id = g.id)"
                          " FROM talo_groups g WHERE g.game_id = $1 ORDER BY g.name, g.id",
                          pl_sql_int(self->game_id));
    self->groups = NULL;
    self->group_count = 0;
    while (rc == 0) {
        struct pl_talo_group *group = NULL;
        rc = pl_sql_next(&rows, &op->error);
        if (rc <= 0) {
            break;
        }
        rc = PL_TALO_GROW(&self->groups, self->group_count, &op->arena, &op->error);
        if (rc == 0) {
            group = &self->groups[self->group_count++];
            group->count = pl_sql_get_int(&rows, 7);
            rc = read_group(group, &rows, self->game_id, &op->arena, &op->error);
        }
    }
    pl_sql_end(&rows);
    return rc;
}

const struct pl_store_op_type pl_talo_op_group_list_type = {
    .name = "group.list",
    .size = sizeof(struct pl_talo_op_group_list),
    .run = run_list,
};

/* --- group.get --- */

static int load_group(struct pl_talo_op_group_get *self, struct pl_sql *sql)
{
    struct pl_store_op *op = &self->op;
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, &op->error,
                          "SELECT " GROUP_COLUMNS
                          " FROM talo_groups g WHERE g.id = $1 AND g.game_id = $2",
                          pl_sql_uuid(&self->group_id), pl_sql_int(self->game_id));
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_next(&rows, &op->error);
    if (rc == 0) {
        rc = pl_store_refuse(op, PL_TALO_GROUP_NOT_FOUND);
    } else if (rc > 0) {
        rc = read_group(&self->group, &rows, self->game_id, &op->arena, &op->error);
    }
    pl_sql_end(&rows);
    return rc;
}

#define MEMBERS                                                                                    \
    " FROM talo_group_members m JOIN talo_players p ON p.id = m.player_id"                         \
    " WHERE m.group_id = $1 AND ($2 = 1 OR p.is_dev_build = 0)"

_Static_assert(PL_TALO_PAGE_ITEMS == 50, "as the query says");

static int load_members(struct pl_talo_op_group_get *self, struct pl_sql *sql)
{
    struct pl_store_op *op = &self->op;
    int64_t offset = pl_talo_page_offset(self->page);
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, &op->error,
                          "SELECT m.player_id" MEMBERS " ORDER BY m.player_id LIMIT 50 OFFSET $3",
                          pl_sql_uuid(&self->group_id), pl_sql_int(self->includes_dev),
                          pl_sql_int(offset));
    if (rc == 0) {
        rc = pl_talo_read_players(&self->members, &self->member_count, &rows, PL_TALO_LOAD_PLAYERS,
                                  &op->arena, &op->error);
    }
    return rc;
}

static int run_get(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_group_get *self = (struct pl_talo_op_group_get *)op;
    struct pl_sql_rows rows;
    int rc = 0;
    self->group = (struct pl_talo_group){0};
    self->members = NULL;
    self->member_count = 0;
    self->total = 0;
    rc = load_group(self, sql);
    if (rc != 0) {
        return rc;
    }
    rc = PL_SQL_QUERY(&rows, sql, &op->error, "SELECT COUNT(*)" MEMBERS,
                      pl_sql_uuid(&self->group_id), pl_sql_int(self->includes_dev));
    rc = rc < 0 ? rc : pl_talo_read_number(&self->group.count, &rows, &op->error);
    if (rc < 0 || !self->group.has_visible_members) {
        return rc;
    }
    self->total = self->group.count;
    return load_members(self, sql);
}

const struct pl_store_op_type pl_talo_op_group_get_type = {
    .name = "group.get",
    .size = sizeof(struct pl_talo_op_group_get),
    .run = run_get,
};
