/* What the server counts, and its text for Prometheus (text format 0.0.4). A metric is a row of the
 * list below; counting is one addition to an array. There is no registry: to add a metric means to
 * add a row.
 * Threads: one counts (the loop that owns the struct); any may read. */
#ifndef PL_BASE_METRICS_H
#define PL_BASE_METRICS_H

#include "base/buf.h"
#include "base/counter.h"

/* X(ENUM, type, name, labels or "", scale, help). Rows of one name stand together: they are one
 * family, and the first one's type and help count. The value is an integer; it is divided by
 * `scale` when it is written (1000000: counted in microseconds, shown in seconds). */
#define PL_METRIC_LIST(X)                                                                          \
    /* connections */                                                                              \
    X(CONNECTIONS, GAUGE, "parley_connections", "", 1, "Connections open now.")                    \
    X(CONNECTIONS_MAX, GAUGE, "parley_connections_max", "", 1,                                     \
      "Connections that the settings and the open-file limit allow.")                              \
    X(CONNECTIONS_ACCEPTED, COUNTER, "parley_connections_accepted_total", "", 1,                   \
      "Connections accepted.")                                                                     \
    X(CONNECTIONS_CLOSED_PEER, COUNTER, "parley_connections_closed_total", "reason=\"peer\"", 1,   \
      "Connections that ended, by who ended them.")                                                \
    X(CONNECTIONS_CLOSED_ERROR, COUNTER, "parley_connections_closed_total", "reason=\"error\"", 1, \
      "")                                                                                          \
    X(CONNECTIONS_CLOSED_LOCAL, COUNTER, "parley_connections_closed_total", "reason=\"local\"", 1, \
      "")                                                                                          \
    X(CONNECTIONS_CLOSED_OVERFLOW, COUNTER, "parley_connections_closed_total",                     \
      "reason=\"overflow\"", 1, "")                                                                \
    X(NETWORK_BYTES_IN, COUNTER, "parley_network_bytes_total", "direction=\"in\"", 1,              \
      "Bytes read from and written to sockets.")                                                   \
    X(NETWORK_BYTES_OUT, COUNTER, "parley_network_bytes_total", "direction=\"out\"", 1, "")        \
    X(QUEUE_BYTES, GAUGE, "parley_queue_bytes", "", 1, "Bytes queued and not yet sent.")           \
    X(IO_BACKLOG_WAITS, COUNTER, "parley_io_backlog_waits_total", "", 1,                           \
      "Times that the hub waited for an I/O thread that had fallen behind.")                       \
    X(REFUSED_CONNECTION_LIMIT, COUNTER, "parley_refusals_total", "reason=\"connection_limit\"",   \
      1, "What was refused, by reason.")                                                           \
    X(REFUSED_LISTENER_LIMIT, COUNTER, "parley_refusals_total", "reason=\"listener_limit\"", 1,    \
      "")                                                                                          \
    X(REFUSED_ADDRESS_CONNECTIONS, COUNTER, "parley_refusals_total",                               \
      "reason=\"address_connections\"", 1, "")                                                     \
    X(REFUSED_ADDRESS_RATE, COUNTER, "parley_refusals_total", "reason=\"address_rate\"", 1, "")    \
    X(REFUSED_REQUEST_RATE, COUNTER, "parley_refusals_total", "reason=\"request_rate\"", 1, "")    \
    X(REFUSED_OPEN_FILES, COUNTER, "parley_refusals_total", "reason=\"open_files\"", 1, "")        \
    X(REFUSED_DRAINING, COUNTER, "parley_refusals_total", "reason=\"draining\"", 1, "")            \
    X(REFUSED_MEMORY, COUNTER, "parley_refusals_total", "reason=\"memory\"", 1, "")                \
    X(REFUSED_HEAD_TOO_BIG, COUNTER, "parley_refusals_total", "reason=\"head_too_big\"", 1, "")    \
    X(REFUSED_BODY_TOO_BIG, COUNTER, "parley_refusals_total", "reason=\"body_too_big\"", 1, "")    \
    X(REFUSED_HEAD_TIMEOUT, COUNTER, "parley_refusals_total", "reason=\"head_timeout\"", 1, "")    \
    X(REFUSED_BODY_TIMEOUT, COUNTER, "parley_refusals_total", "reason=\"body_timeout\"", 1, "")    \
    X(REFUSED_ANSWER_TIMEOUT, COUNTER, "parley_refusals_total", "reason=\"answer_timeout\"", 1,    \
      "")                                                                                          \
    X(REFUSED_MESSAGE_TOO_BIG, COUNTER, "parley_refusals_total", "reason=\"message_too_big\"", 1,  \
      "")                                                                                          \
    X(REFUSED_MESSAGE_TIMEOUT, COUNTER, "parley_refusals_total", "reason=\"message_timeout\"", 1,  \
      "")                                                                                          \
    X(REFUSED_MESSAGE_RATE, COUNTER, "parley_refusals_total", "reason=\"message_rate\"", 1, "")    \
    X(REFUSED_ORIGIN, COUNTER, "parley_refusals_total", "reason=\"origin\"", 1, "")                \
    X(REFUSED_FORBIDDEN, COUNTER, "parley_refusals_total", "reason=\"forbidden\"", 1, "")          \
    X(REFUSED_NAMESPACE, COUNTER, "parley_refusals_total", "reason=\"namespace\"", 1, "")          \
    X(REFUSED_MIDDLEWARE, COUNTER, "parley_refusals_total", "reason=\"middleware\"", 1, "")        \
    X(REFUSED_TICKET, COUNTER, "parley_refusals_total", "reason=\"ticket\"", 1, "")                \
    X(PEER_ADDRESSES, GAUGE, "parley_peer_addresses", "", 1,                                       \
      "Addresses remembered for the limits of protect.per_address.")                               \
    /* requests and messages */                                                                    \
    X(HTTP_1XX, COUNTER, "parley_http_responses_total", "class=\"1xx\"", 1,                        \
      "HTTP answers, by class of status.")                                                         \
    X(HTTP_2XX, COUNTER, "parley_http_responses_total", "class=\"2xx\"", 1, "")                    \
    X(HTTP_3XX, COUNTER, "parley_http_responses_total", "class=\"3xx\"", 1, "")                    \
    X(HTTP_4XX, COUNTER, "parley_http_responses_total", "class=\"4xx\"", 1, "")                    \
    X(HTTP_5XX, COUNTER, "parley_http_responses_total", "class=\"5xx\"", 1, "")                    \
    X(WEBSOCKET_MESSAGES_IN, COUNTER, "parley_messages_total",                                     \
      "dialect=\"websocket\",direction=\"in\"", 1, "Messages, by dialect and direction.")          \
    X(WEBSOCKET_MESSAGES_OUT, COUNTER, "parley_messages_total",                                    \
      "dialect=\"websocket\",direction=\"out\"", 1, "")                                            \
    X(SOCKETIO_MESSAGES_IN, COUNTER, "parley_messages_total",                                      \
      "dialect=\"socketio\",direction=\"in\"", 1, "")                                              \
    X(SOCKETIO_MESSAGES_OUT, COUNTER, "parley_messages_total",                                     \
      "dialect=\"socketio\",direction=\"out\"", 1, "")                                             \
    X(TALO_MESSAGES_IN, COUNTER, "parley_messages_total", "dialect=\"talo\",direction=\"in\"", 1,  \
      "")                                                                                          \
    X(TALO_MESSAGES_OUT, COUNTER, "parley_messages_total", "dialect=\"talo\",direction=\"out\"",   \
      1, "")                                                                                       \
    X(WEBSOCKET_BYTES_IN, COUNTER, "parley_message_bytes_total",                                   \
      "dialect=\"websocket\",direction=\"in\"", 1,                                                 \
      "Payload bytes of messages, by dialect and direction.")                                      \
    X(WEBSOCKET_BYTES_OUT, COUNTER, "parley_message_bytes_total",                                  \
      "dialect=\"websocket\",direction=\"out\"", 1, "")                                            \
    X(SOCKETIO_BYTES_IN, COUNTER, "parley_message_bytes_total",                                    \
      "dialect=\"socketio\",direction=\"in\"", 1, "")                                              \
    X(SOCKETIO_BYTES_OUT, COUNTER, "parley_message_bytes_total",                                   \
      "dialect=\"socketio\",direction=\"out\"", 1, "")                                             \
    X(TALO_BYTES_IN, COUNTER, "parley_message_bytes_total", "dialect=\"talo\",direction=\"in\"",   \
      1, "")                                                                                       \
    X(TALO_BYTES_OUT, COUNTER, "parley_message_bytes_total", "dialect=\"talo\",direction=\"out\"", \
      1, "")                                                                                       \
    X(DEFLATE_MESSAGES_IN, COUNTER, "parley_deflate_messages_total", "direction=\"in\"", 1,        \
      "WebSocket messages decompressed, and compressed: once for all their recipients.")           \
    X(DEFLATE_MESSAGES_OUT, COUNTER, "parley_deflate_messages_total", "direction=\"out\"", 1, "")  \
    X(DEFLATE_PLAIN_BYTES_IN, COUNTER, "parley_deflate_bytes_total",                               \
      "direction=\"in\",form=\"plain\"", 1, "Bytes of such messages, in both forms.")              \
    X(DEFLATE_PLAIN_BYTES_OUT, COUNTER, "parley_deflate_bytes_total",                              \
      "direction=\"out\",form=\"plain\"", 1, "")                                                   \
    X(DEFLATE_PACKED_BYTES_IN, COUNTER, "parley_deflate_bytes_total",                              \
      "direction=\"in\",form=\"compressed\"", 1, "")                                               \
    X(DEFLATE_PACKED_BYTES_OUT, COUNTER, "parley_deflate_bytes_total",                             \
      "direction=\"out\",form=\"compressed\"", 1, "")                                              \
    X(HTTP_COMPRESSED, COUNTER, "parley_http_compressed_responses_total", "", 1,                   \
      "HTTP answers sent with a content coding.")                                                  \
    X(PUBLISHES, COUNTER, "parley_publishes_total", "", 1, "Messages published to streams.")       \
    X(DELIVERIES, COUNTER, "parley_deliveries_total", "", 1,                                       \
      "Messages handed to connections and to queues of long-polling, one by one.")                 \
    X(VOLATILE_DROPS, COUNTER, "parley_volatile_dropped_total", "", 1,                             \
      "Volatile messages dropped for recipients that were not ready.")                             \
    X(SLOW_CONSUMERS, COUNTER, "parley_slow_consumers_total", "", 1,                               \
      "Connections closed because too much stayed unsent.")                                        \
    /* mistakes of peers */                                                                        \
    X(ERROR_HTTP_REQUEST, COUNTER, "parley_protocol_errors_total",                                 \
      "dialect=\"http\",kind=\"request\"", 1, "Mistakes of peers, by dialect and kind.")           \
    X(ERROR_HTTP_BODY, COUNTER, "parley_protocol_errors_total", "dialect=\"http\",kind=\"body\"",  \
      1, "")                                                                                       \
    X(ERROR_HTTP_UPGRADE, COUNTER, "parley_protocol_errors_total",                                 \
      "dialect=\"http\",kind=\"upgrade\"", 1, "")                                                  \
    X(ERROR_WEBSOCKET_FRAME, COUNTER, "parley_protocol_errors_total",                              \
      "dialect=\"websocket\",kind=\"frame\"", 1, "")                                               \
    X(ERROR_WEBSOCKET_UTF8, COUNTER, "parley_protocol_errors_total",                               \
      "dialect=\"websocket\",kind=\"utf8\"", 1, "")                                                \
    X(ERROR_WEBSOCKET_DEFLATE, COUNTER, "parley_protocol_errors_total",                            \
      "dialect=\"websocket\",kind=\"deflate\"", 1, "")                                             \
    X(ERROR_ENGINEIO_HANDSHAKE, COUNTER, "parley_protocol_errors_total",                           \
      "dialect=\"engineio\",kind=\"handshake\"", 1, "")                                            \
    X(ERROR_ENGINEIO_REQUEST, COUNTER, "parley_protocol_errors_total",                             \
      "dialect=\"engineio\",kind=\"request\"", 1, "")                                              \
    X(ERROR_ENGINEIO_PACKET, COUNTER, "parley_protocol_errors_total",                              \
      "dialect=\"engineio\",kind=\"packet\"", 1, "")                                               \
    X(ERROR_SOCKETIO_PACKET, COUNTER, "parley_protocol_errors_total",                              \
      "dialect=\"socketio\",kind=\"packet\"", 1, "")                                               \
    X(ERROR_SOCKETIO_ATTACHMENT, COUNTER, "parley_protocol_errors_total",                          \
      "dialect=\"socketio\",kind=\"attachment\"", 1, "")                                           \
    X(ERROR_SOCKETIO_STATE, COUNTER, "parley_protocol_errors_total",                               \
      "dialect=\"socketio\",kind=\"state\"", 1, "")                                                \
    X(ERROR_TALO_MESSAGE, COUNTER, "parley_protocol_errors_total",                                 \
      "dialect=\"talo\",kind=\"message\"", 1, "")                                                  \
    X(ERROR_TLS_HANDSHAKE, COUNTER, "parley_protocol_errors_total",                                \
      "dialect=\"tls\",kind=\"handshake\"", 1, "")                                                 \
    X(ERROR_TLS_RECORD, COUNTER, "parley_protocol_errors_total",                                   \
      "dialect=\"tls\",kind=\"record\"", 1, "")                                                    \
    X(ERROR_PROXY_UNTRUSTED, COUNTER, "parley_protocol_errors_total",                              \
      "dialect=\"proxy\",kind=\"untrusted\"", 1, "")                                               \
    X(ERROR_PROXY_HEADER, COUNTER, "parley_protocol_errors_total",                                 \
      "dialect=\"proxy\",kind=\"header\"", 1, "")                                                  \
    X(ERROR_PROXY_FORWARDED, COUNTER, "parley_protocol_errors_total",                              \
      "dialect=\"proxy\",kind=\"forwarded\"", 1, "")                                               \
    /* TLS */                                                                                      \
    X(TLS_HANDSHAKES_FULL, COUNTER, "parley_tls_handshakes_total", "kind=\"full\"", 1,             \
      "TLS handshakes that succeeded, in full or resumed by a ticket.")                            \
    X(TLS_HANDSHAKES_RESUMED, COUNTER, "parley_tls_handshakes_total", "kind=\"resumed\"", 1, "")   \
    X(TLS_RELOADS_OK, COUNTER, "parley_tls_reloads_total", "result=\"ok\"", 1,                     \
      "Reloads of the certificates, by result.")                                                   \
    X(TLS_RELOADS_FAILED, COUNTER, "parley_tls_reloads_total", "result=\"failed\"", 1, "")         \
    X(TLS_CERTIFICATE_EXPIRY, GAUGE, "parley_tls_certificate_expiry_timestamp_seconds", "", 1,     \
      "When the first certificate expires, in seconds since 1970; 0 without TLS.")                 \
    /* sessions and streams */                                                                     \
    X(UPGRADES_OK, COUNTER, "parley_upgrades_total", "result=\"ok\"", 1,                           \
      "Upgrades of the running server: those that led to this process, and failed ones of it.")    \
    X(UPGRADES_FAILED, COUNTER, "parley_upgrades_total", "result=\"failed\"", 1, "")               \
    X(UPGRADE_TIME, GAUGE, "parley_upgrade_seconds", "", 1000000,                                  \
      "How long the upgrade that led to this process took; 0: none did.")                          \
    X(UPGRADE_SESSIONS, GAUGE, "parley_upgrade_sessions", "", 1,                                   \
      "Sessions that can be recovered, taken over from the process before.")                       \
    X(UPGRADE_CONNECTIONS, COUNTER, "parley_upgrade_connections_total", "", 1,                     \
      "Connections taken over from the process before.")                                           \
    X(SESSIONS_POLLING, GAUGE, "parley_sessions", "dialect=\"socketio\",transport=\"polling\"", 1, \
      "Sessions open now, by dialect and transport.")                                              \
    X(SESSIONS_WEBSOCKET, GAUGE, "parley_sessions",                                                \
      "dialect=\"socketio\",transport=\"websocket\"", 1, "")                                       \
    X(TALO_SOCKETS, GAUGE, "parley_sessions", "dialect=\"talo\",transport=\"websocket\"", 1, "")   \
    X(SESSIONS_OPENED, COUNTER, "parley_sessions_opened_total", "dialect=\"socketio\"", 1,         \
      "Sessions opened, by dialect.")                                                              \
    X(TALO_SOCKETS_OPENED, COUNTER, "parley_sessions_opened_total", "dialect=\"talo\"", 1, "")     \
    X(SESSIONS_UPGRADED, COUNTER, "parley_sessions_upgraded_total", "dialect=\"socketio\"", 1,     \
      "Sessions that went from polling to WebSocket.")                                             \
    X(WEBSOCKET_TIMED_OUT, COUNTER, "parley_websocket_timed_out_total", "", 1,                     \
      "WebSockets of the application closed because their peer did not answer pings.")             \
    X(SESSIONS_TIMED_OUT, COUNTER, "parley_sessions_timed_out_total", "dialect=\"socketio\"", 1,   \
      "Sessions closed because their peer did not answer pings.")                                  \
    X(TALO_TIMED_OUT, COUNTER, "parley_sessions_timed_out_total", "dialect=\"talo\"", 1, "")       \
    X(SOCKETIO_SOCKETS, GAUGE, "parley_socketio_sockets", "", 1,                                   \
      "Socket.IO sockets connected to a namespace now.")                                           \
    X(RECOVERIES_OK, COUNTER, "parley_recoveries_total", "dialect=\"socketio\",result=\"ok\"", 1,  \
      "Attempts to recover a connection's state, by result.")                                      \
    X(RECOVERIES_FAILED, COUNTER, "parley_recoveries_total",                                       \
      "dialect=\"socketio\",result=\"failed\"", 1, "")                                             \
    X(STREAMS, GAUGE, "parley_streams", "", 1, "Streams that have members now.")                   \
    X(SUBSCRIPTIONS, GAUGE, "parley_subscriptions", "", 1, "Memberships of streams now.")          \
    X(SUSPENSIONS, COUNTER, "parley_suspensions_total", "", 1,                                     \
      "Requests that made the later messages of their session wait.")                              \
    X(INBOUND_BYTES, GAUGE, "parley_inbound_bytes", "", 1,                                         \
      "Bytes of messages that wait for an unfinished request.")                                    \
    X(LOG_SUPPRESSED, COUNTER, "parley_log_lines_suppressed_total", "", 1,                         \
      "Log lines left out by rate limits.")                                                        \
    /* players' passwords and mail */                                                              \
    X(CRYPTO_JOBS_WAITING, GAUGE, "parley_crypto_jobs_waiting", "", 1,                             \
      "Passwords that are being hashed or compared, or wait for it.")                              \
    X(CRYPTO_JOBS_DONE, COUNTER, "parley_crypto_jobs_total", "result=\"done\"", 1,                 \
      "Passwords hashed and compared, and those refused because too many waited.")                 \
    X(CRYPTO_JOBS_REFUSED, COUNTER, "parley_crypto_jobs_total", "result=\"refused\"", 1, "")       \
    X(MAIL_WAITING, GAUGE, "parley_mail_waiting", "", 1, "Mails that wait for being sent.")        \
    X(MAIL_SENT, COUNTER, "parley_mails_total", "result=\"sent\"", 1,                              \
      "Mails to players, by what became of them.")                                                 \
    X(MAIL_LOGGED, COUNTER, "parley_mails_total", "result=\"logged\"", 1, "")                      \
    X(MAIL_FAILED, COUNTER, "parley_mails_total", "result=\"failed\"", 1, "")                      \
    X(MAIL_REFUSED, COUNTER, "parley_mails_total", "result=\"refused\"", 1, "")                    \
    /* the store */                                                                                \
    X(STORE_READS_DONE, COUNTER, "parley_store_operations_total",                                  \
      "kind=\"read\",outcome=\"done\"", 1, "Operations of the store, by kind and outcome.")        \
    X(STORE_READS_REFUSED, COUNTER, "parley_store_operations_total",                               \
      "kind=\"read\",outcome=\"refused\"", 1, "")                                                  \
    X(STORE_READS_FAILED, COUNTER, "parley_store_operations_total",                                \
      "kind=\"read\",outcome=\"failed\"", 1, "")                                                   \
    X(STORE_WRITES_DONE, COUNTER, "parley_store_operations_total",                                 \
      "kind=\"write\",outcome=\"done\"", 1, "")                                                    \
    X(STORE_WRITES_REFUSED, COUNTER, "parley_store_operations_total",                              \
      "kind=\"write\",outcome=\"refused\"", 1, "")                                                 \
    X(STORE_WRITES_FAILED, COUNTER, "parley_store_operations_total",                               \
      "kind=\"write\",outcome=\"failed\"", 1, "")                                                  \
    X(STORE_WAITING, GAUGE, "parley_store_waiting", "", 1,                                         \
      "Operations handed to the store whose results have not come back.")                          \
    /* the process */                                                                              \
    X(START_TIME, GAUGE, "process_start_time_seconds", "", 1000000,                                \
      "Start of the process, in seconds since 1970.")                                              \
    X(CPU_TIME, COUNTER, "process_cpu_seconds_total", "", 1000000,                                 \
      "Processor time of the process, user and system.")                                           \
    X(RESIDENT_BYTES, GAUGE, "process_resident_memory_bytes", "", 1, "Resident memory.")           \
    X(OPEN_FILES, GAUGE, "process_open_fds", "", 1, "Open file descriptors.")                      \
    X(OPEN_FILES_MAX, GAUGE, "process_max_fds", "", 1, "Most open file descriptors allowed.")

