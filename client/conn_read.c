/* Bytes of a connection on their way in: from the socket through TLS to the owner, which may leave
 * some. What it leaves is kept; what it has no time for is kept too, and nothing is read before that
 * was taken. */
#include "client/conn.h"
#include "client/conn_internal.h"
#include "client/proxy.h"

#define READS_PER_TURN 64 /* of 16 KiB: one server does not hold up a frame */

/* Returns how many the owner took. It may have destroyed the connection. */
static size_t give(struct pl_client_conn *conn, struct pl_span bytes)
{
    size_t taken = conn->owner->on_data(conn, bytes, conn->user);
    PL_ASSERT(taken <= bytes.len);
    return taken;
}

static void fail_kept(struct pl_client_conn *conn)
{
    if (conn->in.len > conn->in_max) {
        pl_client_conn_fail(conn, PL_E_TOO_BIG, "the server sends more than may be kept");
    } else {
        pl_client_conn_fail(conn, PL_E_NOMEM, "no memory for what the server sends");
    }
}

/* See what the owner left in `in`: whether it had no time or more has to come. */
static void judge_left(struct pl_client_conn *conn)
{
    conn->is_left_over = false;
    if (conn->state != PL_CLIENT_CONN_OPEN) {
        return;
    }
    if (conn->in.len == 0) {
        pl_buf_fini(&conn->in); /* an idle connection holds nothing */
    } else if (pl_client_is_over_budget(conn->client)) {
        conn->is_left_over = true;
        pl_client_run_next(conn->client, &conn->next);
    } else if (conn->in.len > conn->in_max) {
        fail_kept(conn);
    }
}

static void deliver_kept(struct pl_client_conn *conn)
{
    size_t taken = give(conn, (struct pl_span){conn->in.ptr, conn->in.len});
    if (conn->state == PL_CLIENT_CONN_OPEN) {
        pl_buf_consume(&conn->in, taken);
    }
    judge_left(conn);
}

/* Plaintext that came. */
static void deliver(struct pl_client_conn *conn, struct pl_span bytes)
{
    bool had_kept = conn->in.len > 0;
    size_t taken = had_kept ? 0 : give(conn, bytes);
    if (conn->state != PL_CLIENT_CONN_OPEN) {
        return;
    }
    pl_buf_add(&conn->in, bytes.ptr + taken, bytes.len - taken);
    if (pl_buf_failed(&conn->in)) {
        fail_kept(conn);
    } else if (!had_kept) {
        judge_left(conn);
    } else if (!conn->is_left_over) { /* else it comes in the next turn, with what was left */
        deliver_kept(conn);
    }
}

/* --- the way to plaintext --- */

/* Records that came to plaintext, the handshake's to answers. */
static void decrypt(struct pl_client_conn *conn, struct pl_span bytes)
{
    struct pl_str in = pl_str_of_span(bytes);
    uint8_t plain[PL_CLIENT_CONN_READ_BYTES];
    struct pl_error err = {0};
    ptrdiff_t got = 0;
    do {
        got = pl_tls_read(conn->tls, &in, (struct pl_span){plain, sizeof(plain)}, &err);
        if (conn->state == PL_CLIENT_CONN_TLS && pl_tls_is_ready(conn->tls)) {
            pl_client_conn_opened(conn);
        }
        if (got > 0 && conn->state == PL_CLIENT_CONN_OPEN) {
            deliver(conn, (struct pl_span){plain, (size_t)got});
        }
    } while (got > 0 && conn->state == PL_CLIENT_CONN_OPEN &&
             (got == (ptrdiff_t)sizeof(plain) || pl_tls_has_ended(conn->tls)));
    if (conn->state != PL_CLIENT_CONN_TLS && conn->state != PL_CLIENT_CONN_OPEN) {
        return;
    }
    if (got < 0 && conn->is_left_over) {
        return; /* the end is told behind what was left */
    }
    if (got < 0) {
        pl_client_conn_send_last(conn);
        pl_client_conn_fail(conn, (int)got,
                            got == PL_E_CLOSED ? "the server closed the connection" : err.text);
    } else if (pl_tls_out(conn->tls)->len > 0) {
        pl_client_flush_later(conn->client, &conn->flush);
    }
}

