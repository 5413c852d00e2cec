/* Connections: identifying, presence, closing, and what happens between these when the store is slow
 * or fails (spec talo, 1.8.2, 1.8.5, 1.9). */
#include "talo_world.h"

#include "store/talo/games.h"
#include "store/talo/presence.h"

#define ALL PL_TALO_SCOPES_ALL

static void test_identifying_tells_of_presence_and_then_succeeds(void **state)
{
    struct world *world = *state;
    (void)world_open(world, 0, ALL);
    (void)world_open(world, 1, ALL);
    (void)world_open(world, 2, ALL & ~(uint32_t)(PL_TALO_READ_PRESENCE | 1u << 31));
    world_identify(world, 0, ADA);
    assert_string_equal(world_received(world, 0), "presence 1 on 11;ok 1;");
    assert_string_equal(world_received(world, 1), ""); /* not identified */
    world_identify(world, 2, BOB);
    assert_string_equal(world_received(world, 2), "ok 2;"); /* without the scope */
    assert_string_equal(world_received(world, 0), "presence 2 on 11;");
    world_identify(world, 1, ADA);
    assert_string_equal(world_received(world, 1), "presence 1 on 01;ok 1;");
    assert_string_equal(world_received(world, 0), "presence 1 on 01;");
    assert_string_equal(world_received(world, 2), "");
    assert_true(world_is_online(world, ADA));
}

static void test_identifying_needs_the_token_of_the_alias(void **state)
{
    struct world *world = *state;
    (void)world_open(world, 0, ALL);
    world_identify(world, 0, 99);
    assert_string_equal(world_received(world, 0), "no alias;");
    (void)pl_talo_issue_token(world->talo, ADA);
    world->conns[0].conn.game_id = 7; /* a key of another game */
    world_identify(world, 0, ADA);
    assert_string_equal(world_received(world, 0), "no alias;");
    assert_int_equal(world->conns[0].conn.alias_id, 0);
}

static void wrong(struct pl_talo_conn *conn, enum pl_talo_refusal refusal,
                  const struct pl_talo_alias *alias)
{
    assert_int_equal(refusal, PL_TALO_BAD_TOKEN);
    assert_null(alias);
    conn->is_dev_build = true; /* so that the test sees it */
}

static void test_a_wrong_token_asks_no_store(void **state)
{
    struct world *world = *state;
    struct pl_talo_conn *conn = world_open(world, 0, ALL);
    unsigned before = world->op_count;
    (void)pl_talo_issue_token(world->talo, ADA);
    pl_talo_conn_identify(conn, ADA, PL_STR("00000000-0000-4000-8000-000000000000"),
                          (struct pl_str){0}, wrong);
    assert_true(conn->is_dev_build);
    world_settle(world);
    assert_int_equal(world->op_count, before);
}

static void test_the_last_connection_of_a_player_takes_it_offline(void **state)
{
    struct world *world = *state;
    world_enter(world, 0, ADA, ALL);
    world_enter(world, 1, ADA, ALL);
    world_enter(world, 2, BOB, ALL);
    world_close(world, 0);
    world_settle(world);
    assert_string_equal(world_received(world, 2), "");
    assert_true(world_is_online(world, ADA));
    world_close(world, 1);
    world_settle(world);
    assert_string_equal(world_received(world, 2), "presence 1 off 11;");
    assert_string_equal(world_received(world, 1), "");
    assert_false(world_is_online(world, ADA));
}

static void test_a_connection_that_is_not_identified_closes_silently(void **state)
{
    struct world *world = *state;
    unsigned before = 0;
    world_enter(world, 0, ADA, ALL);
    (void)world_open(world, 1, ALL);
    before = world->op_count;
    world_close(world, 1);
    pl_talo_conn_close(&world->conns[1].conn); /* again */
    world_settle(world);
    assert_int_equal(world->op_count, before);
    assert_string_equal(world_received(world, 0), "");
}

static void test_temporary_memberships_end_before_presence_is_told(void **state)
{
    struct world *world = *state;
    int64_t lasting = world_channel(world, BOB, 0);
    int64_t temporary = world_channel(world, BOB, WORLD_TEMPORARY);
    int64_t own = world_channel(world, ADA, WORLD_TEMPORARY | WORLD_AUTO_CLEANUP);
    world_join(world, lasting, ADA);
    world_join(world, temporary, ADA);
    world_join(world, own, BOB);
    world_enter(world, 0, ADA, ALL);
    world_enter(world, 1, BOB, ALL);
    world_close(world, 0);
    world_settle(world);
    assert_string_equal(world_received(world, 1),
                        "left 2 1 1 owner 2;left 3 1 1 owner 1;deleted 3;presence 1 off 11;");
    world_enter(world, 0, ADA, ALL);
    world_message(world, 1, temporary, "hi");
    assert_string_equal(world_received(world, 0), "");
    world_message(world, 1, lasting, "hi");
    world_message(world, 1, own, "hi");
    assert_string_equal(world_received(world, 0), "message 1 2 hi (1);");
    assert_string_equal(world_received(world, 1),
                        "message 2 2 hi (1);message 1 2 hi (1);no channel;");
}

