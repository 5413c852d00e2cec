/* Presence: read, set by its player, and set by sockets that come and go. */
#include "store/talo/presence.h"

#include "store/talo/load.h"
#include "store/talo/presence_rows.h"
#include "store/talo/session_load.h"

int pl_talo_save_presence(struct pl_talo_player *player, struct pl_sql *sql, struct pl_error *err)
{
    player->has_presence = true;
    return PL_SQL_RUN(sql, err,
                      "INSERT INTO talo_presences (player_id, is_online, custom_status, alias_id,"
                      " updated_ms) VALUES ($1, $2, $3, $4, $5)"
                      " ON CONFLICT (player_id) DO UPDATE SET is_online = excluded.is_online,"
                      " custom_status = excluded.custom_status, alias_id = excluded.alias_id,"
                      " updated_ms = excluded.updated_ms",
                      pl_sql_uuid(&player->id), pl_sql_int(player->presence.is_online),
                      pl_sql_text(player->presence.custom_status),
                      pl_sql_int(player->presence.alias_id),
                      pl_sql_int(player->presence.updated_ms));
}

/* --- presence.get --- */

static int run_get(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_presence_get *self = (struct pl_talo_op_presence_get *)op;
    struct pl_talo_player *player = NULL;
    int rc = 0;
    self->alias = NULL;
    rc = pl_talo_load_player(&player, sql, self->game_id, &self->player_id, &op->arena, &op->error);
    if (rc < 0 || player == NULL) {
        return rc < 0 ? rc : pl_store_refuse(op, PL_TALO_PRESENCE_NOT_FOUND);
    }
    self->has_presence = player->has_presence;
    self->presence = player->presence;
    for (size_t i = 0; i < player->alias_count; i++) {
        if (player->aliases[i].id == player->presence.alias_id) {
            self->alias = &player->aliases[i];
        }
    }
    return 0;
}

const struct pl_store_op_type pl_talo_op_presence_get_type = {
    .name = "presence.get",
    .size = sizeof(struct pl_talo_op_presence_get),
    .run = run_get,
};

/* --- what is common to all changes --- */

/* What a change gives. */
struct given {
    bool has_online;
    bool is_online;
    bool has_status;
    struct pl_str custom_status;
    int64_t alias_id; /* that gives it; 0: nobody who is still there */
    int64_t now_ms;
};

/* A value that is not given counts as different (spec 1.8.5). */
static int change_presence(struct pl_talo_presence_change *change, struct pl_talo_player *player,
                           const struct given *given, struct pl_sql *sql, struct pl_error *err)
{
    struct pl_talo_presence *presence = &player->presence;
    change->was_online = presence->is_online;
    change->online_changed = !given->has_online || given->is_online != presence->is_online;
    change->status_changed =
        !given->has_status || !pl_str_eq(given->custom_status, presence->custom_status);
    if (given->has_online) {
        presence->is_online = given->is_online;
    }
    if (given->has_status) {
        presence->custom_status = given->custom_status;
    }
    if (given->has_online || given->has_status) {
        presence->alias_id = given->alias_id;
    }
    if (given->has_online || given->has_status || !player->has_presence) {
        presence->updated_ms = given->now_ms;
    }
    change->presence = *presence;
    return pl_talo_save_presence(player, sql, err);
}

/* The acting alias, or a refusal. */
static int load_alias(struct pl_talo_alias **out, struct pl_store_op *op, struct pl_sql *sql,
                      int64_t game_id, int64_t alias_id)
{
    int rc = pl_talo_load_alias(out, sql, game_id, alias_id, &op->arena, &op->error);
    return rc < 0 || *out != NULL ? rc : pl_store_refuse(op, PL_TALO_PRESENCE_NOT_FOUND);
}

/* --- presence.set --- */

/* Who changed it last, when this change gave nothing. */
static int find_changer(struct pl_talo_presence_change *change, struct pl_talo_alias *acting,
                        struct pl_store_op *op, struct pl_sql *sql)
{
    change->alias = acting;
    if (change->presence.alias_id == acting->id) {
        return 0;
    }
    return pl_talo_load_aliases(&change->alias, sql, &change->presence.alias_id, 1, &op->arena,
                                &op->error);
}

