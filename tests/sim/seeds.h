/* The command line of a simulator: one seed with its trace, or a range of them in a child process, so
 * that a crash is told with its seed as well. */
#ifndef PL_SIM_SEEDS_H
#define PL_SIM_SEEDS_H

#include "base/defs.h"

#define SEEDS_TWICE_EVERY 20 /* of a range: done again, which must give the same hash */

struct seeds_program {
    const char *name;
    const char *about; /* a sentence of the help */
    int (*run_one)(uint64_t seed, bool has_trace);
    /* `current` is set to each seed before it runs. */
    int (*run_range)(uint64_t from, uint64_t count, volatile uint64_t *current);
};

/* What main returns. */
int seeds_main(const struct seeds_program *program, int argc, char **argv);

#endif
