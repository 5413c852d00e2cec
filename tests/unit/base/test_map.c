/* The hash map: keys are bytes, values are pointers. */
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

static struct pl_str key_of(unsigned number, char text[static 16])
{
    return pl_str_make(text, (size_t)snprintf(text, 16, "key%u", number));
}

static void count_entry(struct pl_str key, void *value, void *user)
{
    assert_true(pl_str_starts_with(key, PL_STR("key")));
    assert_non_null(value);
    (*(size_t *)user)++;
}

static void test_map_finds_what_was_put_and_not_removed(void **state)
{
    struct pl_map map;
    static int values[500];
    char text[16];
    size_t visited = 0;
    (void)state;
    pl_map_init(&map, (const uint8_t *)"0123456789abcdef");
    for (unsigned i = 0; i < 500; i++) {
        assert_null(pl_map_put(&map, key_of(i, text), &values[i]));
    }
    for (unsigned i = 0; i < 500; i += 2) {
        assert_ptr_equal(pl_map_remove(&map, key_of(i, text)), &values[i]);
        assert_null(pl_map_remove(&map, key_of(i, text)));
    }
    for (unsigned i = 0; i < 500; i++) {
        assert_ptr_equal(pl_map_find(&map, key_of(i, text)), i % 2 == 0 ? NULL : &values[i]);
    }
    pl_map_each(&map, count_entry, &visited);
    assert_int_equal(visited, 250);
    assert_int_equal(map.count, 250);
    pl_map_fini(&map);
}

static void test_map_put_again_returns_the_old_value(void **state)
{
    struct pl_map map;
    int first = 1;
    int second = 2;
    (void)state;
    pl_map_init(&map, NULL);
    assert_null(pl_map_put(&map, PL_STR("a"), &first));
    assert_ptr_equal(pl_map_put(&map, PL_STR("a"), &second), &first);
    assert_ptr_equal(pl_map_find(&map, PL_STR("a")), &second);
    assert_int_equal(map.count, 1);
    pl_map_fini(&map);
}

static void test_map_keys_are_bytes_of_any_length(void **state)
{
    struct pl_map map;
    int values[3];
    (void)state;
    pl_map_init(&map, NULL);
    pl_map_put(&map, PL_STR(""), &values[0]);
    pl_map_put(&map, PL_STR("a"), &values[1]);
    pl_map_put(&map, PL_STR("a\0b"), &values[2]);
    assert_ptr_equal(pl_map_find(&map, pl_str_make(NULL, 0)), &values[0]);
    assert_ptr_equal(pl_map_find(&map, PL_STR("a")), &values[1]);
    assert_ptr_equal(pl_map_find(&map, PL_STR("a\0b")), &values[2]);
    assert_null(pl_map_find(&map, PL_STR("a\0c")));
    pl_map_fini(&map);
}

static void test_map_empty_finds_nothing(void **state)
{
    struct pl_map map;
    (void)state;
    pl_map_init(&map, NULL);
    assert_null(pl_map_find(&map, PL_STR("a")));
    assert_null(pl_map_remove(&map, PL_STR("a")));
    pl_map_fini(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_finds_what_was_put_and_not_removed),
        cmocka_unit_test(test_map_put_again_returns_the_old_value),
        cmocka_unit_test(test_map_keys_are_bytes_of_any_length),
        cmocka_unit_test(test_map_empty_finds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
