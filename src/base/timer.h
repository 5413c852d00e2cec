/* Timers: a heap ordered by deadline, then by the order in which they were set, so that timers due
 * at the same moment fire in that order. The clock is the caller's: the hub stays deterministic.
 * Threads: one at a time. */
#ifndef PL_BASE_TIMER_H
#define PL_BASE_TIMER_H

#include "base/defs.h"

struct pl_timer {
    int64_t deadline_ms;
    uint64_t order; /* of setting */
    uint32_t at;    /* place in the heap, plus one; 0 when not set */
    void (*on_due)(struct pl_timer *timer);
};

struct pl_timers {
    struct pl_timer **heap;
    size_t count;
    size_t cap;
    uint64_t next_order;
    int64_t running_ms; /* while callbacks run: the moment that they run for */
    bool is_running;
};

void pl_timers_init(struct pl_timers *timers);
void pl_timers_fini(struct pl_timers *timers); /* timers still set are forgotten */

/* Room for `count` timers in all: as long as no more are set, pl_timer_set takes no memory.
 * Returns 0 or PL_E_NOMEM. */
PL_MUST_CHECK int pl_timers_reserve(struct pl_timers *timers, size_t count);

/* Set, or move, `timer`; it must have a callback. It is unset when the callback runs and may be set
 * again or freed there. Set inside a callback for a moment that has passed, it is due at the moment
 * of that run: behind all that were due before it. */
void pl_timer_set(struct pl_timers *timers, struct pl_timer *timer, int64_t deadline_ms);

/* Unset; a timer that is not set is fine. */
void pl_timer_stop(struct pl_timers *timers, struct pl_timer *timer);

static inline bool pl_timer_is_set(const struct pl_timer *timer)
{
    return timer->at != 0;
}

/* The earliest deadline, or -1 when no timer is set. */
int64_t pl_timers_next_ms(const struct pl_timers *timers);

/* Run the callbacks of all timers due at now_ms, in order. What a callback sets for now_ms or
 * earlier waits for the next call.
 * Returns how many ran. */
size_t pl_timers_run(struct pl_timers *timers, int64_t now_ms);

/* At most so many of them; the others are as due in the next call. */
size_t pl_timers_run_some(struct pl_timers *timers, int64_t now_ms, size_t count_max);

#endif
