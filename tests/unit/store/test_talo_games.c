/* Operations on games, keys, verification keys and live configurations, and what is loaded of them. */
#include "store/talo/games.h"

#include "talo_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

static struct pl_talo_op_admin_load *load(struct talo_fixture *f)
{
    struct pl_talo_op_admin_load *op = talo_fixture_op(f, &pl_talo_op_admin_load_type);
    assert_int_equal(talo_fixture_run(f, op), 0);
    return op;
}

static void test_games_are_loaded_as_they_were_created(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_op_game_create *op = talo_fixture_op(f, &pl_talo_op_game_create_type);
    const struct pl_talo_game *game = NULL;
    op->game = (struct pl_talo_game){.id = 7,
                                     .name = PL_STR("Caf\xc3\xa9"),
                                     .secret = PL_STR("clear"),
                                     .verifies_requests = true,
                                     .blocks_prop_profanity = true,
                                     .display_name_key = PL_STR(""),
                                     .created_ms = 55};
    op->sealed_secret = pl_str_make("\0\xff sealed", 9);
    assert_int_equal(talo_fixture_run(f, op), 0);
    struct pl_talo_op_admin_load *all = load(f);
    assert_int_equal(all->game_count, 3);
    game = &all->games[2];
    assert_int_equal(game->id, 7);
    assert_str(game->name, "Caf\xc3\xa9");
    assert_true(pl_str_eq(game->secret, op->sealed_secret));
    assert_true(game->verifies_requests);
    assert_false(game->blocks_identifier_profanity);
    assert_true(game->blocks_prop_profanity);
    assert_int_equal(game->display_name_key.len, 0);
    assert_int_equal(game->created_ms, 55);
    assert_int_equal(all->highest_ids[PL_TALO_ID_GAME], 7);
    assert_int_equal(all->highest_ids[PL_TALO_ID_KEY], 0);
}

static void test_games_have_different_ids(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_op_game_create *op = talo_fixture_op(f, &pl_talo_op_game_create_type);
    op->game = (struct pl_talo_game){.id = FIXTURE_GAME, .name = PL_STR("another")};
    op->sealed_secret = PL_STR("another");
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_GAME_EXISTS);
    assert_str(load(f)->games[0].name, "game");
}

static void test_game_update_changes_what_is_given(void **state)
{
    struct talo_fixture *f = *state;
    for (unsigned bit = 1; bit <= PL_TALO_GAME_DISPLAY_NAME_KEY; bit *= 2) {
        struct pl_talo_op_game_update *op = talo_fixture_op(f, &pl_talo_op_game_update_type);
        const struct pl_talo_game *game = &op->game;
        op->game_id = FIXTURE_OTHER_GAME;
        op->given = bit;
        op->values = (struct pl_talo_game){.name = PL_STR("new"),
                                           .secret = PL_STR("clear"),
                                           .verifies_requests = true,
                                           .blocks_identifier_profanity = true,
                                           .blocks_prop_profanity = true,
                                           .display_name_key = PL_STR("shown")};
        op->sealed_secret = PL_STR("sealed again");
        assert_int_equal(talo_fixture_run(f, op), 0);
        assert_int_equal(game->secret.len > 0, bit == PL_TALO_GAME_SECRET);
        assert_int_equal(pl_str_eq(game->name, PL_STR("new")), bit >= PL_TALO_GAME_NAME);
        assert_int_equal(game->verifies_requests, bit >= PL_TALO_GAME_VERIFIES_REQUESTS);
        assert_int_equal(game->blocks_identifier_profanity,
                         bit >= PL_TALO_GAME_BLOCKS_IDENTIFIER_PROFANITY);
        assert_int_equal(game->blocks_prop_profanity, bit >= PL_TALO_GAME_BLOCKS_PROP_PROFANITY);
        assert_int_equal(pl_str_eq(game->display_name_key, PL_STR("shown")),
                         bit >= PL_TALO_GAME_DISPLAY_NAME_KEY);
    }
    struct pl_talo_op_admin_load *all = load(f);
    assert_str(all->games[0].name, "game");
    assert_str(all->games[0].secret, "sealed");
    assert_str(all->games[1].name, "new");
    assert_str(all->games[1].secret, "sealed again");
    assert_true(all->games[1].blocks_prop_profanity);
    struct pl_talo_op_game_update *op = talo_fixture_op(f, &pl_talo_op_game_update_type);
    op->game_id = 99;
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_GAME_NOT_FOUND);
}

static int create_key(struct talo_fixture *f, int64_t id, int64_t game_id)
{
    struct pl_talo_op_key_create *op = talo_fixture_op(f, &pl_talo_op_key_create_type);
    op->key = (struct pl_talo_key){
        .id = id, .game_id = game_id, .scopes = PL_TALO_SCOPES_ALL, .created_s = 1760000000};
    return talo_fixture_run(f, op);
}

