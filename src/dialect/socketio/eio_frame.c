/* Engine.IO messages as frame groups: once per encoding, for however many recipients. */
#include "dialect/socketio/eio_internal.h"

#include "base/base64.h"
#include "codec/ws_frame.h"

#define GROUP_MAX ((size_t)1 << 31)

/* Where the next bytes of a group go; with `at` NULL only their number is counted. */
struct cursor {
    uint8_t *at;
    size_t len;
};

static void put(struct cursor *cursor, const void *bytes, size_t len)
{
    if (cursor->at != NULL && len > 0) {
        memcpy(cursor->at, bytes, len);
        cursor->at += len;
    }
    cursor->len += len;
}

static void put_header(struct cursor *cursor, enum pl_ws_opcode opcode, size_t payload_len)
{
    uint8_t header[PL_WS_HEADER_MAX];
    put(cursor, header, pl_ws_header_write(header, opcode, true, payload_len, NULL));
}

static void put_base64(struct cursor *cursor, struct pl_str bytes)
{
    size_t len = pl_base64_encoded_len(bytes.len);
    if (cursor->at != NULL) {
        pl_base64_encode((char *)cursor->at, bytes.ptr, bytes.len);
        cursor->at += len;
    }
    cursor->len += len;
}

static bool has_ws_header(enum pl_encoding encoding)
{
    return encoding != PL_ENCODING_EIO4_POLLING;
}

static void put_text_packet(struct cursor *cursor, enum pl_encoding encoding, struct pl_str text)
{
    if (has_ws_header(encoding)) {
        put_header(cursor, PL_WS_TEXT, text.len + 1);
    }
    put(cursor, "4", 1);
    put(cursor, text.ptr, text.len);
}

static void put_bytes_packet(struct cursor *cursor, enum pl_encoding encoding, struct pl_str bytes)
{
    if (encoding == PL_ENCODING_EIO4_WS) {
        put_header(cursor, PL_WS_BINARY, bytes.len);
        put(cursor, bytes.ptr, bytes.len);
        return;
    }
    if (has_ws_header(encoding)) {
        put_header(cursor, PL_WS_TEXT, pl_base64_encoded_len(bytes.len) + 1);
    }
    put(cursor, "b", 1);
    put_base64(cursor, bytes);
}

static void put_separator(struct cursor *cursor, enum pl_encoding encoding)
{
    if (encoding == PL_ENCODING_EIO4_POLLING) {
        put(cursor, "\x1e", 1);
    }
}

static void put_group(struct cursor *cursor, enum pl_encoding encoding, struct pl_str text,
                      const struct pl_str *attachments, size_t count)
{
    put_text_packet(cursor, encoding, text);
    for (size_t i = 0; i < count; i++) {
        put_separator(cursor, encoding);
        put_bytes_packet(cursor, encoding, attachments[i]);
    }
}

static size_t first_packet_offset(enum pl_encoding encoding, size_t packet_len)
{
    return has_ws_header(encoding) ? pl_ws_header_len(packet_len) : 0;
}

struct pl_frame *pl_eio_frame_create(enum pl_encoding encoding, struct pl_str text,
                                     const struct pl_str *attachments, size_t attachment_count)
{
    struct cursor cursor = {0};
    struct pl_frame *frame = NULL;
    size_t total = text.len;
    for (size_t i = 0; i < attachment_count; i++) {
        if (!pl_size_add(&total, total, attachments[i].len) || total > GROUP_MAX / 2) {
            return NULL;
        }
    }
    if (total > GROUP_MAX / 2) {
        return NULL;
    }
    put_group(&cursor, encoding, text, attachments, attachment_count);
    frame = pl_frame_create(cursor.len);
    if (frame == NULL) {
        return NULL;
    }
    cursor = (struct cursor){.at = frame->data};
    put_group(&cursor, encoding, text, attachments, attachment_count);
    frame->packet_offset = (uint16_t)first_packet_offset(encoding, text.len + 1);
    return frame;
}

struct pl_frame *pl_eio_frame_create_binary(enum pl_encoding encoding, struct pl_str bytes)
{
    struct cursor cursor = {0};
    struct pl_frame *frame = NULL;
    if (bytes.len > GROUP_MAX / 2) {
        return NULL;
    }
    put_bytes_packet(&cursor, encoding, bytes);
    frame = pl_frame_create(cursor.len);
    if (frame != NULL) {
        cursor = (struct cursor){.at = frame->data};
        put_bytes_packet(&cursor, encoding, bytes);
    }
    return frame;
}

struct pl_frame *pl_eio_frame_create_bare(enum pl_encoding encoding, char digit)
{
    struct cursor cursor = {0};
    struct pl_frame *frame = pl_frame_create(first_packet_offset(encoding, 1) + 1);
    if (frame == NULL) {
        return NULL;
    }
    cursor.at = frame->data;
    if (has_ws_header(encoding)) {
        put_header(&cursor, PL_WS_TEXT, 1);
    }
    put(&cursor, &digit, 1);
    frame->packet_offset = (uint16_t)first_packet_offset(encoding, 1);
    return frame;
}

/* One packet of a polling group, for a WebSocket. Returns false without memory. */
static bool recode_packet(struct pl_buf *out, enum pl_encoding encoding, struct pl_str packet)
{
    uint8_t header[PL_WS_HEADER_MAX];
    if (packet.ptr[0] != 'b' || encoding == PL_ENCODING_EIO4_WS_BASE64) {
        pl_buf_add(out, header, pl_ws_header_write(header, PL_WS_TEXT, true, packet.len, NULL));
        pl_buf_add_str(out, packet);
        return !pl_buf_failed(out);
    }
    struct pl_str text = pl_str_from(packet, 1);
    uint8_t *bytes = pl_try_alloc(pl_base64_decoded_max(text.len));
    ptrdiff_t len = bytes == NULL ? -1 : pl_base64_decode(bytes, text);
    if (len >= 0) {
        pl_buf_add(out, header, pl_ws_header_write(header, PL_WS_BINARY, true, (size_t)len, NULL));
        pl_buf_add(out, bytes, (size_t)len);
    }
    pl_free(bytes);
    return len >= 0 && !pl_buf_failed(out);
}

struct pl_frame *pl_eio_frame_recode(enum pl_encoding encoding,
                                     const struct pl_frame *polling_frame)
{
    struct pl_str rest = pl_str_make((const char *)polling_frame->data, polling_frame->len);
    struct pl_frame *frame = NULL;
    struct pl_buf out;
    bool is_whole = true;
    pl_buf_init(&out, GROUP_MAX);
    while (is_whole && rest.len > 0) {
        is_whole = recode_packet(&out, encoding, pl_str_split(&rest, PL_EIO_SEPARATOR));
    }
    if (is_whole) {
        frame = pl_frame_create(out.len);
    }
    if (frame != NULL) {
        memcpy(frame->data, out.ptr, out.len);
        frame->flags = polling_frame->flags;
    }
    pl_buf_fini(&out);
    return frame;
}
