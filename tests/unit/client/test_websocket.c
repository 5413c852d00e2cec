/* Plain WebSockets as an application has them: events, attempts, the queue, closing. The servers
 * are the test's; the wire is tested in test_ws.c. */
#include "parley/client_websocket.h"

#include "fake_conn.h"

#include "codec/ws_frame.h"
#include "codec/ws_handshake.h"
#include "codec/ws_mask.h"

#include <stdio.h>

/* What an application does in a callback. */
enum reaction { NOTHING, DESTROY, CLOSE, CONNECT, SEND };

struct app {
    struct parley_client *client;
    struct parley_websocket *websocket;
    struct parley_websocket_config config;
    char log[2000];
    enum parley_client_event_kind react_to;
    enum reaction reaction;
    int reaction_rc;
    enum reaction reaction_to_message;
};

static void react(struct app *app, enum reaction reaction)
{
    switch (reaction) {
    case NOTHING:
        break;
    case DESTROY:
        parley_websocket_destroy(app->websocket);
        app->websocket = NULL;
        break;
    case CLOSE:
        app->reaction_rc = parley_websocket_close(app->websocket, 1000, NULL);
        break;
    case CONNECT:
        app->reaction_rc = parley_websocket_connect(app->websocket);
        break;
    case SEND:
        app->reaction_rc = parley_websocket_send_text(app->websocket, "hi", 2);
        break;
    }
}

static void note(struct app *app, const char *text)
{
    size_t at = strlen(app->log);
    snprintf(app->log + at, sizeof(app->log) - at, "%s\n", text);
}

static void on_event(struct parley_websocket *websocket, const struct parley_client_event *event,
                     void *user)
{
    static const char *const names[] = {
        [PARLEY_CLIENT_CONNECTED] = "connected",
        [PARLEY_CLIENT_CONNECT_FAILED] = "connect_failed",
        [PARLEY_CLIENT_DISCONNECTED] = "disconnected",
        [PARLEY_CLIENT_RECONNECTING] = "reconnecting",
        [PARLEY_CLIENT_GAVE_UP] = "gave_up",
    };
    struct app *app = user;
    char text[300];
    assert_ptr_equal(websocket, app->websocket);
    assert_non_null(event->reason);
    assert_non_null(event->detail);
    snprintf(text, sizeof(text), "%s %s '%s' code=%d attempt=%u delay=%d", names[event->kind],
             parley_client_error_name(event->error), event->reason, event->close_code,
             event->attempt, event->delay_ms);
    note(app, text);
    if (event->kind == app->react_to) {
        enum reaction reaction = app->reaction;
        app->reaction = NOTHING;
        react(app, reaction);
    }
}

static void on_message(struct parley_websocket *websocket, bool is_text, const void *bytes,
                       size_t len, void *user)
{
    struct app *app = user;
    char text[300];
    assert_ptr_equal(websocket, app->websocket);
    snprintf(text, sizeof(text), "%s %.*s", is_text ? "text" : "binary", (int)len,
             (const char *)bytes);
    react(app, app->reaction_to_message);
    note(app, text);
}

static void app_init(struct app *app)
{
    *app = (struct app){.client = fake_client()};
    parley_websocket_config_init(&app->config);
    app->config.on_event = on_event;
    app->config.on_message = on_message;
    app->config.user = app;
}

static void app_create(struct app *app)
{
    assert_int_equal(
        parley_websocket_create(&app->websocket, app->client, "ws://game.example/", &app->config),
        0);
}

static void app_fini(struct app *app)
{
    parley_websocket_destroy(app->websocket);
    fake_client_end(app->client);
}

static void expect(struct app *app, const char *log)
{
    assert_string_equal(app->log, log);
    app->log[0] = '\0';
}

/* The server says yes, with that header line more. */
static void accept_it(struct app *app, const char *more)
{
    char accept[PL_WS_ACCEPT_LEN + 1];
    char text[500];
    struct pl_str sent = pl_buf_str(&world.conn->out);
    struct pl_str name = PL_STR("Sec-WebSocket-Key: ");
    struct pl_ws_acceptor *acceptor = NULL;
    size_t at = 0;
    while (!pl_str_starts_with(pl_str_from(sent, at), name)) {
        at++;
        assert_true(at < sent.len);
    }
    assert_int_equal(pl_ws_acceptor_create(&acceptor, NULL), 0);
    assert_int_equal(pl_ws_accept_key(acceptor, accept,
                                      pl_str_first(pl_str_from(sent, at + name.len), 24), NULL),
                     0);
    pl_ws_acceptor_destroy(acceptor);
    int len = snprintf(text, sizeof(text),
                       "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: %s\r\n%s\r\n",
                       accept, more);
    pl_buf_clear(&world.conn->out);
    fake_feed(pl_str_make(text, (size_t)len));
    fake_tick(app->client, 0);
}

