/* A client's WebSocket against servers of the test's making: good, silent, and hostile ones. */
#include "client/ws.h"

#include "fake_conn.h"

#include "base/utf8.h"
#include "codec/ws_close.h"
#include "codec/ws_handshake.h"
#include "codec/ws_mask.h"
#include "codec/ws_message.h"

#include <stdio.h>

#define MESSAGE_MAX 1000
#define UNSENT_MAX 2000

struct owner {
    struct parley_client *client;
    struct pl_client_ws *ws;
    char protocol[32];
    char log[512]; /* "t:hello b:xyz " */
    int opened;
    int messages;
    int sent;
    int closed;
    int error;
    int code;
    char reason[300];
    bool destroys_in_open;
    bool destroys_in_message;
    bool closes_in_message;
    int64_t message_takes_ms;
};

static void note(struct owner *owner, const char *kind, struct pl_str bytes)
{
    size_t at = strlen(owner->log);
    snprintf(owner->log + at, sizeof(owner->log) - at, "%s:" PL_STR_FMT " ", kind,
             PL_STR_ARG(pl_str_first(bytes, 100)));
}

static void on_open(struct pl_client_ws *ws, struct pl_str protocol, void *user)
{
    struct owner *owner = user;
    assert_ptr_equal(ws, owner->ws);
    owner->opened++;
    memcpy(owner->protocol, protocol.ptr, protocol.len);
    owner->protocol[protocol.len] = '\0';
    if (owner->destroys_in_open) {
        pl_client_ws_destroy(&owner->ws);
    }
}

static void on_message(struct pl_client_ws *ws, bool is_text, struct pl_span bytes, void *user)
{
    struct owner *owner = user;
    assert_ptr_equal(ws, owner->ws);
    owner->messages++;
    pl_client_count_callback(owner->client);
    world.now_ms += owner->message_takes_ms;
    if (owner->closes_in_message) {
        pl_client_ws_close(owner->ws, 3000, PL_STR("enough"), 500);
    }
    if (owner->destroys_in_message) {
        pl_client_ws_destroy(&owner->ws);
    }
    note(owner, is_text ? "t" : "b", pl_str_of_span(bytes)); /* still there after all that */
}

static void on_sent(struct pl_client_ws *ws, void *user)
{
    (void)ws;
    ((struct owner *)user)->sent++;
}

static void on_closed(struct pl_client_ws *ws, int error, uint16_t code, struct pl_str reason,
                      void *user)
{
    struct owner *owner = user;
    assert_ptr_equal(ws, owner->ws);
    owner->closed++;
    owner->error = error;
    owner->code = code;
    snprintf(owner->reason, sizeof(owner->reason), PL_STR_FMT, PL_STR_ARG(reason));
    pl_client_ws_destroy(&owner->ws);
}

static const struct pl_client_ws_owner callbacks = {on_open, on_message, on_sent, on_closed};

static const struct pl_client_transport transport = {
    .url = {.host = PL_STR_INIT("example.org"), .port = 80},
    .message_max = MESSAGE_MAX,
};

static int open_ws(struct owner *owner, const char *protocols)
{
    return pl_client_ws_open(&owner->ws, owner->client, &transport, PL_STR("/chat?a=b"), protocols,
                             UNSENT_MAX, &callbacks, owner, NULL);
}

static void finish(struct owner *owner)
{
    pl_client_ws_destroy(&owner->ws);
    fake_client_end(owner->client);
}

static void feed(struct owner *owner, struct pl_str bytes)
{
    fake_feed(bytes);
    fake_tick(owner->client, 0);
}

/* The accept key for the request that was sent. */
static void find_accept(char out[PL_WS_ACCEPT_LEN + 1])
{
    struct pl_str sent = pl_buf_str(&world.conn->out);
    struct pl_str name = PL_STR("Sec-WebSocket-Key: ");
    struct pl_ws_acceptor *acceptor = NULL;
    size_t at = 0;
    while (!pl_str_starts_with(pl_str_from(sent, at), name)) {
        at++;
        assert_true(at < sent.len);
    }
    assert_int_equal(pl_ws_acceptor_create(&acceptor, NULL), 0);
    assert_int_equal(
        pl_ws_accept_key(acceptor, out, pl_str_first(pl_str_from(sent, at + name.len), 24), NULL),
        0);
    pl_ws_acceptor_destroy(acceptor);
}

