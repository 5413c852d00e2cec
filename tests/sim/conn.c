/* Simulated connections: a sink whose flush hands bytes to a peer as far as the window goes. */
#include "world.h"

#include "base/alloc.h"

#define WINDOW_ENDLESS (SIZE_MAX / 2)

static struct sim_conn *conn_of(struct pl_sink *sink)
{
    return PL_CONTAINER_OF(sink, struct sim_conn, sink);
}

/* Ready is what the peer can take: the fan-out drops volatile messages by it, the model as well. */
static void set_ready(struct sim_conn *conn, bool is_ready)
{
    conn->sink.is_ready = is_ready;
    conn->sink.is_blocked = !is_ready;
    if (conn->world->sessions[conn->session].conn == conn) {
        conn->world->model.sessions[conn->session].is_ready = is_ready;
    }
}

static void deliver(struct sim_conn *conn, const struct pl_frame *frame)
{
    struct sim_world *world = conn->world;
    uint32_t number = world_frame_number(frame);
    uint8_t encoding = frame->data[8];
    if (frame->len != world_frame_len(number, encoding) ||
        frame->data[frame->len - 1] != (frame->len == 9 ? encoding : (number & 0xff))) {
        world_fail(world, "message %u arrives damaged at session %u", number, conn->session);
    }
    if (encoding != conn->sink.encoding) {
        world_fail(world, "message %u arrives at session %u in encoding %u", number, conn->session,
                   encoding);
    }
    if (!model_delivered(&world->model, conn->session, number)) {
        world_fail(world, "message %u arrives at session %u out of turn", number, conn->session);
    }
    world->delivered_count++;
    world_hash(world, (uint64_t)conn->session << 32 | number);
    world_hash(world, encoding);
}

static void sink_flush(struct pl_sink *sink)
{
    struct sim_conn *conn = conn_of(sink);
    struct pl_frame *frame = NULL;
    bool has_sent = false;
    if (conn->has_overflowed || conn->has_ended) {
        return;
    }
    while (conn->window_bytes > 0 && pl_outq_peek(&sink->outq, &frame, 1) == 1) {
        size_t left = frame->len - conn->part_bytes;
        size_t part = pl_size_min(left, conn->window_bytes);
        conn->window_bytes -= part;
        conn->part_bytes = part == left ? 0 : conn->part_bytes + part;
        has_sent = true;
        if (part == left) {
            deliver(conn, frame);
        }
        pl_outq_consume(&sink->outq, &conn->thread->fanout.pool, part);
    }
    if (conn->peer == SIM_PEER_FAST) {
        conn->window_bytes = WINDOW_ENDLESS;
    } else if (conn->peer == SIM_PEER_POLLING && has_sent) {
        conn->window_bytes = 0; /* the poll has been answered */
    }
    set_ready(conn, conn->window_bytes > 0);
}

static void sink_overflow(struct pl_sink *sink)
{
    struct sim_conn *conn = conn_of(sink);
    struct sim_world *world = conn->world;
    struct model_session *expected = &world->model.sessions[conn->session];
    world->overflows_expected++;
    if (conn->has_ended) {
        return;
    }
    world_trace(world, "overflow session=%u", conn->session);
    if (!expected->can_take || expected->pending.bytes - conn->part_bytes <= sink->limit_bytes) {
        world_fail(world, "session %u overflows with %zu of %u bytes", conn->session,
                   expected->pending.bytes, sink->limit_bytes);
    }
    expected->can_take = false;
    model_keep_pending(&world->model, conn->session, sink->outq.count); /* no more reaches it */
    conn->has_overflowed = true;
    world_hash(world, UINT64_C(0x0f) << 56 | conn->session);
}

static void sink_pause(struct pl_sink *sink)
{
    struct sim_conn *conn = conn_of(sink);
    if (conn->is_paused) {
        world_fail(conn->world, "session %u is paused twice", conn->session);
    }
    conn->is_paused = true;
}

static void sink_resume(struct pl_sink *sink)
{
    struct sim_conn *conn = conn_of(sink);
    if (!conn->is_paused) {
        world_fail(conn->world, "session %u is resumed though it reads", conn->session);
    }
    conn->is_paused = false;
}

static void sink_close(struct pl_sink *sink, uint16_t code, struct pl_str reason)
{
    (void)code;
    (void)reason;
    world_fail(conn_of(sink)->world, "the hub closes a sink on its own");
}

static const struct pl_sink_ops sink_ops = {
    .flush = sink_flush,
    .overflow = sink_overflow,
    .pause = sink_pause,
    .resume = sink_resume,
    .close = sink_close,
};

static void run_attach(void *owner, struct pl_sink_id id, void *arg)
{
    struct sim_thread *thread = owner;
    struct sim_conn *conn = arg;
    pl_fanout_attach_as(&thread->fanout, &conn->sink, id);
}

static const struct pl_fanout_call attach_call = {.run = run_attach};

/* On the hub's thread at once; another hears of it behind all that it was told before. */
static void attach(struct sim_conn *conn)
{
    struct sim_thread *thread = conn->thread;
    if (thread->ids.thread == 0) {
        pl_fanout_attach(&thread->fanout, &conn->sink);
        conn->id = conn->sink.id;
        return;
    }
    conn->id = pl_sink_ids_take(&thread->ids);
    pl_channel_push(
        &thread->commands,
        &(struct pl_fanout_command){
            .kind = PL_FANOUT_CALL, .sink = conn->id, .arg = conn, .call = &attach_call},
        0);
}

/* Long-polling is the hub's; WebSockets are anywhere. */
static uint32_t choose_thread(struct sim_world *world, enum sim_peer peer)
{
    if (world->thread_count == 0 || peer == SIM_PEER_POLLING) {
        return 0;
    }
    return sim_between(&world->rng, 1, world->thread_count);
}

struct sim_conn *conn_create(struct sim_world *world, uint32_t session, uint8_t encoding,
                             enum sim_peer peer)
{
    struct sim_conn *conn = pl_alloc(sizeof(*conn));
    conn->world = world;
    conn->thread = &world->threads[choose_thread(world, peer)];
    conn->session = session;
    conn->peer = peer;
    conn->window_bytes = peer == SIM_PEER_FAST ? WINDOW_ENDLESS : 200;
    conn->sink.ops = &sink_ops;
    conn->sink.limit_bytes = world->limit_bytes;
    conn->sink.encoding = encoding;
    conn->sink.is_ready = true;
    attach(conn);
    return conn;
}

void conn_destroy(struct sim_conn *conn)
{
    struct sim_thread *thread = NULL;
    if (conn == NULL) {
        return;
    }
    thread = conn->thread;
    if (conn->sink.id.generation == 0) { /* its thread has to hear of it before it can end */
        thread_catch_up(thread);
    }
    pl_fanout_detach(&thread->fanout, &conn->sink);
    if (thread->ids.thread > 0) {
        pl_sink_ids_give(&thread->ids, conn->id);
    }
    pl_free(conn);
}

void conn_open_window(struct sim_conn *conn, size_t bytes)
{
    conn->window_bytes = pl_size_min(conn->window_bytes + bytes, WINDOW_ENDLESS);
    if (conn->sink.id.generation == 0) {
        thread_catch_up(conn->thread);
    }
    set_ready(conn, true);
    sink_flush(&conn->sink); /* what the loop does when the socket is writable again */
}
