/* Metrics: what is counted, and the text that Prometheus reads. */
#include "base/metrics.h"
#include "base/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define TEXT_MAX (256 * 1024)

/* The text of `metrics` with a NUL; valid until the next call. */
static const char *text_of(const struct pl_metrics *metrics)
{
    static char text[TEXT_MAX];
    struct pl_buf buf;
    pl_buf_init(&buf, TEXT_MAX - 1);
    pl_metrics_write(&buf, metrics);
    assert_false(pl_buf_failed(&buf));
    memcpy(text, buf.ptr, buf.len);
    text[buf.len] = 0;
    pl_buf_fini(&buf);
    return text;
}

static void assert_line(const char *text, const char *line)
{
    char whole[256];
    snprintf(whole, sizeof(whole), "\n%s\n", line);
    if (strstr(text, whole) == NULL) {
        fail_msg("no line '%s'", line);
    }
}

static void test_metrics_counters_and_gauges_are_lines_with_their_labels(void **state)
{
    struct pl_metrics metrics = {0};
    (void)state;
    pl_metrics_add(&metrics, PL_METRIC_CONNECTIONS, 3);
    pl_metrics_add(&metrics, PL_METRIC_CONNECTIONS, -1);
    pl_metrics_set(&metrics, PL_METRIC_QUEUE_BYTES, INT64_MAX);
    pl_metrics_add(&metrics, PL_METRIC_SOCKETIO_MESSAGES_IN, 7);
    pl_metrics_set(&metrics, PL_METRIC_CPU_TIME, 1250000);
    pl_metrics_set(&metrics, PL_METRIC_STREAMS, -5);
    const char *text = text_of(&metrics);
    assert_line(text, "# TYPE parley_connections gauge");
    assert_line(text, "parley_connections 2");
    assert_line(text, "parley_queue_bytes 9223372036854775807");
    assert_line(text, "parley_messages_total{dialect=\"socketio\",direction=\"in\"} 7");
    assert_line(text, "process_cpu_seconds_total 1.250000");
    assert_line(text, "parley_streams -5");
    char build[64];
    snprintf(build, sizeof(build), "parley_build_info{version=\"%s\"} 1", pl_version());
    assert_line(text, build);
}

static void test_metrics_every_family_has_its_head_once(void **state)
{
    static const struct pl_metrics metrics;
    const char *text = text_of(&metrics);
    size_t heads = 0;
    (void)state;
    for (const char *at = text; (at = strstr(at, "# TYPE ")) != NULL; at++) {
        char name[128];
        char head[160];
        assert_int_equal(sscanf(at, "# TYPE %127s", name), 1);
        snprintf(head, sizeof(head), "# TYPE %s ", name);
        assert_null(strstr(at + 1, head));
        heads++;
    }
    assert_true(heads > 30);
    assert_null(strstr(text, "# HELP parley_connections_closed_total \n"));
}

static void test_histogram_buckets_are_powers_of_two(void **state)
{
    static const struct {
        uint64_t value;
        size_t bucket;
    } cases[] = {
        {0, 0},
        {1, 0},
        {2, 1},
        {3, 2},
        {4, 2},
        {5, 3},
        {1024, 10},
        {1025, 11},
        {UINT64_C(1) << 20, 20},
        {(UINT64_C(1) << 20) + 1, 21},
        {UINT64_MAX, 21},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct pl_histogram histogram = {0};
        pl_histogram_observe(&histogram, cases[i].value);
        assert_int_equal(histogram.buckets[cases[i].bucket], 1);
    }
}

static void test_histogram_text_is_cumulative_and_in_base_units(void **state)
{
    struct pl_metrics metrics = {0};
    (void)state;
    pl_metrics_observe(&metrics, PL_HISTOGRAM_TURN, 3);
    pl_metrics_observe(&metrics, PL_HISTOGRAM_TURN, 1000);
    pl_metrics_observe(&metrics, PL_HISTOGRAM_TURN, 3000000);
    const char *text = text_of(&metrics);
    assert_line(text, "parley_turn_seconds_bucket{le=\"0.000002\"} 0");
    assert_line(text, "parley_turn_seconds_bucket{le=\"0.000004\"} 1");
    assert_line(text, "parley_turn_seconds_bucket{le=\"0.001024\"} 2");
    assert_line(text, "parley_turn_seconds_bucket{le=\"1.048576\"} 2");
    assert_line(text, "parley_turn_seconds_bucket{le=\"+Inf\"} 3");
    assert_line(text, "parley_turn_seconds_sum 3.001003");
    assert_line(text, "parley_turn_seconds_count 3");
}

