/* Origins: what may stand in the settings, and which pages are allowed by it. */
#include "fixture.h"

#include "web/origin.h"

static void test_origin_list_says_who_is_allowed(void **state)
{
    static const struct {
        const char *item;
        const char *origin;
        const char *host;
        bool is_allowed;
    } rows[] = {
        {"*", "https://any.example", "a", true},
        {"*", "null", "a", true},
        {"*", "\x7f", "a", true},
        {"null", "null", "a", true},
        {"null", "https://null", "a", false},
        {"https://game.example", "https://game.example", "a", true},
        {"https://game.example", "HTTPS://Game.Example", "a", true},
        {"https://game.example", "https://game.example:443", "a", true},
        {"https://game.example", "https://game.example:8443", "a", false},
        {"https://game.example", "http://game.example", "a", false},
        {"https://game.example", "https://game.example.evil.example", "a", false},
        {"https://game.example", "https://evilgame.example", "a", false},
        {"https://game.example", "https://www.game.example", "a", false},
        {"https://game.example", "https://game.example/", "a", false},
        {"https://game.example", "https://user@game.example", "a", false},
        {"https://game.example", "null", "a", false},
        {"https://game.example", "", "a", false},
        {"http://localhost:5173", "http://localhost:5173", "a", true},
        {"http://localhost:5173", "http://localhost", "a", false},
        {"http://[::1]:8080", "http://[::1]:8080", "a", true},
        {"capacitor://localhost", "capacitor://localhost", "a", true},
        {"https://*.game.example", "https://a.game.example", "a", true},
        {"https://*.game.example", "https://a.b.game.example", "a", true},
        {"https://*.game.example", "https://game.example", "a", false},
        {"https://*.game.example", "https://*.game.example", "a", false},
        {"https://*.game.example", "https://.game.example", "a", false},
        {"https://*.game.example", "https://evilgame.example", "a", false},
        {"https://*.game.example", "https://a.game.example:8443", "a", false},
        {"https://*.game.example", "http://a.game.example", "a", false},
        {"https://*.game.example", "https://a.game.example.evil.example", "a", false},
        {"https://*.game.example:8443", "https://a.game.example:8443", "a", true},
        {"same-origin", "https://game.example", "game.example", true},
        {"same-origin", "https://game.example", "game.example:443", true},
        {"same-origin", "http://game.example:7350", "game.example:7350", true},
        {"same-origin", "http://game.example:7350", "GAME.example:7350", true},
        {"same-origin", "http://[::1]:7350", "[::1]:7350", true},
        {"same-origin", "http://game.example", "game.example:7350", false},
        {"same-origin", "https://evil.example", "game.example", false},
        {"same-origin", "null", "null", false},
        {"same-origin", "https://", "", false},
        {"same-origin", "app://game.example", "game.example", false},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_str item = pl_str_of_cstr(rows[i].item);
        if (pl_origin_is_allowed(&item, 1, pl_str_of_cstr(rows[i].origin),
                                 pl_str_of_cstr(rows[i].host)) != rows[i].is_allowed) {
            fail_msg("%s: %s at %s", rows[i].item, rows[i].origin, rows[i].host);
        }
    }
}

static void test_origin_list_is_a_union(void **state)
{
    const struct pl_str items[] = {PL_STR("same-origin"), PL_STR("https://a.example")};
    (void)state;
    assert_true(pl_origin_is_allowed(items, 2, PL_STR("https://a.example"), PL_STR("b.example")));
    assert_true(pl_origin_is_allowed(items, 2, PL_STR("https://b.example"), PL_STR("b.example")));
    assert_false(pl_origin_is_allowed(items, 2, PL_STR("https://c.example"), PL_STR("b.example")));
    assert_false(pl_origin_is_allowed(items, 0, PL_STR("https://a.example"), PL_STR("b.example")));
}