static void connect_it(struct app *app)
{
    assert_int_equal(parley_websocket_connect(app->websocket), 0);
    accept_it(app, "");
    expect(app, "connected OK '' code=0 attempt=0 delay=-1\n");
    assert_true(parley_websocket_is_connected(app->websocket));
}

static void expect_frame(unsigned opcode, const char *payload)
{
    struct pl_ws_header header;
    char text[200];
    ptrdiff_t len = pl_ws_header_read(&header, pl_buf_str(&world.conn->out), PL_WS_SERVER, 0, NULL);
    assert_true(len > 0 && header.payload_len < sizeof(text));
    memcpy(text, world.conn->out.ptr + len, (size_t)header.payload_len);
    text[header.payload_len] = '\0';
    pl_ws_mask_apply((struct pl_span){(uint8_t *)text, (size_t)header.payload_len}, header.key, 0);
    assert_int_equal(header.opcode, opcode);
    assert_string_equal(text, payload);
    pl_buf_consume(&world.conn->out, (size_t)len + (size_t)header.payload_len);
}

static void test_websocket_connects_talks_and_closes(void **state)
{
    (void)state;
    struct app app;
    app_init(&app);
    app.config.protocols = "chat.v1, chat.v2";
    app_create(&app);
    assert_false(parley_websocket_is_connected(app.websocket));
    assert_int_equal(parley_websocket_connect(app.websocket), 0);
    assert_int_equal(parley_websocket_connect(app.websocket), PL_E_STATE);
    accept_it(&app, "Sec-WebSocket-Protocol: chat.v2\r\n");
    expect(&app, "connected OK '' code=0 attempt=0 delay=-1\n");
    assert_string_equal(parley_websocket_protocol(app.websocket), "chat.v2");
    assert_int_equal(parley_websocket_connect(app.websocket), PL_E_STATE);
    assert_int_equal(parley_websocket_send_text(app.websocket, "h\xc3\xa4", 3), 0);
    assert_int_equal(parley_websocket_send_binary(app.websocket, "\xff", 1), 0);
    assert_true(parley_websocket_unsent(app.websocket) > 0);
    expect_frame(PL_WS_TEXT, "h\xc3\xa4");
    expect_frame(PL_WS_BINARY, "\xff");
    fake_feed(PL_STR("\x81\x02hi\x82\x00"));
    assert_int_equal(fake_tick(app.client, 0), 2); /* callbacks */
    expect(&app, "text hi\nbinary \n");
    assert_int_equal(parley_websocket_close(app.websocket, 4000, "bye"), 0);
    expect_frame(PL_WS_CLOSE, "\x0f\xa0"
                              "bye");
    assert_int_equal(parley_websocket_close(app.websocket, 4000, "bye"), PL_E_STATE);
    assert_int_equal(parley_websocket_send_text(app.websocket, "x", 1), PL_E_STATE);
    fake_feed(PL_STR("\x88\x05\x0f\xa0"
                     "bye"));
    fake_tick(app.client, 0);
    expect(&app, "disconnected OK 'bye' code=4000 attempt=0 delay=-1\n");
    assert_string_equal(parley_websocket_protocol(app.websocket), "");
    connect_it(&app); /* and again */
    app_fini(&app);
}

static void test_websocket_misuse_is_refused_in_words(void **state)
{
    (void)state;
    struct app app;
    app_init(&app);
    app_create(&app);
    assert_int_equal(parley_websocket_send_text(app.websocket, "x", 1), PL_E_STATE);
    assert_non_null(strstr(parley_client_error(app.client), "queue_max"));
    assert_int_equal(parley_websocket_close(app.websocket, 1000, NULL), PL_E_STATE);
    connect_it(&app);
    assert_int_equal(parley_websocket_send_text(app.websocket, "\xff", 1), PL_E_UTF8);
    assert_int_equal(parley_websocket_close(app.websocket, 1001, NULL), PL_E_INVALID);
    assert_int_equal(parley_websocket_close(app.websocket, 5000, NULL), PL_E_INVALID);
    assert_int_equal(parley_websocket_close(app.websocket, 1000, "\xff"), PL_E_INVALID);
    char reason[125];
    memset(reason, 'x', 124);
    reason[124] = '\0';
    assert_int_equal(parley_websocket_close(app.websocket, 1000, reason), PL_E_INVALID);
    assert_true(parley_websocket_is_connected(app.websocket));
    app_fini(&app);
}

