/* A request: its own copy of the head, small enough to be kept while it waits, and what handlers
 * may ask it. */
#include "web/web_internal.h"

#include "base/alloc.h"
#include "codec/http_response.h"
#include "web/proxy.h"

/* --- its life --- */

static void free_request(struct pl_deferred *deferred)
{
    struct pl_web_request *request = PL_CONTAINER_OF(deferred, struct pl_web_request, free);
    pl_buf_fini(&request->body);
    pl_buf_fini(&request->extra);
    pl_arena_fini(&request->arena);
    pl_free(request);
}

/* Let a slice of the text at `from` be one of its copy at `to`. */
static void move_slice(struct pl_str *slice, const char *from, const char *to)
{
    if (slice->ptr != NULL) {
        slice->ptr = to + (slice->ptr - from);
    }
}

/* Copy what web->parsed holds, and let it borrow from the copy of the raw head. */
static void take_head(struct pl_web_request *request, struct pl_str raw)
{
    const struct pl_http_request *parsed = &request->web->parsed;
    struct pl_http_request *head = &request->head;
    size_t used_bytes = offsetof(struct pl_http_request, headers) +
                        parsed->header_count * sizeof(parsed->headers[0]);
    char *copy = (char *)head + used_bytes;
    memcpy(head, parsed, used_bytes);
    memcpy(copy, raw.ptr, raw.len);
    request->raw_head = pl_str_make(copy, raw.len);
    move_slice(&head->method_text, raw.ptr, copy);
    move_slice(&head->target, raw.ptr, copy);
    move_slice(&head->host, raw.ptr, copy);
    for (size_t i = 0; i < head->header_count; i++) {
        move_slice(&head->headers[i].name, raw.ptr, copy);
        move_slice(&head->headers[i].value, raw.ptr, copy);
    }
    pl_http_url_split(&request->url, head->target);
}

/* Whose routes the connection's listener serves. */
static unsigned owners_of(const struct pl_conn *conn)
{
    return conn->source == NULL
               ? 0
               : PL_CONTAINER_OF(conn->source, struct pl_web_entrance, source)->owners;
}

static const struct pl_route *find_route(const struct pl_web_request *request)
{
    const struct pl_route_table *table = &request->web->routes;
    unsigned owners = owners_of(request->conn);
    const struct pl_route *route = pl_route_table_find(table, request->url.path, owners);
    return pl_http_upgrade_is_websocket(&request->head)
               ? pl_route_table_find_upgrade(table, route, owners)
               : route;
}

struct pl_web_request *pl_web_request_create(struct pl_web_conn *http, struct pl_str raw)
{
    const struct pl_http_request *parsed = &http->web->parsed;
    size_t size = offsetof(struct pl_web_request, head) +
                  offsetof(struct pl_http_request, headers) +
                  parsed->header_count * sizeof(parsed->headers[0]) + raw.len;
    struct pl_web_request *request = pl_try_alloc(size);
    if (request == NULL) {
        return NULL;
    }
    memset(request, 0, offsetof(struct pl_web_request, head));
    request->web = http->web;
    request->conn = http->conn;
    request->http = http;
    request->free.run = free_request;
    pl_list_init(&request->in_kept);
    take_head(request, raw);
    pl_proxy_find_client(request);
    request->route = find_route(request);
    pl_buf_init(&request->body, request->route == NULL ? 0 : request->route->body_limit_bytes);
    pl_buf_init(&request->extra, PL_WEB_EXTRA_BYTES);
    pl_arena_init(&request->arena, PL_WEB_ARENA_BYTES);
    return request;
}

void pl_web_request_release(struct pl_web_request *request)
{
    PL_ASSERT(request->http->request == request);
    request->http->request = NULL;
    request->is_over = true;
    request->is_released = true;
    if (!pl_list_is_linked(&request->in_kept)) {
        pl_loop_defer(request->web->conns->loop, &request->free);
    }
}

void pl_web_request_keep(struct pl_web_request *request)
{
    pl_list_push_back(&request->web->kept, &request->in_kept);
}

void pl_web_request_let_go(struct pl_web_request *request)
{
    if (!pl_list_is_linked(&request->in_kept)) {
        return;
    }
    pl_list_remove(&request->in_kept);
    if (request->is_released) {
        pl_loop_defer(request->web->conns->loop, &request->free);
    }
}

void pl_web_requests_forget(struct pl_web *web)
{
    struct pl_list *node = NULL;
    while ((node = pl_list_pop_front(&web->kept)) != NULL) {
        free_request(&PL_CONTAINER_OF(node, struct pl_web_request, in_kept)->free);
    }
}

void pl_web_request_abort(struct pl_web_request *request)
{
    void (*on_abort)(struct pl_web_request *, void *) = request->on_abort;
    request->on_abort = NULL;
    request->is_over = true;
    if (on_abort != NULL) {
        on_abort(request, request->abort_user);
    }
}

/* --- for handlers --- */

const struct pl_http_request *pl_web_request_head(const struct pl_web_request *request)
{
    return &request->head;
}

const struct pl_http_url *pl_web_request_url(const struct pl_web_request *request)
{
    return &request->url;
}

struct pl_str pl_web_request_raw_head(const struct pl_web_request *request)
{
    return request->raw_head;
}

struct pl_span pl_web_request_body(struct pl_web_request *request)
{
    return (struct pl_span){request->body.ptr, request->body.len};
}

struct pl_arena *pl_web_request_arena(struct pl_web_request *request)
{
    return &request->arena;
}

const struct pl_address *pl_web_request_peer(const struct pl_web_request *request)
{
    return &request->peer;
}

bool pl_web_request_is_secure(const struct pl_web_request *request)
{
    return request->is_secure;
}

struct pl_web *pl_web_request_web(struct pl_web_request *request)
{
    return request->web;
}

bool pl_web_request_is_answered(const struct pl_web_request *request)
{
    return request->is_over;
}

void pl_web_request_on_abort(struct pl_web_request *request,
                             void (*on_abort)(struct pl_web_request *request, void *user),
                             void *user)
{
    request->on_abort = on_abort;
    request->abort_user = user;
}

int pl_web_request_add_header(struct pl_web_request *request, struct pl_str name,
                              struct pl_str value, struct pl_error *err)
{
    int rc = pl_http_response_add_foreign(&request->extra, name, value, err);
    if (rc == 0 && pl_buf_failed(&request->extra)) {
        rc = pl_error_set(err, PL_E_TOO_BIG, "more than %zu bytes of headers", PL_WEB_EXTRA_BYTES);
    }
    return rc;
}
