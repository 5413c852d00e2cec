/* An Engine.IO engine and its application in the test's own process,
 * and clients on socket pairs. */
#ifndef PL_TEST_ENGINE_WORLD_H
#define PL_TEST_ENGINE_WORLD_H

#include "../web/fixture.h"

#include "codec/ws_frame.h"
#include "dialect/socketio/engine.h"
#include "hub/port_inline.h"

#define PING_INTERVAL_MS 300
#define PING_TIMEOUT_MS 200
#define SUSPENDED_MAX 16
#define DECISIONS_MAX 16

struct world {
    struct fixture web;
    struct pl_hub *hub;
    struct pl_turn_hook hook;
    struct pl_eio_engine *engine;
    uint64_t random; /* state of the generator */
    size_t opened;
    size_t closed;
    size_t handled;
    struct pl_session_id suspended[SUSPENDED_MAX];
    size_t suspended_count;
    struct pl_eio_decision *decisions[DECISIONS_MAX];
    size_t decision_count;
    struct pl_session_id last; /* the session opened last */
};

/* --- the world --- */

static inline size_t below(struct world *world, size_t bound)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (size_t)((world->random >> 20) % bound);
}

static inline int64_t env_now_ms(void *user)
{
    return pl_loop_now_ms(((struct world *)user)->web.loop);
}

static inline int64_t env_unix_us(void *user)
{
    return env_now_ms(user) * 1000;
}

static inline void env_random(void *user, void *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)out)[i] = (uint8_t)below(user, 256);
    }
}

static inline void begin_turn(struct pl_turn_hook *hook)
{
    pl_hub_turn_begin(PL_CONTAINER_OF(hook, struct world, hook)->hub);
}

static const struct pl_stream_key everybody = {.kind = 1, .subject = PL_STR_INIT("everybody")};

static inline struct pl_frame *encode(void *user, uint8_t encoding)
{
    const struct pl_str *text = user;
    return pl_eio_frame_create(encoding, *text, text, text->len % 2); /* some with bytes */
}

static inline void publish(struct world *world, struct pl_str text, unsigned flags)
{
    struct pl_stream *stream = pl_stream_find(world->hub, &everybody);
    (void)pl_hub_publish(world->hub, &(struct pl_publish){.include = &stream,
                                                          .include_count = 1,
                                                          .flags = flags,
                                                          .message = {encode, &text}});
}

static inline void send_text(struct pl_eio_session *session, struct pl_str text)
{
    struct pl_session *hub = pl_eio_session_hub(session);
    struct pl_frame *frame = pl_eio_frame_create(pl_session_encoding(hub), text, NULL, 0);
    if (frame != NULL) {
        pl_session_send(hub, frame, 0);
    }
}

static inline void suspend(struct world *world, struct pl_session *session)
{
    if (world->suspended_count < SUSPENDED_MAX) {
        world->suspended[world->suspended_count++] = pl_session_id(session);
        pl_session_suspend(session);
    }
}

static inline void resume_one(struct world *world)
{
    struct pl_session *session = NULL;
    size_t at = 0;
    if (world->suspended_count == 0) {
        return;
    }
    at = below(world, world->suspended_count);
    session = pl_session_find(world->hub, world->suspended[at]);
    world->suspended[at] = world->suspended[--world->suspended_count];
    if (session != NULL) {
        pl_session_resume(session);
    }
}

static inline void on_upgrade(void *user, struct pl_eio_session *session)
{
    (void)user;
    assert_true(pl_eio_session_is_websocket(session));
}

static inline void on_open(void *user, struct pl_eio_session *session)
{
    struct world *world = user;
    struct pl_session *hub = pl_eio_session_hub(session);
    world->opened++;
    world->last = pl_session_id(hub);
    assert_int_equal(pl_hub_join(world->hub, hub, &everybody, PL_MEMBER_SUBSCRIBER, NULL, NULL), 1);
}

/* The first letter says what the application does. */
static inline void on_message(void *user, struct pl_eio_session *session, bool is_text,
                              struct pl_span bytes)
{
    struct world *world = user;
    uint8_t letter = bytes.len > 0 ? bytes.ptr[0] : 0;
    assert_true(pl_eio_session_is_open(session));
    world->handled++;
    if (!is_text) {
        return;
    }
    switch (letter) {
    case 'c':
        pl_eio_session_close(session);
        break;
    case 's':
        suspend(world, pl_eio_session_hub(session));
        break;
    case 'p':
        publish(world, pl_str_of_span(bytes), 0);
        break;
    case 'v':
        publish(world, pl_str_of_span(bytes), PL_SEND_VOLATILE);
        break;
    case 'r':
        resume_one(world);
        break;
    default:
        send_text(session, pl_str_of_span(bytes));
    }
}

static inline void on_close(void *user, struct pl_eio_session *session, enum pl_eio_reason reason)
{
    struct world *world = user;
    world->closed++;
    assert_non_null(pl_eio_reason_text(reason));
    assert_false(pl_eio_session_is_open(session));
    assert_true(pl_eio_session_close(session)); /* of no effect */
    publish(world, PL_STR("left"), 0);          /* itself included */
}

