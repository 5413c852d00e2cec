/* A client's WebSocket: the opening, messages out with a mask and in without, and the close.
 *
 * The state says who owes what: while it is opening, the server its answer; when it is closing, the
 * server its close frame, and a timer waits for it; when it has ended, nothing comes any more, and
 * its memory goes at the end of the turn. */
#include "client/ws.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "client/ws_opening.h"
#include "codec/ws_close.h"
#include "codec/ws_mask.h"
#include "codec/ws_message.h"

#define LINGER_MS 2000 /* for a last close frame to leave, and the server to end the connection */
#define CONTROL_ROOM ((size_t)16 * 1024) /* of the buffer, for pongs and a close */
#define KEY_COUNT 32                     /* masking keys made at once */

enum ws_state {
    WS_OPENING,
    WS_OPEN,
    WS_CLOSING, /* our close frame is under way, or the timer will tell that nothing came of it */
    WS_ENDED,
};

struct pl_client_ws {
    struct parley_client *client;
    const struct pl_client_ws_owner *owner; /* borrowed */
    void *user;
    struct pl_client_conn *conn; /* owned; NULL once it has ended */
    enum ws_state state;
    struct pl_client_ws_opening opening;
    struct pl_ws_decoder decoder;
    size_t unsent_max;
    int close_error; /* what the timer tells when the server does not answer the close */
    struct pl_timer timer;
    struct pl_client_later later; /* frees it */
    size_t key_at;                /* the next key not used yet; KEY_COUNT: there is none */
    uint8_t keys[KEY_COUNT][PL_WS_KEY_BYTES];
};

/* --- its end --- */

static void free_now(struct pl_client_later *later)
{
    struct pl_client_ws *ws = PL_CONTAINER_OF(later, struct pl_client_ws, later);
    pl_ws_decoder_fini(&ws->decoder);
    pl_client_ws_opening_fini(&ws->opening);
    pl_free(ws);
}

/* From here on nothing comes; what the connection has still to send is sent without us. */
static void leave(struct pl_client_ws *ws, int linger_ms)
{
    ws->state = WS_ENDED;
    pl_client_timer_stop(ws->client, &ws->timer);
    if (ws->conn != NULL && linger_ms > 0) {
        pl_client_conn_finish(&ws->conn, linger_ms);
    }
    pl_client_conn_destroy(&ws->conn);
}

static void end(struct pl_client_ws *ws, int linger_ms, int error, uint16_t code,
                struct pl_str reason)
{
    leave(ws, linger_ms);
    ws->owner->on_closed(ws, error, code, reason, ws->user);
}

static void end_with(struct pl_client_ws *ws, int error, const char *reason)
{
    end(ws, 0, error, PL_WS_CLOSE_ABNORMAL, pl_str_of_cstr(reason));
}

void pl_client_ws_destroy(struct pl_client_ws **ws)
{
    if (*ws != NULL) {
        leave(*ws, 0);
        pl_client_release_timer((*ws)->client, &(*ws)->timer);
        pl_client_free_later((*ws)->client, &(*ws)->later);
        *ws = NULL;
    }
}

/* --- frames out --- */

static const uint8_t *next_key(struct pl_client_ws *ws)
{
    if (ws->key_at == KEY_COUNT) {
        const struct pl_client_env *env = pl_client_env(ws->client);
        env->random(env->user, ws->keys, sizeof(ws->keys));
        ws->key_at = 0;
    }
    return ws->keys[ws->key_at++];
}

/* Returns 0, or PL_E_NOMEM when nothing was added: no memory, or no room. */
static int add_frame(struct pl_client_ws *ws, unsigned opcode, struct pl_str head,
                     struct pl_str payload)
{
    struct pl_buf *out = pl_client_conn_out(ws->conn);
    uint8_t header[PL_WS_HEADER_MAX];
    const uint8_t *key = NULL;
    size_t len = 0;
    if (!pl_size_add(&len, head.len, payload.len) || len > INT64_MAX - sizeof(header) ||
        !pl_buf_try_reserve(out, sizeof(header) + len)) {
        return PL_E_NOMEM;
    }
    key = next_key(ws);
    pl_buf_add(out, header, pl_ws_header_write(header, opcode, true, len, key));
    pl_buf_add_str(out, head);
    pl_buf_add_str(out, payload);
    pl_ws_mask_apply((struct pl_span){out->ptr + out->len - len, len}, key, 0);
    pl_client_conn_flush(ws->conn);
    return 0;
}

static int add_close(struct pl_client_ws *ws, uint16_t code, struct pl_str reason)
{
    uint8_t payload[PL_WS_CONTROL_MAX];
    size_t len = pl_ws_close_write(payload, code, reason);
    return add_frame(ws, PL_WS_CLOSE, PL_STR(""), pl_str_make((const char *)payload, len));
}

