/* Subscriptions: requested, confirmed, listed and deleted, with their reciprocals (spec talo, 3.13). */
#include "store/talo/relationships.h"

#include "store/talo/channel_load.h"
#include "store/talo/erase.h"
#include "store/talo/load.h"
#include "store/talo/rows.h"

#define COLUMNS                                                                                    \
    "id, subscriber_alias_id, target_alias_id, is_confirmed, is_bidirectional, created_ms, "       \
    "updated_ms"

/* --- reading --- */

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

/* The rows of a query, which it ends, with aliases. */
static int read_subscriptions(struct pl_talo_subscription **out, size_t *count,
                              struct pl_sql_rows *rows, struct pl_store_op *op)
{
    struct pair {
        int64_t ids[2];
    } *pairs = NULL;
    struct pl_talo_alias **aliases = NULL;
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
    aliases = pl_arena_alloc(&op->arena, 2 * *count * sizeof(*aliases));
    if (aliases == NULL) {
        return pl_talo_no_room(&op->error);
    }
    rc = pl_talo_load_aliases(aliases, sql, pairs->ids, 2 * *count, &op->arena, &op->error);
    for (size_t i = 0; rc == 0 && i < *count; i++) {
        (*out)[i].subscriber = aliases[2 * i];
        (*out)[i].target = aliases[2 * i + 1];
    }
    return rc;
}

/* By its id; NULL when there is none. */
static int find(struct pl_talo_subscription **out, struct pl_store_op *op, struct pl_sql *sql,
                int64_t id)
{
    struct pl_sql_rows rows;
    size_t count = 0;
    int rc =
        PL_SQL_QUERY(&rows, sql, &op->error,
                     "SELECT " COLUMNS " FROM talo_subscriptions WHERE id = $1", pl_sql_int(id));
    return rc < 0 ? rc : read_subscriptions(out, &count, &rows, op);
}

static int find_between(struct pl_talo_subscription **out, struct pl_store_op *op,
                        struct pl_sql *sql, int64_t subscriber_id, int64_t target_id)
{
    struct pl_sql_rows rows;
    size_t count = 0;
    int rc = PL_SQL_QUERY(&rows, sql, &op->error,
                          "SELECT " COLUMNS " FROM talo_subscriptions"
                          " WHERE subscriber_alias_id = $1 AND target_alias_id = $2",
                          pl_sql_int(subscriber_id), pl_sql_int(target_id));
    return rc < 0 ? rc : read_subscriptions(out, &count, &rows, op);
}

static int check_actor(struct pl_store_op *op, struct pl_sql *sql, int64_t game_id,
                       int64_t alias_id)
{
    const struct pl_talo_actor actor = {.game_id = game_id, .alias_id = alias_id};
    int rc = pl_talo_check_actor(op, sql, &actor);
    return rc == 1 ? pl_store_refuse(op, PL_TALO_SUBSCRIPTION_NO_ALIAS) : rc;
}

/* --- writing --- */

static int insert(const struct pl_talo_subscription *subscription, struct pl_sql *sql,
                  struct pl_error *err)
{
    return PL_SQL_RUN(sql, err,
                      "INSERT INTO talo_subscriptions (" COLUMNS ")"
                      " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                      pl_sql_int(subscription->id), pl_sql_int(subscription->subscriber->id),
                      pl_sql_int(subscription->target->id), pl_sql_int(subscription->is_confirmed),
                      pl_sql_int(subscription->is_bidirectional),
                      pl_sql_int(subscription->created_ms), pl_sql_int(subscription->updated_ms));
}

static int set_confirmed(struct pl_talo_subscription *subscription, struct pl_sql *sql,
                         int64_t now_ms, struct pl_error *err)
{
    subscription->is_confirmed = true;
    subscription->updated_ms = now_ms;
    return PL_SQL_RUN(sql, err,
                      "UPDATE talo_subscriptions SET is_confirmed = 1, updated_ms = $1"
                      " WHERE id = $2",
                      pl_sql_int(now_ms), pl_sql_int(subscription->id));
}

