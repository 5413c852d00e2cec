/* One query brings alias and login together; an alias without one has NULLs there. */
#include "store/talo/auth_load.h"

#include "store/talo/rows.h"

#define COLUMNS                                                                                    \
    "a.id, a.player_id, a.identifier, a.service, h.password_hash, h.email, h.has_verification"

static int read_record(struct pl_talo_auth_record *out, const struct pl_sql_rows *rows,
                       struct pl_store_op *op)
{
    int rc = 0;
    out->alias_id = pl_sql_get_int(rows, 0);
    out->has_verification = pl_sql_get_int(rows, 6) != 0;
    rc = pl_sql_get_uuid(&out->player_id, rows, 1, &op->error);
    rc = rc < 0 ? rc : pl_sql_copy(&out->identifier, rows, 2, &op->arena, &op->error);
    rc = rc < 0 ? rc : pl_sql_copy(&out->password_hash, rows, 4, &op->arena, &op->error);
    if (rc == 0 && !pl_sql_is_null(rows, 5)) {
        rc = pl_sql_copy(&out->email, rows, 5, &op->arena, &op->error);
    }
    return rc;
}

/* The one row of a query of COLUMNS; no row is refused with `refusal`. */
static int read_one(struct pl_talo_auth_record *out, struct pl_sql_rows *rows,
                    struct pl_store_op *op, int refusal)
{
    *out = (struct pl_talo_auth_record){0};
    int rc = pl_sql_next(rows, &op->error);
    if (rc < 0) {
        return rc;
    }
    if (rc == 0) {
        return pl_store_refuse(op, refusal);
    }
    if (pl_sql_is_null(rows, 4) || !pl_str_eq(pl_sql_get_bytes(rows, 3), PL_TALO_AUTH_SERVICE)) {
        return pl_store_refuse(op, PL_TALO_AUTH_NONE);
    }
    return read_record(out, rows, op);
}

int pl_talo_auth_load(struct pl_talo_auth_record *out, struct pl_store_op *op, struct pl_sql *sql,
                      int64_t game_id, int64_t alias_id)
{
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, &op->error,
                          "SELECT " COLUMNS " FROM talo_aliases a"
                          " LEFT JOIN talo_auths h ON h.player_id = a.player_id"
                          " WHERE a.id = $1 AND a.game_id = $2",
                          pl_sql_int(alias_id), pl_sql_int(game_id));
    if (rc < 0) {
        return rc;
    }
    rc = read_one(out, &rows, op, PL_TALO_AUTH_NO_ALIAS);
    pl_sql_end(&rows);
    return rc;
}

int pl_talo_auth_load_unchanged(struct pl_talo_auth_record *out, struct pl_store_op *op,
                                struct pl_sql *sql, int64_t game_id, int64_t alias_id,
                                struct pl_str password_hash)
{
    int rc = pl_talo_auth_load(out, op, sql, game_id, alias_id);
    if (rc != 0) {
        return rc;
    }
    return pl_str_eq(out->password_hash, password_hash) ? 0
                                                        : pl_store_refuse(op, PL_TALO_AUTH_CHANGED);
}

int pl_talo_auth_email_is_taken(struct pl_sql *sql, int64_t game_id, struct pl_str email,
                                const struct pl_uuid *player_id, struct pl_error *err)
{
    return PL_TALO_EXISTS(sql, err,
                          "SELECT 1 FROM talo_auths"
                          " WHERE game_id = $1 AND email = $2 AND player_id <> $3",
                          pl_sql_int(game_id), pl_sql_text(email), pl_sql_uuid(player_id));
}

/* --- auth.find --- */

static int query_find(struct pl_sql_rows *rows, const struct pl_talo_op_auth_find *op,
                      struct pl_sql *sql, struct pl_error *err)
{
    if (op->by == PL_TALO_AUTH_BY_EMAIL) {
        return PL_SQL_QUERY(rows, sql, err,
                            "SELECT " COLUMNS " FROM talo_auths h"
                            " JOIN talo_aliases a ON a.player_id = h.player_id"
                            " WHERE h.game_id = $1 AND h.email = $2 AND a.service = 'talo'",
                            pl_sql_int(op->game_id), pl_sql_text(op->text));
    }
    return PL_SQL_QUERY(rows, sql, err,
                        "SELECT " COLUMNS " FROM talo_aliases a"
                        " LEFT JOIN talo_auths h ON h.player_id = a.player_id"
                        " WHERE a.game_id = $1 AND a.identifier = $2 AND a.service = 'talo'",
                        pl_sql_int(op->game_id), pl_sql_text(op->text));
}

static int run_find(struct pl_store_op *base, struct pl_sql *sql)
{
    struct pl_talo_op_auth_find *op = (struct pl_talo_op_auth_find *)base;
    struct pl_sql_rows rows;
    if (op->by == PL_TALO_AUTH_BY_ALIAS) {
        return pl_talo_auth_load(&op->record, base, sql, op->game_id, op->alias_id);
    }
    int rc = query_find(&rows, op, sql, &base->error);
    if (rc < 0) {
        return rc;
    }
    rc = read_one(&op->record, &rows, base,
                  op->by == PL_TALO_AUTH_BY_EMAIL ? PL_TALO_AUTH_NO_EMAIL : PL_TALO_AUTH_NO_ALIAS);
    pl_sql_end(&rows);
    return rc;
}

const struct pl_store_op_type pl_talo_op_auth_find_type = {
    .name = "auth.find", .size = sizeof(struct pl_talo_op_auth_find), .run = run_find};
