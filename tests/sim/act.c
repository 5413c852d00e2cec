/* What can happen to one session, done to the hub and to the model, with the answers compared; and
 * what the callbacks of the hub do on their own. */
#include "world.h"

#include "base/alloc.h"
#include "hub/port_inline.h"

#include <string.h>

#define RECEIVE_BYTES_MAX 200

/* The presence's own data. */
struct meta {
    struct sim_world *world;
    uint32_t number;
};

static void free_meta(void *meta)
{
    struct meta *freed = meta;
    freed->world->metas_alive--;
    pl_free(freed);
}

static void on_resume_due(struct pl_timer *timer)
{
    struct sim_session *at = PL_CONTAINER_OF(timer, struct sim_session, resume_timer);
    world_resume(at->world, at->index);
}

static void on_message(struct pl_session *session, enum pl_message_kind kind, struct pl_span bytes);

static const struct pl_session_ops session_ops = {.on_message = on_message};

void world_connect(struct sim_world *world, uint32_t session)
{
    struct sim_session *at = &world->sessions[session];
    uint8_t encoding = (uint8_t)sim_below(&world->rng, SIM_ENCODINGS);
    struct sim_conn *conn =
        conn_create(world, session, encoding, sim_below(&world->rng, SIM_PEER_COUNT));
    struct pl_session_params params = {
        .ops = &session_ops, .user = at, .sink = conn->id, .encoding = encoding};
    world_trace(world, "connect session=%u encoding=%u peer=%d", session, encoding,
                (int)conn->peer);
    *at = (struct sim_session){.world = world, .index = session, .conn = conn};
    at->resume_timer.on_due = on_resume_due;
    at->session = pl_session_open(world->hub, &params);
    at->id = pl_session_id(at->session);
    pl_rate_init(&at->rate, world->rate_per_second, world->rate_burst, world->now_ms);
    model_open(&world->model, session, encoding);
    world->model.sessions[session].rate_last_ms = world->now_ms;
    world->model.sessions[session].rate_millitokens = world->rate_burst * UINT64_C(1000);
    world->open_count++;
}

/* A connection ends: what was on its way is gone. */
static void end_conn(struct sim_world *world, uint32_t session)
{
    struct sim_session *at = &world->sessions[session];
    if (at->conn != NULL) {
        model_drop_pending(&world->model, session);
    }
    conn_destroy(at->conn);
    at->conn = NULL;
    world->model.sessions[session].can_take = false;
}

void world_close(struct sim_world *world, uint32_t session)
{
    struct sim_session *at = &world->sessions[session];
    size_t events = world->model.event_count;
    struct sim_conn *conn = at->conn;
    world_trace(world, "close session=%u", session);
    pl_timer_stop(&world->timers, &at->resume_timer);
    model_close(&world->model, session);
    world->open_count--;
    if (conn != NULL) {
        conn->has_ended = true;
    }
    pl_session_close(&at->session);
    if (world->model.event_count != events) {
        world_fail(world, "session %u is closed and an event is missing", session);
    }
    if (pl_session_find(world->hub, at->id) != NULL) {
        world_fail(world, "session %u is closed and can be found", session);
    }
    if (conn != NULL && conn->is_paused) {
        thread_catch_up(conn->thread);
    }
    if (conn != NULL && conn->is_paused) {
        world_fail(world, "session %u is closed and its sink does not read", session);
    }
    at->conn = NULL;
    conn_destroy(conn);
}

void world_drop(struct sim_world *world, uint32_t session)
{
    world_trace(world, "drop session=%u", session);
    end_conn(world, session);
}

void world_detach(struct sim_world *world, uint32_t session)
{
    struct sim_session *at = &world->sessions[session];
    world_trace(world, "detach session=%u", session);
    pl_session_attach(at->session, (struct pl_sink_id){0}, 0);
    model_attach(&world->model, session, false, 0);
    end_conn(world, session);
}

