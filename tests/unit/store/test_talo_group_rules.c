/* Rules of player groups: their JSON, and whom they mean. */
#include "store/talo/group_rules.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#define ARENA_BYTES ((size_t)1024 * 1024)
#define RULE(name, field, cast, operands)                                                          \
    "{\"name\":\"" name "\",\"field\":\"" field "\",\"castType\":\"" cast                          \
    "\",\"operands\":[" operands "]}"
#define NOT(name, field, cast, operands)                                                           \
    "{\"name\":\"" name "\",\"negate\":true,\"field\":\"" field "\",\"castType\":\"" cast          \
    "\",\"operands\":[" operands "]}"
#define LEVEL(name, operand) RULE(name, "props.level", "DOUBLE", "\"" operand "\"")

struct row {
    const char *rules; /* without the brackets of the array */
    bool is_any;
    bool expected;
    const char *why;
};

/* Of a player with level=10, name=ada, tag[]=x, tag[]=y, born=2020-02-29, a.b=1, empty= ; created at
 * 2025-03-01T09:30:00.000Z, seen a day later. */
static const struct row rows[] = {
    {"", false, true, "no rules: everybody"},
    {"", true, true, "in either mode"},
    {RULE("EQUALS", "props.name", "CHAR", "\"ada\""), false, true, "equal"},
    {RULE("EQUALS", "props.name", "CHAR", "\"Ada\""), false, false, "letter case counts"},
    {RULE("EQUALS", "props.name", "CHAR", "\"bob\",\"ada\""), false, false, "the first operand"},
    {NOT("EQUALS", "props.name", "CHAR", "\"ada\""), false, false, "negated"},
    {NOT("EQUALS", "props.name", "CHAR", "\"bob\""), false, true, "negated"},
    {NOT("EQUALS", "props.nothing", "CHAR", "\"bob\""), false, true, "who lacks the prop"},
    {RULE("EQUALS", "props.nothing", "CHAR", "\"\""), false, false, "a missing prop is not empty"},
    {RULE("EQUALS", "props.a.b", "CHAR", "\"1\""), false, true, "a key with a dot"},
    {RULE("EQUALS", "props.tag[]", "CHAR", "\"y\""), false, true, "any value of an array"},
    {NOT("EQUALS", "props.tag[]", "CHAR", "\"y\""), false, false, "none of an array"},
    {LEVEL("EQUALS", "10.0"), false, true, "numbers"},
    {LEVEL("GT", "9"), false, true, "not as texts"},
    {LEVEL("GT", "10"), false, false, "above"},
    {LEVEL("GTE", "10"), false, true, "at"},
    {LEVEL("LT", "10"), false, false, "below"},
    {LEVEL("LTE", "10"), false, true, "at"},
    {LEVEL("LT", "1e2"), false, true, "below"},
    {LEVEL("GT", "x"), false, false, "an operand that is no number"},
    {RULE("GT", "props.level", "CHAR", "\"9\""), false, false, "as texts"},
    {RULE("GT", "props.name", "DOUBLE", "\"1\""), false, false, "a value that is no number"},
    {NOT("GT", "props.name", "DOUBLE", "\"1\""), false, true, "negated"},
    {RULE("SET", "props.empty", "CHAR", ""), false, true, "set, though empty"},
    {RULE("SET", "props.nothing", "CHAR", ""), false, false, "not set"},
    {NOT("SET", "props.nothing", "CHAR", ""), false, true, "not set"},
    {RULE("LT", "props.born", "DATETIME", "\"2020-03-01\""), false, true, "a date"},
    {RULE("EQUALS", "props.born", "DATETIME", "\"2020-02-29T01:00:00+01:00\""), false, true,
     "zones"},
    {RULE("GT", "createdAt", "DATETIME", "\"2025-03-01T09:29:59Z\""), false, true, "after"},
    {RULE("EQUALS", "createdAt", "DATETIME", "\"2025-03-01 09:30:00\""), false, true, "at"},
    {RULE("LT", "createdAt", "CHAR", "\"2025-03-02\""), false, true, "times are dates"},
    {RULE("LT", "createdAt", "DATETIME", "\"soon\""), false, false, "no date"},
    {RULE("GT", "lastSeenAt", "DATETIME", "\"2025-03-02\""), false, true, "seen"},
    {RULE("GT", "lastSeenAt", "DOUBLE", "\"1740900000000\""), false, true, "in milliseconds"},
    {RULE("SET", "lastSeenAt", "DATETIME", ""), false, true, "always"},
    {NOT("SET", "lastSeenAt", "DATETIME", ""), false, false, "never not"},
    {RULE("GT", "statValue.gold", "DOUBLE", "\"0\""), false, false, "not served"},
    {NOT("GT", "statValue.gold", "DOUBLE", "\"0\""), false, false, "not served, negated"},
    {RULE("GT", "leaderboardEntryScore.x", "DOUBLE", "\"0\""), false, false, "not served"},
    {RULE("EQUALS", "props", "CHAR", "\"1\""), false, false, "no such field"},
    {LEVEL("GT", "5") "," LEVEL("LT", "20"), false, true, "all of them"},
    {LEVEL("GT", "5") "," LEVEL("LT", "7"), false, false, "all of them"},
    {LEVEL("GT", "5") "," LEVEL("LT", "7"), true, true, "any of them"},
    {LEVEL("GT", "50") "," LEVEL("LT", "7"), true, false, "any of them"},
};

