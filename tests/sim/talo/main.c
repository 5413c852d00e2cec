/* `talo-sim`: runs Talo's world from seeds. */
#include "run.h"

int main(int argc, char **argv)
{
    static const struct seeds_program program = {
        .name = "talo-sim",
        .about = "Runs games, players and channels on a store that answers late and fails, and\n"
                 "compares what clients receive with a model.",
        .counted = {"events", "operations"},
        .run = run_seed,
    };
    return seeds_main(&program, argc, argv);
}
