/* Entities of Talo's model as JSON: the keys and their order, what is null and what is absent. */
#include "dialect/talo/write.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

struct world {
    struct pl_buf buf;
    struct pl_json_writer out;
    struct pl_talo_player player;
    struct pl_talo_alias alias;
};

static const char id_text[] = "5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77";

static int set_up(void **state)
{
    struct world *world = pl_alloc(sizeof(*world));
    pl_buf_init(&world->buf, 65536);
    pl_json_writer_init(&world->out, &world->buf);
    if (!pl_uuid_parse(&world->player.id, pl_str_of_cstr(id_text))) {
        return -1;
    }
    world->player.created_ms = 1738404000000;
    world->player.last_seen_ms = 1740821400007;
    world->alias = (struct pl_talo_alias){
        .id = 12,
        .service = PL_STR("username"),
        .identifier = PL_STR("ada"),
        .display_name = PL_STR("Ada"),
        .player = &world->player,
        .last_seen_ms = 1740821400000,
        .created_ms = 1738404000000,
        .updated_ms = 1740821401000,
    };
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    pl_buf_fini(&world->buf);
    pl_free(world);
    return 0;
}

static void assert_written(struct world *world, const char *expected)
{
    pl_buf_add_char(&world->buf, '\0');
    assert_false(pl_buf_failed(&world->buf));
    assert_string_equal((const char *)world->buf.ptr, expected);
    pl_buf_clear(&world->buf);
    pl_json_writer_init(&world->out, &world->buf);
}

#define PLAYER_HEAD "{\"id\":\"5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77\",\"props\":[]"
#define PLAYER_DATES                                                                               \
    "\"devBuild\":false,\"createdAt\":\"2025-02-01T10:00:00.000Z\","                               \
    "\"lastSeenAt\":\"2025-03-01T09:30:00.007Z\",\"groups\":[]"
#define PLAYER PLAYER_HEAD "," PLAYER_DATES ",\"presence\":null}"
#define ALIAS                                                                                      \
    "{\"id\":12,\"service\":\"username\",\"identifier\":\"ada\",\"displayName\":\"Ada\","          \
    "\"player\":" PLAYER ",\"lastSeenAt\":\"2025-03-01T09:30:00.000Z\","                           \
    "\"createdAt\":\"2025-02-01T10:00:00.000Z\",\"updatedAt\":\"2025-03-01T09:30:01.000Z\"}"

static void test_dates_have_milliseconds_and_stay_within_four_digit_years(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "\"1970-01-01T00:00:00.000Z\""},
        {1740821400000, "\"2025-03-01T09:30:00.000Z\""},
        {951782399999, "\"2000-02-28T23:59:59.999Z\""},
        {-1, "\"1970-01-01T00:00:00.000Z\""},
        {INT64_MAX, "\"9999-12-31T23:59:59.999Z\""},
    };
    struct world *world = *state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        pl_talo_write_date(&world->out, rows[i].ms);
        assert_written(world, rows[i].text);
    }
}

static void test_a_plain_alias_has_every_field_in_order(void **state)
{
    struct world *world = *state;
    pl_talo_write_alias(&world->out, &world->alias, PL_TALO_WITH_ALIASES);
    assert_written(world, ALIAS); /* a player inside of an alias never has aliases */
}

static void test_a_full_player_has_props_aliases_groups_and_presence(void **state)
{
    struct world *world = *state;
    struct pl_talo_prop props[] = {{PL_STR("level"), PL_STR("4")}};
    struct pl_talo_group_ref groups[] = {{world->player.id, PL_STR("Winners")}};
    struct pl_talo_player full = world->player;
    full.props = (struct pl_talo_props){props, 1};
    full.groups = groups;
    full.group_count = 1;
    full.is_dev_build = true;
    full.has_presence = true;
    full.presence = (struct pl_talo_presence){
        .is_online = true, .custom_status = PL_STR("hi"), .updated_ms = 1740821401000};
    full.aliases = &world->alias;
    full.alias_count = 1;
    pl_talo_write_player(&world->out, &full, PL_TALO_WITH_ALIASES);
    assert_written(world,
                   "{\"id\":\"5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77\",\"props\":[{\"key\":\"level\","
                   "\"value\":\"4\"}],\"aliases\":[" ALIAS "],\"devBuild\":true,"
                   "\"createdAt\":\"2025-02-01T10:00:00.000Z\","
                   "\"lastSeenAt\":\"2025-03-01T09:30:00.007Z\",\"groups\":[{\"id\":"
                   "\"5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77\",\"name\":\"Winners\"}],"
                   "\"presence\":{\"online\":true,\"customStatus\":\"hi\","
                   "\"updatedAt\":\"2025-03-01T09:30:01.000Z\"}}");
}