/* X(ENUM, name, scale, help). */
#define PL_HISTOGRAM_LIST(X)                                                                       \
    X(TURN, "parley_turn_seconds", 1000000,                                                        \
      "Time of a turn of the loop, waiting excluded; observed in microseconds.")                   \
    X(IO_TURN, "parley_io_turn_seconds", 1000000, "The same of the I/O threads' loops.")           \
    X(FLUSH_FRAMES, "parley_flush_frames", 1, "Frames handed to the system by one gather write.")  \
    X(STORE_BATCH, "parley_store_batch_operations", 1, "Writes of the store in one commit.")       \
    X(STORE_COMMIT, "parley_store_commit_seconds", 1000000,                                        \
      "Time of such a batch: its operations and the commit.")

enum pl_metric {
#define PL_METRIC_ENUM(name, type, text, labels, scale, help) PL_METRIC_##name,
    PL_METRIC_LIST(PL_METRIC_ENUM)
#undef PL_METRIC_ENUM
        PL_METRIC_COUNT,
};

enum pl_histogram_kind {
#define PL_HISTOGRAM_ENUM(name, text, scale, help) PL_HISTOGRAM_##name,
    PL_HISTOGRAM_LIST(PL_HISTOGRAM_ENUM)
#undef PL_HISTOGRAM_ENUM
        PL_HISTOGRAM_COUNT,
};

