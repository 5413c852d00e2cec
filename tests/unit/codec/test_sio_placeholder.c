/* Placeholders: payloads of packets with two attachments. */
#include "codec/sio_placeholder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PLACEHOLDER(num) "{\"_placeholder\":true,\"num\":" num "}"

static const struct {
    struct pl_str payload;
    bool is_good;
    const char *why;
} rows[] = {
    {PL_STR_INIT("[\"a\"," PLACEHOLDER("0") "," PLACEHOLDER("1") "]"), true, "two"},
    {PL_STR_INIT("[\"a\"]"), true, "none used"},
    {PL_STR_INIT("[\"a\"," PLACEHOLDER("1") "," PLACEHOLDER("1") "]"), true, "one used twice"},
    {PL_STR_INIT("[\"a\",{\"b\":[[{\"c\":" PLACEHOLDER("1") "}]]}]"), true, "deep"},
    {PL_STR_INIT("[\"a\",{\"num\":1,\"_placeholder\":true}]"), true, "other order of keys"},
    {PL_STR_INIT("[\"a\",{\"_placeholder\":true,\"x\":{\"num\":9},\"num\":0}]"), true, "more keys"},
    {PL_STR_INIT("[\"a\",{\"\\u005fplaceholder\":true,\"n\\u0075m\":0}]"), true, "escaped keys"},
    {PL_STR_INIT("[\"a\",{\"_placeholder\":false,\"num\":9}]"), true, "not marked"},
    {PL_STR_INIT("[\"a\",{\"_placeholder\":\"true\"}]"), true, "marked with a string"},
    {PL_STR_INIT("[\"a\",{\"num\":\"splice\"}]"), true, "data that has a num"},
    {PL_STR_INIT("[\"a\",{\"_placeholder\":true,\"_placeholder\":{}}]"), true, "last key wins"},
    {PL_STR_INIT("[\"a\"," PLACEHOLDER("2") "]"), false, "out of range"},
    {PL_STR_INIT("[\"a\"," PLACEHOLDER("-1") "]"), false, "negative"},
    {PL_STR_INIT("[\"a\"," PLACEHOLDER("0.5") "]"), false, "not an integer"},
    {PL_STR_INIT("[\"a\"," PLACEHOLDER("99999999999999999999") "]"), false, "huge"},
    {PL_STR_INIT("[\"a\"," PLACEHOLDER("\"splice\"") "]"), false, "a string"},
    {PL_STR_INIT("[\"a\"," PLACEHOLDER("\"0\"") "]"), false, "a number in a string"},
    {PL_STR_INIT("[\"a\"," PLACEHOLDER("null") "]"), false, "null"},
    {PL_STR_INIT("[\"a\"," PLACEHOLDER("[0]") "]"), false, "an array"},
    {PL_STR_INIT("[\"a\"," PLACEHOLDER("{\"num\":0}") "]"), false, "an object"},
    {PL_STR_INIT("[\"a\",{\"_placeholder\":true}]"), false, "num missing"},
    {PL_STR_INIT("[\"a\",{\"_placeholder\":true,\"num\":0,\"num\":7}]"), false, "last num wins"},
    {PL_STR_INIT("[\"a\",[{\"x\":" PLACEHOLDER("9") "}]]"), false, "out of range, deep"},
};

static void test_sio_placeholder_num_must_be_an_integer_in_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        int rc = pl_sio_placeholders_check(rows[i].payload, 2, NULL);
        if (rc != (rows[i].is_good ? 0 : PL_E_PROTO)) {
            fail_msg("%s: %d", rows[i].why, rc);
        }
    }
}

static void test_sio_placeholder_is_read_as_it_is_written(void **state)
{
    struct pl_buf buf;
    uint32_t num = 0;
    (void)state;
    pl_buf_init(&buf, 256);
    pl_sio_placeholder_write(&buf, 7);
    assert_true(pl_str_eq(pl_buf_str(&buf), PL_STR(PLACEHOLDER("7"))));
    assert_true(pl_sio_placeholder_read(&num, pl_buf_str(&buf)));
    assert_int_equal(num, 7);
    assert_false(pl_sio_placeholder_read(&num, PL_STR("{\"_placeholder\":false,\"num\":0}")));
    assert_false(pl_sio_placeholder_read(&num, PL_STR("{\"_placeholder\":true}")));
    assert_false(pl_sio_placeholder_read(&num, PL_STR("[true]")));
    assert_false(pl_sio_placeholder_read(&num, PL_STR("")));
    pl_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sio_placeholder_num_must_be_an_integer_in_range),
        cmocka_unit_test(test_sio_placeholder_is_read_as_it_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
