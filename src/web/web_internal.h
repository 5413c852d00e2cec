/* What the files of this folder share: the server, its routes, the HTTP side of a connection, a
 * request. Included by src/web alone.
 * Threads: the loop's. */
#ifndef PL_WEB_WEB_INTERNAL_H
#define PL_WEB_WEB_INTERNAL_H

#include "base/map.h"
#include "codec/http_body.h"
#include "codec/http_coding.h"
#include "codec/ws_message.h"
#include "io/conn_front.h"
#include "web/web.h"
#include "web/ws_compress.h"
#include "web/ws_conn.h"

/* Memory of one request besides its head and body. */
#define PL_WEB_ARENA_BYTES ((size_t)1024 * 1024)
/* Extra headers of one answer. */
#define PL_WEB_EXTRA_BYTES ((size_t)8 * 1024)
/* A body whose request is answered already is read and dropped up to here,
 * to keep the connection. */
#define PL_WEB_DROP_BYTES ((size_t)64 * 1024)
/* A client that pipelines without reading is not served on while more than this is unsent. */
#define PL_WEB_UNSENT_BYTES ((size_t)1024 * 1024)

/* --- routes (route.c) --- */

#define PL_WEB_OWNERS_MAX 32

struct pl_route_row {
    struct pl_route route;
    unsigned owner_bit;
};

struct pl_route_table {
    const char *owners[PL_WEB_OWNERS_MAX]; /* by bit */
    size_t owner_count;
    struct pl_map exact;
    struct pl_map prefixes;
    size_t longest_prefix; /* bytes: where looking for prefixes begins */
    struct pl_route_row *fallback;
    struct pl_route_row **rows; /* all, owned */
    size_t count;
};

void pl_route_table_init(struct pl_route_table *table);
void pl_route_table_fini(struct pl_route_table *table);
PL_MUST_CHECK int pl_route_table_add(struct pl_route_table *table, const struct pl_route *route,
                                     struct pl_error *err);
unsigned pl_route_owner_bit(struct pl_route_table *table, const char *owner);
/* By the escaped path, exact, then the longest prefix, then the fallback, among the routes of
 * `owners` (bits; 0: all); NULL when nobody owns it. */
const struct pl_route *pl_route_table_find(const struct pl_route_table *table, struct pl_str path,
                                           unsigned owners);

/* Who gets a WebSocket handshake: `route`, or the fallback when that takes none. */
const struct pl_route *pl_route_table_find_upgrade(const struct pl_route_table *table,
                                                   const struct pl_route *route, unsigned owners);

bool pl_route_allows(const struct pl_route *route, enum pl_http_method method);
/* Append the value of Allow: "GET, HEAD, POST". */
void pl_route_write_allow(struct pl_buf *out, const struct pl_route *route);

/* --- the server (web.c) --- */

struct pl_web_departure; /* web/handover.h */

struct pl_web {
    struct pl_conn_set *conns;
    struct pl_web_limits limits;
    const struct pl_log *log;
    struct pl_log_limit bad_input; /* one limit for all that peers get wrong */
    struct pl_ws_acceptor *acceptor;
    struct pl_route_table routes;
    struct pl_buf answer; /* heads of answers are built here, one at a time */
    struct pl_http_request
        parsed;          /* a head just read, before a request takes what it needs of it */
    void *user;          /* pl_web_set_user */
    struct pl_list kept; /* requests that outlive their connections */
    struct pl_ws_compression *compressions; /* owned; a list */
    struct pl_ws_loop ws_loop;              /* of the WebSockets on this loop */
    struct pl_ws_remotes *remotes;          /* ws_remote.c; NULL without I/O threads */
    struct pl_http_compressor *compressor;
    const struct pl_str *origins; /* that are allowed; borrowed; NULL: any */
    size_t origin_count;
    struct pl_web_proxies proxies;
    struct pl_conn_front proxy_front; /* web/proxy.c */
    bool is_draining;
    /* handover.c: whoever takes connections over; NULL: they stay */
    void (*give)(void *user, const struct pl_web_departure *departure);
    void *give_user;
};

