/* The open packet, written exactly and read back. */
#include "codec/eio_handshake.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARENA_BYTES 4096

static void test_eio_handshake_is_the_text_of_the_specification(void **state)
{
    struct pl_eio_handshake handshake = {
        .sid = PL_STR("k3JtQ9vXb2LwA0PzAAAB"),
        .offers_websocket = true,
        .ping_interval_ms = 25000,
        .ping_timeout_ms = 20000,
        .max_payload_bytes = 1000000,
    };
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 1024);
    pl_eio_handshake_write(&buf, &handshake);
    assert_true(pl_str_eq(
        pl_buf_str(&buf),
        PL_STR("0{\"sid\":\"k3JtQ9vXb2LwA0PzAAAB\",\"upgrades\":[\"websocket\"],\"pingInterval\":"
               "25000,\"pingTimeout\":20000,\"maxPayload\":1000000}")));
    pl_buf_clear(&buf);
    handshake.offers_websocket = false;
    pl_eio_handshake_write(&buf, &handshake);
    assert_non_null(memmem(buf.ptr, buf.len, ",\"upgrades\":[],", 15));
    pl_buf_fini(&buf);
}

static void test_eio_handshake_is_read_whatever_the_order_of_keys(void **state)
{
    struct pl_arena arena;
    struct pl_eio_handshake handshake;
    (void)state;
    pl_arena_init(&arena, ARENA_BYTES);
    assert_int_equal(
        pl_eio_handshake_read(&handshake,
                              PL_STR("{\"pingTimeout\":200, \"extra\":[{}], \"pingInterval\":300,"
                                     "\"upgrades\":[\"webtransport\",\"websocket\"],"
                                     "\"maxPayload\":99,\"sid\":\"a\\u0062\"}"),
                              &arena, NULL),
        0);
    assert_true(pl_str_eq(handshake.sid, PL_STR("ab")));
    assert_true(handshake.offers_websocket);
    assert_int_equal(handshake.ping_interval_ms, 300);
    assert_int_equal(handshake.ping_timeout_ms, 200);
    assert_int_equal(handshake.max_payload_bytes, 99);
    assert_int_equal(
        pl_eio_handshake_read(
            &handshake,
            PL_STR("{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":1,\"pingTimeout\":2}"), &arena,
            NULL),
        0);
    assert_false(handshake.offers_websocket);
    assert_int_equal(handshake.max_payload_bytes, 0);
    pl_arena_fini(&arena);
}

static const struct pl_str refused[] = {
    PL_STR_INIT(""),
    PL_STR_INIT("[]"),
    PL_STR_INIT("{}"),
    PL_STR_INIT("{\"sid\":\"x\",\"pingInterval\":1,\"pingTimeout\":2"),
    PL_STR_INIT("{\"pingInterval\":1,\"pingTimeout\":2}"),
    PL_STR_INIT("{\"sid\":7,\"pingInterval\":1,\"pingTimeout\":2}"),
    PL_STR_INIT("{\"sid\":\"x\",\"pingInterval\":-1,\"pingTimeout\":2}"),
    PL_STR_INIT("{\"sid\":\"x\",\"pingInterval\":1,\"pingTimeout\":4294967296}"),
    PL_STR_INIT("{\"sid\":\"x\",\"pingInterval\":1,\"pingTimeout\":2,\"maxPayload\":\"9\"}"),
};

static void test_eio_handshake_other_json_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(refused); i++) {
        struct pl_arena arena;
        struct pl_eio_handshake handshake;
        pl_arena_init(&arena, ARENA_BYTES);
        assert_int_equal(pl_eio_handshake_read(&handshake, refused[i], &arena, NULL), PL_E_PROTO);
        pl_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eio_handshake_is_the_text_of_the_specification),
        cmocka_unit_test(test_eio_handshake_is_read_whatever_the_order_of_keys),
        cmocka_unit_test(test_eio_handshake_other_json_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
