/* Connections against listeners of ours: happy eyeballs, bytes in and out, ends. */
#include "conn_fixture.h"

#include "client/dial.h"

struct pair {
    struct side side;
    int listener;
    int peer;
    uint16_t port;
};

static void pair_open(struct pair *pair, const char *host)
{
    char url[64];
    *pair = (struct pair){.peer = -1};
    pair->listener = listen_on(AF_INET, &pair->port);
    assert_true(pair->listener >= 0);
    side_open(&pair->side, url_of(url, sizeof(url), "ws", host, pair->port), NULL);
    assert_false(pair->side.is_open);
    TICK_UNTIL(&pair->side, pair->side.is_open);
    pair->peer = accept(pair->listener, NULL, NULL);
    assert_true(pair->peer >= 0);
}

static void pair_close(struct pair *pair)
{
    side_close(&pair->side);
    close(pair->peer);
    close(pair->listener);
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
}

static void test_conn_carries_bytes_both_ways(void **state)
{
    struct pair pair;
    char got[64];
    (void)state;
    pair_open(&pair, "127.0.0.1");
    pl_buf_add_str(pl_client_conn_out(pair.side.conn), PL_STR("hello"));
    pl_client_conn_flush(pair.side.conn);
    assert_int_equal(pl_client_conn_unsent(pair.side.conn), 5);
    TICK_UNTIL(&pair.side, pair.side.sent_count == 1);
    assert_int_equal(pl_client_conn_unsent(pair.side.conn), 0);
    assert_int_equal(recv(pair.peer, got, sizeof(got), 0), 5);
    assert_memory_equal(got, "hello", 5);
    say(pair.peer, "world");
    TICK_UNTIL(&pair.side, pair.side.got_len == 5);
    assert_memory_equal(pair.side.got, "world", 5);
    pair_close(&pair);
}

static void test_conn_what_was_appended_before_it_opened_is_sent(void **state)
{
    struct pair pair = {.peer = -1};
    char url[64];
    char got[8];
    (void)state;
    pair.listener = listen_on(AF_INET, &pair.port);
    side_open(&pair.side, url_of(url, sizeof(url), "ws", "127.0.0.1", pair.port), NULL);
    pl_buf_add_str(pl_client_conn_out(pair.side.conn), PL_STR("early"));
    pl_client_conn_flush(pair.side.conn);
    TICK_UNTIL(&pair.side, pair.side.sent_count == 1);
    pair.peer = accept(pair.listener, NULL, NULL);
    assert_int_equal(recv(pair.peer, got, sizeof(got), 0), 5);
    pair_close(&pair);
}

static void test_conn_keeps_what_its_owner_leaves(void **state)
{
    struct pair pair;
    (void)state;
    pair_open(&pair, "localhost");
    pair.side.leaves_below = 6;
    say(pair.peer, "abc");
    TICK_UNTIL(&pair.side, pair.side.data_count == 1);
    say(pair.peer, "def");
    TICK_UNTIL(&pair.side, pair.side.got_len == 6);
    assert_memory_equal(pair.side.got, "abcdef", 6);
    pair_close(&pair);
}

static void test_conn_owner_may_not_leave_more_than_it_said(void **state)
{
    struct pair pair;
    char bytes[2000] = {0};
    (void)state;
    pair_open(&pair, "127.0.0.1");
    pair.side.leaves_below = SIZE_MAX;
    assert_int_equal(send(pair.peer, bytes, 1000, 0), 1000);
    TICK_UNTIL(&pair.side, pair.side.data_count == 1);
    assert_false(pair.side.has_ended);
    assert_int_equal(send(pair.peer, bytes, 1, 0), 1);
    TICK_UNTIL(&pair.side, pair.side.has_ended);
    assert_int_equal(pair.side.error, PL_E_TOO_BIG);
    pair_close(&pair);
}

static void test_conn_large_output_waits_for_the_peer(void **state)
{
    enum { BYTES = 8 * 1024 * 1024 };
    struct pair pair;
    static uint8_t got[65536];
    size_t total = 0;
    (void)state;
    pair_open(&pair, "127.0.0.1");
    assert_true(pl_buf_reserve(pl_client_conn_out(pair.side.conn), BYTES));
    for (size_t i = 0; i < BYTES; i++) {
        pl_buf_add_char(pl_client_conn_out(pair.side.conn), (char)(i % 251));
    }
    pl_client_conn_flush(pair.side.conn);
    parley_client_tick(pair.side.client, 0);
    assert_true(pl_client_conn_unsent(pair.side.conn) > 0);
    while (total < BYTES) {
        ssize_t len = recv(pair.peer, got, sizeof(got), MSG_DONTWAIT);
        for (ssize_t i = 0; i < len; i++, total++) {
            assert_int_equal(got[i], total % 251);
        }
        parley_client_tick(pair.side.client, 0);
    }
    TICK_UNTIL(&pair.side, pair.side.sent_count == 1);
    pair_close(&pair);
}

