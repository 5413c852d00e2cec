/* The arena: aligned, zeroed, capped. */
#include "base/arena.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_arena_memory_is_aligned_zeroed_and_apart(void **state)
{
    struct pl_arena arena;
    (void)state;
    pl_arena_init(&arena, 1 << 20);
    for (size_t size = 0; size < 700; size++) {
        uint8_t *bytes = pl_arena_alloc(&arena, size);
        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(bytes[i], 0);
            bytes[i] = 0xff; /* would show in the next one if they overlapped */
        }
    }
    pl_arena_fini(&arena);
}

static void test_arena_ends_at_its_cap(void **state)
{
    struct pl_arena arena;
    size_t count = 0;
    (void)state;
    pl_arena_init(&arena, 4096);
    while (pl_arena_alloc(&arena, 64) != NULL) {
        count++;
    }
    assert_in_range(count, 32, 64);
    assert_true(arena.total_bytes <= 4096);
    assert_null(pl_arena_alloc(&arena, SIZE_MAX));
    assert_null(pl_arena_alloc(&arena, 5000));
    pl_arena_fini(&arena);
    assert_non_null(pl_arena_alloc(&arena, 4096)); /* as after init */
    pl_arena_fini(&arena);
}

static void test_arena_copies_text_with_a_nul(void **state)
{
    struct pl_arena arena;
    struct pl_str copy = {0};
    (void)state;
    pl_arena_init(&arena, 4096);
    assert_true(pl_arena_copy(&copy, &arena, PL_STR("hello")));
    assert_string_equal(copy.ptr, "hello");
    assert_int_equal(copy.len, 5);
    assert_true(pl_arena_copy(&copy, &arena, pl_str_make(NULL, 0)));
    assert_string_equal(copy.ptr, "");
    pl_arena_fini(&arena);
}

static void test_arena_without_memory_returns_null(void **state)
{
    struct pl_arena arena;
    (void)state;
    pl_arena_init(&arena, 4096);
    pl_try_alloc_fail_at(1);
    assert_null(pl_arena_alloc(&arena, 8));
    assert_non_null(pl_arena_alloc(&arena, 8));
    pl_arena_fini(&arena);
    pl_arena_fini(&(struct pl_arena){0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena_memory_is_aligned_zeroed_and_apart),
        cmocka_unit_test(test_arena_ends_at_its_cap),
        cmocka_unit_test(test_arena_copies_text_with_a_nul),
        cmocka_unit_test(test_arena_without_memory_returns_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
