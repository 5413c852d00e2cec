/* Payloads of Engine.IO 3 in both forms, with the packets that come out before the end or the
 * error; and JSONP. */
#include "codec/eio3_payload.h"

#include "hex.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARENA_BYTES 65536

static const struct {
    struct pl_str body;
    size_t count; /* packets delivered */
    int end;      /* what comes behind them */
    const char *why;
} text_rows[] = {
    {PL_STR_INIT("6:4hello"), 1, 0, "one packet"},
    {PL_STR_INIT("6:4hello2:4\xe2\x82\xac"), 2, 0, "the example of the specification"},
    {PL_STR_INIT("6:4hello10:b4AQIDBA=="), 2, 0, "bytes as base64"},
    {PL_STR_INIT("3:4\xf0\x9d\x84\x9e"), 1, 0, "a character of two code units"},
    {PL_STR_INIT("1:21:41:1"), 3, 0, "packets without data"},
    {PL_STR_INIT("3:4:1"), 1, 0, "a colon inside"},
    {PL_STR_INIT("0000000001:4"), 1, 0, "ten digits"},
    {PL_STR_INIT(""), 0, PL_E_PROTO, "an empty body"},
    {PL_STR_INIT("00000000001:4"), 0, PL_E_PROTO, "eleven digits"},
    {PL_STR_INIT(":4"), 0, PL_E_PROTO, "no digits"},
    {PL_STR_INIT("0:"), 0, PL_E_PROTO, "an empty packet"},
    {PL_STR_INIT("1"), 0, PL_E_PROTO, "no colon"},
    {PL_STR_INIT("-1:4"), 0, PL_E_PROTO, "a sign"},
    {PL_STR_INIT("2:4"), 0, PL_E_PROTO, "too short"},
    {PL_STR_INIT("9999999999:4"), 0, PL_E_PROTO, "far too short"},
    {PL_STR_INIT("2:4\xf0\x9d\x84\x9e"), 0, PL_E_PROTO, "half a character"},
    {PL_STR_INIT("2:4\xc3("), 0, PL_E_PROTO, "not UTF-8"},
    {PL_STR_INIT("1:41:x"), 1, PL_E_PROTO, "an unknown type behind a packet"},
    {PL_STR_INIT("1:4x"), 1, PL_E_PROTO, "rubbish behind a packet"},
    {PL_STR_INIT("6:b5AA=="), 0, PL_E_PROTO, "bytes that are no message"},
    {PL_STR_INIT("4:b4**"), 0, PL_E_PROTO, "not base64"},
};

static const struct {
    const char *hex;
    size_t count;
    int end;
    const char *why;
} binary_rows[] = {
    {"0006ff3468656c6c6f0105ff0401020304", 2, 0, "the example of the specification"},
    {"0004ff34e282ac", 1, 0, "text is counted in bytes"},
    {"010100ff040102030405060708", 0, PL_E_PROTO, "two digits, too short"},
    {"010100ff04010203040506070809", 1, 0, "two digits"},
    {"", 0, PL_E_PROTO, "an empty body"},
    {"0201ff34", 0, PL_E_PROTO, "an unknown kind"},
    {"00ff34", 0, PL_E_PROTO, "no digits"},
    {"000aff34", 0, PL_E_PROTO, "a digit above nine"},
    {"0001", 0, PL_E_PROTO, "no end of the length"},
    {"000000000000000000000001ff34", 0, PL_E_PROTO, "eleven digits"},
    {"0002ff34", 0, PL_E_PROTO, "too short"},
    {"0101ff05", 0, PL_E_PROTO, "bytes that are no message"},
    {"0100ff", 0, PL_E_PROTO, "bytes without a type"},
    {"0002ff34ff", 0, PL_E_PROTO, "not UTF-8"},
    {"0001ff3401", 1, PL_E_PROTO, "cut behind a packet"},
};

static int read_all(size_t *count, struct pl_str body, bool is_binary)
{
    struct pl_eio3_payload_reader reader;
    struct pl_eio_packet packet;
    struct pl_arena arena;
    int rc = 0;
    *count = 0;
    pl_arena_init(&arena, ARENA_BYTES);
    pl_eio3_payload_reader_init(&reader, body, is_binary);
    while ((rc = pl_eio3_payload_next(&packet, &reader, &arena, NULL)) == 1) {
        (*count)++;
    }
    assert_int_equal(pl_eio3_payload_next(&packet, &reader, &arena, NULL), rc);
    pl_arena_fini(&arena);
    return rc;
}

static void check_row(struct pl_str body, bool is_binary, size_t count, int end, const char *why)
{
    size_t got = 0;
    int rc = read_all(&got, body, is_binary);
    if (rc != end || got != count) {
        fail_msg("%s: %zu packets, then %d", why, got, rc);
    }
    for (size_t len = 0; len < body.len; len++) { /* cut anywhere: no more than the whole has */
        (void)read_all(&got, pl_str_first(body, len), is_binary);
        assert_true(got <= count);
    }
}

static void test_eio3_payload_text_packets_come_out_up_to_the_first_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(text_rows); i++) {
        check_row(text_rows[i].body, false, text_rows[i].count, text_rows[i].end, text_rows[i].why);
    }
}

static void test_eio3_payload_binary_packets_come_out_up_to_the_first_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(binary_rows); i++) {
        uint8_t bytes[64];
        check_row(hex_read(bytes, sizeof(bytes), binary_rows[i].hex), true, binary_rows[i].count,
                  binary_rows[i].end, binary_rows[i].why);
    }
}

