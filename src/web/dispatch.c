/* From a whole request head to its handler. Each step may answer; the first that does ends the
 * matter. */
#include "web/dispatch.h"

#include "net/peers.h"
#include "web/cors.h"
#include "web/origin.h"
#include "web/proxy.h"

#include <stdio.h>

#define ALLOW_BYTES 64 /* all seven methods take 45 characters */
#define ORIGIN_LOG_BYTES 128

/* Let the handler have the request; what it does not answer now waits, and so does the connection's
 * input. */
static void wait_for_answer(struct pl_web_conn *http)
{
    if (http->request != NULL) {
        pl_conn_no_deadline(http->conn);
        pl_conn_set_reading(http->conn, PL_CONN_WATCHING);
    }
}

void pl_web_hand_over(struct pl_web_request *request)
{
    struct pl_web_conn *http = request->http;
    http->state = PL_WEB_WAITING; /* the deadline is stopped only for those who really wait */
    request->route->on_request(request, request->route->user);
    wait_for_answer(http);
}

void pl_web_show_again(struct pl_web_request *request)
{
    struct pl_web_conn *http = request->http;
    if (request->ws_key.ptr != NULL) {
        request->route->on_upgrade(request, request->route->user);
    } else {
        request->route->on_request(request, request->route->user);
    }
    wait_for_answer(http);
}

static bool is_upgrade(const struct pl_web_request *request)
{
    return request->route->on_upgrade != NULL && pl_http_upgrade_is_websocket(&request->head);
}

/* --- the steps: true when the request is answered --- */

/* Too many requests of one address. The connection stays: another one would cost more than the
 * answer. */
static bool refuse_rate(struct pl_web_request *request)
{
    const struct pl_conn_set *conns = request->web->conns;
    struct pl_web_header header = {PL_STR("Retry-After"), PL_STR("")};
    char seconds[24];
    int64_t wait_ms = conns->peers == NULL ? 0
                                           : pl_peers_request(conns->peers, &request->peer,
                                                              pl_loop_now_ms(conns->loop));
    if (wait_ms == 0) {
        return false;
    }
    snprintf(seconds, sizeof(seconds), "%lld", (long long)(wait_ms + 999) / 1000);
    header.value = pl_str_of_cstr(seconds);
    pl_web_count(request->web, PL_METRIC_REFUSED_REQUEST_RATE, 1);
    pl_web_log_bad_input(request->web, request->conn, "http.refused", 429, "too many requests");
    pl_web_answer(request,
                  &(struct pl_web_response){.status = 429, .headers = &header, .header_count = 1});
    return true;
}

/* As the reading of the head would have, had it known the route. */
static bool refuse_raw_query(struct pl_web_request *request)
{
    if (!request->head.has_raw_query ||
        (request->route != NULL && request->route->takes_raw_query)) {
        return false;
    }
    pl_web_count(request->web, PL_METRIC_ERROR_HTTP_REQUEST, 1);
    pl_web_log_bad_input(request->web, request->conn, "http.refused", 400,
                         "character that no request target may hold");
    pl_web_answer_text(request, 400, "Bad Request", true);
    return true;
}

static bool refuse_unknown_path(struct pl_web_request *request)
{
    if (request->route != NULL && (request->route->on_request != NULL || is_upgrade(request))) {
        return false;
    }
    pl_web_answer_text(request, 404, "Not Found", false);
    return true;
}

/* Fetch: a preflight carries neither credentials nor a valid query, so it is answered before
 * everything else. */
static bool answer_preflight(struct pl_web_request *request)
{
    const struct pl_cors *cors = request->route->cors;
    if (!pl_cors_is_on(cors) || request->head.method != PL_HTTP_OPTIONS) {
        return false;
    }
    request->is_preflight = true;
    pl_web_answer(
        request,
        &(struct pl_web_response){
            .status = cors->options_success_status == 0 ? 204 : cors->options_success_status,
        });
    return true;
}

static bool has_foreign_origin(const struct pl_web_request *request)
{
    struct pl_str origin = pl_http_header_find(&request->head, PL_STR("origin"));
    return origin.ptr != NULL && request->web->origins != NULL &&
           !pl_origin_is_allowed(request->web->origins, request->web->origin_count, origin,
                                 request->head.host);
}

static void log_foreign_origin(const struct pl_web_request *request)
{
    struct pl_web *web = request->web;
    char ip[PL_ADDRESS_TEXT_MAX];
    char origin[ORIGIN_LOG_BYTES];
    pl_log_quote(origin, sizeof(origin), pl_http_header_find(&request->head, PL_STR("origin")));
    if (!pl_log_limited(web->log, &web->bad_input, pl_loop_now_ms(web->conns->loop), PL_LOG_INFO,
                        "origin.refused", "ip=%s origin=%s",
                        pl_address_format_host(ip, &request->peer), origin)) {
        pl_web_count(web, PL_METRIC_LOG_SUPPRESSED, 1);
    }
}

/* A page of a stranger's, in the browser of somebody whom this server may know by a cookie. */
static bool refuse_foreign_origin(struct pl_web_request *request)
{
    const struct pl_route *route = request->route;
    if ((route->on_foreign == NULL && !is_upgrade(request)) || !has_foreign_origin(request)) {
        return false;
    }
    pl_web_count(request->web, PL_METRIC_REFUSED_ORIGIN, 1);
    log_foreign_origin(request);
    if (route->on_foreign != NULL) {
        route->on_foreign(request, route->user);
    } else {
        pl_web_answer_text(request, 403, "Forbidden: this origin is not allowed", true);
    }
    return true;
}

