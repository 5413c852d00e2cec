/* A whole web server against whatever a client sends: routes, bodies, an echoing WebSocket. The
 * input's first byte tells how large the pieces are that it arrives in; a turn of the loop is
 * between them. No connection, no timer and no memory may be left. */
#include "fuzz.h"

#include "web/cors.h"
#include "web/web.h"

#include <sys/socket.h>
#include <unistd.h>

struct server {
    struct pl_loop *loop;
    struct pl_fanout fanout;
    struct pl_metrics metrics;
    struct pl_conn_set conns;
    struct pl_web *web;
    size_t closed_count;
    size_t opened_count;
};

static void on_message(struct pl_ws *ws, bool is_text, struct pl_span bytes)
{
    if (bytes.len == 1 && bytes.ptr[0] == 'c') {
        pl_ws_close(ws, 1000, PL_STR("asked"));
    } else if (bytes.len == 1 && bytes.ptr[0] == 'a') {
        pl_ws_abort(ws);
    } else {
        pl_ws_send(ws, is_text, pl_str_of_span(bytes));
    }
}

static void on_closed(struct pl_ws *ws, uint16_t code, struct pl_str reason, enum pl_conn_end end)
{
    struct server *server = pl_ws_user(ws);
    (void)code;
    (void)reason;
    (void)end;
    server->closed_count++;
}

static const struct pl_ws_handler handler = {.on_message = on_message, .on_closed = on_closed};

static void on_upgrade(struct pl_web_request *request, void *user)
{
    struct server *server = user;
    struct pl_ws *ws = NULL;
    struct pl_ws_params params = {.handler = &handler,
                                  .user = server,
                                  .message_limit_bytes = 1000,
                                  .send_limit_bytes = 100000};
    if (pl_web_accept_websocket(&ws, request, &params, NULL) == 0) {
        server->opened_count++;
    } else {
        pl_web_respond_empty(request, 503);
    }
}

static void on_request(struct pl_web_request *request, void *user)
{
    (void)user;
    pl_web_respond_text(request, 200, pl_str_of_span(pl_web_request_body(request)));
}

static void add_routes(struct server *server)
{
    static const struct pl_str origins[] = {PL_STR_INIT("true")};
    static const struct pl_cors cors = {.origins = origins, .origin_count = 1};
    struct pl_route echo = {.path = PL_STR("/e"),
                            .match = PL_ROUTE_PREFIX,
                            .owner = "fuzz",
                            .body_limit_bytes = 100,
                            .cors = &cors,
                            .user = server,
                            .on_request = on_request};
    struct pl_route socket = {.path = PL_STR("/w"),
                              .match = PL_ROUTE_EXACT,
                              .owner = "fuzz",
                              .methods = 1u << PL_HTTP_GET,
                              .user = server,
                              .on_request = on_request,
                              .on_upgrade = on_upgrade};
    int rc = pl_web_route_add(server->web, &echo, NULL);
    PL_ASSERT(rc == 0);
    rc = pl_web_route_add(server->web, &socket, NULL);
    PL_ASSERT(rc == 0);
}

static void start(struct server *server)
{
    struct pl_web_limits limits = {.head_bytes = 2048,
                                   .header_timeout_ms = 100000,
                                   .body_timeout_ms = 100000,
                                   .keep_alive_timeout_ms = 100000,
                                   .ws_close_timeout_ms = 100000};
    int rc = pl_loop_create(&server->loop, NULL);
    PL_ASSERT(rc == 0);
    pl_fanout_init(&server->fanout);
    pl_conn_set_init(&server->conns, server->loop, &server->fanout, &server->metrics);
    rc = pl_web_create(&server->web, &server->conns, &limits, NULL, NULL);
    PL_ASSERT(rc == 0);
    add_routes(server);
}

static void stop(struct server *server)
{
    pl_conn_set_fini(&server->conns);
    pl_loop_turn(server->loop, 0);
    PL_ASSERT(server->conns.count == 0 && server->opened_count == server->closed_count);
    PL_ASSERT(pl_timers_next_ms(pl_loop_timers(server->loop)) < 0);
    pl_web_destroy(server->web);
    pl_loop_destroy(server->loop);
    pl_fanout_fini(&server->fanout);
}

/* Read and forget, so that the server never waits for us. */
static void swallow(int fd)
{
    uint8_t bytes[4096];
    while (recv(fd, bytes, sizeof(bytes), 0) > 0) {
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct server server = {0};
    struct pl_address peer = {.family = PL_ADDRESS_UNIX};
    int fds[2];
    size_t piece = size == 0 || data[0] == 0 ? SIZE_MAX : data[0];
    start(&server);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0) {
        pl_web_accept(server.web, fds[1], &peer, NULL);
        for (size_t at = 1; at < size;) {
            ssize_t sent = send(fds[0], data + at, pl_size_min(piece, size - at), MSG_NOSIGNAL);
            if (sent <= 0) {
                break;
            }
            at += (size_t)sent;
            pl_loop_turn(server.loop, 0);
            swallow(fds[0]);
        }
        close(fds[0]);
        pl_loop_turn(server.loop, 0);
    }
    stop(&server);
    return 0;
}
