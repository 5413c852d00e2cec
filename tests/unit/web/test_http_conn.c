/* HTTP on connections: whole exchanges, cut at every place;
 * pipelining, limits, deadlines, aborts. */
#include "fixture.h"

#define OK_HEAD(length) "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n" length
#define KEEP "Connection: keep-alive\r\n\r\n"
#define CLOSE "Connection: close\r\n\r\n"

#define BIG_BYTES 1000000

struct app {
    struct fixture fixture;
    struct pl_web_request *kept;
    int abort_count;
    int head_count;
};

static void on_hello(struct pl_web_request *request, void *user)
{
    (void)user;
    pl_web_respond_text(request, 200, PL_STR("hello"));
}

static void on_echo(struct pl_web_request *request, void *user)
{
    (void)user;
    pl_web_respond_text(request, 200, pl_str_of_span(pl_web_request_body(request)));
}

static void on_big(struct pl_web_request *request, void *user)
{
    static const char big[BIG_BYTES];
    (void)user;
    pl_web_respond_text(request, 200, pl_str_make(big, sizeof(big)));
}

static void on_abort(struct pl_web_request *request, void *user)
{
    struct app *app = user;
    app->abort_count++;
    pl_web_respond_text(request, 200, PL_STR("too late: nothing is sent"));
    app->kept = NULL;
}

static void on_later(struct pl_web_request *request, void *user)
{
    struct app *app = user;
    pl_web_request_on_abort(request, on_abort, user);
    app->kept = request;
}

static void on_upload_head(struct pl_web_request *request, void *user)
{
    struct app *app = user;
    app->head_count++;
    pl_web_request_on_abort(request, on_abort, user);
    if (pl_http_header_find(pl_web_request_head(request), PL_STR("x-deny")).ptr != NULL) {
        pl_web_respond_text(request, 403, PL_STR("no"));
    }
}

static void add_route(struct app *app, struct pl_route route)
{
    route.user = app;
    route.owner = "test";
    assert_int_equal(pl_web_route_add(app->fixture.web, &route, NULL), 0);
}

static int setup(void **state)
{
    struct app *app = pl_alloc(sizeof(*app));
    fixture_init(&app->fixture);
    add_route(app, (struct pl_route){.path = PL_STR("/hello"),
                                     .methods = 1u << PL_HTTP_GET,
                                     .on_request = on_hello});
    add_route(app, (struct pl_route){.path = PL_STR("/big"), .on_request = on_big});
    add_route(app, (struct pl_route){.path = PL_STR("/echo"),
                                     .methods = 1u << PL_HTTP_POST,
                                     .body_limit_bytes = 16,
                                     .too_big = {"application/json", "{\"big\":1}"},
                                     .on_request = on_echo});
    add_route(app, (struct pl_route){
                       .path = PL_STR("/later"), .body_limit_bytes = 16, .on_request = on_later});
    add_route(app, (struct pl_route){.path = PL_STR("/upload"),
                                     .body_limit_bytes = 200000,
                                     .on_head = on_upload_head,
                                     .on_request = on_echo});
    *state = app;
    return 0;
}

static int teardown(void **state)
{
    struct app *app = *state;
    fixture_fini(&app->fixture);
    pl_free(app);
    return 0;
}

struct exchange {
    const char *input;
    const char *output; /* without Date */
    bool closes;
};