static void test_eio3_payload_text_and_bytes_are_told_apart(void **state)
{
    static const char hex[] = "0006ff3468656c6c6f0105ff0401020304";
    uint8_t bytes[64];
    struct pl_eio3_payload_reader reader;
    struct pl_eio_packet packet;
    struct pl_arena arena;
    (void)state;
    pl_arena_init(&arena, ARENA_BYTES);
    pl_eio3_payload_reader_init(&reader, hex_read(bytes, sizeof(bytes), hex), true);
    assert_int_equal(pl_eio3_payload_next(&packet, &reader, &arena, NULL), 1);
    assert_int_equal(packet.type, PL_EIO_MESSAGE);
    assert_true(pl_str_eq(packet.data, PL_STR("hello")));
    assert_int_equal(pl_eio3_payload_next(&packet, &reader, &arena, NULL), 1);
    assert_int_equal(packet.type, PL_EIO_BINARY);
    assert_true(pl_str_eq(packet.data, PL_STR("\1\2\3\4")));
    pl_arena_fini(&arena);
}

static void test_eio3_payload_lengths_are_written_as_clients_count(void **state)
{
    static const struct {
        struct pl_str text;
        size_t units;
    } rows[] = {
        {PL_STR_INIT(""), 0},
        {PL_STR_INIT("hello"), 5},
        {PL_STR_INIT("\xc3\xa9"), 1},
        {PL_STR_INIT("\xe2\x82\xac"), 1},
        {PL_STR_INIT("\xf0\x9d\x84\x9e"), 2},
        {PL_STR_INIT("a\xf0\x9d\x84\x9e\xe2\x82\xac"), 4},
    };
    uint8_t prefix[PL_EIO3_PREFIX_MAX];
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        assert_int_equal(pl_eio3_count_units(rows[i].text), rows[i].units);
    }
    assert_int_equal(pl_eio3_text_prefix(prefix, 1204), 5);
    assert_memory_equal(prefix, "1204:", 5);
    assert_int_equal(pl_eio3_binary_prefix(prefix, true, 1204), 6);
    assert_memory_equal(prefix, "\1\1\2\0\4\xff", 6);
}

static void test_eio3_payload_of_text_becomes_binary(void **state)
{
    uint8_t bytes[64];
    struct pl_buf out;
    (void)state;
    pl_buf_init(&out, ARENA_BYTES);
    pl_eio3_payload_to_binary(&out, PL_STR("6:4hello2:4\xe2\x82\xac"));
    assert_true(pl_str_eq(pl_buf_str(&out),
                          hex_read(bytes, sizeof(bytes), "0006ff3468656c6c6f0004ff34e282ac")));
    pl_buf_fini(&out);
}

static void test_eio3_jsonp_script_holds_any_text(void **state)
{
    struct pl_buf out;
    (void)state;
    pl_buf_init(&out, ARENA_BYTES);
    pl_eio3_jsonp_write(&out, 12, PL_STR("4\"\\\n\xe2\x80\xa8x\xe2\x80\xa9\xe2\x80\xaa\xe2"));
    assert_true(pl_str_eq(pl_buf_str(&out),
                          PL_STR("___eio[12](\"4\\\"\\\\\\n\\u2028x\\u2029\xe2\x80\xaa\xe2\");")));
    pl_buf_fini(&out);
}

static void test_eio3_jsonp_form_gives_the_payload(void **state)
{
    static const struct {
        struct pl_str form;
        struct pl_str payload;
        const char *why;
    } rows[] = {
        {PL_STR_INIT("d=1%3A2"), PL_STR_INIT("1:2"), "escapes"},
        {PL_STR_INIT("x=1&d=a+b&y=2"), PL_STR_INIT("a b"), "among other fields"},
        {PL_STR_INIT("d=a%5Cnb"), PL_STR_INIT("a\nb"), "a line feed"},
        {PL_STR_INIT("d=a%5C%5Cnb"), PL_STR_INIT("a\\nb"), "a backslash and an n"},
        {PL_STR_INIT("d=%5C%5C%5Cn%5C"), PL_STR_INIT("\\\\n\\"), "backslashes"},
        {PL_STR_INIT("d=%4"), PL_STR_INIT("%4"), "a broken escape"},
        {PL_STR_INIT("d=%zz%"), PL_STR_INIT("%zz%"), "no escape"},
        {PL_STR_INIT("d="), PL_STR_INIT(""), "nothing"},
    };
    struct pl_str payload;
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        uint8_t form[64];
        memcpy(form, rows[i].form.ptr, rows[i].form.len);
        assert_int_equal(
            pl_eio3_jsonp_read(&payload, (struct pl_span){form, rows[i].form.len}, NULL), 0);
        if (!pl_str_eq(payload, rows[i].payload)) {
            fail_msg("%s: " PL_STR_FMT, rows[i].why, PL_STR_ARG(payload));
        }
    }
    assert_int_equal(pl_eio3_jsonp_read(&payload, (struct pl_span){NULL, 0}, NULL), PL_E_PROTO);
    uint8_t other[] = "e=d&dd=1";
    assert_int_equal(pl_eio3_jsonp_read(&payload, (struct pl_span){other, 8}, NULL), PL_E_PROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eio3_payload_text_packets_come_out_up_to_the_first_error),
        cmocka_unit_test(test_eio3_payload_binary_packets_come_out_up_to_the_first_error),
        cmocka_unit_test(test_eio3_payload_text_and_bytes_are_told_apart),
        cmocka_unit_test(test_eio3_payload_lengths_are_written_as_clients_count),
        cmocka_unit_test(test_eio3_payload_of_text_becomes_binary),
        cmocka_unit_test(test_eio3_jsonp_script_holds_any_text),
        cmocka_unit_test(test_eio3_jsonp_form_gives_the_payload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
