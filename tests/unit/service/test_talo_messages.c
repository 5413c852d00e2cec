/* Messages and broadcasts: who gets them, in which order, with which count, and what a slow store
 * changes about that (spec talo, 1.8.4, 1.8.8). */
#include "talo_world.h"

#include "store/talo/message.h"
#include "store/talo/players.h"

#define ALL PL_TALO_SCOPES_ALL

static void test_members_and_nobody_else_get_a_message(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    world_join(world, room, BOB);
    world_enter(world, 0, ADA, ALL);
    world_enter(world, 1, BOB, ALL);
    world_enter(world, 2, BOB, ALL & ~(uint32_t)(PL_TALO_READ_CHANNELS | 1u << 31));
    world_enter(world, 3, EVE, ALL);
    world_message(world, 0, room, "one");
    world_message(world, 1, room, "two");
    world_message(world, 2, room, "three"); /* it may send, but not receive */
    world_message(world, 3, room, "four");
    world_message(world, 3, 99, "five");
    assert_string_equal(world_received(world, 0),
                        "message 1 1 one (1);message 1 2 two (2);message 1 2 three (3);");
    assert_string_equal(world_received(world, 1),
                        "message 1 1 one (1);message 1 2 two (2);message 1 2 three (3);");
    assert_string_equal(world_received(world, 2), "");
    assert_string_equal(world_received(world, 3), "not a member;no channel;");
}

static void test_a_message_of_known_people_asks_no_store(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    unsigned before = 0;
    world_enter(world, 0, ADA, ALL);
    world_message(world, 0, room, "one");
    before = world->op_count;
    world_ask_message(world, 0, room, "two");
    world_ask_message(world, 0, room, "three");
    assert_string_equal(world_received(world, 0),
                        "message 1 1 one (1);message 1 1 two (2);message 1 1 three (3);");
    assert_int_equal(world->op_count, before);
}

static void patch(struct world *world, int64_t alias_id, const char *level)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_player_patch_type, 0);
    struct pl_talo_op_player_patch *patch = (void *)op;
    struct pl_talo_prop_change *change = pl_arena_alloc(&op->arena, sizeof(*change));
    *change = (struct pl_talo_prop_change){PL_STR("level"), pl_str_of_cstr(level), false};
    patch->game_id = 1;
    patch->player_id = world_player(world, alias_id);
    patch->changes = (struct pl_talo_prop_changes){change, 1};
    patch->reserved = PL_TALO_RESERVED_IGNORED;
    world_submit(world, op);
}

static void test_a_message_shows_what_the_last_answered_write_has_changed(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    world_enter(world, 0, ADA, ALL);
    world_message(world, 0, room, "zero");
    patch(world, ADA, "4");
    world_ask_message(world, 0, room, "one"); /* the change has not come back */
    world_settle(world);
    world_message(world, 0, room, "two");
    patch(world, ADA, "5");
    (void)pl_store_fake_write(world->store, SIZE_MAX); /* stored, and on its way back */
    world_ask_message(world, 0, room, "three");
    world_settle(world);
    world_message(world, 0, room, "four");
    assert_string_equal(world_received(world, 0),
                        "message 1 1 zero (1);message 1 1 one (2);message 1 1 two (3) [4];"
                        "message 1 1 three (4) [4];message 1 1 four (5) [5];");
}

/* A load that is under way when something changes brings what is true at its own place in the order
 * of writes, and the change that comes behind it drops it again. */
static void test_a_load_never_brings_back_what_was_changed(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    world_enter(world, 0, ADA, ALL);
    patch(world, ADA, "1");
    world_ask_message(world, 0, room, "one"); /* a load, between two changes */
    patch(world, ADA, "2");
    world_settle(world);
    world_message(world, 0, room, "two");
    assert_string_equal(world_received(world, 0),
                        "message 1 1 one (1) [1];message 1 1 two (2) [2];");
}

static void test_who_leaves_while_a_message_waits_does_not_stop_it(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    world_join(world, room, BOB);
    world_enter(world, 0, ADA, ALL);
    world_enter(world, 1, BOB, PL_TALO_READ_CHANNELS);
    world_ask_message(world, 0, room, "bye");
    world_close(world, 0);
    world_settle(world);
    assert_string_equal(world_received(world, 1), "message 1 1 bye (1);");
}

