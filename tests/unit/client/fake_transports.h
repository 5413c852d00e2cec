/* A client, HTTP and WebSockets that only write down what they are asked for: tests of what stands
 * on them answer in their place. One world at a time. */
#ifndef PL_TEST_FAKE_TRANSPORTS_H
#define PL_TEST_FAKE_TRANSPORTS_H

#include "base/alloc.h"
#include "client/client.h"
#include "client/http.h"
#include "client/ws.h"

#include <stdarg.h>
#include <stdio.h>

#define WORLD_LOG_BYTES 16384
#define WORLD_WS_MAX 4

struct parley_client {
    struct pl_timers timers;
    struct pl_list flushes;
    struct pl_list nexts;
    struct pl_list frees;
    struct pl_list sockets;
    int64_t now_ms;
    int reserved_timers;
    char log[WORLD_LOG_BYTES];   /* a line for each thing that happened */
    struct pl_client_http *get;  /* the first that is created */
    struct pl_client_http *post; /* the second */
    struct pl_client_ws *ws[WORLD_WS_MAX];
    int ws_count;
    bool shows_targets;
    bool is_over_budget;
    bool keeps_unsent;   /* WebSockets send nothing */
    bool ws_has_no_room; /* they take nothing */
};

static inline void world_init(struct parley_client *world)
{
    memset(world, 0, sizeof(*world));
    pl_timers_init(&world->timers);
    pl_list_init(&world->flushes);
    pl_list_init(&world->nexts);
    pl_list_init(&world->frees);
    pl_list_init(&world->sockets);
    world->now_ms = 1000;
}

PL_PRINTF(2, 3)
static inline void world_log(struct parley_client *world, const char *fmt, ...)
{
    size_t len = strlen(world->log);
    va_list args;
    va_start(args, fmt);
    vsnprintf(world->log + len, sizeof(world->log) - len, fmt, args);
    va_end(args);
}

/* --- the client --- */

uint32_t pl_client_random(const struct parley_client *client)
{
    (void)client;
    return 0xabababab;
}

int64_t pl_client_now_ms(const struct parley_client *client)
{
    return client->now_ms;
}

int pl_client_reserve_timer(struct parley_client *client)
{
    void *room = pl_try_alloc(1); /* may be refused */
    pl_free(room);
    client->reserved_timers += room != NULL ? 1 : 0;
    return room == NULL ? PL_E_NOMEM : 0;
}

void pl_client_release_timer(struct parley_client *client, struct pl_timer *timer)
{
    pl_timer_stop(&client->timers, timer);
    client->reserved_timers--;
}

void pl_client_timer_set(struct parley_client *client, struct pl_timer *timer, int64_t delay_ms)
{
    pl_timer_set(&client->timers, timer, client->now_ms + delay_ms);
}

void pl_client_timer_stop(struct parley_client *client, struct pl_timer *timer)
{
    pl_timer_stop(&client->timers, timer);
}

static void fake_later(struct pl_list *list, struct pl_client_later *later)
{
    if (!later->is_queued) {
        later->is_queued = true;
        pl_list_push_back(list, &later->node);
    }
}

void pl_client_flush_later(struct parley_client *client, struct pl_client_later *later)
{
    fake_later(&client->flushes, later);
}

void pl_client_free_later(struct parley_client *client, struct pl_client_later *later)
{
    fake_later(&client->frees, later);
}

void pl_client_run_next(struct parley_client *client, struct pl_client_later *later)
{
    fake_later(&client->nexts, later);
}

void pl_client_later_cancel(struct pl_client_later *later)
{
    if (later->is_queued) {
        later->is_queued = false;
        pl_list_remove(&later->node);
    }
}

bool pl_client_is_over_budget(struct parley_client *client)
{
    return client->is_over_budget;
}

void pl_client_add_socket(struct parley_client *client, struct pl_client_socket *socket)
{
    pl_list_push_back(&client->sockets, &socket->node);
}

void pl_client_remove_socket(struct pl_client_socket *socket)
{
    pl_list_remove(&socket->node);
}

/* Those of the list as it is now. */
static inline void world_run(struct pl_list *list)
{
    struct pl_list now;
    struct pl_list *node = NULL;
    pl_list_init(&now);
    pl_list_splice_back(&now, list);
    while ((node = pl_list_pop_front(&now)) != NULL) {
        struct pl_client_later *later = PL_CONTAINER_OF(node, struct pl_client_later, node);
        later->is_queued = false;
        later->run(later);
    }
}

