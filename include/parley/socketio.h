/* Channels: Socket.IO namespaces, sockets, rooms and events, for clients that exist already.
 *
 *     static void on_message(struct parley_socket *s, const char *event,
 *                            const struct parley_args *args, struct parley_ack *ack, void *user)
 *     {
 *         parley_emit(s, "message-back", args);
 *     }
 *
 *     static void on_connect(struct parley_socket *s, const struct parley_val *auth, void *user)
 *     {
 *         parley_on(s, "message", on_message, user);
 *     }
 *
 * Handles given to a callback are borrowed for the call; parley_socket_ref keeps a socket longer.
 * All calls belong to the hub's thread. Names (namespaces, rooms, events) are UTF-8 C strings and
 * copied; one that is too long or no UTF-8 is PARLEY_E_INVALID. Calls on a socket that is
 * disconnected return PARLEY_E_CLOSED and do nothing. Sockets are never NULL, except where it says
 * so. A callback may call anything: disconnect the socket it is called for, delete its namespace,
 * close the server. What a function registers with (`user`) is the application's, and must live as
 * long as what it is registered with.
 * Wire behaviour: shared spec socketio.md, sections 2, 3 and 6. */
#ifndef PARLEY_SOCKETIO_H
#define PARLEY_SOCKETIO_H

#include "parley/app.h"
#include "parley/value.h"

