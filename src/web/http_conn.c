/* HTTP/1.1 on a connection (RFC 9112): heads, bodies, deadlines, one request at a time. What a
 * whole head means (routes, limits, upgrades) is in dispatch.c. */
#include "web/web_internal.h"

#include "base/alloc.h"
#include "web/dispatch.h"

#define LONG_HEAD_BYTES 1024

static void on_due(struct pl_timer *timer);

/* --- deadlines and states --- */

static void set_state(struct pl_web_conn *http, enum pl_web_conn_state state)
{
    const struct pl_web_limits *limits = &http->web->limits;
    http->state = state;
    switch (state) {
    case PL_WEB_IDLE:
        http->unsent_bytes = http->conn->sink.outq.bytes;
        pl_conn_deadline(http->conn, limits->keep_alive_timeout_ms);
        break;
    case PL_WEB_HEADING:
        pl_conn_deadline(http->conn, limits->header_timeout_ms);
        break;
    case PL_WEB_BODY:
    case PL_WEB_DROPPING:
        pl_conn_deadline(http->conn, limits->body_timeout_ms);
        break;
    case PL_WEB_WAITING:
        pl_conn_no_deadline(http->conn);
        break;
    }
}

/* An answer that is still going out is no idleness, as long as it moves fast enough. */
static void on_idle_due(struct pl_web_conn *http)
{
    size_t unsent_bytes = http->conn->sink.outq.bytes;
    size_t taken_bytes = http->unsent_bytes - unsent_bytes;
    if (unsent_bytes == 0) {
        pl_conn_drain(http->conn);
        return;
    }
    http->unsent_bytes = unsent_bytes;
    pl_conn_deadline(http->conn, 0); /* this very moment, and what was taken since moves it */
    pl_conn_deadline_earn(http->conn, taken_bytes, http->web->limits.keep_alive_timeout_ms);
    if (http->conn->timer.deadline_ms <= pl_loop_now_ms(http->web->conns->loop)) {
        pl_web_count(http->web, PL_METRIC_REFUSED_ANSWER_TIMEOUT, 1);
        pl_web_log_bad_input(http->web, http->conn, "http.cut", 0, "answer taken too slowly");
        pl_conn_close(http->conn, PL_CONN_END_ERROR);
    }
}

/* Nothing is said to those who never began a request: a browser that connected in advance would
 * take it for the answer to its next one. */
static void on_head_due(struct pl_web_conn *http)
{
    pl_web_count(http->web, PL_METRIC_REFUSED_HEAD_TIMEOUT, 1);
    if (http->conn->rest == NULL) {
        pl_conn_drain(http->conn);
        return;
    }
    pl_web_log_bad_input(http->web, http->conn, "http.refused", 408, "head took too long");
    pl_web_refuse_head(http, 408);
}

static void on_body_due(struct pl_web_conn *http)
{
    pl_web_count(http->web, PL_METRIC_REFUSED_BODY_TIMEOUT, 1);
    pl_web_log_bad_input(http->web, http->conn, "http.refused", 408, "body took too long");
    pl_web_request_abort(http->request);
    pl_web_answer_text(http->request, 408, "Request Timeout", true);
}

static void on_due(struct pl_timer *timer)
{
    struct pl_conn *conn = PL_CONTAINER_OF(timer, struct pl_conn, timer);
    struct pl_web_conn *http = conn->protocol_data;
    switch (http->state) {
    case PL_WEB_IDLE:
        on_idle_due(http);
        break;
    case PL_WEB_HEADING:
        on_head_due(http);
        break;
    case PL_WEB_BODY:
        on_body_due(http);
        break;
    case PL_WEB_DROPPING:
        pl_conn_drain(conn);
        break;
    case PL_WEB_WAITING:
        PL_ASSERT(false);
    }
}

/* --- its life --- */

static void free_http(struct pl_deferred *deferred)
{
    pl_free(PL_CONTAINER_OF(deferred, struct pl_web_conn, free));
}

void pl_web_conn_create(struct pl_web *web, struct pl_conn *conn)
{
    struct pl_web_conn *http = pl_alloc(sizeof(*http));
    http->web = web;
    http->conn = conn;
    http->free.run = free_http;
    conn->protocol_data = http;
    conn->timer.on_due = on_due;
    set_state(http, PL_WEB_HEADING); /* its first head is due at once: who connects has a reason */
}

