/* Rate limits of REST: the fixed window, the block, what counts together, bounded memory. */
#include "dialect/talo/rest_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const uint8_t hash_key[16] = {1};

static struct pl_address ipv4(uint32_t number)
{
    return (struct pl_address){
        .family = PL_ADDRESS_IPV4,
        .bytes = {10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}};
}

static bool admit(struct pl_talo_limiter *limiter, uint32_t who, int64_t now_ms)
{
    struct pl_address address = ipv4(who);
    return pl_talo_limiter_admit(limiter, &address, PL_TALO_BUCKET_AUTH, 2, now_ms);
}

static void test_exceeding_the_window_blocks_for_a_minute_from_then(void **state)
{
    struct pl_talo_limiter *limiter = pl_talo_limiter_create(hash_key);
    (void)state;
    assert_true(admit(limiter, 1, 1000));
    assert_true(admit(limiter, 1, 2000));
    assert_true(admit(limiter, 2, 2000)); /* somebody else */
    assert_false(admit(limiter, 1, 31000));
    assert_false(admit(limiter, 1, 61000)); /* the window would be over, the block is not */
    assert_false(admit(limiter, 1, 90999)); /* asking does not make it longer */
    assert_true(admit(limiter, 1, 91000));
    assert_true(admit(limiter, 1, 91000));
    assert_false(admit(limiter, 1, 91000));
    pl_talo_limiter_destroy(limiter);
}

static void test_a_window_ends_a_minute_after_its_first_request(void **state)
{
    struct pl_talo_limiter *limiter = pl_talo_limiter_create(hash_key);
    (void)state;
    assert_true(admit(limiter, 1, 0));
    assert_true(admit(limiter, 1, 59999));
    assert_true(admit(limiter, 1, 60000));
    assert_true(admit(limiter, 1, 60001));
    assert_false(admit(limiter, 1, 60002));
    pl_talo_limiter_destroy(limiter);
}

static void
test_buckets_and_networks_count_apart_and_hosts_of_one_ipv6_network_together(void **state)
{
    struct pl_talo_limiter *limiter = pl_talo_limiter_create(hash_key);
    struct pl_address first = {.family = PL_ADDRESS_IPV6, .bytes = {0x20, 1, [15] = 1}};
    struct pl_address second = {.family = PL_ADDRESS_IPV6, .bytes = {0x20, 1, [15] = 2}};
    struct pl_address other = {.family = PL_ADDRESS_IPV6, .bytes = {0x20, 1, [7] = 1}};
    struct pl_address local = {.family = PL_ADDRESS_UNIX};
    (void)state;
    assert_true(pl_talo_limiter_admit(limiter, &first, PL_TALO_BUCKET_AUTH, 1, 0));
    assert_false(pl_talo_limiter_admit(limiter, &second, PL_TALO_BUCKET_AUTH, 1, 0));
    assert_true(pl_talo_limiter_admit(limiter, &second, PL_TALO_BUCKET_DEFAULT, 1, 0));
    assert_true(pl_talo_limiter_admit(limiter, &other, PL_TALO_BUCKET_AUTH, 1, 0));
    for (int i = 0; i < 5; i++) {
        assert_true(pl_talo_limiter_admit(limiter, &local, PL_TALO_BUCKET_AUTH, 1, 0));
        assert_true(pl_talo_limiter_admit(limiter, &first, PL_TALO_BUCKET_AUTH, 0, 0));
    }
    pl_talo_limiter_destroy(limiter);
}

static void test_memory_is_bounded_and_given_back(void **state)
{
    struct pl_talo_limiter *limiter = pl_talo_limiter_create(hash_key);
    (void)state;
    for (uint32_t i = 0; i < 2 * PL_TALO_LIMITER_MAX; i++) {
        assert_true(admit(limiter, i, 0));
        assert_true(pl_talo_limiter_count(limiter) <= PL_TALO_LIMITER_MAX);
    }
    for (uint32_t i = 0; i < 2 * PL_TALO_LIMITER_MAX; i++) {
        assert_true(admit(limiter, 2 * PL_TALO_LIMITER_MAX + i, 60000 + (int64_t)i * 60000));
    }
    assert_true(pl_talo_limiter_count(limiter) <= 8);
    pl_talo_limiter_destroy(limiter);
    pl_talo_limiter_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exceeding_the_window_blocks_for_a_minute_from_then),
        cmocka_unit_test(test_a_window_ends_a_minute_after_its_first_request),
        cmocka_unit_test(
            test_buckets_and_networks_count_apart_and_hosts_of_one_ipv6_network_together),
        cmocka_unit_test(test_memory_is_bounded_and_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
