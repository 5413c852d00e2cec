/* Channels: made, found, listed, changed and deleted (spec talo 3.11 and 5). */
#include "talo_world.h"

#include "store/talo/players.h"

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

static bool is_text(struct pl_str str, const char *expected)
{
    return pl_str_eq(str, pl_str_of_cstr(expected));
}

static struct pl_talo_op_channel_create *new_channel(int64_t owner_id, int64_t id, const char *name)
{
    struct pl_talo_op_channel_create *op = talo_world_op(world, &pl_talo_op_channel_create_type);
    op->actor = talo_world_actor(world, owner_id);
    op->channel_id = id;
    op->name = pl_str_of_cstr(name);
    return op;
}

static void make_channel(int64_t owner_id, int64_t id, const char *name)
{
    assert_int_equal(talo_world_run(world, new_channel(owner_id, id, name)), 0);
}

static void make_private_channel(int64_t owner_id, int64_t id, const char *name)
{
    struct pl_talo_op_channel_create *op = new_channel(owner_id, id, name);
    op->is_private = true;
    assert_int_equal(talo_world_run(world, op), 0);
}

static struct pl_talo_op_channel_join *join(int64_t alias_id, int64_t channel_id)
{
    struct pl_talo_op_channel_join *op = talo_world_op(world, &pl_talo_op_channel_join_type);
    op->actor = talo_world_actor(world, alias_id);
    op->channel_id = channel_id;
    assert_int_equal(talo_world_run(world, op), 0);
    return op;
}

static const struct pl_talo_channel *get(int64_t channel_id)
{
    struct pl_talo_op_channel_get *op = talo_world_op(world, &pl_talo_op_channel_get_type);
    op->actor.game_id = 1;
    op->channel_id = channel_id;
    return talo_world_run(world, op) == 0 ? &op->channel : NULL;
}

/* --- create and get --- */

static void test_channel_create_makes_the_acting_alias_owner_and_only_member(void **state)
{
    (void)state;
    struct pl_talo_op_channel_create *op = new_channel(ADA, 7, "  lobby ");
    op->props = PROPS(PROP("a", "1"), PROP("a", "2"), PROP("t[]", "x"), PROP("t[]", "x"),
                      PROP("", "dropped"));
    op->is_auto_cleanup = true;
    op->is_temporary = true;
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->alias->id, ADA);
    assert_ptr_equal(op->channel.owner, op->alias);
    assert_int_equal(op->channel.member_count, 1);
    const struct pl_talo_channel *channel = get(7);
    assert_true(is_text(channel->name, "  lobby "));
    assert_true(is_text(channel->owner->display_name, "ada"));
    assert_string_equal(talo_world_props_text(&channel->props), "a=1 a=2 t[]=x t[]=x");
    assert_true(channel->is_auto_cleanup && channel->is_temporary && !channel->is_private);
    assert_int_equal(channel->message_count, 0);
    assert_int_equal(channel->member_count, 1);
    assert_int_equal(channel->created_ms, 1000);
    assert_int_equal(channel->updated_ms, 1000);
}

static void test_channel_create_needs_an_alias_of_the_game(void **state)
{
    (void)state;
    assert_int_equal(talo_world_run(world, new_channel(NOBODY, 7, "x")), PL_TALO_CHANNEL_NO_ALIAS);
    assert_int_equal(talo_world_run(world, new_channel(ZOE, 7, "x")), PL_TALO_CHANNEL_NO_ALIAS);
    assert_int_equal(talo_world_run(world, new_channel(0, 7, "x")), PL_TALO_CHANNEL_NO_ALIAS);
    assert_null(get(7));
}

static void test_channel_create_with_one_bad_prop_makes_nothing(void **state)
{
    (void)state;
    char long_value[514];
    memset(long_value, 'v', 513);
    long_value[513] = '\0';
    struct pl_talo_op_channel_create *op = new_channel(ADA, 7, "x");
    struct pl_talo_prop props[] = {PROP("fine", "1"), PROP("bad", ""), PROP("worse", "so rude")};
    props[1].value = pl_str_of_cstr(long_value);
    op->props = (struct pl_talo_props){props, 3};
    op->profanity = talo_world_profanity();
    assert_int_equal(talo_world_run(world, op), PL_TALO_CHANNEL_BAD_PROPS);
    assert_int_equal(op->rejected.count, 2);
    assert_true(is_text(op->rejected.items[0].key, "bad"));
    assert_int_equal(op->rejected.items[0].error, PL_TALO_PROP_VALUE_TOO_LONG);
    assert_int_equal(op->rejected.items[0].length, 513);
    assert_int_equal(op->rejected.items[1].error, PL_TALO_PROP_CONTAINS_PROFANITY);
    assert_null(get(7));
}

