/* One timer for both: the attempt that goes on, and the wait for the next. */
#include "client/attempts.h"

static void on_timer(struct pl_timer *timer)
{
    struct pl_client_attempts *attempts = PL_CONTAINER_OF(timer, struct pl_client_attempts, timer);
    if (attempts->is_waiting) {
        attempts->on_due(attempts);
    } else {
        attempts->on_late(attempts);
    }
}

int pl_client_attempts_init(struct pl_client_attempts *attempts, struct parley_client *client,
                            const struct parley_client_reconnect *config, int timeout_ms)
{
    int rc = pl_client_reserve_timer(client);
    if (rc < 0) {
        return rc;
    }
    attempts->client = client;
    attempts->backoff = (struct pl_client_backoff){.config = *config};
    attempts->timer = (struct pl_timer){.on_due = on_timer};
    attempts->timeout_ms = timeout_ms;
    attempts->is_waiting = false;
    return 0;
}

void pl_client_attempts_fini(struct pl_client_attempts *attempts)
{
    if (attempts->client != NULL) {
        pl_client_release_timer(attempts->client, &attempts->timer);
        attempts->client = NULL;
    }
}

void pl_client_attempts_begin(struct pl_client_attempts *attempts)
{
    pl_client_attempts_stop(attempts);
    if (attempts->timeout_ms > 0) {
        pl_client_timer_set(attempts->client, &attempts->timer, attempts->timeout_ms);
    }
}

unsigned pl_client_attempts_succeed(struct pl_client_attempts *attempts)
{
    unsigned count = attempts->backoff.attempt;
    pl_client_attempts_stop(attempts);
    pl_client_backoff_reset(&attempts->backoff);
    return count;
}

int pl_client_attempts_fail(struct pl_client_attempts *attempts, bool *has_given_up)
{
    int delay_ms = 0;
    pl_client_attempts_stop(attempts);
    delay_ms = pl_client_backoff_next(&attempts->backoff, pl_client_random(attempts->client));
    *has_given_up = delay_ms < 0 && attempts->backoff.config.is_on;
    if (delay_ms < 0) {
        pl_client_backoff_reset(&attempts->backoff);
    } else {
        attempts->is_waiting = true;
        pl_client_timer_set(attempts->client, &attempts->timer, delay_ms);
    }
    return delay_ms;
}

void pl_client_attempts_stop(struct pl_client_attempts *attempts)
{
    attempts->is_waiting = false;
    pl_client_timer_stop(attempts->client, &attempts->timer);
}
