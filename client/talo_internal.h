/* What the files of the Talo client share (talo*.c). Included by these alone.
 *
 * Two halves: calls (talo_calls.c), HTTP requests one after the other; and the link (talo_link.c),
 * the socket with its ticket. What a call's answer changes in here is its `after`.
 * Threads: the client's. */
#ifndef PL_CLIENT_TALO_INTERNAL_H
#define PL_CLIENT_TALO_INTERNAL_H

#include "base/buf.h"
#include "client/attempts.h"
#include "client/http.h"
#include "client/talo_entities.h"
#include "client/talo_sign.h"
#include "client/ws.h"
#include "codec/json_write.h"

struct pl_talo_call;

/* What an answer changes in here, before `done` is told. `body` is the raw answer, checked to be JSON
 * or empty. May change the result. True: the call was made into another and goes on. */
typedef bool pl_talo_after(struct parley_talo *talo, struct pl_talo_call *call,
                           struct parley_talo_result *result, struct pl_str body);

/* A request that waits or is under way. */
struct pl_talo_call {
    struct pl_list node;
    const char *method;
    struct pl_buf target; /* "/v1/..."; what comes before it is the API's URL's affair */
    struct pl_buf body;   /* JSON, or empty; may hold secrets: wiped */
    pl_talo_after *after;
    parley_talo_done *done;
    void *user;
    unsigned link_number; /* of a ticket: the attempt that it is for */
    int error;            /* the player was forgotten: not to be sent; `after` has this */
    bool is_of_player;    /* made as the current player, or with his session */
    bool is_renewing;     /* a refresh that another call waits for */
    bool was_refused;     /* for an old session: it is not made a third time */
};

enum pl_talo_link_state {
    PL_TALO_CLOSED,
    PL_TALO_TICKET,     /* a ticket is asked for */
    PL_TALO_CONNECTING, /* ws is there, v1.connected has not come */
    PL_TALO_OPEN,
    PL_TALO_CLOSING, /* by us; ws is there */
    PL_TALO_WAITING, /* for the next attempt */
};

struct parley_talo {
    struct pl_client_socket socket;
    struct parley_client *client;
    struct parley_talo_config config; /* its strings are not ours: never used */
    struct pl_client_transport api;
    struct pl_client_transport socket_transport; /* zeroed: as `api` */
    char *access_key;                            /* owned, as all strings here; a secret */
    char *signing_version;                       /* NULL: nothing is signed */
    char *signing_key;
    bool is_destroyed;
    struct pl_client_later later; /* frees it */

    /* --- calls --- */
    struct pl_client_http *http;
    struct pl_list calls; /* the next one first */
    int call_count;       /* with the current one */
    struct pl_talo_call *current;
    int64_t idle_since_ms; /* of http */
    struct pl_timer call_timer;
    struct pl_client_later pump; /* sends the next call at the end of the turn */

    /* --- link --- */
    enum pl_talo_link_state link;
    unsigned link_number;
    struct pl_client_attempts attempts;
    struct pl_client_ws *ws;
    bool reopens; /* once it is closed */
    bool is_identified;
    bool is_identifying; /* the message is sent */
    bool has_renewed;    /* this connection has asked for another token once */
    bool is_answered;    /* something came since the last heartbeat */
    struct pl_timer heartbeat_timer;

    /* --- identity --- */
    struct pl_arena identity_arena;
    struct parley_talo_alias *alias; /* in identity_arena; NULL: nobody */
    char *session_token;             /* NULL: none */
    char *refresh_token;
    char *socket_token; /* that waits to be used */
    bool owes_session;  /* the application is to hear of the tokens */
};

/* --- talo_calls.c --- */

void pl_talo_call_destroy(struct pl_talo_call *call); /* NULL is fine */

/* Make it, behind all others; it is taken, also on failure. Returns 0; PL_E_FULL, PL_E_NOMEM (call is
 * NULL, or one of its buffers has failed) with the reason kept. */
