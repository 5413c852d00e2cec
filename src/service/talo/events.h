/* Events for the connections of one or two aliases (spec talo, 1.8.9): a look-up, not a stream.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_EVENTS_H
#define PL_SERVICE_TALO_EVENTS_H

#include "service/talo/talo.h"

/* To those connections of the aliases that have the scope; in the order of the aliases, then of
 * opening. Encoded once for each encoding among them. */
void pl_talo_event_send(struct pl_talo *talo, const int64_t *alias_ids, size_t alias_count,
                        uint32_t scope, const struct pl_talo_event *event);

#endif
