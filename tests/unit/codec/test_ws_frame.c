/* WebSocket frame headers: rows of bytes with what they mean, each also cut at every place. */
#include "codec/ws_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct row {
    struct pl_str bytes;
    enum pl_ws_role role;
    uint8_t allowed_rsv;
    struct pl_ws_header expected;
    size_t refused_at; /* bytes needed to see that it is refused; 0: it is accepted */
    const char *why;
};

#define KEY "\x01\x02\x03\x04"
#define KEY_BYTES                                                                                  \
    {                                                                                              \
        1, 2, 3, 4                                                                                 \
    }

static const struct row rows[] = {
    {PL_STR_INIT("\x81\x80" KEY),
     PL_WS_SERVER,
     0,
     {0, PL_WS_TEXT, 0, true, true, KEY_BYTES},
     0,
     "empty text"},
    {PL_STR_INIT("\x02\xFD" KEY),
     PL_WS_SERVER,
     0,
     {125, PL_WS_BINARY, 0, false, true, KEY_BYTES},
     0,
     "longest short length, first fragment"},
    {PL_STR_INIT("\x80\xFE\x00\x7E" KEY),
     PL_WS_SERVER,
     0,
     {126, PL_WS_CONTINUATION, 0, true, true, KEY_BYTES},
     0,
     "shortest length of two bytes"},
    {PL_STR_INIT("\x82\xFE\xFF\xFF" KEY),
     PL_WS_SERVER,
     0,
     {65535, PL_WS_BINARY, 0, true, true, KEY_BYTES},
     0,
     "longest length of two bytes"},
    {PL_STR_INIT("\x82\xFF\0\0\0\0\0\1\0\0" KEY),
     PL_WS_SERVER,
     0,
     {65536, PL_WS_BINARY, 0, true, true, KEY_BYTES},
     0,
     "shortest length of eight bytes"},
    {PL_STR_INIT("\x82\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF" KEY),
     PL_WS_SERVER,
     0,
     {INT64_MAX, PL_WS_BINARY, 0, true, true, KEY_BYTES},
     0,
     "longest length of all"},
    {PL_STR_INIT("\x89\xFD" KEY),
     PL_WS_SERVER,
     0,
     {125, PL_WS_PING, 0, true, true, KEY_BYTES},
     0,
     "longest ping"},
    {PL_STR_INIT("\x8A\x80" KEY),
     PL_WS_SERVER,
     0,
     {0, PL_WS_PONG, 0, true, true, KEY_BYTES},
     0,
     "empty pong"},
    {PL_STR_INIT("\x88\x82" KEY),
     PL_WS_SERVER,
     0,
     {2, PL_WS_CLOSE, 0, true, true, KEY_BYTES},
     0,
     "close"},
    {PL_STR_INIT("\x81\x05"),
     PL_WS_CLIENT,
     0,
     {5, PL_WS_TEXT, 0, true, false, {0}},
     0,
     "unmasked, for a client"},
    {PL_STR_INIT("\x82\x7E\x01\x00"),
     PL_WS_CLIENT,
     0,
     {256, PL_WS_BINARY, 0, true, false, {0}},
     0,
     "unmasked, length of two bytes"},
    {PL_STR_INIT("\xC1\x80" KEY),
     PL_WS_SERVER,
     PL_WS_RSV1,
     {0, PL_WS_TEXT, PL_WS_RSV1, true, true, KEY_BYTES},
     0,
     "RSV1 with a meaning"},
    {PL_STR_INIT("\xF2\x80" KEY),
     PL_WS_SERVER,
     PL_WS_RSV_ALL,
     {0, PL_WS_BINARY, PL_WS_RSV_ALL, true, true, KEY_BYTES},
     0,
     "all RSV with a meaning"},

    {PL_STR_INIT("\x81\x05"), PL_WS_SERVER, 0, {0}, 2, "unmasked frame of a client"},
    {PL_STR_INIT("\x81\x85" KEY), PL_WS_CLIENT, 0, {0}, 2, "masked frame of a server"},
    {PL_STR_INIT("\xC1\x80" KEY), PL_WS_SERVER, 0, {0}, 1, "RSV1 without a meaning"},
    {PL_STR_INIT("\xA1\x80" KEY), PL_WS_SERVER, PL_WS_RSV1, {0}, 1, "RSV2 without a meaning"},
    {PL_STR_INIT("\x91\x80" KEY), PL_WS_SERVER, PL_WS_RSV1, {0}, 1, "RSV3 without a meaning"},
    {PL_STR_INIT("\xC0\x80" KEY), PL_WS_SERVER, PL_WS_RSV1, {0}, 1, "RSV1 on a continuation"},
    {PL_STR_INIT("\xC9\x80" KEY), PL_WS_SERVER, PL_WS_RSV1, {0}, 1, "RSV1 on a ping"},
    {PL_STR_INIT("\x83\x80" KEY), PL_WS_SERVER, 0, {0}, 1, "reserved opcode 3"},
    {PL_STR_INIT("\x87\x80" KEY), PL_WS_SERVER, 0, {0}, 1, "reserved opcode 7"},
    {PL_STR_INIT("\x8B\x80" KEY), PL_WS_SERVER, 0, {0}, 1, "reserved opcode 11"},
    {PL_STR_INIT("\x8F\x80" KEY), PL_WS_SERVER, 0, {0}, 1, "reserved opcode 15"},
    {PL_STR_INIT("\x09\x80" KEY), PL_WS_SERVER, 0, {0}, 1, "fragmented ping"},
    {PL_STR_INIT("\x08\x80" KEY), PL_WS_SERVER, 0, {0}, 1, "fragmented close"},
    {PL_STR_INIT("\x89\xFE\x00\x7E" KEY), PL_WS_SERVER, 0, {0}, 2, "ping of 126 bytes"},
    {PL_STR_INIT("\x88\xFF\0\0\0\0\0\1\0\0" KEY), PL_WS_SERVER, 0, {0}, 2, "close of 64 KiB"},
    {PL_STR_INIT("\x82\xFE\x00\x7D" KEY), PL_WS_SERVER, 0, {0}, 4, "125 in two bytes"},
    {PL_STR_INIT("\x82\xFF\0\0\0\0\0\0\0\5" KEY), PL_WS_SERVER, 0, {0}, 10, "5 in eight bytes"},
    {PL_STR_INIT("\x82\xFF\0\0\0\0\0\0\xFF\xFF" KEY),
     PL_WS_SERVER,
     0,
     {0},
     10,
     "65535 in eight bytes"},
    {PL_STR_INIT("\x82\xFF\x80\0\0\0\0\0\0\0" KEY), PL_WS_SERVER, 0, {0}, 10, "length of 64 bits"},
};

