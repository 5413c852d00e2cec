/* Namespaces: static ones, parents (patterns and functions) and the children made from them. */
#include "dialect/socketio/namespace.h"

#include "base/alloc.h"
#include "dialect/socketio/broadcast_ack.h"
#include "dialect/socketio/conn.h"
#include "dialect/socketio/disconnect.h"
#include "dialect/socketio/handlers.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/next.h"
#include "dialect/socketio/pattern.h"
#include "dialect/socketio/recovery.h"
#include "dialect/socketio/socket.h"
#include "dialect/socketio/sockets.h"

#define CHILDREN_MAX_DEFAULT 100000
#define RECLAIM_LOOKS 64 /* children looked at for one newcomer when there are as many as may be */

/* --- life --- */

static struct pl_sio_ns *create(struct parley_io *io, struct pl_str name)
{
    struct pl_sio_ns *ns = pl_alloc(sizeof(*ns));
    ns->refs = 1;
    ns->io = io;
    ns->name = pl_sio_name_create(name);
    ns->no_handlers = pl_sio_handlers_create();
    pl_list_init(&ns->children);
    pl_list_init(&ns->broadcasts);
    return ns;
}

struct pl_sio_ns *pl_sio_ns_ref(struct pl_sio_ns *ns)
{
    ns->refs++;
    return ns;
}

void pl_sio_ns_unref(struct pl_sio_ns *ns)
{
    if (ns == NULL || --ns->refs > 0) {
        return;
    }
    PL_ASSERT(ns->by_id.count == 0 && ns->acks.count == 0 && pl_list_is_empty(&ns->children));
    pl_sio_ns_unref(ns->parent);
    pl_sio_name_unref(ns->name);
    pl_sio_names_fini(&ns->params);
    pl_sio_handlers_unref(ns->no_handlers);
    pl_sio_store_destroy(ns->store);
    pl_pattern_destroy(ns->pattern);
    pl_table_fini(&ns->by_id);
    pl_table_fini(&ns->acks);
    pl_free(ns->middlewares);
    pl_free(ns->listeners);
    pl_free(ns);
}

static struct pl_sio_store_limits store_limits(const struct pl_sio_ns *ns)
{
    const struct pl_sio_recovery_config *config = &ns->io->config.recovery;
    return (struct pl_sio_store_limits){config->max_disconnection_ms, config->sessions_max,
                                        config->packets_max, config->bytes_max};
}

struct pl_sio_store *pl_sio_ns_create_store(const struct pl_sio_ns *ns, int64_t dropped_us)
{
    struct pl_sio_store_limits limits = store_limits(ns);
    return ns->io->config.recovery.is_enabled
               ? pl_sio_store_create(&limits, ns->io->hash_key, dropped_us)
               : NULL;
}

void pl_sio_ns_set_store(struct pl_sio_ns *ns, struct pl_sio_store *store)
{
    pl_sio_store_destroy(ns->store);
    ns->store = store;
}

void pl_sio_ns_configure(struct pl_sio_ns *ns)
{
    struct pl_sio_store_limits limits = store_limits(ns);
    if (ns->store != NULL) {
        pl_sio_store_set_limits(ns->store, &limits);
    }
}

/* A namespace that can be joined from now on. */
static void publish(struct pl_sio_ns *ns)
{
    struct parley_io *io = ns->io;
    ns->store = pl_sio_ns_create_store(ns, pl_hub_stamp_us(io->hub));
    pl_map_put(&io->by_name, pl_sio_name_str(ns->name), ns);
    pl_list_push_back(&io->namespaces, &ns->in_io);
    if (io->on_new_namespace != NULL && !pl_str_eq(pl_sio_name_str(ns->name), PL_STR("/"))) {
        io->on_new_namespace(ns->name->text, io->on_new_namespace_user);
    }
}

/* No client finds it any more; gives the server's reference back. */
static void withdraw(struct pl_sio_ns *ns)
{
    ns->is_deleted = true;
    pl_map_remove(&ns->io->by_name, pl_sio_name_str(ns->name));
    pl_list_remove(&ns->in_io);
    if (ns->parent != NULL) {
        pl_list_remove(&ns->in_parent);
        ns->io->child_count--;
    }
    pl_sio_broadcasts_close(ns);
    pl_sio_ns_unref(ns);
}

/* --- finding --- */

struct pl_sio_ns *pl_sio_ns_find(const struct parley_io *io, struct pl_str name)
{
    return pl_map_find(&io->by_name, name);
}

