/* Requests, one after the other, on a connection that is kept between them. Idle, there is the
 * connection and nothing else: the request waits in the connection's buffer, and an answer that
 * arrives whole is handed out where it lies. */
#include "client/http.h"

#include "base/alloc.h"
#include "client/request.h"
#include "codec/http_answer.h"

enum http_state {
    HTTP_IDLE,
    HTTP_HEAD_COMES, /* asked; the answer's head is next */
    HTTP_BODY_COMES,
    HTTP_DESTROYED, /* freed when the turn ends */
};

struct pl_client_http {
    struct parley_client *client;
    const struct pl_client_transport *transport; /* borrowed */
    const struct pl_client_http_owner *owner;    /* borrowed */
    void *user;
    struct pl_client_conn *conn; /* owned; NULL: the next request opens one */
    enum http_state state;
    enum pl_http_method method;
    size_t body_max;
    struct pl_buf again; /* the request, if it may be sent once more on another connection */
    struct pl_http_body body;
    struct pl_buf in; /* what has come of a body that did not come at once */
    int status;
    bool keep_alive;
    struct pl_client_later later; /* frees it */
};

static void free_now(struct pl_client_later *later)
{
    struct pl_client_http *http = PL_CONTAINER_OF(later, struct pl_client_http, later);
    pl_buf_fini(&http->again);
    pl_buf_fini(&http->in);
    pl_free(http);
}

int pl_client_http_create(struct pl_client_http **out, struct parley_client *client,
                          const struct pl_client_transport *transport, size_t body_max,
                          const struct pl_client_http_owner *owner, void *user,
                          struct pl_error *err)
{
    struct pl_client_http *http = pl_try_alloc(sizeof(*http));
    if (http == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for an HTTP client");
    }
    *http = (struct pl_client_http){
        .client = client,
        .transport = transport,
        .owner = owner,
        .user = user,
        .body_max = body_max,
        .later.run = free_now,
    };
    pl_buf_init(&http->again, SIZE_MAX / 2);
    pl_buf_init(&http->in, body_max);
    *out = http;
    return 0;
}

void pl_client_http_destroy(struct pl_client_http **http)
{
    if (*http != NULL) {
        (*http)->state = HTTP_DESTROYED;
        pl_client_conn_destroy(&(*http)->conn);
        pl_client_free_later((*http)->client, &(*http)->later);
        *http = NULL;
    }
}

bool pl_client_http_is_busy(const struct pl_client_http *http)
{
    return http->state == HTTP_HEAD_COMES || http->state == HTTP_BODY_COMES;
}

/* --- how a request ends --- */

static void fail(struct pl_client_http *http, int error, const char *reason)
{
    http->state = HTTP_IDLE;
    pl_buf_fini(&http->again);
    pl_buf_fini(&http->in);
    pl_client_conn_destroy(&http->conn);
    http->owner->on_failed(http, error, reason, http->user);
}

/* `body` may lie in http->in or in the connection's buffer: both stay until the owner has had it,
 * and the owner may send the next request meanwhile.
 *   has_rest  the server sent more than the answer */
static void answer(struct pl_client_http *http, struct pl_span body, bool has_rest)
{
    struct pl_client_conn *spent = NULL;
    struct pl_buf in = http->in;
    pl_buf_init(&http->in, http->body_max);
    pl_buf_fini(&http->again);
    if (!http->keep_alive || has_rest) {
        spent = http->conn;
        http->conn = NULL;
    }
    http->state = HTTP_IDLE;
    http->owner->on_answer(http, http->status, body, http->user);
    pl_buf_fini(&in);
    pl_client_conn_destroy(&spent);
}

/* --- the answer --- */

static int check_coding(const struct pl_http_answer *head, struct pl_error *err)
{
    struct pl_str coding =
        pl_http_headers_find(head->headers, head->header_count, PL_STR("content-encoding"));
    if (coding.len > 0 && !pl_str_eq_nocase(coding, PL_STR("identity"))) {
        return pl_error_set(err, PL_E_UNSUPPORTED, "an answer with a Content-Encoding");
    }
    return 0;
}

