/* A web server in the test's own process, stepped turn by turn, and clients on socket pairs. */
#ifndef PL_TEST_WEB_FIXTURE_H
#define PL_TEST_WEB_FIXTURE_H

#include "base/alloc.h"
#include "io/loop.h"
#include "web/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct pl_loop *loop;
    struct pl_fanout fanout;
    struct pl_metrics metrics;
    struct pl_conn_set conns;
    struct pl_web *web;
};

struct client {
    int fd;
    struct pl_buf got;
    bool has_ended; /* the server closed its side */
};

#define HEADER_TIMEOUT_MS 1000
#define BODY_TIMEOUT_MS 2000
#define KEEP_ALIVE_MS 3000
#define WS_CLOSE_MS 4000
#define WS_MESSAGE_MS 5000

static inline void fixture_init(struct fixture *fixture)
{
    struct pl_web_limits limits = {
        .head_bytes = 4096,
        .header_timeout_ms = HEADER_TIMEOUT_MS,
        .body_timeout_ms = BODY_TIMEOUT_MS,
        .keep_alive_timeout_ms = KEEP_ALIVE_MS,
        .ws_close_timeout_ms = WS_CLOSE_MS,
        .ws_message_timeout_ms = WS_MESSAGE_MS,
    };
    *fixture = (struct fixture){0};
    assert_int_equal(pl_loop_create(&fixture->loop, NULL), 0);
    pl_loop_stop_clock(fixture->loop); /* `advance` alone moves it */
    pl_fanout_init(&fixture->fanout);
    pl_conn_set_init(&fixture->conns, fixture->loop, &fixture->fanout, &fixture->metrics);
    assert_int_equal(pl_web_create(&fixture->web, &fixture->conns, &limits, NULL, NULL), 0);
}

static inline void fixture_fini(struct fixture *fixture)
{
    pl_conn_set_fini(&fixture->conns);
    pl_loop_turn(fixture->loop, 0);
    pl_web_destroy(fixture->web);
    pl_loop_destroy(fixture->loop);
    pl_fanout_fini(&fixture->fanout);
}

static inline void turns(struct fixture *fixture, int count)
{
    for (int i = 0; i < count; i++) {
        pl_loop_turn(fixture->loop, 0);
    }
}

static inline void client_open(struct client *client, struct fixture *fixture)
{
    int fds[2];
    struct pl_address peer = {.family = PL_ADDRESS_UNIX};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    *client = (struct client){.fd = fds[0]};
    pl_buf_init(&client->got, SIZE_MAX);
    pl_web_accept(fixture->web, fds[1], &peer, NULL);
}

static inline void client_send(struct client *client, struct pl_str bytes)
{
    assert_int_equal(send(client->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL), bytes.len);
}

static inline void client_read(struct client *client)
{
    uint8_t bytes[65536];
    ssize_t got = 0;
    while ((got = recv(client->fd, bytes, sizeof(bytes), 0)) > 0) {
        pl_buf_add(&client->got, bytes, (size_t)got);
    }
    client->has_ended = client->has_ended || got == 0;
}

/* Let the server work off what there is, and read its answers. */
static inline void settle(struct fixture *fixture, struct client *client)
{
    for (int i = 0; i < 6; i++) {
        pl_loop_turn(fixture->loop, 0);
        client_read(client);
    }
}

static inline void advance(struct fixture *fixture, struct client *client, int64_t ms)
{
    pl_loop_advance(fixture->loop, ms);
    settle(fixture, client);
}

static inline void client_close(struct client *client, struct fixture *fixture)
{
    if (client->fd >= 0) {
        close(client->fd);
    }
    client->fd = -1;
    pl_buf_fini(&client->got);
    turns(fixture, 3);
}

/* Drop the Date lines: the only part of an answer that is not the same each time. */
static inline void drop_dates(struct pl_buf *got)
{
    for (size_t at = 0; at + 6 < got->len;) {
        uint8_t *line = got->ptr + at;
        uint8_t *end = memchr(line, '\n', got->len - at);
        size_t len = end == NULL ? got->len - at : (size_t)(end - line) + 1;
        if (memcmp(line, "Date: ", 6) == 0) {
            memmove(line, line + len, got->len - at - len);
            got->len -= len;
        } else {
            at += len;
        }
    }
}

static inline bool contains(struct pl_str text, const char *part)
{
    return text.len > 0 && memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static inline bool client_has(const struct client *client, const char *part)
{
    return contains(pl_buf_str(&client->got), part);
}

/* One request on a connection of its own, and its answer,
 * which the caller frees with client_close. */
static inline void ask(struct fixture *fixture, struct client *client, const char *request)
{
    client_open(client, fixture);
    client_send(client, pl_str_of_cstr(request));
    settle(fixture, client);
}

#endif