static void test_channel_of_an_administrator_may_have_no_owner(void **state)
{
    (void)state;
    struct pl_talo_op_channel_create *op = new_channel(0, 7, "admin's");
    op->actor = talo_world_admin(world);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_null(op->alias);
    assert_null(get(7)->owner);
    assert_int_equal(get(7)->member_count, 0);
    op = new_channel(0, 8, "for bob");
    op->actor = talo_world_admin(world);
    op->actor.alias_id = BOB;
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->alias->id, BOB);
    assert_int_equal(get(8)->owner->id, BOB);
    op = new_channel(0, 9, "for nobody");
    op->actor = talo_world_admin(world);
    op->actor.alias_id = NOBODY;
    assert_int_equal(talo_world_run(world, op), PL_TALO_CHANNEL_NO_NEW_OWNER);
}

static void test_channel_get_knows_its_own_game_alone_and_private_ones_too(void **state)
{
    (void)state;
    make_private_channel(ADA, 7, "secret");
    assert_non_null(get(7));
    assert_null(get(8));
    struct pl_talo_op_channel_get *op = talo_world_op(world, &pl_talo_op_channel_get_type);
    op->actor.game_id = 2;
    op->channel_id = 7;
    assert_int_equal(talo_world_run(world, op), PL_TALO_CHANNEL_NOT_FOUND);
}

static void test_channel_member_count_leaves_out_development_players(void **state)
{
    (void)state;
    make_channel(ADA, 7, "x");
    assert_int_equal(join(DAN, 7)->channel.member_count, 1);
    assert_int_equal(get(7)->member_count, 1);
    struct pl_talo_op_channel_get *op = talo_world_op(world, &pl_talo_op_channel_get_type);
    op->actor.game_id = 1;
    op->actor.includes_dev = true;
    op->channel_id = 7;
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->channel.member_count, 2);
}

static void test_channel_member_count_follows_players_who_become_developers(void **state)
{
    (void)state;
    make_channel(ADA, 7, "x");
    join(BOB, 7);
    join(DAN, 7);
    struct pl_talo_op_player_set_dev *set = talo_world_op(world, &pl_talo_op_player_set_dev_type);
    set->game_id = 1;
    set->player_id = talo_world_player_id(ADA);
    set->is_dev_build = true;
    assert_int_equal(talo_world_run(world, set), 0);
    assert_int_equal(get(7)->member_count, 1);
    set = talo_world_op(world, &pl_talo_op_player_set_dev_type);
    set->game_id = 1;
    set->player_id = talo_world_player_id(DAN);
    assert_int_equal(talo_world_run(world, set), 0);
    assert_int_equal(get(7)->member_count, 2);
}

static void test_channel_member_count_follows_aliases_that_move(void **state)
{
    (void)state;
    make_channel(ADA, 7, "x");
    join(DAN, 7);
    talo_world_sql(world, "UPDATE talo_aliases SET service = 'custom' WHERE id = $1",
                   (const int64_t[]){DAN}, 1); /* one service twice is not merged */
    struct pl_talo_op_player_merge *merge = talo_world_op(world, &pl_talo_op_player_merge_type);
    merge->game_id = 1;
    merge->acting_alias_id = ADA;
    merge->player1_id = talo_world_player_id(ADA);
    merge->player2_id = talo_world_player_id(DAN);
    assert_int_equal(talo_world_run(world, merge), 0);
    assert_int_equal(get(7)->member_count, 2);
}

static void test_channel_owner_has_the_display_name_of_its_player(void **state)
{
    (void)state;
    talo_world_set_player_prop(world, ADA, "nick", "Countess");
    make_channel(ADA, 7, "x");
    assert_true(is_text(get(7)->owner->display_name, "Countess"));
}

/* --- lists --- */

static struct pl_talo_op_channel_list *list_op(void)
{
    struct pl_talo_op_channel_list *op = talo_world_op(world, &pl_talo_op_channel_list_type);
    op->actor.game_id = 1;
    return op;
}

/* "7 8": the ids that a list gives. */
static const char *listed(struct pl_talo_op_channel_list *op)
{
    static char text[1024];
    size_t len = 0;
    assert_int_equal(talo_world_run(world, op), 0);
    text[0] = '\0';
    for (size_t i = 0; i < op->channel_count; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%d", i > 0 ? " " : "",
                                (int)op->channels[i].id);
    }
    return text;
}

