/* Coming and going, and what only owners may do (spec talo 3.11 and 5). */
#include "talo_world.h"

#include <setjmp.h>
#include <stdarg.h>
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

static struct pl_talo_op_channel_join *join_op(int64_t alias_id, int64_t channel_id)
{
    struct pl_talo_op_channel_join *op = talo_world_op(world, &pl_talo_op_channel_join_type);
    op->actor = talo_world_actor(world, alias_id);
    op->channel_id = channel_id;
    return op;
}

static struct pl_talo_op_channel_leave *leave_op(int64_t alias_id, int64_t channel_id)
{
    struct pl_talo_op_channel_leave *op = talo_world_op(world, &pl_talo_op_channel_leave_type);
    op->actor = talo_world_actor(world, alias_id);
    op->channel_id = channel_id;
    return op;
}

static struct pl_talo_op_channel_invite *invite_op(int64_t alias_id, int64_t invitee_id)
{
    struct pl_talo_op_channel_invite *op = talo_world_op(world, &pl_talo_op_channel_invite_type);
    op->actor = talo_world_actor(world, alias_id);
    op->channel_id = 7;
    op->invitee_id = invitee_id;
    return op;
}

static struct pl_talo_op_channel_update *update_op(int64_t alias_id, unsigned given)
{
    struct pl_talo_op_channel_update *op = talo_world_op(world, &pl_talo_op_channel_update_type);
    op->actor = talo_world_actor(world, alias_id);
    op->channel_id = 7;
    op->given = given;
    return op;
}

static struct pl_talo_op_channel_delete *delete_op(int64_t alias_id)
{
    struct pl_talo_op_channel_delete *op = talo_world_op(world, &pl_talo_op_channel_delete_type);
    op->actor = talo_world_actor(world, alias_id);
    op->channel_id = 7;
    return op;
}

/* --- join --- */

static void test_channel_join_adds_a_member_once(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, 0);
    struct pl_talo_op_channel_join *op = join_op(BOB, 7);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_true(op->was_added);
    assert_int_equal(op->alias->id, BOB);
    assert_int_equal(op->channel.member_count, 2);
    assert_int_equal(op->channel.owner->id, ADA);
    op = join_op(BOB, 7);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_false(op->was_added);
    assert_int_equal(op->channel.member_count, 2);
}

static void test_channel_join_is_refused(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, WORLD_PRIVATE);
    assert_int_equal(talo_world_run(world, join_op(BOB, 7)), PL_TALO_CHANNEL_IS_PRIVATE);
    assert_int_equal(talo_world_run(world, join_op(ADA, 7)), PL_TALO_CHANNEL_IS_PRIVATE);
    assert_int_equal(talo_world_run(world, join_op(BOB, 8)), PL_TALO_CHANNEL_NOT_FOUND);
    assert_int_equal(talo_world_run(world, join_op(ZOE, 7)), PL_TALO_CHANNEL_NO_ALIAS);
    assert_int_equal(talo_world_run(world, join_op(NOBODY, 8)), PL_TALO_CHANNEL_NO_ALIAS);
    assert_false(talo_world_is_member(world, BOB, 7));
}

/* --- leave --- */

static void test_channel_leave_takes_a_member_off(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, 0);
    talo_world_join(world, BOB, 7);
    struct pl_talo_op_channel_leave *op = leave_op(BOB, 7);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_true(op->was_removed);
    assert_int_equal(op->departure.alias->id, BOB);
    assert_int_equal(op->departure.channel.owner->id, ADA);
    assert_false(op->departure.was_owner);
    assert_false(op->departure.was_deleted);
    assert_false(talo_world_is_member(world, BOB, 7));
    assert_int_equal(talo_world_channel(world, 7)->owner->id, ADA);
    op = leave_op(BOB, 7);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_false(op->was_removed);
    assert_int_equal(talo_world_run(world, leave_op(BOB, 8)), PL_TALO_CHANNEL_NOT_FOUND);
    assert_int_equal(talo_world_run(world, leave_op(ZOE, 7)), PL_TALO_CHANNEL_NO_ALIAS);
}

