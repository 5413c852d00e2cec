/* Operations of imports: whole players with their names and times, and aliases by their names. */
#include "store/talo/import.h"

#include "talo_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

static struct pl_talo_import_alias *aliases_of(struct pl_store_op *op, size_t count)
{
    struct pl_talo_import_alias *aliases = pl_arena_alloc(&op->arena, count * sizeof(*aliases));
    assert_non_null(aliases);
    return aliases;
}

/* Ada, with two aliases and a login. */
static struct pl_talo_op_player_import *import_ada(struct talo_fixture *f)
{
    struct pl_talo_op_player_import *op = talo_fixture_op(f, &pl_talo_op_player_import_type);
    struct pl_talo_import_alias *aliases = aliases_of(&op->op, 2);
    aliases[0] = (struct pl_talo_import_alias){100, PL_STR("username"), PL_STR("ada")};
    aliases[1] = (struct pl_talo_import_alias){101, PL_STR("talo"), PL_STR("ada")};
    op->game_id = FIXTURE_GAME;
    op->player_id = talo_fixture_uuid(77);
    op->aliases = aliases;
    op->alias_count = 2;
    op->created_ms = 1000;
    op->last_seen_ms = 2000;
    op->password_hash = PL_STR("$2b$hash");
    op->email = PL_STR("ada@example.com");
    return op;
}

static void test_a_player_comes_in_with_names_times_props_and_login(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_op_player_import *op = import_ada(f);
    struct pl_talo_prop_change props[] = {{PL_STR("level"), PL_STR("4"), false},
                                          {PL_STR("a[]"), PL_STR("1"), false},
                                          {PL_STR("a[]"), PL_STR("2"), false}};
    op->props = (struct pl_talo_prop_changes){props, 3};
    op->is_dev_build = true;
    assert_int_equal(talo_fixture_run(f, op), 0);
    const struct pl_talo_player *player = talo_fixture_find(f, &op->player_id);
    assert_non_null(player);
    assert_int_equal(player->created_ms, 1000);
    assert_int_equal(player->last_seen_ms, 2000);
    assert_true(player->is_dev_build);
    assert_string_equal(talo_fixture_props(f, &player->props),
                        "level=4 META_DEV_BUILD=1 a[]=1 a[]=2");
    assert_int_equal(player->alias_count, 2);
    assert_str(player->aliases[1].service, "talo");
    assert_int_equal(player->aliases[1].created_ms, 1000);
    assert_int_equal(player->aliases[1].last_seen_ms, 2000);
    assert_true(player->has_auth);
    assert_str(player->auth.email, "ada@example.com");
    assert_int_equal(player->auth.session_created_ms, 0);
    assert_int_equal(op->player->alias_count, 2);
}

static void test_what_is_there_already_is_refused_as_a_whole(void **state)
{
    struct talo_fixture *f = *state;
    assert_int_equal(talo_fixture_run(f, import_ada(f)), 0);

    struct pl_talo_op_player_import *same = import_ada(f);
    assert_int_equal(talo_fixture_run(f, same), PL_TALO_IMPORT_PLAYER_EXISTS);

    struct pl_talo_op_player_import *mail = import_ada(f);
    mail->player_id = talo_fixture_uuid(78);
    assert_int_equal(talo_fixture_run(f, mail), PL_TALO_IMPORT_EMAIL_EXISTS);

    struct pl_talo_op_player_import *alias = import_ada(f);
    struct pl_talo_import_alias *aliases = aliases_of(&alias->op, 2);
    aliases[0] = (struct pl_talo_import_alias){102, PL_STR("username"), PL_STR("new")};
    aliases[1] = (struct pl_talo_import_alias){103, PL_STR("talo"), PL_STR("ada")};
    alias->aliases = aliases;
    alias->player_id = talo_fixture_uuid(79);
    alias->email = pl_str_make(NULL, 0);
    assert_int_equal(talo_fixture_run(f, alias), PL_TALO_IMPORT_ALIAS_EXISTS);
    assert_int_equal(alias->refused_alias, 1);

    struct pl_talo_op_player_import *game = import_ada(f);
    game->game_id = 4711;
    assert_int_equal(talo_fixture_run(f, game), PL_TALO_IMPORT_NO_GAME);
    assert_int_equal(talo_fixture_number(f, "SELECT count(*) FROM talo_players"), 1);
    assert_int_equal(talo_fixture_number(f, "SELECT count(*) FROM talo_aliases"), 2);
}

static void test_the_same_names_may_come_into_another_game(void **state)
{
    struct talo_fixture *f = *state;
    assert_int_equal(talo_fixture_run(f, import_ada(f)), 0);
    struct pl_talo_op_player_import *op = import_ada(f);
    struct pl_talo_import_alias *aliases = aliases_of(&op->op, 1);
    aliases[0] = (struct pl_talo_import_alias){200, PL_STR("talo"), PL_STR("ada")};
    op->aliases = aliases;
    op->alias_count = 1;
    op->game_id = FIXTURE_OTHER_GAME;
    op->player_id = talo_fixture_uuid(80);
    assert_int_equal(talo_fixture_run(f, op), 0);
}

static void test_props_that_are_too_long_refuse_the_player(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_op_player_import *op = import_ada(f);
    char text[600];
    memset(text, 'x', sizeof(text));
    struct pl_talo_prop_change props[] = {{PL_STR("a"), {text, sizeof(text)}, false}};
    op->props = (struct pl_talo_prop_changes){props, 1};
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_IMPORT_PROPS_REJECTED);
    assert_int_equal(op->rejected.count, 1);
    assert_int_equal(talo_fixture_number(f, "SELECT count(*) FROM talo_players"), 0);
}

static void test_aliases_are_found_by_their_names(void **state)
{
    struct talo_fixture *f = *state;
    assert_int_equal(talo_fixture_run(f, import_ada(f)), 0);
    struct pl_talo_op_alias_lookup *op = talo_fixture_op(f, &pl_talo_op_alias_lookup_type);
    op->aliases = aliases_of(&op->op, 2);
    op->aliases[0] = (struct pl_talo_import_alias){0, PL_STR("talo"), PL_STR("ada")};
    op->aliases[1] = (struct pl_talo_import_alias){0, PL_STR("username"), PL_STR("ada")};
    op->alias_count = 2;
    op->game_id = FIXTURE_GAME;
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_int_equal(op->aliases[0].id, 101);
    assert_int_equal(op->aliases[1].id, 100);

    struct pl_talo_op_alias_lookup *missing = talo_fixture_op(f, &pl_talo_op_alias_lookup_type);
    missing->aliases = aliases_of(&missing->op, 2);
    missing->aliases[0] = (struct pl_talo_import_alias){0, PL_STR("talo"), PL_STR("ada")};
    missing->aliases[1] = (struct pl_talo_import_alias){0, PL_STR("username"), PL_STR("Ada")};
    missing->alias_count = 2;
    missing->game_id = FIXTURE_GAME;
    assert_int_equal(talo_fixture_run(f, missing), PL_TALO_IMPORT_NO_ALIAS);
    assert_int_equal(missing->refused_alias, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talo_fixture_setup, talo_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_player_comes_in_with_names_times_props_and_login),
        TEST(test_what_is_there_already_is_refused_as_a_whole),
        TEST(test_the_same_names_may_come_into_another_game),
        TEST(test_props_that_are_too_long_refuse_the_player),
        TEST(test_aliases_are_found_by_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
