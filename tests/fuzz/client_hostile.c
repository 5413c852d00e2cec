/* The client, the application that uses all of it, and the peer that reads its lines from the
 * input. */
#include "client_hostile.h"

#include "client/client.h"
#include "client/sim/net.h"
#include "codec/http_request.h"
#include "codec/ws_handshake.h"
#include "codec/ws_frame.h"
#include "parley/client_socketio.h"
#include "parley/client_talo.h"
#include "parley/client_websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATOR '\xff' /* not in UTF-8 */
#define LAST_STEPS 40
#define STEP_MAX 3000
#define MESSAGE_MAX 100000
#define PASS_MS 30000
#define OPEN_TEXT                                                                                  \
    "0{\"sid\":\"abc\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":20000," \
    "\"maxPayload\":100000}"

#define TALO_CONNECTED "{\"res\":\"v1.connected\",\"data\":{}}"
#define TALO_TICKET "{\"ticket\":\"t\"}"
#define TALO_PLAYER                                                                                \
    "{\"alias\":{\"id\":12,\"player\":{\"id\":\"p\"}},\"socketToken\":\"k\",\"sessionToken\":"     \
    "\"s\",\"refreshToken\":\"r\"}"

enum choice {
    CHOICE_PLAIN = 1,   /* a plain WebSocket instead of Socket.IO; Talo: tickets are hostile too */
    CHOICE_UPGRADE = 2, /* polling goes over to WebSocket */
    CHOICE_RETRIES = 4, /* Talo: it reconnects */
    CHOICE_NAMESPACES = 8, /* Talo: it signs, and has a heartbeat */
    CHOICE_PIECES = 16,    /* few bytes at a time */
    CHOICE_BUDGET = 32,
};

struct hostile {
    struct net net;
    enum hostile_mode mode;
    unsigned choices;
    struct pl_str rest;
    struct parley_client *client;
    struct parley_sio *sio;
    struct parley_sio *other;
    struct parley_websocket *websocket;
    struct parley_talo *talo;
    unsigned talo_results;
    struct parley_sio_ack *kept;
    int64_t pass_ms;
};

/* --- the peer --- */

struct line {
    bool is_ws;
    char head[2000]; /* of the request that is coming */
    size_t len;
};

static void send_cstr(struct net_conn *conn, const char *text)
{
    net_send(conn, pl_str_of_cstr(text));
}

static void send_frame(struct net_conn *conn, unsigned opcode, struct pl_str payload)
{
    uint8_t head[PL_WS_HEADER_MAX];
    size_t len = pl_ws_header_write(head, opcode, true, payload.len, NULL);
    net_send(conn, pl_str_make((const char *)head, len));
    net_send(conn, payload);
}

static void send_body(struct net_conn *conn, struct pl_str body)
{
    char head[200];
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", body.len);
    send_cstr(conn, head);
    net_send(conn, body);
}

static void hang_up(struct net_conn *conn, bool is_reset)
{
    free(conn->user);
    conn->user = NULL;
    (is_reset ? net_reset : net_close)(conn);
}

/* One record for this connection. */
static void say_next(struct hostile *hostile, struct net_conn *conn)
{
    struct line *line = conn->user;
    struct pl_str record;
    char kind = '\0';
    if (hostile->rest.len == 0) {
        return;
    }
    record = pl_str_split(&hostile->rest, SEPARATOR);
    kind = record.len > 0 ? record.ptr[0] : '\0';
    if (kind == '!') {
        net_send(conn, pl_str_from(record, 1));
    } else if (kind == '~') {
        hang_up(conn, record.len > 1 && record.ptr[1] == 'r');
    } else if (kind == '^') {
        hostile->pass_ms = PASS_MS;
    } else if (!line->is_ws) {
        send_body(conn, record);
    } else if (kind == 't' || kind == 'b') {
        send_frame(conn, kind == 't' ? PL_WS_TEXT : PL_WS_BINARY, pl_str_from(record, 1));
    } else {
        send_frame(conn, PL_WS_TEXT, record);
    }
}

