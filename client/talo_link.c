/* The socket's life: a ticket, the connection, v1.connected, its end, the next attempt. After each
 * callback the state is looked at again: the application may have closed or destroyed it.
 * Source: shared spec talo.md 1.1, 1.3, 6.2 to 6.4. */
#include "client/talo_internal.h"

#include "client/request.h"
#include "codec/ws_close.h"

#define REFUSED_CODE 3000 /* no ticket, no key, revoked */

void pl_talo_tell(struct parley_talo *talo, const struct parley_client_event *event)
{
    if (talo->config.on_event != NULL) {
        struct parley_client_event told = pl_client_event_ready(talo->client, event);
        talo->config.on_event(talo, &told, talo->config.user);
    }
}

static pl_talo_after after_ticket;

/* --- how it ends --- */

static void shut(struct parley_talo *talo)
{
    pl_client_attempts_stop(&talo->attempts);
    pl_client_timer_stop(talo->client, &talo->heartbeat_timer);
    pl_client_ws_destroy(&talo->ws);
    talo->link = PL_TALO_CLOSED;
    talo->link_number++; /* what a ticket or token still brings is nobody's */
    pl_talo_calls_forget(talo, after_ticket);
    pl_talo_calls_forget(talo, pl_talo_after_token);
    talo->is_identified = false;
    talo->is_identifying = false;
    talo->reopens = false;
}

void pl_talo_link_drop(struct parley_talo *talo)
{
    shut(talo);
    pl_client_backoff_reset(&talo->attempts.backoff);
}

/* The attempt failed, or the connection is lost: say so, and try again if that is wanted. */
static void end(struct parley_talo *talo, struct parley_client_event *event)
{
    bool has_given_up = false;
    unsigned number = 0;
    shut(talo);
    number = talo->link_number;
    event->delay_ms = pl_client_attempts_fail(&talo->attempts, &has_given_up);
    if (event->delay_ms >= 0) {
        talo->link = PL_TALO_WAITING;
    }
    pl_talo_tell(talo, event);
    if (has_given_up && !talo->is_destroyed && talo->link_number == number &&
        talo->link == PL_TALO_CLOSED) {
        pl_talo_tell(talo, &(struct parley_client_event){.kind = PARLEY_CLIENT_GAVE_UP,
                                                         .error = event->error,
                                                         .delay_ms = -1});
    }
}

static void fail(struct parley_talo *talo, int error, int close_code, const char *reason)
{
    end(talo, &(struct parley_client_event){.kind = PARLEY_CLIENT_CONNECT_FAILED,
                                            .error = error,
                                            .reason = reason,
                                            .close_code = close_code});
}

void pl_talo_link_lose(struct parley_talo *talo, int error, const char *reason)
{
    switch (talo->link) {
    case PL_TALO_OPEN:
        end(talo, &(struct parley_client_event){.kind = PARLEY_CLIENT_DISCONNECTED,
                                                .error = error,
                                                .reason = reason,
                                                .close_code = PL_WS_CLOSE_ABNORMAL});
        break;
    case PL_TALO_TICKET:
    case PL_TALO_CONNECTING:
        fail(talo, error, 0, reason);
        break;
    case PL_TALO_CLOSED:
    case PL_TALO_CLOSING:
    case PL_TALO_WAITING:
        break;
    }
}

/* --- the connection --- */

static void on_open(struct pl_client_ws *ws, struct pl_str protocol, void *user)
{
    (void)ws;
    (void)protocol;
    (void)user; /* v1.connected opens it */
}

static void on_message(struct pl_client_ws *ws, bool is_text, struct pl_span bytes, void *user)
{
    struct parley_talo *talo = user;
    (void)ws;
    talo->is_answered = true;
    if (is_text && talo->link != PL_TALO_CLOSING) { /* the service sends nothing else */
        pl_talo_receive(talo, pl_str_of_span(bytes));
    }
}

/* As we wished. */
static void end_closing(struct parley_talo *talo, int error, int close_code, const char *reason)
{
    bool reopens = talo->reopens;
    struct parley_client_event event = {.kind = PARLEY_CLIENT_DISCONNECTED,
                                        .error = error,
                                        .reason = reason,
                                        .close_code = close_code,
                                        .delay_ms = reopens ? 0 : -1};
    pl_talo_link_drop(talo);
    if (reopens) {
        int rc = pl_talo_link_open(talo);
        if (rc < 0) {
            event.delay_ms = -1;
            event.error = rc;
        }
    }
    pl_talo_tell(talo, &event);
}

