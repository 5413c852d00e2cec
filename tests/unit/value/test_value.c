/* Values and argument lists: looking, building, templates, the wire both ways,
 * and failing memory. */
#include "value/value_internal.h"

#include "base/alloc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define HEIGHT 64

static void assert_json(const struct parley_val *val, const char *expected)
{
    char *json = parley_val_to_json(val);
    assert_non_null(json);
    assert_string_equal(json, expected);
    parley_free(json);
}

static void assert_json_and_unref(const struct parley_val *val, const char *expected)
{
    assert_non_null(val);
    assert_json(val, expected);
    parley_val_unref(val);
}

static struct parley_val *parse(const char *json)
{
    return parley_val_parse(json, strlen(json));
}

/* --- looking --- */

static void test_value_null_pointer_answers_as_null(void **state)
{
    size_t len = 7;
    (void)state;
    assert_int_equal(parley_val_kind(NULL), PARLEY_KIND_NULL);
    assert_true(parley_val_bool(NULL, true));
    assert_int_equal(parley_val_int(NULL, 5), 5);
    assert_true(parley_val_double(NULL, 1.5) == 1.5);
    assert_null(parley_val_str(NULL, &len));
    assert_int_equal(len, 0);
    assert_null(parley_val_bytes(NULL, NULL));
    assert_int_equal(parley_val_count(NULL), 0);
    assert_null(parley_val_at(NULL, 0));
    assert_null(parley_val_key_at(NULL, 0, NULL));
    assert_null(parley_val_get(NULL, "a"));
    assert_null(parley_val_ref(NULL));
    parley_val_unref(NULL);
    parley_args_unref(NULL);
    assert_int_equal(parley_args_count(NULL), 0);
    assert_null(parley_args_get(NULL, 0));
    assert_null(parley_args_bin(NULL, 0, NULL));
    assert_json(NULL, "null");
}

static void test_value_scalars_are_read_by_kind(void **state)
{
    static const struct {
        const char *json;
        enum parley_kind kind;
        int64_t integer; /* -9 is the fallback */
        double number;
    } rows[] = {
        {"null", PARLEY_KIND_NULL, -9, -9},
        {"true", PARLEY_KIND_BOOL, -9, -9},
        {"\"1\"", PARLEY_KIND_STRING, -9, -9},
        {"[]", PARLEY_KIND_ARRAY, -9, -9},
        {"{}", PARLEY_KIND_OBJECT, -9, -9},
        {"12", PARLEY_KIND_INT, 12, 12},
        {"-0", PARLEY_KIND_INT, 0, 0},
        {"9223372036854775807", PARLEY_KIND_INT, INT64_MAX, 9223372036854775807.0},
        {"9223372036854775808", PARLEY_KIND_DOUBLE, -9, 9223372036854775808.0},
        {"1.0", PARLEY_KIND_DOUBLE, 1, 1},
        {"1e3", PARLEY_KIND_DOUBLE, 1000, 1000},
        {"1.5", PARLEY_KIND_DOUBLE, -9, 1.5},
        {"1e999", PARLEY_KIND_DOUBLE, -9, -9},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); ++i) {
        struct parley_val *val = parse(rows[i].json);
        assert_int_equal(parley_val_kind(val), rows[i].kind);
        assert_true(parley_val_int(val, -9) == rows[i].integer);
        assert_true(parley_val_double(val, -9) == rows[i].number);
        assert_json_and_unref(val, rows[i].json);
    }
}

static void test_value_text_is_kept_as_it_was(void **state)
{
    const char *json = "{\"b\": 1.50, \"a\":[1e2, \"\\u00e9\" ],\"b\":null}";
    struct parley_val *val = parse(json);
    size_t len = 0;
    (void)state;
    assert_int_equal(parley_val_count(val), 3);
    assert_string_equal(parley_val_key_at(val, 0, &len), "b");
    assert_int_equal(len, 1);
    assert_string_equal(parley_val_key_at(val, 1, NULL), "a");
    assert_null(parley_val_key_at(val, 3, NULL));
    assert_int_equal(parley_val_kind(parley_val_get(val, "b")), PARLEY_KIND_NULL); /* the last */
    assert_int_equal(parley_val_int(parley_val_at(parley_val_get(val, "a"), 0), 0), 100);
    assert_string_equal(parley_val_str(parley_val_at(parley_val_get(val, "a"), 1), &len),
                        "\xc3\xa9");
    assert_int_equal(len, 2);
    assert_null(parley_val_at(val, 3));
    assert_null(parley_val_get(val, "c"));
    assert_null(parley_val_get(val, NULL));
    assert_json_and_unref(val, json);
}