static void test_conn_end_of_the_peer_is_told_once(void **state)
{
    struct pair pair;
    (void)state;
    pair_open(&pair, "127.0.0.1");
    say(pair.peer, "bye");
    close(pair.peer);
    TICK_UNTIL(&pair.side, pair.side.has_ended);
    assert_int_equal(pair.side.error, PL_E_CLOSED);
    assert_int_equal(pair.side.got_len, 3);
    pair.peer = -1;
    pair_close(&pair);
}

static void test_conn_may_be_destroyed_in_its_callbacks(void **state)
{
    struct pair pair;
    char url[64];
    (void)state;
    pair_open(&pair, "127.0.0.1");
    pair.side.destroys_in_data = true;
    say(pair.peer, "x");
    TICK_UNTIL(&pair.side, pair.side.conn == NULL);
    pair_close(&pair);

    pair = (struct pair){.peer = -1};
    pair.listener = listen_on(AF_INET, &pair.port);
    side_open(&pair.side, url_of(url, sizeof(url), "ws", "127.0.0.1", pair.port), NULL);
    pair.side.destroys_in_open = true;
    TICK_UNTIL(&pair.side, pair.side.conn == NULL);
    assert_false(pair.side.has_ended);
    pair_close(&pair);
}

static void test_conn_finish_sends_what_is_queued_and_is_gone(void **state)
{
    struct pair pair;
    char got[64];
    (void)state;
    pair_open(&pair, "127.0.0.1");
    say(pair.peer, "unread"); /* must not turn the end into a reset */
    pl_buf_add_str(pl_client_conn_out(pair.side.conn), PL_STR("last words"));
    pl_client_conn_finish(&pair.side.conn, 1000);
    assert_null(pair.side.conn);
    for (int i = 0; i < 3; i++) {
        parley_client_tick(pair.side.client, 0);
    }
    assert_int_equal(recv(pair.peer, got, sizeof(got), 0), 10);
    assert_int_equal(recv(pair.peer, got, sizeof(got), 0), 0);
    pair_close(&pair);
}

static void test_conn_finishing_ends_with_its_client(void **state)
{
    struct pair pair;
    (void)state;
    pair_open(&pair, "127.0.0.1");
    for (size_t i = 0; i < 8 * 1024 * 1024 / 16; i++) {
        pl_buf_add_str(pl_client_conn_out(pair.side.conn), PL_STR("0123456789abcdef"));
    }
    pl_client_conn_finish(&pair.side.conn, 100000);
    parley_client_tick(pair.side.client, 0);
    pair_close(&pair);
}

static void test_conn_budget_leaves_bytes_for_the_next_tick(void **state)
{
    struct pair pair;
    (void)state;
    slow_now_ms = 1000;
    pair_open(&pair, "127.0.0.1");
    pair.side.takes_max = 1;
    pair.side.data_takes_ms = 10;
    say(pair.peer, "abc");
    assert_int_equal(parley_client_wait(pair.side.client, 1000), 1);
    for (size_t i = 1; i <= 3; i++) {
        assert_int_equal(parley_client_tick(pair.side.client, 4), 1);
        assert_int_equal(pair.side.got_len, i);
        assert_int_equal(parley_client_wait_ms(pair.side.client), i < 3 ? 0 : -1);
    }
    assert_memory_equal(pair.side.got, "abc", 3);
    pair_close(&pair);
    slow_now_ms = 0;
}

static void test_conn_end_comes_behind_what_the_budget_left(void **state)
{
    struct pair pair;
    (void)state;
    slow_now_ms = 1000;
    pair_open(&pair, "127.0.0.1");
    pair.side.takes_max = 1;
    pair.side.data_takes_ms = 10;
    say(pair.peer, "abc");
    close(pair.peer);
    for (int i = 0; i < 100 && !pair.side.has_ended; i++) {
        (void)!parley_client_tick(pair.side.client, 4);
    }
    assert_int_equal(pair.side.got_len, 3);
    assert_int_equal(pair.side.error, PL_E_CLOSED);
    pair.peer = -1;
    pair_close(&pair);
    slow_now_ms = 0;
}

