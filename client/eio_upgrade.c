/* From polling to a WebSocket (spec 1.7): it is tried out while polling goes on; then no request is
 * begun any more, and when the last has been answered the rest goes by WebSocket. So each packet is
 * in one place at any time, and the two ways never overlap. */
#include "client/eio_internal.h"

#define PROBE_TIMEOUT_MS 20000 /* where no connect_timeout_ms says otherwise */

void pl_client_eio_upgrade_start(struct pl_client_eio *eio)
{
    int timeout_ms = eio->config.transport->connect_timeout_ms;
    if (pl_client_eio_open_websocket(eio, &eio->probe, NULL) < 0) {
        return; /* polling does as well */
    }
    eio->upgrade = PL_CLIENT_EIO_PROBING;
    pl_client_timer_set(eio->client, &eio->probe_timer,
                        timeout_ms > 0 ? timeout_ms : PROBE_TIMEOUT_MS);
}

void pl_client_eio_upgrade_opened(struct pl_client_eio *eio)
{
    if (pl_client_ws_send(eio->probe, true, PL_STR("2probe"), PL_STR("")) < 0) {
        pl_client_eio_upgrade_failed(eio);
    }
}

void pl_client_eio_upgrade_failed(struct pl_client_eio *eio)
{
    pl_client_timer_stop(eio->client, &eio->probe_timer);
    pl_client_ws_destroy(&eio->probe);
    eio->upgrade = PL_CLIENT_EIO_NO_UPGRADE;
    if (eio->queue.first != NULL) {
        pl_client_flush_later(eio->client, &eio->flush);
    }
    pl_client_eio_poll_on(eio);
}

void pl_client_eio_upgrade_answer(struct pl_client_eio *eio, struct pl_str message)
{
    if (eio->upgrade != PL_CLIENT_EIO_PROBING || !pl_str_eq(message, PL_STR("3probe"))) {
        pl_client_eio_upgrade_failed(eio);
        return;
    }
    pl_client_timer_stop(eio->client, &eio->probe_timer);
    eio->upgrade = PL_CLIENT_EIO_PAUSING;
    pl_client_eio_upgrade_step(eio);
}

void pl_client_eio_upgrade_step(struct pl_client_eio *eio)
{
    if (eio->upgrade != PL_CLIENT_EIO_PAUSING || pl_client_eio_is_requesting(eio)) {
        return;
    }
    if (pl_client_ws_send(eio->probe, true, PL_STR("5"), PL_STR("")) < 0) {
        pl_client_eio_upgrade_failed(eio);
        return;
    }
    eio->upgrade = PL_CLIENT_EIO_NO_UPGRADE;
    eio->way = PL_CLIENT_EIO_WEBSOCKET;
    eio->ws = eio->probe;
    eio->probe = NULL;
    pl_client_http_destroy(&eio->get);
    pl_client_http_destroy(&eio->post);
    pl_client_eio_pump(eio);
    if (eio->state == PL_CLIENT_EIO_OPEN) {
        eio->owner->on_upgrade(eio, eio->user);
    }
}
