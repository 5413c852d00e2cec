/* Compressed frame groups, and connections that receive and send them. */
#include "fixture.h"

#include "codec/ws_frame.h"
#include "web/ws_compress.h"

#define UPGRADE                                                                                    \
    "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"                 \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                 \
    "Sec-WebSocket-Extensions: %s\r\n\r\n"
#define OFFER "permessage-deflate; client_max_window_bits"
#define MASK "\0\0\0\0"
#define PEERS 50
#define PLAIN 3 /* encodings of sinks */
#define COMPRESSED 7

struct app {
    struct fixture fixture;
    struct pl_ws_compression *compression;
    struct pl_inflater *inflater;
    struct pl_ws *ws; /* the one opened last */
    size_t message_count;
    char last[64];
    uint16_t closed_code;
};

static void on_message(struct pl_ws *ws, bool is_text, struct pl_span bytes)
{
    struct app *app = pl_ws_user(ws);
    (void)is_text;
    app->message_count++;
    snprintf(app->last, sizeof(app->last), PL_STR_FMT, PL_STR_ARG(pl_str_of_span(bytes)));
}

static void on_closed(struct pl_ws *ws, uint16_t code, struct pl_str reason, enum pl_conn_end end)
{
    struct app *app = pl_ws_user(ws);
    (void)reason;
    (void)end;
    app->closed_code = code;
}

static const struct pl_ws_handler handler = {.on_message = on_message, .on_closed = on_closed};

static void on_upgrade(struct pl_web_request *request, void *user)
{
    struct app *app = user;
    struct pl_ws_params params = {.handler = &handler,
                                  .user = app,
                                  .message_limit_bytes = 10000,
                                  .send_limit_bytes = 300000,
                                  .encoding = PLAIN,
                                  .compression = app->compression,
                                  .compressed_encoding = COMPRESSED};
    assert_int_equal(pl_web_accept_websocket(&app->ws, request, &params, NULL), 0);
}

static void on_request(struct pl_web_request *request, void *user)
{
    (void)user;
    pl_web_respond_empty(request, 404);
}

static int setup(void **state)
{
    struct app *app = pl_alloc(sizeof(*app));
    struct pl_route route = {.path = PL_STR("/ws"),
                             .owner = "test",
                             .user = app,
                             .on_request = on_request,
                             .on_upgrade = on_upgrade};
    fixture_init(&app->fixture);
    app->compression = pl_ws_compression_create(
        app->fixture.web,
        &(struct pl_ws_compression_config){.policy = {.client_max_window_bits = 15},
                                           .threshold_bytes = 100,
                                           .level = 6,
                                           .mem_level = 8});
    app->inflater = pl_inflater_create();
    assert_int_equal(pl_web_route_add(app->fixture.web, &route, NULL), 0);
    *state = app;
    return 0;
}

static int teardown(void **state)
{
    struct app *app = *state;
    pl_inflater_destroy(app->inflater);
    fixture_fini(&app->fixture);
    pl_free(app);
    return 0;
}

static void open_ws(struct app *app, struct client *client, const char *offer)
{
    char request[512];
    snprintf(request, sizeof(request), UPGRADE, offer);
    ask(&app->fixture, client, request);
    assert_true(client_has(client, "101 Switching"));
    pl_buf_clear(&client->got);
}

/* Take one frame off the front; `text` gets what it says. Returns its RSV bits. */
static uint8_t read_frame(struct app *app, struct pl_str *rest, struct pl_buf *text)
{
    struct pl_ws_header header;
    struct pl_inflate_history none = {0};
    ptrdiff_t len = pl_ws_header_read(&header, *rest, PL_WS_CLIENT, PL_WS_RSV1, NULL);
    assert_true(len > 0);
    struct pl_str payload = pl_str_first(pl_str_from(*rest, (size_t)len), header.payload_len);
    pl_buf_clear(text);
    if (header.rsv == 0) {
        pl_buf_add_str(text, payload);
    } else {
        assert_int_equal(pl_inflater_run(app->inflater, text, payload, &none, NULL), 0);
    }
    *rest = pl_str_from(*rest, (size_t)len + payload.len);
    return header.rsv;
}

