/* Many clients of the Engine.IO engine that do legal and illegal things at random, while its
 * application does its own and memory is refused now and then.
 * The same seed gives the same walk. */
#include "engine_world.h"

#define SIDS_MAX 32
#define CLIENTS 24
#define STEPS 30000

/* --- at random --- */

struct walker {
    struct client client;
    bool is_websocket;
};

struct crowd {
    struct world world;
    struct walker walkers[CLIENTS];
    char sids[SIDS_MAX][PL_EIO_SID_MAX + 1];
    size_t sid_count; /* ever seen */
    bool is_old;      /* all speak revision 3 */
};

/* The transport, with what else is in the query: the last revision named is the one. */
static const char *on_polling(struct crowd *crowd)
{
    static const char *const forms[] = {"polling&EIO=3", "polling&EIO=3", "polling&EIO=3&b64=1",
                                        "polling&EIO=3&j=5"};
    return crowd->is_old ? forms[below(&crowd->world, PL_ARRAY_LEN(forms))] : "polling";
}

static const char *on_websocket(struct crowd *crowd)
{
    static const char *const forms[] = {"websocket&EIO=3", "websocket&EIO=3&b64=1"};
    return crowd->is_old ? forms[below(&crowd->world, PL_ARRAY_LEN(forms))] : "websocket";
}

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
    struct pl_str packet = packets[below(&crowd->world, likely)];
    return crowd->is_old && pl_str_eq(packet, PL_STR("3")) ? PL_STR("2") : packet;
}

/* One packet of a body, in the text form of its revision. */
static void add_packet(struct pl_buf *body, struct crowd *crowd)
{
    struct pl_str packet = any_packet(crowd);
    if (crowd->is_old) {
        pl_buf_addf(body, "%zu:", packet.len);
    } else if (body->len > 0) {
        pl_buf_add_char(body, '\x1e');
    }
    pl_buf_add_str(body, packet);
}

static void post(struct crowd *crowd, struct walker *walker)
{
    struct pl_buf body;
    size_t count = 1 + below(&crowd->world, below(&crowd->world, 3) == 0 ? 60 : 3);
    size_t sent = 0;
    pl_buf_init(&body, 1 << 16);
    for (size_t i = 0; i < count; i++) {
        add_packet(&body, crowd);
    }
    if (below(&crowd->world, 50) == 0) {
        pl_buf_add(&body, (char[21000]){"4"}, 21000); /* too big */
    }
    sent = below(&crowd->world, 6) == 0 ? below(&crowd->world, body.len + 1) : body.len;
    request(&walker->client, "POST", any_sid(crowd),
            below(&crowd->world, 40) == 0 ? "other" : on_polling(crowd), pl_buf_str(&body), sent);
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
    } else if (below(world, 5) == 0) {
        ws_say(&walker->client, PL_WS_BINARY, crowd->is_old ? PL_STR("\4bytes") : packet);
    } else {
        ws_say(&walker->client, PL_WS_TEXT, packet);
    }
}

static void upgrade(struct crowd *crowd, struct walker *walker)
{
    struct world *world = &crowd->world;
    reconnect(crowd, walker);
    request(&walker->client, "GET", any_sid(crowd), on_websocket(crowd), PL_STR(""), 0);
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
        request(&walker->client, "GET", "", on_polling(crowd), PL_STR(""), 0);
    } else if (choice == 4) {
        reconnect(crowd, walker);
        request(&walker->client, "GET", "", on_websocket(crowd), PL_STR(""), 0);
        walker->is_websocket = true;
    } else if (choice < 7) {
        upgrade(crowd, walker);
    } else if (choice < 13) {
        request(&walker->client, "GET", any_sid(crowd), on_polling(crowd), PL_STR(""), 0);
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

static void walk(uint64_t seed, bool has_hooks, bool is_old)
{
    struct crowd *crowd = pl_alloc(sizeof(*crowd));
    struct world *world = &crowd->world;
    world_init(world, seed, has_hooks, 16000);
    crowd->is_old = is_old;
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
    assert_true(upgrade_count(world) > STEPS / 1000);
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
        walk(seed * 0x9e3779b97f4a7c15u + seed, seed > 2, false);
    }
}

static void test_engine_survives_whatever_its_old_clients_do(void **state)
{
    (void)state;
    for (uint64_t seed = 11; seed <= 14; seed++) {
        walk(seed * 0x9e3779b97f4a7c15u + seed, seed > 12, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_survives_whatever_its_clients_do),
        cmocka_unit_test(test_engine_survives_whatever_its_old_clients_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
