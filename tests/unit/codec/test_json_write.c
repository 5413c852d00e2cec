/* The JSON writer: what JSON.stringify would write, commas in their places, limits. */
#include "codec/json_write.h"

#include "base/alloc.h"
#include "codec/json_number.h"
#include "codec/json_read.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_json_write_string_escapes_as_json_stringify(void **state)
{
    static const struct {
        struct pl_str value;
        struct pl_str text;
    } rows[] = {
        {PL_STR_INIT(""), PL_STR_INIT("\"\"")},
        {PL_STR_INIT("plain /text/"), PL_STR_INIT("\"plain /text/\"")},
        {PL_STR_INIT("\"\\"), PL_STR_INIT("\"\\\"\\\\\"")},
        {PL_STR_INIT("\b\f\n\r\t"), PL_STR_INIT("\"\\b\\f\\n\\r\\t\"")},
        {PL_STR_INIT("\0\x01\x0b\x1f"), PL_STR_INIT("\"\\u0000\\u0001\\u000b\\u001f\"")},
        {PL_STR_INIT("\x7f<>&'"), PL_STR_INIT("\"\x7f<>&'\"")},
        {PL_STR_INIT("\xe2\x80\xa8\xf0\x9f\x98\x80"),
         PL_STR_INIT("\"\xe2\x80\xa8\xf0\x9f\x98\x80\"")},
        {PL_STR_INIT("0123456789abcdef\n0123456789abcdef"),
         PL_STR_INIT("\"0123456789abcdef\\n0123456789abcdef\"")},
    };
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, SIZE_MAX);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); ++i) {
        pl_buf_clear(&buf);
        pl_json_write_string(&buf, rows[i].value);
        assert_true(pl_str_eq(pl_buf_str(&buf), rows[i].text));
    }
    pl_buf_clear(&buf);
    pl_json_write_string(&buf, pl_str_make(NULL, 0));
    assert_true(pl_str_eq(pl_buf_str(&buf), PL_STR("\"\"")));
    pl_buf_fini(&buf);
}

static void test_json_write_integers_in_full_range(void **state)
{
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, SIZE_MAX);
    pl_json_write_i64(&buf, INT64_MIN);
    pl_json_write_i64(&buf, 0);
    pl_json_write_i64(&buf, INT64_MAX);
    pl_json_write_u64(&buf, UINT64_MAX);
    assert_true(pl_str_eq(pl_buf_str(&buf), PL_STR("-9223372036854775808"
                                                   "0"
                                                   "9223372036854775807"
                                                   "18446744073709551615")));
    pl_buf_fini(&buf);
}

static void test_json_write_double_as_ecmascript(void **state)
{
    /* the right column is what Node prints */
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0.0, "0"},
        {-0.0, "0"},
        {1.0, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3.0, "0.3333333333333333"},
        {100.0, "100"},
        {123456.789, "123456.789"},
        {9007199254740991.0, "9007199254740991"},
        {9007199254740992.0, "9007199254740992"},
        {9007199254740994.0, "9007199254740994"},
        {1e20, "100000000000000000000"},
        {123456789012345680000.0, "123456789012345680000"},
        {1e21, "1e+21"},
        {1.5e21, "1.5e+21"},
        {1e-6, "0.000001"},
        {1.5e-6, "0.0000015"},
        {1e-7, "1e-7"},
        {-1.25e-7, "-1.25e-7"},
        {5e-324, "5e-324"},
        {2.2250738585072009e-308, "2.225073858507201e-308"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {5.684341886080802e-14, "5.684341886080802e-14"}, /* 2^-44: the nearest 16 digits fail */
        {9.5367431640625e-7, "9.5367431640625e-7"},
        {4.35, "4.35"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, SIZE_MAX);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); ++i) {
        pl_buf_clear(&buf);
        pl_json_write_double(&buf, rows[i].value);
        if (!pl_str_eq(pl_buf_str(&buf), pl_str_of_cstr(rows[i].text))) {
            fail_msg("%.*s instead of %s", (int)buf.len, (const char *)buf.ptr, rows[i].text);
        }
    }
    pl_buf_fini(&buf);
}

static void test_json_write_double_of_any_bits_reads_back(void **state)
{
    struct pl_buf buf;
    uint64_t seed = 7;
    (void)state;
    pl_buf_init(&buf, SIZE_MAX);
    for (int i = 0; i < 50000; ++i) {
        double value = 0;
        double again = 0;
        seed = seed * 6364136223846793005 + 1442695040888963407;
        memcpy(&value, &seed, sizeof(value));
        if (!isfinite(value)) {
            continue;
        }
        pl_buf_clear(&buf);
        pl_json_write_double(&buf, value);
        assert_int_equal(pl_json_validate(pl_buf_str(&buf), 0, NULL), 0);
        assert_true(pl_json_number_to_double(&again, pl_buf_str(&buf)));
        assert_true(again == value);
    }
    pl_buf_fini(&buf);
}

