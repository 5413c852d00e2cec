/* Limits by address: connections at once, new ones a second, requests a second; whom they hold
 * together, whom they spare, and what is remembered. */
#include "net/peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const uint8_t hash_key[16] = {1, 2, 3};

static struct pl_address ipv4(uint32_t number)
{
    return (struct pl_address){.family = PL_ADDRESS_IPV4,
                               .bytes = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                                         (uint8_t)(number >> 8), (uint8_t)number}};
}

static struct pl_address ipv6(uint8_t network, uint8_t host)
{
    return (struct pl_address){.family = PL_ADDRESS_IPV6,
                               .bytes = {0x20, 0x01, [7] = network, [15] = host}};
}

static enum pl_peers_verdict connect_from(struct pl_peers *peers, struct pl_address from,
                                          int64_t now_ms)
{
    enum pl_peers_verdict verdict = pl_peers_admit(peers, &from, now_ms);
    if (verdict == PL_PEERS_ADMITTED) {
        (void)pl_peers_hold(peers, &from, now_ms);
    }
    return verdict;
}

static void test_peers_of_one_address_have_so_many_connections(void **state)
{
    struct pl_peers *peers = pl_peers_create(
        &(struct pl_peers_limits){.connections_max = 2, .remembered_max = 10}, hash_key);
    struct pl_address one = ipv4(1);
    struct pl_address other_port = one;
    other_port.port = 9;
    (void)state;
    assert_int_equal(connect_from(peers, one, 0), PL_PEERS_ADMITTED);
    assert_int_equal(connect_from(peers, other_port, 0), PL_PEERS_ADMITTED);
    assert_int_equal(connect_from(peers, one, 0), PL_PEERS_TOO_MANY);
    assert_int_equal(connect_from(peers, ipv4(2), 0), PL_PEERS_ADMITTED);
    pl_peers_release(peers, &one);
    assert_int_equal(connect_from(peers, one, 0), PL_PEERS_ADMITTED);
    assert_int_equal(connect_from(peers, one, 0), PL_PEERS_TOO_MANY);
    pl_peers_destroy(peers);
}

static void test_peers_of_ipv6_count_by_their_network(void **state)
{
    struct pl_peers *peers = pl_peers_create(
        &(struct pl_peers_limits){.connections_max = 1, .remembered_max = 10}, hash_key);
    struct pl_address mapped = {.family = PL_ADDRESS_IPV6,
                                .bytes = {[10] = 0xff, [11] = 0xff, [15] = 1}};
    (void)state;
    assert_int_equal(connect_from(peers, ipv6(1, 1), 0), PL_PEERS_ADMITTED);
    assert_int_equal(connect_from(peers, ipv6(1, 2), 0), PL_PEERS_TOO_MANY);
    assert_int_equal(connect_from(peers, ipv6(2, 1), 0), PL_PEERS_ADMITTED);
    assert_int_equal(connect_from(peers, mapped, 0), PL_PEERS_ADMITTED);
    assert_int_equal(connect_from(peers, ipv4(1), 0), PL_PEERS_TOO_MANY); /* that one */
    pl_peers_destroy(peers);
}

static void test_peers_connect_and_ask_at_their_rates(void **state)
{
    struct pl_peers *peers = pl_peers_create(&(struct pl_peers_limits){.connects_per_second = 10,
                                                                       .connects_burst = 2,
                                                                       .requests_per_second = 4,
                                                                       .requests_burst = 1,
                                                                       .remembered_max = 10},
                                             hash_key);
    struct pl_address one = ipv4(1);
    struct pl_address other = ipv4(2);
    (void)state;
    assert_int_equal(connect_from(peers, one, 1000), PL_PEERS_ADMITTED);
    assert_int_equal(connect_from(peers, one, 1000), PL_PEERS_ADMITTED);
    assert_int_equal(connect_from(peers, one, 1000), PL_PEERS_TOO_FAST);
    assert_int_equal(connect_from(peers, other, 1000), PL_PEERS_ADMITTED);
    assert_int_equal(connect_from(peers, one, 1099), PL_PEERS_TOO_FAST);
    assert_int_equal(connect_from(peers, one, 1100), PL_PEERS_ADMITTED);

    assert_int_equal(pl_peers_request(peers, &one, 1100), 0);
    assert_int_equal(pl_peers_request(peers, &one, 1100), 250);
    assert_int_equal(pl_peers_request(peers, &one, 1200), 150);
    assert_int_equal(pl_peers_request(peers, &other, 1200), 0);
    assert_int_equal(pl_peers_request(peers, &one, 1350), 0);
    pl_peers_destroy(peers);
}

