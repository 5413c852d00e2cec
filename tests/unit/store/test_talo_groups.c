/* Operations on groups, and when players are evaluated (spec talo, 7.5). */
#include "store/talo/groups.h"

#include "talo_fixture.h"

#include "base/alloc.h"
#include "store/talo/group_rules.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#define LEVEL(n)                                                                                   \
    "[{\"name\":\"GTE\",\"field\":\"props.level\",\"castType\":\"DOUBLE\",\"operands\":[\"" #n     \
    "\"]}]"
#define EVERYBODY "[]"

static struct pl_uuid group_id(uint8_t number)
{
    struct pl_uuid id = {{0xcd, [15] = number}};
    return id;
}

static struct pl_talo_op_group_save *save(struct talo_fixture *f, uint8_t number, const char *name,
                                          const char *rules)
{
    struct pl_talo_op_group_save *op = talo_fixture_op(f, &pl_talo_op_group_save_type);
    op->is_new = true;
    op->group = (struct pl_talo_group){.id = group_id(number),
                                       .game_id = FIXTURE_GAME,
                                       .name = pl_str_of_cstr(name),
                                       .description = PL_STR("what it is"),
                                       .has_visible_members = true,
                                       .updated_ms = 77};
    assert_int_equal(pl_talo_rules_read(&op->group, pl_str_of_cstr(rules), &op->op.arena, NULL), 0);
    return op;
}

static struct pl_talo_op_group_get *get(struct talo_fixture *f, uint8_t number)
{
    struct pl_talo_op_group_get *op = talo_fixture_op(f, &pl_talo_op_group_get_type);
    op->game_id = FIXTURE_GAME;
    op->group_id = group_id(number);
    return op;
}

/* "a b": the names of its groups, in order. */
static void assert_groups(struct talo_fixture *f, const struct pl_talo_player *player,
                          const char *expected)
{
    char text[256] = "";
    size_t len = 0;
    for (size_t i = 0; i < player->group_count; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s" PL_STR_FMT, i > 0 ? " " : "",
                                PL_STR_ARG(player->groups[i].name));
    }
    assert_string_equal(text, expected);
    if (f != NULL) { /* and so they are stored */
        assert_groups(NULL, talo_fixture_find(f, &player->id), expected);
    }
}

static void test_group_is_saved_with_who_belongs_to_it(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_alias *ada = talo_fixture_identify(f, "username", "ada");
    struct pl_talo_alias *bob = talo_fixture_identify(f, "username", "bob");
    talo_fixture_patch(f, &ada->player->id, "level=10");
    talo_fixture_patch(f, &bob->player->id, "level=9");
    struct pl_talo_op_group_save *op = save(f, 1, "high", LEVEL(10));
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_int_equal(op->group.count, 1);
    assert_groups(f, talo_fixture_find(f, &ada->player->id), "high");
    assert_groups(f, talo_fixture_find(f, &bob->player->id), "");
    struct pl_talo_op_group_get *shown = get(f, 1);
    assert_int_equal(talo_fixture_run(f, shown), 0);
    assert_str(shown->group.name, "high");
    assert_str(shown->group.description, "what it is");
    assert_int_equal(shown->group.updated_ms, 77);
    assert_int_equal(shown->group.rule_count, 1);
    assert_int_equal(shown->group.rules[0].name, PL_TALO_RULE_GTE);
    assert_int_equal(shown->group.count, 1);
    assert_int_equal(shown->member_count, 1);
    assert_int_equal(shown->total, 1);
    assert_true(pl_uuid_eq(&shown->members[0].id, &ada->player->id));
    assert_int_equal(shown->members[0].alias_count, 0);
    assert_int_equal(shown->members[0].group_count, 1);
}

static void test_group_saved_again_has_other_members(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_alias *ada = talo_fixture_identify(f, "username", "ada");
    talo_fixture_identify(f, "username", "bob");
    talo_fixture_patch(f, &ada->player->id, "level=10");
    assert_int_equal(talo_fixture_run(f, save(f, 1, "high", LEVEL(10))), 0);
    struct pl_talo_op_group_save *op = save(f, 1, "all", EVERYBODY);
    op->is_new = false;
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_int_equal(op->group.count, 2);
    assert_groups(f, talo_fixture_find(f, &ada->player->id), "all");
    op = save(f, 1, "none", LEVEL(11));
    op->is_new = false;
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_int_equal(op->group.count, 0);
}

