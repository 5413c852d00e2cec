/* The status as JSON, group by group. */
#include "app/control_status.h"

#include "base/version.h"

#include <unistd.h>

static void put_i64(struct pl_json_writer *json, const char *key, int64_t value)
{
    pl_json_key(json, pl_str_of_cstr(key));
    pl_json_put_i64(json, value);
}

static void put_text(struct pl_json_writer *json, const char *key, const char *text)
{
    pl_json_key(json, pl_str_of_cstr(key));
    if (text == NULL) {
        pl_json_put_null(json);
    } else {
        pl_json_put_string(json, pl_str_of_cstr(text));
    }
}

static void put_bool(struct pl_json_writer *json, const char *key, bool value)
{
    pl_json_key(json, pl_str_of_cstr(key));
    pl_json_put_bool(json, value);
}

static void begin(struct pl_json_writer *json, const char *key)
{
    pl_json_key(json, pl_str_of_cstr(key));
    pl_json_object_begin(json);
}

void pl_control_put_identity(struct pl_json_writer *json, const struct pl_server_status *status)
{
    put_text(json, "version", pl_version());
    put_i64(json, "pid", getpid());
    put_i64(json, "uptime_ms", status->uptime_ms);
    put_text(json, "application", status->app_name);
    put_text(json, "state", status->state);
    put_bool(json, "draining", status->is_draining);
}

static void put_listeners(struct pl_json_writer *json, const struct pl_server_status *status)
{
    pl_json_key(json, PL_STR("listen"));
    pl_json_array_begin(json);
    for (size_t i = 0; i < status->listener_count; i++) {
        pl_json_put_string(json, pl_str_of_cstr(status->listeners[i].url));
    }
    pl_json_array_end(json);
    pl_json_key(json, PL_STR("listeners"));
    pl_json_array_begin(json);
    for (size_t i = 0; i < status->listener_count; i++) {
        const struct pl_listener_info *listener = &status->listeners[i];
        pl_json_object_begin(json);
        put_text(json, "url", listener->url);
        put_i64(json, "connections", (int64_t)listener->connection_count);
        put_i64(json, "connections_max", (int64_t)listener->connections_max);
        pl_json_object_end(json);
    }
    pl_json_array_end(json);
}

static void put_sessions(struct pl_json_writer *json, const struct pl_metrics *metrics)
{
    begin(json, "sessions");
    begin(json, "socketio");
    put_i64(json, "polling", pl_metrics_get(metrics, PL_METRIC_SESSIONS_POLLING));
    put_i64(json, "websocket", pl_metrics_get(metrics, PL_METRIC_SESSIONS_WEBSOCKET));
    put_i64(json, "sockets", pl_metrics_get(metrics, PL_METRIC_SOCKETIO_SOCKETS));
    pl_json_object_end(json);
    begin(json, "talo");
    put_i64(json, "websocket", pl_metrics_get(metrics, PL_METRIC_TALO_SOCKETS));
    pl_json_object_end(json);
    pl_json_object_end(json);
}

static void put_store(struct pl_json_writer *json, const struct pl_server_status *status)
{
    const struct pl_metrics *metrics = status->metrics;
    begin(json, "store");
    put_text(json, "url", status->store[0] != 0 ? status->store : NULL);
    put_i64(json, "reads",
            pl_metrics_get(metrics, PL_METRIC_STORE_READS_DONE) +
                pl_metrics_get(metrics, PL_METRIC_STORE_READS_REFUSED));
    put_i64(json, "writes",
            pl_metrics_get(metrics, PL_METRIC_STORE_WRITES_DONE) +
                pl_metrics_get(metrics, PL_METRIC_STORE_WRITES_REFUSED));
    put_i64(json, "failed",
            pl_metrics_get(metrics, PL_METRIC_STORE_READS_FAILED) +
                pl_metrics_get(metrics, PL_METRIC_STORE_WRITES_FAILED));
    put_i64(json, "waiting", pl_metrics_get(metrics, PL_METRIC_STORE_WAITING));
    pl_json_object_end(json);
}

static void put_figures(struct pl_json_writer *json, const struct pl_metrics *metrics)
{
    static const struct {
        const char *key;
        enum pl_metric metric;
    } rows[] = {
        {"connections", PL_METRIC_CONNECTIONS},
        {"connections_max", PL_METRIC_CONNECTIONS_MAX},
        {"streams", PL_METRIC_STREAMS},
        {"subscriptions", PL_METRIC_SUBSCRIPTIONS},
        {"queue_bytes", PL_METRIC_QUEUE_BYTES},
        {"inbound_bytes", PL_METRIC_INBOUND_BYTES},
        {"slow_consumers_closed", PL_METRIC_SLOW_CONSUMERS},
        {"memory_bytes", PL_METRIC_RESIDENT_BYTES},
        {"cpu_us", PL_METRIC_CPU_TIME},
        {"open_files", PL_METRIC_OPEN_FILES},
        {"open_files_max", PL_METRIC_OPEN_FILES_MAX},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        put_i64(json, rows[i].key, pl_metrics_get(metrics, rows[i].metric));
    }
}

