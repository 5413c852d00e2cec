/* The application over a plain WebSocket: numbered messages in both directions, those that it sends
 * while it is not connected as well. */
#include "world.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 9000

/* Message `n`: its number and as much more as it says. */
static size_t write_message(char *out, uint64_t n)
{
    size_t len = n % 13 == 5 ? n % 8000 : n % 60;
    int head = snprintf(out, TEXT_MAX, "%" PRIu64 ":", n);
    memset(out + head, 'a' + (int)(n % 26), len);
    return (size_t)head + len;
}

static uint64_t read_message(bool is_text, struct pl_str bytes)
{
    char expected[TEXT_MAX];
    struct pl_str rest = bytes;
    uint64_t n = 0;
    size_t len = 0;
    if (!pl_str_to_u64(&n, pl_str_split(&rest, ':'), UINT32_MAX)) {
        sim_fail("a message without a number");
    }
    len = write_message(expected, n);
    if (is_text != (n % 3 != 0) || !pl_str_eq(bytes, pl_str_make(expected, len))) {
        sim_fail("message %" PRIu64 " came otherwise", n);
    }
    return n;
}

/* --- the server --- */

static void on_plain_open(void *user)
{
    struct world *world = user;
    struct app_plain *app = world->plain;
    app->opened_count++;
    if (app->opened_count >= WORLD_INSTANCES_MAX) {
        sim_fail("it connects over and over");
    }
    app->boundaries[app->opened_count] = UINT64_MAX;
    app->has_first = false;
    app->server_sent = 0;
}

static void on_plain(bool is_text, struct pl_str bytes, void *user)
{
    struct world *world = user;
    struct app_plain *app = world->plain;
    uint64_t n = read_message(is_text, bytes);
    uint64_t from = app->has_first ? app->received : app->boundaries[app->opened_count];
    world_note(world, "server message", n, bytes.len);
    if (n < app->received || n >= app->sent) {
        sim_fail("message %" PRIu64 " came again, or too late", n);
    }
    if (from != UINT64_MAX && n != from) {
        sim_fail("message %" PRIu64 " instead of %" PRIu64, n, from);
    }
    app->has_first = true;
    app->received = n + 1;
}

const struct server_owner plain_server_owner = {.on_plain_open = on_plain_open,
                                                .on_plain = on_plain};

/* --- the client --- */

static void on_down(struct app_plain *app, const struct parley_client_event *event)
{
    app->is_closing = false;
    app->is_active = event->delay_ms >= 0;
    app->retry_ms = event->delay_ms < 0 ? -1 : app->world->net.now_ms + event->delay_ms;
    if (event->delay_ms >= 0) {
        world_check_delay(app->world, event->delay_ms, UINT32_MAX);
    }
}

static void on_event(struct parley_websocket *websocket, const struct parley_client_event *event,
                     void *user)
{
    struct app_plain *app = user;
    (void)websocket;
    world_note(app->world, "event", event->kind, (uint64_t)(int64_t)event->delay_ms);
    if (app->world->has_trace) {
        printf("         kind %d, error %d, %s (%s), delay %d, attempt %u\n", (int)event->kind,
               event->error, event->reason, event->detail, event->delay_ms, event->attempt);
    }
    switch (event->kind) {
    case PARLEY_CLIENT_CONNECTED:
        app->boundaries[app->opened_count] = app->boundary;
        app->next = 0;
        app->retry_ms = -1;
        break;
    case PARLEY_CLIENT_DISCONNECTED:
        app->boundary = app->sent;
        on_down(app, event);
        break;
    case PARLEY_CLIENT_CONNECT_FAILED:
        on_down(app, event);
        break;
    case PARLEY_CLIENT_RECONNECTING:
        if (app->retry_ms >= 0 && app->retry_ms != app->world->net.now_ms) {
            sim_fail("an attempt at another time than was said");
        }
        app->retry_ms = -1;
        break;
    case PARLEY_CLIENT_GAVE_UP:
        app->is_active = false;
        break;
    }
}

