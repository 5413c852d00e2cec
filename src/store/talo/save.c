/* Rows of players and aliases, and what follows from a change: the places in groups. */
#include "store/talo/save.h"

#include "base/alloc.h"
#include "store/talo/group_rules.h"
#include "store/talo/rows.h"

static int add_prop_row(struct pl_sql *sql, const struct pl_uuid *player_id, size_t position,
                        const struct pl_talo_prop *prop, struct pl_error *err)
{
    return PL_SQL_RUN(sql, err,
                      "INSERT INTO talo_player_props (player_id, position, key, value)"
                      " VALUES ($1, $2, $3, $4)",
                      pl_sql_uuid(player_id), pl_sql_int((int64_t)position), pl_sql_text(prop->key),
                      pl_sql_text(prop->value));
}

int pl_talo_add_alias(bool *was_added, struct pl_sql *sql, const struct pl_talo_alias *alias,
                      int64_t now_ms, struct pl_error *err)
{
    const struct pl_sql_value values[] = {
        pl_sql_int(alias->id),           pl_sql_int(alias->player->game_id),
        pl_sql_uuid(&alias->player->id), pl_sql_text(alias->service),
        pl_sql_text(alias->identifier),  pl_sql_int(now_ms),
    };
    int64_t changed = 0;
    int rc = pl_sql_run(sql,
                        "INSERT INTO talo_aliases (id, game_id, player_id, service, identifier,"
                        " last_seen_ms, created_ms, updated_ms)"
                        " VALUES ($1, $2, $3, $4, $5, $6, $6, $6)"
                        " ON CONFLICT (game_id, identifier, service) DO NOTHING",
                        values, PL_ARRAY_LEN(values), &changed, err);
    *was_added = changed > 0;
    return rc;
}

int pl_talo_add_player(bool *was_added, struct pl_sql *sql, const struct pl_talo_alias *alias,
                       int64_t now_ms, struct pl_error *err)
{
    const struct pl_talo_prop dev_build = {PL_STR("META_DEV_BUILD"), PL_STR("1")};
    const struct pl_talo_player *player = alias->player;
    int rc = pl_talo_add_alias(was_added, sql, alias, now_ms, err);
    if (rc < 0 || !*was_added) {
        return rc;
    }
    rc = PL_SQL_RUN(sql, err,
                    "INSERT INTO talo_players (id, game_id, is_dev_build, created_ms, last_seen_ms)"
                    " VALUES ($1, $2, $3, $4, $4)",
                    pl_sql_uuid(&player->id), pl_sql_int(player->game_id),
                    pl_sql_int(player->is_dev_build), pl_sql_int(now_ms));
    return rc < 0 || !player->is_dev_build ? rc
                                           : add_prop_row(sql, &player->id, 0, &dev_build, err);
}

int pl_talo_add_login(struct pl_sql *sql, const struct pl_talo_login *login, struct pl_error *err)
{
    return PL_SQL_RUN(sql, err,
                      "INSERT INTO talo_auths (player_id, game_id, password_hash, email,"
                      " has_verification, session_key, session_created_ms)"
                      " VALUES ($1, $2, $3, $4, $5, NULL, 0)",
                      pl_sql_uuid(&login->player_id), pl_sql_int(login->game_id),
                      pl_sql_text(login->password_hash),
                      login->email.ptr == NULL ? pl_sql_null() : pl_sql_text(login->email),
                      pl_sql_int(login->has_verification));
}

int pl_talo_see(struct pl_talo_alias *alias, struct pl_sql *sql, int64_t now_ms,
                struct pl_error *err)
{
    int rc = PL_SQL_RUN(sql, err,
                        "UPDATE talo_aliases SET last_seen_ms = $1, updated_ms = $1 WHERE id = $2",
                        pl_sql_int(now_ms), pl_sql_int(alias->id));
    if (rc == 0) {
        rc = PL_SQL_RUN(sql, err, "UPDATE talo_players SET last_seen_ms = $1 WHERE id = $2",
                        pl_sql_int(now_ms), pl_sql_uuid(&alias->player->id));
    }
    alias->last_seen_ms = now_ms;
    alias->updated_ms = now_ms;
    alias->player->last_seen_ms = now_ms;
    return rc;
}

/* How many props at the front are as they were: their rows stay. */
static size_t equal_count(const struct pl_talo_props *a, const struct pl_talo_props *b)
{
    size_t count = 0;
    while (count < a->count && count < b->count &&
           pl_str_eq(a->items[count].key, b->items[count].key) &&
           pl_str_eq(a->items[count].value, b->items[count].value)) {
        count++;
    }
    return count;
}

