/* WebSockets on connections: the handshake, messages, pings, and every way to end. */
#include "fixture.h"

#include "web/cors.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define UPGRADE                                                                                    \
    "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"                 \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "\r\n\r\n"
#define ACCEPTED                                                                                   \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"            \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-Extra: 1\r\n\r\n"
#define MASK "\0\0\0\0" /* of zeroes: payloads stand as they are */

struct app {
    struct fixture fixture;
    struct client client;
    struct pl_web_request *kept;
    struct pl_ws *ws;
    bool waits;
    int message_count;
    int pong_count;
    int closed_count;
    uint16_t closed_code;
    enum pl_conn_end closed_end;
    char closed_reason[128];
};

/* Answers messages; some of them are commands. */
static struct pl_sink *sink_of(struct app *app)
{
    return pl_fanout_find(&app->fixture.fanout, pl_ws_sink(app->ws));
}

static void on_message(struct pl_ws *ws, bool is_text, struct pl_span bytes)
{
    struct app *app = pl_ws_user(ws);
    struct pl_str text = pl_str_of_span(bytes);
    app->message_count++;
    if (pl_str_eq(text, PL_STR("close"))) {
        pl_ws_close(ws, 4001, PL_STR("asked"));
        assert_int_equal(app->closed_count, 1);
        assert_memory_equal(bytes.ptr, "close", 5); /* still there */
    } else if (pl_str_eq(text, PL_STR("abort"))) {
        pl_ws_abort(ws);
        assert_int_equal(app->closed_count, 1);
        assert_memory_equal(bytes.ptr, "abort", 5);
    } else if (pl_str_eq(text, PL_STR("pause"))) {
        sink_of(app)->ops->pause(sink_of(app));
    } else {
        pl_ws_send(ws, is_text, text);
    }
}

static void on_pong(struct pl_ws *ws, struct pl_span payload)
{
    struct app *app = pl_ws_user(ws);
    app->pong_count++;
    assert_int_equal(payload.len, 2);
}

static void on_closed(struct pl_ws *ws, uint16_t code, struct pl_str reason, enum pl_conn_end end)
{
    struct app *app = pl_ws_user(ws);
    app->closed_count++;
    app->closed_code = code;
    app->closed_end = end;
    app->ws = NULL;
    snprintf(app->closed_reason, sizeof(app->closed_reason), PL_STR_FMT, PL_STR_ARG(reason));
}

static const struct pl_ws_handler handler = {
    .on_message = on_message, .on_pong = on_pong, .on_closed = on_closed};

static void accept_upgrade(struct app *app, struct pl_web_request *request)
{
    struct pl_ws_params params = {.handler = &handler,
                                  .user = app,
                                  .message_limit_bytes = 100000,
                                  .send_limit_bytes = 300000};
    assert_int_equal(pl_web_request_add_header(request, PL_STR("X-Extra"), PL_STR("1"), NULL), 0);
    assert_int_equal(pl_web_accept_websocket(&app->ws, request, &params, NULL), 0);
    assert_true(pl_web_request_is_answered(request));
}

static void on_upgrade(struct pl_web_request *request, void *user)
{
    struct app *app = user;
    if (app->waits) {
        app->kept = request;
    } else {
        accept_upgrade(app, request);
    }
}

static void on_request(struct pl_web_request *request, void *user)
{
    (void)user;
    pl_web_respond_text(request, 200, PL_STR("plain"));
}

static int setup(void **state)
{
    struct app *app = pl_alloc(sizeof(*app));
    struct pl_route route = {.path = PL_STR("/ws"), .owner = "test", .user = app};
    fixture_init(&app->fixture);
    route.on_request = on_request;
    route.on_upgrade = on_upgrade;
    assert_int_equal(pl_web_route_add(app->fixture.web, &route, NULL), 0);
    route.path = PL_STR("/plain");
    route.on_upgrade = NULL;
    assert_int_equal(pl_web_route_add(app->fixture.web, &route, NULL), 0);
    client_open(&app->client, &app->fixture);
    *state = app;
    return 0;
}

static int teardown(void **state)
{
    struct app *app = *state;
    client_close(&app->client, &app->fixture);
    fixture_fini(&app->fixture);
    pl_free(app);
    return 0;
}

