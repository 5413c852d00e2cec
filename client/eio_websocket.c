/* A session by WebSocket: one packet per message, bytes as they are. The same callbacks serve the
 * WebSocket that an upgrade tries out. */
#include "client/eio_internal.h"

#include "codec/ws_close.h"

#define CLOSE_TIMEOUT_MS 2000
#define QUEUE_MAX (SIZE_MAX / 4) /* the session counts itself */

static void on_ws_open(struct pl_client_ws *ws, struct pl_str protocol, void *user)
{
    struct pl_client_eio *eio = user;
    (void)protocol;
    if (ws == eio->probe) {
        pl_client_eio_upgrade_opened(eio);
    }
}

static void take_message(struct pl_client_eio *eio, bool is_text, struct pl_str bytes)
{
    struct pl_eio_packet packet = pl_eio_packet_of_bytes(bytes);
    struct pl_arena arena;
    struct pl_error err = {0};
    int rc = 0;
    pl_arena_init(&arena, SIZE_MAX / 2);
    if (is_text) {
        rc = pl_eio_packet_read(&packet, bytes, &arena, &err);
    }
    if (rc < 0) {
        pl_client_eio_take_failed(eio, rc, &err);
    } else {
        pl_client_eio_take(eio, &packet);
    }
    pl_arena_fini(&arena);
}

static void on_ws_message(struct pl_client_ws *ws, bool is_text, struct pl_span bytes, void *user)
{
    struct pl_client_eio *eio = user;
    if (ws == eio->probe) {
        pl_client_eio_upgrade_answer(eio, is_text ? pl_str_of_span(bytes) : PL_STR(""));
    } else {
        take_message(eio, is_text, pl_str_of_span(bytes));
    }
}

static void on_ws_sent(struct pl_client_ws *ws, void *user)
{
    struct pl_client_eio *eio = user;
    if (ws != eio->ws || eio->sid == NULL) {
        return;
    }
    if (eio->queue.first != NULL) {
        pl_client_eio_pump(eio);
    } else {
        pl_client_eio_drained(eio);
    }
}

/* Spec 1.6: a peer that closes, or is simply gone, is "transport close". */
static void closed(struct pl_client_eio *eio, int error, int code, const char *reason)
{
    struct pl_error detail;
    bool was_open = eio->state != PL_CLIENT_EIO_OPENING;
    bool is_close = was_open && (error == 0 || error == PL_E_CLOSED);
    if (error == 0) {
        pl_error_set(&detail, error, "WebSocket closed with %d%s%s", code,
                     reason[0] != 0 ? ": " : "", reason);
    } else {
        pl_error_set(&detail, error, "WebSocket: %s", reason);
    }
    pl_client_eio_end(eio, is_close ? PL_CLIENT_EIO_TRANSPORT_CLOSE : PL_CLIENT_EIO_TRANSPORT_ERROR,
                      error == 0 && !was_open ? PL_E_CLOSED : error, code, detail.text);
}

static bool may_fall_back(const struct pl_client_eio *eio, int error)
{
    return eio->state == PL_CLIENT_EIO_OPENING && eio->sid == NULL &&
           eio->config.transports != PARLEY_SIO_WEBSOCKET_ONLY && error != PL_E_NOMEM &&
           error != PL_E_NOT_FOUND;
}

void pl_client_eio_fall_back(struct pl_client_eio *eio, int error, int close_code,
                             const char *reason)
{
    struct pl_error err = {0};
    int rc = 0;
    if (!may_fall_back(eio, error)) {
        closed(eio, error, close_code, reason);
        return;
    }
    pl_client_timer_stop(eio->client, &eio->probe_timer);
    pl_client_ws_destroy(&eio->ws);
    eio->way = PL_CLIENT_EIO_POLLING;
    eio->has_fallen_back = true;
    rc = pl_client_eio_poll(eio, &err);
    if (rc < 0) {
        pl_client_eio_fail(eio, rc, err.text);
    }
}

static void on_ws_closed(struct pl_client_ws *ws, int error, uint16_t code, struct pl_str reason,
                         void *user)
{
    struct pl_client_eio *eio = user;
    struct pl_error words; /* with a NUL behind them */
    pl_error_set(&words, error, PL_STR_FMT, PL_STR_ARG(pl_str_first(reason, PL_ERROR_TEXT_MAX)));
    if (ws == eio->probe) {
        pl_client_eio_upgrade_failed(eio);
    } else {
        pl_client_eio_fall_back(eio, error, code, words.text);
    }
}

static const struct pl_client_ws_owner ws_owner = {on_ws_open, on_ws_message, on_ws_sent,
                                                   on_ws_closed};

int pl_client_eio_open_websocket(struct pl_client_eio *eio, struct pl_client_ws **out,
                                 struct pl_error *err)
{
    struct pl_buf target;
    int rc = 0;
    pl_buf_init(&target, SIZE_MAX);
    pl_client_eio_write_target(&target, eio, PL_CLIENT_EIO_WEBSOCKET);
    rc = pl_buf_failed(&target)
             ? pl_error_set(err, PL_E_NOMEM, "no memory for a request")
             : pl_client_ws_open(out, eio->client, eio->config.transport, pl_buf_str(&target), NULL,
                                 QUEUE_MAX, &ws_owner, eio, err);
    pl_buf_fini(&target);
    return rc;
}

static int send_item(struct pl_client_eio *eio, const struct pl_client_eio_item *item)
{
    char digit = (char)('0' + (int)item->type);
    struct pl_str data = pl_str_make(item->data, item->len);
    if (item->type == PL_EIO_BINARY) {
        return pl_client_ws_send(eio->ws, false, PL_STR(""), data);
    }
    if (item->type == PL_EIO_CLOSE) {
        pl_client_ws_close(eio->ws, PL_WS_CLOSE_NORMAL, PL_STR(""), CLOSE_TIMEOUT_MS);
        return 0;
    }
    return pl_client_ws_send(eio->ws, true, pl_str_make(&digit, 1), data);
}

void pl_client_eio_send_queue(struct pl_client_eio *eio)
{
    while (eio->queue.first != NULL && send_item(eio, eio->queue.first) == 0) {
        pl_client_eio_queue_drop(&eio->queue);
    }
}
