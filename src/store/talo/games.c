/* Operations on games and their live configurations. */
#include "store/talo/games.h"

#include "store/talo/props.h"
#include "store/talo/rows.h"

/* --- games --- */

/* After a commit in doubt the operation runs again: then it is there with this secret, whose seal no
 * other has. */
static int is_the_same(bool *is_same, struct pl_sql *sql, int64_t id, struct pl_str sealed_secret,
                       struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, err, "SELECT secret FROM talo_games WHERE id = $1",
                          pl_sql_int(id));
    rc = rc < 0 ? rc : pl_sql_next(&rows, err);
    *is_same = rc > 0 && pl_str_eq(pl_sql_get_bytes(&rows, 0), sealed_secret);
    pl_sql_end(&rows);
    return rc < 0 ? rc : 0;
}

static int run_game_create(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_game_create *self = (struct pl_talo_op_game_create *)op;
    const struct pl_talo_game *game = &self->game;
    const struct pl_sql_value values[] = {
        pl_sql_int(game->id),
        pl_sql_text(game->name),
        pl_sql_bytes(self->sealed_secret),
        pl_sql_int(game->verifies_requests),
        pl_sql_int(game->blocks_identifier_profanity),
        pl_sql_int(game->blocks_prop_profanity),
        pl_sql_text(game->display_name_key),
        pl_sql_int(game->created_ms),
    };
    int64_t changed = 0;
    bool is_same = false;
    int rc = pl_sql_run(sql,
                        "INSERT INTO talo_games (id, name, secret, verifies_requests,"
                        " blocks_identifier_profanity, blocks_prop_profanity, display_name_key,"
                        " created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                        " ON CONFLICT (id) DO NOTHING",
                        values, PL_ARRAY_LEN(values), &changed, &op->error);
    if (rc < 0 || changed > 0) {
        return rc;
    }
    rc = is_the_same(&is_same, sql, game->id, self->sealed_secret, &op->error);
    return rc < 0 || is_same ? rc : pl_store_refuse(op, PL_TALO_GAME_EXISTS);
}

const struct pl_store_op_type pl_talo_op_game_create_type = {
    .name = "game.create",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_game_create),
    .run = run_game_create,
};

static int read_game(bool *is_there, struct pl_talo_game *game, struct pl_sql *sql, int64_t id,
                     struct pl_arena *arena, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, err,
                          "SELECT name, verifies_requests, blocks_identifier_profanity,"
                          " blocks_prop_profanity, display_name_key, created_ms"
                          " FROM talo_games WHERE id = $1",
                          pl_sql_int(id));
    *game = (struct pl_talo_game){.id = id};
    rc = rc < 0 ? rc : pl_sql_next(&rows, err);
    *is_there = rc > 0;
    if (rc > 0) {
        game->verifies_requests = pl_sql_get_int(&rows, 1) != 0;
        game->blocks_identifier_profanity = pl_sql_get_int(&rows, 2) != 0;
        game->blocks_prop_profanity = pl_sql_get_int(&rows, 3) != 0;
        game->created_ms = pl_sql_get_int(&rows, 5);
        rc = pl_sql_copy(&game->name, &rows, 0, arena, err);
        rc = rc < 0 ? rc : pl_sql_copy(&game->display_name_key, &rows, 4, arena, err);
    }
    pl_sql_end(&rows);
    return rc;
}

static void take_given(struct pl_talo_game *game, unsigned given, const struct pl_talo_game *values)
{
    if ((given & PL_TALO_GAME_NAME) != 0) {
        game->name = values->name;
    }
    if ((given & PL_TALO_GAME_SECRET) != 0) {
        game->secret = values->secret;
    }
    if ((given & PL_TALO_GAME_VERIFIES_REQUESTS) != 0) {
        game->verifies_requests = values->verifies_requests;
    }
    if ((given & PL_TALO_GAME_BLOCKS_IDENTIFIER_PROFANITY) != 0) {
        game->blocks_identifier_profanity = values->blocks_identifier_profanity;
    }
    if ((given & PL_TALO_GAME_BLOCKS_PROP_PROFANITY) != 0) {
        game->blocks_prop_profanity = values->blocks_prop_profanity;
    }
    if ((given & PL_TALO_GAME_DISPLAY_NAME_KEY) != 0) {
        game->display_name_key = values->display_name_key;
    }
}

