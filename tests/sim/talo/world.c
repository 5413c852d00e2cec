/* The simulated world. */
#include "world.h"

#include "base/alloc.h"
#include "event_text.h"
#include "store/talo/channels.h"
#include "store/talo/games.h"
#include "store/talo/players.h"
#include "store/talo/presence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define UNIX_MS INT64_C(1760000000000)
#define RECEIVED_MAX ((size_t)1 << 20)

/* --- trace and failure --- */

void world_trace(struct world *world, const char *fmt, ...)
{
    char *line = world->trace[world->trace_count++ % WORLD_TRACE_LINES];
    int len = snprintf(line, WORLD_TRACE_WIDTH, "%" PRId64 " ", world->now_ms);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(line + len, (size_t)(WORLD_TRACE_WIDTH - len), fmt, args);
    va_end(args);
    if (world->has_trace) {
        puts(line);
    }
}

void world_fail(struct world *world, const char *fmt, ...)
{
    va_list args;
    uint64_t count = world->trace_count;
    fflush(stdout);
    if (!world->has_trace) {
        uint64_t first = count > WORLD_TRACE_LINES ? count - WORLD_TRACE_LINES : 0;
        for (uint64_t i = first; i < count; i++) {
            fprintf(stderr, "%s\n", world->trace[i % WORLD_TRACE_LINES]);
        }
    }
    fprintf(stderr, "talo-sim: seed %" PRIu64 ": ", world->seed);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

void world_hash(struct world *world, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++) {
        world->hash = (world->hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
}

void world_check(struct world *world)
{
    pl_fanout_flush(&world->fanout);
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        struct pl_buf *received = &world->conns[i].received;
        struct pl_buf *expected = &world->model.conns[i].expected;
        if (received->len != expected->len ||
            (received->len > 0 && memcmp(received->ptr, expected->ptr, received->len) != 0)) {
            world_fail(world, "connection %d received\n  %.*s\nand not\n  %.*s", i,
                       (int)received->len, received->len == 0 ? "" : (char *)received->ptr,
                       (int)expected->len, expected->len == 0 ? "" : (char *)expected->ptr);
        }
        if (received->len > 0) {
            world_trace(world, "  %d gets %.*s", i, (int)received->len, (char *)received->ptr);
            world_hash(world, &i, sizeof(i));
            world_hash(world, received->ptr, received->len);
        }
        pl_buf_clear(received);
        pl_buf_clear(expected);
    }
}

/* --- clock and randomness --- */

static int64_t now_ms(void *user)
{
    return ((struct world *)user)->now_ms;
}

static int64_t unix_us(void *user)
{
    return (UNIX_MS + ((struct world *)user)->now_ms) * 1000;
}

static void fill_random(void *user, void *out, size_t size)
{
    struct world *world = user;
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)out)[i] = (uint8_t)sim_next(&world->hub_rng);
    }
}

void world_pass(struct world *world, int64_t ms)
{
    world->now_ms += ms;
    pl_hub_turn_begin(world->hub);
    (void)pl_timers_run(&world->timers, world->now_ms);
}

/* --- events --- */

static const char *details_of(char out[MODEL_DETAILS_MAX], const struct model *model,
                              const struct pl_talo_event *event)
{
    const struct pl_talo_player *player = event->alias->player;
    struct pl_str status = player->has_presence ? player->presence.custom_status : PL_STR("");
    long long owner = event->channel == NULL ? 0 : event_text_id(event->channel->owner);
    return model_details(out, model, status.len == 0 ? '\0' : status.ptr[0], (int)owner);
}

static struct pl_frame *encode(void *user, const struct pl_talo_event *event, uint8_t encoding)
{
    bool has_details =
        event->kind == PL_TALO_EVENT_MESSAGE || event->kind == PL_TALO_EVENT_BROADCAST;
    char details[MODEL_DETAILS_MAX];
    (void)encoding;
    return event_text_frame(
        event, has_details ? details_of(details, &((const struct world *)user)->model, event) : "");
}

/* --- the beginning and the end --- */

static void run(struct world *world, struct pl_store_op *op)
{
    if (pl_store_run(world->fake, op) != 0) {
        world_fail(world, "%s: rc=%d %s", op->type->name, op->rc, op->error.text);
    }
}

static void make_game(struct world *world)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_game_create_type, 0);
    struct pl_talo_op_game_create *game = (void *)op;
    struct pl_buf sealed;
    pl_buf_init(&sealed, 1024);
    pl_talo_secret_seal(&sealed, (const uint8_t[PL_SEAL_KEY_BYTES]){1},
                        (const uint8_t[PL_SEAL_NONCE_BYTES]){1}, PL_TALO_SECRET_GAME, 1,
                        PL_STR("secret"));
    game->game = (struct pl_talo_game){.id = 1, .name = PL_STR("game")};
    game->sealed_secret = pl_buf_str(&sealed);
    run(world, op);
    pl_store_op_free(op);
    pl_buf_fini(&sealed);
}

