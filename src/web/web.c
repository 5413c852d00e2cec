/* The web server: its routes, its limits, and the connections that it starts on. */
#include "web/web.h"

#include "base/alloc.h"
#include "io/conn_tls.h"
#include "web/http_compress.h"
#include "web/proxy.h"
#include "web/web_internal.h"
#include "web/ws_remote.h"

#define ANSWER_HEAD_BYTES ((size_t)64 * 1024)
#define BAD_INPUT_PERIOD_MS 10000
#define BAD_INPUT_BURST 10

int pl_web_create(struct pl_web **out, struct pl_conn_set *conns,
                  const struct pl_web_limits *limits, const struct pl_log *log,
                  struct pl_error *err)
{
    struct pl_web *web = pl_alloc(sizeof(*web));
    int rc = 0;
    web->conns = conns;
    web->log = log;
    web->bad_input =
        (struct pl_log_limit){.period_ms = BAD_INPUT_PERIOD_MS, .burst = BAD_INPUT_BURST};
    pl_ws_loop_init(&web->ws_loop, conns, log);
    pl_web_set_limits(web, limits);
    pl_route_table_init(&web->routes);
    pl_list_init(&web->kept);
    pl_buf_init(&web->answer, ANSWER_HEAD_BYTES);
    web->compressor = pl_http_compressor_create();
    pl_proxy_init(web);
    rc = pl_ws_acceptor_create(&web->acceptor, err);
    if (rc < 0) {
        pl_web_destroy(web);
        return rc;
    }
    *out = web;
    return 0;
}

void pl_web_destroy(struct pl_web *web)
{
    if (web == NULL) {
        return;
    }
    pl_web_requests_forget(web);
    pl_ws_compressions_destroy(web);
    pl_ws_loop_fini(&web->ws_loop);
    pl_http_compressor_destroy(web->compressor);
    pl_ws_acceptor_destroy(web->acceptor);
    pl_route_table_fini(&web->routes);
    pl_buf_fini(&web->answer);
    pl_free(web);
}

void pl_web_set_limits(struct pl_web *web, const struct pl_web_limits *limits)
{
    web->limits = *limits;
    web->ws_loop.timeouts = (struct pl_ws_timeouts){.close_ms = limits->ws_close_timeout_ms,
                                                    .message_ms = limits->ws_message_timeout_ms};
    if (web->remotes != NULL) {
        pl_ws_remotes_set_timeouts(web->remotes, &web->ws_loop.timeouts);
    }
}

void pl_web_set_compression(struct pl_web *web, const struct pl_web_compression *config)
{
    pl_http_compressor_set(web->compressor, config);
}

void pl_web_set_origins(struct pl_web *web, const struct pl_str *items, size_t count)
{
    web->origins = items;
    web->origin_count = count;
}

void pl_web_set_proxies(struct pl_web *web, const struct pl_web_proxies *proxies)
{
    web->proxies = *proxies;
}

int pl_web_route_add(struct pl_web *web, const struct pl_route *route, struct pl_error *err)
{
    PL_ASSERT(route->on_request != NULL || route->on_upgrade != NULL);
    return pl_route_table_add(&web->routes, route, err);
}

bool pl_web_has_route(const struct pl_web *web, struct pl_str path)
{
    const struct pl_route *route = pl_route_table_find(&web->routes, path, 0);
    return route != NULL && route->match != PL_ROUTE_FALLBACK;
}

unsigned pl_web_owner_bit(struct pl_web *web, const char *owner)
{
    return pl_route_owner_bit(&web->routes, owner);
}

struct pl_conn *pl_web_open_conn(struct pl_web *web, int fd, const struct pl_address *peer)
{
    struct pl_conn *conn = NULL;
    struct pl_error err = {0};
    if (pl_conn_open(&conn, web->conns, fd, peer, &pl_web_http_protocol, &err) < 0) {
        pl_log_limited(web->log, &web->bad_input, pl_loop_now_ms(web->conns->loop), PL_LOG_ERROR,
                       "conn.failed", "reason=\"%s\"", err.text);
        return NULL;
    }
    pl_web_conn_create(web, conn);
    return conn;
}

void pl_web_start_transport(struct pl_conn *conn, struct pl_web_entrance *entrance)
{
    struct pl_metrics *metrics = conn->set->metrics;
    if (entrance->tls != NULL && pl_conn_tls_start(conn, entrance->tls, NULL) < 0) {
        pl_metrics_add(metrics, PL_METRIC_REFUSED_MEMORY, 1);
    }
}

void pl_web_accept(struct pl_web *web, int fd, const struct pl_address *peer,
                   struct pl_web_entrance *entrance)
{
    struct pl_conn *conn = NULL;
    bool has_proxy_header = entrance != NULL && entrance->has_proxy_header;
    if (has_proxy_header && pl_proxy_refuse(web, fd, peer)) {
        return;
    }
    conn = pl_web_open_conn(web, fd, peer);
    if (conn == NULL || entrance == NULL) {
        return;
    }
    pl_conn_set_source(conn, &entrance->source);
    if (has_proxy_header) {
        pl_proxy_start(conn);
    } else {
        pl_web_start_transport(conn, entrance);
    }
}

/* Between requests, or behind TLS before its first. */
static bool is_idle(const struct pl_web_conn *http)
{
    return http->state == PL_WEB_IDLE ||
           (http->state == PL_WEB_HEADING && http->conn->rest == NULL);
}

void pl_web_drain(struct pl_web *web)
{
    web->is_draining = true;
    PL_LIST_EACH(node, &web->conns->open)
    {
        struct pl_conn *conn = PL_CONTAINER_OF(node, struct pl_conn, in_set);
        if (conn->protocol == &pl_web_http_protocol && conn->state == PL_CONN_OPEN) {
            const struct pl_web_conn *http = conn->protocol_data;
            if (http->web == web && is_idle(http)) {
                pl_conn_drain(conn);
            }
        }
    }
}

struct pl_conn_set *pl_web_conns(struct pl_web *web)
{
    return web->conns;
}

void pl_web_set_user(struct pl_web *web, void *user)
{
    web->user = user;
}

void *pl_web_user(const struct pl_web *web)
{
    return web->user;
}

void pl_web_count(struct pl_web *web, enum pl_metric metric, int64_t n)
{
    pl_metrics_add(web->conns->metrics, metric, n);
}

/* Whom the connection, or the request on it, is for. */
static const struct pl_address *client_of(const struct pl_conn *conn)
{
    const struct pl_web_conn *http = conn->protocol_data;
    bool has_request =
        conn->protocol == &pl_web_http_protocol && http != NULL && http->request != NULL;
    return has_request ? &http->request->peer : &conn->peer;
}

void pl_web_log_bad_input(struct pl_web *web, const struct pl_conn *conn, const char *event,
                          int status, const char *reason)
{
    char ip[PL_ADDRESS_TEXT_MAX];
    if (!pl_log_limited(web->log, &web->bad_input, pl_loop_now_ms(web->conns->loop), PL_LOG_INFO,
                        event, "ip=%s status=%d reason=\"%s\"",
                        pl_address_format_host(ip, client_of(conn)), status, reason)) {
        pl_web_count(web, PL_METRIC_LOG_SUPPRESSED, 1);
    }
}
