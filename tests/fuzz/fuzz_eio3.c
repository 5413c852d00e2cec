/* Engine.IO 3: the input as a payload of either form and as a JSONP form. What was read is written
 * in both forms, and must then be read as the same packets. */
#include "fuzz.h"

#include "base/base64.h"
#include "codec/eio3_payload.h"
#include "codec/json_read.h"

#define LIMIT_BYTES ((size_t)1 << 22)

/* Append a packet in the text form. */
static void write_text(struct pl_buf *out, const struct pl_eio_packet *packet)
{
    uint8_t prefix[PL_EIO3_PREFIX_MAX];
    struct pl_buf one;
    pl_buf_init(&one, LIMIT_BYTES);
    if (packet->type == PL_EIO_BINARY) {
        pl_buf_add_str(&one, PL_STR("b4"));
        pl_buf_add_base64(&one, packet->data.ptr, packet->data.len);
    } else {
        pl_eio_packet_write(&one, packet);
    }
    pl_buf_add(out, prefix, pl_eio3_text_prefix(prefix, pl_eio3_count_units(pl_buf_str(&one))));
    pl_buf_add_str(out, pl_buf_str(&one));
    pl_buf_fini(&one);
}

/* Append a packet in the binary form. */
static void write_binary(struct pl_buf *out, const struct pl_eio_packet *packet)
{
    uint8_t prefix[PL_EIO3_PREFIX_MAX];
    bool is_bytes = packet->type == PL_EIO_BINARY;
    pl_buf_add(out, prefix, pl_eio3_binary_prefix(prefix, is_bytes, 1 + packet->data.len));
    pl_buf_add_char(out, is_bytes ? 4 : (char)('0' + (int)packet->type));
    pl_buf_add_str(out, packet->data);
}

/* Reads `body` up to its end or first error and writes the packets in both forms. */
static size_t rewrite(struct pl_buf *text, struct pl_buf *binary, struct pl_str body,
                      bool is_binary)
{
    struct pl_eio3_payload_reader reader;
    struct pl_eio_packet packet;
    struct pl_arena arena;
    size_t count = 0;
    pl_arena_init(&arena, LIMIT_BYTES);
    pl_eio3_payload_reader_init(&reader, body, is_binary);
    for (; pl_eio3_payload_next(&packet, &reader, &arena, NULL) == 1; count++) {
        write_text(text, &packet);
        write_binary(binary, &packet);
    }
    pl_arena_fini(&arena);
    return count;
}

static void fuzz_payload(struct pl_str body, bool is_binary)
{
    struct pl_buf text;
    struct pl_buf binary;
    pl_buf_init(&text, LIMIT_BYTES);
    pl_buf_init(&binary, LIMIT_BYTES);
    size_t count = rewrite(&text, &binary, body, is_binary);
    for (int from_binary = 0; from_binary < 2; from_binary++) {
        struct pl_buf text_again;
        struct pl_buf binary_again;
        pl_buf_init(&text_again, LIMIT_BYTES);
        pl_buf_init(&binary_again, LIMIT_BYTES);
        PL_ASSERT(rewrite(&text_again, &binary_again,
                          from_binary ? pl_buf_str(&binary) : pl_buf_str(&text),
                          from_binary != 0) == count);
        PL_ASSERT(pl_str_eq(pl_buf_str(&text), pl_buf_str(&text_again)));
        PL_ASSERT(pl_str_eq(pl_buf_str(&binary), pl_buf_str(&binary_again)));
        pl_buf_fini(&text_again);
        pl_buf_fini(&binary_again);
    }
    pl_buf_fini(&text);
    pl_buf_fini(&binary);
}

static void fuzz_jsonp(struct pl_str input)
{
    struct pl_buf copy;
    struct pl_buf script;
    struct pl_str payload;
    pl_buf_init(&copy, LIMIT_BYTES);
    pl_buf_init(&script, LIMIT_BYTES);
    pl_buf_add_str(&copy, PL_STR("d="));
    pl_buf_add_str(&copy, input);
    if (pl_eio3_jsonp_read(&payload, (struct pl_span){copy.ptr, copy.len}, NULL) == 0) {
        PL_ASSERT(payload.len <= input.len);
        fuzz_payload(payload, false);
        pl_eio3_jsonp_write(&script, 0, payload);
        struct pl_str argument = pl_str_from(pl_buf_str(&script), 10);
        argument.len -= 2; /* the script is ___eio[0](ARGUMENT); */
        int rc = pl_json_validate(argument, 1, NULL);
        PL_ASSERT(rc == 0 || rc == PL_E_UTF8);
    }
    pl_buf_fini(&copy);
    pl_buf_fini(&script);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_str input = pl_str_make((const char *)data, size);
    if (size > LIMIT_BYTES / 16) {
        return 0;
    }
    fuzz_payload(input, false);
    fuzz_payload(input, true);
    fuzz_jsonp(input);
    return 0;
}
