/* One survey answers all that wait for it. */
#include "app/control_top.h"

#include "dialect/socketio/socketio.h"
#include "service/talo/talo.h"

#include <stdio.h>

#define ANSWER_MAX ((size_t)1024 * 1024)
#define ROWS_DEFAULT 10
#define METRIC_NAME_MAX 192

static void put_i64(struct pl_json_writer *json, const char *key, int64_t value)
{
    pl_json_key(json, pl_str_of_cstr(key));
    pl_json_put_i64(json, value);
}

static void put_text(struct pl_json_writer *json, const char *key, const char *text)
{
    pl_json_key(json, pl_str_of_cstr(key));
    pl_json_put_string(json, pl_str_of_cstr(text));
}

static void put_bool(struct pl_json_writer *json, const char *key, bool value)
{
    pl_json_key(json, pl_str_of_cstr(key));
    pl_json_put_bool(json, value);
}

/* Every row, as /metrics names it, but unscaled: times are microseconds. */
static void put_metrics(struct pl_json_writer *json, const struct pl_metrics *metrics)
{
    pl_json_key(json, PL_STR("metrics"));
    pl_json_object_begin(json);
    for (enum pl_metric metric = 0; metric < PL_METRIC_COUNT; metric++) {
        char name[METRIC_NAME_MAX];
        const char *labels = pl_metric_labels(metric);
        snprintf(name, sizeof(name), labels[0] != 0 ? "%s{%s}" : "%s%s", pl_metric_name(metric),
                 labels);
        put_i64(json, name, pl_metrics_get(metrics, metric));
    }
    pl_json_object_end(json);
}

static void put_turns(struct pl_json_writer *json, const char *key,
                      const struct pl_histogram *turns)
{
    pl_json_key(json, pl_str_of_cstr(key));
    pl_json_object_begin(json);
    put_i64(json, "sum_us", (int64_t)turns->sum);
    pl_json_key(json, PL_STR("buckets")); /* bucket i: at most 2^i microseconds */
    pl_json_array_begin(json);
    for (size_t i = 0; i <= PL_HISTOGRAM_BOUNDS; i++) {
        pl_json_put_u64(json, turns->buckets[i]);
    }
    pl_json_array_end(json);
    pl_json_object_end(json);
}

static void put_consumers(struct pl_json_writer *json, const struct pl_sink_top *sinks,
                          size_t row_count)
{
    pl_json_key(json, PL_STR("consumers"));
    pl_json_array_begin(json);
    for (size_t i = 0; i < sinks->count && i < row_count; i++) {
        const struct pl_sink_load *row = &sinks->rows[i];
        pl_json_object_begin(json);
        put_text(json, "peer", row->info.peer);
        put_text(json, "transport", row->info.transport);
        put_i64(json, "bytes", (int64_t)row->bytes);
        put_i64(json, "frames", row->frames);
        put_bool(json, "blocked", row->is_blocked);
        put_i64(json, "stalled_ms", row->info.stalled_ms);
        pl_json_object_end(json);
    }
    pl_json_array_end(json);
}

static void put_streams(struct pl_json_writer *json, const struct pl_stream_top *streams,
                        size_t row_count)
{
    pl_json_key(json, PL_STR("largest_streams"));
    pl_json_array_begin(json);
    for (size_t i = 0; i < streams->count && i < row_count; i++) {
        const struct pl_stream_load *row = &streams->rows[i];
        const char *socketio = pl_sio_stream_kind(row->kind);
        const char *kind = socketio != NULL ? socketio : pl_talo_stream_name(row->kind);
        pl_json_object_begin(json);
        put_text(json, "kind", kind == NULL ? "other" : kind);
        put_text(json, "subject", row->subject);
        put_text(json, "subcontext", row->subcontext);
        put_text(json, "label", row->label);
        put_bool(json, "cut", row->is_cut);
        put_i64(json, "members", row->member_count);
        put_i64(json, "publishes", (int64_t)row->publish_count);
        pl_json_object_end(json);
    }
    pl_json_array_end(json);
}