static void test_value_child_outlives_its_parent_when_referenced(void **state)
{
    struct parley_val *val = parse("{\"a\":{\"b\":\"text\"}}");
    const struct parley_val *child = parley_val_ref(parley_val_get(val, "a"));
    (void)state;
    parley_val_unref(val);
    assert_string_equal(parley_val_str(parley_val_get(child, "b"), NULL), "text");
    assert_json_and_unref(child, "{\"b\":\"text\"}");
}

static void test_value_string_may_hold_nul(void **state)
{
    struct parley_val *val = parse(" \"a\\u0000b\" ");
    size_t len = 0;
    (void)state;
    assert_memory_equal(parley_val_str(val, &len), "a\0b", 4);
    assert_int_equal(len, 3);
    assert_json_and_unref(val, "\"a\\u0000b\"");
}

static void test_value_parse_refuses_what_is_not_json(void **state)
{
    char deep[2 * (PARLEY_VAL_PARSE_DEPTH_MAX + 1) + 1];
    struct parley_val *val = NULL;
    size_t depth = PARLEY_VAL_PARSE_DEPTH_MAX + 1;
    (void)state;
    assert_null(parse(""));
    assert_null(parse("{"));
    assert_null(parse("[1,]"));
    assert_null(parse("\"\xff\""));
    assert_null(parley_val_parse(NULL, 0));
    memset(deep, '[', depth);
    memset(deep + depth, ']', depth);
    assert_null(parley_val_parse(deep, 2 * depth));
    val = parley_val_parse(deep + 1, 2 * depth - 2);
    assert_non_null(val);
    parley_val_unref(val);
}

/* --- building --- */

static void test_value_built_tree_is_written_in_order(void **state)
{
    struct parley_val *object = parley_val_new_object();
    struct parley_val *array = parley_val_new_array();
    (void)state;
    assert_int_equal(parley_val_array_add(array, parley_val_new_null()), 0);
    assert_int_equal(parley_val_array_add(array, parley_val_new_bool(true)), 0);
    assert_int_equal(parley_val_array_add(array, parley_val_new_int(INT64_MIN)), 0);
    assert_int_equal(parley_val_array_add(array, parley_val_new_double(0.5)), 0);
    assert_int_equal(parley_val_array_add(array, parley_val_new_double(NAN)), 0);
    assert_int_equal(parley_val_array_add(array, parley_val_new_string("a\"\n", 3)), 0);
    assert_int_equal(parley_val_array_add(array, parley_val_new_string(NULL, 0)), 0);
    assert_int_equal(parley_val_object_set(object, "z", array), 0);
    assert_int_equal(parley_val_object_set(object, "a", parley_val_new_int(1)), 0);
    assert_int_equal(parley_val_object_set(object, "z\"", parley_val_new_array()), 0);
    assert_int_equal(parley_val_object_set(object, "a", parley_val_new_int(2)), 0);
    assert_int_equal(parley_val_count(object), 3);
    assert_int_equal(parley_val_int(parley_val_get(object, "a"), 0), 2);
    assert_json_and_unref(object,
                          "{\"z\":[null,true,-9223372036854775808,0.5,null,\"a\\\"\\n\",\"\"],"
                          "\"a\":2,\"z\\\"\":[]}");
}

static void test_value_parsed_container_can_be_added_to(void **state)
{
    struct parley_val *object = parse("{\"a\" : 1.50, \"b\":{\"x\": [1]}}");
    struct parley_val *array = parse("[1 ,\"x\"]");
    (void)state;
    assert_int_equal(parley_val_object_set(object, "a", array), 0);
    assert_int_equal(parley_val_object_set(object, "c", parley_val_new_null()), 0);
    assert_json_and_unref(object, "{\"a\":[1 ,\"x\"],\"b\":{\"x\": [1]},\"c\":null}");
}

