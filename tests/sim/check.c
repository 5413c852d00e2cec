/* Do hub, fan-out and model agree? Looks inside the hub: what a caller cannot see may be wrong as
 * well. */
#include "world.h"

#include "hub/hub_internal.h"

#include <inttypes.h>

static void check_memberships(struct sim_world *world, uint32_t session)
{
    const struct pl_session *real = world->sessions[session].session;
    const struct model_list *expected = &world->model.sessions[session].streams;
    const struct pl_member *member = NULL;
    char text[32];
    for (size_t i = 0; i < expected->count; i++) {
        struct pl_stream_key key = world_key(expected->items[i], text);
        member = pl_session_next_member(real, member);
        if (member == NULL || pl_member_stream(member) != pl_stream_find(world->hub, &key) ||
            pl_hub_find_member_in(world->hub, real, pl_member_stream(member)) != member) {
            world_fail(world, "session %u is not in stream %u as its member %zu", session,
                       expected->items[i], i);
        }
    }
    if (pl_session_next_member(real, member) != NULL || real->member_count != expected->count) {
        world_fail(world, "session %u is in more than %zu streams", session, expected->count);
    }
}

/* As many subscriptions as memberships that subscribe, all of them the session's. */
static void check_subscriptions(struct sim_world *world, uint32_t session)
{
    const struct pl_sink *sink = &world->sessions[session].conn->sink;
    const struct pl_session *real = world->sessions[session].session;
    const struct pl_member *member = NULL;
    uint32_t count = 0;
    while ((member = pl_session_next_member(real, member)) != NULL) {
        bool is_found = false;
        if ((pl_member_flags(member) & PL_MEMBER_SUBSCRIBER) == 0) {
            continue;
        }
        count++;
        for (uint32_t i = 0; i < sink->sub_count; i++) {
            is_found = is_found || sink->subs[i].stream == member->stream->number;
        }
        if (!is_found) {
            world_fail(world, "the sink of session %u lacks a subscription", session);
        }
    }
    if (count != sink->sub_count) {
        world_fail(world, "the sink of session %u has %u subscriptions instead of %u", session,
                   sink->sub_count, count);
    }
}

static void check_queue(struct sim_world *world, uint32_t session)
{
    const struct sim_conn *conn = world->sessions[session].conn;
    const struct model_session *expected = &world->model.sessions[session];
    const struct pl_outq *queue = &conn->sink.outq;
    if (queue->count != expected->pending.count ||
        queue->bytes != expected->pending.bytes - conn->part_bytes) {
        world_fail(world, "session %u has %u messages in its queue, %zu bytes, instead of %zu, %zu",
                   session, queue->count, queue->bytes, expected->pending.count,
                   expected->pending.bytes - conn->part_bytes);
    }
    if (!conn->has_overflowed && queue->bytes > conn->sink.limit_bytes) {
        world_fail(world, "session %u is over its bound and not closed", session);
    }
    if (conn->sink.is_closed != conn->has_overflowed || conn->is_paused != expected->is_paused) {
        world_fail(world, "session %u: closed %d, paused %d instead of %d", session,
                   conn->sink.is_closed, conn->is_paused, expected->is_paused);
    }
}

static void check_inbound(struct sim_world *world, uint32_t session)
{
    const struct pl_session *real = world->sessions[session].session;
    const struct model_session *expected = &world->model.sessions[session];
    if (real->inbound_count != expected->inbound.count ||
        real->inbound_bytes != expected->inbound.bytes ||
        (expected->suspend_count == 0 && real->inbound_count > 0)) {
        world_fail(world, "session %u: %u messages wait instead of %zu, suspended %u times",
                   session, real->inbound_count, expected->inbound.count, expected->suspend_count);
    }
    if (pl_session_is_suspended(real) != (expected->suspend_count > 0)) {
        world_fail(world, "session %u: wrong suspension", session);
    }
}

void check_session(struct sim_world *world, uint32_t session)
{
    struct sim_session *at = &world->sessions[session];
    if ((at->session != NULL) != world->model.sessions[session].is_open) {
        world_fail(world, "session %u: open or not", session);
    }
    if (at->session == NULL) {
        if (world->model.sessions[session].streams.count > 0) {
            world_fail(world, "session %u is closed and in a stream", session);
        }
        return;
    }
    if (pl_session_find(world->hub, at->id) != at->session) {
        world_fail(world, "session %u is not found", session);
    }
    check_memberships(world, session);
    check_inbound(world, session);
    if (at->conn != NULL) {
        check_subscriptions(world, session);
        check_queue(world, session);
    }
}

