/* The port when the hub's own thread does the I/O: direct calls on one fan-out. */
#ifndef PL_HUB_PORT_INLINE_H
#define PL_HUB_PORT_INLINE_H

#include "hub/port.h"

/* Its `port` argument is a struct pl_fanout. */
extern const struct pl_port_impl pl_port_inline;

#endif