/* Handshake done, nothing received. */
static struct app *start(void **state)
{
    struct app *app = *state;
    client_send(&app->client, PL_STR(UPGRADE));
    settle(&app->fixture, &app->client);
    assert_true(pl_str_eq(pl_buf_str(&app->client.got), PL_STR(ACCEPTED)));
    pl_buf_clear(&app->client.got);
    return app;
}

static void say(struct app *app, struct pl_str bytes)
{
    client_send(&app->client, bytes);
    settle(&app->fixture, &app->client);
}

static void check_got(struct app *app, struct pl_str expected)
{
    if (!pl_str_eq(pl_buf_str(&app->client.got), expected)) {
        fail_msg("got %zu bytes, expected %zu", app->client.got.len, expected.len);
    }
    pl_buf_clear(&app->client.got);
}

static void check_closed(const struct app *app, uint16_t code, const char *reason,
                         enum pl_conn_end end)
{
    assert_int_equal(app->closed_count, 1);
    assert_int_equal(app->closed_code, code);
    assert_string_equal(app->closed_reason, reason);
    assert_int_equal(app->closed_end, end);
}

static void test_ws_echoes_messages_and_answers_pings(void **state)
{
    struct app *app = start(state);
    say(app, PL_STR("\x81\x82" MASK "hi\x82\x81" MASK "\xff\x89\x82" MASK "pp\x8a\x82" MASK "po"));
    check_got(app, PL_STR("\x81\x02hi\x82\x01\xff\x8a\x02pp"));
    assert_int_equal(app->pong_count, 1);
    say(app, PL_STR("\x01\x81" MASK "a\x89\x80" MASK "\x80\x81" MASK
                    "b")); /* a ping between fragments */
    check_got(app, PL_STR("\x8a\x00\x81\x02"
                          "ab"));
    pl_ws_ping(app->ws, PL_STR("x"));
    settle(&app->fixture, &app->client);
    check_got(app, PL_STR("\x89\x01x"));
    assert_int_equal(pl_metrics_get(&app->fixture.metrics, PL_METRIC_WEBSOCKET_MESSAGES_IN), 3);
    assert_int_equal(pl_metrics_get(&app->fixture.metrics, PL_METRIC_WEBSOCKET_BYTES_OUT), 5);
}

static void test_ws_same_at_every_cut(void **state)
{
    static const char input[] =
        UPGRADE "\x81\x82" MASK "hi\x89\x80" MASK "\x88\x82" MASK "\x03\xe8";
    struct app *app = *state;
    struct pl_str bytes = pl_str_make(input, sizeof(input) - 1);
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        struct client client;
        app->closed_count = 0;
        client_open(&client, &app->fixture);
        client_send(&client, pl_str_first(bytes, cut));
        settle(&app->fixture, &client);
        client_send(&client, pl_str_from(bytes, cut));
        settle(&app->fixture, &client);
        assert_true(pl_str_eq(pl_buf_str(&client.got),
                              PL_STR(ACCEPTED "\x81\x02hi\x8a\x00\x88\x02\x03\xe8")));
        assert_true(client.has_ended);
        check_closed(app, 1000, "", PL_CONN_END_PEER);
        client_close(&client, &app->fixture);
    }
}

static void test_ws_accepted_later_shows_what_came_meanwhile(void **state)
{
    struct app *app = *state;
    app->waits = true;
    say(app, PL_STR(UPGRADE "\x81\x82" MASK "hi"));
    assert_int_equal(app->client.got.len, 0);
    accept_upgrade(app, app->kept);
    assert_int_equal(app->message_count, 0);
    settle(&app->fixture, &app->client);
    check_got(app, PL_STR(ACCEPTED "\x81\x02hi"));
}

static void test_ws_handshake_refusals(void **state)
{
    static const struct {
        const char *request;
        const char *part;
    } rows[] = {
        {"GET /ws HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\nplain"},
        {"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
         "\r\n\r\nplain"},
        {"GET /plain HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
         "\r\n\r\nplain"},
        {"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: " KEY "\r\n\r\n",
         "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\n"},
        {"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: abc\r\n\r\n",
         "HTTP/1.1 400 Bad Request\r\n"},
        {"POST /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "\r\n\r\n",
         "HTTP/1.1 400 Bad Request\r\n"},
    };
    struct app *app = *state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct client client;
        ask(&app->fixture, &client, rows[i].request);
        if (!client_has(&client, rows[i].part)) {
            fail_msg("row %zu: " PL_STR_FMT, i, PL_STR_ARG(pl_buf_str(&client.got)));
        }
        client_close(&client, &app->fixture);
    }
}

