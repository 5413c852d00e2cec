/* Answers of a Talo service, by rows. */
#include "talo_service.h"

#include <stdio.h>
#include <string.h>

#define PLAYER                                                                                     \
    "\"player\":{\"id\":\"p-1\",\"props\":[{\"key\":\"a\",\"value\":\"b\"}],\"groups\":[]}"
#define ALIAS                                                                                      \
    "{\"id\":12,\"service\":\"username\",\"identifier\":\"ada\",\"displayName\":\"Ada\"," PLAYER   \
    ",\"createdAt\":\"2025-03-01T09:30:00.000Z\"}"
#define CHANNEL "{\"id\":7,\"name\":\"lobby\",\"owner\":" ALIAS ",\"props\":[],\"totalMessages\":3}"
#define SUBSCRIPTION "{\"id\":3,\"subscriber\":" ALIAS ",\"subscribedTo\":" ALIAS "}"
#define TOKENS "\"sessionToken\":\"s\",\"refreshToken\":\"r\""

static void answer(struct server_conn *conn, int status, const char *json)
{
    server_conn_answer(conn, status, "application/json", pl_str_of_cstr(json));
}

static const char *body_of(const char *target)
{
    static const struct {
        const char *target;
        const char *body;
    } rows[] = {
        {"/v1/socket-tickets", "{\"ticket\":\"t-1\"}"},
        {"/v1/players/identify", "{\"alias\":" ALIAS ",\"socketToken\":\"k\"}"},
        {"/v1/players/auth/login", "{\"alias\":" ALIAS ",\"socketToken\":\"k\"," TOKENS "}"},
        {"/v1/players/auth/refresh", "{" TOKENS "}"},
        {"/v1/players/socket-token", "{\"socketToken\":\"k\"}"},
        {"/v1/players/relationships", "{\"subscriptions\":[" SUBSCRIPTION "],\"count\":1}"},
        {"/v1/game-channels/7/storage", "{\"channel\":" CHANNEL ",\"upsertedProps\":[]}"},
        {"/v1/game-channels", "{\"channels\":[" CHANNEL "," CHANNEL "],\"count\":2}"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if (strncmp(target, rows[i].target, strlen(rows[i].target)) == 0) {
            return rows[i].body;
        }
    }
    return "{}";
}

static void on_request(struct server_conn *conn, void *user)
{
    struct talo_service *service = user;
    bool is_update = strcmp(conn->target, "/v1/players/p-1") == 0;
    if (is_update && !service->has_refused) {
        service->has_refused = true;
        answer(conn, 401, "{\"message\":\"old\",\"errorCode\":\"INVALID_SESSION\"}");
    } else if (strcmp(conn->target, "/v1/game-config") == 0) {
        answer(conn, 400, "{\"errors\":{\"a.b\":[\"is wrong\"]}}");
    } else {
        answer(conn, 200, body_of(conn->target));
    }
}

static void say(struct talo_service *service, const char *text)
{
    server_plain_send(&service->server, true, pl_str_of_cstr(text));
}

static void on_plain_open(void *user)
{
    say(user, "{\"res\":\"v1.connected\",\"data\":{}}");
}

/* The text that was sent comes back, to everybody. */
static void echo(struct talo_service *service, const char *text)
{
    const char *from = strstr(text, "\"message\":\"");
    size_t len = from == NULL ? 0 : strcspn(from + 11, "\"");
    char line[1500];
    snprintf(line, sizeof(line),
             "{\"res\":\"v1.channels.message\",\"data\":{\"channel\":" CHANNEL
             ",\"message\":\"%.*s\",\"playerAlias\":" ALIAS "}}",
             (int)len, from == NULL ? "" : from + 11);
    say(service, line);
}

static void on_plain(bool is_text, struct pl_str bytes, void *user)
{
    struct talo_service *service = user;
    char text[2000];
    (void)is_text;
    bytes = pl_str_first(bytes, sizeof(text) - 1);
    memcpy(text, bytes.ptr, bytes.len);
    text[bytes.len] = '\0';
    if (strcmp(text, "v1.heartbeat") == 0) {
        say(service, text);
    } else if (strstr(text, "v1.players.identify") != NULL) {
        service->identify_count++;
        say(service, "{\"res\":\"v1.players.identify.success\",\"data\":" ALIAS "}");
    } else if (strstr(text, "v1.channels.message") != NULL) {
        service->said_count++;
        echo(service, text);
    } else {
        say(service, "{\"res\":\"v1.error\",\"data\":{\"req\":\"unknown\",\"message\":\"what?\"}}");
    }
}

static const struct server_owner owner = {
    .on_plain_open = on_plain_open, .on_plain = on_plain, .on_plain_request = on_request};

void talo_service_init(struct talo_service *service, uint64_t seed,
                       const struct server_options *options)
{
    *service = (struct talo_service){0};
    net_init(&service->net, seed, &server_peer, &service->server);
    server_init(&service->server, &service->net, options, &owner, service);
}

void talo_service_fini(struct talo_service *service)
{
    server_fini(&service->server);
    net_fini(&service->net);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

int64_t talo_service_next_ms(const struct talo_service *service, int wait_ms)
{
    int64_t next_ms = earlier(net_next_ms(&service->net), server_next_ms(&service->server));
    return earlier(next_ms, wait_ms < 0 ? -1 : service->net.now_ms + wait_ms);
}

void talo_service_run(struct talo_service *service, int64_t now_ms)
{
    service->net.now_ms = pl_i64_max(now_ms, service->net.now_ms);
    server_run(&service->server);
    net_run(&service->net);
}
