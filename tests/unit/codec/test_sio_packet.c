/* Socket.IO packets: every example of the specification's sections 2.3 and 7.4, and the edges of
 * the grammar. */
#include "codec/sio_packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ARENA_BYTES 4096
#define NO_ID (-1)

static const struct {
    struct pl_str text;
    enum pl_sio_type type;
    uint32_t attachment_count;
    struct pl_str nsp;
    int64_t id; /* or NO_ID */
    struct pl_str payload;
    struct pl_str event;
    struct pl_str args;
    size_t arg_count;
} good[] = {
    {PL_STR_INIT("0"), PL_SIO_CONNECT, 0, PL_STR_INIT("/"), NO_ID, PL_STR_INIT(""), {0}, {0}, 0},
    {PL_STR_INIT("0{\"token\":\"123\"}"),
     PL_SIO_CONNECT,
     0,
     PL_STR_INIT("/"),
     NO_ID,
     PL_STR_INIT("{\"token\":\"123\"}"),
     {0},
     {0},
     0},
    {PL_STR_INIT("0/admin,{\"sid\":\"oSO0\"}"),
     PL_SIO_CONNECT,
     0,
     PL_STR_INIT("/admin"),
     NO_ID,
     PL_STR_INIT("{\"sid\":\"oSO0\"}"),
     {0},
     {0},
     0},
    {PL_STR_INIT("0/custom,"), PL_SIO_CONNECT, 0, PL_STR_INIT("/custom"), NO_ID, {0}, {0}, {0}, 0},
    {PL_STR_INIT("0/custom"), PL_SIO_CONNECT, 0, PL_STR_INIT("/custom"), NO_ID, {0}, {0}, {0}, 0},
    {PL_STR_INIT("0/,"), PL_SIO_CONNECT, 0, PL_STR_INIT("/"), NO_ID, {0}, {0}, {0}, 0},
    {PL_STR_INIT("0/admin?x=1,{}"),
     PL_SIO_CONNECT,
     0,
     PL_STR_INIT("/admin?x=1"),
     NO_ID,
     PL_STR_INIT("{}"),
     {0},
     {0},
     0},
    {PL_STR_INIT("1"), PL_SIO_DISCONNECT, 0, PL_STR_INIT("/"), NO_ID, {0}, {0}, {0}, 0},
    {PL_STR_INIT("1/admin,"), PL_SIO_DISCONNECT, 0, PL_STR_INIT("/admin"), NO_ID, {0}, {0}, {0}, 0},
    {PL_STR_INIT("1/custom"),
     PL_SIO_DISCONNECT,
     0,
     PL_STR_INIT("/custom"),
     NO_ID,
     {0},
     {0},
     {0},
     0},
    {PL_STR_INIT("2[\"foo\"]"), PL_SIO_EVENT, 0, PL_STR_INIT("/"), NO_ID, PL_STR_INIT("[\"foo\"]"),
     PL_STR_INIT("foo"), PL_STR_INIT(""), 0},
    {PL_STR_INIT("212[\"foo\"]"), PL_SIO_EVENT, 0, PL_STR_INIT("/"), 12, PL_STR_INIT("[\"foo\"]"),
     PL_STR_INIT("foo"), PL_STR_INIT(""), 0},
    {PL_STR_INIT("20[\"foo\",null]"), PL_SIO_EVENT, 0, PL_STR_INIT("/"), 0,
     PL_STR_INIT("[\"foo\",null]"), PL_STR_INIT("foo"), PL_STR_INIT("null"), 1},
    {PL_STR_INIT("2007[\"a\"]"), PL_SIO_EVENT, 0, PL_STR_INIT("/"), 7, PL_STR_INIT("[\"a\"]"),
     PL_STR_INIT("a"), PL_STR_INIT(""), 0},
    {PL_STR_INIT("29007199254740991[\"a\"]"), PL_SIO_EVENT, 0, PL_STR_INIT("/"),
     (int64_t)PL_SIO_ID_MAX, PL_STR_INIT("[\"a\"]"), PL_STR_INIT("a"), PL_STR_INIT(""), 0},
    {PL_STR_INIT("2/,[\"a\"]"), PL_SIO_EVENT, 0, PL_STR_INIT("/"), NO_ID, PL_STR_INIT("[\"a\"]"),
     PL_STR_INIT("a"), PL_STR_INIT(""), 0},
    {PL_STR_INIT("2456[\"message-with-ack\",1,\"2\",{\"3\":[false]}]"), PL_SIO_EVENT, 0,
     PL_STR_INIT("/"), 456, PL_STR_INIT("[\"message-with-ack\",1,\"2\",{\"3\":[false]}]"),
     PL_STR_INIT("message-with-ack"), PL_STR_INIT("1,\"2\",{\"3\":[false]}"), 3},
    {PL_STR_INIT("2 [ \"a\" , 1 , [ ] ] "), PL_SIO_EVENT, 0, PL_STR_INIT("/"), NO_ID,
     PL_STR_INIT(" [ \"a\" , 1 , [ ] ] "), PL_STR_INIT("a"), PL_STR_INIT("1 , [ ]"), 2},
    {PL_STR_INIT("2[1,\"a\"]"), PL_SIO_EVENT, 0, PL_STR_INIT("/"), NO_ID, PL_STR_INIT("[1,\"a\"]"),
     PL_STR_INIT("1"), PL_STR_INIT("\"a\""), 1},
    {PL_STR_INIT("2[\"a\\u0062\\n\"]"), PL_SIO_EVENT, 0, PL_STR_INIT("/"), NO_ID,
     PL_STR_INIT("[\"a\\u0062\\n\"]"), PL_STR_INIT("ab\n"), PL_STR_INIT(""), 0},
    {PL_STR_INIT("2[\"\"]"), PL_SIO_EVENT, 0, PL_STR_INIT("/"), NO_ID, PL_STR_INIT("[\"\"]"),
     PL_STR_INIT(""), PL_STR_INIT(""), 0},
    {PL_STR_INIT("2[\"connection\"]"), PL_SIO_EVENT, 0, PL_STR_INIT("/"), NO_ID,
     PL_STR_INIT("[\"connection\"]"), PL_STR_INIT("connection"), PL_STR_INIT(""), 0},
    {PL_STR_INIT("2[\"error\"]"), PL_SIO_EVENT, 0, PL_STR_INIT("/"), NO_ID,
     PL_STR_INIT("[\"error\"]"), PL_STR_INIT("error"), PL_STR_INIT(""), 0},
    {PL_STR_INIT("3/admin,13[\"bar\"]"),
     PL_SIO_ACK,
     0,
     PL_STR_INIT("/admin"),
     13,
     PL_STR_INIT("[\"bar\"]"),
     {0},
     PL_STR_INIT("\"bar\""),
     1},
    {PL_STR_INIT("312[]"), PL_SIO_ACK, 0, PL_STR_INIT("/"), 12, PL_STR_INIT("[]"), {0}, {0}, 0},
    {PL_STR_INIT("51-[\"baz\",{\"_placeholder\":true,\"num\":0}]"), PL_SIO_BINARY_EVENT, 1,
     PL_STR_INIT("/"), NO_ID, PL_STR_INIT("[\"baz\",{\"_placeholder\":true,\"num\":0}]"),
     PL_STR_INIT("baz"), PL_STR_INIT("{\"_placeholder\":true,\"num\":0}"), 1},
    {PL_STR_INIT("52-/admin,13[\"baz\",0,1]"), PL_SIO_BINARY_EVENT, 2, PL_STR_INIT("/admin"), 13,
     PL_STR_INIT("[\"baz\",0,1]"), PL_STR_INIT("baz"), PL_STR_INIT("0,1"), 2},
    {PL_STR_INIT("50-[\"x\"]"), PL_SIO_BINARY_EVENT, 0, PL_STR_INIT("/"), NO_ID,
     PL_STR_INIT("[\"x\"]"), PL_STR_INIT("x"), PL_STR_INIT(""), 0},
    {PL_STR_INIT("61-15[\"bar\",{\"_placeholder\":true,\"num\":0}]"),
     PL_SIO_BINARY_ACK,
     1,
     PL_STR_INIT("/"),
     15,
     PL_STR_INIT("[\"bar\",{\"_placeholder\":true,\"num\":0}]"),
     {0},
     PL_STR_INIT("\"bar\",{\"_placeholder\":true,\"num\":0}"),
     2},
};

