/* The reference application: says who connected, and sends back what it gets, with and without
 * acknowledgement. The suites of the protocol run against it. */
#include "parley/parley.h"

static void on_message(struct parley_socket *socket, const char *event,
                       const struct parley_args *args, struct parley_ack *ack, void *user)
{
    (void)event;
    (void)ack;
    (void)user;
    parley_emit(socket, "message-back", args);
}

static void on_message_with_ack(struct parley_socket *socket, const char *event,
                                const struct parley_args *args, struct parley_ack *ack, void *user)
{
    (void)socket;
    (void)event;
    (void)user;
    parley_ack_send(ack, args); /* sends nothing when the client asked for no answer */
}

static void on_answer(struct parley_socket *socket, int status, const struct parley_args *args,
                      void *user)
{
    (void)user;
    if (status == 0) {
        parley_emit(socket, "emit-with-ack", args);
    }
}

static void on_emit_with_ack(struct parley_socket *socket, const char *event,
                             const struct parley_args *args, struct parley_ack *ack, void *user)
{
    (void)ack;
    (void)user;
    parley_emit_ack(socket, event, args, 0, on_answer, NULL);
}

static void on_connect(struct parley_socket *socket, const struct parley_val *auth, void *user)
{
    parley_emit_val(socket, "auth", auth);
    parley_on(socket, "message", on_message, user);
    parley_on(socket, "message-with-ack", on_message_with_ack, user);
    parley_on(socket, "emit-with-ack", on_emit_with_ack, user);
}

static int register_channels(struct parley_app *app, struct parley_io *io)
{
    int rc = parley_ns_on(io, "/", on_connect, app);
    return rc < 0 ? rc : parley_ns_on(io, "/custom", on_connect, app);
}

PARLEY_APP(.name = "echo", .register_channels = register_channels)