static void test_group_rules_mean_whom_the_table_says(void **state)
{
    (void)state;
    struct pl_talo_prop props[] = {
        {PL_STR("level"), PL_STR("10")},        {PL_STR("name"), PL_STR("ada")},
        {PL_STR("tag[]"), PL_STR("x")},         {PL_STR("tag[]"), PL_STR("y")},
        {PL_STR("born"), PL_STR("2020-02-29")}, {PL_STR("a.b"), PL_STR("1")},
        {PL_STR("empty"), PL_STR("")},
    };
    const struct pl_talo_player player = {.props = {props, PL_ARRAY_LEN(props)},
                                          .created_ms = INT64_C(1740821400000),
                                          .last_seen_ms = INT64_C(1740907800000)};
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_arena arena;
        struct pl_buf text;
        struct pl_error err;
        struct pl_talo_group group = {.is_any = rows[i].is_any};
        pl_arena_init(&arena, ARENA_BYTES);
        pl_buf_init(&text, ARENA_BYTES);
        pl_buf_addf(&text, "[%s]", rows[i].rules);
        if (pl_talo_rules_read(&group, pl_buf_str(&text), &arena, &err) < 0) {
            fail_msg("row %zu, %s: %s", i, rows[i].why, err.text);
        }
        if (pl_talo_group_matches(&group, &player) != rows[i].expected) {
            fail_msg("row %zu, %s", i, rows[i].why);
        }
        pl_buf_fini(&text);
        pl_arena_fini(&arena);
    }
}

static void test_group_rules_are_written_as_the_specification_has_them(void **state)
{
    (void)state;
    static const char written[] =
        "[{\"name\":\"EQUALS\",\"negate\":false,\"field\":\"props.a\\\"b\",\"castType\":\"CHAR\","
        "\"operands\":[\"1\",\"2\"],\"namespaced\":true},"
        "{\"name\":\"SET\",\"negate\":true,\"field\":\"lastSeenAt\",\"castType\":\"DATETIME\","
        "\"operands\":[],\"namespaced\":false}]";
    struct pl_arena arena;
    struct pl_buf out;
    struct pl_json_writer json;
    struct pl_talo_group group = {0};
    pl_arena_init(&arena, ARENA_BYTES);
    pl_buf_init(&out, ARENA_BYTES);
    pl_json_writer_init(&json, &out);
    assert_int_equal(pl_talo_rules_read(&group, pl_str_of_cstr(written), &arena, NULL), 0);
    pl_talo_rules_write(&json, &group);
    pl_buf_add_char(&out, '\0');
    assert_string_equal((const char *)out.ptr, written);
    pl_buf_fini(&out);
    pl_arena_fini(&arena);
}

static void test_group_rules_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{}",
        "[",
        "[1]",
        "[] []",
        "[{}]",
        "[{\"name\":\"SET\"}]",
        "[{\"field\":\"props.a\"}]",
        "[" RULE("LIKE", "props.a", "CHAR", "\"1\"") "]",
        "[" RULE("EQUALS", "props.a", "BINARY", "\"1\"") "]",
        "[" RULE("EQUALS", "props.a", "CHAR", "") "]",
        "[" RULE("EQUALS", "props.a", "CHAR", "1") "]",
        "[" RULE("EQUALS", "", "CHAR", "\"1\"") "]",
        "[" RULE("EQUALS", "props.\\u0000", "CHAR", "\"1\"") "]",
        "[{\"name\":\"SET\",\"field\":\"props.a\",\"negate\":1}]",
        "[{\"name\":\"SET\",\"field\":\"props.a\",\"operands\":\"1\"}]",
        "[{\"name\":1,\"field\":\"props.a\"}]",
        "[" RULE("EQUALS", "props.a", "CHAR",
                 "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\","
                 "\"13\",\"14\",\"15\",\"16\",\"17\"") "]",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        struct pl_arena arena;
        struct pl_talo_group group = {0};
        pl_arena_init(&arena, ARENA_BYTES);
        if (pl_talo_rules_read(&group, pl_str_of_cstr(bad[i]), &arena, NULL) != PL_E_INVALID) {
            fail_msg("%s", bad[i]);
        }
        pl_arena_fini(&arena);
    }
}

static void test_group_rules_are_at_most_64(void **state)
{
    (void)state;
    for (size_t count = PL_TALO_RULES_MAX; count <= PL_TALO_RULES_MAX + 1; count++) {
        struct pl_arena arena;
        struct pl_buf text;
        struct pl_talo_group group = {0};
        pl_arena_init(&arena, ARENA_BYTES);
        pl_buf_init(&text, ARENA_BYTES);
        for (size_t i = 0; i < count; i++) {
            pl_buf_addf(&text, "%s%s", i == 0 ? "[" : ",",
                        "{\"name\":\"SET\",\"field\":\"props.a\",\"other\":[{}]}");
        }
        pl_buf_add_char(&text, ']');
        assert_int_equal(pl_talo_rules_read(&group, pl_buf_str(&text), &arena, NULL),
                         count <= PL_TALO_RULES_MAX ? 0 : PL_E_INVALID);
        pl_buf_fini(&text);
        pl_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group_rules_mean_whom_the_table_says),
        cmocka_unit_test(test_group_rules_are_written_as_the_specification_has_them),
        cmocka_unit_test(test_group_rules_that_are_none_are_refused),
        cmocka_unit_test(test_group_rules_are_at_most_64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
