/* Relationships: requested, confirmed, listed and ended (spec talo 3.13). */
#include "talo_world.h"

#include "store/talo/relationships.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct talo_world *world;

static int open_world(void **state)
{
    (void)state;
    world = talo_world_open();
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    talo_world_close(world);
    world = NULL;
    return 0;
}

enum { ONE_WAY, BOTH_WAYS };

static struct pl_talo_op_subscription_create *create_op(int64_t alias_id, int64_t target_id,
                                                        int64_t id, bool is_bidirectional)
{
    struct pl_talo_op_subscription_create *op =
        talo_world_op(world, &pl_talo_op_subscription_create_type);
    op->game_id = 1;
    op->alias_id = alias_id;
    op->target_id = target_id;
    op->subscription_id = id;
    op->is_bidirectional = is_bidirectional;
    op->now_ms = 100;
    return op;
}

static void subscribe(int64_t alias_id, int64_t target_id, int64_t id, bool is_bidirectional)
{
    assert_int_equal(talo_world_run(world, create_op(alias_id, target_id, id, is_bidirectional)),
                     0);
}

static struct pl_talo_op_subscription_confirm *confirm_op(int64_t alias_id, int64_t id)
{
    struct pl_talo_op_subscription_confirm *op =
        talo_world_op(world, &pl_talo_op_subscription_confirm_type);
    op->game_id = 1;
    op->alias_id = alias_id;
    op->subscription_id = id;
    op->reciprocal_id = id + 100;
    op->now_ms = 200;
    return op;
}

static struct pl_talo_op_subscription_confirm *confirm(int64_t alias_id, int64_t id)
{
    struct pl_talo_op_subscription_confirm *op = confirm_op(alias_id, id);
    assert_int_equal(talo_world_run(world, op), 0);
    return op;
}

static struct pl_talo_op_subscription_delete *delete_op(int64_t alias_id, int64_t id)
{
    struct pl_talo_op_subscription_delete *op =
        talo_world_op(world, &pl_talo_op_subscription_delete_type);
    op->game_id = 1;
    op->alias_id = alias_id;
    op->subscription_id = id;
    return op;
}

static struct pl_talo_op_subscription_list *list_op(int64_t alias_id,
                                                    enum pl_talo_subscription_side side)
{
    struct pl_talo_op_subscription_list *op =
        talo_world_op(world, &pl_talo_op_subscription_list_type);
    op->game_id = 1;
    op->alias_id = alias_id;
    op->side = side;
    return op;
}

/* "id:subscriber>target! " with ! for confirmed and = for bidirectional. */
static const char *listed(struct pl_talo_op_subscription_list *op)
{
    static char text[4096];
    size_t len = 0;
    assert_int_equal(talo_world_run(world, op), 0);
    text[0] = '\0';
    for (size_t i = 0; i < op->subscription_count; i++) {
        const struct pl_talo_subscription *subscription = &op->subscriptions[i];
        len += (size_t)snprintf(
            text + len, sizeof(text) - len, "%s%d:" PL_STR_FMT "%s" PL_STR_FMT "%s",
            i > 0 ? " " : "", (int)subscription->id,
            PL_STR_ARG(subscription->subscriber->identifier),
            subscription->is_bidirectional ? "=" : ">",
            PL_STR_ARG(subscription->target->identifier), subscription->is_confirmed ? "!" : "");
    }
    return text;
}

static const char *all_of(int64_t alias_id)
{
    return listed(list_op(alias_id, PL_TALO_AS_SUBSCRIBER));
}

/* --- create --- */

static void test_subscription_is_pending_when_it_is_made(void **state)
{
    (void)state;
    struct pl_talo_op_subscription_create *op = create_op(ADA, BOB, 1, BOTH_WAYS);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->subscription.id, 1);
    assert_int_equal(op->subscription.subscriber->id, ADA);
    assert_int_equal(op->subscription.target->id, BOB);
    assert_false(op->subscription.is_confirmed);
    assert_true(op->subscription.is_bidirectional);
    assert_int_equal(op->subscription.created_ms, 100);
    assert_int_equal(op->subscription.updated_ms, 100);
    assert_string_equal(all_of(ADA), "1:ada=bob");
    assert_string_equal(all_of(BOB), ""); /* exactly one */
}

static void test_subscription_create_is_refused_in_the_order_of_the_table(void **state)
{
    (void)state;
    subscribe(ADA, BOB, 1, ONE_WAY);
    static const struct {
        int64_t alias_id;
        int64_t target_id;
        int expected;
    } rows[] = {
        {NOBODY, BOB, PL_TALO_SUBSCRIPTION_NO_ALIAS},  {ZOE, BOB, PL_TALO_SUBSCRIPTION_NO_ALIAS},
        {ADA, NOBODY, PL_TALO_SUBSCRIPTION_NO_TARGET}, {ADA, ZOE, PL_TALO_SUBSCRIPTION_NO_TARGET},
        {ADA, ADA, PL_TALO_SUBSCRIPTION_IS_SELF},      {ADA, BOB, PL_TALO_SUBSCRIPTION_EXISTS},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        assert_int_equal(
            talo_world_run(world, create_op(rows[i].alias_id, rows[i].target_id, 2, BOTH_WAYS)),
            rows[i].expected);
    }
    (void)confirm(BOB, 1); /* confirmed or not */
    assert_int_equal(talo_world_run(world, create_op(ADA, BOB, 2, ONE_WAY)),
                     PL_TALO_SUBSCRIPTION_EXISTS);
    subscribe(BOB, ADA, 2, ONE_WAY); /* the other direction is another one */
}

