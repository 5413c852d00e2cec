/* Operations on channels, storage and relationships whose arena has too little room: each fails with PL_E_NOMEM at every
 * place where it may, changes nothing, and succeeds with more. */
#include "talo_world.h"

#include "store/talo/relationships.h"
#include "store/talo/storage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define STEP_BYTES 80
#define ENOUGH_BYTES ((size_t)256 * 1024)

static struct talo_world *world;

/* Channels 7 and 8 of ada and bob with props and storage; cyd waits for ada. */
static int open_world(void **state)
{
    (void)state;
    world = talo_world_open();
    talo_world_make_channel(world, ADA, 7, WORLD_TEMPORARY);
    talo_world_make_channel(world, ADA, 8, WORLD_TEMPORARY | WORLD_CLEANUP);
    talo_world_join(world, BOB, 7);
    talo_world_set_player_prop(world, ADA, "nick", "Countess");
    talo_world_sql(world,
                   "INSERT INTO talo_channel_props (channel_id, position, key, value)"
                   " VALUES ($1, 0, 'a', '1'), ($1, 1, 't[]', 'x'), ($1, 2, 't[]', 'y')",
                   (const int64_t[]){7}, 1);
    talo_world_sql(world,
                   "INSERT INTO talo_storage (channel_id, key, position, value, created_by,"
                   " updated_by, created_ms, updated_ms) VALUES ($1, 'a', 0, '1', 1, 2, 1, 1),"
                   " ($1, 't[]', 0, 'x', 1, 2, 1, 1), ($1, 't[]', 1, 'y', 2, 1, 1, 1)",
                   (const int64_t[]){7}, 1);
    talo_world_sql(world,
                   "INSERT INTO talo_subscriptions (id, subscriber_alias_id, target_alias_id,"
                   " is_confirmed, is_bidirectional, created_ms, updated_ms)"
                   " VALUES (1, 3, $1, 0, 1, 0, 0), (2, $1, 5, 1, 1, 0, 0), (3, 5, $1, 1, 1, 0, 0)",
                   (const int64_t[]){ADA}, 1);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    talo_world_close(world);
    world = NULL;
    return 0;
}

static struct pl_talo_actor ada(void)
{
    return talo_world_actor(world, ADA);
}

/* --- each of them, ready to run --- */

static struct pl_store_op *list(void)
{
    struct pl_talo_op_channel_list *op = talo_world_op(world, &pl_talo_op_channel_list_type);
    op->actor = ada();
    op->search = PL_STR("x");
    return &op->op;
}

static struct pl_store_op *subscriptions(void)
{
    struct pl_talo_op_channel_subscriptions *op =
        talo_world_op(world, &pl_talo_op_channel_subscriptions_type);
    op->actor = ada();
    return &op->op;
}

static struct pl_store_op *members(void)
{
    struct pl_talo_op_channel_members *op = talo_world_op(world, &pl_talo_op_channel_members_type);
    op->actor = ada();
    op->channel_id = 7;
    return &op->op;
}

static struct pl_store_op *memberships(void)
{
    struct pl_talo_op_alias_memberships *op =
        talo_world_op(world, &pl_talo_op_alias_memberships_type);
    op->alias_id = ADA;
    return &op->op;
}

static struct pl_store_op *create(void)
{
    struct pl_talo_op_channel_create *op = talo_world_op(world, &pl_talo_op_channel_create_type);
    static struct pl_talo_prop props[] = {PROP("a", "1"), PROP("t[]", "x")};
    op->actor = ada();
    op->channel_id = 9;
    op->name = PL_STR("new");
    op->props = (struct pl_talo_props){props, PL_ARRAY_LEN(props)};
    return &op->op;
}

static struct pl_store_op *update(void)
{
    struct pl_talo_op_channel_update *op = talo_world_op(world, &pl_talo_op_channel_update_type);
    static struct pl_talo_prop_change changes[] = {SET("b", "1"), UNSET("a"), SET("t[]", "z")};
    op->actor = ada();
    op->channel_id = 7;
    op->given = PL_TALO_CHANGED_PROPS | PL_TALO_CHANGED_OWNER;
    op->props = (struct pl_talo_prop_changes){changes, PL_ARRAY_LEN(changes)};
    op->owner_change = PL_TALO_OWNER_ALIAS;
    op->new_owner_id = CYD;
    return &op->op;
}

