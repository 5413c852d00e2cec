/* Simulated I/O threads: fan-outs behind channels, whose commands wait as long as the seed says. No
 * thread runs: that the channels carry cells between real ones is tests/unit/base/test_channel.c. */
#include "world.h"

#include "base/alloc.h"

/* A thread has fallen behind by more than the bound: the hub waits until it has caught up. */
static void on_over(void *user)
{
    struct sim_thread *thread = user;
    thread_catch_up(thread);
}

void thread_init(struct sim_world *world, uint32_t number)
{
    struct sim_thread *thread = &world->threads[number];
    uint32_t ring_cells = UINT32_C(1) << sim_between(&world->rng, 0, 6);
    thread->world = world;
    thread->ids.thread = number;
    pl_fanout_init(&thread->fanout);
    thread->fanout.ids.thread = number;
    pl_channel_init(&thread->commands, &(struct pl_channel_config){
                                           .ring_cells = ring_cells,
                                           .cell_bytes = sizeof(struct pl_fanout_command),
                                           .bytes_max = sim_between(&world->rng, 100, 20000),
                                           .on_over = on_over,
                                           .user = thread,
                                       });
    if (number > 0) {
        pl_port_rings_add(&world->port, number, &thread->commands);
    }
}

void thread_fini(struct sim_thread *thread)
{
    pl_channel_fini(&thread->commands);
    pl_fanout_fini(&thread->fanout);
    pl_sink_ids_fini(&thread->ids);
}

/* Returns whether there was one. */
static bool run_one(struct sim_thread *thread)
{
    struct pl_fanout_command command;
    size_t cost_bytes = 0;
    if (!pl_channel_pop(&thread->commands, &command)) {
        return false;
    }
    cost_bytes = pl_fanout_command_cost(&command);
    pl_fanout_command_run(&command, &thread->fanout, thread);
    pl_channel_done(&thread->commands, cost_bytes);
    return true;
}

void thread_run(struct sim_thread *thread, uint32_t count)
{
    while (count > 0 && run_one(thread)) {
        count--;
    }
}

void thread_catch_up(struct sim_thread *thread)
{
    do {
        while (run_one(thread)) {
        }
    } while (!pl_channel_settle(&thread->commands) || !pl_ring_is_empty(&thread->commands.ring));
}

void world_catch_up(struct sim_world *world)
{
    for (uint32_t number = 1; number <= world->thread_count; number++) {
        thread_catch_up(&world->threads[number]);
    }
}

/* Some of what waits, on some of the threads. */
void world_run_threads(struct sim_world *world)
{
    for (uint32_t number = 1; number <= world->thread_count; number++) {
        struct sim_thread *thread = &world->threads[number];
        if (sim_chance(&world->rng, 30)) {
            thread_run(thread, sim_below(&world->rng, 12));
        }
        if (sim_chance(&world->rng, 20)) { /* the end of a turn of the hub's */
            pl_channel_settle(&thread->commands);
        }
    }
}

/* What happens at the end of a turn: the hub's own loop always comes to it, the others in their own
 * time. */
void world_flush(struct sim_world *world)
{
    pl_fanout_flush(&world->threads[0].fanout);
    for (uint32_t number = 1; number <= world->thread_count; number++) {
        if (sim_chance(&world->rng, 60)) {
            pl_fanout_flush(&world->threads[number].fanout);
        }
    }
}