void pl_web_conn_leave(struct pl_web_conn *http)
{
    PL_ASSERT(http->request == NULL);
    pl_conn_no_deadline(http->conn);
    pl_loop_defer(http->web->conns->loop, &http->free);
}

static void on_end(struct pl_conn *conn, enum pl_conn_end end)
{
    struct pl_web_conn *http = conn->protocol_data;
    (void)end;
    if (http->request != NULL) {
        pl_web_request_abort(http->request);
        pl_web_request_release(http->request);
    }
    pl_web_conn_leave(http);
}

/* --- behind an answer --- */

bool pl_web_conn_can_go_on(const struct pl_web_conn *http)
{
    const struct pl_http_body *body = &http->body;
    if (pl_http_body_is_done(body)) {
        return true;
    }
    /* A client that was told to wait for 100 may or may not send its body now: nobody knows. */
    return body->state != PL_HTTP_BODY_FAILED && !http->request->head.expects_continue &&
           body->remaining_bytes <= PL_WEB_DROP_BYTES;
}

static void go_on(struct pl_web_conn *http)
{
    if (pl_http_body_is_done(&http->body)) {
        set_state(http, PL_WEB_IDLE);
    } else {
        http->body.limit_bytes = http->body.received_bytes + PL_WEB_DROP_BYTES;
        set_state(http, PL_WEB_DROPPING);
    }
    pl_conn_set_reading(http->conn, http->conn->sink.outq.bytes > PL_WEB_UNSENT_BYTES
                                        ? PL_CONN_PAUSED
                                        : PL_CONN_READING);
}

void pl_web_conn_answered(struct pl_web_conn *http, bool must_close)
{
    if (http->conn->state != PL_CONN_OPEN) {
        return;
    }
    if (must_close) {
        pl_conn_drain(http->conn);
    } else {
        go_on(http);
    }
}

/* A client that pipelined without reading has read now. */
static void on_flushed(struct pl_conn *conn)
{
    const struct pl_web_conn *http = conn->protocol_data;
    if (http != NULL && http->request == NULL && conn->reading == PL_CONN_PAUSED) {
        pl_conn_set_reading(conn, PL_CONN_READING);
    }
}

/* --- bodies --- */

static void refuse_body(struct pl_web_conn *http, int error, const char *reason)
{
    struct pl_web_request *request = http->request;
    if (error == PL_E_TOO_BIG) {
        pl_web_request_abort(request);
        pl_web_refuse_body_size(request);
        return;
    }
    pl_web_count(http->web, PL_METRIC_ERROR_HTTP_BODY, 1);
    pl_web_log_bad_input(http->web, http->conn, "http.refused", 400, reason);
    pl_web_request_abort(request);
    pl_web_answer_text(request, 400, "Bad Request", true);
}

static void refuse_for_memory(struct pl_web_conn *http)
{
    pl_web_count(http->web, PL_METRIC_REFUSED_MEMORY, 1);
    pl_web_request_abort(http->request);
    pl_web_answer_text(http->request, 503, "Service Unavailable", true);
}

/* Read on in the body; what is no longer wanted is dropped. Returns the bytes consumed. */
static size_t read_body(struct pl_web_conn *http, struct pl_str in)
{
    struct pl_error err = {0};
    size_t at = 0;
    while (at < in.len && !pl_http_body_is_done(&http->body)) {
        struct pl_str slice;
        size_t consumed = 0;
        int rc = pl_http_body_read(&http->body, pl_str_from(in, at), &consumed, &slice, &err);
        if (rc < 0 && http->request != NULL) {
            refuse_body(http, rc, err.text);
            return in.len;
        }
        if (rc < 0) {
            pl_conn_drain(http->conn);
            return in.len;
        }
        at += consumed;
        if (http->request != NULL) {
            pl_buf_add_str(&http->request->body, slice);
        }
    }
    if (http->request != NULL && pl_buf_failed(&http->request->body)) {
        refuse_for_memory(http);
        return in.len;
    }
    return at;
}

