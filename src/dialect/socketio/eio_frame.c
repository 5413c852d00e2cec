/* Engine.IO messages as frame groups: once per encoding, for however many recipients. A packet is
 * its content inside an envelope; each encoding has a row that says which. */
#include "dialect/socketio/eio_internal.h"

#include "base/base64.h"
#include "codec/ws_frame.h"
#include "web/ws_compress.h"

#define GROUP_MAX ((size_t)1 << 31)
#define RECODE_ARENA_SLACK 65536

enum envelope {
    ENVELOPE_WEBSOCKET, /* a frame of its own */
    ENVELOPE_SEPARATED, /* a separator before all but the first */
    ENVELOPE_COUNTED,   /* revision 3: behind its length */
    ENVELOPE_BINARY,    /* revision 3: behind its kind and length, as bytes */
};

struct wire {
    enum envelope envelope;
    enum envelope envelope_with_bytes; /* of all packets of a group that has bytes */
    struct pl_str bytes_mark;          /* before a message of bytes */
    bool is_base64;                    /* and how they are written */
};

static const struct wire wires[PL_EIO_ENCODINGS] = {
    [PL_ENCODING_EIO4_WS] = {ENVELOPE_WEBSOCKET, ENVELOPE_WEBSOCKET, PL_STR_INIT(""), false},
    [PL_ENCODING_EIO4_POLLING] = {ENVELOPE_SEPARATED, ENVELOPE_SEPARATED, PL_STR_INIT("b"), true},
    [PL_ENCODING_EIO4_WS_BASE64] = {ENVELOPE_WEBSOCKET, ENVELOPE_WEBSOCKET, PL_STR_INIT("b"), true},
    [PL_ENCODING_EIO3_WS] = {ENVELOPE_WEBSOCKET, ENVELOPE_WEBSOCKET, PL_STR_INIT("\4"), false},
    [PL_ENCODING_EIO3_WS_BASE64] = {ENVELOPE_WEBSOCKET, ENVELOPE_WEBSOCKET, PL_STR_INIT("b4"),
                                    true},
    [PL_ENCODING_EIO3_POLLING] = {ENVELOPE_COUNTED, ENVELOPE_COUNTED, PL_STR_INIT("b4"), true},
    [PL_ENCODING_EIO3_POLLING_BINARY] = {ENVELOPE_COUNTED, ENVELOPE_BINARY, PL_STR_INIT("\4"),
                                         false},
};

/* Where the next bytes of a group go; with `at` NULL only their number is counted. */
struct cursor {
    uint8_t *at;
    size_t len;
};

/* One packet on its way: a mark, then data. */
struct content {
    struct pl_str mark;
    struct pl_str data;
    bool is_base64; /* what the data is to become */
    bool is_bytes;  /* and is not */
};

/* --- putting --- */

