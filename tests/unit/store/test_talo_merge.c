/* Merging players (spec talo, 3.8): the refusals in their order, and what becomes of the two. */
#include "talo_fixture.h"

#include "base/alloc.h"
#include "store/talo/channels.h"
#include "store/talo/presence.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

/* Put alias `id` on the player of alias `player_of`. */
static void move_alias(struct talo_fixture *f, int64_t id, const struct pl_uuid *player_id)
{
    FIXTURE_SQL(f, "UPDATE talo_aliases SET player_id = $1 WHERE id = $2", pl_sql_uuid(player_id),
                pl_sql_int(id));
}

static struct pl_talo_op_player_merge *merge(struct talo_fixture *f, const struct pl_uuid *one,
                                             const struct pl_uuid *two, int64_t acting)
{
    struct pl_talo_op_player_merge *op = talo_fixture_op(f, &pl_talo_op_player_merge_type);
    op->game_id = FIXTURE_GAME;
    op->player1_id = *one;
    op->player2_id = *two;
    op->acting_alias_id = acting;
    op->now_ms = 9000;
    return op;
}

struct refusal_row {
    const char *services1[3]; /* of player 1, ids 1, 2, 3 */
    const char *services2[3]; /* of player 2, ids 4, 5, 6 */
    int64_t acting;
    int refusal;
    const char *services; /* of MERGE_SERVICES */
    const char *why;
};

static const struct refusal_row refusal_rows[] = {
    {{"username"}, {"custom"}, 1, 0, "", "different services"},
    {{"username"}, {"custom"}, 4, 0, "", "whoever acts"},
    {{"talo"}, {"custom"}, 1, 0, "", "the login acts"},
    {{"talo"}, {"custom"}, 4, PL_TALO_MERGE_NOT_INITIATOR, "", "the login does not act"},
    {{"steam"}, {"custom"}, 1, 0, "", "steam acts"},
    {{"steam"}, {"custom"}, 4, PL_TALO_MERGE_NOT_INITIATOR, "", "steam does not"},
    {{"username", "google_play_games"}, {"custom"}, 1, PL_TALO_MERGE_NOT_INITIATOR, "", "google"},
    {{"username", "game_center"}, {"custom"}, 2, 0, "", "game center acts"},
    {{"game_center"}, {"talo"}, 9, PL_TALO_MERGE_NOT_INITIATOR, "", "the initiator goes first"},
    {{"talo", "steam"}, {"custom"}, 1, PL_TALO_MERGE_NOT_INITIATOR, "", "no one can act as both"},
    {{"username"}, {"talo"}, 1, PL_TALO_MERGE_HAS_AUTH, "", "a login is not merged"},
    {{"username"}, {"steam", "talo"}, 1, PL_TALO_MERGE_HAS_AUTH, "", "the login goes first"},
    {{"username"}, {"google_play_games", "steam"}, 1, PL_TALO_MERGE_HAS_STEAM, "", "then steam"},
    {{"username"}, {"username", "google_play_games"}, 1, PL_TALO_MERGE_HAS_GOOGLE, "", "google"},
    {{"username"}, {"game_center"}, 1, 0, "", "game center is merged"},
    {{"username"}, {"username"}, 1, PL_TALO_MERGE_SERVICES, "username", "the same service"},
    {{"z", "b", "a"}, {"a", "c", "z"}, 1, PL_TALO_MERGE_SERVICES, "a, z", "two of them, by name"},
};

static void make_player(struct talo_fixture *f, const char *const *services, int64_t first_id,
                        struct pl_uuid *id)
{
    for (int i = 0; i < 3 && services[i] != NULL; i++) {
        struct pl_talo_alias *alias = NULL;
        f->next_alias_id = first_id + i;
        alias = talo_fixture_identify(f, "new", "comer");
        if (i == 0) {
            *id = alias->player->id;
        }
        FIXTURE_SQL(f, "UPDATE talo_aliases SET service = $1, identifier = 'x' WHERE id = $2",
                    pl_sql_text(pl_str_of_cstr(services[i])), pl_sql_int(first_id + i));
        move_alias(f, first_id + i, id);
        FIXTURE_SQL(f, "UPDATE talo_aliases SET identifier = $1 WHERE id = $2",
                    pl_sql_text(pl_str_of_cstr(first_id == 1 ? "one" : "two")),
                    pl_sql_int(first_id + i));
    }
}