void world_recover(struct sim_world *world, uint32_t session)
{
    struct sim_session *at = &world->sessions[session];
    uint8_t encoding = (uint8_t)sim_below(&world->rng, SIM_ENCODINGS);
    world_trace(world, "recover session=%u encoding=%u", session, encoding);
    at->conn = conn_create(world, session, encoding, sim_below(&world->rng, SIM_PEER_COUNT));
    model_attach(&world->model, session, true, encoding);
    pl_session_attach(at->session, at->conn->id, encoding);
}

/* What waits in the old queue goes on in the new one. */
static void hand_over_queue(struct sim_world *world, struct sim_conn *old, struct sim_conn *new)
{
    struct pl_frame *frame = NULL;
    const struct pl_port_impl *port = world->thread_count > 0 ? &pl_port_rings : &pl_port_inline;
    void *user = world->thread_count > 0 ? (void *)&world->port : &world->threads[0].fanout;
    while ((frame = pl_outq_pop(&old->sink.outq, &old->thread->fanout.pool)) != NULL) {
        port->send(user, new->id, frame, 0);
    }
}

void world_move(struct sim_world *world, uint32_t session)
{
    struct sim_session *at = &world->sessions[session];
    struct sim_conn *old = at->conn;
    struct sim_conn *new = NULL;
    uint8_t encoding = old->sink.encoding;
    bool hands_over = false;
    thread_catch_up(old->thread); /* nothing may be on its way there: only polling moves as it is */
    hands_over = old->part_bytes == 0 && sim_chance(&world->rng, 50);
    if (old->has_overflowed) {
        return;
    }
    if (!hands_over) { /* flushed to the last byte */
        conn_open_window(old, SIZE_MAX / 4);
        encoding = (uint8_t)sim_below(&world->rng, SIM_ENCODINGS);
    }
    world_trace(world, "move session=%u encoding=%u handed=%u", session, encoding,
                old->sink.outq.count);
    new = conn_create(world, session, encoding, sim_below(&world->rng, SIM_PEER_COUNT));
    at->conn = new;
    model_attach(&world->model, session, true, encoding);
    hand_over_queue(world, old, new);
    pl_session_attach(at->session, new->id, encoding);
    thread_catch_up(old->thread);
    if (old->is_paused || old->sink.sub_count > 0) {
        world_fail(world, "session %u moved and left something on its old sink", session);
    }
    conn_destroy(old);
}

void world_join(struct sim_world *world, uint32_t session, uint32_t stream)
{
    char text[32];
    struct pl_stream_key key = world_key(stream, text);
    struct pl_session *joining = world->sessions[session].session;
    size_t events = world->model.event_count;
    unsigned flags = sim_between(&world->rng, 1, 7);
    struct meta *meta = NULL;
    int expected = 0;
    int rc = 0;
    if (sim_chance(&world->rng, 30)) {
        meta = pl_alloc(sizeof(*meta));
        *meta = (struct meta){.world = world, .number = ++world->meta_count};
        world->metas_alive++;
    }
    world_trace(world, "join session=%u stream=%u flags=%u", session, stream, flags);
    expected = model_join(&world->model, session, stream, flags, meta == NULL ? 0 : meta->number);
    rc = pl_hub_join(world->hub, joining, &key, flags, meta, free_meta);
    if (rc != (expected == -1 ? PL_E_FULL : expected)) {
        world_fail(world, "session %u joins stream %u: %d instead of %d", session, stream, rc,
                   expected);
    }
    if (rc < 0 && meta != NULL) {
        free_meta(meta);
    }
    if (world->model.event_count != events) {
        world_fail(world, "session %u joins stream %u without an event", session, stream);
    }
}

void world_leave(struct sim_world *world, uint32_t session, uint32_t stream)
{
    char text[32];
    struct pl_stream_key key = world_key(stream, text);
    size_t events = world->model.event_count;
    bool expected = model_leave(&world->model, session, stream);
    world_trace(world, "leave session=%u stream=%u", session, stream);
    if (pl_hub_leave(world->hub, world->sessions[session].session, &key) != expected) {
        world_fail(world, "session %u leaves stream %u and was %s member", session, stream,
                   expected ? "no" : "a");
    }
    if (world->model.event_count != events) {
        world_fail(world, "session %u leaves stream %u without an event", session, stream);
    }
}

