/* Importing: a player's rows are written as at any creation, then get their own times. */
#include "store/talo/import.h"

#include "store/talo/auth_load.h"
#include "store/talo/load.h"
#include "store/talo/rows.h"
#include "store/talo/save.h"

/* --- what must not be there, or must --- */

static int check_game(struct pl_store_op *op, struct pl_sql *sql, int64_t game_id)
{
    int rc = pl_talo_has_game(sql, game_id, &op->error);
    return rc == 0 ? pl_store_refuse(op, PL_TALO_IMPORT_NO_GAME) : rc < 0 ? rc : 0;
}

static int check_player(struct pl_talo_op_player_import *import, struct pl_sql *sql)
{
    int rc = PL_TALO_EXISTS(sql, &import->op.error, "SELECT 1 FROM talo_players WHERE id = $1",
                            pl_sql_uuid(&import->player_id));
    return rc > 0 ? pl_store_refuse(&import->op, PL_TALO_IMPORT_PLAYER_EXISTS) : rc;
}

static int check_email(struct pl_talo_op_player_import *import, struct pl_sql *sql)
{
    if (import->email.ptr == NULL) {
        return 0;
    }
    int rc = pl_talo_auth_email_is_taken(sql, import->game_id, import->email, &import->player_id,
                                         &import->op.error);
    return rc > 0 ? pl_store_refuse(&import->op, PL_TALO_IMPORT_EMAIL_EXISTS) : rc;
}

/* --- writing --- */

/* The first one comes with its player. */
static int add_alias(struct pl_talo_op_player_import *import, struct pl_sql *sql, size_t index)
{
    bool was_added = false;
    struct pl_talo_player player = {
        .id = import->player_id, .game_id = import->game_id, .is_dev_build = import->is_dev_build};
    const struct pl_talo_alias alias = {.id = import->aliases[index].id,
                                        .service = import->aliases[index].service,
                                        .identifier = import->aliases[index].identifier,
                                        .player = &player};
    int rc =
        index == 0
            ? pl_talo_add_player(&was_added, sql, &alias, import->created_ms, &import->op.error)
            : pl_talo_add_alias(&was_added, sql, &alias, import->created_ms, &import->op.error);
    if (rc < 0 || was_added) {
        return rc;
    }
    import->refused_alias = index;
    return pl_store_refuse(&import->op, PL_TALO_IMPORT_ALIAS_EXISTS);
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
    return pl_talo_add_login(sql,
                             &(struct pl_talo_login){
                                 .game_id = import->game_id,
                                 .player_id = import->player_id,
                                 .password_hash = import->password_hash,
                                 .email = import->email,
                                 .has_verification = import->has_verification,
                             },
                             &import->op.error);
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
    for (size_t i = 0; rc == 0 && i < import->alias_count; i++) {
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
    int rc = pl_talo_find_alias(&alias->id, sql, lookup->game_id, alias->service, alias->identifier,
                                &lookup->op.error);
    if (rc < 0 || alias->id != 0) {
        return rc;
    }
    lookup->refused_alias = index;
    return pl_store_refuse(&lookup->op, PL_TALO_IMPORT_NO_ALIAS);
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
