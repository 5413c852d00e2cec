/* WebSocket endpoints of an application. */
#include "app/websocket.h"

#include "base/alloc.h"
#include "dialect/encodings.h"

#define SEND_SLACK_BYTES ((size_t)4 * 1024 * 1024)

struct parley_ws {
    struct pl_ws *ws; /* NULL once it is closed */
    const struct pl_app_websocket *endpoint;
    void *user;
    struct pl_deferred free;
};

static void on_message(struct pl_ws *ws, bool is_text, struct pl_span bytes)
{
    struct parley_ws *self = pl_ws_user(ws);
    self->endpoint->hooks.on_message(self, is_text, bytes.ptr, bytes.len, self->endpoint->user);
}

static void free_ws(struct pl_deferred *deferred)
{
    pl_free(PL_CONTAINER_OF(deferred, struct parley_ws, free));
}

static void on_closed(struct pl_ws *ws, uint16_t code, struct pl_str reason, enum pl_conn_end end)
{
    struct parley_ws *self = pl_ws_user(ws);
    const struct pl_app_websocket *endpoint = self->endpoint;
    (void)reason;
    (void)end;
    if (endpoint->hooks.on_close != NULL) {
        endpoint->hooks.on_close(self, code, endpoint->user);
    }
    self->ws = NULL;
    self->free.run = free_ws;
    pl_loop_defer(endpoint->app->loop, &self->free);
}

static const struct pl_ws_handler handler = {.on_message = on_message, .on_closed = on_closed};

void pl_app_websocket_on_request(struct pl_web_request *request, void *endpoint)
{
    (void)endpoint;
    pl_web_respond_text(request, 426, PL_STR("This is a WebSocket endpoint.\n"));
}

void pl_app_websocket_on_upgrade(struct pl_web_request *request, void *user)
{
    const struct pl_app_websocket *endpoint = user;
    size_t limit = endpoint->app->settings->websocket.message_limit_bytes;
    struct parley_ws *self = pl_alloc(sizeof(*self));
    struct pl_ws_params params = {
        .handler = &handler,
        .user = self,
        .message_limit_bytes = limit,
        .send_limit_bytes = (uint32_t)pl_size_min(limit * 2 + SEND_SLACK_BYTES, UINT32_MAX),
        .encoding = PL_ENCODING_WS,
        .compression = endpoint->app->compression,
        .compressed_encoding = pl_encoding_compressed(PL_ENCODING_WS),
    };
    self->endpoint = endpoint;
    if (pl_web_accept_websocket(&self->ws, request, &params, NULL) < 0) {
        pl_free(self);
        return;
    }
    if (endpoint->hooks.on_open != NULL) {
        endpoint->hooks.on_open(self, endpoint->user);
    }
}

int parley_ws_send(struct parley_ws *ws, bool is_text, const void *bytes, size_t len)
{
    if (ws->ws == NULL) {
        return PARLEY_E_CLOSED;
    }
    pl_ws_send(ws->ws, is_text, pl_str_make(bytes, len));
    return 0;
}

void parley_ws_close(struct parley_ws *ws, uint16_t code, const char *reason)
{
    if (ws->ws != NULL) {
        pl_ws_close(ws->ws, code, pl_str_of_cstr(reason));
    }
}

void parley_ws_set_user(struct parley_ws *ws, void *user)
{
    ws->user = user;
}

void *parley_ws_user(const struct parley_ws *ws)
{
    return ws->user;
}
