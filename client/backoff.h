/* When to try again: a delay that doubles, with jitter, up to a number of attempts.
 * Source: shared spec socketio.md 2.11; struct parley_client_reconnect. Threads: any. No clock. */
#ifndef PL_CLIENT_BACKOFF_H
#define PL_CLIENT_BACKOFF_H

#include "base/defs.h"
#include "parley/client.h"

struct pl_client_backoff {
    struct parley_client_reconnect config;
    unsigned attempt; /* made since the last success */
};

/* Whether the settings make sense: delays >= 0, jitter from 0 to 1, attempts >= -1. */
bool pl_client_reconnect_is_valid(const struct parley_client_reconnect *config);

/* The delay before the next attempt, which it counts; -1 when there is none (off, or used up).
 *   random  any 32 bits */
int pl_client_backoff_next(struct pl_client_backoff *backoff, uint32_t random);
void pl_client_backoff_reset(struct pl_client_backoff *backoff);

#endif
