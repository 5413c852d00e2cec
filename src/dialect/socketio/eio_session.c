/* Engine.IO sessions: their life, their packets, their heartbeat (spec 1.4, 1.8, 1.13). */
#include "dialect/socketio/eio_internal.h"

const char *pl_eio_reason_text(enum pl_eio_reason reason)
{
    switch (reason) {
    case PL_EIO_TRANSPORT_CLOSE:
        return "transport close";
    case PL_EIO_TRANSPORT_ERROR:
        return "transport error";
    case PL_EIO_PING_TIMEOUT:
        return "ping timeout";
    case PL_EIO_PARSE_ERROR:
        return "parse error";
    case PL_EIO_FORCED_CLOSE:
        return "forced close";
    case PL_EIO_SERVER_SHUTDOWN:
        return "server shutting down";
    }
    PL_ASSERT(false);
    return "";
}

static struct pl_metrics *metrics_of(const struct pl_eio_session *session)
{
    return session->engine->conns->metrics;
}

/* --- heartbeat --- */

static void heartbeat_at(struct pl_eio_session *session, int64_t deadline_ms)
{
    pl_timer_set(pl_hub_timers(session->engine->hub), &session->heartbeat, deadline_ms);
}

static void heartbeat_in(struct pl_eio_session *session, uint32_t in_ms)
{
    heartbeat_at(session, pl_hub_now_ms(session->engine->hub) + in_ms);
}

static void send_heartbeat(struct pl_eio_session *session)
{
    struct pl_frame *frame =
        session->engine->heartbeat[pl_encoding_plain(pl_session_encoding(session->hub))];
    pl_frame_ref(frame, 1);
    pl_session_send(session->hub, frame, 0);
}

static void on_heartbeat(struct pl_timer *timer)
{
    struct pl_eio_session *session = PL_CONTAINER_OF(timer, struct pl_eio_session, heartbeat);
    uint32_t wait_ms = session->ping_timeout_ms;
    int64_t promised_ms = timer->deadline_ms + wait_ms;
    if (session->awaits_client) {
        pl_metrics_add(metrics_of(session), PL_METRIC_SESSIONS_TIMED_OUT, 1);
        pl_eio_session_end(session, PL_EIO_PING_TIMEOUT);
        return;
    }
    session->awaits_client = true;
    /* counted from when the ping was due, so that a session ends at the promised moment; but when
     * the whole server was late, its clients get half the time all the same */
    heartbeat_at(session,
                 pl_i64_max(promised_ms, pl_hub_now_ms(session->engine->hub) + wait_ms / 2));
    send_heartbeat(session);
}

void pl_eio_session_start_heartbeat(struct pl_eio_session *session)
{
    session->awaits_client = pl_eio_session_rules(session)->client_pings;
    heartbeat_in(session, session->ping_interval_ms +
                              (session->awaits_client ? session->ping_timeout_ms : 0));
}

void pl_eio_session_rearm_heartbeat(struct pl_eio_session *session)
{
    if (pl_eio_session_rules(session)->client_pings) {
        pl_eio_session_start_heartbeat(session);
    } else if (session->awaits_client) {
        heartbeat_in(session, session->ping_timeout_ms);
    }
}

bool pl_eio_session_is_overdue(const struct pl_eio_session *session)
{
    return session->awaits_client &&
           session->heartbeat.deadline_ms <= pl_hub_now_ms(session->engine->hub);
}

/* --- life --- */

static void on_hub_message(struct pl_session *hub, enum pl_message_kind kind, struct pl_span bytes)
{
    struct pl_eio_session *session = pl_session_user(hub);
    const struct pl_eio_handler *handler = &session->engine->handler;
    if (session->phase != PL_EIO_OPENED) {
        return; /* it waited in the hub's queue while the session was closed */
    }
    handler->on_message(handler->user, session, kind == PL_MESSAGE_TEXT, bytes);
}

static const struct pl_session_ops hub_session_ops = {.on_message = on_hub_message};