static void tally(int64_t channel_id, int64_t total)
{
    struct pl_talo_op_channel_tally *op = talo_world_op(world, &pl_talo_op_channel_tally_type);
    struct pl_talo_channel_tally item = {channel_id, total};
    op->items = &item;
    op->item_count = 1;
    assert_int_equal(talo_world_run(world, op), 0);
}

static void test_channel_list_has_the_busiest_first_and_never_private_ones(void **state)
{
    (void)state;
    make_channel(ADA, 7, "quiet");
    make_channel(ADA, 8, "busy");
    make_channel(BOB, 9, "quiet too");
    make_private_channel(ADA, 10, "secret");
    tally(8, 3);
    tally(10, 9);
    tally(NOBODY, 1); /* gone: passed over */
    assert_string_equal(listed(list_op()), "8 7 9");
    struct pl_talo_op_channel_list *op = list_op();
    op->actor.is_admin = true;
    assert_string_equal(listed(op), "10 8 7 9");
    assert_int_equal(op->total, 4);
    assert_int_equal(op->channels[1].message_count, 3);
    op = list_op();
    op->actor.game_id = 2;
    assert_string_equal(listed(op), "");
}

static void test_channel_tally_never_goes_back_and_does_not_touch_the_time(void **state)
{
    (void)state;
    make_channel(ADA, 7, "x");
    world->now_ms = 5000;
    tally(7, 5);
    tally(7, 4);
    assert_int_equal(get(7)->message_count, 5);
    assert_int_equal(get(7)->updated_ms, 1000);
}

static void test_channel_list_is_searched_by_name_and_owner(void **state)
{
    (void)state;
    make_channel(ADA, 7, "The Lobby");
    make_channel(BOB, 8, "other");
    make_channel(CYD, 9, "bobsled");
    static const struct {
        const char *search;
        const char *expected;
    } rows[] = {
        {"", "7 8 9"}, {"lobby", "7"}, {"LOB", "7"},    {"bob", "8 9"}, /* an owner and a name */
        {"ada", "7"},  {"%", ""},      {"nothing", ""}, {"_", ""},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_talo_op_channel_list *op = list_op();
        op->search = pl_str_of_cstr(rows[i].search);
        assert_string_equal(listed(op), rows[i].expected);
    }
}

static void make_channel_with(int64_t id, struct pl_talo_props props)
{
    struct pl_talo_op_channel_create *op = new_channel(ADA, id, "x");
    op->props = props;
    assert_int_equal(talo_world_run(world, op), 0);
}

static const struct {
    const char *key;
    const char *value;
    const char *expected;
} prop_filters[] = {
    {NULL, NULL, "7 8 9"}, {"mode", NULL, "7 8"},   {"mode", "duel", "7"}, {"mode", "due", ""},
    {"none", NULL, ""},    {NULL, "duel", "7 8 9"}, {"mode", "", ""},
};

static void test_channel_list_and_subscriptions_are_filtered_by_props(void **state)
{
    (void)state;
    make_channel_with(7, PROPS(PROP("mode", "duel")));
    make_channel_with(8, PROPS(PROP("mode", "team"), PROP("map", "duel")));
    make_channel(ADA, 9, "none");
    make_channel(BOB, 10, "another's");
    for (size_t i = 0; i < PL_ARRAY_LEN(prop_filters); i++) {
        struct pl_talo_op_channel_list *list = list_op();
        struct pl_talo_op_channel_subscriptions *mine =
            talo_world_op(world, &pl_talo_op_channel_subscriptions_type);
        mine->actor = talo_world_actor(world, ADA);
        list->search = PL_STR("ada");
        if (prop_filters[i].key != NULL) {
            list->prop_key = mine->prop_key = pl_str_of_cstr(prop_filters[i].key);
        }
        if (prop_filters[i].value != NULL) {
            list->prop_value = mine->prop_value = pl_str_of_cstr(prop_filters[i].value);
        }
        if (prop_filters[i].key == NULL) { /* a value alone is not used */
            list->prop_value = mine->prop_value = (struct pl_str){0};
        }
        assert_string_equal(listed(list), prop_filters[i].expected);
        assert_int_equal(talo_world_run(world, mine), 0);
        assert_int_equal(mine->channel_count, list->channel_count);
    }
}

