/* A Socket.IO socket: made, connected, left and freed, and what it tells of itself. */
#include "client/sio_internal.h"

#include "base/alloc.h"
#include "codec/sio_write.h"

/* --- telling --- */

static void tell(struct parley_sio *sio, const struct parley_client_event *event)
{
    if (!sio->is_destroyed && sio->on_event != NULL) {
        struct parley_client_event told = pl_client_event_ready(sio->client, event);
        sio->on_event(sio, &told, sio->user);
    }
}

/* Of its own disconnect: the event, and then the acknowledgements that will not come. */
void pl_client_sio_settle(struct parley_sio *sio)
{
    struct parley_client_event event = {
        .kind = PARLEY_CLIENT_DISCONNECTED, .reason = "io client disconnect", .delay_ms = -1};
    if (sio->owes_leave) {
        sio->owes_leave = false;
        tell(sio, &event);
        pl_client_sio_acks_close(sio);
    }
}

void pl_client_sio_tell(struct parley_sio *sio, const struct parley_client_event *event)
{
    pl_client_sio_settle(sio);
    tell(sio, event);
}

void pl_client_sio_run_later(struct parley_sio *sio)
{
    if (!sio->is_destroyed) {
        pl_client_run_next(sio->client, &sio->later);
    }
}

void pl_client_sio_flush_later(struct parley_sio *sio)
{
    if (!sio->is_destroyed) {
        pl_client_flush_later(sio->client, &sio->flush);
    }
}

static void send_waiting(struct parley_sio *sio)
{
    pl_client_sio_flush(sio);
    if (pl_client_sio_is_up(sio)) {
        pl_client_sio_retry(sio);
    }
}

static void on_later(struct pl_client_later *later)
{
    struct parley_sio *sio = PL_CONTAINER_OF(later, struct parley_sio, later);
    pl_client_sio_settle(sio);
    if (sio->asks_auth) {
        pl_client_sio_ask_auth(sio);
    }
    send_waiting(sio);
}

static void on_flush(struct pl_client_later *later)
{
    send_waiting(PL_CONTAINER_OF(later, struct parley_sio, flush));
}

/* --- life --- */

static void free_socket(struct parley_sio *sio)
{
    pl_client_sio_drop_received(sio);
    pl_client_sio_outbox_clear(&sio->unsent);
    pl_client_sio_outbox_clear(&sio->retrying);
    pl_client_sio_listeners_fini(&sio->listeners);
    parley_val_unref(sio->auth);
    if (sio->pid != NULL) {
        pl_wipe(sio->pid, strlen(sio->pid));
    }
    pl_free(sio->pid);
    pl_free(sio->sid);
    pl_free(sio->offset);
    pl_free(sio->nsp);
    pl_free(sio);
}

static void on_free(struct pl_client_later *later)
{
    free_socket(PL_CONTAINER_OF(later, struct parley_sio, free));
}

/* Behind all that was sent before. Returns 0; PL_E_FULL, PL_E_NOMEM, PL_E_CLOSED. */
static int send_disconnect(struct parley_sio *sio)
{
    struct pl_client_sio_manager *manager = sio->manager;
    pl_client_sio_flush_silently(sio);
    pl_buf_clear(&manager->text);
    pl_sio_write_disconnect(&manager->text, pl_str_of_cstr(sio->nsp));
    return pl_client_sio_send_text(manager, NULL, 0);
}

/* Gone for the application; what is on the stack may still look at it. */
static void destroy(struct parley_sio *sio)
{
    struct pl_client_sio_manager *manager = sio->manager;
    pl_client_sio_deactivate(sio);
    sio->is_destroyed = true;
    pl_client_later_cancel(&sio->later);
    pl_client_later_cancel(&sio->flush);
    pl_client_sio_acks_fini(sio);
    pl_client_remove_socket(&sio->socket);
    if (manager->cursor == &sio->node) {
        manager->cursor = sio->node.next;
    }
    pl_list_remove(&sio->node);
    pl_client_sio_manager_drop(manager);
    pl_client_free_later(sio->client, &sio->free);
}

