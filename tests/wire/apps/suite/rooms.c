/* Rooms of the socket. */
#include "suite.h"

HANDLER(on_join)
{
    const struct parley_val *rooms = parley_args_get(args, 0);
    UNUSED(event);
    UNUSED(user);
    for (size_t i = 0; i < parley_val_count(rooms); i++) {
        parley_join(socket, parley_val_str(parley_val_at(rooms, i), NULL));
    }
    suite_ack_rooms(socket, ack, 1);
}

HANDLER(on_leave)
{
    UNUSED(event);
    UNUSED(user);
    parley_leave(socket, suite_string_at(args, 0));
    suite_ack_rooms(socket, ack, 1);
}

HANDLER(on_leave_all)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    parley_leave_all(socket);
    suite_ack_rooms(socket, ack, 1);
}

HANDLER(on_rooms)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    suite_ack_rooms(socket, ack, 0);
}

HANDLER(on_watch)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    parley_join(socket, "watchers");
    parley_ack_send(ack, NULL);
}

void suite_add_rooms(struct parley_socket *socket)
{
    static const struct suite_handler handlers[] = {
        {"join", on_join},   {"leave", on_leave}, {"leave-all", on_leave_all},
        {"rooms", on_rooms}, {"watch", on_watch},
    };
    suite_add(socket, handlers, sizeof(handlers) / sizeof(handlers[0]));
}