static void test_an_email_is_shown_only_where_it_is_asked_for(void **state)
{
    struct world *world = *state;
    world->player.has_auth = true;
    world->player.auth.email = PL_STR("ada@example.com");
    world->player.auth.session_created_ms = 1740821401000;
    pl_talo_write_player(&world->out, &world->player, 0);
    assert_written(world, PLAYER_HEAD "," PLAYER_DATES ",\"auth\":{},\"presence\":null}");
    pl_talo_write_player(&world->out, &world->player, PL_TALO_WITH_AUTH);
    assert_written(world, PLAYER_HEAD
                   "," PLAYER_DATES ",\"auth\":{\"email\":\"ada@example.com\","
                   "\"verificationEnabled\":false,\"sessionCreatedAt\":\"2025-03-01T09:30:01.000Z\""
                   "},\"presence\":null}");
    world->player.auth = (struct pl_talo_auth){.has_verification = true};
    pl_talo_write_player(&world->out, &world->player, PL_TALO_WITH_AUTH);
    assert_written(world, PLAYER_HEAD "," PLAYER_DATES
                                      ",\"auth\":{\"email\":null,\"verificationEnabled\":true,"
                                      "\"sessionCreatedAt\":null},\"presence\":null}");
}

static void test_a_presence_names_its_alias_or_null(void **state)
{
    struct world *world = *state;
    struct pl_talo_presence presence = {.updated_ms = 1740821401000};
    pl_talo_write_presence(&world->out, &presence, NULL);
    assert_written(world, "{\"playerAlias\":null,\"online\":false,\"customStatus\":\"\","
                          "\"updatedAt\":\"2025-03-01T09:30:01.000Z\"}");
    pl_talo_write_presence(&world->out, &presence, &world->alias);
    assert_written(world, "{\"playerAlias\":" ALIAS ",\"online\":false,\"customStatus\":\"\","
                          "\"updatedAt\":\"2025-03-01T09:30:01.000Z\"}");
}

static void test_a_channel_has_its_member_count_only_where_it_is_asked_for(void **state)
{
    struct world *world = *state;
    struct pl_talo_channel channel = {
        .id = 7,
        .name = PL_STR("lob\"by"),
        .message_count = 3,
        .is_private = true,
        .created_ms = 1738404000000,
        .updated_ms = 1738404000000,
        .member_count = 2,
    };
    pl_talo_write_channel(&world->out, &channel, 0);
    assert_written(world,
                   "{\"id\":7,\"name\":\"lob\\\"by\",\"owner\":null,\"totalMessages\":3,\"props\":"
                   "[],\"autoCleanup\":false,\"private\":true,\"temporaryMembership\":false,"
                   "\"createdAt\":\"2025-02-01T10:00:00.000Z\","
                   "\"updatedAt\":\"2025-02-01T10:00:00.000Z\"}");
    channel.owner = &world->alias;
    pl_talo_write_channel(&world->out, &channel, PL_TALO_WITH_MEMBER_COUNT);
    assert_written(world, "{\"id\":7,\"name\":\"lob\\\"by\",\"owner\":" ALIAS
                          ",\"totalMessages\":3,\"props\":"
                          "[],\"autoCleanup\":false,\"private\":true,\"temporaryMembership\":false,"
                          "\"createdAt\":\"2025-02-01T10:00:00.000Z\","
                          "\"updatedAt\":\"2025-02-01T10:00:00.000Z\",\"memberCount\":2}");
}

static void test_storage_and_subscriptions_name_both_aliases(void **state)
{
    struct world *world = *state;
    struct pl_talo_storage_prop prop = {PL_STR("gold"), PL_STR("80"),  &world->alias,
                                        &world->alias,  1738404000000, 1738404000000};
    pl_talo_write_storage_props(&world->out, &(struct pl_talo_storage_props){&prop, 1});
    assert_written(world, "[{\"key\":\"gold\",\"value\":\"80\",\"createdBy\":" ALIAS
                          ",\"lastUpdatedBy\":" ALIAS ",\"createdAt\":\"2025-02-01T10:00:00.000Z\","
                          "\"updatedAt\":\"2025-02-01T10:00:00.000Z\"}]");
    struct pl_talo_subscription subscription = {3,    &world->alias, &world->alias, false,
                                                true, 1738404000000, 1738404000000};
    pl_talo_write_subscription(&world->out, &subscription);
    assert_written(world, "{\"id\":3,\"subscriber\":" ALIAS ",\"subscribedTo\":" ALIAS
                          ",\"confirmed\":false,\"relationshipType\":\"bidirectional\","
                          "\"createdAt\":\"2025-02-01T10:00:00.000Z\","
                          "\"updatedAt\":\"2025-02-01T10:00:00.000Z\"}");
}

