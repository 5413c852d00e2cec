/* One run: turns of a few random steps each, as the server's loop makes them, checked after every
 * step. */
#include "world.h"

#include "base/alloc.h"

#include <inttypes.h>

#define TRIES 8 /* to find an open, or a free, session at random */

/* A session that is open (or not), or session_max. */
static uint32_t pick(struct sim_world *world, bool is_open)
{
    for (int i = 0; i < TRIES; i++) {
        uint32_t session = sim_below(&world->rng, world->options.session_max);
        if ((world->sessions[session].session != NULL) == is_open) {
            return session;
        }
    }
    return world->options.session_max;
}

/* One that has lost its connection goes one of several ways. */
static void step_without_conn(struct sim_world *world, uint32_t session)
{
    uint32_t dice = sim_below(&world->rng, 10);
    if (dice < 4) {
        world_recover(world, session);
    } else if (dice < 7) {
        world_close(world, session);
    } else if (dice < 8) {
        world_detach(world, session);
    } else {
        world_receive(world, session); /* the last of what it had sent */
    }
}

/* Messages come alone or many at once; some are on their way already when the sink is paused. */
static void receive_some(struct sim_world *world, uint32_t session)
{
    uint32_t count = sim_chance(&world->rng, 25) ? sim_between(&world->rng, 2, 12) : 1;
    for (uint32_t i = 0; i < count; i++) {
        const struct sim_conn *conn = world->sessions[session].conn;
        if (conn == NULL || (conn->is_paused && !sim_chance(&world->rng, 10))) {
            return;
        }
        world_receive(world, session);
    }
}

static void step_with_conn(struct sim_world *world, uint32_t session)
{
    struct sim_conn *conn = world->sessions[session].conn;
    uint32_t stream = sim_below(&world->rng, world->stream_max);
    uint32_t dice = sim_below(&world->rng, 100);
    if (dice < 36) {
        world_join(world, session, stream);
    } else if (dice < 44) {
        world_leave(world, session, stream);
    } else if (dice < 64) {
        receive_some(world, session);
    } else if (dice < 70) {
        world_unicast(world, session);
    } else if (dice < 74) {
        world_suspend(world, session);
    } else if (dice < 78) {
        world_move(world, session);
    } else if (dice < 80) {
        world_detach(world, session);
    } else if (dice < 82) {
        world_drop(world, session);
    } else if (dice < 84) {
        world_close(world, session);
    } else if (conn->peer != SIM_PEER_STALLED || dice < 85) {
        conn_open_window(conn, conn->peer == SIM_PEER_POLLING ? 4000 : stream * 40 + 10);
    }
}

static uint32_t step(struct sim_world *world)
{
    uint32_t dice = sim_below(&world->rng, 100);
    uint32_t session = 0;
    bool is_growing = world->open_count < world->options.session_max / 2;
    if (dice < (is_growing ? 40U : 8U)) {
        session = pick(world, false);
        if (session < world->options.session_max) {
            world_connect(world, session);
        }
        return session;
    }
    if (dice < (is_growing ? 55U : 32U)) {
        world_publish_any(world);
        return world->options.session_max;
    }
    session = pick(world, true);
    if (session == world->options.session_max) {
        return session;
    }
    if (world->sessions[session].conn == NULL) {
        step_without_conn(world, session);
    } else {
        step_with_conn(world, session);
    }
    return session;
}

/* Small worlds are looked at whole, large ones where something happened and whole now and then. */
static void check_after(struct sim_world *world, uint32_t session)
{
    uint32_t rhythm = world->options.session_max / (world->thread_count > 0 ? 20 : 4) + 1;
    if (world->thread_count > 0) { /* only where nothing is on its way do both sides agree */
        world_run_threads(world);
        if (!sim_chance(&world->rng, 20)) {
            return;
        }
        world_catch_up(world);
    }
    check_counts(world);
    if (session < world->options.session_max) {
        check_session(world, session);
    }
    if (world->step % rhythm == 0) {
        check_all(world);
    } else {
        check_stream(world, (uint32_t)(world->step % world->stream_max));
    }
}

/* Slow consumers are closed when the turn ends: some at once, some when the hub hears of it. */
static void close_overflowed(struct sim_world *world)
{
    for (uint32_t i = 0; i < world->options.session_max; i++) {
        struct sim_conn *conn = world->sessions[i].conn;
        if (conn == NULL || !conn->has_overflowed) {
            continue;
        }
        if (sim_chance(&world->rng, 50)) {
            world_close(world, i);
        } else {
            world_drop(world, i);
        }
    }
}

static void turn_begin(struct sim_world *world)
{
    world->now_ms += sim_below(&world->rng, 20);
    world->unix_us += (int64_t)sim_below(&world->rng, 20000);
    if (sim_chance(&world->rng, 2)) { /* calendar time may jump */
        world->unix_us -= 5000000;
    }
    pl_hub_turn_begin(world->hub);
    if (pl_hub_now_ms(world->hub) != world->now_ms) {
        world_fail(world, "the hub has the wrong time");
    }
    pl_timers_run(&world->timers, world->now_ms);
}

static void end_all(struct sim_world *world)
{
    for (uint32_t i = 0; i < world->options.session_max; i++) {
        if (world->sessions[i].session != NULL) {
            world_close(world, i);
        }
    }
    pl_hub_turn_begin(world->hub);
    world_catch_up(world);
    check_all(world);
    if (world->free_track_count != world->track_count || world->metas_alive != 0 ||
        world->timers.count != 0) {
        world_fail(world, "something is left at the end");
    }
}

struct seeds_result sim_run(const struct sim_options *options)
{
    struct sim_world *world = pl_alloc(sizeof(*world));
    struct seeds_result result;
    uint64_t last_overflows = 0;
    world_init(world, options);
    while (world->step < options->step_count) {
        uint32_t count = sim_between(&world->rng, 1, 6);
        turn_begin(world);
        for (uint32_t i = 0; i < count; i++) {
            world->step++;
            check_after(world, step(world));
        }
        world_flush(world);
        if (world->overflows_expected != last_overflows) {
            last_overflows = world->overflows_expected;
            close_overflowed(world);
        }
    }
    end_all(world);
    result =
        (struct seeds_result){world->hash, {world->publishes_expected, world->delivered_count}};
    world_fini(world);
    pl_free(world);
    return result;
}