static void test_keys_change_their_scopes_and_are_revoked_once(void **state)
{
    struct talo_fixture *f = *state;
    assert_int_equal(create_key(f, 42, FIXTURE_GAME), 0);
    assert_int_equal(create_key(f, 43, 99), PL_TALO_GAME_NOT_FOUND);
    struct pl_talo_op_key_update *update = talo_fixture_op(f, &pl_talo_op_key_update_type);
    update->key_id = 42;
    update->scopes = PL_TALO_READ_PLAYERS;
    assert_int_equal(talo_fixture_run(f, update), 0);
    assert_int_equal(update->key.scopes, PL_TALO_READ_PLAYERS);
    assert_int_equal(update->key.game_id, FIXTURE_GAME);
    for (int64_t now_ms = 5; now_ms < 7; now_ms++) {
        struct pl_talo_op_key_revoke *revoke = talo_fixture_op(f, &pl_talo_op_key_revoke_type);
        revoke->key_id = 42;
        revoke->now_ms = now_ms;
        assert_int_equal(talo_fixture_run(f, revoke), 0);
        assert_int_equal(revoke->key.revoked_ms, 5);
    }
    struct pl_talo_op_admin_load *all = load(f);
    assert_int_equal(all->key_count, 1);
    assert_int_equal(all->keys[0].id, 42);
    assert_int_equal(all->keys[0].scopes, PL_TALO_READ_PLAYERS);
    assert_int_equal(all->keys[0].created_s, 1760000000);
    assert_int_equal(all->keys[0].revoked_ms, 5);
    assert_int_equal(all->highest_ids[PL_TALO_ID_KEY], 42);
}

static void test_keys_that_are_not_there_are_refused(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_op_key_update *update = talo_fixture_op(f, &pl_talo_op_key_update_type);
    struct pl_talo_op_key_revoke *revoke = talo_fixture_op(f, &pl_talo_op_key_revoke_type);
    update->key_id = 9;
    revoke->key_id = 9;
    assert_int_equal(talo_fixture_run(f, update), PL_TALO_GAME_NO_KEY);
    assert_int_equal(talo_fixture_run(f, revoke), PL_TALO_GAME_NO_KEY);
}

static void test_keys_all_scopes_survive_the_store(void **state)
{
    struct talo_fixture *f = *state;
    assert_int_equal(create_key(f, 1, FIXTURE_GAME), 0);
    assert_true(load(f)->keys[0].scopes == PL_TALO_SCOPES_ALL);
}

static void test_keys_are_used_and_never_backwards(void **state)
{
    struct talo_fixture *f = *state;
    static const struct pl_talo_key_use uses[] = {{1, 100}, {2, 200}, {9, 300}, {1, 50}};
    assert_int_equal(create_key(f, 1, FIXTURE_GAME), 0);
    assert_int_equal(create_key(f, 2, FIXTURE_GAME), 0);
    struct pl_talo_op_key_note_used *op = talo_fixture_op(f, &pl_talo_op_key_note_used_type);
    op->items = uses;
    op->item_count = PL_ARRAY_LEN(uses);
    assert_int_equal(talo_fixture_run(f, op), 0);
    struct pl_talo_op_admin_load *all = load(f);
    assert_int_equal(all->keys[0].last_used_ms, 100);
    assert_int_equal(all->keys[1].last_used_ms, 200);
}

static int create_verification_key(struct talo_fixture *f, int64_t id, int64_t game_id,
                                   const char *version)
{
    struct pl_talo_op_verification_key_create *op =
        talo_fixture_op(f, &pl_talo_op_verification_key_create_type);
    op->key = (struct pl_talo_verification_key){
        .id = id, .game_id = game_id, .version = pl_str_of_cstr(version), .created_ms = 3};
    op->sealed_value = PL_STR("sealed");
    return talo_fixture_run(f, op);
}

static int delete_verification_key(struct talo_fixture *f, int64_t id)
{
    struct pl_talo_op_verification_key_delete *op =
        talo_fixture_op(f, &pl_talo_op_verification_key_delete_type);
    op->key_id = id;
    return talo_fixture_run(f, op);
}

static void test_verification_keys_have_one_version_per_game(void **state)
{
    struct talo_fixture *f = *state;
    assert_int_equal(create_verification_key(f, 1, FIXTURE_GAME, "1"), 0);
    assert_int_equal(create_verification_key(f, 2, FIXTURE_GAME, "1"), PL_TALO_GAME_VERSION_EXISTS);
    assert_int_equal(create_verification_key(f, 3, FIXTURE_OTHER_GAME, "1"), 0);
    assert_int_equal(create_verification_key(f, 4, 99, "1"), PL_TALO_GAME_NOT_FOUND);
    struct pl_talo_op_admin_load *all = load(f);
    assert_int_equal(all->verification_key_count, 2);
    assert_str(all->verification_keys[1].version, "1");
    assert_str(all->verification_keys[1].value, "sealed");
    assert_int_equal(all->verification_keys[1].game_id, FIXTURE_OTHER_GAME);
}

