/* The web server: HTTP/1.1 on connections, a table of routes, and WebSockets behind them. One
 * request of a connection is served at a time; what is pipelined behind it waits in the socket.
 * Threads: the loop's. */
#ifndef PL_WEB_WEB_H
#define PL_WEB_WEB_H

#include "base/arena.h"
#include "base/log.h"
#include "codec/http_request.h"
#include "codec/http_upgrade.h"
#include "codec/http_url.h"
#include "codec/ws_handshake.h"
#include "io/conn.h"
#include "net/cidr.h"

struct pl_conn_tls; /* io/conn_tls.h */
struct pl_web;
struct pl_web_request;
struct pl_ws;
struct pl_ws_compression;

struct pl_web_limits {
    size_t head_bytes; /* request head; past it 431 (or 414) */
    /* From the first byte of a head to its end, for the first one from the connection's beginning;
     * 408. */
    uint32_t header_timeout_ms;
    uint32_t body_timeout_ms;       /* for a body, and conns->bytes_per_second_min more; 408 */
    uint32_t keep_alive_timeout_ms; /* idle between requests; closed without a word */
    uint32_t ws_close_timeout_ms;   /* for the peer's answer to our close frame */
    uint32_t ws_message_timeout_ms; /* for a message, as body_timeout_ms; 1008. 0: none. */
};

/* Content codings for content with a version (static files). Zeroed: none. */
struct pl_web_compression {
    bool is_enabled;
    size_t threshold_bytes; /* shorter content is sent as it is */
    size_t limit_bytes;     /* and so is longer content: the loop waits while it compresses */
    size_t cache_bytes;     /* of compressed content that is kept */
    int level;              /* 1 to 9, of all HTTP answers; 0: zlib's usual one */
};

/* Which header a proxy tells the client's address in. */
enum pl_web_client_header {
    PL_WEB_CLIENT_NONE,            /* none: who sends the request is the client */
    PL_WEB_CLIENT_X_FORWARDED_FOR, /* and X-Forwarded-Proto */
    PL_WEB_CLIENT_FORWARDED,       /* RFC 7239 */
};

/* Proxies in front of the server, who are believed. Zeroed: none. */
struct pl_web_proxies {
    const struct pl_cidr *trusted;
    size_t trusted_count;
    enum pl_web_client_header header;
};

/* --- routes (design, section 9) --- */

enum pl_route_match {
    PL_ROUTE_EXACT,
    PL_ROUTE_PREFIX, /* the path, or the path and '/' and more; never "/pathxyz" */
    /* Any path that nobody owns, and WebSocket handshakes on a path whose owner takes none. */
    PL_ROUTE_FALLBACK,
};

/* How a body over its limit is answered; NULL text: empty body. */
struct pl_too_big {
    const char *content_type;
    const char *body;
};

struct pl_cors; /* web/cors.h */

struct pl_route {
    struct pl_str path; /* borrowed; no trailing slash, but for "/" */
    enum pl_route_match match;
    const char *owner; /* "server", "socketio", "application": listeners may leave owners out */
    /* Bits 1u << PL_HTTP_GET ...; 0: every method is the handler's affair. Others get 405 with
     * Allow (HEAD is answered by a GET handler without body). */
    unsigned methods;
    size_t body_limit_bytes;    /* 0: requests with a body get 413 */
    struct pl_too_big too_big;  /* status 413 */
    const struct pl_cors *cors; /* NULL: no CORS */
    bool takes_raw_query;       /* bytes from 0x80 up, unescaped, in queries; others answer 400 */
    void *user;

    /* Optional: how to answer a request whose Origin header is not among pl_web_set_origins. NULL:
     * upgrades get a plain 403, and other requests are not asked for their origin. */
    void (*on_foreign)(struct pl_web_request *request, void *user);
    /* Optional: the head is whole, no body byte has been looked at. May answer (a body that follows
     * is then read and dropped within limits, or the connection closed after the answer), set its
     * own abort function with pl_web_request_on_abort, or do nothing: the body is read and
     * on_request follows. */
    void (*on_head)(struct pl_web_request *request, void *user);
    /* The whole request. Must answer now, or keep the request and answer later. NULL, only with
     * on_upgrade: what is no handshake gets 404. */
    void (*on_request)(struct pl_web_request *request, void *user);
    /* A valid WebSocket handshake request (others get 400 or 426 by the server).
     * Must answer with pl_web_respond, or accept, now or later.
     * NULL: the request is treated like any other, as on_request sees fit. */
    void (*on_upgrade)(struct pl_web_request *request, void *user);
};

