/* Publishing and unicasts, to the hub and to the model at once. */
#include "world.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <string.h>

#define STREAMS_MAX 5

/* A message on its way through the hub. */
struct outgoing {
    struct sim_world *world;
    uint32_t number;
    unsigned expected; /* encodings, as bits */
    unsigned refused;  /* those that cannot be encoded */
    unsigned encoded;
};

static struct pl_frame *encode(void *user, uint8_t encoding)
{
    struct outgoing *out = user;
    if ((out->expected & 1U << encoding) == 0) {
        world_fail(out->world, "message %u is encoded in %u for nobody", out->number, encoding);
    }
    if ((out->encoded & 1U << encoding) != 0) {
        world_fail(out->world, "message %u is encoded in %u twice", out->number, encoding);
    }
    out->encoded |= 1U << encoding;
    if ((out->refused & 1U << encoding) != 0) {
        return NULL;
    }
    out->world->encodes_expected++;
    return world_encode(out->world, out->number, encoding);
}

static size_t find_streams(struct sim_world *world, struct pl_stream **found,
                           const uint32_t *numbers, size_t count)
{
    char text[32];
    for (size_t i = 0; i < count; i++) {
        struct pl_stream_key key = world_key(numbers[i], text);
        found[i] = pl_stream_find(world->hub, &key);
    }
    return count;
}

/* The sessions that a walk over the audience meets. */
struct walk {
    struct sim_world *world;
    const uint32_t *expected;
    size_t count;
    size_t expected_count;
};

static void visit(void *user, struct pl_session *session)
{
    struct walk *walk = user;
    const struct sim_session *met = pl_session_user(session);
    if (walk->count >= walk->expected_count || walk->expected[walk->count] != met->index) {
        world_fail(walk->world, "session %u is met out of order in an audience", met->index);
    }
    walk->count++;
}

static void check_audience(struct sim_world *world, const struct pl_publish *publish,
                           const uint32_t *audience, size_t count)
{
    struct walk walk = {.world = world, .expected = audience, .expected_count = count};
    pl_hub_each_in_audience(world->hub, publish, visit, &walk);
    if (walk.count != count) {
        world_fail(world, "an audience has %zu sessions instead of %zu", walk.count, count);
    }
}

static void check_stamp(struct sim_world *world)
{
    int64_t stamp_us = pl_hub_stamp_us(world->hub);
    if (stamp_us <= world->last_stamp_us) {
        world_fail(world, "stamp %" PRId64 " does not follow %" PRId64, stamp_us,
                   world->last_stamp_us);
    }
    world->last_stamp_us = stamp_us;
    world_hash(world, (uint64_t)stamp_us);
}

/* What each session is to get, decided before the hub is asked. */
static void expect(struct sim_world *world, const struct outgoing *out, const uint32_t *audience,
                   size_t count, bool is_volatile)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t encoding = world->model.sessions[audience[i]].encoding;
        struct model_item item = {out->number, world_frame_len(out->number, encoding)};
        if ((out->refused & 1U << encoding) == 0) {
            model_send(&world->model, audience[i], item, is_volatile);
        }
    }
}

void world_publish(struct sim_world *world, const struct model_publish *publish)
{
    struct pl_stream *include[STREAMS_MAX];
    struct pl_stream *exclude[STREAMS_MAX];
    uint32_t *audience = pl_alloc_array(world->options.session_max, sizeof(*audience));
    size_t count = model_audience(&world->model, publish, audience);
    struct outgoing out = {.world = world, .number = ++world->message_count};
    struct pl_publish real = {
        .include = include,
        .include_count = find_streams(world, include, publish->include, publish->include_count),
        .exclude = exclude,
        .exclude_count = find_streams(world, exclude, publish->exclude, publish->exclude_count),
        .except = publish->except == MODEL_NOBODY ? NULL : world->sessions[publish->except].session,
        .flags = publish->is_volatile ? PL_SEND_VOLATILE : 0,
        .message = {encode, &out},
    };
    int rc = 0;
    out.expected = model_encodings(&world->model, audience, count);
    out.refused = sim_chance(&world->rng, 2) ? 1U << sim_below(&world->rng, SIM_ENCODINGS) : 0;
    world_trace(world, "publish message=%u include=%u+%zu exclude=%zu except=%d volatile=%d to=%zu",
                out.number, publish->include[0], publish->include_count, publish->exclude_count,
                (int)publish->except, publish->is_volatile, count);
    if (sim_chance(&world->rng, 25)) {
        check_audience(world, &real, audience, count);
    }
    if (publish
            ->is_volatile) { /* who is ready is decided where it arrives: it must be known here */
        world_catch_up(world);
    }
    expect(world, &out, audience, count, publish->is_volatile);
    check_stamp(world);
    rc = pl_hub_publish(world->hub, &real);
    if (publish->is_volatile) {
        world_catch_up(world);
    }
    world->publishes_expected++;
    if (out.encoded != out.expected) {
        world_fail(world, "message %u: encodings %x instead of %x", out.number, out.encoded,
                   out.expected);
    }
    if (rc != (out.expected != 0 && (out.expected & ~out.refused) == 0 ? PL_E_NOMEM : 0)) {
        world_fail(world, "message %u: publish returns %d", out.number, rc);
    }
    pl_free(audience);
}

void world_publish_any(struct sim_world *world)
{
    struct sim_rng *rng = &world->rng;
    uint32_t include[STREAMS_MAX];
    uint32_t exclude[STREAMS_MAX];
    struct model_publish publish = {
        .include = include, .exclude = exclude, .except = MODEL_NOBODY, .include_count = 1};
    if (sim_chance(rng, 30)) {
        publish.include_count = sim_between(rng, 1, STREAMS_MAX);
    }
    if (sim_chance(rng, 20)) {
        publish.exclude_count = sim_between(rng, 1, STREAMS_MAX);
    }
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        include[i] = sim_below(rng, world->stream_max);
        exclude[i] = sim_below(rng, world->stream_max);
    }
    if (sim_chance(rng, 50)) {
        uint32_t session = sim_below(rng, world->options.session_max);
        publish.except = world->sessions[session].session != NULL ? session : MODEL_NOBODY;
    }
    publish.is_volatile = sim_chance(rng, 20);
    world_publish(world, &publish);
}

void world_unicast(struct sim_world *world, uint32_t session)
{
    uint8_t encoding = world->model.sessions[session].encoding;
    uint32_t number = ++world->message_count;
    bool is_volatile = sim_chance(&world->rng, 20);
    struct model_item item = {number, world_frame_len(number, encoding)};
    world_trace(world, "unicast message=%u session=%u volatile=%d", number, session, is_volatile);
    if (is_volatile) {
        world_catch_up(world);
    }
    model_send(&world->model, session, item, is_volatile);
    pl_session_send(world->sessions[session].session, world_encode(world, number, encoding),
                    is_volatile ? PL_SEND_VOLATILE : 0);
    if (is_volatile) {
        world_catch_up(world);
    }
}
