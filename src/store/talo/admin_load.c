/* Everything that an administrator owns, and the highest ids: one query per table. */
#include "store/store.h"
#include "store/talo/games.h"
#include "store/talo/rows.h"

/* Adds the row to its list. */
typedef int read_row(struct pl_talo_op_admin_load *self, const struct pl_sql_rows *rows);

static int read_game(struct pl_talo_op_admin_load *self, const struct pl_sql_rows *rows)
{
    struct pl_arena *arena = &self->op.arena;
    struct pl_error *err = &self->op.error;
    struct pl_talo_game *game = NULL;
    int rc = PL_TALO_GROW(&self->games, self->game_count, arena, err);
    if (rc < 0) {
        return rc;
    }
    game = &self->games[self->game_count++];
    game->id = pl_sql_get_int(rows, 0);
    game->verifies_requests = pl_sql_get_int(rows, 3) != 0;
    game->blocks_identifier_profanity = pl_sql_get_int(rows, 4) != 0;
    game->blocks_prop_profanity = pl_sql_get_int(rows, 5) != 0;
    game->created_ms = pl_sql_get_int(rows, 7);
    rc = pl_sql_copy(&game->name, rows, 1, arena, err);
    rc = rc < 0 ? rc : pl_sql_copy(&game->secret, rows, 2, arena, err);
    return rc < 0 ? rc : pl_sql_copy(&game->display_name_key, rows, 6, arena, err);
}

static int read_key(struct pl_talo_op_admin_load *self, const struct pl_sql_rows *rows)
{
    int rc = PL_TALO_GROW(&self->keys, self->key_count, &self->op.arena, &self->op.error);
    if (rc < 0) {
        return rc;
    }
    self->keys[self->key_count++] =
        (struct pl_talo_key){.id = pl_sql_get_int(rows, 0),
                             .game_id = pl_sql_get_int(rows, 1),
                             .scopes = (uint32_t)pl_sql_get_int(rows, 2),
                             .created_s = pl_sql_get_int(rows, 3),
                             .revoked_ms = pl_sql_get_int(rows, 4),
                             .last_used_ms = pl_sql_get_int(rows, 5)};
    return 0;
}

static int read_verification_key(struct pl_talo_op_admin_load *self, const struct pl_sql_rows *rows)
{
    struct pl_arena *arena = &self->op.arena;
    struct pl_error *err = &self->op.error;
    struct pl_talo_verification_key *key = NULL;
    int rc = PL_TALO_GROW(&self->verification_keys, self->verification_key_count, arena, err);
    if (rc < 0) {
        return rc;
    }
    key = &self->verification_keys[self->verification_key_count++];
    key->id = pl_sql_get_int(rows, 0);
    key->game_id = pl_sql_get_int(rows, 1);
    key->created_ms = pl_sql_get_int(rows, 4);
    rc = pl_sql_copy(&key->version, rows, 2, arena, err);
    return rc < 0 ? rc : pl_sql_copy(&key->value, rows, 3, arena, err);
}

/* By game and position. */
static int read_config(struct pl_talo_op_admin_load *self, const struct pl_sql_rows *rows)
{
    struct pl_talo_stored_config *config =
        self->config_count > 0 ? &self->configs[self->config_count - 1] : NULL;
    int64_t game_id = pl_sql_get_int(rows, 0);
    if (config == NULL || config->game_id != game_id) {
        int rc = PL_TALO_GROW(&self->configs, self->config_count, &self->op.arena, &self->op.error);
        if (rc < 0) {
            return rc;
        }
        config = &self->configs[self->config_count++];
        *config = (struct pl_talo_stored_config){.game_id = game_id};
    }
    return pl_talo_add_prop(&config->props, rows, 1, &self->op.arena, &self->op.error);
}

static int read_highest(struct pl_talo_op_admin_load *self, const struct pl_sql_rows *rows)
{
    int64_t kind = pl_sql_get_int(rows, 0);
    if (kind >= 0 && kind < PL_TALO_ID_COUNT && pl_sql_get_int(rows, 1) > self->highest_ids[kind]) {
        self->highest_ids[kind] = pl_sql_get_int(rows, 1);
    }
    return 0;
}

static const struct {
    const char *text;
    read_row *read;
} queries[] = {
    {"SELECT id, name, secret, verifies_requests, blocks_identifier_profanity,"
     " blocks_prop_profanity, display_name_key, created_ms FROM talo_games ORDER BY id",
     read_game},
    {"SELECT id, game_id, scopes, created_s, revoked_ms, last_used_ms FROM talo_keys ORDER BY id",
     read_key},
    {"SELECT id, game_id, version, value, created_ms FROM talo_verification_keys ORDER BY id",
     read_verification_key},
    {"SELECT game_id, key, value FROM talo_live_config ORDER BY game_id, position", read_config},
    /* The numbers are those of enum pl_talo_id. */
    {"SELECT kind, highest FROM talo_ids"
     " UNION ALL SELECT 0, (SELECT MAX(id) FROM talo_games)"
     " UNION ALL SELECT 1, (SELECT MAX(id) FROM talo_keys)"
     " UNION ALL SELECT 2, (SELECT MAX(id) FROM talo_verification_keys)"
     " UNION ALL SELECT 3, (SELECT MAX(id) FROM talo_aliases)"
     " UNION ALL SELECT 4, (SELECT MAX(id) FROM talo_channels)"
     " UNION ALL SELECT 5, (SELECT MAX(id) FROM talo_subscriptions)",
     read_highest},
};

static int run_query(struct pl_talo_op_admin_load *self, struct pl_sql *sql, size_t which)
{
    struct pl_sql_rows rows;
    int rc = pl_sql_query(&rows, sql, queries[which].text, NULL, 0, &self->op.error);
    while (rc == 0) {
        rc = pl_sql_next(&rows, &self->op.error);
        if (rc <= 0) {
            break;
        }
        rc = queries[which].read(self, &rows);
    }
    pl_sql_end(&rows);
    return rc;
}

static int run_admin_load(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_admin_load *self = (struct pl_talo_op_admin_load *)op;
    int rc = 0;
    _Static_assert(PL_TALO_ID_GAME == 0 && PL_TALO_ID_KEY == 1 &&
                       PL_TALO_ID_VERIFICATION_KEY == 2 && PL_TALO_ID_ALIAS == 3 &&
                       PL_TALO_ID_CHANNEL == 4 && PL_TALO_ID_SUBSCRIPTION == 5,
                   "the numbers in the query");
    self->game_count = 0;
    self->key_count = 0;
    self->verification_key_count = 0;
    self->config_count = 0;
    memset(self->highest_ids, 0, sizeof(self->highest_ids));
    for (size_t i = 0; rc == 0 && i < PL_ARRAY_LEN(queries); i++) {
        rc = run_query(self, sql, i);
    }
    return rc;
}

const struct pl_store_op_type pl_talo_op_admin_load_type = {
    .name = "admin.load",
    .size = sizeof(struct pl_talo_op_admin_load),
    .run = run_admin_load,
};
