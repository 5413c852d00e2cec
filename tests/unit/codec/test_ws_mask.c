/* WebSocket masking, against the definition: every alignment, length, offset and cut. */
#include "codec/ws_mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SIZE ((size_t)150)
#define ALIGNMENTS ((size_t)33)

static const uint8_t key[PL_WS_KEY_BYTES] = {0x37, 0xFA, 0x21, 0x3D};

static void fill(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(i * 7 + 3);
    }
}

static void check(const uint8_t *bytes, size_t len, uint64_t offset)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t plain = (uint8_t)(i * 7 + 3);
        assert_int_equal(bytes[i], plain ^ key[(offset + i) % 4]);
    }
}

static void test_ws_mask_example_of_the_rfc(void **state)
{
    uint8_t bytes[] = {0x7F, 0x9F, 0x4D, 0x51, 0x58};
    (void)state;
    pl_ws_mask_apply((struct pl_span){bytes, sizeof(bytes)}, key, 0);
    assert_memory_equal(bytes, "Hello", 5);
}

static void test_ws_mask_any_length_at_any_address_is_the_definition(void **state)
{
    (void)state;
    for (size_t start = 0; start < ALIGNMENTS; start++) {
        for (size_t len = 0; len <= SIZE; len++) {
            uint8_t memory[ALIGNMENTS + SIZE + 1];
            memset(memory, 0xEE, sizeof(memory));
            fill(memory + start, len);
            pl_ws_mask_apply((struct pl_span){memory + start, len}, key, 0);
            check(memory + start, len, 0);
            assert_int_equal(memory[start + len], 0xEE);
            assert_true(start == 0 || memory[start - 1] == 0xEE);
        }
    }
}

static void test_ws_mask_cut_anywhere_goes_on_at_its_offset(void **state)
{
    const uint64_t bases[] = {0, 1, 2, 3, 4, UINT64_C(0xFFFFFFFF), INT64_MAX - SIZE};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(bases); i++) {
        for (size_t cut = 0; cut <= SIZE; cut++) {
            uint8_t bytes[SIZE];
            fill(bytes, SIZE);
            pl_ws_mask_apply((struct pl_span){bytes, cut}, key, bases[i]);
            pl_ws_mask_apply((struct pl_span){bytes + cut, SIZE - cut}, key, bases[i] + cut);
            check(bytes, SIZE, bases[i]);
        }
    }
}

static void test_ws_mask_nothing_at_null_is_fine(void **state)
{
    (void)state;
    pl_ws_mask_apply((struct pl_span){NULL, 0}, key, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ws_mask_example_of_the_rfc),
        cmocka_unit_test(test_ws_mask_any_length_at_any_address_is_the_definition),
        cmocka_unit_test(test_ws_mask_cut_anywhere_goes_on_at_its_offset),
        cmocka_unit_test(test_ws_mask_nothing_at_null_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