static void test_merge_is_refused_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(refusal_rows); i++) {
        const struct refusal_row *row = &refusal_rows[i];
        struct talo_fixture *f = NULL;
        struct pl_talo_op_player_merge *op = NULL;
        struct pl_uuid one;
        struct pl_uuid two;
        void *fixture = NULL;
        talo_fixture_setup(&fixture);
        f = fixture;
        make_player(f, row->services1, 1, &one);
        make_player(f, row->services2, 4, &two);
        op = merge(f, &one, &two, row->acting);
        if (talo_fixture_run(f, op) != row->refusal) {
            fail_msg("row %zu, %s: %d", i, row->why, op->op.refusal);
        }
        assert_str(op->services, row->services);
        assert_int_equal(op->player == NULL, row->refusal != 0);
        talo_fixture_teardown(&fixture);
    }
}

static void test_merge_needs_two_players_of_the_game(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_uuid ada = talo_fixture_identify(f, "username", "ada")->player->id;
    struct pl_uuid nobody = talo_fixture_uuid(77);
    struct pl_uuid zoe = talo_fixture_identify(f, "username", "zoe")->player->id;
    FIXTURE_SQL(f, "UPDATE talo_players SET game_id = 2 WHERE id = $1", pl_sql_uuid(&zoe));
    assert_int_equal(talo_fixture_run(f, merge(f, &nobody, &nobody, 1)), PL_TALO_MERGE_SAME);
    assert_int_equal(talo_fixture_run(f, merge(f, &nobody, &ada, 1)), PL_TALO_MERGE_NO_PLAYER_1);
    assert_int_equal(talo_fixture_run(f, merge(f, &ada, &nobody, 1)), PL_TALO_MERGE_NO_PLAYER_2);
    assert_int_equal(talo_fixture_run(f, merge(f, &ada, &zoe, 1)), PL_TALO_MERGE_NO_PLAYER_2);
    assert_int_equal(talo_fixture_run(f, merge(f, &zoe, &ada, 1)), PL_TALO_MERGE_NO_PLAYER_1);
}

static void test_merge_unites_props_and_aliases(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_uuid ada = talo_fixture_identify(f, "username", "ada")->player->id;
    struct pl_uuid bob = talo_fixture_identify(f, "custom", "bob")->player->id;
    struct pl_talo_op_player_merge *op = merge(f, &ada, &bob, 1);
    talo_fixture_patch(f, &ada, "a=1 b=1 x[]=1 x[]=2 y[]=1");
    talo_fixture_patch(f, &bob, "b=2 c=2 x[]=3");
    FIXTURE_SQL(f,
                "INSERT INTO talo_player_props (player_id, position, key, value)"
                " VALUES ($1, 9, 'META_DEV_BUILD', '1'), ($1, 10, 'META_X', '5')",
                pl_sql_uuid(&bob));
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_string_equal(talo_fixture_props(f, &op->player->props),
                        "b=2 c=2 META_X=5 a=1 x[]=3 y[]=1");
    assert_int_equal(op->player->alias_count, 2);
    assert_int_equal(op->player->aliases[1].id, 2);
    assert_str(op->player->aliases[1].identifier, "bob");
    assert_int_equal(op->player->aliases[1].updated_ms, 9000);
    assert_int_equal(op->player->aliases[0].updated_ms, 1000);
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_players"), 1);
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_player_props"), 6);
    /* identify: the other's alias is the player's now */
    assert_true(
        pl_uuid_eq(&talo_fixture_identify(f, "custom", "bob")->player->id, &op->player->id));
    assert_int_equal(talo_fixture_run(f, merge(f, &ada, &bob, 1)), PL_TALO_MERGE_NO_PLAYER_2);
}

static void set_presence(struct talo_fixture *f, int64_t alias_id, bool is_online)
{
    struct pl_talo_op_presence_set *op = talo_fixture_op(f, &pl_talo_op_presence_set_type);
    op->game_id = FIXTURE_GAME;
    op->alias_id = alias_id;
    op->has_online = true;
    op->is_online = is_online;
    op->has_status = true;
    op->custom_status = alias_id == 1 ? PL_STR("one") : PL_STR("two");
    op->now_ms = 100 + alias_id;
    assert_int_equal(talo_fixture_run(f, op), 0);
}