static void on_closed(struct pl_client_ws *ws, int error, uint16_t code, struct pl_str reason,
                      void *user)
{
    struct parley_talo *talo = user;
    struct pl_error text;
    (void)ws;
    pl_error_set(&text, error, PL_STR_FMT, PL_STR_ARG(reason));
    switch (talo->link) {
    case PL_TALO_CLOSING:
        end_closing(talo, error, code, text.text);
        break;
    case PL_TALO_OPEN:
        end(talo, &(struct parley_client_event){.kind = PARLEY_CLIENT_DISCONNECTED,
                                                .error = error,
                                                .reason = text.text,
                                                .close_code = code});
        break;
    case PL_TALO_CLOSED:
    case PL_TALO_TICKET:
    case PL_TALO_CONNECTING:
    case PL_TALO_WAITING:
        if (code == REFUSED_CODE) {
            fail(talo, PL_E_DENIED, code,
                 reason.len > 0 ? text.text : "the service refused the ticket or the access key");
        } else {
            fail(talo, error == 0 ? PL_E_CLOSED : error, code == PL_WS_CLOSE_ABNORMAL ? 0 : code,
                 text.text);
        }
        break;
    }
}

static const struct pl_client_ws_owner ws_owner = {
    .on_open = on_open, .on_message = on_message, .on_closed = on_closed};

/* --- opening --- */

static int connect_with(struct parley_talo *talo, const char *ticket, struct pl_error *err)
{
    const struct pl_client_transport *transport =
        talo->socket_transport.url_text != NULL ? &talo->socket_transport : &talo->api;
    struct pl_buf target;
    int rc = 0;
    pl_buf_init(&target, SIZE_MAX / 2);
    pl_talo_write_base(&target, transport);
    pl_buf_add_str(&target, PL_STR("/?ticket="));
    pl_client_request_escape(&target, pl_str_of_cstr(ticket));
    rc = pl_buf_failed(&target)
             ? pl_error_set(err, PL_E_NOMEM, "no memory for a connection")
             : pl_client_ws_open(&talo->ws, talo->client, transport, pl_buf_str(&target), NULL,
                                 talo->config.unsent_max, &ws_owner, talo, err);
    pl_buf_fini(&target);
    return rc;
}

static bool after_ticket(struct parley_talo *talo, struct pl_talo_call *call,
                         struct parley_talo_result *result, struct pl_str body)
{
    struct pl_error err = {0};
    int rc = result->error;
    (void)body;
    if (talo->link != PL_TALO_TICKET || call->link_number != talo->link_number) {
        return false; /* of an attempt that was given up */
    }
    if (rc < 0) {
        pl_error_set(&err, rc, "no ticket: %.200s", result->message);
    } else if (result->ticket[0] == '\0') {
        rc = pl_error_set(&err, PL_E_PROTO, "the service answered without a ticket");
    } else {
        rc = connect_with(talo, result->ticket, &err);
    }
    if (rc < 0) {
        fail(talo, rc, 0, err.text);
    } else {
        talo->link = PL_TALO_CONNECTING;
    }
    return false;
}

int pl_talo_link_open(struct parley_talo *talo)
{
    struct pl_talo_call *call = pl_talo_call_for("POST", NULL, NULL, "/v1/socket-tickets");
    unsigned number = talo->link_number + 1;
    int rc = 0;
    if (call != NULL) {
        call->after = after_ticket;
        call->link_number = number;
    }
    rc = pl_talo_call_make_first(talo, call);
    if (rc == 0) {
        talo->link_number = number;
        talo->link = PL_TALO_TICKET;
        talo->has_renewed = false;
        pl_client_attempts_begin(&talo->attempts);
    }
    return rc;
}

void pl_talo_link_connected(struct parley_talo *talo)
{
    struct parley_client_event event = {.kind = PARLEY_CLIENT_CONNECTED,
                                        .attempt = pl_client_attempts_succeed(&talo->attempts),
                                        .delay_ms = -1};
    int rc = 0;
    talo->link = PL_TALO_OPEN;
    pl_talo_heartbeat_begin(talo);
    rc = pl_talo_identify_socket(talo);
    pl_talo_tell(talo, &event);
    if (rc < 0 && !talo->is_destroyed && talo->link == PL_TALO_OPEN) {
        pl_talo_link_lose(talo, rc, "no memory to identify the player");
    }
}

/* --- attempts --- */

void pl_talo_link_on_late(struct pl_client_attempts *attempts)
{
    struct parley_talo *talo = PL_CONTAINER_OF(attempts, struct parley_talo, attempts);
    struct pl_error err;
    pl_error_set(&err, PL_E_TIMEOUT, "not connected after %d ms", attempts->timeout_ms);
    fail(talo, PL_E_TIMEOUT, 0, err.text);
}

void pl_talo_link_on_due(struct pl_client_attempts *attempts)
{
    struct parley_talo *talo = PL_CONTAINER_OF(attempts, struct parley_talo, attempts);
    struct parley_client_event event = {
        .kind = PARLEY_CLIENT_RECONNECTING, .attempt = attempts->backoff.attempt, .delay_ms = -1};
    int rc = 0;
    pl_talo_tell(talo, &event);
    if (talo->is_destroyed || talo->link != PL_TALO_WAITING) {
        return;
    }
    rc = pl_talo_link_open(talo);
    if (rc < 0) {
        struct pl_error err;
        pl_error_set(&err, rc, "%s", parley_client_error(talo->client));
        fail(talo, rc, 0, err.text);
    }
}
