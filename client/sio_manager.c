/* The connection that sockets share: opened for the first that wants it, tried again when it is
 * lost, closed behind the last. Source: shared spec socketio.md 2.10, 2.11. */
#include "client/sio_internal.h"

#include "base/alloc.h"

static void on_open(struct pl_client_eio *eio, void *user);
static void on_drain(struct pl_client_eio *eio, void *user);
static void on_upgrade(struct pl_client_eio *eio, void *user);
static void on_closed(struct pl_client_eio *eio, const struct pl_client_eio_closed *closed,
                      void *user);
static void on_timer(struct pl_timer *timer);
static void on_free(struct pl_client_later *later);
static void on_released(void *user);

static const struct pl_client_eio_owner eio_owner = {.on_open = on_open,
                                                     .on_text = pl_client_sio_on_text,
                                                     .on_binary = pl_client_sio_on_binary,
                                                     .on_drain = on_drain,
                                                     .on_upgrade = on_upgrade,
                                                     .on_closed = on_closed};

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
    manager->backoff.config = config->reconnect;
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
    manager->timer.on_due = on_timer;
    manager->free.run = on_free;
    rc = pl_client_transport_init(&manager->transport, url, &config->transport,
                                  pl_client_err(client));
    if (rc < 0) {
        pl_free(manager);
        return rc;
    }
    manager->path = copy_path(config->path);
    manager->query = join_queries(manager->transport.url.query, config->query);
    if (manager->path == NULL || manager->query == NULL || pl_client_reserve_timer(client) < 0) {
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
    pl_client_release_timer(manager->client, &manager->timer);
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

/* --- opening and closing --- */

/* No session, and nothing planned. One that there was sends what it has in the background. */
static void shut(struct pl_client_sio_manager *manager)
{
    manager->link = PL_CLIENT_SIO_CLOSED;
    pl_client_timer_stop(manager->client, &manager->timer);
    pl_sio_decoder_fini(&manager->decoder);
    pl_client_eio_destroy(&manager->eio);
}

static int open_session(struct pl_client_sio_manager *manager, struct pl_error *err)
{
    int timeout_ms = manager->transport.connect_timeout_ms;
    int rc = 0;
    manager->eio_config.starts_with_websocket =
        manager->remembers_upgrade && manager->had_websocket;
    rc = pl_client_eio_open(&manager->eio, manager->client, &manager->eio_config, &eio_owner,
                            manager, err);
    if (rc < 0) {
        return rc;
    }
    manager->eio_count++;
    manager->link = PL_CLIENT_SIO_OPENING;
    if (timeout_ms > 0) {
        pl_client_timer_set(manager->client, &manager->timer, timeout_ms);
    }
    return 0;
}

int pl_client_sio_manager_open(struct pl_client_sio_manager *manager)
{
    if (manager->link != PL_CLIENT_SIO_CLOSED) {
        return 0;
    }
    pl_client_backoff_reset(&manager->backoff);
    return open_session(manager, pl_client_err(manager->client));
}

void pl_client_sio_manager_rest(struct pl_client_sio_manager *manager)
{
    if (!pl_client_sio_has_active(manager, NULL)) {
        shut(manager);
    }
}

void pl_client_sio_manager_drop(struct pl_client_sio_manager *manager)
{
    pl_client_sio_manager_rest(manager);
    free_when_unused(manager);
}

/* --- attempts --- */

/* Plan the next one. Returns its delay; -1 when there is none. */
static int plan(struct pl_client_sio_manager *manager)
{
    int delay_ms = pl_client_backoff_next(&manager->backoff, pl_client_random(manager->client));
    if (delay_ms >= 0) {
        manager->link = PL_CLIENT_SIO_WAITING;
        pl_client_timer_set(manager->client, &manager->timer, delay_ms);
    }
    return delay_ms;
}

/* What the sockets are told when an attempt failed or the connection was lost. */
struct ending {
    struct parley_client_event failure;
    struct parley_client_event loss;
    bool has_given_up;
};

/* First all sockets change, then they are told: what a callback sees of the others is true. */
static void end_socket(struct parley_sio *sio, int delay_ms)
{
    if (!pl_client_sio_is_active(sio)) {
        return;
    }
    sio->owed = sio->state == PL_CLIENT_SIO_CONNECTED ? PL_CLIENT_SIO_OWED_LOSS
                                                      : PL_CLIENT_SIO_OWED_FAILURE;
    pl_client_sio_deactivate(sio);
    if (delay_ms >= 0) {
        sio->state = PL_CLIENT_SIO_PENDING;
    }
}

static void tell_end(struct parley_sio *sio, void *user)
{
    const struct ending *ending = user;
    enum pl_client_sio_owed owed = sio->owed;
    struct parley_client_event event =
        owed == PL_CLIENT_SIO_OWED_LOSS ? ending->loss : ending->failure;
    sio->owed = PL_CLIENT_SIO_OWED_NOTHING;
    if (owed == PL_CLIENT_SIO_OWED_NOTHING) {
        return;
    }
    if (!pl_client_sio_is_active(sio)) {
        event.delay_ms = -1; /* another's callback took it out */
    }
    pl_client_sio_tell(sio, &event);
    pl_client_sio_acks_close(sio);
    if (ending->has_given_up && !sio->is_destroyed && !pl_client_sio_is_active(sio)) {
        event = (struct parley_client_event){.kind = PARLEY_CLIENT_GAVE_UP, .delay_ms = -1};
        pl_client_sio_tell(sio, &event);
    }
}

static void end_attempt(struct pl_client_sio_manager *manager, struct ending *ending)
{
    int delay_ms = -1;
    shut(manager);
    delay_ms = plan(manager);
    ending->has_given_up = delay_ms < 0 && manager->backoff.config.is_on;
    ending->failure.kind = PARLEY_CLIENT_CONNECT_FAILED;
    ending->failure.delay_ms = delay_ms;
    ending->loss.kind = PARLEY_CLIENT_DISCONNECTED;
    ending->loss.delay_ms = delay_ms;
    PL_LIST_EACH(node, &manager->sockets)
    {
        end_socket(PL_CONTAINER_OF(node, struct parley_sio, node), delay_ms);
    }
    pl_client_sio_each(manager, tell_end, ending);
}

/* It did not open. */
static void fail(struct pl_client_sio_manager *manager, int error, int close_code,
                 const char *reason)
{
    struct ending ending = {.failure = {.error = error,
                                        .reason = reason,
                                        .detail = "transport error",
                                        .close_code = close_code}};
    manager->had_websocket = false;
    end_attempt(manager, &ending);
}

static const char *name_of(enum pl_client_eio_end end)
{
    switch (end) {
    case PL_CLIENT_EIO_TRANSPORT_ERROR:
        break;
    case PL_CLIENT_EIO_TRANSPORT_CLOSE:
        return "transport close";
    case PL_CLIENT_EIO_PING_TIMEOUT:
        return "ping timeout";
    case PL_CLIENT_EIO_PARSE_ERROR:
        return "parse error";
    }
    return "transport error";
}

void pl_client_sio_manager_lose(struct pl_client_sio_manager *manager, enum pl_client_eio_end end,
                                int error, int close_code, const char *detail)
{
    struct pl_error words;
    struct ending ending = {.loss = {.error = error,
                                     .reason = name_of(end),
                                     .detail = words.text,
                                     .close_code = close_code}};
    pl_error_set(&words, error, "%s", detail); /* shut may free where it lies */
    ending.failure = ending.loss;
    if (ending.failure.error == 0) {
        ending.failure.error = PL_E_CLOSED;
    }
    if (end == PL_CLIENT_EIO_TRANSPORT_ERROR) {
        manager->had_websocket = false;
    }
    pl_client_backoff_reset(&manager->backoff);
    end_attempt(manager, &ending);
}

static void tell_attempt(struct parley_sio *sio, void *user)
{
    struct pl_client_sio_manager *manager = user;
    struct parley_client_event event = {
        .kind = PARLEY_CLIENT_RECONNECTING, .attempt = manager->backoff.attempt, .delay_ms = -1};
    if (sio->state == PL_CLIENT_SIO_PENDING && manager->link == PL_CLIENT_SIO_WAITING) {
        pl_client_sio_tell(sio, &event);
    }
}

static void on_timer(struct pl_timer *timer)
{
    struct pl_client_sio_manager *manager =
        PL_CONTAINER_OF(timer, struct pl_client_sio_manager, timer);
    struct pl_error err = {.code = 0};
    if (manager->link == PL_CLIENT_SIO_OPENING) {
        fail(manager, PL_E_TIMEOUT, 0, "timeout");
        return;
    }
    pl_client_sio_each(manager, tell_attempt, manager);
    if (manager->link == PL_CLIENT_SIO_WAITING) { /* callbacks may have ended it */
        int rc = open_session(manager, &err);
        if (rc < 0) {
            fail(manager, rc, 0, err.text);
        }
    }
}

/* --- what the session tells --- */

static void start_socket(struct parley_sio *sio, void *user)
{
    struct pl_client_sio_manager *manager = user;
    int rc = 0;
    sio->was_here = false;
    if (sio->state != PL_CLIENT_SIO_PENDING || manager->link != PL_CLIENT_SIO_OPEN) {
        return;
    }
    sio->attempt = manager->attempt;
    rc = pl_client_sio_start(sio, true);
    if (rc < 0) {
        manager->start_error = rc;
    }
}

static void on_open(struct pl_client_eio *eio, void *user)
{
    struct pl_client_sio_manager *manager = user;
    pl_client_timer_stop(manager->client, &manager->timer);
    manager->link = PL_CLIENT_SIO_OPEN;
    manager->attempt = manager->backoff.attempt;
    manager->start_error = 0;
    pl_client_backoff_reset(&manager->backoff);
    if (strcmp(pl_client_eio_transport(eio), "websocket") == 0) {
        manager->had_websocket = true;
    }
    pl_client_sio_each(manager, start_socket, manager);
    if (manager->start_error < 0 && manager->link == PL_CLIENT_SIO_OPEN) {
        pl_client_sio_manager_lose(manager, PL_CLIENT_EIO_TRANSPORT_ERROR, manager->start_error, 0,
                                   "CONNECT could not be sent");
    }
}

static void flush_socket(struct parley_sio *sio, void *user)
{
    (void)user;
    pl_client_sio_flush(sio);
    if (pl_client_sio_is_up(sio)) {
        pl_client_sio_retry(sio);
    }
}

static void on_drain(struct pl_client_eio *eio, void *user)
{
    (void)eio;
    pl_client_sio_each(user, flush_socket, NULL);
}

static void on_upgrade(struct pl_client_eio *eio, void *user)
{
    struct pl_client_sio_manager *manager = user;
    (void)eio;
    manager->had_websocket = true;
}

static void on_closed(struct pl_client_eio *eio, const struct pl_client_eio_closed *closed,
                      void *user)
{
    struct pl_client_sio_manager *manager = user;
    struct pl_error words;
    (void)eio;
    pl_error_set(&words, closed->error, "%s", closed->detail);
    if (manager->link == PL_CLIENT_SIO_OPENING) {
        fail(manager, closed->error == 0 ? PL_E_CLOSED : closed->error, closed->close_code,
             words.text[0] == '\0' ? name_of(closed->end) : words.text);
    } else {
        pl_client_sio_manager_lose(manager, closed->end, closed->error, closed->close_code,
                                   words.text);
    }
}
