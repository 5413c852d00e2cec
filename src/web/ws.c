/* WebSocket handles: what a dialect holds. The connection behind one is on the same loop (here) or
 * on an I/O thread's (ws_remote.c); a handle does not show which. */
#include "web/web_internal.h"

#include "base/alloc.h"
#include "codec/ws_close.h"

_Static_assert(sizeof(struct pl_ws) <= 64, "an idle WebSocket is small");

/* --- what all handles have in common --- */

void pl_ws_init(struct pl_ws *ws, const struct pl_ws_way *way, struct pl_web *web,
                const struct pl_ws_accepted *accepted)
{
    const struct pl_ws_params *params = accepted->params;
    const struct pl_ws_deflate_agreement *agreement = accepted->agreement;
    /* A smaller window of its own is nothing that we compress for: RFC 7692 section 7.2.1 leaves
     * it to the sender whether it compresses at all. */
    bool takes_compressed =
        agreement != NULL && agreement->server_max_window_bits == PL_WS_DEFLATE_BITS_MAX;
    *ws = (struct pl_ws){
        .way = way,
        .handler = params->handler,
        .user = params->user,
        .web = web,
        .compression = takes_compressed ? params->compression : NULL,
        .encoding = takes_compressed ? params->compressed_encoding : params->encoding,
        .is_counted = accepted->is_counted,
    };
}

void pl_ws_take_message(struct pl_ws *ws, bool is_text, struct pl_span bytes)
{
    if (ws->handler == NULL) {
        return; /* closed here while it was on its way */
    }
    if (ws->is_counted) {
        pl_web_count(ws->web, PL_METRIC_WEBSOCKET_MESSAGES_IN, 1);
        pl_web_count(ws->web, PL_METRIC_WEBSOCKET_BYTES_IN, (int64_t)bytes.len);
    }
    ws->handler->on_message(ws, is_text, bytes);
}

void pl_ws_take_pong(struct pl_ws *ws, struct pl_span payload)
{
    if (ws->handler != NULL && ws->handler->on_pong != NULL) {
        ws->handler->on_pong(ws, payload);
    }
}

void pl_ws_take_closed(struct pl_ws *ws, uint16_t code, struct pl_str reason, enum pl_conn_end end)
{
    const struct pl_ws_handler *handler = ws->handler;
    ws->handler = NULL;
    if (handler != NULL) {
        handler->on_closed(ws, code, reason, end);
    }
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

struct pl_sink_id pl_ws_sink(const struct pl_ws *ws)
{
    return ws->sink;
}

uint8_t pl_ws_encoding(const struct pl_ws *ws)
{
    return ws->encoding;
}

void pl_ws_send_frame(struct pl_ws *ws, struct pl_frame *frame)
{
    if (frame == NULL) {
        ws->way->fail(ws);
        return;
    }
    ws->way->send(ws, frame);
}

void pl_ws_send(struct pl_ws *ws, bool is_text, struct pl_str payload)
{
    struct pl_frame *frame = pl_ws_frame_create(is_text, payload);
    if (ws->is_counted) {
        pl_web_count(ws->web, PL_METRIC_WEBSOCKET_MESSAGES_OUT, 1);
        pl_web_count(ws->web, PL_METRIC_WEBSOCKET_BYTES_OUT, (int64_t)payload.len);
    }
    if (ws->compression != NULL) {
        frame = pl_ws_compress(ws->compression, frame);
    }
    pl_ws_send_frame(ws, frame);
}

void pl_ws_ping(struct pl_ws *ws, struct pl_str payload)
{
    PL_ASSERT(payload.len <= PL_WS_CONTROL_MAX);
    pl_ws_send_frame(ws, pl_ws_create_frame(PL_WS_PING, payload));
}

void pl_ws_close(struct pl_ws *ws, uint16_t code, struct pl_str reason)
{
    if (ws->handler != NULL) {
        ws->way->close(ws, pl_ws_code_for_wire(code), reason);
    }
}

void pl_ws_abort(struct pl_ws *ws)
{
    ws->way->abort(ws);
}

struct pl_frame *pl_ws_frame_create(bool is_text, struct pl_str payload)
{
    return pl_ws_create_frame(is_text ? PL_WS_TEXT : PL_WS_BINARY, payload);
}

/* --- on the same loop --- */

struct local_ws {
    struct pl_ws ws; /* the first member */
    struct pl_ws_conn end;
};

static struct local_ws *local_of(struct pl_ws *ws)
{
    return PL_CONTAINER_OF(ws, struct local_ws, ws);
}

static struct pl_ws *handle_of(struct pl_ws_conn *end)
{
    return &PL_CONTAINER_OF(end, struct local_ws, end)->ws;
}

static void local_begin(struct pl_ws *ws, struct pl_conn *conn, uint32_t send_limit_bytes)
{
    pl_ws_conn_install(&local_of(ws)->end, conn);
    conn->sink.limit_bytes = send_limit_bytes;
    conn->sink.encoding = ws->encoding;
    ws->sink = conn->sink.id;
    pl_conn_set_reading(conn, PL_CONN_READING);
}

static void local_send(struct pl_ws *ws, struct pl_frame *frame)
{
    pl_conn_send(local_of(ws)->end.conn, frame);
}

static void local_close(struct pl_ws *ws, uint16_t code, struct pl_str reason)
{
    pl_ws_conn_close(&local_of(ws)->end, code, reason);
}

static void local_abort(struct pl_ws *ws)
{
    pl_conn_close(local_of(ws)->end.conn, PL_CONN_END_LOCAL);
}

static void local_fail(struct pl_ws *ws)
{
    pl_ws_conn_fail(&local_of(ws)->end);
}

static const struct pl_ws_way local_way = {.begin = local_begin,
                                           .send = local_send,
                                           .close = local_close,
                                           .abort = local_abort,
                                           .fail = local_fail};

static void on_message(struct pl_ws_conn *end, bool is_text, struct pl_span bytes)
{
    pl_ws_take_message(handle_of(end), is_text, bytes);
}

static void on_pong(struct pl_ws_conn *end, struct pl_span payload)
{
    pl_ws_take_pong(handle_of(end), payload);
}

static void on_ping(struct pl_ws_conn *end, struct pl_str payload)
{
    pl_ws_send_frame(handle_of(end), pl_ws_create_frame(PL_WS_PONG, payload));
}

static void on_closed(struct pl_ws_conn *end, uint16_t code, struct pl_str reason,
                      enum pl_conn_end how)
{
    pl_ws_take_closed(handle_of(end), code, reason, how);
}

static void free_local(struct pl_ws_conn *end)
{
    pl_free(local_of(handle_of(end)));
}

static const struct pl_ws_conn_owner local_owner = {
    .on_message = on_message,
    .on_ping = on_ping,
    .on_pong = on_pong,
    .on_leaving = pl_ws_conn_leave, /* all answers are queued already */
    .on_closed = on_closed,
    .free = free_local,
};

struct pl_ws *pl_ws_create(struct pl_web *web, const struct pl_ws_accepted *accepted)
{
    struct local_ws *local = pl_try_alloc(sizeof(*local));
    if (local == NULL) {
        return NULL;
    }
    *local = (struct local_ws){0};
    pl_ws_init(&local->ws, &local_way, web, accepted);
    if (!pl_ws_conn_init(&local->end, &local_owner, accepted->params->message_limit_bytes,
                         accepted->agreement)) {
        pl_free(local);
        return NULL;
    }
    local->end.loop = &web->ws_loop;
    return &local->ws;
}