static void test_value_is_changed_only_by_its_single_holder(void **state)
{
    struct parley_val *array = parley_val_new_array();
    struct parley_val *outer = parley_val_new_array();
    (void)state;
    (void)parley_val_ref(array);
    assert_int_equal(parley_val_array_add(array, parley_val_new_null()), PARLEY_E_STATE);
    parley_val_unref(array);
    assert_int_equal(parley_val_array_add(array, parley_val_new_null()), 0);
    assert_int_equal(parley_val_array_add(array, array), PARLEY_E_INVALID);
    assert_int_equal(parley_val_array_add(outer, array), 0);
    assert_int_equal(parley_val_array_add(array, parley_val_new_null()), PARLEY_E_STATE);
    assert_int_equal(parley_val_object_set(outer, "a", parley_val_new_null()), PARLEY_E_INVALID);
    assert_int_equal(parley_val_array_add(outer, NULL), PARLEY_E_NOMEM);
    assert_int_equal(parley_val_array_add(NULL, parley_val_new_null()), PARLEY_E_NOMEM);
    assert_json_and_unref(outer, "[[null]]");
}

static void test_value_text_that_is_not_utf8_is_refused(void **state)
{
    struct parley_val *object = parley_val_new_object();
    (void)state;
    assert_null(parley_val_new_string("\xff", 1));
    assert_int_equal(parley_val_object_set(object, "\xff", parley_val_new_null()),
                     PARLEY_E_INVALID);
    assert_int_equal(parley_val_object_set(object, NULL, parley_val_new_null()), PARLEY_E_INVALID);
    assert_null(parley_val_format("%s", "\xff"));
    assert_json_and_unref(object, "{}");
}

static void test_value_depth_is_bounded_when_building(void **state)
{
    struct parley_val *val = parley_val_new_array();
    (void)state;
    for (int depth = 1; depth < PARLEY_VAL_DEPTH_MAX; ++depth) {
        struct parley_val *outer = parley_val_new_array();
        assert_int_equal(parley_val_array_add(outer, val), 0);
        val = outer;
    }
    {
        struct parley_val *outer = parley_val_new_array();
        assert_int_equal(parley_val_array_add(outer, val),
                         PARLEY_E_TOO_BIG); /* takes it all the same */
        parley_val_unref(outer);
    }
}

/* Shared children double the bytes values at each level: counting them must not overflow. */
static void test_value_shared_children_stay_countable(void **state)
{
    const struct parley_val *val = parley_val_new_bytes("x", 1);
    int rc = 0;
    (void)state;
    for (int depth = 0; depth < 70 && rc == 0; ++depth) {
        struct parley_val *outer = parley_val_new_array();
        assert_int_equal(parley_val_array_add(outer, parley_val_ref(val)), 0);
        rc = parley_val_array_add(outer, val);
        val = outer;
    }
    assert_int_equal(rc, PARLEY_E_TOO_BIG);
    parley_val_unref(val);
}

/* --- templates --- */

static void test_value_format_replaces_each_conversion(void **state)
{
    struct parley_val *inner = parse("{\"k\": 1.0}");
    const char *volatile none = NULL; /* hidden from the compiler, which knows printf only */
    (void)state;
    assert_json_and_unref(parley_val_format("{\"a\":%d,\"b\":%s}", -1, "x\"y"),
                          "{\"a\":-1,\"b\":\"x\\\"y\"}");
    assert_json_and_unref(parley_val_format("[%i,%u,%ld,%lu,%lld,%llu,%zu,%zd]", -2, 3u, -4L, 5UL,
                                            -6LL, 7ULL, sizeof(char), (ptrdiff_t)-8),
                          "[-2,3,-4,5,-6,7,1,-8]");
    assert_json_and_unref(parley_val_format("[%g,%f]", 0.1, 1e21), "[0.1,1e+21]");
    assert_json_and_unref(parley_val_format("[%.*s,%.*s]", 2, "abc", 0, ""), "[\"ab\",\"\"]");
    assert_json_and_unref(parley_val_format("[%s,\"%s\"]", none, none), "[null,\"\"]");
    assert_json_and_unref(parley_val_format("[%p,%p]", (const void *)inner, (const void *)NULL),
                          "[{\"k\": 1.0},null]");
    assert_json_and_unref(parley_val_format("\"100%%\""), "\"100%\"");
    assert_json_and_unref(parley_val_format("{\"%s-%d\":\"hello %s\\\"\"}", "k\"", 7, "w\n"),
                          "{\"k\\\"-7\":\"hello w\\n\\\"\"}");
    parley_val_unref(inner);
}

