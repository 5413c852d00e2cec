/* Importing: a player's rows are written as at any creation, then get their own times. */
#include "store/talo/import.h"

#include "store/talo/load.h"
#include "store/talo/save.h"

/* --- what must not be there, or must --- */

/* Whether a query has a row. */
static int has_row(bool *out, struct pl_sql_rows *rows, struct pl_error *err)
{
    int rc = pl_sql_next(rows, err);
    pl_sql_end(rows);
    *out = rc == 1;
    return rc < 0 ? rc : 0;
}

static int check_game(struct pl_store_op *op, struct pl_sql *sql, int64_t game_id)
{
    struct pl_sql_rows rows;
    bool is_there = false;
    int rc = PL_SQL_QUERY(&rows, sql, &op->error, "SELECT id FROM talo_games WHERE id = $1",
                          pl_sql_int(game_id));
    rc = rc < 0 ? rc : has_row(&is_there, &rows, &op->error);
    return rc < 0 || is_there ? rc : pl_store_refuse(op, PL_TALO_IMPORT_NO_GAME);
}

static int check_player(struct pl_talo_op_player_import *import, struct pl_sql *sql)
{
    struct pl_sql_rows rows;
    bool is_there = false;
    int rc =
        PL_SQL_QUERY(&rows, sql, &import->op.error, "SELECT id FROM talo_players WHERE id = $1",
                     pl_sql_uuid(&import->player_id));
    rc = rc < 0 ? rc : has_row(&is_there, &rows, &import->op.error);
    return rc < 0 || !is_there ? rc : pl_store_refuse(&import->op, PL_TALO_IMPORT_PLAYER_EXISTS);
}

static int check_email(struct pl_talo_op_player_import *import, struct pl_sql *sql)
{
    struct pl_sql_rows rows;
    bool is_there = false;
    if (import->email.ptr == NULL) {
        return 0;
    }
    int rc = PL_SQL_QUERY(&rows, sql, &import->op.error,
                          "SELECT player_id FROM talo_auths WHERE game_id = $1 AND email = $2",
                          pl_sql_int(import->game_id), pl_sql_text(import->email));
    rc = rc < 0 ? rc : has_row(&is_there, &rows, &import->op.error);
    return rc < 0 || !is_there ? rc : pl_store_refuse(&import->op, PL_TALO_IMPORT_EMAIL_EXISTS);
}

/* --- writing --- */

static int refuse_alias(struct pl_talo_op_player_import *import, size_t index)
{
    import->refused_alias = index;
    return pl_store_refuse(&import->op, PL_TALO_IMPORT_ALIAS_EXISTS);
}

static int add_first_alias(struct pl_talo_op_player_import *import, struct pl_sql *sql)
{
    bool was_added = false;
    struct pl_talo_player player = {
        .id = import->player_id, .game_id = import->game_id, .is_dev_build = import->is_dev_build};
    struct pl_talo_alias alias = {.id = import->aliases[0].id,
                                  .service = import->aliases[0].service,
                                  .identifier = import->aliases[0].identifier,
                                  .player = &player};
    int rc = pl_talo_add_player(&was_added, sql, &alias, import->created_ms, &import->op.error);
    return rc < 0 || was_added ? rc : refuse_alias(import, 0);
}

static int add_alias(struct pl_talo_op_player_import *import, struct pl_sql *sql, size_t index)
{
    const struct pl_talo_import_alias *alias = &import->aliases[index];
    int64_t changed = 0;
    const struct pl_sql_value values[] = {
        pl_sql_int(alias->id),           pl_sql_int(import->game_id),
        pl_sql_uuid(&import->player_id), pl_sql_text(alias->service),
        pl_sql_text(alias->identifier),  pl_sql_int(import->created_ms),
    };
    int rc = pl_sql_run(sql,
                        "INSERT INTO talo_aliases (id, game_id, player_id, service, identifier,"
                        " last_seen_ms, created_ms, updated_ms)"
                        " VALUES ($1, $2, $3, $4, $5, $6, $6, $6)"
                        " ON CONFLICT (game_id, identifier, service) DO NOTHING",
                        values, PL_ARRAY_LEN(values), &changed, &import->op.error);
    return rc < 0 || changed == 1 ? rc : refuse_alias(import, index);
}

static int set_times(struct pl_talo_op_player_import *import, struct pl_sql *sql)
{
    struct pl_error *err = &import->op.error;
    int rc = PL_SQL_RUN(sql, err, "UPDATE talo_players SET last_seen_ms = $1 WHERE id = $2",
                        pl_sql_int(import->last_seen_ms), pl_sql_uuid(&import->player_id));
    return rc < 0 ? rc
                  : PL_SQL_RUN(sql, err,
                               "UPDATE talo_aliases SET last_seen_ms = $1, updated_ms = $1"
                               " WHERE player_id = $2",
                               pl_sql_int(import->last_seen_ms), pl_sql_uuid(&import->player_id));
}

