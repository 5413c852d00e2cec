/* A WebSocket as the protocol of a connection (RFC 6455): frames in and out, control frames, the
 * closing handshake in both directions. Who gets its messages is another's affair: a handle on the
 * same loop (ws.c), or a hub on another thread (ws_remote.c).
 * Included by src/web alone. Threads: the loop's. */
#ifndef PL_WEB_WS_CONN_H
#define PL_WEB_WS_CONN_H

#include "base/log.h"
#include "codec/ws_deflate.h"
#include "codec/ws_message.h"
#include "io/conn.h"
#include "net/deflate.h"

struct pl_ws_timeouts {
    uint32_t close_ms;   /* for the peer's answer to our close frame */
    uint32_t message_ms; /* for a message, as long as it does not move; 0: none */
};

/* What all WebSockets of one loop share. */
struct pl_ws_loop {
    struct pl_conn_set *conns;
    const struct pl_log *log;
    struct pl_log_limit bad_input;
    struct pl_ws_timeouts timeouts;
    struct pl_inflater *inflater;
    struct pl_buf message; /* decompressed; taken out while somebody looks at it */
};

void pl_ws_loop_init(struct pl_ws_loop *loop, struct pl_conn_set *conns, const struct pl_log *log);
void pl_ws_loop_fini(struct pl_ws_loop *loop);

struct pl_ws_conn;

/* The end that the peer has brought about: it closed, left, or broke the protocol. */
struct pl_ws_leaving {
    uint16_t code; /* as on_closed has it */
    struct pl_str reason;
    enum pl_conn_end end;
    bool has_frame; /* our close frame is due; else the stream just ended */
};

struct pl_ws_conn_owner {
    /* A whole message; borrowed for the call, may be changed in place. */
    void (*on_message)(struct pl_ws_conn *conn, bool is_text, struct pl_span bytes);
    /* It has to be answered behind the answers to the messages before it. */
    void (*on_ping)(struct pl_ws_conn *conn, struct pl_str payload);
    void (*on_pong)(struct pl_ws_conn *conn, struct pl_span payload);
    /* Nothing more comes from the peer: pl_ws_conn_leave has to follow, once everything is queued
     * that answers what came before. Borrowed for the call. */
    void (*on_leaving)(struct pl_ws_conn *conn, const struct pl_ws_leaving *leaving);
    /* No message follows; once. As pl_ws_handler's on_closed. The connection itself may stay a
     * moment, for the peer's close frame. */
    void (*on_closed)(struct pl_ws_conn *conn, uint16_t code, struct pl_str reason,
                      enum pl_conn_end end);
    void (*free)(struct pl_ws_conn *conn); /* its memory; at the end of a turn */
};

struct pl_ws_conn {
    struct pl_conn *conn;
    struct pl_ws_loop *loop;
    const struct pl_ws_conn_owner *owner;
    struct pl_ws_decoder decoder;
    struct pl_inflate_history *history; /* owned; NULL without permessage-deflate */
    struct pl_deferred later;
    uint8_t state;     /* enum ws_state of ws_conn.c */
    bool is_announced; /* on_closed was called */
};

/* Fill in zeroed memory. agreement: NULL without compression. False without memory. */
PL_MUST_CHECK bool pl_ws_conn_init(struct pl_ws_conn *self, const struct pl_ws_conn_owner *owner,
                                   size_t message_limit_bytes,
                                   const struct pl_ws_deflate_agreement *agreement);

/* Give back what init took, of one that never got a connection. */
void pl_ws_conn_fini(struct pl_ws_conn *self);

/* The connection speaks WebSocket from now on. */
void pl_ws_conn_install(struct pl_ws_conn *self, struct pl_conn *conn);

/* Start the closing handshake. on_closed comes with PL_CONN_END_LOCAL inside this call. */
void pl_ws_conn_close(struct pl_ws_conn *self, uint16_t code, struct pl_str reason);

/* Answer the peer's end. Does nothing unless it is leaving. */
void pl_ws_conn_leave(struct pl_ws_conn *self, const struct pl_ws_leaving *leaving);

/* There was no memory for what must be sent: it ends, but not now, since callers do not expect
 * on_closed inside a send. */
void pl_ws_conn_fail(struct pl_ws_conn *self);

/* The codes that may be on the wire; others become 1000. */
uint16_t pl_ws_code_for_wire(uint16_t code);

/* --- decompression (ws_decompress.c) --- */

/* Decompress a message into `out`, whatever that held, and check its text; limit_bytes as for any
 * message. In any case `out` goes back with .._done afterwards. Returns 0, or as pl_inflater_run
 * does, or PL_E_UTF8. */
PL_MUST_CHECK int pl_ws_decompress(struct pl_buf *out, struct pl_ws_loop *loop,
                                   const struct pl_ws_event *event, size_t limit_bytes,
                                   struct pl_inflate_history *history, struct pl_error *err);
void pl_ws_decompress_done(struct pl_ws_loop *loop, struct pl_buf *message);

/* --- frames --- */

/* One frame with header and payload. NULL without memory. */
PL_MUST_CHECK struct pl_frame *pl_ws_create_frame(enum pl_ws_opcode opcode, struct pl_str payload);

#endif