PL_MUST_CHECK int pl_talo_call_make(struct parley_talo *talo, struct pl_talo_call *call);

/* The same before all others and without a bound: a call of the library's own, without a `done`, of
 * which there are few because those that became useless are forgotten. */
PL_MUST_CHECK int pl_talo_call_make_first(struct parley_talo *talo, struct pl_talo_call *call);

/* Those of the library's own, by their `after`, that were not sent yet. */
void pl_talo_calls_forget(struct parley_talo *talo, pl_talo_after *after);

/* A call that goes on: the next one. */
void pl_talo_call_again(struct parley_talo *talo, struct pl_talo_call *call);

/* Those made as the player end with PL_E_CLOSED: when they were not sent yet, or when their answer
 * would change who is playing. */
void pl_talo_calls_disown(struct parley_talo *talo);
void pl_talo_calls_drop(struct parley_talo *talo); /* without a callback */
void pl_talo_calls_on_timer(struct pl_timer *timer);
void pl_talo_calls_pump(struct pl_client_later *later);

/* --- talo_request.c: what is sent --- */

/* Header lines of a request. */
void pl_talo_write_headers(struct pl_buf *out, const struct parley_talo *talo,
                           const struct pl_talo_call *call);
PL_MUST_CHECK bool pl_talo_is_header_value(struct pl_str text);

/* Append the signature of `body`, with a new id and the time. */
void pl_talo_write_signature(struct pl_buf *out, const struct parley_talo *talo,
                             struct pl_str body);

/* Append the path of a URL of the service, without a slash at its end: all targets begin with it. */
void pl_talo_write_base(struct pl_buf *out, const struct pl_client_transport *transport);

/* Append "?name=text" or "&name=text"; nothing for NULL. The first looks for a '?' in `out`. */
void pl_talo_write_query(struct pl_buf *out, const char *name, const char *text);
void pl_talo_write_query_int(struct pl_buf *out, const char *name, int64_t number);

/* --- talo_result.c: what comes back --- */

/* The result of an answer. `arena` holds what it points to.
 * Returns 0, or PL_E_NOMEM: then nothing of it is set but the error. */
void pl_talo_result_read(struct parley_talo_result *out, struct pl_arena *arena, int status,
                         struct pl_str body);

/* One that has no answer. `message` is borrowed. */
void pl_talo_result_fail(struct parley_talo_result *out, int error, const char *message);

/* It was a success, but cannot be used: PL_E_PROTO, PL_E_NOMEM. */
void pl_talo_result_spoil(struct parley_talo_result *result, int rc);

/* --- talo_link.c --- */

PL_MUST_CHECK int pl_talo_link_open(struct parley_talo *talo);
void pl_talo_link_drop(struct parley_talo *talo); /* without a callback */

/* The connection, or the attempt, cannot go on: lost, with that reason. Callbacks come. Where there
 * is neither, nothing happens. */
void pl_talo_link_lose(struct parley_talo *talo, int error, const char *reason);
void pl_talo_link_on_late(struct pl_client_attempts *attempts);
void pl_talo_link_on_due(struct pl_client_attempts *attempts);

/* v1.connected came. Callbacks come. */
void pl_talo_link_connected(struct parley_talo *talo);

/* Tell the application. It may destroy the socket. */
void pl_talo_tell(struct parley_talo *talo, const struct parley_client_event *event);

/* --- talo_receive.c --- */

void pl_talo_receive(struct parley_talo *talo, struct pl_str text);

/* --- talo_send.c --- */

/* Write the envelope around `data`, an object's JSON, and send it. Returns as parley_talo_send, the
 * reason kept. */
PL_MUST_CHECK int pl_talo_send_raw(struct parley_talo *talo, struct pl_str req, struct pl_str data);
void pl_talo_heartbeat_begin(struct parley_talo *talo);
void pl_talo_heartbeat_on_timer(struct pl_timer *timer);

