/* The connection of sockets: opened for the first that wants it, tried again when it is lost, closed
 * behind the last. Source: shared spec socketio.md 2.10, 2.11. */
#include "client/sio_internal.h"

static void on_open(struct pl_client_eio *eio, void *user);
static void on_drain(struct pl_client_eio *eio, void *user);
static void on_upgrade(struct pl_client_eio *eio, void *user);
static void on_closed(struct pl_client_eio *eio, const struct pl_client_eio_closed *closed,
                      void *user);

static const struct pl_client_eio_owner eio_owner = {.on_open = on_open,
                                                     .on_text = pl_client_sio_on_text,
                                                     .on_binary = pl_client_sio_on_binary,
                                                     .on_drain = on_drain,
                                                     .on_upgrade = on_upgrade,
                                                     .on_closed = on_closed};

/* --- opening and closing --- */

/* No session, and nothing planned. One that there was sends what it has in the background. */
static void shut(struct pl_client_sio_manager *manager)
{
    manager->link = PL_CLIENT_SIO_CLOSED;
    pl_client_attempts_stop(&manager->attempts);
    pl_sio_decoder_fini(&manager->decoder);
    pl_client_eio_destroy(&manager->eio);
}

static int open_session(struct pl_client_sio_manager *manager, struct pl_error *err)
{
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
    pl_client_attempts_begin(&manager->attempts);
    return 0;
}

int pl_client_sio_link_open(struct pl_client_sio_manager *manager)
{
    if (manager->link != PL_CLIENT_SIO_CLOSED) {
        return 0;
    }
    pl_client_backoff_reset(&manager->attempts.backoff);
    return open_session(manager, pl_client_err(manager->client));
}

void pl_client_sio_link_rest(struct pl_client_sio_manager *manager)
{
    if (!pl_client_sio_has_active(manager, NULL)) {
        shut(manager);
    }
}

/* --- attempts --- */

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
    delay_ms = pl_client_attempts_fail(&manager->attempts, &ending->has_given_up);
    if (delay_ms >= 0) {
        manager->link = PL_CLIENT_SIO_WAITING;
    }
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

void pl_client_sio_link_lose(struct pl_client_sio_manager *manager, enum pl_client_eio_end end,
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
    pl_client_backoff_reset(&manager->attempts.backoff);
    end_attempt(manager, &ending);
}

static void tell_attempt(struct parley_sio *sio, void *user)
{
    struct pl_client_sio_manager *manager = user;
    struct parley_client_event event = {.kind = PARLEY_CLIENT_RECONNECTING,
                                        .attempt = manager->attempts.backoff.attempt,
                                        .delay_ms = -1};
    if (sio->state == PL_CLIENT_SIO_PENDING && manager->link == PL_CLIENT_SIO_WAITING) {
        pl_client_sio_tell(sio, &event);
    }
}

void pl_client_sio_link_on_late(struct pl_client_attempts *attempts)
{
    fail(PL_CONTAINER_OF(attempts, struct pl_client_sio_manager, attempts), PL_E_TIMEOUT, 0,
         "timeout");
}

void pl_client_sio_link_on_due(struct pl_client_attempts *attempts)
{
    struct pl_client_sio_manager *manager =
        PL_CONTAINER_OF(attempts, struct pl_client_sio_manager, attempts);
    struct pl_error err = {.code = 0};
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
    manager->link = PL_CLIENT_SIO_OPEN;
    manager->attempt = pl_client_attempts_succeed(&manager->attempts);
    manager->start_error = 0;
    if (strcmp(pl_client_eio_transport(eio), "websocket") == 0) {
        manager->had_websocket = true;
    }
    pl_client_sio_each(manager, start_socket, manager);
    if (manager->start_error < 0 && manager->link == PL_CLIENT_SIO_OPEN) {
        pl_client_sio_link_lose(manager, PL_CLIENT_EIO_TRANSPORT_ERROR, manager->start_error, 0,
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
        pl_client_sio_link_lose(manager, closed->end, closed->error, closed->close_code,
                                words.text);
    }
}