static struct pl_sio_ns *find_parent(const struct parley_io *io, struct pl_str text)
{
    for (struct pl_list *node = io->parents.next; node != &io->parents; node = node->next) {
        struct pl_sio_ns *parent = PL_CONTAINER_OF(node, struct pl_sio_ns, in_io);
        if (parent->pattern != NULL && pl_str_eq(pl_pattern_text(parent->pattern), text)) {
            return parent;
        }
    }
    return NULL;
}

/* The name with its slash, one reference; NULL when it is no name. */
static struct pl_sio_name *read_name(const char *cstr)
{
    struct pl_str text;
    struct pl_sio_name *name = NULL;
    if (!pl_sio_name_read(&text, cstr, PL_SIO_NAMESPACE_LEN_MAX) ||
        pl_str_find_char(text, ',') < text.len) {
        return NULL;
    }
    if (text.len > 0 && text.ptr[0] == '/') {
        return pl_sio_name_create(text);
    }
    struct pl_buf buf;
    pl_buf_init(&buf, PL_SIO_NAMESPACE_LEN_MAX + 1);
    pl_buf_add_char(&buf, '/');
    pl_buf_add_str(&buf, text);
    name = pl_sio_name_create(pl_buf_str(&buf));
    pl_buf_fini(&buf);
    return name;
}

struct pl_sio_ns *pl_sio_ns_lookup(struct parley_io *io, const char *cstr)
{
    struct pl_sio_name *name = read_name(cstr);
    struct pl_sio_ns *ns = NULL;
    if (name != NULL) {
        ns = pl_sio_ns_find(io, pl_sio_name_str(name));
        if (ns == NULL) {
            ns = find_parent(io, pl_sio_name_str(name));
        }
        pl_sio_name_unref(name);
    }
    return ns;
}

struct pl_sio_ns *pl_sio_parent_after(struct parley_io *io, uint64_t order)
{
    PL_LIST_EACH(node, &io->parents)
    {
        struct pl_sio_ns *parent = PL_CONTAINER_OF(node, struct pl_sio_ns, in_io);
        if (parent->order > order) {
            return parent;
        }
    }
    return NULL;
}

static uint64_t hash_id(const struct parley_io *io, struct pl_str id)
{
    return pl_siphash(io->hash_key, id.ptr, id.len);
}

struct parley_socket *pl_sio_ns_find_socket(const struct pl_sio_ns *ns, struct pl_str id)
{
    struct pl_table_link *link = NULL;
    if ((id.len != PL_SIO_ID_LEN && !ns->has_odd_ids) || ns->by_id.count == 0) {
        return NULL;
    }
    link = pl_table_first(&ns->by_id, hash_id(ns->io, id));
    for (; link != NULL; link = pl_table_next(link)) {
        struct parley_socket *socket = PL_CONTAINER_OF(link, struct parley_socket, by_id);
        if (pl_str_eq(pl_sio_socket_id(socket), id)) {
            return socket;
        }
    }
    return NULL;
}

struct pl_stream *pl_sio_ns_stream(const struct pl_sio_ns *ns)
{
    return pl_stream_find(ns->io->hub,
                          &(struct pl_stream_key){.kind = PL_STREAM_SIO_NAMESPACE,
                                                  .subject = pl_sio_name_str(ns->name)});
}

/* --- registering --- */

int parley_ns_on(struct parley_io *io, const char *cstr,
                 void (*on_connect)(struct parley_socket *socket, const struct parley_val *auth,
                                    void *user),
                 void *user)
{
    struct pl_sio_name *name = read_name(cstr);
    struct pl_sio_ns *ns = NULL;
    if (name == NULL || on_connect == NULL) {
        pl_sio_name_unref(name);
        return PL_E_INVALID;
    }
    ns = pl_sio_ns_find(io, pl_sio_name_str(name));
    if (ns == NULL) {
        ns = create(io, pl_sio_name_str(name));
        ns->on_connect = on_connect;
        ns->user = user;
        publish(ns);
    } else {
        ns->on_connect = on_connect;
        ns->user = user;
    }
    pl_sio_name_unref(name);
    return 0;
}

static void add_parent(struct pl_sio_ns *parent)
{
    parent->is_parent = true;
    parent->order = ++parent->io->next_parent_order;
    pl_list_push_back(&parent->io->parents, &parent->in_io);
}

static bool is_pattern_taken(const struct parley_io *io, const struct pl_pattern *pattern)
{
    for (struct pl_list *node = io->parents.next; node != &io->parents; node = node->next) {
        struct pl_sio_ns *parent = PL_CONTAINER_OF(node, struct pl_sio_ns, in_io);
        if (parent->pattern != NULL && pl_pattern_eq(parent->pattern, pattern)) {
            return true;
        }
    }
    return false;
}

