/* Operators: what is sent or done to the sockets that they select. */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static struct parley_op *add_rooms(struct parley_op *op, const struct parley_val *rooms,
                                   struct parley_op *(*add)(struct parley_op *op, const char *room))
{
    for (size_t i = 0; i < parley_val_count(rooms); i++) {
        op = add(op, parley_val_str(parley_val_at(rooms, i), NULL));
    }
    return op;
}

/* The operator that the first argument names. */
static struct parley_op *operator_of(struct parley_socket *socket, const struct parley_args *args)
{
    const struct parley_val *opts = parley_args_get(args, 0);
    const char *from = parley_val_str(parley_val_get(opts, "from"), NULL);
    bool is_from_socket = from != NULL && strcmp(from, "socket") == 0;
    struct parley_op *op = is_from_socket
                               ? parley_broadcast(socket)
                               : parley_of(parley_socket_io(socket), parley_socket_ns(socket));
    op = add_rooms(op, parley_val_get(opts, "rooms"), parley_op_to);
    op = add_rooms(op, parley_val_get(opts, "except"), parley_op_except);
    op = parley_val_bool(parley_val_get(opts, "volatile"), false) ? parley_op_volatile(op) : op;
    op = parley_op_compress(op, parley_val_bool(parley_val_get(opts, "compress"), true));
    return parley_val_bool(parley_val_get(opts, "local"), false) ? parley_op_local(op) : op;
}

HANDLER(on_to)
{
    struct parley_args *rest = suite_tail(NULL, args, 2);
    UNUSED(event);
    UNUSED(user);
    parley_op_emit(operator_of(socket, args), suite_string_at(args, 1), rest);
    parley_args_unref(rest);
    parley_ack_send(ack, NULL);
}

HANDLER(on_op_join)
{
    const struct parley_val *rooms = parley_args_get(args, 1);
    UNUSED(event);
    UNUSED(user);
    for (size_t i = 0; i < parley_val_count(rooms); i++) {
        parley_op_join(operator_of(socket, args), parley_val_str(parley_val_at(rooms, i), NULL));
    }
    parley_ack_send(ack, NULL);
}

HANDLER(on_op_leave)
{
    const struct parley_val *rooms = parley_args_get(args, 1);
    UNUSED(event);
    UNUSED(user);
    for (size_t i = 0; i < parley_val_count(rooms); i++) {
        parley_op_leave(operator_of(socket, args), parley_val_str(parley_val_at(rooms, i), NULL));
    }
    parley_ack_send(ack, NULL);
}

HANDLER(on_op_disconnect)
{
    bool is_closing = parley_val_bool(parley_args_get(args, 1), false);
    UNUSED(event);
    UNUSED(user);
    parley_ack_send(ack, NULL);
    parley_op_disconnect(operator_of(socket, args), is_closing);
}

static const char *text_of(const struct parley_val *object, const char *key)
{
    return parley_val_str(parley_val_get(object, key), NULL);
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(text_of(*(const struct parley_val *const *)a, "id"),
                  text_of(*(const struct parley_val *const *)b, "id"));
}

/* {"id","rooms","data"} with the rooms sorted and without its own id. */
static struct parley_val *describe(const struct parley_val *socket)
{
    const struct parley_val *rooms = parley_val_get(socket, "rooms");
    const char *names[SUITE_ROOMS_MAX];
    struct parley_val *list = parley_val_new_array();
    struct parley_val *object = NULL;
    size_t count = 0;
    for (size_t i = 0; i < parley_val_count(rooms) && count < SUITE_ROOMS_MAX; i++) {
        const char *name = parley_val_str(parley_val_at(rooms, i), NULL);
        if (strcmp(name, text_of(socket, "id")) != 0) {
            names[count++] = name;
        }
    }
    qsort(names, count, sizeof(names[0]), suite_compare_names);
    for (size_t i = 0; i < count; i++) {
        parley_val_array_add(list, parley_val_new_string(names[i], strlen(names[i])));
    }
    object = parley_val_format("{\"id\":%s,\"rooms\":%p,\"data\":%p}", text_of(socket, "id"),
                               (const void *)list, (const void *)parley_val_get(socket, "data"));
    parley_val_unref(list);
    return object;
}

static void on_fetched(int status, const struct parley_val *sockets, void *user)
{
    struct parley_ack *ack = user;
    size_t count = status < 0 ? 0 : parley_val_count(sockets);
    const struct parley_val **sorted = calloc(count + 1, sizeof(struct parley_val *));
    struct parley_val *list = parley_val_new_array();
    for (size_t i = 0; i < count; i++) {
        sorted[i] = parley_val_at(sockets, i);
    }
    qsort(sorted, count, sizeof(struct parley_val *), compare_ids);
    for (size_t i = 0; i < count; i++) {
        parley_val_array_add(list, describe(sorted[i]));
    }
    suite_ack_val(ack, list);
    parley_val_unref(list);
    free(sorted);
}

HANDLER(on_op_fetch)
{
    struct parley_ack *kept = parley_ack_keep(ack);
    UNUSED(event);
    UNUSED(user);
    if (parley_op_fetch(operator_of(socket, args), on_fetched, kept) < 0) {
        parley_ack_drop(kept);
    }
}

void suite_add_operators(struct parley_socket *socket)
{
    static const struct suite_handler handlers[] = {
        {"to", on_to},
        {"op-join", on_op_join},
        {"op-leave", on_op_leave},
        {"op-disconnect", on_op_disconnect},
        {"op-fetch", on_op_fetch},
    };
    suite_add(socket, handlers, sizeof(handlers) / sizeof(handlers[0]));
}