static void put(struct cursor *cursor, const void *bytes, size_t len)
{
    if (cursor->at != NULL && len > 0) {
        memcpy(cursor->at, bytes, len);
        cursor->at += len;
    }
    cursor->len += len;
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

static size_t content_len(const struct content *content)
{
    return content->mark.len +
           (content->is_base64 ? pl_base64_encoded_len(content->data.len) : content->data.len);
}

/* Marks and base64 are ASCII. */
static size_t content_units(const struct content *content)
{
    return content->is_base64 ? content_len(content)
                              : content->mark.len + pl_eio3_count_units(content->data);
}

static void put_envelope(struct cursor *cursor, enum envelope envelope,
                         const struct content *content)
{
    uint8_t head[PL_WS_HEADER_MAX + PL_EIO3_PREFIX_MAX];
    size_t len = content_len(content);
    switch (envelope) {
    case ENVELOPE_WEBSOCKET:
        put(cursor, head,
            pl_ws_header_write(head, content->is_bytes ? PL_WS_BINARY : PL_WS_TEXT, true, len,
                               NULL));
        break;
    case ENVELOPE_SEPARATED:
        put(cursor, "\x1e", cursor->len > 0 ? 1 : 0);
        break;
    case ENVELOPE_COUNTED:
        put(cursor, head, pl_eio3_text_prefix(head, content_units(content)));
        break;
    case ENVELOPE_BINARY:
        put(cursor, head, pl_eio3_binary_prefix(head, content->is_bytes, len));
        break;
    }
}

static void put_content(struct cursor *cursor, enum envelope envelope,
                        const struct content *content)
{
    put_envelope(cursor, envelope, content);
    put(cursor, content->mark.ptr, content->mark.len);
    if (content->is_base64) {
        put_base64(cursor, content->data);
    } else {
        put(cursor, content->data.ptr, content->data.len);
    }
}

static struct content text_content(struct pl_str mark, struct pl_str text)
{
    return (struct content){.mark = mark, .data = text};
}

static struct content bytes_content(const struct wire *wire, struct pl_str bytes)
{
    return (struct content){wire->bytes_mark, bytes, wire->is_base64, !wire->is_base64};
}

/* --- groups --- */

/* What a group is made from. */
struct group {
    const struct wire *wire;
    const struct content *first;
    const struct pl_str *attachments;
    size_t count;
};

static void put_group(struct cursor *cursor, const struct group *group)
{
    const struct wire *wire = group->wire;
    bool has_bytes = group->count > 0 || group->first->is_bytes;
    enum envelope envelope = has_bytes ? wire->envelope_with_bytes : wire->envelope;
    put_content(cursor, envelope, group->first);
    for (size_t i = 0; i < group->count; i++) {
        struct content content = bytes_content(wire, group->attachments[i]);
        put_content(cursor, envelope, &content);
    }
}

static struct pl_frame *create_group(const struct group *group)
{
    struct cursor cursor = {0};
    struct pl_frame *frame = NULL;
    put_group(&cursor, group);
    frame = pl_frame_create(cursor.len);
    if (frame == NULL) {
        return NULL;
    }
    cursor = (struct cursor){.at = frame->data};
    put_group(&cursor, group);
    if (group->wire->envelope == ENVELOPE_WEBSOCKET) {
        frame->packet_offset = (uint16_t)pl_ws_header_len(content_len(group->first));
    }
    return frame;
}

struct pl_frame *pl_eio_frame_create(enum pl_encoding encoding, struct pl_str text,
                                     const struct pl_str *attachments, size_t attachment_count)
{
    struct content first = text_content(PL_STR("4"), text);
    size_t total = text.len;
    for (size_t i = 0; i < attachment_count; i++) {
        if (!pl_size_add(&total, total, attachments[i].len) || total > GROUP_MAX / 2) {
            return NULL;
        }
    }
    if (total > GROUP_MAX / 2) {
        return NULL;
    }
    return create_group(&(struct group){&wires[encoding], &first, attachments, attachment_count});
}

struct pl_frame *pl_eio_frame_pack(struct pl_ws_compression *compression, uint8_t encoding,
                                   struct pl_frame *frame)
{
    return pl_encoding_is_compressed(encoding) ? pl_ws_compress(compression, frame) : frame;
}

struct pl_frame *pl_eio_frame_create_binary(enum pl_encoding encoding, struct pl_str bytes)
{
    struct content first = bytes_content(&wires[encoding], bytes);
    return bytes.len > GROUP_MAX / 2
               ? NULL
               : create_group(&(struct group){&wires[encoding], &first, NULL, 0});
}

struct pl_frame *pl_eio_frame_create_packet(enum pl_encoding encoding, struct pl_str packet)
{
    struct content first = text_content(PL_STR(""), packet);
    return create_group(&(struct group){&wires[encoding], &first, NULL, 0});
}

/* --- from polling to a WebSocket --- */

/* The packets of a payload that we wrote, one frame each. Returns a negative code without memory.
 */
static int put_recoded(struct cursor *cursor, enum pl_encoding encoding, struct pl_str payload)
{
    const struct pl_eio_revision *revision = pl_eio_revision_of_encoding(encoding);
    struct pl_eio_body_reader reader;
    struct pl_eio_packet packet;
    struct pl_arena arena;
    int rc = 0;
    pl_arena_init(&arena, payload.len * 8 + RECODE_ARENA_SLACK);
    revision->begin_body(&reader, payload, pl_eio3_payload_is_binary(payload));
    while ((rc = revision->next_packet(&packet, &reader, &arena, NULL)) > 0) {
        char digit = (char)('0' + (int)packet.type);
        struct content content = packet.type == PL_EIO_BINARY
                                     ? bytes_content(&wires[encoding], packet.data)
                                     : text_content(pl_str_make(&digit, 1), packet.data);
        put_content(cursor, ENVELOPE_WEBSOCKET, &content);
    }
    pl_arena_fini(&arena);
    return rc;
}

struct pl_frame *pl_eio_frame_recode(enum pl_encoding encoding,
                                     const struct pl_frame *polling_frame)
{
    struct pl_str payload = pl_str_make((const char *)polling_frame->data, polling_frame->len);
    struct pl_frame *frame = NULL;
    struct cursor cursor = {0};
    if (put_recoded(&cursor, encoding, payload) == 0) {
        frame = pl_frame_create(cursor.len);
    }
    if (frame == NULL) {
        return NULL;
    }
    cursor = (struct cursor){.at = frame->data};
    if (put_recoded(&cursor, encoding, payload) < 0) {
        pl_frame_unref(&frame);
        return NULL;
    }
    frame->flags = polling_frame->flags;
    return frame;
}
