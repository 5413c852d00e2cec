/* Engine.IO over long-polling (spec 1.5): frames wait in the session's own sink for a GET; POSTs
 * are handed over packet by packet, in slices of a turn. */
#include "base/fanout_top.h"
#include "dialect/socketio/eio_internal.h"

#define DEFERRED_CLOSE_MS 30000 /* how long a close waits for a GET (spec 1.12) */
#define PARSE_ARENA_SLACK 1024

static struct pl_timers *timers_of(const struct pl_eio_polling *polling)
{
    return pl_hub_timers(polling->session->engine->hub);
}

static void timer_in(struct pl_eio_polling *polling, int64_t in_ms)
{
    pl_timer_set(timers_of(polling), &polling->timer,
                 pl_hub_now_ms(polling->session->engine->hub) + in_ms);
}

static struct pl_web_request *take_get(struct pl_eio_polling *polling)
{
    struct pl_web_request *get = polling->get;
    polling->get = NULL;
    polling->sink.is_ready = false;
    polling->sink.is_blocked = true;
    return get;
}

static void release(struct pl_eio_polling *polling, struct pl_str payload)
{
    if (polling->get != NULL) {
        pl_eio_answer_payload(polling, take_get(polling), payload);
    }
}

void pl_eio_polling_release(struct pl_eio_polling *polling)
{
    release(polling, pl_eio_session_rules(polling->session)->noop_payload);
}

/* --- the sink --- */

static struct pl_eio_polling *polling_of(struct pl_sink *sink)
{
    return PL_CONTAINER_OF(sink, struct pl_eio_polling, sink);
}

static void sink_flush(struct pl_sink *sink)
{
    struct pl_eio_polling *polling = polling_of(sink);
    if (polling->get != NULL && sink->outq.count > 0) {
        pl_eio_answer_queue(polling, take_get(polling), false);
    }
}

void pl_eio_polling_flush(struct pl_eio_polling *polling)
{
    sink_flush(&polling->sink);
}

bool pl_eio_polling_has_overflowed(const struct pl_eio_polling *polling)
{
    return pl_list_is_linked(&polling->overflow.node);
}

static void run_overflow(struct pl_deferred *deferred)
{
    struct pl_eio_polling *polling = PL_CONTAINER_OF(deferred, struct pl_eio_polling, overflow);
    pl_loop_soon(polling->session->engine->conns->loop); /* this turn's flush is over */
    pl_eio_session_end(polling->session, PL_EIO_TRANSPORT_ERROR);
}

/* Called inside a publish: the end waits for the end of the turn. */
static void sink_overflow(struct pl_sink *sink)
{
    struct pl_eio_polling *polling = polling_of(sink);
    struct pl_conn_set *conns = polling->session->engine->conns;
    pl_metrics_add(conns->metrics, PL_METRIC_SLOW_CONSUMERS, 1);
    polling->overflow.run = run_overflow;
    pl_loop_defer(conns->loop, &polling->overflow);
}

static void sink_pause(struct pl_sink *sink)
{
    polling_of(sink)->is_paused = true;
}

static void sink_resume(struct pl_sink *sink)
{
    struct pl_eio_polling *polling = polling_of(sink);
    polling->is_paused = false;
    if (polling->is_reading_post) {
        timer_in(polling, 0);
    }
}

static void sink_close(struct pl_sink *sink, uint16_t code, struct pl_str reason)
{
    (void)code;
    (void)reason;
    pl_eio_session_close(polling_of(sink)->session);
}

static void sink_describe(struct pl_sink *sink, struct pl_sink_info *out)
{
    pl_address_format(out->peer, pl_eio_session_peer(polling_of(sink)->session));
    out->transport = "polling";
}

static const struct pl_sink_ops sink_ops = {
    .describe = sink_describe,
    .flush = sink_flush,
    .overflow = sink_overflow,
    .pause = sink_pause,
    .resume = sink_resume,
    .close = sink_close,
};

/* --- life --- */

static void on_timer(struct pl_timer *timer);

static void create_polling(struct pl_eio_session *session, const struct pl_eio_query *query)
{
    struct pl_eio_polling *polling = pl_alloc(sizeof(*polling));
    uint8_t encoding = (uint8_t)pl_eio_revision_polling(pl_eio_session_rules(session), query);
    polling->session = session;
    polling->is_jsonp = pl_eio_session_rules(session)->has_jsonp && query->has_jsonp_index;
    polling->jsonp_index = query->jsonp_index;
    polling->timer.on_due = on_timer;
    polling->sink.ops = &sink_ops;
    polling->sink.limit_bytes = session->engine->config.send_limit_bytes;
    polling->sink.encoding = encoding;
    polling->sink.is_blocked = true;
    pl_fanout_attach(session->engine->conns->fanout, &polling->sink);
    session->polling = polling;
    pl_session_attach(session->hub, polling->sink.id, encoding);
}

