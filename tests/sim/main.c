/* `sim`: runs the hub from seeds. */
#include "world.h"

#include <stdio.h>

#define LARGE_EVERY 50

/* Sizes follow from the seed alone: most worlds are small and checked closely. */
static struct sim_options options_of(uint64_t seed, bool has_trace)
{
    struct sim_rng rng = {.state = ~seed};
    struct sim_options options = {.seed = seed, .has_trace = has_trace};
    options.thread_count = seed % 3 == 2 ? sim_between(&rng, 1, SIM_THREADS_MAX) : 0;
    if (seed % LARGE_EVERY == 0) {
        options.session_max = 3000;
        options.step_count = 30000;
    } else if (seed % 4 == 1) {
        options.session_max = sim_between(&rng, 2, 12);
        options.step_count = sim_between(&rng, 500, 3000);
    } else {
        options.session_max = sim_between(&rng, 20, 300);
        options.step_count = sim_between(&rng, 1000, 4000);
    }
    return options;
}

static struct seeds_result run(uint64_t seed, bool has_trace)
{
    struct sim_options options = options_of(seed, has_trace);
    if (has_trace) {
        printf("%u sessions, %u threads, %u steps\n", options.session_max, options.thread_count,
               options.step_count);
    }
    return sim_run(&options);
}

int main(int argc, char **argv)
{
    static const struct seeds_program program = {
        .name = "sim",
        .about =
            "Runs the real hub and fan-out in a simulated world and compares them with a model.",
        .counted = {"publishes", "messages delivered"},
        .run = run,
    };
    return seeds_main(&program, argc, argv);
}