static void on_message(struct parley_websocket *websocket, bool is_text, const void *bytes,
                       size_t len, void *user)
{
    struct app_plain *app = user;
    uint64_t n = read_message(is_text, pl_str_make(bytes, len));
    (void)websocket;
    world_note(app->world, "message", n, len);
    if (n != app->next) {
        sim_fail("message %" PRIu64 " from the server instead of %" PRIu64, n, app->next);
    }
    app->next++;
}

static void send_one(struct app_plain *app)
{
    char text[TEXT_MAX];
    size_t len = write_message(text, app->sent);
    int rc = app->sent % 3 != 0 ? parley_websocket_send_text(app->websocket, text, len)
                                : parley_websocket_send_binary(app->websocket, text, len);
    world_note(app->world, "send", app->sent, (uint64_t)(int64_t)rc);
    if (rc == 0) {
        app->sent++;
    } else if (rc != PARLEY_E_FULL) {
        sim_fail("send returns %d: %s", rc, parley_client_error(app->world->client));
    }
}

static void send_from_server(struct world *world)
{
    char text[TEXT_MAX];
    uint64_t n = world->plain->server_sent++;
    size_t len = write_message(text, n);
    server_plain_send(&world->server, n % 3 != 0, pl_str_make(text, len));
}

static void connect_again(struct app_plain *app)
{
    if (parley_websocket_connect(app->websocket) < 0) {
        sim_fail("connect fails: %s", parley_client_error(app->world->client));
    }
    app->is_active = true;
    app->retry_ms = -1;
}

void plain_act(struct world *world)
{
    struct app_plain *app = world->plain;
    uint32_t dice = sim_below(&world->rng, 100);
    if (app->is_closing) {
        send_from_server(world);
    } else if (!app->is_active && (world->is_fair || dice < 40)) {
        connect_again(app);
    } else if (dice < 60) {
        send_one(app);
    } else if (dice < 97 || world->is_fair || !parley_websocket_is_connected(app->websocket)) {
        send_from_server(world);
    } else if (parley_websocket_close(app->websocket, 3001, "enough") < 0) {
        sim_fail("close fails: %s", parley_client_error(world->client));
    } else {
        app->is_closing = true;
    }
}

bool plain_is_settled(const struct world *world)
{
    const struct app_plain *app = world->plain;
    return parley_websocket_is_connected(app->websocket) &&
           (app->received == app->sent || app->boundary == app->sent) &&
           app->next == app->server_sent;
}

void plain_close(struct world *world)
{
    struct app_plain *app = world->plain;
    for (int i = 0; i < 3; i++) {
        send_one(app);
    }
    if (parley_websocket_close(app->websocket, 1000, "done") < 0) {
        sim_fail("the last close fails: %s", parley_client_error(world->client));
    }
}

void plain_check_end(struct world *world)
{
    const struct app_plain *app = world->plain;
    if (app->is_active || app->received != app->sent) {
        sim_fail("after the close %" PRIu64 " of %" PRIu64 " messages are there", app->received,
                 app->sent);
    }
}

void plain_create(struct world *world)
{
    struct app_plain *app = pl_alloc(sizeof(*app));
    struct parley_websocket_config config;
    parley_websocket_config_init(&config);
    config.transport = world->config.transport;
    config.reconnect = world->config.reconnect;
    config.queue_max = (size_t)1 << 20;
    config.on_event = on_event;
    config.on_message = on_message;
    config.user = app;
    app->world = world;
    app->retry_ms = -1;
    world->plain = app;
    if (parley_websocket_create(&app->websocket, world->client, "ws://sim.test:7350/plain?x=1",
                                &config) < 0) {
        sim_fail("no WebSocket: %s", parley_client_error(world->client));
    }
}

void plain_destroy(struct world *world)
{
    parley_websocket_destroy(world->plain->websocket);
    pl_free(world->plain);
}
