/* WebSocket endpoints of an application. No protocol of theirs is known here, so the server pings
 * at the level of WebSocket: a peer that is gone, or never reads, is noticed. */
#include "app/websocket.h"

#include "base/alloc.h"
#include "base/rate.h"
#include "codec/ws_close.h"
#include "dialect/encodings.h"

#define SEND_SLACK_BYTES ((size_t)4 * 1024 * 1024)

struct parley_ws {
    struct pl_list in_app;
    struct pl_ws *ws; /* NULL once it is closed */
    const struct pl_app_websocket *endpoint;
    void *user;
    struct pl_timer heartbeat; /* the next ping, or the end of waiting for what it brings back */
    struct pl_rate rate;
    bool is_asked; /* a ping is out, and nothing came since */
    struct pl_deferred free;
};

/* --- heartbeat --- */

static void beat_in(struct parley_ws *self, int64_t in_ms)
{
    struct pl_loop *loop = self->endpoint->app->loop;
    pl_timer_set(pl_loop_timers(loop), &self->heartbeat, pl_loop_now_ms(loop) + in_ms);
}

static void on_heartbeat(struct pl_timer *timer)
{
    struct parley_ws *self = PL_CONTAINER_OF(timer, struct parley_ws, heartbeat);
    const struct pl_settings_websocket *settings = &self->endpoint->app->settings->websocket;
    if (self->is_asked) {
        pl_metrics_add(pl_web_conns(self->endpoint->app->web)->metrics,
                       PL_METRIC_WEBSOCKET_TIMED_OUT, 1);
        pl_ws_close(self->ws, PL_WS_CLOSE_INTERNAL, PL_STR("ping timeout"));
        return;
    }
    self->is_asked = true;
    beat_in(self, settings->ping_timeout_ms);
    pl_ws_ping(self->ws, PL_STR(""));
}

static void wait_for_next_beat(struct parley_ws *self)
{
    const struct pl_settings_websocket *settings = &self->endpoint->app->settings->websocket;
    if (settings->ping_interval_ms > 0) {
        beat_in(self, settings->ping_interval_ms);
    } else {
        pl_timer_stop(pl_loop_timers(self->endpoint->app->loop), &self->heartbeat);
    }
}

/* A message or a pong came: whoever was asked is there. */
static void note_life(struct parley_ws *self)
{
    if (self->is_asked) {
        self->is_asked = false;
        wait_for_next_beat(self);
    }
}

static void on_pong(struct pl_ws *ws, struct pl_span payload)
{
    (void)payload;
    note_life(pl_ws_user(ws));
}

/* --- messages --- */

/* As for sessions of Socket.IO: whoever sends too fast is closed. */
static bool may_send_more(struct parley_ws *self)
{
    const struct parley_app *app = self->endpoint->app;
    const struct pl_settings_rate *limit = &app->settings->rate;
    int64_t now_ms = pl_loop_now_ms(app->loop);
    if (limit->messages_per_second == 0) {
        return true;
    }
    if (self->rate.per_second != limit->messages_per_second || self->rate.burst != limit->burst) {
        pl_rate_init(&self->rate, limit->messages_per_second, limit->burst, now_ms); /* or anew */
    }
    if (pl_rate_take(&self->rate, 1, now_ms)) {
        return true;
    }
    pl_metrics_add(pl_web_conns(app->web)->metrics, PL_METRIC_REFUSED_MESSAGE_RATE, 1);
    pl_ws_close(self->ws, PL_WS_CLOSE_POLICY, PL_STR("too many messages"));
    return false;
}

static void on_message(struct pl_ws *ws, bool is_text, struct pl_span bytes)
{
    struct parley_ws *self = pl_ws_user(ws);
    note_life(self);
    if (may_send_more(self)) {
        self->endpoint->hooks.on_message(self, is_text, bytes.ptr, bytes.len, self->endpoint->user);
    }
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
    pl_timer_stop(pl_loop_timers(endpoint->app->loop), &self->heartbeat);
    pl_list_remove(&self->in_app);
    if (endpoint->hooks.on_close != NULL) {
        endpoint->hooks.on_close(self, code, endpoint->user);
    }
    self->ws = NULL;
    self->free.run = free_ws;
    pl_loop_defer(endpoint->app->loop, &self->free);
}

static const struct pl_ws_handler handler = {
    .on_message = on_message, .on_pong = on_pong, .on_closed = on_closed};

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
    pl_list_push_back(&endpoint->app->websockets, &self->in_app);
    self->heartbeat.on_due = on_heartbeat;
    wait_for_next_beat(self);
    if (endpoint->hooks.on_open != NULL) {
        endpoint->hooks.on_open(self, endpoint->user);
    }
}

void pl_app_websockets_leave(struct parley_app *app)
{
    while (!pl_list_is_empty(&app->websockets)) { /* on_closed takes each off the list */
        struct parley_ws *first = PL_CONTAINER_OF(app->websockets.next, struct parley_ws, in_app);
        pl_ws_close(first->ws, PL_WS_CLOSE_GOING_AWAY, PL_STR(""));
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
