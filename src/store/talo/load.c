/* Players and aliases, read in batches: one query for the rows with what there is at most one of
 * (game, auth, presence), one for props, one for groups and, where wanted, one for aliases. */
#include "store/talo/load.h"

#include "base/alloc.h"
#include "store/talo/props.h"
#include "store/talo/rows.h"

#include <stdlib.h>

/* What is being loaded, sorted by id, each once. */
struct loading {
    struct pl_talo_player *player;
    struct pl_str display_key; /* of its game; empty: none */
};

struct batch {
    struct loading *items;
    size_t count;
    struct pl_sql *sql;
    struct pl_arena *arena;
    struct pl_error *err;
};

#define PLAYER_COLUMNS                                                                             \
    "p.id, p.game_id, p.is_dev_build, p.created_ms, p.last_seen_ms, g.display_name_key, "          \
    "r.has_verification, r.email, r.session_created_ms, "                                          \
    "s.is_online, s.custom_status, s.updated_ms, s.alias_id"
#define PLAYER_JOINS                                                                               \
    " JOIN talo_games g ON g.id = p.game_id"                                                       \
    " LEFT JOIN talo_auths r ON r.player_id = p.id"                                                \
    " LEFT JOIN talo_presences s ON s.player_id = p.id "

static const struct pl_talo_in_text alias_rows = PL_TALO_IN_TEXT(
    "SELECT " PLAYER_COLUMNS
    ", a.id, a.service, a.identifier, a.last_seen_ms, a.created_ms, a.updated_ms"
    " FROM talo_aliases a JOIN talo_players p ON p.id = a.player_id" PLAYER_JOINS "WHERE a.id",
    "");
static const struct pl_talo_in_text player_rows =
    PL_TALO_IN_TEXT("SELECT " PLAYER_COLUMNS " FROM talo_players p" PLAYER_JOINS "WHERE p.id", "");
static const struct pl_talo_in_text prop_rows =
    PL_TALO_IN_TEXT("SELECT player_id, key, value FROM talo_player_props WHERE player_id",
                    " ORDER BY player_id, position");
static const struct pl_talo_in_text group_rows =
    PL_TALO_IN_TEXT("SELECT m.player_id, g.id, g.name FROM talo_group_members m"
                    " JOIN talo_groups g ON g.id = m.group_id WHERE m.player_id",
                    " ORDER BY m.player_id, g.name, g.id");
static const struct pl_talo_in_text player_alias_rows =
    PL_TALO_IN_TEXT("SELECT player_id, id, service, identifier, last_seen_ms, created_ms,"
                    " updated_ms FROM talo_aliases WHERE player_id",
                    " ORDER BY player_id, id");

/* Columns from `first` on, as PLAYER_COLUMNS has them; the id is there already. */
static int read_player(struct loading *out, const struct pl_sql_rows *rows, struct batch *batch)
{
    struct pl_talo_player *player = out->player;
    int rc = 0;
    player->game_id = pl_sql_get_int(rows, 1);
    player->is_dev_build = pl_sql_get_int(rows, 2) != 0;
    player->created_ms = pl_sql_get_int(rows, 3);
    player->last_seen_ms = pl_sql_get_int(rows, 4);
    player->has_auth = !pl_sql_is_null(rows, 6);
    player->auth.has_verification = pl_sql_get_int(rows, 6) != 0;
    player->auth.session_created_ms = pl_sql_get_int(rows, 8);
    player->has_presence = !pl_sql_is_null(rows, 9);
    player->presence.is_online = pl_sql_get_int(rows, 9) != 0;
    player->presence.updated_ms = pl_sql_get_int(rows, 11);
    player->presence.alias_id = pl_sql_get_int(rows, 12);
    rc = pl_sql_copy(&out->display_key, rows, 5, batch->arena, batch->err);
    if (rc == 0 && !pl_sql_is_null(rows, 7)) {
        rc = pl_sql_copy(&player->auth.email, rows, 7, batch->arena, batch->err);
    }
    if (rc == 0) {
        rc = pl_sql_copy(&player->presence.custom_status, rows, 10, batch->arena, batch->err);
    }
    return rc;
}

