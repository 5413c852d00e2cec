/* Plain WebSockets (RFC 6455), for servers with a protocol of their own. Life cycle, threads and
 * errors: client.h. */
#ifndef PARLEY_CLIENT_WEBSOCKET_H
#define PARLEY_CLIENT_WEBSOCKET_H

#include "parley/client.h"

#ifdef __cplusplus
extern "C" {
#endif

struct parley_websocket;

/* Set by parley_websocket_config_init, then changed where wanted. Copied by create. */
struct parley_websocket_config {
    struct parley_client_transport transport;
    struct parley_client_reconnect reconnect; /* off by default: a plain WebSocket has no session */
    const char *protocols;                    /* Sec-WebSocket-Protocol: "a, b"; NULL: none */
    size_t queue_max;     /* bytes of messages kept while it is not connected, and sent then; 0, the
                              default: sending is PARLEY_E_STATE */
    size_t unsent_max;    /* bytes on their way; more is PARLEY_E_FULL; 8 MiB */
    int close_timeout_ms; /* for the server's answer to a close; 3,000 */
    void (*on_event)(struct parley_websocket *websocket, const struct parley_client_event *event,
                     void *user);
    void (*on_message)(struct parley_websocket *websocket, bool is_text, const void *bytes,
                       size_t len, void *user);
    void *user;
};

/* Fill in the defaults that the structs name. */
PARLEY_API void parley_websocket_config_init(struct parley_websocket_config *config);

/* A socket for "ws://..." or "wss://..." (http and https mean the same). Nothing is sent yet.
 * Returns 0; PARLEY_E_INVALID for a URL or setting that makes no sense, PARLEY_E_NOMEM. */
PARLEY_API PARLEY_MUST_CHECK int
parley_websocket_create(struct parley_websocket **out, struct parley_client *client,
                        const char *url, const struct parley_websocket_config *config);

/* Begin to connect; an event tells how it ends. PARLEY_E_STATE when it is connecting or connected.
 */
PARLEY_API int parley_websocket_connect(struct parley_websocket *websocket);

/* Queue a message, sent when the tick ends. Text must be UTF-8.
 * Returns 0; PARLEY_E_STATE when it is not connected (queue_max), PARLEY_E_FULL, PARLEY_E_UTF8,
 * PARLEY_E_NOMEM. */
PARLEY_API int parley_websocket_send_text(struct parley_websocket *websocket, const char *text,
                                          size_t len);
PARLEY_API int parley_websocket_send_binary(struct parley_websocket *websocket, const void *bytes,
                                            size_t len);

/* Close: what was queued is sent, then the code (1000, or 3000 to 4999) and the reason (at most 123
 * bytes). DISCONNECTED comes when the server has answered or close_timeout_ms are over; nothing is
 * reconnected. PARLEY_E_INVALID for another code, PARLEY_E_STATE when it is not connected. While it
 * is connecting: it stops. */
PARLEY_API int parley_websocket_close(struct parley_websocket *websocket, int code,
                                      const char *reason);

/* How it stands. */
PARLEY_API bool parley_websocket_is_connected(const struct parley_websocket *websocket);
PARLEY_API size_t parley_websocket_unsent(const struct parley_websocket *websocket); /* bytes */
PARLEY_API const char *parley_websocket_protocol(
    const struct parley_websocket *websocket); /* chosen by the server, or "" */

/* Drop it, connection and all, without a word to the server or a callback. NULL is fine. */
PARLEY_API void parley_websocket_destroy(struct parley_websocket *websocket);

#ifdef __cplusplus
}
#endif
#endif