int parley_ns_on_pattern(struct parley_io *io, const char *cstr,
                         void (*on_connect)(struct parley_socket *socket,
                                            const struct parley_val *auth, void *user),
                         void *user)
{
    struct pl_sio_name *text = read_name(cstr);
    struct pl_pattern *pattern = NULL;
    struct pl_sio_ns *parent = NULL;
    int rc = text == NULL || on_connect == NULL ? PL_E_INVALID : 0;
    if (rc == 0) {
        rc = pl_pattern_create(&pattern, pl_sio_name_str(text), NULL);
    }
    if (rc == 0 && is_pattern_taken(io, pattern)) {
        rc = PL_E_EXISTS;
    }
    if (rc == 0) {
        parent = create(io, pl_sio_name_str(text));
        parent->on_connect = on_connect;
        parent->user = user;
        parent->pattern = pattern;
        pattern = NULL;
        add_parent(parent);
    }
    pl_pattern_destroy(pattern);
    pl_sio_name_unref(text);
    return rc;
}

int parley_ns_on_match(struct parley_io *io,
                       void (*match)(const char *name, const struct parley_val *auth,
                                     struct parley_next *next, void *user),
                       void (*on_connect)(struct parley_socket *socket,
                                          const struct parley_val *auth, void *user),
                       void *user)
{
    struct pl_sio_ns *parent = NULL;
    if (match == NULL || on_connect == NULL) {
        return PL_E_INVALID;
    }
    parent = create(io, PL_STR(""));
    parent->on_connect = on_connect;
    parent->user = user;
    parent->match = match;
    parent->match_user = user;
    add_parent(parent);
    return 0;
}

int parley_ns_use(struct parley_io *io, const char *name,
                  void (*middleware)(struct parley_socket *socket, struct parley_next *next,
                                     void *user),
                  void *user)
{
    struct pl_sio_ns *ns = pl_sio_ns_lookup(io, name);
    if (ns == NULL || middleware == NULL) {
        return ns == NULL ? PL_E_NOT_FOUND : PL_E_INVALID;
    }
    ns->middlewares =
        pl_realloc(ns->middlewares, (ns->middleware_count + 1) * sizeof(*ns->middlewares));
    ns->middlewares[ns->middleware_count++] = (struct pl_sio_middleware){middleware, user};
    return 0;
}

int parley_ns_on_room(struct parley_io *io, const char *name,
                      void (*fn)(enum parley_room_event event, const char *room,
                                 const char *socket_id, void *user),
                      void *user)
{
    struct pl_sio_ns *ns = pl_sio_ns_lookup(io, name);
    if (ns == NULL || fn == NULL) {
        return ns == NULL ? PL_E_NOT_FOUND : PL_E_INVALID;
    }
    ns->listeners = pl_realloc(ns->listeners, (ns->listener_count + 1) * sizeof(*ns->listeners));
    ns->listeners[ns->listener_count++] = (struct pl_sio_room_listener){fn, user};
    return 0;
}

void parley_on_new_namespace(struct parley_io *io, void (*fn)(const char *name, void *user),
                             void *user)
{
    io->on_new_namespace = fn;
    io->on_new_namespace_user = user;
}

/* --- children --- */

static void *copy_array(const void *array, size_t count, size_t size)
{
    void *copy = NULL;
    if (count > 0) {
        copy = pl_alloc_array(count, size);
        memcpy(copy, array, count * size);
    }
    return copy;
}

/* What the parent has at this moment is the child's (spec 3.10). */
static struct pl_sio_ns *create_child(struct pl_sio_ns *parent, struct pl_str name)
{
    struct pl_sio_ns *child = create(parent->io, name);
    child->on_connect = parent->on_connect;
    child->user = parent->user;
    child->middlewares =
        copy_array(parent->middlewares, parent->middleware_count, sizeof(*parent->middlewares));
    child->middleware_count = parent->middleware_count;
    child->listeners =
        copy_array(parent->listeners, parent->listener_count, sizeof(*parent->listeners));
    child->listener_count = parent->listener_count;
    child->parent = pl_sio_ns_ref(parent);
    pl_list_push_back(&parent->children, &child->in_parent);
    parent->io->child_count++;
    return child;
}

/* A child that nobody is in or waits for. */
static bool is_idle_child(const struct pl_sio_ns *ns)
{
    return ns->parent != NULL && !ns->is_deleted && ns->by_id.count == 0 &&
           ns->joining_count == 0 && pl_list_is_empty(&ns->broadcasts) &&
           (ns->store == NULL || pl_sio_store_session_count(ns->store) == 0);
}

