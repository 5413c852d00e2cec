/* The end of temporary memberships when a player goes offline, and the sweep at the start. */
#include "store/talo/presence.h"

#include "store/talo/presence_rows.h"
#include "store/talo/rows.h"

static int append(struct pl_talo_departures *out, const struct pl_talo_departures *more,
                  struct pl_arena *arena, struct pl_error *err)
{
    struct pl_talo_departures both = {.count = out->count + more->count};
    if (more->count == 0) {
        return 0;
    }
    both.items = pl_arena_alloc(arena, both.count * sizeof(*both.items));
    if (both.items == NULL) {
        return pl_talo_no_room(err);
    }
    if (out->count > 0) {
        memcpy(both.items, out->items, out->count * sizeof(*both.items));
    }
    memcpy(both.items + out->count, more->items, more->count * sizeof(*both.items));
    *out = both;
    return 0;
}

int pl_talo_leave_all_temporary(struct pl_talo_departures *out, struct pl_sql *sql,
                                const struct pl_uuid *player_id, int64_t now_ms,
                                struct pl_arena *arena, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int64_t *ids = NULL;
    size_t count = 0;
    int rc = PL_SQL_QUERY(&rows, sql, err,
                          "SELECT id FROM talo_aliases WHERE player_id = $1 ORDER BY id",
                          pl_sql_uuid(player_id));
    rc = rc < 0 ? rc : pl_talo_read_ids(&ids, &count, &rows, arena, err);
    *out = (struct pl_talo_departures){0};
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct pl_talo_departures more = {0};
        rc = pl_talo_leave_temporary(&more, sql, ids[i], now_ms, arena, err);
        rc = rc < 0 ? rc : append(out, &more, arena, err);
    }
    return rc;
}

/* --- presence.sweep --- */

#define SWEEP_PLAYERS 256

/* Some of those who are online; *count is 0 when nobody is. */
static int list_online(struct pl_uuid ids[SWEEP_PLAYERS], size_t *count, struct pl_sql *sql,
                       struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = pl_sql_query(&rows, sql,
                          "SELECT player_id FROM talo_presences WHERE is_online = 1 LIMIT 256",
                          NULL, 0, err);
    *count = 0;
    while (rc == 0) {
        rc = pl_sql_next(&rows, err);
        if (rc <= 0) {
            break;
        }
        rc = pl_sql_get_uuid(&ids[(*count)++], &rows, 0, err);
    }
    pl_sql_end(&rows);
    return rc;
}

/* In an arena of its own: there is no bound to how many they are. */
static int sweep_one(const struct pl_uuid *player_id, struct pl_talo_op_presence_sweep *self,
                     struct pl_sql *sql)
{
    struct pl_error *err = &self->op.error;
    struct pl_talo_departures departures;
    struct pl_arena arena;
    int rc = PL_SQL_RUN(sql, err,
                        "UPDATE talo_presences SET is_online = 0, updated_ms = $1"
                        " WHERE player_id = $2",
                        pl_sql_int(self->now_ms), pl_sql_uuid(player_id));
    pl_arena_init(&arena, self->op.arena.limit_bytes);
    rc = rc < 0
             ? rc
             : pl_talo_leave_all_temporary(&departures, sql, player_id, self->now_ms, &arena, err);
    pl_arena_fini(&arena);
    self->swept_count++;
    return rc;
}

static int run_sweep(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_presence_sweep *self = (struct pl_talo_op_presence_sweep *)op;
    size_t count = 0;
    int rc = 0;
    self->swept_count = 0;
    do {
        struct pl_uuid ids[SWEEP_PLAYERS];
        rc = list_online(ids, &count, sql, &op->error);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            rc = sweep_one(&ids[i], self, sql);
        }
    } while (rc == 0 && count > 0);
    return rc;
}

const struct pl_store_op_type pl_talo_op_presence_sweep_type = {
    .name = "presence.sweep",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_presence_sweep),
    .run = run_sweep,
};