static size_t on_body(struct pl_web_conn *http, struct pl_str in)
{
    size_t taken = read_body(http, in);
    if (http->conn->protocol_data != http) {
        return taken; /* refused and closing */
    }
    if (!pl_http_body_is_done(&http->body)) {
        pl_conn_deadline_earn(http->conn, taken, http->web->limits.body_timeout_ms);
    } else if (http->request == NULL) {
        set_state(http, PL_WEB_IDLE);
    } else if (http->web->give != NULL &&
               pl_web_give_request(http->request, pl_str_from(in, taken))) {
        return in.len;
    } else {
        pl_web_hand_over(http->request);
    }
    return taken;
}

/* --- heads --- */

static size_t refuse_head(struct pl_web_conn *http, const struct pl_error *err)
{
    int status = http->web->parsed.refusal_status;
    bool is_size = status == 414 || status == 431;
    pl_web_count(http->web, is_size ? PL_METRIC_REFUSED_HEAD_TOO_BIG : PL_METRIC_ERROR_HTTP_REQUEST,
                 1);
    pl_web_log_bad_input(http->web, http->conn, "http.refused", status, err->text);
    pl_web_refuse_head(http, status);
    return 0;
}

/* A request begins: `raw` is its head, which web->parsed was read from. */
static void begin_request(struct pl_web_conn *http, struct pl_str raw, bool has_more)
{
    http->request = pl_web_request_create(http, raw);
    if (http->request == NULL) {
        pl_web_count(http->web, PL_METRIC_REFUSED_MEMORY, 1);
        pl_web_refuse_head(http, 503);
        return;
    }
    pl_http_body_init(&http->body, &http->request->head,
                      http->request->route == NULL ? 0 : http->request->route->body_limit_bytes);
    http->state = PL_WEB_BODY; /* its deadline comes only when there is a body to wait for */
    pl_web_dispatch(http->request, has_more);
}

/* Whether a long head got no further than it was when it was looked at the last time. One that comes
 * in drops would otherwise be read from its beginning for each of them. */
static bool is_still_the_same_line(struct pl_web_conn *http, struct pl_str in)
{
    size_t seen_bytes = http->seen_bytes;
    if (in.len < LONG_HEAD_BYTES || in.len >= http->web->limits.head_bytes || seen_bytes == 0 ||
        seen_bytes > in.len) {
        http->seen_bytes = in.len;
        return false;
    }
    http->seen_bytes = in.len;
    return memchr(in.ptr + seen_bytes, '\n', in.len - seen_bytes) == NULL;
}

static size_t on_head(struct pl_web_conn *http, struct pl_str in)
{
    struct pl_web *web = http->web;
    struct pl_error err = {0};
    ptrdiff_t len = 0;
    if (web->give != NULL) {
        pl_web_give_idle(http, in);
        return in.len;
    }
    if (!pl_loop_take_input(web->conns->loop)) {
        pl_conn_input_again(http->conn);
        return 0;
    }
    if (is_still_the_same_line(http, in)) {
        return 0;
    }
    len = pl_http_request_read(&web->parsed, in, web->limits.head_bytes, &err);
    if (len < 0) {
        return refuse_head(http, &err);
    }
    if (len == 0) {
        if (http->state == PL_WEB_IDLE) {
            set_state(http, PL_WEB_HEADING);
        }
        return 0;
    }
    http->seen_bytes = 0;
    /* empty lines in front belong to nobody */
    size_t front = (size_t)(web->parsed.method_text.ptr - in.ptr);
    begin_request(http, pl_str_make(in.ptr + front, (size_t)len - front), (size_t)len < in.len);
    return (size_t)len;
}

static size_t on_input(struct pl_conn *conn, struct pl_span in)
{
    struct pl_web_conn *http = conn->protocol_data;
    switch (http->state) {
    case PL_WEB_IDLE:
    case PL_WEB_HEADING:
        return on_head(http, pl_str_of_span(in));
    case PL_WEB_BODY:
    case PL_WEB_DROPPING:
        return on_body(http, pl_str_of_span(in));
    case PL_WEB_WAITING:
        break;
    }
    return 0;
}

const struct pl_conn_protocol pl_web_http_protocol = {
    .name = "http",
    .on_input = on_input,
    .on_end = on_end,
    .on_flushed = on_flushed,
};