static void take_upgrade(struct hostile *hostile, struct net_conn *conn, struct pl_str key)
{
    struct line *line = conn->user;
    struct pl_ws_acceptor *acceptor = NULL;
    char accept[PL_WS_ACCEPT_LEN + 1] = "";
    char head[300];
    if (pl_ws_acceptor_create(&acceptor, NULL) == 0) {
        (void)!pl_ws_accept_key(acceptor, accept, key, NULL);
    }
    pl_ws_acceptor_destroy(acceptor);
    snprintf(head, sizeof(head),
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n\r\n",
             accept);
    send_cstr(conn, head);
    line->is_ws = true;
    if (hostile->mode == HOSTILE_TALO) {
        send_frame(conn, PL_WS_TEXT, PL_STR(TALO_CONNECTED));
    }
    if (hostile->mode == HOSTILE_PACKETS) {
        send_frame(conn, PL_WS_TEXT, PL_STR(OPEN_TEXT));
        send_frame(conn, PL_WS_TEXT, PL_STR("40{\"sid\":\"s1\",\"pid\":\"p1\"}"));
        send_frame(conn, PL_WS_TEXT, PL_STR("40/a,{\"sid\":\"s2\"}"));
    }
}

/* What a Talo client has to get so that there is something to attack. */
static bool answer_talo(struct hostile *hostile, struct net_conn *conn, struct pl_str target)
{
    if (hostile->mode != HOSTILE_TALO || (hostile->choices & CHOICE_PLAIN) != 0) {
        return false;
    }
    if (pl_str_starts_with(target, PL_STR("/v1/socket-tickets"))) {
        send_body(conn, PL_STR(TALO_TICKET));
        return true;
    }
    if (pl_str_starts_with(target, PL_STR("/v1/players/identify"))) {
        send_body(conn, PL_STR(TALO_PLAYER));
        return true;
    }
    return false;
}

static void on_open(struct net_conn *conn, void *user)
{
    (void)user;
    conn->user = calloc(1, sizeof(struct line));
    PL_ASSERT(conn->user != NULL);
}

/* Bodies of requests are passed over: their heads alone are answered. */
static void on_data(struct net_conn *conn, struct pl_str bytes, void *user)
{
    struct hostile *hostile = user;
    struct line *line = conn->user;
    struct pl_http_request request;
    ptrdiff_t len = 0;
    if (line->is_ws) {
        return;
    }
    bytes = pl_str_first(bytes, sizeof(line->head) - line->len);
    memcpy(line->head + line->len, bytes.ptr, bytes.len);
    line->len += bytes.len;
    len = pl_http_request_read(&request, pl_str_make(line->head, line->len), sizeof(line->head),
                               NULL);
    if (len == 0) {
        return;
    }
    line->len = 0;
    if (len > 0 && request.wants_upgrade && hostile->mode != HOSTILE_POLLING) {
        take_upgrade(hostile, conn, pl_http_header_find(&request, PL_STR("Sec-WebSocket-Key")));
    } else if (len <= 0 || !answer_talo(hostile, conn, request.target)) {
        say_next(hostile, conn);
    }
}

static void on_end(struct net_conn *conn, void *user)
{
    (void)user;
    free(conn->user);
    conn->user = NULL;
}

static const struct net_peer peer = {.on_open = on_open, .on_data = on_data, .on_end = on_end};

/* --- the application --- */

static void on_event(struct parley_sio *sio, const struct parley_client_event *event, void *user)
{
    (void)user;
    PL_ASSERT(event->reason != NULL && event->detail != NULL);
    parley_free(parley_val_to_json(event->data));
    if (event->kind == PARLEY_CLIENT_CONNECTED) {
        (void)parley_sio_emitf(sio, "hello", "%d", 1);
    }
}