static int erase(int64_t id, struct pl_sql *sql, struct pl_error *err)
{
    int rc = PL_SQL_RUN(sql, err, "DELETE FROM talo_subscriptions WHERE id = $1", pl_sql_int(id));
    return rc < 0 ? rc : pl_talo_retire_id(sql, PL_TALO_ID_SUBSCRIPTION, id, err);
}

/* --- create --- */

static int load_both(struct pl_talo_op_subscription_create *create, struct pl_sql *sql)
{
    struct pl_store_op *op = &create->op;
    struct pl_talo_subscription *subscription = &create->subscription;
    int rc = pl_talo_load_alias(&subscription->subscriber, sql, create->game_id, create->alias_id,
                                &op->arena, &op->error);
    if (rc == 0 && subscription->subscriber == NULL) {
        return pl_store_refuse(op, PL_TALO_SUBSCRIPTION_NO_ALIAS);
    }
    if (rc == 0) {
        rc = pl_talo_load_alias(&subscription->target, sql, create->game_id, create->target_id,
                                &op->arena, &op->error);
    }
    if (rc == 0 && subscription->target == NULL) {
        return pl_store_refuse(op, PL_TALO_SUBSCRIPTION_NO_TARGET);
    }
    return rc;
}

static int run_create(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_subscription_create *create = (struct pl_talo_op_subscription_create *)op;
    struct pl_talo_subscription *existing = NULL;
    int rc = 0;
    create->subscription = (struct pl_talo_subscription){
        .id = create->subscription_id,
        .is_bidirectional = create->is_bidirectional,
        .created_ms = create->now_ms,
        .updated_ms = create->now_ms,
    };
    rc = load_both(create, sql);
    if (rc != 0) {
        return rc;
    }
    if (create->alias_id == create->target_id) {
        return pl_store_refuse(op, PL_TALO_SUBSCRIPTION_IS_SELF);
    }
    rc = find_between(&existing, op, sql, create->alias_id, create->target_id);
    if (rc < 0) {
        return rc;
    }
    if (existing != NULL) {
        return pl_store_refuse(op, PL_TALO_SUBSCRIPTION_EXISTS);
    }
    return insert(&create->subscription, sql, &op->error);
}

const struct pl_store_op_type pl_talo_op_subscription_create_type = {
    .name = "subscription.create",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_subscription_create),
    .run = run_create,
};

/* --- confirm --- */

static int make_reciprocal(struct pl_talo_op_subscription_confirm *confirm, struct pl_sql *sql)
{
    struct pl_store_op *op = &confirm->op;
    struct pl_talo_subscription *made = pl_arena_alloc(&op->arena, sizeof(*made));
    if (made == NULL) {
        return pl_talo_no_room(&op->error);
    }
    *made = (struct pl_talo_subscription){
        .id = confirm->reciprocal_id,
        .subscriber = confirm->subscription.target,
        .target = confirm->subscription.subscriber,
        .is_confirmed = true,
        .is_bidirectional = true,
        .created_ms = confirm->now_ms,
        .updated_ms = confirm->now_ms,
    };
    confirm->reciprocal = made;
    return insert(made, sql, &op->error);
}

/* The reverse one is made, or confirmed when it is there and pending; then it keeps its type. */
static int confirm_reciprocal(struct pl_talo_op_subscription_confirm *confirm, struct pl_sql *sql)
{
    struct pl_store_op *op = &confirm->op;
    int rc = find_between(&confirm->reciprocal, op, sql, confirm->subscription.target->id,
                          confirm->subscription.subscriber->id);
    if (rc < 0) {
        return rc;
    }
    if (confirm->reciprocal == NULL) {
        return make_reciprocal(confirm, sql);
    }
    return confirm->reciprocal->is_confirmed
               ? 0
               : set_confirmed(confirm->reciprocal, sql, confirm->now_ms, &op->error);
}

static int run_confirm(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_subscription_confirm *confirm = (struct pl_talo_op_subscription_confirm *)op;
    struct pl_talo_subscription *found = NULL;
    int rc = check_actor(op, sql, confirm->game_id, confirm->alias_id);
    confirm->reciprocal = NULL;
    if (rc == 0) {
        rc = find(&found, op, sql, confirm->subscription_id);
    }
    if (rc != 0) {
        return rc;
    }
    if (found == NULL || found->is_confirmed || found->target->id != confirm->alias_id) {
        return pl_store_refuse(op, PL_TALO_SUBSCRIPTION_NO_REQUEST);
    }
    rc = set_confirmed(found, sql, confirm->now_ms, &op->error);
    confirm->subscription = *found;
    return rc == 0 && found->is_bidirectional ? confirm_reciprocal(confirm, sql) : rc;
}