/* --- HTTP --- */

struct pl_client_http {
    struct parley_client *world;
    const struct pl_client_http_owner *owner;
    void *user;
    bool is_busy;
    struct pl_client_later free;
};

static void fake_http_free(struct pl_client_later *later)
{
    pl_free(PL_CONTAINER_OF(later, struct pl_client_http, free));
}

int pl_client_http_create(struct pl_client_http **out, struct parley_client *client,
                          const struct pl_client_transport *transport, size_t body_max,
                          const struct pl_client_http_owner *owner, void *user,
                          struct pl_error *err)
{
    struct pl_client_http *http = pl_try_alloc(sizeof(*http));
    (void)transport;
    (void)body_max;
    if (http == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for an HTTP client");
    }
    *http = (struct pl_client_http){client, owner, user, false, {.run = fake_http_free}};
    *(client->get == NULL ? &client->get : &client->post) = http;
    *out = http;
    return 0;
}

int pl_client_http_send(struct pl_client_http *http, const char *method, struct pl_str target,
                        struct pl_str headers, const char *content_type, struct pl_str body,
                        struct pl_error *err)
{
    (void)headers;
    void *copy = pl_try_alloc(target.len + body.len);
    PL_ASSERT(!http->is_busy);
    if (copy == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for a request");
    }
    pl_free(copy);
    http->is_busy = true;
    if (http->world->shows_targets) {
        world_log(http->world, "%s " PL_STR_FMT "\n", method, PL_STR_ARG(target));
    } else if (content_type != NULL) {
        world_log(http->world, "%s " PL_STR_FMT "\n", method, PL_STR_ARG(body));
    } else {
        world_log(http->world, "%s\n", method);
    }
    return 0;
}

bool pl_client_http_is_busy(const struct pl_client_http *http)
{
    return http->is_busy;
}

void pl_client_http_destroy(struct pl_client_http **http)
{
    if (*http != NULL) {
        struct parley_client *world = (*http)->world;
        struct pl_client_http **known = *http == world->get ? &world->get : &world->post;
        world_log(world, "%s is dropped\n", known == &world->get ? "GET" : "POST");
        *known = NULL;
        pl_client_free_later(world, &(*http)->free);
        *http = NULL;
    }
}

/* --- WebSockets --- */

struct pl_client_ws {
    struct parley_client *world;
    const struct pl_client_ws_owner *owner;
    void *user;
    int number; /* from 0, in the order in which they were opened */
    bool is_open;
    size_t unsent;
    struct pl_client_later free;
};

static void fake_ws_free(struct pl_client_later *later)
{
    pl_free(PL_CONTAINER_OF(later, struct pl_client_ws, free));
}

int pl_client_ws_open(struct pl_client_ws **out, struct parley_client *client,
                      const struct pl_client_transport *transport, struct pl_str target,
                      const char *protocols, size_t unsent_max,
                      const struct pl_client_ws_owner *owner, void *user, struct pl_error *err)
{
    struct pl_client_ws *ws = pl_try_alloc(sizeof(*ws));
    (void)transport;
    (void)protocols;
    (void)unsent_max;
    if (ws == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for a WebSocket");
    }
    *ws = (struct pl_client_ws){
        client, owner, user, client->ws_count, false, 0, {.run = fake_ws_free}};
    client->ws[client->ws_count++] = ws;
    if (client->shows_targets) {
        world_log(client, "ws%d " PL_STR_FMT "\n", ws->number, PL_STR_ARG(target));
    } else {
        world_log(client, "ws%d opens\n", ws->number);
    }
    *out = ws;
    return 0;
}

int pl_client_ws_send(struct pl_client_ws *ws, bool is_text, struct pl_str head,
                      struct pl_str payload)
{
    void *copy = ws->world->ws_has_no_room ? NULL : pl_try_alloc(head.len + payload.len);
    if (!ws->is_open) {
        pl_free(copy);
        return PL_E_CLOSED;
    }
    if (copy == NULL) {
        return PL_E_NOMEM;
    }
    pl_free(copy);
    ws->unsent += ws->world->keeps_unsent ? head.len + payload.len : 0;
    world_log(ws->world, "ws%d %s " PL_STR_FMT PL_STR_FMT "\n", ws->number,
              is_text ? "text" : "bytes", PL_STR_ARG(head), PL_STR_ARG(payload));
    return 0;
}

