/* The client from the inside: the turn, timers, what is sent at its end, what is freed after it.
 * Threads: the client's own, unless it says otherwise. */
#ifndef PL_CLIENT_CLIENT_H
#define PL_CLIENT_CLIENT_H

#include "base/list.h"
#include "base/timer.h"
#include "client/env.h"
#include "parley/client.h"

/* Something to be done when the turn ends: flush a connection, free what nobody may look at any
 * more. Embedded; a second request while it is queued changes nothing. */
struct pl_client_later {
    struct pl_list node;
    void (*run)(struct pl_client_later *later);
    bool is_queued;
};

/* A socket of any protocol, as the client sees it: what it destroys at its end. Embedded. */
struct pl_client_socket {
    struct pl_list node;
    void (*destroy)(struct pl_client_socket *socket);
};

/* A client in a world of the caller's: the simulator's and tests' way in. `env` is copied; its
 * destroy is called at the client's end, also when this fails. */
PL_MUST_CHECK int pl_client_create_in(struct parley_client **out, const struct pl_client_env *env);

const struct pl_client_env *pl_client_env(const struct parley_client *client);
uint32_t pl_client_random(const struct parley_client *client);
int64_t pl_client_now_ms(const struct parley_client *client); /* of this turn; outside: now */

/* Room for one timer more, taken when its owner is created and given back with it: with it
 * pl_client_timer_set cannot fail. Returns 0 or PL_E_NOMEM. */
PL_MUST_CHECK int pl_client_reserve_timer(struct parley_client *client);
void pl_client_release_timer(struct parley_client *client, struct pl_timer *timer); /* stops it */
void pl_client_timer_set(struct parley_client *client, struct pl_timer *timer, int64_t delay_ms);
void pl_client_timer_stop(struct parley_client *client, struct pl_timer *timer);

/* At the end of this turn, or of the next when none is going on. Flushes come before frees. */
void pl_client_flush_later(struct parley_client *client, struct pl_client_later *later);
void pl_client_free_later(struct parley_client *client, struct pl_client_later *later);
void pl_client_later_cancel(struct pl_client_later *later); /* one that is not queued is fine */

/* In the next turn, even if nothing else happens: input that was left. */
void pl_client_run_next(struct parley_client *client, struct pl_client_later *later);

/* Whether this turn has used its budget: leave the rest of the input for the next. */
bool pl_client_is_over_budget(struct parley_client *client);

/* A callback of the application's is about to run: it is counted. */
void pl_client_count_callback(struct parley_client *client);

/* The same for on_event. Returns what it is to be told: `event`, with "" for texts that are NULL. */
struct parley_client_event pl_client_event_ready(struct parley_client *client,
                                                 const struct parley_client_event *event);

/* Look at a socket of env->connect; `wanted` as env->watch has it. */
PL_MUST_CHECK int pl_client_watch(struct parley_client *client, struct pl_client_watch *watch,
                                  unsigned wanted);
/* Look at it no more; what this turn has still to tell it is forgotten. */
void pl_client_unwatch(struct parley_client *client, struct pl_client_watch *watch);
/* The same, and close it: watch->handle is then -1. One that has no handle (-1) is fine. */
void pl_client_close(struct parley_client *client, struct pl_client_watch *watch);

void pl_client_add_socket(struct parley_client *client, struct pl_client_socket *socket);
void pl_client_remove_socket(struct pl_client_socket *socket);

/* Every public call begins with this. 0, or PL_E_STATE for a wrong thread, with the reason kept;
 * asserts in debug builds. */
PL_MUST_CHECK int pl_client_enter(struct parley_client *client);

/* Misuse that is no wrong thread (`what` says what to do instead): asserts in debug builds, else
 * keeps the reason and returns PL_E_STATE. */
PL_MUST_CHECK int pl_client_misuse(struct parley_client *client, const char *what);

/* Keep why a public call failed, for parley_client_error. Returns `code`. */
int pl_client_fail(struct parley_client *client, int code, const char *fmt, ...) PL_PRINTF(3, 4);
struct pl_error *pl_client_err(struct parley_client *client); /* the place where it is kept */

#endif
