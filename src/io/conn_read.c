/* Input: through the loop's one buffer to the protocol; what it does not take yet is kept. */
#include "io/conn_internal.h"

#include "base/alloc.h"

#include <sys/socket.h>

#define REST_LIMIT_BYTES (8u * 1024 * 1024) /* never reached: protocols refuse far earlier */

/* Show `in` to the protocol until it takes no more. Returns how much it took. */
static size_t show(struct pl_conn *conn, struct pl_span in)
{
    size_t taken = 0;
    while (taken < in.len && conn->state == PL_CONN_OPEN && conn->reading == PL_CONN_READING &&
           !conn->is_waiting) {
        size_t consumed =
            conn->protocol->on_input(conn, (struct pl_span){in.ptr + taken, in.len - taken});
        if (consumed == 0) {
            break;
        }
        taken += consumed;
    }
    return taken;
}

static void keep_rest(struct pl_conn *conn, struct pl_span rest)
{
    if (rest.len == 0 || (conn->state != PL_CONN_OPEN && conn->state != PL_CONN_MOVED)) {
        return;
    }
    if (conn->rest == NULL) {
        conn->rest = pl_alloc(sizeof(*conn->rest));
        pl_buf_init(conn->rest, REST_LIMIT_BYTES);
    }
    pl_buf_add(conn->rest, rest.ptr, rest.len);
    if (pl_buf_failed(conn->rest)) {
        pl_conn_close(conn, PL_CONN_END_ERROR);
    }
}

/* Show what was kept, with whatever is behind it. */
void pl_conn_show_rest(struct pl_conn *conn)
{
    struct pl_buf *rest = conn->rest;
    size_t taken = 0;
    /* taken out: the protocol may pause, and be shown the rest again, inside */
    conn->rest = NULL;
    taken = show(conn, (struct pl_span){rest->ptr, rest->len});
    if ((conn->state == PL_CONN_OPEN || conn->state == PL_CONN_MOVED) && taken < rest->len) {
        pl_buf_consume(rest, taken);
        pl_conn_free_rest(conn->rest);
        conn->rest = rest;
        return;
    }
    pl_conn_free_rest(rest);
}

static void take_input(struct pl_conn *conn, struct pl_span in)
{
    if (conn->rest != NULL) {
        keep_rest(conn, in);
        pl_conn_show_rest(conn);
        return;
    }
    size_t taken = show(conn, in);
    keep_rest(conn, (struct pl_span){in.ptr + taken, in.len - taken});
}

static void on_peer_end(struct pl_conn *conn)
{
    conn->peer_has_ended = true;
    if (conn->state == PL_CONN_DRAINING) {
        pl_conn_update_interest(conn);
        if (pl_conn_is_all_sent(conn)) {
            pl_conn_close(conn, PL_CONN_END_LOCAL);
        }
        return; /* otherwise when the queue is empty */
    }
    if (conn->protocol->on_peer_end != NULL && conn->state == PL_CONN_OPEN &&
        conn->protocol->on_peer_end(conn)) {
        return;
    }
    pl_conn_drain_as(conn, PL_CONN_END_PEER); /* answers that are queued still go out */
}

void pl_conn_read_some(struct pl_conn *conn)
{
    struct pl_span buffer = pl_loop_read_buffer(conn->set->loop);
    ptrdiff_t got = conn->transport->read(conn, buffer);
    if (got > 0 && conn->state == PL_CONN_OPEN) { /* what a draining one still gets is dropped */
        take_input(conn, (struct pl_span){buffer.ptr, (size_t)got});
    } else if (got == 0) {
        on_peer_end(conn);
    } else if (got == PL_E_PROTO) {
        pl_conn_drain_as(conn, PL_CONN_END_ERROR);
    } else if (got < 0 && got != PL_E_AGAIN) {
        pl_conn_close(conn, PL_CONN_END_ERROR);
    }
    if (conn->has_unsent) { /* what the transport answers by itself */
        pl_conn_flush(&conn->sink);
    }
    if (conn->reads_again && conn->reading == PL_CONN_READING) {
        pl_conn_input_again(conn);
    }
}

static void on_hangup(struct pl_conn *conn)
{
    int error = 0;
    socklen_t len = sizeof(error);
    getsockopt(conn->watch.fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error != 0 || conn->reading == PL_CONN_PAUSED) {
        pl_conn_close(conn, PL_CONN_END_ERROR);
    } else {
        on_peer_end(conn);
    }
}

void pl_conn_on_ready(struct pl_watch *watch, unsigned ready)
{
    struct pl_conn *conn = PL_CONTAINER_OF(watch, struct pl_conn, watch);
    if ((ready & PL_READY_WRITE) != 0) {
        pl_conn_set_blocked(conn, false);
        pl_conn_flush(&conn->sink);
    }
    if (conn->state == PL_CONN_CLOSED || pl_list_is_linked(&conn->later.node)) {
        return; /* an error that was met while writing is no end of the peer's */
    }
    if ((ready & PL_READY_READ) != 0) {
        if (conn->state == PL_CONN_OPEN && !pl_loop_has_input_left(conn->set->loop)) {
            pl_conn_input_again(conn); /* the system keeps it better than we do */
        } else if (!conn->is_waiting) {
            pl_conn_read_some(conn);
        }
    } else if ((ready & PL_READY_HANGUP) != 0) {
        on_hangup(conn);
    }
}

void pl_conn_input_again(struct pl_conn *conn)
{
    if (conn->state != PL_CONN_OPEN || conn->is_waiting) {
        return;
    }
    conn->is_waiting = true;
    pl_list_push_back(&conn->set->waiting, &conn->in_waiting);
    pl_loop_soon(conn->set->loop);
}

struct pl_str pl_conn_rest(const struct pl_conn *conn)
{
    return conn->rest == NULL ? PL_STR("") : pl_buf_str(conn->rest);
}

void pl_conn_unread(struct pl_conn *conn, struct pl_str bytes)
{
    if (bytes.len > 0) {
        keep_rest(conn, (struct pl_span){(uint8_t *)(uintptr_t)bytes.ptr, bytes.len}); /* copied */
        pl_conn_input_again(conn);
    }
}
