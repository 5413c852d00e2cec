/* An Engine.IO session from the inside: what engineio.c and the eio_....c files share.
 * Threads: the client's. */
#ifndef PL_CLIENT_EIO_INTERNAL_H
#define PL_CLIENT_EIO_INTERNAL_H

#include "client/client.h"
#include "client/eio_queue.h"
#include "client/engineio.h"
#include "client/http.h"
#include "client/ws.h"

enum pl_client_eio_state {
    PL_CLIENT_EIO_OPENING, /* no open packet yet */
    PL_CLIENT_EIO_OPEN,
    PL_CLIENT_EIO_LEAVING, /* the owner is done with it; what is queued is sent, then the close */
    PL_CLIENT_EIO_ENDED,   /* no transport any more */
};

enum pl_client_eio_way {
    PL_CLIENT_EIO_POLLING,
    PL_CLIENT_EIO_WEBSOCKET,
};

enum pl_client_eio_upgrade {
    PL_CLIENT_EIO_NO_UPGRADE,
    PL_CLIENT_EIO_PROBING, /* `2probe` is on its way; polling goes on */
    PL_CLIENT_EIO_PAUSING, /* `3probe` came: no new requests, `5` when those under way are done */
};

struct pl_client_eio {
    struct parley_client *client;
    struct pl_client_eio_config config;
    const struct pl_client_eio_owner *owner; /* NULL when there is nothing more to tell it */
    void *user;

    enum pl_client_eio_state state;
    enum pl_client_eio_way way;
    enum pl_client_eio_upgrade upgrade;
    bool has_fallen_back; /* a WebSocket did not get through: none is tried again */
    bool is_destroyed;    /* no owner: it frees itself */

    struct pl_client_http *get;
    struct pl_client_http *post;
    struct pl_client_ws *ws;    /* the transport, or what becomes it */
    struct pl_client_ws *probe; /* of an upgrade */

    struct pl_buf held; /* of an answer, for which the last turn had no time */
    size_t held_at;     /* what of it is taken */
    bool is_holding;

    struct pl_client_eio_queue queue;
    size_t posted_bytes; /* of the queue, in the POST under way */
    size_t body_max;     /* of a POST */

    char *sid; /* owned; NULL before the open packet. A secret */
    size_t sid_len;
    int64_t silence_max_ms; /* between two pings */
    int64_t deadline_ms;    /* of the next ping */
    struct pl_timer beat;   /* that deadline; when leaving, the end of patience */
    struct pl_timer probe_timer;

    struct pl_client_later flush;
    struct pl_client_later resume; /* with what is held */
    struct pl_client_later free;
    struct pl_client_socket socket; /* registered once it is destroyed */
};

/* engineio.c */

/* It is over: drop the transports and tell the owner, at once (so never inside a function of
 * engineio.h). When it is leaving, or over already, nobody is told. `detail` is copied first. */
void pl_client_eio_end(struct pl_client_eio *eio, enum pl_client_eio_end end, int error,
                       int close_code, const char *detail);

/* A transport failed: "transport error" with the words of `err`. */
void pl_client_eio_fail(struct pl_client_eio *eio, int error, const char *detail);

/* Give the queue to the transport, as far as it takes it now. Where it polls, it may end the
 * session. */
void pl_client_eio_pump(struct pl_client_eio *eio);

/* Nothing waits to be sent any more. */
void pl_client_eio_drained(struct pl_client_eio *eio);

/* Sent what was to be sent, or without hope: drop the transports, and itself when it is destroyed. */
void pl_client_eio_left(struct pl_client_eio *eio);

/* eio_packets.c */

/* A packet has come. */
void pl_client_eio_take(struct pl_client_eio *eio, const struct pl_eio_packet *packet);

/* One that cannot be read: `rc` of the codec, whose arena had no cap. */
void pl_client_eio_take_failed(struct pl_client_eio *eio, int rc, const struct pl_error *err);

/* eio_target.c: path and query of a request. The buffer has failed without memory. */
void pl_client_eio_write_target(struct pl_buf *buf, const struct pl_client_eio *eio,
                                enum pl_client_eio_way way);

/* eio_polling.c */

/* The request for a session, or the next poll; none is going on. Returns 0, PL_E_NOMEM, PL_E_IO. */
PL_MUST_CHECK int pl_client_eio_poll(struct pl_client_eio *eio, struct pl_error *err);
void pl_client_eio_poll_on(struct pl_client_eio *eio); /* unless it should not, or does */

/* Send the front of the queue, unless a POST is under way. Returns 0, PL_E_NOMEM, PL_E_IO. */
PL_MUST_CHECK int pl_client_eio_post(struct pl_client_eio *eio, struct pl_error *err);

/* Whether a GET or a POST is under way, or an answer not quite taken. */
bool pl_client_eio_is_requesting(const struct pl_client_eio *eio);
void pl_client_eio_resume(struct pl_client_eio *eio); /* take more of what is held */

/* eio_websocket.c */

/* Open a WebSocket: *out is a member of `eio`. Returns 0, PL_E_NOMEM, PL_E_IO. */
PL_MUST_CHECK int pl_client_eio_open_websocket(struct pl_client_eio *eio, struct pl_client_ws **out,
                                               struct pl_error *err);

/* Give the queue to the WebSocket. What it has no memory for stays queued. */
void pl_client_eio_send_queue(struct pl_client_eio *eio);

/* The WebSocket is gone, or takes too long to open: poll where that may help, else end. */
void pl_client_eio_fall_back(struct pl_client_eio *eio, int error, int close_code,
                             const char *reason);

/* eio_upgrade.c */
void pl_client_eio_upgrade_start(struct pl_client_eio *eio);
void pl_client_eio_upgrade_opened(struct pl_client_eio *eio);
void pl_client_eio_upgrade_answer(struct pl_client_eio *eio, struct pl_str message);
void pl_client_eio_upgrade_failed(struct pl_client_eio *eio); /* polling goes on */
void pl_client_eio_upgrade_step(struct pl_client_eio *eio);   /* a request is done */

#endif
