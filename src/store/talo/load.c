/* Players, read in batches: one query for the rows with what there is at most one of (game, auth,
 * presence), one for props, one for groups and, where wanted, one for aliases. */
#include "store/talo/load.h"

#include "store/talo/load_batch.h"

#include <stdlib.h>

static const struct pl_talo_in_text player_rows = PL_TALO_IN_TEXT(
    "SELECT " PL_TALO_PLAYER_COLUMNS " FROM talo_players p" PL_TALO_PLAYER_JOINS "WHERE p.id", "");
static const struct pl_talo_in_text player_alias_rows =
    PL_TALO_IN_TEXT("SELECT player_id, id, service, identifier, last_seen_ms, created_ms,"
                    " updated_ms FROM talo_aliases WHERE player_id",
                    " ORDER BY player_id, id");

static int add_alias(struct pl_talo_loading *of, const struct pl_sql_rows *rows,
                     struct pl_talo_batch *batch)
{
    struct pl_talo_player *player = of->player;
    int rc = PL_TALO_GROW(&player->aliases, player->alias_count, batch->arena, batch->err);
    if (rc < 0) {
        return rc;
    }
    player->aliases[player->alias_count].player = player;
    return pl_talo_batch_read_alias(&player->aliases[player->alias_count++], rows, 1, batch);
}

static int check_found(const struct pl_talo_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->items[i].player->game_id == 0) {
            return pl_error_set(batch->err, PL_E_NOT_FOUND, "no such player");
        }
    }
    return 0;
}

static int read_players_aliases(struct pl_talo_batch *batch)
{
    int rc = pl_talo_batch_read_rows(batch, &player_alias_rows, add_alias);
    for (size_t i = 0; i < batch->count; i++) {
        struct pl_talo_player *player = batch->items[i].player;
        for (size_t j = 0; j < player->alias_count; j++) {
            player->aliases[j].display_name =
                pl_talo_loading_name(&player->aliases[j], batch->items[i].display_key);
        }
    }
    return rc;
}

int pl_talo_load_players(struct pl_talo_player *players, size_t count, struct pl_sql *sql,
                         enum pl_talo_load_what what, struct pl_arena *arena, struct pl_error *err)
{
    struct pl_talo_batch batch = {.count = count, .sql = sql, .arena = arena, .err = err};
    int rc = 0;
    batch.items = pl_arena_alloc(arena, count * sizeof(*batch.items));
    if (batch.items == NULL) {
        return pl_talo_no_room(err);
    }
    for (size_t i = 0; i < count; i++) {
        players[i] = (struct pl_talo_player){.id = players[i].id};
        batch.items[i].player = &players[i];
    }
    qsort(batch.items, count, sizeof(*batch.items), pl_talo_loading_compare);
    rc = pl_talo_batch_read_rows(&batch, &player_rows, pl_talo_batch_read_player);
    rc = rc < 0 ? rc : check_found(&batch);
    rc = rc < 0 ? rc : pl_talo_batch_read_details(&batch);
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
