/* What the files of the Engine.IO engine share, and nobody else sees. */
#ifndef PL_DIALECT_SOCKETIO_EIO_INTERNAL_H
#define PL_DIALECT_SOCKETIO_EIO_INTERNAL_H

#include "base/alloc.h"
#include "base/hash.h"
#include "codec/eio_handshake.h"
#include "codec/http_head_pack.h"
#include "dialect/socketio/eio_revision.h"
#include "dialect/socketio/engine.h"
#include "hub/table.h"

#define PL_EIO_ENCODINGS 7 /* the first ones of enum pl_encoding */

struct pl_eio_engine {
    struct pl_web *web;
    struct pl_hub *hub;
    struct pl_conn_set *conns;
    struct pl_eio_config config; /* its path is in `arena` */
    struct pl_eio_handler handler;
    struct pl_arena arena;
    struct pl_table by_sid;
    uint8_t hash_key[PL_SIPHASH_KEY_BYTES]; /* of by_sid */
    struct pl_http_head_packer *packer;     /* of the heads of first requests */
    struct pl_list sessions;                /* by age */
    size_t session_count;
    struct pl_frame *heartbeat[PL_EIO_ENCODINGS]; /* the same bytes for everybody */
    struct pl_eio_departed *departed;             /* eio_departed.c; NULL: none */
    bool holds_newcomers;
    bool is_departing; /* connections go to another process */
    bool is_shut_down;
};

enum pl_eio_phase {
    PL_EIO_OPENED,
    PL_EIO_CLOSING, /* long-polling: the close waits for the next GET */
    PL_EIO_CLOSED,  /* memory goes at the end of the turn */
};

/* What a session has only while it is on long-polling, or has a POST left from then. */
struct pl_eio_polling {
    struct pl_sink sink; /* frames wait here for the next GET; the first member */
    struct pl_eio_session *session;
    struct pl_web_request *get;       /* parked */
    struct pl_web_request *post;      /* being read, or handed over packet by packet */
    struct pl_eio_body_reader reader; /* of the POST's body */
    struct pl_timer timer; /* goes on with the POST; or ends a close that no GET fetched */
    struct pl_deferred overflow;
    int64_t close_at_ms;  /* closing: when waiting for a GET ends */
    bool is_reading_post; /* its packets are being handed over */
    bool is_paused;       /* the hub's inbound queue is full: the rest of the POST waits */
    bool is_jsonp;        /* answers are scripts, bodies are forms */
    uint32_t jsonp_index; /* of the callback that takes the scripts */
};

struct pl_eio_probe;

struct pl_eio_session {
    struct pl_table_link by_sid;
    struct pl_list in_engine;
    struct pl_eio_engine *engine;
    struct pl_session *hub;
    void *user;
    struct pl_ws *ws;               /* NULL on long-polling */
    struct pl_eio_polling *polling; /* NULL on WebSocket */
    struct pl_eio_probe *probe;     /* a WebSocket that wants to take over */
    struct pl_timer heartbeat;      /* the next ping, or the end of the wait for a pong */
    struct pl_deferred free;
    int64_t opened_unix_us;
    struct pl_address peer;
    bool is_secure;     /* opened over TLS */
    uint8_t phase;      /* enum pl_eio_phase */
    bool awaits_client; /* a pong; of revision 3, the next ping */
    bool is_announced;  /* on_open was called, so that on_close will be */
    bool wants_base64;
    uint8_t revision; /* 4 or 3 */
    uint8_t sid_len;
    uint32_t ping_interval_ms; /* as the open packet promised, whatever the config says now */
    uint32_t ping_timeout_ms;
    uint32_t head_len; /* of the first request */
    uint32_t kept_len; /* of that head as it is kept: packed, unless as long as it was */
    char text[];       /* the sid, then the head */
};

_Static_assert(sizeof(struct pl_eio_session) <= 192, "an idle session is meant to be small");

/* What its revision has different. */
static inline const struct pl_eio_revision *
pl_eio_session_rules(const struct pl_eio_session *session)
{
    return pl_eio_revision_get(session->revision);
}

/* --- engine.c --- */

/* The open session of this name; NULL. */
struct pl_eio_session *pl_eio_engine_find(const struct pl_eio_engine *engine, struct pl_str sid);

/* --- eio_session.c: life and heartbeat --- */

/* A new session without a transport. NULL without memory. */
struct pl_eio_session *pl_eio_session_create(struct pl_eio_engine *engine,
                                             struct pl_web_request *request, struct pl_str sid,
                                             const struct pl_eio_query *query);

/* Tell the handler that it is open. Returns false when the session is over already. */
bool pl_eio_session_announce(struct pl_eio_session *session);

/* Over: the handler is told, the transports are closed. */
void pl_eio_session_end(struct pl_eio_session *session, enum pl_eio_reason reason);

/* A packet of the client. Returns false when the session is over. */
bool pl_eio_session_take(struct pl_eio_session *session, const struct pl_eio_packet *packet);