void world_receive(struct sim_world *world, uint32_t session)
{
    struct sim_session *at = &world->sessions[session];
    uint8_t bytes[RECEIVE_BYTES_MAX];
    uint32_t number = at->received_count + 1;
    uint32_t len = sim_between(&world->rng, 4, RECEIVE_BYTES_MAX);
    bool is_allowed = pl_rate_take(&at->rate, 1, world->now_ms);
    bool fails = model_must_wait(&world->model, session) && sim_chance(&world->rng, 1);
    if (is_allowed != model_rate_take(&world->model.sessions[session], world->rate_per_second,
                                      world->rate_burst, world->now_ms) ||
        at->rate.level_millitokens != world->model.sessions[session].rate_millitokens) {
        world_fail(world, "session %u: the rate limit says %d", session, is_allowed);
    }
    if (!is_allowed) {
        return;
    }
    world_trace(world, "receive session=%u number=%u bytes=%u refused=%d", session, number, len,
                fails);
    memset(bytes, 0, sizeof(bytes));
    memcpy(bytes, &number, sizeof(number));
    if (fails) {
        pl_try_alloc_fail_at(1);
        if (pl_session_receive(at->session, PL_MESSAGE_TEXT, (struct pl_span){bytes, len})) {
            world_fail(world, "session %u keeps a message without memory", session);
        }
        return;
    }
    at->received_count = number;
    model_receive(&world->model, session, (struct model_item){number, len});
    if (!pl_session_receive(at->session, PL_MESSAGE_BINARY, (struct pl_span){bytes, len})) {
        world_fail(world, "session %u refuses a message", session);
    }
}

void world_suspend(struct sim_world *world, uint32_t session)
{
    struct sim_session *at = &world->sessions[session];
    world_trace(world, "suspend session=%u", session);
    world->model.sessions[session].suspend_count++;
    pl_session_suspend(at->session);
    if (!pl_timer_is_set(&at->resume_timer)) {
        pl_timer_set(&world->timers, &at->resume_timer, world->now_ms + sim_below(&world->rng, 60));
    }
}

void world_resume(struct sim_world *world, uint32_t session)
{
    struct sim_session *at = &world->sessions[session];
    struct model_session *expected = &world->model.sessions[session];
    if (at->session == NULL || expected->suspend_count == 0) {
        return;
    }
    world_trace(world, "resume session=%u of=%u", session, expected->suspend_count);
    expected->suspend_count--;
    if (expected->suspend_count > 0 && !pl_timer_is_set(&at->resume_timer)) {
        pl_timer_set(&world->timers, &at->resume_timer, world->now_ms + 1);
    }
    pl_session_resume(at->session);
}

/* Somebody, rather of this stream than not. */
static uint32_t any_other(struct sim_world *world, uint32_t stream)
{
    const struct model_stream *members = &world->model.streams[stream];
    if (members->count > 0 && sim_chance(&world->rng, 70)) {
        return members->members[sim_below(&world->rng, (uint32_t)members->count)].session;
    }
    return sim_below(&world->rng, world->options.session_max);
}

static void act_on_other(struct sim_world *world, uint32_t stream)
{
    uint32_t other = any_other(world, stream);
    if (world->sessions[other].session == NULL) {
        return;
    }
    switch (sim_below(&world->rng, 5)) {
    case 0:
        world_close(world, other);
        break;
    case 1:
        world_leave(world, other, stream);
        break;
    case 2:
        world_join(world, other, stream);
        break;
    case 3:
        world_resume(world, other);
        break;
    default:
        world_unicast(world, other);
        break;
    }
}

