/* A WebSocket on a connection (RFC 6455): messages in and out, pings, the closing handshake in both
 * directions. After on_closed the handler is gone but the connection may stay a moment, for the
 * peer's close frame. */
#include "web/web_internal.h"

#include "base/alloc.h"
#include "codec/ws_close.h"

enum ws_state {
    WS_OPEN,
    WS_CLOSING, /* our close frame is queued; the peer's is waited for */
    WS_DONE,    /* nothing more is read or sent */
};

struct pl_ws {
    struct pl_conn *conn;
    struct pl_web *web;
    const struct pl_ws_handler *handler; /* NULL once on_closed was called */
    void *user;
    struct pl_ws_decoder decoder;
    struct pl_deferred free;
    uint8_t state;         /* enum ws_state */
    bool is_counted;       /* its messages are counted here, not by its dialect */
    bool is_deflating;     /* a struct deflating_ws */
    bool takes_compressed; /* what pl_ws_compress makes */
};

_Static_assert(sizeof(struct pl_ws) <= 96, "an idle WebSocket is small");

/* With permessage-deflate negotiated. A client that compresses without context leaves nothing
 * behind; one with context leaves its window, which is taken as it is filled. */
struct deflating_ws {
    struct pl_ws ws; /* the first member */
    struct pl_ws_compression *compression;
    struct pl_inflate_history history;
};

static const struct pl_conn_protocol ws_protocol;

/* --- frames --- */

static struct pl_frame *create_frame(enum pl_ws_opcode opcode, struct pl_str payload)
{
    size_t header_len = pl_ws_header_len(payload.len);
    size_t size = 0;
    struct pl_frame *frame = NULL;
    if (!pl_size_add(&size, header_len, payload.len)) {
        return NULL;
    }
    frame = pl_frame_create(size);
    if (frame == NULL) {
        return NULL;
    }
    uint8_t header[PL_WS_HEADER_MAX];
    pl_ws_header_write(header, opcode, true, payload.len, NULL);
    memcpy(frame->data, header, header_len);
    if (payload.len > 0) {
        memcpy(frame->data + header_len, payload.ptr, payload.len);
    }
    frame->packet_offset = (uint16_t)header_len;
    return frame;
}

struct pl_frame *pl_ws_frame_create(bool is_text, struct pl_str payload)
{
    return create_frame(is_text ? PL_WS_TEXT : PL_WS_BINARY, payload);
}

static struct deflating_ws *deflating(struct pl_ws *ws)
{
    PL_ASSERT(ws->is_deflating);
    return PL_CONTAINER_OF(ws, struct deflating_ws, ws);
}

/* --- the end --- */

static void free_ws(struct pl_deferred *deferred)
{
    struct pl_ws *ws = PL_CONTAINER_OF(deferred, struct pl_ws, free);
    pl_ws_decoder_fini(&ws->decoder); /* not earlier: a handler may still look at its message */
    if (ws->is_deflating) {
        pl_inflate_history_fini(&deflating(ws)->history);
    }
    pl_free(ws);
}

/* Tell the handler, once. */
static void notify_closed(struct pl_ws *ws, uint16_t code, struct pl_str reason,
                          enum pl_conn_end end)
{
    const struct pl_ws_handler *handler = ws->handler;
    ws->handler = NULL;
    if (handler != NULL) {
        handler->on_closed(ws, code, reason, end);
    }
}

static void on_end(struct pl_conn *conn, enum pl_conn_end end)
{
    struct pl_ws *ws = conn->protocol_data;
    ws->state = WS_DONE;
    pl_loop_defer(conn->set->loop, &ws->free);
    notify_closed(ws, PL_WS_CLOSE_ABNORMAL, PL_STR(""), end);
}

static void on_close_due(struct pl_timer *timer)
{
    pl_conn_close(PL_CONTAINER_OF(timer, struct pl_conn, timer), PL_CONN_END_LOCAL);
}

static void on_failed_due(struct pl_timer *timer)
{
    pl_conn_close(PL_CONTAINER_OF(timer, struct pl_conn, timer), PL_CONN_END_ERROR);
}

/* Without memory the connection ends, but not now:
 * callers do not expect on_closed inside a send. */
static void fail_soon(struct pl_ws *ws)
{
    ws->conn->sink.is_closed = true;
    ws->conn->timer.on_due = on_failed_due;
    pl_conn_deadline(ws->conn, 0);
    pl_web_count(ws->web, PL_METRIC_REFUSED_MEMORY, 1);
}

