/* Routes: exact, then the longest prefix of whole segments, then the fallback. */
#include "fixture.h"

#include "web/web_internal.h"

static void add(struct pl_route_table *table, const char *path, enum pl_route_match match)
{
    struct pl_route route = {.path = pl_str_of_cstr(path), .match = match, .owner = path};
    assert_int_equal(pl_route_table_add(table, &route, NULL), 0);
}

static void test_route_lookup(void **state)
{
    static const struct {
        const char *path;
        const char *owner; /* NULL: the fallback */
    } rows[] = {
        {"/", "/"},
        {"/a", "/a"},
        {"/a/", "/a/"},
        {"/a/x", "/a/"},
        {"/a/b", "/a/b"},
        {"/a/b/", "/a/b"},
        {"/a/b/c/d", "/a/b"},
        {"/a/bc", "/a/"},
        {"/ab", NULL},
        {"/other", NULL},
        {"/long/prefix/of/segments", "/long/prefix/of/segments"},
        {"/long/prefix/of/segmentsx", NULL},
        {"/long/prefix/of", NULL},
        {"//", NULL},
        {"*", NULL},
    };
    struct pl_route_table table;
    (void)state;
    pl_route_table_init(&table);
    assert_null(pl_route_table_find(&table, PL_STR("/"), 0));
    add(&table, "/", PL_ROUTE_EXACT);
    add(&table, "/a", PL_ROUTE_EXACT);
    struct pl_route below = {.path = PL_STR("/a"), .match = PL_ROUTE_PREFIX, .owner = "/a/"};
    assert_int_equal(pl_route_table_add(&table, &below, NULL), 0);
    add(&table, "/a/b", PL_ROUTE_PREFIX);
    add(&table, "/long/prefix/of/segments", PL_ROUTE_PREFIX);
    add(&table, "", PL_ROUTE_FALLBACK);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        const struct pl_route *route = pl_route_table_find(&table, pl_str_of_cstr(rows[i].path), 0);
        const char *owner = rows[i].owner == NULL ? "" : rows[i].owner;
        if (route == NULL || strcmp(route->owner, owner) != 0) {
            fail_msg("%s went to %s", rows[i].path, route == NULL ? "nobody" : route->owner);
        }
    }
    pl_route_table_fini(&table);
}

static void test_route_of_an_owner_left_out_is_as_if_it_were_not_there(void **state)
{
    struct pl_route_table table;
    unsigned all = 0;
    unsigned without = 0;
    (void)state;
    pl_route_table_init(&table);
    add(&table, "/a", PL_ROUTE_PREFIX);
    add(&table, "/a/b", PL_ROUTE_EXACT);
    add(&table, "", PL_ROUTE_FALLBACK);
    all = pl_route_owner_bit(&table, "/a") | pl_route_owner_bit(&table, "/a/b") |
          pl_route_owner_bit(&table, "");
    assert_int_equal(pl_route_owner_bit(&table, "/a"), pl_route_owner_bit(&table, "/a"));
    assert_string_equal(pl_route_table_find(&table, PL_STR("/a/b"), all)->owner, "/a/b");
    without = all & ~pl_route_owner_bit(&table, "/a/b");
    assert_string_equal(pl_route_table_find(&table, PL_STR("/a/b"), without)->owner, "/a");
    without &= ~pl_route_owner_bit(&table, "/a");
    assert_string_equal(pl_route_table_find(&table, PL_STR("/a/b"), without)->owner, "");
    without = pl_route_owner_bit(&table, "nobody's");
    assert_null(pl_route_table_find(&table, PL_STR("/a/b"), without));
    pl_route_table_fini(&table);
}

static void never(struct pl_web_request *request, void *user)
{
    (void)request;
    (void)user;
}

static void test_route_fallback_takes_the_handshakes_that_others_do_not(void **state)
{
    struct pl_route taker = {
        .path = PL_STR("/ws"), .match = PL_ROUTE_EXACT, .owner = "/ws", .on_upgrade = never};
    struct pl_route fallback = {
        .match = PL_ROUTE_FALLBACK, .owner = "fallback", .on_upgrade = never};
    struct pl_route_table table;
    const struct pl_route *plain = NULL;
    unsigned without = 0;
    (void)state;
    pl_route_table_init(&table);
    add(&table, "/", PL_ROUTE_PREFIX);
    assert_int_equal(pl_route_table_add(&table, &taker, NULL), 0);
    plain = pl_route_table_find(&table, PL_STR("/page"), 0);
    assert_ptr_equal(pl_route_table_find_upgrade(&table, plain, 0), plain);
    assert_int_equal(pl_route_table_add(&table, &fallback, NULL), 0);
    assert_string_equal(pl_route_table_find_upgrade(&table, plain, 0)->owner, "fallback");
    assert_string_equal(pl_route_table_find_upgrade(&table, NULL, 0)->owner, "fallback");
    plain = pl_route_table_find(&table, PL_STR("/ws"), 0);
    assert_ptr_equal(pl_route_table_find_upgrade(&table, plain, 0), plain);
    without = pl_route_owner_bit(&table, "/");
    assert_null(pl_route_table_find_upgrade(&table, NULL, without));
    pl_route_table_fini(&table);
}

static void test_route_root_prefix_owns_everything(void **state)
{
    static const char *const paths[] = {"/", "/a", "/a/b", "//", "/a/"};
    struct pl_route_table table;
    (void)state;
    pl_route_table_init(&table);
    add(&table, "/", PL_ROUTE_PREFIX);
    for (size_t i = 0; i < PL_ARRAY_LEN(paths); i++) {
        assert_non_null(pl_route_table_find(&table, pl_str_of_cstr(paths[i]), 0));
    }
    add(&table, "/socket.io", PL_ROUTE_PREFIX);
    assert_string_equal(pl_route_table_find(&table, PL_STR("/socket.io/"), 0)->owner, "/socket.io");
    assert_string_equal(pl_route_table_find(&table, PL_STR("/socket.iox"), 0)->owner, "/");
    pl_route_table_fini(&table);
}

static void test_route_taken_path_is_refused(void **state)
{
    struct pl_route_table table;
    struct pl_route route = {.path = PL_STR("/a"), .match = PL_ROUTE_EXACT};
    struct pl_error err = {0};
    (void)state;
    pl_route_table_init(&table);
    assert_int_equal(pl_route_table_add(&table, &route, &err), 0);
    assert_int_equal(pl_route_table_add(&table, &route, &err), PL_E_EXISTS);
    route.path = PL_STR("a");
    assert_int_equal(pl_route_table_add(&table, &route, &err), PL_E_INVALID);
    pl_route_table_fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_route_lookup),
        cmocka_unit_test(test_route_of_an_owner_left_out_is_as_if_it_were_not_there),
        cmocka_unit_test(test_route_fallback_takes_the_handshakes_that_others_do_not),
        cmocka_unit_test(test_route_root_prefix_owns_everything),
        cmocka_unit_test(test_route_taken_path_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
