/* Tables of handlers, and the calls that register them. */
#include "dialect/socketio/handlers.h"

#include "base/alloc.h"
#include "dialect/socketio/ack.h"
#include "dialect/socketio/conn.h"
#include "dialect/socketio/emit.h"
#include "dialect/socketio/engine.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/next.h"
#include "dialect/socketio/socket.h"
#include "dialect/socketio/sockets.h"

/* --- tables --- */

static struct pl_sio_handlers *make_table(size_t count)
{
    struct pl_sio_handlers *table =
        pl_alloc(sizeof(*table) + count * sizeof(struct pl_sio_handler));
    table->refs = 1;
    table->count = (uint32_t)count;
    return table;
}

struct pl_sio_handlers *pl_sio_handlers_create(void)
{
    return make_table(0);
}

struct pl_sio_handlers *pl_sio_handlers_ref(struct pl_sio_handlers *handlers)
{
    handlers->refs++;
    return handlers;
}

void pl_sio_handlers_unref(struct pl_sio_handlers *handlers)
{
    while (handlers != NULL && --handlers->refs == 0) { /* a chain, freed without recursion */
        struct pl_sio_handlers *next = handlers->next;
        for (size_t i = 0; i < handlers->count; i++) {
            pl_sio_name_unref(handlers->items[i].name);
        }
        pl_free(handlers);
        handlers = next;
    }
}

/* Put an item at a place of a table that is being made; `name` is taken. */
static void put_item(struct pl_sio_handlers *table, size_t at, const struct pl_sio_handler *item,
                     struct pl_sio_name *name)
{
    table->items[at] = *item;
    table->items[at].name = name;
    table->kinds |= UINT32_C(1) << item->kind;
}

static void copy_item(struct pl_sio_handlers *table, size_t at, const struct pl_sio_handler *from)
{
    put_item(table, at, from, pl_sio_name_ref(from->name));
}

const struct pl_sio_handler *pl_sio_handlers_find(const struct pl_sio_handlers *handlers,
                                                  struct pl_str event)
{
    for (size_t i = 0; i < handlers->count; i++) {
        const struct pl_sio_handler *item = &handlers->items[i];
        if (item->kind == PL_SIO_ON_EVENT && pl_str_eq(pl_sio_name_str(item->name), event)) {
            return item;
        }
    }
    return NULL;
}

const struct pl_sio_handler *pl_sio_handlers_next(const struct pl_sio_handlers *handlers,
                                                  enum pl_sio_handler_kind kind, size_t *i)
{
    if ((handlers->kinds & UINT32_C(1) << kind) == 0) { /* so it is for most kinds of most tables */
        return NULL;
    }
    while (*i < handlers->count) {
        const struct pl_sio_handler *item = &handlers->items[(*i)++];
        if (item->kind == kind) {
            return item;
        }
    }
    return NULL;
}

static bool is_same(const struct pl_sio_handler *item, const struct pl_sio_handler *other,
                    struct pl_str name)
{
    return item->kind == other->kind && item->fn.any == other->fn.any &&
           item->user == other->user &&
           (item->name == NULL ? name.ptr == NULL
                               : name.ptr != NULL && pl_str_eq(pl_sio_name_str(item->name), name));
}

/* --- a socket's table --- */

static void replace_table(struct parley_socket *socket, struct pl_sio_handlers *table)
{
    pl_sio_handlers_unref(socket->handlers);
    socket->handlers = table;
}

/* Put one item at place `at`, without the one at `without` (SIZE_MAX: none), which stood at or
 * behind it. */
static struct pl_sio_handlers *copy_with(const struct pl_sio_handlers *old, size_t at,
                                         const struct pl_sio_handler *item, struct pl_str name)
{
    struct pl_sio_handlers *table = make_table((size_t)old->count + 1);
    for (size_t i = 0; i < old->count; i++) {
        copy_item(table, i < at ? i : i + 1, &old->items[i]);
    }
    put_item(table, at, item, name.ptr == NULL ? NULL : pl_sio_name_create(name));
    return table;
}

