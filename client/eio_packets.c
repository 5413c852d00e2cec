/* What the server sends, whichever way it comes: the open packet first, then pings and messages. */
#include "client/eio_internal.h"

#include "base/alloc.h"
#include "codec/eio_handshake.h"

#define SID_MAX 512
#define SILENCE_MAX_MS INT32_MAX
#define BODY_MAX_BYTES 1000000 /* what servers take that name no maxPayload; more gains nothing */
#define UNSENT_PONGS_BYTES 1024

static void parse_failed(struct pl_client_eio *eio, const char *detail)
{
    pl_client_eio_end(eio, PL_CLIENT_EIO_PARSE_ERROR, PL_E_PROTO, 0, detail);
}

void pl_client_eio_take_failed(struct pl_client_eio *eio, int rc, const struct pl_error *err)
{
    if (rc == PL_E_PROTO) {
        parse_failed(eio, err->text);
    } else {
        pl_client_eio_fail(eio, PL_E_NOMEM, "no memory for a packet");
    }
}

static void expect_ping(struct pl_client_eio *eio)
{
    eio->deadline_ms = pl_client_now_ms(eio->client) + eio->silence_max_ms;
    pl_client_timer_set(eio->client, &eio->beat, eio->silence_max_ms);
}

/* Keep what the open packet says. Returns 0, PL_E_PROTO, PL_E_NOMEM. */
static int keep_handshake(struct pl_client_eio *eio, const struct pl_eio_handshake *handshake,
                          struct pl_error *err)
{
    int64_t silence_ms = (int64_t)handshake->ping_interval_ms + (int64_t)handshake->ping_timeout_ms;
    if (handshake->sid.len == 0 || handshake->sid.len > SID_MAX) {
        return pl_error_set(err, PL_E_PROTO, "open packet with a sid of %zu bytes",
                            handshake->sid.len);
    }
    if (silence_ms == 0) {
        return pl_error_set(err, PL_E_PROTO, "open packet without time for a ping");
    }
    eio->sid = pl_try_alloc(handshake->sid.len);
    if (eio->sid == NULL) {
        return PL_E_NOMEM;
    }
    memcpy(eio->sid, handshake->sid.ptr, handshake->sid.len);
    eio->sid_len = handshake->sid.len;
    eio->silence_max_ms = silence_ms < SILENCE_MAX_MS ? silence_ms : SILENCE_MAX_MS;
    eio->body_max =
        handshake->max_payload_bytes == 0 || handshake->max_payload_bytes > BODY_MAX_BYTES
            ? BODY_MAX_BYTES
            : (size_t)handshake->max_payload_bytes;
    return 0;
}

static bool wants_upgrade(const struct pl_client_eio *eio, bool is_offered)
{
    return is_offered && eio->state == PL_CLIENT_EIO_OPEN && eio->way == PL_CLIENT_EIO_POLLING &&
           eio->config.transports == PARLEY_SIO_POLLING_THEN_WEBSOCKET && !eio->has_fallen_back;
}

static void opened(struct pl_client_eio *eio, bool offers_websocket)
{
    if (eio->state == PL_CLIENT_EIO_LEAVING) { /* its close goes out now */
        pl_client_flush_later(eio->client, &eio->flush);
        return;
    }
    eio->state = PL_CLIENT_EIO_OPEN;
    pl_client_timer_stop(eio->client, &eio->probe_timer);
    expect_ping(eio);
    eio->owner->on_open(eio, eio->user);
    if (wants_upgrade(eio, offers_websocket)) {
        pl_client_eio_upgrade_start(eio);
    }
}

static void take_open(struct pl_client_eio *eio, struct pl_str json)
{
    struct pl_eio_handshake handshake;
    struct pl_error err = {0};
    struct pl_arena arena;
    int rc = 0;
    pl_arena_init(&arena, SIZE_MAX / 2);
    rc = pl_eio_handshake_read(&handshake, json, &arena, &err);
    if (rc == 0) {
        rc = keep_handshake(eio, &handshake, &err);
    }
    pl_arena_fini(&arena);
    if (rc < 0) {
        pl_client_eio_take_failed(eio, rc, &err);
        return;
    }
    opened(eio, handshake.offers_websocket);
}

static void take_first(struct pl_client_eio *eio, const struct pl_eio_packet *packet)
{
    if (packet->type == PL_EIO_OPEN) {
        take_open(eio, packet->data);
    } else if (packet->type == PL_EIO_CLOSE) {
        pl_client_eio_end(eio, PL_CLIENT_EIO_TRANSPORT_CLOSE, PL_E_CLOSED, 0,
                          "closed by the server before it was open");
    } else {
        parse_failed(eio, "the server's first packet does not open a session");
    }
}

/* A server that pings without reading gets no pong for each of them. */
static bool has_pongs_enough(const struct pl_client_eio *eio)
{
    if (eio->queue.last != NULL) {
        return eio->queue.last->type == PL_EIO_PONG;
    }
    return eio->way == PL_CLIENT_EIO_WEBSOCKET &&
           pl_client_ws_unsent(eio->ws) > eio->config.unsent_max &&
           pl_client_ws_unsent(eio->ws) - eio->config.unsent_max > UNSENT_PONGS_BYTES;
}

static void take_ping(struct pl_client_eio *eio)
{
    expect_ping(eio);
    if (has_pongs_enough(eio)) {
        return;
    }
    if (pl_client_eio_queue_mark(&eio->queue, PL_EIO_PONG) < 0) {
        pl_client_eio_fail(eio, PL_E_NOMEM, "no memory for a pong");
        return;
    }
    pl_client_flush_later(eio->client, &eio->flush);
}

void pl_client_eio_take(struct pl_client_eio *eio, const struct pl_eio_packet *packet)
{
    if (eio->sid == NULL) {
        take_first(eio, packet);
        return;
    }
    if (packet->type == PL_EIO_CLOSE) {
        pl_client_eio_end(eio, PL_CLIENT_EIO_TRANSPORT_CLOSE, 0, 0, "closed by the server");
        return;
    }
    if (eio->state != PL_CLIENT_EIO_OPEN) {
        return;
    }
    switch (packet->type) {
    case PL_EIO_PING:
        take_ping(eio);
        break;
    case PL_EIO_MESSAGE:
        eio->owner->on_text(eio, packet->data, eio->user);
        break;
    case PL_EIO_BINARY:
        eio->owner->on_binary(eio, packet->data, eio->user);
        break;
    case PL_EIO_OPEN: /* no server has business with these now; the JavaScript client skips them */
    case PL_EIO_CLOSE:
    case PL_EIO_PONG:
    case PL_EIO_UPGRADE:
    case PL_EIO_NOOP:
        break;
    }
}
