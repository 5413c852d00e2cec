/* parley-bare: the least that a server can do, as the bar for Parley. One thread, one
 * level-triggered epoll, WebSocket frames, nothing checked that need not be. A message that begins
 * with 'b' goes to every connection: with --group 1 by one send() of one frame each, at once; with
 * --group 8 eight messages are collected and go by one gather write of eight frames. Any other
 * message comes back to its sender. It is driven by parley-load --dialect ws, and says at its end
 * what it used (getrusage). */
#include "base/alloc.h"
#include "base/buf.h"
#include "codec/ws_frame.h"
#include "codec/ws_mask.h"
#include "proc.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    INPUT_BYTES = 64 * 1024,
    EVENTS_PER_WAIT = 512,
    GROUP_MAX = 64,
    FRAME_MAX = 4096,   /* of a broadcast */
    GROUP_WAIT_MS = 20, /* an incomplete group is sent when nothing came for so long */
    LISTEN_BACKLOG = 4096,
};

/* The answer to the key of RFC 6455 section 1.3, which parley-load always sends. */
static const char upgrade_answer[] = "HTTP/1.1 101 Switching Protocols\r\n"
                                     "Upgrade: websocket\r\n"
                                     "Connection: Upgrade\r\n"
                                     "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

struct conn {
    int fd;
    size_t index; /* in server->conns */
    bool is_upgraded;
    struct pl_buf in; /* an incomplete frame */
};

struct frame {
    size_t len;
    uint8_t bytes[FRAME_MAX];
};

struct server {
    int epoll_fd;
    int listen_fd;
    int signal_fd;
    struct conn **conns; /* open ones, packed */
    size_t conn_count;
    size_t group;              /* frames per write */
    size_t pending;            /* of `frames`, collected */
    struct frame *frames;      /* `group` of them */
    uint64_t messages_written; /* to all connections */
    uint64_t writes_failed;
    uint8_t *input;
    bool is_ending;
};

static void watch(struct server *server, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        perror("parley-bare: epoll_ctl");
    }
}

static void accept_all(struct server *server)
{
    const int on = 1;
    for (;;) {
        int fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        struct conn *conn = pl_alloc(sizeof(*conn));
        conn->fd = fd;
        conn->index = server->conn_count++;
        pl_buf_init(&conn->in, INPUT_BYTES);
        server->conns[conn->index] = conn;
        watch(server, fd, conn);
    }
}

static void close_conn(struct server *server, struct conn *conn)
{
    struct conn *last = server->conns[--server->conn_count];
    server->conns[conn->index] = last;
    last->index = conn->index;
    close(conn->fd);
    pl_buf_fini(&conn->in);
    pl_free(conn);
}

static size_t frame_write(uint8_t *out, struct pl_str payload)
{
    size_t header_len = pl_ws_header_write(out, PL_WS_TEXT, true, payload.len, NULL);
    memcpy(out + header_len, payload.ptr, payload.len);
    return header_len + payload.len;
}

/* To everybody: one system call per connection. */
static void broadcast_pending(struct server *server)
{
    struct iovec parts[GROUP_MAX];
    size_t total = 0;
    for (size_t i = 0; i < server->pending; i++) {
        parts[i] = (struct iovec){server->frames[i].bytes, server->frames[i].len};
        total += parts[i].iov_len;
    }
    for (size_t i = 0; i < server->conn_count; i++) {
        int fd = server->conns[i]->fd;
        ssize_t sent = server->pending == 1 ? send(fd, parts[0].iov_base, total, MSG_NOSIGNAL)
                                            : writev(fd, parts, (int)server->pending);
        server->writes_failed += sent != (ssize_t)total;
    }
    server->messages_written += server->conn_count * server->pending;
    server->pending = 0;
}

static void handle_message(struct server *server, struct conn *conn, struct pl_str payload)
{
    uint8_t reply[INPUT_BYTES + PL_WS_HEADER_MAX];
    if (payload.len == 0 || payload.ptr[0] != 'b') {
        size_t len = frame_write(reply, payload);
        server->writes_failed += send(conn->fd, reply, len, MSG_NOSIGNAL) != (ssize_t)len;
        return;
    }
    if (payload.len > FRAME_MAX - PL_WS_HEADER_MAX) {
        server->writes_failed++;
        return;
    }
    struct frame *frame = &server->frames[server->pending++];
    frame->len = frame_write(frame->bytes, payload);
    if (server->pending == server->group) {
        broadcast_pending(server);
    }
}

