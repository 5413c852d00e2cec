/* An Engine.IO session: what its owner asks for, and how it ends. A session that its owner has left
 * stays, without him, until what was queued is sent, but not long. */
#include "client/engineio.h"

#include "base/alloc.h"
#include "client/eio_internal.h"

#define LEAVE_MS 2000

/* --- its end --- */

static void drop_transports(struct pl_client_eio *eio)
{
    pl_client_timer_stop(eio->client, &eio->beat);
    pl_client_timer_stop(eio->client, &eio->probe_timer);
    pl_client_later_cancel(&eio->flush);
    pl_client_later_cancel(&eio->resume);
    pl_buf_fini(&eio->held);
    eio->is_holding = false;
    pl_client_http_destroy(&eio->get);
    pl_client_http_destroy(&eio->post);
    pl_client_ws_destroy(&eio->ws);
    pl_client_ws_destroy(&eio->probe);
    pl_client_eio_queue_clear(&eio->queue);
    eio->posted_bytes = 0;
    eio->upgrade = PL_CLIENT_EIO_NO_UPGRADE;
    eio->state = PL_CLIENT_EIO_ENDED;
}

static void on_free(struct pl_client_later *later)
{
    struct pl_client_eio *eio = PL_CONTAINER_OF(later, struct pl_client_eio, free);
    if (eio->sid != NULL) {
        pl_wipe(eio->sid, eio->sid_len);
    }
    pl_free(eio->sid);
    if (eio->config.on_released != NULL) {
        eio->config.on_released(eio->user);
    }
    pl_free(eio);
}

/* Nobody knows it any more; it may be inside a callback of its own. */
static void release(struct pl_client_eio *eio)
{
    drop_transports(eio);
    pl_client_remove_socket(&eio->socket);
    pl_client_release_timer(eio->client, &eio->beat);
    pl_client_release_timer(eio->client, &eio->probe_timer);
    pl_client_free_later(eio->client, &eio->free);
}

void pl_client_eio_left(struct pl_client_eio *eio)
{
    if (eio->is_destroyed) {
        release(eio);
    } else {
        drop_transports(eio);
    }
}

/* The close goes behind all that is queued. */
static void queue_close(struct pl_client_eio *eio)
{
    if (pl_client_eio_queue_mark(&eio->queue, PL_EIO_CLOSE) < 0) {
        pl_client_eio_left(eio);
        return;
    }
    pl_client_flush_later(eio->client, &eio->flush);
}

/* From open, or opening: send what is queued, then close (spec 1.13). A probe that has not been
 * answered is given up; one that has is waited for, as the JavaScript client does. */
static void leave(struct pl_client_eio *eio)
{
    bool is_opening_websocket = eio->ws != NULL && eio->sid == NULL;
    eio->state = PL_CLIENT_EIO_LEAVING;
    if (is_opening_websocket || (eio->ws == NULL && eio->get == NULL)) {
        pl_client_eio_left(eio);
        return;
    }
    pl_client_timer_set(eio->client, &eio->beat, LEAVE_MS);
    if (eio->upgrade == PL_CLIENT_EIO_PROBING) {
        pl_client_eio_upgrade_failed(eio);
    }
    queue_close(eio);
}

void pl_client_eio_end(struct pl_client_eio *eio, enum pl_client_eio_end end, int error,
                       int close_code, const char *detail)
{
    const struct pl_client_eio_owner *owner = eio->owner;
    struct pl_error words;
    struct pl_client_eio_closed closed = {end, error, close_code, words.text};
    if (eio->state == PL_CLIENT_EIO_LEAVING) {
        pl_client_eio_left(eio);
        return;
    }
    if (eio->state == PL_CLIENT_EIO_ENDED) {
        return;
    }
    pl_error_set(&words, error, "%s", detail);
    if (end == PL_CLIENT_EIO_PARSE_ERROR && eio->sid != NULL) {
        pl_client_eio_queue_clear(&eio->queue);
        leave(eio); /* the server does not know yet */
    } else {
        drop_transports(eio);
    }
    eio->owner = NULL;
    owner->on_closed(eio, &closed, eio->user);
}

void pl_client_eio_fail(struct pl_client_eio *eio, int error, const char *detail)
{
    pl_client_eio_end(eio, PL_CLIENT_EIO_TRANSPORT_ERROR, error, 0, detail);
}

static void on_client_destroyed(struct pl_client_socket *socket)
{
    release(PL_CONTAINER_OF(socket, struct pl_client_eio, socket));
}

/* --- timers and the end of the turn --- */

