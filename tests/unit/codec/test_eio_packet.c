/* Engine.IO packets: rows of text with what they mean, or that they are refused. */
#include "codec/eio_packet.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARENA_BYTES 4096

static const struct {
    struct pl_str text;
    enum pl_eio_type type;
    struct pl_str data;
} good[] = {
    {PL_STR_INIT("0{\"sid\":\"x\"}"), PL_EIO_OPEN, PL_STR_INIT("{\"sid\":\"x\"}")},
    {PL_STR_INIT("1"), PL_EIO_CLOSE, PL_STR_INIT("")},
    {PL_STR_INIT("2"), PL_EIO_PING, PL_STR_INIT("")},
    {PL_STR_INIT("2probe"), PL_EIO_PING, PL_STR_INIT("probe")},
    {PL_STR_INIT("3probe"), PL_EIO_PONG, PL_STR_INIT("probe")},
    {PL_STR_INIT("4hello"), PL_EIO_MESSAGE, PL_STR_INIT("hello")},
    {PL_STR_INIT("4"), PL_EIO_MESSAGE, PL_STR_INIT("")},
    {PL_STR_INIT("4b"), PL_EIO_MESSAGE, PL_STR_INIT("b")},
    {PL_STR_INIT("4\xe2\x82\xac"), PL_EIO_MESSAGE, PL_STR_INIT("\xe2\x82\xac")},
    {PL_STR_INIT("5"), PL_EIO_UPGRADE, PL_STR_INIT("")},
    {PL_STR_INIT("6"), PL_EIO_NOOP, PL_STR_INIT("")},
    {PL_STR_INIT("bAQIDBA=="), PL_EIO_BINARY, PL_STR_INIT("\x01\x02\x03\x04")},
    {PL_STR_INIT("b4OHi"), PL_EIO_BINARY, PL_STR_INIT("\xe0\xe1\xe2")},
    {PL_STR_INIT("b"), PL_EIO_BINARY, PL_STR_INIT("")},
};

static const struct {
    struct pl_str text;
    const char *why;
} bad[] = {
    {PL_STR_INIT(""), "empty"},
    {PL_STR_INIT("abc"), "not a type"},
    {PL_STR_INIT("7"), "above the last type"},
    {PL_STR_INIT("/"), "below the first type"},
    {PL_STR_INIT(" 4"), "a space first"},
    {PL_STR_INIT("\xff"), "not ASCII"},
    {PL_STR_INIT("bAQIDBA"), "base64 without padding"},
    {PL_STR_INIT("b4AQIDBA=="), "the digit that only revision 3 has"},
    {PL_STR_INIT("b!!!!"), "not base64"},
};

static void test_eio_packet_good_text_is_read_and_written_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(good); i++) {
        struct pl_arena arena;
        struct pl_buf buf;
        struct pl_eio_packet packet;
        pl_arena_init(&arena, ARENA_BYTES);
        pl_buf_init(&buf, ARENA_BYTES);
        assert_int_equal(pl_eio_packet_read(&packet, good[i].text, &arena, NULL), 0);
        assert_int_equal(packet.type, good[i].type);
        assert_true(pl_str_eq(packet.data, good[i].data));
        pl_eio_packet_write(&buf, &packet);
        assert_true(pl_str_eq(pl_buf_str(&buf), good[i].text));
        assert_int_equal(pl_eio_packet_text_len(&packet), buf.len);
        pl_buf_fini(&buf);
        pl_arena_fini(&arena);
    }
}

static void test_eio_packet_bad_text_is_a_parse_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        struct pl_arena arena;
        struct pl_eio_packet packet;
        struct pl_error err;
        pl_arena_init(&arena, ARENA_BYTES);
        if (pl_eio_packet_read(&packet, bad[i].text, &arena, &err) != PL_E_PROTO) {
            fail_msg("accepted: %s", bad[i].why);
        }
        assert_non_null(strstr(err.text, "parse error"));
        pl_arena_fini(&arena);
    }
}

static void test_eio_packet_binary_past_the_arena_is_too_big(void **state)
{
    struct pl_arena arena;
    struct pl_eio_packet packet;
    (void)state;
    pl_arena_init(&arena, 2);
    assert_int_equal(pl_eio_packet_read(&packet, PL_STR("bAQIDBA=="), &arena, NULL), PL_E_TOO_BIG);
    pl_arena_init(&arena, ARENA_BYTES);
    pl_try_alloc_fail_at(1);
    assert_int_equal(pl_eio_packet_read(&packet, PL_STR("bAQIDBA=="), &arena, NULL), PL_E_TOO_BIG);
    pl_try_alloc_fail_at(0);
    pl_arena_fini(&arena);
}

static void test_eio_packet_websocket_bytes_are_a_binary_message(void **state)
{
    struct pl_eio_packet packet = pl_eio_packet_of_bytes(PL_STR("\x34\x00"));
    (void)state;
    assert_int_equal(packet.type, PL_EIO_BINARY);
    assert_true(pl_str_eq(packet.data, PL_STR("\x34\x00")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eio_packet_good_text_is_read_and_written_back),
        cmocka_unit_test(test_eio_packet_bad_text_is_a_parse_error),
        cmocka_unit_test(test_eio_packet_binary_past_the_arena_is_too_big),
        cmocka_unit_test(test_eio_packet_websocket_bytes_are_a_binary_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