static void test_conn_refused_port_is_told_with_its_address(void **state)
{
    struct side side;
    char url[64];
    uint16_t port = 0;
    int listener = listen_on(AF_INET, &port);
    (void)state;
    close(listener);
    side_open(&side, url_of(url, sizeof(url), "http", "127.0.0.1", port), NULL);
    TICK_UNTIL(&side, side.has_ended);
    assert_int_equal(side.error, PL_E_IO);
    assert_non_null(strstr(side.reason, "127.0.0.1"));
    assert_non_null(strstr(side.reason, "refused"));
    side_close(&side);
}

static void test_conn_unknown_name_is_told(void **state)
{
    static const char *urls[] = {"ws://nothing.onion/", "ws://a..b/"};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(urls); i++) {
        struct side side;
        side_open(&side, urls[i], NULL);
        TICK_UNTIL(&side, side.has_ended);
        assert_int_equal(side.error, PL_E_NOT_FOUND);
        assert_non_null(strstr(side.reason, "name"));
        side_close(&side);
    }
}

static void test_conn_reaches_ipv6(void **state)
{
    struct side side;
    char url[64];
    uint16_t port = 0;
    int listener = listen_on(AF_INET6, &port);
    (void)state;
    if (listener < 0) {
        skip();
    }
    side_open(&side, url_of(url, sizeof(url), "http", "[::1]", port), NULL);
    TICK_UNTIL(&side, side.is_open);
    side_close(&side);
    close(listener);
}

static void test_conn_nth_allocation_fails_cleanly(void **state)
{
    char url[64];
    uint16_t port = 0;
    int listener = listen_on(AF_INET, &port);
    bool is_through = false;
    (void)state;
    url_of(url, sizeof(url), "ws", "127.0.0.1", port);
    for (uint64_t nth = 1; !is_through; nth++) {
        struct side side;
        pl_try_alloc_fail_at(nth);
        int rc = side_try_open(&side, url, NULL);
        if (rc == 0) {
            TICK_UNTIL(&side, side.is_open || side.has_ended);
        }
        pl_try_alloc_fail_at(0);
        is_through = side.is_open;
        assert_true(is_through || rc == PL_E_NOMEM || side.error == PL_E_NOMEM);
        if (side.client != NULL) {
            side_close(&side);
        }
    }
    close(listener);
}

/* --- the order of addresses --- */

static void test_dial_families_take_turns(void **state)
{
    static const struct {
        const char *given;
        const char *ordered;
    } rows[] = {{"666444", "646464"},
                {"6644444", "6464444"},
                {"444", "444"},
                {"4666", "4666"},
                {"446", "464"},
                {"", ""},
                {"6", "6"}};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_address addresses[8] = {0};
        uint16_t last[2] = {0};
        size_t count = strlen(rows[i].given);
        for (size_t j = 0; j < count; j++) {
            addresses[j].family = rows[i].given[j] == '6' ? PL_ADDRESS_IPV6 : PL_ADDRESS_IPV4;
            addresses[j].port = (uint16_t)(j + 1);
        }
        pl_client_dial_interleave(addresses, count);
        for (size_t j = 0; j < count; j++) {
            bool is_6 = rows[i].ordered[j] == '6';
            assert_int_equal(addresses[j].family, is_6 ? PL_ADDRESS_IPV6 : PL_ADDRESS_IPV4);
            assert_true(addresses[j].port > last[is_6]); /* in their own order */
            last[is_6] = addresses[j].port;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conn_carries_bytes_both_ways),
        cmocka_unit_test(test_conn_what_was_appended_before_it_opened_is_sent),
        cmocka_unit_test(test_conn_keeps_what_its_owner_leaves),
        cmocka_unit_test(test_conn_owner_may_not_leave_more_than_it_said),
        cmocka_unit_test(test_conn_large_output_waits_for_the_peer),
        cmocka_unit_test(test_conn_end_of_the_peer_is_told_once),
        cmocka_unit_test(test_conn_may_be_destroyed_in_its_callbacks),
        cmocka_unit_test(test_conn_finish_sends_what_is_queued_and_is_gone),
        cmocka_unit_test(test_conn_finishing_ends_with_its_client),
        cmocka_unit_test(test_conn_budget_leaves_bytes_for_the_next_tick),
        cmocka_unit_test(test_conn_end_comes_behind_what_the_budget_left),
        cmocka_unit_test(test_conn_refused_port_is_told_with_its_address),
        cmocka_unit_test(test_conn_unknown_name_is_told),
        cmocka_unit_test(test_conn_reaches_ipv6),
        cmocka_unit_test(test_conn_nth_allocation_fails_cleanly),
        cmocka_unit_test(test_dial_families_take_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