static void on_ack(struct parley_sio *sio, int error, const struct parley_args *args, void *user)
{
    (void)sio;
    (void)user;
    PL_ASSERT(error <= 0 && parley_args_count(args) < MESSAGE_MAX);
}

/* Looks at everything. */
static void on_any(struct parley_sio *sio, const char *event, const struct parley_args *args,
                   struct parley_sio_ack *ack, void *user)
{
    struct hostile *hostile = user;
    size_t len = 0;
    for (size_t i = 0; i < parley_args_count(args); i++) {
        parley_free(parley_val_to_json(parley_args_get(args, i)));
    }
    for (size_t i = 0; i < parley_args_bin_count(args); i++) {
        PL_ASSERT(parley_args_bin(args, i, &len) != NULL);
    }
    if (ack != NULL && hostile->kept == NULL) {
        hostile->kept = parley_sio_ack_ref(ack);
    } else if (ack != NULL) {
        (void)parley_sio_ack_send(ack, args);
    }
    if (strcmp(event, "out") == 0) {
        (void)parley_sio_disconnect(sio);
    } else if (strcmp(event, "echo") == 0) {
        (void)parley_sio_emit_ack(sio, "echo", args, 100, on_ack, NULL);
    }
}

static void on_ws_event(struct parley_websocket *websocket, const struct parley_client_event *event,
                        void *user)
{
    (void)user;
    PL_ASSERT(event->reason != NULL && event->detail != NULL);
    if (event->kind == PARLEY_CLIENT_CONNECTED) {
        (void)parley_websocket_send_text(websocket, "hello", 5);
    }
}

static void on_ws_message(struct parley_websocket *websocket, bool is_text, const void *bytes,
                          size_t len, void *user)
{
    (void)user;
    if (len == 3 && memcmp(bytes, "bye", 3) == 0) {
        (void)parley_websocket_close(websocket, 1000, "asked");
    } else if (is_text) {
        (void)parley_websocket_send_text(websocket, bytes, len);
    } else {
        (void)parley_websocket_send_binary(websocket, bytes, len);
    }
}

static void open_plain(struct hostile *hostile)
{
    struct parley_websocket_config config;
    int rc = 0;
    parley_websocket_config_init(&config);
    config.transport.message_max = MESSAGE_MAX;
    config.reconnect.is_on = true;
    config.reconnect.attempts = 2;
    config.queue_max = 1000;
    config.on_event = on_ws_event;
    config.on_message = on_ws_message;
    rc = parley_websocket_create(&hostile->websocket, hostile->client, "ws://h.test/", &config);
    PL_ASSERT(rc == 0);
    rc = parley_websocket_connect(hostile->websocket);
    PL_ASSERT(rc == 0);
}

static void open_sio(struct hostile *hostile)
{
    struct parley_sio_config config;
    int rc = 0;
    parley_sio_config_init(&config);
    config.transport.message_max = MESSAGE_MAX;
    config.reconnect.attempts = 2;
    config.transports = hostile->mode != HOSTILE_POLLING ? PARLEY_SIO_WEBSOCKET_ONLY
                        : (hostile->choices & CHOICE_UPGRADE) != 0
                            ? PARLEY_SIO_POLLING_THEN_WEBSOCKET
                            : PARLEY_SIO_POLLING_ONLY;
    if ((hostile->choices & CHOICE_RETRIES) != 0) {
        config.retries = 2;
        config.ack_timeout_ms = 500;
    }
    config.on_event = on_event;
    config.user = hostile;
    rc = parley_sio_create(&hostile->sio, hostile->client, "http://h.test/", &config);
    PL_ASSERT(rc == 0);
    if ((hostile->choices & CHOICE_NAMESPACES) != 0) {
        rc = parley_sio_create_namespace(&hostile->other, hostile->sio, "/a", &config);
        PL_ASSERT(rc == 0 && parley_sio_on_any(hostile->other, on_any, hostile) == 0);
        rc = parley_sio_connect(hostile->other);
        PL_ASSERT(rc == 0);
    }
    rc = parley_sio_on_any(hostile->sio, on_any, hostile);
    PL_ASSERT(rc == 0 && parley_sio_connect(hostile->sio) == 0);
    PL_ASSERT(parley_sio_emit_ack(hostile->sio, "ask", NULL, 1000, on_ack, NULL) == 0);
}

