/* What both sides of an I/O thread's channels know of it. Each field says whose it is. */
#ifndef PL_IO_THREAD_INTERNAL_H
#define PL_IO_THREAD_INTERNAL_H

#include "base/blob.h"
#include "io/threads.h"

#include <pthread.h>

#define PL_IO_RING_CELLS 16384

struct pl_io_thread {
    struct pl_io_threads *group;
    uint32_t number;
    pthread_t pthread;
    bool is_running;
    struct pl_loop *loop;
    struct pl_fanout fanout;
    struct pl_metrics metrics;
    struct pl_conn_set conns;
    struct pl_turn_hook hook;     /* first of its loop's: commands come before input */
    struct pl_turn_hook end_hook; /* last of them: the hub is woken once */
    void *user;
    struct pl_channel commands; /* hub to thread */
    struct pl_channel events;   /* thread to hub */
    _Atomic bool must_shed;     /* the hub waits: close the slowest */
    bool holds_input;           /* until the hub has caught up */
    struct pl_sink_ids ids;     /* the hub's */
    uint32_t conn_count;        /* the hub's: names given out */
    int64_t shed_us;            /* the hub's */
};

struct pl_io_threads {
    struct pl_io_threads_config config;
    struct pl_turn_hook hook;      /* on the hub's loop, before all others */
    struct pl_turn_hook last_hook; /* and behind them */
    struct pl_list deferred;
    uint32_t next_thread; /* whose event comes next */
    bool is_first;        /* in this turn the events come before the loop's own input */
    uint32_t count;
    struct pl_io_thread *threads; /* number - 1 */
};

/* What an event keeps in memory. */
static inline size_t pl_io_event_cost(const struct pl_io_event *event)
{
    return event->bytes == NULL ? 0 : event->bytes->len;
}

/* --- thread.c --- */

/* Make its loop, fan-out and connections, and its channel of events. */
PL_MUST_CHECK int pl_io_thread_init(struct pl_io_thread *thread, struct pl_io_threads *group,
                                    uint32_t number, struct pl_error *err);
void pl_io_thread_fini(
    struct pl_io_thread *thread); /* once it is joined and its channels are empty */

/* Do the next thing that the hub has told it. Returns whether there was one. */
bool pl_io_thread_run_command(struct pl_io_thread *thread);

void *pl_io_thread_run(void *thread); /* what pthread_create starts */

#endif