int pl_client_ws_send(struct pl_client_ws *ws, bool is_text, struct pl_str head,
                      struct pl_str payload)
{
    size_t len = 0;
    size_t unsent = 0;
    if (ws->state != WS_OPEN) {
        return PL_E_CLOSED;
    }
    unsent = pl_client_conn_unsent(ws->conn);
    if (!pl_size_add(&len, head.len, payload.len) || unsent > ws->unsent_max ||
        len > ws->unsent_max - unsent) {
        return PL_E_FULL;
    }
    return add_frame(ws, is_text ? PL_WS_TEXT : PL_WS_BINARY, head, payload);
}

size_t pl_client_ws_unsent(const struct pl_client_ws *ws)
{
    return ws->conn == NULL ? 0 : pl_client_conn_unsent(ws->conn);
}

void pl_client_ws_close(struct pl_client_ws *ws, uint16_t code, struct pl_str reason,
                        int timeout_ms)
{
    if (ws->state == WS_OPENING) { /* nobody to close it with */
        pl_client_conn_destroy(&ws->conn);
        ws->close_error = PL_E_CLOSED;
        timeout_ms = 0;
    } else if (ws->state == WS_OPEN) {
        ws->close_error = PL_E_TIMEOUT;
        if (add_close(ws, code, reason) < 0) {
            ws->close_error = PL_E_NOMEM;
            timeout_ms = 0;
        }
    } else {
        return;
    }
    ws->state = WS_CLOSING;
    pl_client_timer_set(ws->client, &ws->timer, timeout_ms);
}

static const char *close_error_words(int error)
{
    return error == PL_E_TIMEOUT  ? "the server did not answer the close"
           : error == PL_E_CLOSED ? "closed before it was open"
                                  : "no memory for a close";
}

static void on_timer(struct pl_timer *timer)
{
    struct pl_client_ws *ws = PL_CONTAINER_OF(timer, struct pl_client_ws, timer);
    end_with(ws, ws->close_error, close_error_words(ws->close_error));
}

/* --- frames in --- */

/* Our fault or the server's: it is told why, and not waited for. */
static void fail(struct pl_client_ws *ws, int error, const char *reason)
{
    uint16_t code = pl_ws_close_code_of_error(error);
    if (ws->state == WS_OPEN && add_close(ws, code, PL_STR("")) < 0) {
        code = PL_WS_CLOSE_ABNORMAL;
    }
    end(ws, LINGER_MS, error, code, pl_str_of_cstr(reason));
}

/* The first close frame is answered with its code; the second ends both sides. */
static void take_close(struct pl_client_ws *ws, const struct pl_ws_event *event)
{
    char reason[PL_WS_REASON_MAX]; /* the event's may go with the connection */
    size_t len = pl_size_min(event->close_reason.len, sizeof(reason));
    memcpy(reason, event->close_reason.ptr, len);
    if (ws->state == WS_OPEN) {
        (void)!add_close(ws, event->close_code, PL_STR("")); /* without memory: the end tells it */
    }
    end(ws, LINGER_MS, 0, event->close_code, pl_str_make(reason, len));
}

static void take_event(struct pl_client_ws *ws, const struct pl_ws_event *event)
{
    switch (event->kind) {
    case PL_WS_EVENT_NONE:
    case PL_WS_EVENT_PONG:
        break;
    case PL_WS_EVENT_TEXT:
    case PL_WS_EVENT_BINARY:
        if (ws->state == WS_OPEN) { /* what comes behind our close is nobody's any more */
            ws->owner->on_message(ws, event->kind == PL_WS_EVENT_TEXT, event->payload, ws->user);
        }
        break;
    case PL_WS_EVENT_PING:
        /* A server that pings and does not read finds the buffer full one day: later pings stand
         * for earlier ones (RFC 6455 section 5.5.3). */
        if (ws->state == WS_OPEN) {
            (void)!add_frame(ws, PL_WS_PONG, PL_STR(""), pl_str_of_span(event->payload));
        }
        break;
    case PL_WS_EVENT_CLOSE:
        take_close(ws, event);
        break;
    }
}

/* Messages until the input or the budget is used up, one at least. Returns the bytes taken. */
static size_t read_frames(struct pl_client_ws *ws, struct pl_span bytes)
{
    struct pl_error err = {0};
    size_t at = 0;
    while (ws->state != WS_ENDED) {
        struct pl_ws_event event;
        struct pl_span rest = {bytes.ptr + at, bytes.len - at};
        ptrdiff_t len = pl_ws_decoder_next(&ws->decoder, &event, rest, &err);
        if (len < 0) {
            fail(ws, (int)len, err.text);
            break;
        }
        if (len == 0) {
            return at;
        }
        at += (size_t)len;
        take_event(ws, &event);
        if (event.kind != PL_WS_EVENT_NONE && at < bytes.len &&
            pl_client_is_over_budget(ws->client)) {
            return at;
        }
    }
    return bytes.len; /* nobody wants the rest */
}