static int run_set(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_presence_set *self = (struct pl_talo_op_presence_set *)op;
    const struct given given = {.has_online = self->has_online,
                                .is_online = self->is_online,
                                .has_status = self->has_status,
                                .custom_status = self->custom_status,
                                .alias_id = self->alias_id,
                                .now_ms = self->now_ms};
    struct pl_talo_alias *acting = NULL;
    int rc = 0;
    self->change = (struct pl_talo_presence_change){0};
    rc = load_alias(&acting, op, sql, self->game_id, self->alias_id);
    rc = rc != 0 ? rc : change_presence(&self->change, acting->player, &given, sql, &op->error);
    if (rc == 0 && !self->change.presence.is_online) {
        rc = pl_talo_leave_temporary(&self->change.departures, sql, acting->id, self->now_ms,
                                     &op->arena, &op->error);
    }
    return rc != 0 ? rc : find_changer(&self->change, acting, op, sql);
}

const struct pl_store_op_type pl_talo_op_presence_set_type = {
    .name = "presence.set",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_presence_set),
    .run = run_set,
};

/* --- presence.online --- */

static int check_session(struct pl_talo_op_presence_online *self, struct pl_sql *sql,
                         const struct pl_talo_alias *alias)
{
    struct pl_talo_session session;
    int rc = 0;
    if (!pl_str_eq(alias->service, PL_STR("talo"))) {
        return 0;
    }
    rc = pl_talo_load_session(&session, sql, alias->id, &alias->player->id, &self->op.error);
    if (rc < 0) {
        return rc;
    }
    return pl_talo_session_check_token(&session, self->session_token, self->now_ms) ==
                   PL_TALO_SESSION_OK
               ? 0
               : pl_store_refuse(&self->op, PL_TALO_PRESENCE_BAD_SESSION);
}

static int run_online(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_presence_online *self = (struct pl_talo_op_presence_online *)op;
    const struct given given = {
        .has_online = true, .is_online = true, .alias_id = self->alias_id, .now_ms = self->now_ms};
    struct pl_talo_alias *alias = NULL;
    int rc = 0;
    self->change = (struct pl_talo_presence_change){0};
    self->memberships = (struct pl_talo_memberships){0};
    rc = load_alias(&alias, op, sql, self->game_id, self->alias_id);
    rc = rc != 0 ? rc : check_session(self, sql, alias);
    rc = rc != 0 ? rc : change_presence(&self->change, alias->player, &given, sql, &op->error);
    if (rc == 0) {
        self->change.alias = alias;
        rc = pl_talo_load_memberships(&self->memberships, sql, alias->id, &op->arena, &op->error);
    }
    return rc;
}

const struct pl_store_op_type pl_talo_op_presence_online_type = {
    .name = "presence.online",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_presence_online),
    .run = run_online,
};

/* --- presence.offline --- */

/* The player, with aliases, or the one that it has been merged into; NULL: it is gone. */
static int find_leaver(struct pl_talo_player **out, struct pl_talo_op_presence_offline *self,
                       struct pl_sql *sql)
{
    struct pl_store_op *op = &self->op;
    struct pl_talo_alias *alias = NULL;
    int rc = pl_talo_load_player(out, sql, self->game_id, &self->player_id, &op->arena, &op->error);
    if (rc < 0 || *out != NULL) {
        return rc;
    }
    rc = pl_talo_load_alias(&alias, sql, self->game_id, self->alias_id, &op->arena, &op->error);
    if (rc < 0 || alias == NULL) {
        return rc;
    }
    return pl_talo_load_player(out, sql, self->game_id, &alias->player->id, &op->arena, &op->error);
}

static int run_offline(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_presence_offline *self = (struct pl_talo_op_presence_offline *)op;
    struct pl_talo_presence_change *change = &self->change;
    struct pl_talo_player *player = NULL;
    struct given given = {.has_online = true, .now_ms = self->now_ms};
    int rc = 0;
    *change = (struct pl_talo_presence_change){0};
    rc = find_leaver(&player, self, sql);
    if (rc < 0 || player == NULL) {
        return rc < 0 ? rc : pl_store_refuse(op, PL_TALO_PRESENCE_NOT_FOUND);
    }
    for (size_t i = 0; i < player->alias_count; i++) {
        if (player->aliases[i].id == self->alias_id) {
            change->alias = &player->aliases[i];
            given.alias_id = self->alias_id;
        }
    }
    rc = change_presence(change, player, &given, sql, &op->error);
    return rc < 0 ? rc
                  : pl_talo_leave_all_temporary(&change->departures, sql, &player->id, self->now_ms,
                                                &op->arena, &op->error);
}

const struct pl_store_op_type pl_talo_op_presence_offline_type = {
    .name = "presence.offline",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_presence_offline),
    .run = run_offline,
};