/* Returns bytes; 0 when more are needed; an error. */
static ptrdiff_t read_head(struct pl_client_http *http, struct pl_str in, struct pl_error *err)
{
    struct pl_http_answer head;
    ptrdiff_t len = pl_http_answer_read(&head, in, http->method, PL_HTTP_HEAD_LIMIT_BYTES, err);
    int rc = 0;
    if (len <= 0) {
        return len;
    }
    if (head.status == 101) {
        return pl_error_set(err, PL_E_PROTO, "the server switched to another protocol");
    }
    if (head.status < 200) {
        return len;
    }
    rc = check_coding(&head, err);
    if (rc < 0) {
        return rc;
    }
    http->status = head.status;
    http->keep_alive = head.keep_alive;
    pl_http_body_init_framed(&http->body, head.framing, head.content_length, http->body_max);
    http->state = HTTP_BODY_COMES;
    return len;
}

/* Take what `in` has of the body. *whole is where it lies once it is done.
 * Returns the bytes taken, or an error. */
static ptrdiff_t read_body(struct pl_client_http *http, struct pl_span in, struct pl_span *whole,
                           struct pl_error *err)
{
    size_t at = 0;
    do {
        size_t len = 0;
        struct pl_str piece = {0};
        struct pl_str rest = pl_str_make((const char *)in.ptr + at, in.len - at);
        int rc = pl_http_body_read(&http->body, rest, &len, &piece, err);
        if (rc < 0) {
            return rc;
        }
        if (http->in.len == 0 && piece.len > 0 && pl_http_body_is_done(&http->body)) {
            *whole = (struct pl_span){in.ptr + at + (size_t)(piece.ptr - rest.ptr), piece.len};
            return (ptrdiff_t)(at + len);
        }
        pl_buf_add_str(&http->in, piece);
        at += len;
    } while (at < in.len && !pl_http_body_is_done(&http->body));
    if (pl_buf_failed(&http->in)) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for an answer");
    }
    *whole = (struct pl_span){http->in.ptr, http->in.len};
    return (ptrdiff_t)at;
}

/* --- the connection --- */

static void on_open(struct pl_client_conn *conn, void *user)
{
    (void)conn;
    (void)user; /* the request is on its way */
}

static size_t on_data(struct pl_client_conn *conn, struct pl_span bytes, void *user)
{
    struct pl_client_http *http = user;
    struct pl_error err = {0};
    struct pl_span whole = {0};
    size_t at = 0;
    ptrdiff_t len = 0;
    (void)conn;
    if (http->state == HTTP_IDLE) { /* nothing was asked: a server that is about to close */
        pl_client_conn_destroy(&http->conn);
        return bytes.len;
    }
    pl_buf_fini(&http->again); /* the answer has begun: no second try */
    while (http->state == HTTP_HEAD_COMES && at < bytes.len) {
        struct pl_span rest = {bytes.ptr + at, bytes.len - at};
        len = read_head(http, pl_str_of_span(rest), &err);
        if (len <= 0) {
            break;
        }
        at += (size_t)len;
    }
    if (len >= 0 && http->state == HTTP_BODY_COMES) {
        len = read_body(http, (struct pl_span){bytes.ptr + at, bytes.len - at}, &whole, &err);
        at += len > 0 ? (size_t)len : 0;
    }
    if (len < 0) {
        fail(http, (int)len, err.text);
        return bytes.len;
    }
    if (http->state == HTTP_BODY_COMES && pl_http_body_is_done(&http->body)) {
        answer(http, whole, at < bytes.len);
        return bytes.len;
    }
    return at;
}

static int open_and_write(struct pl_client_http *http, const struct pl_buf *request,
                          struct pl_error *err);