/* A new connection with HTTP on it, or NULL, which is logged. */
struct pl_conn *pl_web_open_conn(struct pl_web *web, int fd, const struct pl_address *peer);
/* One rate-limited line about a peer's mistake. */
void pl_web_log_bad_input(struct pl_web *web, const struct pl_conn *conn, const char *event,
                          int status, const char *reason);
void pl_web_count(struct pl_web *web, enum pl_metric metric, int64_t n);

/* What a new connection of that entrance speaks below HTTP. On failure it is closed. */
void pl_web_start_transport(struct pl_conn *conn, struct pl_web_entrance *entrance);

/* --- the HTTP side of a connection (http_conn.c) --- */

enum pl_web_conn_state {
    PL_WEB_IDLE,     /* between requests; deadline: keep-alive */
    PL_WEB_HEADING,  /* a head began, or is the connection's first; deadline: its end */
    PL_WEB_BODY,     /* deadline: moved by what arrives of it */
    PL_WEB_WAITING,  /* the handler has the request; no deadline */
    PL_WEB_DROPPING, /* the rest of a body whose request is answered; deadline as for a body */
};

/* conn->protocol_data while the protocol is HTTP. An idle connection has no request. */
struct pl_web_conn {
    struct pl_web *web;
    struct pl_conn *conn;
    struct pl_web_request *request; /* owned; NULL when none is in progress */
    struct pl_http_body body;       /* of the request in progress, or the one being dropped */
    enum pl_web_conn_state state;
    bool is_last;        /* the request to come, or in progress, is the last one */
    size_t seen_bytes;   /* of a head that is not whole, at the last look */
    size_t unsent_bytes; /* at the last look: an idle connection that still sends is not idle */
    struct pl_deferred free;
    /* The client speaks TLS to somebody else: a PROXY header says so, or the process before. */
    bool is_secure;
    bool is_anonymous; /* its PROXY header did not say who the client is */
};

extern const struct pl_conn_protocol pl_web_http_protocol;

/* Start HTTP on a new connection. Its first head is due already, and a handshake in front of it
 * takes part of the time. */
void pl_web_conn_create(struct pl_web *web, struct pl_conn *conn);
/* The connection has another protocol from now on:
 * let go, without touching the connection further. */
void pl_web_conn_leave(struct pl_web_conn *http);
/* The request was answered (it is gone from http->request, the answer is queued):
 * go on, or close. */
void pl_web_conn_answered(struct pl_web_conn *http, bool must_close);
/* Whether the connection can serve another request behind this answer:
 * the body is read, or short. */
bool pl_web_conn_can_go_on(const struct pl_web_conn *http);

/* --- a request (request.c) --- */

struct pl_web_request {
    struct pl_web *web;
    struct pl_conn *conn;
    struct pl_web_conn *http;
    const struct pl_route *route; /* NULL: nobody's */
    struct pl_str raw_head;
    struct pl_http_url url;
    struct pl_str ws_key; /* of a valid handshake; ptr NULL otherwise */
    struct pl_buf body;
    struct pl_buf extra; /* header lines for the answer */
    struct pl_arena arena;
    void (*on_abort)(struct pl_web_request *request, void *user);
    void *abort_user;
    struct pl_deferred free;
    bool is_preflight;
    bool is_held;           /* handover.c: set aside, unanswered */
    struct pl_list in_kept; /* on web->kept while its handler keeps it */
    struct pl_address peer;
    bool is_secure;   /* the client spoke TLS */
    bool is_over;     /* answered or aborted: nothing more is sent for it */
    bool is_released; /* off its connection */
    /* Last: allocated only up to the headers that there are; the raw head lies behind them. */
    struct pl_http_request head;
};

/* A request with its own copy of the head that was read into web->parsed from `raw`. NULL without
 * memory. */
PL_MUST_CHECK struct pl_web_request *pl_web_request_create(struct pl_web_conn *http,
                                                           struct pl_str raw);
/* Take it off its connection; memory stays until the turn ends, since its handler may be on the
 * stack. */
