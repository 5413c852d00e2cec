/* `client-sim`: runs the client from seeds. */
#include "world.h"

int main(int argc, char **argv)
{
    static const struct seeds_program program = {
        .name = "client-sim",
        .about = "Runs the client library over a simulated network against a model of a server.",
        .counted = {"packets", "upgrades"},
        .run = world_run,
    };
    return seeds_main(&program, argc, argv);
}
