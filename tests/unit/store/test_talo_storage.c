/* The storage of channels: every row of the tables of spec talo 3.12. */
#include "talo_world.h"

#include "store/talo/storage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct talo_world *world;

/* Channel 7 of ada and bob; eve is no member. */
static int open_world(void **state)
{
    (void)state;
    world = talo_world_open();
    talo_world_make_channel(world, ADA, 7, 0);
    talo_world_join(world, BOB, 7);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    talo_world_close(world);
    world = NULL;
    return 0;
}

static struct pl_talo_op_storage_put *put_op(int64_t alias_id, struct pl_talo_prop_changes changes)
{
    struct pl_talo_op_storage_put *op = talo_world_op(world, &pl_talo_op_storage_put_type);
    op->actor = talo_world_actor(world, alias_id);
    op->channel_id = 7;
    op->changes = changes;
    return op;
}

/* At the given time. */
static struct pl_talo_op_storage_put *put(int64_t now_ms, int64_t alias_id,
                                          struct pl_talo_prop_changes changes)
{
    world->now_ms = now_ms;
    struct pl_talo_op_storage_put *op = put_op(alias_id, changes);
    assert_int_equal(talo_world_run(world, op), 0);
    return op;
}

/* "key=value creator@created updater@updated; ..." */
static const char *text_of(const struct pl_talo_storage_props *props)
{
    static char text[4096];
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < props->count; i++) {
        const struct pl_talo_storage_prop *prop = &props->items[i];
        len +=
            (size_t)snprintf(text + len, sizeof(text) - len,
                             "%s" PL_STR_FMT "=" PL_STR_FMT " " PL_STR_FMT "@%d " PL_STR_FMT "@%d",
                             i > 0 ? "; " : "", PL_STR_ARG(prop->key), PL_STR_ARG(prop->value),
                             PL_STR_ARG(prop->created_by->identifier), (int)prop->created_ms,
                             PL_STR_ARG(prop->updated_by->identifier), (int)prop->updated_ms);
    }
    return text;
}

static struct pl_talo_op_storage_get *get_op(int64_t alias_id, const char *key)
{
    struct pl_talo_op_storage_get *op = talo_world_op(world, &pl_talo_op_storage_get_type);
    op->actor = talo_world_actor(world, alias_id);
    op->channel_id = 7;
    op->key = pl_str_of_cstr(key);
    return op;
}

static const char *got(const char *key)
{
    struct pl_talo_op_storage_get *op = get_op(ADA, key);
    assert_int_equal(talo_world_run(world, op), 0);
    return op->prop == NULL ? "none" : text_of(&(struct pl_talo_storage_props){op->prop, 1});
}

static struct pl_talo_op_storage_list *list_op(int64_t alias_id, const struct pl_str *keys,
                                               size_t count)
{
    struct pl_talo_op_storage_list *op = talo_world_op(world, &pl_talo_op_storage_list_type);
    op->actor = talo_world_actor(world, alias_id);
    op->channel_id = 7;
    op->keys = keys;
    op->key_count = count;
    return op;
}

/* Everything there is, as an administrator sees it. */
static const char *stored(void)
{
    struct pl_talo_op_storage_list *op = list_op(0, NULL, 0);
    op->actor = talo_world_admin(world);
    op->is_all = true;
    assert_int_equal(talo_world_run(world, op), 0);
    return text_of(&op->props);
}

/* --- who --- */

static void test_storage_is_for_members_alone(void **state)
{
    (void)state;
    const struct pl_str keys[] = {PL_STR_INIT("k")};
    static const struct {
        int64_t alias_id;
        int64_t channel_id;
        int expected;
    } rows[] = {
        {EVE, 7, PL_TALO_CHANNEL_NOT_MEMBER},  {NOBODY, 7, PL_TALO_CHANNEL_NO_ALIAS},
        {ZOE, 7, PL_TALO_CHANNEL_NO_ALIAS},    {ADA, 8, PL_TALO_CHANNEL_NOT_FOUND},
        {NOBODY, 8, PL_TALO_CHANNEL_NO_ALIAS},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_talo_op_storage_put *write = put_op(rows[i].alias_id, CHANGES(SET("k", "v")));
        struct pl_talo_op_storage_get *get = get_op(rows[i].alias_id, "k");
        struct pl_talo_op_storage_list *list = list_op(rows[i].alias_id, keys, 1);
        write->channel_id = get->channel_id = list->channel_id = rows[i].channel_id;
        assert_int_equal(talo_world_run(world, write), rows[i].expected);
        assert_int_equal(talo_world_run(world, get), rows[i].expected);
        assert_int_equal(talo_world_run(world, list), rows[i].expected);
    }
    assert_string_equal(stored(), "");
}

