/* The server's start, end and turn, and connections as bytes: HTTP requests with their bodies,
 * WebSocket frames. */
#include "server.h"

#include "base/alloc.h"
#include "codec/http_header.h"
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IN_MAX ((size_t)8 << 20)

void sim_fail(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("client-sim: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    fflush(NULL);
    abort();
}

static void on_open(struct net_conn *net, void *user)
{
    struct server *server = user;
    struct server_conn *conn = pl_alloc(sizeof(*conn));
    conn->server = server;
    conn->net = net;
    net->user = conn;
    pl_buf_init(&conn->in, IN_MAX);
    pl_buf_init(&conn->body_bytes, IN_MAX);
    pl_list_push_back(&server->conns, &conn->node);
}

/* Off the network; freed when the turn ends. */
static void bury(struct server_conn *conn)
{
    conn->net = NULL;
    pl_list_remove(&conn->node);
    pl_list_push_back(&conn->server->dead_conns, &conn->node);
}

void server_conn_close(struct server_conn *conn)
{
    if (conn->net != NULL) {
        struct net_conn *net = conn->net;
        bury(conn);
        net_close(net);
    }
}

/* --- requests --- */

static void copy_text(char *out, size_t size, struct pl_str text)
{
    if (text.len >= size) {
        sim_fail("a request's text of %zu bytes is too long", text.len);
    }
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
}

static bool read_head(struct server_conn *conn)
{
    struct pl_http_request request;
    struct pl_error err = {0};
    struct pl_str key;
    ptrdiff_t len = pl_http_request_read(&request, pl_buf_str(&conn->in), 16384, &err);
    if (len < 0) {
        sim_fail("a bad request: %s", err.text);
    }
    if (len == 0) {
        return false;
    }
    conn->method = request.method;
    conn->keeps_alive = request.keep_alive;
    copy_text(conn->target, sizeof(conn->target), request.target);
    key = pl_http_header_find(&request, PL_STR("Sec-WebSocket-Key"));
    if (request.wants_upgrade) {
        if (!pl_ws_key_is_valid(key) || request.host.len == 0 ||
            !pl_str_eq(pl_http_header_find(&request, PL_STR("Sec-WebSocket-Version")),
                       PL_STR("13"))) {
            sim_fail("an upgrade without a proper key, host or version");
        }
        copy_text(conn->ws_key, sizeof(conn->ws_key), key);
    } else {
        conn->ws_key[0] = '\0';
    }
    pl_http_body_init(&conn->body, &request, IN_MAX);
    pl_buf_clear(&conn->body_bytes);
    pl_buf_consume(&conn->in, (size_t)len);
    conn->has_head = true;
    return true;
}

static void read_body(struct server_conn *conn)
{
    struct pl_error err = {0};
    while (!pl_http_body_is_done(&conn->body) && conn->in.len > 0) {
        size_t consumed = 0;
        struct pl_str slice;
        if (pl_http_body_read(&conn->body, pl_buf_str(&conn->in), &consumed, &slice, &err) < 0) {
            sim_fail("a bad body: %s", err.text);
        }
        pl_buf_add_str(&conn->body_bytes, slice);
        pl_buf_consume(&conn->in, consumed);
    }
}

static void take_upgrade(struct server_conn *conn)
{
    char accept[PL_WS_ACCEPT_LEN + 1];
    struct pl_buf head;
    int rc = pl_ws_accept_key(conn->server->acceptor, accept, pl_str_of_cstr(conn->ws_key), NULL);
    PL_ASSERT(rc == 0);
    pl_buf_init(&head, 1024);
    pl_buf_addf(&head,
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                accept);
    net_send(conn->net, pl_buf_str(&head));
    pl_buf_fini(&head);
    conn->kind = SERVER_WS;
    pl_ws_decoder_init(&conn->ws, PL_WS_SERVER, IN_MAX, 0);
    if (conn->server->options.is_plain) {
        conn->server->owner->on_plain_open(conn->server->user);
    }
}

static void read_requests(struct server_conn *conn)
{
    struct server *server = conn->server;
    while (conn->net != NULL && conn->kind == SERVER_HTTP) {
        if (!conn->has_head && !read_head(conn)) {
            return;
        }
        read_body(conn);
        if (!pl_http_body_is_done(&conn->body)) {
            return;
        }
        conn->has_head = false;
        if (sim_chance(&server->rng, server->options.refuse_percent)) {
            server_conn_answer(conn, 503, "text/html", PL_STR("busy"));
            continue;
        }
        if (!server->options.is_plain) {
            eio_request(conn);
        } else if (conn->ws_key[0] == '\0' && server->owner->on_plain_request != NULL) {
            server->owner->on_plain_request(conn, server->user);
        }
        if (conn->net != NULL && conn->kind == SERVER_HTTP && conn->ws_key[0] != '\0') {
            take_upgrade(conn);
            conn->ws_key[0] = '\0';
            if (!server->options.is_plain) {
                eio_ws_message(conn, true, PL_STR("")); /* it is open */
            }
        }
    }
}

static void add_chunks(struct server_conn *conn, struct pl_buf *out, struct pl_str body)
{
    while (body.len > 0) {
        uint32_t len = sim_between(&conn->server->rng, 1, (uint32_t)pl_size_min(body.len, 5000));
        pl_buf_addf(out, "%x\r\n", len);
        pl_buf_add_str(out, pl_str_first(body, len));
        pl_buf_add_str(out, PL_STR("\r\n"));
        body = pl_str_from(body, len);
    }
    pl_buf_add_str(out, PL_STR("0\r\n\r\n"));
}

void server_conn_answer(struct server_conn *conn, int status, const char *type, struct pl_str body)
{
    struct server *server = conn->server;
    bool is_neat = server->options.is_neat;
    bool closes = !conn->keeps_alive || (!is_neat && sim_chance(&server->rng, 10));
    struct pl_buf out;
    conn->kind = SERVER_HTTP;
    conn->ws_key[0] = '\0';
    pl_buf_init(&out, IN_MAX * 2);
    pl_buf_addf(&out, "HTTP/1.1 %d Whatever\r\nContent-Type: %s\r\n%s", status, type,
                closes ? "Connection: close\r\n" : "");
    if (!is_neat && sim_chance(&server->rng, 25)) {
        pl_buf_add_str(&out, PL_STR("Transfer-Encoding: chunked\r\n\r\n"));
        add_chunks(conn, &out, body);
    } else {
        pl_buf_addf(&out, "Content-Length: %zu\r\n\r\n", body.len);
        pl_buf_add_str(&out, body);
    }
    net_send(conn->net, pl_buf_str(&out));
    pl_buf_fini(&out);
    if (closes) {
        server_conn_close(conn);
    }
}

/* --- WebSocket frames --- */

static void send_frame(struct server_conn *conn, unsigned opcode, bool is_final,
                       struct pl_str payload)
{
    uint8_t head[PL_WS_HEADER_MAX];
    struct pl_buf out;
    size_t len = pl_ws_header_write(head, opcode, is_final, payload.len, NULL);
    pl_buf_init(&out, IN_MAX);
    pl_buf_add(&out, head, len);
    pl_buf_add_str(&out, payload);
    net_send(conn->net, pl_buf_str(&out));
    pl_buf_fini(&out);
}

void server_conn_ws_send(struct server_conn *conn, unsigned opcode, struct pl_str payload)
{
    struct server *server = conn->server;
    if (conn->net == NULL || conn->has_close) {
        return;
    }
    while (!server->options.is_neat && payload.len > 1 && opcode < PL_WS_CLOSE &&
           sim_chance(&server->rng, 15)) {
        size_t part = sim_between(&server->rng, 0, (uint32_t)payload.len - 1);
        send_frame(conn, opcode, false, pl_str_first(payload, part));
        payload = pl_str_from(payload, part);
        opcode = PL_WS_CONTINUATION;
        if (sim_chance(&server->rng, 20)) { /* control frames may come between */
            send_frame(conn, PL_WS_PING, true, PL_STR("now?"));
        }
    }
    send_frame(conn, opcode, true, payload);
}

void server_conn_ws_close(struct server_conn *conn, uint16_t code)
{
    const char payload[] = {(char)(code >> 8), (char)(code & 0xff)};
    if (conn->net != NULL && !conn->has_close) {
        send_frame(conn, PL_WS_CLOSE, true, pl_str_make(payload, sizeof(payload)));
        conn->has_close = true;
    }
}

static void take_ws_event(struct server_conn *conn, const struct pl_ws_event *event)
{
    struct server *server = conn->server;
    switch (event->kind) {
    case PL_WS_EVENT_NONE:
    case PL_WS_EVENT_PONG:
        break;
    case PL_WS_EVENT_TEXT:
    case PL_WS_EVENT_BINARY:
        if (server->options.is_plain) {
            server->owner->on_plain(event->kind == PL_WS_EVENT_TEXT, pl_str_of_span(event->payload),
                                    server->user);
        } else {
            eio_ws_message(conn, event->kind == PL_WS_EVENT_TEXT, pl_str_of_span(event->payload));
        }
        break;
    case PL_WS_EVENT_PING:
        server_conn_ws_send(conn, PL_WS_PONG, pl_str_of_span(event->payload));
        break;
    case PL_WS_EVENT_CLOSE:
        server_conn_ws_close(conn, 1000);
        eio_conn_ended(conn);
        server_conn_close(conn);
        break;
    }
}

static void read_frames(struct server_conn *conn)
{
    ptrdiff_t len = 1;
    while (conn->net != NULL && len > 0) {
        struct pl_ws_event event = {0};
        struct pl_error err = {0};
        struct pl_span in = {conn->in.ptr, conn->in.len};
        len = pl_ws_decoder_next(&conn->ws, &event, in, &err);
        if (len < 0) {
            sim_fail("a bad frame: %s", err.text);
        }
        if (len > 0) {
            take_ws_event(conn, &event);
            pl_buf_consume(&conn->in, (size_t)len);
        }
    }
}

static void on_data(struct net_conn *net, struct pl_str bytes, void *user)
{
    struct server_conn *conn = net->user;
    (void)user;
    pl_buf_add_str(&conn->in, bytes);
    PL_ASSERT(!pl_buf_failed(&conn->in));
    read_requests(conn);
    if (conn->kind == SERVER_WS) {
        read_frames(conn);
    }
}

static void on_end(struct net_conn *net, void *user)
{
    struct server_conn *conn = net->user;
    (void)user;
    bury(conn);
    eio_conn_ended(conn);
}

const struct net_peer server_peer = {.on_open = on_open, .on_data = on_data, .on_end = on_end};

/* --- its life --- */

void server_init(struct server *server, struct net *net, const struct server_options *options,
                 const struct server_owner *owner, void *user)
{
    int rc = 0;
    *server = (struct server){.net = net, .options = *options, .owner = owner, .user = user};
    server->rng.state = sim_next(&net->rng);
    server->limits = (struct pl_sio_limits){PL_SIO_ROLE_SERVER, 10, IN_MAX};
    pl_timers_init(&server->timers);
    pl_list_init(&server->conns);
    pl_list_init(&server->dead_conns);
    pl_list_init(&server->sessions);
    pl_list_init(&server->dead_sessions);
    pl_list_init(&server->sockets);
    rc = pl_ws_acceptor_create(&server->acceptor, NULL);
    PL_ASSERT(rc == 0);
}

static void reap(struct server *server)
{
    struct pl_list *node = NULL;
    while ((node = pl_list_pop_front(&server->dead_conns)) != NULL) {
        struct server_conn *conn = PL_CONTAINER_OF(node, struct server_conn, node);
        pl_ws_decoder_fini(&conn->ws);
        pl_buf_fini(&conn->in);
        pl_buf_fini(&conn->body_bytes);
        pl_free(conn);
    }
    while ((node = pl_list_pop_front(&server->dead_sessions)) != NULL) {
        pl_free(PL_CONTAINER_OF(node, struct server_session, node));
    }
}

void server_run(struct server *server)
{
    pl_timers_run(&server->timers, server->net->now_ms);
    reap(server);
}

int64_t server_next_ms(const struct server *server)
{
    return pl_timers_next_ms(&server->timers);
}

void server_restart(struct server *server)
{
    PL_LIST_EACH(node, &server->sessions)
    {
        eio_close(PL_CONTAINER_OF(node, struct server_session, node));
    }
    while (!pl_list_is_empty(&server->sockets)) {
        pl_free(PL_CONTAINER_OF(pl_list_pop_front(&server->sockets), struct server_socket, node));
    }
    net_reset_all(server->net);
    reap(server);
}

void server_fini(struct server *server)
{
    server_restart(server);
    while (!pl_list_is_empty(&server->conns)) {
        bury(PL_CONTAINER_OF(server->conns.next, struct server_conn, node));
    }
    reap(server);
    pl_timers_fini(&server->timers);
    pl_ws_acceptor_destroy(server->acceptor);
}

void server_plain_send(struct server *server, bool is_text, struct pl_str bytes)
{
    PL_LIST_EACH(node, &server->conns)
    {
        struct server_conn *conn = PL_CONTAINER_OF(node, struct server_conn, node);
        if (conn->kind == SERVER_WS) {
            server_conn_ws_send(conn, is_text ? PL_WS_TEXT : PL_WS_BINARY, bytes);
        }
    }
}