/* Returns the bytes used from the front of `in`, 0 when more are needed, negative to close. */
static ptrdiff_t handle_front(struct server *server, struct conn *conn, struct pl_span in)
{
    struct pl_ws_header header;
    if (!conn->is_upgraded) {
        const uint8_t *end = memmem(in.ptr, in.len, "\r\n\r\n", 4);
        if (end == NULL) {
            return 0;
        }
        conn->is_upgraded = true;
        server->writes_failed += send(conn->fd, upgrade_answer, sizeof(upgrade_answer) - 1,
                                      MSG_NOSIGNAL) != sizeof(upgrade_answer) - 1;
        return end - in.ptr + 4;
    }
    ptrdiff_t used = pl_ws_header_read(&header, pl_str_of_span(in), PL_WS_SERVER, 0, NULL);
    if (used <= 0 || header.opcode == PL_WS_CLOSE) {
        return used <= 0 ? used : PL_E_CLOSED;
    }
    if (header.payload_len > in.len - (size_t)used) {
        return header.payload_len > INPUT_BYTES / 2 ? PL_E_TOO_BIG : 0;
    }
    struct pl_span payload = {in.ptr + used, (size_t)header.payload_len};
    pl_ws_mask_apply(payload, header.key, 0);
    handle_message(server, conn, pl_str_of_span(payload));
    return used + (ptrdiff_t)payload.len;
}

static void read_conn(struct server *server, struct conn *conn)
{
    size_t kept = conn->in.len;
    if (kept > 0) {
        memcpy(server->input, conn->in.ptr, kept);
    }
    ssize_t got = recv(conn->fd, server->input + kept, INPUT_BYTES - kept, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) {
            close_conn(server, conn);
        }
        return;
    }
    struct pl_span in = {server->input, kept + (size_t)got};
    ptrdiff_t used = 1;
    while (in.len > 0 && used > 0) {
        used = handle_front(server, conn, in);
        if (used > 0) {
            in = (struct pl_span){in.ptr + used, in.len - (size_t)used};
        }
    }
    if (used < 0) {
        close_conn(server, conn);
        return;
    }
    pl_buf_clear(&conn->in);
    pl_buf_add(&conn->in, in.ptr, in.len);
}

static void run(struct server *server)
{
    struct epoll_event events[EVENTS_PER_WAIT];
    while (!server->is_ending) {
        int timeout_ms = server->pending > 0 ? GROUP_WAIT_MS : -1;
        int count = epoll_wait(server->epoll_fd, events, EVENTS_PER_WAIT, timeout_ms);
        if (count == 0 && server->pending > 0) {
            broadcast_pending(server);
        }
        for (int i = 0; i < count; i++) {
            void *what = events[i].data.ptr;
            if (what == &server->listen_fd) {
                accept_all(server);
            } else if (what == &server->signal_fd) {
                server->is_ending = true;
            } else {
                read_conn(server, what);
            }
        }
    }
}

static int open_listener(unsigned port)
{
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t len = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 ||
        listen(fd, LISTEN_BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        perror("parley-bare: listen");
        return -1;
    }
    printf("http://127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void report_use(const struct server *server)
{
    struct rusage use;
    if (getrusage(RUSAGE_SELF, &use) != 0) {
        return;
    }
    double us = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e6 +
                (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
    fprintf(stderr, "parley-bare: %.0f us of CPU, %llu broadcast messages written, %llu failed\n",
            us, (unsigned long long)server->messages_written,
            (unsigned long long)server->writes_failed);
}

/* Everything until the signal. Returns the exit status. */
static int serve(size_t group, unsigned port)
{
    size_t capacity = pl_proc_raise_file_limit();
    struct server server = {.group = group};
    server.signal_fd = open_signals();
    server.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    server.listen_fd = open_listener(port);
    if (server.epoll_fd < 0 || server.listen_fd < 0 || server.signal_fd < 0) {
        return 1;
    }
    server.conns = pl_alloc_array(capacity, sizeof(struct conn *));
    server.frames = pl_alloc_array(group, sizeof(struct frame));
    server.input = pl_alloc(INPUT_BYTES);
    watch(&server, server.listen_fd, &server.listen_fd);
    watch(&server, server.signal_fd, &server.signal_fd);
    run(&server);
    report_use(&server);
    while (server.conn_count > 0) {
        close_conn(&server, server.conns[0]);
    }
    pl_free(server.conns);
    pl_free(server.frames);
    pl_free(server.input);
    return server.writes_failed == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    uint64_t group = 1;
    uint64_t port = 0;
    for (int i = 1; i < argc; i += 2) {
        struct pl_str value = pl_str_of_cstr(i + 1 < argc ? argv[i + 1] : "");
        bool is_good = (strcmp(argv[i], "--group") == 0 &&
                        pl_str_to_u64(&group, value, GROUP_MAX) && group > 0) ||
                       (strcmp(argv[i], "--port") == 0 && pl_str_to_u64(&port, value, 65535));
        if (!is_good) {
            fprintf(stderr, "Usage: parley-bare [--group 1..%d] [--port PORT]\n", GROUP_MAX);
            return 2;
        }
    }
    return serve((size_t)group, (unsigned)port);
}
