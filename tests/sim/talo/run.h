/* One run of the simulator: random things in turns, and what must be true when all is quiet. */
#ifndef PL_SIM_TALO_RUN_H
#define PL_SIM_TALO_RUN_H

#include "sim/seeds.h"

struct seeds_result run_seed(uint64_t seed, bool has_trace);

#endif