void pl_web_request_release(struct pl_web_request *request);
/* Free the requests whose handlers never answered. */
void pl_web_requests_forget(struct pl_web *web);
/* Tell its owner, once, that no answer is possible any more. It still has to be released. */
void pl_web_request_abort(struct pl_web_request *request);

/* --- answers (respond.c) --- */

/* A frame with the head of an answer (status 200 to 599) and room for a body of `body_len` bytes at
 * *body (none for HEAD, 204 and 304: *body is NULL then). response->body is ignored. NULL without
 * memory. */
PL_MUST_CHECK struct pl_frame *pl_web_answer_begin(uint8_t **body, struct pl_web_request *request,
                                                   const struct pl_web_response *response,
                                                   size_t body_len);
/* Queue it and be done with the request.
 * NULL: there was no memory, and the connection is closed. */
void pl_web_answer_send(struct pl_web_request *request, struct pl_frame *frame, bool must_close);
/* The same in one step, even for a request that was aborted. */
void pl_web_answer(struct pl_web_request *request, const struct pl_web_response *response);
/* Text, built by us. */
void pl_web_answer_text(struct pl_web_request *request, int status, const char *text,
                        bool must_close);
/* The coding that the request's client likes best. */
enum pl_http_coding pl_web_request_coding(const struct pl_web_request *request);
/* The answer that has no request: a head that could not be read. Drains the connection. */
void pl_web_refuse_head(struct pl_web_conn *http, int status);

/* --- leaving for another process (handover.c) --- */

/* Give the connection away with its request, which is whole, and what was read behind it. False,
 * and nothing happens, when that is too much. */
bool pl_web_give_request(struct pl_web_request *request, struct pl_str behind);
/* The same between two requests; `unread` is the beginning of the next one. */
void pl_web_give_idle(struct pl_web_conn *http, struct pl_str unread);

/* --- WebSocket handles (ws.c) --- */

/* How a handle reaches its connection. */
struct pl_ws_way {
    /* An open connection, whose HTTP side has let go, is this WebSocket from now on. */
    void (*begin)(struct pl_ws *ws, struct pl_conn *conn, uint32_t send_limit_bytes);
    void (*send)(struct pl_ws *ws, struct pl_frame *frame); /* takes the reference over */
    void (*close)(struct pl_ws *ws, uint16_t code, struct pl_str reason); /* of an open one */
    void (*abort)(struct pl_ws *ws);
    void (*fail)(struct pl_ws *ws); /* end it soon: there was no memory */
};

struct pl_ws {
    const struct pl_ws_way *way;
    const struct pl_ws_handler *handler; /* NULL once on_closed was called */
    void *user;
    struct pl_web *web;
    struct pl_ws_compression *compression; /* of what is sent; NULL: as it is */
    struct pl_sink_id sink;
    uint8_t encoding;
    bool is_counted; /* its messages are counted here, not by its dialect */
};

/* What a handshake has settled. */
struct pl_ws_accepted {
    const struct pl_ws_params *params;
    const struct pl_ws_deflate_agreement *agreement; /* NULL without compression */
    bool is_counted;
};

void pl_ws_init(struct pl_ws *ws, const struct pl_ws_way *way, struct pl_web *web,
                const struct pl_ws_accepted *accepted);

/* What comes from the connection. */
void pl_ws_take_message(struct pl_ws *ws, bool is_text, struct pl_span bytes);
void pl_ws_take_pong(struct pl_ws *ws, struct pl_span payload);
void pl_ws_take_closed(struct pl_ws *ws, uint16_t code, struct pl_str reason, enum pl_conn_end end);

/* On the same loop. NULL without memory. */
PL_MUST_CHECK struct pl_ws *pl_ws_create(struct pl_web *web, const struct pl_ws_accepted *accepted);

/* --- compression (ws_compress.c) --- */

void pl_ws_compressions_destroy(struct pl_web *web);

const struct pl_ws_deflate_policy *
pl_ws_compression_policy(const struct pl_ws_compression *compression);

#endif
