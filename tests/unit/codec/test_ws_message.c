/* The WebSocket message decoder: rows of a stream and its events, each stream fed whole and cut at
 * every place; memory, limits and refused allocations. The rows are a client's, unmasked, so that
 * they can be read; the runs also mask them and play the server. */
#include "codec/ws_message.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "codec/ws_close.h"
#include "codec/ws_mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define LIMIT ((size_t)16)
#define STREAM_MAX ((size_t)512)

static const uint8_t key[PL_WS_KEY_BYTES] = {0x9A, 0x01, 0xFE, 0x5C};

struct row {
    struct pl_str stream; /* unmasked frames */
    const char *events;   /* as `log_event` writes them, then '!' and the error's close code */
    const char *why;
};

static const struct row rows[] = {
    {PL_STR_INIT(""), "", "nothing"},
    {PL_STR_INIT("\x81\x02hi"), "T(hi)", "text"},
    {PL_STR_INIT("\x82\x02hi"), "B(hi)", "binary"},
    {PL_STR_INIT("\x81\x00\x82\x00"), "T()B()", "empty messages"},
    {PL_STR_INIT("\x81\x02hi\x82\x01x\x81\x03you"), "T(hi)B(x)T(you)", "three in a row"},
    {PL_STR_INIT("\x81\x10"
                 "0123456789abcdef"),
     "T(0123456789abcdef)", "as long as allowed"},
    {PL_STR_INIT("\x81\x11"
                 "0123456789abcdefg"),
     "!1009", "one byte too long"},
    {PL_STR_INIT("\x82\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), "!1009", "as long as can be said"},
    {PL_STR_INIT("\x01\x02he\x00\x01l\x80\x02lo"), "T(hello)", "three fragments"},
    {PL_STR_INIT("\x01\x00\x00\x00\x80\x00"), "T()", "three empty fragments"},
    {PL_STR_INIT("\x02\x08"
                 "01234567\x80\x08"
                 "89abcdef"),
     "B(0123456789abcdef)", "fragments as long as allowed"},
    {PL_STR_INIT("\x02\x08"
                 "01234567\x80\x09"
                 "89abcdefg"),
     "!1009", "fragments too long"},
    {PL_STR_INIT("\x02\x01x\x80\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), "!1009",
     "a sum that would overflow"},
    {PL_STR_INIT("\x01\x02he\x89\x01p\x00\x01l\x8A\x00\x80\x02lo"), "PI(p)PO()T(hello)",
     "control frames between fragments"},
    {PL_STR_INIT("\x89\x00\x89\x03"
                 "abc\x8A\x01z"),
     "PI()PI(abc)PO(z)", "pings and a pong"},
    {PL_STR_INIT("\x80\x01x"), "!1002", "continuation of nothing"},
    {PL_STR_INIT("\x00\x01x"), "!1002", "continuation of nothing, to be continued"},
    {PL_STR_INIT("\x01\x01x\x80\x01y\x80\x01z"), "T(xy)!1002", "continuation after the end"},
    {PL_STR_INIT("\x01\x01x\x81\x01y"), "!1002", "text inside a text"},
    {PL_STR_INIT("\x01\x01x\x02\x01y"), "!1002", "binary inside a text"},
    {PL_STR_INIT("\x81\x02hi\xC1\x00"), "T(hi)!1002", "reserved bit after a message"},
    {PL_STR_INIT("\x83\x00"), "!1002", "reserved opcode"},
    {PL_STR_INIT("\x88\x00"), "C1005()", "close without a code"},
    {PL_STR_INIT("\x88\x02\x03\xE8"), "C1000()", "close"},
    {PL_STR_INIT("\x88\x05\x03\xE9"
                 "bye"),
     "C1001(bye)", "close with a reason"},
    {PL_STR_INIT("\x88\x01\x03"), "!1002", "close with half a code"},
    {PL_STR_INIT("\x88\x02\x03\xEE"), "!1002", "close with 1006"},
    {PL_STR_INIT("\x88\x03\x03\xE8\xFF"), "!1007", "close with a reason that is no text"},
    {PL_STR_INIT("\x88\x00\x81\x02hi\xFF\xFF garbage"), "C1005()", "whatever follows a close"},
    {PL_STR_INIT("\x01\x02he\x88\x00\x80\x01y"), "C1005()", "close inside a message"},
    {PL_STR_INIT("\x81\x03\xE2\x82\xAC"), "T(\xE2\x82\xAC)", "UTF-8"},
    {PL_STR_INIT("\x01\x01\xE2\x00\x01\x82\x80\x01\xAC"), "T(\xE2\x82\xAC)", "UTF-8 in pieces"},
    {PL_STR_INIT("\x81\x02\xE2\x82"), "!1007", "text ends inside a character"},
    {PL_STR_INIT("\x01\x01\xE2\x80\x01\x82"), "!1007", "fragments end inside a character"},
    {PL_STR_INIT("\x81\x03"
                 "a\xED\xA0"),
     "!1007", "a surrogate"},
    {PL_STR_INIT("\x82\x02\xFF\xFE"), "B(\xFF\xFE)", "binary is not text"},
    {PL_STR_INIT("\x02\x01\xFF\x80\x01\xFE"), "B(\xFF\xFE)", "fragmented binary is not text"},
};

static void log_event(struct pl_buf *log, const struct pl_ws_event *event)
{
    static const char *const names[] = {"", "T", "B", "PI", "PO", "C"};
    pl_buf_addf(log, "%s", names[event->kind]);
    if (event->kind == PL_WS_EVENT_CLOSE) {
        pl_buf_add_u64(log, event->close_code);
    }
    pl_buf_add_char(log, '(');
    pl_buf_add_str(log, pl_str_of_span(event->payload));
    pl_buf_add_str(log, event->close_reason);
    pl_buf_add_char(log, ')');
}

/* A connection's read buffer and what came of it. */
struct reader {
    struct pl_ws_decoder decoder;
    struct pl_buf log;
    uint8_t bytes[STREAM_MAX];
    size_t len;
    bool has_failed;
};

static void reader_init(struct reader *reader, enum pl_ws_role role, size_t limit_bytes)
{
    *reader = (struct reader){0};
    pl_ws_decoder_init(&reader->decoder, role, limit_bytes, 0);
    pl_buf_init(&reader->log, 1 << 20);
}

static void reader_fini(struct reader *reader)
{
    pl_ws_decoder_fini(&reader->decoder);
    pl_buf_fini(&reader->log);
}

static void reader_feed(struct reader *reader, struct pl_str piece)
{
    size_t done = 0;
    ptrdiff_t got = 0;
    struct pl_ws_event event = {0};
    assert_true(reader->len + piece.len <= sizeof(reader->bytes));
    if (piece.len > 0) {
        memcpy(reader->bytes + reader->len, piece.ptr, piece.len);
    }
    reader->len += piece.len;
    if (reader->has_failed) {
        return;
    }
    while ((got = pl_ws_decoder_next(&reader->decoder, &event,
                                     (struct pl_span){reader->bytes + done, reader->len - done},
                                     NULL)) > 0) {
        done += (size_t)got;
        if (event.kind != PL_WS_EVENT_NONE) {
            log_event(&reader->log, &event);
        }
    }
    assert_int_equal(event.kind, PL_WS_EVENT_NONE);
    if (got < 0) {
        reader->has_failed = true;
        pl_buf_addf(&reader->log, "!%u", pl_ws_close_code_of_error((int)got));
        assert_null(reader->decoder.assembly);
    }
    reader->len -= done;
    assert_true(reader->has_failed || reader->len <= PL_WS_PENDING_MAX);
    memmove(reader->bytes, reader->bytes + done, reader->len);
}

/* The same frames with a key. The stream must be whole frames,
 * up to the place where it goes wrong. */
static struct pl_str mask_stream(uint8_t *out, struct pl_str stream)
{
    size_t at = 0;
    size_t out_len = 0;
    while (at < stream.len) {
        struct pl_ws_header header = {0};
        struct pl_str rest = pl_str_from(stream, at);
        ptrdiff_t len = pl_ws_header_read(&header, rest, PL_WS_CLIENT, PL_WS_RSV_ALL, NULL);
        size_t payload_len = 0;
        if (len <= 0) {
            memcpy(out + out_len, rest.ptr, rest.len);
            out[out_len + 1] |= 0x80;
            return pl_str_make((char *)out, out_len + rest.len);
        }
        out_len += pl_ws_header_write(out + out_len, (unsigned)header.opcode | header.rsv,
                                      header.is_final, header.payload_len, key);
        at += (size_t)len;
        payload_len = pl_size_min(stream.len - at, (size_t)header.payload_len);
        memcpy(out + out_len, stream.ptr + at, payload_len);
        pl_ws_mask_apply((struct pl_span){out + out_len, payload_len}, key, 0);
        out_len += payload_len;
        at += payload_len;
    }
    return pl_str_make((char *)out, out_len);
}

static void check_cut(struct pl_str stream, enum pl_ws_role role, const struct row *row,
                      size_t first, size_t second)
{
    struct reader reader;
    reader_init(&reader, role, LIMIT);
    reader_feed(&reader, pl_str_first(stream, first));
    reader_feed(&reader, pl_str_first(pl_str_from(stream, first), second - first));
    reader_feed(&reader, pl_str_from(stream, second));
    if (!pl_str_eq(pl_buf_str(&reader.log), pl_str_of_cstr(row->events))) {
        fail_msg("%s, cut at %zu and %zu: got " PL_STR_FMT, row->why, first, second,
                 PL_STR_ARG(pl_buf_str(&reader.log)));
    }
    reader_fini(&reader);
}

static void check_row(const struct row *row, struct pl_str stream, enum pl_ws_role role)
{
    struct reader reader;
    for (size_t first = 0; first <= stream.len; first++) {
        for (size_t second = first; second <= stream.len; second++) {
            check_cut(stream, role, row, first, second);
        }
    }
    reader_init(&reader, role, LIMIT);
    for (size_t i = 0; i < stream.len; i++) {
        reader_feed(&reader, pl_str_make(stream.ptr + i, 1));
    }
    assert_true(pl_str_eq(pl_buf_str(&reader.log), pl_str_of_cstr(row->events)));
    reader_fini(&reader);
}

static void test_ws_message_rows_are_the_same_however_they_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        uint8_t masked[STREAM_MAX];
        check_row(&rows[i], rows[i].stream, PL_WS_CLIENT);
        check_row(&rows[i], mask_stream(masked, rows[i].stream), PL_WS_SERVER);
    }
}

static void test_ws_message_unmasked_frame_of_a_client_is_refused(void **state)
{
    struct reader reader;
    (void)state;
    reader_init(&reader, PL_WS_SERVER, LIMIT);
    reader_feed(&reader, PL_STR("\x81\x02hi"));
    assert_true(pl_str_eq(pl_buf_str(&reader.log), PL_STR("!1002")));
    reader_fini(&reader);
}

static void test_ws_message_whole_frame_is_not_copied(void **state)
{
    struct pl_ws_decoder decoder;
    struct pl_ws_event event = {0};
    uint8_t in[] = {0x81, 0x02, 'h', 'i', 0x81};
    (void)state;
    pl_ws_decoder_init(&decoder, PL_WS_CLIENT, LIMIT, 0);
    assert_int_equal(pl_ws_decoder_next(&decoder, &event, (struct pl_span){in, 5}, NULL), 4);
    assert_ptr_equal(event.payload.ptr, in + 2);
    assert_null(decoder.assembly);
    pl_ws_decoder_fini(&decoder);
}

static void test_ws_message_idle_decoder_is_small_and_owns_nothing(void **state)
{
    struct reader reader;
    (void)state;
    assert_true(sizeof(struct pl_ws_decoder) <= 64);
    reader_init(&reader, PL_WS_CLIENT, LIMIT);
    assert_null(reader.decoder.assembly);
    reader_feed(&reader, PL_STR("\x01\x02he\x80\x02"));
    assert_non_null(reader.decoder.assembly);
    reader_feed(&reader, PL_STR("ya"));
    assert_null(reader.decoder.assembly);
    assert_true(pl_str_eq(pl_buf_str(&reader.log), PL_STR("T(heya)")));
    reader_fini(&reader);
}

static void test_ws_message_large_payload_is_consumed_as_it_comes(void **state)
{
    const size_t total = 100000;
    struct pl_ws_decoder decoder;
    struct pl_ws_event event = {0};
    uint8_t header[PL_WS_HEADER_MAX];
    size_t header_len = pl_ws_header_write(header, PL_WS_BINARY, true, total, NULL);
    (void)state;
    pl_ws_decoder_init(&decoder, PL_WS_CLIENT, total, 0);
    assert_int_equal(
        pl_ws_decoder_next(&decoder, &event, (struct pl_span){header, header_len}, NULL),
        header_len);
    for (size_t done = 0; done < total; done += 1000) {
        uint8_t piece[1000];
        memset(piece, (int)(done / 1000), sizeof(piece));
        assert_int_equal(event.kind, PL_WS_EVENT_NONE);
        assert_int_equal(
            pl_ws_decoder_next(&decoder, &event, (struct pl_span){piece, sizeof(piece)}, NULL),
            sizeof(piece));
    }
    assert_int_equal(event.kind, PL_WS_EVENT_BINARY);
    assert_int_equal(event.payload.len, total);
    for (size_t i = 0; i < total; i++) {
        assert_int_equal(event.payload.ptr[i], (uint8_t)(i / 1000));
    }
    pl_ws_decoder_fini(&decoder);
}

static void test_ws_message_bad_text_is_refused_before_its_frame_ends(void **state)
{
    static const struct {
        struct pl_str stream; /* refused with its last byte, and no sooner */
    } streams[] = {
        {PL_STR_INIT("\x81\x09\xCE\xBA\xE1\xBD\xB9\xF4\x90")},
        {PL_STR_INIT("\x01\x02\xCE\xBA\x00\x09\xED\xA0")},
        {PL_STR_INIT("\x01\x01\xF4\x00\x04\x90")},
        {PL_STR_INIT("\x81\x04"
                     "a\xFF")},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(streams); i++) {
        struct pl_str stream = streams[i].stream;
        struct reader reader;
        reader_init(&reader, PL_WS_CLIENT, LIMIT);
        reader_feed(&reader, pl_str_first(stream, stream.len - 1));
        assert_false(reader.has_failed);
        reader_feed(&reader, pl_str_from(stream, stream.len - 1));
        assert_true(pl_str_eq(pl_buf_str(&reader.log), PL_STR("!1007")));
        reader_fini(&reader);
    }
}

static void test_ws_message_compressed_text_is_left_to_its_decompressor(void **state)
{
    static const struct pl_str streams[] = {PL_STR_INIT("\xC1\x02\xFF\xFE"),
                                            PL_STR_INIT("\x41\x01\xFF\x80\x01\xFE")};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(streams); i++) {
        uint8_t in[16];
        size_t done = 0;
        struct pl_ws_decoder decoder;
        struct pl_ws_event event = {0};
        memcpy(in, streams[i].ptr, streams[i].len);
        pl_ws_decoder_init(&decoder, PL_WS_CLIENT, LIMIT, PL_WS_RSV1);
        while (event.kind == PL_WS_EVENT_NONE) {
            struct pl_span rest = {in + done, streams[i].len - done};
            ptrdiff_t got = pl_ws_decoder_next(&decoder, &event, rest, NULL);
            assert_true(got > 0);
            done += (size_t)got;
        }
        assert_int_equal(event.kind, PL_WS_EVENT_TEXT);
        assert_int_equal(event.rsv, PL_WS_RSV1);
        assert_true(pl_str_eq(pl_str_of_span(event.payload), PL_STR("\xFF\xFE")));
        pl_ws_decoder_fini(&decoder);
    }
}

