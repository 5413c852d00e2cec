/* parley-events: a server that is never the bottleneck of a Socket.IO client. It takes WebSockets
 * alone, answers the two handshakes, and then sends frames made before: the same small event, as
 * fast as each connection takes it; with --silent nothing. It prints its address and runs until it
 * is killed. */
#include "base/alloc.h"
#include "base/buf.h"
#include "codec/http_request.h"
#include "codec/ws_frame.h"
#include "codec/ws_handshake.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNS_MAX 1100
#define BATCH_BYTES 65536
#define OPEN_PACKET                                                                                \
    "0{\"sid\":\"bench\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,"            \
    "\"maxPayload\":1000000}"
#define EVENT_PACKET "42[\"news\",{\"x\":1,\"y\":2}]"

struct conn {
    struct pl_buf head;
    bool is_upgraded;
    bool is_streaming;
    size_t at; /* in the batch */
};

struct server {
    struct pollfd fds[CONNS_MAX + 1]; /* the listener is the first */
    struct conn conns[CONNS_MAX + 1];
    size_t count;
    struct pl_buf batch; /* whole frames */
    struct pl_ws_acceptor *acceptor;
    bool is_silent;
};

static void add_frame(struct pl_buf *out, const char *text)
{
    uint8_t head[PL_WS_HEADER_MAX];
    size_t len = pl_ws_header_write(head, PL_WS_TEXT, true, strlen(text), NULL);
    pl_buf_add(out, head, len);
    pl_buf_add(out, text, strlen(text));
}

static void send_frame(int fd, const char *text)
{
    struct pl_buf out;
    pl_buf_init(&out, 4096);
    add_frame(&out, text);
    (void)!write(fd, out.ptr, out.len); /* an empty socket takes so little */
    pl_buf_fini(&out);
}

static void drop(struct server *server, size_t i)
{
    close(server->fds[i].fd);
    pl_buf_fini(&server->conns[i].head);
    server->count--;
    server->fds[i] = server->fds[server->count];
    server->conns[i] = server->conns[server->count];
}

static void take_connection(struct server *server)
{
    int one = 1;
    int fd = accept4(server->fds[0].fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    if (server->count > CONNS_MAX) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    server->fds[server->count] = (struct pollfd){.fd = fd, .events = POLLIN};
    server->conns[server->count] = (struct conn){0};
    pl_buf_init(&server->conns[server->count].head, 65536);
    server->count++;
}

static void upgrade(struct server *server, size_t i)
{
    struct conn *conn = &server->conns[i];
    struct pl_http_request request;
    char accept[PL_WS_ACCEPT_LEN + 1];
    char answer[300];
    int len = 0;
    if (pl_http_request_read(&request, pl_buf_str(&conn->head), PL_HTTP_HEAD_LIMIT_BYTES, NULL) <=
            0 ||
        pl_ws_accept_key(server->acceptor, accept,
                         pl_http_header_find(&request, PL_STR("Sec-WebSocket-Key")), NULL) < 0) {
        return;
    }
    len = snprintf(answer, sizeof(answer),
                   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                   accept);
    (void)!write(server->fds[i].fd, answer, (size_t)len);
    send_frame(server->fds[i].fd, OPEN_PACKET);
    pl_buf_fini(&conn->head);
    conn->is_upgraded = true;
}

/* False when it is gone. */
static bool read_conn(struct server *server, size_t i)
{
    struct conn *conn = &server->conns[i];
    char bytes[4096];
    ssize_t len = read(server->fds[i].fd, bytes, sizeof(bytes));
    if (len <= 0) {
        return len < 0 && errno == EAGAIN;
    }
    if (!conn->is_upgraded) {
        pl_buf_add(&conn->head, bytes, (size_t)len);
        upgrade(server, i);
    } else if (!conn->is_streaming) { /* the CONNECT */
        send_frame(server->fds[i].fd, "40{\"sid\":\"socket\"}");
        conn->is_streaming = true;
        server->fds[i].events = server->is_silent ? POLLIN : POLLIN | POLLOUT;
    }
    return true;
}

static bool write_conn(struct server *server, size_t i)
{
    struct conn *conn = &server->conns[i];
    ssize_t len =
        write(server->fds[i].fd, server->batch.ptr + conn->at, server->batch.len - conn->at);
    if (len < 0) {
        return errno == EAGAIN;
    }
    conn->at = (conn->at + (size_t)len) % server->batch.len;
    return true;
}

static bool serve(struct server *server, size_t i)
{
    short ready = server->fds[i].revents;
    if ((ready & (POLLIN | POLLHUP | POLLERR)) != 0 && !read_conn(server, i)) {
        return false;
    }
    return (ready & POLLOUT) == 0 || write_conn(server, i);
}

static void start(struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 1024) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
        pl_ws_acceptor_create(&server->acceptor, NULL) < 0) {
        perror("parley-events");
        exit(EXIT_FAILURE);
    }
    server->fds[0] = (struct pollfd){.fd = fd, .events = POLLIN};
    server->count = 1;
    pl_buf_init(&server->batch, BATCH_BYTES + 4096);
    while (server->batch.len < BATCH_BYTES) {
        add_frame(&server->batch, EVENT_PACKET);
    }
    printf("http://127.0.0.1:%d/\n", ntohs(address.sin_port));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct server *server = pl_alloc(sizeof(*server));
    server->is_silent = argc > 1 && strcmp(argv[1], "--silent") == 0;
    start(server);
    for (;;) {
        if (poll(server->fds, server->count, -1) < 0) {
            return EXIT_FAILURE;
        }
        for (size_t i = server->count; i-- > 1;) { /* dropping moves those behind, seen already */
            if (server->fds[i].revents != 0 && !serve(server, i)) {
                drop(server, i);
            }
        }
        if (server->fds[0].revents != 0) {
            take_connection(server);
        }
    }
}
