/* Engine.IO 4 and 3: sessions over long-polling and WebSocket, the upgrade from one to the other,
 * heartbeats. What the messages mean is the affair of a handler above: Socket.IO, or an application
 * that wants them raw.
 * Source: shared spec socketio.md, section 1. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_ENGINE_H
#define PL_DIALECT_SOCKETIO_ENGINE_H

#include "base/arena.h"
#include "base/blob.h"
#include "codec/eio_query.h"
#include "dialect/encodings.h"
#include "hub/session.h"
#include "web/cors.h"
#include "web/web.h"

struct pl_eio_engine;  /* one per path */
struct pl_eio_session; /* one client */

/* Why a session ended (spec 1.13). */
enum pl_eio_reason {
    PL_EIO_TRANSPORT_CLOSE,
    PL_EIO_TRANSPORT_ERROR,
    PL_EIO_PING_TIMEOUT,
    PL_EIO_PARSE_ERROR,
    PL_EIO_FORCED_CLOSE,
    PL_EIO_SERVER_SHUTDOWN,
};

/* "transport close" and so on. */
const char *pl_eio_reason_text(enum pl_eio_reason reason);

/* The answer that a hook (perhaps later) gives to a question about a request. */
struct pl_eio_decision;

struct pl_eio_handler {
    /* A session is open: its open packet is queued. */
    void (*on_open)(void *user, struct pl_eio_session *session);
    /* One message, in order; `bytes` borrowed for the call, may be changed in place. Not called
     * while the hub session is suspended. */
    void (*on_message)(void *user, struct pl_eio_session *session, bool is_text,
                       struct pl_span bytes);
    /* The session is over; its memory goes when this returns and nothing of it is on the stack. Its
     * hub session is still there, still a member of its streams. */
    void (*on_close)(void *user, struct pl_eio_session *session, enum pl_eio_reason reason);
    /* Optional: polling became WebSocket. */
    void (*on_upgrade)(void *user, struct pl_eio_session *session);
    /* Optional (spec 1.11, row 1 of 1.9): every request of the path, also those with a sid; decide
     * with pl_eio_decision_accept / _refuse, now or later. One that answers the request itself
     * decides all the same, in that turn. */
    void (*middleware)(void *user, struct pl_web_request *request,
                       struct pl_eio_decision *decision);
    /* Optional (spec 1.10): requests that would open a session. */
    void (*allow_request)(void *user, struct pl_web_request *request,
                          struct pl_eio_decision *decision);
    /* Optional: an id of the application's own; PL_EIO_SID_MAX bytes at most, characters
     * A-Za-z0-9_-. Negative: error 3. Must be unguessable and not in use. */
    int (*generate_id)(void *user, struct pl_web_request *request, char *out, size_t out_size);
    /* Optional: may add response headers with pl_web_request_add_header. is_initial: the first
     * answer of a session (or the 101); otherwise every polling answer. */
    void (*headers)(void *user, struct pl_web_request *request, bool is_initial);
    /* Optional: a request was refused (rows 1 to 7 of 1.9). */
    void (*on_refused)(void *user, struct pl_web_request *request, enum pl_eio_error error,
                       struct pl_str message);
    void *user;
};

/* The request in question; NULL when the client has left meanwhile. */
struct pl_web_request *pl_eio_decision_request(const struct pl_eio_decision *decision);
void pl_eio_decision_accept(struct pl_eio_decision *decision);
/* Refuse the request.
 *   text  shown to the client when allow_request refuses; empty for the table's own words */
void pl_eio_decision_refuse(struct pl_eio_decision *decision, struct pl_str text);
/* Nobody will decide any more: the server goes. */
void pl_eio_decision_drop(struct pl_eio_decision *decision);

#define PL_EIO_SID_MAX 64
#define PL_EIO_DEPARTED_MAX ((size_t)1000 * 1000)

struct pl_eio_config {
    struct pl_str path;      /* "/socket.io" */
    bool has_trailing_slash; /* false: only the bare path matches besides what is below it */
    uint32_t ping_interval_ms;
    uint32_t ping_timeout_ms;
    uint32_t upgrade_timeout_ms;
    size_t max_http_buffer_size;
    uint32_t send_limit_bytes; /* unsent bytes of one session; past it "transport error" */
    bool allows_polling;
    bool allows_websocket;
    bool allows_upgrades;
    bool allows_revision_3;          /* clients of Engine.IO 3 */
    const struct pl_cors *cors;      /* borrowed for good: its contents may change; NULL: off */
    struct pl_str cookie;            /* name; empty: no cookie */
    struct pl_str cookie_attributes; /* "; Path=/; HttpOnly; SameSite=Lax" */
    struct pl_str initial_packet; /* text of a message sent behind the open packet; empty: none */
    /* permessage-deflate for its WebSockets; borrowed, NULL: off. */
    struct pl_ws_compression *compression;
    /* Polling answers of so many bytes are compressed for clients that accept it; 0: none. */
    size_t http_compression_threshold_bytes;
};

/* The path is copied; all other text of config is borrowed until pl_eio_engine_configure gives
 * another, or the end. */