static void test_channel_of_an_owner_who_leaves_is_nobodys(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, 0);
    talo_world_join(world, BOB, 7);
    world->now_ms = 2000;
    struct pl_talo_op_channel_leave *op = leave_op(ADA, 7);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_true(op->departure.was_owner);
    assert_int_equal(op->departure.channel.owner->id, ADA); /* as it was before */
    assert_int_equal(op->departure.updated_ms, 2000);
    const struct pl_talo_channel *channel = talo_world_channel(world, 7);
    assert_null(channel->owner);
    assert_int_equal(channel->updated_ms, 2000);
    assert_int_equal(talo_world_run(world, update_op(ADA, 0)), PL_TALO_CHANNEL_NOT_OWNER);
    assert_int_equal(talo_world_run(world, delete_op(BOB)), PL_TALO_CHANNEL_NOT_OWNER);
    assert_int_equal(talo_world_run(world, invite_op(BOB, CYD)), PL_TALO_CHANNEL_NOT_OWNER);
}

static void test_channel_without_auto_cleanup_survives_its_last_member(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, 0);
    struct pl_talo_op_channel_leave *op = leave_op(ADA, 7);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_false(op->departure.was_deleted);
    assert_int_equal(talo_world_channel(world, 7)->member_count, 0);
}

static void test_channel_with_auto_cleanup_goes_with_its_owner(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, WORLD_CLEANUP);
    talo_world_join(world, BOB, 7);
    struct pl_talo_op_channel_leave *op = leave_op(BOB, 7);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_false(op->departure.was_deleted);
    op = leave_op(ADA, 7);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_true(op->departure.was_deleted);
    assert_true(op->departure.was_owner);
    assert_null(talo_world_channel(world, 7));
}

static void test_channel_with_auto_cleanup_and_no_owner_goes_with_its_last_member(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, WORLD_CLEANUP);
    talo_world_join(world, BOB, 7);
    talo_world_join(world, DAN, 7); /* a development player is a member like others here */
    talo_world_sql(world, "UPDATE talo_channels SET owner_alias_id = NULL WHERE id = $1",
                   (const int64_t[]){7}, 1);
    for (int64_t alias_id = ADA; alias_id <= BOB; alias_id++) {
        struct pl_talo_op_channel_leave *op = leave_op(alias_id, 7);
        assert_int_equal(talo_world_run(world, op), 0);
        assert_false(op->departure.was_deleted);
    }
    struct pl_talo_op_channel_leave *last = leave_op(DAN, 7);
    assert_int_equal(talo_world_run(world, last), 0);
    assert_true(last->departure.was_deleted);
    assert_false(last->departure.was_owner);
    assert_null(talo_world_channel(world, 7));
}

/* --- temporary memberships --- */

struct offline_op {
    struct pl_store_op op;
    int64_t alias_id;
    struct pl_talo_departures departures;
};

static int run_offline(struct pl_store_op *op, struct pl_sql *sql)
{
    struct offline_op *offline = (struct offline_op *)op;
    return pl_talo_leave_temporary(&offline->departures, sql, offline->alias_id, 3000, &op->arena,
                                   &op->error);
}

static const struct pl_store_op_type offline_type = {.name = "test.offline",
                                                     .is_write = true,
                                                     .size = sizeof(struct offline_op),
                                                     .run = run_offline};

