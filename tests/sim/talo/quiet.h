/* What must be true once the store has answered everything.
 * Ends the run when it is not. */
#ifndef PL_SIM_TALO_QUIET_H
#define PL_SIM_TALO_QUIET_H

#include "world.h"

void quiet_check(struct world *world);

#endif