struct presence_row {
    int one; /* -1: none, 0: offline, 1: online */
    int two;
    int merged;
    const char *status;
    int64_t alias_id;
};

static const struct presence_row presence_rows[] = {
    {-1, -1, -1, "", 0},  {-1, 0, 0, "two", 2}, {-1, 1, 1, "two", 2},
    {0, -1, 0, "one", 1}, {0, 0, 0, "one", 1},  {0, 1, 1, "one", 2},
    {1, -1, 1, "one", 1}, {1, 0, 1, "one", 1},  {1, 1, 1, "one", 1},
};

static void test_merge_who_was_online_still_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(presence_rows); i++) {
        const struct presence_row *row = &presence_rows[i];
        struct talo_fixture *f = NULL;
        struct pl_talo_op_player_merge *op = NULL;
        void *fixture = NULL;
        talo_fixture_setup(&fixture);
        f = fixture;
        struct pl_uuid ada = talo_fixture_identify(f, "username", "ada")->player->id;
        struct pl_uuid bob = talo_fixture_identify(f, "custom", "bob")->player->id;
        if (row->one >= 0) {
            set_presence(f, 1, row->one == 1);
        }
        if (row->two >= 0) {
            set_presence(f, 2, row->two == 1);
        }
        op = merge(f, &ada, &bob, 1);
        assert_int_equal(talo_fixture_run(f, op), 0);
        const struct pl_talo_player *player = op->player;
        if (player->has_presence != (row->merged >= 0) ||
            player->presence.is_online != (row->merged == 1) ||
            !pl_str_eq(player->presence.custom_status, pl_str_of_cstr(row->status)) ||
            player->presence.alias_id != row->alias_id) {
            fail_msg("row %zu", i);
        }
        talo_fixture_teardown(&fixture);
    }
}

static void test_merge_memberships_and_subscriptions_stay_with_the_aliases(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_uuid ada = talo_fixture_identify(f, "username", "ada")->player->id;
    struct pl_uuid bob = talo_fixture_identify(f, "custom", "bob")->player->id;
    talo_fixture_sql(
        f, "INSERT INTO talo_members (channel_id, alias_id, joined_ms) VALUES (5, 2, 1)", NULL, 0);
    talo_fixture_sql(f,
                     "INSERT INTO talo_subscriptions (id, subscriber_alias_id, target_alias_id,"
                     " is_confirmed, is_bidirectional, created_ms, updated_ms)"
                     " VALUES (31, 1, 2, 1, 0, 1, 1)",
                     NULL, 0);
    assert_int_equal(talo_fixture_run(f, merge(f, &ada, &bob, 1)), 0);
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_members"), 1);
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_subscriptions"), 1);
}

/* The last connection of player 2 closed while it was merged. */
static void test_merge_a_late_disconnection_is_that_of_the_merged_player(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_uuid ada = talo_fixture_identify(f, "username", "ada")->player->id;
    struct pl_uuid bob = talo_fixture_identify(f, "custom", "bob")->player->id;
    struct pl_talo_op_presence_offline *op = talo_fixture_op(f, &pl_talo_op_presence_offline_type);
    set_presence(f, 2, true);
    assert_int_equal(talo_fixture_run(f, merge(f, &ada, &bob, 1)), 0);
    op->game_id = FIXTURE_GAME;
    op->player_id = bob;
    op->alias_id = 2;
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_true(pl_uuid_eq(&op->change.alias->player->id, &ada));
    assert_true(op->change.online_changed);
    assert_false(talo_fixture_find(f, &ada)->presence.is_online);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talo_fixture_setup, talo_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge_is_refused_as_the_table_says),
        TEST(test_merge_needs_two_players_of_the_game),
        TEST(test_merge_unites_props_and_aliases),
        cmocka_unit_test(test_merge_who_was_online_still_is),
        TEST(test_merge_a_late_disconnection_is_that_of_the_merged_player),
        TEST(test_merge_memberships_and_subscriptions_stay_with_the_aliases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