/* --- the connection --- */

static void on_open(struct pl_client_conn *conn, void *user)
{
    (void)conn;
    (void)user; /* the request is on its way */
}

static size_t on_data(struct pl_client_conn *conn, struct pl_span bytes, void *user)
{
    struct pl_client_ws *ws = user;
    struct pl_error err = {0};
    struct pl_str protocol = {0};
    size_t at = 0;
    int rc = 0;
    (void)conn;
    if (ws->state != WS_OPENING) {
        return read_frames(ws, bytes);
    }
    rc = pl_client_ws_opening_read(&ws->opening, pl_str_of_span(bytes), &at, &protocol, &err);
    if (rc < 0) {
        end_with(ws, rc, err.text);
        return bytes.len;
    }
    if (rc == 0) {
        return at;
    }
    ws->state = WS_OPEN;
    pl_client_conn_out(ws->conn)->limit_bytes = ws->unsent_max + CONTROL_ROOM;
    pl_client_ws_opening_fini(&ws->opening);
    ws->owner->on_open(ws, protocol, ws->user);
    return at + read_frames(ws, (struct pl_span){bytes.ptr + at, bytes.len - at});
}

static void on_sent(struct pl_client_conn *conn, void *user)
{
    struct pl_client_ws *ws = user;
    (void)conn;
    if (ws->state == WS_OPEN && ws->owner->on_sent != NULL) {
        ws->owner->on_sent(ws, ws->user);
    }
}

static void on_end(struct pl_client_conn *conn, int error, const char *reason, void *user)
{
    struct pl_client_ws *ws = user;
    struct pl_error err = {0};
    (void)conn;
    pl_error_set(&err, error, "%s", reason);
    if (ws->state == WS_OPENING) {
        error = pl_client_ws_opening_end(&ws->opening, error, &err);
    }
    end_with(ws, error, err.text);
}

static const struct pl_client_conn_owner conn_owner = {
    .on_open = on_open,
    .on_data = on_data,
    .on_sent = on_sent,
    .on_end = on_end,
};

int pl_client_ws_open(struct pl_client_ws **out, struct parley_client *client,
                      const struct pl_client_transport *transport, struct pl_str target,
                      const char *protocols, size_t unsent_max,
                      const struct pl_client_ws_owner *owner, void *user, struct pl_error *err)
{
    struct pl_client_ws *ws = pl_try_alloc(sizeof(*ws));
    int rc = 0;
    if (ws == NULL || pl_client_reserve_timer(client) < 0) {
        pl_free(ws);
        return pl_error_set(err, PL_E_NOMEM, "no memory for a WebSocket");
    }
    *ws = (struct pl_client_ws){
        .client = client,
        .owner = owner,
        .user = user,
        .unsent_max = pl_size_min(unsent_max, SIZE_MAX / 2),
        .timer.on_due = on_timer,
        .later.run = free_now,
        .key_at = KEY_COUNT,
    };
    pl_ws_decoder_init(&ws->decoder, PL_WS_CLIENT, transport->message_max, 0);
    rc = pl_client_conn_open(&ws->conn, client, transport, PL_HTTP_HEAD_LIMIT_BYTES, &conn_owner,
                             ws, err);
    if (rc == 0) {
        pl_client_conn_out(ws->conn)->limit_bytes = SIZE_MAX / 2; /* the request is our own */
        rc = pl_client_ws_opening_begin(&ws->opening, pl_client_conn_out(ws->conn), transport,
                                        target, protocols, pl_client_env(client), err);
    }
    if (rc < 0) {
        pl_client_ws_destroy(&ws);
        return rc;
    }
    pl_client_conn_flush(ws->conn);
    *out = ws;
    return 0;
}

int pl_client_check_close(struct parley_client *client, int code, struct pl_str reason)
{
    if (code != PL_WS_CLOSE_NORMAL && (code < 3000 || code > 4999)) {
        return pl_client_fail(client, PL_E_INVALID,
                              "close with 1000 or a code from 3000 to 4999, not %d", code);
    }
    if (reason.len > PL_WS_REASON_MAX || !pl_utf8_is_valid(reason)) {
        return pl_client_fail(client, PL_E_INVALID, "a close's reason is at most %d bytes of UTF-8",
                              PL_WS_REASON_MAX);
    }
    return 0;
}