static const struct {
    struct pl_str text;
    const char *why;
} bad[] = {
    {PL_STR_INIT(""), "empty"},
    {PL_STR_INIT("abc"), "not a type"},
    {PL_STR_INIT("7"), "above the last type"},
    {PL_STR_INIT("442[\"some\""), "CONNECT_ERROR, cut"},
    {PL_STR_INIT("2[\"some\""), "cut"},
    {PL_STR_INIT("0[]"), "CONNECT with an array"},
    {PL_STR_INIT("0/admin,\"x\""), "CONNECT with a string"},
    {PL_STR_INIT("0null"), "CONNECT with null"},
    {PL_STR_INIT("012"), "CONNECT with an id"},
    {PL_STR_INIT("0{}{}"), "CONNECT with two values"},
    {PL_STR_INIT("0 "), "CONNECT with a space"},
    {PL_STR_INIT("1/admin,{}"), "DISCONNECT with a payload"},
    {PL_STR_INIT("1{}"), "DISCONNECT with a payload"},
    {PL_STR_INIT("15"), "DISCONNECT with an id"},
    {PL_STR_INIT("2"), "EVENT without payload"},
    {PL_STR_INIT("2/admin"), "EVENT without payload, with a namespace"},
    {PL_STR_INIT("2/admin,{}"), "EVENT with an object"},
    {PL_STR_INIT("2{}"), "EVENT with an object"},
    {PL_STR_INIT("2[]"), "EVENT without name"},
    {PL_STR_INIT("2[true,\"x\"]"), "name is a boolean"},
    {PL_STR_INIT("2[null]"), "name is null"},
    {PL_STR_INIT("2[{}]"), "name is an object"},
    {PL_STR_INIT("2[[\"a\"]]"), "name is an array"},
    {PL_STR_INIT("2[\"connect\"]"), "reserved"},
    {PL_STR_INIT("2[\"connect_error\"]"), "reserved"},
    {PL_STR_INIT("2[\"disconnect\",\"1\"]"), "reserved"},
    {PL_STR_INIT("2[\"disconnecting\"]"), "reserved"},
    {PL_STR_INIT("2[\"newListener\"]"), "reserved"},
    {PL_STR_INIT("2[\"removeListener\"]"), "reserved"},
    {PL_STR_INIT("2[\"\\u0063onnect\"]"), "reserved, written with an escape"},
    {PL_STR_INIT("51-[\"connect\"]"), "reserved, binary"},
    {PL_STR_INIT("2abc[\"message-with-ack\",1]"), "id that is none"},
    {PL_STR_INIT("29007199254740992[\"a\"]"), "id above 2^53-1"},
    {PL_STR_INIT("299999999999999999999999[\"a\"]"), "id above 64 bits"},
    {PL_STR_INIT("2-1[\"a\"]"), "negative id"},
    {PL_STR_INIT("2[\"a\"]x"), "something behind the payload"},
    {PL_STR_INIT("2[\"a\"][\"b\"]"), "two payloads"},
    {PL_STR_INIT("2[\"a\",]"), "comma too many"},
    {PL_STR_INIT("2[\"a\" 1]"), "comma missing"},
    {PL_STR_INIT("21-[\"a\"]"), "attachments in a plain event"},
    {PL_STR_INIT("3[]"), "ACK without id"},
    {PL_STR_INIT("3/admin,[\"a\"]"), "ACK without id"},
    {PL_STR_INIT("312"), "ACK without payload"},
    {PL_STR_INIT("312{}"), "ACK with an object"},
    {PL_STR_INIT("4{\"message\":\"x\"}"), "CONNECT_ERROR from a client"},
    {PL_STR_INIT("4"), "CONNECT_ERROR from a client"},
    {PL_STR_INIT("999"), "not a type"},
    {PL_STR_INIT("5"), "no count"},
    {PL_STR_INIT("51"), "count without dash"},
    {PL_STR_INIT("5a-"), "count is no number"},
    {PL_STR_INIT("51.23-"), "count is no integer"},
    {PL_STR_INIT("5-[\"a\"]"), "count missing"},
    {PL_STR_INIT("5-1-[\"a\"]"), "count negative"},
    {PL_STR_INIT("54294967296-[\"a\"]"), "count above 32 bits"},
    {PL_STR_INIT("51-"), "binary event without payload"},
    {PL_STR_INIT("61-[\"a\"]"), "binary ack without id"},
};