/* An answer of 101 with `more` header lines and, behind it, `frames`. */
static size_t make_answer(char *out, size_t size, const char *more, struct pl_str frames)
{
    char accept[PL_WS_ACCEPT_LEN + 1];
    find_accept(accept);
    int len = snprintf(out, size,
                       "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\n"
                       "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n",
                       accept, more);
    assert_true(len > 0 && (size_t)len + frames.len <= size);
    memcpy(out + len, frames.ptr, frames.len);
    return (size_t)len + frames.len;
}

static void open_it(struct owner *owner)
{
    char text[1000];
    owner->client = fake_client();
    assert_int_equal(open_ws(owner, NULL), 0);
    size_t len = make_answer(text, sizeof(text), "", PL_STR(""));
    pl_buf_clear(&world.conn->out);
    feed(owner, pl_str_make(text, len));
    assert_int_equal(owner->opened, 1);
}

/* The next frame that was sent, unmasked; its opcode is returned. */
static int sent_frame(struct pl_str bytes, char *payload, size_t size, size_t *taken)
{
    struct pl_ws_header header;
    ptrdiff_t len = pl_ws_header_read(&header, bytes, PL_WS_SERVER, 0, NULL);
    assert_true(len > 0 && header.is_final && header.payload_len < size);
    memcpy(payload, bytes.ptr + len, (size_t)header.payload_len);
    payload[header.payload_len] = '\0';
    pl_ws_mask_apply((struct pl_span){(uint8_t *)payload, (size_t)header.payload_len}, header.key,
                     0);
    *taken = (size_t)len + (size_t)header.payload_len;
    return header.opcode;
}

static void expect_sent(int opcode, const char *payload)
{
    char text[4096];
    size_t taken = 0;
    assert_int_equal(sent_frame(pl_buf_str(&world.conn->out), text, sizeof(text), &taken), opcode);
    assert_string_equal(text, payload);
    pl_buf_consume(&world.conn->out, taken);
}

/* The last thing sent was a close frame with that code. */
static void expect_last_words(int code)
{
    char text[200];
    size_t taken = 0;
    struct pl_str words = pl_str_make((const char *)world.last_words, world.last_words_len);
    assert_int_equal(world.finished_count, 1);
    assert_int_equal(sent_frame(words, text, sizeof(text), &taken), PL_WS_CLOSE);
    assert_int_equal(taken, words.len);
    assert_int_equal((uint8_t)text[0] << 8 | (uint8_t)text[1], code);
}

static void test_ws_request_is_an_upgrade_with_a_fresh_key(void **state)
{
    (void)state;
    struct owner owner = {.client = fake_client()};
    assert_int_equal(open_ws(&owner, "a, b"), 0);
    pl_buf_add_char(&world.conn->out, '\0');
    assert_string_equal((char *)world.conn->out.ptr,
                        "GET /chat?a=b HTTP/1.1\r\nHost: example.org\r\n"
                        "User-Agent: parley-client/0.1.0\r\nConnection: Upgrade\r\n"
                        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n"
                        "Sec-WebSocket-Protocol: a, b\r\n\r\n");
    finish(&owner);
}

static void test_ws_opens_and_reads_frames_behind_the_answer_wherever_it_is_cut(void **state)
{
    (void)state;
    char text[1000];
    const struct pl_str frames = PL_STR("\x81\x05hello\x02\x01x\x89\x01p\x80\x02yz\x81\x00");
    for (size_t cut = 1;; cut++) {
        struct owner owner = {.client = fake_client()};
        assert_int_equal(open_ws(&owner, "a, b"), 0);
        size_t len = make_answer(text, sizeof(text), "Sec-WebSocket-Protocol: b\r\n", frames);
        pl_buf_clear(&world.conn->out);
        feed(&owner, pl_str_make(text, pl_size_min(cut, len)));
        if (cut < len) {
            feed(&owner, pl_str_make(text + cut, len - cut));
        }
        assert_int_equal(owner.opened, 1);
        assert_string_equal(owner.protocol, "b");
        assert_string_equal(owner.log, "t:hello b:xyz t: ");
        expect_sent(PL_WS_PONG, "p");
        assert_int_equal(owner.closed, 0);
        finish(&owner);
        if (cut >= len) {
            break;
        }
    }
}