/* --- confirm --- */

static void test_subscription_is_confirmed_by_its_target_once(void **state)
{
    (void)state;
    subscribe(ADA, BOB, 1, ONE_WAY);
    assert_int_equal(talo_world_run(world, confirm_op(ADA, 1)), PL_TALO_SUBSCRIPTION_NO_REQUEST);
    assert_int_equal(talo_world_run(world, confirm_op(CYD, 1)), PL_TALO_SUBSCRIPTION_NO_REQUEST);
    assert_int_equal(talo_world_run(world, confirm_op(BOB, 2)), PL_TALO_SUBSCRIPTION_NO_REQUEST);
    assert_int_equal(talo_world_run(world, confirm_op(ZOE, 1)), PL_TALO_SUBSCRIPTION_NO_ALIAS);
    struct pl_talo_op_subscription_confirm *op = confirm(BOB, 1);
    assert_true(op->subscription.is_confirmed);
    assert_int_equal(op->subscription.created_ms, 100);
    assert_int_equal(op->subscription.updated_ms, 200);
    assert_null(op->reciprocal);
    assert_int_equal(talo_world_run(world, confirm_op(BOB, 1)), PL_TALO_SUBSCRIPTION_NO_REQUEST);
    assert_string_equal(all_of(BOB), "");
}

static void test_subscription_both_ways_gets_its_reciprocal(void **state)
{
    (void)state;
    subscribe(ADA, BOB, 1, BOTH_WAYS);
    struct pl_talo_op_subscription_confirm *op = confirm(BOB, 1);
    assert_int_equal(op->reciprocal->id, 101);
    assert_int_equal(op->reciprocal->subscriber->id, BOB);
    assert_int_equal(op->reciprocal->target->id, ADA);
    assert_true(op->reciprocal->is_confirmed && op->reciprocal->is_bidirectional);
    assert_string_equal(all_of(BOB), "101:bob=ada!");
}

static void test_subscription_confirms_a_pending_reciprocal_that_keeps_its_type(void **state)
{
    (void)state;
    subscribe(BOB, ADA, 1, ONE_WAY);
    subscribe(ADA, BOB, 2, BOTH_WAYS);
    struct pl_talo_op_subscription_confirm *op = confirm(BOB, 2);
    assert_int_equal(op->reciprocal->id, 1);
    assert_true(op->reciprocal->is_confirmed);
    assert_string_equal(all_of(BOB), "1:bob>ada!");
    assert_int_equal(op->reciprocal->updated_ms, 200);
}

static void test_subscription_leaves_a_confirmed_reciprocal_as_it_is(void **state)
{
    (void)state;
    subscribe(BOB, ADA, 1, ONE_WAY);
    (void)confirm(ADA, 1);
    subscribe(ADA, BOB, 2, BOTH_WAYS);
    struct pl_talo_op_subscription_confirm *op = confirm(BOB, 2);
    assert_int_equal(op->reciprocal->id, 1);
    assert_string_equal(all_of(BOB), "1:bob>ada!");
}

/* --- lists --- */

static void test_subscription_lists_have_two_sides_and_filters(void **state)
{
    (void)state;
    subscribe(ADA, BOB, 1, ONE_WAY);
    subscribe(ADA, CYD, 2, BOTH_WAYS);
    subscribe(EVE, ADA, 3, ONE_WAY);
    (void)confirm(CYD, 2);
    (void)confirm(ADA, 3);
    assert_string_equal(listed(list_op(ADA, PL_TALO_AS_SUBSCRIBER)), "1:ada>bob 2:ada=cyd!");
    assert_string_equal(listed(list_op(ADA, PL_TALO_AS_TARGET)), "3:eve>ada! 102:cyd=ada!");
    struct pl_talo_op_subscription_list *op = list_op(ADA, PL_TALO_AS_SUBSCRIBER);
    op->is_confirmed = PL_TALO_YES;
    assert_string_equal(listed(op), "2:ada=cyd!");
    op->is_confirmed = PL_TALO_NO;
    assert_string_equal(listed(op), "1:ada>bob");
    op->is_confirmed = PL_TALO_ANY;
    op->is_bidirectional = PL_TALO_YES;
    assert_string_equal(listed(op), "2:ada=cyd!");
    op->is_bidirectional = PL_TALO_NO;
    assert_string_equal(listed(op), "1:ada>bob");
    op = list_op(ADA, PL_TALO_AS_TARGET);
    op->has_other_id = true;
    op->other_id = EVE;
    assert_string_equal(listed(op), "3:eve>ada!");
    assert_int_equal(op->total, 1);
    op->other_id = BOB;
    assert_string_equal(listed(op), "");
    assert_int_equal(talo_world_run(world, list_op(ZOE, PL_TALO_AS_TARGET)),
                     PL_TALO_SUBSCRIPTION_NO_ALIAS);
}

