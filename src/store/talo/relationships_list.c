/* Whom an alias is subscribed to, and who is subscribed to it (spec talo, 3.13). */
#include "store/talo/relationships.h"

#include "store/talo/channel_load.h"
#include "store/talo/rows.h"
#include "store/talo/subscription_rows.h"

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
    int rc = pl_talo_check_subscriber(op, sql, list->game_id, list->alias_id);
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
                      is_subscriber ? "SELECT " PL_TALO_SUBSCRIPTION_COLUMNS OF_SUBSCRIBER ONE_PAGE
                                    : "SELECT " PL_TALO_SUBSCRIPTION_COLUMNS OF_TARGET ONE_PAGE,
                      values, PL_ARRAY_LEN(values), &op->error);
    return rc < 0 ? rc
                  : pl_talo_read_subscriptions(&list->subscriptions, &list->subscription_count,
                                               &rows, op);
}

const struct pl_store_op_type pl_talo_op_subscription_list_type = {
    .name = "subscription.list",
    .size = sizeof(struct pl_talo_op_subscription_list),
    .run = run_list,
};