/* Bounds are powers of two: bucket i counts what is at most 2^i, the last one what is above all
 * bounds. With microseconds that is 1 µs to 1.05 s. */
#define PL_HISTOGRAM_BOUNDS 21

struct pl_histogram {
    _Atomic uint64_t buckets[PL_HISTOGRAM_BOUNDS + 1]; /* not cumulative */
    _Atomic uint64_t sum;
};

/* Zeroed is ready. */
struct pl_metrics {
    _Atomic int64_t values[PL_METRIC_COUNT];
    struct pl_histogram histograms[PL_HISTOGRAM_COUNT];
};

static inline void pl_metrics_add(struct pl_metrics *metrics, enum pl_metric metric, int64_t n)
{
    PL_COUNTER_ADD(&metrics->values[metric], n);
}

/* Gauges that are looked up when the text is wanted. */
static inline void pl_metrics_set(struct pl_metrics *metrics, enum pl_metric metric, int64_t value)
{
    PL_COUNTER_SET(&metrics->values[metric], value);
}

static inline int64_t pl_metrics_get(const struct pl_metrics *metrics, enum pl_metric metric)
{
    return PL_COUNTER_GET(&metrics->values[metric]);
}

/* The row for an HTTP status, 100 to 599. */
static inline enum pl_metric pl_metric_of_status(unsigned status)
{
    unsigned class_from_0 = status / 100 - 1;
    return (enum pl_metric)(PL_METRIC_HTTP_1XX + (class_from_0 < 5 ? class_from_0 : 4));
}

