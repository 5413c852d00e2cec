/* I/O threads: each runs a loop of its own with connections on it, and is told what to do by the
 * hub's thread through a channel of commands; what happens there comes back through a channel of
 * events. Neither side ever waits for the other to take something, but for one case: a hub that is
 * further ahead of a thread than the bound allows waits until that thread has caught up, as it would
 * have had it done the work itself, and the thread closes the slowest of its connections.
 * Threads: the hub's, but for what says otherwise. */
#ifndef PL_IO_THREADS_H
#define PL_IO_THREADS_H

#include "base/channel.h"
#include "base/fanout_command.h"
#include "io/thread.h"

struct pl_io_threads;

struct pl_io_threads_config {
    uint32_t count; /* 1 to PL_SINK_THREADS_MAX - 1 */
    struct pl_loop *hub_loop;
    struct pl_conn_set *hub_conns; /* where connections come from */
    size_t commands_max_bytes;     /* of what a thread has not done yet; 0: 64 MiB */
    /* On the hub's thread, in the order in which things happened on that thread. */
    void (*on_event)(void *user, const struct pl_io_event *event);
    /* On each thread, before it starts and after it has ended: what its connections share, which is
     * pl_io_thread_user. May be NULL. */
    void *(*make_user)(void *user, struct pl_conn_set *conns);
    void (*free_user)(void *thread_user);
    void *user;
};

/* Make them; they run from pl_io_threads_start on. */
PL_MUST_CHECK int pl_io_threads_create(struct pl_io_threads **out,
                                       const struct pl_io_threads_config *config,
                                       struct pl_error *err);
PL_MUST_CHECK int pl_io_threads_start(struct pl_io_threads *threads, struct pl_error *err);

/* Stop and join them, close what is still open there (its events still come), free all. Before the
 * hub's loop and connections; NULL is fine. */
void pl_io_threads_destroy(struct pl_io_threads *threads);

uint32_t pl_io_threads_count(const struct pl_io_threads *threads);

/* The commands' channel of thread `number` (1 to count), for a port. */
struct pl_channel *pl_io_threads_commands(struct pl_io_threads *threads, uint32_t number);

/* A name for a connection to come, on the thread that has the fewest. Given back when the
 * connection is gone. */
struct pl_sink_id pl_io_threads_take_id(struct pl_io_threads *threads);

/* Send a command to the thread that has `command->sink`. */
void pl_io_threads_push(struct pl_io_threads *threads, const struct pl_fanout_command *command);

/* Send a call to every thread, each with a copy of `size` bytes at `arg` that the call frees. */
void pl_io_threads_call_all(struct pl_io_threads *threads, const struct pl_fanout_call *call,
                            const void *arg, size_t size);

/* What may change while they run. */
struct pl_io_limits {
    uint32_t input_messages_per_turn;
    uint32_t input_us_per_turn;
    uint32_t bytes_per_second_min; /* of each thread's conns */
};
void pl_io_threads_set_limits(struct pl_io_threads *threads, const struct pl_io_limits *limits);

/* Run `deferred` at the end of this turn, before the threads are woken. */
void pl_io_threads_defer(struct pl_io_threads *threads, struct pl_deferred *deferred);

/* Figures of all threads, added up. */
void pl_io_threads_merge_metrics(const struct pl_io_threads *threads, struct pl_metrics *metrics);
struct pl_io_figures {
    uint64_t queue_bytes;
    uint64_t delivered_count;
    uint64_t dropped_volatile_count;
};
struct pl_io_figures pl_io_threads_figures(const struct pl_io_threads *threads);

/* Tests move every clock. */
void pl_io_threads_advance(struct pl_io_threads *threads, int64_t ms);

#endif
