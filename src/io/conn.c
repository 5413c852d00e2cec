/* A connection: reads through the loop's buffer, writes with one gather write per turn. */
#include "io/conn.h"

#include "base/alloc.h"
#include "base/fanout_top.h"
#include "net/peers.h"
#include "net/socket.h"
#include "io/conn_tls.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define GATHER_MAX 64         /* frames per write */
#define LINGER_MS 2000        /* how long a drained connection waits for the peer's end */
#define STALL_MS 30000        /* and, while it still sends, for the peer to take something */
#define HANDSHAKES_PER_TURN 8 /* unless the settings say otherwise */
#define REST_LIMIT_BYTES (8u * 1024 * 1024) /* never reached: protocols refuse far earlier */

_Static_assert(sizeof(struct pl_conn) <= 320, "an idle connection is meant to be small");

static void on_ready(struct pl_watch *watch, unsigned ready);
static void close_later(struct pl_conn *conn, enum pl_conn_end end);
static void set_blocked(struct pl_conn *conn, bool is_blocked);
static void conn_flush(struct pl_sink *sink);
static const struct pl_sink_ops conn_sink_ops;

/* --- plain sockets --- */

static ptrdiff_t plain_read(struct pl_conn *conn, struct pl_span out)
{
    ssize_t got = recv(conn->watch.fd, out.ptr, out.len, 0);
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR ? PL_E_AGAIN : PL_E_IO;
    }
    pl_metrics_add(conn->set->metrics, PL_METRIC_NETWORK_BYTES_IN, got);
    return got;
}

static ptrdiff_t plain_write(struct pl_conn *conn, const struct iovec *parts, size_t count)
{
    /* sendmsg writes nothing there, whatever its type says */
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = count};
    ssize_t sent = 0;
    do {
        sent = sendmsg(conn->watch.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return errno == EAGAIN ? PL_E_AGAIN : PL_E_IO;
    }
    pl_metrics_add(conn->set->metrics, PL_METRIC_NETWORK_BYTES_OUT, sent);
    return sent;
}

static bool plain_end(struct pl_conn *conn)
{
    shutdown(conn->watch.fd, SHUT_WR);
    return true;
}

const struct pl_conn_transport pl_conn_plain = {
    .read = plain_read,
    .write = plain_write,
    .end = plain_end,
};

/* --- interest --- */

static void update_interest(struct pl_conn *conn)
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
    if (conn->state != PL_CONN_OPEN || conn->reading == reading) {
        return;
    }
    conn->reading = (uint8_t)reading;
    update_interest(conn);
    if (reading == PL_CONN_READING && (conn->rest != NULL || conn->reads_again)) {
        pl_conn_input_again(conn);
    }
}

/* --- closing --- */

static void free_rest(struct pl_buf *rest)
{
    if (rest != NULL) {
        pl_buf_fini(rest);
        pl_free(rest);
    }
}