static int run_game_update(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_game_update *self = (struct pl_talo_op_game_update *)op;
    struct pl_talo_game *game = &self->game;
    bool is_there = false;
    int rc = read_game(&is_there, game, sql, self->game_id, &op->arena, &op->error);
    if (rc < 0 || !is_there) {
        return rc < 0 ? rc : pl_store_refuse(op, PL_TALO_GAME_NOT_FOUND);
    }
    take_given(game, self->given, &self->values);
    rc = PL_SQL_RUN(sql, &op->error,
                    "UPDATE talo_games SET name = $1, verifies_requests = $2,"
                    " blocks_identifier_profanity = $3, blocks_prop_profanity = $4,"
                    " display_name_key = $5 WHERE id = $6",
                    pl_sql_text(game->name), pl_sql_int(game->verifies_requests),
                    pl_sql_int(game->blocks_identifier_profanity),
                    pl_sql_int(game->blocks_prop_profanity), pl_sql_text(game->display_name_key),
                    pl_sql_int(game->id));
    if (rc == 0 && (self->given & PL_TALO_GAME_SECRET) != 0) {
        rc = PL_SQL_RUN(sql, &op->error, "UPDATE talo_games SET secret = $1 WHERE id = $2",
                        pl_sql_bytes(self->sealed_secret), pl_sql_int(game->id));
    }
    return rc;
}

const struct pl_store_op_type pl_talo_op_game_update_type = {
    .name = "game.update",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_game_update),
    .run = run_game_update,
};

/* --- live configurations --- */

static int read_config(struct pl_talo_props *out, struct pl_store_op *op, struct pl_sql *sql,
                       int64_t game_id)
{
    struct pl_sql_rows rows;
    int rc =
        PL_SQL_QUERY(&rows, sql, &op->error,
                     "SELECT key, value FROM talo_live_config WHERE game_id = $1 ORDER BY position",
                     pl_sql_int(game_id));
    return rc < 0 ? rc : pl_talo_read_props(out, &rows, &op->arena, &op->error);
}

static int write_config(struct pl_store_op *op, struct pl_sql *sql, int64_t game_id,
                        const struct pl_talo_props *config)
{
    int rc = PL_SQL_RUN(sql, &op->error, "DELETE FROM talo_live_config WHERE game_id = $1",
                        pl_sql_int(game_id));
    for (size_t i = 0; rc == 0 && i < config->count; i++) {
        rc = PL_SQL_RUN(sql, &op->error,
                        "INSERT INTO talo_live_config (game_id, position, key, value)"
                        " VALUES ($1, $2, $3, $4)",
                        pl_sql_int(game_id), pl_sql_int((int64_t)i),
                        pl_sql_text(config->items[i].key), pl_sql_text(config->items[i].value));
    }
    return rc;
}

static int run_config_update(struct pl_store_op *op, struct pl_sql *sql)
{
    static const struct pl_talo_prop_rules rules = {.value_max = PL_TALO_CONFIG_VALUE_MAX,
                                                    .reserved = PL_TALO_RESERVED_REFUSED};
    struct pl_talo_op_config_update *self = (struct pl_talo_op_config_update *)op;
    struct pl_talo_merged_props merged = {0};
    struct pl_talo_game game;
    bool is_there = false;
    int rc = read_game(&is_there, &game, sql, self->game_id, &op->arena, &op->error);
    self->config = (struct pl_talo_props){0};
    self->rejected = (struct pl_talo_rejected_props){0};
    if (rc < 0 || !is_there) {
        return rc < 0 ? rc : pl_store_refuse(op, PL_TALO_GAME_NOT_FOUND);
    }
    rc = read_config(&self->config, op, sql, self->game_id);
    if (rc < 0) {
        return rc;
    }
    rc =
        pl_talo_props_merge(&merged, &self->config, &self->changes, &rules, &op->arena, &op->error);
    self->rejected = merged.rejected;
    if (rc == PL_E_TOO_BIG) {
        return pl_store_refuse(op, PL_TALO_GAME_TOO_MANY_PROPS);
    }
    if (rc == 0 && merged.rejected.count > 0) {
        return pl_store_refuse(op, PL_TALO_GAME_PROPS_REJECTED);
    }
    self->config = merged.props;
    return rc < 0 ? rc : write_config(op, sql, self->game_id, &self->config);
}

const struct pl_store_op_type pl_talo_op_config_update_type = {
    .name = "config.update",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_config_update),
    .run = run_config_update,
};