struct pl_eio_session *pl_eio_session_create(struct pl_eio_engine *engine,
                                             struct pl_web_request *request, struct pl_str sid,
                                             const struct pl_eio_query *query)
{
    struct pl_str head = pl_web_request_raw_head(request);
    struct pl_str kept = head;
    struct pl_eio_session *session = NULL;
    if (pl_http_head_pack(&kept, engine->packer, head)) {
        PL_ASSERT(kept.len < head.len); /* which is how the two are told apart */
    }
    session = pl_try_alloc(sizeof(*session) + sid.len + kept.len);
    if (session == NULL) {
        return NULL;
    }
    *session = (struct pl_eio_session){
        .engine = engine,
        .revision = query->revision,
        .opened_unix_us = pl_hub_stamp_us(engine->hub),
        .peer = *pl_web_request_peer(request),
        .is_secure = pl_web_request_is_secure(request),
        .phase = PL_EIO_OPENED,
        .wants_base64 = query->wants_base64,
        .sid_len = (uint8_t)sid.len,
        .ping_interval_ms = engine->config.ping_interval_ms,
        .ping_timeout_ms = engine->config.ping_timeout_ms,
        .head_len = (uint32_t)head.len,
        .kept_len = (uint32_t)kept.len,
        .heartbeat = {.on_due = on_heartbeat},
    };
    memcpy(session->text, sid.ptr, sid.len);
    memcpy(session->text + sid.len, kept.ptr, kept.len);
    session->hub = pl_session_open(
        engine->hub, &(struct pl_session_params){.ops = &hub_session_ops, .user = session});
    pl_table_add(&engine->by_sid, &session->by_sid, pl_siphash(engine->hash_key, sid.ptr, sid.len));
    pl_list_push_back(&engine->sessions, &session->in_engine);
    engine->session_count++;
    pl_metrics_add(metrics_of(session), PL_METRIC_SESSIONS_OPENED, 1);
    return session;
}

static void free_session(struct pl_deferred *deferred)
{
    struct pl_eio_session *session = PL_CONTAINER_OF(deferred, struct pl_eio_session, free);
    pl_free(session->polling);
    pl_free(session);
}

static void close_websocket(struct pl_eio_session *session, enum pl_eio_reason reason)
{
    struct pl_ws *ws = session->ws;
    if (ws != NULL) {
        session->ws = NULL;
        pl_ws_set_user(ws, NULL); /* its on_closed is no news */
        pl_ws_close(ws, reason == PL_EIO_SERVER_SHUTDOWN ? 1001 : 1000, PL_STR(""));
    }
}

bool pl_eio_session_announce(struct pl_eio_session *session)
{
    const struct pl_eio_handler *handler = &session->engine->handler;
    session->is_announced = true;
    handler->on_open(handler->user, session);
    return session->phase != PL_EIO_CLOSED;
}

void pl_eio_session_end(struct pl_eio_session *session, enum pl_eio_reason reason)
{
    struct pl_eio_engine *engine = session->engine;
    bool was_websocket = session->ws != NULL || session->polling == NULL;
    if (session->phase == PL_EIO_CLOSED) {
        return;
    }
    session->phase = PL_EIO_CLOSED;
    pl_table_remove(&engine->by_sid, &session->by_sid);
    pl_list_remove(&session->in_engine);
    engine->session_count--;
    pl_timer_stop(pl_hub_timers(engine->hub), &session->heartbeat);
    pl_metrics_add(metrics_of(session),
                   was_websocket ? PL_METRIC_SESSIONS_WEBSOCKET : PL_METRIC_SESSIONS_POLLING, -1);
    if (session->is_announced) {
        engine->handler.on_close(engine->handler.user, session, reason);
    }
    pl_session_close(&session->hub);
    pl_eio_upgrade_abandon(session);
    close_websocket(session, reason);
    if (session->polling != NULL) {
        pl_eio_polling_end(session->polling, reason);
    }
    session->free.run = free_session;
    pl_loop_defer(engine->conns->loop, &session->free);
}

bool pl_eio_session_close(struct pl_eio_session *session)
{
    if (session->phase != PL_EIO_OPENED) {
        return session->phase == PL_EIO_CLOSED;
    }
    if (session->ws == NULL) {
        return pl_eio_polling_close(session->polling);
    }
    pl_eio_session_end(session, PL_EIO_FORCED_CLOSE);
    return true;
}

/* --- packets --- */

static bool take_message(struct pl_eio_session *session, const struct pl_eio_packet *packet)
{
    /* the bytes are ours: an arena's, or those of a message that nobody else reads */
    union {
        const char *in;
        uint8_t *out;
    } bytes = {.in = packet->data.ptr};
    enum pl_message_kind kind = packet->type == PL_EIO_BINARY ? PL_MESSAGE_BINARY : PL_MESSAGE_TEXT;
    pl_metrics_add(metrics_of(session), PL_METRIC_SOCKETIO_MESSAGES_IN, 1);
    pl_metrics_add(metrics_of(session), PL_METRIC_SOCKETIO_BYTES_IN, (int64_t)packet->data.len);
    if (session->phase != PL_EIO_OPENED) {
        return session->phase != PL_EIO_CLOSED; /* closing: nothing is handled any more */
    }
    if (!pl_session_receive(session->hub, kind, (struct pl_span){bytes.out, packet->data.len})) {
        pl_eio_session_end(session, PL_EIO_TRANSPORT_ERROR);
    }
    return session->phase != PL_EIO_CLOSED;
}

