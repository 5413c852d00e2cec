/* Rate limits: a token bucket whose clock is an argument. Threads: one at a time. */
#ifndef PL_BASE_RATE_H
#define PL_BASE_RATE_H

#include "base/defs.h"

struct pl_rate {
    int64_t last_ms;
    uint64_t level_millitokens;
    uint32_t per_second; /* tokens that come back each second; 0: no limit */
    uint32_t burst;      /* tokens when full */
};

/* A full bucket. */
void pl_rate_init(struct pl_rate *rate, uint32_t per_second, uint32_t burst, int64_t now_ms);

/* Other numbers for the same bucket: what is in it stays, up to the new burst; one that had no limit
 * is full. */
void pl_rate_change(struct pl_rate *rate, uint32_t per_second, uint32_t burst, int64_t now_ms);

/* Take `tokens`; false, and nothing is taken, when there are not enough. */
bool pl_rate_take(struct pl_rate *rate, uint32_t tokens, int64_t now_ms);

/* Milliseconds until `tokens` can be taken; 0 when they can now, INT64_MAX when they are more than
 * the burst. */
int64_t pl_rate_wait_ms(const struct pl_rate *rate, uint32_t tokens, int64_t now_ms);

#endif
