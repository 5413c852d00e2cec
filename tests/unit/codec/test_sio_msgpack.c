/* Packets of the msgpack parser: read to those of the default parser, and written from them. */
#include "codec/sio_msgpack.h"

#include "base/alloc.h"
#include "hex.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LIMIT_BYTES 65536
#define TYPE(n) "a474797065" n
#define ROOT "a36e7370a12f"
#define DATA "a464617461"
#define ID(n) "a26964" n

/* One that a peer may send, and the default parser's packet. */
static const struct {
    const char *hex;
    struct pl_str text;
    size_t bin_count;
    const char *why;
} rows[] = {
    {"82" TYPE("00") ROOT, PL_STR_INIT("0/,"), 0, "CONNECT"},
    {"84" TYPE("02") ROOT DATA "92a2686901" ID("07"), PL_STR_INIT("2/,7[\"hi\",1]"), 0,
     "the example of the specification"},
    {"83" TYPE("02") ROOT DATA "92a26869c4020102",
     PL_STR_INIT("51-/,[\"hi\",{\"_placeholder\":true,\"num\":0}]"), 1, "bytes"},
    {"83" TYPE("05") ROOT DATA "92a26869c4020102",
     PL_STR_INIT("51-/,[\"hi\",{\"_placeholder\":true,\"num\":0}]"), 1, "the type for bytes"},
    {"84" TYPE("03") "a36e7370a22f61" DATA "90" ID("00"), PL_STR_INIT("3/a,0[]"), 0, "an ACK"},
    {"84" TYPE("01") ROOT DATA "d40000" ID("d40000"), PL_STR_INIT("1/,"), 0, "undefined"},
    {"84" TYPE("01") ROOT DATA "c0" ID("c0"), PL_STR_INIT("1/,"), 0, "nil"},
    {"84" DATA "91a26869" ROOT "a76f7074696f6e7381a161c3" TYPE("02"), PL_STR_INIT("2/,[\"hi\"]"), 0,
     "any order, and keys that nobody knows"},
};

static const struct {
    const char *hex;
    const char *why;
} refused[] = {
    {"", "nothing"},
    {"90", "not a map"},
    {"81" TYPE("02"), "no namespace"},
    {"81" ROOT, "no type"},
    {"82" TYPE("07") ROOT, "an unknown type"},
    {"82" TYPE("a130") ROOT, "a type of text"},
    {"82" TYPE("04") ROOT, "CONNECT_ERROR from a client"},
    {"82" TYPE("02") ROOT, "an event without data"},
    {"83" TYPE("06") ROOT DATA "91a26869", "an ACK without id"},
    {"83" TYPE("02") ROOT DATA "90", "an event without name"},
    {"83" TYPE("02") ROOT DATA "91c3", "an event named true"},
    {"83" TYPE("02") ROOT DATA "91a7636f6e6e656374", "a reserved event"},
    {"83" TYPE("02") ROOT DATA "a26869", "data of text"},
    {"83" TYPE("00") ROOT DATA "91c40101", "bytes in a CONNECT"},
    {"82" TYPE("00") "a36e7370a161", "a namespace without slash"},
    {"82" TYPE("00") "a36e7370a32f612c", "a namespace with a comma"},
    {"82" TYPE("00") "a36e737001", "a namespace of a number"},
    {"84" TYPE("02") ROOT DATA "91a26869" ID("ff"), "a negative id"},
    {"84" TYPE("02") ROOT DATA "91a26869" ID("cf0020000000000000"), "an id above 2^53-1"},
    {"82" TYPE("00") ROOT "c0", "bytes behind the packet"},
    {"8201"
     "00" ROOT,
     "a key of a number"},
    {"de0015" TYPE("00") ROOT, "too many keys"},
    {"83" TYPE("02") ROOT DATA "92a2686982ac5f706c616365686f6c646572c3a36e756d09c40101",
     "a placeholder of the client's own for bytes that are not there"},
};

static int read(struct pl_sio_message *out, const char *hex, struct pl_buf *scratch,
                struct pl_arena *arena)
{
    static uint8_t bytes[4096];
    struct pl_str packet = hex_read(bytes, sizeof(bytes), hex);
    pl_buf_init(scratch, pl_sio_msgpack_text_max(packet.len));
    pl_arena_init(arena, LIMIT_BYTES);
    return pl_sio_msgpack_read(out, packet, PL_SIO_ROLE_SERVER, scratch, arena, NULL);
}

