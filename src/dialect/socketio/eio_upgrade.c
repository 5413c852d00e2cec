/* From long-polling to WebSocket (spec 1.7): a probing WebSocket takes over when its client says
 * so. Nothing is lost, doubled or reordered: what waits in the polling queue goes first. */
#include "dialect/socketio/eio_internal.h"

struct pl_eio_probe {
    struct pl_eio_session *session;
    struct pl_ws *ws;
    struct pl_timer timer;
    bool is_probed; /* 2probe was answered: GETs are released from now on */
};

/* The WebSocket stays, or has been closed; the session stays on polling. */
static void forget_probe(struct pl_eio_probe *probe)
{
    struct pl_eio_session *session = probe->session;
    pl_timer_stop(pl_hub_timers(session->engine->hub), &probe->timer);
    pl_ws_set_user(probe->ws, NULL);
    session->probe = NULL;
    pl_free(probe);
}

void pl_eio_upgrade_abandon(struct pl_eio_session *session)
{
    struct pl_ws *ws = NULL;
    if (session->probe == NULL) {
        return;
    }
    ws = session->probe->ws;
    forget_probe(session->probe);
    pl_ws_close(ws, 1000, PL_STR(""));
}

bool pl_eio_upgrade_is_probed(const struct pl_eio_session *session)
{
    return session->probe != NULL && session->probe->is_probed;
}

static void on_timeout(struct pl_timer *timer)
{
    struct pl_eio_probe *probe = PL_CONTAINER_OF(timer, struct pl_eio_probe, timer);
    pl_eio_upgrade_abandon(probe->session);
}

/* What waits for a GET goes out on the WebSocket instead. */
static bool move_queue(struct pl_eio_session *session, struct pl_ws *ws)
{
    struct pl_fanout *fanout = session->engine->conns->fanout;
    struct pl_outq *queue = &session->polling->sink.outq;
    struct pl_frame *frame = NULL;
    while ((frame = pl_outq_pop(queue, &fanout->pool)) != NULL) {
        struct pl_frame *recoded =
            pl_eio_frame_recode(pl_eio_session_websocket_encoding(session), frame);
        pl_frame_unref(&frame);
        if (recoded == NULL) {
            return false;
        }
        recoded =
            pl_eio_frame_pack(session->engine->config.compression, pl_ws_encoding(ws), recoded);
        pl_ws_send_frame(ws, recoded);
    }
    return true;
}

static void finish(struct pl_eio_probe *probe)
{
    struct pl_eio_session *session = probe->session;
    const struct pl_eio_handler *handler = &session->engine->handler;
    struct pl_ws *ws = probe->ws;
    bool is_closing = session->phase == PL_EIO_CLOSING;
    forget_probe(probe);
    pl_eio_polling_release(session->polling);
    if (!move_queue(session, ws)) {
        pl_ws_close(ws, 1011, PL_STR(""));
        pl_eio_session_end(session, PL_EIO_TRANSPORT_ERROR);
        return;
    }
    pl_eio_websocket_adopt(session, ws);
    pl_eio_polling_retire(session);
    pl_metrics_add(session->engine->conns->metrics, PL_METRIC_SESSIONS_POLLING, -1);
    pl_metrics_add(session->engine->conns->metrics, PL_METRIC_SESSIONS_WEBSOCKET, 1);
    pl_metrics_add(session->engine->conns->metrics, PL_METRIC_SESSIONS_UPGRADED, 1);
    if (is_closing) {
        pl_eio_session_end(session, PL_EIO_FORCED_CLOSE);
        return;
    }
    pl_eio_session_rearm_heartbeat(session);
    if (handler->on_upgrade != NULL) {
        handler->on_upgrade(handler->user, session);
    }
}

static void on_message(struct pl_ws *ws, bool is_text, struct pl_span bytes)
{
    struct pl_eio_probe *probe = pl_ws_user(ws);
    struct pl_str text = pl_str_of_span(bytes);
    if (probe == NULL) {
        return;
    }
    if (is_text && pl_str_eq(text, PL_STR("2probe"))) {
        pl_ws_send(ws, true, PL_STR("3probe"));
        probe->is_probed = true;
        pl_eio_polling_flush(
            probe->session->polling); /* what is queued is a better answer than a noop */
        pl_eio_polling_release(probe->session->polling);
    } else if (is_text && pl_str_eq(text, PL_STR("5"))) {
        if (!pl_eio_polling_has_overflowed(probe->session->polling)) {
            finish(probe);
        }
    } else {
        pl_eio_upgrade_abandon(probe->session);
    }
}

static void on_closed(struct pl_ws *ws, uint16_t code, struct pl_str reason, enum pl_conn_end end)
{
    struct pl_eio_probe *probe = pl_ws_user(ws);
    (void)code;
    (void)reason;
    (void)end;
    if (probe != NULL) {
        forget_probe(probe); /* the session stays on polling */
    }
}

static const struct pl_ws_handler probe_handler = {.on_message = on_message,
                                                   .on_closed = on_closed};

/* The handshake completes, and the WebSocket is closed: an established transport is left alone. */
static void turn_away(struct pl_eio_engine *engine, struct pl_web_request *request)
{
    struct pl_ws *ws = NULL;
    if (pl_eio_websocket_accept(&ws, engine, request, PL_ENCODING_EIO4_WS, &probe_handler, NULL,
                                false, NULL) == 0) {
        pl_ws_close(ws, 1000, PL_STR(""));
    } else {
        pl_web_respond_empty(request, 503);
    }
}

void pl_eio_upgrade_start(struct pl_eio_session *session, struct pl_web_request *request,
                          const struct pl_eio_query *query)
{
    struct pl_hub *hub = session->engine->hub;
    struct pl_eio_probe *probe = NULL;
    if (session->ws != NULL || session->probe != NULL) {
        turn_away(session->engine, request);
        return;
    }
    probe = pl_alloc(sizeof(*probe));
    session->wants_base64 = query->wants_base64;
    if (pl_eio_websocket_accept(&probe->ws, session->engine, request,
                                pl_eio_session_websocket_encoding(session), &probe_handler, probe,
                                false, NULL) < 0) {
        pl_free(probe);
        pl_web_respond_empty(request, 503);
        return;
    }
    probe->session = session;
    probe->timer.on_due = on_timeout;
    session->probe = probe;
    pl_timer_set(pl_hub_timers(hub), &probe->timer,
                 pl_hub_now_ms(hub) + session->engine->config.upgrade_timeout_ms);
}
