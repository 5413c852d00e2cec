/* A connection's life and its states: dialling, the proxy, TLS, open, finishing, over. Bytes are read
 * in conn_read.c and written in conn_write.c. */
#include "client/conn.h"

#include "base/alloc.h"
#include "client/conn_internal.h"
#include "client/proxy.h"
#include "net/tls_client.h"

#include <stdio.h>

/* --- the end --- */

/* Nothing is looked at, told or sent any more. */
static void stop(struct pl_client_conn *conn)
{
    conn->state = PL_CLIENT_CONN_OVER;
    pl_client_dial_destroy(&conn->dial);
    pl_client_close(conn->client, &conn->watch);
    pl_client_later_cancel(&conn->flush);
    pl_client_later_cancel(&conn->next);
    pl_client_timer_stop(conn->client, &conn->linger);
}

void pl_client_conn_fail(struct pl_client_conn *conn, int error, const char *reason)
{
    char text[PL_ERROR_TEXT_MAX]; /* a copy: `reason` may be of what is stopped */
    snprintf(text, sizeof(text), "%s", reason);
    if (conn->state == PL_CLIENT_CONN_FINISHING) {
        pl_client_conn_destroy(&conn);
        return;
    }
    stop(conn);
    conn->owner->on_end(conn, error, text, conn->user);
}

static void run_free(struct pl_client_later *later)
{
    struct pl_client_conn *conn = PL_CONTAINER_OF(later, struct pl_client_conn, free);
    pl_buf_fini(&conn->in);
    pl_buf_fini(&conn->out);
    pl_buf_fini(&conn->hello);
    pl_tls_destroy(conn->tls);
    pl_free(conn);
}

void pl_client_conn_destroy(struct pl_client_conn **conn)
{
    struct pl_client_conn *gone = *conn;
    *conn = NULL;
    if (gone == NULL) {
        return;
    }
    stop(gone);
    pl_client_remove_socket(&gone->socket);
    pl_client_release_timer(gone->client, &gone->linger);
    pl_client_free_later(gone->client, &gone->free);
}

/* --- finishing --- */

static void on_linger(struct pl_timer *timer)
{
    struct pl_client_conn *conn = PL_CONTAINER_OF(timer, struct pl_client_conn, linger);
    pl_client_conn_destroy(&conn);
}

static void destroy_socket(struct pl_client_socket *socket)
{
    struct pl_client_conn *conn = PL_CONTAINER_OF(socket, struct pl_client_conn, socket);
    pl_client_conn_destroy(&conn);
}

void pl_client_conn_finish(struct pl_client_conn **conn, int linger_ms)
{
    struct pl_client_conn *left = *conn;
    if (left == NULL || left->state != PL_CLIENT_CONN_OPEN) {
        pl_client_conn_destroy(conn);
        return;
    }
    *conn = NULL;
    left->state = PL_CLIENT_CONN_FINISHING;
    pl_client_later_cancel(&left->next);
    pl_client_add_socket(left->client, &left->socket); /* from here on the client's own */
    pl_client_timer_set(left->client, &left->linger, linger_ms);
    pl_client_flush_later(left->client, &left->flush);
}

/* --- the way to the server --- */

void pl_client_conn_opened(struct pl_client_conn *conn)
{
    conn->state = PL_CLIENT_CONN_OPEN;
    pl_client_flush_later(conn->client, &conn->flush); /* what was appended before */
    conn->owner->on_open(conn, conn->user);
}

static void begin_proxy(struct pl_client_conn *conn)
{
    conn->state = PL_CLIENT_CONN_PROXY;
    pl_client_proxy_write(&conn->hello, conn->transport);
    if (pl_buf_failed(&conn->hello)) {
        pl_client_conn_fail(conn, PL_E_NOMEM, "no memory for the proxy's request");
        return;
    }
    pl_client_flush_later(conn->client, &conn->flush);
}