static void on_beat_due(struct pl_timer *timer)
{
    struct pl_client_eio *eio = PL_CONTAINER_OF(timer, struct pl_client_eio, beat);
    struct pl_error err;
    pl_error_set(&err, PL_E_TIMEOUT, "no ping from the server for %lld ms",
                 (long long)eio->silence_max_ms);
    pl_client_eio_end(eio, PL_CLIENT_EIO_PING_TIMEOUT, PL_E_TIMEOUT, 0, err.text);
}

static void on_probe_due(struct pl_timer *timer)
{
    struct pl_client_eio *eio = PL_CONTAINER_OF(timer, struct pl_client_eio, probe_timer);
    if (eio->probe != NULL) {
        pl_client_eio_upgrade_failed(eio);
    } else {
        pl_client_eio_fall_back(eio, PL_E_TIMEOUT, 0, "it takes too long to open");
    }
}

void pl_client_eio_pump(struct pl_client_eio *eio)
{
    struct pl_error err = {0};
    int rc = 0;
    if (eio->state == PL_CLIENT_EIO_ENDED || eio->upgrade == PL_CLIENT_EIO_PAUSING) {
        return;
    }
    if (eio->way == PL_CLIENT_EIO_WEBSOCKET) {
        pl_client_eio_send_queue(eio);
        return;
    }
    rc = pl_client_eio_post(eio, &err);
    if (rc < 0) {
        pl_client_eio_fail(eio, rc, err.text);
    }
}

void pl_client_eio_drained(struct pl_client_eio *eio)
{
    if (eio->state == PL_CLIENT_EIO_OPEN) {
        eio->owner->on_drain(eio, eio->user);
    } else if (eio->state == PL_CLIENT_EIO_LEAVING && eio->way == PL_CLIENT_EIO_POLLING) {
        pl_client_eio_left(eio); /* of a WebSocket its on_closed tells */
    }
}

static void on_flush(struct pl_client_later *later)
{
    struct pl_client_eio *eio = PL_CONTAINER_OF(later, struct pl_client_eio, flush);
    pl_client_eio_pump(eio);
    if (eio->way == PL_CLIENT_EIO_WEBSOCKET && eio->queue.first != NULL && eio->ws != NULL &&
        pl_client_ws_unsent(eio->ws) == 0) { /* nothing will make room */
        pl_client_eio_fail(eio, PL_E_NOMEM, "no memory for a message");
    }
}

static void on_resume(struct pl_client_later *later)
{
    pl_client_eio_resume(PL_CONTAINER_OF(later, struct pl_client_eio, resume));
}

/* --- what the owner calls --- */

/* Half of the time to connect for the WebSocket, where polling is tried next. */
static int start_websocket(struct pl_client_eio *eio, struct pl_error *err)
{
    int rc = pl_client_eio_open_websocket(eio, &eio->ws, err);
    if (rc == 0 && eio->config.transports != PARLEY_SIO_WEBSOCKET_ONLY &&
        eio->config.transport->connect_timeout_ms > 0) {
        pl_client_timer_set(eio->client, &eio->probe_timer,
                            eio->config.transport->connect_timeout_ms / 2);
    }
    return rc;
}

static bool starts_with_websocket(const struct pl_client_eio_config *config)
{
    switch (config->transports) {
    case PARLEY_SIO_POLLING_THEN_WEBSOCKET:
        return config->starts_with_websocket;
    case PARLEY_SIO_POLLING_ONLY:
        return false;
    case PARLEY_SIO_WEBSOCKET_ONLY:
    case PARLEY_SIO_WEBSOCKET_OR_POLLING:
        break;
    }
    return true;
}

/* Two timers are reserved with it, or it is not made. */
static int create(struct pl_client_eio **out, struct parley_client *client)
{
    struct pl_client_eio *eio = pl_try_alloc(sizeof(*eio));
    if (eio == NULL) {
        return PL_E_NOMEM;
    }
    *eio = (struct pl_client_eio){.client = client};
    if (pl_client_reserve_timer(client) < 0) {
        pl_free(eio);
        return PL_E_NOMEM;
    }
    if (pl_client_reserve_timer(client) < 0) {
        pl_client_release_timer(client, &eio->beat);
        pl_free(eio);
        return PL_E_NOMEM;
    }
    eio->beat.on_due = on_beat_due;
    eio->probe_timer.on_due = on_probe_due;
    eio->flush.run = on_flush;
    eio->resume.run = on_resume;
    eio->free.run = on_free;
    eio->socket.destroy = on_client_destroyed;
    *out = eio;
    return 0;
}