static void on_client_destroyed(struct pl_client_socket *socket)
{
    destroy(PL_CONTAINER_OF(socket, struct parley_sio, socket));
}

static void configure(struct parley_sio *sio, const struct parley_sio_config *config)
{
    sio->auth = config->auth == NULL ? NULL : parley_val_ref(config->auth);
    sio->get_auth = config->get_auth;
    sio->buffer_max = config->buffer_max;
    sio->ack_timeout_ms = config->ack_timeout_ms;
    sio->retries = config->retries;
    sio->on_event = config->on_event;
    sio->user = config->user;
}

/* On `manager`, which is not touched when this fails. */
static int create(struct parley_sio **out, struct pl_client_sio_manager *manager, struct pl_str nsp,
                  const struct parley_sio_config *config)
{
    struct parley_client *client = manager->client;
    struct parley_sio *sio = pl_try_alloc(sizeof(*sio));
    char *copy = sio == NULL ? NULL : pl_str_to_cstr(nsp);
    if (copy == NULL) {
        pl_free(sio);
        return pl_client_fail(client, PL_E_NOMEM, "no memory for a socket");
    }
    *sio = (struct parley_sio){.client = client, .manager = manager, .nsp = copy};
    configure(sio, config);
    pl_client_sio_acks_init(&sio->acks);
    pl_client_sio_outbox_init(&sio->unsent);
    pl_client_sio_outbox_init(&sio->retrying);
    pl_list_init(&sio->answers);
    pl_list_init(&sio->received);
    sio->later.run = on_later;
    sio->flush.run = on_flush;
    sio->free.run = on_free;
    sio->socket.destroy = on_client_destroyed;
    pl_list_push_back(&manager->sockets, &sio->node);
    pl_client_add_socket(client, &sio->socket);
    *out = sio;
    return 0;
}

/* The namespace that a URL names: its path, verbatim. */
static struct pl_str namespace_of(const struct pl_client_sio_manager *manager)
{
    struct pl_str path = manager->transport.url.path;
    return path.len == 0 ? PL_STR("/") : path;
}

static int create_with_connection(struct parley_sio **out, struct parley_client *client,
                                  const char *url, const struct parley_sio_config *config)
{
    struct pl_error *err = pl_client_err(client);
    struct pl_client_sio_manager *manager = NULL;
    int rc = pl_client_sio_check_connection(config, err);
    if (rc == 0) {
        rc = pl_client_sio_check_socket(config, err);
    }
    if (rc == 0) {
        rc = pl_client_sio_manager_create(&manager, client, url, config);
    }
    if (rc < 0) {
        return rc;
    }
    rc = pl_client_sio_check_namespace(namespace_of(manager), err);
    if (rc == 0) {
        rc = create(out, manager, namespace_of(manager), config);
    }
    if (rc < 0) {
        pl_client_sio_manager_drop(manager);
    }
    return rc;
}

int parley_sio_create(struct parley_sio **out, struct parley_client *client, const char *url,
                      const struct parley_sio_config *config)
{
    struct parley_sio_config defaults;
    int rc = pl_client_enter(client);
    *out = NULL;
    if (rc < 0) {
        return rc;
    }
    parley_sio_config_init(&defaults);
    return create_with_connection(out, client, url, config == NULL ? &defaults : config);
}

int parley_sio_create_namespace(struct parley_sio **out, struct parley_sio *sio, const char *name,
                                const struct parley_sio_config *config)
{
    struct pl_str nsp = name == NULL ? PL_STR("") : pl_str_of_cstr(name);
    struct parley_sio_config defaults;
    struct pl_error *err = NULL;
    int rc = pl_client_enter(sio->client);
    *out = NULL;
    if (rc < 0) {
        return rc;
    }
    err = pl_client_err(sio->client);
    parley_sio_config_init(&defaults);
    config = config == NULL ? &defaults : config;
    rc = pl_client_sio_check_namespace(nsp, err);
    if (rc == 0) {
        rc = pl_client_sio_check_socket(config, err);
    }
    if (rc == 0 && pl_client_sio_find(sio->manager, nsp) != NULL) {
        rc = pl_error_set(err, PL_E_EXISTS, "the connection has the namespace '%s'", name);
    }
    return rc < 0 ? rc : create(out, sio->manager, nsp, config);
}

