/* Rates of the last seconds, from two earlier samples of the metrics. Taken by turns that happen
 * anyway: an idle server is not woken.
 * Threads: the loop's. */
#ifndef PL_APP_RATES_H
#define PL_APP_RATES_H

#include "base/metrics.h"

/* Zeroed: no sample yet. */
struct pl_rates {
    int64_t at_ms[2]; /* the older one first; 0: there is none */
    struct pl_metrics samples[2];
};

/* Whether the newer sample is so old that another one should be taken. */
bool pl_rates_are_due(const struct pl_rates *rates, int64_t now_ms);
void pl_rates_take(struct pl_rates *rates, const struct pl_metrics *metrics, int64_t now_ms);

/* The time that the rates below are about: from the older sample to now; 0: none. Between 5 and 10
 * seconds on a server that has work. */
int64_t pl_rates_over_ms(const struct pl_rates *rates, int64_t now_ms);

/* How much a counter grew, per second. */
double pl_rates_of(const struct pl_rates *rates, const struct pl_metrics *metrics,
                   enum pl_metric metric, int64_t now_ms);

/* What a histogram counted in that time. */
struct pl_histogram pl_rates_histogram(const struct pl_rates *rates,
                                       const struct pl_metrics *metrics,
                                       enum pl_histogram_kind kind);

#endif