static void test_group_refusals(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_op_group_save *op = save(f, 1, "a", EVERYBODY);
    op->is_new = false;
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_GROUP_NOT_FOUND);
    op = save(f, 1, "a", EVERYBODY);
    op->group.game_id = 99;
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_GROUP_NO_GAME);
    assert_int_equal(talo_fixture_run(f, save(f, 1, "a", EVERYBODY)), 0);
    assert_int_equal(talo_fixture_run(f, save(f, 1, "b", EVERYBODY)), PL_TALO_GROUP_EXISTS);
    op = save(f, 1, "b", EVERYBODY);
    op->group.game_id = FIXTURE_OTHER_GAME;
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_GROUP_EXISTS);
    op = save(f, 1, "b", EVERYBODY);
    op->group.game_id = FIXTURE_OTHER_GAME;
    op->is_new = false;
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_GROUP_NOT_FOUND);
    struct pl_talo_op_group_get *shown = get(f, 1);
    shown->game_id = FIXTURE_OTHER_GAME;
    assert_int_equal(talo_fixture_run(f, shown), PL_TALO_GROUP_NOT_FOUND);
    assert_int_equal(talo_fixture_run(f, get(f, 2)), PL_TALO_GROUP_NOT_FOUND);
}

static void test_group_is_deleted_with_its_places(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_alias *ada = talo_fixture_identify(f, "username", "ada");
    struct pl_talo_op_group_delete *op = talo_fixture_op(f, &pl_talo_op_group_delete_type);
    assert_int_equal(talo_fixture_run(f, save(f, 1, "a", EVERYBODY)), 0);
    op->game_id = FIXTURE_OTHER_GAME;
    op->group_id = group_id(1);
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_GROUP_NOT_FOUND);
    op = talo_fixture_op(f, &pl_talo_op_group_delete_type);
    op->game_id = FIXTURE_GAME;
    op->group_id = group_id(1);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_groups(f, talo_fixture_find(f, &ada->player->id), "");
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_group_members"), 0);
}

static void test_groups_are_listed_by_name(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_op_group_list *op = talo_fixture_op(f, &pl_talo_op_group_list_type);
    struct pl_talo_op_group_save *other = save(f, 4, "other", EVERYBODY);
    other->group.game_id = FIXTURE_OTHER_GAME;
    talo_fixture_identify(f, "username", "ada");
    assert_int_equal(talo_fixture_run(f, save(f, 3, "b", EVERYBODY)), 0);
    assert_int_equal(talo_fixture_run(f, save(f, 2, "a", LEVEL(1))), 0);
    assert_int_equal(talo_fixture_run(f, save(f, 1, "b", EVERYBODY)), 0);
    assert_int_equal(talo_fixture_run(f, other), 0);
    op->game_id = FIXTURE_GAME;
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_int_equal(op->group_count, 3);
    assert_str(op->groups[0].name, "a");
    assert_int_equal(op->groups[0].count, 0);
    assert_int_equal(op->groups[1].id.bytes[15], 1);
    assert_int_equal(op->groups[2].id.bytes[15], 3);
    assert_int_equal(op->groups[2].count, 1);
    assert_int_equal(op->groups[2].game_id, FIXTURE_GAME);
}