/* All rows of the family that begins with `first`, which stand together. */
static double family_rate(const struct pl_server_status *status, enum pl_metric first)
{
    double sum = 0;
    for (enum pl_metric metric = first;
         metric < PL_METRIC_COUNT && strcmp(pl_metric_name(metric), pl_metric_name(first)) == 0;
         metric++) {
        sum += pl_rates_of(status->rates, status->metrics, metric, status->now_ms);
    }
    return sum;
}

/* Rounded to a thousandth: more would be noise. */
static void put_rate(struct pl_json_writer *json, const char *key, double rate)
{
    pl_json_key(json, pl_str_of_cstr(key));
    pl_json_put_double(json, (double)(int64_t)(rate * 1000 + 0.5) / 1000);
}

static void put_turns(struct pl_json_writer *json, const struct pl_server_status *status,
                      int64_t over_ms)
{
    struct pl_histogram turns =
        pl_rates_histogram(status->rates, status->metrics, PL_HISTOGRAM_TURN);
    double busy_us = over_ms > 0 ? (double)turns.sum / (double)over_ms : 0; /* per millisecond */
    put_rate(json, "busy_percent", busy_us / 10);
    put_rate(json, "turn_p50_us", pl_histogram_quantile(&turns, 0.5));
    put_rate(json, "turn_p99_us", pl_histogram_quantile(&turns, 0.99));
}

static void put_rates(struct pl_json_writer *json, const struct pl_server_status *status)
{
    static const struct {
        const char *key;
        enum pl_metric metric;
    } rows[] = {
        {"socketio_messages_in", PL_METRIC_SOCKETIO_MESSAGES_IN},
        {"socketio_messages_out", PL_METRIC_SOCKETIO_MESSAGES_OUT},
        {"talo_messages_in", PL_METRIC_TALO_MESSAGES_IN},
        {"talo_messages_out", PL_METRIC_TALO_MESSAGES_OUT},
        {"websocket_messages_in", PL_METRIC_WEBSOCKET_MESSAGES_IN},
        {"websocket_messages_out", PL_METRIC_WEBSOCKET_MESSAGES_OUT},
        {"bytes_in", PL_METRIC_NETWORK_BYTES_IN},
        {"bytes_out", PL_METRIC_NETWORK_BYTES_OUT},
        {"publishes", PL_METRIC_PUBLISHES},
        {"deliveries", PL_METRIC_DELIVERIES},
        {"accepts", PL_METRIC_CONNECTIONS_ACCEPTED},
    };
    int64_t over_ms = pl_rates_over_ms(status->rates, status->now_ms);
    begin(json, "rates");
    put_i64(json, "over_ms", over_ms);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        put_rate(json, rows[i].key,
                 pl_rates_of(status->rates, status->metrics, rows[i].metric, status->now_ms));
    }
    put_rate(json, "http_responses", family_rate(status, PL_METRIC_HTTP_1XX));
    put_rate(json, "refusals", family_rate(status, PL_METRIC_REFUSED_CONNECTION_LIMIT));
    put_rate(json, "protocol_errors", family_rate(status, PL_METRIC_ERROR_HTTP_REQUEST));
    put_turns(json, status, over_ms);
    pl_json_object_end(json);
}

static void put_reload(struct pl_json_writer *json, const struct pl_reload_result *reload)
{
    pl_json_key(json, PL_STR("reload"));
    if (reload->unix_us == 0) {
        pl_json_put_null(json);
        return;
    }
    pl_json_object_begin(json);
    put_i64(json, "unix_ms", reload->unix_us / 1000);
    put_bool(json, "ok", reload->is_ok);
    if (reload->is_ok) {
        put_i64(json, "changed", (int64_t)reload->changed_count);
        put_i64(json, "needs_restart", (int64_t)reload->waiting_count);
    } else {
        put_text(json, "reason", reload->reason);
    }
    pl_json_object_end(json);
}

static int run_status(void *user, const struct pl_control_request *request,
                      struct pl_json_writer *result, struct pl_error *err)
{
    const struct pl_control_status *control = user;
    struct pl_server_status status = {0};
    (void)request;
    (void)err;
    control->tell(control->user, &status);
    pl_control_put_identity(result, &status);
    put_listeners(result, &status);
    put_sessions(result, status.metrics);
    put_store(result, &status);
    put_figures(result, status.metrics);
    put_rates(result, &status);
    put_reload(result, status.reload);
    return 0;
}

void pl_control_add_status(struct pl_control *control, struct pl_control_status *status)
{
    pl_control_add(
        control, &(struct pl_control_command){.name = "status", .run = run_status, .user = status});
}
