/* MessagePack and JSON, both ways: values as notepack.io 2.2 (what socket.io-msgpack-parser uses)
 * encodes them, and by hand what it cannot write or JSON has not. */
#include "base/alloc.h"
#include "codec/json_read.h"
#include "codec/msgpack_json.h"

#include "hex.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LIMIT_BYTES 65536
#define DEPTH 128

static const struct {
    struct pl_str json;
    const char *hex;
} both_ways[] = {
    {PL_STR_INIT("null"), "c0"},
    {PL_STR_INIT("true"), "c3"},
    {PL_STR_INIT("false"), "c2"},
    {PL_STR_INIT("0"), "00"},
    {PL_STR_INIT("1"), "01"},
    {PL_STR_INIT("127"), "7f"},
    {PL_STR_INIT("128"), "cc80"},
    {PL_STR_INIT("255"), "ccff"},
    {PL_STR_INIT("256"), "cd0100"},
    {PL_STR_INIT("65535"), "cdffff"},
    {PL_STR_INIT("65536"), "ce00010000"},
    {PL_STR_INIT("4294967295"), "ceffffffff"},
    {PL_STR_INIT("4294967296"), "cf0000000100000000"},
    {PL_STR_INIT("9007199254740991"), "cf001fffffffffffff"},
    {PL_STR_INIT("-1"), "ff"},
    {PL_STR_INIT("-32"), "e0"},
    {PL_STR_INIT("-33"), "d0df"},
    {PL_STR_INIT("-128"), "d080"},
    {PL_STR_INIT("-129"), "d1ff7f"},
    {PL_STR_INIT("-32768"), "d18000"},
    {PL_STR_INIT("-32769"), "d2ffff7fff"},
    {PL_STR_INIT("-2147483648"), "d280000000"},
    {PL_STR_INIT("-2147483649"), "d3ffffffff7fffffff"},
    {PL_STR_INIT("-9007199254740991"), "d3ffe0000000000001"},
    {PL_STR_INIT("0.1"), "cb3fb999999999999a"},
    {PL_STR_INIT("-1.5"), "cbbff8000000000000"},
    {PL_STR_INIT("5e-324"), "cb0000000000000001"},
    {PL_STR_INIT("\"\""), "a0"},
    {PL_STR_INIT("\"a\""), "a161"},
    {PL_STR_INIT("\"é€𝄞\""), "a9c3a9e282acf09d849e"},
    {PL_STR_INIT("\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\""),
     "bf78787878787878787878787878787878787878787878787878787878787878"},
    {PL_STR_INIT("\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\""),
     "d9207878787878787878787878787878787878787878787878787878787878787878"},
    {PL_STR_INIT("\"\\\"\\\\\\u0000\\n\""), "a4225c000a"},
    {PL_STR_INIT("[]"), "90"},
    {PL_STR_INIT("[1,[2,[]]]"), "9201920290"},
    {PL_STR_INIT("[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]"), "9f000000000000000000000000000000"},
    {PL_STR_INIT("[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]"), "dc001000000000000000000000000000000000"},
    {PL_STR_INIT("{}"), "80"},
    {PL_STR_INIT("{\"a\":1,\"b\":{\"c\":[null]}}"), "82a16101a16281a16391c0"},
    {PL_STR_INIT("{\"k0\":0,\"k1\":1,\"k2\":2,\"k3\":3,\"k4\":4,\"k5\":5,\"k6\":6,\"k7\":7,\"k8\":"
                 "8,\"k9\":9,\"k10\":10,\"k11\":11,\"k12\":12,\"k13\":13,\"k14\":14,\"k15\":15}"),
     "de0010a26b3000a26b3101a26b3202a26b3303a26b3404a26b3505a26b3606a26b3707a26b3808a26b3909a36b313"
     "00aa36b31310ba36b31320ca36b31330da36b31340ea36b31350f"},
};

