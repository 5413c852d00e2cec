/* `talo-sim`: runs Talo's world from seeds. */
#include "run.h"
#include "sim/seeds.h"

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
        result = run_seed(&options);
        if (seed % SEEDS_TWICE_EVERY == 0 && run_seed(&options).hash != result.hash) {
            fprintf(stderr, "talo-sim: seed %" PRIu64 " gives two different hashes\n", seed);
            return EXIT_FAILURE;
        }
        total.hash = (total.hash ^ result.hash) * UINT64_C(0x100000001b3);
        total.event_count += result.event_count;
        total.op_count += result.op_count;
    }
    printf("talo-sim: %" PRIu64 " seeds, %" PRIu64 " events, %" PRIu64
           " operations, hash %016" PRIx64 "\n",
           count, total.event_count, total.op_count, total.hash);
    return EXIT_SUCCESS;
}

static int run_one(uint64_t seed, bool has_trace)
{
    struct world_options options = {.seed = seed, .has_trace = has_trace};
    struct world_result result = run_seed(&options);
    printf("talo-sim: seed %" PRIu64 ": %" PRIu64 " events, %" PRIu64
           " operations, hash %016" PRIx64 "\n",
           options.seed, result.event_count, result.op_count, result.hash);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct seeds_program program = {
        .name = "talo-sim",
        .about = "Runs games, players and channels on a store that answers late and fails, and\n"
                 "compares what clients receive with a model.",
        .run_one = run_one,
        .run_range = run_range,
    };
    return seeds_main(&program, argc, argv);
}
