/* The application of the Engine.IO suite (spec socketio.md 7.1): every message comes back. */
#include "parley/parley.h"

static void on_message(struct parley_eio *connection, bool is_text, const void *bytes, size_t len,
                       void *user)
{
    (void)user;
    parley_eio_send(connection, is_text, bytes, len);
}

static int register_channels(struct parley_app *app, struct parley_io *io)
{
    (void)app;
    return parley_eio_on_message(io, NULL, on_message, NULL);
}

PARLEY_APP(.name = "eio_echo", .register_channels = register_channels)
