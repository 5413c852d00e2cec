/* A client in a world without sockets, and connections (client/conn.h) whose other end is the test:
 * what the test feeds comes in the next tick, what the owner sends can be read. Stands in for
 * client/conn.c, so include it in one file of a program alone. */
#ifndef PL_TESTS_FAKE_CONN_H
#define PL_TESTS_FAKE_CONN_H

#include "base/alloc.h"
#include "client/conn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct pl_client_conn {
    struct parley_client *client;
    const struct pl_client_conn_owner *owner;
    void *user;
    size_t in_max;
    struct pl_buf out; /* sent and not looked at yet */
    uint8_t *in;       /* of malloc: no allocation of the library's that a test could make fail */
    size_t in_len;
    struct pl_client_later next; /* tells the owner what came */
    struct pl_client_later later;
    int end_error; /* comes behind `in` */
    bool is_open;
    bool is_ended;
};

static struct {
    int64_t now_ms;
    int64_t clock_step_ms; /* per look at the clock */
    uint8_t random;
    struct pl_client_conn *conn; /* the newest one; NULL once it is destroyed */
    int open_error;              /* what the next open returns */
    int opened_count;
    int finished_count;
    uint8_t last_words[4096]; /* what a finished connection had still to send */
    size_t last_words_len;
} world;

/* --- the environment --- */

static int64_t fake_now(void *user)
{
    (void)user;
    world.now_ms += world.clock_step_ms;
    return world.now_ms;
}

static void fake_random(void *user, void *out, size_t size)
{
    (void)user;
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)out)[i] = world.random++;
    }
}

static int fake_wait(void *user, struct pl_client_ready *out, int max, int timeout_ms)
{
    (void)user;
    (void)out;
    (void)max;
    (void)timeout_ms;
    return 0;
}

static int fake_minus_one(void *user)
{
    (void)user;
    return -1;
}

static void fake_wake(void *user)
{
    (void)user;
}

PL_UNUSED static struct parley_client *fake_client(void)
{
    const struct pl_client_env env = {
        .now_ms = fake_now,
        .random = fake_random,
        .wait = fake_wait,
        .wait_ms = fake_minus_one,
        .wake = fake_wake,
        .fd = fake_minus_one,
    };
    struct parley_client *client = NULL;
    memset(&world, 0, sizeof(world));
    world.now_ms = 1000;
    assert_int_equal(pl_client_create_in(&client, &env), 0);
    return client;
}

PL_UNUSED static void fake_client_end(struct parley_client *client)
{
    parley_client_destroy(client);
    assert_null(world.conn); /* nobody leaves a connection behind */
}

PL_UNUSED static int fake_tick(struct parley_client *client, int64_t ms)
{
    world.now_ms += ms;
    return parley_client_tick(client, 0);
}

/* --- the connection --- */

static void fake_deliver(struct pl_client_later *next)
{
    struct pl_client_conn *conn = PL_CONTAINER_OF(next, struct pl_client_conn, next);
    if (!conn->is_open) {
        conn->is_open = true;
        conn->owner->on_open(conn, conn->user);
    }
    if (!conn->is_ended && conn->in_len > 0) {
        /* memory of exactly that size, so that a sanitizer sees what is read behind it */
        struct pl_span bytes = {malloc(conn->in_len), conn->in_len};
        memcpy(bytes.ptr, conn->in, bytes.len);
        size_t taken = conn->owner->on_data(conn, bytes, conn->user);
        assert_true(taken <= bytes.len);
        free(bytes.ptr);
        conn->in_len -= taken;
        memmove(conn->in, conn->in + taken, conn->in_len);
        if (!conn->is_ended && conn->in_len > 0 && pl_client_is_over_budget(conn->client)) {
            pl_client_run_next(conn->client, &conn->next);
            return;
        }
        assert_true(conn->is_ended || conn->in_len < conn->in_max);
    }
    if (!conn->is_ended && conn->end_error != 0) {
        conn->is_ended = true;
        conn->owner->on_end(conn, conn->end_error, "the test ended it", conn->user);
    }
}

static void fake_free(struct pl_client_later *later)
{
    struct pl_client_conn *conn = PL_CONTAINER_OF(later, struct pl_client_conn, later);
    free(conn->in);
    pl_buf_fini(&conn->out);
    free(conn);
}

int pl_client_conn_open(struct pl_client_conn **out, struct parley_client *client,
                        const struct pl_client_transport *transport, size_t in_max,
                        const struct pl_client_conn_owner *owner, void *user, struct pl_error *err)
{
    (void)transport;
    if (world.open_error != 0) {
        return pl_error_set(err, world.open_error, "the test refuses");
    }
    struct pl_client_conn *conn = calloc(1, sizeof(*conn));
    conn->client = client;
    conn->owner = owner;
    conn->user = user;
    conn->in_max = in_max;
    conn->next.run = fake_deliver;
    conn->later.run = fake_free;
    pl_buf_init(&conn->out, SIZE_MAX / 2);
    world.conn = conn;
    world.opened_count++;
    *out = conn;
    return 0;
}

struct pl_buf *pl_client_conn_out(struct pl_client_conn *conn)
{
    return &conn->out;
}

void pl_client_conn_flush(struct pl_client_conn *conn)
{
    assert_false(pl_buf_failed(&conn->out));
}

size_t pl_client_conn_unsent(const struct pl_client_conn *conn)
{
    return conn->out.len;
}

void pl_client_conn_destroy(struct pl_client_conn **conn)
{
    if (*conn != NULL) {
        (*conn)->is_ended = true;
        pl_client_later_cancel(&(*conn)->next);
        pl_client_free_later((*conn)->client, &(*conn)->later);
        world.conn = world.conn == *conn ? NULL : world.conn;
        *conn = NULL;
    }
}

void pl_client_conn_finish(struct pl_client_conn **conn, int linger_ms)
{
    assert_true(linger_ms > 0);
    world.finished_count++;
    world.last_words_len = pl_size_min((*conn)->out.len, sizeof(world.last_words));
    memcpy(world.last_words, (*conn)->out.ptr, world.last_words_len);
    pl_client_conn_destroy(conn);
}

/* --- the other end --- */

PL_UNUSED static void fake_feed(struct pl_str bytes)
{
    assert_non_null(world.conn);
    struct pl_client_conn *conn = world.conn;
    conn->in = realloc(conn->in, conn->in_len + bytes.len + 1);
    memcpy(conn->in + conn->in_len, bytes.ptr, bytes.len);
    conn->in_len += bytes.len;
    pl_client_run_next(world.conn->client, &world.conn->next);
}

PL_UNUSED static void fake_end(int error)
{
    assert_non_null(world.conn);
    world.conn->end_error = error;
    pl_client_run_next(world.conn->client, &world.conn->next);
}

/* Everything that was sent has left. */
PL_UNUSED static void fake_sent(void)
{
    pl_buf_clear(&world.conn->out);
    if (world.conn->owner->on_sent != NULL) {
        world.conn->owner->on_sent(world.conn, world.conn->user);
    }
}

#endif
