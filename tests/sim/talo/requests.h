/* Requests over REST, and what they are about. */
#ifndef PL_SIM_TALO_REQUESTS_H
#define PL_SIM_TALO_REQUESTS_H

#include "world.h"

/* A random one. */
void requests_step(struct world *world);

int world_pick_alias(struct world *world);

/* Mostly one that was made lately; perhaps one that was not made. */
int world_pick_channel(struct world *world);

#endif
