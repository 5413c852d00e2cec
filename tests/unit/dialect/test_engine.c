/* The Engine.IO engine in one process with its clients, stepped turn by turn: what is delivered
 * around an upgrade, and many clients that do legal and illegal things at random while the
 * application does its own. */
#include "../web/fixture.h"

#include "codec/ws_frame.h"
#include "dialect/socketio/engine.h"
#include "hub/port_inline.h"

#define PING_INTERVAL_MS 300
#define PING_TIMEOUT_MS 200
#define SUSPENDED_MAX 16
#define DECISIONS_MAX 16
#define SIDS_MAX 32
#define CLIENTS 24
#define STEPS 30000

struct world {
    struct fixture web;
    struct pl_hub *hub;
    struct pl_turn_hook hook;
    struct pl_eio_engine *engine;
    uint64_t random; /* state of the generator */
    size_t opened;
    size_t closed;
    size_t handled;
    size_t upgraded;
    struct pl_session_id suspended[SUSPENDED_MAX];
    size_t suspended_count;
    struct pl_eio_decision *decisions[DECISIONS_MAX];
    size_t decision_count;
    struct pl_session_id last; /* the session opened last */
};

/* --- the world
 * ----------------------------------------------------------------------------------------- */

static size_t below(struct world *world, size_t bound)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (size_t)((world->random >> 20) % bound);
}

static int64_t env_now_ms(void *user)
{
    return pl_loop_now_ms(((struct world *)user)->web.loop);
}

static int64_t env_unix_us(void *user)
{
    return env_now_ms(user) * 1000;
}

static void env_random(void *user, void *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)out)[i] = (uint8_t)below(user, 256);
    }
}

static void begin_turn(struct pl_turn_hook *hook)
{
    pl_hub_turn_begin(PL_CONTAINER_OF(hook, struct world, hook)->hub);
}

static const struct pl_stream_key everybody = {.kind = 1, .subject = PL_STR_INIT("everybody")};

static struct pl_frame *encode(void *user, uint8_t encoding)
{
    const struct pl_str *text = user;
    return pl_eio_frame_create(encoding, *text, text, text->len % 2); /* some with bytes */
}

static void publish(struct world *world, struct pl_str text, unsigned flags)
{
    struct pl_stream *stream = pl_stream_find(world->hub, &everybody);
    (void)pl_hub_publish(world->hub, &(struct pl_publish){.include = &stream,
                                                          .include_count = 1,
                                                          .flags = flags,
                                                          .message = {encode, &text}});
}

static void send_text(struct pl_eio_session *session, struct pl_str text)
{
    struct pl_session *hub = pl_eio_session_hub(session);
    struct pl_frame *frame = pl_eio_frame_create(pl_session_encoding(hub), text, NULL, 0);
    if (frame != NULL) {
        pl_session_send(hub, frame, 0);
    }
}

static void suspend(struct world *world, struct pl_session *session)
{
    if (world->suspended_count < SUSPENDED_MAX) {
        world->suspended[world->suspended_count++] = pl_session_id(session);
        pl_session_suspend(session);
    }
}

static void resume_one(struct world *world)
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

static void on_upgrade(struct pl_eio_session *session, void *user)
{
    assert_true(pl_eio_session_is_websocket(session));
    ((struct world *)user)->upgraded++;
}

static void on_open(void *user, struct pl_eio_session *session)
{
    struct world *world = user;
    struct pl_session *hub = pl_eio_session_hub(session);
    world->opened++;
    world->last = pl_session_id(hub);
    pl_eio_session_on_upgrade(session, on_upgrade, world);
    assert_int_equal(pl_hub_join(world->hub, hub, &everybody, PL_MEMBER_SUBSCRIBER, NULL, NULL), 1);
}

