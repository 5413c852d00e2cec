/* A connection: its beginning, what it waits for, its deadline. */
#include "io/conn.h"

#include "base/alloc.h"
#include "io/conn_internal.h"
#include "net/peers.h"

#include <unistd.h>

_Static_assert(sizeof(struct pl_conn) <= 320, "an idle connection is meant to be small");

/* --- its beginning --- */

void pl_conn_hold_peer(struct pl_conn *conn)
{
    struct pl_peers *peers = conn->set->peers;
    conn->is_held =
        peers != NULL && pl_peers_hold(peers, &conn->peer, pl_loop_now_ms(conn->set->loop));
}

void pl_conn_release_peer(struct pl_conn *conn)
{
    if (conn->is_held) {
        conn->is_held = false;
        pl_peers_release(conn->set->peers, &conn->peer);
    }
}

void pl_conn_set_peer(struct pl_conn *conn, const struct pl_address *peer)
{
    pl_conn_release_peer(conn);
    conn->peer = *peer;
    pl_conn_hold_peer(conn);
}

int pl_conn_open(struct pl_conn **out, struct pl_conn_set *set, int fd,
                 const struct pl_address *peer, const struct pl_conn_protocol *protocol,
                 struct pl_error *err)
{
    struct pl_conn *conn = pl_alloc(sizeof(*conn));
    int rc = 0;
    conn->set = set;
    conn->peer = *peer;
    conn->protocol = protocol;
    conn->transport = &pl_conn_plain;
    conn->watch = (struct pl_watch){.fd = fd, .on_ready = pl_conn_on_ready};
    conn->sink.ops = &pl_conn_sink_ops;
    conn->sink.limit_bytes = UINT32_MAX; /* the protocol sets its own */
    conn->sink.is_ready = true;
    rc = pl_watch_start(set->loop, &conn->watch, PL_READY_READ, err);
    if (rc < 0) {
        close(fd);
        pl_free(conn);
        return rc;
    }
    pl_fanout_attach(set->fanout, &conn->sink);
    pl_list_push_back(&set->open, &conn->in_set);
    set->count++;
    pl_conn_hold_peer(conn);
    pl_metrics_add(set->metrics, PL_METRIC_CONNECTIONS, 1);
    pl_metrics_add(set->metrics, PL_METRIC_CONNECTIONS_ACCEPTED, 1);
    *out = conn;
    return 0;
}

void pl_conn_set_source(struct pl_conn *conn, struct pl_conn_source *source)
{
    PL_ASSERT(conn->source == NULL && conn->state == PL_CONN_OPEN);
    conn->source = source;
    atomic_fetch_add_explicit(&source->count, 1, memory_order_relaxed);
}

/* --- what it waits for --- */

void pl_conn_update_interest(struct pl_conn *conn)
{
    unsigned interest = 0;
    if (conn->state == PL_CONN_CLOSED) {
        return;
    }
    if (conn->state == PL_CONN_DRAINING) {
        interest |= conn->peer_has_ended ? 0u : (unsigned)PL_READY_READ;
    } else if (conn->reading == PL_CONN_READING) {
        interest |= PL_READY_READ;
    } else if (conn->reading == PL_CONN_WATCHING) {
        interest |= PL_READY_HANGUP;
    }
    if (conn->sink.is_blocked) {
        interest |= PL_READY_WRITE;
    }
    pl_watch_set(conn->set->loop, &conn->watch, interest);
}

void pl_conn_set_reading(struct pl_conn *conn, enum pl_conn_reading reading)
{
    if (conn->state != PL_CONN_OPEN || conn->reading == reading || conn->reads_no_more) {
        return;
    }
    conn->reading = (uint8_t)reading;
    pl_conn_update_interest(conn);
    if (reading == PL_CONN_READING && (conn->rest != NULL || conn->reads_again)) {
        pl_conn_input_again(conn);
    }
}

/* --- deadlines --- */

void pl_conn_deadline(struct pl_conn *conn, int64_t in_ms)
{
    if (conn->state == PL_CONN_CLOSED) {
        return; /* its memory goes at the end of the turn: no timer may point at it */
    }
    pl_timer_set(pl_loop_timers(conn->set->loop), &conn->timer,
                 pl_loop_now_ms(conn->set->loop) + in_ms);
}

void pl_conn_no_deadline(struct pl_conn *conn)
{
    pl_timer_stop(pl_loop_timers(conn->set->loop), &conn->timer);
}

void pl_conn_deadline_earn(struct pl_conn *conn, size_t bytes, int64_t most_ms)
{
    int64_t left_ms = conn->timer.deadline_ms - pl_loop_now_ms(conn->set->loop);
    uint32_t rate = conn->set->bytes_per_second_min;
    int64_t earned_ms = most_ms;
    if (rate > 0 && bytes < (uint64_t)most_ms * rate / 1000) {
        earned_ms = (int64_t)((uint64_t)bytes * 1000 / rate);
    }
    if (pl_timer_is_set(&conn->timer)) {
        pl_conn_deadline(conn, left_ms + earned_ms < most_ms ? left_ms + earned_ms : most_ms);
    }
}
