/* The hub's side of the I/O threads: commands to them, events from them, their start and end. */
#include "io/threads.h"

#include "base/alloc.h"
#include "base/blob.h"
#include "base/env.h"
#include "io/thread_internal.h"

#include <string.h>
#include <time.h>

#define COMMANDS_MAX_BYTES ((size_t)64 * 1024 * 1024)
/* From here on the hub takes no more events: a million messages for connections, say. */
#define COMMANDS_AHEAD_BYTES ((size_t)16 * 1024 * 1024)
#define AHEAD_WAIT_MS 1
#define WAIT_NS 50000 /* between two looks at a thread that has to catch up */
#define SHED_PERIOD_US 1000000

/* --- the turn --- */

/* Whether some thread has so much to do that more would only make it wait longer: the hub takes no
 * events until it has caught up. */
static bool is_ahead(const struct pl_io_threads *threads)
{
    for (uint32_t i = 0; i < threads->count; i++) {
        const struct pl_channel *commands = &threads->threads[i].commands;
        if (commands->backlog_count > 0 || pl_channel_bytes(commands) > COMMANDS_AHEAD_BYTES) {
            return true;
        }
    }
    return false;
}

static int hub_may_sleep_ms(struct pl_turn_hook *hook)
{
    struct pl_io_threads *threads = PL_CONTAINER_OF(hook, struct pl_io_threads, hook);
    bool has_events = false;
    for (uint32_t i = 0; i < threads->count; i++) {
        has_events = !pl_channel_sleep(&threads->threads[i].events) || has_events;
    }
    if (is_ahead(threads)) {
        return AHEAD_WAIT_MS; /* nobody wakes us when a thread has caught up */
    }
    return has_events ? 0 : -1;
}

static void give_id(struct pl_io_thread *thread, struct pl_sink_id id)
{
    pl_sink_ids_give(&thread->ids, id);
    thread->conn_count--;
}

/* Returns false when there was none. */
static bool take_event(struct pl_io_thread *thread)
{
    struct pl_io_event event;
    size_t cost_bytes = 0;
    if (!pl_channel_pop(&thread->events, &event)) {
        return false;
    }
    cost_bytes = pl_io_event_cost(&event);
    thread->group->config.on_event(thread->group->config.user, &event);
    pl_blob_unref(&event.bytes);
    pl_channel_done(&thread->events, cost_bytes);
    if (event.kind == PL_IO_GONE) {
        give_id(thread, event.sink);
    }
    return true;
}

/* One of each thread in turn, so that no thread's clients wait for another's. */
static void take_events(struct pl_io_threads *threads)
{
    struct pl_loop *loop = threads->config.hub_loop;
    uint32_t empty_count = 0;
    while (empty_count < threads->count && !is_ahead(threads)) {
        struct pl_io_thread *thread = &threads->threads[threads->next_thread];
        if (pl_ring_is_empty(&thread->events.ring)) {
            empty_count++;
        } else if (pl_loop_take_input(loop)) {
            take_event(thread);
            empty_count = 0;
        } else {
            pl_loop_soon(loop);
            return; /* its turn comes first next time */
        }
        threads->next_thread = (threads->next_thread + 1) % threads->count;
    }
}

/* A turn's share of input goes to whoever is asked first; the loop's own connections and the threads'
 * are that in alternate turns. */
static void hub_begin(struct pl_turn_hook *hook)
{
    struct pl_io_threads *threads = PL_CONTAINER_OF(hook, struct pl_io_threads, hook);
    for (uint32_t i = 0; i < threads->count; i++) {
        pl_channel_awake(&threads->threads[i].events);
        pl_channel_settle(&threads->threads[i].commands);
    }
    threads->is_first = !threads->is_first;
    if (threads->is_first) {
        take_events(threads);
    }
}

static void hub_begin_last(struct pl_turn_hook *hook)
{
    struct pl_io_threads *threads = PL_CONTAINER_OF(hook, struct pl_io_threads, last_hook);
    if (!threads->is_first) {
        take_events(threads);
    }
}

static void run_deferred(struct pl_io_threads *threads)
{
    struct pl_list *node = NULL;
    while ((node = pl_list_pop_front(&threads->deferred)) != NULL) {
        struct pl_deferred *deferred = PL_CONTAINER_OF(node, struct pl_deferred, node);
        deferred->run(deferred);
    }
}

static void wake_sleepers(struct pl_io_threads *threads)
{
    for (uint32_t i = 0; i < threads->count; i++) {
        struct pl_io_thread *thread = &threads->threads[i];
        pl_channel_settle(&thread->commands);
        if (pl_channel_must_wake(&thread->commands)) {
            pl_loop_wake(thread->loop);
        }
    }
}

