/* Which connections can go, and what goes with them. A body that was chunked goes as one chunk. */
#include "web/handover.h"

#include "web/dispatch.h"
#include "web/web_internal.h"

/* More than this is not worth passing on: the request is served here. */
#define UNREAD_MAX ((size_t)4 * 1024 * 1024)

/* --- requests that wait --- */

void pl_web_request_hold(struct pl_web_request *request)
{
    request->is_held = true;
}

static struct pl_web_conn *http_of(const struct pl_web *web, struct pl_conn *conn)
{
    struct pl_web_conn *http = conn->protocol_data;
    bool is_ours = conn->protocol == &pl_web_http_protocol && conn->state == PL_CONN_OPEN;
    return is_ours && http->web == web ? http : NULL;
}

static struct pl_web_request *first_held(struct pl_web *web)
{
    PL_LIST_EACH(node, &web->conns->open)
    {
        const struct pl_web_conn *http =
            http_of(web, PL_CONTAINER_OF(node, struct pl_conn, in_set));
        if (http != NULL && http->request != NULL && http->request->is_held) {
            return http->request;
        }
    }
    return NULL;
}

void pl_web_release_held(struct pl_web *web)
{
    struct pl_web_request *request = NULL;
    while ((request = first_held(web)) != NULL) { /* handlers may close any connection */
        request->is_held = false;
        pl_web_show_again(request);
    }
}

/* --- leaving --- */

/* Between being HTTP's and being whoever's it is given to. */
static size_t on_parting_input(struct pl_conn *conn, struct pl_span in)
{
    (void)conn;
    (void)in;
    return 0;
}

static void on_parting_end(struct pl_conn *conn, enum pl_conn_end end)
{
    (void)conn;
    (void)end;
}

static const struct pl_conn_protocol parting_protocol = {
    .on_input = on_parting_input,
    .on_end = on_parting_end,
};

static void give(struct pl_web_conn *http, struct pl_str unread)
{
    struct pl_web *web = http->web;
    struct pl_web_departure departure = {
        .conn = http->conn,
        .unread = unread,
        .is_secure = http->is_secure || http->conn->transport->is_secure,
        .is_relayed = http->is_last,
    };
    pl_web_conn_leave(http);
    departure.conn->protocol = &parting_protocol;
    departure.conn->protocol_data = NULL;
    web->give(web->give_user, &departure);
}

static void write_request(struct pl_buf *out, const struct pl_web_request *request)
{
    struct pl_str body = pl_buf_str(&request->body);
    pl_buf_add_str(out, request->raw_head);
    if (!request->head.is_chunked) {
        pl_buf_add_str(out, body);
        return;
    }
    if (body.len > 0) {
        pl_buf_addf(out, "%zx\r\n", body.len);
        pl_buf_add_str(out, body);
        pl_buf_addf(out, "\r\n");
    }
    pl_buf_addf(out, "0\r\n\r\n");
}

bool pl_web_give_request(struct pl_web_request *request, struct pl_str behind)
{
    struct pl_web_conn *http = request->http;
    struct pl_buf unread;
    bool fits = false;
    pl_buf_init(&unread, UNREAD_MAX);
    write_request(&unread, request);
    pl_buf_add_str(&unread, behind);
    fits = !pl_buf_failed(&unread);
    if (fits) {
        pl_web_request_abort(request); /* whoever has seen the head learns that no more follows */
        pl_web_request_release(request);
        give(http, pl_buf_str(&unread));
    }
    pl_buf_fini(&unread);
    return fits;
}

void pl_web_give_idle(struct pl_web_conn *http, struct pl_str unread)
{
    give(http, unread);
}

static bool is_between_requests(const struct pl_web_conn *http)
{
    const struct pl_conn *conn = http->conn;
    return (http->state == PL_WEB_IDLE || http->state == PL_WEB_HEADING) &&
           conn->sink.outq.count == 0 && !conn->has_unsent && !pl_conn_front_is_awaited(conn);
}

void pl_web_depart_more(struct pl_web *web)
{
    PL_LIST_EACH(node, &web->conns->open)
    {
        struct pl_web_conn *http = http_of(web, PL_CONTAINER_OF(node, struct pl_conn, in_set));
        if (http == NULL) {
            continue;
        }
        if (http->request != NULL && http->request->is_held) {
            (void)pl_web_give_request(http->request, PL_STR(""));
        } else if (http->request == NULL && is_between_requests(http)) {
            pl_web_give_idle(http, PL_STR(""));
        }
    }
}

void pl_web_depart(struct pl_web *web,
                   void (*give_fn)(void *user, const struct pl_web_departure *departure),
                   void *user)
{
    web->is_draining = true;
    web->give = give_fn;
    web->give_user = user;
    pl_web_depart_more(web);
}

/* --- arriving --- */

void pl_web_adopt(struct pl_web *web, const struct pl_web_arrival *arrival)
{
    struct pl_conn *conn = pl_web_open_conn(web, arrival->fd, &arrival->peer);
    if (conn == NULL) {
        return;
    }
    struct pl_web_conn *http = conn->protocol_data;
    http->is_last = arrival->is_relayed;
    http->is_secure = arrival->is_secure;
    if (arrival->entrance != NULL) {
        pl_conn_set_source(conn, &arrival->entrance->source);
    }
    pl_conn_unread(conn, arrival->unread);
}