static void test_channel_temporary_memberships_end_together(void **state)
{
    (void)state;
    talo_world_make_channel(world, BOB, 7, WORLD_TEMPORARY);
    talo_world_make_channel(world, BOB, 8, 0);
    talo_world_make_channel(world, ADA, 9, WORLD_TEMPORARY | WORLD_CLEANUP);
    talo_world_make_channel(world, ADA, 10, WORLD_TEMPORARY | WORLD_PRIVATE);
    talo_world_join(world, ADA, 7);
    talo_world_join(world, ADA, 8);
    talo_world_join(world, CYD, 9);
    struct offline_op *op = talo_world_op(world, &offline_type);
    op->alias_id = ADA;
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->departures.count, 3);
    assert_int_equal(op->departures.items[0].channel.id, 7);
    assert_int_equal(op->departures.items[0].channel.owner->id, BOB);
    assert_int_equal(op->departures.items[0].alias->id, ADA);
    assert_false(op->departures.items[0].was_deleted);
    assert_int_equal(op->departures.items[1].channel.id, 9);
    assert_true(op->departures.items[1].was_deleted);
    assert_int_equal(op->departures.items[2].channel.id, 10);
    assert_true(op->departures.items[2].was_owner);
    assert_int_equal(op->departures.items[2].updated_ms, 3000);
    assert_false(talo_world_is_member(world, ADA, 7));
    assert_true(talo_world_is_member(world, ADA, 8));
    assert_null(talo_world_channel(world, 9));
    assert_null(talo_world_channel(world, 10)->owner);
    op = talo_world_op(world, &offline_type);
    op->alias_id = ADA;
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->departures.count, 0);
}

/* --- invite --- */

static void test_channel_invite_makes_a_member_at_once(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, WORLD_PRIVATE);
    struct pl_talo_op_channel_invite *op = invite_op(ADA, BOB);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_true(op->was_added);
    assert_int_equal(op->invitee->id, BOB);
    assert_int_equal(op->channel.id, 7);
    assert_true(talo_world_is_member(world, BOB, 7));
    op = invite_op(ADA, BOB);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_false(op->was_added);
}

static void test_channel_invite_is_refused_in_the_order_of_the_table(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, 0);
    talo_world_join(world, BOB, 7);
    assert_int_equal(talo_world_run(world, invite_op(BOB, NOBODY)), PL_TALO_CHANNEL_NOT_OWNER);
    assert_int_equal(talo_world_run(world, invite_op(ADA, NOBODY)), PL_TALO_CHANNEL_NO_INVITEE);
    assert_int_equal(talo_world_run(world, invite_op(ADA, ZOE)), PL_TALO_CHANNEL_NO_INVITEE);
    assert_int_equal(talo_world_run(world, invite_op(ADA, ADA)), PL_TALO_CHANNEL_INVITES_SELF);
    struct pl_talo_op_channel_invite *op = invite_op(0, CYD);
    op->actor = talo_world_admin(world);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_true(op->was_added);
}

/* --- update --- */

static void test_channel_update_changes_what_is_given(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, WORLD_PRIVATE);
    talo_world_join(world, BOB, 7);
    world->now_ms = 2000;
    struct pl_talo_op_channel_update *op =
        update_op(ADA, PL_TALO_CHANGED_NAME | PL_TALO_CHANGED_AUTO_CLEANUP);
    op->name = PL_STR(" new\t");
    op->is_auto_cleanup = true;
    op->is_private = false; /* not given */
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->changed, op->given);
    assert_null(op->new_owner);
    assert_int_equal(op->channel.member_count, 2);
    const struct pl_talo_channel *channel = talo_world_channel(world, 7);
    assert_true(pl_str_eq(channel->name, PL_STR("new")));
    assert_true(channel->is_auto_cleanup && channel->is_private);
    assert_int_equal(channel->owner->id, ADA);
    assert_int_equal(channel->updated_ms, 2000);
    assert_int_equal(channel->created_ms, 1000);
    op = update_op(ADA, PL_TALO_CHANGED_PRIVATE | PL_TALO_CHANGED_TEMPORARY);
    op->is_temporary = true;
    assert_int_equal(talo_world_run(world, op), 0);
    channel = talo_world_channel(world, 7);
    assert_true(channel->is_temporary && !channel->is_private && channel->is_auto_cleanup);
}

static void test_channel_update_takes_a_blank_name_for_none(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, 0);
    world->now_ms = 2000;
    struct pl_talo_op_channel_update *op = update_op(ADA, PL_TALO_CHANGED_NAME);
    op->name = PL_STR(" \n");
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->changed, 0);
    assert_true(pl_str_eq(talo_world_channel(world, 7)->name, PL_STR("x")));
    assert_int_equal(talo_world_channel(world, 7)->updated_ms, 1000);
    op = update_op(ADA, PL_TALO_CHANGED_NAME | PL_TALO_CHANGED_PROPS); /* as Unity does */
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->changed, PL_TALO_CHANGED_PROPS);
}

