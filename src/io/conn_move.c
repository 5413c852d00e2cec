/* A connection goes on in another set, whose loop another thread may run. */
#include "io/conn_internal.h"

#include "base/alloc.h"
#include "net/peers.h"

bool pl_conn_can_move(const struct pl_conn *conn)
{
    return conn->state == PL_CONN_OPEN && !pl_list_is_linked(&conn->later.node);
}

struct pl_conn *pl_conn_move(struct pl_conn *conn, struct pl_conn_away *away)
{
    struct pl_conn *moved = pl_alloc(sizeof(*moved));
    PL_ASSERT(pl_conn_can_move(conn));
    pl_watch_stop(conn->set->loop, &conn->watch);
    pl_conn_no_deadline(conn);
    pl_list_remove(&conn->in_waiting);
    pl_list_remove(&conn->in_set);
    *moved = (struct pl_conn){
        .sink = {.ops = &pl_conn_sink_ops,
                 .outq = conn->sink.outq,
                 .is_ready = conn->sink.is_ready,
                 .is_blocked = conn->sink.is_blocked},
        .watch = {.fd = conn->watch.fd, .on_ready = pl_conn_on_ready},
        .transport = conn->transport,
        .transport_data = conn->transport_data,
        .source = conn->source,
        .peer = conn->peer,
        .reading = PL_CONN_PAUSED,
        .reads_no_more = true, /* before it begins */
        .has_unsent = conn->has_unsent,
        .reads_again = conn->reads_again,
    };
    *away = (struct pl_conn_away){.peer = conn->peer, .is_held = conn->is_held};
    pl_outq_leave(&conn->sink.outq, &conn->set->fanout->pool);
    conn->sink.outq = (struct pl_outq){0};
    conn->sink.is_closed = true;
    pl_fanout_detach(conn->set->fanout, &conn->sink);
    conn->watch.fd = -1;
    conn->transport_data = NULL;
    conn->state = PL_CONN_MOVED;
    conn->has_unsent = false;
    conn->reads_again = false;
    conn->is_waiting = false;
    return moved;
}

struct pl_buf *pl_conn_moved_rest(struct pl_conn *conn)
{
    struct pl_buf *rest = conn->rest;
    PL_ASSERT(conn->state == PL_CONN_MOVED);
    pl_free(conn);
    return rest;
}

void pl_conn_forget(struct pl_conn_set *set, const struct pl_conn_away *away)
{
    set->count--;
    if (away->is_held) {
        pl_peers_release(set->peers, &away->peer);
    }
}

void pl_conn_adopt(struct pl_conn *conn, struct pl_conn_set *set, struct pl_sink_id id)
{
    conn->set = set;
    pl_fanout_attach_as(set->fanout, &conn->sink, id);
    pl_outq_enter(&conn->sink.outq, &set->fanout->pool);
    pl_list_push_back(&set->open, &conn->in_set);
    set->count++;
    if (pl_watch_start(set->loop, &conn->watch, 0, NULL) < 0) {
        pl_conn_close(conn, PL_CONN_END_ERROR);
        return;
    }
    pl_conn_update_interest(conn);
    if (conn->sink.outq.count > 0 && !conn->sink.is_blocked) {
        pl_list_push_back(&set->fanout->dirty, &conn->sink.dirty);
    }
}

void pl_conn_begin(struct pl_conn *conn, struct pl_buf *rest)
{
    if (conn == NULL || conn->state != PL_CONN_OPEN) {
        pl_conn_free_rest(rest);
        return;
    }
    conn->rest = rest;
    conn->reads_no_more = false;
    pl_conn_set_reading(conn, PL_CONN_READING);
}
