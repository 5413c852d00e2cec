/* The 101 that turns a request into a WebSocket (RFC 6455 section 4.2.2). */
#include "web/web_internal.h"

#include "codec/http_response.h"
#include "web/cors.h"
#include "web/ws_remote.h"

#define OFFERS_BYTES_MAX ((size_t)16 * 1024)

/* The offers of all headers of that name, as one list. False when they are too long. */
static bool join_offers(struct pl_buf *out, const struct pl_http_request *head)
{
    pl_buf_init(out, OFFERS_BYTES_MAX);
    for (size_t i = 0; i < head->header_count; i++) {
        if (pl_str_eq_nocase(head->headers[i].name, PL_STR("sec-websocket-extensions"))) {
            pl_buf_add_char(out, ',');
            pl_buf_add_str(out, head->headers[i].value);
        }
    }
    return !pl_buf_failed(out);
}

/* RFC 7692: whether this WebSocket has permessage-deflate, and how. */
static bool agree(struct pl_ws_deflate_agreement *out, const struct pl_web_request *request,
                  const struct pl_ws_params *params)
{
    struct pl_buf offers;
    bool is_agreed = false;
    if (params->compression == NULL) {
        return false;
    }
    is_agreed = join_offers(&offers, &request->head) &&
                pl_ws_deflate_agree(out, pl_ws_compression_policy(params->compression),
                                    pl_buf_str(&offers));
    pl_buf_fini(&offers);
    return is_agreed;
}

/* agreement: NULL without compression. */
static void build_head(struct pl_buf *out, struct pl_web_request *request, struct pl_str accept,
                       const struct pl_ws_deflate_agreement *agreement)
{
    char extension[PL_WS_DEFLATE_ANSWER_MAX];
    pl_buf_clear(out);
    pl_http_response_begin(out, 101);
    pl_http_response_add(out, PL_STR("Upgrade"), PL_STR("websocket"));
    pl_http_response_add_connection(out, PL_HTTP_CONNECTION_UPGRADE);
    pl_http_response_add(out, PL_STR("Sec-WebSocket-Accept"), accept);
    if (agreement != NULL) {
        size_t len = pl_ws_deflate_answer_write(extension, agreement);
        pl_http_response_add(out, PL_STR("Sec-WebSocket-Extensions"), pl_str_make(extension, len));
    }
    pl_buf_add_str(out, pl_buf_str(&request->extra));
    if (pl_cors_is_on(request->route->cors)) {
        pl_cors_write(out, request->route->cors, &request->head);
    }
    pl_http_response_end(out);
}

/* A dialect counts its messages under its own name. */
static bool counts_itself(const struct pl_web_request *request)
{
    const char *owner = request->route == NULL ? NULL : request->route->owner;
    return owner != NULL && (strcmp(owner, "socketio") == 0 || strcmp(owner, "talo") == 0);
}

static struct pl_ws *create_ws(struct pl_web_request *request,
                               const struct pl_ws_accepted *accepted)
{
    struct pl_web *web = request->web;
    if (web->remotes != NULL && pl_conn_can_move(request->conn)) {
        return pl_ws_remote_create(web->remotes, accepted);
    }
    return pl_ws_create(web, accepted);
}

/* Let go of HTTP, answer, and go on as a WebSocket. */
static void switch_protocol(struct pl_ws *ws, struct pl_web_request *request,
                            struct pl_frame *answer, const struct pl_ws_params *params)
{
    struct pl_conn *conn = request->conn;
    struct pl_web_conn *http = request->http;
    pl_conn_set_peer(conn, &request->peer); /* from now on it is that client's alone */
    pl_web_request_release(request);
    pl_web_conn_leave(http);
    pl_conn_send(conn, answer);
    ws->way->begin(ws, conn, params->send_limit_bytes);
}

int pl_web_accept_websocket(struct pl_ws **out, struct pl_web_request *request,
                            const struct pl_ws_params *params, struct pl_error *err)
{
    struct pl_web *web = request->web;
    struct pl_buf *head = &web->answer;
    struct pl_frame *frame = NULL;
    struct pl_ws *ws = NULL;
    char accept[PL_WS_ACCEPT_LEN + 1];
    struct pl_ws_deflate_agreement agreed;
    const struct pl_ws_deflate_agreement *agreement = NULL;
    int rc = 0;
    if (request->is_over || request->ws_key.ptr == NULL) {
        return pl_error_set(err, PL_E_STATE, "request is no WebSocket handshake that waits");
    }
    rc = pl_ws_accept_key(web->acceptor, accept, request->ws_key, err);
    if (rc < 0) {
        return rc;
    }
    agreement = agree(&agreed, request, params) ? &agreed : NULL;
    build_head(head, request, pl_str_make(accept, PL_WS_ACCEPT_LEN), agreement);
    frame = pl_buf_failed(head) ? NULL : pl_frame_create(head->len);
    if (frame == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for an answer");
    }
    memcpy(frame->data, head->ptr, head->len);
    ws = create_ws(request, &(struct pl_ws_accepted){
                                .params = params,
                                .agreement = agreement,
                                .is_counted = !counts_itself(request),
                            });
    if (ws == NULL) {
        pl_frame_unref(&frame);
        return pl_error_set(err, PL_E_NOMEM, "no memory for a WebSocket");
    }
    switch_protocol(ws, request, frame, params);
    pl_web_count(web, PL_METRIC_HTTP_1XX, 1);
    *out = ws;
    return 0;
}
