/* Talo sockets in the test's own process, turn by turn, on a store that answers when it is told to:
 * what the wire tests cannot order so exactly. */
#include "../web/fixture.h"

#include "codec/ws_frame.h"
#include "dialect/talo/socket_internal.h"
#include "hub/port_inline.h"
#include "store/fake.h"
#include "store/talo/games.h"
#include "store/talo/players.h"

#define SECRET                                                                                     \
    PL_STR("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"                      \
           "00112233445566778899aabbccddeeff")
#define MANY 150

struct world {
    struct fixture web;
    struct pl_hub *hub;
    struct pl_turn_hook hook;
    struct pl_store *store;
    struct pl_talo_encoder encoder;
    struct pl_talo *talo;
    struct pl_talo_dialect *dialect;
    uint64_t random;
    int failing_rc; /* of every operation; 0: none fails */
};

/* --- the world --- */

static int64_t env_now_ms(void *user)
{
    return pl_loop_now_ms(((struct world *)user)->web.loop);
}

static int64_t env_unix_us(void *user)
{
    return (INT64_C(1760000000000) + env_now_ms(user)) * 1000;
}

static void env_random(void *user, void *out, size_t size)
{
    struct world *world = user;
    for (size_t i = 0; i < size; i++) {
        world->random = world->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        ((uint8_t *)out)[i] = (uint8_t)(world->random >> 56);
    }
}

static void begin_turn(struct pl_turn_hook *hook)
{
    pl_hub_turn_begin(PL_CONTAINER_OF(hook, struct world, hook)->hub);
}

static int fail_op(const struct pl_store_op *op, void *user)
{
    (void)op;
    return ((struct world *)user)->failing_rc;
}

static void run_store(struct world *world)
{
    do {
        (void)pl_store_fake_write(world->store, SIZE_MAX);
        (void)pl_store_fake_read(world->store, SIZE_MAX);
        pl_store_complete(world->store);
    } while (
        pl_store_fake_writes_waiting(world->store) + pl_store_fake_reads_waiting(world->store) > 0);
}

static void note_done(struct pl_store_op *op, void *user)
{
    (void)user;
    assert_int_equal(op->rc, 0);
}

static void run(struct world *world, struct pl_store_op *op)
{
    op->on_done = note_done;
    pl_talo_submit(world->talo, op);
    run_store(world);
}

/* Game 1 with key 1. */
static void make_game(struct world *world)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_game_create_type, 0);
    struct pl_talo_op_game_create *game = (void *)op;
    struct pl_buf sealed;
    pl_buf_init(&sealed, 1024);
    game->game = (struct pl_talo_game){.id = pl_talo_next_id(world->talo, PL_TALO_ID_GAME),
                                       .name = PL_STR("game"),
                                       .secret = SECRET};
    pl_talo_seal(&sealed, world->talo, PL_TALO_SECRET_GAME, game->game.id, SECRET);
    game->sealed_secret = pl_buf_str(&sealed);
    run(world, op);
    pl_store_op_free(op);
    pl_buf_fini(&sealed);
    op = pl_store_op_create(&pl_talo_op_key_create_type, 0);
    ((struct pl_talo_op_key_create *)(void *)op)->key =
        (struct pl_talo_key){.id = pl_talo_next_id(world->talo, PL_TALO_ID_KEY),
                             .game_id = 1,
                             .scopes = PL_TALO_SCOPES_ALL};
    run(world, op);
    pl_store_op_free(op);
}

static int64_t make_alias(struct world *world, struct pl_str identifier)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_player_identify_type, 0);
    struct pl_talo_op_player_identify *identify = (void *)op;
    identify->game_id = 1;
    identify->service = PL_STR("username");
    identify->identifier = identifier;
    identify->may_create = true;
    identify->new_alias_id = pl_talo_next_id(world->talo, PL_TALO_ID_ALIAS);
    identify->new_player_id = pl_talo_new_uuid(world->talo);
    identify->now_ms = pl_talo_now_ms(world->talo);
    run(world, op);
    int64_t id = identify->alias->id;
    pl_store_op_free(op);
    return id;
}

