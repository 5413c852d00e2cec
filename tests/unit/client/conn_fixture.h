/* A connection of the client's, a listener of ours that is its server, and what happened. */
#ifndef PL_TEST_CONN_FIXTURE_H
#define PL_TEST_CONN_FIXTURE_H

#include "base/alloc.h"
#include "client/conn.h"
#include "client/env_system.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define TURNS_MAX 2000

struct side {
    struct parley_client *client;
    struct pl_client_transport transport;
    struct pl_client_conn *conn;
    struct pl_error err;
    bool is_open;
    bool has_ended;
    int error;
    int sent_count;
    char reason[PL_ERROR_TEXT_MAX];
    char got[65536];
    size_t got_len;
    size_t leaves_below; /* on_data takes nothing until so much is there */
    size_t takes_max;    /* and no more than that at once; 0: all */
    int data_count;
    int64_t data_takes_ms; /* by slow_now_ms */
    bool destroys_in_data;
    bool destroys_in_open;
};

/* While it is more than 0, clients have this clock: it moves when callbacks take time. */
static int64_t slow_now_ms;

static inline int64_t read_slow_clock(void *user)
{
    (void)user;
    return slow_now_ms;
}

static inline void side_on_open(struct pl_client_conn *conn, void *user)
{
    struct side *side = user;
    side->is_open = true;
    assert_ptr_equal(conn, side->conn);
    if (side->destroys_in_open) {
        pl_client_conn_destroy(&side->conn);
    }
}

static inline size_t side_on_data(struct pl_client_conn *conn, struct pl_span bytes, void *user)
{
    struct side *side = user;
    size_t taken = bytes.len;
    (void)conn;
    side->data_count++;
    slow_now_ms += side->data_takes_ms;
    pl_client_count_callback(side->client);
    if (side->destroys_in_data) {
        pl_client_conn_destroy(&side->conn);
        return bytes.len;
    }
    if (bytes.len < side->leaves_below) {
        return 0;
    }
    if (side->takes_max > 0 && taken > side->takes_max) {
        taken = side->takes_max;
    }
    if (side->got_len + taken <= sizeof(side->got)) {
        memcpy(side->got + side->got_len, bytes.ptr, taken);
    }
    side->got_len += taken;
    return taken;
}

static inline void side_on_sent(struct pl_client_conn *conn, void *user)
{
    struct side *side = user;
    (void)conn;
    side->sent_count++;
}

static inline void side_on_end(struct pl_client_conn *conn, int error, const char *reason,
                               void *user)
{
    struct side *side = user;
    (void)conn;
    assert_false(side->has_ended);
    side->has_ended = true;
    side->error = error;
    snprintf(side->reason, sizeof(side->reason), "%s", reason);
}

static const struct pl_client_conn_owner side_owner = {side_on_open, side_on_data, side_on_sent,
                                                       side_on_end};

static inline int create_slow(struct parley_client **out)
{
    struct pl_client_env env;
    assert_int_equal(pl_client_env_system(&env, NULL), 0);
    env.now_ms = read_slow_clock;
    return pl_client_create_in(out, &env);
}

/* Returns a code of pl_client_conn_open, or of what comes before it. */
static inline int side_try_open(struct side *side, const char *url,
                                const struct parley_client_transport *config)
{
    struct parley_client_transport usual;
    int rc = 0;
    *side = (struct side){0};
    pl_client_transport_defaults(&usual);
    rc = slow_now_ms > 0 ? create_slow(&side->client) : parley_client_create(&side->client);
    if (rc == 0) {
        rc = pl_client_transport_init(&side->transport, url, config == NULL ? &usual : config,
                                      &side->err);
    }
    if (rc == 0) {
        rc = pl_client_conn_open(&side->conn, side->client, &side->transport, 1000, &side_owner,
                                 side, &side->err);
    }
    return rc;
}

static inline void side_open(struct side *side, const char *url,
                             const struct parley_client_transport *config)
{
    int rc = side_try_open(side, url, config);
    if (rc < 0) {
        print_error("%s\n", side->err.text);
    }
    assert_int_equal(rc, 0);
}

static inline void side_close(struct side *side)
{
    pl_client_conn_destroy(&side->conn);
    parley_client_destroy(side->client);
    pl_client_transport_fini(&side->transport);
}

/* --- the server's side --- */

/* A listener on a port that the system chooses; family AF_INET or AF_INET6. -1: the machine has no
 * such family. */
static inline int listen_on(int family, uint16_t *port)
{
    struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback, .sin6_port = htons(*port)};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(*port)};
    int on = 1;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if ((family == AF_INET ? bind(fd, (struct sockaddr *)&in, sizeof(in))
                           : bind(fd, (struct sockaddr *)&in6, sizeof(in6))) < 0) {
        close(fd);
        return -1;
    }
    socklen_t len = sizeof(in6);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in6, &len), 0);
    *port = ntohs(in6.sin6_port); /* at the same place in both */
    return fd;
}

static inline const char *url_of(char *out, size_t size, const char *scheme, const char *host,
                                 uint16_t port)
{
    snprintf(out, size, "%s://%s:%u/", scheme, host, (unsigned)port);
    return out;
}

/* Ticks until `is_done` says so; the test fails when it never does. */
#define TICK_UNTIL(side, is_done)                                                                  \
    do {                                                                                           \
        int turns_left = TURNS_MAX;                                                                \
        while (!(is_done) && turns_left-- > 0) {                                                   \
            (void)!parley_client_wait((side)->client, 5);                                          \
            (void)!parley_client_tick((side)->client, 0);                                          \
        }                                                                                          \
        assert_true(is_done);                                                                      \
    } while (0)

#endif