static void free_conn(struct pl_deferred *deferred)
{
    struct pl_conn *conn = PL_CONTAINER_OF(deferred, struct pl_conn, later);
    free_rest(conn->rest);
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

static void hold_peer(struct pl_conn *conn)
{
    struct pl_peers *peers = conn->set->peers;
    conn->is_held =
        peers != NULL && pl_peers_hold(peers, &conn->peer, pl_loop_now_ms(conn->set->loop));
}

static void release_peer(struct pl_conn *conn)
{
    if (conn->is_held) {
        conn->is_held = false;
        pl_peers_release(conn->set->peers, &conn->peer);
    }
}

void pl_conn_set_peer(struct pl_conn *conn, const struct pl_address *peer)
{
    release_peer(conn);
    conn->peer = *peer;
    hold_peer(conn);
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
    release_peer(conn);
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
static void finish_drain(struct pl_conn *conn)
{
    if (!conn->transport->end(conn)) {
        set_blocked(conn, true);
        return;
    }
    if (conn->peer_has_ended) {
        close_later(conn, PL_CONN_END_LOCAL);
        return;
    }
    pl_conn_deadline(conn, LINGER_MS);
}

static bool is_all_sent(const struct pl_conn *conn)
{
    return conn->sink.outq.count == 0 && !conn->has_unsent;
}

static void drain(struct pl_conn *conn, enum pl_conn_end end)
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
    update_interest(conn);
    if (is_all_sent(conn)) {
        finish_drain(conn);
    }
}

void pl_conn_drain(struct pl_conn *conn)
{
    drain(conn, PL_CONN_END_LOCAL);
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
static void close_later(struct pl_conn *conn, enum pl_conn_end end)
{
    conn->sink.is_closed = true;
    if (conn->state != PL_CONN_CLOSED && !pl_list_is_linked(&conn->later.node)) {
        conn->later.run = run_close;
        conn->close_end = (uint8_t)end;
        pl_loop_defer(conn->set->loop, &conn->later);
    }
}

/* --- writing --- */

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

static void set_blocked(struct pl_conn *conn, bool is_blocked)
{
    if (conn->sink.is_blocked != is_blocked) {
        conn->sink.is_blocked = is_blocked;
        update_interest(conn);
    }
}

static void on_queue_empty(struct pl_conn *conn)
{
    set_blocked(conn, false);
    if (conn->state == PL_CONN_DRAINING) {
        finish_drain(conn);
    } else if (conn->protocol->on_flushed != NULL) {
        conn->protocol->on_flushed(conn);
    }
}

static void conn_flush(struct pl_sink *sink)
{
    struct pl_conn *conn = pl_conn_of_sink(sink);
    while (conn->state != PL_CONN_CLOSED && !is_all_sent(conn)) {
        struct iovec parts[GATHER_MAX];
        size_t count = gather(parts, &sink->outq);
        size_t waiting = sink->outq.count;
        ptrdiff_t sent = conn->transport->write(conn, parts, count);
        if (sent < 0) {
            set_blocked(conn, true);
            if (sent != PL_E_AGAIN) {
                close_later(conn, PL_CONN_END_ERROR);
            }
            return;
        }
        pl_metrics_observe(conn->set->metrics, PL_HISTOGRAM_FLUSH_FRAMES, count);
        pl_outq_consume(&sink->outq, &conn->set->fanout->pool, (size_t)sent);
        if (conn->state == PL_CONN_DRAINING) {
            /* a long answer may take its time, as long as it moves */
            pl_conn_deadline_earn(conn, (size_t)sent, STALL_MS);
        }
        if (conn->has_unsent || (sink->outq.count > 0 && waiting <= GATHER_MAX)) {
            set_blocked(conn, true); /* the system took less than all: asking again would say so */
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
    close_later(conn, PL_CONN_END_OVERFLOW);
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

static const struct pl_sink_ops conn_sink_ops = {
    .describe = conn_sink_describe,
    .flush = conn_flush,
    .overflow = conn_overflow,
    .pause = conn_sink_pause,
    .resume = conn_sink_resume,
    .close = conn_sink_close,
};

/* --- reading --- */

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
static void show_rest(struct pl_conn *conn)
{
    struct pl_buf *rest = conn->rest;
    size_t taken = 0;
    /* taken out: the protocol may pause, and be shown the rest again, inside */
    conn->rest = NULL;
    taken = show(conn, (struct pl_span){rest->ptr, rest->len});
    if ((conn->state == PL_CONN_OPEN || conn->state == PL_CONN_MOVED) && taken < rest->len) {
        pl_buf_consume(rest, taken);
        free_rest(conn->rest);
        conn->rest = rest;
        return;
    }
    free_rest(rest);
}

static void take_input(struct pl_conn *conn, struct pl_span in)
{
    if (conn->rest != NULL) {
        keep_rest(conn, in);
        show_rest(conn);
        return;
    }
    size_t taken = show(conn, in);
    keep_rest(conn, (struct pl_span){in.ptr + taken, in.len - taken});
}

static void on_peer_end(struct pl_conn *conn)
{
    conn->peer_has_ended = true;
    if (conn->state == PL_CONN_DRAINING) {
        update_interest(conn);
        if (is_all_sent(conn)) {
            pl_conn_close(conn, PL_CONN_END_LOCAL);
        }
        return; /* otherwise when the queue is empty */
    }
    if (conn->protocol->on_peer_end != NULL && conn->state == PL_CONN_OPEN &&
        conn->protocol->on_peer_end(conn)) {
        return;
    }
    drain(conn, PL_CONN_END_PEER); /* answers that are queued still go out */
}

static void read_some(struct pl_conn *conn)
{
    struct pl_span buffer = pl_loop_read_buffer(conn->set->loop);
    ptrdiff_t got = conn->transport->read(conn, buffer);
    if (got > 0 && conn->state == PL_CONN_OPEN) { /* what a draining one still gets is dropped */
        take_input(conn, (struct pl_span){buffer.ptr, (size_t)got});
    } else if (got == 0) {
        on_peer_end(conn);
    } else if (got == PL_E_PROTO) {
        drain(conn, PL_CONN_END_ERROR);
    } else if (got < 0 && got != PL_E_AGAIN) {
        pl_conn_close(conn, PL_CONN_END_ERROR);
    }
    if (conn->has_unsent) { /* what the transport answers by itself */
        conn_flush(&conn->sink);
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

static void on_ready(struct pl_watch *watch, unsigned ready)
{
    struct pl_conn *conn = PL_CONTAINER_OF(watch, struct pl_conn, watch);
    if ((ready & PL_READY_WRITE) != 0) {
        set_blocked(conn, false);
        conn_flush(&conn->sink);
    }
    if (conn->state == PL_CONN_CLOSED || pl_list_is_linked(&conn->later.node)) {
        return; /* an error that was met while writing is no end of the peer's */
    }
    if ((ready & PL_READY_READ) != 0) {
        if (conn->state == PL_CONN_OPEN && !pl_loop_has_input_left(conn->set->loop)) {
            pl_conn_input_again(conn); /* the system keeps it better than we do */
        } else if (!conn->is_waiting) {
            read_some(conn);
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

/* --- moving --- */

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
        .sink = {.ops = &conn_sink_ops,
                 .outq = conn->sink.outq,
                 .is_ready = conn->sink.is_ready,
                 .is_blocked = conn->sink.is_blocked},
        .watch = {.fd = conn->watch.fd, .on_ready = on_ready},
        .transport = conn->transport,
        .transport_data = conn->transport_data,
        .source = conn->source,
        .peer = conn->peer,
        .reading = PL_CONN_PAUSED,
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
    update_interest(conn);
    if (conn->sink.outq.count > 0 && !conn->sink.is_blocked) {
        pl_list_push_back(&set->fanout->dirty, &conn->sink.dirty);
    }
}

void pl_conn_begin(struct pl_conn *conn, struct pl_buf *rest)
{
    if (conn == NULL || conn->state != PL_CONN_OPEN) {
        free_rest(rest);
        return;
    }
    conn->rest = rest;
    pl_conn_set_reading(conn, PL_CONN_READING);
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

/* --- the set --- */

static bool may_read(const struct pl_conn *conn)
{
    return conn->state == PL_CONN_OPEN && conn->reading == PL_CONN_READING && !conn->is_waiting;
}

/* Those who waited go first; those whose turn does not come this time stay before those whose turn
 * it was. */
static void set_begin(struct pl_turn_hook *hook)
{
    struct pl_conn_set *set = PL_CONTAINER_OF(hook, struct pl_conn_set, hook);
    struct pl_list batch;
    struct pl_list *node = NULL;
    set->handshakes_left = set->handshakes_per_turn;
    pl_list_init(&batch);
    pl_list_splice_back(&batch, &set->waiting);
    while (pl_loop_has_input_left(set->loop) && (node = pl_list_pop_front(&batch)) != NULL) {
        struct pl_conn *conn = PL_CONTAINER_OF(node, struct pl_conn, in_waiting);
        conn->is_waiting = false;
        if (conn->rest != NULL) {
            show_rest(conn);
        } else if (conn->reading == PL_CONN_READING) {
            read_some(conn); /* it waits for its turn to read */
            continue;
        }
        if (conn->reads_again && may_read(conn)) { /* the end behind what was shown */
            read_some(conn);
        }
    }
    pl_list_splice_back(&batch, &set->waiting);
    pl_list_splice_back(&set->waiting, &batch);
    if (!pl_list_is_empty(&set->waiting)) {
        pl_loop_soon(set->loop);
    }
}

static void set_end(struct pl_turn_hook *hook)
{
    struct pl_conn_set *set = PL_CONTAINER_OF(hook, struct pl_conn_set, hook);
    pl_fanout_flush(set->fanout);
    if (!pl_list_is_empty(&set->fanout->dirty)) { /* flushing a polling session answers a request */
        pl_fanout_flush(set->fanout);
    }
    if (!pl_list_is_empty(&set->fanout->dirty)) {
        pl_loop_soon(set->loop);
    }
}

void pl_conn_set_init(struct pl_conn_set *set, struct pl_loop *loop, struct pl_fanout *fanout,
                      struct pl_metrics *metrics)
{
    *set = (struct pl_conn_set){.loop = loop,
                                .fanout = fanout,
                                .metrics = metrics,
                                .handshakes_per_turn = HANDSHAKES_PER_TURN,
                                .handshakes_left = HANDSHAKES_PER_TURN};
    pl_list_init(&set->open);
    pl_list_init(&set->waiting);
    set->hook = (struct pl_turn_hook){.begin = set_begin, .end = set_end};
    pl_loop_hook_add(loop, &set->hook);
}

void pl_conn_set_fini(struct pl_conn_set *set)
{
    while (!pl_list_is_empty(&set->open)) {
        pl_conn_close(PL_CONTAINER_OF(set->open.next, struct pl_conn, in_set), PL_CONN_END_LOCAL);
    }
    pl_loop_hook_remove(&set->hook);
    pl_conn_tls_memory_destroy(set->tls);
    set->tls = NULL;
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
    conn->watch = (struct pl_watch){.fd = fd, .on_ready = on_ready};
    conn->sink.ops = &conn_sink_ops;
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
    hold_peer(conn);
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