/* A player with one alias, whose number is the next one, of a service of its own: so that any two
 * players can be merged. */
static void make_alias(struct world *world)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_player_identify_type, 0);
    struct pl_talo_op_player_identify *identify = (void *)op;
    struct model *model = &world->model;
    char name[16];
    (void)snprintf(name, sizeof(name), "p%d", model->alias_count);
    identify->game_id = 1;
    identify->service = pl_str_of_cstr(name);
    identify->identifier = pl_str_of_cstr(name);
    identify->may_create = true;
    identify->new_alias_id = model->alias_count + 1;
    fill_random(world, identify->new_player_id.bytes, sizeof(identify->new_player_id.bytes));
    identify->now_ms = UNIX_MS;
    run(world, op);
    model->players[model->player_count].id = identify->new_player_id;
    model->alias_player[model->alias_count++] = model->player_count++;
    pl_store_op_free(op);
}

/* The last player becomes a second alias of the one before. */
static void merge_last(struct world *world)
{
    struct model *model = &world->model;
    struct pl_store_op *op =
        world_make_merge(world, model->player_count - 2, model->player_count - 1);
    run(world, op);
    pl_store_op_free(op);
    model->player_count--;
    model->alias_player[model->alias_count - 1] = model->player_count - 1;
}

struct pl_store_op *world_make_merge(struct world *world, int player, int other)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_player_merge_type, 0);
    struct pl_talo_op_player_merge *merge = (void *)op;
    merge->game_id = 1;
    merge->acting_alias_id = 1; /* which is asked for where a service proves who one is */
    merge->player1_id = world->model.players[player].id;
    merge->player2_id = world->model.players[other].id;
    merge->now_ms = UNIX_MS + world->now_ms;
    return op;
}

static void make_players(struct world *world)
{
    uint32_t count = sim_between(&world->rng, 2, MODEL_ALIASES_MAX - 1);
    while ((uint32_t)world->model.alias_count < count) {
        make_alias(world);
        if (sim_chance(&world->rng, 25)) {
            make_alias(world);
            merge_last(world);
        }
    }
}

static void make_talo(struct world *world)
{
    struct pl_talo_config config = {.hub = world->hub,
                                    .store = &world->spy.store,
                                    .encode = encode,
                                    .user = world,
                                    .sealing_key = {1}};
    struct pl_error err = {0};
    if (pl_talo_create(&world->talo, &config, &err) < 0) {
        world_fail(world, "%s", err.text);
    }
}

struct world *world_create(uint64_t seed, bool has_trace)
{
    struct world *world = pl_alloc(sizeof(*world));
    struct pl_hub_config hub = {.env = {now_ms, unix_us, fill_random, world},
                                .port_impl = &pl_port_inline,
                                .port = &world->fanout,
                                .timers = &world->timers};
    struct pl_error err = {0};
    world->seed = seed;
    world->has_trace = has_trace;
    world->rng.state = seed;
    world->hub_rng.state = ~seed;
    world->hash = UINT64_C(0xcbf29ce484222325);
    model_init(&world->model);
    pl_fanout_init(&world->fanout);
    pl_timers_init(&world->timers);
    if (pl_hub_create(&world->hub, &hub, &err) < 0 || world_create_store(world, &err) < 0) {
        world_fail(world, "%s", err.text);
    }
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        world->conns[i].world = world;
        pl_buf_init(&world->conns[i].received, RECEIVED_MAX);
    }
    make_game(world);
    make_players(world);
    make_talo(world);
    return world;
}

struct seeds_result world_destroy(struct world *world)
{
    struct seeds_result result = {0};
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (world->conns[i].session != NULL) {
            world_close(world, i);
        }
    }
    pl_talo_stop(world->talo);
    pl_store_destroy(&world->spy.store);
    pl_talo_destroy(world->talo);
    pl_hub_turn_begin(world->hub);
    pl_hub_destroy(world->hub);
    if (pl_timers_next_ms(&world->timers) != -1) {
        world_fail(world, "a timer is left");
    }
    pl_timers_fini(&world->timers);
    pl_fanout_fini(&world->fanout);
    model_fini(&world->model);
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        pl_buf_fini(&world->conns[i].received);
    }
    result = (struct seeds_result){world->hash, {world->event_count, world->op_count}};
    pl_free(world);
    return result;
}
