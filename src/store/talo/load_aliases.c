/* Aliases with their players, read in batches: one query for alias, player and what there is at most
 * one of, one for props, one for groups. */
#include "store/talo/load.h"

#include "store/talo/load_batch.h"

#include <stdlib.h>

static const struct pl_talo_in_text alias_rows = PL_TALO_IN_TEXT(
    "SELECT " PL_TALO_PLAYER_COLUMNS
    ", a.id, a.service, a.identifier, a.last_seen_ms, a.created_ms, a.updated_ms"
    " FROM talo_aliases a JOIN talo_players p ON p.id = a.player_id" PL_TALO_PLAYER_JOINS
    "WHERE a.id",
    "");

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
                          struct pl_talo_batch *batch)
{
    struct pl_talo_loading *of = &batch->items[batch->count];
    int rc = pl_talo_batch_read_alias(alias, rows, 13, batch);
    of->player = pl_arena_alloc(batch->arena, sizeof(*of->player));
    if (of->player == NULL) {
        return pl_talo_no_room(batch->err);
    }
    alias->player = of->player;
    batch->count++;
    rc = rc < 0 ? rc : pl_sql_get_uuid(&of->player->id, rows, 0, batch->err);
    return rc < 0 ? rc : pl_talo_batch_read_player(of, rows, batch);
}

/* The rows of some ids, in whatever order, into `aliases`, of which *found are there. */
static int read_alias_rows(struct pl_talo_alias *aliases, size_t *found, const int64_t *ids,
                           size_t count, struct pl_talo_batch *batch)
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
static void unite_players(struct pl_talo_alias *aliases, size_t count, struct pl_talo_batch *batch)
{
    size_t unique = 0;
    qsort(batch->items, batch->count, sizeof(*batch->items), pl_talo_loading_compare);
    for (size_t i = 0; i < batch->count; i++) {
        if (unique == 0 ||
            pl_talo_loading_compare(&batch->items[i], &batch->items[unique - 1]) != 0) {
            batch->items[unique++] = batch->items[i];
        }
    }
    batch->count = unique;
    for (size_t i = 0; i < count; i++) {
        struct pl_talo_loading key = {.player = aliases[i].player};
        struct pl_talo_loading *of =
            bsearch(&key, batch->items, unique, sizeof(key), pl_talo_loading_compare);
        aliases[i].player = of->player;
    }
}

static void name_aliases(struct pl_talo_alias *aliases, size_t count,
                         const struct pl_talo_batch *batch)
{
    for (size_t i = 0; i < count; i++) {
        struct pl_talo_loading key = {.player = aliases[i].player};
        const struct pl_talo_loading *of =
            bsearch(&key, batch->items, batch->count, sizeof(key), pl_talo_loading_compare);
        aliases[i].display_name = pl_talo_loading_name(&aliases[i], of->display_key);
    }
}

static int compare_aliases(const void *a, const void *b)
{
    return compare_ids(&((const struct pl_talo_alias *)a)->id,
                       &((const struct pl_talo_alias *)b)->id);
}

/* All of `ids` (ascending, each once) that exist, ascending. */
static int read_aliases(struct pl_talo_alias *aliases, size_t *found, const int64_t *ids,
                        size_t count, struct pl_talo_batch *batch)
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
    rc = pl_talo_batch_read_details(batch);
    name_aliases(aliases, *found, batch);
    return rc;
}

int pl_talo_load_aliases(struct pl_talo_alias **out, struct pl_sql *sql, const int64_t *ids,
                         size_t count, struct pl_arena *arena, struct pl_error *err)
{
    struct pl_talo_batch batch = {.sql = sql, .arena = arena, .err = err};
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

int pl_talo_find_alias(int64_t *out, struct pl_sql *sql, int64_t game_id, struct pl_str service,
                       struct pl_str identifier, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, err,
                          "SELECT id FROM talo_aliases"
                          " WHERE game_id = $1 AND identifier = $2 AND service = $3",
                          pl_sql_int(game_id), pl_sql_text(identifier), pl_sql_text(service));
    return rc < 0 ? rc : pl_talo_read_number(out, &rows, err);
}
