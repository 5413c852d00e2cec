/* What `upgrade.test.mjs` talks to: sockets that can be recovered, with rooms and data, and requests
 * that publish. */
#include "parley/parley.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNUSED(one) (void)(one)

/* Whether the file that $PARLEY_TEST_TRAP names, which the test writes, has this word in it: what is
 * to go wrong in the new process. */
static bool has_trap(const char *word)
{
    const char *path = getenv("PARLEY_TEST_TRAP");
    char text[32] = "";
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    if (file != NULL) {
        text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
        fclose(file);
    }
    return strcmp(text, word) == 0;
}

static void on_left(struct parley_socket *socket, enum parley_reason reason, void *user)
{
    UNUSED(user);
    parley_op_emitf(parley_broadcast(socket), "left", "%s", parley_reason_text(reason));
}

/* What this socket has in this process. */
static void on_state(struct parley_socket *socket, const char *event,
                     const struct parley_args *args, struct parley_ack *ack, void *user)
{
    const void *data = parley_socket_data(socket);
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    parley_ackf(ack, "{\"pid\":%d,\"recovered\":%d,\"rooms\":%d,\"data\":%p}", (int)getpid(),
                parley_socket_is_recovered(socket), (int)parley_room_count(socket),
                (void *)(uintptr_t)data);
}

/* (data): kept with the socket. */
static void on_keep(struct parley_socket *socket, const char *event, const struct parley_args *args,
                    struct parley_ack *ack, void *user)
{
    UNUSED(event);
    UNUSED(user);
    parley_socket_set_data(socket, parley_val_ref(parley_args_get(args, 0)));
    parley_ackf(ack, "%d", 1);
}

/* auth: {room} */
static void on_connect(struct parley_socket *socket, const struct parley_val *auth, void *user)
{
    UNUSED(user);
    parley_on(socket, "state", on_state, NULL);
    parley_on(socket, "keep", on_keep, NULL);
    parley_on_disconnect(socket, on_left, NULL);
    if (!parley_socket_is_recovered(socket)) {
        const char *room = parley_val_str(parley_val_get(auth, "room"), NULL);
        if (room != NULL && parley_join(socket, room) < 0) {
            parley_disconnect(socket);
            return;
        }
        parley_emitf(socket, "welcome", "%d", (int)getpid());
    }
}

/* POST ?n=NUMBER&room=ROOM: to everybody, or to a room. The body goes along, as bytes. */
static void on_publish(struct parley_request *request, void *user)
{
    struct parley_io *io = parley_app_io(parley_request_app(request));
    const char *number = parley_request_query(request, "n");
    const char *room = parley_request_query(request, "room");
    const char *ns = parley_request_query(request, "ns");
    struct parley_op *op = parley_of(io, ns == NULL ? "/" : ns);
    UNUSED(user);
    if (room != NULL) {
        op = parley_op_to(op, room);
    }
    int rc = parley_op_emitf(op, "n", "%d", number == NULL ? 0 : atoi(number));
    parley_respond_json(request, rc == 0 ? 200 : 500, "{\"pid\":%d}", (int)getpid());
}

static void on_echo(struct parley_request *request, void *user)
{
    size_t len = 0;
    const void *body = parley_request_body(request, &len);
    UNUSED(user);
    parley_respond(request, 200, "application/octet-stream", body, len);
}

/* A WebSocket that is told the process. */
static void on_websocket(struct parley_ws *ws, void *user)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%d", (int)getpid());
    UNUSED(user);
    parley_ws_send(ws, true, text, (size_t)len);
}

static void on_message(struct parley_ws *ws, bool is_text, const void *bytes, size_t len,
                       void *user)
{
    UNUSED(user);
    parley_ws_send(ws, is_text, bytes, len);
}

static int init(struct parley_app *app)
{
    UNUSED(app);
    if (has_trap("kill the old process")) {
        kill(getppid(), SIGKILL);
    }
    return has_trap("do not start") ? PARLEY_E_STATE : 0;
}

/* In a new process: while it takes over what recovers. */
static void on_new_namespace(const char *name, void *user)
{
    UNUSED(name);
    UNUSED(user);
    if (has_trap("die while taking over")) {
        raise(SIGKILL);
    }
}

static int register_channels(struct parley_app *app, struct parley_io *io)
{
    int rc = parley_ns_on(io, "/", on_connect, NULL);
    UNUSED(app);
    parley_on_new_namespace(io, on_new_namespace, NULL);
    return rc < 0 ? rc : parley_ns_on_pattern(io, "/game/{id}", on_connect, NULL);
}

static int register_routes(struct parley_app *app, struct parley_routes *routes)
{
    static const struct parley_ws_hooks hooks = {.on_open = on_websocket, .on_message = on_message};
    int rc = parley_route(routes, "POST", "/publish", on_publish, NULL);
    UNUSED(app);
    rc = rc < 0 ? rc : parley_route(routes, "POST", "/echo", on_echo, NULL);
    return rc < 0 ? rc : parley_route_websocket(routes, "/ws", &hooks, NULL);
}

PARLEY_APP(.name = "upgrade", .init = init, .register_channels = register_channels,
           .routes = register_routes)