static void test_sio_msgpack_packets_become_those_of_the_default_parser(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_sio_message message;
        struct pl_buf scratch;
        struct pl_arena arena;
        int rc = read(&message, rows[i].hex, &scratch, &arena);
        if (rc != 0 || !pl_str_eq(pl_buf_str(&scratch), rows[i].text)) {
            fail_msg("%s: %d " PL_STR_FMT, rows[i].why, rc, PL_STR_ARG(pl_buf_str(&scratch)));
        }
        assert_int_equal(message.attachment_count, rows[i].bin_count);
        pl_sio_message_fini(&message);
        pl_buf_fini(&scratch);
        pl_arena_fini(&arena);
    }
}

static void test_sio_msgpack_what_is_no_packet_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(refused); i++) {
        struct pl_sio_message message;
        struct pl_buf scratch;
        struct pl_arena arena;
        int rc = read(&message, refused[i].hex, &scratch, &arena);
        if (rc >= 0) {
            fail_msg("%s", refused[i].why);
        }
        assert_int_equal(message.attachment_count, 0);
        pl_buf_fini(&scratch);
        pl_arena_fini(&arena);
    }
}

static void test_sio_msgpack_written_keys_stand_in_the_order_of_the_specification(void **state)
{
    static const struct {
        struct pl_str text;
        const char *hex;
    } written[] = {
        {PL_STR_INIT("27[\"hi\",1]"), "84" TYPE("02") ROOT DATA "92a2686901" ID("07")},
        {PL_STR_INIT("51-/a,[\"hi\",{\"_placeholder\":true,\"num\":0}]"),
         "83" TYPE("02") "a36e7370a22f61" DATA "92a26869c4020102"},
        {PL_STR_INIT("61-3[{\"_placeholder\":true,\"num\":0}]"),
         "84" TYPE("03") ROOT DATA "91c4020102" ID("03")},
        {PL_STR_INIT("45"), "83" TYPE("04") ROOT DATA "05"}, /* refusals of revision 4 */
        {PL_STR_INIT("4/a,-1"), "83" TYPE("04") "a36e7370a22f61" DATA "ff"},
        {PL_STR_INIT("4true"), "83" TYPE("04") ROOT DATA "c3"},
        {PL_STR_INIT("4[1]"), "83" TYPE("04") ROOT DATA "9101"},
        {PL_STR_INIT("1/a,"), "82" TYPE("01") "a36e7370a22f61"},
        {PL_STR_INIT("4{\"message\":\"no\"}"),
         "83" TYPE("04") ROOT DATA "81a76d657373616765a26e6f"},
    };
    static const struct pl_str attachment = PL_STR_INIT("\1\2");
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(written); i++) {
        uint8_t bytes[256];
        struct pl_buf out;
        pl_buf_init(&out, LIMIT_BYTES);
        assert_int_equal(pl_sio_msgpack_write(&out, written[i].text, &attachment, 1, NULL), 0);
        assert_true(pl_str_eq(pl_buf_str(&out), hex_read(bytes, sizeof(bytes), written[i].hex)));
        pl_buf_fini(&out);
    }
}

static void test_sio_msgpack_without_memory_nothing_is_left_behind(void **state)
{
    const char *hex = "83" TYPE("02") ROOT DATA "93a26869c40101c40102";
    bool has_passed = false;
    (void)state;
    for (uint64_t nth = 1; !has_passed; nth++) {
        struct pl_sio_message message;
        struct pl_buf scratch;
        struct pl_arena arena;
        int rc = 0;
        pl_try_alloc_fail_at(nth);
        rc = read(&message, hex, &scratch, &arena);
        pl_try_alloc_fail_at(0);
        has_passed = rc == 0;
        assert_true(rc == 0 || rc == PL_E_NOMEM || rc == PL_E_TOO_BIG);
        assert_int_equal(message.attachment_count, rc == 0 ? 2 : 0);
        pl_sio_message_fini(&message);
        pl_buf_fini(&scratch);
        pl_arena_fini(&arena);
        assert_true(nth < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sio_msgpack_packets_become_those_of_the_default_parser),
        cmocka_unit_test(test_sio_msgpack_what_is_no_packet_is_refused),
        cmocka_unit_test(test_sio_msgpack_written_keys_stand_in_the_order_of_the_specification),
        cmocka_unit_test(test_sio_msgpack_without_memory_nothing_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
