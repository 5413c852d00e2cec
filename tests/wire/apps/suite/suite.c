/* The application of suite.md: what is registered where. Public API only. */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

HANDLER(on_any)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(ack);
    UNUSED(user);
    suite_member_of(socket)->any_count++;
}

HANDLER(on_unhandled)
{
    struct parley_args *list = suite_tail(parley_args_format("%s", event), args, 0);
    UNUSED(ack);
    UNUSED(user);
    parley_emit(socket, "unhandled", list);
    parley_args_unref(list);
}

static void refuse_forbidden(struct parley_socket *socket, const char *event,
                             const struct parley_args *args, struct parley_next *next, void *user)
{
    UNUSED(socket);
    UNUSED(args);
    UNUSED(user);
    if (strcmp(event, "forbidden") == 0) {
        parley_next_refuse(next, "forbidden", NULL);
    } else {
        parley_next_accept(next);
    }
}

static void on_disconnect(struct parley_socket *socket, enum parley_reason reason, void *user)
{
    struct parley_val *rooms = suite_room_list(socket, 1);
    UNUSED(user);
    parley_op_emitf(parley_op_to(parley_of(parley_socket_io(socket), "/"), "watchers"), "gone",
                    "%s,%s,%s,%p", parley_socket_id(socket), parley_socket_ns(socket),
                    parley_reason_text(reason), (const void *)rooms);
    parley_val_unref(rooms);
}

static void on_connect(struct parley_socket *socket, const struct parley_val *auth, void *user)
{
    struct parley_val *recovered = parley_val_new_bool(parley_socket_is_recovered(socket));
    parley_socket_set(socket, SUITE_KEY, calloc(1, sizeof(struct suite_member)), suite_free_member);
    parley_on_any(socket, on_any, user);
    parley_use(socket, refuse_forbidden, user);
    suite_add_acks(socket);
    suite_add_rooms(socket);
    suite_add_operators(socket);
    suite_add_socket(socket);
    parley_on_unhandled(socket, on_unhandled, user);
    parley_on_disconnect(socket, on_disconnect, user);
    parley_emitf(socket, "welcome",
                 "{\"id\":%s,\"nsp\":%s,\"auth\":%p,\"recovered\":%p,\"transport\":%s}",
                 parley_socket_id(socket), parley_socket_ns(socket), (const void *)auth,
                 (const void *)recovered, parley_socket_transport(socket));
    parley_val_unref(recovered);
}

static int register_channels(struct parley_app *app, struct parley_io *io)
{
    static const char *const names[] = {"/", "/chat", "/guarded", "/later"};
    int rc = 0;
    UNUSED(app);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && rc == 0; i++) {
        rc = parley_ns_on(io, names[i], on_connect, NULL);
    }
    if (rc == 0) {
        rc = suite_add_middlewares(io);
    }
    if (rc == 0) {
        rc = parley_ns_on_pattern(io, "/room/{id}", on_connect, NULL);
    }
    if (rc == 0) {
        rc = parley_ns_on_match(io, suite_match_fn, on_connect, NULL);
    }
    return rc;
}

PARLEY_APP(.name = "suite", .register_channels = register_channels)
