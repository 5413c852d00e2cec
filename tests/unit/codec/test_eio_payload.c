/* Polling payloads: bodies with the packets that come out before the end or the error. */
#include "codec/eio_payload.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARENA_BYTES 4096

static const struct {
    struct pl_str body;
    size_t count; /* packets delivered */
    int end;      /* what comes behind them */
    const char *why;
} rows[] = {
    {PL_STR_INIT("4hello"), 1, 0, "one packet"},
    {PL_STR_INIT("4test1\x1e"
                 "4test2\x1e"
                 "4test3"),
     3, 0, "three packets"},
    {PL_STR_INIT("4hello\x1e"
                 "2\x1e"
                 "bAQIDBA=="),
     3, 0, "the example of the specification"},
    {PL_STR_INIT("3"), 1, 0, "a pong"},
    {PL_STR_INIT("4\x1e"
                 "4"),
     2, 0, "messages without text"},
    {PL_STR_INIT("4\xe2\x82\xac\x1e"
                 "1"),
     2, 0, "UTF-8 next to the separator"},
    {PL_STR_INIT(""), 0, PL_E_PROTO, "empty body"},
    {PL_STR_INIT("\x1e"), 0, PL_E_PROTO, "separator alone"},
    {PL_STR_INIT("4a\x1e"), 1, PL_E_PROTO, "separator at the end"},
    {PL_STR_INIT("\x1e"
                 "4a"),
     0, PL_E_PROTO, "separator at the start"},
    {PL_STR_INIT("4a\x1e\x1e"
                 "4b"),
     1, PL_E_PROTO, "empty item"},
    {PL_STR_INIT("abc"), 0, PL_E_PROTO, "unknown type"},
    {PL_STR_INIT("4a\x1e"
                 "x\x1e"
                 "4b"),
     1, PL_E_PROTO, "unknown type in the middle"},
    {PL_STR_INIT("4a\x1e"
                 "4\xff"),
     1, PL_E_PROTO, "not UTF-8"},
    {PL_STR_INIT("4\xe2\x82\x1e"
                 "4a"),
     0, PL_E_PROTO, "a character cut by the separator"},
};

/* Reads all of `body`, writing each packet back to `buf`; returns the end. */
static int read_all(size_t *count, struct pl_buf *buf, struct pl_str body)
{
    struct pl_arena arena;
    struct pl_eio_payload_reader reader;
    struct pl_eio_payload_writer writer;
    struct pl_eio_packet packet;
    int rc = 0;
    *count = 0;
    pl_arena_init(&arena, ARENA_BYTES);
    pl_eio_payload_reader_init(&reader, body);
    pl_eio_payload_writer_init(&writer, buf);
    while ((rc = pl_eio_payload_next(&packet, &reader, &arena, NULL)) == 1) {
        (*count)++;
        pl_eio_payload_add(&writer, &packet);
    }
    assert_int_equal(pl_eio_payload_next(&packet, &reader, &arena, NULL), rc);
    pl_arena_fini(&arena);
    return rc;
}

static void test_eio_payload_packets_come_out_up_to_the_first_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_buf buf;
        size_t count = 0;
        int rc = 0;
        pl_buf_init(&buf, ARENA_BYTES);
        rc = read_all(&count, &buf, rows[i].body);
        if (rc != rows[i].end || count != rows[i].count) {
            fail_msg("%s: %zu packets, then %d", rows[i].why, count, rc);
        }
        if (rc == 0) {
            assert_true(pl_str_eq(pl_buf_str(&buf), rows[i].body));
        }
        pl_buf_fini(&buf);
    }
}

static void test_eio_payload_is_written_behind_what_the_buffer_holds(void **state)
{
    struct pl_buf buf;
    struct pl_eio_payload_writer writer;
    struct pl_eio_packet noop = {PL_EIO_NOOP, {NULL, 0}};
    (void)state;
    pl_buf_init(&buf, ARENA_BYTES);
    pl_buf_add_str(&buf, PL_STR("head "));
    pl_eio_payload_writer_init(&writer, &buf);
    assert_int_equal(pl_eio_payload_len(&writer), 0);
    pl_eio_payload_add(&writer, &noop);
    pl_eio_payload_add_text(&writer, PL_STR("1"));
    assert_int_equal(pl_eio_payload_len(&writer), 3);
    assert_true(pl_str_eq(pl_buf_str(&buf), PL_STR("head 6\x1e"
                                                   "1")));
    pl_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eio_payload_packets_come_out_up_to_the_first_error),
        cmocka_unit_test(test_eio_payload_is_written_behind_what_the_buffer_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
