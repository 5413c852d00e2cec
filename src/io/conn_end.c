/* How a connection ends: closed at once, or drained: what is queued goes out, the peer is told, and gets
 * a little time to end as well. */
#include "io/conn_internal.h"

#include "base/alloc.h"

#include <sys/socket.h>
#include <unistd.h>

#define LINGER_MS 2000 /* how long a drained connection waits for the peer's end */
#define STALL_MS 30000 /* and, while it still sends, for the peer to take something */

void pl_conn_free_rest(struct pl_buf *rest)
{
    if (rest != NULL) {
        pl_buf_fini(rest);
        pl_free(rest);
    }
}

static void free_conn(struct pl_deferred *deferred)
{
    struct pl_conn *conn = PL_CONTAINER_OF(deferred, struct pl_conn, later);
    pl_conn_free_rest(conn->rest);
    if (conn->transport->free != NULL) {
        conn->transport->free(conn);
    }
    pl_free(conn);
}

/* The protocol's last word; from here on nothing is queued and nothing is shown to it. */
static void leave_open(struct pl_conn *conn, enum pl_conn_end end, enum pl_conn_state next)
{
    bool was_open = conn->state == PL_CONN_OPEN;
    conn->state = (uint8_t)next;
    conn->sink.is_closed = true;
    pl_conn_no_deadline(conn);
    if (conn->is_waiting) {
        conn->is_waiting = false;
        pl_list_remove(&conn->in_waiting);
    }
    if (was_open) {
        conn->end = (uint8_t)end;
        conn->protocol->on_end(conn, end);
        conn->protocol_data = NULL;
    }
}

static enum pl_metric metric_of_end(enum pl_conn_end end)
{
    switch (end) {
    case PL_CONN_END_PEER:
        return PL_METRIC_CONNECTIONS_CLOSED_PEER;
    case PL_CONN_END_ERROR:
        return PL_METRIC_CONNECTIONS_CLOSED_ERROR;
    case PL_CONN_END_LOCAL:
        return PL_METRIC_CONNECTIONS_CLOSED_LOCAL;
    case PL_CONN_END_OVERFLOW:
        return PL_METRIC_CONNECTIONS_CLOSED_OVERFLOW;
    }
    PL_ASSERT(false);
    return PL_METRIC_CONNECTIONS_CLOSED_ERROR;
}

void pl_conn_close(struct pl_conn *conn, enum pl_conn_end end)
{
    struct pl_sink_id id;
    if (conn->state == PL_CONN_CLOSED || conn->state == PL_CONN_MOVED) {
        return;
    }
    leave_open(conn, end, PL_CONN_CLOSED);
    pl_conn_no_deadline(conn);
    id = conn->sink.id;
    pl_fanout_detach(conn->set->fanout, &conn->sink);
    pl_watch_stop(conn->set->loop, &conn->watch);
    close(conn->watch.fd);
    conn->watch.fd = -1;
    pl_list_remove(&conn->in_set);
    conn->set->count--;
    if (conn->source != NULL) {
        atomic_fetch_sub_explicit(&conn->source->count, 1, memory_order_relaxed);
    }
    pl_conn_release_peer(conn);
    pl_metrics_add(conn->set->metrics, PL_METRIC_CONNECTIONS, -1);
    pl_metrics_add(conn->set->metrics, metric_of_end(conn->end), 1);
    if (conn->set->on_gone != NULL) {
        conn->set->on_gone(conn->set, id);
    }
    /* Instead of a close that was to come, and behind what others have deferred until now: they
     * may still look here. */
    pl_list_remove(&conn->later.node);
    conn->later.run = free_conn;
    pl_loop_defer(conn->set->loop, &conn->later);
}

static void on_linger_due(struct pl_timer *timer)
{
    pl_conn_close(PL_CONTAINER_OF(timer, struct pl_conn, timer), PL_CONN_END_LOCAL);
}

/* Everything is written: tell the peer, and wait a little for its end, since closing a socket with
 * unread input would make the system throw away what the peer has not read yet. */
void pl_conn_finish_drain(struct pl_conn *conn)
{
    if (!conn->transport->end(conn)) {
        pl_conn_set_blocked(conn, true);
        return;
    }
    if (conn->peer_has_ended) {
        pl_conn_close_later(conn, PL_CONN_END_LOCAL);
        return;
    }
    pl_conn_deadline(conn, LINGER_MS);
}

/* A long answer may take its time, as long as it moves. */
void pl_conn_drain_moved(struct pl_conn *conn, size_t sent_bytes)
{
    pl_conn_deadline_earn(conn, sent_bytes, STALL_MS);
}

bool pl_conn_is_all_sent(const struct pl_conn *conn)
{
    return conn->sink.outq.count == 0 && !conn->has_unsent;
}

void pl_conn_drain_as(struct pl_conn *conn, enum pl_conn_end end)
{
    if (conn->state != PL_CONN_OPEN) {
        return;
    }
    leave_open(conn, end, PL_CONN_DRAINING);
    if (conn->state == PL_CONN_CLOSED) {
        return; /* its protocol did not want to wait */
    }
    conn->timer.on_due = on_linger_due;
    pl_conn_deadline(conn, STALL_MS);
    pl_conn_update_interest(conn);
    if (pl_conn_is_all_sent(conn)) {
        pl_conn_finish_drain(conn);
    }
}

void pl_conn_drain(struct pl_conn *conn)
{
    pl_conn_drain_as(conn, PL_CONN_END_LOCAL);
}

static void run_close(struct pl_deferred *deferred)
{
    struct pl_conn *conn = PL_CONTAINER_OF(deferred, struct pl_conn, later);
    pl_conn_close(conn, conn->close_end);
    pl_loop_soon(
        conn->set->loop); /* this turn's flush is over: what others were told leaves in the next */
}

/* Flushing may happen inside a publish, whose lists a close would change: it waits for the turn's
 * end. */
void pl_conn_close_later(struct pl_conn *conn, enum pl_conn_end end)
{
    conn->sink.is_closed = true;
    if (conn->state != PL_CONN_CLOSED && !pl_list_is_linked(&conn->later.node)) {
        conn->later.run = run_close;
        conn->close_end = (uint8_t)end;
        pl_loop_defer(conn->set->loop, &conn->later);
    }
}
