/* Looking into answers, hostile ones included: names in them are chosen by strangers. */
#include "cli/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define JSON                                                                                       \
    "{\"a\":{\"b\":{\"c\":-7}},\"t\":\"x\\u001b[2J\\u009b\\ty\\u00e9\",\"long\":\"0123456789\","   \
    "\"list\":[1,{\"n\":\"two\"},[3]],\"yes\":true,\"d\":1.5,\"null\":null}"

static void test_members_are_found_by_their_path(void **state)
{
    struct pl_str json = PL_STR(JSON);
    (void)state;
    assert_int_equal(pl_answer_i64(json, "a.b.c"), -7);
    assert_int_equal(pl_answer_i64(json, "a.b"), 0);
    assert_int_equal(pl_answer_i64(json, "a.x.c"), 0);
    assert_int_equal(pl_answer_i64(json, "yes.c"), 0);
    assert_true(pl_answer_double(json, "d") == 1.5);
    assert_true(pl_answer_double(json, "null") == 0);
    assert_true(pl_answer_bool(json, "yes"));
    assert_false(pl_answer_bool(json, "d"));
    assert_true(
        pl_str_eq(pl_answer_member(json, PL_STR("list")), PL_STR("[1,{\"n\":\"two\"},[3]]")));
    assert_int_equal(pl_answer_member(PL_STR("[1]"), PL_STR("list")).len, 0);
    assert_int_equal(pl_answer_member(PL_STR("{\"list\":"), PL_STR("list")).len, 0);
}

static void test_texts_are_harmless_on_a_terminal(void **state)
{
    char out[32];
    (void)state;
    assert_string_equal(pl_answer_text(out, sizeof(out), PL_STR(JSON), PL_STR("t")),
                        "x?[2J???y\xc3\xa9");
    assert_string_equal(pl_answer_text(out, sizeof(out), PL_STR(JSON), PL_STR("none")), "");
    assert_string_equal(pl_answer_text(out, sizeof(out), PL_STR(JSON), PL_STR("d")), "");
    assert_string_equal(pl_answer_text(out, 12, PL_STR(JSON), PL_STR("long")), "0123456789");
    assert_string_equal(pl_answer_text(out, 11, PL_STR(JSON), PL_STR("long")), "");
}

static void test_arrays_are_walked_item_by_item(void **state)
{
    struct pl_answer_array array;
    struct pl_str item;
    static const char *const items[] = {"1", "{\"n\":\"two\"}", "[3]"};
    (void)state;
    pl_answer_array_init(&array, pl_answer_member(PL_STR(JSON), PL_STR("list")));
    for (size_t i = 0; i < PL_ARRAY_LEN(items); i++) {
        assert_true(pl_answer_array_next(&item, &array));
        assert_true(pl_str_eq(item, pl_str_of_cstr(items[i])));
    }
    assert_false(pl_answer_array_next(&item, &array));
    pl_answer_array_init(&array, PL_STR("[]"));
    assert_false(pl_answer_array_next(&item, &array));
    pl_answer_array_init(&array, PL_STR("")); /* a member that is not there */
    assert_false(pl_answer_array_next(&item, &array));
    pl_answer_array_init(&array, PL_STR("[1,"));
    assert_true(pl_answer_array_next(&item, &array));
    assert_false(pl_answer_array_next(&item, &array));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_are_found_by_their_path),
        cmocka_unit_test(test_texts_are_harmless_on_a_terminal),
        cmocka_unit_test(test_arrays_are_walked_item_by_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