static void append(struct parley_socket *socket, const struct pl_sio_handler *item,
                   struct pl_str name)
{
    struct pl_sio_handlers *old = socket->handlers;
    if (old->next == NULL || !is_same(&old->next->items[old->count], item, name)) {
        struct pl_sio_handlers *grown = copy_with(old, old->count, item, name);
        pl_sio_handlers_unref(old->next);
        old->next = grown;
    }
    replace_table(socket, pl_sio_handlers_ref(old->next));
}

/* A copy without the items for which `is_removed`; the table itself when there are none. */
static void remove_items(struct parley_socket *socket, enum pl_sio_handler_kind kind,
                         void (*fn)(void), struct pl_str name)
{
    struct pl_sio_handlers *old = socket->handlers;
    struct pl_sio_handlers *table = make_table(old->count);
    size_t count = 0;
    for (size_t i = 0; i < old->count; i++) {
        const struct pl_sio_handler *item = &old->items[i];
        bool is_removed = item->kind == kind && (fn == NULL || item->fn.any == fn) &&
                          (name.ptr == NULL || pl_str_eq(pl_sio_name_str(item->name), name));
        if (!is_removed) {
            copy_item(table, count++, item);
        }
    }
    table->count = (uint32_t)count;
    if (count == old->count) {
        pl_sio_handlers_unref(table);
    } else {
        replace_table(socket, table);
    }
}

/* The one handler of a kind (and, for events, of a name):
 * set, replaced in its place, or removed. */
static void set_one(struct parley_socket *socket, const struct pl_sio_handler *item,
                    struct pl_str name)
{
    struct pl_sio_handlers *old = socket->handlers;
    size_t at = 0;
    while (at < old->count &&
           (old->items[at].kind != item->kind ||
            (name.ptr != NULL && !pl_str_eq(pl_sio_name_str(old->items[at].name), name)))) {
        at++;
    }
    if (item->fn.any == NULL) {
        remove_items(socket, item->kind, NULL, name);
    } else if (at == old->count) {
        append(socket, item, name);
    } else if (!is_same(&old->items[at], item, name)) {
        struct pl_sio_handlers *table = make_table(old->count);
        for (size_t i = 0; i < old->count; i++) {
            copy_item(table, i, &old->items[i]);
        }
        table->items[at].fn = item->fn;
        table->items[at].user = item->user;
        replace_table(socket, table);
    }
}

static bool is_over(const struct parley_socket *socket)
{
    return socket->state == PL_SIO_GONE;
}

/* --- registering --- */

int parley_on(struct parley_socket *socket, const char *event,
              void (*handler)(struct parley_socket *socket, const char *event,
                              const struct parley_args *args, struct parley_ack *ack, void *user),
              void *user)
{
    struct pl_str name;
    int rc = pl_sio_event_read(&name, event);
    if (rc < 0 || is_over(socket)) {
        return rc < 0 ? rc : PL_E_CLOSED;
    }
    set_one(socket, &(struct pl_sio_handler){PL_SIO_ON_EVENT, {.event = handler}, user, NULL},
            name);
    return 0;
}

static int add_event_handler(struct parley_socket *socket, const struct pl_sio_handler *item)
{
    if (item->fn.any == NULL) {
        return PL_E_INVALID;
    }
    if (is_over(socket)) {
        return PL_E_CLOSED;
    }
    append(socket, item, (struct pl_str){0});
    return 0;
}

int parley_on_any(struct parley_socket *socket,
                  void (*handler)(struct parley_socket *socket, const char *event,
                                  const struct parley_args *args, struct parley_ack *ack,
                                  void *user),
                  void *user)
{
    return add_event_handler(
        socket, &(struct pl_sio_handler){PL_SIO_ON_ANY, {.event = handler}, user, NULL});
}

int parley_prepend_any(struct parley_socket *socket,
                       void (*handler)(struct parley_socket *socket, const char *event,
                                       const struct parley_args *args, struct parley_ack *ack,
                                       void *user),
                       void *user)
{
    struct pl_sio_handler item = {PL_SIO_ON_ANY, {.event = handler}, user, NULL};
    if (handler == NULL) {
        return PL_E_INVALID;
    }
    if (is_over(socket)) {
        return PL_E_CLOSED;
    }
    replace_table(socket, copy_with(socket->handlers, 0, &item, (struct pl_str){0}));
    return 0;
}