static void push_initial_packet(struct pl_eio_session *session)
{
    struct pl_str initial = session->engine->config.initial_packet;
    struct pl_frame *frame = NULL;
    if (initial.len > 0) {
        frame = pl_eio_frame_create(pl_session_encoding(session->hub), initial, NULL, 0);
    }
    if (frame != NULL) {
        pl_session_send(session->hub, frame, 0);
    }
}

static struct pl_frame *open_frame(struct pl_eio_session *session)
{
    const struct pl_eio_config *config = &session->engine->config;
    struct pl_frame *frame = NULL;
    struct pl_buf open;
    pl_buf_init(&open, 1024);
    pl_eio_session_write_open(&open, session, config->allows_upgrades && config->allows_websocket);
    if (!pl_buf_failed(&open)) {
        frame = pl_eio_frame_create_packet(pl_session_encoding(session->hub), pl_buf_str(&open));
    }
    pl_buf_fini(&open);
    return frame;
}

static void add_cookie(struct pl_eio_session *session, struct pl_web_request *request)
{
    const struct pl_eio_config *config = &session->engine->config;
    struct pl_buf cookie;
    int rc = 0;
    if (config->cookie.len == 0) {
        return;
    }
    pl_buf_init(&cookie, 1024);
    pl_buf_add_str(&cookie, config->cookie);
    pl_buf_add_char(&cookie, '=');
    pl_buf_add_str(&cookie, pl_eio_session_sid(session));
    pl_buf_add_str(&cookie, config->cookie_attributes);
    rc = pl_web_request_add_header(request, PL_STR("Set-Cookie"), pl_buf_str(&cookie), NULL);
    PL_ASSERT(rc == 0 || pl_buf_failed(&cookie)); /* the settings were checked at start */
    pl_buf_fini(&cookie);
}

void pl_eio_polling_open(struct pl_eio_engine *engine, struct pl_web_request *request,
                         struct pl_str sid, const struct pl_eio_query *query)
{
    struct pl_eio_session *session = pl_eio_session_create(engine, request, sid, query);
    struct pl_frame *open = NULL;
    if (session == NULL) {
        pl_web_respond_empty(request, 503);
        return;
    }
    pl_metrics_add(engine->conns->metrics, PL_METRIC_SESSIONS_POLLING, 1);
    create_polling(session, query);
    open = open_frame(session);
    if (open == NULL) {
        pl_web_respond_empty(request, 503);
        pl_eio_session_end(session, PL_EIO_TRANSPORT_ERROR);
        return;
    }
    pl_session_send(session->hub, open, 0);
    push_initial_packet(session);
    pl_eio_session_start_heartbeat(session);
    if (!pl_eio_session_announce(session)) {
        pl_web_respond_empty(request, 503);
        return;
    }
    add_cookie(session, request);
    pl_eio_answer_queue(session->polling, request, true);
}

void pl_eio_polling_end(struct pl_eio_polling *polling, enum pl_eio_reason reason)
{
    struct pl_eio_session *session = polling->session;
    struct pl_web_request *post = polling->post;
    pl_timer_stop(timers_of(polling), &polling->timer);
    pl_list_remove(&polling->overflow.node);
    if (reason != PL_EIO_SERVER_SHUTDOWN || session->engine->is_departing) {
        sink_flush(&polling->sink); /* a client that has just come in waits for its answer */
    }
    release(polling, pl_eio_session_rules(session)->close_payload);
    polling->post = NULL;
    if (post != NULL && !polling->is_reading_post) { /* its body is still coming */
        pl_web_request_on_abort(post, NULL, NULL);
        if (!session->engine->is_departing) {
            pl_web_respond_empty(post, 400);
        }
    } else if (post != NULL) {
        pl_eio_answer_ok(session->engine, post);
    }
    pl_fanout_detach(session->engine->conns->fanout, &polling->sink);
}