/* --- put: scalars --- */

static void test_storage_scalar_keeps_its_creator(void **state)
{
    (void)state;
    struct pl_talo_op_storage_put *op = put(100, ADA, CHANGES(SET("gold", "80")));
    assert_string_equal(text_of(&op->upserted), "gold=80 ada@100 ada@100");
    assert_int_equal(op->deleted.count, 0);
    assert_int_equal(op->failed.count, 0);
    assert_int_equal(op->channel.id, 7);
    op = put(200, BOB, CHANGES(SET("gold", "81")));
    assert_string_equal(text_of(&op->upserted), "gold=81 ada@100 bob@200");
    assert_string_equal(got("gold"), "gold=81 ada@100 bob@200");
    assert_int_equal(talo_world_channel(world, 7)->updated_ms, 1000); /* the channel's own */
}

static void test_storage_scalar_takes_the_last_entry(void **state)
{
    (void)state;
    struct pl_talo_op_storage_put *op = put(100, ADA,
                                            CHANGES(SET("b", "1"), SET("a", "1"), SET("b", "2"),
                                                    UNSET("a"), SET("c", "0"), SET("c", "1")));
    assert_string_equal(text_of(&op->upserted), "b=2 ada@100 ada@100; c=1 ada@100 ada@100");
    assert_int_equal(op->deleted.count, 0);
    op = put(200, ADA, CHANGES(UNSET("b"), SET("b", "3")));
    assert_string_equal(text_of(&op->upserted), "b=3 ada@100 ada@200");
}

static void test_storage_scalar_is_deleted_by_null_and_by_nothing(void **state)
{
    (void)state;
    (void)put(100, ADA, CHANGES(SET("a", "1"), SET("b", "2"), SET("c", "3")));
    struct pl_talo_op_storage_put *op =
        put(200, BOB, CHANGES(UNSET("a"), SET("b", ""), UNSET("x")));
    assert_int_equal(op->upserted.count, 0);
    assert_string_equal(text_of(&op->deleted), "a=1 ada@100 bob@200; b=2 ada@100 bob@200");
    assert_string_equal(stored(), "c=3 ada@100 ada@100");
}

static void test_storage_with_nothing_to_do_is_fine(void **state)
{
    (void)state;
    struct pl_talo_op_storage_put *op = put(100, ADA, (struct pl_talo_prop_changes){0});
    assert_int_equal(op->upserted.count + op->deleted.count + op->failed.count, 0);
    op = put(100, ADA, CHANGES(SET("", "dropped"), SET("META_x", "taken")));
    assert_string_equal(text_of(&op->upserted), "META_x=taken ada@100 ada@100");
    assert_int_equal(op->failed.count, 0);
}

/* --- put: arrays --- */

static void test_storage_array_is_replaced(void **state)
{
    (void)state;
    struct pl_talo_op_storage_put *op = put(
        100, ADA,
        CHANGES(SET("t[]", "x"), SET("t[]", "y"), SET("t[]", "x"), UNSET("t[]"), SET("t[]", "")));
    assert_string_equal(text_of(&op->upserted), "t[]=x ada@100 ada@100; t[]=y ada@100 ada@100; "
                                                "t[]= ada@100 ada@100");
    op = put(200, BOB, CHANGES(SET("t[]", "z"), SET("t[]", "y")));
    assert_string_equal(text_of(&op->upserted), "t[]=y ada@100 bob@200; t[]=z ada@200 bob@200");
    assert_string_equal(text_of(&op->deleted), "t[]=x ada@100 bob@200; t[]= ada@100 bob@200");
    assert_string_equal(stored(), "t[]=y ada@100 bob@200; t[]=z ada@200 bob@200");
    op = put(300, BOB, CHANGES(SET("t[]", "y"), SET("t[]", "z"))); /* unchanged */
    assert_int_equal(op->upserted.count, 2);
    assert_int_equal(op->deleted.count, 0);
}

static void test_storage_array_of_null_alone_is_deleted(void **state)
{
    (void)state;
    (void)put(100, ADA, CHANGES(SET("t[]", "x"), SET("t[]", "y"), SET("t", "scalar")));
    struct pl_talo_op_storage_put *op = put(200, BOB, CHANGES(UNSET("t[]"), UNSET("u[]")));
    assert_string_equal(text_of(&op->deleted), "t[]=x ada@100 bob@200; t[]=y ada@100 bob@200");
    assert_int_equal(op->upserted.count, 0);
    assert_string_equal(stored(), "t=scalar ada@100 ada@100");
}

