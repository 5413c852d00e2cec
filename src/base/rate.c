/* Token buckets, in thousandths of a token: one comes back per millisecond for each token per
 * second. */
#include "base/rate.h"

#define MILLITOKENS 1000

static uint64_t full_level(const struct pl_rate *rate)
{
    return (uint64_t)rate->burst * MILLITOKENS;
}

/* The level at now_ms. A clock that went back adds nothing. */
static uint64_t level_at(const struct pl_rate *rate, int64_t now_ms)
{
    uint64_t full = full_level(rate);
    uint64_t missing = full - rate->level_millitokens;
    uint64_t elapsed_ms = 0;
    if (now_ms <= rate->last_ms) {
        return rate->level_millitokens;
    }
    elapsed_ms = (uint64_t)now_ms - (uint64_t)rate->last_ms;
    /* a division, so that the product below cannot overflow */
    if (elapsed_ms > missing / rate->per_second) {
        return full;
    }
    return rate->level_millitokens + elapsed_ms * rate->per_second;
}

void pl_rate_init(struct pl_rate *rate, uint32_t per_second, uint32_t burst, int64_t now_ms)
{
    *rate = (struct pl_rate){.last_ms = now_ms, .per_second = per_second, .burst = burst};
    rate->level_millitokens = full_level(rate);
}

void pl_rate_change(struct pl_rate *rate, uint32_t per_second, uint32_t burst, int64_t now_ms)
{
    struct pl_rate former = *rate;
    pl_rate_init(rate, per_second, burst, now_ms);
    if (former.per_second != 0) {
        uint64_t level = level_at(&former, now_ms);
        rate->level_millitokens = level < rate->level_millitokens ? level : rate->level_millitokens;
    }
}

bool pl_rate_take(struct pl_rate *rate, uint32_t tokens, int64_t now_ms)
{
    uint64_t wanted = (uint64_t)tokens * MILLITOKENS;
    if (rate->per_second == 0) {
        return true;
    }
    rate->level_millitokens = level_at(rate, now_ms);
    rate->last_ms = now_ms > rate->last_ms ? now_ms : rate->last_ms;
    if (rate->level_millitokens < wanted) {
        return false;
    }
    rate->level_millitokens -= wanted;
    return true;
}

int64_t pl_rate_wait_ms(const struct pl_rate *rate, uint32_t tokens, int64_t now_ms)
{
    uint64_t wanted = (uint64_t)tokens * MILLITOKENS;
    uint64_t level = 0;
    if (rate->per_second == 0) {
        return 0;
    }
    if (tokens > rate->burst) {
        return INT64_MAX;
    }
    level = level_at(rate, now_ms);
    if (level >= wanted) {
        return 0;
    }
    return (int64_t)((wanted - level + rate->per_second - 1) / rate->per_second);
}