static void test_ws_close_of_the_peer_is_echoed_behind_what_is_queued(void **state)
{
    struct app *app = start(state);
    say(app, PL_STR("\x81\x82" MASK "hi\x88\x85" MASK "\x0f\xa1"
                    "bye"));
    check_got(app, PL_STR("\x81\x02hi\x88\x05\x0f\xa1"
                          "bye"));
    check_closed(app, 4001, "bye", PL_CONN_END_PEER);
    assert_true(app->client.has_ended);
}

static void test_ws_empty_close_is_answered_by_an_empty_one(void **state)
{
    struct app *app = start(state);
    say(app, PL_STR("\x88\x80" MASK));
    check_got(app, PL_STR("\x88\x00"));
    check_closed(app, 1005, "", PL_CONN_END_PEER);
}

static void test_ws_violations_are_closed_with_their_code(void **state)
{
    static const struct {
        struct pl_str input;
        uint16_t code;
    } rows[] = {
        {PL_STR_INIT("\x81\x02hi"), 1002},                          /* unmasked */
        {PL_STR_INIT("\xc1\x80" MASK), 1002},                       /* reserved bit */
        {PL_STR_INIT("\x83\x80" MASK), 1002},                       /* reserved opcode */
        {PL_STR_INIT("\x80\x80" MASK), 1002},                       /* continuation of nothing */
        {PL_STR_INIT("\x81\x81" MASK "\xff"), 1007},                /* not UTF-8 */
        {PL_STR_INIT("\x82\xff\0\0\0\0\0\x01\x86\xa1" MASK), 1009}, /* 100,001 bytes */
        {PL_STR_INIT("\x88\x82" MASK "\x03\xed"), 1002},            /* close code 1005 */
        {PL_STR_INIT("\x88\x81" MASK "\x03"), 1002},                /* half a code */
    };
    struct app *app = *state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct client client;
        app->closed_count = 0;
        ask(&app->fixture, &client, UPGRADE);
        pl_buf_clear(&client.got);
        client_send(&client, rows[i].input);
        settle(&app->fixture, &client);
        assert_int_equal(app->closed_count, 1);
        assert_int_equal(app->closed_code, rows[i].code);
        assert_int_equal(app->closed_end, PL_CONN_END_ERROR);
        assert_true(client.got.len > 4);
        assert_int_equal(client.got.ptr[0], 0x88);
        assert_int_equal(client.got.ptr[2] << 8 | client.got.ptr[3], rows[i].code);
        assert_true(client.has_ended);
        client_close(&client, &app->fixture);
    }
}

static void test_ws_close_of_ours_waits_for_the_answer(void **state)
{
    struct app *app = start(state);
    pl_ws_send(app->ws, true, PL_STR("last"));
    pl_ws_close(app->ws, 1001, PL_STR("away"));
    check_closed(app, 1001, "away", PL_CONN_END_LOCAL);
    settle(&app->fixture, &app->client);
    check_got(app, PL_STR("\x81\x04last\x88\x06\x03\xe9"
                          "away"));
    assert_false(app->client.has_ended);
    say(app, PL_STR("\x81\x82" MASK "hi\x89\x80" MASK)); /* no longer of interest */
    assert_int_equal(app->message_count, 0);
    say(app, PL_STR("\x88\x82" MASK "\x03\xe9"));
    check_got(app, PL_STR(""));
    assert_true(app->client.has_ended);
    assert_int_equal(app->closed_count, 1);
}

