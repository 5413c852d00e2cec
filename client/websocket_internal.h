/* What websocket.c (the public calls) and websocket_life.c (what happens) share. Included by these
 * alone. */
#ifndef PL_CLIENT_WEBSOCKET_INTERNAL_H
#define PL_CLIENT_WEBSOCKET_INTERNAL_H

#include "client/attempts.h"
#include "client/client.h"
#include "client/transport.h"
#include "client/websocket_queue.h"
#include "client/ws.h"
#include "parley/client_websocket.h"

enum pl_websocket_state {
    PL_WEBSOCKET_IDLE,
    PL_WEBSOCKET_CONNECTING, /* ws is there */
    PL_WEBSOCKET_OPEN,       /* ws is there */
    PL_WEBSOCKET_CLOSING,    /* ws is there, and closed by us */
    PL_WEBSOCKET_WAITING,    /* for the next attempt */
    PL_WEBSOCKET_DESTROYED,  /* freed when the turn ends */
};

struct parley_websocket {
    struct pl_client_socket socket;
    struct parley_client *client;
    struct parley_websocket_config config; /* its strings are not ours: never used */
    struct pl_client_transport transport;
    char *target;    /* owned: path and query */
    char *protocols; /* owned; NULL: none */
    char *protocol;  /* owned, large enough for any of them: the one chosen */
    enum pl_websocket_state state;
    struct pl_client_ws *ws; /* owned */
    struct pl_client_attempts attempts;
    struct pl_websocket_queue queue;
    struct pl_client_later later;
};

/* --- websocket_life.c --- */

void pl_websocket_on_late(struct pl_client_attempts *attempts);
void pl_websocket_on_due(struct pl_client_attempts *attempts);

/* Begin an attempt. Returns 0, or why it cannot even begin (nothing has changed). */
PL_MUST_CHECK int pl_websocket_begin(struct parley_websocket *websocket, struct pl_error *err);

/* Send what is queued, as much as there is room for. */
void pl_websocket_send_queued(struct parley_websocket *websocket);

/* Drop the connection or the attempt that is going on or to come, without a callback. */
void pl_websocket_drop(struct parley_websocket *websocket, enum pl_websocket_state state);

#endif
