/* The port: what the hub asks of the side that moves bytes (design, section 4). With io_threads 0
 * it is a handful of direct calls on the hub's own fan-out (hub/port_inline.h); I/O threads and the
 * simulator are other ways to carry the same messages. Order is kept: a subscribe takes effect
 * exactly between two publishes.
 * Threads: the hub's. */
#ifndef PL_HUB_PORT_H
#define PL_HUB_PORT_H

#include "base/fanout.h"

struct pl_port_impl {
    /* One frame for one sink; takes the reference over. flags: PL_SEND_... */
    void (*send)(void *port, struct pl_sink_id sink, struct pl_frame *frame, unsigned flags);
    void (*publish)(void *port, const struct pl_fanout_publish *publish);
    void (*subscribe)(void *port, struct pl_sink_id sink, uint32_t stream);
    void (*unsubscribe)(void *port, struct pl_sink_id sink, uint32_t stream);
    void (*pause)(void *port, struct pl_sink_id sink);
    void (*resume)(void *port, struct pl_sink_id sink);
    /* Flush what is queued, then close. reason: borrowed. */
    void (*close)(void *port, struct pl_sink_id sink, uint16_t code, struct pl_str reason);
};

#endif
