/* A WebSocket stream, read by a server or a client: once whole, and once in pieces. Both must give
 * the same events and end the same way. The input's first two bytes choose the limit, whether
 * compression was negotiated, the side that reads, and the pieces. */
#include "fuzz.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "codec/ws_close.h"
#include "codec/ws_message.h"

#define LOG_MAX ((size_t)1 << 28)

/* A connection's read buffer, and a log of what came of it. */
struct reader {
    struct pl_ws_decoder decoder;
    struct pl_buf in;
    struct pl_buf log;
    bool has_failed;
};

static void event_check(const struct pl_ws_event *event, size_t limit_bytes)
{
    switch (event->kind) {
    case PL_WS_EVENT_NONE:
        break;
    case PL_WS_EVENT_TEXT:
        PL_ASSERT(event->rsv != 0 || pl_utf8_is_valid(pl_str_of_span(event->payload)));
        PL_ASSERT(event->payload.len <= limit_bytes);
        break;
    case PL_WS_EVENT_BINARY:
        PL_ASSERT(event->payload.len <= limit_bytes);
        break;
    case PL_WS_EVENT_PING:
    case PL_WS_EVENT_PONG:
        PL_ASSERT(event->payload.len <= PL_WS_CONTROL_MAX);
        break;
    case PL_WS_EVENT_CLOSE:
        PL_ASSERT(pl_utf8_is_valid(event->close_reason));
        PL_ASSERT(event->close_code == PL_WS_CLOSE_NO_STATUS ||
                  pl_ws_close_code_is_allowed(event->close_code));
        break;
    }
}

static void reader_feed(struct reader *reader, const uint8_t *piece, size_t len)
{
    ptrdiff_t got = 0;
    size_t done = 0;
    struct pl_ws_event event;
    if (reader->has_failed) {
        return;
    }
    pl_buf_add(&reader->in, piece, len);
    while ((got = pl_ws_decoder_next(&reader->decoder, &event,
                                     (struct pl_span){reader->in.ptr + done, reader->in.len - done},
                                     NULL)) > 0) {
        done += (size_t)got;
        PL_ASSERT(done <= reader->in.len);
        event_check(&event, reader->decoder.limit_bytes);
        if (event.kind != PL_WS_EVENT_NONE) {
            pl_buf_addf(&reader->log, "%d %u %u %zu:", (int)event.kind, event.rsv, event.close_code,
                        event.payload.len);
            pl_buf_add_str(&reader->log, pl_str_of_span(event.payload));
            pl_buf_add_str(&reader->log, event.close_reason);
        }
    }
    if (got < 0) {
        reader->has_failed = true;
        pl_buf_addf(&reader->log, "!%d", (int)got);
    }
    pl_buf_consume(&reader->in, done);
    PL_ASSERT(got < 0 || reader->in.len <= PL_WS_PENDING_MAX);
}

static void reader_init(struct reader *reader, uint8_t choice)
{
    static const size_t limits[] = {0, 16, 300, 70000};
    *reader = (struct reader){0};
    pl_ws_decoder_init(&reader->decoder, (choice & 8) != 0 ? PL_WS_CLIENT : PL_WS_SERVER,
                       limits[choice & 3], (choice & 4) != 0 ? PL_WS_RSV1 : 0);
    pl_buf_init(&reader->in, LOG_MAX);
    pl_buf_init(&reader->log, LOG_MAX);
    pl_buf_addf(&reader->log, "events: ");
    PL_ASSERT(pl_buf_reserve(&reader->in, 1));
}

static void reader_fini(struct reader *reader)
{
    pl_ws_decoder_fini(&reader->decoder);
    pl_buf_fini(&reader->in);
    pl_buf_fini(&reader->log);
}

static void check_pieces(const struct reader *whole, uint8_t choice, const uint8_t *data,
                         size_t size, size_t first, size_t step)
{
    struct reader pieces;
    reader_init(&pieces, choice);
    reader_feed(&pieces, data, first);
    for (size_t at = first; at < size; at += step) {
        reader_feed(&pieces, data + at, pl_size_min(step, size - at));
    }
    PL_ASSERT(pl_str_eq(pl_buf_str(&whole->log), pl_buf_str(&pieces.log)));
    reader_fini(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader whole;
    uint8_t choice = 0;
    size_t step = 0;
    if (size < 2) {
        return 0;
    }
    choice = data[0];
    step = (size_t)data[1] + 1;
    data += 2;
    size -= 2;
    reader_init(&whole, choice);
    reader_feed(&whole, data, size);
    check_pieces(&whole, choice, data, size, 0, step);
    for (size_t cut = 0; size <= 64 && cut <= size; cut++) {
        check_pieces(&whole, choice, data, size, cut, SIZE_MAX - size);
    }
    reader_fini(&whole);
    return 0;
}
