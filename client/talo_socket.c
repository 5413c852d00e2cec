/* The public calls about the socket: each looks at how it stands, and passes on. Source: shared spec
 * talo.md 6.3. */
#include "client/talo_internal.h"

#include "codec/ws_close.h"

int parley_talo_open(struct parley_talo *talo)
{
    int rc = pl_talo_enter(talo);
    if (rc < 0) {
        return rc;
    }
    switch (talo->link) {
    case PL_TALO_CLOSED:
    case PL_TALO_WAITING:
        return pl_talo_link_open(talo);
    case PL_TALO_CLOSING:
        talo->reopens = true;
        return 0;
    case PL_TALO_TICKET:
    case PL_TALO_CONNECTING:
    case PL_TALO_OPEN:
        break;
    }
    return pl_client_fail(talo->client, PL_E_STATE, "the socket is opening or open already");
}

static void close_open(struct parley_talo *talo, uint16_t code, struct pl_str reason, bool reopens)
{
    talo->link = PL_TALO_CLOSING;
    talo->is_identified = false;
    talo->is_identifying = false;
    talo->reopens = reopens;
    pl_client_timer_stop(talo->client, &talo->heartbeat_timer);
    pl_client_ws_close(talo->ws, code, reason, talo->config.close_timeout_ms);
}

int parley_talo_close(struct parley_talo *talo, int code, const char *reason)
{
    struct pl_str text = pl_str_of_cstr(reason == NULL ? "" : reason);
    int rc = pl_talo_enter(talo);
    rc = rc < 0 ? rc : pl_client_check_close(talo->client, code, text);
    if (rc < 0) {
        return rc;
    }
    switch (talo->link) {
    case PL_TALO_TICKET:
    case PL_TALO_CONNECTING:
    case PL_TALO_WAITING:
        pl_talo_link_drop(talo);
        return 0;
    case PL_TALO_OPEN:
        close_open(talo, (uint16_t)code, text, false);
        return 0;
    case PL_TALO_CLOSING:
        if (talo->reopens) {
            talo->reopens = false;
            return 0;
        }
        break;
    case PL_TALO_CLOSED:
        break;
    }
    return pl_client_fail(talo->client, PL_E_STATE, "the socket is not open");
}

int parley_talo_reset(struct parley_talo *talo)
{
    int rc = pl_talo_enter(talo);
    if (rc < 0) {
        return rc;
    }
    if (talo->link == PL_TALO_OPEN) {
        close_open(talo, PL_WS_CLOSE_NORMAL, PL_STR(""), talo->config.auto_connect);
        return 0;
    }
    if (talo->link == PL_TALO_CLOSING) {
        talo->reopens = talo->config.auto_connect;
        return 0;
    }
    pl_talo_link_drop(talo);
    return talo->config.auto_connect ? pl_talo_link_open(talo) : 0;
}

bool parley_talo_is_open(const struct parley_talo *talo)
{
    return talo->link == PL_TALO_OPEN;
}

bool parley_talo_is_identified(const struct parley_talo *talo)
{
    return talo->is_identified;
}