static void test_rejected_props_say_why(void **state)
{
    struct world *world = *state;
    struct pl_talo_rejected_prop items[] = {
        {PL_STR("k"), PL_TALO_PROP_KEY_TOO_LONG, 129, 128},
        {PL_STR("k"), PL_TALO_PROP_VALUE_TOO_LONG, 513, 512},
        {PL_STR("a\"[]"), PL_TALO_PROP_ARRAY_TOO_LONG, 1001, 1000},
        {PL_STR("k"), PL_TALO_PROP_CONTAINS_PROFANITY, 0, 0},
    };
    pl_talo_write_rejected(&world->out, &(struct pl_talo_rejected_props){items, 4});
    assert_written(
        world,
        "[{\"key\":\"k\",\"error\":\"PROP_KEY_TOO_LONG\",\"message\":\"Prop key length (129) "
        "exceeds 128 characters\"},"
        "{\"key\":\"k\",\"error\":\"PROP_VALUE_TOO_LONG\",\"message\":\"Prop value length (513) "
        "exceeds 512 characters\"},"
        "{\"key\":\"a\\\"[]\",\"error\":\"PROP_ARRAY_TOO_LONG\",\"message\":\"Prop array length "
        "(1001) for key 'a\\\"[]' exceeds 1000 items\"},"
        "{\"key\":\"k\",\"error\":\"PROP_CONTAINS_PROFANITY\",\"message\":\"Prop value contains "
        "profanity\"}]");
}

static void test_a_group_lists_members_only_when_they_are_visible(void **state)
{
    struct world *world = *state;
    struct pl_str operands[] = {PL_STR("5")};
    struct pl_talo_rule rules[] = {{.name = PL_TALO_RULE_GTE,
                                    .field = PL_STR("props.level"),
                                    .cast = PL_TALO_CAST_DOUBLE,
                                    .operands = operands,
                                    .operand_count = 1},
                                   {.name = PL_TALO_RULE_SET,
                                    .is_negated = true,
                                    .field = PL_STR("createdAt"),
                                    .cast = PL_TALO_CAST_DATETIME}};
    struct pl_talo_group group = {.id = world->player.id,
                                  .name = PL_STR("W"),
                                  .description = PL_STR("d"),
                                  .rules = rules,
                                  .rule_count = 2,
                                  .updated_ms = 1738404000000,
                                  .count = 9};
    pl_talo_write_group(&world->out, &group, NULL, 0);
    assert_written(world,
                   "{\"id\":\"5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77\",\"name\":\"W\","
                   "\"description\":\"d\",\"rules\":[{\"name\":\"GTE\",\"negate\":false,"
                   "\"field\":\"props.level\",\"castType\":\"DOUBLE\",\"operands\":[\"5\"],"
                   "\"namespaced\":true},{\"name\":\"SET\",\"negate\":true,\"field\":\"createdAt\","
                   "\"castType\":\"DATETIME\",\"operands\":[],\"namespaced\":false}],\"ruleMode\":"
                   "\"$and\",\"membersVisible\":false,\"updatedAt\":\"2025-02-01T10:00:00.000Z\","
                   "\"count\":9}");
    group.rule_count = 0;
    group.is_any = true;
    group.has_visible_members = true;
    pl_talo_write_group(&world->out, &group, &world->player, 0);
    assert_written(world,
                   "{\"id\":\"5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77\",\"name\":\"W\","
                   "\"description\":\"d\",\"rules\":[],\"ruleMode\":\"$or\",\"membersVisible\":"
                   "true,\"updatedAt\":\"2025-02-01T10:00:00.000Z\",\"count\":9,\"members\":[]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_dates_have_milliseconds_and_stay_within_four_digit_years, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_plain_alias_has_every_field_in_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_player_has_props_aliases_groups_and_presence,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_email_is_shown_only_where_it_is_asked_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_presence_names_its_alias_or_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_channel_has_its_member_count_only_where_it_is_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_storage_and_subscriptions_name_both_aliases, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_rejected_props_say_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_group_lists_members_only_when_they_are_visible,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