/* Only read: other forms of the same values, and what JSON has not. */
static const struct {
    const char *hex;
    struct pl_str json;
    const char *why;
} read_only[] = {
    {"cc01", PL_STR_INIT("1"), "a longer form than needed"},
    {"cf0000000000000001", PL_STR_INIT("1"), "the longest form"},
    {"d001", PL_STR_INIT("1"), "a signed form that is not negative"},
    {"cfffffffffffffffff", PL_STR_INIT("18446744073709551615"), "the largest integer"},
    {"d38000000000000000", PL_STR_INIT("-9223372036854775808"), "the smallest"},
    {"ca3fc00000", PL_STR_INIT("1.5"), "32 bits"},
    {"ca7fc00000", PL_STR_INIT("null"), "not a number"},
    {"cb7ff0000000000000", PL_STR_INIT("null"), "infinite"},
    {"cb444b1ae4d6e2ef50", PL_STR_INIT("1e+21"), "large"},
    {"d90161", PL_STR_INIT("\"a\""), "text with a length byte"},
    {"dc000101", PL_STR_INIT("[1]"), "an array with a long count"},
    {"df00000001a16101", PL_STR_INIT("{\"a\":1}"), "a map with a long count"},
    {"d40000", PL_STR_INIT("null"), "undefined"},
    {"92d4000001", PL_STR_INIT("[null,1]"), "undefined in an array"},
    {"82a161d40000a16201", PL_STR_INIT("{\"b\":1}"), "undefined in a map"},
    {"d7000000018bcfe5687b", PL_STR_INIT("\"2023-11-14T22:13:20.123Z\""), "a date"},
    {"d700ffffffffffffffff", PL_STR_INIT("\"1969-12-31T23:59:59.999Z\""), "a date before 1970"},
    {"d7007fffffffffffffff", PL_STR_INIT("null"), "a date that no calendar has"},
    {"92c40101c40102",
     PL_STR_INIT("[{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]"),
     "bytes in turn"},
    {"c7020001ff", PL_STR_INIT("{\"_placeholder\":true,\"num\":0}"), "an ArrayBuffer"},
};

static const struct {
    const char *hex;
    int error;
    const char *why;
} refused[] = {
    {"", PL_E_PROTO, "nothing"},
    {"c1", PL_E_PROTO, "the byte that is never used"},
    {"d501", PL_E_PROTO, "an extension cut off"},
    {"d40100", PL_E_PROTO, "an extension of another type"},
    {"d6ff00000000", PL_E_PROTO, "the standard's time stamp"},
    {"a261", PL_E_PROTO, "text that is too short"},
    {"a1ff", PL_E_UTF8, "text that is not UTF-8"},
    {"81a1ff01", PL_E_UTF8, "a key that is not UTF-8"},
    {"810101", PL_E_PROTO, "a key that is no text"},
    {"81c4016101", PL_E_PROTO, "a key of bytes"},
    {"9201", PL_E_PROTO, "an array that is too short"},
    {"81a161", PL_E_PROTO, "a map without its value"},
    {"ddffffffff", PL_E_PROTO, "a count that cannot be"},
    {"dfffffffff00", PL_E_PROTO, "a number of pairs that cannot be"},
    {"c6ffffffff00", PL_E_PROTO, "a length that cannot be"},
    {"c9ffffffff0000", PL_E_PROTO, "an extension's length that cannot be"},
    {"cb3ff0", PL_E_PROTO, "a number cut off"},
};

/* Gives the JSON in `out`; the whole input must be read. */
static int to_json(struct pl_buf *out, struct pl_str bytes, size_t depth)
{
    struct pl_str rest = bytes;
    uint32_t bins = 0;
    int rc = pl_msgpack_to_json(out, &rest, &bins, depth, NULL);
    return rc == 0 && rest.len > 0 ? PL_E_PROTO : rc;
}

static void assert_reads(const char *hex, struct pl_str json, const char *why)
{
    uint8_t bytes[4096];
    struct pl_buf out;
    int rc = 0;
    pl_buf_init(&out, LIMIT_BYTES);
    rc = to_json(&out, hex_read(bytes, sizeof(bytes), hex), DEPTH);
    if (rc < 0 || !pl_str_eq(pl_buf_str(&out), json)) {
        fail_msg("%s: %d, " PL_STR_FMT, why, rc, PL_STR_ARG(pl_buf_str(&out)));
    }
    assert_int_equal(pl_json_validate(json, DEPTH, NULL), 0);
    pl_buf_fini(&out);
}

static void test_msgpack_json_values_are_what_the_clients_library_makes_of_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(both_ways); i++) {
        uint8_t bytes[4096];
        struct pl_str expected = hex_read(bytes, sizeof(bytes), both_ways[i].hex);
        struct pl_arena arena;
        struct pl_buf out;
        pl_arena_init(&arena, LIMIT_BYTES);
        pl_buf_init(&out, LIMIT_BYTES);
        assert_int_equal(pl_msgpack_of_json(&out, both_ways[i].json, NULL, 0, &arena, NULL), 0);
        if (!pl_str_eq(pl_buf_str(&out), expected)) {
            fail_msg("row %zu: " PL_STR_FMT, i, PL_STR_ARG(both_ways[i].json));
        }
        assert_reads(both_ways[i].hex, both_ways[i].json, both_ways[i].hex);
        pl_buf_fini(&out);
        pl_arena_fini(&arena);
    }
}

static void test_msgpack_json_other_forms_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(read_only); i++) {
        assert_reads(read_only[i].hex, read_only[i].json, read_only[i].why);
    }
}