static void test_websocket_settings_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        struct app app;
        app_init(&app);
        const char *url = "wss://x";
        i == 0 ? (void)(url = "ftp://x") : (void)0;
        i == 1 ? (void)(app.config.protocols = "a b") : (void)0;
        i == 2 ? (void)(app.config.unsent_max = 0) : (void)0;
        i == 3 ? (void)(app.config.close_timeout_ms = -1) : (void)0;
        i == 4 ? (void)(app.config.reconnect.jitter = 2) : (void)0;
        i == 5 ? (void)(app.config.transport.headers = "no colon") : (void)0;
        assert_int_equal(parley_websocket_create(&app.websocket, app.client, url, &app.config),
                         PL_E_INVALID);
        assert_true(strlen(parley_client_error(app.client)) > 0);
        app_fini(&app);
    }
}

static void test_websocket_target_is_the_urls_path_and_query(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"ws://x", "GET / "},
        {"ws://x?a=b", "GET /?a=b "},
        {"http://x/c/d?", "GET /c/d? "},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct app app;
        app_init(&app);
        assert_int_equal(
            parley_websocket_create(&app.websocket, app.client, rows[i][0], &app.config), 0);
        assert_int_equal(parley_websocket_connect(app.websocket), 0);
        assert_true(pl_str_starts_with(pl_buf_str(&world.conn->out), pl_str_of_cstr(rows[i][1])));
        app_fini(&app);
    }
}

static void test_websocket_without_reconnection_fails_once(void **state)
{
    (void)state;
    struct app app;
    app_init(&app);
    app_create(&app);
    assert_int_equal(parley_websocket_connect(app.websocket), 0);
    fake_feed(PL_STR("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"));
    fake_tick(app.client, 0);
    expect(&app, "connect_failed DENIED 'the server answered 403' code=0 attempt=0 delay=-1\n");
    connect_it(&app);
    fake_end(PL_E_IO);
    fake_tick(app.client, 0);
    expect(&app, "disconnected IO 'the test ended it' code=1006 attempt=0 delay=-1\n");
    fake_tick(app.client, 1000000);
    expect(&app, "");
    app_fini(&app);
}

static void test_websocket_attempt_that_takes_too_long_fails(void **state)
{
    (void)state;
    struct app app;
    app_init(&app);
    app.config.transport.connect_timeout_ms = 700;
    app_create(&app);
    assert_int_equal(parley_websocket_connect(app.websocket), 0);
    fake_tick(app.client, 699);
    expect(&app, "");
    fake_tick(app.client, 1);
    expect(&app, "connect_failed TIMEOUT 'not connected after 700 ms' code=0 attempt=0 delay=-1\n");
    assert_null(world.conn);
    connect_it(&app);
    fake_tick(app.client, 10000);
    expect(&app, "");
    app_fini(&app);
}

static void reconnect_on(struct app *app, int attempts)
{
    app->config.reconnect = (struct parley_client_reconnect){
        .is_on = true, .delay_ms = 100, .delay_max_ms = 150, .attempts = attempts};
}

static void test_websocket_reconnects_with_growing_delays_and_gives_up(void **state)
{
    (void)state;
    struct app app;
    app_init(&app);
    reconnect_on(&app, 2);
    app_create(&app);
    connect_it(&app);
    fake_end(PL_E_CLOSED);
    fake_tick(app.client, 0);
    expect(&app, "disconnected CLOSED 'the test ended it' code=1006 attempt=0 delay=100\n");
    fake_tick(app.client, 99);
    expect(&app, "");
    fake_tick(app.client, 1);
    expect(&app, "reconnecting OK '' code=0 attempt=1 delay=-1\n");
    fake_end(PL_E_IO);
    fake_tick(app.client, 0);
    expect(&app, "connect_failed IO 'the test ended it' code=0 attempt=0 delay=150\n");
    fake_tick(app.client, 150);
    expect(&app, "reconnecting OK '' code=0 attempt=2 delay=-1\n");
    fake_end(PL_E_IO);
    fake_tick(app.client, 0);
    expect(&app, "connect_failed IO 'the test ended it' code=0 attempt=0 delay=-1\n"
                 "gave_up IO '' code=0 attempt=0 delay=-1\n");
    connect_it(&app);
    app_fini(&app);
}

