/* The msgpack parser: the input as a value and as a packet. A value that was read is JSON; a packet
 * that was read is written, and must then be read as the same. */
#include "fuzz.h"

#include "codec/json_read.h"
#include "codec/msgpack_json.h"
#include "codec/sio_msgpack.h"

#define LIMIT_BYTES ((size_t)1 << 22)

static void fuzz_value(struct pl_str input)
{
    struct pl_str rest = input;
    struct pl_str skipped;
    struct pl_buf json;
    uint32_t bins = 0;
    pl_buf_init(&json, LIMIT_BYTES);
    if (pl_msgpack_to_json(&json, &rest, &bins, PL_SIO_DEPTH_MAX, NULL) == 0 &&
        !pl_buf_failed(&json)) {
        size_t len = input.len - rest.len;
        PL_ASSERT(pl_json_validate(pl_buf_str(&json), PL_JSON_DEPTH_MAX, NULL) == 0);
        PL_ASSERT(bins > 0 || json.len <= pl_sio_msgpack_text_max(len));
        rest = input;
        PL_ASSERT(pl_msgpack_skip(&skipped, &rest, PL_SIO_DEPTH_MAX, NULL) == 0);
        PL_ASSERT(skipped.len == len);
    }
    pl_buf_fini(&json);
}

/* Reads a packet, its text to `text`, and writes it to `out`. Returns whether it was one. */
static bool rewrite(struct pl_buf *text, struct pl_buf *out, struct pl_str bytes)
{
    struct pl_sio_message message;
    struct pl_arena arena;
    struct pl_str attachments[PL_SIO_MSGPACK_BINS_MAX];
    int rc = 0;
    pl_buf_init(text, pl_sio_msgpack_text_max(bytes.len));
    pl_buf_init(out, LIMIT_BYTES);
    pl_arena_init(&arena, LIMIT_BYTES);
    rc = pl_sio_msgpack_read(&message, bytes, PL_SIO_ROLE_CLIENT, text, &arena, NULL);
    if (rc == 0) {
        for (size_t i = 0; i < message.attachment_count; i++) {
            attachments[i] = pl_blob_str(message.attachments[i]);
        }
        rc = pl_sio_msgpack_write(out, pl_buf_str(text), attachments, message.attachment_count,
                                  NULL);
        PL_ASSERT(rc == 0 && !pl_buf_failed(out));
    }
    pl_sio_message_fini(&message);
    pl_arena_fini(&arena);
    return rc == 0;
}

static void fuzz_packet(struct pl_str input)
{
    struct pl_buf text;
    struct pl_buf first;
    struct pl_buf text_again;
    struct pl_buf second;
    if (rewrite(&text, &first, input)) {
        bool is_one = rewrite(&text_again, &second, pl_buf_str(&first));
        PL_ASSERT(is_one);
        PL_ASSERT(pl_str_eq(pl_buf_str(&first), pl_buf_str(&second)));
        pl_buf_fini(&text_again);
        pl_buf_fini(&second);
    }
    pl_buf_fini(&text);
    pl_buf_fini(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_str input = pl_str_make((const char *)data, size);
    if (size > LIMIT_BYTES / 64) {
        return 0;
    }
    fuzz_value(input);
    fuzz_packet(input);
    return 0;
}
