/* Subscriptions: requested, confirmed and deleted, with their reciprocals (spec talo, 3.13). */
#include "store/talo/relationships.h"

#include "store/talo/erase.h"
#include "store/talo/load.h"
#include "store/talo/rows.h"
#include "store/talo/subscription_rows.h"

static int insert(const struct pl_talo_subscription *subscription, struct pl_sql *sql,
                  struct pl_error *err)
{
    return PL_SQL_RUN(sql, err,
                      "INSERT INTO talo_subscriptions (" PL_TALO_SUBSCRIPTION_COLUMNS ")"
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
    rc = pl_talo_find_subscription_between(&existing, op, sql, create->alias_id, create->target_id);
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
    int rc = pl_talo_find_subscription_between(&confirm->reciprocal, op, sql,
                                               confirm->subscription.target->id,
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
    int rc = pl_talo_check_subscriber(op, sql, confirm->game_id, confirm->alias_id);
    confirm->reciprocal = NULL;
    if (rc == 0) {
        rc = pl_talo_find_subscription(&found, op, sql, confirm->subscription_id);
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
    int rc = pl_talo_check_subscriber(op, sql, delete->game_id, delete->alias_id);
    delete->reciprocal = NULL;
    if (rc == 0) {
        rc = pl_talo_find_subscription(&found, op, sql, delete->subscription_id);
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
        rc = pl_talo_find_subscription_between(&delete->reciprocal, op, sql, found->target->id,
                                               found->subscriber->id);
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