static int read_packet(struct pl_sio_packet *packet, struct pl_arena *arena, struct pl_str text)
{
    return pl_sio_packet_read(packet, text, PL_SIO_ROLE_SERVER, arena, NULL);
}

static void test_sio_packet_good_text_gives_its_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(good); i++) {
        struct pl_arena arena;
        struct pl_sio_packet packet;
        pl_arena_init(&arena, ARENA_BYTES);
        if (read_packet(&packet, &arena, good[i].text) != 0 || packet.type != good[i].type ||
            packet.attachment_count != good[i].attachment_count ||
            packet.has_id != (good[i].id != NO_ID) ||
            (packet.has_id && packet.id != (uint64_t)good[i].id) ||
            !pl_str_eq(packet.nsp, good[i].nsp) || !pl_str_eq(packet.payload, good[i].payload) ||
            !pl_str_eq(packet.event, good[i].event) || !pl_str_eq(packet.args, good[i].args) ||
            packet.arg_count != good[i].arg_count) {
            fail_msg("read wrongly: " PL_STR_FMT, PL_STR_ARG(good[i].text));
        }
        pl_arena_fini(&arena);
    }
}

static void test_sio_packet_bad_text_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        struct pl_arena arena;
        struct pl_sio_packet packet;
        int rc = 0;
        pl_arena_init(&arena, ARENA_BYTES);
        rc = read_packet(&packet, &arena, bad[i].text);
        if (rc != PL_E_PROTO) {
            fail_msg("%s: " PL_STR_FMT " gave %d", bad[i].why, PL_STR_ARG(bad[i].text), rc);
        }
        pl_arena_fini(&arena);
    }
}

