/* One answer of the control command "top" as numbers. Threads: any. */
#ifndef PL_CLI_TOP_SAMPLE_H
#define PL_CLI_TOP_SAMPLE_H

#include "base/metrics.h"

#define PL_TOP_ROWS_MAX 64
#define PL_TOP_TEXT_MAX 400

/* Families and single rows of the metrics that are shown. */
enum pl_top_figure {
    PL_TOP_CONNECTIONS,
    PL_TOP_CONNECTIONS_MAX,
    PL_TOP_ACCEPTS,
    PL_TOP_CLOSES,
    PL_TOP_REFUSALS,
    PL_TOP_MISTAKES,
    PL_TOP_SLOW_CONSUMERS,
    PL_TOP_SOCKETIO_IN,
    PL_TOP_SOCKETIO_OUT,
    PL_TOP_TALO_IN,
    PL_TOP_TALO_OUT,
    PL_TOP_WEBSOCKET_IN,
    PL_TOP_WEBSOCKET_OUT,
    PL_TOP_BYTES_IN,
    PL_TOP_BYTES_OUT,
    PL_TOP_HTTP,
    PL_TOP_PUBLISHES,
    PL_TOP_DELIVERIES,
    PL_TOP_SESSIONS_POLLING,
    PL_TOP_SESSIONS_WEBSOCKET,
    PL_TOP_SESSIONS_TALO,
    PL_TOP_SOCKETS,
    PL_TOP_STREAMS,
    PL_TOP_SUBSCRIPTIONS,
    PL_TOP_QUEUE_BYTES,
    PL_TOP_STORE_READS,
    PL_TOP_STORE_WRITES,
    PL_TOP_MEMORY,
    PL_TOP_CPU_US,
    PL_TOP_FILES,
    PL_TOP_FILES_MAX,
    PL_TOP_FIGURE_COUNT,
};

struct pl_top_stream {
    char name[PL_TOP_TEXT_MAX]; /* "room / lobby" */
    int64_t members;
    int64_t publishes;
};

struct pl_top_consumer {
    char peer[PL_TOP_TEXT_MAX];
    char transport[32];
    int64_t bytes;
    int64_t frames;
    int64_t stalled_ms; /* -1: unknown */
    bool is_blocked;
};

struct pl_top_sample {
    char version[64];
    char application[64]; /* "" for none */
    char state[32];
    int64_t pid;
    int64_t uptime_ms;
    int64_t figures[PL_TOP_FIGURE_COUNT];
    struct pl_histogram turns;
    int64_t io_busy_us;   /* of all I/O threads together */
    int64_t queued_count; /* sinks with anything unsent */
    struct pl_top_stream streams[PL_TOP_ROWS_MAX];
    size_t stream_count;
    struct pl_top_consumer consumers[PL_TOP_ROWS_MAX];
    size_t consumer_count;
};

/* What is missing is 0; an answer of another version is read as far as it is known. */
void pl_top_sample_read(struct pl_top_sample *out, struct pl_str json);

/* Seconds between two samples of the same process; 0: there is no earlier one. */
double pl_top_sample_seconds(const struct pl_top_sample *now, const struct pl_top_sample *before);

/* Publishes to the stream `row` of `now` in that time, per second; negative when that is unknown. */
double pl_top_stream_rate(const struct pl_top_sample *now, size_t row,
                          const struct pl_top_sample *before);

#endif
