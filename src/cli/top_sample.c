/* The metrics are read by their names, a family as the sum of its rows. */
#include "cli/top_sample.h"

#include "cli/answer.h"
#include "codec/json_number.h"
#include "codec/json_string.h"

#include <stdio.h>

enum {
    DEPTH_MAX = 8,
    KEY_MAX = 256,
};

/* A name with labels is one row; one without, the whole family. */
static const char *const names[PL_TOP_FIGURE_COUNT] = {
    [PL_TOP_CONNECTIONS] = "parley_connections",
    [PL_TOP_CONNECTIONS_MAX] = "parley_connections_max",
    [PL_TOP_ACCEPTS] = "parley_connections_accepted_total",
    [PL_TOP_CLOSES] = "parley_connections_closed_total",
    [PL_TOP_REFUSALS] = "parley_refusals_total",
    [PL_TOP_MISTAKES] = "parley_protocol_errors_total",
    [PL_TOP_SLOW_CONSUMERS] = "parley_slow_consumers_total",
    [PL_TOP_SOCKETIO_IN] = "parley_messages_total{dialect=\"socketio\",direction=\"in\"}",
    [PL_TOP_SOCKETIO_OUT] = "parley_messages_total{dialect=\"socketio\",direction=\"out\"}",
    [PL_TOP_TALO_IN] = "parley_messages_total{dialect=\"talo\",direction=\"in\"}",
    [PL_TOP_TALO_OUT] = "parley_messages_total{dialect=\"talo\",direction=\"out\"}",
    [PL_TOP_WEBSOCKET_IN] = "parley_messages_total{dialect=\"websocket\",direction=\"in\"}",
    [PL_TOP_WEBSOCKET_OUT] = "parley_messages_total{dialect=\"websocket\",direction=\"out\"}",
    [PL_TOP_BYTES_IN] = "parley_network_bytes_total{direction=\"in\"}",
    [PL_TOP_BYTES_OUT] = "parley_network_bytes_total{direction=\"out\"}",
    [PL_TOP_HTTP] = "parley_http_responses_total",
    [PL_TOP_PUBLISHES] = "parley_publishes_total",
    [PL_TOP_DELIVERIES] = "parley_deliveries_total",
    [PL_TOP_SESSIONS_POLLING] = "parley_sessions{dialect=\"socketio\",transport=\"polling\"}",
    [PL_TOP_SESSIONS_WEBSOCKET] = "parley_sessions{dialect=\"socketio\",transport=\"websocket\"}",
    [PL_TOP_SESSIONS_TALO] = "parley_sessions{dialect=\"talo\",transport=\"websocket\"}",
    [PL_TOP_SOCKETS] = "parley_socketio_sockets",
    [PL_TOP_STREAMS] = "parley_streams",
    [PL_TOP_SUBSCRIPTIONS] = "parley_subscriptions",
    [PL_TOP_QUEUE_BYTES] = "parley_queue_bytes",
    [PL_TOP_STORE_READS] = "parley_store_operations_total{kind=\"read\",outcome=\"done\"}",
    [PL_TOP_STORE_WRITES] = "parley_store_operations_total{kind=\"write\",outcome=\"done\"}",
    [PL_TOP_MEMORY] = "process_resident_memory_bytes",
    [PL_TOP_CPU_US] = "process_cpu_seconds_total",
    [PL_TOP_FILES] = "process_open_fds",
    [PL_TOP_FILES_MAX] = "process_max_fds",
};

static bool belongs_to(struct pl_str metric, const char *name)
{
    struct pl_str wanted = pl_str_of_cstr(name);
    return pl_str_eq(metric, wanted) ||
           (pl_str_starts_with(metric, wanted) && metric.ptr[wanted.len] == '{');
}

static void add_metric(struct pl_top_sample *out, struct pl_str metric, int64_t value)
{
    for (size_t i = 0; i < PL_TOP_FIGURE_COUNT; i++) {
        if (belongs_to(metric, names[i])) {
            out->figures[i] += value;
        }
    }
}

static void read_metrics(struct pl_top_sample *out, struct pl_str json)
{
    struct pl_json_reader reader;
    struct pl_json_token token;
    char key[KEY_MAX];
    pl_json_reader_init(&reader, json, DEPTH_MAX);
    if (pl_json_next(&token, &reader, NULL) < 0 || token.kind != PL_JSON_OBJECT_BEGIN) {
        return;
    }
    while (pl_json_next(&token, &reader, NULL) == 0 && token.kind == PL_JSON_KEY) {
        int64_t value = 0;
        struct pl_str raw;
        ptrdiff_t len = token.raw.len <= sizeof(key) ? pl_json_string_copy(key, token.raw) : -1;
        if (pl_json_next(&token, &reader, NULL) < 0 ||
            pl_json_skip(&raw, &reader, &token, NULL) < 0) {
            return;
        }
        if (len > 0 && pl_json_number_to_i64(&value, raw)) {
            add_metric(out, pl_str_make(key, (size_t)len), value);
        }
    }
}

