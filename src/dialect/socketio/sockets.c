/* Lists of counted sockets. */
#include "dialect/socketio/sockets.h"

#include "base/alloc.h"
#include "dialect/socketio/socket.h"

void pl_sio_sockets_add(struct pl_sio_sockets *list, struct parley_socket *socket)
{
    if (list->count == list->cap) {
        list->cap = list->cap == 0 ? 16 : list->cap * 2;
        list->sockets = pl_realloc(list->sockets, list->cap * sizeof(struct parley_socket *));
    }
    list->sockets[list->count++] = parley_socket_ref(socket);
}

void pl_sio_sockets_fini(struct pl_sio_sockets *list)
{
    for (size_t i = 0; i < list->count; i++) {
        parley_socket_unref(list->sockets[i]);
    }
    pl_free(list->sockets);
    *list = (struct pl_sio_sockets){0};
}