static void test_a_message_to_a_channel_that_is_being_deleted_finds_none(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, WORLD_AUTO_CLEANUP);
    world_enter(world, 0, ADA, ALL);
    world_submit(world, world_make_leave(room, ADA));
    world_ask_message(world, 0, room, "hi");
    world_settle(world);
    assert_string_equal(world_received(world, 0), "left 1 1 0 owner 1;deleted 1;no channel;");
}

static void test_a_failing_store_answers_every_message(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    world_enter(world, 0, ADA, ALL);
    world->failing_rc = PL_E_IO;
    world->failing = &pl_talo_op_message_load_type;
    world_message(world, 0, room, "one");
    world_broadcast(world, 0, "two");
    world->failing = &pl_talo_op_channel_get_type;
    world_message(world, 0, 99, "three");
    world_message(world, 0, room, "four");
    assert_string_equal(world_received(world, 0),
                        "store failed;store failed;store failed;message 1 1 four (1);");
}

/* --- what nobody knows --- */

static void test_streams_agree_with_the_store_again_after_lost_answers(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    int64_t hall = world_channel(world, ADA, 0);
    world_join(world, hall, BOB);
    world_enter(world, 0, ADA, ALL);
    world_enter(world, 1, BOB, ALL);
    world_enter(world, 2, BOB, ALL);
    world_message(world, 0, room, "a");
    patch(world, ADA, "0");
    world_settle(world);
    world_message(world, 0, room, "b");
    world_forget_received(world);
    world_lose(world, world_make_join(room, BOB));
    world_lose(world, world_make_leave(hall, BOB));
    patch(world, ADA, "1");
    world_settle(world);
    world_message(world, 0, room, "c"); /* from the cache, while the store is away */
    assert_string_equal(world_received(world, 0), "message 1 1 c (3) [0];");
    assert_string_equal(world_received(world, 1), "");
    world_pass(world, 1000);
    world_settle(world); /* fails again */
    world->commit_rc = 0;
    world_pass(world, 2000);
    world_settle(world);
    world_message(world, 0, room, "d");
    world_message(world, 0, hall, "e");
    assert_string_equal(world_received(world, 1), "message 1 1 d (4) [1];");
    assert_string_equal(world_received(world, 2), "message 1 1 d (4) [1];");
}

static void test_joining_again_helps_at_once_after_a_lost_answer(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    world_enter(world, 0, ADA, ALL);
    world_enter(world, 1, BOB, ALL);
    world_lose(world, world_make_join(room, BOB));
    world->commit_rc = 0;
    world_join(world, room, BOB);
    world_message(world, 0, room, "a");
    assert_string_equal(world_received(world, 1), "message 1 1 a (1);");
    world_lose(world, world_make_leave(room, BOB));
    world->commit_rc = 0;
    world_leave(world, room, BOB);
    world_message(world, 0, room, "b");
    assert_string_equal(world_received(world, 1), "");
}

/* --- counts --- */

static int64_t shown_count(struct world *world, int64_t channel_id)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_get_type, 0);
    struct pl_talo_op_channel_get *get = (void *)op;
    int64_t count = 0;
    get->actor.game_id = 1;
    get->channel_id = channel_id;
    assert_int_equal(world_run(world, op), 0);
    count = get->channel.message_count;
    pl_store_op_free(op);
    return count;
}

static void test_counts_are_written_once_a_second_and_always_exact(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    unsigned before = 0;
    world_enter(world, 0, ADA, ALL);
    for (int i = 0; i < 5; i++) {
        world_message(world, 0, room, "x");
    }
    assert_int_equal(world_stored_count(world, room), 0);
    assert_int_equal(shown_count(world, room), 5);
    before = world->op_count;
    world_pass(world, 1000);
    (void)pl_store_fake_write(world->store, SIZE_MAX);
    assert_int_equal(world->op_count, before + 1);
    assert_int_equal(world_stored_count(world, room), 5);
    world_ask_message(world, 0, room, "x"); /* while the count is on its way back */
    assert_int_equal(shown_count(world, room), 6);
    world_settle(world);
    world_pass(world, 1000);
    world_settle(world);
    assert_int_equal(world_stored_count(world, room), 6);
    before = world->op_count;
    world_pass(world, 3600000);
    world_settle(world);
    assert_int_equal(world->op_count, before); /* nothing left to do */
    world_message(world, 0, room, "x");
    assert_int_equal(shown_count(world, room), 7);
}

