/* What happens to a plain WebSocket: attempts, the open connection, its end, the next attempt. After
 * each callback the state is looked at again: the application may have closed or destroyed it. */
#include "client/websocket_internal.h"

#include "codec/ws_close.h"

static void emit(struct parley_websocket *websocket, const struct parley_client_event *event)
{
    if (websocket->config.on_event != NULL) {
        struct parley_client_event told = pl_client_event_ready(websocket->client, event);
        websocket->config.on_event(websocket, &told, websocket->config.user);
    }
}

void pl_websocket_drop(struct parley_websocket *websocket, enum pl_websocket_state state)
{
    pl_client_attempts_stop(&websocket->attempts);
    pl_client_ws_destroy(&websocket->ws);
    websocket->protocol[0] = '\0';
    websocket->state = state;
}

/* The attempt failed, or the connection has ended: say so, and try again if that is wanted. */
static void lose(struct parley_websocket *websocket, struct parley_client_event *event)
{
    bool was_last = false;
    pl_websocket_drop(websocket, PL_WEBSOCKET_IDLE);
    event->delay_ms = pl_client_attempts_fail(&websocket->attempts, &was_last);
    if (event->delay_ms >= 0) {
        websocket->state = PL_WEBSOCKET_WAITING;
    }
    emit(websocket, event);
    if (was_last && websocket->state == PL_WEBSOCKET_IDLE) {
        emit(websocket, &(struct parley_client_event){
                            .kind = PARLEY_CLIENT_GAVE_UP, .error = event->error, .delay_ms = -1});
    }
}

static void fail_attempt(struct parley_websocket *websocket, int error, uint16_t code,
                         const char *reason)
{
    lose(websocket,
         &(struct parley_client_event){.kind = PARLEY_CLIENT_CONNECT_FAILED,
                                       .error = error,
                                       .reason = reason,
                                       .close_code = code == PL_WS_CLOSE_ABNORMAL ? 0 : code});
}

/* --- what the connection tells --- */

void pl_websocket_send_queued(struct parley_websocket *websocket)
{
    struct pl_websocket_message *message = NULL;
    while ((message = pl_websocket_queue_first(&websocket->queue)) != NULL) {
        int rc = pl_client_ws_send(websocket->ws, message->is_text, PL_STR(""),
                                   pl_str_make(message->payload, message->len));
        if (rc < 0) {
            break; /* no room: more when what is under way has left */
        }
        pl_websocket_queue_drop_first(&websocket->queue);
    }
}

static void on_open(struct pl_client_ws *ws, struct pl_str protocol, void *user)
{
    struct parley_websocket *websocket = user;
    struct parley_client_event event = {.kind = PARLEY_CLIENT_CONNECTED,
                                        .attempt = pl_client_attempts_succeed(&websocket->attempts),
                                        .delay_ms = -1};
    (void)ws;
    memcpy(websocket->protocol, protocol.ptr, protocol.len); /* one of `protocols`: it fits */
    websocket->protocol[protocol.len] = '\0';
    websocket->state = PL_WEBSOCKET_OPEN;
    pl_websocket_send_queued(websocket); /* it is older than what the callback sends */
    emit(websocket, &event);
}

static void on_message(struct pl_client_ws *ws, bool is_text, struct pl_span bytes, void *user)
{
    struct parley_websocket *websocket = user;
    (void)ws;
    if (websocket->config.on_message != NULL) {
        pl_client_count_callback(websocket->client);
        websocket->config.on_message(websocket, is_text, bytes.len == 0 ? "" : (void *)bytes.ptr,
                                     bytes.len, websocket->config.user);
    }
}

static void on_sent(struct pl_client_ws *ws, void *user)
{
    (void)ws;
    pl_websocket_send_queued(user);
}

static void on_closed(struct pl_client_ws *ws, int error, uint16_t code, struct pl_str reason,
                      void *user)
{
    struct parley_websocket *websocket = user;
    struct pl_error text = {0};
    (void)ws;
    pl_error_set(&text, error, PL_STR_FMT, PL_STR_ARG(reason));
    if (websocket->state == PL_WEBSOCKET_CONNECTING) {
        fail_attempt(websocket, error, code, text.text);
        return;
    }
    struct parley_client_event event = {.kind = PARLEY_CLIENT_DISCONNECTED,
                                        .error = error,
                                        .reason = text.text,
                                        .close_code = code,
                                        .delay_ms = -1};
    if (websocket->state == PL_WEBSOCKET_CLOSING) { /* as we wished */
        pl_websocket_drop(websocket, PL_WEBSOCKET_IDLE);
        emit(websocket, &event);
        return;
    }
    lose(websocket, &event);
}

static const struct pl_client_ws_owner ws_owner = {
    .on_open = on_open,
    .on_message = on_message,
    .on_sent = on_sent,
    .on_closed = on_closed,
};

/* --- attempts --- */

int pl_websocket_begin(struct parley_websocket *websocket, struct pl_error *err)
{
    int rc = pl_client_ws_open(&websocket->ws, websocket->client, &websocket->transport,
                               pl_str_of_cstr(websocket->target), websocket->protocols,
                               websocket->config.unsent_max, &ws_owner, websocket, err);
    if (rc == 0) {
        websocket->state = PL_WEBSOCKET_CONNECTING;
        pl_client_attempts_begin(&websocket->attempts);
    }
    return rc;
}

void pl_websocket_on_due(struct pl_client_attempts *attempts)
{
    struct parley_websocket *websocket =
        PL_CONTAINER_OF(attempts, struct parley_websocket, attempts);
    struct pl_error err = {0};
    struct parley_client_event event = {
        .kind = PARLEY_CLIENT_RECONNECTING, .attempt = attempts->backoff.attempt, .delay_ms = -1};
    emit(websocket, &event);
    if (websocket->state != PL_WEBSOCKET_WAITING) {
        return;
    }
    int rc = pl_websocket_begin(websocket, &err);
    if (rc < 0) {
        fail_attempt(websocket, rc, 0, err.text);
    }
}

void pl_websocket_on_late(struct pl_client_attempts *attempts)
{
    struct parley_websocket *websocket =
        PL_CONTAINER_OF(attempts, struct parley_websocket, attempts);
    struct pl_error err = {0};
    pl_error_set(&err, PL_E_TIMEOUT, "not connected after %d ms", attempts->timeout_ms);
    fail_attempt(websocket, PL_E_TIMEOUT, 0, err.text);
}
