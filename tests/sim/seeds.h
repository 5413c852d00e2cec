/* The command line of a simulator: one seed with its trace, or a range of them in a child process, so
 * that a crash is told with its seed as well. */
#ifndef PL_SIM_SEEDS_H
#define PL_SIM_SEEDS_H

#include "base/defs.h"

/* What came of one run. */
struct seeds_result {
    uint64_t hash; /* of all that happened: the same seed must give the same */
    uint64_t counts[2];
};

struct seeds_program {
    const char *name;
    const char *about;      /* a sentence of the help */
    const char *counted[2]; /* what the counts of a result are of */
    struct seeds_result (*run)(uint64_t seed, bool has_trace);
};

/* What main returns. */
int seeds_main(const struct seeds_program *program, int argc, char **argv);

#endif