/* Queue our close frame, behind everything; from here on the sink takes nothing more. */
static void send_close(struct pl_ws *ws, uint16_t code, struct pl_str reason)
{
    uint8_t payload[PL_WS_CONTROL_MAX];
    size_t len = pl_ws_close_write(payload, code, reason);
    struct pl_frame *frame = create_frame(PL_WS_CLOSE, pl_str_make((const char *)payload, len));
    if (frame != NULL) {
        frame->flags = PL_FRAME_CLOSES;
        pl_conn_send(ws->conn, frame);
    }
    ws->conn->sink.is_closed = true;
}

/* Both sides have said all: let the connection go when the queue is sent. */
static void finish(struct pl_ws *ws)
{
    ws->state = WS_DONE;
    pl_conn_drain(ws->conn); /* does nothing when it is closed already */
}

void pl_ws_close(struct pl_ws *ws, uint16_t code, struct pl_str reason)
{
    if (ws->state != WS_OPEN) {
        return;
    }
    if (code != PL_WS_CLOSE_NO_STATUS && !pl_ws_close_code_is_allowed(code)) {
        code = PL_WS_CLOSE_NORMAL; /* what may not be on the wire */
    }
    ws->state = WS_CLOSING;
    send_close(ws, code, reason);
    ws->conn->timer.on_due = on_close_due;
    pl_conn_deadline(ws->conn, ws->web->limits.ws_close_timeout_ms);
    pl_conn_set_reading(ws->conn, PL_CONN_READING); /* paused, we would not see the peer's answer */
    notify_closed(ws, code, reason, PL_CONN_END_LOCAL);
}

void pl_ws_abort(struct pl_ws *ws)
{
    pl_conn_close(ws->conn, PL_CONN_END_LOCAL);
}

static void on_close_wanted(struct pl_conn *conn, uint16_t code, struct pl_str reason)
{
    pl_ws_close(conn->protocol_data, code, reason);
}

/* --- what the peer sends --- */

static enum pl_metric metric_of_violation(int error)
{
    switch (error) {
    case PL_E_TOO_BIG:
        return PL_METRIC_REFUSED_MESSAGE_TOO_BIG;
    case PL_E_UTF8:
        return PL_METRIC_ERROR_WEBSOCKET_UTF8;
    case PL_E_NOMEM:
        return PL_METRIC_REFUSED_MEMORY;
    default:
        return PL_METRIC_ERROR_WEBSOCKET_FRAME;
    }
}

static void hand_over(struct pl_ws *ws, bool is_text, struct pl_span bytes)
{
    if (ws->is_counted) {
        pl_web_count(ws->web, PL_METRIC_WEBSOCKET_MESSAGES_IN, 1);
        pl_web_count(ws->web, PL_METRIC_WEBSOCKET_BYTES_IN, (int64_t)bytes.len);
    }
    ws->handler->on_message(ws, is_text, bytes);
}

static void on_violation(struct pl_ws *ws, int error, enum pl_metric metric, const char *why);

/* What arrives compressed is decompressed into a buffer that belongs to nobody meanwhile. */
static void on_compressed(struct pl_ws *ws, const struct pl_ws_event *event)
{
    struct pl_ws_compression *compression = deflating(ws)->compression;
    struct pl_error err = {0};
    struct pl_buf message;
    int rc = pl_ws_decompress(&message, compression, event, ws->decoder.limit_bytes,
                              &deflating(ws)->history, &err);
    if (rc == 0) {
        hand_over(ws, event->kind == PL_WS_EVENT_TEXT, (struct pl_span){message.ptr, message.len});
    } else if (rc == PL_E_PROTO) { /* not what the frame says it is: 1007, as for broken text */
        on_violation(ws, PL_E_UTF8, PL_METRIC_ERROR_WEBSOCKET_DEFLATE, err.text);
    } else {
        on_violation(ws, rc, metric_of_violation(rc), err.text);
    }
    pl_ws_decompress_done(compression, &message);
}

static void on_message(struct pl_ws *ws, const struct pl_ws_event *event)
{
    if ((event->rsv & PL_WS_RSV1) != 0) {
        on_compressed(ws, event);
    } else {
        hand_over(ws, event->kind == PL_WS_EVENT_TEXT, event->payload);
    }
}

