/* Looking into raw JSON: finding members, walking arrays and objects, without trusting the text. */
#include "codec/json_raw.h"

#include "codec/json_string.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_json_raw_kind_is_told_by_the_first_byte(void **state)
{
    static const struct {
        struct pl_str raw;
        enum pl_json_kind kind;
    } rows[] = {
        {PL_STR_INIT("{}"), PL_JSON_OBJECT_BEGIN},
        {PL_STR_INIT("[]"), PL_JSON_ARRAY_BEGIN},
        {PL_STR_INIT("\"\""), PL_JSON_STRING},
        {PL_STR_INIT("-1"), PL_JSON_NUMBER},
        {PL_STR_INIT("0"), PL_JSON_NUMBER},
        {PL_STR_INIT("9"), PL_JSON_NUMBER},
        {PL_STR_INIT("true"), PL_JSON_TRUE},
        {PL_STR_INIT("false"), PL_JSON_FALSE},
        {PL_STR_INIT("null"), PL_JSON_NULL},
        {PL_STR_INIT("x"), PL_JSON_END},
        {PL_STR_INIT(""), PL_JSON_END},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); ++i) {
        assert_int_equal(pl_json_raw_kind(rows[i].raw), rows[i].kind);
    }
}

static void test_json_raw_find_gives_the_last_of_equal_keys(void **state)
{
    struct pl_str object =
        PL_STR("{\"a\":1,\"b\":{\"a\":2,\"c\":3},\"\\u0061\":[4 , 5],\"d\":null}");
    struct pl_str value = {NULL, 0};
    (void)state;
    assert_true(pl_json_object_find(&value, object, PL_STR("a")));
    assert_true(pl_str_eq(value, PL_STR("[4 , 5]")));
    assert_true(pl_json_object_find(&value, object, PL_STR("b")));
    assert_true(pl_str_eq(value, PL_STR("{\"a\":2,\"c\":3}")));
    assert_false(pl_json_object_find(&value, object, PL_STR("c"))); /* of the inner object only */
    assert_false(pl_json_object_find(&value, PL_STR("[\"a\"]"), PL_STR("a")));
    assert_false(pl_json_object_find(&value, PL_STR("7"), PL_STR("a")));
    assert_false(pl_json_object_find(&value, PL_STR(""), PL_STR("a")));
}

static void test_json_raw_array_walk_gives_each_element_once(void **state)
{
    static const struct pl_str expected[] = {PL_STR_INIT("1"), PL_STR_INIT("[2,[3]]"),
                                             PL_STR_INIT("\"x,]\""), PL_STR_INIT("{\"a\":[]}")};
    struct pl_json_walk walk;
    struct pl_str value;
    (void)state;
    pl_json_array_walk(&walk, PL_STR(" [1, [2,[3]] ,\"x,]\",{\"a\":[]}] "));
    for (size_t i = 0; i < PL_ARRAY_LEN(expected); ++i) {
        assert_true(pl_json_array_next(&value, &walk));
        assert_true(pl_str_eq(value, expected[i]));
    }
    assert_false(pl_json_array_next(&value, &walk));
    assert_false(pl_json_array_next(&value, &walk));
}

static void test_json_raw_object_walk_keeps_order_and_doubles(void **state)
{
    static const struct {
        struct pl_str key;
        struct pl_str value;
    } rows[] = {{PL_STR_INIT("\"b\""), PL_STR_INIT("1")},
                {PL_STR_INIT("\"a\""), PL_STR_INIT("{}")},
                {PL_STR_INIT("\"b\""), PL_STR_INIT("\"}\"")}};
    struct pl_json_walk walk;
    struct pl_str key;
    struct pl_str value;
    (void)state;
    pl_json_object_walk(&walk, PL_STR("{\"b\":1,\"a\":{},\"b\":\"}\"}"));
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); ++i) {
        assert_true(pl_json_object_next(&key, &value, &walk));
        assert_true(pl_str_eq(key, rows[i].key) && pl_str_eq(value, rows[i].value));
    }
    assert_false(pl_json_object_next(&key, &value, &walk));
}

static void test_json_raw_walk_of_the_wrong_kind_is_over_at_once(void **state)
{
    struct pl_json_walk walk;
    struct pl_str key;
    struct pl_str value;
    (void)state;
    pl_json_array_walk(&walk, PL_STR("{\"a\":1}"));
    assert_false(pl_json_array_next(&value, &walk));
    pl_json_object_walk(&walk, PL_STR("[1]"));
    assert_false(pl_json_object_next(&key, &value, &walk));
    pl_json_object_walk(&walk, PL_STR("null"));
    assert_false(pl_json_object_next(&key, &value, &walk));
}

static void test_json_raw_cut_text_ends_the_walk_and_is_not_over_read(void **state)
{
    struct pl_str text = PL_STR("{\"a\":[1,\"two\"],\"b\":{\"c\":null}}");
    (void)state;
    for (size_t len = 0; len < text.len; ++len) {
        char *copy = malloc(len + 1); /* one more: malloc(0) may be NULL */
        struct pl_str cut = pl_str_make(copy + 1, len);
        struct pl_json_walk walk;
        struct pl_str key;
        struct pl_str value;
        size_t count = 0;
        assert_non_null(copy);
        memcpy(copy + 1, text.ptr, len);
        pl_json_object_walk(&walk, cut);
        while (pl_json_object_next(&key, &value, &walk)) {
            ++count;
        }
        assert_in_range(count, 0, 2);
        assert_false(pl_json_object_find(&value, cut, PL_STR("c")));
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_raw_kind_is_told_by_the_first_byte),
        cmocka_unit_test(test_json_raw_find_gives_the_last_of_equal_keys),
        cmocka_unit_test(test_json_raw_array_walk_gives_each_element_once),
        cmocka_unit_test(test_json_raw_object_walk_keeps_order_and_doubles),
        cmocka_unit_test(test_json_raw_walk_of_the_wrong_kind_is_over_at_once),
        cmocka_unit_test(test_json_raw_cut_text_ends_the_walk_and_is_not_over_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
