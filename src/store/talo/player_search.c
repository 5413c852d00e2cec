/* GET /v1/players/search: every player of the game is looked at, on a reader. */
#include "store/talo/channel_load.h"
#include "store/talo/player_rows.h"
#include "store/talo/players.h"
#include "store/talo/rows.h"

/* The text of p.id, of `hex`: an expression of 32 lower-case digits. */
#define UUID_TEXT(hex)                                                                             \
    "substr(" hex ", 1, 8) || '-' || substr(" hex ", 9, 4) || '-' || substr(" hex                  \
    ", 13, 4) || '-' || substr(" hex ", 17, 4) || '-' || substr(" hex ", 21, 12)"
#define FOUND(hex)                                                                                 \
    " FROM talo_players p WHERE p.game_id = $1 AND ($2 = 1 OR p.is_dev_build = 0)"                 \
    " AND (strpos(" UUID_TEXT(                                                                     \
        hex) ", $3) > 0"                                                                           \
             " OR EXISTS (SELECT 1 FROM talo_aliases a WHERE a.player_id = p.id"                   \
             " AND strpos(lower(a.identifier), $3) > 0)"                                           \
             " OR EXISTS (SELECT 1 FROM talo_player_props r WHERE r.player_id = p.id"              \
             " AND strpos(lower(r.value), $3) > 0))"
#define SQLITE_HEX "lower(hex(p.id))"
#define POSTGRES_HEX "encode(p.id, 'hex')"
#define COUNT(hex) "SELECT COUNT(*)" FOUND(hex)
#define ITEMS(hex) "SELECT p.id" FOUND(hex) " ORDER BY p.last_seen_ms DESC, p.id LIMIT 25"

_Static_assert(PL_TALO_SEARCH_ITEMS == 25, "as the query says");

static int run_search(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_player_search *self = (struct pl_talo_op_player_search *)op;
    struct pl_sql_value values[] = {pl_sql_int(self->game_id), pl_sql_int(self->includes_dev),
                                    pl_sql_null()};
    struct pl_sql_rows rows;
    struct pl_str query;
    int rc = pl_talo_lower(&query, self->query, &op->arena, &op->error);
    if (rc < 0) {
        return rc;
    }
    values[2] = pl_sql_text(query);
    rc = pl_sql_query(&rows, sql, sql->is_postgres ? COUNT(POSTGRES_HEX) : COUNT(SQLITE_HEX),
                      values, PL_ARRAY_LEN(values), &op->error);
    rc = rc < 0 ? rc : pl_talo_read_number(&self->total, &rows, &op->error);
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_query(&rows, sql, sql->is_postgres ? ITEMS(POSTGRES_HEX) : ITEMS(SQLITE_HEX),
                      values, PL_ARRAY_LEN(values), &op->error);
    return rc < 0 ? rc
                  : pl_talo_read_players(&self->players, &self->player_count, &rows,
                                         PL_TALO_LOAD_PLAYERS_AND_ALIASES, &op->arena, &op->error);
}

const struct pl_store_op_type pl_talo_op_player_search_type = {
    .name = "player.search",
    .size = sizeof(struct pl_talo_op_player_search),
    .run = run_search,
};