/* The bit of an owner of routes, for what listeners serve. There are at most 32 owners; more is a
 * mistake of ours. The name is borrowed. */
unsigned pl_web_owner_bit(struct pl_web *web, const char *owner);

/* Routes are looked up exact first, then the longest prefix, then the fallback. The row is copied.
 * Returns PL_E_EXISTS when the path is taken. */
PL_MUST_CHECK int pl_web_route_add(struct pl_web *web, const struct pl_route *route,
                                   struct pl_error *err);

/* Whether a path has a route, exactly or by a prefix; the fallback does not count. */
bool pl_web_has_route(const struct pl_web *web, struct pl_str path);

/* --- the server --- */

PL_MUST_CHECK int pl_web_create(struct pl_web **out, struct pl_conn_set *conns,
                                const struct pl_web_limits *limits, const struct pl_log *log,
                                struct pl_error *err);
void pl_web_destroy(struct pl_web *web); /* all connections must be closed */

/* Other limits: they count for what begins from now on. */
void pl_web_set_limits(struct pl_web *web, const struct pl_web_limits *limits);

/* Carry WebSockets on `count` more threads: each moves to one of them behind its 101. Their events
 * come on the server's loop. Before the first connection. */
PL_MUST_CHECK int pl_web_start_threads(struct pl_web *web, uint32_t count, struct pl_error *err);

/* End them with all their connections; every WebSocket left hears of its end. */
void pl_web_stop_threads(struct pl_web *web);
struct pl_io_threads *pl_web_threads(struct pl_web *web); /* io/threads.h; NULL: there are none */

void pl_web_set_compression(struct pl_web *web, const struct pl_web_compression *config);

/* The origins that pages in browsers may have, as pl_origin_item_check allows them. Borrowed.
 * items: NULL, as before the first call, for any. */
void pl_web_set_origins(struct pl_web *web, const struct pl_str *items, size_t count);

/* Whom to believe from now on; the array is borrowed. */
void pl_web_set_proxies(struct pl_web *web, const struct pl_web_proxies *proxies);

/* The rules for connections of one listener. Outlives them. */
struct pl_web_entrance {
    struct pl_conn_source source;
    struct pl_conn_tls *tls; /* NULL: plain. Handshake and first head share the time for a head. */
    /* A PROXY header comes before everything else, within the time for a head, and from a trusted
     * proxy alone; others are closed. */
    bool has_proxy_header;
    unsigned owners; /* whose routes there are, bits of pl_web_owner_bit; 0: everybody's */
};

/* A new connection: it starts with HTTP. The descriptor is taken over in any case.
 * entrance: NULL for plain HTTP and every route. */
void pl_web_accept(struct pl_web *web, int fd, const struct pl_address *peer,
                   struct pl_web_entrance *entrance);

/* From now on answers say `Connection: close`, and idle keep-alive connections are closed. */
void pl_web_drain(struct pl_web *web);

struct pl_conn_set *pl_web_conns(struct pl_web *web);

/* Whose server it is: for handlers that have only a request. */
void pl_web_set_user(struct pl_web *web, void *user);
void *pl_web_user(const struct pl_web *web);

/* --- one request --- */

/* Borrowed from the connection: good until answered or aborted. */
const struct pl_http_request *pl_web_request_head(const struct pl_web_request *request);
const struct pl_http_url *pl_web_request_url(const struct pl_web_request *request);
struct pl_str
pl_web_request_raw_head(const struct pl_web_request *request); /* request line to empty line */
struct pl_span pl_web_request_body(struct pl_web_request *request);
struct pl_arena *pl_web_request_arena(struct pl_web_request *request);
/* Who asks, and whether the request came over TLS: as far as trusted proxies can tell it. */
const struct pl_address *pl_web_request_peer(const struct pl_web_request *request);
bool pl_web_request_is_secure(const struct pl_web_request *request);
struct pl_web *pl_web_request_web(struct pl_web_request *request);
bool pl_web_request_is_answered(const struct pl_web_request *request);

/* The connection is lost, or the body was cut short or too slow, before the request was answered.
 * The request is gone when the function returns. */
void pl_web_request_on_abort(struct pl_web_request *request,
                             void (*on_abort)(struct pl_web_request *request, void *user),
                             void *user);

/* For handlers that keep a request without on_abort: its memory stays until let_go, even when the
 * client has left; answering is then without effect.
 * Letting go of what is not kept does nothing. */
void pl_web_request_keep(struct pl_web_request *request);
void pl_web_request_let_go(struct pl_web_request *request);

