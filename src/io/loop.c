/* The event loop on epoll, level-triggered: io_uring was measured and declined
 * (docs/architecture.md). */
#include "io/loop.h"

#include "base/alloc.h"
#include "base/env.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_PER_TURN 512
#define READ_BUFFER_BYTES (256 * 1024)
#define POSTS_MAX 65536
#define HELD_WAIT_MS 1
#define TIMERS_PER_TURN 64

struct post {
    void (*fn)(void *user);
    void *user;
};

struct pl_loop {
    int epoll_fd;
    int64_t now_ms;
    int64_t now_us; /* of the turn's beginning; unlike now_ms not moved by pl_loop_advance */
    _Atomic int64_t advanced_ms;
    int64_t stopped_us; /* 0: the clock runs */
    struct pl_timers timers;
    struct pl_list hooks;
    struct pl_list deferred;
    uint32_t input_messages; /* a turn's share */
    uint32_t input_us;
    uint32_t input_left;
    bool is_soon; /* the next turn does not sleep */
    bool holds_input;
    struct epoll_event events[EVENTS_PER_TURN];
    int event_count;
    struct pl_watch wake; /* an eventfd: posts and stops */
    atomic_bool is_stopping;
    pthread_mutex_t posts_lock; /* guards the three below; held for a few instructions */
    struct post *posts;
    size_t post_count;
    size_t post_cap;
    uint8_t *read_buffer;
};

static void on_wake(struct pl_watch *watch, unsigned ready)
{
    uint64_t count = 0;
    (void)ready;
    if (read(watch->fd, &count, sizeof(count)) < 0) {
        return; /* another turn took it */
    }
}

void pl_loop_wake(struct pl_loop *loop)
{
    uint64_t one = 1;
    ssize_t written = write(loop->wake.fd, &one, sizeof(one));
    (void)written; /* it fails only when 2^64 wakes wait, and then the loop is awake */
}

/* What woke the loop is forgotten before anybody looks at what there is: who wakes it from now on, in
 * a hook's own time as well, wakes the next turn. */
static void take_wake(struct pl_loop *loop)
{
    for (int i = 0; i < loop->event_count; i++) {
        if (loop->events[i].data.ptr == &loop->wake) {
            on_wake(&loop->wake, PL_READY_READ);
            loop->events[i].data.ptr = NULL;
        }
    }
}

static int64_t clock_us(const struct pl_loop *loop)
{
    return loop->stopped_us > 0 ? loop->stopped_us : pl_clock_monotonic_us();
}

static void read_clock(struct pl_loop *loop)
{
    loop->now_us = clock_us(loop);
    loop->now_ms = loop->now_us / 1000 + loop->advanced_ms;
}

int pl_loop_create(struct pl_loop **out, struct pl_error *err)
{
    struct pl_loop *loop = pl_alloc(sizeof(*loop));
    loop->read_buffer = pl_alloc(READ_BUFFER_BYTES);
    loop->input_messages = 256;
    loop->input_us = 1000;
    loop->input_left = loop->input_messages;
    pl_timers_init(&loop->timers);
    pl_list_init(&loop->hooks);
    pl_list_init(&loop->deferred);
    pthread_mutex_init(&loop->posts_lock, NULL);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake =
        (struct pl_watch){.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), .on_ready = on_wake};
    read_clock(loop);
    if (loop->epoll_fd < 0 || loop->wake.fd < 0 ||
        pl_watch_start(loop, &loop->wake, PL_READY_READ, NULL) < 0) {
        int error = errno; /* before closing changes it */
        pl_loop_destroy(loop);
        return pl_error_set(err, PL_E_IO, "cannot make an event loop: %s", strerror(error));
    }
    *out = loop;
    return 0;
}

static void run_deferred(struct pl_loop *loop)
{
    struct pl_list *node = NULL;
    while ((node = pl_list_pop_front(&loop->deferred)) != NULL) {
        struct pl_deferred *deferred = PL_CONTAINER_OF(node, struct pl_deferred, node);
        deferred->run(deferred);
    }
}

void pl_loop_destroy(struct pl_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    run_deferred(loop);
    if (loop->wake.fd >= 0) {
        close(loop->wake.fd);
    }
    if (loop->epoll_fd >= 0) {
        close(loop->epoll_fd);
    }
    pl_timers_fini(&loop->timers);
    pthread_mutex_destroy(&loop->posts_lock);
    pl_free(loop->posts);
    pl_free(loop->read_buffer);
    pl_free(loop);
}

static uint32_t to_epoll(unsigned interest)
{
    uint32_t events = 0;
    events |= (interest & PL_READY_READ) != 0 ? (uint32_t)EPOLLIN : 0;
    events |= (interest & PL_READY_WRITE) != 0 ? (uint32_t)EPOLLOUT : 0;
    events |= (interest & PL_READY_HANGUP) != 0 ? (uint32_t)EPOLLRDHUP : 0;
    return events;
}

