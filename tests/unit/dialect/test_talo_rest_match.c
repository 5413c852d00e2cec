/* From paths to endpoints. */
#include "dialect/talo/rest_match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct pl_talo_route first[] = {
    {.method = PL_HTTP_GET, .pattern = "/v1/players/{id}"},
    {.method = PL_HTTP_PATCH, .pattern = "/v1/players/{id}"},
    {.method = PL_HTTP_GET, .pattern = "/v1/channels/{id}/members"},
    {0},
};
static const struct pl_talo_route second[] = {
    {.method = PL_HTTP_GET, .pattern = "/v1/players/search"},
    {.method = PL_HTTP_GET, .pattern = "/v1/channels"},
    {0},
};
static const struct pl_talo_route *const tables[] = {first, second};

static void test_routes_are_found_by_method_and_path(void **state)
{
    static const struct {
        enum pl_http_method method;
        struct pl_str path;
        const struct pl_talo_route *route;
        const char *id; /* NULL: none */
    } rows[] = {
        {PL_HTTP_GET, PL_STR_INIT("/v1/players/12"), &first[0], "12"},
        {PL_HTTP_HEAD, PL_STR_INIT("/v1/players/12"), &first[0], "12"},
        {PL_HTTP_PATCH, PL_STR_INIT("/v1/players/search"), &first[1], "search"},
        {PL_HTTP_GET, PL_STR_INIT("/v1/players/search"), &second[0], NULL},
        {PL_HTTP_GET, PL_STR_INIT("/v1/channels/7/members"), &first[2], "7"},
        {PL_HTTP_GET, PL_STR_INIT("/v1/channels/a%2fb/members"), &first[2], "a%2fb"},
        {PL_HTTP_GET, PL_STR_INIT("/v1/channels"), &second[1], NULL},
        {PL_HTTP_POST, PL_STR_INIT("/v1/channels"), NULL, NULL},
        {PL_HTTP_GET, PL_STR_INIT("/v1/channels/7"), NULL, NULL},
        {PL_HTTP_GET, PL_STR_INIT("/v1/channels/7/members/1"), NULL, NULL},
        {PL_HTTP_GET, PL_STR_INIT("/v1/channels//members"), NULL, NULL},
        {PL_HTTP_GET, PL_STR_INIT("/v1/players/"), NULL, NULL},
        {PL_HTTP_GET, PL_STR_INIT("/"), NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_str id;
        assert_ptr_equal(pl_talo_route_match(tables, 2, rows[i].method, rows[i].path, &id),
                         rows[i].route);
        assert_true(rows[i].id == NULL ? id.ptr == NULL
                                       : pl_str_eq(id, pl_str_of_cstr(rows[i].id)));
    }
}

static void test_services_that_are_not_there_are_named(void **state)
{
    (void)state;
    assert_string_equal(pl_talo_route_unserved(PL_STR("/v1/leaderboards/x/entries")),
                        "leaderboards");
    assert_string_equal(pl_talo_route_unserved(PL_STR("/v1/events")), "events");
    assert_null(pl_talo_route_unserved(PL_STR("/v1/eventsx")));
    assert_null(pl_talo_route_unserved(PL_STR("/v1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes_are_found_by_method_and_path),
        cmocka_unit_test(test_services_that_are_not_there_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