static void test_channel_update_merges_props(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, 0);
    struct pl_talo_op_channel_update *op = update_op(ADA, PL_TALO_CHANGED_PROPS);
    op->props = CHANGES(SET("a", "1"), SET("b", "2"), SET("t[]", "x"), SET("t[]", "y"));
    assert_int_equal(talo_world_run(world, op), 0);
    op = update_op(ADA, PL_TALO_CHANGED_PROPS);
    op->props = CHANGES(SET("b", "3"), SET("b", "4"), UNSET("a"), SET("t[]", "z"), SET("c", "5"));
    assert_int_equal(talo_world_run(world, op), 0);
    assert_string_equal(talo_world_props_text(&op->channel.props), "b=3 c=5 t[]=z");
    assert_string_equal(talo_world_props_text(&talo_world_channel(world, 7)->props),
                        "b=3 c=5 t[]=z");
}

static void test_channel_update_with_an_error_changes_nothing(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, 0);
    struct pl_talo_op_channel_update *op =
        update_op(ADA, PL_TALO_CHANGED_NAME | PL_TALO_CHANGED_PROPS | PL_TALO_CHANGED_OWNER);
    op->name = PL_STR("new");
    op->props = CHANGES(SET("a", "1"), SET("b", "rude"));
    op->profanity = talo_world_profanity();
    op->owner_change = PL_TALO_OWNER_ALIAS;
    op->new_owner_id = NOBODY;
    assert_int_equal(talo_world_run(world, op), PL_TALO_CHANNEL_BAD_PROPS); /* goes first */
    assert_int_equal(op->rejected.count, 1);
    op = update_op(ADA, PL_TALO_CHANGED_PROPS | PL_TALO_CHANGED_OWNER);
    op->props = CHANGES(SET("a", "1"));
    op->owner_change = PL_TALO_OWNER_ALIAS;
    op->new_owner_id = ZOE;
    assert_int_equal(talo_world_run(world, op), PL_TALO_CHANNEL_NO_NEW_OWNER);
    const struct pl_talo_channel *channel = talo_world_channel(world, 7);
    assert_true(pl_str_eq(channel->name, PL_STR("x")));
    assert_int_equal(channel->props.count, 0);
    assert_int_equal(channel->owner->id, ADA);
}

static void test_channel_update_is_the_owners(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, 0);
    talo_world_join(world, BOB, 7);
    assert_int_equal(talo_world_run(world, update_op(BOB, PL_TALO_CHANGED_PRIVATE)),
                     PL_TALO_CHANNEL_NOT_OWNER);
    struct pl_talo_op_channel_update *op = update_op(0, PL_TALO_CHANGED_PRIVATE);
    op->actor = talo_world_admin(world);
    op->is_private = true;
    assert_int_equal(talo_world_run(world, op), 0);
    assert_true(talo_world_channel(world, 7)->is_private);
}

static struct pl_talo_op_channel_update *give_to(int64_t alias_id, int64_t new_owner_id)
{
    struct pl_talo_op_channel_update *op = update_op(alias_id, PL_TALO_CHANGED_OWNER);
    op->owner_change = PL_TALO_OWNER_ALIAS;
    op->new_owner_id = new_owner_id;
    assert_int_equal(talo_world_run(world, op), 0);
    return op;
}

