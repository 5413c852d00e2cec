/* Raw Engine.IO with all its hooks: what engineio-raw.test.mjs talks to. A connection is greeted,
 * its messages are counted, and one that says "watch" is told of the ends of the others. */
#include "parley/parley.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
    struct parley_eio *watcher;
};

static void say(struct parley_eio *connection, const char *text)
{
    parley_eio_send(connection, true, text, strlen(text));
}

static void on_open(struct parley_eio *connection, void *user)
{
    (void)user;
    parley_eio_set_user(connection, calloc(1, sizeof(unsigned)));
    say(connection, "hello");
}

static void on_message(struct parley_eio *connection, bool is_text, const void *bytes, size_t len,
                       void *user)
{
    struct world *world = user;
    unsigned *count = parley_eio_user(connection);
    ++*count;
    if (is_text && len == 5 && memcmp(bytes, "watch", 5) == 0) {
        world->watcher = connection;
    } else if (is_text && len == 3 && memcmp(bytes, "bye", 3) == 0) {
        say(connection, "last words");
        parley_eio_close(connection);
    } else {
        parley_eio_send(connection, is_text, bytes, len);
    }
}

static void on_close(struct parley_eio *connection, enum parley_reason reason, void *user)
{
    struct world *world = user;
    unsigned *count = parley_eio_user(connection);
    char text[96];
    if (connection == world->watcher) {
        world->watcher = NULL;
    }
    snprintf(text, sizeof(text), "%s after %u, %s", parley_reason_text(reason), *count,
             parley_eio_send(connection, true, "x", 1) == PARLEY_E_CLOSED ? "closed" : "open");
    if (world->watcher != NULL) {
        say(world->watcher, text);
    }
    free(count);
}

static int init(struct parley_app *app)
{
    struct world *world = calloc(1, sizeof(*world));
    parley_app_set_state(app, world);
    return world == NULL ? PARLEY_E_NOMEM : 0;
}

static int register_channels(struct parley_app *app, struct parley_io *io)
{
    static const struct parley_eio_hooks hooks = {
        .on_open = on_open, .on_message = on_message, .on_close = on_close};
    static const struct parley_eio_hooks none = {.on_open = on_open};
    if (parley_eio_serve(io, "/none", &none, NULL) != PARLEY_E_INVALID ||
        parley_eio_serve(io, "/none", NULL, NULL) != PARLEY_E_INVALID) {
        return PARLEY_E_STATE;
    }
    return parley_eio_serve(io, "/raw/", &hooks, parley_app_state(app));
}

static void fini(struct parley_app *app)
{
    free(parley_app_state(app));
}

PARLEY_APP(.name = "eio_hooks", .init = init, .register_channels = register_channels, .fini = fini)
