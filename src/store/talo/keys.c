/* Operations on access keys and verification keys. */
#include "store/store.h"
#include "store/talo/erase.h"
#include "store/talo/games.h"
#include "store/talo/rows.h"

/* --- access keys --- */

static int run_key_create(struct pl_store_op *op, struct pl_sql *sql)
{
    const struct pl_talo_key *key = &((struct pl_talo_op_key_create *)op)->key;
    int rc = pl_talo_has_game(sql, key->game_id, &op->error);
    if (rc <= 0) {
        return rc < 0 ? rc : pl_store_refuse(op, PL_TALO_GAME_NOT_FOUND);
    }
    /* Again after a commit in doubt: it is there already. */
    return PL_SQL_RUN(sql, &op->error,
                      "INSERT INTO talo_keys (id, game_id, scopes, created_s, revoked_ms,"
                      " last_used_ms) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
                      pl_sql_int(key->id), pl_sql_int(key->game_id),
                      pl_sql_int((int64_t)key->scopes), pl_sql_int(key->created_s),
                      pl_sql_int(key->revoked_ms), pl_sql_int(key->last_used_ms));
}

const struct pl_store_op_type pl_talo_op_key_create_type = {
    .name = "key.create",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_key_create),
    .run = run_key_create,
};

/* The key as it is now; refused when there is none. */
static int load_key(struct pl_talo_key *key, struct pl_store_op *op, struct pl_sql *sql, int64_t id)
{
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, &op->error,
                          "SELECT game_id, scopes, created_s, revoked_ms, last_used_ms"
                          " FROM talo_keys WHERE id = $1",
                          pl_sql_int(id));
    *key = (struct pl_talo_key){.id = id};
    rc = rc < 0 ? rc : pl_sql_next(&rows, &op->error);
    if (rc > 0) {
        key->game_id = pl_sql_get_int(&rows, 0);
        key->scopes = (uint32_t)pl_sql_get_int(&rows, 1);
        key->created_s = pl_sql_get_int(&rows, 2);
        key->revoked_ms = pl_sql_get_int(&rows, 3);
        key->last_used_ms = pl_sql_get_int(&rows, 4);
    }
    pl_sql_end(&rows);
    if (rc == 0) {
        return pl_store_refuse(op, PL_TALO_GAME_NO_KEY);
    }
    return rc < 0 ? rc : 0;
}

static int run_key_update(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_key_update *self = (struct pl_talo_op_key_update *)op;
    int rc = load_key(&self->key, op, sql, self->key_id);
    self->key.scopes = self->scopes;
    return rc != 0 ? rc
                   : PL_SQL_RUN(sql, &op->error, "UPDATE talo_keys SET scopes = $1 WHERE id = $2",
                                pl_sql_int((int64_t)self->scopes), pl_sql_int(self->key_id));
}

const struct pl_store_op_type pl_talo_op_key_update_type = {
    .name = "key.update",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_key_update),
    .run = run_key_update,
};

static int run_key_revoke(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_key_revoke *self = (struct pl_talo_op_key_revoke *)op;
    int rc = load_key(&self->key, op, sql, self->key_id);
    if (rc != 0 || self->key.revoked_ms != 0) {
        return rc;
    }
    self->key.revoked_ms = self->now_ms;
    return PL_SQL_RUN(sql, &op->error, "UPDATE talo_keys SET revoked_ms = $1 WHERE id = $2",
                      pl_sql_int(self->now_ms), pl_sql_int(self->key_id));
}

const struct pl_store_op_type pl_talo_op_key_revoke_type = {
    .name = "key.revoke",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_key_revoke),
    .run = run_key_revoke,
};

static int run_key_note_used(struct pl_store_op *op, struct pl_sql *sql)
{
    const struct pl_talo_op_key_note_used *self = (struct pl_talo_op_key_note_used *)op;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < self->item_count; i++) {
        rc = PL_SQL_RUN(sql, &op->error,
                        "UPDATE talo_keys SET last_used_ms = $1 WHERE id = $2"
                        " AND last_used_ms < $1",
                        pl_sql_int(self->items[i].last_used_ms), pl_sql_int(self->items[i].key_id));
    }
    return rc;
}

const struct pl_store_op_type pl_talo_op_key_note_used_type = {
    .name = "key.note_used",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_key_note_used),
    .run = run_key_note_used,
};

/* --- verification keys --- */

static int run_verification_key_create(struct pl_store_op *op, struct pl_sql *sql)
{
    const struct pl_talo_op_verification_key_create *self =
        (struct pl_talo_op_verification_key_create *)op;
    const struct pl_sql_value values[] = {
        pl_sql_int(self->key.id),         pl_sql_int(self->key.game_id),
        pl_sql_text(self->key.version),   pl_sql_bytes(self->sealed_value),
        pl_sql_int(self->key.created_ms),
    };
    int64_t changed = 0;
    int rc = pl_talo_has_game(sql, self->key.game_id, &op->error);
    if (rc <= 0) {
        return rc < 0 ? rc : pl_store_refuse(op, PL_TALO_GAME_NOT_FOUND);
    }
    rc = pl_sql_run(sql,
                    "INSERT INTO talo_verification_keys (id, game_id, version, value, created_ms)"
                    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (game_id, version) DO NOTHING",
                    values, PL_ARRAY_LEN(values), &changed, &op->error);
    if (rc < 0 || changed > 0) {
        return rc;
    }
    /* After a commit in doubt, this very key is there. */
    rc = PL_TALO_EXISTS(sql, &op->error,
                        "SELECT 1 FROM talo_verification_keys"
                        " WHERE id = $1 AND game_id = $2 AND version = $3",
                        values[0], values[1], values[2]);
    return rc == 0 ? pl_store_refuse(op, PL_TALO_GAME_VERSION_EXISTS) : rc < 0 ? rc : 0;
}

const struct pl_store_op_type pl_talo_op_verification_key_create_type = {
    .name = "verification_key.create",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_verification_key_create),
    .run = run_verification_key_create,
};

static int run_verification_key_delete(struct pl_store_op *op, struct pl_sql *sql)
{
    const struct pl_talo_op_verification_key_delete *self =
        (struct pl_talo_op_verification_key_delete *)op;
    const struct pl_sql_value id = pl_sql_int(self->key_id);
    int64_t changed = 0;
    int rc = pl_sql_run(sql, "DELETE FROM talo_verification_keys WHERE id = $1", &id, 1, &changed,
                        &op->error);
    if (rc < 0 || changed == 0) {
        return rc < 0 ? rc : pl_store_refuse(op, PL_TALO_GAME_NO_KEY);
    }
    return pl_talo_retire_id(sql, PL_TALO_ID_VERIFICATION_KEY, self->key_id, &op->error);
}

const struct pl_store_op_type pl_talo_op_verification_key_delete_type = {
    .name = "verification_key.delete",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_verification_key_delete),
    .run = run_verification_key_delete,
};