/* Templates that the compiler would refuse. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void test_value_format_refuses_other_templates(void **state)
{
    static const char *const rows[] = {"%x", "%c", "%5d",    "%.3f", "%hd",     "%lf",
                                       "%",  "%l", "%.s",    "%.*d", "%+d",     "{",
                                       "",   "a",  "\"%p\"", "[1,]", "\"\\%d\""};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); ++i) {
        const char *fmt = rows[i];
        assert_null(parley_val_format(fmt, 1, 1));
    }
    assert_null(parley_val_format(NULL));
}
#pragma GCC diagnostic pop

static void test_value_format_text_cannot_leave_its_quotes(void **state)
{
    (void)state;
    assert_json_and_unref(parley_val_format("[\"%s\"]", "\",\""), "[\"\\\",\\\"\"]");
    assert_json_and_unref(parley_val_format("[%s]", "],["), "[\"],[\"]");
    assert_null(parley_args_format("1],[2"));
}

/* --- arguments and the wire --- */

struct wire {
    struct pl_buf buf;
    struct pl_bin_list bins;
};

static void assert_written(const struct parley_args *args, const char *expected, const char *bytes)
{
    struct wire wire = {.bins = {.blobs = NULL}};
    pl_buf_init(&wire.buf, SIZE_MAX);
    pl_args_write(&wire.buf, &wire.bins, args);
    assert_false(pl_buf_failed(&wire.buf) || wire.bins.has_failed);
    assert_int_equal(wire.buf.len, strlen(expected));
    assert_memory_equal(wire.buf.ptr == NULL ? (const void *)"" : wire.buf.ptr, expected,
                        wire.buf.len);
    assert_int_equal(wire.bins.count, strlen(bytes)); /* each attachment here is one letter */
    for (size_t i = 0; i < wire.bins.count; ++i) {
        assert_int_equal(wire.bins.blobs[i]->data[0], bytes[i]);
    }
    pl_bin_list_fini(&wire.bins);
    pl_buf_fini(&wire.buf);
}

/* Attachments 0, 1, 2 are "A", "B", "C". */
static struct parley_args *args_of_wire(const char *raw)
{
    struct pl_blob *blobs[3];
    struct parley_args *args = NULL;
    for (size_t i = 0; i < 3; ++i) {
        blobs[i] = pl_blob_copy(pl_str_make(&"ABC"[i], 1));
        assert_non_null(blobs[i]);
    }
    args = pl_args_of_wire(pl_str_of_cstr(raw), HEIGHT, blobs, 3);
    for (size_t i = 0; i < 3; ++i) {
        pl_blob_unref(&blobs[i]);
    }
    assert_non_null(args);
    return args;
}

#define PH(num) "{\"_placeholder\":true,\"num\":" num "}"