/* --- put: failures --- */

static void test_storage_failures_leave_other_keys_alone(void **state)
{
    (void)state;
    char long_key[131];
    char long_value[514];
    memset(long_key, 'k', sizeof(long_key) - 1);
    long_key[sizeof(long_key) - 1] = '\0';
    memset(long_value, 'v', sizeof(long_value) - 1);
    long_value[sizeof(long_value) - 1] = '\0';
    (void)put(50, ADA, CHANGES(SET("big", "old"), SET("t[]", "old")));
    struct pl_talo_prop_change changes[] = {
        SET("nasty", "rude"), SET("big", "long"), SET("fine", "1"),
        SET("long", "1"),     SET("t[]", "ok"),   SET("t[]", "rude"),
        SET("u[]", "ok"),     SET("u[]", "long"), UNSET("long"),
    };
    changes[1].value = changes[7].value = pl_str_of_cstr(long_value);
    changes[3].key = pl_str_of_cstr(long_key);
    changes[8].key = pl_str_from(changes[3].key, 1); /* over-long too, but deleted: ignored */
    world->now_ms = 100;
    struct pl_talo_op_storage_put *op =
        put_op(BOB, (struct pl_talo_prop_changes){changes, PL_ARRAY_LEN(changes)});
    op->profanity = talo_world_profanity();
    assert_int_equal(talo_world_run(world, op), 0);
    assert_string_equal(text_of(&op->upserted), "fine=1 bob@100 bob@100");
    assert_int_equal(op->deleted.count, 0);
    static const struct {
        const char *key;
        enum pl_talo_prop_error error;
        size_t length;
    } expected[] = {
        {"big", PL_TALO_PROP_VALUE_TOO_LONG, 513},   {NULL, PL_TALO_PROP_KEY_TOO_LONG, 130},
        {"u[]", PL_TALO_PROP_VALUE_TOO_LONG, 513},   {"nasty", PL_TALO_PROP_CONTAINS_PROFANITY, 0},
        {"t[]", PL_TALO_PROP_CONTAINS_PROFANITY, 0},
    };
    assert_int_equal(op->failed.count, PL_ARRAY_LEN(expected));
    for (size_t i = 0; i < PL_ARRAY_LEN(expected); i++) {
        const char *key = expected[i].key != NULL ? expected[i].key : long_key;
        assert_true(pl_str_eq(op->failed.items[i].key, pl_str_of_cstr(key)));
        assert_int_equal(op->failed.items[i].error, expected[i].error);
        assert_int_equal(op->failed.items[i].length, expected[i].length);
    }
    assert_string_equal(stored(), "big=old ada@50 ada@50; fine=1 bob@100 bob@100; "
                                  "t[]=old ada@50 ada@50");
}

static void test_storage_array_of_more_than_a_thousand_values_fails(void **state)
{
    (void)state;
    static char values[1001][8];
    struct pl_talo_prop_change changes[1001];
    for (size_t i = 0; i < PL_ARRAY_LEN(changes); i++) {
        (void)snprintf(values[i], sizeof(values[i]), "%d", (int)i);
        changes[i] = (struct pl_talo_prop_change){PL_STR("t[]"), pl_str_of_cstr(values[i]), false};
    }
    struct pl_talo_op_storage_put *op =
        put(100, ADA, (struct pl_talo_prop_changes){changes, PL_ARRAY_LEN(changes)});
    assert_int_equal(op->failed.count, 1);
    assert_int_equal(op->failed.items[0].error, PL_TALO_PROP_ARRAY_TOO_LONG);
    assert_int_equal(op->failed.items[0].length, 1001);
    changes[1000].value = changes[0].value; /* distinct ones count */
    op = put(100, ADA, (struct pl_talo_prop_changes){changes, PL_ARRAY_LEN(changes)});
    assert_int_equal(op->failed.count, 0);
    assert_int_equal(op->upserted.count, 1000);
}