void pl_eio_polling_retire(struct pl_eio_session *session)
{
    struct pl_eio_polling *polling = session->polling;
    if (session->ws == NULL || polling == NULL) {
        return;
    }
    if (polling->post != NULL) {
        sink_resume(&polling->sink); /* the hub pauses the WebSocket from now on */
        return;
    }
    pl_timer_stop(timers_of(polling), &polling->timer);
    pl_fanout_detach(session->engine->conns->fanout, &polling->sink);
    pl_list_remove(&polling->overflow.node);
    session->polling = NULL;
    pl_free(polling);
}

bool pl_eio_polling_close(struct pl_eio_polling *polling)
{
    struct pl_eio_session *session = polling->session;
    sink_flush(&polling->sink);
    polling->sink.is_closed = true; /* nothing is queued any more */
    if (polling->get != NULL) {
        pl_eio_session_end(session, PL_EIO_FORCED_CLOSE); /* which answers it with `1` */
        return true;
    }
    session->phase = PL_EIO_CLOSING;
    session->awaits_client = false;
    pl_timer_stop(timers_of(polling), &session->heartbeat);
    polling->close_at_ms = pl_hub_now_ms(session->engine->hub) + DEFERRED_CLOSE_MS;
    if (!polling->is_reading_post) {
        pl_timer_set(timers_of(polling), &polling->timer, polling->close_at_ms);
    }
    return false;
}

/* --- GET --- */

static void on_get_abort(struct pl_web_request *request, void *user)
{
    struct pl_eio_session *session = user;
    (void)request;
    take_get(session->polling);
    pl_eio_session_end(session, PL_EIO_TRANSPORT_ERROR);
}

static void park(struct pl_eio_polling *polling, struct pl_web_request *request)
{
    polling->get = request;
    polling->sink.is_ready = true;
    polling->sink.is_blocked = false;
    pl_web_request_on_abort(request, on_get_abort, polling->session);
}

void pl_eio_polling_get(struct pl_eio_session *session, struct pl_web_request *request)
{
    struct pl_eio_polling *polling = session->polling;
    if (polling->get != NULL) { /* spec 1.5.3 row 5 */
        pl_metrics_add(session->engine->conns->metrics, PL_METRIC_ERROR_ENGINEIO_REQUEST, 1);
        pl_web_respond_empty(request, 400);
        pl_eio_session_end(session, PL_EIO_TRANSPORT_ERROR);
    } else if (polling->sink.outq.count > 0) {
        pl_eio_answer_queue(polling, request, false);
    } else if (session->phase == PL_EIO_CLOSING) { /* noop, then close */
        pl_eio_answer_payload(polling, request, pl_eio_session_rules(session)->noop_close_payload);
        pl_eio_session_end(session, PL_EIO_FORCED_CLOSE);
    } else if (pl_eio_upgrade_is_probed(session)) {
        pl_eio_answer_payload(polling, request, pl_eio_session_rules(session)->noop_payload);
    } else {
        park(polling, request);
    }
}

/* --- POST --- */

static void on_post_abort(struct pl_web_request *request, void *user)
{
    struct pl_eio_session *session = user;
    (void)request;
    session->polling->post = NULL;
    session->polling->is_reading_post = false;
    if (session->ws != NULL) {
        pl_eio_polling_retire(session); /* left over from before the upgrade */
        return;
    }
    pl_eio_session_end(session, PL_EIO_TRANSPORT_ERROR);
}

/* The head of a POST: whoever sends two at a time is out. */
void pl_eio_polling_on_head(struct pl_web_request *request, void *user)
{
    struct pl_eio_engine *engine = user;
    struct pl_eio_session *session = NULL;
    struct pl_eio_query query;
    if (pl_web_request_head(request)->method != PL_HTTP_POST ||
        engine->handler.middleware != NULL) {
        return;
    }
    pl_eio_query_read(&query, pl_web_request_url(request)->query);
    session = query.has_sid ? pl_eio_engine_find(engine, query.sid) : NULL;
    if (query.transport != PL_EIO_TRANSPORT_POLLING || !engine->config.allows_polling ||
        session == NULL || session->polling == NULL || session->ws != NULL ||
        pl_eio_session_is_overdue(session)) {
        return; /* refused when the request is whole */
    }
    if (session->polling->post != NULL) { /* spec 1.5.3 row 6 */
        pl_metrics_add(engine->conns->metrics, PL_METRIC_ERROR_ENGINEIO_REQUEST, 1);
        pl_web_respond_empty(request, 400);
        pl_eio_session_end(session, PL_EIO_TRANSPORT_ERROR);
        return;
    }
    session->polling->post = request;
    pl_web_request_on_abort(request, on_post_abort, session);
}