static int add_login(struct pl_talo_op_player_import *import, struct pl_sql *sql)
{
    if (import->password_hash.ptr == NULL) {
        return 0;
    }
    return PL_SQL_RUN(sql, &import->op.error,
                      "INSERT INTO talo_auths (player_id, game_id, password_hash, email,"
                      " has_verification, session_key, session_created_ms)"
                      " VALUES ($1, $2, $3, $4, $5, NULL, 0)",
                      pl_sql_uuid(&import->player_id), pl_sql_int(import->game_id),
                      pl_sql_text(import->password_hash),
                      import->email.ptr != NULL ? pl_sql_text(import->email) : pl_sql_null(),
                      pl_sql_int(import->has_verification));
}

static int set_props(struct pl_talo_op_player_import *import, struct pl_sql *sql,
                     struct pl_talo_player *player)
{
    struct pl_talo_prop_rules rules = {.value_max = PL_TALO_PROP_VALUE_MAX};
    struct pl_talo_merged_props merged;
    int rc = pl_talo_props_merge(&merged, &player->props, &import->props, &rules, &import->op.arena,
                                 &import->op.error);
    if (rc == PL_E_TOO_BIG) {
        return pl_store_refuse(&import->op, PL_TALO_IMPORT_TOO_MANY_PROPS);
    }
    if (rc < 0) {
        return rc;
    }
    if (merged.rejected.count > 0) {
        import->rejected = merged.rejected;
        return pl_store_refuse(&import->op, PL_TALO_IMPORT_PROPS_REJECTED);
    }
    return pl_talo_set_player_props(player, sql, &merged.props, &import->op.error);
}

/* With props and groups, as it then is. */
static int finish_player(struct pl_talo_op_player_import *import, struct pl_sql *sql)
{
    struct pl_store_op *op = &import->op;
    int rc = pl_talo_load_player(&import->player, sql, import->game_id, &import->player_id,
                                 &op->arena, &op->error);
    rc = rc != 0 ? rc : set_props(import, sql, import->player);
    rc = rc != 0 ? rc : pl_talo_regroup(import->player, sql, &op->arena, &op->error);
    return rc != 0 ? rc
                   : pl_talo_load_player(&import->player, sql, import->game_id, &import->player_id,
                                         &op->arena, &op->error);
}

static int run_player_import(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_player_import *import = (struct pl_talo_op_player_import *)op;
    import->player = NULL;
    import->rejected = (struct pl_talo_rejected_props){0};
    PL_ASSERT(import->alias_count > 0);
    int rc = check_game(op, sql, import->game_id);
    rc = rc != 0 ? rc : check_player(import, sql);
    rc = rc != 0 ? rc : check_email(import, sql);
    rc = rc != 0 ? rc : add_first_alias(import, sql);
    for (size_t i = 1; rc == 0 && i < import->alias_count; i++) {
        rc = add_alias(import, sql, i);
    }
    rc = rc != 0 ? rc : set_times(import, sql);
    rc = rc != 0 ? rc : add_login(import, sql);
    return rc != 0 ? rc : finish_player(import, sql);
}

const struct pl_store_op_type pl_talo_op_player_import_type = {
    .name = "player.import",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_player_import),
    .run = run_player_import,
};

/* --- aliases by their names --- */

static int find_alias(struct pl_talo_op_alias_lookup *lookup, struct pl_sql *sql, size_t index)
{
    struct pl_talo_import_alias *alias = &lookup->aliases[index];
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, &lookup->op.error,
                          "SELECT id FROM talo_aliases"
                          " WHERE game_id = $1 AND identifier = $2 AND service = $3",
                          pl_sql_int(lookup->game_id), pl_sql_text(alias->identifier),
                          pl_sql_text(alias->service));
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_next(&rows, &lookup->op.error);
    alias->id = rc == 1 ? pl_sql_get_int(&rows, 0) : 0;
    pl_sql_end(&rows);
    if (rc == 0) {
        lookup->refused_alias = index;
        return pl_store_refuse(&lookup->op, PL_TALO_IMPORT_NO_ALIAS);
    }
    return rc < 0 ? rc : 0;
}

static int run_alias_lookup(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_alias_lookup *lookup = (struct pl_talo_op_alias_lookup *)op;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < lookup->alias_count; i++) {
        rc = find_alias(lookup, sql, i);
    }
    return rc;
}

const struct pl_store_op_type pl_talo_op_alias_lookup_type = {
    .name = "alias.lookup",
    .size = sizeof(struct pl_talo_op_alias_lookup),
    .run = run_alias_lookup,
};