static void test_msgpack_json_what_is_no_value_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(refused); i++) {
        uint8_t bytes[64];
        struct pl_buf out;
        int rc = 0;
        pl_buf_init(&out, LIMIT_BYTES);
        rc = to_json(&out, hex_read(bytes, sizeof(bytes), refused[i].hex), DEPTH);
        if (rc != refused[i].error) {
            fail_msg("%s: %d", refused[i].why, rc);
        }
        pl_buf_fini(&out);
    }
}

static void test_msgpack_json_a_value_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(both_ways); i++) {
        uint8_t bytes[4096];
        struct pl_str whole = hex_read(bytes, sizeof(bytes), both_ways[i].hex);
        for (size_t len = 0; len < whole.len; len++) {
            struct pl_buf out;
            pl_buf_init(&out, LIMIT_BYTES);
            assert_int_equal(to_json(&out, pl_str_first(whole, len), DEPTH), PL_E_PROTO);
            pl_buf_fini(&out);
        }
    }
}

static void test_msgpack_json_depth_is_limited(void **state)
{
    uint8_t bytes[8];
    struct pl_str value = hex_read(bytes, sizeof(bytes), "9181a16191c0");
    struct pl_str skipped;
    struct pl_buf out;
    (void)state;
    pl_buf_init(&out, LIMIT_BYTES);
    assert_int_equal(to_json(&out, value, 3), 0);
    assert_true(pl_str_eq(pl_buf_str(&out), PL_STR("[{\"a\":[null]}]")));
    assert_int_equal(to_json(&out, value, 2), PL_E_TOO_BIG);
    assert_int_equal(pl_msgpack_skip(&skipped, &value, 2, NULL), PL_E_TOO_BIG);
    assert_int_equal(pl_msgpack_skip(&skipped, &value, 3, NULL), 0);
    assert_int_equal(skipped.len, 6);
    assert_int_equal(value.len, 0);
    pl_buf_fini(&out);
}

static void test_msgpack_json_numbers_keep_their_value(void **state)
{
    static const struct {
        struct pl_str json;
        const char *hex;
    } rows[] = {
        {PL_STR_INIT("1e3"), "cd03e8"},
        {PL_STR_INIT("1.0"), "01"},
        {PL_STR_INIT("-0"), "00"},
        {PL_STR_INIT("18446744073709551615"), "cfffffffffffffffff"},
        {PL_STR_INIT("18446744073709551616"), "cb43f0000000000000"},
        {PL_STR_INIT("1e999"), "c0"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        uint8_t bytes[16];
        struct pl_arena arena;
        struct pl_buf out;
        pl_arena_init(&arena, LIMIT_BYTES);
        pl_buf_init(&out, LIMIT_BYTES);
        assert_int_equal(pl_msgpack_of_json(&out, rows[i].json, NULL, 0, &arena, NULL), 0);
        assert_true(pl_str_eq(pl_buf_str(&out), hex_read(bytes, sizeof(bytes), rows[i].hex)));
        pl_buf_fini(&out);
        pl_arena_fini(&arena);
    }
}

static void test_msgpack_json_placeholders_become_their_bytes(void **state)
{
    static const struct pl_str attachments[] = {PL_STR_INIT("\1"), PL_STR_INIT("")};
    static const struct pl_str json =
        PL_STR_INIT("[{\"_placeholder\":true,\"num\":1},{\"_placeholder\":true,\"num\":0},"
                    "{\"_placeholder\":true,\"num\":2}]");
    uint8_t bytes[64];
    struct pl_arena arena;
    struct pl_buf out;
    (void)state;
    pl_arena_init(&arena, LIMIT_BYTES);
    pl_buf_init(&out, LIMIT_BYTES);
    assert_int_equal(pl_msgpack_of_json(&out, json, attachments, 2, &arena, NULL), 0);
    assert_true(pl_str_eq(
        pl_buf_str(&out),
        hex_read(bytes, sizeof(bytes), "93c400c4010182ac5f706c616365686f6c646572c3a36e756d02")));
    pl_buf_fini(&out);
    pl_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_msgpack_json_values_are_what_the_clients_library_makes_of_them),
        cmocka_unit_test(test_msgpack_json_other_forms_are_read),
        cmocka_unit_test(test_msgpack_json_what_is_no_value_is_refused),
        cmocka_unit_test(test_msgpack_json_a_value_cut_anywhere_is_refused),
        cmocka_unit_test(test_msgpack_json_depth_is_limited),
        cmocka_unit_test(test_msgpack_json_numbers_keep_their_value),
        cmocka_unit_test(test_msgpack_json_placeholders_become_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