static void test_counts_that_cannot_be_written_are_tried_again(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    world_enter(world, 0, ADA, ALL);
    world_message(world, 0, room, "x");
    world->failing = &pl_talo_op_channel_tally_type;
    world->failing_rc = PL_E_FULL;
    world_pass(world, 1000);
    world_settle(world);
    world_message(world, 0, room, "x");
    assert_int_equal(world_stored_count(world, room), 0);
    world->failing = NULL;
    world->commit_rc = PL_E_CLOSED; /* and now it is stored without our knowing */
    world->commit_happens = true;
    world_pass(world, 2000);
    world_settle(world);
    world->commit_rc = 0;
    world_pass(world, 30000);
    world_settle(world);
    assert_int_equal(world_stored_count(world, room), 2);
    assert_int_equal(shown_count(world, room), 2);
}

static void test_counts_are_written_at_the_end(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    world_enter(world, 0, ADA, ALL);
    world_message(world, 0, room, "x");
    world_message(world, 0, room, "x");
    world_restart(world);
    assert_int_equal(world_stored_count(world, room), 2);
    world_enter(world, 0, ADA, ALL);
    world_message(world, 0, room, "x");
    assert_string_equal(world_received(world, 0), "message 1 1 x (3);");
}

/* --- broadcasts --- */

static void test_broadcasts_reach_confirmed_subscribers_only(void **state)
{
    struct world *world = *state;
    int64_t first = world_subscribe(world, BOB, ADA, false);
    int64_t second = 0;
    world_confirm(world, first, ADA);
    world_enter(world, 0, ADA, ALL);
    world_enter(world, 1, BOB, ALL); /* subscribed before it came */
    world_enter(world, 2, EVE, ALL);
    world_enter(world, 3, EVE, PL_TALO_READ_PLAYERS);
    second = world_subscribe(world, EVE, ADA, true);
    world_forget_received(world);
    world_broadcast(world, 0, "one");
    assert_string_equal(world_received(world, 0), "");
    assert_string_equal(world_received(world, 1), "broadcast 1 one;");
    assert_string_equal(world_received(world, 2), "");
    world_confirm(world, second, ADA); /* while it is here; both ways */
    assert_string_equal(world_received(world, 2), "confirmed 3;");
    world_broadcast(world, 0, "two");
    world_broadcast(world, 2, "three");
    assert_string_equal(world_received(world, 0), "broadcast 3 three;");
    assert_string_equal(world_received(world, 2), "broadcast 1 two;");
    assert_string_equal(world_received(world, 3), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_members_and_nobody_else_get_a_message),
        WORLD_TEST(test_a_message_of_known_people_asks_no_store),
        WORLD_TEST(test_a_message_shows_what_the_last_answered_write_has_changed),
        WORLD_TEST(test_a_load_never_brings_back_what_was_changed),
        WORLD_TEST(test_who_leaves_while_a_message_waits_does_not_stop_it),
        WORLD_TEST(test_a_message_to_a_channel_that_is_being_deleted_finds_none),
        WORLD_TEST(test_a_failing_store_answers_every_message),
        WORLD_TEST(test_streams_agree_with_the_store_again_after_lost_answers),
        WORLD_TEST(test_joining_again_helps_at_once_after_a_lost_answer),
        WORLD_TEST(test_counts_are_written_once_a_second_and_always_exact),
        WORLD_TEST(test_counts_that_cannot_be_written_are_tried_again),
        WORLD_TEST(test_counts_are_written_at_the_end),
        WORLD_TEST(test_broadcasts_reach_confirmed_subscribers_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