static void on_end(struct pl_client_conn *conn, int error, const char *reason, void *user)
{
    struct pl_client_http *http = user;
    struct pl_error err = {0};
    (void)conn;
    pl_error_set(&err, error, "%s", reason);
    pl_client_conn_destroy(&http->conn);
    if (http->state == HTTP_IDLE) {
        return;
    }
    if (http->state == HTTP_BODY_COMES && error == PL_E_CLOSED &&
        pl_http_body_is_whole(&http->body)) {
        answer(http, (struct pl_span){http->in.ptr, http->in.len}, false);
        return;
    }
    /* After a proper end it is certain that no answer was lost: a poll takes what it brings. */
    if (http->again.len > 0 && error == PL_E_CLOSED) {
        struct pl_buf again = http->again;
        pl_buf_init(&http->again, SIZE_MAX / 2);
        error = open_and_write(http, &again, &err);
        pl_buf_fini(&again);
    }
    if (error < 0) {
        fail(http, error, err.text);
    }
}

static const struct pl_client_conn_owner conn_owner = {
    .on_open = on_open,
    .on_data = on_data,
    .on_end = on_end,
};

/* --- the request --- */

static int write_request(struct pl_client_http *http, const struct pl_buf *request,
                         struct pl_error *err)
{
    struct pl_buf *out = pl_client_conn_out(http->conn);
    if (!pl_buf_try_reserve(out, request->len)) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for a request");
    }
    pl_buf_add(out, request->ptr, request->len);
    pl_client_conn_flush(http->conn);
    return 0;
}

static int open_and_write(struct pl_client_http *http, const struct pl_buf *request,
                          struct pl_error *err)
{
    int rc = pl_client_conn_open(&http->conn, http->client, http->transport,
                                 PL_HTTP_HEAD_LIMIT_BYTES, &conn_owner, http, err);
    if (rc < 0) {
        return rc;
    }
    pl_client_conn_out(http->conn)->limit_bytes = SIZE_MAX / 2; /* the owner's bodies are its own */
    rc = write_request(http, request, err);
    if (rc < 0) {
        pl_client_conn_destroy(&http->conn);
    }
    return rc;
}

static enum pl_http_method method_of(const char *name)
{
    return strcmp(name, "GET") == 0    ? PL_HTTP_GET
           : strcmp(name, "HEAD") == 0 ? PL_HTTP_HEAD
                                       : PL_HTTP_OTHER;
}

static void compose(struct pl_buf *request, const struct pl_client_http *http, const char *method,
                    struct pl_str target, struct pl_str headers, const char *content_type,
                    struct pl_str body)
{
    pl_client_request_add(request, http->transport, method, target);
    pl_buf_add_str(request, headers);
    if (content_type != NULL) {
        pl_buf_addf(request, "Content-Type: %s\r\nContent-Length: %zu\r\n", content_type, body.len);
    }
    pl_buf_add_str(request, PL_STR("\r\n"));
    if (content_type != NULL) {
        pl_buf_add_str(request, body);
    }
}

int pl_client_http_send(struct pl_client_http *http, const char *method, struct pl_str target,
                        struct pl_str headers, const char *content_type, struct pl_str body,
                        struct pl_error *err)
{
    struct pl_buf request;
    bool is_kept = http->conn != NULL;
    int rc = 0;
    PL_ASSERT(http->state == HTTP_IDLE);
    pl_buf_init(&request, SIZE_MAX / 2);
    compose(&request, http, method, target, headers, content_type, body);
    if (pl_buf_failed(&request)) {
        rc = pl_error_set(err, PL_E_NOMEM, "no memory for a request");
        goto cleanup;
    }
    rc = is_kept ? write_request(http, &request, err) : open_and_write(http, &request, err);
    if (rc < 0) {
        goto cleanup;
    }
    http->state = HTTP_HEAD_COMES;
    http->method = method_of(method);
    if (is_kept && http->method == PL_HTTP_GET) {
        http->again = request;
        pl_buf_init(&request, 0);
    }

cleanup:
    pl_buf_fini(&request);
    return rc;
}
