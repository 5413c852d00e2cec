/* Operations that begin and end sessions: register, login, refresh, logout. */
#include "store/talo/auth_load.h"
#include "store/talo/load.h"
#include "store/talo/save.h"

/* The player of an alias is logged in as of now, and seen; *out is the alias with all of it. */
static int begin_session(struct pl_talo_alias **out, struct pl_store_op *op, struct pl_sql *sql,
                         int64_t game_id, int64_t alias_id, const struct pl_uuid *session_key,
                         int64_t now_ms)
{
    struct pl_talo_alias *alias = NULL;
    int rc = PL_SQL_RUN(sql, &op->error,
                        "UPDATE talo_auths SET session_key = $1, session_created_ms = $2"
                        " WHERE player_id = (SELECT player_id FROM talo_aliases WHERE id = $3)",
                        pl_sql_uuid(session_key), pl_sql_int(now_ms), pl_sql_int(alias_id));
    rc = rc < 0 ? rc : pl_talo_load_alias(&alias, sql, game_id, alias_id, &op->arena, &op->error);
    if (rc < 0) {
        return rc;
    }
    if (alias == NULL) {
        return pl_store_refuse(op, PL_TALO_AUTH_NO_ALIAS);
    }
    rc = pl_talo_see(alias, sql, now_ms, &op->error);
    rc = rc < 0 ? rc : pl_talo_regroup(alias->player, sql, &op->arena, &op->error);
    *out = alias;
    return rc;
}

/* --- auth.register --- */

static int add_alias(struct pl_talo_op_auth_register *op, struct pl_sql *sql)
{
    struct pl_talo_player player = {
        .id = op->player_id, .game_id = op->game_id, .is_dev_build = op->is_dev_build};
    struct pl_talo_alias alias = {.id = op->alias_id,
                                  .service = PL_TALO_AUTH_SERVICE,
                                  .identifier = op->identifier,
                                  .player = &player};
    bool was_added = false;
    int rc = pl_talo_add_player(&was_added, sql, &alias, op->now_ms, &op->op.error);
    if (rc == 0 && !was_added) {
        return pl_store_refuse(&op->op, PL_TALO_AUTH_IDENTIFIER_TAKEN);
    }
    return rc;
}

static int run_register(struct pl_store_op *base, struct pl_sql *sql)
{
    struct pl_talo_op_auth_register *op = (struct pl_talo_op_auth_register *)base;
    op->alias = NULL;
    int rc = 0;
    if (op->email.ptr != NULL) {
        rc = pl_talo_auth_email_is_taken(sql, op->game_id, op->email, &op->player_id, &base->error);
    }
    if (rc > 0) {
        return pl_store_refuse(base, PL_TALO_AUTH_EMAIL_TAKEN);
    }
    rc = rc < 0 ? rc : add_alias(op, sql);
    if (rc != 0) {
        return rc;
    }
    rc = pl_talo_add_login(sql,
                           &(struct pl_talo_login){
                               .game_id = op->game_id,
                               .player_id = op->player_id,
                               .password_hash = op->password_hash,
                               .email = op->email,
                               .has_verification = op->has_verification,
                           },
                           &base->error);
    return rc < 0 ? rc
                  : begin_session(&op->alias, base, sql, op->game_id, op->alias_id,
                                  &op->session_key, op->now_ms);
}

const struct pl_store_op_type pl_talo_op_auth_register_type = {
    .name = "auth.register",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_auth_register),
    .run = run_register};

/* --- auth.login --- */

static int run_login(struct pl_store_op *base, struct pl_sql *sql)
{
    struct pl_talo_op_auth_login *op = (struct pl_talo_op_auth_login *)base;
    struct pl_talo_auth_record record;
    op->alias = NULL;
    int rc = pl_talo_auth_load_unchanged(&record, base, sql, op->game_id, op->alias_id,
                                         op->password_hash);
    return rc != 0 ? rc
                   : begin_session(&op->alias, base, sql, op->game_id, op->alias_id,
                                   &op->session_key, op->now_ms);
}

const struct pl_store_op_type pl_talo_op_auth_login_type = {
    .name = "auth.login",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_auth_login),
    .run = run_login};

/* --- auth.refresh --- */

/* The session of what the token names: 1, or 0 when there is none. */
static int load_session(struct pl_talo_session *out, struct pl_talo_op_auth_refresh *op,
                        struct pl_sql *sql)
{
    struct pl_sql_rows rows;
    struct pl_error *err = &op->op.error;
    int rc = PL_SQL_QUERY(&rows, sql, err,
                          "SELECT h.session_key FROM talo_aliases a"
                          " JOIN talo_auths h ON h.player_id = a.player_id"
                          " WHERE a.id = $1 AND a.game_id = $2 AND a.player_id = $3"
                          " AND a.service = 'talo'",
                          pl_sql_int(out->alias_id), pl_sql_int(op->game_id),
                          pl_sql_uuid(&out->player_id));
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_next(&rows, err);
    if (rc > 0 && !pl_sql_is_null(&rows, 0)) {
        int read = pl_sql_get_uuid(&out->key, &rows, 0, err);
        out->has_key = read == 0;
        rc = read < 0 ? read : rc;
    }
    pl_sql_end(&rows);
    return rc;
}

static int run_refresh(struct pl_store_op *base, struct pl_sql *sql)
{
    struct pl_talo_op_auth_refresh *op = (struct pl_talo_op_auth_refresh *)base;
    struct pl_talo_session session = {0};
    op->session = session;
    if (!pl_talo_session_read_refresh(&session.player_id, &session.alias_id, op->token)) {
        return pl_store_refuse(base, PL_TALO_AUTH_BAD_SESSION);
    }
    int rc = load_session(&session, op, sql);
    if (rc < 0) {
        return rc;
    }
    if (rc == 0 || !pl_talo_session_check_refresh(&session, op->token, op->now_ms)) {
        return pl_store_refuse(base, PL_TALO_AUTH_BAD_SESSION);
    }
    op->session = session;
    op->session.key = op->session_key;
    return PL_SQL_RUN(sql, &base->error,
                      "UPDATE talo_auths SET session_key = $1, session_created_ms = $2"
                      " WHERE player_id = $3",
                      pl_sql_uuid(&op->session_key), pl_sql_int(op->now_ms),
                      pl_sql_uuid(&session.player_id));
}

const struct pl_store_op_type pl_talo_op_auth_refresh_type = {
    .name = "auth.refresh",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_auth_refresh),
    .run = run_refresh};

/* --- auth.logout --- */

static int run_logout(struct pl_store_op *base, struct pl_sql *sql)
{
    struct pl_talo_op_auth_logout *op = (struct pl_talo_op_auth_logout *)base;
    struct pl_talo_auth_record record;
    int rc = pl_talo_auth_load(&record, base, sql, op->game_id, op->alias_id);
    return rc != 0 ? rc
                   : PL_SQL_RUN(sql, &base->error,
                                "UPDATE talo_auths SET session_key = NULL, session_created_ms = 0"
                                " WHERE player_id = $1",
                                pl_sql_uuid(&record.player_id));
}

const struct pl_store_op_type pl_talo_op_auth_logout_type = {
    .name = "auth.logout",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_auth_logout),
    .run = run_logout};