static void test_origin_mistakes_are_named(void **state)
{
    static const struct {
        const char *text;
        const char *reason; /* NULL: it is right */
    } rows[] = {
        {"https://game.example", NULL},
        {"http://127.0.0.1:8080", NULL},
        {"http://[::1]:8080", NULL},
        {"chrome-extension://abcdef", NULL},
        {"null", NULL},
        {"*", NULL},
        {"same-origin", NULL},
        {"https://*.game.example", NULL},
        {"game.example", "no scheme"},
        {"localhost:3000", "no scheme"},
        {"*.game.example", "no scheme"},
        {"https://game.example/", "slash"},
        {"https://game.example/lobby", "slash"},
        {"https://Game.example", "capital letters"},
        {"https://game.example:443", "port of its scheme"},
        {"http://game.example:80", "port of its scheme"},
        {"https://game.example:0", "no origin"},
        {"https://game.example:70000", "no origin"},
        {"https://game.example:", "no origin"},
        {"https://", "no origin"},
        {"https://*.", "no origin"},
        {"https://a*.game.example", "no origin"},
        {"https://a.*.example", "no origin"},
        {"https://user@game.example", "no origin"},
        {"://game.example", "no origin"},
        {"", "no scheme"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_error err = {0};
        int rc = pl_origin_item_check(pl_str_of_cstr(rows[i].text), &err);
        if (rc != (rows[i].reason == NULL ? 0 : PL_E_INVALID) ||
            (rows[i].reason != NULL && strstr(err.text, rows[i].reason) == NULL)) {
            fail_msg("'%s': %d %s", rows[i].text, rc, err.text);
        }
    }
    assert_int_equal(pl_origin_check(PL_STR("https://*.game.example"), NULL), PL_E_INVALID);
    assert_int_equal(pl_origin_check(PL_STR("*"), NULL), PL_E_INVALID);
}

static void on_allowed(struct pl_web_request *request, void *user)
{
    (void)user;
    pl_web_respond_text(request, 200, PL_STR("allowed"));
}

static void on_foreign(struct pl_web_request *request, void *user)
{
    (void)user;
    pl_web_respond_json(request, 403, PL_STR("{\"own\":\"form\"}"));
}

#define UPGRADE                                                                                    \
    "Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"        \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define GOOD "Origin: https://good.example\r\n"
#define EVIL "Origin: https://evil.example\r\n"

static void test_origin_is_asked_by_routes_that_want_it_and_by_every_upgrade(void **state)
{
    static const struct pl_str items[] = {PL_STR_INIT("https://good.example")};
    static const struct {
        const char *request;
        const char *answer;
        int refusals;
    } rows[] = {
        {"GET /plain HTTP/1.1\r\nHost: a\r\n" EVIL "\r\n", "HTTP/1.1 200 ", 0},
        {"GET /strict HTTP/1.1\r\nHost: a\r\n" EVIL "\r\n", "{\"own\":\"form\"}", 1},
        {"GET /strict HTTP/1.1\r\nHost: a\r\n" GOOD "\r\n", "HTTP/1.1 200 ", 0},
        {"GET /strict HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 ", 0},
        {"GET /ws HTTP/1.1\r\n" UPGRADE EVIL "\r\n", "HTTP/1.1 403 ", 1},
        {"GET /ws HTTP/1.1\r\n" UPGRADE GOOD "\r\n", "HTTP/1.1 200 ", 0},
        {"GET /ws HTTP/1.1\r\n" UPGRADE "\r\n", "HTTP/1.1 200 ", 0},
        {"GET /ws HTTP/1.1\r\nHost: a\r\n" EVIL "\r\n", "HTTP/1.1 200 ", 0}, /* no upgrade */
    };
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    pl_web_set_origins(fixture.web, items, PL_ARRAY_LEN(items));
    assert_int_equal(
        pl_web_route_add(fixture.web,
                         &(struct pl_route){.path = PL_STR("/plain"), .on_request = on_allowed},
                         NULL),
        0);
    assert_int_equal(pl_web_route_add(fixture.web,
                                      &(struct pl_route){.path = PL_STR("/strict"),
                                                         .on_request = on_allowed,
                                                         .on_foreign = on_foreign},
                                      NULL),
                     0);
    assert_int_equal(pl_web_route_add(fixture.web,
                                      &(struct pl_route){.path = PL_STR("/ws"),
                                                         .on_request = on_allowed,
                                                         .on_upgrade = on_allowed},
                                      NULL),
                     0);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct client client;
        int64_t before = pl_metrics_get(&fixture.metrics, PL_METRIC_REFUSED_ORIGIN);
        ask(&fixture, &client, rows[i].request);
        if (!client_has(&client, rows[i].answer) ||
            pl_metrics_get(&fixture.metrics, PL_METRIC_REFUSED_ORIGIN) - before !=
                rows[i].refusals) {
            fail_msg("row %zu: " PL_STR_FMT, i, PL_STR_ARG(pl_buf_str(&client.got)));
        }
        client_close(&client, &fixture);
    }
    fixture_fini(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_origin_list_says_who_is_allowed),
        cmocka_unit_test(test_origin_list_is_a_union),
        cmocka_unit_test(test_origin_mistakes_are_named),
        cmocka_unit_test(test_origin_is_asked_by_routes_that_want_it_and_by_every_upgrade),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
