/* POST /v1/players/merge: the refusals in the order of the specification, then player 2's aliases,
 * props and being online go to player 1, and the rest of it goes. */
#include "store/talo/channel_change.h"
#include "store/talo/erase.h"
#include "store/talo/load.h"
#include "store/talo/players.h"
#include "store/talo/presence_rows.h"
#include "store/talo/rows.h"
#include "store/talo/save.h"

static const struct pl_talo_alias *alias_of(const struct pl_talo_player *player,
                                            struct pl_str service)
{
    for (size_t i = 0; i < player->alias_count; i++) {
        if (pl_str_eq(player->aliases[i].service, service)) {
            return &player->aliases[i];
        }
    }
    return NULL;
}

/* Player 1's alias of a service that proves who one is must be the acting one. */
static bool is_initiator(const struct pl_talo_player *player, int64_t acting_alias_id)
{
    static const struct pl_str proving[] = {PL_STR_INIT("talo"), PL_STR_INIT("steam"),
                                            PL_STR_INIT("google_play_games"),
                                            PL_STR_INIT("game_center")};
    for (size_t i = 0; i < player->alias_count; i++) {
        for (size_t j = 0; j < PL_ARRAY_LEN(proving); j++) {
            if (pl_str_eq(player->aliases[i].service, proving[j]) &&
                player->aliases[i].id != acting_alias_id) {
                return false;
            }
        }
    }
    return true;
}

static const struct {
    struct pl_str service;
    int refusal;
} unmergeable[] = {
    {PL_STR_INIT("talo"), PL_TALO_MERGE_HAS_AUTH},
    {PL_STR_INIT("steam"), PL_TALO_MERGE_HAS_STEAM},
    {PL_STR_INIT("google_play_games"), PL_TALO_MERGE_HAS_GOOGLE},
};

/* The services of which both have an alias, by name: *list is empty when there is none. Aliases of
 * one service need not be next to each other, so the next name is looked for each time. */
static int list_common(struct pl_str *list, const struct pl_talo_player *one,
                       const struct pl_talo_player *two, struct pl_arena *arena,
                       struct pl_error *err)
{
    struct pl_buf text;
    struct pl_str last = {0};
    bool is_copied = false;
    pl_buf_init(&text, SIZE_MAX);
    for (;;) {
        struct pl_str next = {0};
        for (size_t i = 0; i < two->alias_count; i++) {
            struct pl_str service = two->aliases[i].service;
            if (alias_of(one, service) != NULL &&
                (last.ptr == NULL || pl_str_compare(service, last) > 0) &&
                (next.ptr == NULL || pl_str_compare(service, next) < 0)) {
                next = service;
            }
        }
        if (next.ptr == NULL) {
            break;
        }
        pl_buf_addf(&text, "%s" PL_STR_FMT, text.len > 0 ? ", " : "", PL_STR_ARG(next));
        last = next;
    }
    is_copied = !pl_buf_failed(&text) && pl_arena_copy(list, arena, pl_buf_str(&text));
    pl_buf_fini(&text);
    return is_copied ? 0 : pl_talo_no_room(err);
}

static int check(struct pl_talo_op_player_merge *self, const struct pl_talo_player *one,
                 const struct pl_talo_player *two)
{
    int rc = 0;
    if (!is_initiator(one, self->acting_alias_id)) {
        return pl_store_refuse(&self->op, PL_TALO_MERGE_NOT_INITIATOR);
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(unmergeable); i++) {
        if (alias_of(two, unmergeable[i].service) != NULL) {
            return pl_store_refuse(&self->op, unmergeable[i].refusal);
        }
    }
    rc = list_common(&self->services, one, two, &self->op.arena, &self->op.error);
    return rc < 0 || self->services.len == 0 ? rc
                                             : pl_store_refuse(&self->op, PL_TALO_MERGE_SERVICES);
}

