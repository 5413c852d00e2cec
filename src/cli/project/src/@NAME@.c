/* @NAME@: what one says, everyone hears. The guide to channels: docs/channels.md of Parley. */
#include <parley/parley.h>

/* @page@ */
#include <stdlib.h>
/* @end@ */
#include <string.h>

enum { TEXT_MAX = 500 };

/* emit("say", {text: "..."}, callback): the callback gets {ok: true} or {error: "..."}. */
static void on_say(struct parley_socket *socket, const char *event, const struct parley_args *args,
                   struct parley_ack *ack, void *user)
{
    struct parley_io *io = parley_socket_io(socket);
    size_t len = 0;
    const char *text = parley_val_str(parley_val_get(parley_args_get(args, 0), "text"), &len);
    (void)event;
    (void)user;
    if (text == NULL || len == 0 || len > TEXT_MAX || strlen(text) != len) {
        parley_ackf(ack, "{\"error\":%s}", "A text of 1 to 500 bytes is needed.");
        return;
    }
    parley_op_emitf(parley_of(io, "/"), "said", "{\"from\":%s,\"text\":%s}",
                    parley_socket_id(socket), text);
    parley_ackf(ack, "{\"ok\":true}");
}

static void on_connect(struct parley_socket *socket, const struct parley_val *auth, void *user)
{
    (void)auth;
    parley_on(socket, "say", on_say, user);
}

static int register_channels(struct parley_app *app, struct parley_io *io)
{
    return parley_ns_on(io, "/", on_connect, app);
}
/* @page@ */

/* meson.build makes PAGE_FOLDER that of the sources; the environment may name another. */
static int register_routes(struct parley_app *app, struct parley_routes *routes)
{
    const char *folder = getenv("PAGE_FOLDER");
    (void)app;
    return parley_route_files(routes, "/", folder != NULL ? folder : PAGE_FOLDER);
}
/* @end@ */

PARLEY_APP(.name = "@NAME@",
           /* @page@ */
           .routes = register_routes,
           /* @end@ */
           .register_channels = register_channels)