/* A group of a short text, a long one, and bytes. */
static struct pl_frame *make_group(void)
{
    static const size_t lengths[] = {5, 500, 70000};
    size_t at = 0;
    struct pl_frame *frame = pl_frame_create(2 + 5 + 4 + 500 + 10 + 70000);
    assert_non_null(frame);
    for (size_t i = 0; i < PL_ARRAY_LEN(lengths); i++) {
        at += pl_ws_header_write(frame->data + at, i == 2 ? PL_WS_BINARY : PL_WS_TEXT, true,
                                 lengths[i], NULL);
        memset(frame->data + at, 'a' + (int)i, lengths[i]);
        at += lengths[i];
    }
    assert_int_equal(at, frame->len);
    return frame;
}

static void test_ws_compress_each_message_of_a_group_by_its_length(void **state)
{
    struct app *app = *state;
    struct pl_frame *frame = pl_ws_compress(app->compression, make_group());
    struct pl_str rest = pl_str_make((const char *)frame->data, frame->len);
    struct pl_buf text;
    pl_buf_init(&text, 100000);
    assert_in_range(frame->len, 10, 300);
    assert_int_equal(read_frame(app, &rest, &text), 0);
    assert_true(pl_str_eq(pl_buf_str(&text), PL_STR("aaaaa")));
    assert_int_equal(read_frame(app, &rest, &text), PL_WS_RSV1);
    assert_int_equal(text.len, 500);
    assert_int_equal(read_frame(app, &rest, &text), PL_WS_RSV1);
    assert_int_equal(text.len, 70000);
    assert_int_equal(text.ptr[69999], 'c');
    assert_int_equal(rest.len, 0);
    assert_int_equal(pl_metrics_get(&app->fixture.metrics, PL_METRIC_DEFLATE_MESSAGES_OUT), 2);
    pl_buf_fini(&text);
    pl_frame_unref(&frame);
}

static void test_ws_compress_leaves_alone_what_shall_or_need_not_be(void **state)
{
    struct app *app = *state;
    struct pl_frame *frame = make_group();
    char noise[200];
    frame->flags = PL_FRAME_NO_COMPRESS;
    assert_ptr_equal(pl_ws_compress(app->compression, frame), frame);
    pl_frame_unref(&frame);
    frame = pl_ws_frame_create(true, PL_STR("short"));
    assert_ptr_equal(pl_ws_compress(app->compression, frame), frame);
    pl_frame_unref(&frame);
    for (size_t i = 0; i < sizeof(noise); i++) {
        noise[i] = (char)((i * 2654435761u) >> 13);
    }
    frame = pl_ws_frame_create(false, pl_str_make(noise, sizeof(noise)));
    assert_ptr_equal(pl_ws_compress(app->compression, frame), frame);
    pl_frame_unref(&frame);
    assert_null(pl_ws_compress(app->compression, NULL));
}

static void test_ws_compress_without_memory_sends_it_plain(void **state)
{
    struct app *app = *state;
    for (uint64_t nth = 1; nth <= 2; nth++) { /* the buffer, then the new group */
        struct pl_frame *frame = make_group();
        pl_try_alloc_fail_at(nth);
        assert_ptr_equal(pl_ws_compress(app->compression, frame), frame);
        pl_try_alloc_fail_at(0);
        pl_frame_unref(&frame);
    }
}

