/* The port when sinks live on several threads: those of the hub's own are called directly, the
 * others' threads are sent commands. A publish goes to those threads alone that have a subscriber.
 * Threads: the hub's. */
#ifndef PL_HUB_PORT_RINGS_H
#define PL_HUB_PORT_RINGS_H

#include "base/channel.h"
#include "base/fanout_command.h"
#include "hub/port.h"

/* The way to one thread. */
struct pl_port_lane {
    struct pl_channel *commands; /* cells are struct pl_fanout_command; NULL: no such thread */
    uint32_t *subscribers;       /* sinks of that thread, by stream */
    uint32_t stream_cap;
};

struct pl_port_rings {
    struct pl_fanout *local; /* thread 0 */
    uint32_t lane_count;     /* the highest thread's number, plus one */
    struct pl_port_lane lanes[PL_SINK_THREADS_MAX];
};

/* `port` of a hub is a struct pl_port_rings. */
extern const struct pl_port_impl pl_port_rings;

void pl_port_rings_init(struct pl_port_rings *port, struct pl_fanout *local);
void pl_port_rings_fini(struct pl_port_rings *port); /* zeroed memory is fine */

/* commands: borrowed; thread: 1 to PL_SINK_THREADS_MAX - 1. */
void pl_port_rings_add(struct pl_port_rings *port, uint32_t thread, struct pl_channel *commands);

#endif
