/* SipHash: the vector of the paper, and values that OpenSSL's SIPHASH gives for the same key and
 * rounds. */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Key 00 01 .. 0f, input 00 01 .. (len - 1). */
static const struct {
    size_t len;
    uint64_t rounds_1_3;
    uint64_t rounds_2_4;
} vectors[] = {
    {0, 0xabac0158050fc4dc, 0x726fdb47dd0e0e31},  {1, 0xc9f49bf37d57ca93, 0x74f839c593dc67fd},
    {7, 0xd3927d989bb11140, 0xab0200f58b01d137},  {8, 0x369095118d299a8e, 0x93f5f5799a932462},
    {15, 0xd320d86d2a519956, 0xa129ca6149be45e5}, {63, 0x9d199062b7bbb3a8, 0x958a324ceb064572},
};

static void test_hash_siphash_gives_the_published_values(void **state)
{
    uint8_t key[PL_SIPHASH_KEY_BYTES];
    uint8_t input[64];
    (void)state;
    for (size_t i = 0; i < sizeof(input); i++) {
        key[i % sizeof(key)] = (uint8_t)(i % sizeof(key));
        input[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(vectors); i++) {
        size_t len = vectors[i].len;
        assert_true(pl_siphash(key, input, len) == vectors[i].rounds_1_3);
        assert_true(pl_siphash_rounds(key, input, len, 1, 3) == vectors[i].rounds_1_3);
        assert_true(pl_siphash_rounds(key, input, len, 2, 4) == vectors[i].rounds_2_4);
    }
}

static void test_hash_siphash_depends_on_the_key(void **state)
{
    static const uint8_t zero_key[PL_SIPHASH_KEY_BYTES];
    static const uint8_t other_key[PL_SIPHASH_KEY_BYTES] = {[15] = 1};
    (void)state;
    assert_true(pl_siphash(zero_key, "parley", 6) == 0x4e9409749cd4f3c7); /* CPython's siphash13 */
    assert_true(pl_siphash(other_key, "parley", 6) != 0x4e9409749cd4f3c7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_siphash_gives_the_published_values),
        cmocka_unit_test(test_hash_siphash_depends_on_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