static unsigned from_epoll(uint32_t events)
{
    unsigned ready = 0;
    ready |= (events & EPOLLIN) != 0 ? PL_READY_READ : 0u;
    ready |= (events & EPOLLOUT) != 0 ? PL_READY_WRITE : 0u;
    ready |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0 ? PL_READY_HANGUP : 0u;
    return ready;
}

int pl_watch_start(struct pl_loop *loop, struct pl_watch *watch, unsigned interest,
                   struct pl_error *err)
{
    struct epoll_event event = {.events = to_epoll(interest), .data.ptr = watch};
    PL_ASSERT(watch->fd >= 0 && watch->on_ready != NULL);
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) < 0) {
        return pl_error_set(err, PL_E_IO, "cannot watch a descriptor: %s", strerror(errno));
    }
    watch->interest = interest;
    return 0;
}

void pl_watch_set(struct pl_loop *loop, struct pl_watch *watch, unsigned interest)
{
    struct epoll_event event = {.events = to_epoll(interest), .data.ptr = watch};
    int rc = 0;
    if (interest == watch->interest || watch->fd < 0) {
        return;
    }
    rc = epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
    PL_ASSERT(rc == 0); /* it was added and needs no memory */
    watch->interest = interest;
}

void pl_watch_stop(struct pl_loop *loop, struct pl_watch *watch)
{
    if (watch->fd < 0) {
        return;
    }
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    for (int i = 0; i < loop->event_count; i++) { /* what this turn has still to tell it */
        if (loop->events[i].data.ptr == watch) {
            loop->events[i].data.ptr = NULL;
        }
    }
    watch->interest = 0;
}

int64_t pl_loop_now_ms(const struct pl_loop *loop)
{
    return loop->now_ms;
}

void pl_loop_advance(struct pl_loop *loop, int64_t ms)
{
    loop->advanced_ms += ms;
    pl_loop_wake(loop); /* the next turn, which sees the new time, comes at once */
}

void pl_loop_stop_clock(struct pl_loop *loop)
{
    loop->stopped_us = loop->now_us;
}

int64_t pl_loop_turn_us(const struct pl_loop *loop)
{
    return clock_us(loop) - loop->now_us;
}

void pl_loop_soon(struct pl_loop *loop)
{
    loop->is_soon = true;
}

struct pl_timers *pl_loop_timers(struct pl_loop *loop)
{
    return &loop->timers;
}

void pl_loop_defer(struct pl_loop *loop, struct pl_deferred *deferred)
{
    PL_ASSERT(!pl_list_is_linked(&deferred->node));
    pl_list_push_back(&loop->deferred, &deferred->node);
}

void pl_loop_hook_add(struct pl_loop *loop, struct pl_turn_hook *hook)
{
    pl_list_push_back(&loop->hooks, &hook->node);
}

void pl_loop_hook_add_first(struct pl_loop *loop, struct pl_turn_hook *hook)
{
    pl_list_push_back(loop->hooks.next, &hook->node);
}

void pl_loop_hook_remove(struct pl_turn_hook *hook)
{
    pl_list_remove(&hook->node);
}

int pl_loop_post(struct pl_loop *loop, void (*fn)(void *user), void *user)
{
    int rc = 0;
    pthread_mutex_lock(&loop->posts_lock);
    if (atomic_load(&loop->is_stopping)) {
        rc = PL_E_CLOSED;
    } else if (loop->post_count == POSTS_MAX) {
        rc = PL_E_FULL;
    } else {
        if (loop->post_count == loop->post_cap) {
            loop->post_cap = pl_size_max(loop->post_cap * 2, 16);
            loop->posts = pl_realloc(loop->posts, loop->post_cap * sizeof(struct post));
        }
        loop->posts[loop->post_count++] = (struct post){fn, user};
    }
    rc = rc == 0 && loop->post_count == 1 ? 1 : rc; /* the first one wakes the loop */
    pthread_mutex_unlock(&loop->posts_lock);
    if (rc == 1) {
        pl_loop_wake(loop);
        return 0;
    }
    return rc;
}

static void run_posts(struct pl_loop *loop)
{
    struct post *posts = NULL;
    size_t count = 0;
    pthread_mutex_lock(&loop->posts_lock);
    posts = loop->posts;
    count = loop->post_count;
    loop->posts = NULL;
    loop->post_count = 0;
    loop->post_cap = 0;
    pthread_mutex_unlock(&loop->posts_lock);
    for (size_t i = 0; i < count; i++) {
        posts[i].fn(posts[i].user);
    }
    pl_free(posts);
}

