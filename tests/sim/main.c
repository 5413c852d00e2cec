/* `sim`: runs the hub from seeds. */
#include "sim/seeds.h"

#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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

static int run_range(uint64_t from, uint64_t count, volatile uint64_t *current)
{
    struct sim_result total = {0};
    for (uint64_t seed = from; seed < from + count; seed++) {
        struct sim_options options = options_of(seed, false);
        struct sim_result result;
        *current = seed;
        result = sim_run(&options);
        if (seed % SEEDS_TWICE_EVERY == 0 && sim_run(&options).hash != result.hash) {
            fprintf(stderr, "sim: seed %" PRIu64 " gives two different hashes\n", seed);
            return EXIT_FAILURE;
        }
        total.hash = (total.hash ^ result.hash) * UINT64_C(0x100000001b3);
        total.delivered_count += result.delivered_count;
        total.publish_count += result.publish_count;
    }
    printf("sim: %" PRIu64 " seeds, %" PRIu64 " publishes, %" PRIu64
           " messages delivered, hash %016" PRIx64 "\n",
           count, total.publish_count, total.delivered_count, total.hash);
    return EXIT_SUCCESS;
}

static int run_one(uint64_t seed, bool has_trace)
{
    struct sim_options options = options_of(seed, has_trace);
    struct sim_result result = sim_run(&options);
    printf("sim: seed %" PRIu64 ": %u sessions, %u threads, %u steps, %" PRIu64
           " publishes, %" PRIu64 " messages delivered, hash %016" PRIx64 "\n",
           options.seed, options.session_max, options.thread_count, options.step_count,
           result.publish_count, result.delivered_count, result.hash);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct seeds_program program = {
        .name = "sim",
        .about =
            "Runs the real hub and fan-out in a simulated world and compares them with a model.",
        .run_one = run_one,
        .run_range = run_range,
    };
    return seeds_main(&program, argc, argv);
}