/* A client that comes back opens its new connection while the old one is still there or just
 * closing (6.4): the player must not be offline afterwards. */
static void test_reconnecting_never_leaves_a_player_offline(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, WORLD_TEMPORARY);
    world_join(world, room, BOB);
    world_enter(world, 1, BOB, ALL);
    world_enter(world, 0, ADA, ALL);
    (void)world_received(world, 1);
    (void)world_open(world, 2, ALL);
    world_ask_identify(world, 2, ADA); /* the old one closes while this is under way */
    world_close(world, 0);
    world_settle(world);
    assert_string_equal(world_received(world, 1), "presence 1 on 01;");
    assert_true(world_is_online(world, ADA));
    (void)world_received(world, 2);

    (void)world_open(world, 3, ALL);
    world_close(world, 2); /* the old one closes before the new one asks */
    world_ask_identify(world, 3, ADA);
    world_settle(world);
    assert_string_equal(world_received(world, 1),
                        "left 1 1 1 owner 1;presence 1 off 11;presence 1 on 11;");
    assert_true(world_is_online(world, ADA));
}

static void test_an_identify_that_fails_answers_for_the_connection_that_closed(void **state)
{
    struct world *world = *state;
    world_enter(world, 0, ADA, ALL);
    (void)world_open(world, 1, ALL);
    world->failing = &pl_talo_op_presence_online_type;
    world->failing_rc = PL_E_IO;
    world_ask_identify(world, 1, ADA);
    world_close(world, 0);
    world_settle(world);
    assert_string_equal(world_received(world, 1), "store failed;");
    assert_false(world_is_online(world, ADA));
}

static void test_a_connection_that_closes_while_it_identifies_is_offline_in_the_end(void **state)
{
    struct world *world = *state;
    world_enter(world, 1, BOB, ALL);
    (void)world_open(world, 0, ALL);
    world_ask_identify(world, 0, ADA);
    world_close(world, 0);
    world_settle(world);
    assert_string_equal(world_received(world, 1), "presence 1 on 11;presence 1 off 11;");
    assert_false(world_is_online(world, ADA));
}

/* Two aliases of one player: nobody knows that while the second one identifies. */
static void test_a_player_that_comes_back_as_another_alias_is_online_in_the_end(void **state)
{
    struct world *world = *state;
    assert_int_equal(pl_sql_run(pl_store_fake_sql(world->store),
                                "UPDATE talo_aliases SET player_id = (SELECT player_id FROM "
                                "talo_aliases WHERE id = 1) WHERE id = 2",
                                NULL, 0, NULL, NULL),
                     0);
    world_enter(world, 0, ADA, ALL);
    (void)world_open(world, 1, ALL);
    world_ask_identify(world, 1, BOB);
    world_close(world, 0); /* so this is stored behind it */
    world_settle(world);
    assert_string_equal(world_received(world, 1),
                        "presence 2 on 01;ok 2;presence 1 off 11;presence 2 on 11;");
    assert_true(world_is_online(world, BOB));
    world_close(world, 1);
    world_settle(world);
    assert_false(world_is_online(world, BOB));
}

static void test_identifying_again_leaves_the_first_alias_online(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    world_enter(world, 0, ADA, ALL);
    world_identify(world, 0, BOB);
    assert_string_equal(world_received(world, 0), "presence 2 on 11;ok 2;");
    assert_true(world_is_online(world, ADA));
    world_message(world, 0, room, "hi");
    assert_string_equal(world_received(world, 0), "not a member;");
    world_close(world, 0);
    world_settle(world);
    assert_true(world_is_online(world, ADA));
    assert_false(world_is_online(world, BOB));
}

static void test_an_identify_that_is_refused_keeps_the_identity(void **state)
{
    struct world *world = *state;
    int64_t room = world_channel(world, ADA, 0);
    world_enter(world, 0, ADA, ALL);
    world_identify(world, 0, 99);
    assert_string_equal(world_received(world, 0), "no alias;");
    world_message(world, 0, room, "hi");
    assert_string_equal(world_received(world, 0), "message 1 1 hi (1);");
}

static void test_presence_becomes_true_when_the_store_works_again(void **state)
{
    struct world *world = *state;
    int64_t ids[6];
    int64_t watcher = world_alias(world, "watcher");
    world_enter(world, 7, watcher, ALL);
    for (size_t i = 0; i < PL_ARRAY_LEN(ids); i++) {
        char name[8] = {'p', (char)('0' + i)};
        ids[i] = world_alias(world, name);
        world_enter(world, i, ids[i], ALL);
    }
    world->failing = &pl_talo_op_presence_offline_type;
    world->failing_rc = PL_E_FULL;
    for (size_t i = 0; i < PL_ARRAY_LEN(ids); i++) {
        world_close(world, i);
    }
    world_settle(world);
    world->op_count = 0;
    for (int64_t ms = 0; ms < 600000; ms += 250) {
        world_pass(world, 250);
        world_settle(world);
    }
    assert_in_range(world->op_count, 15, 40); /* one attempt at a time, later and later */
    world_enter(world, 0, ids[0], ALL);       /* comes back meanwhile */
    world->failing = NULL;
    world_pass(world, 30000);
    world_settle(world);
    assert_true(world_is_online(world, ids[0]));
    for (size_t i = 1; i < PL_ARRAY_LEN(ids); i++) {
        assert_false(world_is_online(world, ids[i]));
    }
}