static void test_args_from_the_wire_are_written_as_they_came(void **state)
{
    static const struct {
        const char *raw;
        const char *written;
        const char *bytes;
        size_t bin_count;
    } rows[] = {
        {"", "", "", 0},
        {"1, \"2\" ,{\"3\":[true]}", "1, \"2\" ,{\"3\":[true]}", "", 0},
        {PH("0"), PH("0"), "A", 1},
        {PH("0") "," PH("1"), PH("0") "," PH("1"), "AB", 2},
        {"{\"a\":[" PH("0") "]}, " PH("1"), "{\"a\":[" PH("0") "]}, " PH("1"), "AB", 2},
        {PH("1") ",[" PH("0") "]", PH("0") ",[" PH("1") "]", "BA", 2}, /* out of order */
        {PH("2") " ,7", PH("0") " ,7", "C", 1},                        /* others unused */
        {PH("0") "," PH("0"), PH("0") "," PH("0"), "A", 2},            /* used twice */
        {PH("3"), PH("3"), "", 0},                                     /* out of range */
        {PH("-1") "," PH("\"0\"") "," PH("0.5"), PH("-1") "," PH("\"0\"") "," PH("0.5"), "", 0},
        {"{\"_placeholder\":false,\"num\":0}", "{\"_placeholder\":false,\"num\":0}", "", 0},
        {"[\"_placeholder\",true,\"num\",0]", "[\"_placeholder\",true,\"num\",0]", "", 0},
        {"{ \"num\" : 0 , \"x\":1, \"_placeholder\" : true }",
         "{ \"num\" : 0 , \"x\":1, \"_placeholder\" : true }", "A", 1},
        {"{\"_placeholder\":true,\"x\":" PH("1") ",\"num\":2}", PH("0"), "C",
         1}, /* one in another */
        {"{\"_placeholder\":{\"_placeholder\":true},\"num\":2}",
         "{\"_placeholder\":{\"_placeholder\":true},\"num\":2}", "", 0},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); ++i) {
        struct parley_args *args = args_of_wire(rows[i].raw);
        struct parley_args *rebuilt = parley_args_new();
        assert_int_equal(parley_args_bin_count(args), rows[i].bin_count);
        assert_written(args, rows[i].written, rows[i].bytes);
        for (size_t at = 0; at < parley_args_count(args); ++at) {
            assert_int_equal(parley_args_add(rebuilt, parley_val_ref(parley_args_get(args, at))),
                             0);
        }
        assert_written(args, rows[i].written, rows[i].bytes); /* looking changed nothing */
        parley_args_unref(args);
        assert_int_equal(parley_args_bin_count(rebuilt), rows[i].bin_count);
        parley_args_unref(rebuilt);
    }
}

static void test_args_placeholders_without_attachments_are_data(void **state)
{
    struct parley_args *args = pl_args_of_wire(PL_STR(PH("0")), HEIGHT, NULL, 0);
    (void)state;
    assert_int_equal(parley_args_bin_count(args), 0);
    assert_int_equal(parley_val_kind(parley_args_get(args, 0)), PARLEY_KIND_OBJECT);
    assert_written(args, PH("0"), "");
    parley_args_unref(args);
}

static void test_args_bytes_are_found_at_any_depth_in_order(void **state)
{
    struct parley_args *args = args_of_wire("1,{\"a\":[" PH("1") "],\"b\":" PH("0") "}");
    const struct parley_val *object = parley_args_get(args, 1);
    size_t len = 0;
    (void)state;
    assert_int_equal(parley_args_count(args), 2);
    assert_int_equal(parley_val_kind(parley_val_get(object, "b")), PARLEY_KIND_BYTES);
    assert_memory_equal(parley_val_bytes(parley_val_get(object, "b"), &len), "A", 1);
    assert_int_equal(len, 1);
    assert_memory_equal(parley_args_bin(args, 0, &len), "B", 1);
    assert_int_equal(parley_args_add_bytes(args, "D", 1), 0);
    assert_int_equal(parley_args_bin_count(args), 3);
    assert_memory_equal(parley_args_bin(args, 0, &len), "B", 1);
    assert_memory_equal(parley_args_bin(args, 1, &len), "A", 1);
    assert_memory_equal(parley_args_bin(args, 2, &len), "D", 1);
    assert_null(parley_args_bin(args, 3, &len));
    assert_int_equal(len, 0);
    assert_written(args, "1,{\"a\":[" PH("0") "],\"b\":" PH("1") "}," PH("2"), "BAD");
    parley_args_unref(args);
}

static void test_args_bytes_survive_a_template(void **state)
{
    struct parley_args *in = args_of_wire("{\"x\":" PH("2") "}");
    struct parley_val *bytes = parley_val_new_bytes("", 0);
    struct parley_args *out = NULL;
    size_t len = 7;
    (void)state;
    out = parley_args_format("%s,{\"v\":%p},[%p,%p]", "m", (const void *)parley_args_get(in, 0),
                             (const void *)bytes, (const void *)bytes);
    parley_args_unref(in);
    parley_val_unref(bytes);
    assert_int_equal(parley_args_count(out), 3);
    assert_int_equal(parley_args_bin_count(out), 3);
    assert_memory_equal(parley_args_bin(out, 0, &len), "C", 1);
    assert_non_null(parley_args_bin(out, 1, &len));
    assert_int_equal(len, 0);
    parley_args_unref(out);
}

