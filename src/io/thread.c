/* What an I/O thread does: commands first, then its sockets; what there is to tell goes to the hub, which is
 * woken once a turn. */
#include "io/thread.h"

#include "base/alloc.h"
#include "base/blob.h"
#include "io/thread_internal.h"

#include <stdio.h>

/* What it may have told the hub that the hub has not looked at; past it, it reads nothing. */
#define EVENTS_MAX_BYTES ((size_t)8 * 1024 * 1024)
#define EVENTS_MAX (PL_IO_RING_CELLS / 2)
#define SLOW_SHARE 4

/* --- telling --- */

void pl_io_thread_tell(struct pl_io_thread *thread, const struct pl_io_event *event)
{
    pl_channel_push(&thread->events, event, pl_io_event_cost(event));
}

static void on_gone(struct pl_conn_set *set, struct pl_sink_id sink)
{
    struct pl_io_thread *thread = PL_CONTAINER_OF(set, struct pl_io_thread, conns);
    pl_io_thread_tell(thread, &(struct pl_io_event){.kind = PL_IO_GONE, .sink = sink});
}

/* Events that the hub takes no more of wait here; they are few, since nothing is read meanwhile. */
static void on_events_over(void *user)
{
    (void)user;
}

/* Whether the hub is so far behind that reading more would only pile up. */
static bool is_hub_behind(const struct pl_io_thread *thread)
{
    return pl_channel_bytes(&thread->events) > EVENTS_MAX_BYTES ||
           pl_ring_count(&thread->events.ring) > EVENTS_MAX;
}

static void update_hold(struct pl_io_thread *thread)
{
    bool is_behind = is_hub_behind(thread);
    if (is_behind != thread->holds_input) {
        thread->holds_input = is_behind;
        pl_loop_hold_input(thread->loop, is_behind);
    }
}

/* --- shedding --- */

/* Whether it is slow: its socket takes nothing, and a good part of its bound is unsent. */
static bool is_slow(const struct pl_conn *conn)
{
    return conn->sink.is_blocked && conn->sink.outq.bytes > conn->sink.limit_bytes / SLOW_SHARE;
}

/* The slowest are those that have at least half of what the fullest of them has. */
static void shed(struct pl_io_thread *thread)
{
    size_t most = 0;
    PL_LIST_EACH(node, &thread->conns.open)
    {
        const struct pl_conn *conn = PL_CONTAINER_OF(node, struct pl_conn, in_set);
        if (is_slow(conn) && conn->sink.outq.bytes > most) {
            most = conn->sink.outq.bytes;
        }
    }
    if (most == 0) {
        return; /* there may be some before the hub stops waiting */
    }
    atomic_store(&thread->must_shed, false);
    PL_LIST_EACH(node, &thread->conns.open)
    {
        struct pl_conn *conn = PL_CONTAINER_OF(node, struct pl_conn, in_set);
        if (is_slow(conn) && conn->sink.outq.bytes >= most / 2) {
            pl_metrics_add(&thread->metrics, PL_METRIC_SLOW_CONSUMERS, 1);
            pl_conn_close(conn, PL_CONN_END_OVERFLOW);
        }
    }
}

/* --- the turn --- */

bool pl_io_thread_run_command(struct pl_io_thread *thread)
{
    struct pl_fanout_command command;
    size_t cost_bytes = 0;
    if (!pl_channel_pop(&thread->commands, &command)) {
        return false;
    }
    cost_bytes = pl_fanout_command_cost(&command); /* before what it holds is given back */
    pl_fanout_command_run(&command, &thread->fanout, thread);
    pl_channel_done(&thread->commands, cost_bytes);
    return true;
}

static int thread_may_sleep_ms(struct pl_turn_hook *hook)
{
    struct pl_io_thread *thread = PL_CONTAINER_OF(hook, struct pl_io_thread, hook);
    return pl_channel_sleep(&thread->commands) ? -1 : 0;
}

static void thread_begin(struct pl_turn_hook *hook)
{
    struct pl_io_thread *thread = PL_CONTAINER_OF(hook, struct pl_io_thread, hook);
    uint32_t left =
        PL_IO_RING_CELLS; /* no more than a ring of them, so that sockets get their turn */
    pl_channel_awake(&thread->commands);
    while (left-- > 0 && pl_io_thread_run_command(thread)) {
        if (atomic_load_explicit(&thread->must_shed, memory_order_relaxed)) {
            shed(thread);
        }
    }
    pl_channel_settle(&thread->events);
    update_hold(thread);
}

static void thread_end(struct pl_turn_hook *hook)
{
    struct pl_io_thread *thread = PL_CONTAINER_OF(hook, struct pl_io_thread, end_hook);
    pl_metrics_observe(&thread->metrics, PL_HISTOGRAM_IO_TURN,
                       (uint64_t)pl_loop_turn_us(thread->loop));
    pl_channel_settle(&thread->events);
    update_hold(thread);
    if (pl_channel_must_wake(&thread->events)) {
        pl_loop_wake(thread->group->config.hub_loop);
    }
}

void *pl_io_thread_run(void *user)
{
    struct pl_io_thread *thread = user;
    char name[16];
    snprintf(name, sizeof(name), "parley-io-%u", thread->number);
    pthread_setname_np(pthread_self(), name); /* for those who look at threads */
    pl_loop_run(thread->loop);
    return NULL;
}

struct pl_conn_set *pl_io_thread_conns(struct pl_io_thread *thread)
{
    return &thread->conns;
}

uint32_t pl_io_thread_number(const struct pl_io_thread *thread)
{
    return thread->number;
}

void *pl_io_thread_user(struct pl_io_thread *thread)
{
    return thread->user;
}

/* --- its life --- */

int pl_io_thread_init(struct pl_io_thread *thread, struct pl_io_threads *group, uint32_t number,
                      struct pl_error *err)
{
    const struct pl_io_threads_config *config = &group->config;
    int rc = pl_loop_create(&thread->loop, err);
    if (rc < 0) {
        return rc;
    }
    thread->group = group;
    thread->number = number;
    thread->ids.thread = number;
    pl_channel_init(&thread->events,
                    &(struct pl_channel_config){.ring_cells = PL_IO_RING_CELLS,
                                                .cell_bytes = sizeof(struct pl_io_event),
                                                .bytes_max = SIZE_MAX,
                                                .on_over = on_events_over});
    pl_fanout_init(&thread->fanout);
    thread->fanout.ids.thread = number;
    thread->fanout.metrics = &thread->metrics;
    thread->hook =
        (struct pl_turn_hook){.may_sleep_ms = thread_may_sleep_ms, .begin = thread_begin};
    thread->end_hook = (struct pl_turn_hook){.end = thread_end};
    pl_loop_hook_add(thread->loop, &thread->hook);
    pl_conn_set_init(&thread->conns, thread->loop, &thread->fanout, &thread->metrics);
    thread->conns.on_gone = on_gone;
    pl_loop_hook_add(thread->loop, &thread->end_hook);
    thread->user =
        config->make_user == NULL ? NULL : config->make_user(config->user, &thread->conns);
    return 0;
}

void pl_io_thread_fini(struct pl_io_thread *thread)
{
    pl_loop_destroy(thread->loop); /* frees the connections */
    if (thread->user != NULL && thread->group->config.free_user != NULL) {
        thread->group->config.free_user(thread->user);
    }
    pl_fanout_fini(&thread->fanout);
    pl_channel_fini(&thread->commands);
    pl_channel_fini(&thread->events);
    pl_sink_ids_fini(&thread->ids);
}
