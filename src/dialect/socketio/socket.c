/* Sockets: one client in one namespace, and what the application keeps with it. */
#include "dialect/socketio/socket.h"

#include "base/alloc.h"
#include "dialect/socketio/engine.h"
#include "dialect/socketio/handlers.h"
#include "dialect/socketio/handshake.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/pattern.h"
#include "dialect/socketio/revision4.h"

/* State of the application's own. */
struct pl_sio_slot {
    struct pl_sio_slot *next;
    void *value;
    void (*free_value)(void *value);
    char key[];
};

#define ID_MAX (PL_SIO_NAMESPACE_LEN_MAX + 1 + PL_EIO_SID_MAX)

/* Names of the application's own namespaces may be longer than what clients may bring: then the id
 * is a random one all the same. */
static struct pl_str make_id(char text[ID_MAX + 1], const struct pl_sio_ns *ns,
                             const struct pl_sio_conn *conn)
{
    struct pl_str id = pl_str_make(text, PL_SIO_ID_LEN);
    struct pl_buf buf;
    pl_buf_init(&buf, ID_MAX);
    if (pl_sio_revision4_make_id(&buf, ns, conn)) {
        memcpy(text, buf.ptr, buf.len);
        id.len = buf.len;
    } else {
        pl_sio_make_id(ns->io, text);
    }
    pl_buf_fini(&buf);
    return id;
}

struct parley_socket *pl_sio_socket_create(struct pl_sio_ns *ns, struct pl_sio_conn *conn,
                                           const struct parley_val *auth)
{
    struct parley_socket *socket = NULL;
    char text[ID_MAX + 1];
    struct pl_str id = make_id(text, ns, conn);
    socket = pl_alloc(sizeof(*socket) + id.len + 1);
    memcpy(socket->id, id.ptr, id.len);
    socket->id_len = (uint16_t)id.len;
    socket->refs = 1;
    socket->state = PL_SIO_JOINING;
    socket->ns = pl_sio_ns_ref(ns);
    socket->conn = pl_sio_conn_ref(conn);
    socket->handlers = pl_sio_handlers_ref(ns->no_handlers);
    socket->auth = auth == NULL ? NULL : parley_val_ref(auth);
    return socket;
}

struct pl_sio_rare *pl_sio_socket_rare(struct parley_socket *socket)
{
    if (socket->rare == NULL) {
        socket->rare = pl_alloc(sizeof(*socket->rare));
        pl_list_init(&socket->rare->acks);
    }
    return socket->rare;
}

static void free_rare(struct pl_sio_rare *rare)
{
    if (rare != NULL) {
        PL_ASSERT(rare->ack_count == 0 && rare->slots == NULL);
        parley_val_unref(rare->handshake);
        pl_sio_names_fini(&rare->rooms);
        pl_wipe(rare->pid, sizeof(rare->pid));
        pl_free(rare);
    }
}

struct parley_socket *parley_socket_ref(struct parley_socket *socket)
{
    socket->refs++;
    return socket;
}

void parley_socket_unref(struct parley_socket *socket)
{
    if (socket == NULL || --socket->refs > 0) {
        return;
    }
    pl_sio_socket_free_slots(socket); /* of one that never was connected */
    free_rare(socket->rare);
    pl_sio_handlers_unref(socket->handlers);
    parley_val_unref(socket->auth);
    parley_val_unref(socket->data);
    pl_sio_conn_unref(socket->conn);
    pl_sio_ns_unref(socket->ns);
    pl_free(socket);
}

/* --- getters --- */

const char *parley_socket_id(const struct parley_socket *socket)
{
    return socket->id;
}

const char *parley_socket_ns(const struct parley_socket *socket)
{
    return socket->ns->name->text;
}

struct parley_io *parley_socket_io(const struct parley_socket *socket)
{
    return socket->ns->io;
}

struct parley_app *parley_socket_app(const struct parley_socket *socket)
{
    return socket->ns->io->params.app;
}

bool parley_socket_is_connected(const struct parley_socket *socket)
{
    return socket->state == PL_SIO_CONNECTED || socket->state == PL_SIO_DISCONNECTING;
}