static void make_talo(struct world *world)
{
    assert_int_equal(pl_talo_create(&world->talo,
                                    &(struct pl_talo_config){.hub = world->hub,
                                                             .store = world->store,
                                                             .encode = pl_talo_encode,
                                                             .user = &world->encoder,
                                                             .on_revoked = pl_talo_on_revoked,
                                                             .sealing_key = {1}},
                                    NULL),
                     0);
    world->encoder = (struct pl_talo_encoder){.hub = world->hub, .bytes_max = 65536};
    make_game(world);
    assert_int_equal(
        pl_talo_dialect_create(
            &world->dialect,
            &(struct pl_talo_params){.web = world->web.web,
                                     .hub = world->hub,
                                     .talo = world->talo,
                                     .metrics = &world->web.metrics,
                                     .limits = {.message_bytes = 4096, .send_bytes = 65536}},
            NULL),
        0);
}

static int set_up(void **state)
{
    struct world *world = pl_alloc(sizeof(*world));
    struct pl_hub_config hub = {
        .env = {env_now_ms, env_unix_us, env_random, world},
        .port_impl = &pl_port_inline,
        .port = &world->web.fanout,
    };
    fixture_init(&world->web);
    pl_loop_set_input_slice(world->web.loop, 1000, 60u * 1000 * 1000);
    hub.timers = pl_loop_timers(world->web.loop);
    world->hook.begin = begin_turn;
    assert_int_equal(pl_hub_create(&world->hub, &hub, NULL), 0);
    pl_loop_hook_add(world->web.loop, &world->hook);
    assert_int_equal(
        pl_store_fake_create(
            &world->store, &(struct pl_store_fake_config){.fail_op = fail_op, .user = world}, NULL),
        0);
    make_talo(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    world->failing_rc = 0;
    pl_talo_dialect_leave(world->dialect, PL_TALO_CLOSE_CODE);
    pl_conn_set_fini(&world->web.conns);
    turns(&world->web, 2);
    assert_int_equal(pl_hub_stats(world->hub).session_count, 0);
    assert_int_equal(pl_metrics_get(&world->web.metrics, PL_METRIC_TALO_SOCKETS), 0);
    pl_talo_stop(world->talo);
    pl_store_destroy(world->store);
    pl_talo_dialect_destroy(world->dialect);
    pl_talo_destroy(world->talo);
    pl_loop_hook_remove(&world->hook);
    pl_hub_turn_begin(world->hub);
    pl_hub_destroy(world->hub);
    fixture_fini(&world->web);
    pl_free(world);
    return 0;
}

/* --- clients --- */

static void ask_for_socket(struct client *client, const char *ticket)
{
    char head[256];
    int len = snprintf(head, sizeof(head),
                       "GET /?ticket=%s HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n"
                       "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                       ticket);
    (void)send(client->fd, head, (size_t)len, MSG_NOSIGNAL);
}

static void issue_ticket(char out[PL_UUID_TEXT_LEN + 1], struct world *world)
{
    struct pl_uuid ticket = pl_talo_issue_ticket(world->talo, 1, false);
    pl_uuid_format(out, &ticket);
}

static void open_socket(struct client *client, struct world *world)
{
    char ticket[PL_UUID_TEXT_LEN + 1];
    issue_ticket(ticket, world);
    client_open(client, &world->web);
    ask_for_socket(client, ticket);
    settle(&world->web, client);
    assert_true(client_has(client, "{\"res\":\"v1.connected\",\"data\":{}}"));
    pl_buf_clear(&client->got);
}

static void say(struct client *client, struct pl_str text)
{
    uint8_t frame[PL_WS_HEADER_MAX + 4096];
    const uint8_t key[4] = {0}; /* masks nothing */
    size_t len = pl_ws_header_write(frame, PL_WS_TEXT, true, text.len, key);
    memcpy(frame + len, text.ptr, text.len);
    (void)send(client->fd, frame, len + text.len, MSG_NOSIGNAL);
}

static void say_identify(struct client *client, struct world *world, int64_t alias_id)
{
    char text[256];
    char token[PL_UUID_TEXT_LEN + 1];
    struct pl_uuid issued = pl_talo_issue_token(world->talo, alias_id);
    pl_uuid_format(token, &issued);
    int len = snprintf(text, sizeof(text),
                       "{\"req\":\"v1.players.identify\",\"data\":{\"playerAliasId\":%lld,"
                       "\"socketToken\":\"%s\"}}",
                       (long long)alias_id, token);
    say(client, pl_str_make(text, (size_t)len));
}

/* Where a text is in what a client has got; fails when it is not. */
static size_t place_of(const struct client *client, const char *part)
{
    const uint8_t *at =
        client->got.len == 0 ? NULL : memmem(client->got.ptr, client->got.len, part, strlen(part));
    if (at == NULL) {
        fail_msg("no %s in " PL_STR_FMT, part, PL_STR_ARG(pl_buf_str(&client->got)));
    }
    return (size_t)(at - client->got.ptr);
}

/* --- tests --- */

static void test_talo_socket_messages_wait_while_the_store_is_asked(void **state)
{
    struct world *world = *state;
    struct client client;
    int64_t alias_id = make_alias(world, PL_STR("ada"));
    open_socket(&client, world);
    say_identify(&client, world, alias_id);
    say(&client, PL_STR("{\"req\":\"v1.channels.message\",\"data\":{}}"));
    say(&client, PL_STR(PL_TALO_HEARTBEAT));
    settle(&world->web, &client);
    assert_int_equal(client.got.len, 0);
    run_store(world);
    settle(&world->web, &client);
    assert_true(place_of(&client, "v1.players.presence.updated") <
                place_of(&client, "v1.players.identify.success"));
    assert_true(place_of(&client, "v1.players.identify.success") <
                place_of(&client, "INVALID_MESSAGE_DATA"));
    assert_true(place_of(&client, "INVALID_MESSAGE_DATA") < place_of(&client, PL_TALO_HEARTBEAT));
    client_close(&client, &world->web);
    run_store(world);
}

static void test_talo_socket_that_closes_while_the_store_is_asked_is_answered_nothing(void **state)
{
    struct world *world = *state;
    struct client client;
    int64_t alias_id = make_alias(world, PL_STR("ada"));
    open_socket(&client, world);
    say_identify(&client, world, alias_id);
    say(&client, PL_STR(PL_TALO_HEARTBEAT));
    settle(&world->web, &client);
    client_close(&client, &world->web);
    assert_int_equal(pl_hub_stats(world->hub).session_count, 0);
    run_store(world);
    turns(&world->web, 3);
}

static void test_talo_socket_tells_of_a_failing_store_and_goes_on(void **state)
{
    struct world *world = *state;
    struct client client;
    int64_t alias_id = make_alias(world, PL_STR("ada"));
    open_socket(&client, world);
    world->failing_rc = PL_E_FULL;
    say_identify(&client, world, alias_id);
    settle(&world->web, &client);
    run_store(world);
    settle(&world->web, &client);
    (void)place_of(&client, "{\"res\":\"v1.error\",\"data\":{\"req\":\"v1.players.identify\","
                            "\"message\":\"An error occurred while processing the message\","
                            "\"errorCode\":\"LISTENER_ERROR\",\"cause\":"
                            "\"Something went wrong, please try again later\"}}");
    world->failing_rc = 0;
    say_identify(&client, world, alias_id);
    settle(&world->web, &client);
    run_store(world);
    settle(&world->web, &client);
    (void)place_of(&client, "v1.players.identify.success");
    client_close(&client, &world->web);
    run_store(world);
}

static size_t count_pings(struct client *clients)
{
    size_t count = 0;
    for (size_t i = 0; i < MANY; i++) {
        client_read(&clients[i]);
        count += client_has(&clients[i], "\x89");
    }
    return count;
}

static void test_talo_socket_beats_of_many_are_spread_over_turns(void **state)
{
    struct world *world = *state;
    struct client *clients = pl_alloc_array(MANY, sizeof(*clients));
    for (size_t i = 0; i < MANY; i++) {
        open_socket(&clients[i], world); /* all at the same moment */
    }
    pl_loop_advance(world->web.loop, 29999);
    turns(&world->web, 5);
    assert_int_equal(count_pings(clients), 0);
    pl_loop_advance(world->web.loop, 1);
    for (size_t seen = 0; seen < MANY;) {
        size_t before = seen;
        turns(&world->web, 1);
        seen = count_pings(clients);
        assert_in_range(seen - before, 1, 64);
    }
    for (size_t i = 0; i < MANY; i++) {
        client_close(&clients[i], &world->web);
    }
    pl_free(clients);
}

static void test_talo_socket_that_leaves_lets_nobody_in_any_more(void **state)
{
    struct world *world = *state;
    struct client clients[2];
    char ticket[PL_UUID_TEXT_LEN + 1];
    open_socket(&clients[0], world);
    pl_talo_dialect_leave(world->dialect, PL_TALO_CLOSE_CODE);
    settle(&world->web, &clients[0]);
    (void)place_of(&clients[0], "\x88\x02\x0b\xb8"); /* 3000, no reason */
    issue_ticket(ticket, world);
    client_open(&clients[1], &world->web);
    ask_for_socket(&clients[1], ticket);
    settle(&world->web, &clients[1]);
    assert_true(place_of(&clients[1], "101 Switching Protocols") <
                place_of(&clients[1], "\x88\x02\x0b\xb8"));
    assert_false(client_has(&clients[1], "v1.connected"));
    for (size_t i = 0; i < PL_ARRAY_LEN(clients); i++) {
        client_close(&clients[i], &world->web);
    }
}

/* A whole life; whatever cannot be had meanwhile, at most this socket ends. */
static void live(struct world *world, int64_t alias_id)
{
    char ticket[PL_UUID_TEXT_LEN + 1];
    struct client client;
    issue_ticket(ticket, world);
    client_open(&client, &world->web);
    ask_for_socket(&client, ticket);
    settle(&world->web, &client);
    say_identify(&client, world, alias_id);
    say(&client, PL_STR("{\"req\":\"v1.channels.message\",\"data\":"
                        "{\"channel\":{\"id\":7},\"message\":\"\\u00e4\"}}"));
    settle(&world->web, &client);
    run_store(world);
    settle(&world->web, &client);
    say(&client, PL_STR("{\"req\":\"none\",\"data\":{}}"));
    say(&client, PL_STR("{\"req\":\"v1.channels.message\",\"data\":{\"x\":\"\\u0041\"}}"));
    say(&client, PL_STR(PL_TALO_HEARTBEAT));
    settle(&world->web, &client);
    client_close(&client, &world->web);
    run_store(world);
}

static void test_talo_socket_failing_allocations_end_at_most_the_socket(void **state)
{
    struct world *world = *state;
    struct client watcher;
    int64_t alias_id = make_alias(world, PL_STR("ada"));
    bool is_over = false;
    open_socket(&watcher, world);
    for (uint64_t nth = 1; !is_over; nth++) {
        (void)pl_try_alloc_fail_at(nth);
        live(world, alias_id);
        is_over = pl_try_alloc_fail_at(0) > 0; /* there were not so many */
        assert_in_range(nth, 1, 2000);
        assert_int_equal(pl_hub_stats(world->hub).session_count, 1);
    }
    say(&watcher, PL_STR(PL_TALO_HEARTBEAT));
    settle(&world->web, &watcher);
    (void)place_of(&watcher, PL_TALO_HEARTBEAT);
    client_close(&watcher, &world->web);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_talo_socket_messages_wait_while_the_store_is_asked),
        TEST(test_talo_socket_that_closes_while_the_store_is_asked_is_answered_nothing),
        TEST(test_talo_socket_tells_of_a_failing_store_and_goes_on),
        TEST(test_talo_socket_beats_of_many_are_spread_over_turns),
        TEST(test_talo_socket_that_leaves_lets_nobody_in_any_more),
        TEST(test_talo_socket_failing_allocations_end_at_most_the_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