size_t pl_client_ws_unsent(const struct pl_client_ws *ws)
{
    return ws->unsent;
}

void pl_client_ws_close(struct pl_client_ws *ws, uint16_t code, struct pl_str reason,
                        int timeout_ms)
{
    (void)reason;
    (void)timeout_ms;
    world_log(ws->world, "ws%d close %u\n", ws->number, (unsigned)code);
}

void pl_client_ws_destroy(struct pl_client_ws **ws)
{
    if (*ws != NULL) {
        world_log((*ws)->world, "ws%d is dropped\n", (*ws)->number);
        (*ws)->world->ws[(*ws)->number] = NULL;
        pl_client_free_later((*ws)->world, &(*ws)->free);
        *ws = NULL;
    }
}

/* --- what happens: each of these is a turn --- */

static inline void world_end_turn(struct parley_client *world)
{
    world_run(&world->nexts);
    pl_timers_run(&world->timers, world->now_ms);
    world_run(&world->flushes);
    world_run(&world->frees);
}

static inline void world_wait(struct parley_client *world, int64_t ms)
{
    world->now_ms += ms;
    world_end_turn(world);
}

/* An answer to what is asked; nothing happens when nothing is. */
static inline void world_answer(struct parley_client *world, struct pl_client_http *http,
                                int status, const char *body)
{
    char copy[2048];
    int len = snprintf(copy, sizeof(copy), "%s", body);
    if (http != NULL && http->is_busy) {
        http->is_busy = false;
        http->owner->on_answer(http, status, (struct pl_span){(uint8_t *)copy, (size_t)len},
                               http->user);
    }
    world_end_turn(world);
}

static inline void world_fail(struct parley_client *world, struct pl_client_http *http, int error,
                              const char *reason)
{
    http->is_busy = false;
    http->owner->on_failed(http, error, reason, http->user);
    world_end_turn(world);
}

static inline void world_ws_opened(struct parley_client *world, int number)
{
    struct pl_client_ws *ws = world->ws[number];
    if (ws != NULL) {
        ws->is_open = true;
        ws->owner->on_open(ws, PL_STR(""), ws->user);
    }
    world_end_turn(world);
}

static inline void world_ws_says(struct parley_client *world, int number, bool is_text,
                                 const char *text)
{
    struct pl_client_ws *ws = world->ws[number];
    char copy[2048];
    int len = snprintf(copy, sizeof(copy), "%s", text);
    if (ws != NULL) {
        ws->owner->on_message(ws, is_text, (struct pl_span){(uint8_t *)copy, (size_t)len},
                              ws->user);
    }
    world_end_turn(world);
}

static inline void world_ws_sent(struct parley_client *world, int number)
{
    struct pl_client_ws *ws = world->ws[number];
    if (ws != NULL) {
        ws->unsent = 0;
        ws->owner->on_sent(ws, ws->user);
    }
    world_end_turn(world);
}

static inline void world_ws_ended(struct parley_client *world, int number, int error, uint16_t code,
                                  const char *reason)
{
    struct pl_client_ws *ws = world->ws[number];
    if (ws != NULL) {
        ws->is_open = false;
        ws->owner->on_closed(ws, error, code, pl_str_of_cstr(reason), ws->user);
    }
    world_end_turn(world);
}

/* The client is destroyed: what is left of it is freed. */
static inline void world_fini(struct parley_client *world)
{
    struct pl_list *node = NULL;
    while ((node = pl_list_pop_front(&world->sockets)) != NULL) {
        struct pl_client_socket *socket = PL_CONTAINER_OF(node, struct pl_client_socket, node);
        socket->destroy(socket);
    }
    world_run(&world->frees);
    PL_ASSERT(world->reserved_timers == 0);
    PL_ASSERT(pl_timers_next_ms(&world->timers) == -1);
    PL_ASSERT(pl_list_is_empty(&world->flushes) && pl_list_is_empty(&world->nexts));
    pl_timers_fini(&world->timers);
}

#endif
