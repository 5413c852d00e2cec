/* The WebSocket endpoint of the Autobahn table: /echo sends back whatever arrives. */
#include "parley/parley.h"

static void on_message(struct parley_ws *ws, bool is_text, const void *bytes, size_t len,
                       void *user)
{
    (void)user;
    parley_ws_send(ws, is_text, bytes, len);
}

static int register_routes(struct parley_app *app, struct parley_routes *routes)
{
    static const struct parley_ws_hooks hooks = {.on_message = on_message};
    (void)app;
    return parley_route_websocket(routes, "/echo", &hooks, NULL);
}

PARLEY_APP(.name = "ws_echo", .routes = register_routes)