/* A pong may come unasked: some clients speak first (spec 1.8). The packet of the other direction
 * is a mistake. */
static bool take_heartbeat(struct pl_eio_session *session, enum pl_eio_type type)
{
    bool client_pings = pl_eio_session_rules(session)->client_pings;
    if (type != (client_pings ? PL_EIO_PING : PL_EIO_PONG)) {
        pl_metrics_add(metrics_of(session), PL_METRIC_ERROR_ENGINEIO_PACKET, 1);
        pl_eio_session_end(session, PL_EIO_TRANSPORT_ERROR);
        return false;
    }
    if (session->phase == PL_EIO_OPENED) {
        pl_eio_session_start_heartbeat(session);
        if (client_pings) {
            send_heartbeat(session);
        }
    }
    return true;
}

bool pl_eio_session_take(struct pl_eio_session *session, const struct pl_eio_packet *packet)
{
    switch (packet->type) {
    case PL_EIO_MESSAGE:
    case PL_EIO_BINARY:
        return take_message(session, packet);
    case PL_EIO_PING:
    case PL_EIO_PONG:
        return take_heartbeat(session, packet->type);
    case PL_EIO_CLOSE:
        if (session->polling != NULL) {
            pl_eio_polling_release(session->polling);
        }
        pl_eio_session_end(session, PL_EIO_TRANSPORT_CLOSE);
        return false;
    case PL_EIO_OPEN:
    case PL_EIO_UPGRADE:
    case PL_EIO_NOOP:
        return true; /* ignored (spec 1.4 [D]) */
    }
    return true;
}

void pl_eio_session_write_open(struct pl_buf *out, const struct pl_eio_session *session,
                               bool offers_websocket)
{
    pl_eio_handshake_write(out,
                           &(struct pl_eio_handshake){
                               .sid = pl_eio_session_sid(session),
                               .offers_websocket = offers_websocket,
                               .ping_interval_ms = session->ping_interval_ms,
                               .ping_timeout_ms = session->ping_timeout_ms,
                               .max_payload_bytes = session->engine->config.max_http_buffer_size,
                           });
}

/* --- getters --- */

struct pl_str pl_eio_session_sid(const struct pl_eio_session *session)
{
    return pl_str_make(session->text, session->sid_len);
}

struct pl_session *pl_eio_session_hub(struct pl_eio_session *session)
{
    return session->hub;
}

struct pl_eio_engine *pl_eio_session_engine(struct pl_eio_session *session)
{
    return session->engine;
}

struct pl_eio_session *pl_eio_session_of(struct pl_session *session)
{
    return pl_session_user(session);
}

uint8_t pl_eio_session_revision(const struct pl_eio_session *session)
{
    return session->revision;
}

void *pl_eio_session_user(const struct pl_eio_session *session)
{
    return session->user;
}

void pl_eio_session_set_user(struct pl_eio_session *session, void *user)
{
    session->user = user;
}

bool pl_eio_session_is_websocket(const struct pl_eio_session *session)
{
    return session->ws != NULL;
}

bool pl_eio_session_waits_for_poll(const struct pl_eio_session *session)
{
    return session->ws == NULL && session->polling != NULL && session->polling->sink.outq.count > 0;
}

bool pl_eio_session_is_open(const struct pl_eio_session *session)
{
    return session->phase == PL_EIO_OPENED;
}

int pl_eio_session_request_head(struct pl_str *out, const struct pl_eio_session *session,
                                struct pl_arena *arena, struct pl_error *err)
{
    struct pl_str kept = pl_str_make(session->text + session->sid_len, session->kept_len);
    if (session->kept_len < session->head_len) {
        return pl_http_head_unpack(out, kept, session->head_len, arena, err);
    }
    *out = kept;
    return 0;
}

bool pl_eio_session_is_secure(const struct pl_eio_session *session)
{
    return session->is_secure;
}

const struct pl_address *pl_eio_session_peer(const struct pl_eio_session *session)
{
    return &session->peer;
}

int64_t pl_eio_session_opened_unix_us(const struct pl_eio_session *session)
{
    return session->opened_unix_us;
}