static void put_survey(struct pl_json_writer *json, const struct pl_survey_result *result)
{
    pl_json_key(json, PL_STR("survey"));
    pl_json_object_begin(json);
    put_i64(json, "sinks", (int64_t)result->sinks.sink_count);
    put_i64(json, "sinks_queued", (int64_t)result->sinks.queued_count);
    put_i64(json, "took_us", result->took_us);
    put_i64(json, "longest_us", result->longest_us);
    put_i64(json, "slices", (int64_t)result->slice_count);
    pl_json_object_end(json);
}

static void write_answer(struct pl_buf *out, const struct pl_server_status *status,
                         const struct pl_survey_result *result, size_t row_count)
{
    struct pl_json_writer json;
    pl_json_writer_init(&json, out);
    pl_json_object_begin(&json);
    pl_control_put_identity(&json, status);
    put_metrics(&json, status->metrics);
    put_turns(&json, "turns", &status->metrics->histograms[PL_HISTOGRAM_TURN]);
    put_turns(&json, "io_turns", &status->metrics->histograms[PL_HISTOGRAM_IO_TURN]);
    put_consumers(&json, &result->sinks, row_count);
    put_streams(&json, &result->streams, row_count);
    put_survey(&json, result);
    pl_json_object_end(&json);
}

static void answer(struct pl_control_top_waiter *waiter, const struct pl_server_status *status,
                   const struct pl_survey_result *result)
{
    struct pl_buf text;
    struct pl_error err = {0};
    int rc = 0;
    pl_buf_init(&text, ANSWER_MAX);
    write_answer(&text, status, result, waiter->row_count);
    if (pl_buf_failed(&text)) {
        rc = pl_error_set(&err, PL_E_TOO_BIG, "the answer is too big");
    }
    pl_control_finish(&waiter->later, pl_buf_str(&text), rc < 0 ? &err : NULL);
    pl_buf_fini(&text);
}

void pl_control_top_answer(struct pl_control_top *top, const struct pl_survey_result *result)
{
    struct pl_control_top_waiter waiters[PL_CONTROL_CLIENTS_MAX];
    struct pl_server_status status = {0};
    size_t count = top->waiter_count;
    memcpy(waiters, top->waiters, count * sizeof(waiters[0]));
    top->waiter_count = 0; /* whoever has an answer may ask again at once */
    if (count > 0) {
        top->status->tell(top->status->user, &status);
    }
    for (size_t i = 0; i < count; i++) {
        answer(&waiters[i], &status, result);
    }
}

static int fail_leaving(struct pl_error *err)
{
    return pl_error_set(err, PL_E_CLOSED, "the server is leaving");
}

void pl_control_top_stop(struct pl_control_top *top)
{
    struct pl_error err = {0};
    (void)!fail_leaving(&err);
    top->survey = NULL;
    while (top->waiter_count > 0) {
        pl_control_finish(&top->waiters[--top->waiter_count].later, PL_STR(""), &err);
    }
}

static int run_top(void *user, const struct pl_control_request *request,
                   struct pl_json_writer *result, struct pl_error *err)
{
    struct pl_control_top *top = user;
    int64_t rows = ROWS_DEFAULT;
    (void)result;
    if (pl_control_get_i64(&rows, request, PL_STR("rows")) &&
        (rows < 0 || rows > PL_SURVEY_ROWS_MAX)) {
        return pl_error_set(err, PL_E_INVALID, "rows must be 0 to %d", PL_SURVEY_ROWS_MAX);
    }
    if (top->survey == NULL) {
        return fail_leaving(err);
    }
    if (top->waiter_count == PL_CONTROL_CLIENTS_MAX) { /* some of them have left meanwhile */
        return pl_error_set(err, PL_E_FULL, "too many wait for the same answer");
    }
    top->waiters[top->waiter_count++] = (struct pl_control_top_waiter){
        .later = pl_control_defer(request), .row_count = (size_t)rows};
    pl_survey_start(top->survey);
    return 0;
}

void pl_control_add_top(struct pl_control *control, struct pl_control_top *top)
{
    pl_control_add(control,
                   &(struct pl_control_command){.name = "top", .run = run_top, .user = top});
}