static void test_channel_is_given_to_members_and_others(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, 0);
    talo_world_join(world, BOB, 7);
    struct pl_talo_op_channel_update *op = give_to(ADA, BOB);
    assert_int_equal(op->new_owner->id, BOB);
    assert_ptr_equal(op->channel.owner, op->new_owner);
    assert_false(op->was_owner_added);
    assert_int_equal(op->changed, PL_TALO_CHANGED_OWNER);
    assert_true(talo_world_is_member(world, ADA, 7)); /* the old owner stays */
    op = give_to(BOB, BOB);                           /* to the present one */
    assert_int_equal(op->new_owner->id, BOB);
    op = give_to(BOB, CYD); /* who is not a member */
    assert_true(op->was_owner_added);
    assert_int_equal(op->channel.member_count, 3);
    assert_true(talo_world_is_member(world, CYD, 7));
    op = update_op(CYD, PL_TALO_CHANGED_OWNER);
    op->owner_change = PL_TALO_OWNER_NOBODY;
    assert_int_equal(talo_world_run(world, op), 0);
    assert_null(op->new_owner);
    assert_null(op->channel.owner);
    assert_null(talo_world_channel(world, 7)->owner);
}

/* --- delete --- */

static void test_channel_delete_takes_everything_with_it(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, 0);
    talo_world_make_channel(world, ADA, 8, 0);
    talo_world_join(world, BOB, 7);
    struct pl_talo_op_channel_update *props = update_op(ADA, PL_TALO_CHANGED_PROPS);
    props->props = CHANGES(SET("a", "1"));
    assert_int_equal(talo_world_run(world, props), 0);
    talo_world_sql(world,
                   "INSERT INTO talo_storage (channel_id, key, position, value, created_by,"
                   " updated_by, created_ms, updated_ms) VALUES (7, 'k', 0, 'v', $1, 1, 1, 1)",
                   (const int64_t[]){1}, 1);
    assert_int_equal(talo_world_run(world, delete_op(BOB)), PL_TALO_CHANNEL_NOT_OWNER);
    struct pl_talo_op_channel_delete *op = delete_op(ADA);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->channel.id, 7);
    assert_int_equal(op->channel.owner->id, ADA);
    assert_int_equal(op->channel.props.count, 1);
    assert_null(talo_world_channel(world, 7));
    assert_non_null(talo_world_channel(world, 8));
    assert_int_equal(talo_world_number(world, "SELECT count(*) FROM talo_members"), 1);
    assert_int_equal(talo_world_number(world, "SELECT count(*) FROM talo_channel_props"), 0);
    assert_int_equal(talo_world_number(world, "SELECT count(*) FROM talo_storage"), 0);
    assert_int_equal(talo_world_number(world, "SELECT count(*) FROM talo_ids"), 1); /* not again */
    assert_int_equal(talo_world_run(world, delete_op(ADA)), PL_TALO_CHANNEL_NOT_FOUND);
}

static void test_channel_delete_by_an_administrator_needs_no_owner(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 7, 0);
    struct pl_talo_op_channel_delete *op = delete_op(0);
    op->actor = talo_world_admin(world);
    op->actor.game_id = 2;
    assert_int_equal(talo_world_run(world, op), PL_TALO_CHANNEL_NOT_FOUND);
    op->actor.game_id = 1;
    assert_int_equal(talo_world_run(world, op), 0);
    assert_null(talo_world_channel(world, 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
        TEST(test_channel_join_adds_a_member_once),
        TEST(test_channel_join_is_refused),
        TEST(test_channel_leave_takes_a_member_off),
        TEST(test_channel_of_an_owner_who_leaves_is_nobodys),
        TEST(test_channel_without_auto_cleanup_survives_its_last_member),
        TEST(test_channel_with_auto_cleanup_goes_with_its_owner),
        TEST(test_channel_with_auto_cleanup_and_no_owner_goes_with_its_last_member),
        TEST(test_channel_temporary_memberships_end_together),
        TEST(test_channel_invite_makes_a_member_at_once),
        TEST(test_channel_invite_is_refused_in_the_order_of_the_table),
        TEST(test_channel_update_changes_what_is_given),
        TEST(test_channel_update_takes_a_blank_name_for_none),
        TEST(test_channel_update_merges_props),
        TEST(test_channel_update_with_an_error_changes_nothing),
        TEST(test_channel_update_is_the_owners),
        TEST(test_channel_is_given_to_members_and_others),
        TEST(test_channel_delete_takes_everything_with_it),
        TEST(test_channel_delete_by_an_administrator_needs_no_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