static void test_group_members_are_paged_and_may_be_hidden(void **state)
{
    struct talo_fixture *f = *state;
    for (int i = 0; i < 60; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "player-%d", i);
        talo_fixture_identify(f, "username", name);
    }
    talo_fixture_sql(f,
                     "UPDATE talo_players SET is_dev_build = 1 WHERE id ="
                     " (SELECT player_id FROM talo_aliases WHERE id = 7)",
                     NULL, 0);
    struct pl_talo_op_group_save *op = save(f, 1, "all", EVERYBODY);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_int_equal(op->group.count, 60);
    for (int64_t page = 0; page < 3; page++) {
        struct pl_talo_op_group_get *shown = get(f, 1);
        shown->page = page;
        shown->includes_dev = true;
        assert_int_equal(talo_fixture_run(f, shown), 0);
        assert_int_equal(shown->member_count, page == 0 ? 50 : page == 1 ? 10 : 0);
        assert_int_equal(shown->total, 60);
        assert_int_equal(shown->group.count, 60);
    }
    struct pl_talo_op_group_get *shown = get(f, 1);
    assert_int_equal(talo_fixture_run(f, shown), 0);
    assert_int_equal(shown->group.count, 59);
    op = save(f, 1, "all", EVERYBODY);
    op->is_new = false;
    op->group.has_visible_members = false;
    assert_int_equal(talo_fixture_run(f, op), 0);
    shown = get(f, 1);
    assert_int_equal(talo_fixture_run(f, shown), 0);
    assert_int_equal(shown->member_count, 0);
    assert_int_equal(shown->total, 0);
    assert_int_equal(shown->group.count, 59);
}

static void test_players_are_evaluated_when_they_change(void **state)
{
    struct talo_fixture *f = *state;
    assert_int_equal(talo_fixture_run(f, save(f, 1, "high", LEVEL(10))), 0);
    assert_int_equal(talo_fixture_run(f, save(f, 2, "all", EVERYBODY)), 0);
    assert_int_equal(talo_fixture_run(f, save(f, 3, "low", LEVEL(1))), 0);
    struct pl_talo_op_group_save *other = save(f, 4, "other", EVERYBODY);
    other->group.game_id = FIXTURE_OTHER_GAME;
    assert_int_equal(talo_fixture_run(f, other), 0);
    struct pl_talo_alias *ada = talo_fixture_identify(f, "username", "ada");
    assert_groups(f, ada->player, "all");
    talo_fixture_patch(f, &ada->player->id, "level=10");
    assert_groups(f, talo_fixture_find(f, &ada->player->id), "all high low");
    talo_fixture_patch(f, &ada->player->id, "level=5");
    assert_groups(f, talo_fixture_find(f, &ada->player->id), "all low");
    /* what was changed behind its back is seen when it identifies */
    FIXTURE_SQL(f, "UPDATE talo_player_props SET value = '10' WHERE player_id = $1",
                pl_sql_uuid(&ada->player->id));
    assert_groups(f, talo_fixture_identify(f, "username", "ada")->player, "all high low");
}

static void test_players_are_evaluated_when_they_are_seen(void **state)
{
    struct talo_fixture *f = *state;
    assert_int_equal(
        talo_fixture_run(f, save(f, 1, "lately",
                                 "[{\"name\":\"GT\",\"field\":\"lastSeenAt\",\"castType\":"
                                 "\"DATETIME\",\"operands\":[\"1970-01-01T00:00:02Z\"]}]")),
        0);
    assert_groups(f, talo_fixture_identify(f, "username", "ada")->player, "");
    f->now_ms = 3000;
    assert_groups(f, talo_fixture_identify(f, "username", "ada")->player, "lately");
}

static void test_players_are_evaluated_when_they_are_merged(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_op_player_merge *op = talo_fixture_op(f, &pl_talo_op_player_merge_type);
    assert_int_equal(talo_fixture_run(f, save(f, 1, "high", LEVEL(10))), 0);
    op->game_id = FIXTURE_GAME;
    op->player1_id = talo_fixture_identify(f, "username", "ada")->player->id;
    op->player2_id = talo_fixture_identify(f, "custom", "bob")->player->id;
    op->acting_alias_id = 1;
    talo_fixture_patch(f, &op->player2_id, "level=11");
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_groups(f, op->player, "high");
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_group_members"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talo_fixture_setup, talo_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_group_is_saved_with_who_belongs_to_it),
        TEST(test_group_saved_again_has_other_members),
        TEST(test_group_refusals),
        TEST(test_group_is_deleted_with_its_places),
        TEST(test_groups_are_listed_by_name),
        TEST(test_group_members_are_paged_and_may_be_hidden),
        TEST(test_players_are_evaluated_when_they_change),
        TEST(test_players_are_evaluated_when_they_are_seen),
        TEST(test_players_are_evaluated_when_they_are_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
