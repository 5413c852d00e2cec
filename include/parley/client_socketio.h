/* Socket.IO 5 over Engine.IO 4, for servers that exist already: polling and WebSocket, namespaces,
 * acknowledgements, binary, recovery. Life cycle, threads and errors: client.h.
 *
 *     static void on_news(struct parley_sio *sio, const char *event,
 *                         const struct parley_args *args, struct parley_sio_ack *ack, void *user)
 *     {
 *         printf("%s\n", parley_val_str(parley_args_get(args, 0), NULL));
 *     }
 *
 *     struct parley_sio_config config;
 *     parley_sio_config_init(&config);
 *     parley_sio_create(&sio, client, "http://127.0.0.1:7350/", &config);
 *     parley_sio_on(sio, "news", on_news, NULL);
 *     parley_sio_connect(sio);
 *     parley_sio_emitf(sio, "hello", "%s", "world");
 *
 * A socket is one namespace on a connection; several share one (parley_sio_create_namespace).
 * Wire behaviour: shared spec socketio.md, sections 1 and 2; reasons and defaults are those of the
 * JavaScript client (2.11). */
#ifndef PARLEY_CLIENT_SOCKETIO_H
#define PARLEY_CLIENT_SOCKETIO_H

#include "parley/client.h"

#ifdef __cplusplus
extern "C" {
#endif

struct parley_sio;     /* a socket: a namespace on a connection */
struct parley_sio_ack; /* an acknowledgement that the server wants */

enum parley_sio_transports {
    PARLEY_SIO_POLLING_THEN_WEBSOCKET, /* poll at once, change over when it works */
    PARLEY_SIO_WEBSOCKET_ONLY,
    PARLEY_SIO_POLLING_ONLY,
    PARLEY_SIO_WEBSOCKET_OR_POLLING, /* by polling only where no WebSocket gets through */
};

/* Set by parley_sio_config_init, then changed where wanted. Copied by create. */
struct parley_sio_config {
    /* Of the connection, which the first socket on it makes. */
    struct parley_client_transport transport;
    struct parley_client_reconnect reconnect;
    enum parley_sio_transports transports;
    bool remembers_upgrade; /* reconnect by WebSocket where it worked before; false */
    const char *path;       /* "/socket.io/" */
    const char *query;      /* more of the query, escaped already: "room=1&v=2"; NULL: none */
    size_t unsent_max;      /* bytes on their way to the server; more is PARLEY_E_FULL; 8 MiB */
    int attachment_max;     /* binary parts of one packet that are taken or sent; 10 */

    /* Of the socket. */
    const struct parley_val *auth; /* an object for the server's middleware, or NULL; referenced */
    /* Asked for each CONNECT instead, when set: answer with parley_sio_auth, now or later; the
     * socket waits for it. */
    void (*get_auth)(struct parley_sio *sio, void *user);
    size_t buffer_max;  /* bytes of events kept while it is not connected, sent in order once it is;
                           more is PARLEY_E_FULL; 1 MiB; 0: emitting then is PARLEY_E_STATE */
    int ack_timeout_ms; /* for emits that name none; 0, the default: acknowledgements may take for
                           ever. Goes with `retries` */
    int retries;        /* above 0: each event (but volatile ones) is sent again until the server
                           acknowledges it, at most so many times more; one at a time, in order, so
                           that the server gets each at least once (ack_timeout_ms, else 10,000) */
    void (*on_event)(struct parley_sio *sio, const struct parley_client_event *event, void *user);
    void *user;
};

/* Fill in the defaults that the struct names. */
PARLEY_API void parley_sio_config_init(struct parley_sio_config *config);

/* A socket with a connection of its own: "http://host[:port][/namespace]" (https, ws, wss alike; a
 * query in it is sent like config->query). Nothing is sent yet.
 * Returns 0; PARLEY_E_INVALID for a URL or setting that makes no sense, PARLEY_E_NOMEM. */
PARLEY_API PARLEY_MUST_CHECK int parley_sio_create(struct parley_sio **out,
                                                   struct parley_client *client, const char *url,
                                                   const struct parley_sio_config *config);

/* Another namespace on the connection of `sio`; of the config only the socket's part counts.
 * Returns 0; PARLEY_E_EXISTS when the connection has that namespace, PARLEY_E_INVALID (a comma, no
 * UTF-8), PARLEY_E_NOMEM. */
PARLEY_API PARLEY_MUST_CHECK int
parley_sio_create_namespace(struct parley_sio **out, struct parley_sio *sio, const char *name,
                            const struct parley_sio_config *config);

/* Begin to connect; an event tells how it ends. Opens the connection when no other namespace has.
 * Returns 0; PARLEY_E_STATE when it is connecting or connected, PARLEY_E_FULL when CONNECT does not
 * fit into what waits to be sent, PARLEY_E_NOMEM, PARLEY_E_IO. */
PARLEY_API int parley_sio_connect(struct parley_sio *sio);

/* Leave: a DISCONNECT is sent behind everything before it, DISCONNECTED comes at once ("io client
 * disconnect") and nothing is reconnected. Pending acknowledgements end with PARLEY_E_CLOSED. The
 * connection goes with its last active namespace. While it is connecting: it stops. Later it may be
 * connected again. Returns 0; PARLEY_E_STATE when it is neither, PARLEY_E_FULL or PARLEY_E_NOMEM when
 * the server cannot be told (it stays as it was: try again). */
PARLEY_API int parley_sio_disconnect(struct parley_sio *sio);

/* As disconnect, but without an event, and it is gone; pending acknowledgements are dropped. NULL is
 * fine. */
PARLEY_API void parley_sio_destroy(struct parley_sio *sio);

/* The answer to config->get_auth. `auth` is an object, or NULL for none; referenced. PARLEY_E_STATE
 * when nothing waits for it, PARLEY_E_INVALID when it is no object. */
PARLEY_API int parley_sio_auth(struct parley_sio *sio, const struct parley_val *auth);

/* --- who it is --- */

/* What is returned is borrowed, until something happens to the socket. */
PARLEY_API bool parley_sio_is_connected(const struct parley_sio *sio);
PARLEY_API const char *parley_sio_id(const struct parley_sio *sio); /* "" while not connected */
PARLEY_API const char *parley_sio_namespace(const struct parley_sio *sio);
PARLEY_API const char *
parley_sio_transport(const struct parley_sio *sio); /* "polling", "websocket", "" */
PARLEY_API void *parley_sio_user(const struct parley_sio *sio);
PARLEY_API struct parley_client *parley_sio_client(const struct parley_sio *sio);

/* --- sending --- */

/* Emit an event with arguments (NULL: none), bytes among them. While it is not connected, also
 * between attempts, it is kept (buffer_max). A literal template says it shorter:
 * parley_sio_emitf(sio, "move", "{\"x\":%d,\"y\":%d}", x, y) (parley_val_format).
 * Returns 0; PARLEY_E_FULL, PARLEY_E_INVALID (a reserved name, no UTF-8, a bad template),
 * PARLEY_E_TOO_BIG (more binary parts than attachment_max), PARLEY_E_STATE, PARLEY_E_NOMEM. */
PARLEY_API int parley_sio_emit(struct parley_sio *sio, const char *event,
                               const struct parley_args *args);
PARLEY_API int parley_sio_emitf(struct parley_sio *sio, const char *event, const char *fmt, ...)
    PARLEY_PRINTF(3, 4);

/* The event may be lost: it is sent only when it is connected and nothing waits to be sent before
 * it; otherwise it is dropped, which is 0 as well. */
PARLEY_API int parley_sio_emit_volatile(struct parley_sio *sio, const char *event,
                                        const struct parley_args *args);

/* Emit, and hear what the server acknowledges with.
 *   timeout_ms  from now on; 0: config's ack_timeout_ms
 *   on_ack      called once: error 0 with the arguments, PARLEY_E_TIMEOUT, or PARLEY_E_CLOSED when
 *               the socket was disconnected first (what is kept for sending lives on) */
PARLEY_API int parley_sio_emit_ack(struct parley_sio *sio, const char *event,
                                   const struct parley_args *args, int timeout_ms,
                                   void (*on_ack)(struct parley_sio *sio, int error,
                                                  const struct parley_args *args, void *user),
                                   void *user);

/* --- receiving --- */

/* Called for an event of that name, in the order of registration. `ack` is NULL unless the server
 * wants an acknowledgement. */
typedef void parley_sio_listener(struct parley_sio *sio, const char *event,
                                 const struct parley_args *args, struct parley_sio_ack *ack,
                                 void *user);

/* Add a listener: for one event, for one event once, or for all (called before the others).
 * Returns 0, PARLEY_E_INVALID, PARLEY_E_NOMEM. */
PARLEY_API int parley_sio_on(struct parley_sio *sio, const char *event, parley_sio_listener *fn,
                             void *user);
PARLEY_API int parley_sio_once(struct parley_sio *sio, const char *event, parley_sio_listener *fn,
                               void *user);
PARLEY_API int parley_sio_on_any(struct parley_sio *sio, parley_sio_listener *fn, void *user);

/* Called for each event that is sent, which is then at the end of a turn: no callback comes inside
 * parley_sio_emit. `ack` is NULL. */
PARLEY_API int parley_sio_on_any_outgoing(struct parley_sio *sio, parley_sio_listener *fn,
                                          void *user);

/* Remove listeners of `event` (NULL: catch-all ones, in both directions): those of `fn`, or all
 * when it is NULL. Returns how many. */
PARLEY_API int parley_sio_off(struct parley_sio *sio, const char *event, parley_sio_listener *fn);

/* Acknowledge, once: PARLEY_E_STATE the second time, PARLEY_E_CLOSED when the socket has been
 * disconnected since. `args` may be NULL. */
PARLEY_API int parley_sio_ack_send(struct parley_sio_ack *ack, const struct parley_args *args);

/* Keep an acknowledgement beyond the callback: one unref for each ref. NULL is fine. */
PARLEY_API struct parley_sio_ack *parley_sio_ack_ref(struct parley_sio_ack *ack);
PARLEY_API void parley_sio_ack_unref(struct parley_sio_ack *ack);

#ifdef __cplusplus
}
#endif
#endif