static void test_what_may_have_happened_is_set_right(void **state)
{
    struct world *world = *state;
    (void)world_open(world, 0, ALL);
    world->commit_rc = PL_E_CLOSED;
    world->commit_happens = true;
    world_ask_identify(world, 0, ADA);
    (void)pl_store_fake_write(world->store, SIZE_MAX);
    assert_true(world_is_online(world, ADA)); /* stored, but the connection does not hear of it */
    pl_store_complete(world->store);
    assert_string_equal(world_received(world, 0), "store failed;");
    world->commit_rc = 0;
    world_settle(world);
    assert_false(world_is_online(world, ADA));
    assert_int_equal(world->conns[0].conn.alias_id, 0);
}

static void test_who_was_online_before_a_restart_is_not_afterwards(void **state)
{
    struct world *world = *state;
    world_enter(world, 0, ADA, ALL);
    world->failing = &pl_talo_op_presence_offline_type;
    world->failing_rc = PL_E_IO;
    world_restart(world);
    assert_false(world_is_online(world, ADA));
    assert_int_equal(pl_talo_next_id(world->talo, PL_TALO_ID_ALIAS), EVE + 1);
}

static void test_a_revoked_key_closes_its_connections_and_no_others(void **state)
{
    struct world *world = *state;
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_key_revoke_type, 0);
    world_enter(world, 0, ADA, ALL);
    (void)world_open(world, 1, ALL);
    (void)world_open(world, 2, ALL);
    world->conns[2].conn.key_id = 2;
    world_identify(world, 2, BOB);
    world_forget_received(world);
    ((struct pl_talo_op_key_revoke *)(void *)op)->key_id = 1;
    ((struct pl_talo_op_key_revoke *)(void *)op)->now_ms = WORLD_UNIX_MS;
    world_do(world, op);
    assert_int_equal(world->conns[0].revoked_count, 1);
    assert_int_equal(world->conns[1].revoked_count, 1);
    assert_int_equal(world->conns[2].revoked_count, 0);
    assert_string_equal(world_received(world, 2), "presence 1 off 11;");
    assert_true(pl_talo_find_key(world->talo, 1)->revoked_ms != 0);
}

static void test_live_config_reaches_those_with_the_scope_identified_or_not(void **state)
{
    struct world *world = *state;
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_config_update_type, 0);
    struct pl_talo_op_config_update *update = (void *)op;
    struct pl_talo_prop_change change = {PL_STR("xpRate"), PL_STR("2"), false};
    (void)world_open(world, 0, PL_TALO_READ_CONFIG);
    (void)world_open(world, 1, PL_TALO_READ_PLAYERS);
    world->conns[2].conn.game_id = 2;
    update->game_id = 1;
    update->changes = (struct pl_talo_prop_changes){&change, 1};
    world_do(world, op);
    assert_string_equal(world_received(world, 0), "config 1;");
    assert_string_equal(world_received(world, 1), "");
    assert_true(pl_str_eq(pl_talo_live_config(world->talo, 1)->items[0].key, PL_STR("xpRate")));
}

static void test_identities_of_many_connections_cost_no_entities(void **state)
{
    (void)state;
    assert_true(sizeof(struct pl_talo_conn) <= 160);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_identifying_tells_of_presence_and_then_succeeds),
        WORLD_TEST(test_identifying_needs_the_token_of_the_alias),
        WORLD_TEST(test_a_wrong_token_asks_no_store),
        WORLD_TEST(test_the_last_connection_of_a_player_takes_it_offline),
        WORLD_TEST(test_a_connection_that_is_not_identified_closes_silently),
        WORLD_TEST(test_temporary_memberships_end_before_presence_is_told),
        WORLD_TEST(test_reconnecting_never_leaves_a_player_offline),
        WORLD_TEST(test_an_identify_that_fails_answers_for_the_connection_that_closed),
        WORLD_TEST(test_a_connection_that_closes_while_it_identifies_is_offline_in_the_end),
        WORLD_TEST(test_a_player_that_comes_back_as_another_alias_is_online_in_the_end),
        WORLD_TEST(test_identifying_again_leaves_the_first_alias_online),
        WORLD_TEST(test_an_identify_that_is_refused_keeps_the_identity),
        WORLD_TEST(test_presence_becomes_true_when_the_store_works_again),
        WORLD_TEST(test_what_may_have_happened_is_set_right),
        WORLD_TEST(test_who_was_online_before_a_restart_is_not_afterwards),
        WORLD_TEST(test_a_revoked_key_closes_its_connections_and_no_others),
        WORLD_TEST(test_live_config_reaches_those_with_the_scope_identified_or_not),
        cmocka_unit_test(test_identities_of_many_connections_cost_no_entities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