static void hub_end(struct pl_turn_hook *hook)
{
    struct pl_io_threads *threads = PL_CONTAINER_OF(hook, struct pl_io_threads, last_hook);
    run_deferred(threads);
    wake_sleepers(threads);
}

/* --- commands --- */

/* A thread has fallen behind by more than the bound. It never waits for us, so it will catch up; the
 * others go on meanwhile. */
static void on_commands_over(void *user)
{
    struct pl_io_thread *thread = user;
    const struct timespec pause = {.tv_nsec = WAIT_NS};
    bool is_asked = false; /* to close the slowest */
    if (!thread->is_running) {
        return;
    }
    pl_metrics_add(thread->group->config.hub_conns->metrics, PL_METRIC_IO_BACKLOG_WAITS, 1);
    is_asked = pl_clock_monotonic_us() - thread->shed_us > SHED_PERIOD_US;
    atomic_store(&thread->must_shed, is_asked);
    while (pl_channel_is_over(&thread->commands)) {
        wake_sleepers(thread->group);
        nanosleep(&pause, NULL);
    }
    if (is_asked && !atomic_exchange(&thread->must_shed, false)) {
        thread->shed_us = pl_clock_monotonic_us(); /* it did: let that help first */
    }
}

struct pl_channel *pl_io_threads_commands(struct pl_io_threads *threads, uint32_t number)
{
    PL_ASSERT(number > 0 && number <= threads->count);
    return &threads->threads[number - 1].commands;
}

static struct pl_io_thread *thread_of(struct pl_io_threads *threads, struct pl_sink_id sink)
{
    uint32_t number = pl_sink_id_thread(sink);
    PL_ASSERT(number > 0 && number <= threads->count);
    return &threads->threads[number - 1];
}

void pl_io_threads_push(struct pl_io_threads *threads, const struct pl_fanout_command *command)
{
    pl_channel_push(&thread_of(threads, command->sink)->commands, command,
                    pl_fanout_command_cost(command));
}

void pl_io_threads_call_all(struct pl_io_threads *threads, const struct pl_fanout_call *call,
                            const void *arg, size_t size)
{
    for (uint32_t i = 0; i < threads->count; i++) {
        struct pl_fanout_command command = {
            .kind = PL_FANOUT_CALL, .arg = pl_alloc(size), .call = call};
        memcpy(command.arg, arg, size);
        pl_channel_push(&threads->threads[i].commands, &command, size);
    }
}

static void run_set_limits(void *owner, struct pl_sink_id sink, void *arg)
{
    struct pl_io_thread *thread = owner;
    struct pl_io_limits *limits = arg;
    (void)sink;
    pl_loop_set_input_slice(thread->loop, limits->input_messages_per_turn,
                            limits->input_us_per_turn);
    thread->conns.bytes_per_second_min = limits->bytes_per_second_min;
    pl_free(limits);
}

void pl_io_threads_set_limits(struct pl_io_threads *threads, const struct pl_io_limits *limits)
{
    static const struct pl_fanout_call call = {.run = run_set_limits};
    pl_io_threads_call_all(threads, &call, limits, sizeof(*limits));
}

void pl_io_threads_defer(struct pl_io_threads *threads, struct pl_deferred *deferred)
{
    pl_list_push_back(&threads->deferred, &deferred->node);
}

struct pl_sink_id pl_io_threads_take_id(struct pl_io_threads *threads)
{
    struct pl_io_thread *chosen = &threads->threads[0];
    for (uint32_t i = 1; i < threads->count; i++) {
        if (threads->threads[i].conn_count < chosen->conn_count) {
            chosen = &threads->threads[i];
        }
    }
    chosen->conn_count++;
    return pl_sink_ids_take(&chosen->ids);
}

/* --- their life --- */

static void init_commands(struct pl_io_thread *thread, size_t commands_max_bytes)
{
    pl_channel_init(&thread->commands,
                    &(struct pl_channel_config){.ring_cells = PL_IO_RING_CELLS,
                                                .cell_bytes = sizeof(struct pl_fanout_command),
                                                .bytes_max = commands_max_bytes,
                                                .on_over = on_commands_over,
                                                .user = thread});
}

