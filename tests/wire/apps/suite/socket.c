/* What a socket is asked about itself, and told to do. */
#include "suite.h"

#include <stdlib.h>

HANDLER(on_set_data)
{
    const struct parley_val *value = parley_args_get(args, 0);
    UNUSED(event);
    UNUSED(user);
    parley_socket_set_data(socket, value == NULL ? NULL : parley_val_ref(value));
    parley_ack_send(ack, NULL);
}

HANDLER(on_get_data)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    suite_ack_val(ack, parley_socket_data(socket));
}

HANDLER(on_kick)
{
    UNUSED(event);
    UNUSED(ack);
    UNUSED(user);
    if (parley_val_bool(parley_args_get(args, 0), false)) {
        parley_disconnect_all(socket);
    } else {
        parley_disconnect(socket);
    }
}

HANDLER(on_tick)
{
    int64_t count = parley_val_int(parley_args_get(args, 0), 0);
    UNUSED(ack);
    UNUSED(user);
    for (long i = 0; i < count; i++) {
        parley_emitf(socket, event, "%ld", i);
    }
}

HANDLER(on_volatile)
{
    int64_t count = parley_val_int(parley_args_get(args, 0), 0);
    UNUSED(event);
    UNUSED(ack);
    UNUSED(user);
    for (long i = 0; i < count; i++) {
        struct parley_args *number = parley_args_format("%ld", i);
        parley_emit_volatile(socket, "v", number);
        parley_args_unref(number);
    }
    parley_emit(socket, "v-end", NULL);
}

HANDLER(on_volatile_after)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(ack);
    UNUSED(user);
    parley_emit(socket, "first", NULL);
    parley_emit_volatile(socket, "dropped", NULL);
    parley_emit(socket, "last", NULL);
}

HANDLER(on_give)
{
    int64_t wanted = parley_val_int(parley_args_get(args, 0), 0);
    size_t len = wanted < 0 ? 0 : (size_t)wanted;
    unsigned char *bytes = malloc(len + 1);
    struct parley_args *gift = parley_args_new();
    UNUSED(socket);
    UNUSED(event);
    UNUSED(user);
    for (size_t i = 0; bytes != NULL && i < len; i++) {
        bytes[i] = (unsigned char)(i % 256);
    }
    parley_args_add_bytes(gift, bytes, len);
    parley_ack_send(ack, gift);
    parley_args_unref(gift);
    free(bytes);
}

HANDLER(on_handshake)
{
    const struct parley_val *all = parley_socket_handshake(socket);
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    parley_ackf(
        ack, "{\"query\":%p,\"auth\":%p,\"header\":%p,\"address\":%p,\"secure\":%p,\"xdomain\":%p}",
        (const void *)parley_val_get(all, "query"), (const void *)parley_val_get(all, "auth"),
        (const void *)parley_val_get(parley_val_get(all, "headers"), "x-test"),
        (const void *)parley_val_get(all, "address"), (const void *)parley_val_get(all, "secure"),
        (const void *)parley_val_get(all, "xdomain"));
}

HANDLER(on_transport)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    parley_ackf(ack, "%s", parley_socket_transport(socket));
}

HANDLER(on_any_count)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    parley_ackf(ack, "%d", suite_member_of(socket)->any_count);
}

void suite_add_socket(struct parley_socket *socket)
{
    static const struct suite_handler handlers[] = {
        {"set-data", on_set_data},   {"get-data", on_get_data},
        {"kick", on_kick},           {"tick", on_tick},
        {"volatile", on_volatile},   {"volatile-after", on_volatile_after},
        {"give", on_give},           {"handshake", on_handshake},
        {"transport", on_transport}, {"any-count", on_any_count},
    };
    suite_add(socket, handlers, sizeof(handlers) / sizeof(handlers[0]));
}