static void on_talo_event(struct parley_talo *talo, const struct parley_client_event *event,
                          void *user)
{
    (void)talo;
    (void)user;
    PL_ASSERT(event->reason != NULL && event->detail != NULL);
}

static size_t look_at_alias(const struct parley_talo_alias *alias)
{
    size_t len = 0;
    if (alias != NULL) {
        const struct parley_talo_player *player = &alias->player;
        len = strlen(alias->service) + strlen(alias->identifier) + strlen(alias->display_name);
        for (size_t i = 0; i < player->prop_count; i++) {
            len += strlen(player->props[i].key) + strlen(player->props[i].value);
        }
        for (size_t i = 0; i < player->group_count; i++) {
            len += strlen(player->groups[i].id) + strlen(player->groups[i].name);
        }
        len += player->presence == NULL ? 0 : strlen(player->presence->custom_status);
    }
    return len;
}

static void on_talo_message(struct parley_talo *talo, const struct parley_talo_message *message,
                            void *user)
{
    size_t len = strlen(message->res) + strlen(message->text) + look_at_alias(message->alias);
    (void)user;
    parley_free(parley_val_to_json(message->data));
    for (size_t i = 0; i < message->changed_count; i++) {
        len += strlen(message->changed[i]);
    }
    for (size_t i = 0; i < message->upserted_count; i++) {
        len += look_at_alias(message->upserted[i].created_by);
    }
    PL_ASSERT(len < MESSAGE_MAX * 16);
    PL_ASSERT(message->kind != PARLEY_TALO_CHANNEL_MESSAGE ||
              (message->channel != NULL && message->alias != NULL));
    if (message->kind == PARLEY_TALO_CHANNEL_DELETED) {
        (void)parley_talo_reset(talo);
    } else if (message->kind == PARLEY_TALO_BROADCAST) {
        (void)parley_talo_clear_identity(talo);
    } else if (message->kind == PARLEY_TALO_CHANNEL_MESSAGE) {
        (void)parley_talo_channel_send(talo, message->channel->id, message->text);
    }
}

static void on_talo_error(struct parley_talo *talo, const struct parley_talo_error *error,
                          void *user)
{
    (void)talo;
    (void)user;
    PL_ASSERT(error->req[0] != '\0' && error->code[0] != '\0' && error->cause != NULL);
}

static void ask_talo(struct hostile *hostile);

static void on_talo_done(struct parley_talo *talo, const struct parley_talo_result *result,
                         void *user)
{
    struct hostile *hostile = user;
    (void)talo;
    PL_ASSERT(result->error <= 0 && (result->error == 0 || result->message[0] != '\0'));
    parley_free(parley_val_to_json(result->data));
    for (size_t i = 0; i < result->channel_count; i++) {
        PL_ASSERT(look_at_alias(result->channels[i].owner) < MESSAGE_MAX * 16);
    }
    hostile->talo_results++;
    if (hostile->rest.len > 0 && hostile->talo_results % 8 == 0) {
        ask_talo(hostile);
    }
}

static void ask_talo(struct hostile *hostile)
{
    struct parley_talo *talo = hostile->talo;
    (void)parley_talo_identify(talo, "username", "ada", on_talo_done, hostile);
    (void)parley_talo_channels(talo, NULL, on_talo_done, hostile);
    (void)parley_talo_confirm_from(talo, 12, on_talo_done, hostile);
    (void)parley_talo_login(talo, "ada", "pw", on_talo_done, hostile);
    (void)parley_talo_presence_update(talo, true, "x", on_talo_done, hostile);
    (void)parley_talo_refresh(talo, on_talo_done, hostile);
}