static void test_channel_list_has_pages_of_fifty(void **state)
{
    (void)state;
    for (int64_t id = 100; id < 151; id++) {
        make_channel(ADA, id, "x");
    }
    struct pl_talo_op_channel_list *op = list_op();
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->channel_count, 50);
    assert_int_equal(op->total, 51);
    assert_int_equal(op->channels[49].id, 149);
    assert_int_equal(op->channels[49].member_count, 1);
    assert_int_equal(op->channels[49].owner->id, ADA);
    op = list_op();
    op->page = 1;
    assert_string_equal(listed(op), "150");
    for (int i = 0; i < 2; i++) {
        op = list_op();
        op->page = i == 0 ? 2 : INT64_MAX;
        assert_string_equal(listed(op), "");
        assert_int_equal(op->total, 51);
    }
}

static void test_channel_subscriptions_include_private_ones(void **state)
{
    (void)state;
    make_private_channel(ADA, 7, "secret");
    make_channel(BOB, 8, "public");
    make_channel(BOB, 9, "elsewhere");
    join(ADA, 8);
    tally(8, 2);
    struct pl_talo_op_channel_subscriptions *op =
        talo_world_op(world, &pl_talo_op_channel_subscriptions_type);
    op->actor = talo_world_actor(world, ADA);
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->channel_count, 2);
    assert_int_equal(op->channels[0].id, 8);
    assert_int_equal(op->channels[0].member_count, 2);
    assert_int_equal(op->channels[1].id, 7);
    op = talo_world_op(world, &pl_talo_op_channel_subscriptions_type);
    op->actor = talo_world_actor(world, ZOE);
    assert_int_equal(talo_world_run(world, op), PL_TALO_CHANNEL_NO_ALIAS);
}

/* --- members --- */

static struct pl_talo_op_channel_members *members_op(int64_t alias_id)
{
    struct pl_talo_op_channel_members *op = talo_world_op(world, &pl_talo_op_channel_members_type);
    op->actor = talo_world_actor(world, alias_id);
    op->channel_id = 7;
    return op;
}

static const char *members(struct pl_talo_op_channel_members *op)
{
    static char text[1024];
    size_t len = 0;
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->total, op->member_count);
    text[0] = '\0';
    for (size_t i = 0; i < op->member_count; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s" PL_STR_FMT, i > 0 ? " " : "",
                                PL_STR_ARG(op->members[i].identifier));
    }
    return text;
}

static void make_full_channel(void)
{
    make_channel(CYD, 7, "x");
    join(BOB, 7);
    join(ADA, 7);
    join(DAN, 7);
}

static void test_channel_members_are_listed_by_id_to_members_alone(void **state)
{
    (void)state;
    make_full_channel();
    assert_string_equal(members(members_op(ADA)), "ada bob cyd");
    struct pl_talo_op_channel_members *op = members_op(ADA);
    op->actor.includes_dev = true;
    assert_string_equal(members(op), "ada bob cyd dan");
    assert_int_equal(talo_world_run(world, members_op(EVE)), PL_TALO_CHANNEL_NOT_MEMBER);
    assert_int_equal(talo_world_run(world, members_op(ZOE)), PL_TALO_CHANNEL_NO_ALIAS);
    op = members_op(ADA);
    op->channel_id = 8;
    assert_int_equal(talo_world_run(world, op), PL_TALO_CHANNEL_NOT_FOUND);
    op = members_op(NOBODY);
    op->actor.is_admin = true;
    assert_string_equal(members(op), "ada bob cyd");
}

static void test_channel_members_are_filtered(void **state)
{
    (void)state;
    make_full_channel();
    talo_world_set_player_prop(world, ADA, "team", "red");
    talo_world_set_player_prop(world, BOB, "team", "blue");
    struct pl_talo_op_channel_members *op = members_op(ADA);
    op->has_player_id = true;
    op->player_id = talo_world_player_id(BOB);
    assert_string_equal(members(op), "bob");
    op = members_op(ADA);
    op->has_alias_id = true;
    op->alias_id = CYD;
    assert_string_equal(members(op), "cyd");
    op = members_op(ADA);
    op->has_alias_id = true;
    op->alias_id = 0;
    assert_string_equal(members(op), "");
    op = members_op(ADA);
    op->identifier = PL_STR("ada");
    assert_string_equal(members(op), "ada");
    op = members_op(ADA);
    op->identifier = PL_STR("ad"); /* exactly */
    assert_string_equal(members(op), "");
    op = members_op(ADA);
    op->prop_key = PL_STR("team");
    assert_string_equal(members(op), "ada bob");
    op->prop_value = PL_STR("blue");
    assert_string_equal(members(op), "bob");
    op->identifier = PL_STR("ada"); /* all of them together */
    assert_string_equal(members(op), "");
}

