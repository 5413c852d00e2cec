/* Operations that change a login: its password, address, verification and identifier. */
#include "store/talo/auth_load.h"
#include "store/talo/load.h"
#include "store/talo/rows.h"

/* --- auth.set_password --- */

static int run_set_password(struct pl_store_op *base, struct pl_sql *sql)
{
    struct pl_talo_op_auth_set_password *op = (struct pl_talo_op_auth_set_password *)base;
    struct pl_talo_auth_record record;
    int rc = pl_talo_auth_load_unchanged(&record, base, sql, op->game_id, op->alias_id,
                                         op->password_hash);
    return rc != 0 ? rc
                   : PL_SQL_RUN(sql, &base->error,
                                "UPDATE talo_auths SET password_hash = $1 WHERE player_id = $2",
                                pl_sql_text(op->new_hash), pl_sql_uuid(&record.player_id));
}

const struct pl_store_op_type pl_talo_op_auth_set_password_type = {
    .name = "auth.set_password",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_auth_set_password),
    .run = run_set_password};

/* --- auth.reset_password --- */

static int run_reset_password(struct pl_store_op *base, struct pl_sql *sql)
{
    struct pl_talo_op_auth_reset_password *op = (struct pl_talo_op_auth_reset_password *)base;
    struct pl_talo_auth_record record;
    int rc = pl_talo_auth_load(&record, base, sql, op->game_id, op->alias_id);
    return rc != 0 ? rc
                   : PL_SQL_RUN(sql, &base->error,
                                "UPDATE talo_auths SET password_hash = $1, session_key = NULL,"
                                " session_created_ms = 0 WHERE player_id = $2",
                                pl_sql_text(op->new_hash), pl_sql_uuid(&record.player_id));
}

const struct pl_store_op_type pl_talo_op_auth_reset_password_type = {
    .name = "auth.reset_password",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_auth_reset_password),
    .run = run_reset_password};

/* --- auth.set_email --- */

static int set_email(struct pl_talo_op_auth_set_email *op, struct pl_sql *sql,
                     const struct pl_talo_auth_record *record)
{
    int rc =
        pl_talo_auth_email_is_taken(sql, op->game_id, op->email, &record->player_id, &op->op.error);
    if (rc > 0) {
        return pl_store_refuse(&op->op, PL_TALO_AUTH_EMAIL_TAKEN);
    }
    return rc < 0 ? rc
                  : PL_SQL_RUN(sql, &op->op.error,
                               "UPDATE talo_auths SET email = $1 WHERE player_id = $2",
                               pl_sql_text(op->email), pl_sql_uuid(&record->player_id));
}

static int set_verification(struct pl_talo_op_auth_set_email *op, struct pl_sql *sql,
                            const struct pl_talo_auth_record *record)
{
    if (op->has_verification && !op->sets_email && record->email.ptr == NULL) {
        return pl_store_refuse(&op->op, PL_TALO_AUTH_NO_EMAIL);
    }
    return PL_SQL_RUN(sql, &op->op.error,
                      "UPDATE talo_auths SET has_verification = $1 WHERE player_id = $2",
                      pl_sql_int(op->has_verification), pl_sql_uuid(&record->player_id));
}

static int run_set_email(struct pl_store_op *base, struct pl_sql *sql)
{
    struct pl_talo_op_auth_set_email *op = (struct pl_talo_op_auth_set_email *)base;
    struct pl_talo_auth_record record;
    int rc = pl_talo_auth_load_unchanged(&record, base, sql, op->game_id, op->alias_id,
                                         op->password_hash);
    if (rc == 0 && op->sets_email) {
        rc = set_email(op, sql, &record);
    }
    if (rc == 0 && op->sets_verification) {
        rc = set_verification(op, sql, &record);
    }
    return rc;
}

const struct pl_store_op_type pl_talo_op_auth_set_email_type = {
    .name = "auth.set_email",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_auth_set_email),
    .run = run_set_email};

/* --- auth.set_identifier --- */

static int identifier_is_taken(struct pl_sql *sql, int64_t game_id, struct pl_str identifier,
                               struct pl_error *err)
{
    return PL_TALO_EXISTS(sql, err,
                          "SELECT 1 FROM talo_aliases WHERE game_id = $1 AND identifier = $2",
                          pl_sql_int(game_id), pl_sql_text(identifier));
}

static int run_set_identifier(struct pl_store_op *base, struct pl_sql *sql)
{
    struct pl_talo_op_auth_set_identifier *op = (struct pl_talo_op_auth_set_identifier *)base;
    struct pl_talo_auth_record record;
    op->alias = NULL;
    int rc = pl_talo_auth_load_unchanged(&record, base, sql, op->game_id, op->alias_id,
                                         op->password_hash);
    if (rc != 0) {
        return rc;
    }
    rc = identifier_is_taken(sql, op->game_id, op->identifier, &base->error);
    if (rc > 0) {
        return pl_store_refuse(base, PL_TALO_AUTH_IDENTIFIER_TAKEN);
    }
    if (rc == 0) {
        rc = PL_SQL_RUN(sql, &base->error,
                        "UPDATE talo_aliases SET identifier = $1, updated_ms = $2 WHERE id = $3",
                        pl_sql_text(op->identifier), pl_sql_int(op->now_ms),
                        pl_sql_int(op->alias_id));
    }
    return rc < 0 ? rc
                  : pl_talo_load_alias(&op->alias, sql, op->game_id, op->alias_id, &base->arena,
                                       &base->error);
}

const struct pl_store_op_type pl_talo_op_auth_set_identifier_type = {
    .name = "auth.set_identifier",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_auth_set_identifier),
    .run = run_set_identifier};