void pl_loop_stop(struct pl_loop *loop)
{
    atomic_store(&loop->is_stopping, true);
    pl_loop_wake(loop);
}

struct pl_span pl_loop_read_buffer(struct pl_loop *loop)
{
    return (struct pl_span){loop->read_buffer, READ_BUFFER_BYTES};
}

void pl_loop_set_input_slice(struct pl_loop *loop, uint32_t messages, uint32_t microseconds)
{
    loop->input_messages = messages;
    loop->input_us = microseconds;
}

bool pl_loop_take_input(struct pl_loop *loop)
{
    if (loop->input_left == 0) {
        return false;
    }
    loop->input_left--;
    /* reading the clock costs as much as a small message: every 32nd is often enough */
    if (loop->input_left % 32 == 0 && clock_us(loop) - loop->now_us > loop->input_us) {
        loop->input_left = 0;
    }
    return true;
}

bool pl_loop_has_input_left(const struct pl_loop *loop)
{
    return loop->input_left > 0;
}

void pl_loop_hold_input(struct pl_loop *loop, bool is_held)
{
    loop->holds_input = is_held;
    if (is_held) {
        loop->input_left = 0;
    } else {
        loop->is_soon = true;
    }
}

static void run_hooks(struct pl_loop *loop, bool is_beginning)
{
    PL_LIST_EACH(node, &loop->hooks)
    {
        struct pl_turn_hook *hook = PL_CONTAINER_OF(node, struct pl_turn_hook, node);
        void (*run)(struct pl_turn_hook *) = is_beginning ? hook->begin : hook->end;
        if (run != NULL) {
            run(hook);
        }
    }
}

/* How long this turn may sleep. */
static int wait_time(struct pl_loop *loop, int wait_ms)
{
    int64_t next = pl_timers_next_ms(&loop->timers);
    int64_t until = 0;
    if (loop->is_soon) {
        return 0;
    }
    if (next < 0) {
        return wait_ms;
    }
    until = next - (clock_us(loop) / 1000 + loop->advanced_ms);
    until = until < 0 ? 0 : until;
    until = until > 60000 ? 60000 : until;
    return wait_ms < 0 || until < wait_ms ? (int)until : wait_ms;
}

/* The shortest of what the hooks allow. */
static int may_sleep_ms(struct pl_loop *loop)
{
    int least_ms = -1;
    PL_LIST_EACH(node, &loop->hooks)
    {
        struct pl_turn_hook *hook = PL_CONTAINER_OF(node, struct pl_turn_hook, node);
        int ms = hook->may_sleep_ms == NULL ? -1 : hook->may_sleep_ms(hook);
        if (ms >= 0 && (least_ms < 0 || ms < least_ms)) {
            least_ms = ms;
        }
    }
    return least_ms;
}

/* Wait without looking at the descriptors that could be read, since nobody reads them. */
static void wait_held(struct pl_loop *loop)
{
    struct pollfd woken = {.fd = loop->wake.fd, .events = POLLIN};
    poll(&woken, 1, HELD_WAIT_MS);
}

void pl_loop_turn(struct pl_loop *loop, int wait_ms)
{
    int sleep_ms = wait_time(loop, wait_ms);
    int count = 0;
    int most_ms = may_sleep_ms(loop);
    if (most_ms >= 0 && (sleep_ms < 0 || most_ms < sleep_ms)) {
        sleep_ms = most_ms;
    }
    if (loop->holds_input && most_ms != 0) {
        wait_held(loop);
        sleep_ms = 0;
    }
    count = epoll_wait(loop->epoll_fd, loop->events, EVENTS_PER_TURN, sleep_ms);
    loop->event_count = count < 0 ? 0 : count; /* a signal interrupts */
    take_wake(loop);
    read_clock(loop);
    loop->input_left = loop->holds_input ? 0 : loop->input_messages;
    loop->is_soon = false;
    run_hooks(loop, true);
    for (int i = 0; i < loop->event_count; i++) {
        struct pl_watch *watch = loop->events[i].data.ptr;
        if (watch != NULL) {
            watch->on_ready(watch, from_epoll(loop->events[i].events));
        }
    }
    loop->event_count = 0;
    run_posts(loop);
    /* many that are due at once (a flood of heads that were too slow) hold nobody up for long */
    if (pl_timers_run_some(&loop->timers, loop->now_ms, TIMERS_PER_TURN) == TIMERS_PER_TURN) {
        loop->is_soon = true;
    }
    run_hooks(loop, false);
    run_deferred(loop);
}

void pl_loop_run(struct pl_loop *loop)
{
    while (!atomic_load(&loop->is_stopping)) {
        pl_loop_turn(loop, -1);
    }
    run_posts(loop); /* accepted before the stop: their senders count on them */
    run_deferred(loop);
}
