/* Engine.IO 3 packets and payloads. Both forms are read by the same two steps: the length, then an
 * item of that length. */
#include "codec/eio3_payload.h"

#include "base/base64.h"
#include "base/utf8.h"

#define BYTES_TYPE 4     /* the packet type `message` as a byte */
#define BINARY_END 0xFFu /* of a length in the binary form */

/* --- packets --- */

int pl_eio3_packet_read(struct pl_eio_packet *out, struct pl_str text, struct pl_arena *arena,
                        struct pl_error *err)
{
    if (pl_str_starts_with(text, PL_STR("b4"))) {
        return pl_eio_packet_read_base64(out, pl_str_from(text, 2), arena, err);
    }
    if (pl_str_starts_with(text, PL_STR("b"))) {
        return pl_error_set(err, PL_E_PROTO, "parse error: bytes that are no message");
    }
    return pl_eio_packet_read(out, text, arena, err);
}

int pl_eio3_packet_of_bytes(struct pl_eio_packet *out, struct pl_str bytes, struct pl_error *err)
{
    if (bytes.len == 0 || bytes.ptr[0] != BYTES_TYPE) {
        return pl_error_set(err, PL_E_PROTO, "parse error: bytes that are no message");
    }
    *out = pl_eio_packet_of_bytes(pl_str_from(bytes, 1));
    return 0;
}

/* --- reading payloads --- */

void pl_eio3_payload_reader_init(struct pl_eio3_payload_reader *reader, struct pl_str body,
                                 bool is_binary)
{
    *reader = (struct pl_eio3_payload_reader){.rest = body, .is_binary = is_binary};
}

/* A length from the front of *rest: digits above `zero`, up to `end`. False when it is none. */
static bool read_length(uint64_t *out, struct pl_str *rest, uint8_t zero, uint8_t end)
{
    uint64_t value = 0;
    for (size_t i = 0; i < rest->len && i <= PL_EIO3_DIGITS_MAX; i++) {
        uint8_t byte = (uint8_t)rest->ptr[i];
        if (byte == end && i > 0) {
            *out = value;
            *rest = pl_str_from(*rest, i + 1);
            return true;
        }
        if (byte < zero || byte > zero + 9) {
            return false;
        }
        value = value * 10 + (uint64_t)(byte - zero);
    }
    return false;
}

static bool is_continuation(char byte)
{
    return ((uint8_t)byte & 0xC0u) == 0x80;
}

/* The bytes of the first `unit_count` UTF-16 code units of `text`; false when it has no such part.
 */
static bool find_units(size_t *out, struct pl_str text, uint64_t unit_count)
{
    size_t at = 0;
    while (unit_count > 0 && at < text.len) {
        uint64_t units = (uint8_t)text.ptr[at] >= 0xF0 ? 2 : 1;
        if (units > unit_count) {
            return false; /* half a character */
        }
        unit_count -= units;
        do {
            at++;
        } while (at < text.len && is_continuation(text.ptr[at]));
    }
    *out = at;
    return unit_count == 0;
}

/* The next item of the text form, and what is behind it. */
static bool split_text(struct pl_str *item, struct pl_str *rest)
{
    uint64_t unit_count = 0;
    size_t len = 0;
    if (!read_length(&unit_count, rest, '0', ':') || !find_units(&len, *rest, unit_count)) {
        return false;
    }
    *item = pl_str_first(*rest, len);
    *rest = pl_str_from(*rest, len);
    return true;
}

static bool split_binary(struct pl_str *item, bool *is_bytes, struct pl_str *rest)
{
    uint64_t len = 0;
    if (!pl_eio3_payload_is_binary(*rest)) {
        return false;
    }
    *is_bytes = rest->ptr[0] == 1;
    *rest = pl_str_from(*rest, 1);
    if (!read_length(&len, rest, 0, BINARY_END) || len > rest->len) {
        return false;
    }
    *item = pl_str_first(*rest, (size_t)len);
    *rest = pl_str_from(*rest, (size_t)len);
    return true;
}

int pl_eio3_payload_next(struct pl_eio_packet *out, struct pl_eio3_payload_reader *reader,
                         struct pl_arena *arena, struct pl_error *err)
{
    struct pl_str rest = reader->rest;
    struct pl_str item = {0};
    bool is_bytes = false;
    int rc = 0;
    if (reader->is_begun && rest.len == 0) {
        return 0;
    }
    if (!(reader->is_binary ? split_binary(&item, &is_bytes, &rest) : split_text(&item, &rest))) {
        return pl_error_set(err, PL_E_PROTO, "parse error: not a payload");
    }
    if (!is_bytes && !pl_utf8_is_valid(item)) {
        return pl_error_set(err, PL_E_PROTO, "parse error: not UTF-8");
    }
    rc = is_bytes ? pl_eio3_packet_of_bytes(out, item, err)
                  : pl_eio3_packet_read(out, item, arena, err);
    if (rc < 0) {
        return rc;
    }
    reader->rest = rest;
    reader->is_begun = true;
    return 1;
}

/* --- writing payloads --- */

size_t pl_eio3_count_units(struct pl_str utf8)
{
    size_t count = 0;
    for (size_t i = 0; i < utf8.len; i++) {
        count += (size_t)!is_continuation(utf8.ptr[i]) + ((uint8_t)utf8.ptr[i] >= 0xF0);
    }
    return count;
}

/* `value` in decimal, its digits above `zero`. Returns their number. */
static size_t write_length(uint8_t *out, size_t value, uint8_t zero)
{
    uint8_t digits[20];
    size_t count = 0;
    do {
        digits[count++] = (uint8_t)(zero + value % 10);
        value /= 10;
    } while (value > 0);
    PL_ASSERT(count <= PL_EIO3_DIGITS_MAX);
    for (size_t i = 0; i < count; i++) {
        out[i] = digits[count - 1 - i];
    }
    return count;
}

size_t pl_eio3_text_prefix(uint8_t out[PL_EIO3_PREFIX_MAX], size_t unit_count)
{
    size_t len = write_length(out, unit_count, '0');
    out[len] = ':';
    return len + 1;
}

size_t pl_eio3_binary_prefix(uint8_t out[PL_EIO3_PREFIX_MAX], bool is_bytes, size_t len)
{
    size_t digit_count = write_length(out + 1, len, 0);
    out[0] = is_bytes;
    out[1 + digit_count] = BINARY_END;
    return digit_count + 2;
}

void pl_eio3_payload_to_binary(struct pl_buf *out, struct pl_str text_payload)
{
    uint8_t prefix[PL_EIO3_PREFIX_MAX];
    struct pl_str item;
    while (text_payload.len > 0 && split_text(&item, &text_payload)) {
        pl_buf_add(out, prefix, pl_eio3_binary_prefix(prefix, false, item.len));
        pl_buf_add_str(out, item);
    }
}
