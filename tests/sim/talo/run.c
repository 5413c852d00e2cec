/* One run: a few random things a turn, checked after each; now and then all is quiet. */
#include "run.h"

#include "quiet.h"
#include "requests.h"

#define STEPS_MIN 300
#define STEPS_MAX 1500
#define SETTLE_EVERY 250

/* --- connections --- */

static uint32_t pick_scopes(struct world *world)
{
    uint32_t scopes = PL_TALO_SCOPES_ALL;
    if (sim_chance(&world->rng, 40)) {
        scopes = (uint32_t)sim_next(&world->rng) & ((1u << PL_TALO_SCOPE_COUNT) - 1);
    }
    return scopes;
}

/* With a ticket of its own, mostly; or with one that may have been used, or be over. */
static void open_conn(struct world *world, int at)
{
    size_t back = 0;
    if (world->ticket_count == 0 || sim_chance(&world->rng, 80)) {
        world_issue_ticket(world);
    } else if (world->ticket_count >= WORLD_TICKETS_MAX) {
        back = sim_below(&world->rng, WORLD_TICKETS_MAX);
    }
    world_open(world, at, world->ticket_count - 1 - back, pick_scopes(world));
}

/* What a client sends next: first who it is, then mostly to channels that it is in. */
static struct world_wish make_wish(struct world *world, int at)
{
    const struct model_conn *conn = &world->model.conns[at];
    struct world_wish wish = {.alias = world_pick_alias(world),
                              .channel = world_pick_channel(world)};
    uint32_t dice = sim_below(&world->rng, 100);
    for (int i = 0; i < 8 && !conn->channels[wish.channel]; i++) {
        wish.channel = world_pick_channel(world);
    }
    if (dice < (conn->alias == MODEL_NOBODY ? 85u : 4u)) {
        wish.kind = WORLD_IDENTIFY;
    } else {
        wish.kind = dice < 88 ? WORLD_MESSAGE : WORLD_BROADCAST;
    }
    return wish;
}

static void step_conn(struct world *world)
{
    int at = (int)sim_below(&world->rng, world->conn_max);
    if (world->conns[at].session == NULL) {
        open_conn(world, at);
    } else if (sim_chance(&world->rng, 6)) {
        world_close(world, at);
    } else {
        uint32_t count = sim_chance(&world->rng, 20) ? sim_between(&world->rng, 2, 5) : 1;
        for (uint32_t i = 0; i < count; i++) {
            struct world_wish wish = make_wish(world, at);
            world_send(world, at, &wish);
        }
    }
}

/* --- the store --- */

static void change_mood(struct world *world)
{
    static const int codes[] = {PL_E_IO, PL_E_FULL, PL_E_CLOSED};
    world->fail_percent = 0;
    world->commit_code = 0;
    if (world->seed % 3 == 0 || sim_chance(&world->rng, 60)) {
        return; /* in one seed out of three nothing ever fails */
    }
    world->fail_code = codes[sim_below(&world->rng, 3)];
    if (sim_chance(&world->rng, 50)) {
        world->fail_percent = sim_chance(&world->rng, 30) ? 100 : 30;
    } else {
        world->commit_code = world->fail_code;
    }
    world_trace(world, "the store fails: %d %% with %d, commits with %d", (int)world->fail_percent,
                world->fail_code, world->commit_code);
}

static void step_store(struct world *world)
{
    uint32_t dice = sim_below(&world->rng, 10);
    if (dice < 4) {
        world_write(world, sim_between(&world->rng, 1, 8));
    } else if (dice < 6) {
        world_read(world, sim_between(&world->rng, 1, 4));
    } else {
        world_answer(world);
    }
}

static void step(struct world *world)
{
    uint32_t dice = sim_below(&world->rng, 100);
    if (dice < 50) {
        step_conn(world);
    } else if (dice < 62) {
        requests_step(world);
    } else if (dice < 92) {
        step_store(world);
    } else if (dice < 98) {
        world_pass(world, sim_between(&world->rng, 1, 700));
    } else if (dice < 99) {
        world_pass(world, sim_between(&world->rng, 1, sim_chance(&world->rng, 20) ? 400000 : 5000));
    } else {
        change_mood(world);
    }
    world_check(world);
}

struct seeds_result run_seed(uint64_t seed, bool has_trace)
{
    struct world *world = world_create(seed, has_trace);
    uint32_t count = sim_between(&world->rng, STEPS_MIN, STEPS_MAX);
    world->conn_max = sim_between(&world->rng, 2, MODEL_CONNS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        step(world);
        if (i % SETTLE_EVERY == SETTLE_EVERY - 1) {
            quiet_check(world);
        }
    }
    quiet_check(world);
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (world->conns[i].session != NULL) {
            world_close(world, i);
        }
    }
    quiet_check(world);
    return world_destroy(world);
}