static void test_ws_message_that_does_not_end_is_closed(void **state)
{
    struct app *app = start(state);
    app->fixture.conns.bytes_per_second_min = 100;
    say(app, PL_STR("\x01\x82" MASK "hi")); /* the first of some fragments */
    advance(&app->fixture, &app->client, WS_MESSAGE_MS - 100);
    say(app, PL_STR("\x00\x81" MASK "x")); /* earns 10 ms and a little */
    say(app, PL_STR("\x89\x80" MASK));     /* a ping is no excuse */
    check_got(app, PL_STR("\x8a\x00"));
    assert_int_equal(app->closed_count, 0);
    advance(&app->fixture, &app->client, 300);
    check_closed(app, 1008, "message took too long", PL_CONN_END_ERROR);
    assert_int_equal(pl_metrics_get(&app->fixture.metrics, PL_METRIC_REFUSED_MESSAGE_TIMEOUT), 1);
}

static void test_ws_message_may_take_its_time_as_long_as_it_moves(void **state)
{
    struct app *app = start(state);
    char piece[1000];
    memset(piece, 'x', sizeof(piece));
    app->fixture.conns.bytes_per_second_min = 100;
    say(app, PL_STR("\x82\xfe\x4e\x20" MASK)); /* 20,000 bytes in one frame */
    for (int i = 0; i < 20; i++) {
        advance(&app->fixture, &app->client, WS_MESSAGE_MS - 100);
        say(app, pl_str_make(piece, sizeof(piece)));
        assert_int_equal(app->closed_count, 0);
    }
    assert_int_equal(app->message_count, 1);
    advance(&app->fixture, &app->client, 10 * WS_MESSAGE_MS); /* nothing is begun: nothing is due */
    assert_int_equal(app->closed_count, 0);
}

/* While the handler lets the peer wait, the rest of its message cannot be read. */
static void test_ws_message_is_not_late_while_nothing_is_read(void **state)
{
    struct app *app = start(state);
    say(app, PL_STR("\x81\x85" MASK "pause\x81\x83" MASK "a"));
    advance(&app->fixture, &app->client, 10 * WS_MESSAGE_MS);
    assert_int_equal(app->closed_count, 0);
    sink_of(app)->ops->resume(sink_of(app));
    settle(&app->fixture, &app->client);
    say(app, PL_STR("bc"));
    assert_int_equal(app->message_count, 2);
}

static void test_ws_close_of_ours_does_not_wait_for_ever(void **state)
{
    struct app *app = start(state);
    pl_ws_close(app->ws, 1005, PL_STR(""));
    settle(&app->fixture, &app->client);
    check_got(app, PL_STR("\x88\x00"));
    assert_false(app->client.has_ended);
    advance(&app->fixture, &app->client, WS_CLOSE_MS + 1);
    assert_true(app->client.has_ended);
    assert_int_equal(app->closed_count, 1);
}

static void test_ws_close_inside_on_message_is_safe(void **state)
{
    struct app *app = start(state);
    /* assembled from fragments: its memory is the decoder's */
    say(app, PL_STR("\x01\x82" MASK "cl\x80\x83" MASK "ose\x81\x82" MASK "no"));
    check_got(app, PL_STR("\x88\x07\x0f\xa1"
                          "asked"));
    check_closed(app, 4001, "asked", PL_CONN_END_LOCAL);
    assert_int_equal(app->message_count, 1);
}

static void test_ws_abort_inside_on_message_is_safe(void **state)
{
    struct app *app = start(state);
    say(app, PL_STR("\x01\x82" MASK "ab\x80\x83" MASK "ort\x81\x82" MASK "no"));
    check_closed(app, 1006, "", PL_CONN_END_LOCAL);
    assert_int_equal(app->message_count, 1);
    assert_true(app->client.has_ended);
    assert_int_equal(app->fixture.conns.count, 0);
}

static void test_ws_lost_connection_is_1006(void **state)
{
    struct app *app = start(state);
    shutdown(app->client.fd, SHUT_WR);
    settle(&app->fixture, &app->client);
    check_closed(app, 1006, "", PL_CONN_END_PEER);
    assert_int_equal(app->fixture.conns.count, 0);
}

static void test_ws_pause_stops_inside_one_piece_of_input(void **state)
{
    struct app *app = start(state);
    say(app, PL_STR("\x81\x85" MASK "pause\x81\x81" MASK "1\x81\x81" MASK "2"));
    assert_int_equal(app->message_count, 1);
    say(app, PL_STR("\x81\x81" MASK "3"));
    assert_int_equal(app->message_count, 1);
    sink_of(app)->ops->resume(sink_of(app));
    settle(&app->fixture, &app->client);
    check_got(app, PL_STR("\x81\x01"
                          "1\x81\x01"
                          "2\x81\x01"
                          "3"));
}

