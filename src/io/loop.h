/* The event loop: descriptors, timers, work left for the end of the turn. The interface names no
 * system call.
 * A turn: read the clock once; the hooks' beginnings; what is ready, posted functions, due timers;
 * the hooks' ends (the flush among them); then what was deferred is freed.
 * Threads: the one that runs it; pl_loop_post, _stop, _wake and _advance: any. */
#ifndef PL_IO_LOOP_H
#define PL_IO_LOOP_H

#include "base/error.h"
#include "base/list.h"
#include "base/str.h"
#include "base/timer.h"

enum {
    PL_READY_READ = 1,
    PL_READY_WRITE = 2,
    /* The peer sent its end of stream, reset, or there was an error. Always reported once asked
     * for, even when nothing is read. */
    PL_READY_HANGUP = 4,
};

/* One descriptor. Embedded in its owner. */
struct pl_watch {
    int fd; /* -1 when not watched */
    unsigned interest;
    void (*on_ready)(struct pl_watch *watch, unsigned ready);
};

/* Something to be done, once, at the end of the turn: freeing, mostly. */
struct pl_deferred {
    struct pl_list node;
    void (*run)(struct pl_deferred *deferred);
};

/* Something to be done in every turn, in the order of adding; any may be NULL. */
struct pl_turn_hook {
    struct pl_list node;
    /* Before the loop sleeps: how long it may, in ms; 0 when there is something to do, -1 as long as
     * it likes. */
    int (*may_sleep_ms)(struct pl_turn_hook *hook);
    void (*begin)(
        struct pl_turn_hook *hook); /* after the clock was read, before anything is handled */
    void (*end)(
        struct pl_turn_hook *hook); /* after everything was handled, before what is deferred */
};

struct pl_loop;

PL_MUST_CHECK int pl_loop_create(struct pl_loop **out, struct pl_error *err);
void pl_loop_destroy(struct pl_loop *loop); /* runs what is still deferred; NULL is fine */

/* Run until pl_loop_stop; what was posted before it still runs. */
void pl_loop_run(struct pl_loop *loop);

/* One turn; waits at most `wait_ms` (-1: until something happens). */
void pl_loop_turn(struct pl_loop *loop, int wait_ms);

void pl_loop_stop(
    struct pl_loop *loop); /* after the current turn; any thread, and signal handlers */

/* Watch a descriptor; interest may be 0. Returns 0 or PL_E_IO. */
PL_MUST_CHECK int pl_watch_start(struct pl_loop *loop, struct pl_watch *watch, unsigned interest,
                                 struct pl_error *err);
void pl_watch_set(struct pl_loop *loop, struct pl_watch *watch, unsigned interest);
void pl_watch_stop(struct pl_loop *loop, struct pl_watch *watch); /* does not close it */

/* The turn's clock, monotonic, with what pl_loop_advance added. */
int64_t pl_loop_now_ms(const struct pl_loop *loop);

/* Microseconds since this turn began: reads the clock. */
int64_t pl_loop_turn_us(const struct pl_loop *loop);

/* Let the next turn begin without sleeping. */
void pl_loop_soon(struct pl_loop *loop);

/* Let it begin at once even if it sleeps. Hooks of the turn that follows see what was done before.
 * Any thread. */
void pl_loop_wake(struct pl_loop *loop);

/* Tests move the clock forward; timers that become due fire in the next turn. Any thread. */
void pl_loop_advance(struct pl_loop *loop, int64_t ms);

/* Tests: from now on nothing else moves it. */
void pl_loop_stop_clock(struct pl_loop *loop);

struct pl_timers *pl_loop_timers(struct pl_loop *loop);

void pl_loop_defer(struct pl_loop *loop, struct pl_deferred *deferred);
void pl_loop_hook_add(struct pl_loop *loop, struct pl_turn_hook *hook);
void pl_loop_hook_add_first(struct pl_loop *loop,
                            struct pl_turn_hook *hook); /* before all others */
void pl_loop_hook_remove(struct pl_turn_hook *hook);

/* Run fn(user) on the loop's thread, in the order of posting. Any thread.
 * Returns PL_E_FULL when 65,536 wait, or PL_E_CLOSED after pl_loop_stop. */
PL_MUST_CHECK int pl_loop_post(struct pl_loop *loop, void (*fn)(void *user), void *user);

/* The one large buffer that all reading goes through; its contents last until the next read. */
struct pl_span pl_loop_read_buffer(struct pl_loop *loop);

/* Whether this turn may take one more message of input; false when its share (messages or time) is
 * used up: the caller keeps the rest for the next turn. Counts the message. */
bool pl_loop_take_input(struct pl_loop *loop);
bool pl_loop_has_input_left(const struct pl_loop *loop); /* the same question, without taking */

/* While input is held no turn has a share of it. The loop then looks at its descriptors once a
 * millisecond, and when it is woken: those that could be read must not keep it awake. */
void pl_loop_hold_input(struct pl_loop *loop, bool is_held);
void pl_loop_set_input_slice(struct pl_loop *loop, uint32_t messages, uint32_t microseconds);

#endif