/* --- talo_identity.c --- */

pl_talo_after pl_talo_after_identity; /* identify, register, login, verify */
pl_talo_after pl_talo_after_alias;    /* the same player under another name */
pl_talo_after pl_talo_after_goodbye;  /* logout, deletion */
pl_talo_after pl_talo_after_refresh;
pl_talo_after pl_talo_after_token; /* a socket token that the library asked for */

/* The socket is open: identify it, if there is a player. Returns 0, PL_E_NOMEM, PL_E_FULL. */
PL_MUST_CHECK int pl_talo_identify_socket(struct parley_talo *talo);

/* It was refused: with another token once more, if that may help. Returns as above. */
PL_MUST_CHECK int pl_talo_identify_again(struct parley_talo *talo, const char *code);

void pl_talo_identity_fini(struct parley_talo *talo);

/* --- talo_session.c --- */

/* Keep both tokens; NULL and "" for none. Returns 0; PL_E_PROTO for what is no token, PL_E_NOMEM:
 * nothing has changed. */
PL_MUST_CHECK int pl_talo_session_keep(struct parley_talo *talo, const char *session,
                                       const char *refresh);
void pl_talo_session_clear(struct parley_talo *talo); /* and tell, where there was one */

/* The application is to hear of the tokens at the end of the turn; tell it, which may destroy the
 * socket. */
void pl_talo_session_owe(struct parley_talo *talo);
void pl_talo_session_settle(struct parley_talo *talo);

/* Whether the service refused a request for want of a good session. */
bool pl_talo_is_session_over(const struct parley_talo_result *result);

/* A call to renew the session. NULL without memory or without a refresh token. */
PL_MUST_CHECK struct pl_talo_call *pl_talo_refresh_call(struct parley_talo *talo);

/* Put a copy in the place of *place; NULL and "" for none. Returns 0 or PL_E_NOMEM. */
PL_MUST_CHECK int pl_talo_keep_secret(char **place, const char *text);

/* A secret's memory, overwritten and given back. NULL is fine. */
void pl_talo_free_secret(char *text);
void pl_talo_fini_secret(struct pl_buf *buf);

/* --- for the files with the public calls --- */

/* Begin a public call: the thread, and a player where there has to be one. Returns 0 or PL_E_STATE
 * with the reason kept. */
PL_MUST_CHECK int pl_talo_enter(struct parley_talo *talo);
PL_MUST_CHECK int pl_talo_enter_as_player(struct parley_talo *talo);

/* A call with an empty body: method (a literal), target from a template without texts of others, and
 * who is told. NULL without memory. */
PL_MUST_CHECK struct pl_talo_call *pl_talo_call_for(const char *method, parley_talo_done *done,
                                                    void *user, const char *target, ...)
    PL_PRINTF(4, 5);

/* "key":"text" of an object that is being written; left out for NULL. */
void pl_talo_put_text(struct pl_json_writer *writer, const char *key, const char *text);
void pl_talo_put_bool(struct pl_json_writer *writer, const char *key, bool value);
void pl_talo_put_int(struct pl_json_writer *writer, const char *key, int64_t value);

/* "props":[...] */
void pl_talo_put_props(struct pl_json_writer *writer, const struct parley_talo_prop *props,
                       size_t count);

/* Texts of the caller are UTF-8, and not NULL unless they may be left out: 0, or PL_E_INVALID with
 * the reason kept. */
PL_MUST_CHECK int pl_talo_check_text(struct parley_talo *talo, const char *what, const char *text);
PL_MUST_CHECK int pl_talo_check_optional(struct parley_talo *talo, const char *what,
                                         const char *text);
PL_MUST_CHECK int pl_talo_check_props(struct parley_talo *talo,
                                      const struct parley_talo_prop *props, size_t count);

#endif
