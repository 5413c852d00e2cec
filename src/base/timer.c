/* Timers: a binary heap of pointers; each timer knows its place in it. */
#include "base/timer.h"

#include "base/alloc.h"
#include "base/error.h"

#define FIRST_CAP 64

void pl_timers_init(struct pl_timers *timers)
{
    *timers = (struct pl_timers){0};
}

void pl_timers_fini(struct pl_timers *timers)
{
    for (size_t i = 0; i < timers->count; i++) {
        timers->heap[i]->at = 0;
    }
    pl_free(timers->heap);
    pl_timers_init(timers);
}

static bool is_before(const struct pl_timer *a, const struct pl_timer *b)
{
    return a->deadline_ms != b->deadline_ms ? a->deadline_ms < b->deadline_ms : a->order < b->order;
}

static void place(struct pl_timers *timers, struct pl_timer *timer, size_t at)
{
    timers->heap[at] = timer;
    timer->at = (uint32_t)(at + 1);
}

static void sift_up(struct pl_timers *timers, struct pl_timer *timer, size_t at)
{
    while (at > 0 && is_before(timer, timers->heap[(at - 1) / 2])) {
        place(timers, timers->heap[(at - 1) / 2], at);
        at = (at - 1) / 2;
    }
    place(timers, timer, at);
}

static void sift_down(struct pl_timers *timers, struct pl_timer *timer, size_t at)
{
    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= timers->count) {
            break;
        }
        if (child + 1 < timers->count && is_before(timers->heap[child + 1], timers->heap[child])) {
            child++;
        }
        if (!is_before(timers->heap[child], timer)) {
            break;
        }
        place(timers, timers->heap[child], at);
        at = child;
    }
    place(timers, timer, at);
}

int pl_timers_reserve(struct pl_timers *timers, size_t count)
{
    size_t cap = pl_size_max(pl_size_max(timers->cap * 2, 8), count);
    struct pl_timer **heap = NULL;
    size_t bytes = 0;
    if (count <= timers->cap) {
        return 0;
    }
    heap = pl_size_mul(&bytes, cap, sizeof(struct pl_timer *)) ? pl_try_realloc(timers->heap, bytes)
                                                               : NULL;
    if (heap == NULL) {
        return PL_E_NOMEM;
    }
    timers->heap = heap;
    timers->cap = cap;
    return 0;
}

void pl_timer_set(struct pl_timers *timers, struct pl_timer *timer, int64_t deadline_ms)
{
    PL_ASSERT(timer->on_due != NULL);
    pl_timer_stop(timers, timer);
    if (timers->count == timers->cap) {
        timers->cap = pl_size_max(timers->cap * 2, FIRST_CAP);
        timers->heap = pl_realloc(timers->heap, timers->cap * sizeof(struct pl_timer *));
    }
    if (timers->is_running && deadline_ms < timers->running_ms) {
        deadline_ms = timers->running_ms; /* or it would stand before older ones and hold them up */
    }
    timer->deadline_ms = deadline_ms;
    timer->order = timers->next_order++;
    sift_up(timers, timer, timers->count++);
}

void pl_timer_stop(struct pl_timers *timers, struct pl_timer *timer)
{
    size_t at = 0;
    struct pl_timer *last = NULL;
    if (timer->at == 0) {
        return;
    }
    at = timer->at - 1;
    timer->at = 0;
    last = timers->heap[--timers->count];
    if (last == timer) {
        return;
    }
    if (at > 0 && is_before(last, timers->heap[(at - 1) / 2])) {
        sift_up(timers, last, at);
    } else {
        sift_down(timers, last, at);
    }
}

int64_t pl_timers_next_ms(const struct pl_timers *timers)
{
    return timers->count == 0 ? -1 : timers->heap[0]->deadline_ms;
}

size_t pl_timers_run(struct pl_timers *timers, int64_t now_ms)
{
    return pl_timers_run_some(timers, now_ms, SIZE_MAX);
}

size_t pl_timers_run_some(struct pl_timers *timers, int64_t now_ms, size_t count_max)
{
    uint64_t set_before = timers->next_order;
    size_t ran = 0;
    PL_ASSERT(!timers->is_running);
    timers->is_running = true;
    timers->running_ms = now_ms;
    while (ran < count_max && timers->count > 0 && timers->heap[0]->deadline_ms <= now_ms &&
           timers->heap[0]->order < set_before) {
        struct pl_timer *timer = timers->heap[0];
        pl_timer_stop(timers, timer);
        timer->on_due(timer);
        ran++;
    }
    timers->is_running = false;
    return ran;
}