static inline void pl_histogram_observe(struct pl_histogram *histogram, uint64_t value)
{
    unsigned bucket = value <= 1 ? 0 : 64 - (unsigned)__builtin_clzll(value - 1);
    PL_COUNTER_ADD(&histogram->buckets[bucket < PL_HISTOGRAM_BOUNDS ? bucket : PL_HISTOGRAM_BOUNDS],
                   1);
    PL_COUNTER_ADD(&histogram->sum, value);
}

static inline void pl_metrics_observe(struct pl_metrics *metrics, enum pl_histogram_kind kind,
                                      uint64_t value)
{
    pl_histogram_observe(&metrics->histograms[kind], value);
}

/* The value that `share` (0 to 1) of what was counted does not exceed, as well as the buckets tell:
 * between their bounds it is assumed to be spread evenly. 0 when nothing was counted. */
double pl_histogram_quantile(const struct pl_histogram *histogram, double share);

/* As a line of the text names it: "parley_connections_closed_total" and `reason="peer"`, which may
 * be empty. */
const char *pl_metric_name(enum pl_metric metric);
const char *pl_metric_labels(enum pl_metric metric);

/* Add the counters, gauges and histograms of another one, which may be another thread's. */
void pl_metrics_merge(struct pl_metrics *metrics, const struct pl_metrics *other);

/* Append the text for Prometheus, build information included. A full `out` fails. Content-Type:
 * text/plain; version=0.0.4; charset=utf-8. */
void pl_metrics_write(struct pl_buf *out, const struct pl_metrics *metrics);

#endif
