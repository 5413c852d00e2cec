/* The delays between attempts. */
#include "client/backoff.h"

#define MAX_DOUBLINGS 30

bool pl_client_reconnect_is_valid(const struct parley_client_reconnect *config)
{
    return config->delay_ms >= 0 && config->delay_max_ms >= 0 && config->attempts >= -1 &&
           config->jitter >= 0.0 && config->jitter <= 1.0; /* NaN is neither */
}

/* `delay_ms` give or take `jitter` of it. */
static double spread(double delay_ms, double jitter, uint32_t random)
{
    double part = (double)random / (double)UINT32_MAX * 2.0 - 1.0;
    return delay_ms + delay_ms * jitter * part;
}

int pl_client_backoff_next(struct pl_client_backoff *backoff, uint32_t random)
{
    const struct parley_client_reconnect *config = &backoff->config;
    unsigned doublings = backoff->attempt < MAX_DOUBLINGS ? backoff->attempt : MAX_DOUBLINGS;
    double delay_ms = (double)config->delay_ms * (double)(UINT32_C(1) << doublings);
    if (!config->is_on ||
        (config->attempts >= 0 && backoff->attempt >= (unsigned)config->attempts)) {
        return -1;
    }
    backoff->attempt++;
    delay_ms = spread(delay_ms, config->jitter, random);
    return delay_ms < (double)config->delay_max_ms ? (int)delay_ms : config->delay_max_ms;
}

void pl_client_backoff_reset(struct pl_client_backoff *backoff)
{
    backoff->attempt = 0;
}