static void test_ws_answer_that_proves_nothing_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from; /* text of a good answer ... */
        const char *to;   /* ... and what stands there instead */
        const char *why;
    } rows[] = {
        {"Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept: x", "wrong accept"},
        {"Sec-WebSocket-Accept: ", "X-Accept: ", "no accept"},
        {"upgrade: WebSocket", "upgrade: h2c", "another upgrade"},
        {"upgrade: WebSocket\r\n", "", "no upgrade"},
        {"Connection: keep-alive, Upgrade", "Connection: keep-alive", "no token"},
        {"More: x", "Sec-WebSocket-Extensions: permessage-deflate", "extension"},
        {"More: x", "Sec-WebSocket-Protocol: B", "subprotocol in another case"},
        {"More: x", "Sec-WebSocket-Protocol: a, b", "two at once"},
        {"More: x", "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b", "two headers"},
        {"More: x", "Sec-WebSocket-Accept: x", "two accepts"},
        {"HTTP/1.1", "HTTP/2.0", "version"},
        {"HTTP/1.1 101", "\x15\x03\x01", "garbage"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        char good[1000];
        char bad[1000];
        struct owner owner = {.client = fake_client()};
        assert_int_equal(open_ws(&owner, "a, b"), 0);
        good[make_answer(good, sizeof(good), "More: x\r\n", PL_STR(""))] = '\0';
        const char *at = strstr(good, rows[i].from);
        assert_non_null(at);
        snprintf(bad, sizeof(bad), "%.*s%s%s", (int)(at - good), good, rows[i].to,
                 at + strlen(rows[i].from));
        feed(&owner, pl_str_of_cstr(bad));
        if (owner.closed != 1 || owner.error != PL_E_PROTO || owner.opened != 0) {
            fail_msg("%s: %d", rows[i].why, owner.error);
        }
        assert_int_equal(owner.code, PL_WS_CLOSE_ABNORMAL);
        assert_null(world.conn);
        finish(&owner);
    }
}