static const struct exchange exchanges[] = {
    {"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", OK_HEAD("Content-Length: 5\r\n") KEEP "hello",
     false},
    {"\r\nGET /hello?x=1 HTTP/1.1\r\nHost: a\r\n\r\n",
     OK_HEAD("Content-Length: 5\r\n") KEEP "hello", false},
    {"HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n", OK_HEAD("Content-Length: 5\r\n") KEEP, false},
    {"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
     OK_HEAD("Content-Length: 5\r\n") CLOSE "hello", true},
    {"GET /hello HTTP/1.0\r\n\r\n", OK_HEAD("Content-Length: 5\r\n") CLOSE "hello", true},
    {"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
     OK_HEAD("Content-Length: 5\r\n") KEEP "hello", false},
    {"GET /none HTTP/1.1\r\nHost: a\r\n\r\n",
     "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
     "9\r\n" KEEP "Not Found",
     false},
    {"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
     "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\n" KEEP, false},
    {"POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /hello HTTP/1.1\r\nHost: "
     "a\r\n\r\n",
     "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
     "9\r\n" KEEP "Not Found" OK_HEAD("Content-Length: 5\r\n") KEEP "hello",
     false},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody",
     OK_HEAD("Content-Length: 4\r\n") KEEP "body", false},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
     "chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n",
     OK_HEAD("Content-Length: 5\r\n") KEEP "abcde", false},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1GET /hello HTTP/1.1\r\nHost: "
     "a\r\n\r\n"
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n22",
     OK_HEAD("Content-Length: 1\r\n") KEEP "1" OK_HEAD("Content-Length: 5\r\n") KEEP
     "hello" OK_HEAD("Content-Length: 2\r\n") CLOSE "22",
     true},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n",
     "HTTP/1.1 413 Content Too Large\r\nContent-Type: application/json\r\nContent-Length: "
     "9\r\n" CLOSE "{\"big\":1}",
     true},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n8\r\n",
     "HTTP/1.1 413 Content Too Large\r\nContent-Type: application/json\r\nContent-Length: "
     "9\r\n" CLOSE "{\"big\":1}",
     true},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
     "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
     "11\r\n" CLOSE "Bad Request",
     true},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
     "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
     "11\r\n" CLOSE "Bad Request",
     true},
    {"GET /hello HTTP/1.1\r\n\r\n",
     "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
     "11\r\n" CLOSE "Bad Request",
     true},
    {"GET /hello?\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
     "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
     "11\r\n" CLOSE "Bad Request",
     true},
    {"GET /none?\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
     "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
     "11\r\n" CLOSE "Bad Request",
     true},
    {"GET /hello HTTP/2.0\r\n\r\n",
     "HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Type: text/plain; "
     "charset=utf-8\r\nContent-Length: 26\r\n" CLOSE "HTTP Version Not Supported",
     true},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: a miracle\r\nContent-Length: 4\r\n\r\n",
     "HTTP/1.1 417 Expectation Failed\r\nContent-Type: text/plain; "
     "charset=utf-8\r\nContent-Length: 18\r\n" CLOSE "Expectation Failed",
     true},
};

static void check_exchange(struct fixture *fixture, const struct exchange *exchange, size_t cut)
{
    struct pl_str input = pl_str_of_cstr(exchange->input);
    struct client client;
    client_open(&client, fixture);
    client_send(&client, pl_str_first(input, cut));
    settle(fixture, &client);
    if (send(client.fd, input.ptr + cut, input.len - cut, MSG_NOSIGNAL) >= 0) {
        settle(fixture, &client);
    }
    drop_dates(&client.got);
    if (!pl_str_eq(pl_buf_str(&client.got), pl_str_of_cstr(exchange->output)) ||
        client.has_ended != exchange->closes) {
        fail_msg("cut %zu of\n%s\ngot (ended %d)\n" PL_STR_FMT, cut, exchange->input,
                 client.has_ended, PL_STR_ARG(pl_buf_str(&client.got)));
    }
    client_close(&client, fixture);
}

static void test_http_exchanges_are_the_same_however_they_are_cut(void **state)
{
    struct app *app = *state;
    for (size_t i = 0; i < PL_ARRAY_LEN(exchanges); i++) {
        size_t len = strlen(exchanges[i].input);
        for (size_t cut = 0; cut <= len; cut++) {
            check_exchange(&app->fixture, &exchanges[i], cut);
        }
    }
    assert_int_equal(app->fixture.conns.count, 0);
}

