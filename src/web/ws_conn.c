/* A WebSocket as a connection's protocol. After on_closed its owner is gone but the connection may
 * stay a moment, for the peer's close frame. */
#include "web/ws_conn.h"

#include "base/alloc.h"
#include "codec/ws_close.h"

#define BAD_INPUT_PERIOD_MS 10000
#define BAD_INPUT_BURST 10

enum ws_state {
    WS_OPEN,
    WS_CLOSING, /* our close frame is queued; the peer's is waited for */
    WS_LEAVING, /* the peer has ended; our answers to what came before are waited for */
    WS_DONE,    /* nothing more is read or sent */
};

_Static_assert(sizeof(struct pl_ws_conn) <= 96, "an idle WebSocket is small");

static const struct pl_conn_protocol ws_protocol;

/* --- the loop's --- */

void pl_ws_loop_init(struct pl_ws_loop *loop, struct pl_conn_set *conns, const struct pl_log *log)
{
    *loop = (struct pl_ws_loop){
        .conns = conns,
        .log = log,
        .bad_input = {.period_ms = BAD_INPUT_PERIOD_MS, .burst = BAD_INPUT_BURST},
    };
}

void pl_ws_loop_fini(struct pl_ws_loop *loop)
{
    pl_inflater_destroy(loop->inflater);
    pl_buf_fini(&loop->message);
}

static void count(const struct pl_ws_conn *self, enum pl_metric metric)
{
    pl_metrics_add(self->loop->conns->metrics, metric, 1);
}

/* --- frames --- */

struct pl_frame *pl_ws_create_frame(enum pl_ws_opcode opcode, struct pl_str payload)
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

/* --- the end --- */

/* Tell the owner, once. */
static void announce_closed(struct pl_ws_conn *self, uint16_t code, struct pl_str reason,
                            enum pl_conn_end end)
{
    if (!self->is_announced) {
        self->is_announced = true;
        self->owner->on_closed(self, code, reason, end);
    }
}

static void free_later(struct pl_deferred *deferred)
{
    struct pl_ws_conn *self = PL_CONTAINER_OF(deferred, struct pl_ws_conn, later);
    pl_ws_conn_fini(self); /* not earlier: somebody may still look at its message */
    self->owner->free(self);
}

static void on_end(struct pl_conn *conn, enum pl_conn_end end)
{
    struct pl_ws_conn *self = conn->protocol_data;
    self->state = WS_DONE;
    self->later.run = free_later;
    pl_loop_defer(conn->set->loop, &self->later);
    announce_closed(self, PL_WS_CLOSE_ABNORMAL, PL_STR(""), end);
}

static void on_close_due(struct pl_timer *timer)
{
    struct pl_conn *conn = PL_CONTAINER_OF(timer, struct pl_conn, timer);
    const struct pl_ws_conn *self = conn->protocol_data;
    if (conn->is_waiting) { /* its answer may be among what we have not read */
        pl_conn_deadline(conn, self->loop->timeouts.close_ms);
        return;
    }
    pl_conn_close(conn, PL_CONN_END_LOCAL);
}

static void on_failed_due(struct pl_timer *timer)
{
    pl_conn_close(PL_CONTAINER_OF(timer, struct pl_conn, timer), PL_CONN_END_ERROR);
}

void pl_ws_conn_fail(struct pl_ws_conn *self)
{
    self->conn->sink.is_closed = true;
    self->conn->timer.on_due = on_failed_due;
    pl_conn_deadline(self->conn, 0);
    count(self, PL_METRIC_REFUSED_MEMORY);
}

/* Queue our close frame, behind everything; from here on the sink takes nothing more. */
static void send_close(struct pl_ws_conn *self, uint16_t code, struct pl_str reason)
{
    uint8_t payload[PL_WS_CONTROL_MAX];
    size_t len = pl_ws_close_write(payload, code, reason);
    struct pl_frame *frame =
        pl_ws_create_frame(PL_WS_CLOSE, pl_str_make((const char *)payload, len));
    if (frame != NULL) {
        frame->flags = PL_FRAME_CLOSES;
        pl_conn_send(self->conn, frame);
    }
    self->conn->sink.is_closed = true;
}

/* Both sides have said all: let the connection go when the queue is sent. */
static void finish(struct pl_ws_conn *self)
{
    self->state = WS_DONE;
    pl_conn_drain(self->conn); /* does nothing when it is closed already */
}

uint16_t pl_ws_code_for_wire(uint16_t code)
{
    bool is_allowed = code == PL_WS_CLOSE_NO_STATUS || pl_ws_close_code_is_allowed(code);
    return is_allowed ? code : PL_WS_CLOSE_NORMAL;
}

