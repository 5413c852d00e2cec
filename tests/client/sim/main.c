/* `client-sim`: runs the client from seeds. */
#include "sim/seeds.h"
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int run_range(uint64_t from, uint64_t count, volatile uint64_t *current)
{
    struct world_result total = {0};
    for (uint64_t seed = from; seed < from + count; seed++) {
        struct world_options options = {.seed = seed};
        struct world_result result;
        *current = seed;
        result = world_run(&options);
        if (seed % SEEDS_TWICE_EVERY == 0 && world_run(&options).hash != result.hash) {
            fprintf(stderr, "client-sim: seed %" PRIu64 " gives two different hashes\n", seed);
            return EXIT_FAILURE;
        }
        total.hash = (total.hash ^ result.hash) * UINT64_C(0x100000001b3);
        total.delivered_count += result.delivered_count;
        total.upgrade_count += result.upgrade_count;
    }
    printf("client-sim: %" PRIu64 " seeds, %" PRIu64 " packets, %" PRIu64
           " upgrades, hash %016" PRIx64 "\n",
           count, total.delivered_count, total.upgrade_count, total.hash);
    return EXIT_SUCCESS;
}

static int run_one(uint64_t seed, bool has_trace)
{
    struct world_options options = {.seed = seed, .has_trace = has_trace};
    struct world_result result = world_run(&options);
    printf("client-sim: seed %" PRIu64 ": %" PRIu64 " packets, %" PRIu64
           " upgrades, hash %016" PRIx64 "\n",
           options.seed, result.delivered_count, result.upgrade_count, result.hash);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct seeds_program program = {
        .name = "client-sim",
        .about = "Runs the client library over a simulated network against a model of a server.",
        .run_one = run_one,
        .run_range = run_range,
    };
    return seeds_main(&program, argc, argv);
}