static void test_subscription_lists_have_pages_of_fifty(void **state)
{
    (void)state;
    talo_world_sql(world,
                   "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 51)"
                   " INSERT INTO talo_aliases (id, game_id, player_id, service, identifier,"
                   " last_seen_ms, created_ms, updated_ms)"
                   " SELECT 1000 + i, 1, player_id, 'fan', CAST(i AS TEXT), 0, 0, 0"
                   " FROM n, talo_aliases WHERE talo_aliases.id = $1",
                   (const int64_t[]){BOB}, 1);
    talo_world_sql(world,
                   "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 51)"
                   " INSERT INTO talo_subscriptions (id, subscriber_alias_id, target_alias_id,"
                   " is_confirmed, is_bidirectional, created_ms, updated_ms)"
                   " SELECT i, 1000 + i, $1, 0, 0, 0, 0 FROM n",
                   (const int64_t[]){ADA}, 1);
    struct pl_talo_op_subscription_list *op = list_op(ADA, PL_TALO_AS_TARGET);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->subscription_count, 50);
    assert_int_equal(op->total, 51);
    op->page = 1;
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->subscription_count, 1);
    assert_int_equal(op->subscriptions[0].id, 51);
}

/* --- delete --- */

static void test_subscription_is_deleted_by_its_subscriber(void **state)
{
    (void)state;
    subscribe(ADA, BOB, 1, ONE_WAY);
    subscribe(BOB, ADA, 2, ONE_WAY);
    assert_int_equal(talo_world_run(world, delete_op(BOB, 1)), PL_TALO_SUBSCRIPTION_NOT_FOUND);
    assert_int_equal(talo_world_run(world, delete_op(ADA, 9)), PL_TALO_SUBSCRIPTION_NOT_FOUND);
    assert_int_equal(talo_world_run(world, delete_op(ZOE, 1)), PL_TALO_SUBSCRIPTION_NO_ALIAS);
    struct pl_talo_op_subscription_delete *op = delete_op(ADA, 1);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->subscription.id, 1);
    assert_false(op->subscription.is_confirmed); /* as it was */
    assert_null(op->reciprocal);
    assert_string_equal(all_of(ADA), "");
    assert_string_equal(all_of(BOB), "2:bob>ada");
    assert_int_equal(talo_world_run(world, delete_op(ADA, 1)), PL_TALO_SUBSCRIPTION_NOT_FOUND);
    subscribe(ADA, BOB, 3, ONE_WAY); /* again */
}

static void test_subscription_both_ways_goes_with_its_reciprocal(void **state)
{
    (void)state;
    subscribe(ADA, BOB, 1, BOTH_WAYS);
    (void)confirm(BOB, 1);
    struct pl_talo_op_subscription_delete *op = delete_op(BOB, 101);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->subscription.id, 101);
    assert_int_equal(op->reciprocal->id, 1);
    assert_true(op->reciprocal->is_confirmed);
    assert_string_equal(all_of(ADA), "");
    assert_string_equal(all_of(BOB), "");
}

static void test_subscription_both_ways_takes_a_pending_reverse_one_too(void **state)
{
    (void)state;
    subscribe(ADA, BOB, 1, BOTH_WAYS);
    subscribe(BOB, ADA, 2, ONE_WAY);
    struct pl_talo_op_subscription_delete *op = delete_op(ADA, 1);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->reciprocal->id, 2);
    assert_false(op->reciprocal->is_confirmed);
    assert_string_equal(all_of(BOB), "");
    assert_int_equal(talo_world_number(world, "SELECT highest FROM talo_ids"), 2); /* not again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
        TEST(test_subscription_is_pending_when_it_is_made),
        TEST(test_subscription_create_is_refused_in_the_order_of_the_table),
        TEST(test_subscription_is_confirmed_by_its_target_once),
        TEST(test_subscription_both_ways_gets_its_reciprocal),
        TEST(test_subscription_confirms_a_pending_reciprocal_that_keeps_its_type),
        TEST(test_subscription_leaves_a_confirmed_reciprocal_as_it_is),
        TEST(test_subscription_lists_have_two_sides_and_filters),
        TEST(test_subscription_lists_have_pages_of_fifty),
        TEST(test_subscription_is_deleted_by_its_subscriber),
        TEST(test_subscription_both_ways_goes_with_its_reciprocal),
        TEST(test_subscription_both_ways_takes_a_pending_reverse_one_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