static void test_websocket_that_is_back_tells_how_many_attempts_it_took(void **state)
{
    (void)state;
    struct app app;
    app_init(&app);
    reconnect_on(&app, -1);
    app_create(&app);
    connect_it(&app);
    fake_feed(PL_STR("\x88\x02\x03\xf4")); /* 1012: it restarts */
    fake_tick(app.client, 0);
    expect(&app, "disconnected OK '' code=1012 attempt=0 delay=100\n");
    world.open_error = PL_E_NOMEM;
    fake_tick(app.client, 100);
    expect(&app, "reconnecting OK '' code=0 attempt=1 delay=-1\n"
                 "connect_failed NOMEM 'the test refuses' code=0 attempt=0 delay=150\n");
    world.open_error = 0;
    fake_tick(app.client, 150);
    accept_it(&app, "");
    expect(&app, "reconnecting OK '' code=0 attempt=2 delay=-1\n"
                 "connected OK '' code=0 attempt=2 delay=-1\n");
    app_fini(&app);
}

static void test_websocket_close_of_ours_is_not_reconnected(void **state)
{
    (void)state;
    struct app app;
    app_init(&app);
    reconnect_on(&app, -1);
    app.config.close_timeout_ms = 50;
    app_create(&app);
    connect_it(&app);
    assert_int_equal(parley_websocket_close(app.websocket, 1000, NULL), 0);
    fake_tick(app.client, 50);
    expect(&app, "disconnected TIMEOUT 'the server did not answer the close' code=1006 attempt=0 "
                 "delay=-1\n");
    fake_tick(app.client, 10000);
    expect(&app, "");
    /* while connecting, and while waiting: it stops */
    assert_int_equal(parley_websocket_connect(app.websocket), 0);
    assert_int_equal(parley_websocket_close(app.websocket, 1000, NULL), 0);
    assert_null(world.conn);
    connect_it(&app);
    fake_end(PL_E_IO);
    fake_tick(app.client, 0);
    app.log[0] = '\0';
    assert_int_equal(parley_websocket_close(app.websocket, 1000, NULL), 0);
    fake_tick(app.client, 10000);
    expect(&app, "");
    app_fini(&app);
}

static void test_websocket_connect_while_it_waits_does_not_wait(void **state)
{
    (void)state;
    struct app app;
    app_init(&app);
    reconnect_on(&app, -1);
    app_create(&app);
    connect_it(&app);
    fake_end(PL_E_IO);
    fake_tick(app.client, 0);
    app.log[0] = '\0';
    assert_int_equal(parley_websocket_connect(app.websocket), 0);
    accept_it(&app, "");
    expect(&app, "connected OK '' code=0 attempt=1 delay=-1\n");
    fake_tick(app.client, 10000);
    expect(&app, "");
    app_fini(&app);
}

static void test_websocket_queue_is_bounded_and_sent_before_anything_else(void **state)
{
    (void)state;
    struct app app;
    app_init(&app);
    app.config.queue_max = 200;
    app.react_to = PARLEY_CLIENT_CONNECTED;
    app.reaction = SEND;
    app_create(&app);
    assert_int_equal(parley_websocket_send_text(app.websocket, "one", 3), 0);
    assert_int_equal(parley_websocket_connect(app.websocket), 0);
    assert_int_equal(parley_websocket_send_binary(app.websocket, "two", 3), 0);
    int rc = 0;
    int more = 0;
    while ((rc = parley_websocket_send_text(app.websocket, "x", 1)) == 0) {
        more++;
    }
    assert_int_equal(rc, PL_E_FULL);
    accept_it(&app, "");
    expect_frame(PL_WS_TEXT, "one");
    expect_frame(PL_WS_BINARY, "two");
    while (more-- > 0) {
        expect_frame(PL_WS_TEXT, "x");
    }
    expect_frame(PL_WS_TEXT, "hi");
    assert_int_equal(world.conn->out.len, 0);
    app_fini(&app);
}

static void test_websocket_queue_larger_than_the_wire_goes_piece_by_piece(void **state)
{
    (void)state;
    struct app app;
    app_init(&app);
    app.config.queue_max = 10000;
    app.config.unsent_max = 20;
    app_create(&app);
    assert_int_equal(parley_websocket_send_text(app.websocket, "a text longer than that", 23),
                     PL_E_FULL);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(parley_websocket_send_text(app.websocket, "0123456789", 10), 0);
    }
    assert_int_equal(parley_websocket_connect(app.websocket), 0);
    accept_it(&app, "");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(parley_websocket_send_text(app.websocket, "01234", 5), PL_E_FULL);
        expect_frame(PL_WS_TEXT, "0123456789");
        assert_int_equal(world.conn->out.len, 0);
        fake_sent();
    }
    assert_int_equal(parley_websocket_send_text(app.websocket, "", 0), 0);
    app_fini(&app);
}

/* Whatever happens, and whatever the application does about it: no memory is touched that is gone,
 * none is left behind. */
