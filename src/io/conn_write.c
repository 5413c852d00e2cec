/* What waits in a connection's queue leaves with one gather write per turn. */
#include "io/conn_internal.h"

#include "base/fanout_top.h"
#include "net/socket.h"

#include <string.h>
#include <sys/uio.h>

#define GATHER_MAX 64 /* frames per write */

static size_t gather(struct iovec *parts, const struct pl_outq *queue)
{
    struct pl_frame *frames[GATHER_MAX];
    size_t count = pl_outq_peek(queue, frames, GATHER_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t skip = i == 0 ? queue->sent_of_first : 0;
        parts[i] = (struct iovec){frames[i]->data + skip, frames[i]->len - skip};
    }
    return count;
}

void pl_conn_set_blocked(struct pl_conn *conn, bool is_blocked)
{
    if (conn->sink.is_blocked != is_blocked) {
        conn->sink.is_blocked = is_blocked;
        pl_conn_update_interest(conn);
    }
}

static void on_queue_empty(struct pl_conn *conn)
{
    pl_conn_set_blocked(conn, false);
    if (conn->state == PL_CONN_DRAINING) {
        pl_conn_finish_drain(conn);
    } else if (conn->protocol->on_flushed != NULL) {
        conn->protocol->on_flushed(conn);
    }
}

void pl_conn_flush(struct pl_sink *sink)
{
    struct pl_conn *conn = pl_conn_of_sink(sink);
    while (conn->state != PL_CONN_CLOSED && !pl_conn_is_all_sent(conn)) {
        struct iovec parts[GATHER_MAX];
        size_t count = gather(parts, &sink->outq);
        size_t waiting = sink->outq.count;
        ptrdiff_t sent = conn->transport->write(conn, parts, count);
        if (sent < 0) {
            pl_conn_set_blocked(conn, true);
            if (sent != PL_E_AGAIN) {
                pl_conn_close_later(conn, PL_CONN_END_ERROR);
            }
            return;
        }
        pl_metrics_observe(conn->set->metrics, PL_HISTOGRAM_FLUSH_FRAMES, count);
        pl_outq_consume(&sink->outq, &conn->set->fanout->pool, (size_t)sent);
        if (conn->state == PL_CONN_DRAINING) {
            pl_conn_drain_moved(conn, (size_t)sent);
        }
        if (conn->has_unsent || (sink->outq.count > 0 && waiting <= GATHER_MAX)) {
            pl_conn_set_blocked(
                conn, true); /* the system took less than all: asking again would say so */
            return;
        }
    }
    if (conn->state != PL_CONN_CLOSED) {
        on_queue_empty(conn);
    }
}

static void conn_overflow(struct pl_sink *sink)
{
    struct pl_conn *conn = pl_conn_of_sink(sink);
    pl_metrics_add(conn->set->metrics, PL_METRIC_SLOW_CONSUMERS, 1);
    pl_conn_close_later(conn, PL_CONN_END_OVERFLOW);
}

void pl_conn_send(struct pl_conn *conn, struct pl_frame *frame)
{
    pl_fanout_send(conn->set->fanout, &conn->sink, frame, 0);
}

void pl_conn_write(struct pl_conn *conn, struct pl_str bytes)
{
    struct pl_frame *frame = pl_frame_create(bytes.len);
    if (frame == NULL) {
        pl_conn_close(conn, PL_CONN_END_ERROR);
        return;
    }
    memcpy(frame->data, bytes.ptr, bytes.len);
    pl_conn_send(conn, frame);
}

static void conn_sink_pause(struct pl_sink *sink)
{
    pl_conn_set_reading(pl_conn_of_sink(sink), PL_CONN_PAUSED);
}

static void conn_sink_resume(struct pl_sink *sink)
{
    pl_conn_set_reading(pl_conn_of_sink(sink), PL_CONN_READING);
}

static void conn_sink_close(struct pl_sink *sink, uint16_t code, struct pl_str reason)
{
    struct pl_conn *conn = pl_conn_of_sink(sink);
    if (conn->state != PL_CONN_OPEN) {
        return;
    }
    if (conn->protocol->on_close_wanted != NULL) {
        conn->protocol->on_close_wanted(conn, code, reason);
    } else {
        pl_conn_drain(conn);
    }
}

static void conn_sink_describe(struct pl_sink *sink, struct pl_sink_info *out)
{
    const struct pl_conn *conn = pl_conn_of_sink(sink);
    pl_address_format(out->peer, &conn->peer);
    out->transport = conn->protocol->name == NULL ? "" : conn->protocol->name;
    out->stalled_ms = sink->is_blocked ? pl_socket_stalled_ms(conn->watch.fd) : 0;
}

const struct pl_sink_ops pl_conn_sink_ops = {
    .describe = conn_sink_describe,
    .flush = pl_conn_flush,
    .overflow = conn_overflow,
    .pause = conn_sink_pause,
    .resume = conn_sink_resume,
    .close = conn_sink_close,
};
