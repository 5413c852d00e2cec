/* What operations on channels, relationships and players mean for who is connected: events in the
 * order of spec talo 5.1, and streams that follow. */
#include "talo_world.h"

#include "store/talo/auth.h"
#include "store/talo/players.h"
#include "store/talo/presence.h"
#include "store/talo/storage.h"

#define ALL PL_TALO_SCOPES_ALL

/* Ada has connection 0, Bob 1, Eve 2. */
static int setup(void **state)
{
    world_setup(state);
    world_enter(*state, 0, ADA, ALL);
    world_enter(*state, 1, BOB, ALL);
    world_enter(*state, 2, EVE, ALL);
    world_forget_received(*state);
    return 0;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, world_teardown)

#define EXPECT(world, first, second, third)                                                        \
    do {                                                                                           \
        assert_string_equal(world_received(world, 0), first);                                      \
        assert_string_equal(world_received(world, 1), second);                                     \
        assert_string_equal(world_received(world, 2), third);                                      \
    } while (0)

static void test_creating_joining_and_leaving(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    EXPECT(world, "joined 1 1;", "", "");
    world_join(world, room, BOB);
    EXPECT(world, "joined 1 2;", "joined 1 2;", "");
    world_join(world, room, BOB); /* again */
    world_leave(world, room, EVE);
    EXPECT(world, "", "", "");
    world_leave(world, room, ADA);
    EXPECT(world, "left 1 1 0 owner 1;", "left 1 1 0 owner 1;", "");
    world_message(world, 0, room, "x");
    world_message(world, 1, room, "y");
    EXPECT(world, "not a member;", "message 1 2 y (1);", "");
    world_leave(world, room, BOB); /* without auto cleanup an empty channel stays */
    world_message(world, 1, room, "y");
    EXPECT(world, "", "left 1 2 0 owner 0;not a member;", "");
}

static void test_all_connections_of_an_alias_follow(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    world_enter(world, 3, BOB, ALL);
    for (size_t i = 4; i < 10; i++) {
        world_enter(world, i, BOB, ALL); /* more than a list holds by itself */
    }
    world_forget_received(world);
    world_join(world, room, BOB);
    for (size_t i = 3; i < 10; i++) {
        assert_string_equal(world_received(world, i), "joined 1 2;");
    }
    world_leave(world, room, BOB);
    world_forget_received(world);
    world_message(world, 0, room, "x");
    for (size_t i = 3; i < 10; i++) {
        assert_string_equal(world_received(world, i), "");
    }
}

static void test_auto_cleanup_tells_the_leaver_too(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, WORLD_AUTO_CLEANUP);
    world_join(world, room, BOB);
    world_forget_received(world);
    world_leave(world, room, ADA);
    EXPECT(world, "left 1 1 0 owner 1;deleted 1;", "left 1 1 0 owner 1;deleted 1;", "");
    world_message(world, 1, room, "x");
    EXPECT(world, "", "no channel;", "");
}

static void test_an_invited_member_is_there_at_once(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, WORLD_PRIVATE);
    world_forget_received(world);
    for (int i = 0; i < 2; i++) {
        struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_invite_type, 0);
        struct pl_talo_op_channel_invite *invite = (void *)op;
        invite->actor = world_actor(ADA);
        invite->channel_id = room;
        invite->invitee_id = EVE;
        world_do(world, op);
        EXPECT(world, i == 0 ? "joined 1 3;" : "", "", i == 0 ? "joined 1 3;" : "");
    }
}

static struct pl_store_op *make_update(int64_t channel_id, int64_t alias_id, unsigned given)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_update_type, 0);
    struct pl_talo_op_channel_update *update = (void *)op;
    update->actor = world_actor(alias_id);
    update->channel_id = channel_id;
    update->given = given;
    return op;
}

static void give_to(struct pl_store_op *op, int64_t alias_id)
{
    struct pl_talo_op_channel_update *update = (void *)op;
    update->given |= PL_TALO_CHANGED_OWNER;
    update->owner_change = alias_id == 0 ? PL_TALO_OWNER_NOBODY : PL_TALO_OWNER_ALIAS;
    update->new_owner_id = alias_id;
}

static void test_updates_tell_what_was_given(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    struct pl_store_op *op = NULL;
    world_forget_received(world);
    world_do(world, make_update(room, ADA, 0));
    EXPECT(world, "", "", "");
    op = make_update(room, ADA, PL_TALO_CHANGED_NAME | PL_TALO_CHANGED_PRIVATE);
    ((struct pl_talo_op_channel_update *)(void *)op)->name = PL_STR("hall");
    world_do(world, op);
    EXPECT(world, "updated 1 17;", "", "");
    op = make_update(room, ADA, 0);
    give_to(op, EVE); /* who becomes a member, silently */
    world_do(world, op);
    EXPECT(world, "owner 1 3;", "", "owner 1 3;");
    op = make_update(room, EVE, PL_TALO_CHANGED_AUTO_CLEANUP);
    give_to(op, EVE);
    world_do(world, op);
    EXPECT(world, "owner 1 3;updated 1 12;", "", "owner 1 3;updated 1 12;");
    op = make_update(room, EVE, 0);
    give_to(op, 0);
    world_do(world, op);
    EXPECT(world, "", "", "");
    world_message(world, 2, room, "x");
    EXPECT(world, "message 1 3 x (1);", "", "message 1 3 x (1);");
}