int pl_io_threads_create(struct pl_io_threads **out, const struct pl_io_threads_config *config,
                         struct pl_error *err)
{
    struct pl_io_threads *threads = pl_alloc(sizeof(*threads));
    PL_ASSERT(config->count > 0 && config->count < PL_SINK_THREADS_MAX);
    threads->config = *config;
    if (threads->config.commands_max_bytes == 0) {
        threads->config.commands_max_bytes = COMMANDS_MAX_BYTES;
    }
    pl_list_init(&threads->deferred);
    threads->threads = pl_alloc_array(config->count, sizeof(*threads->threads));
    threads->hook = (struct pl_turn_hook){.may_sleep_ms = hub_may_sleep_ms, .begin = hub_begin};
    threads->last_hook = (struct pl_turn_hook){.begin = hub_begin_last, .end = hub_end};
    pl_loop_hook_add_first(config->hub_loop, &threads->hook);
    pl_loop_hook_add(config->hub_loop, &threads->last_hook);
    for (uint32_t i = 0; i < config->count; i++) {
        struct pl_io_thread *thread = &threads->threads[i];
        int rc = pl_io_thread_init(thread, threads, i + 1, err);
        if (rc < 0) {
            pl_io_threads_destroy(threads);
            return rc;
        }
        init_commands(thread, threads->config.commands_max_bytes);
        threads->count++;
    }
    *out = threads;
    return 0;
}

int pl_io_threads_start(struct pl_io_threads *threads, struct pl_error *err)
{
    for (uint32_t i = 0; i < threads->count; i++) {
        struct pl_io_thread *thread = &threads->threads[i];
        int rc = pthread_create(&thread->pthread, NULL, pl_io_thread_run, thread);
        if (rc != 0) {
            return pl_error_set(err, PL_E_IO, "cannot start I/O thread %u: %s", i + 1,
                                strerror(rc));
        }
        thread->is_running = true;
    }
    return 0;
}

/* What was still on its way to the thread, on this one now that the other has ended. */
static void run_commands(struct pl_io_thread *thread)
{
    do {
        while (pl_io_thread_run_command(thread)) {
        }
    } while (!pl_channel_settle(&thread->commands) || !pl_ring_is_empty(&thread->commands.ring));
}

static void take_last_events(struct pl_io_thread *thread)
{
    do {
        while (take_event(thread)) {
        }
    } while (!pl_channel_settle(&thread->events) || !pl_ring_is_empty(&thread->events.ring));
}

static void stop_thread(struct pl_io_thread *thread)
{
    if (thread->is_running) {
        pl_loop_stop(thread->loop);
        pthread_join(thread->pthread, NULL);
        thread->is_running = false;
    }
    run_commands(thread);
    pl_conn_set_fini(&thread->conns);
    pl_loop_hook_remove(&thread->hook);
    pl_loop_hook_remove(&thread->end_hook);
    take_last_events(thread);
    run_commands(thread); /* what the hub answered to them */
}

void pl_io_threads_destroy(struct pl_io_threads *threads)
{
    if (threads == NULL) {
        return;
    }
    run_deferred(threads);
    for (uint32_t i = 0; i < threads->count; i++) {
        stop_thread(&threads->threads[i]);
    }
    for (uint32_t i = 0; i < threads->count; i++) {
        pl_io_thread_fini(&threads->threads[i]);
    }
    pl_loop_hook_remove(&threads->hook);
    pl_loop_hook_remove(&threads->last_hook);
    pl_free(threads->threads);
    pl_free(threads);
}

uint32_t pl_io_threads_count(const struct pl_io_threads *threads)
{
    return threads->count;
}

/* --- figures --- */

void pl_io_threads_merge_metrics(const struct pl_io_threads *threads, struct pl_metrics *metrics)
{
    for (uint32_t i = 0; i < threads->count; i++) {
        pl_metrics_merge(metrics, &threads->threads[i].metrics);
    }
}

struct pl_io_figures pl_io_threads_figures(const struct pl_io_threads *threads)
{
    struct pl_io_figures sum = {0};
    for (uint32_t i = 0; i < threads->count; i++) {
        const struct pl_fanout *fanout = &threads->threads[i].fanout;
        sum.queue_bytes += PL_COUNTER_GET(&fanout->pool.all_bytes);
        sum.delivered_count += PL_COUNTER_GET(&fanout->delivered_count);
        sum.dropped_volatile_count += PL_COUNTER_GET(&fanout->dropped_volatile_count);
    }
    return sum;
}

void pl_io_threads_advance(struct pl_io_threads *threads, int64_t ms)
{
    for (uint32_t i = 0; i < threads->count; i++) {
        pl_loop_advance(threads->threads[i].loop, ms);
    }
}