/* The POST is done: answer it, unless the end of its session has. */
static void finish_post(struct pl_eio_polling *polling, int status)
{
    struct pl_eio_session *session = polling->session;
    struct pl_web_request *post = polling->post;
    polling->post = NULL;
    polling->is_reading_post = false;
    if (post == NULL) {
        return;
    }
    if (status == 200) {
        pl_eio_answer_ok(session->engine, post);
    } else {
        pl_web_respond_empty(post, status);
    }
    if (session->phase == PL_EIO_CLOSING) {
        pl_timer_set(timers_of(polling), &polling->timer, polling->close_at_ms);
    }
    pl_eio_polling_retire(session);
}

static void refuse_post(struct pl_eio_polling *polling, int error)
{
    struct pl_eio_session *session = polling->session;
    pl_metrics_add(session->engine->conns->metrics, PL_METRIC_ERROR_ENGINEIO_PACKET, 1);
    finish_post(polling, 400);
    pl_eio_session_end(session, error == PL_E_PROTO ? PL_EIO_PARSE_ERROR : PL_EIO_TRANSPORT_ERROR);
}

/* Hand packets over until there are no more, the turn's share is used up,
 * or the hub wants a pause. */
static void read_post(struct pl_eio_polling *polling)
{
    struct pl_eio_session *session = polling->session;
    struct pl_loop *loop = session->engine->conns->loop;
    while (polling->post != NULL && !polling->is_paused) {
        struct pl_eio_packet packet;
        struct pl_arena arena;
        bool is_over = false;
        int rc = 0;
        if (!pl_loop_take_input(loop)) {
            timer_in(polling, 0);
            pl_loop_soon(loop);
            return;
        }
        pl_arena_init(&arena, pl_web_request_body(polling->post).len + PARSE_ARENA_SLACK);
        rc = pl_eio_session_rules(session)->next_packet(&packet, &polling->reader, &arena, NULL);
        if (rc < 0) {
            refuse_post(polling, rc);
        } else if (rc == 0) {
            finish_post(polling, 200);
        } else {
            is_over = !pl_eio_session_take(session, &packet);
        }
        pl_arena_fini(&arena);
        if (rc <= 0 || is_over) {
            return;
        }
    }
}

static void on_timer(struct pl_timer *timer)
{
    struct pl_eio_polling *polling = PL_CONTAINER_OF(timer, struct pl_eio_polling, timer);
    if (polling->is_reading_post) {
        read_post(polling);
    } else if (polling->session->phase == PL_EIO_CLOSING) {
        pl_eio_session_end(polling->session, PL_EIO_FORCED_CLOSE); /* no GET came for the close */
    }
}

static bool is_octet_stream(struct pl_web_request *request)
{
    struct pl_str type = pl_http_header_find(pl_web_request_head(request), PL_STR("Content-Type"));
    return type.ptr != NULL &&
           pl_str_eq_nocase(pl_str_trim(type), PL_STR("application/octet-stream"));
}

/* Start to read the body. Returns 0, or why it is no payload of the session's. */
static int begin_body(struct pl_eio_polling *polling, struct pl_web_request *request)
{
    const struct pl_eio_revision *revision = pl_eio_session_rules(polling->session);
    struct pl_span body = pl_web_request_body(request);
    struct pl_str payload = pl_str_of_span(body);
    bool is_binary = is_octet_stream(request);
    if (is_binary && !revision->takes_binary_bodies) {
        return PL_E_UNSUPPORTED;
    }
    if (polling->is_jsonp && !is_binary) {
        int rc = pl_eio3_jsonp_read(&payload, body, NULL);
        if (rc < 0) {
            return rc;
        }
    }
    revision->begin_body(&polling->reader, payload, is_binary);
    return 0;
}

void pl_eio_polling_post(struct pl_eio_session *session, struct pl_web_request *request)
{
    struct pl_eio_polling *polling = session->polling;
    int rc = 0;
    if (polling->post != NULL &&
        polling->post != request) { /* only where a middleware hid its head */
        pl_web_respond_empty(request, 400);
        pl_eio_session_end(session, PL_EIO_TRANSPORT_ERROR);
        return;
    }
    polling->post = request;
    pl_web_request_on_abort(request, on_post_abort, session);
    rc = begin_body(polling, request);
    if (rc < 0) {
        refuse_post(polling, rc);
        return;
    }
    polling->is_reading_post = true;
    read_post(polling);
}