static void test_ws_other_status_is_denied_with_the_first_line_of_its_text(void **state)
{
    (void)state;
    static const struct {
        struct pl_str in;
        bool ends;
        const char *reason;
    } rows[] = {
        {PL_STR_INIT("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), false,
         "the server answered 404"},
        {PL_STR_INIT("HTTP/1.1 401 No\r\nContent-Type: text/plain; charset=utf-8\r\n"
                     "Content-Length: 20\r\n\r\nlog in first\r\nplease"),
         false, "the server answered 401: log in first"},
        {PL_STR_INIT("HTTP/1.1 500 No\r\nContent-Type: application/json\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n3\r\n\":1\r\n1\r\n}\r\n"
                     "0\r\n\r\n"),
         false, "the server answered 500: {\"a\":1}"},
        {PL_STR_INIT("HTTP/1.1 503 No\r\nContent-Type: text/plain\r\n\r\nbusy"), true,
         "the server answered 503: busy"},
        {PL_STR_INIT("HTTP/1.1 503 No\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nbu"),
         true, "the server answered 503: bu"},
        {PL_STR_INIT("HTTP/1.1 502 No\r\nContent-Type: text/html\r\n\r\n<html>"), false,
         "the server answered 502"},
        {PL_STR_INIT("HTTP/1.1 400 No\r\nContent-Type: text/plain\r\nContent-Length: 99\r\n\r\n"
                     "\xff\xfe\r\n"),
         false, "the server answered 400"},
        {PL_STR_INIT("HTTP/1.1 400 No\r\nContent-Type: text/plain\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n2\r\nno\r\nx"),
         false, "the server answered 400: no"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), false,
         "the server answered 200"},
        {PL_STR_INIT("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"), false,
         "the server answered 302"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        for (size_t cut = 1; cut <= rows[i].in.len; cut++) {
            struct owner owner = {.client = fake_client()};
            assert_int_equal(open_ws(&owner, NULL), 0);
            feed(&owner, pl_str_first(rows[i].in, cut));
            if (owner.closed == 0 && cut < rows[i].in.len) {
                feed(&owner, pl_str_from(rows[i].in, cut));
            }
            if (rows[i].ends) {
                fake_end(PL_E_CLOSED);
                fake_tick(owner.client, 0);
            }
            assert_int_equal(owner.closed, 1);
            assert_int_equal(owner.error, PL_E_DENIED);
            assert_string_equal(owner.reason, rows[i].reason);
            finish(&owner);
        }
    }
}

static void test_ws_long_words_of_a_refusal_are_cut_between_characters(void **state)
{
    (void)state;
    struct owner owner = {.client = fake_client()};
    assert_int_equal(open_ws(&owner, NULL), 0);
    fake_feed(PL_STR("HTTP/1.1 400 No\r\nContent-Type: text/plain\r\n\r\nx"));
    for (int i = 0; i < 100; i++) {
        fake_feed(PL_STR("\xc3\xa4"));
    }
    fake_tick(owner.client, 0);
    assert_int_equal(owner.error, PL_E_DENIED);
    assert_true(pl_utf8_is_valid(pl_str_of_cstr(owner.reason)));
    assert_int_equal(strlen(owner.reason), strlen("the server answered 400: ") + 119);
    finish(&owner);
}

static void test_ws_head_without_an_end_is_too_big(void **state)
{
    (void)state;
    struct owner owner = {.client = fake_client()};
    assert_int_equal(open_ws(&owner, NULL), 0);
    feed(&owner, PL_STR("HTTP/1.1 101 OK\r\n"));
    for (int i = 0; i < 2000 && owner.closed == 0; i++) {
        feed(&owner, PL_STR("Header: value\r\n"));
    }
    assert_int_equal(owner.error, PL_E_TOO_BIG);
    finish(&owner);
}

static void test_ws_connection_that_ends_before_it_is_open_tells_why(void **state)
{
    (void)state;
    struct owner owner = {.client = fake_client()};
    assert_int_equal(open_ws(&owner, NULL), 0);
    fake_end(PL_E_NOT_FOUND);
    fake_tick(owner.client, 0);
    assert_int_equal(owner.error, PL_E_NOT_FOUND);
    assert_string_equal(owner.reason, "the test ended it");
    finish(&owner);
}

static void test_ws_messages_are_sent_masked_each_with_a_key_of_its_own(void **state)
{
    (void)state;
    struct owner owner = {0};
    uint8_t last_key[PL_WS_KEY_BYTES] = {0};
    open_it(&owner);
    for (int i = 0; i < 100; i++) {
        struct pl_ws_header header;
        assert_int_equal(pl_client_ws_send(owner.ws, i % 2 == 0, PL_STR("he"), PL_STR("llo")), 0);
        assert_true(
            pl_ws_header_read(&header, pl_buf_str(&world.conn->out), PL_WS_SERVER, 0, NULL) > 0);
        assert_memory_not_equal(last_key, header.key, PL_WS_KEY_BYTES);
        memcpy(last_key, header.key, PL_WS_KEY_BYTES);
        expect_sent(i % 2 == 0 ? PL_WS_TEXT : PL_WS_BINARY, "hello");
    }
    assert_int_equal(pl_client_ws_send(owner.ws, true, PL_STR(""), PL_STR("")), 0);
    expect_sent(PL_WS_TEXT, "");
    fake_sent();
    assert_int_equal(owner.sent, 1);
    finish(&owner);
}

static void test_ws_sends_no_more_than_may_wait(void **state)
{
    (void)state;
    static char big[UNSENT_MAX + 1];
    struct owner owner = {0};
    open_it(&owner);
    assert_int_equal(pl_client_ws_send(owner.ws, false, PL_STR("x"), pl_str_make(big, UNSENT_MAX)),
                     PL_E_FULL);
    assert_int_equal(pl_client_ws_unsent(owner.ws), 0);
    assert_int_equal(pl_client_ws_send(owner.ws, false, PL_STR(""), pl_str_make(big, UNSENT_MAX)),
                     0);
    assert_int_equal(pl_client_ws_send(owner.ws, false, PL_STR(""), PL_STR("")), PL_E_FULL);
    fake_sent();
    assert_int_equal(pl_client_ws_send(owner.ws, false, PL_STR(""), PL_STR("")), 0);
    finish(&owner);
}

static void test_ws_server_that_pings_and_does_not_read_costs_bounded_memory(void **state)
{
    (void)state;
    struct owner owner = {0};
    open_it(&owner);
    for (int i = 0; i < 10000; i++) {
        fake_feed(PL_STR("\x89\x08pingping"));
        if (i % 100 == 99) {
            fake_tick(owner.client, 0);
        }
    }
    assert_int_equal(owner.closed, 0);
    assert_true(world.conn->out.len < 20000);
    finish(&owner);
}

static void test_ws_broken_frames_are_answered_with_their_code(void **state)
{
    (void)state;
    static const struct {
        struct pl_str in;
        int error;
        int code;
        const char *why;
    } rows[] = {
        {PL_STR_INIT("\x81\x81"), PL_E_PROTO, 1002, "masked"},
        {PL_STR_INIT("\xc1\x01x"), PL_E_PROTO, 1002, "compressed, though not asked for"},
        {PL_STR_INIT("\x83\x01x"), PL_E_PROTO, 1002, "reserved opcode"},
        {PL_STR_INIT("\x80\x01x"), PL_E_PROTO, 1002, "continuation of nothing"},
        {PL_STR_INIT("\x01\x01x\x81\x01x"), PL_E_PROTO, 1002, "message in a message"},
        {PL_STR_INIT("\x09\x01x"), PL_E_PROTO, 1002, "ping in pieces"},
        {PL_STR_INIT("\x88\x01x"), PL_E_PROTO, 1002, "half a close code"},
        {PL_STR_INIT("\x88\x02\x03\xed"), PL_E_PROTO, 1002, "close code 1005 on the wire"},
        {PL_STR_INIT("\x81\x02\xff\xff"), PL_E_UTF8, 1007, "text that is none"},
        {PL_STR_INIT("\x01\x01\xc3\x80\x00"), PL_E_UTF8, 1007, "text that ends in a character"},
        {PL_STR_INIT("\x88\x03\x03\xe8\xff"), PL_E_UTF8, 1007, "reason that is no text"},
        {PL_STR_INIT("\x82\x7f\x00\x00\x00\x01\x00\x00\x00\x00"), PL_E_TOO_BIG, 1009, "4 GiB"},
        {PL_STR_INIT("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), PL_E_PROTO, 1002, "2^64"},
        {PL_STR_INIT("\x82\x7e\x03\xe9"), PL_E_TOO_BIG, 1009, "one byte more than is taken"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct owner owner = {0};
        open_it(&owner);
        feed(&owner, rows[i].in);
        if (owner.closed != 1 || owner.error != rows[i].error || owner.code != rows[i].code) {
            fail_msg("%s: %d, %d", rows[i].why, owner.error, owner.code);
        }
        assert_true(strlen(owner.reason) > 0);
        assert_int_equal(owner.messages, 0);
        expect_last_words(rows[i].code);
        finish(&owner);
    }
}

static void test_ws_close_of_the_server_is_answered(void **state)
{
    (void)state;
    static const struct {
        struct pl_str in;
        int code;
        const char *reason;
    } rows[] = {
        {PL_STR_INIT("\x88\x05\x03\xe9"
                     "bye"),
         1001, "bye"},
        {PL_STR_INIT("\x88\x02\x0f\xa0"), 4000, ""},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct owner owner = {0};
        open_it(&owner);
        feed(&owner, rows[i].in);
        assert_int_equal(owner.closed, 1);
        assert_int_equal(owner.error, 0);
        assert_int_equal(owner.code, rows[i].code);
        assert_string_equal(owner.reason, rows[i].reason);
        expect_last_words(rows[i].code);
        finish(&owner);
    }
}

static void test_ws_close_without_a_code_is_1005(void **state)
{
    (void)state;
    struct owner owner = {0};
    open_it(&owner);
    feed(&owner, PL_STR("\x88\x00\x81\x01x"));
    assert_int_equal(owner.code, PL_WS_CLOSE_NO_STATUS);
    assert_int_equal(owner.messages, 0);
    assert_int_equal(world.last_words_len, 6); /* an empty one as well */
    finish(&owner);
}

static void test_ws_our_close_waits_for_the_servers(void **state)
{
    (void)state;
    struct owner owner = {0};
    open_it(&owner);
    assert_int_equal(pl_client_ws_send(owner.ws, true, PL_STR(""), PL_STR("last")), 0);
    pl_client_ws_close(owner.ws, 3001, PL_STR("done"), 1000);
    pl_client_ws_close(owner.ws, 3002, PL_STR("again"), 1);
    assert_int_equal(pl_client_ws_send(owner.ws, true, PL_STR(""), PL_STR("more")), PL_E_CLOSED);
    expect_sent(PL_WS_TEXT, "last");
    expect_sent(PL_WS_CLOSE, "\x0b\xb9"
                             "done");
    feed(&owner, PL_STR("\x81\x01x\x89\x01p"));
    assert_int_equal(owner.messages, 0);
    fake_tick(owner.client, 999);
    assert_int_equal(owner.closed, 0);
    feed(&owner, PL_STR("\x88\x06\x0b\xb9"
                        "done"));
    assert_int_equal(owner.closed, 1);
    assert_int_equal(owner.error, 0);
    assert_int_equal(owner.code, 3001);
    finish(&owner);
}

static void test_ws_close_that_nobody_answers_times_out(void **state)
{
    (void)state;
    struct owner owner = {0};
    open_it(&owner);
    pl_client_ws_close(owner.ws, 1000, PL_STR(""), 1000);
    fake_tick(owner.client, 1000);
    assert_int_equal(owner.closed, 1);
    assert_int_equal(owner.error, PL_E_TIMEOUT);
    assert_int_equal(owner.code, PL_WS_CLOSE_ABNORMAL);
    assert_null(world.conn);
    finish(&owner);
}

static void test_ws_close_before_it_is_open_ends_it_in_the_next_turn(void **state)
{
    (void)state;
    struct owner owner = {.client = fake_client()};
    assert_int_equal(open_ws(&owner, NULL), 0);
    pl_client_ws_close(owner.ws, 1000, PL_STR(""), 1000);
    assert_int_equal(owner.closed, 0);
    assert_null(world.conn);
    fake_tick(owner.client, 0);
    assert_int_equal(owner.closed, 1);
    assert_int_equal(owner.error, PL_E_CLOSED);
    finish(&owner);
}

static void test_ws_connection_that_breaks_is_1006(void **state)
{
    (void)state;
    static const int errors[] = {PL_E_CLOSED, PL_E_IO};
    for (size_t i = 0; i < PL_ARRAY_LEN(errors); i++) {
        struct owner owner = {0};
        open_it(&owner);
        feed(&owner, PL_STR("\x01\x05half"));
        fake_end(errors[i]);
        fake_tick(owner.client, 0);
        assert_int_equal(owner.closed, 1);
        assert_int_equal(owner.error, errors[i]);
        assert_int_equal(owner.code, PL_WS_CLOSE_ABNORMAL);
        finish(&owner);
    }
}

static void test_ws_owner_may_destroy_or_close_it_in_any_callback(void **state)
{
    (void)state;
    struct owner owner = {.client = fake_client(), .destroys_in_open = true};
    char text[1000];
    assert_int_equal(open_ws(&owner, NULL), 0);
    feed(&owner, pl_str_make(text, make_answer(text, sizeof(text), "", PL_STR("\x81\x01x"))));
    assert_int_equal(owner.opened, 1);
    assert_int_equal(owner.messages + owner.closed, 0);
    finish(&owner);

    for (int whole = 0; whole < 2; whole++) {
        owner = (struct owner){.destroys_in_message = true};
        open_it(&owner);
        feed(&owner, whole == 1 ? PL_STR("\x81\x05hello\x81\x01y")
                                : PL_STR("\x01\x02he\x80\x03llo\x81\x01y"));
        assert_string_equal(owner.log, "t:hello ");
        assert_null(owner.ws);
        finish(&owner);
    }

    owner = (struct owner){.closes_in_message = true};
    open_it(&owner);
    feed(&owner, PL_STR("\x81\x05hello\x81\x01y"));
    assert_string_equal(owner.log, "t:hello ");
    expect_sent(PL_WS_CLOSE, "\x0b\xb8"
                             "enough");
    finish(&owner);
}

static void test_ws_messages_past_the_budget_wait_for_the_next_turn(void **state)
{
    (void)state;
    struct owner owner = {.message_takes_ms = 3};
    open_it(&owner);
    for (int i = 0; i < 10; i++) {
        fake_feed(PL_STR("\x81\x01x"));
    }
    assert_true(parley_client_tick(owner.client, 5) >= 0);
    assert_int_equal(owner.messages, 2);
    assert_true(parley_client_tick(owner.client, 1) >= 0);
    assert_int_equal(owner.messages, 3);
    fake_tick(owner.client, 0);
    assert_int_equal(owner.messages, 10);
    finish(&owner);
}

/* Open, a message of two pieces, one out, and a close. */
static int walk(struct owner *owner, struct pl_str answer)
{
    int rc = open_ws(owner, "a");
    if (rc < 0) {
        return rc;
    }
    feed(owner, answer);
    if (owner->closed == 0) {
        feed(owner, PL_STR("\x01\x02he\x80\x03llo\x89\x01p"));
    }
    if (owner->closed == 0) {
        rc = pl_client_ws_send(owner->ws, false, PL_STR(""), PL_STR("a message of some length"));
    }
    if (owner->closed == 0 && rc == 0) {
        feed(owner, PL_STR("\x88\x02\x03\xe8"));
    }
    return rc < 0 ? rc : owner->error;
}

static void test_ws_nth_allocation_fails_it_and_leaks_nothing(void **state)
{
    (void)state;
    char text[1000];
    struct owner owner = {.client = fake_client()};
    assert_int_equal(open_ws(&owner, NULL), 0);
    /* the same for every world: its first key is */
    size_t len = make_answer(text, sizeof(text), "Sec-WebSocket-Protocol: a\r\n", PL_STR(""));
    finish(&owner);
    int rc = PL_E_NOMEM;
    uint64_t nth = 1;
    for (; rc != 0; nth++) {
        owner = (struct owner){.client = fake_client()};
        assert_true(nth < 1000);
        pl_try_alloc_fail_at(nth);
        rc = walk(&owner, pl_str_make(text, len));
        pl_try_alloc_fail_at(0);
        assert_true(rc == 0 || rc == PL_E_NOMEM);
        finish(&owner);
    }
    assert_true(nth > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ws_request_is_an_upgrade_with_a_fresh_key),
        cmocka_unit_test(test_ws_opens_and_reads_frames_behind_the_answer_wherever_it_is_cut),
        cmocka_unit_test(test_ws_answer_that_proves_nothing_is_refused),
        cmocka_unit_test(test_ws_other_status_is_denied_with_the_first_line_of_its_text),
        cmocka_unit_test(test_ws_long_words_of_a_refusal_are_cut_between_characters),
        cmocka_unit_test(test_ws_head_without_an_end_is_too_big),
        cmocka_unit_test(test_ws_connection_that_ends_before_it_is_open_tells_why),
        cmocka_unit_test(test_ws_messages_are_sent_masked_each_with_a_key_of_its_own),
        cmocka_unit_test(test_ws_sends_no_more_than_may_wait),
        cmocka_unit_test(test_ws_server_that_pings_and_does_not_read_costs_bounded_memory),
        cmocka_unit_test(test_ws_broken_frames_are_answered_with_their_code),
        cmocka_unit_test(test_ws_close_of_the_server_is_answered),
        cmocka_unit_test(test_ws_close_without_a_code_is_1005),
        cmocka_unit_test(test_ws_our_close_waits_for_the_servers),
        cmocka_unit_test(test_ws_close_that_nobody_answers_times_out),
        cmocka_unit_test(test_ws_close_before_it_is_open_ends_it_in_the_next_turn),
        cmocka_unit_test(test_ws_connection_that_breaks_is_1006),
        cmocka_unit_test(test_ws_owner_may_destroy_or_close_it_in_any_callback),
        cmocka_unit_test(test_ws_messages_past_the_budget_wait_for_the_next_turn),
        cmocka_unit_test(test_ws_nth_allocation_fails_it_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