struct offline_op {
    struct pl_store_op op;
    struct pl_talo_departures departures;
};

static int run_offline(struct pl_store_op *op, struct pl_sql *sql)
{
    struct offline_op *self = (struct offline_op *)op;
    return pl_talo_leave_temporary(&self->departures, sql, ADA, 1, &op->arena, &op->error);
}

static const struct pl_store_op_type offline_type = {.name = "test.offline",
                                                     .is_write = true,
                                                     .size = sizeof(struct offline_op),
                                                     .run = run_offline};

static struct pl_store_op *offline(void)
{
    return talo_world_op(world, &offline_type);
}

static struct pl_store_op *storage_get(void)
{
    struct pl_talo_op_storage_get *op = talo_world_op(world, &pl_talo_op_storage_get_type);
    op->actor = ada();
    op->channel_id = 7;
    op->key = PL_STR("t[]");
    return &op->op;
}

static struct pl_store_op *storage_list(void)
{
    struct pl_talo_op_storage_list *op = talo_world_op(world, &pl_talo_op_storage_list_type);
    static const struct pl_str keys[] = {PL_STR_INIT("t[]"), PL_STR_INIT("a")};
    op->actor = ada();
    op->channel_id = 7;
    op->keys = keys;
    op->key_count = PL_ARRAY_LEN(keys);
    return &op->op;
}

static struct pl_store_op *storage_put(void)
{
    struct pl_talo_op_storage_put *op = talo_world_op(world, &pl_talo_op_storage_put_type);
    static struct pl_talo_prop_change changes[] = {SET("b", "1"), UNSET("a"), SET("t[]", "z"),
                                                   SET("t[]", "y")};
    op->actor = ada();
    op->channel_id = 7;
    op->changes = (struct pl_talo_prop_changes){changes, PL_ARRAY_LEN(changes)};
    return &op->op;
}

static struct pl_store_op *confirm(void)
{
    struct pl_talo_op_subscription_confirm *op =
        talo_world_op(world, &pl_talo_op_subscription_confirm_type);
    op->game_id = 1;
    op->alias_id = ADA;
    op->subscription_id = 1;
    op->reciprocal_id = 9;
    return &op->op;
}

static struct pl_store_op *unsubscribe(void)
{
    struct pl_talo_op_subscription_delete *op =
        talo_world_op(world, &pl_talo_op_subscription_delete_type);
    op->game_id = 1;
    op->alias_id = ADA;
    op->subscription_id = 2;
    return &op->op;
}

static struct pl_store_op *subscription_list(void)
{
    struct pl_talo_op_subscription_list *op =
        talo_world_op(world, &pl_talo_op_subscription_list_type);
    op->game_id = 1;
    op->alias_id = ADA;
    op->side = PL_TALO_AS_TARGET;
    return &op->op;
}

/* --- the tests --- */

static int64_t rows_there(void)
{
    return talo_world_number(
        world, "SELECT (SELECT count(*) FROM talo_channels) + (SELECT count(*) FROM talo_members)"
               " + (SELECT count(*) FROM talo_channel_props) + (SELECT count(*) FROM talo_storage)"
               " + (SELECT count(*) FROM talo_subscriptions) + (SELECT count(*) FROM talo_ids)");
}

/* Returns how often it failed. */
static int try_all(struct pl_store_op *op)
{
    int64_t before = rows_there();
    int failures = 0;
    for (size_t limit = 0;; limit += STEP_BYTES) {
        assert_true(limit < ENOUGH_BYTES);
        pl_arena_fini(&op->arena);
        pl_arena_init(&op->arena, limit);
        if (test_db_run(world->db, op) == 0) {
            return failures;
        }
        assert_int_equal(op->rc, PL_E_NOMEM);
        assert_int_equal(rows_there(), before);
        failures++;
    }
}

static void test_operations_fail_wherever_their_arena_ends(void **state)
{
    (void)state;
    static struct pl_store_op *(*const rows[])(void) = {
        list,        subscriptions,     members,      memberships, create,
        update,      storage_get,       storage_list, storage_put, confirm,
        unsubscribe, subscription_list, offline,
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_store_op *op = rows[i]();
        assert_true(try_all(op) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_operations_fail_wherever_their_arena_ends, open_world,
                                        close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