/* The six columns of an alias. */
static int read_alias(struct pl_talo_alias *alias, const struct pl_sql_rows *rows, int first,
                      struct batch *batch)
{
    int rc = 0;
    alias->id = pl_sql_get_int(rows, first);
    alias->last_seen_ms = pl_sql_get_int(rows, first + 3);
    alias->created_ms = pl_sql_get_int(rows, first + 4);
    alias->updated_ms = pl_sql_get_int(rows, first + 5);
    rc = pl_sql_copy(&alias->service, rows, first + 1, batch->arena, batch->err);
    if (rc == 0) {
        rc = pl_sql_copy(&alias->identifier, rows, first + 2, batch->arena, batch->err);
    }
    return rc;
}

static int compare_loading(const void *a, const void *b)
{
    return memcmp(((const struct loading *)a)->player->id.bytes,
                  ((const struct loading *)b)->player->id.bytes, sizeof(struct pl_uuid));
}

/* Whose row it is, by its first column. */
static int find_loading(struct loading **out, const struct batch *batch,
                        const struct pl_sql_rows *rows)
{
    struct pl_talo_player wanted;
    struct loading key = {.player = &wanted};
    int rc = pl_sql_get_uuid(&wanted.id, rows, 0, batch->err);
    if (rc < 0) {
        return rc;
    }
    *out = bsearch(&key, batch->items, batch->count, sizeof(key), compare_loading);
    return *out != NULL ? 0 : pl_error_set(batch->err, PL_E_IO, "a row of another player");
}

/* --- what a player has many of: rows by player, each of which `read` adds to its player --- */

typedef int read_row(struct loading *of, const struct pl_sql_rows *rows, struct batch *batch);

static int add_prop(struct loading *of, const struct pl_sql_rows *rows, struct batch *batch)
{
    return pl_talo_add_prop(&of->player->props, rows, 1, batch->arena, batch->err);
}

static int add_group(struct loading *of, const struct pl_sql_rows *rows, struct batch *batch)
{
    struct pl_talo_player *player = of->player;
    struct pl_talo_group_ref *group = NULL;
    int rc = PL_TALO_GROW(&player->groups, player->group_count, batch->arena, batch->err);
    if (rc < 0) {
        return rc;
    }
    group = &player->groups[player->group_count++];
    rc = pl_sql_get_uuid(&group->id, rows, 1, batch->err);
    return rc < 0 ? rc : pl_sql_copy(&group->name, rows, 2, batch->arena, batch->err);
}

static int add_alias(struct loading *of, const struct pl_sql_rows *rows, struct batch *batch)
{
    struct pl_talo_player *player = of->player;
    int rc = PL_TALO_GROW(&player->aliases, player->alias_count, batch->arena, batch->err);
    if (rc < 0) {
        return rc;
    }
    player->aliases[player->alias_count].player = player;
    return read_alias(&player->aliases[player->alias_count++], rows, 1, batch);
}

static int read_rows(struct batch *batch, const struct pl_talo_in_text *text, read_row *read)
{
    int rc = 0;
    for (size_t from = 0; rc == 0 && from < batch->count; from += PL_TALO_IN_MAX) {
        struct pl_sql_value ids[PL_TALO_IN_MAX];
        size_t count = pl_size_min(batch->count - from, PL_TALO_IN_MAX);
        struct pl_sql_rows rows;
        for (size_t i = 0; i < count; i++) {
            ids[i] = pl_sql_uuid(&batch->items[from + i].player->id);
        }
        rc = pl_talo_query_in(&rows, batch->sql, text, ids, count, batch->err);
        while (rc == 0) {
            struct loading *of = NULL;
            rc = pl_sql_next(&rows, batch->err);
            if (rc <= 0) {
                break;
            }
            rc = find_loading(&of, batch, &rows);
            rc = rc < 0 ? rc : read(of, &rows, batch);
        }
        pl_sql_end(&rows);
    }
    return rc;
}

static struct pl_str display_name(const struct pl_talo_alias *alias, struct pl_str key)
{
    const struct pl_talo_prop *prop =
        key.len > 0 ? pl_talo_props_find(&alias->player->props, key) : NULL;
    return prop != NULL ? prop->value : alias->identifier;
}

/* --- players --- */

static int check_found(const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->items[i].player->game_id == 0) {
            return pl_error_set(batch->err, PL_E_NOT_FOUND, "no such player");
        }
    }
    return 0;
}

