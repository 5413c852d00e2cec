/* An I/O thread, for what runs there: a loop with connections on it, that tells the hub what happens to
 * them. io/threads.h is the hub's side.
 * Threads: the I/O thread's. */
#ifndef PL_IO_THREAD_H
#define PL_IO_THREAD_H

#include "io/conn.h"

struct pl_blob;
struct pl_io_thread;

/* What happened to a connection of a thread. What it means is the affair of whoever put the
 * connection there. */
struct pl_io_event {
    uint8_t kind; /* the sender's own enum; PL_IO_GONE is everybody's */
    uint8_t detail;
    uint16_t code;
    struct pl_sink_id sink;
    struct pl_blob *bytes; /* one reference; may be NULL */
};

enum {
    PL_IO_GONE = 255, /* the last event of a connection: its descriptor is closed */
};

struct pl_conn_set *pl_io_thread_conns(struct pl_io_thread *thread);
uint32_t pl_io_thread_number(const struct pl_io_thread *thread); /* from 1 */
void *pl_io_thread_user(struct pl_io_thread *thread);

/* Tell the hub; event->bytes is taken over. */
void pl_io_thread_tell(struct pl_io_thread *thread, const struct pl_io_event *event);

#endif
