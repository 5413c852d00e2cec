/* What a change of presence means (spec talo, 1.8.5 and 1.9).
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_PRESENCES_H
#define PL_SERVICE_TALO_PRESENCES_H

#include "service/talo/talo.h"
#include "store/talo/presence.h"

/* A connection came or went: the player's cached data are dropped, who left temporary channels
 * leaves their streams, and everything is told, in the order of 1.9. Presence is not told when the
 * alias is gone. */
void pl_talo_presence_apply(struct pl_talo *talo, const struct pl_talo_presence_change *change);

/* The same of a request, which is always told. */
void pl_talo_presence_apply_put(struct pl_talo *talo, const struct pl_talo_op_presence_set *set);

#endif
