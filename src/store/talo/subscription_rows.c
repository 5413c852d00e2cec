/* Subscriptions, read row by row; their aliases then all at once. */
#include "store/talo/subscription_rows.h"

#include "store/talo/channel_load.h"
#include "store/talo/load.h"
#include "store/talo/rows.h"

/* A row, and its aliases' ids: subscriber, target. */
static void read_row(struct pl_talo_subscription *out, int64_t ids[2],
                     const struct pl_sql_rows *rows)
{
    *out = (struct pl_talo_subscription){
        .id = pl_sql_get_int(rows, 0),
        .is_confirmed = pl_sql_get_int(rows, 3) != 0,
        .is_bidirectional = pl_sql_get_int(rows, 4) != 0,
        .created_ms = pl_sql_get_int(rows, 5),
        .updated_ms = pl_sql_get_int(rows, 6),
    };
    ids[0] = pl_sql_get_int(rows, 1);
    ids[1] = pl_sql_get_int(rows, 2);
}

/* Both sides of all: there is no subscription of an alias that has been deleted. */
static int load_sides(struct pl_talo_subscription *list, const int64_t *ids, size_t count,
                      struct pl_sql *sql, struct pl_store_op *op)
{
    struct pl_talo_alias **aliases = pl_arena_alloc(&op->arena, 2 * count * sizeof(*aliases));
    int rc = 0;
    if (aliases == NULL) {
        return pl_talo_no_room(&op->error);
    }
    rc = pl_talo_load_aliases(aliases, sql, ids, 2 * count, &op->arena, &op->error);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        list[i].subscriber = aliases[2 * i];
        list[i].target = aliases[2 * i + 1];
        if (list[i].subscriber == NULL || list[i].target == NULL) {
            return pl_error_set(&op->error, PL_E_IO, "a subscription of nobody");
        }
    }
    return rc;
}

int pl_talo_read_subscriptions(struct pl_talo_subscription **out, size_t *count,
                               struct pl_sql_rows *rows, struct pl_store_op *op)
{
    struct pair {
        int64_t ids[2];
    } *pairs = NULL;
    struct pl_sql *sql = rows->sql;
    int rc = 0;
    *out = NULL;
    *count = 0;
    while (rc == 0) {
        rc = pl_sql_next(rows, &op->error);
        if (rc <= 0) {
            break;
        }
        rc = PL_TALO_GROW(out, *count, &op->arena, &op->error);
        rc = rc < 0 ? rc : PL_TALO_GROW(&pairs, *count, &op->arena, &op->error);
        if (rc == 0) {
            read_row(&(*out)[*count], pairs[*count].ids, rows);
            (*count)++;
        }
    }
    pl_sql_end(rows);
    if (rc < 0 || *count == 0) {
        return rc;
    }
    return load_sides(*out, pairs->ids, *count, sql, op);
}

/* By its id; NULL when there is none. */
int pl_talo_find_subscription(struct pl_talo_subscription **out, struct pl_store_op *op,
                              struct pl_sql *sql, int64_t id)
{
    struct pl_sql_rows rows;
    size_t count = 0;
    int rc = PL_SQL_QUERY(&rows, sql, &op->error,
                          "SELECT " PL_TALO_SUBSCRIPTION_COLUMNS
                          " FROM talo_subscriptions WHERE id = $1",
                          pl_sql_int(id));
    return rc < 0 ? rc : pl_talo_read_subscriptions(out, &count, &rows, op);
}

int pl_talo_find_subscription_between(struct pl_talo_subscription **out, struct pl_store_op *op,
                                      struct pl_sql *sql, int64_t subscriber_id, int64_t target_id)
{
    struct pl_sql_rows rows;
    size_t count = 0;
    int rc = PL_SQL_QUERY(&rows, sql, &op->error,
                          "SELECT " PL_TALO_SUBSCRIPTION_COLUMNS " FROM talo_subscriptions"
                          " WHERE subscriber_alias_id = $1 AND target_alias_id = $2",
                          pl_sql_int(subscriber_id), pl_sql_int(target_id));
    return rc < 0 ? rc : pl_talo_read_subscriptions(out, &count, &rows, op);
}

int pl_talo_check_subscriber(struct pl_store_op *op, struct pl_sql *sql, int64_t game_id,
                             int64_t alias_id)
{
    const struct pl_talo_actor actor = {.game_id = game_id, .alias_id = alias_id};
    int rc = pl_talo_check_actor(op, sql, &actor);
    return rc == 1 ? pl_store_refuse(op, PL_TALO_SUBSCRIPTION_NO_ALIAS) : rc;
}
