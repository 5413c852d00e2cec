/* libparley-client: sockets for games and programs, one life cycle for every protocol.
 *
 *     parley_client_create          a client: the loop that its sockets live on
 *     parley_sio_create, ...        a socket of a protocol (client_socketio.h, client_websocket.h)
 *     parley_sio_connect            events come: connected, messages, disconnected, reconnecting
 *     parley_sio_destroy, ...       and at last
 *     parley_client_destroy
 *
 * All callbacks run inside parley_client_tick, which a game calls once a frame and which never
 * waits; or on a thread that the client gets with parley_client_run_thread. A program with a loop of
 * its own watches parley_client_fd and sleeps no longer than parley_client_wait_ms.
 *
 * Threads: a client and its sockets belong to one thread: the one that created the client, until
 * parley_client_run_thread or parley_client_adopt. Calls from any other are refused with
 * PARLEY_E_STATE (in debug builds of the library: an assertion). From any thread there is one call:
 * parley_client_post. Clients share nothing: a process may have many.
 *
 * Errors: functions return 0 or more, or a negative PARLEY_E_...; parley_client_error has the
 * reason in words. A callback may call anything, and destroy the socket that it is called for.
 * Strings are UTF-8 C strings and are copied; what a callback is given is borrowed for the call. */
#ifndef PARLEY_CLIENT_H
#define PARLEY_CLIENT_H

#include "parley/error.h"
#include "parley/export.h"
#include "parley/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct parley_client;

/* --- the client --- */

/* A client of the calling thread. Returns 0, PARLEY_E_NOMEM, or PARLEY_E_IO without descriptors. */
PARLEY_API PARLEY_MUST_CHECK int parley_client_create(struct parley_client **out);

/* Destroy its sockets, end its thread, and free it. Nothing is told to anybody: what is to be sent
 * or answered yet is to be disconnected and ticked first. From the thread it belongs to, or, once it
 * has a thread of its own, from any other. Not in a callback. NULL is fine. */
PARLEY_API void parley_client_destroy(struct parley_client *client);

/* Do what is due: read, call back, send. Never waits. Stops after about `budget_ms` (at least one
 * event is handled; 0: everything that is there), the rest is done by the next tick.
 * Returns how many callbacks ran; PARLEY_E_STATE on a wrong thread or inside a callback. */
PARLEY_API int parley_client_tick(struct parley_client *client, int budget_ms);

/* Sleep until there is something for a tick to do, or for `timeout_ms` (-1: for as long as it
 * takes). Returns 1 when there is, 0 when the time is over, PARLEY_E_STATE as tick. */
PARLEY_API int parley_client_wait(struct parley_client *client, int timeout_ms);

/* For a loop of your own: readable when a tick has something to do. Borrowed: watch it, and do not
 * read or close it. */
PARLEY_API int parley_client_fd(const struct parley_client *client);

/* Milliseconds until a tick is due even if the descriptor stays silent; 0 now, -1 never. */
PARLEY_API int parley_client_wait_ms(const struct parley_client *client);

/* Give the client a thread of its own, on which all callbacks run from now on; nobody else ticks it.
 * Returns 0; PARLEY_E_STATE when it has one, PARLEY_E_NOMEM when none can be made. */
PARLEY_API PARLEY_MUST_CHECK int parley_client_run_thread(struct parley_client *client);

/* Make the calling thread the one that the client belongs to: for engines that create on one thread
 * and tick on another. The caller sees to it that the two do not overlap. PARLEY_E_STATE once it has
 * a thread of its own. */
PARLEY_API int parley_client_adopt(struct parley_client *client);

/* Run fn(user) on the client's thread, in the order of the calls. From any thread; the only call
 * that is. Returns 0, PARLEY_E_NOMEM, or PARLEY_E_CLOSED once it is being destroyed. What was posted
 * and did not run when it is destroyed never runs. */
PARLEY_API int parley_client_post(struct parley_client *client,
                                  void (*fn)(struct parley_client *client, void *user), void *user);

/* Why the last call on this client or one of its sockets failed, and what to do about it. Never
 * NULL; lives until the next call that fails. */
PARLEY_API const char *parley_client_error(const struct parley_client *client);

/* "NOT_FOUND" for PARLEY_E_NOT_FOUND; "OK" for 0. Any thread. */
PARLEY_API const char *parley_client_error_name(int code);

/* --- what happens to a socket, whatever its protocol --- */

enum parley_client_event_kind {
    PARLEY_CLIENT_CONNECTED,      /* it is open: events can be sent and come */
    PARLEY_CLIENT_CONNECT_FAILED, /* it could not be opened; tried again after delay_ms, if not -1 */
    PARLEY_CLIENT_DISCONNECTED,   /* it was open and no longer is; as above */
    PARLEY_CLIENT_RECONNECTING,   /* attempt number `attempt` begins */
    PARLEY_CLIENT_GAVE_UP,        /* the attempts are used up: connect it again, or destroy it */
};

/* Borrowed for the call, with all that it points to. */
struct parley_client_event {
    enum parley_client_event_kind kind;
    int error;          /* 0, or the PARLEY_E_... that failed it */
    const char *reason; /* never NULL. DISCONNECTED: the protocol's name of the reason ("transport
                           close"); CONNECT_FAILED: what went wrong, in words or as the server
                           put it; otherwise "" */
    const char *detail; /* never NULL: more about the reason, for a log */
    int close_code;     /* of the WebSocket (RFC 6455 section 7.4); 0 where there was none */
    unsigned attempt;   /* RECONNECTING: 1, 2, ...; CONNECTED: how many it took, 0 the first time */
    int delay_ms;      /* CONNECT_FAILED, DISCONNECTED: until the next attempt; -1: there is none */
    bool is_recovered; /* CONNECTED: the session goes on and nothing was missed */
    const struct parley_val *data; /* CONNECT_FAILED: what the server gave with it, or NULL */
};

/* "connected", "connect_failed" and so on, for logs; "unknown" for any other number. Never NULL. */
PARLEY_API const char *parley_client_event_name(enum parley_client_event_kind kind);

/* --- how a socket gets there: the same for every protocol --- */

/* Strings are copied when a socket is created. */
struct parley_client_transport {
    int connect_timeout_ms; /* from the attempt to the open socket; 20,000 */
    const char *headers;    /* more request headers, "Name: value" in lines; NULL: none */
    const char *proxy;      /* "http://[user:password@]host:port": by CONNECT; NULL: none */
    const char *ca_file;    /* PEM: trusted instead of the system's; NULL: the system's */
    const char *pins;       /* "sha256//BASE64[;...]": one of these public keys must be in the chain
                               (RFC 7469 section 2.4), besides being trusted; NULL: none */
    bool trusts_anybody;    /* no certificate is verified: for tests alone */
    size_t message_max;     /* bytes of the largest message taken from the server; 16 MiB */
};

/* Reconnection: attempt n is made after delay_ms * 2^(n-1), give or take `jitter` of it, and at most
 * after delay_max_ms. */
struct parley_client_reconnect {
    bool is_on;       /* true */
    int delay_ms;     /* 1,000 */
    int delay_max_ms; /* 5,000 */
    double jitter;    /* 0.5; from 0 to 1 */
    int attempts;     /* before giving up; -1, the default: no end */
};

#ifdef __cplusplus
}
#endif
#endif