static int read_players_aliases(struct batch *batch)
{
    int rc = read_rows(batch, &player_alias_rows, add_alias);
    for (size_t i = 0; i < batch->count; i++) {
        struct pl_talo_player *player = batch->items[i].player;
        for (size_t j = 0; j < player->alias_count; j++) {
            player->aliases[j].display_name =
                display_name(&player->aliases[j], batch->items[i].display_key);
        }
    }
    return rc;
}

int pl_talo_load_players(struct pl_talo_player *players, size_t count, struct pl_sql *sql,
                         enum pl_talo_load_what what, struct pl_arena *arena, struct pl_error *err)
{
    struct batch batch = {.count = count, .sql = sql, .arena = arena, .err = err};
    int rc = 0;
    batch.items = pl_arena_alloc(arena, count * sizeof(*batch.items));
    if (batch.items == NULL) {
        return pl_talo_no_room(err);
    }
    for (size_t i = 0; i < count; i++) {
        players[i] = (struct pl_talo_player){.id = players[i].id};
        batch.items[i].player = &players[i];
    }
    qsort(batch.items, count, sizeof(*batch.items), compare_loading);
    rc = read_rows(&batch, &player_rows, read_player);
    rc = rc < 0 ? rc : check_found(&batch);
    rc = rc < 0 ? rc : read_rows(&batch, &prop_rows, add_prop);
    rc = rc < 0 ? rc : read_rows(&batch, &group_rows, add_group);
    if (rc == 0 && what == PL_TALO_LOAD_PLAYERS_AND_ALIASES) {
        rc = read_players_aliases(&batch);
    }
    return rc;
}

int pl_talo_load_player(struct pl_talo_player **out, struct pl_sql *sql, int64_t game_id,
                        const struct pl_uuid *id, struct pl_arena *arena, struct pl_error *err)
{
    struct pl_talo_player *player = pl_arena_alloc(arena, sizeof(*player));
    struct pl_error missing;
    int rc = 0;
    *out = NULL;
    if (player == NULL) {
        return pl_talo_no_room(err);
    }
    player->id = *id;
    rc = pl_talo_load_players(player, 1, sql, PL_TALO_LOAD_PLAYERS_AND_ALIASES, arena, &missing);
    if (rc < 0 && rc != PL_E_NOT_FOUND) {
        return pl_error_set(err, rc, "%s", missing.text);
    }
    if (rc == 0 && player->game_id == game_id) {
        *out = player;
    }
    return 0;
}

/* --- aliases --- */