void parley_off_any(struct parley_socket *socket,
                    void (*handler)(struct parley_socket *socket, const char *event,
                                    const struct parley_args *args, struct parley_ack *ack,
                                    void *user))
{
    struct pl_sio_handler item = {PL_SIO_ON_ANY, {.event = handler}, NULL, NULL};
    remove_items(socket, PL_SIO_ON_ANY, item.fn.any, (struct pl_str){0});
}

int parley_on_any_outgoing(struct parley_socket *socket,
                           void (*handler)(struct parley_socket *socket, const char *event,
                                           const struct parley_args *args, struct parley_ack *ack,
                                           void *user),
                           void *user)
{
    int rc = add_event_handler(
        socket, &(struct pl_sio_handler){PL_SIO_ON_OUTGOING, {.event = handler}, user, NULL});
    if (rc == 0 && !socket->has_outgoing) {
        socket->has_outgoing = true;
        socket->ns->outgoing_count++;
    }
    return rc;
}

int parley_on_unhandled(struct parley_socket *socket,
                        void (*handler)(struct parley_socket *socket, const char *event,
                                        const struct parley_args *args, struct parley_ack *ack,
                                        void *user),
                        void *user)
{
    if (is_over(socket)) {
        return PL_E_CLOSED;
    }
    set_one(socket, &(struct pl_sio_handler){PL_SIO_ON_UNHANDLED, {.event = handler}, user, NULL},
            (struct pl_str){0});
    return 0;
}

int parley_use(struct parley_socket *socket,
               void (*middleware)(struct parley_socket *socket, const char *event,
                                  const struct parley_args *args, struct parley_next *next,
                                  void *user),
               void *user)
{
    return add_event_handler(
        socket, &(struct pl_sio_handler){PL_SIO_ON_USE, {.use = middleware}, user, NULL});
}

/* Of these a socket has one each. */
static void set_hook(struct parley_socket *socket, const struct pl_sio_handler *item)
{
    if (!is_over(socket)) {
        set_one(socket, item, (struct pl_str){0});
    }
}

void parley_on_error(struct parley_socket *socket,
                     void (*fn)(struct parley_socket *socket, const char *message, void *user),
                     void *user)
{
    set_hook(socket, &(struct pl_sio_handler){PL_SIO_ON_ERROR, {.error = fn}, user, NULL});
}

void parley_on_disconnecting(struct parley_socket *socket,
                             void (*fn)(struct parley_socket *socket, enum parley_reason reason,
                                        void *user),
                             void *user)
{
    set_hook(socket, &(struct pl_sio_handler){PL_SIO_ON_DISCONNECTING, {.reason = fn}, user, NULL});
}

void parley_on_disconnect(struct parley_socket *socket,
                          void (*fn)(struct parley_socket *socket, enum parley_reason reason,
                                     void *user),
                          void *user)
{
    set_hook(socket, &(struct pl_sio_handler){PL_SIO_ON_DISCONNECT, {.reason = fn}, user, NULL});
}

/* --- the upgrade, told to every socket of the connection --- */

void pl_sio_conn_upgraded(void *io, struct pl_eio_session *session)
{
    struct pl_sio_conn *conn = pl_eio_session_user(session);
    struct pl_sio_sockets sockets = {0};
    (void)io;
    PL_LIST_EACH(node, &conn->sockets)
    {
        pl_sio_sockets_add(&sockets, PL_CONTAINER_OF(node, struct parley_socket, in_conn));
    }
    for (size_t i = 0; i < sockets.count; i++) {
        struct parley_socket *socket = sockets.sockets[i];
        struct pl_sio_handlers *handlers = pl_sio_handlers_ref(socket->handlers);
        size_t at = 0;
        const struct pl_sio_handler *item = pl_sio_handlers_next(handlers, PL_SIO_ON_UPGRADE, &at);
        if (item != NULL && socket->state == PL_SIO_CONNECTED) {
            item->fn.upgrade(socket, item->user);
        }
        pl_sio_handlers_unref(handlers);
    }
    pl_sio_sockets_fini(&sockets);
}

void parley_on_upgrade(struct parley_socket *socket,
                       void (*fn)(struct parley_socket *socket, void *user), void *user)
{
    set_hook(socket, &(struct pl_sio_handler){PL_SIO_ON_UPGRADE, {.upgrade = fn}, user, NULL});
}