PL_MUST_CHECK int pl_eio_engine_create(struct pl_eio_engine **out, struct pl_web *web,
                                       struct pl_hub *hub, const struct pl_eio_config *config,
                                       const struct pl_eio_handler *handler, struct pl_error *err);

/* Another config while it serves. Path, size of messages, transports, revisions, compression and
 * CORS stay as they were; heartbeats are as promised for sessions that are open. Text is borrowed
 * as above. */
void pl_eio_engine_configure(struct pl_eio_engine *engine, const struct pl_eio_config *config);

/* All sessions must be closed. NULL is fine. */
void pl_eio_engine_destroy(struct pl_eio_engine *engine);

/* End every session with PL_EIO_SERVER_SHUTDOWN: queued packets of polling sessions are dropped,
 * parked GETs answered `1`, WebSockets flushed and closed. New ones are refused from now on. */
void pl_eio_engine_shutdown(struct pl_eio_engine *engine);

/* --- for a server that is upgraded --- */

/* Requests that would open a session are put aside from now on (pl_web_request_hold), until
 * .._release. */
void pl_eio_engine_hold(struct pl_eio_engine *engine);
void pl_eio_engine_release(struct pl_eio_engine *engine);

/* Before .._shutdown: a POST whose body still comes is left unanswered, since its connection goes
 * to another process, and parked GETs are answered with what is queued. */
void pl_eio_engine_depart(struct pl_eio_engine *engine);

/* A session on long-polling that another process had. Its client learns that it is over by the next
 * poll (spec 1.5.4), and not by an error; what it posts until then is dropped. For as long as a
 * client can be silent; at most PL_EIO_DEPARTED_MAX are remembered. */
void pl_eio_engine_note_departed(struct pl_eio_engine *engine, struct pl_str sid);

struct pl_str pl_eio_engine_path(const struct pl_eio_engine *engine);

/* Every open session, oldest first; `visit` ends none. */
void pl_eio_engine_each(const struct pl_eio_engine *engine,
                        void (*visit)(void *user, struct pl_eio_session *session), void *user);

size_t pl_eio_engine_session_count(const struct pl_eio_engine *engine);

/* Of its config; NULL: off. */
struct pl_ws_compression *pl_eio_engine_compression(const struct pl_eio_engine *engine);

/* --- a session --- */

struct pl_str
pl_eio_session_sid(const struct pl_eio_session *session); /* a secret: never shown to others */
struct pl_session *pl_eio_session_hub(struct pl_eio_session *session);
struct pl_eio_engine *pl_eio_session_engine(struct pl_eio_session *session);
struct pl_eio_session *pl_eio_session_of(struct pl_session *session); /* the reverse of .._hub */

uint8_t pl_eio_session_revision(const struct pl_eio_session *session); /* 4 or 3 */

void *pl_eio_session_user(const struct pl_eio_session *session);
void pl_eio_session_set_user(struct pl_eio_session *session, void *user);

bool pl_eio_session_is_websocket(const struct pl_eio_session *session); /* its current transport */
/* Whether something is queued that the next poll will fetch. */
bool pl_eio_session_waits_for_poll(const struct pl_eio_session *session);
bool pl_eio_session_is_open(const struct pl_eio_session *session); /* neither closing nor closed */

/* The head of the first request as it came (request line to empty line). It is kept packed: what
 * comes out may be in `arena`, or borrowed from the session. PL_E_TOO_BIG, PL_E_NOMEM. */
PL_MUST_CHECK int pl_eio_session_request_head(struct pl_str *out,
                                              const struct pl_eio_session *session,
                                              struct pl_arena *arena, struct pl_error *err);
/* Who sent it. */
const struct pl_address *pl_eio_session_peer(const struct pl_eio_session *session);
bool pl_eio_session_is_secure(const struct pl_eio_session *session); /* opened over TLS */
int64_t pl_eio_session_opened_unix_us(const struct pl_eio_session *session);

/* Close gracefully: what is queued is delivered first (spec 1.5.4). The handler's on_close comes
 * with PL_EIO_FORCED_CLOSE: inside this call on WebSocket and with a parked GET, later on polling
 * without one.
 * Returns whether the close was immediate. */
bool pl_eio_session_close(struct pl_eio_session *session);

/* --- frames --- */

/* One message and its attachments as one indivisible frame group.
 *   text         the Engine.IO message without its digit 4
 *   attachments  messages of bytes that follow; may be NULL with count 0
 * Returns one reference; NULL without memory, or above 2^31 bytes. */
PL_MUST_CHECK struct pl_frame *pl_eio_frame_create(enum pl_encoding encoding, struct pl_str text,
                                                   const struct pl_str *attachments,
                                                   size_t attachment_count);

/* The group for a sink of that encoding: compressed where the encoding says so. Takes `frame` over;
 * NULL is fine. compression: of the engine's config. */
struct pl_frame *pl_eio_frame_pack(struct pl_ws_compression *compression, uint8_t encoding,
                                   struct pl_frame *frame);

/* A message of bytes alone. */
PL_MUST_CHECK struct pl_frame *pl_eio_frame_create_binary(enum pl_encoding encoding,
                                                          struct pl_str bytes);

#endif