static void test_ws_message_failed_decoder_keeps_failing(void **state)
{
    uint8_t in[] = {0x83, 0x00, 0x81, 0x00};
    struct pl_ws_decoder decoder;
    struct pl_ws_event event = {0};
    (void)state;
    pl_ws_decoder_init(&decoder, PL_WS_CLIENT, LIMIT, 0);
    assert_int_equal(pl_ws_decoder_next(&decoder, &event, (struct pl_span){in, 4}, NULL),
                     PL_E_PROTO);
    assert_int_equal(pl_ws_decoder_next(&decoder, &event, (struct pl_span){in + 2, 2}, NULL),
                     PL_E_PROTO);
    pl_ws_decoder_fini(&decoder);
}

/* Feed a fragmented message of which every allocation is needed; the log says what came of it. */
static void feed_with_refusal(struct reader *reader, uint64_t nth)
{
    uint8_t stream[STREAM_MAX] = {0x02, 0x7E, 0x00, 0x80}; /* 128 bytes, beyond the first growth */
    size_t tail_at = 4 + 128;
    memcpy(stream + tail_at, "\x80\x40", 2); /* and 64 more */
    reader_init(reader, PL_WS_CLIENT, 1024);
    assert_true(pl_buf_reserve(&reader->log, 1024)); /* its memory is not what is refused */
    pl_try_alloc_fail_at(nth);
    reader_feed(reader, pl_str_make((char *)stream, 10));
    reader_feed(reader, pl_str_make((char *)stream + 10, tail_at - 10));
    reader_feed(reader, pl_str_make((char *)stream + tail_at, 2 + 64));
    pl_try_alloc_fail_at(0);
}