/* Names are the clients': who leaves many empty ones behind must not keep others out for ever.
 * A few are looked at, from the one looked at longest ago on: the first idle one is forgotten. */
static void reclaim_child(struct parley_io *io)
{
    for (size_t i = 0; i < RECLAIM_LOOKS && !pl_list_is_empty(&io->namespaces); i++) {
        struct pl_sio_ns *ns = PL_CONTAINER_OF(io->namespaces.next, struct pl_sio_ns, in_io);
        if (is_idle_child(ns)) {
            withdraw(ns);
            return;
        }
        pl_list_remove(&ns->in_io);
        pl_list_push_back(&io->namespaces, &ns->in_io);
    }
}

struct pl_sio_ns *pl_sio_ns_ensure_child(struct pl_sio_ns *parent, struct pl_str name)
{
    struct parley_io *io = parent->io;
    struct pl_sio_ns *ns =
        pl_sio_ns_find(io, name); /* another client's function may have been faster */
    size_t max = io->config.child_namespaces_max == 0 ? CHILDREN_MAX_DEFAULT
                                                      : io->config.child_namespaces_max;
    if (ns == NULL && io->child_count >= max) {
        reclaim_child(io);
    }
    if (ns == NULL && !parent->is_deleted && io->child_count < max) {
        ns = create_child(parent, name);
        publish(ns);
        ns = pl_sio_ns_find(io, name); /* the listener may have deleted it */
    }
    return ns;
}

void pl_sio_ns_tidy(struct pl_sio_ns *ns)
{
    if (ns->io->config.cleans_up_child_namespaces && is_idle_child(ns)) {
        withdraw(ns);
    }
}

/* --- deleting --- */

static void collect_sockets(struct pl_sio_sockets *sockets, struct pl_sio_ns *ns)
{
    struct pl_stream *stream = pl_sio_ns_stream(ns);
    struct pl_member *member = NULL;
    while (stream != NULL && (member = pl_stream_next_member(stream, member)) != NULL) {
        struct parley_socket *socket = pl_sio_session_socket(pl_member_session(member), ns);
        if (socket != NULL) {
            pl_sio_sockets_add(sockets, socket);
        }
    }
}

static void delete_namespace(struct pl_sio_ns *ns)
{
    struct pl_sio_sockets sockets = {0};
    if (ns->is_deleted) {
        return;
    }
    collect_sockets(&sockets, ns);
    withdraw(ns); /* the sockets hold it still */
    for (size_t i = 0; i < sockets.count; i++) {
        pl_sio_socket_kick(sockets.sockets[i]);
    }
    pl_sio_sockets_fini(&sockets);
}

static void delete_parent(struct pl_sio_ns *parent)
{
    parent->is_deleted = true;
    pl_list_remove(&parent->in_io);
    while (!pl_list_is_empty(&parent->children)) {
        delete_namespace(PL_CONTAINER_OF(parent->children.next, struct pl_sio_ns, in_parent));
    }
    pl_sio_ns_unref(parent);
}

int parley_ns_delete(struct parley_io *io, const char *name)
{
    struct pl_sio_ns *ns = pl_sio_ns_lookup(io, name);
    if (ns == NULL) {
        return PL_E_NOT_FOUND;
    }
    if (ns->is_parent) {
        delete_parent(ns);
    } else {
        delete_namespace(ns);
    }
    return 0;
}

void pl_sio_namespaces_fini(struct parley_io *io)
{
    while (!pl_list_is_empty(&io->namespaces)) {
        delete_namespace(PL_CONTAINER_OF(io->namespaces.next, struct pl_sio_ns, in_io));
    }
    while (!pl_list_is_empty(&io->parents)) {
        delete_parent(PL_CONTAINER_OF(io->parents.next, struct pl_sio_ns, in_io));
    }
}

/* --- figures --- */

struct parley_socket *parley_ns_socket(struct parley_io *io, const char *name, const char *id)
{
    struct pl_sio_ns *ns = pl_sio_ns_lookup(io, name);
    return ns == NULL || id == NULL ? NULL : pl_sio_ns_find_socket(ns, pl_str_of_cstr(id));
}

size_t parley_ns_count(struct parley_io *io, const char *name)
{
    struct pl_sio_ns *ns = pl_sio_ns_lookup(io, name);
    size_t count = 0;
    if (ns == NULL || !ns->is_parent) {
        return ns == NULL ? 0 : ns->by_id.count;
    }
    PL_LIST_EACH(node, &ns->children)
    {
        count += PL_CONTAINER_OF(node, struct pl_sio_ns, in_parent)->by_id.count;
    }
    return count;
}