/* What the walk over a stream's members counts. */
struct stream_counts {
    size_t subscribers;
    size_t presences;
    size_t attached; /* subscribers that a sink of the fan-out carries */
    uint32_t by_encoding[PL_ENCODING_MAX];
    uint32_t by_thread[SIM_THREADS_MAX + 1]; /* as the hub knows them, the lost ones included */
};

static void count_member(struct sim_world *world, const struct model_member *member,
                         struct stream_counts *counts)
{
    const struct model_session *session = &world->model.sessions[member->session];
    counts->presences += (member->flags & MODEL_PRESENCE) != 0;
    if ((member->flags & MODEL_SUBSCRIBER) != 0) {
        counts->subscribers++;
        counts->attached += world->sessions[member->session].conn != NULL;
        counts->by_encoding[session->encoding] += session->has_sink;
        if (session->has_sink) {
            struct pl_sink_id sink = pl_session_sink(world->sessions[member->session].session);
            counts->by_thread[pl_sink_id_thread(sink)]++;
        }
    }
}

static size_t subscribers_of(const struct sim_world *world, uint32_t stream)
{
    size_t count = 0;
    for (uint32_t i = 0; i <= world->thread_count; i++) {
        count += pl_fanout_subscriber_count(&world->threads[i].fanout, stream);
    }
    return count;
}

static void check_stream_counts(struct sim_world *world, uint32_t index,
                                const struct pl_stream *stream, const struct stream_counts *counts)
{
    if (pl_stream_subscriber_count(stream) != counts->subscribers ||
        pl_stream_presence_count(stream) != counts->presences ||
        subscribers_of(world, stream->number) != counts->attached) {
        world_fail(world, "stream %u: %zu subscribers, %zu presences, %zu in the fan-out", index,
                   pl_stream_subscriber_count(stream), pl_stream_presence_count(stream),
                   subscribers_of(world, stream->number));
    }
    for (size_t i = 0; i < PL_ENCODING_MAX; i++) {
        if (stream->subscribers_by_encoding[i] != counts->by_encoding[i]) {
            world_fail(world, "stream %u: %u subscribers of encoding %zu instead of %u", index,
                       stream->subscribers_by_encoding[i], i, counts->by_encoding[i]);
        }
    }
}

/* The port sends a publish to those threads that it knows subscribers of. */
static void check_lanes(struct sim_world *world, uint32_t index, uint32_t number,
                        const struct stream_counts *counts)
{
    for (uint32_t thread = 1; thread <= world->thread_count; thread++) {
        const struct pl_port_lane *lane = &world->port.lanes[thread];
        uint32_t known = number < lane->stream_cap ? lane->subscribers[number] : 0;
        if (known != counts->by_thread[thread]) {
            world_fail(world, "stream %u: the port knows %u subscribers on thread %u instead of %u",
                       index, known, thread, counts->by_thread[thread]);
        }
    }
}

void check_stream(struct sim_world *world, uint32_t index)
{
    const struct model_stream *expected = &world->model.streams[index];
    struct stream_counts counts = {0};
    char text[32];
    struct pl_stream_key key = world_key(index, text);
    const struct pl_stream *stream = pl_stream_find(world->hub, &key);
    const struct pl_member *member = NULL;
    if (stream == NULL) {
        if (expected->count > 0) {
            world_fail(world, "stream %u is gone with %zu members", index, expected->count);
        }
        return;
    }
    for (size_t i = 0; i < expected->count; i++) {
        const uint32_t *meta = NULL; /* only its presence is compared here */
        member = pl_stream_next_member(stream, member);
        if (member == NULL ||
            pl_member_session(member) != world->sessions[expected->members[i].session].session ||
            pl_member_flags(member) != expected->members[i].flags) {
            world_fail(world, "stream %u: member %zu is not session %u with flags %u", index, i,
                       expected->members[i].session, expected->members[i].flags);
        }
        meta = pl_member_meta(member);
        if ((meta != NULL) != (expected->members[i].meta != 0)) {
            world_fail(world, "stream %u: member %zu has the wrong data", index, i);
        }
        count_member(world, &expected->members[i], &counts);
    }
    if (expected->count == 0 || pl_stream_next_member(stream, member) != NULL ||
        pl_stream_member_count(stream) != expected->count) {
        world_fail(world, "stream %u has %zu members instead of %zu", index,
                   pl_stream_member_count(stream), expected->count);
    }
    check_stream_counts(world, index, stream, &counts);
    check_lanes(world, index, stream->number, &counts);
}