struct pl_web_header {
    struct pl_str name;
    struct pl_str value;
};

struct pl_web_response {
    int status;
    const struct pl_web_header *headers; /* Content-Type among them; checked for CR and LF */
    size_t header_count;
    struct pl_str body; /* copied */
    bool must_close;    /* the connection ends after it */
    /* A body of so many bytes is compressed for clients that accept it; 0: never. Content-Encoding
     * and Vary are added. */
    size_t compress_from_bytes;
};

/* Answer. Content-Length, Date, Connection and CORS headers are added. The request is gone
 * afterwards. */
void pl_web_respond(struct pl_web_request *request, const struct pl_web_response *response);

/* Short forms. */
void pl_web_respond_text(struct pl_web_request *request, int status, struct pl_str text);
void pl_web_respond_json(struct pl_web_request *request, int status, struct pl_str json);
void pl_web_respond_empty(struct pl_web_request *request, int status);

/* Extra headers for the answer to come (a cookie, say): added before pl_web_respond or the 101. */
PL_MUST_CHECK int pl_web_request_add_header(struct pl_web_request *request, struct pl_str name,
                                            struct pl_str value, struct pl_error *err);

/* --- WebSocket --- */

struct pl_ws_handler {
    /* A whole message; `bytes` borrowed for the call, may be changed in place. */
    void (*on_message)(struct pl_ws *ws, bool is_text, struct pl_span bytes);
    /* Optional. */
    void (*on_pong)(struct pl_ws *ws, struct pl_span payload);
    /* The connection ended. code: the peer's close code, ours after a violation (1002, 1007, 1009),
     * or 1006 when it broke without a close frame. `end` tells whether the peer left
     * (PL_CONN_END_PEER: with a close frame, or end of stream), we closed (LOCAL), it broke or
     * violated the protocol (ERROR) or was too slow (OVERFLOW). Called exactly once; the ws is gone
     * when it returns. */
    void (*on_closed)(struct pl_ws *ws, uint16_t code, struct pl_str reason, enum pl_conn_end end);
};

struct pl_ws_params {
    const struct pl_ws_handler *handler;
    void *user;
    size_t message_limit_bytes; /* past it 1009 */
    uint32_t send_limit_bytes;  /* bound of unsent bytes: slow consumers past it are closed */
    uint8_t encoding;           /* for the sink */
    /* web/ws_compress.h; NULL: permessage-deflate is declined. */
    struct pl_ws_compression *compression;
    uint8_t compressed_encoding; /* for the sink of a client that takes what pl_ws_compress makes */
};

/* Answer an upgrade request with 101 and turn its connection into a WebSocket. The request is gone
 * afterwards; the ws is borrowed until on_closed. What the client sent behind its request is shown
 * after the caller returns. */
PL_MUST_CHECK int pl_web_accept_websocket(struct pl_ws **out, struct pl_web_request *request,
                                          const struct pl_ws_params *params, struct pl_error *err);

void *pl_ws_user(const struct pl_ws *ws);
void pl_ws_set_user(struct pl_ws *ws, void *user);
void pl_ws_set_handler(struct pl_ws *ws,
                       const struct pl_ws_handler *handler); /* for what comes next */
struct pl_sink_id pl_ws_sink(const struct pl_ws *ws);
uint8_t pl_ws_encoding(const struct pl_ws *ws); /* of the sink */

/* Queue one frame, whose reference is taken over; NULL: there was no memory for it, and the
 * connection ends. */
void pl_ws_send_frame(struct pl_ws *ws, struct pl_frame *frame);

/* Queue one message for this connection: header and payload are copied into a frame. */
void pl_ws_send(struct pl_ws *ws, bool is_text, struct pl_str payload);
void pl_ws_ping(struct pl_ws *ws, struct pl_str payload); /* at most 125 bytes */

/* Start the closing handshake: flush what is queued, send a close frame, wait for the peer's (at
 * most ws_close_timeout_ms), close. Messages that still arrive are dropped. on_closed comes with
 * END_LOCAL, at once: inside this call. */
void pl_ws_close(struct pl_ws *ws, uint16_t code, struct pl_str reason);

/* Close the TCP connection at once, without a handshake; on_closed comes inside this call. */
void pl_ws_abort(struct pl_ws *ws);

/* A frame for many: the WebSocket header is in it, packet_offset behind it. One reference. NULL
 * without memory. */
PL_MUST_CHECK struct pl_frame *pl_ws_frame_create(bool is_text, struct pl_str payload);

#endif