const struct pl_store_op_type pl_talo_op_subscription_confirm_type = {
    .name = "subscription.confirm",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_subscription_confirm),
    .run = run_confirm,
};

/* --- delete --- */

static int run_delete(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_subscription_delete *delete = (struct pl_talo_op_subscription_delete *)op;
    struct pl_talo_subscription *found = NULL;
    int rc = check_actor(op, sql, delete->game_id, delete->alias_id);
    delete->reciprocal = NULL;
    if (rc == 0) {
        rc = find(&found, op, sql, delete->subscription_id);
    }
    if (rc != 0) {
        return rc;
    }
    if (found == NULL || found->subscriber->id != delete->alias_id) {
        return pl_store_refuse(op, PL_TALO_SUBSCRIPTION_NOT_FOUND);
    }
    delete->subscription = *found;
    rc = erase(found->id, sql, &op->error);
    if (rc == 0 && found->is_bidirectional) {
        rc = find_between(&delete->reciprocal, op, sql, found->target->id, found->subscriber->id);
    }
    if (rc == 0 && delete->reciprocal != NULL) {
        rc = erase(delete->reciprocal->id, sql, &op->error);
    }
    return rc;
}

const struct pl_store_op_type pl_talo_op_subscription_delete_type = {
    .name = "subscription.delete",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_subscription_delete),
    .run = run_delete,
};

/* --- lists --- */

#define FOUND(mine, other)                                                                         \
    " FROM talo_subscriptions WHERE " mine " = $1 AND ($2 < 0 OR is_confirmed = $2)"               \
    " AND ($3 < 0 OR is_bidirectional = $3) AND ($4 = 0 OR " other " = $5)"
#define OF_SUBSCRIBER FOUND("subscriber_alias_id", "target_alias_id")
#define OF_TARGET FOUND("target_alias_id", "subscriber_alias_id")
#define ONE_PAGE " ORDER BY id LIMIT 50 OFFSET $6"

_Static_assert(PL_TALO_PAGE_ITEMS == 50, "as ONE_PAGE says");

static int64_t number_of(enum pl_talo_tristate wanted)
{
    return wanted == PL_TALO_ANY ? -1 : wanted == PL_TALO_YES;
}

static int run_list(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_subscription_list *list = (struct pl_talo_op_subscription_list *)op;
    bool is_subscriber = list->side == PL_TALO_AS_SUBSCRIBER;
    const struct pl_sql_value values[] = {
        pl_sql_int(list->alias_id),
        pl_sql_int(number_of(list->is_confirmed)),
        pl_sql_int(number_of(list->is_bidirectional)),
        pl_sql_int(list->has_other_id),
        pl_sql_int(list->other_id),
        pl_sql_int(pl_talo_page_offset(list->page)),
    };
    struct pl_sql_rows rows;
    int rc = check_actor(op, sql, list->game_id, list->alias_id);
    if (rc != 0) {
        return rc;
    }
    rc = pl_sql_query(&rows, sql,
                      is_subscriber ? "SELECT count(*)" OF_SUBSCRIBER : "SELECT count(*)" OF_TARGET,
                      values, PL_ARRAY_LEN(values) - 1, &op->error);
    rc = rc < 0 ? rc : pl_talo_read_number(&list->total, &rows, &op->error);
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_query(&rows, sql,
                      is_subscriber ? "SELECT " COLUMNS OF_SUBSCRIBER ONE_PAGE
                                    : "SELECT " COLUMNS OF_TARGET ONE_PAGE,
                      values, PL_ARRAY_LEN(values), &op->error);
    return rc < 0 ? rc
                  : read_subscriptions(&list->subscriptions, &list->subscription_count, &rows, op);
}

const struct pl_store_op_type pl_talo_op_subscription_list_type = {
    .name = "subscription.list",
    .size = sizeof(struct pl_talo_op_subscription_list),
    .run = run_list,
};
