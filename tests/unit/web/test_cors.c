/* CORS: policy and request against the header lines, and where a server adds them. */
#include "fixture.h"

#include "web/cors.h"

#define ORIGIN "Origin: https://a.example\r\n"

static const struct pl_str any[] = {PL_STR_INIT("*")};
static const struct pl_str reflect[] = {PL_STR_INIT("true")};
static const struct pl_str fixed[] = {PL_STR_INIT("https://fixed.example")};
static const struct pl_str list[] = {PL_STR_INIT("https://b.example"),
                                     PL_STR_INIT("https://a.example")};

struct row {
    struct pl_cors cors;
    const char *headers;
    bool is_preflight;
    const char *expected;
};

static const struct row rows[] = {
    {{.origins = any, .origin_count = 1}, ORIGIN, false, "Access-Control-Allow-Origin: *\r\n"},
    {{.origins = any, .origin_count = 1}, "", false, "Access-Control-Allow-Origin: *\r\n"},
    {{.origins = reflect, .origin_count = 1},
     ORIGIN,
     false,
     "Access-Control-Allow-Origin: https://a.example\r\nVary: Origin\r\n"},
    {{.origins = reflect, .origin_count = 1}, "", false, "Vary: Origin\r\n"},
    {{.origins = fixed, .origin_count = 1},
     ORIGIN,
     false,
     "Access-Control-Allow-Origin: https://fixed.example\r\nVary: Origin\r\n"},
    {{.origins = list, .origin_count = 2},
     ORIGIN,
     false,
     "Access-Control-Allow-Origin: https://a.example\r\nVary: Origin\r\n"},
    {{.origins = list, .origin_count = 2, .has_credentials = true},
     "Origin: https://evil.example\r\n",
     false,
     "Vary: Origin\r\nAccess-Control-Allow-Credentials: true\r\n"},
    {{.origins = any, .origin_count = 1, .exposed_headers = PL_STR_INIT("X-A")},
     "",
     false,
     "Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: X-A\r\n"},
    {{.origins = any, .origin_count = 1, .exposed_headers = PL_STR_INIT("X-A")},
     "Access-Control-Request-Headers: x-b, x-c\r\n",
     true,
     "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: "
     "GET,HEAD,PUT,PATCH,POST,DELETE\r\n"
     "Vary: Access-Control-Request-Headers\r\nAccess-Control-Allow-Headers: x-b, x-c\r\n"},
    {{.origins = any,
      .origin_count = 1,
      .methods = PL_STR_INIT("GET,POST"),
      .allowed_headers = PL_STR_INIT("X-D"),
      .max_age_s = 600},
     "",
     true,
     "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: GET,POST\r\n"
     "Access-Control-Allow-Headers: X-D\r\nAccess-Control-Max-Age: 600\r\n"},
};

static void test_cors_headers_follow_the_policy(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_http_request request;
        struct pl_buf out;
        char text[512];
        int len =
            snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", rows[i].headers);
        assert_true(pl_http_request_read(&request, pl_str_make(text, (size_t)len), 4096, NULL) > 0);
        pl_buf_init(&out, 4096);
        if (rows[i].is_preflight) {
            pl_cors_write_preflight(&out, &rows[i].cors, &request);
        } else {
            pl_cors_write(&out, &rows[i].cors, &request);
        }
        if (!pl_str_eq(pl_buf_str(&out), pl_str_of_cstr(rows[i].expected))) {
            fail_msg("row %zu: " PL_STR_FMT, i, PL_STR_ARG(pl_buf_str(&out)));
        }
        pl_buf_fini(&out);
    }
}

static void on_request(struct pl_web_request *request, void *user)
{
    (void)user;
    pl_web_respond_empty(request, 200);
}

static void test_cors_is_on_every_answer_and_preflights_come_first(void **state)
{
    static const struct {
        const char *request;
        const char *status;
    } asked[] = {
        {"GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 "},
        {"DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 405 "},
        {"GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", "HTTP/1.1 413 "},
        {"OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 204 "},
        {"OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n", "\r\nContent-Length: 0\r\n"},
        {"OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n", "Access-Control-Allow-Methods: "},
    };
    static const struct pl_cors cors = {.origins = any, .origin_count = 1};
    struct pl_route route = {.path = PL_STR("/x"), .methods = 1u << PL_HTTP_GET, .cors = &cors};
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    route.on_request = on_request;
    assert_int_equal(pl_web_route_add(fixture.web, &route, NULL), 0);
    for (size_t i = 0; i < PL_ARRAY_LEN(asked); i++) {
        struct client client;
        ask(&fixture, &client, asked[i].request);
        if (!client_has(&client, asked[i].status) ||
            !client_has(&client, "Access-Control-Allow-Origin: *\r\n")) {
            fail_msg("row %zu: " PL_STR_FMT, i, PL_STR_ARG(pl_buf_str(&client.got)));
        }
        client_close(&client, &fixture);
    }
    fixture_fini(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cors_headers_follow_the_policy),
        cmocka_unit_test(test_cors_is_on_every_answer_and_preflights_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