static int compare_ids(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* The ids that are not 0, ascending, each once. */
static size_t sort_ids(int64_t *out, const int64_t *ids, size_t count)
{
    size_t kept = 0;
    size_t unique = 0;
    for (size_t i = 0; i < count; i++) {
        if (ids[i] != 0) {
            out[kept++] = ids[i];
        }
    }
    qsort(out, kept, sizeof(*out), compare_ids);
    for (size_t i = 0; i < kept; i++) {
        if (unique == 0 || out[i] != out[unique - 1]) {
            out[unique++] = out[i];
        }
    }
    return unique;
}

/* One row: the alias, with a player of its own until unite_players. */
static int read_alias_row(struct pl_talo_alias *alias, const struct pl_sql_rows *rows,
                          struct batch *batch)
{
    struct loading *of = &batch->items[batch->count];
    int rc = read_alias(alias, rows, 13, batch);
    of->player = pl_arena_alloc(batch->arena, sizeof(*of->player));
    if (of->player == NULL) {
        return pl_talo_no_room(batch->err);
    }
    alias->player = of->player;
    batch->count++;
    rc = rc < 0 ? rc : pl_sql_get_uuid(&of->player->id, rows, 0, batch->err);
    return rc < 0 ? rc : read_player(of, rows, batch);
}

/* The rows of some ids, in whatever order, into `aliases`, of which *found are there. */
static int read_alias_rows(struct pl_talo_alias *aliases, size_t *found, const int64_t *ids,
                           size_t count, struct batch *batch)
{
    struct pl_sql_value values[PL_TALO_IN_MAX];
    struct pl_sql_rows rows;
    int rc = 0;
    for (size_t i = 0; i < count; i++) {
        values[i] = pl_sql_int(ids[i]);
    }
    rc = pl_talo_query_in(&rows, batch->sql, &alias_rows, values, count, batch->err);
    while (rc == 0) {
        rc = pl_sql_next(&rows, batch->err);
        if (rc <= 0) {
            break;
        }
        rc = read_alias_row(&aliases[*found], &rows, batch);
        (*found)++;
    }
    pl_sql_end(&rows);
    return rc;
}

/* Aliases of one player get one player: batch->items becomes each once. */
static void unite_players(struct pl_talo_alias *aliases, size_t count, struct batch *batch)
{
    size_t unique = 0;
    qsort(batch->items, batch->count, sizeof(*batch->items), compare_loading);
    for (size_t i = 0; i < batch->count; i++) {
        if (unique == 0 || compare_loading(&batch->items[i], &batch->items[unique - 1]) != 0) {
            batch->items[unique++] = batch->items[i];
        }
    }
    batch->count = unique;
    for (size_t i = 0; i < count; i++) {
        struct loading key = {.player = aliases[i].player};
        struct loading *of = bsearch(&key, batch->items, unique, sizeof(key), compare_loading);
        aliases[i].player = of->player;
    }
}

static void name_aliases(struct pl_talo_alias *aliases, size_t count, const struct batch *batch)
{
    for (size_t i = 0; i < count; i++) {
        struct loading key = {.player = aliases[i].player};
        const struct loading *of =
            bsearch(&key, batch->items, batch->count, sizeof(key), compare_loading);
        aliases[i].display_name = display_name(&aliases[i], of->display_key);
    }
}

static int compare_aliases(const void *a, const void *b)
{
    return compare_ids(&((const struct pl_talo_alias *)a)->id,
                       &((const struct pl_talo_alias *)b)->id);
}

/* All of `ids` (ascending, each once) that exist, ascending. */
static int read_aliases(struct pl_talo_alias *aliases, size_t *found, const int64_t *ids,
                        size_t count, struct batch *batch)
{
    int rc = 0;
    for (size_t from = 0; rc == 0 && from < count; from += PL_TALO_IN_MAX) {
        rc = read_alias_rows(aliases, found, ids + from, pl_size_min(count - from, PL_TALO_IN_MAX),
                             batch);
    }
    if (rc < 0) {
        return rc;
    }
    qsort(aliases, *found, sizeof(*aliases), compare_aliases);
    unite_players(aliases, *found, batch);
    rc = read_rows(batch, &prop_rows, add_prop);
    rc = rc < 0 ? rc : read_rows(batch, &group_rows, add_group);
    name_aliases(aliases, *found, batch);
    return rc;
}

int pl_talo_load_aliases(struct pl_talo_alias **out, struct pl_sql *sql, const int64_t *ids,
                         size_t count, struct pl_arena *arena, struct pl_error *err)
{
    struct batch batch = {.sql = sql, .arena = arena, .err = err};
    int64_t *sorted = pl_arena_alloc(arena, count * sizeof(*sorted));
    size_t sorted_count = sorted != NULL ? sort_ids(sorted, ids, count) : 0;
    struct pl_talo_alias *aliases = pl_arena_alloc(arena, sorted_count * sizeof(*aliases));
    size_t found = 0;
    int rc = 0;
    batch.items = pl_arena_alloc(arena, sorted_count * sizeof(*batch.items));
    if (sorted == NULL || aliases == NULL || batch.items == NULL) {
        return pl_talo_no_room(err);
    }
    rc = read_aliases(aliases, &found, sorted, sorted_count, &batch);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct pl_talo_alias key = {.id = ids[i]};
        out[i] = bsearch(&key, aliases, found, sizeof(key), compare_aliases);
    }
    return rc;
}

int pl_talo_load_alias(struct pl_talo_alias **out, struct pl_sql *sql, int64_t game_id,
                       int64_t alias_id, struct pl_arena *arena, struct pl_error *err)
{
    int rc = 0;
    *out = NULL;
    rc = pl_talo_load_aliases(out, sql, &alias_id, 1, arena, err);
    if (rc == 0 && *out != NULL && (*out)->player->game_id != game_id) {
        *out = NULL;
    }
    return rc;
}