static void read_turns(struct pl_top_sample *out, struct pl_str json)
{
    struct pl_answer_array array;
    struct pl_str item;
    out->turns.sum = (uint64_t)pl_answer_i64(json, "sum_us");
    pl_answer_array_init(&array, pl_answer_member(json, PL_STR("buckets")));
    for (size_t i = 0; i <= PL_HISTOGRAM_BOUNDS && pl_answer_array_next(&item, &array); i++) {
        uint64_t count = 0;
        out->turns.buckets[i] = pl_json_number_to_u64(&count, item) ? count : 0;
    }
}

/* "room / lobby", "namespace /chat": kind, then the parts that there are. */
static void read_name(char out[PL_TOP_TEXT_MAX], struct pl_str item)
{
    static const char *const parts[] = {"kind", "subject", "subcontext", "label"};
    size_t len = 0;
    out[0] = 0;
    for (size_t i = 0; i < PL_ARRAY_LEN(parts); i++) {
        char text[PL_TOP_TEXT_MAX];
        pl_answer_text(text, sizeof(text), item, pl_str_of_cstr(parts[i]));
        if (text[0] != 0 && len < PL_TOP_TEXT_MAX) {
            len += (size_t)snprintf(out + len, PL_TOP_TEXT_MAX - len, "%s%s", len > 0 ? " " : "",
                                    text);
        }
    }
    if (pl_answer_bool(item, "cut") && len < PL_TOP_TEXT_MAX) {
        snprintf(out + len, PL_TOP_TEXT_MAX - len, "...");
    }
}

static void read_streams(struct pl_top_sample *out, struct pl_str json)
{
    struct pl_answer_array array;
    struct pl_str item;
    pl_answer_array_init(&array, json);
    while (out->stream_count < PL_TOP_ROWS_MAX && pl_answer_array_next(&item, &array)) {
        struct pl_top_stream *stream = &out->streams[out->stream_count++];
        read_name(stream->name, item);
        stream->members = pl_answer_i64(item, "members");
        stream->publishes = pl_answer_i64(item, "publishes");
    }
}

static void read_consumers(struct pl_top_sample *out, struct pl_str json)
{
    struct pl_answer_array array;
    struct pl_str item;
    pl_answer_array_init(&array, json);
    while (out->consumer_count < PL_TOP_ROWS_MAX && pl_answer_array_next(&item, &array)) {
        struct pl_top_consumer *consumer = &out->consumers[out->consumer_count++];
        pl_answer_text(consumer->peer, sizeof(consumer->peer), item, PL_STR("peer"));
        pl_answer_text(consumer->transport, sizeof(consumer->transport), item, PL_STR("transport"));
        consumer->bytes = pl_answer_i64(item, "bytes");
        consumer->frames = pl_answer_i64(item, "frames");
        consumer->stalled_ms = pl_answer_i64(item, "stalled_ms");
        consumer->is_blocked = pl_answer_bool(item, "blocked");
    }
}

void pl_top_sample_read(struct pl_top_sample *out, struct pl_str json)
{
    memset(out, 0, sizeof(*out));
    pl_answer_text(out->version, sizeof(out->version), json, PL_STR("version"));
    pl_answer_text(out->application, sizeof(out->application), json, PL_STR("application"));
    pl_answer_text(out->state, sizeof(out->state), json, PL_STR("state"));
    out->pid = pl_answer_i64(json, "pid");
    out->uptime_ms = pl_answer_i64(json, "uptime_ms");
    out->queued_count = pl_answer_i64(json, "survey.sinks_queued");
    read_metrics(out, pl_answer_member(json, PL_STR("metrics")));
    read_turns(out, pl_answer_member(json, PL_STR("turns")));
    out->io_busy_us = pl_answer_i64(json, "io_turns.sum_us");
    read_streams(out, pl_answer_member(json, PL_STR("largest_streams")));
    read_consumers(out, pl_answer_member(json, PL_STR("consumers")));
}

double pl_top_sample_seconds(const struct pl_top_sample *now, const struct pl_top_sample *before)
{
    if (before == NULL || before->pid != now->pid || before->uptime_ms >= now->uptime_ms) {
        return 0;
    }
    return (double)(now->uptime_ms - before->uptime_ms) / 1000;
}

double pl_top_stream_rate(const struct pl_top_sample *now, size_t row,
                          const struct pl_top_sample *before)
{
    double seconds = pl_top_sample_seconds(now, before);
    for (size_t i = 0; seconds > 0 && i < before->stream_count; i++) {
        int64_t grown = now->streams[row].publishes - before->streams[i].publishes;
        if (strcmp(before->streams[i].name, now->streams[row].name) == 0 && grown >= 0) {
            return (double)grown / seconds;
        }
    }
    return -1;
}
