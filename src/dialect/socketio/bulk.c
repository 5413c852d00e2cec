/* What an operator does beside emitting: join, leave, disconnect, walk, fetch (spec 3.5). The
 * sockets are collected and held first: whatever they are told to do may change who is selected. */
#include "dialect/socketio/names.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/op.h"
#include "dialect/socketio/room.h"
#include "dialect/socketio/select.h"
#include "dialect/socketio/socket.h"
#include "dialect/socketio/sockets.h"

/* All that the operator selects; consumes it. Returns 0 or PL_E_NOT_FOUND. */
static int select_all(struct pl_sio_sockets *out, struct parley_op *op)
{
    size_t count = 0;
    struct pl_sio_ns **namespaces = NULL;
    if (op == NULL) {
        return PL_E_NOT_FOUND;
    }
    if (pl_sio_op_is_for_self(op)) {
        pl_sio_select(out, op, op->ns);
    } else {
        namespaces = pl_sio_op_namespaces(op, &count);
        for (size_t i = 0; i < count; i++) {
            pl_sio_select(out, op, namespaces[i]);
        }
        pl_sio_op_namespaces_free(namespaces, count);
    }
    parley_op_drop(op);
    return 0;
}

/* The name is copied: it may be one that parley_room_at gave out, which goes with the first change
 * of that socket's rooms. */
static int for_each_room(struct parley_op *op, const char *room,
                         int (*change)(struct parley_socket *socket, const char *room))
{
    struct pl_sio_sockets sockets = {0};
    struct pl_sio_name *name = NULL;
    int rc = 0;
    if (room == NULL) {
        parley_op_drop(op);
        return PL_E_INVALID;
    }
    name = pl_sio_name_create(pl_str_of_cstr(room));
    rc = select_all(&sockets, op);
    for (size_t i = 0; i < sockets.count; i++) {
        int one_rc = change(sockets.sockets[i], name->text);
        rc = one_rc < 0 && one_rc != PL_E_CLOSED ? one_rc : rc;
    }
    pl_sio_sockets_fini(&sockets);
    pl_sio_name_unref(name);
    return rc;
}

int parley_op_join(struct parley_op *op, const char *room)
{
    return for_each_room(op, room, parley_join);
}

int parley_op_leave(struct parley_op *op, const char *room)
{
    return for_each_room(op, room, parley_leave);
}

int parley_op_disconnect(struct parley_op *op, bool close_connection)
{
    struct pl_sio_sockets sockets = {0};
    int rc = select_all(&sockets, op);
    for (size_t i = 0; i < sockets.count; i++) {
        if (close_connection) {
            parley_disconnect_all(sockets.sockets[i]);
        } else {
            parley_disconnect(sockets.sockets[i]);
        }
    }
    pl_sio_sockets_fini(&sockets);
    return rc;
}

int parley_op_each(struct parley_op *op, void (*fn)(struct parley_socket *socket, void *user),
                   void *user)
{
    struct pl_sio_sockets sockets = {0};
    int rc = select_all(&sockets, op);
    for (size_t i = 0; i < sockets.count; i++) {
        if (sockets.sockets[i]->state == PL_SIO_CONNECTED) {
            fn(sockets.sockets[i], user);
        }
    }
    pl_sio_sockets_fini(&sockets);
    return rc;
}

/* --- fetching --- */

static int describe_rooms(struct parley_val *rooms, const struct parley_socket *socket)
{
    struct pl_sio_names names = {0};
    int rc = parley_val_array_add(rooms, parley_val_new_string(socket->id, socket->id_len));
    pl_sio_rooms_collect(socket, &names);
    for (size_t i = 0; i < names.count && rc == 0; i++) {
        rc = parley_val_array_add(rooms,
                                  parley_val_new_string(names.names[i]->text, names.names[i]->len));
    }
    pl_sio_names_fini(&names);
    return rc;
}

/* {"id","handshake","rooms","data"}; NULL without memory. */
static struct parley_val *describe(const struct parley_socket *socket)
{
    struct parley_val *object = parley_val_new_object();
    struct parley_val *rooms = parley_val_new_array();
    bool is_whole =
        rooms != NULL && describe_rooms(rooms, socket) == 0 &&
        parley_val_object_set(object, "id", parley_val_new_string(socket->id, socket->id_len)) ==
            0 &&
        parley_val_object_set(object, "handshake",
                              parley_val_ref(parley_socket_handshake(socket))) == 0 &&
        parley_val_object_set(object, "rooms", parley_val_ref(rooms)) == 0 &&
        parley_val_object_set(object, "data", parley_val_ref(parley_socket_data(socket))) == 0;
    parley_val_unref(rooms);
    if (!is_whole) {
        parley_val_unref(object);
        return NULL;
    }
    return object;
}

int parley_op_fetch(struct parley_op *op,
                    void (*fn)(int status, const struct parley_val *sockets, void *user),
                    void *user)
{
    struct pl_sio_sockets sockets = {0};
    struct parley_val *list = NULL;
    int rc = 0;
    if (op != NULL && op->ns->is_parent) {
        parley_op_drop(op);
        return PL_E_UNSUPPORTED;
    }
    rc = select_all(&sockets, op);
    if (rc < 0) {
        return rc;
    }
    list = parley_val_new_array();
    for (size_t i = 0; i < sockets.count && rc == 0; i++) {
        rc = parley_val_array_add(list, describe(sockets.sockets[i]));
    }
    pl_sio_sockets_fini(&sockets);
    rc = list == NULL ? PL_E_NOMEM : rc;
    fn(rc, rc < 0 ? NULL : list, user);
    parley_val_unref(list);
    return 0;
}
