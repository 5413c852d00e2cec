/* A batch of players: rows about them are read many at a time, and given to whom they are about. */
#include "store/talo/load_batch.h"

#include "base/alloc.h"
#include "store/talo/props.h"

#include <stdlib.h>

static const struct pl_talo_in_text prop_rows =
    PL_TALO_IN_TEXT("SELECT player_id, key, value FROM talo_player_props WHERE player_id",
                    " ORDER BY player_id, position");
static const struct pl_talo_in_text group_rows =
    PL_TALO_IN_TEXT("SELECT m.player_id, g.id, g.name FROM talo_group_members m"
                    " JOIN talo_groups g ON g.id = m.group_id WHERE m.player_id",
                    " ORDER BY m.player_id, g.name, g.id");

int pl_talo_batch_read_player(struct pl_talo_loading *out, const struct pl_sql_rows *rows,
                              struct pl_talo_batch *batch)
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

int pl_talo_batch_read_alias(struct pl_talo_alias *alias, const struct pl_sql_rows *rows, int first,
                             struct pl_talo_batch *batch)
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

int pl_talo_loading_compare(const void *a, const void *b)
{
    return memcmp(((const struct pl_talo_loading *)a)->player->id.bytes,
                  ((const struct pl_talo_loading *)b)->player->id.bytes, sizeof(struct pl_uuid));
}

/* Whose row it is, by its first column. */
static int find_loading(struct pl_talo_loading **out, const struct pl_talo_batch *batch,
                        const struct pl_sql_rows *rows)
{
    struct pl_talo_player wanted;
    struct pl_talo_loading key = {.player = &wanted};
    int rc = pl_sql_get_uuid(&wanted.id, rows, 0, batch->err);
    if (rc < 0) {
        return rc;
    }
    *out = bsearch(&key, batch->items, batch->count, sizeof(key), pl_talo_loading_compare);
    return *out != NULL ? 0 : pl_error_set(batch->err, PL_E_IO, "a row of another player");
}

/* --- what a player has many of: rows by player, each of which `read` adds to its player --- */

static int add_prop(struct pl_talo_loading *of, const struct pl_sql_rows *rows,
                    struct pl_talo_batch *batch)
{
    return pl_talo_add_prop(&of->player->props, rows, 1, batch->arena, batch->err);
}

static int add_group(struct pl_talo_loading *of, const struct pl_sql_rows *rows,
                     struct pl_talo_batch *batch)
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

int pl_talo_batch_read_rows(struct pl_talo_batch *batch, const struct pl_talo_in_text *text,
                            pl_talo_batch_read_row *read)
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
            struct pl_talo_loading *of = NULL;
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

int pl_talo_batch_read_details(struct pl_talo_batch *batch)
{
    int rc = pl_talo_batch_read_rows(batch, &prop_rows, add_prop);
    return rc < 0 ? rc : pl_talo_batch_read_rows(batch, &group_rows, add_group);
}

struct pl_str pl_talo_loading_name(const struct pl_talo_alias *alias, struct pl_str key)
{
    const struct pl_talo_prop *prop =
        key.len > 0 ? pl_talo_props_find(&alias->player->props, key) : NULL;
    return prop != NULL ? prop->value : alias->identifier;
}
