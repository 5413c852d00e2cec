/* Engine.IO over WebSocket (spec 1.6): one packet per message. */
#include "dialect/socketio/eio_internal.h"

#define BASE64_ARENA_SLACK 1024

enum pl_encoding pl_eio_session_websocket_encoding(const struct pl_eio_session *session)
{
    return session->wants_base64 ? pl_eio_session_rules(session)->websocket_base64
                                 : pl_eio_session_rules(session)->websocket;
}

static void take(struct pl_eio_session *session, int read, const struct pl_eio_packet *packet)
{
    if (read < 0) {
        pl_metrics_add(session->engine->conns->metrics, PL_METRIC_ERROR_ENGINEIO_PACKET, 1);
        pl_eio_session_end(session, PL_EIO_PARSE_ERROR);
    } else {
        pl_eio_session_take(session, packet);
    }
}

static void take_text(struct pl_eio_session *session, struct pl_str text)
{
    struct pl_eio_packet packet = {0};
    struct pl_arena arena;
    pl_arena_init(&arena, text.len + BASE64_ARENA_SLACK);
    take(session, pl_eio_session_rules(session)->read_text(&packet, text, &arena, NULL), &packet);
    pl_arena_fini(&arena);
}

static void on_message(struct pl_ws *ws, bool is_text, struct pl_span bytes)
{
    struct pl_eio_session *session = pl_ws_user(ws);
    struct pl_eio_packet packet = {0};
    if (session == NULL) {
        return;
    }
    if (is_text) {
        take_text(session, pl_str_of_span(bytes));
        return;
    }
    take(session, pl_eio_session_rules(session)->read_bytes(&packet, pl_str_of_span(bytes), NULL),
         &packet);
}

static void on_closed(struct pl_ws *ws, uint16_t code, struct pl_str reason, enum pl_conn_end end)
{
    struct pl_eio_session *session = pl_ws_user(ws);
    (void)code;
    (void)reason;
    if (session == NULL) {
        return; /* we closed it */
    }
    pl_eio_session_end(session,
                       end == PL_CONN_END_PEER ? PL_EIO_TRANSPORT_CLOSE : PL_EIO_TRANSPORT_ERROR);
}

static const struct pl_ws_handler handler = {.on_message = on_message, .on_closed = on_closed};

int pl_eio_websocket_accept(struct pl_ws **out, struct pl_eio_engine *engine,
                            struct pl_web_request *request, enum pl_encoding encoding,
                            const struct pl_ws_handler *ws_handler, void *user, bool is_initial,
                            struct pl_error *err)
{
    if (engine->handler.headers != NULL) {
        engine->handler.headers(engine->handler.user, request, is_initial);
    }
    return pl_web_accept_websocket(out, request,
                                   &(struct pl_ws_params){
                                       .handler = ws_handler,
                                       .user = user,
                                       .message_limit_bytes = engine->config.max_http_buffer_size,
                                       .send_limit_bytes = engine->config.send_limit_bytes,
                                       .encoding = (uint8_t)encoding,
                                       .compression = engine->config.compression,
                                       .compressed_encoding = pl_encoding_compressed(encoding),
                                   },
                                   err);
}

void pl_eio_websocket_adopt(struct pl_eio_session *session, struct pl_ws *ws)
{
    session->ws = ws;
    pl_ws_set_user(ws, session);
    pl_ws_set_handler(ws, &handler);
    pl_session_attach(session->hub, pl_ws_sink(ws), pl_ws_encoding(ws));
}

/* Returns false without memory. */
static bool send_open(struct pl_eio_session *session)
{
    const struct pl_str initial = session->engine->config.initial_packet;
    struct pl_buf open;
    pl_buf_init(&open, 1024);
    pl_eio_session_write_open(&open, session, false);
    if (pl_buf_failed(&open)) {
        pl_buf_fini(&open);
        return false;
    }
    pl_ws_send(session->ws, true, pl_buf_str(&open));
    pl_buf_fini(&open);
    if (initial.len > 0) {
        struct pl_frame *frame =
            pl_eio_frame_create(pl_eio_session_websocket_encoding(session), initial, NULL, 0);
        frame = pl_eio_frame_pack(session->engine->config.compression,
                                  pl_session_encoding(session->hub), frame);
        if (frame != NULL) {
            pl_session_send(session->hub, frame, 0);
        }
    }
    return true;
}

void pl_eio_websocket_open(struct pl_eio_engine *engine, struct pl_web_request *request,
                           struct pl_str sid, const struct pl_eio_query *query)
{
    struct pl_eio_session *session = pl_eio_session_create(engine, request, sid, query);
    struct pl_ws *ws = NULL;
    if (session == NULL) {
        pl_web_respond_empty(request, 503);
        return;
    }
    pl_metrics_add(engine->conns->metrics, PL_METRIC_SESSIONS_WEBSOCKET, 1);
    if (pl_eio_websocket_accept(&ws, engine, request, pl_eio_session_websocket_encoding(session),
                                &handler, session, true, NULL) < 0) {
        pl_web_respond_empty(request, 503);
        pl_eio_session_end(session, PL_EIO_TRANSPORT_ERROR);
        return;
    }
    session->ws = ws;
    pl_session_attach(session->hub, pl_ws_sink(ws), pl_ws_encoding(ws));
    if (!send_open(session)) {
        pl_eio_session_end(session, PL_EIO_TRANSPORT_ERROR);
        return;
    }
    pl_eio_session_start_heartbeat(session);
    pl_eio_session_announce(session);
}