static void begin_tls(struct pl_client_conn *conn)
{
    struct pl_str nothing = PL_STR("");
    uint8_t unused[1];
    struct pl_error err = {0};
    ptrdiff_t rc =
        pl_tls_client_create(&conn->tls, conn->transport->tls, conn->transport->url.host, &err);
    conn->state = PL_CLIENT_CONN_TLS;
    if (rc == 0) { /* makes the ClientHello */
        rc = pl_tls_read(conn->tls, &nothing, (struct pl_span){unused, sizeof(unused)}, &err);
    }
    if (rc < 0) {
        pl_client_conn_fail(conn, (int)rc, err.text);
        return;
    }
    pl_client_flush_later(conn->client, &conn->flush);
}

void pl_client_conn_through(struct pl_client_conn *conn)
{
    if (conn->transport->tls != NULL) {
        begin_tls(conn);
    } else {
        pl_client_conn_opened(conn);
    }
}

static void on_connected(void *user, int handle)
{
    struct pl_client_conn *conn = user;
    conn->watch.handle = handle;
    pl_client_dial_destroy(&conn->dial);
    if (pl_client_watch(conn->client, &conn->watch, PL_WATCH_READ) < 0) {
        pl_client_conn_fail(conn, PL_E_NOMEM, "no memory to watch the socket");
    } else if (conn->transport->proxy_text != NULL) {
        begin_proxy(conn);
    } else {
        pl_client_conn_through(conn);
    }
}

static void on_failed(void *user, int error, const char *reason)
{
    pl_client_conn_fail(user, error, reason);
}

static const struct pl_client_dial_owner dial_owner = {on_connected, on_failed};

int pl_client_conn_open(struct pl_client_conn **out, struct parley_client *client,
                        const struct pl_client_transport *transport, size_t in_max,
                        const struct pl_client_conn_owner *owner, void *user, struct pl_error *err)
{
    struct pl_client_conn *conn = pl_try_alloc(sizeof(*conn));
    const struct pl_url *to = transport->proxy_text != NULL ? &transport->proxy : &transport->url;
    int rc = 0;
    *out = NULL;
    if (conn == NULL || pl_client_reserve_timer(client) < 0) {
        pl_free(conn);
        return pl_error_set(err, PL_E_NOMEM, "no memory for a connection");
    }
    *conn = (struct pl_client_conn){.client = client,
                                    .transport = transport,
                                    .owner = owner,
                                    .user = user,
                                    .in_max = in_max,
                                    .socket.destroy = destroy_socket,
                                    .watch.handle = -1,
                                    .watch.on_ready = pl_client_conn_on_ready,
                                    .flush.run = pl_client_conn_run_flush,
                                    .next.run = pl_client_conn_run_next,
                                    .free.run = run_free,
                                    .linger.on_due = on_linger};
    pl_list_init(&conn->socket.node);
    pl_buf_init(&conn->in, in_max + 4 * PL_CLIENT_CONN_READ_BYTES);
    pl_buf_init(&conn->out, SIZE_MAX);
    pl_buf_init(&conn->hello, SIZE_MAX);
    rc = pl_client_dial_open(&conn->dial, client, to->host, to->port, &dial_owner, conn, err);
    if (rc < 0) {
        pl_client_release_timer(client, &conn->linger);
        pl_free(conn);
        return rc;
    }
    *out = conn;
    return 0;
}

/* --- questions --- */

struct pl_buf *pl_client_conn_out(struct pl_client_conn *conn)
{
    return &conn->out;
}

void pl_client_conn_flush(struct pl_client_conn *conn)
{
    if (conn->state == PL_CLIENT_CONN_OPEN) {
        pl_client_flush_later(conn->client, &conn->flush);
    }
}

size_t pl_client_conn_unsent(const struct pl_client_conn *conn)
{
    return conn->out.len + (conn->tls == NULL ? 0 : pl_tls_out(conn->tls)->len);
}
