/* Answers: head and body in one frame.
 * The head is built in the server's buffer, then copied once. */
#include "web/web_internal.h"

#include "base/env.h"
#include "codec/http_response.h"
#include "web/cors.h"
#include "web/http_compress.h"

#define CODING_HEADERS_BYTES ((size_t)64) /* Vary and Content-Encoding, as lines */

/* What the server says itself, whatever a handler wants. */
static bool is_reserved(struct pl_str name)
{
    static const struct pl_str names[] = {
        PL_STR_INIT("content-length"),
        PL_STR_INIT("transfer-encoding"),
        PL_STR_INIT("connection"),
        PL_STR_INIT("date"),
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        if (pl_str_eq_nocase(name, names[i])) {
            return true;
        }
    }
    return false;
}

static void add_headers(struct pl_buf *out, struct pl_web *web,
                        const struct pl_web_response *response)
{
    for (size_t i = 0; i < response->header_count; i++) {
        const struct pl_web_header *header = &response->headers[i];
        struct pl_error err = {0};
        if (!is_reserved(header->name) &&
            pl_http_response_add_foreign(out, header->name, header->value, &err) < 0) {
            pl_log_limited(web->log, &web->bad_input, pl_loop_now_ms(web->conns->loop), PL_LOG_WARN,
                           "http.header_dropped", "reason=\"%s\"", err.text);
        }
    }
}

/* RFC 9110 section 8.6: these have neither a body nor its length. (1xx is no answer.) */
static bool is_bodiless(int status)
{
    return status == 204 || status == 304;
}

static bool must_close_after(const struct pl_web_request *request, bool must_close)
{
    return must_close || !request->head.keep_alive || request->web->is_draining ||
           request->http->is_last || !pl_web_conn_can_go_on(request->http);
}

static void build_head(struct pl_buf *out, struct pl_web_request *request,
                       const struct pl_web_response *response, size_t body_len)
{
    pl_buf_clear(out);
    PL_ASSERT(response->status >= 200 && response->status <= 599);
    pl_http_response_begin(out, response->status);
    add_headers(out, request->web, response);
    pl_buf_add_str(out, pl_buf_str(&request->extra));
    if (request->route != NULL && pl_cors_is_on(request->route->cors)) {
        void (*write)(struct pl_buf *, const struct pl_cors *, const struct pl_http_request *) =
            request->is_preflight ? pl_cors_write_preflight : pl_cors_write;
        write(out, request->route->cors, &request->head);
    }
    if (!is_bodiless(response->status) || request->is_preflight) { /* Safari waits for a length */
        pl_http_response_add_length(out, body_len);
    }
    pl_http_response_add_date(out, pl_clock_unix_us() / 1000000);
    pl_http_response_add_connection(out, must_close_after(request, response->must_close)
                                             ? PL_HTTP_CONNECTION_CLOSE
                                             : PL_HTTP_CONNECTION_KEEP_ALIVE);
    pl_http_response_end(out);
}

struct pl_frame *pl_web_answer_begin(uint8_t **body, struct pl_web_request *request,
                                     const struct pl_web_response *response, size_t body_len)
{
    struct pl_buf *head = &request->web->answer;
    struct pl_frame *frame = NULL;
    bool has_body = request->head.method != PL_HTTP_HEAD && !is_bodiless(response->status);
    size_t size = 0;
    *body = NULL;
    build_head(head, request, response, body_len);
    if (pl_buf_failed(head) || !pl_size_add(&size, head->len, has_body ? body_len : 0)) {
        return NULL;
    }
    frame = pl_frame_create(size);
    if (frame != NULL) {
        memcpy(frame->data, head->ptr, head->len);
        *body = has_body ? frame->data + head->len : NULL;
        pl_web_count(request->web, pl_metric_of_status((unsigned)response->status), 1);
    }
    return frame;
}

void pl_web_answer_send(struct pl_web_request *request, struct pl_frame *frame, bool must_close)
{
    struct pl_web_conn *http = request->http;
    bool closes = must_close_after(request, must_close);
    pl_web_request_release(request);
    if (frame == NULL) {
        pl_web_count(request->web, PL_METRIC_REFUSED_MEMORY, 1);
        pl_conn_close(http->conn, PL_CONN_END_ERROR);
        return;
    }
    pl_conn_send(http->conn, frame);
    pl_web_conn_answered(http, closes);
}

