/* The older sample is the beginning, the newer one becomes it. */
#include "app/rates.h"

#define PERIOD_MS 5000

bool pl_rates_are_due(const struct pl_rates *rates, int64_t now_ms)
{
    return rates->at_ms[1] == 0 || now_ms - rates->at_ms[1] >= PERIOD_MS;
}

void pl_rates_take(struct pl_rates *rates, const struct pl_metrics *metrics, int64_t now_ms)
{
    bool is_first = rates->at_ms[1] == 0;
    rates->at_ms[0] = is_first ? now_ms : rates->at_ms[1];
    rates->samples[0] = is_first ? *metrics : rates->samples[1];
    rates->at_ms[1] = now_ms;
    rates->samples[1] = *metrics;
}

int64_t pl_rates_over_ms(const struct pl_rates *rates, int64_t now_ms)
{
    return rates->at_ms[0] == 0 ? 0 : now_ms - rates->at_ms[0];
}

double pl_rates_of(const struct pl_rates *rates, const struct pl_metrics *metrics,
                   enum pl_metric metric, int64_t now_ms)
{
    int64_t over_ms = pl_rates_over_ms(rates, now_ms);
    int64_t grown = pl_metrics_get(metrics, metric) - pl_metrics_get(&rates->samples[0], metric);
    return over_ms <= 0 ? 0 : (double)grown * 1000 / (double)over_ms;
}

struct pl_histogram pl_rates_histogram(const struct pl_rates *rates,
                                       const struct pl_metrics *metrics,
                                       enum pl_histogram_kind kind)
{
    struct pl_histogram grown = metrics->histograms[kind];
    const struct pl_histogram *former = &rates->samples[0].histograms[kind];
    for (size_t i = 0; i <= PL_HISTOGRAM_BOUNDS; i++) {
        grown.buckets[i] -= former->buckets[i];
    }
    grown.sum -= former->sum;
    return grown;
}
