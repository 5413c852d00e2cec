/* Attempts to get connected: how long one may take, and when the next begins.
 * Threads: the client's. */
#ifndef PL_CLIENT_ATTEMPTS_H
#define PL_CLIENT_ATTEMPTS_H

#include "client/backoff.h"
#include "client/client.h"

struct pl_client_attempts {
    struct parley_client *client;
    struct pl_client_backoff backoff;
    struct pl_timer timer; /* of the attempt that goes on, or until the next */
    int timeout_ms;        /* of one attempt; 0: it may take for ever */
    bool is_waiting;       /* the next is planned */
    /* Both in a tick. is_waiting is still true in on_due: an owner that is stopped while it tells
     * about it looks at it again. */
    void (*on_late)(struct pl_client_attempts *attempts); /* it took too long */
    void (*on_due)(struct pl_client_attempts *attempts);  /* the next is to begin */
};

/* Takes room for the timer. Returns 0 or PL_E_NOMEM (then there is nothing to fini). */
PL_MUST_CHECK int pl_client_attempts_init(struct pl_client_attempts *attempts,
                                          struct parley_client *client,
                                          const struct parley_client_reconnect *config,
                                          int timeout_ms);
void pl_client_attempts_fini(struct pl_client_attempts *attempts); /* zeroed is fine */

/* One has begun: its time runs. */
void pl_client_attempts_begin(struct pl_client_attempts *attempts);

/* It worked. Returns how many it took besides the first. */
unsigned pl_client_attempts_succeed(struct pl_client_attempts *attempts);

/* It failed, or what there was is lost: plan the next. Returns the delay, or -1 when there is none.
 *   *has_given_up  there were to be more, and they are used up */
int pl_client_attempts_fail(struct pl_client_attempts *attempts, bool *has_given_up);

/* Nothing goes on and nothing is planned. The count of attempts stays: reset it with the backoff. */
void pl_client_attempts_stop(struct pl_client_attempts *attempts);

#endif