static void test_args_list_is_immutable_when_shared(void **state)
{
    struct parley_args *args = parley_args_format("%d", 1);
    (void)state;
    (void)parley_args_ref(args);
    assert_int_equal(parley_args_add(args, parley_val_new_null()), PARLEY_E_STATE);
    parley_args_unref(args);
    assert_int_equal(parley_args_add(args, parley_val_new_null()), 0);
    assert_written(args, "1,null", "");
    parley_args_unref(args);
    args = parley_args_format("%s", "");
    assert_written(args, "\"\"", "");
    parley_args_unref(args);
}

/* --- memory --- */

/* Everything there is, each step allowed to fail. True when none did. */
static bool use_everything(void)
{
    struct pl_blob *blob = pl_blob_copy(PL_STR("A"));
    struct parley_args *in =
        blob == NULL
            ? NULL
            : pl_args_of_wire(PL_STR("{\"a\":[" PH("0") "],\"b\\n\":\"c\\n\"},1"), 8, &blob, 1);
    const struct parley_val *object = parley_args_get(in, 0);
    bool is_ok = parley_val_str(parley_val_get(object, "b\n"), NULL) != NULL &&
                 parley_val_bytes(parley_val_at(parley_val_get(object, "a"), 0), NULL) != NULL;
    struct parley_args *out = parley_args_format("%s,%p", "x", (const void *)object);
    struct parley_val *built = parley_val_new_object();
    char *json = NULL;
    is_ok &= parley_val_object_set(built, "k", parley_val_new_string("s", 1)) == 0;
    is_ok &= parley_val_object_set(built, "l", parley_val_ref(object)) == 0;
    is_ok &= parley_val_object_set(built, "k", parley_val_parse("[1]", 3)) == 0;
    json = parley_val_to_json(built);
    is_ok &= json != NULL;
    is_ok &= parley_args_add(out, built) == 0;
    is_ok &= parley_args_add_bytes(out, "z", 1) == 0;
    is_ok &= parley_args_count(out) == 4 && parley_args_bin_count(out) == 3;
    parley_free(json);
    parley_args_unref(out);
    parley_args_unref(in);
    pl_blob_unref(&blob);
    return is_ok;
}

static void test_value_survives_each_refused_allocation(void **state)
{
    bool is_ok = false;
    (void)state;
    for (uint64_t nth = 1; !is_ok; ++nth) {
        assert_true(nth < 1000);
        pl_try_alloc_fail_at(nth);
        is_ok = use_everything();
        pl_try_alloc_fail_at(0);
    }
    assert_true(use_everything());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value_null_pointer_answers_as_null),
        cmocka_unit_test(test_value_scalars_are_read_by_kind),
        cmocka_unit_test(test_value_text_is_kept_as_it_was),
        cmocka_unit_test(test_value_child_outlives_its_parent_when_referenced),
        cmocka_unit_test(test_value_string_may_hold_nul),
        cmocka_unit_test(test_value_parse_refuses_what_is_not_json),
        cmocka_unit_test(test_value_built_tree_is_written_in_order),
        cmocka_unit_test(test_value_parsed_container_can_be_added_to),
        cmocka_unit_test(test_value_is_changed_only_by_its_single_holder),
        cmocka_unit_test(test_value_text_that_is_not_utf8_is_refused),
        cmocka_unit_test(test_value_depth_is_bounded_when_building),
        cmocka_unit_test(test_value_shared_children_stay_countable),
        cmocka_unit_test(test_value_format_replaces_each_conversion),
        cmocka_unit_test(test_value_format_refuses_other_templates),
        cmocka_unit_test(test_value_format_text_cannot_leave_its_quotes),
        cmocka_unit_test(test_args_from_the_wire_are_written_as_they_came),
        cmocka_unit_test(test_args_placeholders_without_attachments_are_data),
        cmocka_unit_test(test_args_bytes_are_found_at_any_depth_in_order),
        cmocka_unit_test(test_args_bytes_survive_a_template),
        cmocka_unit_test(test_args_list_is_immutable_when_shared),
        cmocka_unit_test(test_value_survives_each_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