static void test_peers_that_are_exempt_or_local_are_not_counted(void **state)
{
    struct pl_cidr block;
    struct pl_address local = {.family = PL_ADDRESS_UNIX};
    struct pl_address exempt = ipv4(0x0a000001);
    struct pl_peers *peers = NULL;
    (void)state;
    assert_int_equal(pl_cidr_parse(&block, PL_STR("10.0.0.0/8"), NULL), 0);
    peers = pl_peers_create(&(struct pl_peers_limits){.connections_max = 1,
                                                      .requests_per_second = 1,
                                                      .requests_burst = 1,
                                                      .exempt = &block,
                                                      .exempt_count = 1},
                            hash_key);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(pl_peers_admit(peers, &exempt, 0), PL_PEERS_ADMITTED);
        assert_false(pl_peers_hold(peers, &exempt, 0));
        assert_int_equal(pl_peers_admit(peers, &local, 0), PL_PEERS_ADMITTED);
        assert_false(pl_peers_hold(peers, &local, 0));
        assert_int_equal(pl_peers_request(peers, &exempt, 0), 0);
    }
    assert_int_equal(pl_peers_count(peers), 0);
    pl_peers_destroy(peers);
}

static void test_peers_without_limits_are_not_remembered(void **state)
{
    struct pl_peers *peers =
        pl_peers_create(&(struct pl_peers_limits){.remembered_max = 10}, hash_key);
    struct pl_address one = ipv4(1);
    (void)state;
    assert_int_equal(pl_peers_admit(peers, &one, 0), PL_PEERS_ADMITTED);
    assert_false(pl_peers_hold(peers, &one, 0));
    assert_int_equal(pl_peers_request(peers, &one, 0), 0);
    assert_int_equal(pl_peers_count(peers), 0);
    pl_peers_destroy(peers);
}

/* A hundred thousand addresses that ask once each: memory stays, those with connections stay, and the limit
 * of the ones seen last still holds. */
static void test_peers_remember_a_bounded_number(void **state)
{
    struct pl_peers *peers = pl_peers_create(&(struct pl_peers_limits){.connections_max = 1,
                                                                       .requests_per_second = 1,
                                                                       .requests_burst = 1,
                                                                       .remembered_max = 100},
                                             hash_key);
    struct pl_address connected = ipv4(1);
    (void)state;
    assert_int_equal(connect_from(peers, connected, 0), PL_PEERS_ADMITTED);
    for (uint32_t i = 0; i < 100000; i++) {
        struct pl_address one = ipv4(1000 + i);
        assert_int_equal(pl_peers_request(peers, &one, 0), 0);
        assert_in_range(pl_peers_count(peers), 1, 101);
    }
    for (uint32_t i = 99901; i < 100000; i++) {
        struct pl_address one = ipv4(1000 + i);
        assert_int_not_equal(pl_peers_request(peers, &one, 0), 0);
    }
    assert_int_equal(connect_from(peers, connected, 0), PL_PEERS_TOO_MANY);
    pl_peers_destroy(peers);
}

static void test_peers_with_nothing_to_tell_are_forgotten_soon(void **state)
{
    struct pl_peers *peers = pl_peers_create(&(struct pl_peers_limits){.requests_per_second = 1,
                                                                       .requests_burst = 1,
                                                                       .remembered_max = 1000},
                                             hash_key);
    (void)state;
    for (uint32_t i = 0; i < 10000; i++) { /* one every 100 ms: ten of them are worth remembering */
        struct pl_address one = ipv4(i);
        assert_int_equal(pl_peers_request(peers, &one, i * 100), 0);
        assert_in_range(pl_peers_count(peers), 1, 12);
    }
    pl_peers_destroy(peers);
}

static void test_peers_get_other_limits_at_once(void **state)
{
    struct pl_peers_limits limits = {
        .connections_max = 3, .requests_per_second = 1, .requests_burst = 9, .remembered_max = 9};
    struct pl_peers *peers = pl_peers_create(&limits, hash_key);
    struct pl_address one = ipv4(1);
    (void)state;
    assert_int_equal(connect_from(peers, one, 0), PL_PEERS_ADMITTED);
    assert_int_equal(connect_from(peers, one, 0), PL_PEERS_ADMITTED);
    assert_int_equal(pl_peers_request(peers, &one, 0), 0);
    limits = (struct pl_peers_limits){
        .connections_max = 1, .requests_per_second = 1, .requests_burst = 1};
    pl_peers_set(peers, &limits);
    assert_int_equal(connect_from(peers, one, 0), PL_PEERS_TOO_MANY);
    assert_int_equal(pl_peers_request(peers, &one, 0), 0);
    assert_int_equal(pl_peers_request(peers, &one, 0), 1000);
    pl_peers_release(peers, &one); /* counted before, also when there is no limit any more */
    limits = (struct pl_peers_limits){0};
    pl_peers_set(peers, &limits);
    pl_peers_release(peers, &one);
    pl_peers_destroy(peers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peers_of_one_address_have_so_many_connections),
        cmocka_unit_test(test_peers_of_ipv6_count_by_their_network),
        cmocka_unit_test(test_peers_connect_and_ask_at_their_rates),
        cmocka_unit_test(test_peers_that_are_exempt_or_local_are_not_counted),
        cmocka_unit_test(test_peers_without_limits_are_not_remembered),
        cmocka_unit_test(test_peers_remember_a_bounded_number),
        cmocka_unit_test(test_peers_with_nothing_to_tell_are_forgotten_soon),
        cmocka_unit_test(test_peers_get_other_limits_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
