/* An Engine.IO 4 session from the client's side: polling, WebSocket, the upgrade, the heartbeat.
 * Source: shared spec socketio.md section 1. Threads: the client's. One session: who wants to
 * reconnect opens another. */
#ifndef PL_CLIENT_ENGINEIO_H
#define PL_CLIENT_ENGINEIO_H

#include "client/transport.h"
#include "parley/client_socketio.h"

struct pl_client_eio;

/* Why a session ended; the names are the JavaScript client's. */
enum pl_client_eio_end {
    PL_CLIENT_EIO_TRANSPORT_ERROR, /* "transport error": also when it never opened */
    PL_CLIENT_EIO_TRANSPORT_CLOSE, /* "transport close" */
    PL_CLIENT_EIO_PING_TIMEOUT,    /* "ping timeout" */
    PL_CLIENT_EIO_PARSE_ERROR,     /* "parse error" */
};

struct pl_client_eio_closed {
    enum pl_client_eio_end end;
    int error;          /* a PL_E_...; 0 after a proper end */
    int close_code;     /* of a WebSocket, or 0 */
    const char *detail; /* words for a log; never NULL */
};

/* None comes inside a function of this header; nothing comes after on_closed. The owner may close
 * or destroy the session in any of them. */
struct pl_client_eio_owner {
    void (*on_open)(struct pl_client_eio *eio, void *user);
    /* The data of a message packet: UTF-8 text, or bytes. Borrowed for the call. */
    void (*on_text)(struct pl_client_eio *eio, struct pl_str text, void *user);
    void (*on_binary)(struct pl_client_eio *eio, struct pl_str bytes, void *user);
    void (*on_drain)(struct pl_client_eio *eio, void *user);   /* nothing waits to be sent */
    void (*on_upgrade)(struct pl_client_eio *eio, void *user); /* it goes on by WebSocket */
    void (*on_closed)(struct pl_client_eio *eio, const struct pl_client_eio_closed *closed,
                      void *user);
};

struct pl_client_eio_config {
    const struct pl_client_transport *transport; /* borrowed for the session's life */
    enum parley_sio_transports transports;
    bool starts_with_websocket; /* remembersUpgrade: for the first two of `transports` */
    struct pl_str path;         /* with slashes at both ends; borrowed as above */
    struct pl_str query;        /* more of it, escaped; may be empty; borrowed as above */
    size_t unsent_max;
    /* After pl_client_eio_destroy, when it is gone indeed: what was lent to it may go. `user` is the
     * owner's. Not called for a session that did not open; may be NULL. */
    void (*on_released)(void *user);
};

/* Connect. The timeout to the open packet is the owner's affair (destroy it).
 * Returns 0; PL_E_NOMEM, PL_E_IO. */
PL_MUST_CHECK int pl_client_eio_open(struct pl_client_eio **out, struct parley_client *client,
                                     const struct pl_client_eio_config *config,
                                     const struct pl_client_eio_owner *owner, void *user,
                                     struct pl_error *err);

/* Queue one message, sent when the turn ends or the transport is free.
 *   binaries  follow the text as messages of their own, with nothing between (spec 2.6)
 * Returns 0; PL_E_FULL, PL_E_NOMEM (nothing was queued), PL_E_CLOSED when it is not open. */
PL_MUST_CHECK int pl_client_eio_send(struct pl_client_eio *eio, struct pl_str text,
                                     const struct pl_str *binaries, size_t binary_count);

/* Whether the server's ping is overdue: nothing that is sent now arrives, and the next turn ends it
 * (spec 1.8, lazily). */
bool pl_client_eio_has_expired(const struct pl_client_eio *eio);

/* Whether what is sent now would leave at once: what volatile events ask. Checks the heartbeat's
 * deadline as well (spec 1.8, lazily). */
bool pl_client_eio_is_writable(struct pl_client_eio *eio);
size_t pl_client_eio_unsent(const struct pl_client_eio *eio); /* bytes */

bool pl_client_eio_is_open(const struct pl_client_eio *eio);
const char *pl_client_eio_transport(const struct pl_client_eio *eio); /* "polling", "websocket" */

/* Leave it, without a callback: what is queued is still sent in the background, then the transport is
 * closed, both within two seconds. NULL is fine; sets *eio to NULL. Safe in callbacks. */
void pl_client_eio_destroy(struct pl_client_eio **eio);

#endif