void pl_ws_conn_close(struct pl_ws_conn *self, uint16_t code, struct pl_str reason)
{
    if (self->state != WS_OPEN) {
        return;
    }
    code = pl_ws_code_for_wire(code);
    self->state = WS_CLOSING;
    send_close(self, code, reason);
    self->conn->timer.on_due = on_close_due;
    pl_conn_deadline(self->conn, self->loop->timeouts.close_ms);
    /* paused, we would not see the peer's answer */
    pl_conn_set_reading(self->conn, PL_CONN_READING);
    announce_closed(self, code, reason, PL_CONN_END_LOCAL);
}

static void on_close_wanted(struct pl_conn *conn, uint16_t code, struct pl_str reason)
{
    pl_ws_conn_close(conn->protocol_data, code, reason);
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

static void log_violation(struct pl_ws_conn *self, int code, const char *why)
{
    struct pl_ws_loop *loop = self->loop;
    char ip[PL_ADDRESS_TEXT_MAX];
    if (!pl_log_limited(loop->log, &loop->bad_input, pl_loop_now_ms(loop->conns->loop), PL_LOG_INFO,
                        "websocket.violation", "ip=%s status=%d reason=\"%s\"",
                        pl_address_format_host(ip, &self->conn->peer), code, why)) {
        count(self, PL_METRIC_LOG_SUPPRESSED);
    }
}

/* The peer has said its last; while we are closing there is nothing to wait for. */
static void begin_to_leave(struct pl_ws_conn *self, const struct pl_ws_leaving *leaving)
{
    if (self->state != WS_OPEN) {
        finish(self);
        return;
    }
    self->state = WS_LEAVING;
    pl_conn_no_deadline(self->conn);
    pl_conn_set_reading(self->conn, PL_CONN_PAUSED);
    self->conn->reads_no_more = true;
    self->owner->on_leaving(self, leaving);
}

void pl_ws_conn_leave(struct pl_ws_conn *self, const struct pl_ws_leaving *leaving)
{
    if (self->state != WS_LEAVING) {
        return;
    }
    self->state = WS_DONE;
    if (leaving->has_frame) {
        /* RFC 6455 section 5.5.1: a close frame is answered with its code; and, as other servers
         * have it, its reason */
        send_close(self, leaving->code, leaving->reason);
    }
    self->conn->sink.is_closed = true; /* what is sent to it from now on came too late */
    announce_closed(self, leaving->code, leaving->reason, leaving->end);
    finish(self);
}

/* RFC 6455 section 7.1.7: tell the peer why, and fail the connection without waiting for its
 * answer. */
static void violated(struct pl_ws_conn *self, uint16_t code, enum pl_metric metric, const char *why)
{
    count(self, metric);
    log_violation(self, code, why);
    begin_to_leave(self, &(struct pl_ws_leaving){.code = code,
                                                 .reason = pl_str_of_cstr(why),
                                                 .end = PL_CONN_END_ERROR,
                                                 .has_frame = true});
}

static void on_violation(struct pl_ws_conn *self, int error, enum pl_metric metric, const char *why)
{
    violated(self, pl_ws_close_code_of_error(error), metric, why);
}

/* What arrives compressed is decompressed into a buffer that belongs to nobody meanwhile. */
static void on_compressed(struct pl_ws_conn *self, const struct pl_ws_event *event)
{
    struct pl_error err = {0};
    struct pl_buf message;
    int rc = pl_ws_decompress(&message, self->loop, event, self->decoder.limit_bytes, self->history,
                              &err);
    if (rc == 0) {
        self->owner->on_message(self, event->kind == PL_WS_EVENT_TEXT,
                                (struct pl_span){message.ptr, message.len});
    } else if (rc == PL_E_PROTO) { /* not what the frame says it is: 1007, as for broken text */
        on_violation(self, PL_E_UTF8, PL_METRIC_ERROR_WEBSOCKET_DEFLATE, err.text);
    } else {
        on_violation(self, rc, metric_of_violation(rc), err.text);
    }
    pl_ws_decompress_done(self->loop, &message);
}

static void on_message(struct pl_ws_conn *self, const struct pl_ws_event *event)
{
    if ((event->rsv & PL_WS_RSV1) != 0) {
        on_compressed(self, event);
    } else {
        self->owner->on_message(self, event->kind == PL_WS_EVENT_TEXT, event->payload);
    }
}

static void on_peer_close(struct pl_ws_conn *self, const struct pl_ws_event *event)
{
    begin_to_leave(self, &(struct pl_ws_leaving){.code = event->close_code,
                                                 .reason = event->close_reason,
                                                 .end = PL_CONN_END_PEER,
                                                 .has_frame = true});
}

/* The stream ended without a close frame. Answers that are on their way still go out: it may have
 * ended on one side alone. */
static bool on_peer_end(struct pl_conn *conn)
{
    struct pl_ws_conn *self = conn->protocol_data;
    if (self->state == WS_LEAVING) {
        return true;
    }
    if (self->state != WS_OPEN) {
        return false;
    }
    begin_to_leave(self,
                   &(struct pl_ws_leaving){.code = PL_WS_CLOSE_ABNORMAL, .end = PL_CONN_END_PEER});
    return true;
}

/* While we are closing, only the peer's close frame counts. */
static void on_event(struct pl_ws_conn *self, const struct pl_ws_event *event)
{
    if (event->kind == PL_WS_EVENT_CLOSE) {
        on_peer_close(self, event);
        return;
    }
    if (self->state != WS_OPEN) {
        return;
    }
    switch (event->kind) {
    case PL_WS_EVENT_TEXT:
    case PL_WS_EVENT_BINARY:
        on_message(self, event);
        break;
    case PL_WS_EVENT_PING:
        self->owner->on_ping(self, pl_str_of_span(event->payload));
        break;
    case PL_WS_EVENT_PONG:
        self->owner->on_pong(self, event->payload);
        break;
    case PL_WS_EVENT_NONE:
    case PL_WS_EVENT_CLOSE:
        break;
    }
}

/* --- messages that do not end --- */

static void on_message_due(struct pl_timer *timer)
{
    struct pl_conn *conn = PL_CONTAINER_OF(timer, struct pl_conn, timer);
    struct pl_ws_conn *self = conn->protocol_data;
    if (conn->reading != PL_CONN_READING || conn->is_waiting) { /* we let it wait, not the peer */
        pl_conn_deadline(conn, self->loop->timeouts.message_ms);
        return;
    }
    violated(self, PL_WS_CLOSE_POLICY, PL_METRIC_REFUSED_MESSAGE_TIMEOUT, "message took too long");
}

/* A message of which a part is there has a deadline, which moves with what arrives. An open
 * connection uses its timer for nothing else, unless it is about to fail. */
static void watch_message(struct pl_ws_conn *self, size_t taken_bytes)
{
    struct pl_conn *conn = self->conn;
    uint32_t timeout_ms = self->loop->timeouts.message_ms;
    if (self->state != WS_OPEN || conn->sink.is_closed || timeout_ms == 0) {
        return;
    }
    if (self->decoder.assembly == NULL) {
        pl_conn_no_deadline(conn);
    } else if (pl_timer_is_set(&conn->timer)) {
        pl_conn_deadline_earn(conn, taken_bytes, timeout_ms);
    } else {
        conn->timer.on_due = on_message_due;
        pl_conn_deadline(conn, timeout_ms);
    }
}

static bool may_read(const struct pl_ws_conn *self)
{
    return self->state != WS_DONE && self->state != WS_LEAVING &&
           self->conn->reading == PL_CONN_READING;
}

/* Read frames until they end, the owner pauses, or the turn's share is used up. */
static size_t on_input(struct pl_conn *conn, struct pl_span in)
{
    struct pl_ws_conn *self = conn->protocol_data;
    size_t at = 0;
    while (may_read(self)) { /* an empty rest too: the call frees a delivered message */
        struct pl_ws_event event;
        struct pl_error err = {0};
        ptrdiff_t len = 0;
        if (at < in.len && !pl_loop_take_input(conn->set->loop)) {
            pl_conn_input_again(conn);
            break;
        }
        len = pl_ws_decoder_next(&self->decoder, &event, (struct pl_span){in.ptr + at, in.len - at},
                                 &err);
        if (len < 0) {
            on_violation(self, (int)len, metric_of_violation((int)len), err.text);
            break;
        }
        if (len == 0) {
            break;
        }
        at += (size_t)len;
        on_event(self, &event);
    }
    watch_message(self, at);
    return at;
}

static const struct pl_conn_protocol ws_protocol = {
    .name = "websocket",
    .on_input = on_input,
    .on_end = on_end,
    .on_peer_end = on_peer_end,
    .on_close_wanted = on_close_wanted,
};

/* --- its beginning --- */

bool pl_ws_conn_init(struct pl_ws_conn *self, const struct pl_ws_conn_owner *owner,
                     size_t message_limit_bytes, const struct pl_ws_deflate_agreement *agreement)
{
    self->owner = owner;
    self->state = WS_OPEN;
    if (agreement != NULL) {
        self->history = pl_try_alloc(sizeof(*self->history));
        if (self->history == NULL) {
            return false;
        }
        *self->history = (struct pl_inflate_history){0};
        if (!agreement->client_no_context_takeover) {
            pl_inflate_history_init(self->history, agreement->client_max_window_bits);
        }
    }
    pl_ws_decoder_init(&self->decoder, PL_WS_SERVER, message_limit_bytes,
                       agreement != NULL ? PL_WS_RSV1 : 0);
    return true;
}

void pl_ws_conn_fini(struct pl_ws_conn *self)
{
    pl_ws_decoder_fini(&self->decoder);
    if (self->history != NULL) {
        pl_inflate_history_fini(self->history);
        pl_free(self->history);
    }
}

void pl_ws_conn_install(struct pl_ws_conn *self, struct pl_conn *conn)
{
    self->conn = conn;
    conn->protocol = &ws_protocol;
    conn->protocol_data = self;
}