enum pl_http_coding pl_web_request_coding(const struct pl_web_request *request)
{
    return pl_http_coding_choose(pl_http_header_find(&request->head, PL_STR("accept-encoding")));
}

/* Compress the body, if it is long enough for that and the client accepts it. */
static void encode_body(struct pl_web_response *response, struct pl_web_request *request)
{
    enum pl_http_coding coding = PL_HTTP_CODING_IDENTITY;
    struct pl_str packed;
    if (response->compress_from_bytes == 0 || response->body.len < response->compress_from_bytes ||
        !pl_buf_reserve(&request->extra, CODING_HEADERS_BYTES)) {
        return;
    }
    pl_http_response_add(&request->extra, PL_STR("Vary"), PL_STR("Accept-Encoding"));
    coding = pl_web_request_coding(request);
    if (coding == PL_HTTP_CODING_IDENTITY) {
        return;
    }
    packed = pl_http_compress(request->web->compressor, coding, response->body);
    if (packed.ptr != NULL) {
        pl_http_response_add(&request->extra, PL_STR("Content-Encoding"),
                             pl_http_coding_name(coding));
        pl_web_count(request->web, PL_METRIC_HTTP_COMPRESSED, 1);
        response->body = packed;
    }
}

void pl_web_answer(struct pl_web_request *request, const struct pl_web_response *wanted)
{
    struct pl_web_response response = *wanted;
    uint8_t *body = NULL;
    struct pl_frame *frame = NULL;
    if (request->http->request != request) {
        return; /* its connection went while it was being aborted */
    }
    if (response.status < 200 || response.status > 599) {
        response.status = 500; /* a handler's slip, which its client should not suffer from */
    }
    encode_body(&response, request);
    frame = pl_web_answer_begin(&body, request, &response, response.body.len);
    if (body != NULL && response.body.len > 0) {
        memcpy(body, response.body.ptr, response.body.len);
    }
    pl_web_answer_send(request, frame, response.must_close);
}

static void answer_typed(struct pl_web_request *request, int status, struct pl_str type,
                         struct pl_str body, bool must_close)
{
    struct pl_web_header header = {PL_STR("Content-Type"), type};
    pl_web_answer(request, &(struct pl_web_response){
                               .status = status,
                               .headers = &header,
                               .header_count = type.len > 0 ? 1 : 0,
                               .body = body,
                               .must_close = must_close,
                           });
}

void pl_web_answer_text(struct pl_web_request *request, int status, const char *text,
                        bool must_close)
{
    answer_typed(request, status, PL_STR("text/plain; charset=utf-8"), pl_str_of_cstr(text),
                 must_close);
}

void pl_web_respond(struct pl_web_request *request, const struct pl_web_response *response)
{
    if (!request->is_over) {
        pl_web_answer(request, response);
    }
}

void pl_web_respond_text(struct pl_web_request *request, int status, struct pl_str text)
{
    if (!request->is_over) {
        answer_typed(request, status, PL_STR("text/plain; charset=utf-8"), text, false);
    }
}

void pl_web_respond_json(struct pl_web_request *request, int status, struct pl_str json)
{
    if (!request->is_over) {
        answer_typed(request, status, PL_STR("application/json; charset=utf-8"), json, false);
    }
}

void pl_web_respond_empty(struct pl_web_request *request, int status)
{
    if (!request->is_over) {
        answer_typed(request, status, PL_STR(""), PL_STR(""), false);
    }
}

void pl_web_refuse_head(struct pl_web_conn *http, int status)
{
    struct pl_buf *out = &http->web->answer;
    struct pl_str reason = pl_http_status_reason(status);
    pl_buf_clear(out);
    pl_http_response_begin(out, status);
    pl_http_response_add(out, PL_STR("Content-Type"), PL_STR("text/plain; charset=utf-8"));
    pl_http_response_add_length(out, reason.len);
    pl_http_response_add_date(out, pl_clock_unix_us() / 1000000);
    pl_http_response_add_connection(out, PL_HTTP_CONNECTION_CLOSE);
    pl_http_response_end(out);
    pl_buf_add_str(out, reason);
    pl_web_count(http->web, pl_metric_of_status((unsigned)status), 1);
    pl_conn_write(http->conn, pl_buf_str(out));
    pl_conn_drain(http->conn);
}