void parley_sio_destroy(struct parley_sio *sio)
{
    if (sio == NULL || pl_client_enter(sio->client) < 0) {
        return;
    }
    if (sio->state == PL_CLIENT_SIO_CONNECTED) {
        (void)send_disconnect(sio); /* without room the end of the connection says it */
    }
    destroy(sio);
}

/* --- connecting and leaving --- */

void pl_client_sio_deactivate(struct parley_sio *sio)
{
    sio->state = PL_CLIENT_SIO_IDLE;
    sio->asks_auth = false;
    pl_free(sio->sid);
    sio->sid = NULL;
    pl_client_sio_drop_received(sio);
    pl_client_sio_detach_answers(sio);
    pl_client_sio_outbox_drop_volatile(&sio->unsent);
}

int parley_sio_connect(struct parley_sio *sio)
{
    struct pl_client_sio_manager *manager = sio->manager;
    int rc = pl_client_enter(sio->client);
    if (rc == 0 && pl_client_sio_is_active(sio)) {
        rc = pl_client_fail(sio->client, PL_E_STATE, "it is connecting or connected already");
    }
    if (rc < 0) {
        return rc;
    }
    sio->state = PL_CLIENT_SIO_PENDING;
    sio->attempt = 0;
    if (manager->link == PL_CLIENT_SIO_OPEN) {
        rc = pl_client_sio_start(sio, false);
        if (rc < 0) {
            (void)pl_client_fail(sio->client, rc, "CONNECT was not sent: %s", pl_error_name(rc));
        }
    } else {
        rc = pl_client_sio_link_open(manager);
    }
    if (rc < 0) {
        sio->state = PL_CLIENT_SIO_IDLE;
    }
    return rc;
}

/* Where there is no room to say goodbye the end of the connection says it, if it is the last on it;
 * otherwise the server would take the next CONNECT for a mistake. */
static int leave(struct parley_sio *sio)
{
    int rc = send_disconnect(sio);
    if (rc < 0 && rc != PL_E_CLOSED && pl_client_sio_has_active(sio->manager, sio)) {
        return pl_client_fail(sio->client, rc, "no room to tell the server: %s", pl_error_name(rc));
    }
    sio->owes_leave = true;
    pl_client_sio_run_later(sio);
    return 0;
}

int parley_sio_disconnect(struct parley_sio *sio)
{
    int rc = pl_client_enter(sio->client);
    if (rc == 0 && !pl_client_sio_is_active(sio)) {
        rc = pl_client_fail(sio->client, PL_E_STATE, "it is neither connected nor connecting");
    }
    if (rc == 0 && sio->state == PL_CLIENT_SIO_CONNECTED) {
        rc = leave(sio);
    }
    if (rc < 0) {
        return rc;
    }
    pl_client_sio_deactivate(sio);
    pl_client_sio_link_rest(sio->manager);
    return 0;
}

/* --- who it is --- */

bool parley_sio_is_connected(const struct parley_sio *sio)
{
    return sio->state == PL_CLIENT_SIO_CONNECTED;
}

const char *parley_sio_id(const struct parley_sio *sio)
{
    return sio->sid == NULL ? "" : sio->sid;
}

const char *parley_sio_namespace(const struct parley_sio *sio)
{
    return sio->nsp;
}

const char *parley_sio_transport(const struct parley_sio *sio)
{
    return sio->manager->link == PL_CLIENT_SIO_OPEN ? pl_client_eio_transport(sio->manager->eio)
                                                    : "";
}

void *parley_sio_user(const struct parley_sio *sio)
{
    return sio->user;
}

struct parley_client *parley_sio_client(const struct parley_sio *sio)
{
    return sio->client;
}
