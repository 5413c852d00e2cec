/* Engine.IO: the input as a polling payload, a query and an open packet. What was read is written,
 * and must then be read as the same. */
#include "fuzz.h"

#include "codec/eio_handshake.h"
#include "codec/eio_payload.h"
#include "codec/eio_query.h"

#define LIMIT_BYTES ((size_t)1 << 22)

/* Reads `body` up to its end or first error and writes the packets to `out`. */
static size_t rewrite(struct pl_buf *out, struct pl_str body)
{
    struct pl_arena arena;
    struct pl_eio_payload_reader reader;
    struct pl_eio_payload_writer writer;
    struct pl_eio_packet packet;
    size_t count = 0;
    pl_arena_init(&arena, LIMIT_BYTES);
    pl_eio_payload_reader_init(&reader, body);
    pl_eio_payload_writer_init(&writer, out);
    while (pl_eio_payload_next(&packet, &reader, &arena, NULL) == 1) {
        size_t before = pl_eio_payload_len(&writer);
        pl_eio_payload_add(&writer, &packet);
        PL_ASSERT(pl_eio_payload_len(&writer) - before ==
                  pl_eio_packet_text_len(&packet) + (count > 0 ? 1 : 0));
        count++;
    }
    pl_arena_fini(&arena);
    return count;
}

static void fuzz_payload(struct pl_str body)
{
    struct pl_buf first;
    struct pl_buf second;
    size_t count = 0;
    pl_buf_init(&first, LIMIT_BYTES);
    pl_buf_init(&second, LIMIT_BYTES);
    count = rewrite(&first, body);
    PL_ASSERT(rewrite(&second, pl_buf_str(&first)) == count);
    PL_ASSERT(pl_str_eq(pl_buf_str(&first), pl_buf_str(&second)));
    pl_buf_fini(&first);
    pl_buf_fini(&second);
}

static void fuzz_handshake(struct pl_str json)
{
    struct pl_arena arena;
    struct pl_buf buf;
    struct pl_eio_handshake handshake;
    struct pl_eio_handshake again;
    pl_arena_init(&arena, LIMIT_BYTES);
    pl_buf_init(&buf, LIMIT_BYTES);
    if (pl_eio_handshake_read(&handshake, json, &arena, NULL) == 0) {
        pl_eio_handshake_write(&buf, &handshake);
        PL_ASSERT(pl_eio_handshake_read(&again, pl_str_from(pl_buf_str(&buf), 1), &arena, NULL) ==
                  0);
        PL_ASSERT(pl_str_eq(handshake.sid, again.sid));
        PL_ASSERT(handshake.max_payload_bytes == again.max_payload_bytes);
    }
    pl_buf_fini(&buf);
    pl_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_str input = pl_str_make((const char *)data, size);
    struct pl_eio_query query;
    fuzz_payload(input);
    fuzz_handshake(input);
    pl_eio_query_read(&query, input);
    PL_ASSERT(query.has_sid == (query.sid.len > 0));
    return 0;
}