static void test_channel_members_are_filtered_by_group(void **state)
{
    (void)state;
    make_full_channel();
    talo_world_sql(world,
                   "INSERT INTO talo_group_members (group_id, player_id)"
                   " SELECT p.id, a.player_id FROM talo_aliases a, talo_players p"
                   " JOIN talo_aliases z ON z.player_id = p.id"
                   " WHERE z.id = $1 AND a.id IN (1, 3, 5)",
                   (const int64_t[]){ZOE}, 1); /* the id of zoe serves as a group's */
    struct pl_talo_op_channel_members *op = members_op(ADA);
    op->has_group_id = true;
    op->group_id = talo_world_player_id(ZOE);
    assert_string_equal(members(op), "ada cyd");
    op->group_id = talo_world_player_id(EVE);
    assert_string_equal(members(op), "");
}

static void test_channel_memberships_are_channels_and_confirmed_broadcasters(void **state)
{
    (void)state;
    make_channel(ADA, 7, "x");
    make_channel(BOB, 9, "x");
    join(ADA, 9);
    talo_world_sql(world,
                   "INSERT INTO talo_subscriptions (id, subscriber_alias_id, target_alias_id,"
                   " is_confirmed, is_bidirectional, created_ms, updated_ms)"
                   " VALUES (1, $1, 2, 1, 0, 0, 0), (2, $1, 3, 0, 0, 0, 0), (3, 2, $1, 1, 0, 0, 0)",
                   (const int64_t[]){ADA}, 1);
    struct pl_talo_op_alias_memberships *op =
        talo_world_op(world, &pl_talo_op_alias_memberships_type);
    op->alias_id = ADA;
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->result.channel_count, 2);
    assert_int_equal(op->result.channel_ids[1], 9);
    assert_int_equal(op->result.broadcaster_count, 1);
    assert_int_equal(op->result.broadcaster_ids[0], BOB);
}

static void test_channel_load_tells_whether_one_is_a_member(void **state)
{
    (void)state;
    make_channel(ADA, 7, "x");
    for (int64_t alias_id = ADA; alias_id <= BOB; alias_id++) {
        struct pl_talo_op_channel_load *op = talo_world_op(world, &pl_talo_op_channel_load_type);
        op->game_id = 1;
        op->channel_id = 7;
        op->alias_id = alias_id;
        assert_int_equal(talo_world_run(world, op), 0);
        assert_int_equal(op->is_member, alias_id == ADA);
        assert_int_equal(op->channel.owner->id, ADA);
    }
    struct pl_talo_op_channel_load *op = talo_world_op(world, &pl_talo_op_channel_load_type);
    op->game_id = 2;
    op->channel_id = 7;
    assert_int_equal(talo_world_run(world, op), PL_TALO_CHANNEL_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
        TEST(test_channel_create_makes_the_acting_alias_owner_and_only_member),
        TEST(test_channel_create_needs_an_alias_of_the_game),
        TEST(test_channel_create_with_one_bad_prop_makes_nothing),
        TEST(test_channel_of_an_administrator_may_have_no_owner),
        TEST(test_channel_get_knows_its_own_game_alone_and_private_ones_too),
        TEST(test_channel_member_count_leaves_out_development_players),
        TEST(test_channel_member_count_follows_players_who_become_developers),
        TEST(test_channel_member_count_follows_aliases_that_move),
        TEST(test_channel_owner_has_the_display_name_of_its_player),
        TEST(test_channel_list_has_the_busiest_first_and_never_private_ones),
        TEST(test_channel_tally_never_goes_back_and_does_not_touch_the_time),
        TEST(test_channel_list_is_searched_by_name_and_owner),
        TEST(test_channel_list_and_subscriptions_are_filtered_by_props),
        TEST(test_channel_list_has_pages_of_fifty),
        TEST(test_channel_subscriptions_include_private_ones),
        TEST(test_channel_members_are_listed_by_id_to_members_alone),
        TEST(test_channel_members_are_filtered),
        TEST(test_channel_members_are_filtered_by_group),
        TEST(test_channel_memberships_are_channels_and_confirmed_broadcasters),
        TEST(test_channel_load_tells_whether_one_is_a_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