bool parley_socket_is_recovered(const struct parley_socket *socket)
{
    return socket->is_recovered;
}

const char *parley_socket_transport(const struct parley_socket *socket)
{
    const struct pl_eio_session *eio = socket->conn->eio;
    return eio != NULL && !pl_eio_session_is_websocket(eio) ? "polling" : "websocket";
}

int parley_socket_protocol(const struct parley_socket *socket)
{
    return pl_sio_conn_is_revision4(socket->conn) ? 3 : 4;
}

/* Cut out of the name at each call: parts of it have no NUL behind them, so they are kept with the
 * namespace. */
const char *parley_socket_ns_param(const struct parley_socket *socket, const char *name)
{
    const struct pl_sio_ns *parent = socket->ns->parent;
    struct pl_str value;
    if (parent == NULL || parent->pattern == NULL || name == NULL ||
        !pl_pattern_find(&value, parent->pattern, pl_sio_name_str(socket->ns->name),
                         pl_str_of_cstr(name))) {
        return NULL;
    }
    for (size_t i = 0; i < socket->ns->params.count; i++) {
        if (pl_str_eq(pl_sio_name_str(socket->ns->params.names[i]), value)) {
            return socket->ns->params.names[i]->text;
        }
    }
    pl_sio_names_add(&socket->ns->params, value);
    return socket->ns->params.names[socket->ns->params.count - 1]->text;
}

const struct parley_val *parley_socket_handshake(const struct parley_socket *socket)
{
    /* a cache behind a getter: sockets are made by us, never in read-only memory */
    struct pl_sio_rare *rare = pl_sio_socket_rare((struct parley_socket *)(uintptr_t)socket);
    if (rare->handshake == NULL) {
        rare->handshake = pl_sio_handshake_create(socket);
    }
    return rare->handshake;
}

/* --- what the application keeps --- */

const struct parley_val *parley_socket_data(const struct parley_socket *socket)
{
    return socket->data == NULL ? socket->ns->io->empty_object : socket->data;
}

void parley_socket_set_data(struct parley_socket *socket, const struct parley_val *data)
{
    parley_val_unref(socket->data);
    socket->data = data;
}

static void free_slot_value(struct pl_sio_slot *slot)
{
    void *value = slot->value;
    slot->value = NULL;
    if (slot->free_value != NULL && value != NULL) {
        slot->free_value(value);
    }
}

static struct pl_sio_slot *find_slot(const struct parley_socket *socket, const char *key)
{
    struct pl_sio_slot *slot = socket->rare == NULL ? NULL : socket->rare->slots;
    while (slot != NULL && strcmp(slot->key, key) != 0) {
        slot = slot->next;
    }
    return slot;
}

void parley_socket_set(struct parley_socket *socket, const char *key, void *value,
                       void (*free_value)(void *value))
{
    struct pl_sio_slot *slot = find_slot(socket, key);
    void *old_value = slot == NULL ? NULL : slot->value;
    void (*free_old)(void *) = slot == NULL ? NULL : slot->free_value;
    if (slot == NULL) {
        struct pl_sio_rare *rare = pl_sio_socket_rare(socket);
        slot = pl_alloc(sizeof(*slot) + strlen(key) + 1);
        memcpy(slot->key, key, strlen(key) + 1);
        slot->next = rare->slots;
        rare->slots = slot;
    }
    slot->value = value;
    slot->free_value = free_value;
    if (free_old != NULL && old_value != NULL) { /* last: it may do anything with the socket */
        free_old(old_value);
    }
}

void *parley_socket_get(const struct parley_socket *socket, const char *key)
{
    struct pl_sio_slot *slot = find_slot(socket, key);
    return slot == NULL ? NULL : slot->value;
}

void pl_sio_socket_free_slots(struct parley_socket *socket)
{
    while (socket->rare != NULL && socket->rare->slots != NULL) {
        struct pl_sio_slot *slot = socket->rare->slots;
        socket->rare->slots = slot->next;
        free_slot_value(slot);
        pl_free(slot);
    }
}