static void test_deleting_tells_all_members_and_ends_the_stream(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_delete_type, 0);
    struct pl_talo_op_channel_delete *delete = (void *)op;
    world_join(world, room, BOB);
    world_message(world, 1, room, "x");
    world_forget_received(world);
    delete->actor = world_actor(ADA);
    delete->channel_id = room;
    world_do(world, op);
    EXPECT(world, "deleted 1;", "deleted 1;", "");
    world_message(world, 1, room, "x");
    EXPECT(world, "", "no channel;", "");
    world_pass(world, 5000);
    world_settle(world);
}

static void test_storage_is_told_even_if_nothing_changed(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    struct pl_talo_prop_change changes[2] = {{PL_STR("gold"), PL_STR("80"), false},
                                             {PL_STR("none"), PL_STR(""), true}};
    world_join(world, room, BOB);
    world_forget_received(world);
    for (int i = 0; i < 2; i++) {
        struct pl_store_op *op = pl_store_op_create(&pl_talo_op_storage_put_type, 0);
        struct pl_talo_op_storage_put *put = (void *)op;
        put->actor = world_actor(BOB);
        put->channel_id = room;
        put->changes = (struct pl_talo_prop_changes){changes + i, 1};
        world_do(world, op);
        EXPECT(world, i == 0 ? "storage 1 +1 -0;" : "storage 1 +0 -0;",
               i == 0 ? "storage 1 +1 -0;" : "storage 1 +0 -0;", "");
    }
}

/* --- relationships --- */

static struct pl_store_op *make_unsubscribe(int64_t subscription_id, int64_t alias_id)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_subscription_delete_type, 0);
    struct pl_talo_op_subscription_delete *delete = (void *)op;
    delete->game_id = 1;
    delete->alias_id = alias_id;
    delete->subscription_id = subscription_id;
    return op;
}

static void test_relationships_are_told_to_the_right_side(void **state)
{
    struct world *world = *state;
    int64_t id = world_subscribe(world, BOB, ADA, true);
    EXPECT(world, "created 1;", "", "");
    world_confirm(world, id, ADA);
    EXPECT(world, "", "confirmed 1;", "");
    world_broadcast(world, 0, "a");
    world_broadcast(world, 1, "b");
    EXPECT(world, "broadcast 2 b;", "broadcast 1 a;", "");
    world_do(world, make_unsubscribe(id, BOB));
    EXPECT(world, "ended 1 2;", "ended 1 2;", "");
    world_broadcast(world, 0, "a");
    world_broadcast(world, 1, "b");
    EXPECT(world, "", "", "");
}

static void test_relationships_need_their_scope(void **state)
{
    struct world *world = *state;
    world_enter(world, 3, ADA, PL_TALO_READ_RELATIONSHIPS);
    world_enter(world, 4, ADA, PL_TALO_READ_BROADCASTS);
    world_forget_received(world);
    (void)world_subscribe(world, BOB, ADA, false);
    assert_string_equal(world_received(world, 3), "created 1;");
    assert_string_equal(world_received(world, 4), "");
}

/* --- presence by REST --- */

static struct pl_store_op *make_presence(int64_t alias_id, int is_online, const char *status)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_presence_set_type, 0);
    struct pl_talo_op_presence_set *set = (void *)op;
    set->game_id = 1;
    set->alias_id = alias_id;
    set->has_online = is_online >= 0;
    set->is_online = is_online > 0;
    set->has_status = status != NULL;
    set->custom_status = status == NULL ? (struct pl_str){0} : pl_str_of_cstr(status);
    set->now_ms = WORLD_UNIX_MS;
    return op;
}

static void test_presence_that_is_put_is_told_and_ends_temporary_memberships(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, BOB, WORLD_TEMPORARY);
    world_join(world, room, ADA);
    world_forget_received(world);
    world_do(world, make_presence(ADA, 1, "busy"));
    EXPECT(world, "presence 1 on 01;", "presence 1 on 01;", "presence 1 on 01;");
    world_do(world, make_presence(ADA, 0, "busy"));
    EXPECT(world, "left 1 1 1 owner 2;presence 1 off 10;", "left 1 1 1 owner 2;presence 1 off 10;",
           "presence 1 off 10;");
    world_message(world, 0, room, "x");
    EXPECT(world, "not a member;", "", "");
}

/* --- players --- */