static void test_verification_keys_ids_are_not_given_again(void **state)
{
    struct talo_fixture *f = *state;
    assert_int_equal(create_verification_key(f, 5, FIXTURE_GAME, "1"), 0);
    assert_int_equal(create_verification_key(f, 8, FIXTURE_GAME, "2"), 0);
    assert_int_equal(delete_verification_key(f, 8), 0);
    assert_int_equal(delete_verification_key(f, 8), PL_TALO_GAME_NO_KEY);
    assert_int_equal(load(f)->highest_ids[PL_TALO_ID_VERIFICATION_KEY], 8);
    assert_int_equal(delete_verification_key(f, 5), 0);
    assert_int_equal(load(f)->highest_ids[PL_TALO_ID_VERIFICATION_KEY], 8);
    assert_int_equal(load(f)->verification_key_count, 0);
}

static struct pl_talo_op_config_update *config(struct talo_fixture *f, int64_t game_id,
                                               struct pl_talo_prop_change *changes, size_t count)
{
    struct pl_talo_op_config_update *op = talo_fixture_op(f, &pl_talo_op_config_update_type);
    op->game_id = game_id;
    op->changes = (struct pl_talo_prop_changes){changes, count};
    return op;
}

static void test_config_is_merged(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_prop_change first[] = {{.key = PL_STR("a"), .value = PL_STR("1")},
                                          {.key = PL_STR("b"), .value = PL_STR("2")}};
    struct pl_talo_prop_change second[] = {{.key = PL_STR("b"), .value = PL_STR("3")},
                                           {.key = PL_STR("a"), .is_null = true},
                                           {.key = PL_STR("c"), .value = PL_STR("4")}};
    struct pl_talo_op_config_update *op = config(f, FIXTURE_GAME, first, 2);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_string_equal(talo_fixture_props(f, &op->config), "a=1 b=2");
    op = config(f, FIXTURE_GAME, second, 3);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_string_equal(talo_fixture_props(f, &op->config), "b=3 c=4");
    op = config(f, FIXTURE_OTHER_GAME, first, 1);
    assert_int_equal(talo_fixture_run(f, op), 0);
    struct pl_talo_op_admin_load *all = load(f);
    assert_int_equal(all->config_count, 2);
    assert_int_equal(all->configs[0].game_id, FIXTURE_GAME);
    assert_string_equal(talo_fixture_props(f, &all->configs[0].props), "b=3 c=4");
    assert_string_equal(talo_fixture_props(f, &all->configs[1].props), "a=1");
}

static void test_config_a_bad_prop_refuses_all_of_them(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_prop_change changes[] = {{.key = PL_STR("a"), .value = PL_STR("1")},
                                            {.key = PL_STR("META_X"), .value = PL_STR("2")}};
    struct pl_talo_op_config_update *op = config(f, FIXTURE_GAME, changes, 2);
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_GAME_PROPS_REJECTED);
    assert_int_equal(op->rejected.count, 1);
    assert_int_equal(op->rejected.items[0].error, PL_TALO_PROP_KEY_RESERVED);
    assert_int_equal(load(f)->config_count, 0);
    assert_int_equal(talo_fixture_run(f, config(f, 99, changes, 1)), PL_TALO_GAME_NOT_FOUND);
}

static void test_config_has_a_bound(void **state)
{
    struct talo_fixture *f = *state;
    static char value[4096];
    struct pl_talo_prop_change changes[300];
    memset(value, 'v', sizeof(value));
    for (size_t i = 0; i < PL_ARRAY_LEN(changes); i++) {
        static char keys[300][8];
        keys[i][0] = 'k';
        keys[i][1] = (char)('a' + i / 26);
        keys[i][2] = (char)('a' + i % 26);
        changes[i] = (struct pl_talo_prop_change){.key = pl_str_of_cstr(keys[i]),
                                                  .value = pl_str_make(value, sizeof(value))};
    }
    assert_int_equal(talo_fixture_run(f, config(f, FIXTURE_GAME, changes, 300)),
                     PL_TALO_GAME_TOO_MANY_PROPS);
    assert_int_equal(talo_fixture_run(f, config(f, FIXTURE_GAME, changes, 200)), 0);
    assert_int_equal(load(f)->configs[0].props.count, 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talo_fixture_setup, talo_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_games_are_loaded_as_they_were_created),
        TEST(test_games_have_different_ids),
        TEST(test_game_update_changes_what_is_given),
        TEST(test_keys_change_their_scopes_and_are_revoked_once),
        TEST(test_keys_that_are_not_there_are_refused),
        TEST(test_keys_all_scopes_survive_the_store),
        TEST(test_keys_are_used_and_never_backwards),
        TEST(test_verification_keys_have_one_version_per_game),
        TEST(test_verification_keys_ids_are_not_given_again),
        TEST(test_config_is_merged),
        TEST(test_config_a_bad_prop_refuses_all_of_them),
        TEST(test_config_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
