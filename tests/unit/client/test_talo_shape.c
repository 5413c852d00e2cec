/* JSON into the Talo client's structs. */
#include "client/talo_shape.h"

#include "base/alloc.h"
#include "client/talo_entities.h"
#include "codec/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PLAYER                                                                                     \
    "{\"id\":\"p\",\"props\":[{\"key\":\"a\",\"value\":\"b\"}],\"devBuild\":true,\"groups\":["     \
    "{\"id\":\"g\",\"name\":\"G\"}],\"presence\":{\"online\":true,\"customStatus\":\"\\u00e9\"},"  \
    "\"auth\":{\"email\":null,\"verificationEnabled\":true,\"sessionCreatedAt\":null}}"
#define ALIAS                                                                                      \
    "{\"id\":12,\"service\":\"username\",\"identifier\":\"ada\",\"displayName\":\"Ada\","          \
    "\"player\":" PLAYER ",\"createdAt\":\"2025-03-01T09:30:00.000Z\"}"
#define ANSWER                                                                                     \
    "{\"alias\":" ALIAS ",\"players\":[" PLAYER ",7," PLAYER "],\"membersPagination\":{\"count\":" \
    "3,\"itemsPerPage\":50,\"isLastPage\":true},\"socketToken\":\"k\",\"unknown\":[{}]}"

static struct pl_arena arena;

static int read_as(void *out, const struct pl_talo_shape *shape, const char *json)
{
    pl_arena_fini(&arena);
    pl_arena_init(&arena, 100000);
    return pl_talo_shape_read(out, &arena, shape, pl_str_of_cstr(json));
}

static int finish(void **state)
{
    (void)state;
    pl_arena_fini(&arena);
    return 0;
}

static void test_shape_of_an_alias_is_read_whole(void **state)
{
    struct parley_talo_alias alias;
    (void)state;
    assert_int_equal(read_as(&alias, &pl_talo_alias_shape, ALIAS), 0);
    assert_int_equal(alias.id, 12);
    assert_string_equal(alias.service, "username");
    assert_string_equal(alias.display_name, "Ada");
    assert_int_equal(alias.created_ms, 1740821400000);
    assert_int_equal(alias.updated_ms, 0);
    assert_string_equal(alias.player.id, "p");
    assert_int_equal(alias.player.prop_count, 1);
    assert_string_equal(alias.player.props[0].value, "b");
    assert_string_equal(alias.player.groups[0].name, "G");
    assert_true(alias.player.is_dev_build);
    assert_true(alias.player.presence->is_online);
    assert_string_equal(alias.player.presence->custom_status, "\xc3\xa9");
    assert_null(alias.player.presence->alias);
    assert_string_equal(alias.player.auth->email, "");
    assert_true(alias.player.auth->verification_is_on);
}

static void test_shape_of_what_is_no_object_has_defaults(void **state)
{
    static const char *const texts[] = {"[]", "null", "7", "\"x\"", "", "{", "{}"};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        struct parley_talo_alias alias;
        memset(&alias, 0xff, sizeof(alias));
        assert_int_equal(read_as(&alias, &pl_talo_alias_shape, texts[i]), PL_E_PROTO);
        assert_string_equal(alias.service, "");
        assert_string_equal(alias.player.id, "");
        assert_null(alias.player.presence);
        assert_int_equal(alias.player.prop_count, 0);
    }
}

static void test_shape_takes_the_last_of_equal_keys(void **state)
{
    static const struct {
        const char *json;
        int rc;
        int64_t id;
    } rows[] = {
        {"{\"id\":1,\"id\":2}", 0, 2},
        {"{\"id\":1,\"id\":null}", PL_E_PROTO, 0},
        {"{\"id\":null,\"\\u0069d\":3}", 0, 3},
        {"{\"id\":5.0}", 0, 5},
        {"{\"id\":5e0}", 0, 5},
        {"{\"id\":5.5}", PL_E_PROTO, 0},
        {"{\"id\":\"5\"}", PL_E_PROTO, 0},
        {"{\"id\":-9007199254740993}", 0, -9007199254740993},
        {"{\"id\":1e400}", PL_E_PROTO, 0},
        {"{\"id\":9223372036854775808}", PL_E_PROTO, 0},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct parley_talo_alias alias;
        assert_int_equal(read_as(&alias, &pl_talo_alias_shape, rows[i].json), rows[i].rc);
        assert_int_equal(alias.id, rows[i].id);
    }
}