static void test_ws_close_while_paused_still_sees_the_answer(void **state)
{
    struct app *app = start(state);
    say(app, PL_STR("\x81\x85" MASK "pause\x81\x81" MASK "1"));
    sink_of(app)->ops->close(sink_of(app), 1000, PL_STR(""));
    say(app, PL_STR("\x88\x82" MASK "\x03\xe8"));
    assert_int_equal(app->message_count, 1);
    assert_true(app->client.has_ended);
}

static void test_ws_turn_takes_its_share_only(void **state)
{
    struct app *app = start(state);
    pl_loop_set_input_slice(app->fixture.loop, 2, 1000000);
    client_send(&app->client, PL_STR("\x81\x80" MASK "\x81\x80" MASK "\x81\x80" MASK "\x81\x80" MASK
                                     "\x81\x80" MASK));
    turns(&app->fixture, 1);
    assert_int_equal(app->message_count, 2);
    turns(&app->fixture, 1);
    assert_int_equal(app->message_count, 4);
    turns(&app->fixture, 1);
    assert_int_equal(app->message_count, 5);
}

static void test_ws_slow_consumer_is_closed_as_overflow(void **state)
{
    struct app *app = start(state);
    char *text = pl_alloc(60000);
    memset(text, 'x', 60000);
    for (int i = 0; i < 100 && app->closed_count == 0; i++) {
        pl_ws_send(app->ws, true, pl_str_make(text, 60000));
        turns(&app->fixture, 1); /* the client does not read */
    }
    check_closed(app, 1006, "", PL_CONN_END_OVERFLOW);
    assert_int_equal(app->fixture.conns.count, 0);
    pl_free(text);
}

static void test_ws_failing_allocations_close_at_most(void **state)
{
    struct app *app = *state;
    for (uint64_t nth = 1; nth < 12; nth++) {
        struct client client;
        app->closed_count = 0;
        ask(&app->fixture, &client, UPGRADE);
        pl_buf_clear(&client.got);
        pl_try_alloc_fail_at(nth);
        client_send(&client, PL_STR("\x01\x81" MASK "a"));
        turns(&app->fixture, 2);
        client_send(&client, PL_STR("\x80\x81" MASK "b\x89\x80" MASK "\x88\x80" MASK));
        turns(&app->fixture, 4);
        pl_try_alloc_fail_at(0);
        settle(&app->fixture, &client);
        assert_int_equal(app->closed_count, 1);
        assert_true(client.has_ended);
        client_close(&client, &app->fixture);
    }
    assert_int_equal(app->fixture.conns.count, 1); /* the one of setup */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_ws_echoes_messages_and_answers_pings),
        TEST(test_ws_same_at_every_cut),
        TEST(test_ws_accepted_later_shows_what_came_meanwhile),
        TEST(test_ws_handshake_refusals),
        TEST(test_ws_close_of_the_peer_is_echoed_behind_what_is_queued),
        TEST(test_ws_empty_close_is_answered_by_an_empty_one),
        TEST(test_ws_violations_are_closed_with_their_code),
        TEST(test_ws_close_of_ours_waits_for_the_answer),
        TEST(test_ws_message_that_does_not_end_is_closed),
        TEST(test_ws_message_may_take_its_time_as_long_as_it_moves),
        TEST(test_ws_message_is_not_late_while_nothing_is_read),
        TEST(test_ws_close_of_ours_does_not_wait_for_ever),
        TEST(test_ws_close_inside_on_message_is_safe),
        TEST(test_ws_abort_inside_on_message_is_safe),
        TEST(test_ws_lost_connection_is_1006),
        TEST(test_ws_pause_stops_inside_one_piece_of_input),
        TEST(test_ws_close_while_paused_still_sees_the_answer),
        TEST(test_ws_turn_takes_its_share_only),
        TEST(test_ws_slow_consumer_is_closed_as_overflow),
        TEST(test_ws_failing_allocations_close_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