static void test_http_head_past_the_limit_is_431_and_line_414(void **state)
{
    struct app *app = *state;
    struct client client;
    char *text = pl_alloc(5001);
    memset(text, 'a', 5000);
    memcpy(text, "GET /hello HTTP/1.1\r\nHost: a\r\nX: ", 33);
    ask(&app->fixture, &client, text);
    assert_true(client_has(&client, "HTTP/1.1 431 "));
    client_close(&client, &app->fixture);
    memset(text, 'a', 5000);
    memcpy(text, "GET /", 5);
    ask(&app->fixture, &client, text);
    assert_true(client_has(&client, "HTTP/1.1 414 "));
    assert_true(client.has_ended);
    client_close(&client, &app->fixture);
    pl_free(text);
    assert_int_equal(pl_metrics_get(&app->fixture.metrics, PL_METRIC_REFUSED_HEAD_TOO_BIG), 2);
}

static void test_http_continue_is_sent_when_the_body_is_wanted(void **state)
{
    struct app *app = *state;
    struct client client;
    ask(&app->fixture, &client,
        "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    assert_true(pl_str_eq(pl_buf_str(&client.got), PL_STR("HTTP/1.1 100 Continue\r\n\r\n")));
    client_send(&client, PL_STR("body"));
    settle(&app->fixture, &client);
    assert_true(client_has(&client, "keep-alive\r\n\r\nbody"));
    client_close(&client, &app->fixture);
    ask(&app->fixture, &client,
        "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99\r\n\r\n");
    assert_true(client_has(&client, "HTTP/1.1 413 "));
    assert_false(client_has(&client, "100 Continue"));
    client_close(&client, &app->fixture);
}

static void test_http_answer_at_the_head_drops_a_short_body_and_keeps_the_connection(void **state)
{
    struct app *app = *state;
    struct client client;
    ask(&app->fixture, &client,
        "POST /upload HTTP/1.1\r\nHost: a\r\nX-Deny: 1\r\nContent-Length: 4\r\n\r\n");
    assert_true(client_has(&client, "HTTP/1.1 403 "));
    assert_true(client_has(&client, "keep-alive"));
    client_send(&client, PL_STR("bodyGET /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
    settle(&app->fixture, &client);
    assert_true(client_has(&client, "\r\n\r\nhello"));
    client_close(&client, &app->fixture);
    assert_int_equal(app->abort_count, 0);
}

static void test_http_answer_at_the_head_closes_before_a_long_body(void **state)
{
    struct app *app = *state;
    struct client client;
    ask(&app->fixture, &client,
        "POST /upload HTTP/1.1\r\nHost: a\r\nX-Deny: 1\r\nContent-Length: 200000\r\n\r\n");
    assert_true(client_has(&client, "Connection: close"));
    assert_true(client.has_ended);
    client_close(&client, &app->fixture);
}

static void test_http_request_that_waits_is_answered_later_and_holds_up_the_next(void **state)
{
    struct app *app = *state;
    struct client client;
    ask(&app->fixture, &client,
        "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_non_null(app->kept);
    assert_int_equal(client.got.len, 0);
    advance(&app->fixture, &client, 60000); /* no deadline while the handler has it */
    assert_true(pl_str_eq(pl_web_request_url(app->kept)->path, PL_STR("/later")));
    assert_true(pl_str_eq(pl_web_request_raw_head(app->kept),
                          PL_STR("GET /later HTTP/1.1\r\nHost: a\r\n\r\n")));
    pl_web_respond_json(app->kept, 201, PL_STR("{}"));
    settle(&app->fixture, &client);
    assert_true(client_has(&client, "HTTP/1.1 201 Created\r\n"));
    assert_true(client_has(&client, "{}HTTP/1.1 200 OK\r\n"));
    client_close(&client, &app->fixture);
    assert_int_equal(app->abort_count, 0);
}

static void test_http_request_that_waits_is_aborted_when_its_client_leaves(void **state)
{
    struct app *app = *state;
    struct client client;
    ask(&app->fixture, &client, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    client_close(&client, &app->fixture);
    assert_int_equal(app->abort_count, 1);
    assert_null(app->kept);
    assert_int_equal(app->fixture.conns.count, 0);
}

static void test_http_body_cut_short_is_aborted(void **state)
{
    struct app *app = *state;
    struct client client;
    ask(&app->fixture, &client, "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    client_close(&client, &app->fixture);
    assert_int_equal(app->head_count, 1);
    assert_int_equal(app->abort_count, 1);
}

static void test_http_body_over_the_limit_is_aborted_and_413(void **state)
{
    struct app *app = *state;
    struct client client;
    char *body = pl_alloc(200010);
    memset(body, 'x', 200003);
    ask(&app->fixture, &client,
        "POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n30D41\r\n");
    assert_int_equal(app->abort_count, 1);
    assert_true(client_has(&client, "HTTP/1.1 413 "));
    assert_true(client_has(&client, "Content-Length: 0\r\n"));
    assert_false(client_has(&client, "too late"));
    client_close(&client, &app->fixture);
    pl_free(body);
}

static void test_http_slow_heads_and_bodies_are_408(void **state)
{
    struct app *app = *state;
    struct client client;
    ask(&app->fixture, &client, "GET /hello HT");
    advance(&app->fixture, &client, HEADER_TIMEOUT_MS - 100);
    client_send(&client, PL_STR("TP/1.1\r\n")); /* a byte now and then is no excuse */
    settle(&app->fixture, &client);
    assert_int_equal(client.got.len, 0);
    advance(&app->fixture, &client, 200);
    assert_true(client_has(&client, "HTTP/1.1 408 "));
    assert_true(client.has_ended);
    client_close(&client, &app->fixture);

    ask(&app->fixture, &client, "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    advance(&app->fixture, &client, BODY_TIMEOUT_MS - 100);
    client_send(&client, PL_STR("d"));
    settle(&app->fixture, &client);
    advance(&app->fixture, &client, BODY_TIMEOUT_MS - 100);
    assert_int_equal(client.got.len, 0);
    advance(&app->fixture, &client, 200);
    assert_true(client_has(&client, "HTTP/1.1 408 "));
    assert_int_equal(app->abort_count, 1);
    client_close(&client, &app->fixture);
}

/* Below the least rate each byte earns so little that the first deadline holds; at that rate or
 * above a body may take as long as it wants. */
/* A long head is read again only when a line may have ended. */
static void test_http_long_head_in_pieces_of_any_size_is_read(void **state)
{
    struct app *app = *state;
    char head[3500];
    int len =
        snprintf(head, sizeof(head),
                 "GET /hello HTTP/1.1\r\nHost: a\r\nX-Long: %03000d\r\nX-Short: b\r\n\r\n", 1);
    for (size_t step = 1; step <= 2000; step = step * 3 + 1) {
        struct client client;
        client_open(&client, &app->fixture);
        for (size_t at = 0; at < (size_t)len; at += step) {
            assert_int_equal(client.got.len, 0);
            client_send(&client, pl_str_make(head + at, pl_size_min(step, (size_t)len - at)));
            pl_loop_turn(app->fixture.loop, 0);
        }
        settle(&app->fixture, &client);
        assert_true(client_has(&client, "HTTP/1.1 200 "));
        client_close(&client, &app->fixture);
    }
}

static void test_http_long_head_in_drops_has_its_limit(void **state)
{
    struct app *app = *state;
    struct client client;
    ask(&app->fixture, &client, "GET /hello HTTP/1.1\r\nX-Long: ");
    for (int i = 0; i < 5000 && !client.has_ended; i++) {
        client_send(&client, PL_STR("x"));
        pl_loop_turn(app->fixture.loop, 0);
        client_read(&client);
    }
    settle(&app->fixture, &client);
    assert_true(client_has(&client, "HTTP/1.1 431 "));
    client_close(&client, &app->fixture);
}

static void test_http_body_that_trickles_is_408(void **state)
{
    struct app *app = *state;
    struct client client;
    int64_t lived_ms = 0;
    app->fixture.conns.bytes_per_second_min = 100;
    ask(&app->fixture, &client, "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n");
    while (!client.has_ended && lived_ms < 10 * BODY_TIMEOUT_MS) {
        client_send(&client, PL_STR("x")); /* earns 10 of 500 milliseconds */
        advance(&app->fixture, &client, 500);
        lived_ms += 500;
    }
    assert_true(client_has(&client, "HTTP/1.1 408 "));
    assert_in_range(lived_ms, BODY_TIMEOUT_MS, BODY_TIMEOUT_MS + 500);
    assert_int_equal(pl_metrics_get(&app->fixture.metrics, PL_METRIC_REFUSED_BODY_TIMEOUT), 1);
    client_close(&client, &app->fixture);

    ask(&app->fixture, &client, "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n");
    for (int i = 0; i < 18; i++) {
        char piece[50];
        memset(piece, 'x', sizeof(piece));
        assert_int_equal(client.got.len, 0);
        client_send(&client, pl_str_make(piece, sizeof(piece)));
        settle(&app->fixture, &client);
        advance(&app->fixture, &client, 500);
    }
    assert_true(client_has(&client, "HTTP/1.1 200 "));
    client_close(&client, &app->fixture);
}

/* Read `step_bytes` of a big answer every half second; returns whether all of it came. */
static bool big_answer_comes_in_steps(struct app *app, const char *request, size_t step_bytes)
{
    static uint8_t bytes[BIG_BYTES];
    struct client client;
    size_t got_bytes = 0;
    client_open(&client, &app->fixture);
    client_send(&client, pl_str_of_cstr(request));
    for (;;) {
        turns(&app->fixture, 3);
        ssize_t got = recv(client.fd, bytes, step_bytes, 0);
        if (got <= 0) {
            break;
        }
        got_bytes += (size_t)got;
        pl_loop_advance(app->fixture.loop, 500);
    }
    client_close(&client, &app->fixture);
    return got_bytes > BIG_BYTES;
}

static void test_http_answer_taken_too_slowly_is_cut(void **state)
{
    struct app *app = *state;
    const char *keep = "GET /big HTTP/1.1\r\nHost: a\r\n\r\n";
    const char *last = "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    app->fixture.conns.bytes_per_second_min = 10000;
    assert_true(big_answer_comes_in_steps(app, keep, 32768));
    assert_int_equal(pl_metrics_get(&app->fixture.metrics, PL_METRIC_REFUSED_ANSWER_TIMEOUT), 0);
    assert_false(big_answer_comes_in_steps(app, keep, 1000));
    assert_int_equal(pl_metrics_get(&app->fixture.metrics, PL_METRIC_REFUSED_ANSWER_TIMEOUT), 1);
    assert_true(big_answer_comes_in_steps(app, last, 32768));
    assert_false(big_answer_comes_in_steps(app, last, 1000));
}

static void test_http_connection_without_a_request_has_the_time_of_a_head(void **state)
{
    struct app *app = *state;
    struct client client;
    client_open(&client, &app->fixture);
    advance(&app->fixture, &client, HEADER_TIMEOUT_MS - 1);
    assert_false(client.has_ended);
    advance(&app->fixture, &client, 2);
    assert_true(client.has_ended);
    assert_int_equal(client.got.len, 0);
    assert_int_equal(pl_metrics_get(&app->fixture.metrics, PL_METRIC_REFUSED_HEAD_TIMEOUT), 1);
    client_close(&client, &app->fixture);
}

static void test_http_idle_connections_are_closed_without_a_word(void **state)
{
    struct app *app = *state;
    struct client client;
    ask(&app->fixture, &client, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    advance(&app->fixture, &client, KEEP_ALIVE_MS - 500);
    assert_false(client.has_ended);
    advance(&app->fixture, &client, 501);
    assert_true(client.has_ended);
    client_close(&client, &app->fixture);
}

static void test_http_drain_closes_idle_connections_and_marks_answers(void **state)
{
    struct app *app = *state;
    struct client idle;
    struct client busy;
    ask(&app->fixture, &busy, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    client_open(&idle, &app->fixture);
    pl_web_drain(app->fixture.web);
    settle(&app->fixture, &idle);
    assert_true(idle.has_ended);
    pl_web_respond_text(app->kept, 200, PL_STR("bye"));
    settle(&app->fixture, &busy);
    assert_true(client_has(&busy, "Connection: close"));
    assert_true(busy.has_ended);
    client_close(&idle, &app->fixture);
    client_close(&busy, &app->fixture);
}

static void test_http_pipelining_without_reading_is_held_up(void **state)
{
    struct app *app = *state;
    struct client client;
    char *body = pl_alloc(200000);
    memset(body, 'x', 200000);
    client_open(&client, &app->fixture);
    for (int i = 0; i < 40; i++) {
        client_send(&client,
                    PL_STR("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"));
        for (size_t sent = 0; sent < 100000;) {
            ssize_t n = send(client.fd, body, 100000 - sent, MSG_NOSIGNAL);
            sent += n > 0 ? (size_t)n : 0;
            turns(&app->fixture, 1);
            if (n < 0 && app->head_count > 10 && i > 10) {
                goto held_up; /* as it should be */
            }
        }
    }
    fail_msg("40 answers of 100,000 bytes were queued");
held_up:
    assert_true(app->head_count < 20);
    client_close(&client, &app->fixture);
    pl_free(body);
}

static void test_http_headers_of_handlers_cannot_split_the_answer(void **state)
{
    struct app *app = *state;
    struct client client;
    struct pl_web_header headers[] = {
        {PL_STR("X-Good"), PL_STR("1")},
        {PL_STR("X-Bad"), PL_STR("1\r\nX-Evil: 1")},
        {PL_STR("content-length"), PL_STR("99")},
    };
    ask(&app->fixture, &client, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(
        pl_web_request_add_header(app->kept, PL_STR("Set-Cookie"), PL_STR("a=b"), NULL), 0);
    assert_int_equal(pl_web_request_add_header(app->kept, PL_STR("A B"), PL_STR("c"), NULL),
                     PL_E_INVALID);
    pl_web_respond(app->kept,
                   &(struct pl_web_response){
                       .status = 200, .headers = headers, .header_count = 3, .body = PL_STR("x")});
    settle(&app->fixture, &client);
    drop_dates(&client.got);
    assert_true(pl_str_eq(
        pl_buf_str(&client.got),
        PL_STR("HTTP/1.1 200 OK\r\nX-Good: 1\r\nSet-Cookie: a=b\r\nContent-Length: 1\r\n" KEEP
               "x")));
    client_close(&client, &app->fixture);
}

static void test_http_failing_allocations_end_connections_at_most(void **state)
{
    struct app *app = *state;
    for (uint64_t nth = 1; nth < 12; nth++) {
        struct client client;
        client_open(&client, &app->fixture);
        client_send(&client,
                    PL_STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo"));
        pl_try_alloc_fail_at(nth);
        turns(&app->fixture, 2);
        client_send(&client, PL_STR("dy"));
        turns(&app->fixture, 4);
        pl_try_alloc_fail_at(0);
        settle(&app->fixture, &client);
        assert_true(client.has_ended || client_has(&client, "\r\n\r\nbody") ||
                    client_has(&client, " 503 "));
        client_close(&client, &app->fixture);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_http_exchanges_are_the_same_however_they_are_cut),
        TEST(test_http_head_past_the_limit_is_431_and_line_414),
        TEST(test_http_continue_is_sent_when_the_body_is_wanted),
        TEST(test_http_answer_at_the_head_drops_a_short_body_and_keeps_the_connection),
        TEST(test_http_answer_at_the_head_closes_before_a_long_body),
        TEST(test_http_request_that_waits_is_answered_later_and_holds_up_the_next),
        TEST(test_http_request_that_waits_is_aborted_when_its_client_leaves),
        TEST(test_http_body_cut_short_is_aborted),
        TEST(test_http_body_over_the_limit_is_aborted_and_413),
        TEST(test_http_slow_heads_and_bodies_are_408),
        TEST(test_http_long_head_in_pieces_of_any_size_is_read),
        TEST(test_http_long_head_in_drops_has_its_limit),
        TEST(test_http_body_that_trickles_is_408),
        TEST(test_http_answer_taken_too_slowly_is_cut),
        TEST(test_http_connection_without_a_request_has_the_time_of_a_head),
        TEST(test_http_idle_connections_are_closed_without_a_word),
        TEST(test_http_drain_closes_idle_connections_and_marks_answers),
        TEST(test_http_pipelining_without_reading_is_held_up),
        TEST(test_http_headers_of_handlers_cannot_split_the_answer),
        TEST(test_http_failing_allocations_end_connections_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
