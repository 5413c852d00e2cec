/* The port over channels. */
#include "hub/port_rings.h"

#include "base/alloc.h"
#include "hub/port_inline.h"

#include <string.h>

void pl_port_rings_init(struct pl_port_rings *port, struct pl_fanout *local)
{
    *port = (struct pl_port_rings){.local = local, .lane_count = 1};
}

void pl_port_rings_fini(struct pl_port_rings *port)
{
    for (uint32_t thread = 1; thread < port->lane_count; thread++) {
        pl_free(port->lanes[thread].subscribers);
    }
    *port = (struct pl_port_rings){0};
}

void pl_port_rings_add(struct pl_port_rings *port, uint32_t thread, struct pl_channel *commands)
{
    PL_ASSERT(thread > 0 && thread < PL_SINK_THREADS_MAX);
    port->lanes[thread].commands = commands;
    if (thread >= port->lane_count) {
        port->lane_count = thread + 1;
    }
}

/* NULL for a sink of the hub's own thread. */
static struct pl_port_lane *lane_of(struct pl_port_rings *port, struct pl_sink_id sink)
{
    uint32_t thread = pl_sink_id_thread(sink);
    PL_ASSERT(thread < port->lane_count);
    return thread == 0 ? NULL : &port->lanes[thread];
}

static void push(struct pl_port_lane *lane, struct pl_fanout_command command)
{
    pl_channel_push(lane->commands, &command, pl_fanout_command_cost(&command));
}

static void rings_send(void *user, struct pl_sink_id sink, struct pl_frame *frame, unsigned flags)
{
    struct pl_port_rings *port = user;
    struct pl_port_lane *lane = lane_of(port, sink);
    if (lane == NULL) {
        pl_port_inline.send(port->local, sink, frame, flags);
        return;
    }
    push(lane, (struct pl_fanout_command){
                   .kind = PL_FANOUT_SEND, .flags = (uint8_t)flags, .sink = sink, .frame = frame});
}

/* --- publishing --- */

static uint32_t audience_of(const struct pl_port_lane *lane,
                            const struct pl_fanout_publish *publish)
{
    uint32_t count = 0;
    for (size_t i = 0; i < publish->include_count; i++) {
        uint32_t stream = publish->include[i];
        count += stream < lane->stream_cap ? lane->subscribers[stream] : 0;
    }
    return count;
}

static void rings_publish(void *user, const struct pl_fanout_publish *publish)
{
    struct pl_port_rings *port = user;
    uint32_t audiences[PL_SINK_THREADS_MAX] = {0};
    struct pl_publish_job *job = NULL;
    uint32_t count = 0;
    pl_port_inline.publish(port->local, publish);
    for (uint32_t thread = 1; thread < port->lane_count; thread++) {
        audiences[thread] = audience_of(&port->lanes[thread], publish);
        count += audiences[thread] > 0;
    }
    if (count == 0) {
        return;
    }
    job = pl_publish_job_create(publish, count);
    for (uint32_t thread = 1; thread < port->lane_count; thread++) {
        if (audiences[thread] > 0) {
            push(&port->lanes[thread], (struct pl_fanout_command){.kind = PL_FANOUT_PUBLISH,
                                                                  .audience = audiences[thread],
                                                                  .job = job});
        }
    }
}

/* --- subscriptions --- */

static uint32_t *subscribers_at(struct pl_port_lane *lane, uint32_t stream)
{
    if (stream >= lane->stream_cap) {
        uint32_t cap = lane->stream_cap == 0 ? 64 : lane->stream_cap;
        while (cap <= stream) {
            cap *= 2;
        }
        lane->subscribers = pl_realloc(lane->subscribers, cap * sizeof(uint32_t));
        memset(lane->subscribers + lane->stream_cap, 0,
               (cap - lane->stream_cap) * sizeof(uint32_t));
        lane->stream_cap = cap;
    }
    return &lane->subscribers[stream];
}

static void rings_subscribe(void *user, struct pl_sink_id sink, uint32_t stream)
{
    struct pl_port_rings *port = user;
    struct pl_port_lane *lane = lane_of(port, sink);
    if (lane == NULL) {
        pl_port_inline.subscribe(port->local, sink, stream);
        return;
    }
    ++*subscribers_at(lane, stream);
    push(lane,
         (struct pl_fanout_command){.kind = PL_FANOUT_SUBSCRIBE, .sink = sink, .stream = stream});
}

static void rings_unsubscribe(void *user, struct pl_sink_id sink, uint32_t stream)
{
    struct pl_port_rings *port = user;
    struct pl_port_lane *lane = lane_of(port, sink);
    if (lane == NULL) {
        pl_port_inline.unsubscribe(port->local, sink, stream);
        return;
    }
    PL_ASSERT(*subscribers_at(lane, stream) > 0); /* the hub ends what it has begun, once */
    --*subscribers_at(lane, stream);
    push(lane,
         (struct pl_fanout_command){.kind = PL_FANOUT_UNSUBSCRIBE, .sink = sink, .stream = stream});
}

/* --- the sink itself --- */

static void rings_pause(void *user, struct pl_sink_id sink)
{
    struct pl_port_rings *port = user;
    struct pl_port_lane *lane = lane_of(port, sink);
    if (lane == NULL) {
        pl_port_inline.pause(port->local, sink);
        return;
    }
    push(lane, (struct pl_fanout_command){.kind = PL_FANOUT_PAUSE, .sink = sink});
}

static void rings_resume(void *user, struct pl_sink_id sink)
{
    struct pl_port_rings *port = user;
    struct pl_port_lane *lane = lane_of(port, sink);
    if (lane == NULL) {
        pl_port_inline.resume(port->local, sink);
        return;
    }
    push(lane, (struct pl_fanout_command){.kind = PL_FANOUT_RESUME, .sink = sink});
}

static void rings_close(void *user, struct pl_sink_id sink, uint16_t code, struct pl_str reason)
{
    struct pl_port_rings *port = user;
    struct pl_port_lane *lane = lane_of(port, sink);
    if (lane == NULL) {
        pl_port_inline.close(port->local, sink, code, reason);
        return;
    }
    push(lane, pl_fanout_command_close(sink, code, reason));
}

const struct pl_port_impl pl_port_rings = {
    .send = rings_send,
    .publish = rings_publish,
    .subscribe = rings_subscribe,
    .unsubscribe = rings_unsubscribe,
    .pause = rings_pause,
    .resume = rings_resume,
    .close = rings_close,
};