static void act_in_handler(struct sim_world *world, uint32_t session)
{
    uint32_t dice = sim_below(&world->rng, 100);
    if (dice < 20) {
        world_suspend(world, session);
    } else if (dice < 30) {
        world_publish_any(world);
    } else if (dice < 36) {
        world_join(world, session, sim_below(&world->rng, world->stream_max));
    } else if (dice < 40) {
        world_leave(world, session, sim_below(&world->rng, world->stream_max));
    } else if (dice < 43) {
        world_close(world, session);
    } else if (dice < 48) {
        world_suspend(world, session);
        world_resume(world, session);
    } else if (dice < 54) {
        world_receive(world, session); /* its own handler is on the stack: it waits */
    } else if (dice < 58) {
        act_on_other(world, sim_below(&world->rng, world->stream_max));
    }
}

static void on_message(struct pl_session *session, enum pl_message_kind kind, struct pl_span bytes)
{
    struct sim_session *at = pl_session_user(session);
    struct sim_world *world = at->world;
    uint32_t number = 0;
    memcpy(&number, bytes.ptr, sizeof(number));
    if (kind != PL_MESSAGE_BINARY ||
        !model_handle_begin(&world->model, at->index,
                            (struct model_item){number, (uint32_t)bytes.len})) {
        world_fail(world, "session %u handles message %u out of turn", at->index, number);
    }
    world_hash(world, (uint64_t)at->index << 32 | number);
    world->nesting++;
    if (world->nesting <= SIM_NESTING_MAX) {
        act_in_handler(world, at->index);
    }
    world->nesting--;
    model_handle_end(&world->model, at->index);
}

static uint32_t stream_index(struct sim_world *world, const struct pl_stream *stream)
{
    struct pl_stream_key key = pl_stream_key(stream);
    char text[32];
    for (uint32_t i = 0; i < world->stream_max; i++) {
        struct pl_stream_key other = world_key(i, text);
        if (key.kind == other.kind && pl_str_eq(key.subject, other.subject) &&
            pl_str_eq(key.subcontext, other.subcontext) && pl_str_eq(key.label, other.label)) {
            return i;
        }
    }
    world_fail(world, "a stream is nobody's");
}

/* What a service might do when it hears of a presence: the stream may be empty for a while. */
static void act_in_listener(struct sim_world *world, const struct model_event *event)
{
    uint32_t dice = sim_below(&world->rng, 100);
    bool is_open = world->sessions[event->session].session != NULL;
    if (dice < 10) {
        act_on_other(world, event->stream);
    } else if (dice < 18 && is_open && event->left) { /* back again, and perhaps not for long */
        world_join(world, event->session, event->stream);
        if (sim_chance(&world->rng, 50) && world->sessions[event->session].session != NULL) {
            world_leave(world, event->session, event->stream);
        }
    } else if (dice < 20 && is_open) {
        world_leave(world, event->session, event->stream);
    } else if (dice < 21 && is_open) {
        world_close(world, event->session);
    }
}

/* Others are told, as a chat room tells them; sometimes more happens. */
void world_presence(void *user, struct pl_stream *stream, struct pl_member *member, bool left)
{
    struct sim_world *world = user;
    const struct sim_session *at = pl_session_user(pl_member_session(member));
    struct model_event event = {stream_index(world, stream), at->index, left};
    struct model_publish publish = {
        .include = &event.stream, .include_count = 1, .except = MODEL_NOBODY};
    if (!model_on_event(&world->model, event)) {
        world_fail(world, "session %u %s stream %u out of turn", event.session,
                   left ? "leaves" : "joins", event.stream);
    }
    world_hash(world, (uint64_t)event.stream << 33 | (uint64_t)event.session << 1 | left);
    if (pl_member_stream(member) != stream || (pl_member_flags(member) & PL_MEMBER_PRESENCE) == 0) {
        world_fail(world, "an event names the wrong member");
    }
    /* deeper, others may be half way out */
    if (world->nesting == 0 && (world->thread_count == 0 || sim_chance(&world->rng, 20))) {
        world_catch_up(world);
        check_stream(world, event.stream);
    }
    world->nesting++;
    if (world->nesting <= SIM_NESTING_MAX && (pl_member_flags(member) & PL_MEMBER_HIDDEN) == 0) {
        publish.except = at->session != NULL ? at->index : MODEL_NOBODY;
        world_publish(world, &publish);
        act_in_listener(world, &event);
    }
    world->nesting--;
}