static void walk_events(struct app *app)
{
    for (int i = 0; i < 4 && app->websocket != NULL; i++) {
        (void)!parley_websocket_connect(app->websocket);
        if (i == 1 && world.conn != NULL) {
            fake_end(PL_E_IO);
            fake_tick(app->client, 0);
        }
        if (world.conn != NULL) {
            accept_it(app, "");
        }
        if (world.conn != NULL && app->websocket != NULL &&
            parley_websocket_is_connected(app->websocket)) {
            fake_feed(PL_STR("\x81\x02hi\x81\x02ho"));
            fake_tick(app->client, 0);
        }
        if (world.conn != NULL) {
            fake_end(PL_E_CLOSED);
            fake_tick(app->client, 0);
        }
        for (int turn = 0; turn < 3 && world.conn == NULL; turn++) {
            fake_tick(app->client, 200);
        }
    }
}

static void test_websocket_anything_may_be_done_in_any_callback(void **state)
{
    (void)state;
    static const enum reaction reactions[] = {DESTROY, CLOSE, CONNECT, SEND};
    for (int kind = 0; kind <= PARLEY_CLIENT_GAVE_UP + 1; kind++) {
        for (size_t i = 0; i < PL_ARRAY_LEN(reactions); i++) {
            for (int attempts = -1; attempts < 2; attempts++) {
                struct app app;
                app_init(&app);
                reconnect_on(&app, attempts);
                app.config.queue_max = 1000;
                app.react_to = (enum parley_client_event_kind)kind;
                app.reaction = kind <= PARLEY_CLIENT_GAVE_UP ? reactions[i] : NOTHING;
                app.reaction_to_message = kind > PARLEY_CLIENT_GAVE_UP ? reactions[i] : NOTHING;
                app_create(&app);
                walk_events(&app);
                app_fini(&app);
            }
        }
    }
}

static void test_websocket_client_that_is_destroyed_takes_its_sockets_along(void **state)
{
    (void)state;
    for (int connected = 0; connected < 2; connected++) {
        struct app app;
        app_init(&app);
        app.config.queue_max = 1000;
        app_create(&app);
        assert_int_equal(parley_websocket_send_text(app.websocket, "x", 1), 0);
        if (connected == 1) {
            connect_it(&app);
        }
        app.websocket = NULL;
        app_fini(&app);
    }
}

static int walk(struct app *app)
{
    int rc = parley_websocket_create(&app->websocket, app->client, "ws://x/y?z", &app->config);
    if (rc == 0) {
        rc = parley_websocket_send_text(app->websocket, "x", 1);
    }
    return rc < 0 ? rc : parley_websocket_connect(app->websocket);
}

static void test_websocket_nth_allocation_fails_the_call_and_leaks_nothing(void **state)
{
    (void)state;
    int rc = PL_E_NOMEM;
    uint64_t nth = 1;
    for (; rc != 0; nth++) {
        struct app app;
        app_init(&app);
        app.config.protocols = "a";
        app.config.queue_max = 1000;
        assert_true(nth < 1000);
        pl_try_alloc_fail_at(nth);
        rc = walk(&app);
        pl_try_alloc_fail_at(0);
        assert_true(rc == 0 || rc == PL_E_NOMEM);
        app_fini(&app);
    }
    assert_true(nth > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_websocket_connects_talks_and_closes),
        cmocka_unit_test(test_websocket_misuse_is_refused_in_words),
        cmocka_unit_test(test_websocket_settings_that_make_no_sense_are_refused),
        cmocka_unit_test(test_websocket_target_is_the_urls_path_and_query),
        cmocka_unit_test(test_websocket_without_reconnection_fails_once),
        cmocka_unit_test(test_websocket_attempt_that_takes_too_long_fails),
        cmocka_unit_test(test_websocket_reconnects_with_growing_delays_and_gives_up),
        cmocka_unit_test(test_websocket_that_is_back_tells_how_many_attempts_it_took),
        cmocka_unit_test(test_websocket_close_of_ours_is_not_reconnected),
        cmocka_unit_test(test_websocket_connect_while_it_waits_does_not_wait),
        cmocka_unit_test(test_websocket_queue_is_bounded_and_sent_before_anything_else),
        cmocka_unit_test(test_websocket_queue_larger_than_the_wire_goes_piece_by_piece),
        cmocka_unit_test(test_websocket_anything_may_be_done_in_any_callback),
        cmocka_unit_test(test_websocket_client_that_is_destroyed_takes_its_sockets_along),
        cmocka_unit_test(test_websocket_nth_allocation_fails_the_call_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