int pl_talo_set_player_props(struct pl_talo_player *player, struct pl_sql *sql,
                             const struct pl_talo_props *props, struct pl_error *err)
{
    size_t kept = equal_count(&player->props, props);
    int rc = 0;
    if (kept < player->props.count) {
        rc = PL_SQL_RUN(sql, err,
                        "DELETE FROM talo_player_props WHERE player_id = $1 AND position >= $2",
                        pl_sql_uuid(&player->id), pl_sql_int((int64_t)kept));
    }
    for (size_t i = kept; rc == 0 && i < props->count; i++) {
        rc = add_prop_row(sql, &player->id, i, &props->items[i], err);
    }
    player->props = *props;
    return rc;
}

/* --- groups --- */

static bool is_in(const struct pl_talo_player *player, const struct pl_uuid *group_id)
{
    for (size_t i = 0; i < player->group_count; i++) {
        if (pl_uuid_eq(&player->groups[i].id, group_id)) {
            return true;
        }
    }
    return false;
}

/* Whether the player of the loaded groups is in the one of this row by right, and what it is
 * called. */
static int read_group(struct pl_talo_group *group, const struct pl_sql_rows *rows,
                      struct pl_arena *arena, struct pl_error *err)
{
    int rc = pl_sql_get_uuid(&group->id, rows, 0, err);
    group->is_any = pl_sql_get_int(rows, 3) != 0;
    rc = rc < 0 ? rc : pl_sql_copy(&group->name, rows, 1, arena, err);
    return rc < 0 ? rc : pl_talo_rules_read(group, pl_sql_get_bytes(rows, 2), arena, err);
}

static int enter(struct pl_sql *sql, const struct pl_talo_player *player,
                 const struct pl_uuid *group_id, struct pl_error *err)
{
    return PL_SQL_RUN(sql, err,
                      "INSERT INTO talo_group_members (group_id, player_id) VALUES ($1, $2)"
                      " ON CONFLICT (group_id, player_id) DO NOTHING",
                      pl_sql_uuid(group_id), pl_sql_uuid(&player->id));
}

static int leave(struct pl_sql *sql, const struct pl_talo_player *player,
                 const struct pl_uuid *group_id, struct pl_error *err)
{
    return PL_SQL_RUN(sql, err,
                      "DELETE FROM talo_group_members WHERE group_id = $1 AND player_id = $2",
                      pl_sql_uuid(group_id), pl_sql_uuid(&player->id));
}

/* All groups of the game, by name and id. */
static int read_groups(struct pl_talo_group **groups, size_t *count, struct pl_sql *sql,
                       int64_t game_id, struct pl_arena *arena, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, err,
                          "SELECT id, name, rules, is_any FROM talo_groups WHERE game_id = $1"
                          " ORDER BY name, id",
                          pl_sql_int(game_id));
    *groups = NULL;
    *count = 0;
    while (rc == 0) {
        rc = pl_sql_next(&rows, err);
        if (rc <= 0) {
            break;
        }
        rc = PL_TALO_GROW(groups, *count, arena, err);
        rc = rc < 0 ? rc : read_group(&(*groups)[(*count)++], &rows, arena, err);
    }
    pl_sql_end(&rows);
    return rc;
}

int pl_talo_regroup(struct pl_talo_player *player, struct pl_sql *sql, struct pl_arena *arena,
                    struct pl_error *err)
{
    struct pl_talo_group *groups = NULL;
    struct pl_talo_group_ref *refs = NULL;
    size_t count = 0;
    size_t ref_count = 0;
    int rc = read_groups(&groups, &count, sql, player->game_id, arena, err);
    refs = pl_arena_alloc(arena, count * sizeof(*refs));
    if (rc == 0 && refs == NULL) {
        return pl_talo_no_room(err);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        bool was_in = is_in(player, &groups[i].id);
        if (pl_talo_group_matches(&groups[i], player)) {
            refs[ref_count++] = (struct pl_talo_group_ref){groups[i].id, groups[i].name};
            rc = was_in ? 0 : enter(sql, player, &groups[i].id, err);
        } else if (was_in) {
            rc = leave(sql, player, &groups[i].id, err);
        }
    }
    if (rc == 0) {
        player->groups = refs;
        player->group_count = ref_count;
    }
    return rc;
}
