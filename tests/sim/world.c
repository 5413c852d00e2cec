/* The world: its start and end, its clock and randomness, frames that can be told apart, trace and
 * failure. */
#include "world.h"

#include "base/alloc.h"
#include "hub/port_inline.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FRAME_HEAD_BYTES 9

static void put_u32(uint8_t *to, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint32_t get_u32(const uint8_t *from)
{
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

void world_hash(struct sim_world *world, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) { /* FNV-1a */
        world->hash = (world->hash ^ (value >> (8 * i) & 0xff)) * UINT64_C(0x100000001b3);
    }
}

void world_trace(struct sim_world *world, const char *fmt, ...)
{
    char *line = world->trace[world->trace_count++ % SIM_TRACE_LINES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, SIM_TRACE_WIDTH, fmt, args);
    va_end(args);
    if (world->options.has_trace) {
        fprintf(stderr, "%6" PRIu64 " %*s%s\n", world->step, (int)(world->nesting * 2), "", line);
    }
}

static void print_trace(const struct sim_world *world)
{
    uint64_t first =
        world->trace_count < SIM_TRACE_LINES ? 0 : world->trace_count - SIM_TRACE_LINES;
    for (uint64_t i = first; i < world->trace_count; i++) {
        fprintf(stderr, "  %s\n", world->trace[i % SIM_TRACE_LINES]);
    }
}

void world_fail(struct sim_world *world, const char *fmt, ...)
{
    va_list args;
    if (!world->options.has_trace) {
        fprintf(stderr, "what came before:\n");
        print_trace(world);
    }
    fprintf(stderr, "sim: seed %" PRIu64 " failed at step %" PRIu64 ": ", world->options.seed,
            world->step);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\n");
    fflush(NULL);
    _exit(1); /* not exit: a leak report would hide the reason */
}

static int64_t env_now_ms(void *user)
{
    const struct sim_world *world = user;
    return world->now_ms;
}

static int64_t env_unix_us(void *user)
{
    const struct sim_world *world = user;
    return world->unix_us;
}

static void env_random(void *user, void *out, size_t size)
{
    struct sim_world *world = user;
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)out)[i] = (uint8_t)sim_next(&world->rng);
    }
}

/* Kinds: 0 has no listener, 1 and 2 have. Some keys differ only in where one part ends. */
struct pl_stream_key world_key(uint32_t index, char text[static 32])
{
    size_t len = (size_t)snprintf(text, 32, "room%u", index / 3);
    size_t cut = index % 3 == 0 ? len : index % 3 + 1;
    return (struct pl_stream_key){
        .kind = (uint8_t)(index % 5 % 3),
        .subject = pl_str_make(text, cut),
        .subcontext = pl_str_make(text + cut, len - cut),
    };
}

static void create_hub(struct sim_world *world)
{
    struct pl_hub_config config = {
        .env = {env_now_ms, env_unix_us, env_random, world},
        .port_impl = world->thread_count > 0 ? &pl_port_rings : &pl_port_inline,
        .port = world->thread_count > 0 ? (void *)&world->port : &world->threads[0].fanout,
        .timers = &world->timers,
        .inbound_messages_max = world->model.inbound_messages_max,
        .inbound_bytes_max = world->model.inbound_bytes_max,
        .streams_per_session_max = world->model.streams_per_session_max,
    };
    struct pl_error err = {0};
    if (pl_hub_create(&world->hub, &config, &err) < 0) {
        world_fail(world, "no hub: %s", err.text);
    }
    for (uint8_t kind = 1; kind <= 2; kind++) {
        pl_hub_on_presence(world->hub, kind, (struct pl_presence_listener){world_presence, world});
    }
}

void world_init(struct sim_world *world, const struct sim_options *options)
{
    struct sim_rng *rng = &world->rng;
    char text[32];
    *world = (struct sim_world){.options = *options, .hash = UINT64_C(0xcbf29ce484222325)};
    rng->state = options->seed * UINT64_C(0x2545f4914f6cdd1d) + 1;
    world->now_ms = 1000;
    world->unix_us = INT64_C(1700000000000000);
    world->stream_max = sim_between(rng, 2, 8 + options->session_max / 25);
    world->limit_bytes = sim_between(rng, 300, sim_chance(rng, 50) ? 2000 : 20000);
    world->rate_per_second = sim_between(rng, 1, 1000);
    world->rate_burst = sim_between(rng, 1, sim_chance(rng, 50) ? 6 : 60);
    model_init(&world->model, options->session_max, world->stream_max);
    world->model.inbound_messages_max = sim_between(rng, 1, 12);
    world->model.inbound_bytes_max = sim_between(rng, 60, 3000);
    world->model.streams_per_session_max = sim_between(rng, 2, 12);
    for (uint32_t i = 0; i < world->stream_max; i++) {
        world->model.streams[i].has_listener = world_key(i, text).kind != 0;
    }
    world->sessions = pl_alloc_array(options->session_max, sizeof(*world->sessions));
    world->thread_count = options->thread_count;
    pl_port_rings_init(&world->port, &world->threads[0].fanout);
    for (uint32_t number = 0; number <= world->thread_count; number++) {
        thread_init(world, number);
    }
    pl_timers_init(&world->timers);
    create_hub(world);
}

void world_fini(struct sim_world *world)
{
    pl_hub_destroy(world->hub);
    for (uint32_t number = 0; number <= world->thread_count; number++) {
        thread_fini(&world->threads[number]);
    }
    pl_port_rings_fini(&world->port);
    pl_timers_fini(&world->timers);
    model_fini(&world->model);
    pl_free(world->sessions);
    pl_free(world->tracks);
    pl_free(world->free_tracks);
}

uint32_t world_frame_len(uint32_t number, uint8_t encoding)
{
    uint32_t body = number * 2654435761U >> 25; /* 0 to 127 */
    body = number % 29 == 0 ? body * 20 : body; /* now and then a large one */
    return FRAME_HEAD_BYTES + (encoding == 1 ? (body + 2) / 3 * 4 : body);
}

uint32_t world_frame_number(const struct pl_frame *frame)
{
    return get_u32(frame->data);
}

uint32_t world_frame_track(const struct pl_frame *frame)
{
    return get_u32(frame->data + 4);
}

static uint32_t take_track(struct sim_world *world)
{
    if (world->free_track_count > 0) {
        return world->free_tracks[--world->free_track_count];
    }
    if (world->track_count == world->track_cap) {
        world->track_cap = world->track_cap * 2 + 64;
        world->tracks = pl_realloc(world->tracks, world->track_cap * sizeof(*world->tracks));
        world->free_tracks =
            pl_realloc(world->free_tracks, world->track_cap * sizeof(*world->free_tracks));
    }
    return world->track_count++;
}

struct pl_frame *world_encode(struct sim_world *world, uint32_t number, uint8_t encoding)
{
    uint32_t len = world_frame_len(number, encoding);
    uint32_t track = take_track(world);
    struct pl_frame *frame = pl_frame_create(len);
    PL_ASSERT(frame != NULL);
    put_u32(frame->data, number);
    put_u32(frame->data + 4, track);
    frame->data[8] = encoding;
    memset(frame->data + FRAME_HEAD_BYTES, (int)(number & 0xff), len - FRAME_HEAD_BYTES);
    pl_frame_ref(frame, 1);
    world->tracks[track] = (struct sim_track){.frame = frame};
    return frame;
}