static void open_talo(struct hostile *hostile)
{
    struct parley_talo_config config;
    int rc = 0;
    parley_talo_config_init(&config);
    config.access_key = "key";
    config.transport.message_max = MESSAGE_MAX;
    config.reconnect.is_on = (hostile->choices & CHOICE_RETRIES) != 0;
    config.reconnect.attempts = 2;
    if ((hostile->choices & CHOICE_NAMESPACES) != 0) {
        config.signing_version = "1";
        config.signing_key = "k";
        config.heartbeat_ms = 20000;
    }
    config.on_event = on_talo_event;
    config.on_message = on_talo_message;
    config.on_error = on_talo_error;
    config.user = hostile;
    rc = parley_talo_create(&hostile->talo, hostile->client, "http://h.test/", &config);
    PL_ASSERT(rc == 0);
    ask_talo(hostile);
}

/* --- the run --- */

/* A record to the WebSocket that is open, if one is. */
static void say_on_websocket(struct hostile *hostile)
{
    for (size_t i = 0; i < NET_CONNS_MAX; i++) {
        struct net_conn *conn = hostile->net.conns[i];
        if (conn != NULL && conn->state == NET_OPEN && !conn->is_peer_gone && conn->user != NULL &&
            ((struct line *)conn->user)->is_ws) {
            say_next(hostile, conn);
            return;
        }
    }
}

static void drive(struct hostile *hostile)
{
    int steps_left = STEP_MAX;
    while (steps_left-- > 0) {
        int wait_ms = parley_client_wait_ms(hostile->client);
        int64_t next_ms = net_next_ms(&hostile->net);
        if (next_ms > hostile->net.now_ms || next_ms < 0) { /* it waits */
            say_on_websocket(hostile);
            next_ms = net_next_ms(&hostile->net);
        }
        if (next_ms < 0 && wait_ms < 0) {
            break;
        }
        if (wait_ms >= 0 && (next_ms < 0 || hostile->net.now_ms + wait_ms < next_ms)) {
            next_ms = hostile->net.now_ms + wait_ms;
        }
        hostile->net.now_ms = pl_i64_max(hostile->net.now_ms, next_ms) + hostile->pass_ms;
        hostile->pass_ms = 0;
        if (hostile->rest.len == 0 && steps_left > LAST_STEPS) {
            steps_left = LAST_STEPS; /* nothing new is said: let it come to its end */
        }
        net_run(&hostile->net);
        PL_ASSERT(parley_client_tick(hostile->client,
                                     (hostile->choices & CHOICE_BUDGET) != 0 ? 1 : 0) >= 0);
    }
}

void hostile_run(enum hostile_mode mode, struct pl_str input)
{
    static struct hostile hostile; /* large */
    struct pl_client_env env;
    int rc = 0;
    if (input.len == 0) {
        return;
    }
    hostile = (struct hostile){.mode = mode, .choices = (unsigned char)input.ptr[0]};
    hostile.rest = pl_str_from(input, 1);
    net_init(&hostile.net, 1, &peer, &hostile);
    hostile.net.is_calm = (hostile.choices & CHOICE_PIECES) == 0;
    env = net_env(&hostile.net);
    rc = pl_client_create_in(&hostile.client, &env);
    PL_ASSERT(rc == 0);
    if (mode == HOSTILE_TALO) {
        open_talo(&hostile);
    } else if (mode == HOSTILE_WS && (hostile.choices & CHOICE_PLAIN) != 0) {
        open_plain(&hostile);
    } else {
        open_sio(&hostile);
    }
    drive(&hostile);
    parley_sio_ack_unref(hostile.kept);
    parley_sio_destroy(hostile.other);
    parley_sio_destroy(hostile.sio);
    parley_websocket_destroy(hostile.websocket);
    parley_talo_destroy(hostile.talo);
    parley_client_destroy(hostile.client);
    PL_ASSERT(hostile.net.open_count == 0);
    net_fini(&hostile.net);
}