static void on_ping(struct pl_ws *ws, struct pl_str payload)
{
    struct pl_frame *frame = create_frame(PL_WS_PONG, payload);
    if (frame == NULL) {
        fail_soon(ws);
        return;
    }
    pl_conn_send(ws->conn, frame);
}

static void on_peer_close(struct pl_ws *ws, const struct pl_ws_event *event)
{
    if (ws->state == WS_OPEN) {
        ws->state = WS_DONE;
        send_close(ws, event->close_code, PL_STR(""));
        notify_closed(ws, event->close_code, event->close_reason, PL_CONN_END_PEER);
    }
    finish(ws);
}

/* While we are closing, only the peer's close frame counts. */
static void on_event(struct pl_ws *ws, const struct pl_ws_event *event)
{
    if (event->kind == PL_WS_EVENT_CLOSE) {
        on_peer_close(ws, event);
        return;
    }
    if (ws->state != WS_OPEN) {
        return;
    }
    switch (event->kind) {
    case PL_WS_EVENT_TEXT:
    case PL_WS_EVENT_BINARY:
        on_message(ws, event);
        break;
    case PL_WS_EVENT_PING:
        on_ping(ws, pl_str_of_span(event->payload));
        break;
    case PL_WS_EVENT_PONG:
        if (ws->handler->on_pong != NULL) {
            ws->handler->on_pong(ws, event->payload);
        }
        break;
    case PL_WS_EVENT_NONE:
    case PL_WS_EVENT_CLOSE:
        break;
    }
}

/* RFC 6455 section 7.1.7: tell the peer why, and fail the connection without waiting for its
 * answer. */
static void fail(struct pl_ws *ws, uint16_t code, enum pl_metric metric, const char *why)
{
    pl_web_count(ws->web, metric, 1);
    pl_web_log_bad_input(ws->web, ws->conn, "websocket.violation", code, why);
    if (ws->state == WS_OPEN) {
        ws->state = WS_DONE;
        send_close(ws, code, pl_str_of_cstr(why));
        notify_closed(ws, code, pl_str_of_cstr(why), PL_CONN_END_ERROR);
    }
    finish(ws);
}

static void on_violation(struct pl_ws *ws, int error, enum pl_metric metric, const char *why)
{
    fail(ws, pl_ws_close_code_of_error(error), metric, why);
}

/* --- messages that do not end --- */

static void on_message_due(struct pl_timer *timer)
{
    struct pl_conn *conn = PL_CONTAINER_OF(timer, struct pl_conn, timer);
    struct pl_ws *ws = conn->protocol_data;
    if (conn->reading != PL_CONN_READING) { /* we let it wait, not the peer */
        pl_conn_deadline(conn, ws->web->limits.ws_message_timeout_ms);
        return;
    }
    fail(ws, PL_WS_CLOSE_POLICY, PL_METRIC_REFUSED_MESSAGE_TIMEOUT, "message took too long");
}

/* A message of which a part is there has a deadline, which moves with what arrives. An open
 * connection uses its timer for nothing else, unless it is about to fail. */
static void watch_message(struct pl_ws *ws, size_t taken_bytes)
{
    struct pl_conn *conn = ws->conn;
    uint32_t timeout_ms = ws->web->limits.ws_message_timeout_ms;
    if (ws->state != WS_OPEN || conn->sink.is_closed || timeout_ms == 0) {
        return;
    }
    if (ws->decoder.assembly == NULL) {
        pl_conn_no_deadline(conn);
    } else if (pl_timer_is_set(&conn->timer)) {
        pl_conn_deadline_earn(conn, taken_bytes, timeout_ms);
    } else {
        conn->timer.on_due = on_message_due;
        pl_conn_deadline(conn, timeout_ms);
    }
}

static bool may_read(const struct pl_ws *ws)
{
    return ws->state != WS_DONE && ws->conn->reading == PL_CONN_READING;
}

/* Read frames until they end, the handler pauses, or the turn's share is used up. */
static size_t on_input(struct pl_conn *conn, struct pl_span in)
{
    struct pl_ws *ws = conn->protocol_data;
    size_t at = 0;
    while (may_read(ws)) { /* an empty rest too: the call frees a delivered message */
        struct pl_ws_event event;
        struct pl_error err = {0};
        ptrdiff_t len = 0;
        if (at < in.len && !pl_loop_take_input(conn->set->loop)) {
            pl_conn_input_again(conn);
            break;
        }
        len = pl_ws_decoder_next(&ws->decoder, &event, (struct pl_span){in.ptr + at, in.len - at},
                                 &err);
        if (len < 0) {
            on_violation(ws, (int)len, metric_of_violation((int)len), err.text);
            break;
        }
        if (len == 0) {
            break;
        }
        at += (size_t)len;
        on_event(ws, &event);
    }
    watch_message(ws, at);
    return at;
}