static void test_a_merged_player_stays_online_until_all_its_connections_are_closed(void **state)
{
    struct world *world = *state;
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_player_merge_type, 0);
    struct pl_talo_op_player_merge *merge = (void *)op;
    merge->game_id = 1;
    merge->acting_alias_id = ADA;
    merge->player1_id = world_player(world, ADA);
    merge->player2_id = world_player(world, BOB);
    merge->now_ms = WORLD_UNIX_MS;
    assert_int_equal(pl_sql_run(pl_store_fake_sql(world->store),
                                "UPDATE talo_aliases SET service = 'custom' WHERE id = 2", NULL, 0,
                                NULL, NULL),
                     0); /* two of one service cannot be merged */
    world_do(world, op);
    world_close(world, 0);
    world_settle(world);
    assert_true(world_is_online(world, BOB));
    EXPECT(world, "", "", "");
    world_close(world, 1);
    world_settle(world);
    EXPECT(world, "", "", "presence 2 off 11;");
    assert_false(world_is_online(world, ADA));
}

static void test_a_deleted_player_is_nowhere_any_more(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    int64_t id = world_subscribe(world, ADA, BOB, true);
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_player_delete_type, 0);
    struct pl_talo_op_player_delete *delete = (void *)op;
    struct pl_uuid token = pl_talo_issue_token(world->talo, ADA);
    char text[PL_UUID_TEXT_LEN + 1];
    world_confirm(world, id, BOB);
    world_join(world, room, BOB);
    world_message(world, 1, room, "x");
    world_forget_received(world);
    delete->game_id = 1;
    delete->player_id = world_player(world, ADA);
    world_do(world, op);
    EXPECT(world, "", "", "");
    world_message(world, 0, room, "x");
    world_broadcast(world, 0, "x");
    world_message(world, 1, room, "y");
    world_broadcast(world, 1, "y");
    EXPECT(world, "not a member;no alias;", "message 1 2 y (2);", "");
    pl_uuid_format(text, &token);
    assert_false(pl_talo_check_token(world->talo, ADA, pl_str_of_cstr(text)));
    world_close(world, 0); /* without any event */
    world_settle(world);
    EXPECT(world, "", "", "");
}

static void test_a_deleted_login_leaves_its_socket_open(void **state)
{
    struct world *world = *state;
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_auth_register_type, 0);
    struct pl_talo_op_auth_register *registered = (void *)op;
    int64_t room = world_channel(world, BOB, 0);
    registered->game_id = 1;
    registered->player_id = pl_talo_new_uuid(world->talo);
    registered->alias_id = pl_talo_next_id(world->talo, PL_TALO_ID_ALIAS);
    registered->identifier = PL_STR("tim");
    registered->password_hash = PL_STR("hash");
    registered->now_ms = WORLD_UNIX_MS;
    world_do(world, op);
    assert_int_equal(pl_sql_run(pl_store_fake_sql(world->store),
                                "UPDATE talo_aliases SET service = 'x' WHERE id = 4", NULL, 0, NULL,
                                NULL),
                     0); /* so that no session is asked for */
    world_join(world, room, 4);
    world_enter(world, 3, 4, ALL);
    assert_int_equal(pl_sql_run(pl_store_fake_sql(world->store),
                                "UPDATE talo_aliases SET service = 'talo' WHERE id = 4", NULL, 0,
                                NULL, NULL),
                     0);
    world_forget_received(world);
    op = pl_store_op_create(&pl_talo_op_auth_delete_type, 0);
    ((struct pl_talo_op_auth_delete *)(void *)op)->game_id = 1;
    ((struct pl_talo_op_auth_delete *)(void *)op)->alias_id = 4;
    ((struct pl_talo_op_auth_delete *)(void *)op)->password_hash = PL_STR("hash");
    world_do(world, op);
    assert_int_equal(world->conns[3].conn.alias_id, 4);
    world_message(world, 1, room, "x");
    world_message(world, 3, room, "y");
    assert_string_equal(world_received(world, 3), "not a member;");
    EXPECT(world, "", "message 1 2 x (1);", "");
    world_close(world, 3); /* the alias is gone: the player is offline, and nobody is told */
    world_settle(world);
    EXPECT(world, "", "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_creating_joining_and_leaving),
        TEST(test_all_connections_of_an_alias_follow),
        TEST(test_auto_cleanup_tells_the_leaver_too),
        TEST(test_an_invited_member_is_there_at_once),
        TEST(test_updates_tell_what_was_given),
        TEST(test_deleting_tells_all_members_and_ends_the_stream),
        TEST(test_storage_is_told_even_if_nothing_changed),
        TEST(test_relationships_are_told_to_the_right_side),
        TEST(test_relationships_need_their_scope),
        TEST(test_presence_that_is_put_is_told_and_ends_temporary_memberships),
        TEST(test_a_merged_player_stays_online_until_all_its_connections_are_closed),
        TEST(test_a_deleted_player_is_nowhere_any_more),
        TEST(test_a_deleted_login_leaves_its_socket_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
