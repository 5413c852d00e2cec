/* The application that script/bench measures; tests/bench/peers has the same on Node. Socket.IO:
 * "message" comes back as "message-back", "broadcast" goes to everybody with the same arguments.
 * Beside it what the layers below cost alone: Engine.IO messages at /engine.io and WebSocket
 * messages at /echo come back. */
#include "parley/parley.h"

static void on_message(struct parley_socket *socket, const char *event,
                       const struct parley_args *args, struct parley_ack *ack, void *user)
{
    (void)event;
    (void)ack;
    (void)user;
    (void)parley_emit(socket, "message-back", args); /* a socket that is gone wants no answer */
}

static void on_broadcast(struct parley_socket *socket, const char *event,
                         const struct parley_args *args, struct parley_ack *ack, void *user)
{
    (void)event;
    (void)ack;
    (void)user;
    (void)parley_op_emit(parley_of(parley_socket_io(socket), "/"), "broadcast", args);
}

static void on_connect(struct parley_socket *socket, const struct parley_val *auth, void *user)
{
    (void)auth;
    parley_on(socket, "message", on_message, user);
    parley_on(socket, "broadcast", on_broadcast, user);
}

static void on_eio_message(struct parley_eio *connection, bool is_text, const void *bytes,
                           size_t len, void *user)
{
    (void)user;
    (void)parley_eio_send(connection, is_text, bytes, len);
}

static void on_ws_message(struct parley_ws *ws, bool is_text, const void *bytes, size_t len,
                          void *user)
{
    (void)user;
    (void)parley_ws_send(ws, is_text, bytes, len);
}

static int register_channels(struct parley_app *app, struct parley_io *io)
{
    (void)app;
    int rc = parley_ns_on(io, "/", on_connect, NULL);
    return rc < 0 ? rc : parley_eio_on_message(io, "/engine.io", on_eio_message, NULL);
}

static int register_routes(struct parley_app *app, struct parley_routes *routes)
{
    static const struct parley_ws_hooks echo = {.on_message = on_ws_message};
    (void)app;
    return parley_route_websocket(routes, "/echo", &echo, NULL);
}

PARLEY_APP(.name = "bench", .register_channels = register_channels, .routes = register_routes)