static void test_metrics_statuses_have_their_class(void **state)
{
    (void)state;
    assert_int_equal(pl_metric_of_status(101), PL_METRIC_HTTP_1XX);
    assert_int_equal(pl_metric_of_status(204), PL_METRIC_HTTP_2XX);
    assert_int_equal(pl_metric_of_status(503), PL_METRIC_HTTP_5XX);
    assert_int_equal(pl_metric_of_status(0), PL_METRIC_HTTP_5XX);
    assert_int_equal(pl_metric_of_status(999), PL_METRIC_HTTP_5XX);
}

static void test_metrics_of_two_threads_add_up(void **state)
{
    struct pl_metrics metrics = {0};
    struct pl_metrics other = {0};
    (void)state;
    pl_metrics_add(&metrics, PL_METRIC_PUBLISHES, 1);
    pl_metrics_add(&other, PL_METRIC_PUBLISHES, 2);
    pl_metrics_observe(&other, PL_HISTOGRAM_FLUSH_FRAMES, 8);
    pl_metrics_merge(&metrics, &other);
    assert_int_equal(pl_metrics_get(&metrics, PL_METRIC_PUBLISHES), 3);
    assert_line(text_of(&metrics), "parley_flush_frames_bucket{le=\"8\"} 1");
    assert_line(text_of(&metrics), "parley_flush_frames_sum 8");
}

static void test_metrics_a_full_buffer_fails_and_nothing_else(void **state)
{
    static const struct pl_metrics metrics;
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 100);
    pl_metrics_write(&buf, &metrics);
    assert_true(pl_buf_failed(&buf));
    pl_buf_fini(&buf);
}

static void test_histogram_quantiles_lie_in_their_bucket(void **state)
{
    struct pl_histogram histogram = {0};
    (void)state;
    assert_true(pl_histogram_quantile(&histogram, 0.5) == 0); /* nothing was counted */
    for (int i = 0; i < 90; i++) {
        pl_histogram_observe(&histogram, 100); /* 65 to 128 */
    }
    for (int i = 0; i < 10; i++) {
        pl_histogram_observe(&histogram, 1000); /* 513 to 1024 */
    }
    double p50 = pl_histogram_quantile(&histogram, 0.5);
    double p99 = pl_histogram_quantile(&histogram, 0.99);
    assert_true(p50 > 64 && p50 < 128);
    assert_true(p99 > 512 && p99 < 1024);
    assert_true(pl_histogram_quantile(&histogram, 0.9) == 128);
    assert_true(pl_histogram_quantile(&histogram, 1) == 1024);
    pl_histogram_observe(&histogram, UINT64_MAX); /* above all bounds */
    assert_true(pl_histogram_quantile(&histogram, 1) == 1 << PL_HISTOGRAM_BOUNDS);
}

static void test_metrics_have_their_names(void **state)
{
    (void)state;
    assert_string_equal(pl_metric_name(PL_METRIC_CONNECTIONS), "parley_connections");
    assert_string_equal(pl_metric_labels(PL_METRIC_CONNECTIONS), "");
    assert_string_equal(pl_metric_labels(PL_METRIC_NETWORK_BYTES_IN), "direction=\"in\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics_counters_and_gauges_are_lines_with_their_labels),
        cmocka_unit_test(test_metrics_every_family_has_its_head_once),
        cmocka_unit_test(test_histogram_buckets_are_powers_of_two),
        cmocka_unit_test(test_histogram_text_is_cumulative_and_in_base_units),
        cmocka_unit_test(test_histogram_quantiles_lie_in_their_bucket),
        cmocka_unit_test(test_metrics_have_their_names),
        cmocka_unit_test(test_metrics_statuses_have_their_class),
        cmocka_unit_test(test_metrics_of_two_threads_add_up),
        cmocka_unit_test(test_metrics_a_full_buffer_fails_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
