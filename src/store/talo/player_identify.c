/* GET /v1/players/identify: the alias is found or created, shown a session where it needs one, and
 * seen. */
#include "store/talo/load.h"
#include "store/talo/players.h"
#include "store/talo/save.h"
#include "store/talo/session_load.h"

static int find(int64_t *alias_id, struct pl_talo_op_player_identify *self, struct pl_sql *sql)
{
    return pl_talo_find_alias(alias_id, sql, self->game_id, self->service, self->identifier,
                              &self->op.error);
}

/* Where somebody else was faster, *alias_id is the alias that he made. */
static int create(int64_t *alias_id, struct pl_talo_op_player_identify *self, struct pl_sql *sql)
{
    struct pl_talo_player player = {
        .id = self->new_player_id, .game_id = self->game_id, .is_dev_build = self->is_dev_build};
    const struct pl_talo_alias alias = {.id = self->new_alias_id,
                                        .service = self->service,
                                        .identifier = self->identifier,
                                        .player = &player};
    int rc = 0;
    if (pl_str_eq(self->service, PL_STR("talo"))) {
        return pl_store_refuse(&self->op, PL_TALO_PLAYER_NEEDS_REGISTER);
    }
    if (!self->may_create) {
        return pl_store_refuse(&self->op, PL_TALO_PLAYER_NOT_CREATED);
    }
    rc = pl_talo_add_player(&self->was_created, sql, &alias, self->now_ms, &self->op.error);
    *alias_id = self->new_alias_id;
    return rc < 0 || self->was_created ? rc : find(alias_id, self, sql);
}

/* Of an alias that was there before. */
static int check_session(struct pl_talo_op_player_identify *self, struct pl_sql *sql)
{
    struct pl_talo_session session;
    enum pl_talo_session_check check = PL_TALO_SESSION_NONE;
    int rc = 0;
    if (!pl_str_eq(self->alias->service, PL_STR("talo"))) {
        return 0;
    }
    rc = pl_talo_load_session(&session, sql, self->alias->id, &self->alias->player->id,
                              &self->op.error);
    if (rc < 0) {
        return rc;
    }
    check = pl_talo_session_check_token(&session, self->session_token, self->now_ms);
    if (check == PL_TALO_SESSION_OK) {
        return 0;
    }
    self->alias = NULL;
    return pl_store_refuse(&self->op, check == PL_TALO_SESSION_MISSING
                                          ? PL_TALO_PLAYER_NO_SESSION
                                          : PL_TALO_PLAYER_BAD_SESSION);
}

static int run_identify(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_player_identify *self = (struct pl_talo_op_player_identify *)op;
    int64_t alias_id = 0;
    int rc = find(&alias_id, self, sql);
    self->alias = NULL;
    self->was_created = false;
    if (rc == 0 && alias_id == 0) {
        rc = create(&alias_id, self, sql);
    }
    if (rc == 0) {
        rc = pl_talo_load_alias(&self->alias, sql, self->game_id, alias_id, &op->arena, &op->error);
    }
    if (rc == 0 && self->alias == NULL) {
        return pl_error_set(&op->error, PL_E_IO, "an alias without its player");
    }
    if (rc == 0 && !self->was_created) {
        rc = check_session(self, sql);
        rc = rc != 0 ? rc : pl_talo_see(self->alias, sql, self->now_ms, &op->error);
    }
    return rc != 0 ? rc : pl_talo_regroup(self->alias->player, sql, &op->arena, &op->error);
}

const struct pl_store_op_type pl_talo_op_player_identify_type = {
    .name = "player.identify",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_player_identify),
    .run = run_identify,
};