static const struct pl_conn_protocol ws_protocol = {
    .on_input = on_input,
    .on_end = on_end,
    .on_close_wanted = on_close_wanted,
};

/* --- for handlers --- */

static struct pl_ws *allocate(const struct pl_ws_params *params,
                              const struct pl_ws_deflate_agreement *agreement)
{
    struct deflating_ws *deflating_ws = NULL;
    struct pl_ws *ws = NULL;
    if (agreement == NULL) {
        ws = pl_try_alloc(sizeof(*ws));
        if (ws != NULL) {
            *ws = (struct pl_ws){0};
        }
        return ws;
    }
    deflating_ws = pl_try_alloc(sizeof(*deflating_ws));
    if (deflating_ws == NULL) {
        return NULL;
    }
    *deflating_ws = (struct deflating_ws){.compression = params->compression};
    if (!agreement->client_no_context_takeover) {
        pl_inflate_history_init(&deflating_ws->history, agreement->client_max_window_bits);
    }
    ws = &deflating_ws->ws;
    ws->is_deflating = true;
    /* A smaller window of its own is nothing that we compress for: RFC 7692 section 7.2.1 leaves
     * it to the sender whether it compresses at all. */
    ws->takes_compressed = agreement->server_max_window_bits == PL_WS_DEFLATE_BITS_MAX;
    return ws;
}

struct pl_ws *pl_ws_create(struct pl_web *web, struct pl_conn *conn,
                           const struct pl_ws_params *params,
                           const struct pl_ws_deflate_agreement *agreement, bool is_counted)
{
    struct pl_ws *ws = allocate(params, agreement);
    if (ws == NULL) {
        return NULL;
    }
    ws->conn = conn;
    ws->web = web;
    ws->handler = params->handler;
    ws->user = params->user;
    ws->free.run = free_ws;
    ws->state = WS_OPEN;
    ws->is_counted = is_counted;
    pl_ws_decoder_init(&ws->decoder, PL_WS_SERVER, params->message_limit_bytes,
                       ws->is_deflating ? PL_WS_RSV1 : 0);
    conn->protocol = &ws_protocol;
    conn->protocol_data = ws;
    conn->sink.limit_bytes = params->send_limit_bytes;
    conn->sink.encoding = ws->takes_compressed ? params->compressed_encoding : params->encoding;
    return ws;
}

void *pl_ws_user(const struct pl_ws *ws)
{
    return ws->user;
}

void pl_ws_set_user(struct pl_ws *ws, void *user)
{
    ws->user = user;
}

void pl_ws_set_handler(struct pl_ws *ws, const struct pl_ws_handler *handler)
{
    if (ws->handler != NULL) { /* else it is closed: nothing comes next */
        ws->handler = handler;
    }
}

struct pl_conn *pl_ws_conn(struct pl_ws *ws)
{
    return ws->conn;
}

struct pl_sink *pl_ws_sink(struct pl_ws *ws)
{
    return &ws->conn->sink;
}

void pl_ws_send(struct pl_ws *ws, bool is_text, struct pl_str payload)
{
    struct pl_frame *frame = pl_ws_frame_create(is_text, payload);
    if (ws->is_counted) {
        pl_web_count(ws->web, PL_METRIC_WEBSOCKET_MESSAGES_OUT, 1);
        pl_web_count(ws->web, PL_METRIC_WEBSOCKET_BYTES_OUT, (int64_t)payload.len);
    }
    if (frame == NULL) {
        fail_soon(ws);
        return;
    }
    if (ws->takes_compressed) {
        frame = pl_ws_compress(deflating(ws)->compression, frame);
    }
    pl_conn_send(ws->conn, frame);
}

void pl_ws_ping(struct pl_ws *ws, struct pl_str payload)
{
    struct pl_frame *frame = NULL;
    PL_ASSERT(payload.len <= PL_WS_CONTROL_MAX);
    frame = create_frame(PL_WS_PING, payload);
    if (frame == NULL) {
        fail_soon(ws);
        return;
    }
    pl_conn_send(ws->conn, frame);
}