static void test_shape_leaves_out_items_that_are_none(void **state)
{
    struct parley_talo_result result;
    (void)state;
    assert_int_equal(read_as(&result, &pl_talo_result_shape, ANSWER), 0);
    assert_int_equal(result.player_count, 2);
    assert_string_equal(result.players[1].id, "p");
    assert_int_equal(result.page.count, 3);
    assert_true(result.page.is_last);
    assert_string_equal(result.socket_token, "k");
    assert_string_equal(result.ticket, "");
    assert_int_equal(result.alias->id, 12);
    assert_null(result.channel);
}

/* Strings may hold NUL: a C program sees the text before it. */
static void test_shape_ends_a_text_at_its_first_nul(void **state)
{
    struct parley_talo_error error;
    (void)state;
    assert_int_equal(read_as(&error, &pl_talo_error_shape, "{\"message\":\"a\\u0000b\"}"), 0);
    assert_string_equal(error.message, "a");
}

static void test_shape_of_every_beginning_over_reads_nothing(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(ANSWER); len++) {
        struct parley_talo_result result;
        char *copy = pl_try_alloc(len + 1);
        memcpy(copy, ANSWER, len);
        pl_arena_fini(&arena);
        pl_arena_init(&arena, 100000);
        (void)!pl_talo_shape_read(&result, &arena, &pl_talo_result_shape, pl_str_make(copy, len));
        pl_free(copy);
    }
}

static void test_shape_at_the_cap_says_so(void **state)
{
    struct parley_talo_result result;
    int rc = PL_E_NOMEM;
    (void)state;
    for (size_t cap = 0; rc < 0; cap += 100) {
        pl_arena_fini(&arena);
        pl_arena_init(&arena, cap);
        rc = pl_talo_shape_read(&result, &arena, &pl_talo_result_shape, PL_STR(ANSWER));
        assert_int_equal(rc, cap < 500 ? PL_E_NOMEM : rc);
        assert_true(rc == 0 || rc == PL_E_NOMEM);
    }
    assert_int_equal(result.alias->id, 12);
}

static void test_shape_has_nought_for_what_is_no_date(void **state)
{
    static const struct {
        const char *json;
        int64_t ms;
    } rows[] = {
        {"{\"id\":1,\"createdAt\":\"2025-03-01T09:30:00.000Z\"}", 1740821400000},
        {"{\"id\":1,\"createdAt\":\"1969-12-31T23:59:59.000Z\"}", -1000},
        {"{\"id\":1,\"createdAt\":\"2025-13-01T09:30:00.000Z\"}", 0},
        {"{\"id\":1,\"createdAt\":\"2025-03-01T09:30:00.xZ\"}", 0},
        {"{\"id\":1,\"createdAt\":\"yesterday\"}", 0},
        {"{\"id\":1,\"createdAt\":\"\"}", 0},
        {"{\"id\":1,\"createdAt\":1740821400000}", 0},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct parley_talo_alias alias;
        assert_int_equal(read_as(&alias, &pl_talo_alias_shape, rows[i].json), 0);
        assert_int_equal(alias.created_ms, rows[i].ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape_of_an_alias_is_read_whole),
        cmocka_unit_test(test_shape_of_what_is_no_object_has_defaults),
        cmocka_unit_test(test_shape_takes_the_last_of_equal_keys),
        cmocka_unit_test(test_shape_leaves_out_items_that_are_none),
        cmocka_unit_test(test_shape_ends_a_text_at_its_first_nul),
        cmocka_unit_test(test_shape_of_every_beginning_over_reads_nothing),
        cmocka_unit_test(test_shape_at_the_cap_says_so),
        cmocka_unit_test(test_shape_has_nought_for_what_is_no_date),
    };
    return cmocka_run_group_tests(tests, NULL, finish);
}