/* Each frame is held by the queues it is in, and by the world; by nobody else. */
static void check_frames(struct sim_world *world)
{
    for (uint32_t i = 0; i < world->track_count; i++) {
        world->tracks[i].queued_count = 0;
    }
    for (uint32_t i = 0; i < world->options.session_max; i++) {
        struct pl_frame *frames[512];
        size_t count =
            world->sessions[i].conn == NULL
                ? 0
                : pl_outq_peek(&world->sessions[i].conn->sink.outq, frames, PL_ARRAY_LEN(frames));
        for (size_t j = 0; j < count; j++) {
            const struct model_queue *pending = &world->model.sessions[i].pending;
            if (world_frame_number(frames[j]) != model_queue_at(pending, j)->number) {
                world_fail(world, "session %u has the wrong message in its queue", i);
            }
            world->tracks[world_frame_track(frames[j])].queued_count++;
        }
    }
    for (uint32_t i = 0; i < world->track_count; i++) {
        struct sim_track *track = &world->tracks[i];
        if (track->frame == NULL) {
            continue;
        }
        if (atomic_load(&track->frame->refs) != track->queued_count + 1) {
            world_fail(world, "message %u is held %u times instead of %u",
                       world_frame_number(track->frame), atomic_load(&track->frame->refs) - 1,
                       track->queued_count);
        }
        if (track->queued_count == 0) {
            pl_frame_unref(&track->frame);
            world->free_tracks[world->free_track_count++] = i;
        }
    }
}

static uint64_t overflows(const struct sim_world *world)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i <= world->thread_count; i++) {
        count += PL_COUNTER_GET(&world->threads[i].fanout.overflow_count);
    }
    return count;
}

void check_counts(struct sim_world *world)
{
    struct pl_hub_stats stats = pl_hub_stats(world->hub);
    if (stats.session_count != world->open_count ||
        stats.publish_count != world->publishes_expected ||
        stats.encode_count != world->encodes_expected ||
        overflows(world) != world->overflows_expected) {
        world_fail(world,
                   "figures: %zu sessions, %" PRIu64 " publishes, %" PRIu64 " encodings, %" PRIu64
                   " overflows instead of %u, %" PRIu64 ", %" PRIu64 ", %" PRIu64,
                   stats.session_count, stats.publish_count, stats.encode_count, overflows(world),
                   world->open_count, world->publishes_expected, world->encodes_expected,
                   world->overflows_expected);
    }
    if (world->model.event_count != 0) {
        world_fail(world, "a presence event is missing");
    }
}

void check_all(struct sim_world *world)
{
    struct pl_hub_stats stats = pl_hub_stats(world->hub);
    size_t members = 0;
    size_t streams = 0;
    size_t metas = 0;
    size_t inbound_bytes = 0;
    check_counts(world);
    for (uint32_t i = 0; i < world->options.session_max; i++) {
        check_session(world, i);
        inbound_bytes += world->model.sessions[i].inbound.bytes;
    }
    for (uint32_t i = 0; i < world->stream_max; i++) {
        check_stream(world, i);
        members += world->model.streams[i].count;
        streams += world->model.streams[i].count > 0;
        for (size_t j = 0; j < world->model.streams[i].count; j++) {
            metas += world->model.streams[i].members[j].meta != 0;
        }
    }
    if (stats.member_count != members || stats.stream_count != streams ||
        stats.inbound_bytes != inbound_bytes || world->metas_alive != metas) {
        world_fail(world,
                   "%zu members, %zu streams, %zu bytes, %zu metas instead of %zu, %zu, %zu, %zu",
                   stats.member_count, stats.stream_count, stats.inbound_bytes, world->metas_alive,
                   members, streams, inbound_bytes, metas);
    }
    check_frames(world);
}