static void accept_upgrade(struct pl_web_request *request)
{
    struct pl_web_conn *http = request->http;
    http->state = PL_WEB_WAITING;
    request->route->on_upgrade(request, request->route->user);
    wait_for_answer(http);
}

static void refuse_upgrade(struct pl_web_request *request, int status, const char *reason)
{
    struct pl_web_header version = {PL_STR("Sec-WebSocket-Version"), PL_STR("13")};
    pl_web_count(request->web, PL_METRIC_ERROR_HTTP_UPGRADE, 1);
    pl_web_log_bad_input(request->web, request->conn, "http.refused", status, reason);
    pl_web_answer(request, &(struct pl_web_response){
                               .status = status,
                               .headers = &version,
                               .header_count = status == 426 ? 1 : 0,
                               .body = pl_str_of_cstr(reason),
                               .must_close = true, /* what follows may be frames */
                           });
}

static bool handle_upgrade(struct pl_web_request *request)
{
    struct pl_http_upgrade upgrade;
    struct pl_error err = {0};
    if (!is_upgrade(request)) {
        return false;
    }
    if (pl_http_upgrade_read(&upgrade, &request->head, &err) < 0) {
        refuse_upgrade(request, upgrade.refusal_status, err.text);
        return true;
    }
    if (!pl_proxy_admits(request)) {
        pl_web_answer_text(request, 429, "Too Many Requests", true);
        return true;
    }
    request->ws_key = upgrade.key;
    accept_upgrade(request);
    return true;
}

static bool refuse_method(struct pl_web_request *request)
{
    struct pl_web_header header = {PL_STR("Allow"), PL_STR("")};
    struct pl_buf allow;
    if (pl_route_allows(request->route, request->head.method)) {
        return false;
    }
    pl_buf_init(&allow, ALLOW_BYTES);
    pl_route_write_allow(&allow, request->route);
    header.value = pl_buf_str(&allow);
    pl_web_answer(request, &(struct pl_web_response){
                               .status = 405,
                               .headers = &header,
                               .header_count = 1,
                           });
    pl_buf_fini(&allow);
    return true;
}

/* RFC 9110 section 10.1.1: an expectation that we do not know cannot be met. */
static bool refuse_expectation(struct pl_web_request *request)
{
    struct pl_str expectation = pl_http_header_find(&request->head, PL_STR("expect"));
    if (expectation.ptr == NULL || request->head.expects_continue ||
        request->head.version_minor == 0) {
        return false;
    }
    pl_web_answer_text(request, 417, "Expectation Failed", true);
    return true;
}

void pl_web_refuse_body_size(struct pl_web_request *request)
{
    const struct pl_too_big *too_big = &request->route->too_big;
    struct pl_web_header type = {PL_STR("Content-Type"),
                                 pl_str_of_cstr(too_big->content_type == NULL
                                                    ? "text/plain; charset=utf-8"
                                                    : too_big->content_type)};
    pl_web_count(request->web, PL_METRIC_REFUSED_BODY_TOO_BIG, 1);
    pl_web_log_bad_input(request->web, request->conn, "http.refused", 413, "body over the limit");
    pl_web_answer(request, &(struct pl_web_response){
                               .status = 413,
                               .headers = &type,
                               .header_count = too_big->body == NULL ? 0 : 1,
                               .body = pl_str_of_cstr(too_big->body == NULL ? "" : too_big->body),
                               .must_close = true,
                           });
}

static bool refuse_announced_size(struct pl_web_request *request)
{
    if (request->head.content_length <= request->route->body_limit_bytes) {
        return false;
    }
    pl_web_request_abort(request); /* whoever has seen the head learns that no body follows */
    pl_web_refuse_body_size(request);
    return true;
}

/* --- and then --- */

static void read_body_next(struct pl_web_request *request, bool has_more)
{
    pl_conn_deadline(request->conn, request->web->limits.body_timeout_ms);
    if (request->head.expects_continue && !has_more) {
        /* The client may send now, so that an early answer can count on the body again. */
        request->head.expects_continue = false;
        pl_web_count(request->web, PL_METRIC_HTTP_1XX, 1);
        pl_conn_write(request->conn, PL_STR("HTTP/1.1 100 Continue\r\n\r\n"));
    }
}

void pl_web_dispatch(struct pl_web_request *request, bool has_more)
{
    struct pl_web_conn *http = request->http;
    if (refuse_raw_query(request) || refuse_rate(request) || refuse_unknown_path(request) ||
        answer_preflight(request) || refuse_foreign_origin(request) || handle_upgrade(request) ||
        refuse_method(request) || refuse_expectation(request)) {
        return;
    }
    if (request->route->on_head != NULL) {
        request->route->on_head(request, request->route->user);
    }
    if (http->request == NULL || refuse_announced_size(request)) {
        return; /* answered, or the connection is gone */
    }
    if (pl_http_body_is_done(&http->body)) {
        pl_web_hand_over(request);
    } else {
        read_body_next(request, has_more);
    }
}