/* Returns what is behind the proxy's answer: the server's; empty while there is none. */
static struct pl_span pass_proxy(struct pl_client_conn *conn, struct pl_span bytes)
{
    struct pl_error err = {0};
    ptrdiff_t used = 0;
    size_t rest = 0;
    pl_buf_add(&conn->in, bytes.ptr, bytes.len);
    used = pl_buf_failed(&conn->in)
               ? pl_error_set(&err, PL_E_NOMEM, "no memory for the proxy's answer")
               : pl_client_proxy_read(pl_buf_str(&conn->in), conn->transport, &err);
    if (used < 0) {
        pl_client_conn_fail(conn, (int)used, err.text);
    }
    if (used <= 0) {
        return (struct pl_span){bytes.ptr + bytes.len, 0};
    }
    rest = conn->in.len - (size_t)used; /* all of it in `bytes`: before these no answer was whole */
    pl_buf_fini(&conn->in);
    pl_buf_fini(&conn->hello);
    pl_client_conn_through(conn);
    return (struct pl_span){bytes.ptr + bytes.len - rest, rest};
}

/* Bytes of the socket. */
static void take(struct pl_client_conn *conn, struct pl_span bytes)
{
    if (conn->state == PL_CLIENT_CONN_PROXY) {
        bytes = pass_proxy(conn, bytes);
    }
    if (bytes.len == 0) {
        return;
    }
    if (conn->state == PL_CLIENT_CONN_TLS || (conn->state == PL_CLIENT_CONN_OPEN && conn->tls)) {
        decrypt(conn, bytes);
    } else if (conn->state == PL_CLIENT_CONN_OPEN) {
        deliver(conn, bytes);
    }
}

/* --- the socket --- */

static const char *why_closed(const struct pl_client_conn *conn)
{
    if (conn->state == PL_CLIENT_CONN_PROXY) {
        return "the proxy closed the connection";
    }
    if (conn->state == PL_CLIENT_CONN_TLS) {
        return "the server closed the connection in the TLS handshake";
    }
    return conn->tls != NULL ? "the connection was cut off (no close_notify)"
                             : "the server closed the connection";
}

static void read_some(struct pl_client_conn *conn)
{
    const struct pl_client_env *env = pl_client_env(conn->client);
    uint8_t bytes[PL_CLIENT_CONN_READ_BYTES];
    struct pl_error err = {0};
    ptrdiff_t got = (ptrdiff_t)sizeof(bytes);
    for (int i = 0; i < READS_PER_TURN && got == (ptrdiff_t)sizeof(bytes); i++) {
        if (conn->watch.handle < 0 || conn->is_left_over ||
            pl_client_is_over_budget(conn->client)) {
            return;
        }
        got =
            env->read(env->user, conn->watch.handle, (struct pl_span){bytes, sizeof(bytes)}, &err);
        if (got > 0) {
            take(conn, (struct pl_span){bytes, (size_t)got});
        }
    }
    if (got == 0) {
        pl_client_conn_fail(conn, PL_E_CLOSED, why_closed(conn));
    } else if (got < 0 && got != PL_E_AGAIN) {
        pl_client_conn_fail(conn, (int)got, err.text);
    }
}

void pl_client_conn_on_ready(struct pl_client_watch *watch, unsigned ready)
{
    struct pl_client_conn *conn = PL_CONTAINER_OF(watch, struct pl_client_conn, watch);
    if ((ready & PL_WATCH_WRITE) != 0 && (watch->wanted & PL_WATCH_WRITE) != 0) {
        pl_client_conn_send(conn);
    }
    if (conn->is_left_over && conn->state == PL_CLIENT_CONN_OPEN) {
        return; /* its turn comes by run_next */
    }
    if ((ready & PL_WATCH_READ) != 0 && (watch->wanted & PL_WATCH_READ) != 0) {
        read_some(conn);
    }
}

void pl_client_conn_run_next(struct pl_client_later *later)
{
    struct pl_client_conn *conn = PL_CONTAINER_OF(later, struct pl_client_conn, next);
    if (conn->in.len > 0) {
        deliver_kept(conn);
    }
    if (conn->state == PL_CLIENT_CONN_OPEN && !conn->is_left_over && conn->tls != NULL &&
        pl_tls_has_ended(conn->tls)) {
        decrypt(conn, (struct pl_span){0});
    }
}