/* One compression, one group, whoever receives it; those who cannot follow get the plain one. */
static void test_ws_compress_broadcast_is_compressed_once_for_all(void **state)
{
    struct app *app = *state;
    static struct client clients[PEERS];
    struct pl_frame *frames[PL_ENCODING_MAX] = {0};
    struct pl_fanout *fanout = &app->fixture.fanout;
    const uint32_t stream = 5;
    for (size_t i = 0; i < PEERS; i++) {
        open_ws(app, &clients[i],
                i % 10 == 0 ? "permessage-deflate; server_max_window_bits=10" : OFFER);
        assert_int_equal(pl_ws_encoding(app->ws), i % 10 == 0 ? PLAIN : COMPRESSED);
        pl_fanout_subscribe(fanout, pl_fanout_find(fanout, pl_ws_sink(app->ws)), stream);
    }
    frames[PLAIN] = make_group();
    frames[COMPRESSED] = pl_ws_compress(app->compression, make_group());
    assert_int_equal(pl_fanout_publish(fanout, &(struct pl_fanout_publish){.include = &stream,
                                                                           .include_count = 1,
                                                                           .frames = frames}),
                     PEERS);
    for (int turn = 0; turn < 10; turn++) {
        turns(&app->fixture, 1);
        for (size_t i = 0; i < PEERS; i++) {
            client_read(&clients[i]);
        }
    }
    for (size_t i = 0; i < PEERS; i++) {
        const struct pl_frame *wanted = frames[i % 10 == 0 ? PLAIN : COMPRESSED];
        assert_true(pl_str_eq(pl_buf_str(&clients[i].got),
                              pl_str_make((const char *)wanted->data, wanted->len)));
        client_close(&clients[i], &app->fixture);
    }
    assert_int_equal(pl_metrics_get(&app->fixture.metrics, PL_METRIC_DEFLATE_MESSAGES_OUT), 2);
    pl_frame_unref(&frames[PLAIN]);
    pl_frame_unref(&frames[COMPRESSED]);
}

static void test_ws_compress_incoming_context_is_each_connections_own(void **state)
{
    struct app *app = *state;
    struct client one;
    struct client other;
    open_ws(app, &one, OFFER);
    open_ws(app, &other, OFFER);
    client_send(&one, PL_STR("\xc1\x87" MASK "\xf2\x48\xcd\xc9\xc9\x07\x00"));
    settle(&app->fixture, &one);
    assert_string_equal(app->last, "Hello");
    client_send(&one, PL_STR("\xc1\x85" MASK "\xf2\x00\x11\x00\x00"));
    settle(&app->fixture, &one);
    assert_int_equal(app->message_count, 2);
    client_send(&other, PL_STR("\xc1\x85" MASK "\xf2\x00\x11\x00\x00"));
    settle(&app->fixture, &other);
    assert_int_equal(app->message_count, 2);
    assert_int_equal(app->closed_code, 1007);
    assert_int_equal(pl_metrics_get(&app->fixture.metrics, PL_METRIC_ERROR_WEBSOCKET_DEFLATE), 1);
    client_close(&one, &app->fixture);
    client_close(&other, &app->fixture);
}

static void test_ws_compress_failing_allocations_close_at_most(void **state)
{
    struct app *app = *state;
    for (uint64_t nth = 1; nth <= 12; nth++) {
        struct client client;
        open_ws(app, &client, OFFER);
        pl_try_alloc_fail_at(nth);
        client_send(&client, PL_STR("\x41\x82" MASK "\xf2\x48"));
        turns(&app->fixture, 2);
        client_send(&client, PL_STR("\x80\x85" MASK "\xcd\xc9\xc9\x07\x00"));
        turns(&app->fixture, 2);
        pl_try_alloc_fail_at(0);
        settle(&app->fixture, &client);
        client_close(&client, &app->fixture);
    }
    assert_int_equal(app->fixture.conns.count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_ws_compress_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_message_of_a_group_by_its_length),
        TEST(leaves_alone_what_shall_or_need_not_be),
        TEST(without_memory_sends_it_plain),
        TEST(broadcast_is_compressed_once_for_all),
        TEST(incoming_context_is_each_connections_own),
        TEST(failing_allocations_close_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
