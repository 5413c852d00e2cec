/* One run of the simulator: random things in turns, and what must be true when all is quiet. */
#ifndef PL_SIM_TALO_RUN_H
#define PL_SIM_TALO_RUN_H

#include "world.h"

struct world_result run_seed(const struct world_options *options);

#endif
