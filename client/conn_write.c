/* Bytes of a connection on their way out: one write when the turn ends, the rest when the socket is
 * writable. */
#include "client/conn.h"
#include "client/conn_internal.h"

#define CIPHERTEXT_BYTES ((size_t)192 * 1024) /* below the limit of pl_tls_out */
#define KEPT_CAP_BYTES 1024 /* larger buffers are given back once they are empty */

/* What goes to the socket. */
static struct pl_buf *wire(struct pl_client_conn *conn)
{
    if (conn->state == PL_CLIENT_CONN_PROXY) {
        return &conn->hello;
    }
    return conn->tls != NULL ? pl_tls_out(conn->tls) : &conn->out;
}

/* As much of `out` as TLS takes at once; the close_notify behind the last of it. Returns 0 or the
 * error. */
static int encrypt(struct pl_client_conn *conn, struct pl_error *err)
{
    size_t done = 0;
    int rc = 0;
    if (conn->tls == NULL || !pl_tls_is_ready(conn->tls)) {
        return 0;
    }
    while (done < conn->out.len && pl_tls_out(conn->tls)->len < CIPHERTEXT_BYTES && rc == 0) {
        struct pl_str piece =
            pl_str_first(pl_str_from(pl_buf_str(&conn->out), done), PL_TLS_RECORD_BYTES);
        rc = pl_tls_write(conn->tls, piece, err);
        done += rc == 0 ? piece.len : 0;
    }
    pl_buf_consume(&conn->out, done);
    if (rc == PL_E_CLOSED) {
        pl_error_set(err, rc, "the TLS connection was closed");
    }
    if (rc == 0 && conn->out.len == 0 && conn->state == PL_CLIENT_CONN_FINISHING) {
        pl_tls_close(conn->tls); /* once, however often it is said */
    }
    return rc;
}

static void trim(struct pl_buf *buf)
{
    if (buf->len == 0 && buf->cap > KEPT_CAP_BYTES && !buf->has_failed) {
        pl_buf_fini(buf);
    }
}

/* Returns 0 when everything is sent, PL_E_AGAIN when the socket takes no more, or the error. */
static int write_all(struct pl_client_conn *conn, struct pl_error *err)
{
    const struct pl_client_env *env = pl_client_env(conn->client);
    struct pl_buf *buf = wire(conn);
    int rc = encrypt(conn, err);
    while (rc == 0 && buf->len > 0) {
        ptrdiff_t sent = env->write(env->user, conn->watch.handle, pl_buf_str(buf), err);
        bool is_part = sent >= 0 && (size_t)sent < buf->len;
        if (sent < 0) {
            return (int)sent;
        }
        pl_buf_consume(buf, (size_t)sent);
        if (is_part) {
            return PL_E_AGAIN;
        }
        rc = encrypt(conn, err);
    }
    trim(buf);
    trim(&conn->out);
    return rc;
}

void pl_client_conn_send_last(struct pl_client_conn *conn)
{
    const struct pl_client_env *env = pl_client_env(conn->client);
    struct pl_buf *buf = wire(conn);
    if (buf->len > 0) {
        (void)env->write(env->user, conn->watch.handle, pl_buf_str(buf), NULL);
    }
}

/* The peer that still talks would answer a close with a reset, which takes what it has not read of
 * ours with it: what is there is read and forgotten. */
static void forget_input(struct pl_client_conn *conn)
{
    const struct pl_client_env *env = pl_client_env(conn->client);
    uint8_t bytes[4096];
    for (int i = 0; i < 16; i++) {
        struct pl_span into = {bytes, sizeof(bytes)};
        if (env->read(env->user, conn->watch.handle, into, NULL) < (ptrdiff_t)sizeof(bytes)) {
            return;
        }
    }
}

static void all_sent(struct pl_client_conn *conn)
{
    if (conn->state == PL_CLIENT_CONN_FINISHING) {
        forget_input(conn);
        pl_client_conn_destroy(&conn);
    } else if (conn->state == PL_CLIENT_CONN_OPEN && conn->is_sending) {
        conn->is_sending = false;
        if (conn->owner->on_sent != NULL) {
            conn->owner->on_sent(conn, conn->user);
        }
    }
}

void pl_client_conn_send(struct pl_client_conn *conn)
{
    struct pl_error err = {0};
    unsigned wanted = conn->state == PL_CLIENT_CONN_FINISHING ? 0u : PL_WATCH_READ;
    int rc = 0;
    if (conn->watch.handle < 0) {
        return;
    }
    conn->is_sending = conn->is_sending || conn->out.len > 0;
    rc = write_all(conn, &err);
    if (rc < 0 && rc != PL_E_AGAIN) {
        pl_client_conn_fail(conn, rc, err.text);
        return;
    }
    wanted |= rc == PL_E_AGAIN ? PL_WATCH_WRITE : 0u;
    if (pl_client_watch(conn->client, &conn->watch, wanted) < 0) {
        pl_client_conn_fail(conn, PL_E_NOMEM, "no memory to watch the socket");
        return;
    }
    if (rc == 0) {
        all_sent(conn);
    }
}

void pl_client_conn_run_flush(struct pl_client_later *later)
{
    pl_client_conn_send(PL_CONTAINER_OF(later, struct pl_client_conn, flush));
}