/* In memory of exactly their length, so that the sanitizer sees an overrun. */
static void test_sio_packet_no_cut_text_is_over_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(good); i++) {
        for (size_t len = 1; len < good[i].text.len; len++) {
            struct pl_arena arena;
            struct pl_sio_packet packet;
            char *copy = malloc(len);
            assert_non_null(copy);
            memcpy(copy, good[i].text.ptr, len);
            pl_arena_init(&arena, ARENA_BYTES);
            if (read_packet(&packet, &arena, pl_str_make(copy, len)) == 0 &&
                packet.payload.len > 0) {
                /* only the spaces behind a complete payload can be missing */
                assert_int_equal(copy[len - 1], ']');
                assert_int_equal(good[i].text.ptr[len], ' ');
            }
            pl_arena_fini(&arena);
            free(copy);
        }
    }
}

static void test_sio_packet_name_is_a_slice_unless_it_has_escapes(void **state)
{
    struct pl_arena arena;
    struct pl_sio_packet packet;
    struct pl_str text = PL_STR("2[\"foo\",1]");
    (void)state;
    pl_arena_init(&arena, 4);
    assert_int_equal(read_packet(&packet, &arena, text), 0);
    assert_ptr_equal(packet.event.ptr, text.ptr + 3);
    assert_true(pl_str_eq(packet.raw_event, PL_STR("\"foo\"")));
    assert_false(packet.is_event_number);
    assert_int_equal(read_packet(&packet, &arena, PL_STR("2[\"f\\u006fooooo\"]")), PL_E_TOO_BIG);
    assert_int_equal(read_packet(&packet, &arena, PL_STR("2[1.5e3]")), 0);
    assert_true(packet.is_event_number);
    assert_true(pl_str_eq(packet.raw_event, PL_STR("1.5e3")));
    pl_arena_fini(&arena);
}

static void test_sio_packet_client_takes_connect_error(void **state)
{
    static const struct {
        struct pl_str text;
        int expected;
    } rows[] = {
        {PL_STR_INIT("4{\"message\":\"Not authorized\"}"), 0},
        {PL_STR_INIT("4/random,{\"message\":\"Invalid namespace\"}"), 0},
        {PL_STR_INIT("4\"text\""), 0},
        {PL_STR_INIT("4"), PL_E_PROTO},
        {PL_STR_INIT("4[]"), PL_E_PROTO},
        {PL_STR_INIT("412{}"), PL_E_PROTO},
        {PL_STR_INIT("442[\"some\""), PL_E_PROTO},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_arena arena;
        struct pl_sio_packet packet;
        pl_arena_init(&arena, ARENA_BYTES);
        assert_int_equal(
            pl_sio_packet_read(&packet, rows[i].text, PL_SIO_ROLE_CLIENT, &arena, NULL),
            rows[i].expected);
        pl_arena_fini(&arena);
    }
}

static void test_sio_packet_nesting_and_encoding_are_limited(void **state)
{
    char deep[2 + 2 * (PL_SIO_DEPTH_MAX + 1) + 4];
    struct pl_arena arena;
    struct pl_sio_packet packet;
    (void)state;
    pl_arena_init(&arena, ARENA_BYTES);
    for (size_t levels = PL_SIO_DEPTH_MAX; levels <= PL_SIO_DEPTH_MAX + 1; levels++) {
        size_t len = 0;
        memcpy(deep, "2[1,", 4);
        len = 4;
        memset(deep + len, '[', levels - 1);
        len += levels - 1;
        memset(deep + len, ']', levels);
        len += levels;
        assert_int_equal(read_packet(&packet, &arena, pl_str_make(deep, len)),
                         levels == PL_SIO_DEPTH_MAX ? 0 : PL_E_TOO_BIG);
    }
    assert_int_equal(read_packet(&packet, &arena, PL_STR("2[\"a\xff\"]")), PL_E_UTF8);
    pl_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sio_packet_good_text_gives_its_parts),
        cmocka_unit_test(test_sio_packet_bad_text_is_refused),
        cmocka_unit_test(test_sio_packet_no_cut_text_is_over_read),
        cmocka_unit_test(test_sio_packet_name_is_a_slice_unless_it_has_escapes),
        cmocka_unit_test(test_sio_packet_client_takes_connect_error),
        cmocka_unit_test(test_sio_packet_nesting_and_encoding_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