static bool headers_are_equal(const struct pl_ws_header *a, const struct pl_ws_header *b)
{
    return a->payload_len == b->payload_len && a->opcode == b->opcode && a->rsv == b->rsv &&
           a->is_final == b->is_final && a->is_masked == b->is_masked &&
           memcmp(a->key, b->key, sizeof(a->key)) == 0;
}

static void check_row_cut_at(const struct row *row, size_t len)
{
    struct pl_ws_header header = {.payload_len = 77};
    ptrdiff_t expected = 0;
    ptrdiff_t got = pl_ws_header_read(&header, pl_str_first(row->bytes, len), row->role,
                                      row->allowed_rsv, NULL);
    if (row->refused_at != 0 && len >= row->refused_at) {
        expected = PL_E_PROTO;
    } else if (row->refused_at == 0 && len == row->bytes.len) {
        expected = (ptrdiff_t)len;
    }
    if (got != expected) {
        fail_msg("%s, cut at %zu: %td in place of %td", row->why, len, got, expected);
    }
    if (expected > 0 && !headers_are_equal(&header, &row->expected)) {
        fail_msg("%s: read as something else", row->why);
    }
    if (expected <= 0) {
        assert_int_equal(header.payload_len, 77); /* untouched */
    }
}

static void test_ws_frame_rows_are_judged_as_early_as_possible(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        for (size_t len = 0; len <= rows[i].bytes.len; len++) {
            check_row_cut_at(&rows[i], len);
        }
    }
}

static void test_ws_frame_bytes_behind_a_header_are_left(void **state)
{
    struct pl_ws_header header = {0};
    (void)state;
    assert_int_equal(
        pl_ws_header_read(&header, PL_STR("\x81\x85" KEY "12345 and more"), PL_WS_SERVER, 0, NULL),
        6);
}

static void test_ws_frame_refusal_says_why(void **state)
{
    struct pl_error err = {0};
    struct pl_ws_header header = {0};
    (void)state;
    assert_int_equal(pl_ws_header_read(&header, PL_STR("\x81\x05"), PL_WS_SERVER, 0, &err),
                     PL_E_PROTO);
    assert_string_equal(err.text, "frame of a client is not masked");
}

static void test_ws_frame_written_header_is_the_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows) && rows[i].refused_at == 0; i++) {
        const struct pl_ws_header *header = &rows[i].expected;
        uint8_t out[PL_WS_HEADER_MAX];
        size_t len =
            pl_ws_header_write(out, (unsigned)header->opcode | header->rsv, header->is_final,
                               header->payload_len, header->is_masked ? header->key : NULL);
        assert_int_equal(len, rows[i].bytes.len);
        assert_memory_equal(out, rows[i].bytes.ptr, len);
        assert_int_equal(len, pl_ws_header_len(header->payload_len) + (header->is_masked ? 4 : 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ws_frame_rows_are_judged_as_early_as_possible),
        cmocka_unit_test(test_ws_frame_bytes_behind_a_header_are_left),
        cmocka_unit_test(test_ws_frame_refusal_says_why),
        cmocka_unit_test(test_ws_frame_written_header_is_the_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