static inline void on_middleware(void *user, struct pl_web_request *request,
                                 struct pl_eio_decision *decision)
{
    struct world *world = user;
    (void)request;
    if (below(world, 8) == 0 && world->decision_count < DECISIONS_MAX) {
        world->decisions[world->decision_count++] = decision; /* later */
    } else if (below(world, 32) == 0) {
        pl_eio_decision_refuse(decision, PL_STR("no"));
    } else {
        pl_eio_decision_accept(decision);
    }
}

static inline void decide_one(struct world *world)
{
    if (world->decision_count > 0) {
        struct pl_eio_decision *decision = world->decisions[--world->decision_count];
        if (below(world, 4) == 0) {
            pl_eio_decision_refuse(decision, PL_STR("no"));
        } else {
            pl_eio_decision_accept(decision);
        }
    }
}

static inline void world_init(struct world *world, uint64_t seed, bool has_hooks,
                              uint32_t send_limit_bytes)
{
    struct pl_hub_config hub = {
        .env = {env_now_ms, env_unix_us, env_random, world},
        .port_impl = &pl_port_inline,
        .port = &world->web.fanout,
        .inbound_messages_max = 8,
    };
    struct pl_eio_config config = {
        .path = PL_STR("/engine.io"),
        .ping_interval_ms = PING_INTERVAL_MS,
        .ping_timeout_ms = PING_TIMEOUT_MS,
        .upgrade_timeout_ms = 250,
        .max_http_buffer_size = 20000,
        .send_limit_bytes = send_limit_bytes,
        .allows_polling = true,
        .allows_websocket = true,
        .allows_upgrades = true,
        .allows_revision_3 = true,
    };
    struct pl_eio_handler handler = {
        .on_open = on_open,
        .on_upgrade = on_upgrade,
        .on_message = on_message,
        .on_close = on_close,
        .middleware = has_hooks ? on_middleware : NULL,
        .allow_request = has_hooks ? on_middleware : NULL,
        .user = world,
    };
    *world = (struct world){.random = seed, .hook.begin = begin_turn};
    fixture_init(&world->web);
    pl_loop_set_input_slice(world->web.loop, 12, 60u * 1000 * 1000);
    hub.timers = pl_loop_timers(world->web.loop);
    assert_int_equal(pl_hub_create(&world->hub, &hub, NULL), 0);
    pl_loop_hook_add(world->web.loop, &world->hook);
    assert_int_equal(
        pl_eio_engine_create(&world->engine, world->web.web, world->hub, &config, &handler, NULL),
        0);
}

static inline int64_t upgrade_count(const struct world *world)
{
    return pl_metrics_get(&world->web.metrics, PL_METRIC_SESSIONS_UPGRADED);
}

static inline void world_fini(struct world *world)
{
    pl_eio_engine_shutdown(world->engine);
    turns(&world->web, 3);
    assert_int_equal(pl_eio_engine_session_count(world->engine), 0);
    assert_int_equal(pl_hub_stats(world->hub).session_count, 0);
    assert_int_equal(world->opened, world->closed);
    pl_conn_set_fini(&world->web.conns);
    while (world->decision_count > 0) { /* about requests that are gone */
        decide_one(world);
    }
    turns(&world->web, 1);
    pl_eio_engine_destroy(world->engine);
    pl_hub_destroy(world->hub);
    pl_loop_hook_remove(&world->hook);
    fixture_fini(&world->web);
}

/* --- clients --- */

static inline void request(struct client *client, const char *method, const char *sid,
                           const char *transport, struct pl_str body, size_t body_sent)
{
    char head[512];
    size_t name_len = strcspn(transport, "&"); /* more of the query may follow */
    bool is_upgrade = pl_str_eq(pl_str_make(transport, name_len), PL_STR("websocket"));
    int len = snprintf(
        head, sizeof(head),
        "%s /engine.io/?EIO=4&transport=%s%s%s HTTP/1.1\r\nHost: h\r\n%s"
        "Content-Length: %zu\r\n\r\n",
        method, transport, sid[0] == '\0' ? "" : "&sid=", sid,
        is_upgrade ? "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                   : "",
        body.len);
    (void)send(client->fd, head, (size_t)len, MSG_NOSIGNAL);
    (void)send(client->fd, body.ptr, body_sent, MSG_NOSIGNAL);
}

static inline void ws_say(struct client *client, enum pl_ws_opcode opcode, struct pl_str payload)
{
    uint8_t frame[PL_WS_HEADER_MAX + 4096];
    const uint8_t key[4] = {0}; /* masks nothing */
    size_t len = pl_ws_header_write(frame, opcode, true, payload.len, key);
    assert_true(payload.len <= 4096);
    if (payload.len > 0) {
        memcpy(frame + len, payload.ptr, payload.len);
    }
    (void)send(client->fd, frame, len + payload.len, MSG_NOSIGNAL);
}

static inline bool find_sid(char out[PL_EIO_SID_MAX + 1], const struct client *client)
{
    const char *at =
        client->got.len == 0 ? NULL : memmem(client->got.ptr, client->got.len, "\"sid\":\"", 7);
    if (at == NULL || (size_t)((const char *)client->got.ptr + client->got.len - at) < 7 + 20) {
        return false;
    }
    memcpy(out, at + 7, 20);
    out[20] = '\0';
    return true;
}

#endif
