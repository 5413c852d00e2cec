/* What a request's headers mean: the session that a `talo` alias needs, and the acting alias. */
#include "store/talo/load.h"
#include "store/talo/players.h"
#include "store/talo/session_load.h"

int pl_talo_load_session(struct pl_talo_session *out, struct pl_sql *sql, int64_t alias_id,
                         const struct pl_uuid *player_id, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc =
        PL_SQL_QUERY(&rows, sql, err, "SELECT session_key FROM talo_auths WHERE player_id = $1",
                     pl_sql_uuid(player_id));
    *out = (struct pl_talo_session){.alias_id = alias_id, .player_id = *player_id};
    rc = rc < 0 ? rc : pl_sql_next(&rows, err);
    if (rc > 0 && !pl_sql_is_null(&rows, 0)) {
        rc = pl_sql_get_uuid(&out->key, &rows, 0, err);
        out->has_key = rc == 0;
    }
    pl_sql_end(&rows);
    return rc < 0 ? rc : 0;
}

static bool is_talo(const struct pl_talo_alias *alias)
{
    return alias != NULL && pl_str_eq(alias->service, PL_STR("talo"));
}

/* The `talo` alias of the player header; *alias_id becomes 0 when there is none. */
static int find_by_player(int64_t *alias_id, struct pl_talo_op_acting_load *self,
                          struct pl_sql *sql)
{
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, &self->op.error,
                          "SELECT game_id, id FROM talo_aliases"
                          " WHERE player_id = $1 AND service = 'talo' ORDER BY id LIMIT 1",
                          pl_sql_uuid(&self->claim.player_id));
    *alias_id = 0;
    rc = rc < 0 ? rc : pl_sql_next(&rows, &self->op.error);
    if (rc > 0 && pl_sql_get_int(&rows, 0) == self->game_id) {
        *alias_id = pl_sql_get_int(&rows, 1);
    }
    pl_sql_end(&rows);
    return rc < 0 ? rc : 0;
}

static int check_session(struct pl_talo_op_acting_load *self, struct pl_sql *sql)
{
    struct pl_talo_session session;
    int64_t alias_id = is_talo(self->alias) ? self->alias->id : 0;
    const struct pl_uuid *player_id =
        alias_id != 0 ? &self->alias->player->id : &self->claim.player_id;
    int rc = 0;
    if (alias_id == 0 && self->claim.has_player) {
        rc = find_by_player(&alias_id, self, sql);
    }
    if (rc < 0 || alias_id == 0) {
        return rc;
    }
    rc = pl_talo_load_session(&session, sql, alias_id, player_id, &self->op.error);
    if (rc == 0) {
        self->session = pl_talo_session_check(&session, &self->claim, self->now_ms);
    }
    return rc;
}

static int run_acting(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_acting_load *self = (struct pl_talo_op_acting_load *)op;
    int rc = 0;
    self->alias = NULL;
    self->session = PL_TALO_SESSION_NONE;
    if (self->claim.alias_id != 0) {
        rc = pl_talo_load_alias(&self->alias, sql, self->game_id, self->claim.alias_id, &op->arena,
                                &op->error);
    }
    rc = rc < 0 ? rc : check_session(self, sql);
    if (self->session != PL_TALO_SESSION_NONE && self->session != PL_TALO_SESSION_OK) {
        self->alias = NULL;
    }
    return rc;
}

const struct pl_store_op_type pl_talo_op_acting_load_type = {
    .name = "acting.load",
    .size = sizeof(struct pl_talo_op_acting_load),
    .run = run_acting,
};