static void test_storage_has_a_bound(void **state)
{
    (void)state;
    static char values[1000][513];
    struct pl_talo_prop_change changes[1000];
    int refusal = 0;
    for (size_t i = 0; i < PL_ARRAY_LEN(changes); i++) {
        memset(values[i], 'v', 512);
        (void)snprintf(values[i], 8, "%07d", (int)i);
        values[i][7] = 'v';
    }
    static char keys[8][8];
    for (size_t array = 0; array < 8 && refusal == 0; array++) {
        (void)snprintf(keys[array], sizeof(keys[array]), "%d[]", (int)array);
        for (size_t i = 0; i < PL_ARRAY_LEN(changes); i++) {
            changes[i] = (struct pl_talo_prop_change){pl_str_of_cstr(keys[array]),
                                                      pl_str_make(values[i], 512), false};
        }
        struct pl_talo_op_storage_put *op =
            put_op(ADA, (struct pl_talo_prop_changes){changes, PL_ARRAY_LEN(changes)});
        refusal = talo_world_run(world, op);
    }
    assert_int_equal(refusal, PL_TALO_CHANNEL_TOO_MANY_PROPS);
    assert_int_equal(talo_world_number(world, "SELECT count(*) FROM talo_storage"), 7000);
    (void)put(100, ADA, CHANGES(UNSET("0[]"))); /* deleting goes on */
    (void)put(100, ADA, CHANGES(SET("a", "1")));
    static struct pl_talo_prop_change many[PL_TALO_STORAGE_CHANGES_MAX + 1];
    assert_int_equal(
        talo_world_run(world, put_op(ADA, (struct pl_talo_prop_changes){many, PL_ARRAY_LEN(many)})),
        PL_TALO_CHANNEL_TOO_MANY_PROPS);
}

/* --- get and list --- */

static void test_storage_get_of_an_array_is_one_json_text(void **state)
{
    (void)state;
    (void)put(100, ADA, CHANGES(SET("t[]", "x"), SET("one[]", "1"), SET("e[]", "")));
    (void)put(200, BOB, CHANGES(SET("t[]", "a \"b\""), SET("t[]", "x")));
    assert_string_equal(got("t[]"), "t[]=[\"x\",\"a \\\"b\\\"\"] ada@100 bob@200");
    assert_string_equal(got("one[]"), "one[]=[\"1\"] ada@100 ada@100");
    assert_string_equal(got("e[]"), "e[]=[\"\"] ada@100 ada@100");
    assert_string_equal(got("none"), "none");
    assert_string_equal(got("none[]"), "none");
    assert_string_equal(got("t"), "none");
}

static void test_storage_list_is_in_the_order_of_the_request(void **state)
{
    (void)state;
    (void)put(100, ADA, CHANGES(SET("a", "1"), SET("b", "2"), SET("t[]", "x"), SET("t[]", "y")));
    const struct pl_str keys[] = {PL_STR_INIT("b"), PL_STR_INIT("t[]"), PL_STR_INIT("none"),
                                  PL_STR_INIT("a"), PL_STR_INIT("b")};
    struct pl_talo_op_storage_list *op = list_op(BOB, keys, PL_ARRAY_LEN(keys));
    assert_int_equal(talo_world_run(world, op), 0);
    assert_string_equal(text_of(&op->props),
                        "b=2 ada@100 ada@100; t[]=x ada@100 ada@100; t[]=y ada@100 ada@100; "
                        "a=1 ada@100 ada@100");
}

static void test_storage_of_channels_is_apart(void **state)
{
    (void)state;
    talo_world_make_channel(world, ADA, 8, 0);
    (void)put(100, ADA, CHANGES(SET("a", "1"), SET("t[]", "x")));
    struct pl_talo_op_storage_put *op = put_op(ADA, CHANGES(UNSET("a"), UNSET("t[]")));
    op->channel_id = 8;
    assert_int_equal(talo_world_run(world, op), 0);
    assert_int_equal(op->deleted.count, 0);
    assert_string_equal(stored(), "a=1 ada@100 ada@100; t[]=x ada@100 ada@100");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
        TEST(test_storage_is_for_members_alone),
        TEST(test_storage_scalar_keeps_its_creator),
        TEST(test_storage_scalar_takes_the_last_entry),
        TEST(test_storage_scalar_is_deleted_by_null_and_by_nothing),
        TEST(test_storage_with_nothing_to_do_is_fine),
        TEST(test_storage_array_is_replaced),
        TEST(test_storage_array_of_null_alone_is_deleted),
        TEST(test_storage_failures_leave_other_keys_alone),
        TEST(test_storage_array_of_more_than_a_thousand_values_fails),
        TEST(test_storage_has_a_bound),
        TEST(test_storage_get_of_an_array_is_one_json_text),
        TEST(test_storage_list_is_in_the_order_of_the_request),
        TEST(test_storage_of_channels_is_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