static void write_everything(struct pl_buf *buf)
{
    struct pl_json_writer writer;
    pl_json_writer_init(&writer, buf);
    pl_json_object_begin(&writer);
    pl_json_key(&writer, PL_STR("a"));
    pl_json_array_begin(&writer);
    pl_json_put_i64(&writer, -1);
    pl_json_put_u64(&writer, 2);
    pl_json_put_double(&writer, 1.5);
    pl_json_array_begin(&writer);
    pl_json_array_end(&writer);
    pl_json_object_begin(&writer);
    pl_json_object_end(&writer);
    pl_json_put_raw(&writer, PL_STR("[7]"));
    pl_json_array_end(&writer);
    pl_json_key(&writer, PL_STR("b\n"));
    pl_json_put_bool(&writer, true);
    pl_json_key(&writer, PL_STR(""));
    pl_json_put_null(&writer);
    pl_json_key(&writer, PL_STR("c"));
    pl_json_put_string(&writer, PL_STR("d"));
    pl_json_key(&writer, PL_STR("e"));
    pl_json_put_bool(&writer, false);
    pl_json_object_end(&writer);
}

static void test_json_writer_puts_each_comma(void **state)
{
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, SIZE_MAX);
    write_everything(&buf);
    assert_false(pl_buf_failed(&buf));
    assert_true(pl_str_eq(pl_buf_str(&buf),
                          PL_STR("{\"a\":[-1,2,1.5,[],{},[7]],\"b\\n\":true,\"\":null,\"c\":\"d\","
                                 "\"e\":false}")));
    pl_buf_fini(&buf);
}

static void test_json_writer_past_the_buffers_limit_fails_it(void **state)
{
    struct pl_buf whole;
    (void)state;
    pl_buf_init(&whole, SIZE_MAX);
    write_everything(&whole);
    for (size_t limit = 0; limit < whole.len; ++limit) {
        struct pl_buf buf;
        pl_buf_init(&buf, limit);
        write_everything(&buf);
        assert_true(pl_buf_failed(&buf));
        pl_buf_fini(&buf);
    }
    pl_buf_fini(&whole);
}

static void test_json_writer_survives_each_refused_allocation(void **state)
{
    bool has_failed = true;
    (void)state;
    for (uint64_t nth = 1; has_failed; ++nth) {
        struct pl_buf buf;
        pl_buf_init(&buf, SIZE_MAX);
        pl_try_alloc_fail_at(nth);
        write_everything(&buf);
        pl_try_alloc_fail_at(0);
        has_failed = pl_buf_failed(&buf);
        pl_buf_fini(&buf);
    }
}

static void test_json_writer_too_deep_fails_the_buffer(void **state)
{
    (void)state;
    for (int depth = PL_JSON_WRITE_DEPTH_MAX; depth <= PL_JSON_WRITE_DEPTH_MAX + 2; ++depth) {
        struct pl_buf buf;
        struct pl_json_writer writer;
        pl_buf_init(&buf, SIZE_MAX);
        pl_json_writer_init(&writer, &buf);
        for (int i = 0; i < depth; ++i) {
            pl_json_array_begin(&writer);
            pl_json_put_null(&writer);
        }
        for (int i = 0; i < depth; ++i) {
            pl_json_array_end(&writer);
        }
        assert_int_equal(pl_buf_failed(&buf), depth > PL_JSON_WRITE_DEPTH_MAX);
        assert_true(pl_buf_failed(&buf) ||
                    pl_json_validate(pl_buf_str(&buf), PL_JSON_DEPTH_MAX, NULL) == 0);
        pl_buf_fini(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_write_string_escapes_as_json_stringify),
        cmocka_unit_test(test_json_write_integers_in_full_range),
        cmocka_unit_test(test_json_write_double_as_ecmascript),
        cmocka_unit_test(test_json_write_double_of_any_bits_reads_back),
        cmocka_unit_test(test_json_writer_puts_each_comma),
        cmocka_unit_test(test_json_writer_past_the_buffers_limit_fails_it),
        cmocka_unit_test(test_json_writer_survives_each_refused_allocation),
        cmocka_unit_test(test_json_writer_too_deep_fails_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