/* The open packet, digit included. */
void pl_eio_session_write_open(struct pl_buf *out, const struct pl_eio_session *session,
                               bool offers_websocket);

/* Whether its client has been silent for too long, though the timer has not fired yet. */
bool pl_eio_session_is_overdue(const struct pl_eio_session *session);

void pl_eio_session_start_heartbeat(struct pl_eio_session *session);

/* Start the wait for the client again: at the switch of transports. */
void pl_eio_session_rearm_heartbeat(struct pl_eio_session *session);

/* --- eio_verify.c: requests --- */

void pl_eio_on_request(struct pl_web_request *request, void *engine);
void pl_eio_on_upgrade(struct pl_web_request *request, void *engine);
void pl_eio_on_foreign(struct pl_web_request *request, void *engine); /* of no allowed origin */

/* --- eio_polling.c --- */

void pl_eio_polling_on_head(struct pl_web_request *request, void *engine);
void pl_eio_polling_open(struct pl_eio_engine *engine, struct pl_web_request *request,
                         struct pl_str sid, const struct pl_eio_query *query);
void pl_eio_polling_get(struct pl_eio_session *session, struct pl_web_request *request);
void pl_eio_polling_post(struct pl_eio_session *session, struct pl_web_request *request);

/* Answer the parked GET, if there is one, with what is queued. */
void pl_eio_polling_flush(struct pl_eio_polling *polling);

/* Whether more was queued than it may hold: packets are lost, the session ends with this turn. */
bool pl_eio_polling_has_overflowed(const struct pl_eio_polling *polling);

/* Answer the parked GET, if there is one, with a noop. */
void pl_eio_polling_release(struct pl_eio_polling *polling);

/* The session is over: nothing refers to it any more. A parked GET gets what is queued, or `1`; a
 * shutdown drops what is queued (spec 1.5.4). */
void pl_eio_polling_end(struct pl_eio_polling *polling, enum pl_eio_reason reason);

/* Graceful close. Returns whether it was immediate. */
bool pl_eio_polling_close(struct pl_eio_polling *polling);

/* A WebSocket has taken over: free it, or go on with the POST that is still under way. */
void pl_eio_polling_retire(struct pl_eio_session *session);

/* --- eio_answer.c --- */

/* To a POST whose packets were taken. */
void pl_eio_answer_ok(struct pl_eio_engine *engine, struct pl_web_request *request);
/* To a GET: a payload of the session's revision. */
void pl_eio_answer_payload(const struct pl_eio_polling *polling, struct pl_web_request *request,
                           struct pl_str payload);
/* To a GET for a session that another process had: it is over. */
void pl_eio_answer_departed(struct pl_eio_engine *engine, struct pl_web_request *request,
                            const struct pl_eio_query *query);
/* To a GET: what is queued, as much of it as one answer may have. is_initial: it opens the session.
 */
void pl_eio_answer_queue(struct pl_eio_polling *polling, struct pl_web_request *request,
                         bool is_initial);

/* --- eio_websocket.c, eio_upgrade.c --- */

void pl_eio_websocket_open(struct pl_eio_engine *engine, struct pl_web_request *request,
                           struct pl_str sid, const struct pl_eio_query *query);
void pl_eio_websocket_adopt(struct pl_eio_session *session, struct pl_ws *ws); /* from a probe */
/* Of the session once it is a WebSocket. */
enum pl_encoding pl_eio_session_websocket_encoding(const struct pl_eio_session *session);
PL_MUST_CHECK int pl_eio_websocket_accept(struct pl_ws **out, struct pl_eio_engine *engine,
                                          struct pl_web_request *request, enum pl_encoding encoding,
                                          const struct pl_ws_handler *handler, void *user,
                                          bool is_initial, struct pl_error *err);

void pl_eio_upgrade_start(struct pl_eio_session *session, struct pl_web_request *request,
                          const struct pl_eio_query *query);
bool pl_eio_upgrade_is_probed(
    const struct pl_eio_session *session); /* its GETs are released with `6` */
void pl_eio_upgrade_abandon(struct pl_eio_session *session);

/* --- eio_departed.c --- */

/* Answer a request for a session that another process had. False when it is of no such. */
bool pl_eio_departed_answer(struct pl_eio_engine *engine, struct pl_web_request *request,
                            const struct pl_eio_query *query);
void pl_eio_departed_forget(struct pl_eio_engine *engine); /* all of them */

/* --- eio_frame.c --- */

/* A packet that is text already, digit included: the heartbeat, the open packet. NULL without
 * memory. */
struct pl_frame *pl_eio_frame_create_packet(enum pl_encoding encoding, struct pl_str packet);

/* A group made for polling, as a WebSocket with `encoding` wants it. NULL without memory. */
struct pl_frame *pl_eio_frame_recode(enum pl_encoding encoding,
                                     const struct pl_frame *polling_frame);

#endif