int pl_client_eio_open(struct pl_client_eio **out, struct parley_client *client,
                       const struct pl_client_eio_config *config,
                       const struct pl_client_eio_owner *owner, void *user, struct pl_error *err)
{
    struct pl_client_eio *eio = NULL;
    int rc = create(&eio, client);
    if (rc < 0) {
        return pl_error_set(err, rc, "no memory for a session");
    }
    eio->config = *config;
    eio->owner = owner;
    eio->user = user;
    eio->way = starts_with_websocket(config) ? PL_CLIENT_EIO_WEBSOCKET : PL_CLIENT_EIO_POLLING;
    rc = eio->way == PL_CLIENT_EIO_WEBSOCKET ? start_websocket(eio, err)
                                             : pl_client_eio_poll(eio, err);
    if (rc < 0) {
        eio->config.on_released = NULL;
        release(eio);
        return rc;
    }
    *out = eio;
    return 0;
}

/* Whether so much more may wait. */
static bool has_room(const struct pl_client_eio *eio, struct pl_str text,
                     const struct pl_str *binaries, size_t binary_count)
{
    size_t bytes = 0;
    bool fits = pl_size_add(&bytes, pl_client_eio_unsent(eio), sizeof(struct pl_client_eio_item)) &&
                pl_size_add(&bytes, bytes, text.len);
    for (size_t i = 0; fits && i < binary_count; i++) {
        fits = pl_size_add(&bytes, bytes, sizeof(struct pl_client_eio_item)) &&
               pl_size_add(&bytes, bytes, binaries[i].len);
    }
    return fits && bytes <= eio->config.unsent_max;
}

/* One text and nothing before it: into the frame at once. */
static int send_text(struct pl_client_eio *eio, struct pl_str text)
{
    int rc = pl_client_ws_send(eio->ws, true, PL_STR("4"), text);
    return rc == PL_E_FULL ? PL_E_NOMEM : rc;
}

int pl_client_eio_send(struct pl_client_eio *eio, struct pl_str text, const struct pl_str *binaries,
                       size_t binary_count)
{
    int rc = 0;
    if (eio->state != PL_CLIENT_EIO_OPEN) {
        return PL_E_CLOSED;
    }
    if (!has_room(eio, text, binaries, binary_count)) {
        return PL_E_FULL;
    }
    if (eio->way == PL_CLIENT_EIO_WEBSOCKET && eio->queue.first == NULL && binary_count == 0) {
        return send_text(eio, text);
    }
    rc = pl_client_eio_queue_message(&eio->queue, text, binaries, binary_count);
    if (rc < 0) {
        return rc;
    }
    if (eio->way == PL_CLIENT_EIO_WEBSOCKET) {
        pl_client_eio_send_queue(eio);
    }
    if (eio->queue.first != NULL) {
        pl_client_flush_later(eio->client, &eio->flush);
    }
    return 0;
}

bool pl_client_eio_has_expired(const struct pl_client_eio *eio)
{
    return eio->state == PL_CLIENT_EIO_OPEN &&
           pl_client_now_ms(eio->client) >= eio->deadline_ms; /* its timer ends it */
}

bool pl_client_eio_is_writable(struct pl_client_eio *eio)
{
    if (eio->state != PL_CLIENT_EIO_OPEN || eio->upgrade == PL_CLIENT_EIO_PAUSING ||
        pl_client_eio_has_expired(eio)) {
        return false;
    }
    return pl_client_eio_unsent(eio) == 0;
}

size_t pl_client_eio_unsent(const struct pl_client_eio *eio)
{
    size_t bytes = eio->queue.bytes + eio->posted_bytes;
    return eio->ws == NULL ? bytes : bytes + pl_client_ws_unsent(eio->ws);
}

bool pl_client_eio_is_open(const struct pl_client_eio *eio)
{
    return eio->state == PL_CLIENT_EIO_OPEN;
}

const char *pl_client_eio_transport(const struct pl_client_eio *eio)
{
    return eio->way == PL_CLIENT_EIO_WEBSOCKET ? "websocket" : "polling";
}

void pl_client_eio_destroy(struct pl_client_eio **out)
{
    struct pl_client_eio *eio = *out;
    *out = NULL;
    if (eio == NULL) {
        return;
    }
    eio->owner = NULL;
    if (eio->state == PL_CLIENT_EIO_OPENING || eio->state == PL_CLIENT_EIO_OPEN) {
        leave(eio);
    }
    eio->is_destroyed = true;
    if (eio->state == PL_CLIENT_EIO_ENDED) {
        release(eio);
    } else {
        pl_client_add_socket(eio->client, &eio->socket);
    }
}
