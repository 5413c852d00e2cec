/* The Socket.IO server: what starts and stops it. What an application does with it is in
 * include/parley/socketio.h.
 * Source: shared spec socketio.md, sections 2, 3 and 6. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_SOCKETIO_H
#define PL_DIALECT_SOCKETIO_SOCKETIO_H

#include "base/log.h"
#include "base/metrics.h"
#include "codec/handover.h"
#include "dialect/socketio/engine.h"
#include "parley/socketio.h"

/* Connection state recovery (spec 3.8). The bounds are per namespace. */
struct pl_sio_recovery_config {
    bool is_enabled;
    bool skips_middlewares;
    int64_t max_disconnection_ms;
    uint32_t sessions_max; /* waiting to be recovered; the oldest go first */
    uint32_t packets_max;  /* kept for them; the oldest go first */
    size_t bytes_max;      /* of these packets */
};

/* How packets are written; both ends are configured alike (spec 2.13). */
enum pl_sio_parser {
    PL_SIO_PARSER_DEFAULT, /* text with attachments behind it */
    PL_SIO_PARSER_MSGPACK,
};

struct pl_sio_config {
    struct pl_eio_config eio;
    uint32_t connect_timeout_ms;     /* until the first namespace is joined (spec 2.8) */
    uint32_t ack_timeout_ms;         /* of acknowledgements that name no time */
    uint32_t attachments_max;        /* per packet, both ways */
    uint32_t attachments_timeout_ms; /* for those that a packet still lacks */
    uint32_t namespaces_max;         /* per connection */
    uint32_t child_namespaces_max;   /* made by clients' CONNECTs; 0: 100,000 */
    uint32_t pending_acks_max;       /* per socket */
    uint32_t rooms_max;              /* per socket, its own not counted */
    uint32_t messages_per_second;    /* per connection; 0: no limit */
    uint32_t messages_burst;
    enum pl_sio_parser parser;
    bool cleans_up_child_namespaces; /* an empty child namespace is forgotten */
    struct pl_sio_recovery_config recovery;
};

struct pl_sio_params {
    struct parley_app *app; /* for parley_socket_app */
    struct pl_web *web;
    struct pl_hub *hub;
    const struct pl_log *log;
    struct pl_metrics *metrics;
    /* copied; its text is borrowed until pl_sio_configure gives another, or the end */
    const struct pl_sio_config *config;
};

/* A server without namespaces, which takes no connection yet: the application's hook registers its
 * channels and hooks now.
 * Returns 0 or PL_E_NOMEM. */
PL_MUST_CHECK int pl_sio_create(struct parley_io **out, const struct pl_sio_params *params,
                                struct pl_error *err);

/* Take the path and serve; the hooks registered so far are the ones that count. Errors as
 * pl_eio_engine_create. */
PL_MUST_CHECK int pl_sio_start(struct parley_io *io, struct pl_error *err);

/* Another config while it serves. Parser, whether recovery is on, and what pl_eio_engine_configure
 * names stay as they were. Text is borrowed as above. */
void pl_sio_configure(struct parley_io *io, const struct pl_sio_config *config);

/* What it was created with, or configured since: for raw Engine.IO on other paths. Borrowed as
 * long as the server is there. */
const struct pl_sio_params *pl_sio_params(const struct parley_io *io);

/* What a kind of hub stream is, for operators: "namespace" or "room". NULL: none of Socket.IO. */
const char *pl_sio_stream_kind(uint8_t kind);

/* End every connection ("server shutting down") and refuse newcomers. */
void pl_sio_shutdown(struct parley_io *io);

/* After shutdown, and after the turn in which it happened. Middlewares that never answered are
 * forgotten. NULL is fine. */
void pl_sio_destroy(struct parley_io *io);

/* --- an upgrade of the server: what it tells the process that takes its place --- */

/* That is: sessions that can be recovered, those that are connected at that moment among them, the
 * packets kept for them, and which sessions on long-polling their clients will ask for in vain. The
 * messages are codec/handover.h's. */

/* The beginning of the end: requests that would open a session are put aside
 * (pl_web_request_hold), those under way go on. Released, newcomers are served again. */
void pl_sio_hold(struct parley_io *io);
void pl_sio_release(struct parley_io *io);

/* Whether no client is between opening its session and knowing that it is in its namespace.
 *   since_us  sessions opened before this stamp are not waited for, unless middlewares run */
bool pl_sio_is_settled(const struct parley_io *io, int64_t since_us);

struct pl_sio_handover_counts {
    size_t sessions;
    size_t packets;
    size_t lost; /* sessions and packets that could not be taken along */
};

/* Write everything, from STATE to STATE_END. Nothing changes here: when the other process fails, it
 * was for nothing. `send` gets whole messages, one or several at a time, and its errors are passed
 * on. */
PL_MUST_CHECK int
pl_sio_handover_write(struct parley_io *io,
                      int (*send)(void *user, struct pl_str messages, struct pl_error *err),
                      void *user, struct pl_sio_handover_counts *counts, struct pl_error *err);

/* What the application emits from now on reaches nobody: the other process would not know of it,
 * and a client that it reached would come back with an offset from the future. */
void pl_sio_mute(struct parley_io *io);

/* As pl_sio_shutdown, but a POST whose body still comes is left to the other process. */
void pl_sio_depart(struct parley_io *io);

/* --- and what that one takes over --- */

struct pl_sio_handover;

/* Before the first connection. Never NULL. */
struct pl_sio_handover *pl_sio_handover_begin(struct parley_io *io);

/* Take one message, from STATE to STATE_END; others are passed over. What this server has no use
 * for (an unknown namespace, recovery switched off) is counted as lost.
 * Returns 1 behind the last one, 0 before; PL_E_PROTO, PL_E_TOO_BIG, PL_E_NOMEM: what came of the
 * namespace that was under way is forgotten, those before it stay. */
PL_MUST_CHECK int pl_sio_handover_take(struct pl_sio_handover *handover,
                                       const struct pl_handover_message *message,
                                       struct pl_error *err);

/* NULL is fine. */
void pl_sio_handover_end(struct pl_sio_handover *handover, struct pl_sio_handover_counts *counts);

#endif