#ifdef __cplusplus
extern "C" {
#endif

struct parley_socket; /* one client in one namespace */
struct parley_op;     /* an operator: whom an emit, join, leave or disconnect is for */
struct parley_ack;    /* an acknowledgement to send */
struct parley_next;   /* a middleware's or hook's answer, now or later */

/* --- namespaces (spec 3.10) --- */

/* Serve a namespace ("/", "/admin"; a missing slash is added): on_connect runs for each client that
 * joins it, after its CONNECT answer is queued. Registering again replaces the handler. No handler,
 * no namespace: "/" is not there by itself. auth: the client's payload, an empty object when it
 * sent none; never NULL. PARLEY_E_INVALID: no name, or one with a comma. */
PARLEY_API int parley_ns_on(struct parley_io *io, const char *name,
                            void (*on_connect)(struct parley_socket *socket,
                                               const struct parley_val *auth, void *user),
                            void *user);

/* Namespaces by pattern: "/room/{id}" (one segment, not empty), "/files/{*rest}" (one or more at
 * the end). Static namespaces win over patterns, patterns are tried in the order of registration.
 * The child exists from the first join on. PARLEY_E_INVALID for a bad pattern, PARLEY_E_EXISTS for
 * one that is there already. */
PARLEY_API int parley_ns_on_pattern(struct parley_io *io, const char *pattern,
                                    void (*on_connect)(struct parley_socket *socket,
                                                       const struct parley_val *auth, void *user),
                                    void *user);

/* Namespaces by function: `match` decides with parley_next_accept or parley_next_refuse, now or
 * later; when it refuses, patterns and functions registered after it are tried. Both functions get
 * `user`. PARLEY_E_INVALID when one is missing. */
PARLEY_API int parley_ns_on_match(struct parley_io *io,
                                  void (*match)(const char *name, const struct parley_val *auth,
                                                struct parley_next *next, void *user),
                                  void (*on_connect)(struct parley_socket *socket,
                                                     const struct parley_val *auth, void *user),
                                  void *user);

/* The part of a namespace's name that {id} or {*rest} stands for; NULL when there is none.
 * Borrowed. */
PARLEY_API const char *parley_socket_ns_param(const struct parley_socket *socket, const char *name);

/* Disconnect its sockets ("server namespace disconnect") and forget it: a later CONNECT gets
 * "Invalid namespace". Safe inside a handler. PARLEY_E_NOT_FOUND. */
PARLEY_API int parley_ns_delete(struct parley_io *io, const char *name);

/* Called for each namespace that comes into being after this, but not for "/". */
PARLEY_API void parley_on_new_namespace(struct parley_io *io,
                                        void (*fn)(const char *name, void *user), void *user);

/* A middleware of a namespace or a pattern (the text given to parley_ns_on or _pattern): runs for
 * each CONNECT before the socket is connected, in the order of registration; each must answer
 * `next` once, now or later, also when the client has left: what waits is kept until then. Refusing
 * sends CONNECT_ERROR. Joining rooms is allowed; emitting is PARLEY_E_STATE. A pattern's
 * middlewares are those of namespaces made from it later. PARLEY_E_NOT_FOUND when nobody serves
 * that name yet. */
PARLEY_API int parley_ns_use(struct parley_io *io, const char *name,
                             void (*middleware)(struct parley_socket *socket,
                                                struct parley_next *next, void *user),
                             void *user);

/* Go on. `next` is gone afterwards. Fine when the client has left meanwhile. */
PARLEY_API void parley_next_accept(struct parley_next *next);

/* Refuse, with words for the client and, where it makes sense, data (may be NULL; borrowed). */
PARLEY_API void parley_next_refuse(struct parley_next *next, const char *message,
                                   const struct parley_val *data);

/* --- hooks of the transport (spec 1.9 to 1.12) --- */

struct parley_request; /* the HTTP request in question: parley/http.h has its getters */

/* Decide about requests that would open a connection. Refusing answers 403 with the message. */
PARLEY_API void parley_io_allow_request(struct parley_io *io,
                                        void (*allow)(struct parley_request *request,
                                                      struct parley_next *next, void *user),
                                        void *user);

/* Every request under the path, in order of registration. Refusing answers 400, code 3. Like all
 * hooks of the transport it counts when it is registered in register_channels. */
PARLEY_API void parley_io_use(struct parley_io *io,
                              void (*middleware)(struct parley_request *request,
                                                 struct parley_next *next, void *user),
                              void *user);

/* Ids of the application's own: write a C string of at most out_size - 1 characters A-Za-z0-9_- to
 * out; unguessable and not in use. A negative return refuses the client (code 3). */
PARLEY_API void parley_io_generate_id(struct parley_io *io,
                                      int (*generate)(struct parley_request *request, char *out,
                                                      size_t out_size, void *user),
                                      void *user);

/* Add response headers (parley_request_add_header) to polling answers and to the 101; is_initial:
 * the first of a connection. */
PARLEY_API void parley_io_on_headers(struct parley_io *io,
                                     void (*fn)(struct parley_request *request, bool is_initial,
                                                void *user),
                                     void *user);

/* A request was refused: code and message as the client got them. */
PARLEY_API void parley_io_on_connection_error(struct parley_io *io,
                                              void (*fn)(struct parley_request *request, int code,
                                                         const char *message, const char *context,
                                                         void *user),
                                              void *user);

/* --- sockets --- */

/* Keep a socket beyond the callback: one unref for each ref, NULL is fine. It stays memory, not a
 * connection: once its client has gone, calls return PARLEY_E_CLOSED. */
PARLEY_API struct parley_socket *parley_socket_ref(struct parley_socket *socket);
PARLEY_API void parley_socket_unref(struct parley_socket *socket);

/* Who it is: what is returned lives as long as the socket. */
PARLEY_API const char *
parley_socket_id(const struct parley_socket *socket); /* 20 characters; not a secret */
PARLEY_API const char *parley_socket_ns(const struct parley_socket *socket);
PARLEY_API struct parley_io *parley_socket_io(const struct parley_socket *socket);
PARLEY_API struct parley_app *parley_socket_app(const struct parley_socket *socket);
PARLEY_API bool parley_socket_is_connected(const struct parley_socket *socket);
PARLEY_API bool parley_socket_is_recovered(const struct parley_socket *socket);
PARLEY_API const char *
parley_socket_transport(const struct parley_socket *socket); /* "polling", "websocket" */
/* The revision of Engine.IO that its client speaks: 4, or 3 of older ones. */
PARLEY_API int parley_socket_protocol(const struct parley_socket *socket);
/* Called once when the connection moves from polling to WebSocket. */
PARLEY_API void parley_on_upgrade(struct parley_socket *socket,
                                  void (*fn)(struct parley_socket *socket, void *user), void *user);

/* The handshake (spec 3.9): headers, time, address, xdomain, secure, issued, url, query, auth; the
 * header and query values are strings. Owned by the socket. Made when it is first asked for: when
 * the connection is gone by then, it has `auth` alone. NULL without memory. */
PARLEY_API const struct parley_val *parley_socket_handshake(const struct parley_socket *socket);

/* socket.data: a value of the application's that fetchSockets shows and recovery restores. set
 * takes it over. */
PARLEY_API const struct parley_val *
parley_socket_data(const struct parley_socket *socket); /* never NULL */
PARLEY_API void parley_socket_set_data(struct parley_socket *socket, const struct parley_val *data);

/* State of the application's own, by key; `free_value` (may be NULL) runs when it is replaced and
 * after the disconnect handler, or when a middleware refused the socket. */
PARLEY_API void parley_socket_set(struct parley_socket *socket, const char *key, void *value,
                                  void (*free_value)(void *value));
PARLEY_API void *parley_socket_get(const struct parley_socket *socket, const char *key);

/* --- receiving (spec 3.1, 3.11) --- */

/* One handler per event; the last one registered stands; NULL removes it. ack: NULL when the client
 * asked for none; all parley_ack functions accept that. Like every handle it is borrowed for the
 * call: to answer later, take it along with parley_ack_keep.
 * PARLEY_E_INVALID for a reserved name. */
PARLEY_API int parley_on(struct parley_socket *socket, const char *event,
                         void (*handler)(struct parley_socket *socket, const char *event,
                                         const struct parley_args *args, struct parley_ack *ack,
                                         void *user),
                         void *user);

/* Every event, before its own handler; prepend: before those registered so far. They are not given
 * the ack (NULL). PARLEY_E_INVALID without a handler. */
PARLEY_API int parley_on_any(struct parley_socket *socket,
                             void (*handler)(struct parley_socket *socket, const char *event,
                                             const struct parley_args *args, struct parley_ack *ack,
                                             void *user),
                             void *user);
PARLEY_API int parley_prepend_any(struct parley_socket *socket,
                                  void (*handler)(struct parley_socket *socket, const char *event,
                                                  const struct parley_args *args,
                                                  struct parley_ack *ack, void *user),
                                  void *user);
/* Remove one, or all with NULL. */
PARLEY_API void parley_off_any(struct parley_socket *socket,
                               void (*handler)(struct parley_socket *socket, const char *event,
                                               const struct parley_args *args,
                                               struct parley_ack *ack, void *user));

/* Every event emitted to this socket (also by broadcasts), not acknowledgements. NULL ack. */
PARLEY_API int parley_on_any_outgoing(struct parley_socket *socket,
                                      void (*handler)(struct parley_socket *socket,
                                                      const char *event,
                                                      const struct parley_args *args,
                                                      struct parley_ack *ack, void *user),
                                      void *user);

/* Events that have no handler of their own. */
PARLEY_API int parley_on_unhandled(struct parley_socket *socket,
                                   void (*handler)(struct parley_socket *socket, const char *event,
                                                   const struct parley_args *args,
                                                   struct parley_ack *ack, void *user),
                                   void *user);

/* A middleware for the events of one socket: accept hands the event on, refuse drops it and tells
 * on_error. Later events of the connection wait meanwhile. Its acknowledgements do, too: a
 * middleware must not wait for one. PARLEY_E_INVALID without a middleware. */
PARLEY_API int parley_use(struct parley_socket *socket,
                          void (*middleware)(struct parley_socket *socket, const char *event,
                                             const struct parley_args *args,
                                             struct parley_next *next, void *user),
                          void *user);
PARLEY_API void parley_on_error(struct parley_socket *socket,
                                void (*fn)(struct parley_socket *socket, const char *message,
                                           void *user),
                                void *user);

/* Why a socket is disconnected (spec 3.7). */
enum parley_reason {
    PARLEY_CLIENT_NAMESPACE_DISCONNECT,
    PARLEY_SERVER_NAMESPACE_DISCONNECT,
    PARLEY_SERVER_SHUTTING_DOWN,
    PARLEY_FORCED_SERVER_CLOSE,
    PARLEY_FORCED_CLOSE,
    PARLEY_TRANSPORT_CLOSE,
    PARLEY_TRANSPORT_ERROR,
    PARLEY_PING_TIMEOUT,
    PARLEY_PARSE_ERROR,
};
PARLEY_API const char *parley_reason_text(enum parley_reason reason); /* "transport close" ... */

/* About to go: its rooms are still there. */
PARLEY_API void parley_on_disconnecting(struct parley_socket *socket,
                                        void (*fn)(struct parley_socket *socket,
                                                   enum parley_reason reason, void *user),
                                        void *user);
/* Gone. parley_room_at still tells which rooms it was in, until this returns. */
PARLEY_API void parley_on_disconnect(struct parley_socket *socket,
                                     void (*fn)(struct parley_socket *socket,
                                                enum parley_reason reason, void *user),
                                     void *user);

/* --- sending --- */

/* Emit an event to this client. args: borrowed, may be NULL for none; bytes values inside become
 * attachments. PARLEY_E_CLOSED, PARLEY_E_STATE (inside a namespace middleware), PARLEY_E_INVALID (a
 * reserved event name), PARLEY_E_TOO_BIG (more attachments than configured), PARLEY_E_NOMEM. */
PARLEY_API int parley_emit(struct parley_socket *socket, const char *event,
                           const struct parley_args *args);

/* The same with the arguments written in place: a comma separated list of JSON templates, as
 * parley_args_format has it:
 *     parley_emitf(s, "login", "{\"numUsers\":%d}", count)
 * PARLEY_E_INVALID also when what comes out is not JSON. */
PARLEY_API int parley_emitf(struct parley_socket *socket, const char *event, const char *fmt, ...)
    PARLEY_PRINTF(3, 4);

/* One argument; borrowed. */
PARLEY_API int parley_emit_val(struct parley_socket *socket, const char *event,
                               const struct parley_val *val);

/* Volatile: dropped, without a word, unless it can be sent at once. */
PARLEY_API int parley_emit_volatile(struct parley_socket *socket, const char *event,
                                    const struct parley_args *args);

/* Ask for an acknowledgement. When this returns 0, on_ack is called exactly once, later: with
 * status 0 and the client's arguments (borrowed), or PARLEY_E_TIMEOUT, PARLEY_E_CLOSED or
 * PARLEY_E_NOMEM and NULL. timeout_ms 0: the configured one; UINT32_MAX: none. On an error it is
 * never called: as parley_emit, and PARLEY_E_FULL when the client owes as many as configured. */
PARLEY_API int parley_emit_ack(struct parley_socket *socket, const char *event,
                               const struct parley_args *args, uint32_t timeout_ms,
                               void (*on_ack)(struct parley_socket *socket, int status,
                                              const struct parley_args *args, void *user),
                               void *user);

/* Keep an ack beyond its handler: it must be sent or dropped some day, which frees it. NULL for
 * NULL, and when the handler's was answered or kept already. One that was kept is returned as it
 * is, and is still one. */
PARLEY_API struct parley_ack *parley_ack_keep(struct parley_ack *ack);
/* Answer an event, once: a kept ack is gone afterwards. NULL ack: 0, and nothing is sent. args may
 * be NULL. PARLEY_E_STATE the second time, PARLEY_E_CLOSED when the client has left, and as
 * parley_emit. */
PARLEY_API int parley_ack_send(struct parley_ack *ack, const struct parley_args *args);
PARLEY_API int parley_ackf(struct parley_ack *ack, const char *fmt, ...) PARLEY_PRINTF(2, 3);
/* Give up a kept ack that will not be sent. */
PARLEY_API void parley_ack_drop(struct parley_ack *ack);

/* Send DISCONNECT and leave the namespace; the connection stays. Its handlers run before this
 * returns. Does nothing in a namespace middleware: refuse instead. */
PARLEY_API void parley_disconnect(struct parley_socket *socket);
/* The same in every namespace of the connection, which is then closed. Does nothing for a socket
 * that is gone already. */
PARLEY_API void parley_disconnect_all(struct parley_socket *socket);

/* --- rooms (spec 3.2) --- */

/* Idempotent. PARLEY_E_FULL past the configured number of rooms. */
PARLEY_API int parley_join(struct parley_socket *socket, const char *room);
PARLEY_API int parley_leave(struct parley_socket *socket, const char *room);
PARLEY_API void parley_leave_all(struct parley_socket *socket); /* all but its own */

/* Its rooms in the order of joining, its own id first: count, and each by index (borrowed until its
 * rooms change; NULL past the end). */
PARLEY_API size_t parley_room_count(const struct parley_socket *socket);
PARLEY_API const char *parley_room_at(const struct parley_socket *socket, size_t index);
PARLEY_API bool parley_in_room(const struct parley_socket *socket, const char *room);

/* What happens to rooms (spec 3.12), in the order create, join, leave, delete. */
enum parley_room_event {
    PARLEY_ROOM_CREATED,
    PARLEY_ROOM_JOINED,
    PARLEY_ROOM_LEFT,
    PARLEY_ROOM_DELETED,
};
PARLEY_API int parley_ns_on_room(struct parley_io *io, const char *ns,
                                 void (*fn)(enum parley_room_event event, const char *room,
                                            const char *socket_id, void *user),
                                 void *user);

/* --- operators (spec 3.2 to 3.5, 6.4) --- */

/* An operator from a namespace selects everyone; from a socket it selects that socket until told
 * otherwise: `to` and `except` select others without the socket, `within` members with it,
 * `broadcast` everyone but it. Each of the calls below changes and returns the operator, so that
 * they chain; the emit, join, leave, disconnect or fetch at the end consumes it, also on an error.
 * A NULL operator (no such namespace) is passed through and answered PARLEY_E_NOT_FOUND.
 * A NULL room is a room that nobody is in, so that a name which could not be read never means
 * everybody. */
PARLEY_API struct parley_op *parley_of(struct parley_io *io,
                                       const char *ns); /* a pattern: all made from it */
PARLEY_API struct parley_op *parley_from(struct parley_socket *socket); /* never NULL */
/* Shorthands for what is written most. */
PARLEY_API struct parley_op *parley_to(struct parley_socket *socket, const char *room);
PARLEY_API struct parley_op *parley_broadcast(struct parley_socket *socket);

/* Narrow or widen the selection: `to` adds a room, without the calling socket; `within` adds one
 * with it; `except` takes a room's members out again; `broadcast` is everyone but the socket. Rooms
 * that nobody is in select nobody. */
PARLEY_API struct parley_op *parley_op_to(struct parley_op *op, const char *room);
PARLEY_API struct parley_op *parley_op_within(struct parley_op *op, const char *room);
PARLEY_API struct parley_op *parley_op_except(struct parley_op *op, const char *room);
PARLEY_API struct parley_op *parley_op_broadcast(struct parley_op *op);

/* How an emit is made: volatile: only to those who can take it at once; local: to this node alone;
 * compress: a hint; timeout: for emit_ack, in ms. */
PARLEY_API struct parley_op *parley_op_volatile(struct parley_op *op);
PARLEY_API struct parley_op *parley_op_local(struct parley_op *op);
PARLEY_API struct parley_op *parley_op_compress(struct parley_op *op, bool compress);
PARLEY_API struct parley_op *parley_op_timeout(struct parley_op *op, uint32_t timeout_ms);
PARLEY_API void parley_op_drop(struct parley_op *op); /* not used after all */

/* Emit to all that are selected, each once. Arguments and errors as parley_emit, parley_emitf. */
PARLEY_API int parley_op_emit(struct parley_op *op, const char *event,
                              const struct parley_args *args);
PARLEY_API int parley_op_emitf(struct parley_op *op, const char *event, const char *fmt, ...)
    PARLEY_PRINTF(3, 4);

/* Broadcast with acknowledgements. When this returns 0, on_done is called exactly once, at once if
 * nobody is selected: status 0 when all answered, PARLEY_E_CLOSED when all did but those who have
 * left (or the namespace goes), PARLEY_E_TIMEOUT past the time given by parley_op_timeout (0: the
 * configured one; UINT32_MAX: none), PARLEY_E_NOMEM. `answers` (borrowed) is an array of each
 * client's first argument (null for none), in the order of arrival, also when some are missing. Of
 * a pattern: of all its namespaces. Volatile has no effect. Errors as parley_emit. */
PARLEY_API int
parley_op_emit_ack(struct parley_op *op, const char *event, const struct parley_args *args,
                   void (*on_done)(int status, const struct parley_val *answers, void *user),
                   void *user);

/* Each selected socket joins, leaves, is disconnected (as parley_disconnect or, with
 * close_connection, parley_disconnect_all). Sockets that go meanwhile are no error; of other errors
 * the last is returned. */
PARLEY_API int parley_op_join(struct parley_op *op, const char *room);
PARLEY_API int parley_op_leave(struct parley_op *op, const char *room);
PARLEY_API int parley_op_disconnect(struct parley_op *op, bool close_connection);

/* Call fn for each selected socket of this node. */
PARLEY_API int parley_op_each(struct parley_op *op,
                              void (*fn)(struct parley_socket *socket, void *user), void *user);

/* fetchSockets: an array of {"id","handshake","rooms","data"}, given to fn (borrowed), of this node
 * and, in a cluster, of the others. fn is called once, now or later, when this returns 0: with
 * status 0, or PARLEY_E_NOMEM and NULL. PARLEY_E_NOT_FOUND; PARLEY_E_UNSUPPORTED for a pattern,
 * whose sockets parley_op_each walks. handshake.auth is what the client sent: secrets too. */
PARLEY_API int parley_op_fetch(struct parley_op *op,
                               void (*fn)(int status, const struct parley_val *sockets, void *user),
                               void *user);

/* One socket of this node by its id; NULL. Borrowed until it is disconnected. */
PARLEY_API struct parley_socket *parley_ns_socket(struct parley_io *io, const char *ns,
                                                  const char *id);

/* How many sockets a namespace has; how many a room has. */
PARLEY_API size_t parley_ns_count(struct parley_io *io, const char *ns);
PARLEY_API size_t parley_room_size(struct parley_io *io, const char *ns, const char *room);

/* Disconnect everything ("server shutting down") and refuse newcomers; on_closed (may be NULL) in
 * the next turn, when all is gone, unless the whole server ends before. */
PARLEY_API void parley_io_close(struct parley_io *io, void (*on_closed)(void *user), void *user);

/* --- Engine.IO without Socket.IO --- */

/* Raw Engine.IO messages: on `path` ("/engine.io"), or on the configured path with NULL, whose
 * Socket.IO is then off. Only in register_channels. The hooks are copied. Errors as for a route of
 * parley/http.h; PARLEY_E_INVALID without on_message. */
struct parley_eio;
struct parley_eio_hooks {
    /* Optional. Its open packet is queued: messages may be sent. */
    void (*on_open)(struct parley_eio *connection, void *user);
    /* In order; `bytes` are borrowed for the call. */
    void (*on_message)(struct parley_eio *connection, bool is_text, const void *bytes, size_t len,
                       void *user);
    /* Optional. Once for each that was opened; nothing more can be sent, and the connection is gone
     * when this returns. The reasons are those of transports. */
    void (*on_close)(struct parley_eio *connection, enum parley_reason reason, void *user);
};
PARLEY_API int parley_eio_serve(struct parley_io *io, const char *path,
                                const struct parley_eio_hooks *hooks, void *user);

/* The same with on_message alone. */
PARLEY_API int parley_eio_on_message(struct parley_io *io, const char *path,
                                     void (*on_message)(struct parley_eio *connection, bool is_text,
                                                        const void *bytes, size_t len, void *user),
                                     void *user);

/* PARLEY_E_CLOSED, PARLEY_E_NOMEM. */
PARLEY_API int parley_eio_send(struct parley_eio *connection, bool is_text, const void *bytes,
                               size_t len);
/* What is queued is delivered first. */
PARLEY_API void parley_eio_close(struct parley_eio *connection);

/* What the application keeps with a connection; NULL at first. */
PARLEY_API void parley_eio_set_user(struct parley_eio *connection, void *user);
PARLEY_API void *parley_eio_user(const struct parley_eio *connection);

#ifdef __cplusplus
}
#endif
#endif