/* The first letter says what the application does. */
static void on_message(void *user, struct pl_eio_session *session, bool is_text,
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

static void on_close(void *user, struct pl_eio_session *session, enum pl_eio_reason reason)
{
    struct world *world = user;
    world->closed++;
    assert_non_null(pl_eio_reason_text(reason));
    assert_false(pl_eio_session_is_open(session));
    assert_true(pl_eio_session_close(session)); /* of no effect */
    publish(world, PL_STR("left"), 0);          /* itself included */
}

static void on_middleware(void *user, struct pl_web_request *request,
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

static void decide_one(struct world *world)
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

static void world_init(struct world *world, uint64_t seed, bool has_hooks,
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
    };
    struct pl_eio_handler handler = {
        .on_open = on_open,
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

static void world_fini(struct world *world)
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

/* --- clients
 * ------------------------------------------------------------------------------------------- */

static void request(struct client *client, const char *method, const char *sid,
                    const char *transport, struct pl_str body, size_t body_sent)
{
    char head[512];
    bool is_upgrade = strcmp(transport, "websocket") == 0;
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

static void ws_say(struct client *client, enum pl_ws_opcode opcode, struct pl_str payload)
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

static bool find_sid(char out[PL_EIO_SID_MAX + 1], const struct client *client)
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

/* --- around the upgrade
 * -------------------------------------------------------------------------------- */

/* Numbered messages keep coming while a client polls and upgrades: "<number>." each. Collects the
 * numbers that are in what a connection got, and checks that none is missing or doubled. */
static size_t check_numbers(struct client *client, size_t next)
{
    for (size_t at = 0; at + 1 < client->got.len; at++) {
        if (client->got.ptr[at] == '<') {
            assert_int_equal(strtoul((const char *)client->got.ptr + at + 1, NULL, 10), next);
            next++;
        }
    }
    pl_buf_clear(&client->got);
    return next;
}

static void send_number(struct world *world, size_t *number)
{
    char text[32];
    struct pl_session *session = pl_session_find(world->hub, world->last);
    assert_non_null(session);
    snprintf(text, sizeof(text), "<%zu>", (*number)++);
    send_text(pl_eio_session_of(session), pl_str_of_cstr(text));
}

/* Step by step; before each step `burst[step]` messages are sent. */
static void upgrade_with(const size_t *burst, bool is_parked)
{
    struct world *world = pl_alloc(sizeof(*world));
    struct client polling;
    struct client ws;
    char sid[PL_EIO_SID_MAX + 1];
    size_t sent = 0;
    size_t got = 0;
    world_init(world, 1, false, 1u << 20);
    client_open(&polling, &world->web);
    request(&polling, "GET", "", "polling", PL_STR(""), 0);
    settle(&world->web, &polling);
    assert_true(find_sid(sid, &polling));
    pl_buf_clear(&polling.got);
    client_open(&ws, &world->web);
    for (size_t step = 0; step < 6; step++) {
        for (size_t i = 0; i < burst[step]; i++) {
            send_number(world, &sent);
        }
        switch (step) {
        case 0:
            if (is_parked) {
                request(&polling, "GET", sid, "polling", PL_STR(""), 0);
            }
            break;
        case 1:
            request(&ws, "GET", sid, "websocket", PL_STR(""), 0);
            break;
        case 2:
            ws_say(&ws, PL_WS_TEXT, PL_STR("2probe"));
            break;
        case 3:
            if (!is_parked) {
                request(&polling, "GET", sid, "polling", PL_STR(""), 0);
            }
            break;
        case 4:
            ws_say(&ws, PL_WS_TEXT, PL_STR("5"));
            break;
        default:
            break;
        }
        settle(&world->web, &polling);
        got = check_numbers(&polling, got);
        client_read(&ws);
        if (step >= 4) {
            got = check_numbers(&ws, got);
        }
    }
    assert_int_equal(got, sent);
    assert_int_equal(world->upgraded, 1);
    client_close(&polling, &world->web);
    client_close(&ws, &world->web);
    world_fini(world);
    pl_free(world);
}

static void test_engine_upgrade_loses_and_doubles_nothing(void **state)
{
    (void)state;
    for (size_t pattern = 0; pattern < 64; pattern++) {
        size_t burst[6];
        for (size_t i = 0; i < 6; i++) {
            burst[i] = (pattern >> i & 1) * 3;
        }
        upgrade_with(burst, false);
        upgrade_with(burst, true);
    }
}

/* --- single cases that a random walk meets seldom
 * ------------------------------------------------------ */

struct one {
    struct world *world;
    struct client client; /* a connection for polling */
    char sid[PL_EIO_SID_MAX + 1];
};

static void one_init(struct one *one)
{
    *one = (struct one){.world = pl_alloc(sizeof(struct world))};
    world_init(one->world, 1, false, 1u << 16);
    client_open(&one->client, &one->world->web);
    request(&one->client, "GET", "", "polling", PL_STR(""), 0);
    settle(&one->world->web, &one->client);
    assert_true(find_sid(one->sid, &one->client));
    pl_buf_clear(&one->client.got);
}

static void one_fini(struct one *one)
{
    client_close(&one->client, &one->world->web);
    world_fini(one->world);
    pl_free(one->world);
}

static void test_engine_post_of_a_wrong_transport_leaves_nothing_behind(void **state)
{
    static const char *const rows[] = {"nonsense", "websocket%00", ""};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct one one;
        one_init(&one);
        request(&one.client, "POST", one.sid, rows[i], PL_STR("4hello"), 6);
        settle(&one.world->web, &one.client);
        assert_true(client_has(&one.client, "400 Bad Request"));
        assert_true(client_has(&one.client, "{\"code\":0,"));
        pl_buf_clear(&one.client.got);
        request(&one.client, "POST", one.sid, "polling", PL_STR("4hello"), 6);
        settle(&one.world->web, &one.client);
        assert_true(client_has(&one.client, "200 OK"));
        one_fini(&one);
    }
}

static void test_engine_close_waits_for_the_next_get_though_a_pong_is_missing(void **state)
{
    struct one one;
    (void)state;
    one_init(&one);
    advance(&one.world->web, &one.client,
            PING_INTERVAL_MS); /* a ping is queued, its pong awaited */
    request(&one.client, "GET", one.sid, "polling", PL_STR(""), 0);
    settle(&one.world->web, &one.client);
    assert_true(client_has(&one.client, "\r\n\r\n2"));
    pl_buf_clear(&one.client.got);
    assert_false(
        pl_eio_session_close(pl_eio_session_of(pl_session_find(one.world->hub, one.world->last))));
    advance(&one.world->web, &one.client, 2500); /* a kept connection lasts no longer */
    assert_int_equal(one.world->closed, 0);
    request(&one.client, "GET", one.sid, "polling", PL_STR(""), 0);
    settle(&one.world->web, &one.client);
    assert_true(client_has(&one.client, "\r\n\r\n6\x1e"
                                        "1"));
    assert_int_equal(one.world->closed, 1);
    one_fini(&one);
}

static void test_engine_close_is_not_put_off_by_posts(void **state)
{
    struct one one;
    (void)state;
    one_init(&one);
    pl_eio_session_close(pl_eio_session_of(pl_session_find(one.world->hub, one.world->last)));
    for (int i = 0; i < 4; i++) {
        advance(&one.world->web, &one.client, 2500);
        request(&one.client, "POST", one.sid, "polling", PL_STR("4hello"), 6);
        settle(&one.world->web, &one.client);
    }
    assert_int_equal(one.world->handled, 0);
    assert_int_equal(one.world->closed, 0);
    pl_loop_advance(one.world->web.loop, 20001);
    turns(&one.world->web, 1);
    assert_int_equal(one.world->closed, 1);
    one_fini(&one);
}

static void test_engine_overflow_ends_the_session_and_others_hear_of_it_at_once(void **state)
{
    struct one one;
    (void)state;
    one_init(&one);
    for (int i = 0; i < 100; i++) {
        publish(one.world, PL_STR("0123456789012345678901234567890123456789"), 0);
    }
    for (int i = 0; i < 2000 && one.world->closed == 0; i++) {
        publish(one.world, PL_STR("0123456789012345678901234567890123456789"), 0);
        if (i % 100 == 99) {
            turns(&one.world->web, 1);
        }
    }
    assert_int_equal(one.world->closed, 1);
    pl_loop_turn(one.world->web.loop,
                 -1); /* does not sleep: what on_close published is on its way */
    request(&one.client, "GET", one.sid, "polling", PL_STR(""), 0);
    settle(&one.world->web, &one.client);
    assert_true(client_has(&one.client, "{\"code\":1,"));
    one_fini(&one);
}

static void test_engine_post_of_a_session_without_pong_is_told_that_it_is_unknown(void **state)
{
    struct one one;
    (void)state;
    one_init(&one);
    advance(&one.world->web, &one.client, PING_INTERVAL_MS);
    request(&one.client, "POST", one.sid, "polling", PL_STR("3"), 1);
    pl_loop_advance(one.world->web.loop, PING_TIMEOUT_MS);
    settle(&one.world->web, &one.client);
    assert_true(client_has(&one.client, "{\"code\":1,"));
    one_fini(&one);
}

/* --- at random
 * ----------------------------------------------------------------------------------------- */

struct walker {
    struct client client;
    bool is_websocket;
};

struct crowd {
    struct world world;
    struct walker walkers[CLIENTS];
    char sids[SIDS_MAX][PL_EIO_SID_MAX + 1];
    size_t sid_count; /* ever seen */
};

static const char *any_sid(struct crowd *crowd)
{
    size_t known = pl_size_min(crowd->sid_count, SIDS_MAX);
    size_t age = known == 0
                     ? 0
                     : below(&crowd->world, below(&crowd->world, known) + 1); /* rather a new one */
    return known == 0 ? "nobody" : crowd->sids[(crowd->sid_count - 1 - age) % SIDS_MAX];
}

static void learn_sid(struct crowd *crowd, struct walker *walker)
{
    char sid[PL_EIO_SID_MAX + 1];
    client_read(&walker->client);
    if (find_sid(sid, &walker->client)) {
        memcpy(crowd->sids[crowd->sid_count++ % SIDS_MAX], sid, sizeof(sid));
    }
    pl_buf_clear(&walker->client.got);
}

static struct pl_str any_packet(struct crowd *crowd)
{
    static const struct pl_str packets[] = {
        PL_STR_INIT("4echo"), PL_STR_INIT("4public"), PL_STR_INIT("4volatile"), PL_STR_INIT("4s"),
        PL_STR_INIT("4r"),    PL_STR_INIT("3"),       PL_STR_INIT("3"),         PL_STR_INIT("3"),
        PL_STR_INIT("4c"),    PL_STR_INIT("1"),       PL_STR_INIT("2"),         PL_STR_INIT("6"),
        PL_STR_INIT("b/w=="), PL_STR_INIT("bAQID"),   PL_STR_INIT("b!"),        PL_STR_INIT("9"),
        PL_STR_INIT(""),      PL_STR_INIT("2probe"),  PL_STR_INIT("5"),         PL_STR_INIT("4e"),
    };
    size_t likely = below(&crowd->world, 25) == 0 ? PL_ARRAY_LEN(packets) : 8;
    return packets[below(&crowd->world, likely)];
}

static void post(struct crowd *crowd, struct walker *walker)
{
    struct pl_buf body;
    size_t count = 1 + below(&crowd->world, below(&crowd->world, 3) == 0 ? 60 : 3);
    size_t sent = 0;
    pl_buf_init(&body, 1 << 16);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            pl_buf_add_char(&body, '\x1e');
        }
        pl_buf_add_str(&body, any_packet(crowd));
    }
    if (below(&crowd->world, 50) == 0) {
        pl_buf_add(&body, (char[21000]){"4"}, 21000); /* too big */
    }
    sent = below(&crowd->world, 6) == 0 ? below(&crowd->world, body.len + 1) : body.len;
    request(&walker->client, "POST", any_sid(crowd),
            below(&crowd->world, 40) == 0 ? "other" : "polling", pl_buf_str(&body), sent);
    pl_buf_fini(&body);
}

static void reconnect(struct crowd *crowd, struct walker *walker)
{
    if (walker->client.fd >= 0) {
        close(walker->client.fd);
        pl_buf_fini(&walker->client.got);
    }
    client_open(&walker->client, &crowd->world.web);
    walker->is_websocket = false;
}

static void say_frame(struct crowd *crowd, struct walker *walker)
{
    struct world *world = &crowd->world;
    struct pl_str packet = any_packet(crowd);
    if (below(world, 100) == 0) {
        (void)send(walker->client.fd, "\xff\xff\xff", 3, MSG_NOSIGNAL);
    } else if (below(world, 40) == 0) {
        ws_say(&walker->client, PL_WS_CLOSE, PL_STR("\x03\xe8"));
    } else {
        ws_say(&walker->client, below(world, 5) == 0 ? PL_WS_BINARY : PL_WS_TEXT, packet);
    }
}

static void upgrade(struct crowd *crowd, struct walker *walker)
{
    struct world *world = &crowd->world;
    reconnect(crowd, walker);
    request(&walker->client, "GET", any_sid(crowd), "websocket", PL_STR(""), 0);
    walker->is_websocket = true;
    if (below(world, 3) > 0) {
        ws_say(&walker->client, PL_WS_TEXT, PL_STR("2probe"));
    }
    if (below(world, 3) > 0) {
        ws_say(&walker->client, PL_WS_TEXT, PL_STR("5"));
    }
}

static void client_step(struct crowd *crowd, struct walker *walker)
{
    struct world *world = &crowd->world;
    size_t choice = below(world, 20);
    if (walker->client.fd < 0 || walker->client.has_ended || below(world, 40) == 0) {
        reconnect(crowd, walker);
    } else if (below(world, 100) == 0) {
        shutdown(walker->client.fd, SHUT_WR);
    } else if (walker->is_websocket) {
        say_frame(crowd, walker);
    } else if (choice < 4) {
        request(&walker->client, "GET", "", "polling", PL_STR(""), 0);
    } else if (choice == 4) {
        reconnect(crowd, walker);
        request(&walker->client, "GET", "", "websocket", PL_STR(""), 0);
        walker->is_websocket = true;
    } else if (choice < 7) {
        upgrade(crowd, walker);
    } else if (choice < 13) {
        request(&walker->client, "GET", any_sid(crowd), "polling", PL_STR(""), 0);
    } else {
        post(crowd, walker);
    }
}

static void app_step(struct world *world)
{
    struct pl_session *session = NULL;
    switch (below(world, 8)) {
    case 0:
        publish(world, PL_STR("news"), 0);
        break;
    case 1:
        resume_one(world);
        break;
    case 2:
        decide_one(world);
        break;
    case 3:
        session = pl_session_find(world->hub, world->last);
        if (session != NULL && below(world, 4) == 0) {
            pl_eio_session_close(pl_eio_session_of(session));
        }
        break;
    case 4:
        pl_loop_advance(world->web.loop, (int64_t)below(world, below(world, 20) == 0 ? 40000 : 60));
        break;
    case 5:
        for (size_t i = 0; i < 40; i++) { /* more than some can hold */
            publish(
                world,
                PL_STR("a longer message, of which there are many, so that slow ones fall behind"),
                0);
        }
        break;
    case 6:
        if (below(world, 4) == 0) {
            pl_try_alloc_fail_at(1 +
                                 below(world, 30)); /* memory that a peer sizes may be refused */
        }
        break;
    default:
        break;
    }
}

static void check(const struct world *world)
{
    int64_t polling = pl_metrics_get(&world->web.metrics, PL_METRIC_SESSIONS_POLLING);
    int64_t websocket = pl_metrics_get(&world->web.metrics, PL_METRIC_SESSIONS_WEBSOCKET);
    assert_true(polling >= 0 && websocket >= 0);
    assert_int_equal(polling + websocket, pl_eio_engine_session_count(world->engine));
    assert_int_equal(world->opened - world->closed, pl_eio_engine_session_count(world->engine));
    assert_int_equal(pl_hub_stats(world->hub).session_count,
                     pl_eio_engine_session_count(world->engine));
}

static void walk(uint64_t seed, bool has_hooks)
{
    struct crowd *crowd = pl_alloc(sizeof(*crowd));
    struct world *world = &crowd->world;
    world_init(world, seed, has_hooks, 16000);
    for (size_t i = 0; i < CLIENTS; i++) {
        crowd->walkers[i].client.fd = -1;
    }
    for (size_t step = 0; step < STEPS; step++) {
        struct walker *walker = &crowd->walkers[below(world, CLIENTS)];
        client_step(crowd, walker);
        if (below(world, 3) == 0) {
            app_step(world);
        }
        if (below(world, 2) == 0) {
            turns(&world->web, 1);
            check(world);
        }
        if (below(world, 3) > 0) { /* some are slow */
            learn_sid(crowd, walker);
        }
    }
    assert_true(world->opened > STEPS / 100);
    assert_true(world->handled > STEPS / 10);
    assert_true(world->upgraded > STEPS / 1000);
    pl_try_alloc_fail_at(0);
    if (seed % 2 == 0) { /* else the connections go first when the world ends */
        for (size_t i = 0; i < CLIENTS; i++) {
            close(crowd->walkers[i].client.fd);
        }
    }
    world_fini(world);
    for (size_t i = 0; i < CLIENTS; i++) {
        if (seed % 2 == 1) {
            close(crowd->walkers[i].client.fd);
        }
        pl_buf_fini(&crowd->walkers[i].client.got);
    }
    pl_free(crowd);
}

static void test_engine_survives_whatever_its_clients_do(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        walk(seed * 0x9e3779b97f4a7c15u + seed, seed > 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_upgrade_loses_and_doubles_nothing),
        cmocka_unit_test(test_engine_post_of_a_wrong_transport_leaves_nothing_behind),
        cmocka_unit_test(test_engine_close_waits_for_the_next_get_though_a_pong_is_missing),
        cmocka_unit_test(test_engine_close_is_not_put_off_by_posts),
        cmocka_unit_test(test_engine_overflow_ends_the_session_and_others_hear_of_it_at_once),
        cmocka_unit_test(test_engine_post_of_a_session_without_pong_is_told_that_it_is_unknown),
        cmocka_unit_test(test_engine_survives_whatever_its_clients_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