/* Both, or a refusal. */
static int load(struct pl_talo_player **one, struct pl_talo_player **two,
                struct pl_talo_op_player_merge *self, struct pl_sql *sql)
{
    struct pl_store_op *op = &self->op;
    int rc = 0;
    *one = NULL;
    *two = NULL;
    if (pl_uuid_eq(&self->player1_id, &self->player2_id)) {
        return pl_store_refuse(op, PL_TALO_MERGE_SAME);
    }
    rc = pl_talo_load_player(one, sql, self->game_id, &self->player1_id, &op->arena, &op->error);
    if (rc == 0 && *one == NULL) {
        return pl_store_refuse(op, PL_TALO_MERGE_NO_PLAYER_1);
    }
    if (rc == 0) {
        rc =
            pl_talo_load_player(two, sql, self->game_id, &self->player2_id, &op->arena, &op->error);
    }
    return rc < 0 || *two != NULL ? rc : pl_store_refuse(op, PL_TALO_MERGE_NO_PLAYER_2);
}

/* Player 2 wins, but says nothing about player 1 being of a development build. */
static int unite_props(struct pl_talo_player *one, const struct pl_talo_player *two,
                       struct pl_store_op *op, struct pl_sql *sql)
{
    static const struct pl_talo_prop_rules rules = {.value_max = SIZE_MAX};
    struct pl_talo_merged_props merged = {0};
    struct pl_talo_prop_changes changes = {0};
    int rc = 0;
    changes.items = pl_arena_alloc(&op->arena, two->props.count * sizeof(*changes.items));
    if (changes.items == NULL) {
        return pl_talo_no_room(&op->error);
    }
    for (size_t i = 0; i < two->props.count; i++) {
        if (!pl_str_eq(two->props.items[i].key, PL_STR("META_DEV_BUILD"))) {
            changes.items[changes.count++] = (struct pl_talo_prop_change){
                .key = two->props.items[i].key, .value = two->props.items[i].value};
        }
    }
    rc = pl_talo_props_merge(&merged, &one->props, &changes, &rules, &op->arena, &op->error);
    if (rc == PL_E_TOO_BIG) {
        return pl_store_refuse(op, PL_TALO_PLAYER_TOO_MANY_PROPS);
    }
    return rc < 0 ? rc : pl_talo_set_player_props(one, sql, &merged.props, &op->error);
}

static int unite_presence(struct pl_talo_player *one, const struct pl_talo_player *two,
                          struct pl_talo_op_player_merge *self, struct pl_sql *sql)
{
    if (!two->has_presence || (one->has_presence && !two->presence.is_online)) {
        return 0;
    }
    if (!one->has_presence) {
        one->presence = two->presence;
    }
    if (two->presence.is_online && !one->presence.is_online) {
        one->presence.is_online = true;
        one->presence.alias_id = two->presence.alias_id;
        one->presence.updated_ms = self->now_ms;
    }
    return pl_talo_save_presence(one, sql, &self->op.error);
}

static int run_merge(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_player_merge *self = (struct pl_talo_op_player_merge *)op;
    struct pl_talo_player *one = NULL;
    struct pl_talo_player *two = NULL;
    int rc = 0;
    self->player = NULL;
    self->services = (struct pl_str){0};
    rc = load(&one, &two, self, sql);
    rc = rc != 0 ? rc : check(self, one, two);
    rc = rc != 0 ? rc : unite_props(one, two, op, sql);
    rc = rc != 0 ? rc : unite_presence(one, two, self, sql);
    if (rc == 0) {
        rc = PL_SQL_RUN(sql, &op->error,
                        "UPDATE talo_aliases SET player_id = $1, updated_ms = $2"
                        " WHERE player_id = $3",
                        pl_sql_uuid(&one->id), pl_sql_int(self->now_ms), pl_sql_uuid(&two->id));
    }
    rc = rc != 0 ? rc : pl_talo_mark_memberships(sql, &one->id, one->is_dev_build, &op->error);
    rc = rc != 0 ? rc : pl_talo_erase_player(sql, &two->id, &op->error);
    rc = rc != 0 ? rc : pl_talo_regroup(one, sql, &op->arena, &op->error);
    return rc != 0 ? rc
                   : pl_talo_load_player(&self->player, sql, self->game_id, &self->player1_id,
                                         &op->arena, &op->error);
}

const struct pl_store_op_type pl_talo_op_player_merge_type = {
    .name = "player.merge",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_player_merge),
    .run = run_merge,
};