static void test_ws_message_refused_memory_ends_in_1011(void **state)
{
    uint64_t nth = 1;
    (void)state;
    for (;; nth++) {
        struct reader reader;
        feed_with_refusal(&reader, nth);
        if (!reader.has_failed) {
            assert_int_equal(reader.log.len, 3 + 128 + 64);
            reader_fini(&reader);
            break;
        }
        assert_true(pl_str_eq(pl_buf_str(&reader.log), PL_STR("!1011")));
        reader_fini(&reader);
    }
    assert_true(nth > 3); /* the assembly, its buffer, its growth */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ws_message_rows_are_the_same_however_they_are_cut),
        cmocka_unit_test(test_ws_message_unmasked_frame_of_a_client_is_refused),
        cmocka_unit_test(test_ws_message_whole_frame_is_not_copied),
        cmocka_unit_test(test_ws_message_idle_decoder_is_small_and_owns_nothing),
        cmocka_unit_test(test_ws_message_large_payload_is_consumed_as_it_comes),
        cmocka_unit_test(test_ws_message_bad_text_is_refused_before_its_frame_ends),
        cmocka_unit_test(test_ws_message_compressed_text_is_left_to_its_decompressor),
        cmocka_unit_test(test_ws_message_failed_decoder_keeps_failing),
        cmocka_unit_test(test_ws_message_refused_memory_ends_in_1011),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
