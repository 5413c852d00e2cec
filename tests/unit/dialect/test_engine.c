/* The Engine.IO engine, turn by turn: what is delivered around an upgrade, and cases that are
 * seldom met. */
#include "engine_world.h"

/* --- around the upgrade --- */

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
    assert_int_equal(upgrade_count(world), 1);
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

/* --- single cases that a random walk meets seldom --- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_upgrade_loses_and_doubles_nothing),
        cmocka_unit_test(test_engine_post_of_a_wrong_transport_leaves_nothing_behind),
        cmocka_unit_test(test_engine_close_waits_for_the_next_get_though_a_pong_is_missing),
        cmocka_unit_test(test_engine_close_is_not_put_off_by_posts),
        cmocka_unit_test(test_engine_overflow_ends_the_session_and_others_hear_of_it_at_once),
        cmocka_unit_test(test_engine_post_of_a_session_without_pong_is_told_that_it_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
