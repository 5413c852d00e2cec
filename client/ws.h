/* A WebSocket as a client opens it, on a connection of its own. Source: RFC 6455.
 * Threads: the client's. */
#ifndef PL_CLIENT_WS_H
#define PL_CLIENT_WS_H

#include "client/conn.h"
#include "codec/ws_frame.h"

struct pl_client_ws;

/* As of conn.h: none comes inside a function of this header, nothing comes after on_closed. */
struct pl_client_ws_owner {
    void (*on_open)(struct pl_client_ws *ws, struct pl_str protocol, void *user);
    /* A whole message, checked to be UTF-8 when it is text; it may be changed. */
    void (*on_message)(struct pl_client_ws *ws, bool is_text, struct pl_span bytes, void *user);
    void (*on_sent)(struct pl_client_ws *ws, void *user); /* everything; may be NULL */
    /* error: 0 when both sides closed properly; else as on_end of conn.h (before on_open also
     * PL_E_DENIED for an answer that is not 101: `reason` names its status). code: the peer's, or
     * 1005, 1006, or what we closed with. */
    void (*on_closed)(struct pl_client_ws *ws, int error, uint16_t code, struct pl_str reason,
                      void *user);
};

/* Connect. transport->message_max bounds a message, unsent_max what waits to be sent.
 *   target     path and query
 *   protocols  Sec-WebSocket-Protocol, or NULL
 * Returns 0; PL_E_NOMEM, PL_E_IO. */
PL_MUST_CHECK int pl_client_ws_open(struct pl_client_ws **out, struct parley_client *client,
                                    const struct pl_client_transport *transport,
                                    struct pl_str target, const char *protocols, size_t unsent_max,
                                    const struct pl_client_ws_owner *owner, void *user,
                                    struct pl_error *err);

/* Queue a message made of two pieces (`head` may be empty), masked; sent when the turn ends.
 * Returns 0; PL_E_FULL, PL_E_NOMEM (nothing was queued), PL_E_CLOSED when it is not open. */
PL_MUST_CHECK int pl_client_ws_send(struct pl_client_ws *ws, bool is_text, struct pl_str head,
                                    struct pl_str payload);

size_t pl_client_ws_unsent(const struct pl_client_ws *ws);

/* Send a close frame behind what is queued and wait for the peer's, at most `timeout_ms`; then
 * on_closed: with error 0, or PL_E_TIMEOUT. Messages that still come are dropped. Before it is open:
 * on_closed with PL_E_CLOSED, in the next turn. A second close changes nothing.
 *   code  PL_WS_CLOSE_NO_STATUS, or one that pl_ws_close_code_is_allowed has */
void pl_client_ws_close(struct pl_client_ws *ws, uint16_t code, struct pl_str reason,
                        int timeout_ms);

/* Whether an application may close with that: 1000, or 3000 to 4999, and a reason that fits. Returns 0
 * or PL_E_INVALID with the reason kept. */
PL_MUST_CHECK int pl_client_check_close(struct parley_client *client, int code,
                                        struct pl_str reason);

/* NULL is fine; sets *ws to NULL; no callback comes. Safe in callbacks. */
void pl_client_ws_destroy(struct pl_client_ws **ws);

#endif
