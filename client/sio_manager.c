/* What sockets on one connection share: its settings, who they are, and when nobody needs it any
 * more. Source: shared spec socketio.md 2.10. */
#include "client/sio_internal.h"

#include "base/alloc.h"

static void on_free(struct pl_client_later *later);
static void on_released(void *user);

/* --- life --- */

static char *copy_path(const char *path)
{
    size_t len = strlen(path);
    bool has_first = len > 0 && path[0] == '/';
    bool has_last = len > 0 && path[len - 1] == '/';
    char *copy = pl_try_alloc(len + 3);
    char *at = copy;
    if (copy == NULL) {
        return NULL;
    }
    if (!has_first) {
        *at++ = '/';
    }
    memcpy(at, path, len);
    at += len;
    if (!has_last && at - copy > 1) {
        *at++ = '/';
    }
    *at = '\0';
    return copy;
}

/* The URL's query and the configuration's. */
static char *join_queries(struct pl_str of_url, const char *of_config)
{
    size_t len = of_config == NULL ? 0 : strlen(of_config);
    char *joined = pl_try_alloc(of_url.len + len + 2);
    size_t at = of_url.len;
    if (joined == NULL) {
        return NULL;
    }
    if (of_url.len > 0) {
        memcpy(joined, of_url.ptr, of_url.len);
    }
    if (of_url.len > 0 && len > 0) {
        joined[at++] = '&';
    }
    if (len > 0) {
        memcpy(joined + at, of_config, len);
    }
    joined[at + len] = '\0';
    return joined;
}

static void configure(struct pl_client_sio_manager *manager, const struct parley_sio_config *config)
{
    manager->eio_config = (struct pl_client_eio_config){
        .transport = &manager->transport,
        .transports = config->transports,
        .path = pl_str_of_cstr(manager->path),
        .query = pl_str_of_cstr(manager->query),
        .unsent_max = config->unsent_max,
        .on_released = on_released,
    };
    manager->limits = (struct pl_sio_limits){
        .role = PL_SIO_ROLE_CLIENT,
        .attachment_limit = (uint32_t)config->attachment_max,
        .packet_limit_bytes = manager->transport.message_max,
    };
    pl_sio_decoder_init(&manager->decoder, &manager->limits);
    manager->remembers_upgrade = config->remembers_upgrade;
    manager->attachment_max = (uint32_t)config->attachment_max;
    manager->unsent_max = config->unsent_max;
    pl_buf_init(&manager->args, config->unsent_max);
    pl_buf_init(&manager->text, SIZE_MAX); /* the session bounds it */
}

/* What create made, but for the timer. */
static void free_manager(struct pl_client_sio_manager *manager)
{
    pl_sio_decoder_fini(&manager->decoder);
    pl_buf_fini(&manager->args);
    pl_buf_fini(&manager->text);
    pl_client_transport_fini(&manager->transport);
    pl_free(manager->path);
    pl_free(manager->query);
    pl_free(manager);
}

int pl_client_sio_manager_create(struct pl_client_sio_manager **out, struct parley_client *client,
                                 const char *url, const struct parley_sio_config *config)
{
    struct pl_client_sio_manager *manager = pl_try_alloc(sizeof(*manager));
    int rc = 0;
    if (manager == NULL) {
        return pl_client_fail(client, PL_E_NOMEM, "no memory for a connection");
    }
    *manager = (struct pl_client_sio_manager){.client = client};
    pl_list_init(&manager->sockets);
    manager->cursor = &manager->sockets;
    manager->attempts.on_late = pl_client_sio_link_on_late;
    manager->attempts.on_due = pl_client_sio_link_on_due;
    manager->free.run = on_free;
    rc = pl_client_transport_init(&manager->transport, url, &config->transport,
                                  pl_client_err(client));
    if (rc < 0) {
        pl_free(manager);
        return rc;
    }
    manager->path = copy_path(config->path);
    manager->query = join_queries(manager->transport.url.query, config->query);
    if (manager->path == NULL || manager->query == NULL ||
        pl_client_attempts_init(&manager->attempts, client, &config->reconnect,
                                manager->transport.connect_timeout_ms) < 0) {
        free_manager(manager);
        return pl_client_fail(client, PL_E_NOMEM, "no memory for a connection");
    }
    configure(manager, config);
    *out = manager;
    return 0;
}

/* Sessions that are still sending borrow its settings. */
static void free_when_unused(struct pl_client_sio_manager *manager)
{
    if (manager->eio_count == 0 && pl_list_is_empty(&manager->sockets)) {
        pl_client_free_later(manager->client, &manager->free);
    }
}

static void on_free(struct pl_client_later *later)
{
    struct pl_client_sio_manager *manager =
        PL_CONTAINER_OF(later, struct pl_client_sio_manager, free);
    pl_client_attempts_fini(&manager->attempts);
    free_manager(manager);
}

static void on_released(void *user)
{
    struct pl_client_sio_manager *manager = user;
    manager->eio_count--;
    free_when_unused(manager);
}

/* --- walks --- */

void pl_client_sio_each(struct pl_client_sio_manager *manager,
                        void (*visit)(struct parley_sio *sio, void *user), void *user)
{
    manager->cursor = manager->sockets.next;
    while (manager->cursor != &manager->sockets) {
        struct parley_sio *sio = PL_CONTAINER_OF(manager->cursor, struct parley_sio, node);
        manager->cursor = manager->cursor->next;
        visit(sio, user);
    }
}

struct parley_sio *pl_client_sio_find(const struct pl_client_sio_manager *manager,
                                      struct pl_str nsp)
{
    PL_LIST_EACH(node, &manager->sockets)
    {
        struct parley_sio *sio = PL_CONTAINER_OF(node, struct parley_sio, node);
        if (pl_str_eq(pl_str_of_cstr(sio->nsp), nsp)) {
            return sio;
        }
    }
    return NULL;
}

bool pl_client_sio_has_active(const struct pl_client_sio_manager *manager,
                              const struct parley_sio *except)
{
    PL_LIST_EACH(node, &manager->sockets)
    {
        const struct parley_sio *sio = PL_CONTAINER_OF(node, struct parley_sio, node);
        if (sio != except && pl_client_sio_is_active(sio)) {
            return true;
        }
    }
    return false;
}

void pl_client_sio_manager_drop(struct pl_client_sio_manager *manager)
{
    pl_client_sio_link_rest(manager);
    free_when_unused(manager);
}
