/* The text for Prometheus, from the rows in metrics.h. */
#include "base/metrics.h"

#include "base/version.h"

#include <inttypes.h>

static const struct {
    const char *type;
    const char *name;
    const char *labels;
    const char *help;
    int64_t scale;
} rows[] = {
#define TYPE_COUNTER "counter"
#define TYPE_GAUGE "gauge"
#define ROW(name, type, text, labels, scale, help) {TYPE_##type, text, labels, help, scale},
    PL_METRIC_LIST(ROW)
#undef ROW
};

static const struct {
    const char *name;
    const char *help;
    uint64_t scale;
} histogram_rows[] = {
#define ROW(name, text, scale, help) {text, help, scale},
    PL_HISTOGRAM_LIST(ROW)
#undef ROW
};

_Static_assert(PL_ARRAY_LEN(rows) == PL_METRIC_COUNT, "a row per metric");
_Static_assert(PL_ARRAY_LEN(histogram_rows) == PL_HISTOGRAM_COUNT, "a row per histogram");

static void write_head(struct pl_buf *out, const char *name, const char *type, const char *help)
{
    pl_buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* value / scale as a decimal number; `scale` is 1 or a million. */
static void write_scaled(struct pl_buf *out, uint64_t value, uint64_t scale)
{
    pl_buf_add_u64(out, value / scale);
    if (scale > 1) {
        pl_buf_addf(out, ".%06" PRIu64, value % scale);
    }
}

static void write_row(struct pl_buf *out, size_t row, int64_t value)
{
    pl_buf_addf(out, "%s", rows[row].name);
    if (rows[row].labels[0] != 0) {
        pl_buf_addf(out, "{%s}", rows[row].labels);
    }
    pl_buf_add_str(out, value < 0 ? PL_STR(" -") : PL_STR(" "));
    write_scaled(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, (uint64_t)rows[row].scale);
    pl_buf_add_char(out, '\n');
}

static void write_histogram(struct pl_buf *out, size_t kind, const struct pl_histogram *histogram)
{
    const char *name = histogram_rows[kind].name;
    uint64_t scale = histogram_rows[kind].scale;
    uint64_t count = 0;
    write_head(out, name, "histogram", histogram_rows[kind].help);
    for (unsigned i = 0; i < PL_HISTOGRAM_BOUNDS; i++) {
        count += histogram->buckets[i];
        pl_buf_addf(out, "%s_bucket{le=\"", name);
        write_scaled(out, UINT64_C(1) << i, scale);
        pl_buf_addf(out, "\"} %" PRIu64 "\n", count);
    }
    count += histogram->buckets[PL_HISTOGRAM_BOUNDS];
    pl_buf_addf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum ", name, count, name);
    write_scaled(out, histogram->sum, scale);
    pl_buf_addf(out, "\n%s_count %" PRIu64 "\n", name, count);
}

void pl_metrics_write(struct pl_buf *out, const struct pl_metrics *metrics)
{
    write_head(out, "parley_build_info", "gauge", "Always 1; the label tells the version.");
    pl_buf_addf(out, "parley_build_info{version=\"%s\"} 1\n", pl_version());
    for (size_t i = 0; i < PL_METRIC_COUNT; i++) {
        if (i == 0 || strcmp(rows[i].name, rows[i - 1].name) != 0) {
            write_head(out, rows[i].name, rows[i].type, rows[i].help);
        }
        write_row(out, i, metrics->values[i]);
    }
    for (size_t i = 0; i < PL_HISTOGRAM_COUNT; i++) {
        write_histogram(out, i, &metrics->histograms[i]);
    }
}

void pl_metrics_merge(struct pl_metrics *metrics, const struct pl_metrics *other)
{
    for (size_t i = 0; i < PL_METRIC_COUNT; i++) {
        PL_COUNTER_ADD(&metrics->values[i], PL_COUNTER_GET(&other->values[i]));
    }
    for (size_t i = 0; i < PL_HISTOGRAM_COUNT; i++) {
        for (size_t bucket = 0; bucket <= PL_HISTOGRAM_BOUNDS; bucket++) {
            PL_COUNTER_ADD(&metrics->histograms[i].buckets[bucket],
                           PL_COUNTER_GET(&other->histograms[i].buckets[bucket]));
        }
        PL_COUNTER_ADD(&metrics->histograms[i].sum, PL_COUNTER_GET(&other->histograms[i].sum));
    }
}

double pl_histogram_quantile(const struct pl_histogram *histogram, double share)
{
    double total = 0;
    double below = 0;
    for (size_t i = 0; i <= PL_HISTOGRAM_BOUNDS; i++) {
        total += (double)histogram->buckets[i];
    }
    for (size_t i = 0; i <= PL_HISTOGRAM_BOUNDS; i++) {
        double count = (double)histogram->buckets[i];
        if (count > 0 && below + count >= share * total) {
            double from = i == 0 ? 0 : (double)(UINT64_C(1) << (i - 1));
            double to = (double)(UINT64_C(1) << i); /* of the last bucket: twice its beginning */
            double part = (share * total - below) / count;
            return from + (to - from) * (part > 0 ? part : 0);
        }
        below += count;
    }
    return 0;
}

const char *pl_metric_name(enum pl_metric metric)
{
    return rows[metric].name;
}

const char *pl_metric_labels(enum pl_metric metric)
{
    return rows[metric].labels;
}
