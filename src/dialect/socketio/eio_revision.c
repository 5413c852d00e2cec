/* The two revisions of Engine.IO: a row for each. */
#include "dialect/socketio/eio_revision.h"

/* --- revision 4 --- */

static int read_bytes_4(struct pl_eio_packet *out, struct pl_str bytes, struct pl_error *err)
{
    (void)err;
    *out = pl_eio_packet_of_bytes(bytes);
    return 0;
}

static void begin_body_4(struct pl_eio_body_reader *reader, struct pl_str body, bool is_binary)
{
    (void)is_binary;
    pl_eio_payload_reader_init(&reader->as.v4, body);
}

static int next_packet_4(struct pl_eio_packet *out, struct pl_eio_body_reader *reader,
                         struct pl_arena *arena, struct pl_error *err)
{
    return pl_eio_payload_next(out, &reader->as.v4, arena, err);
}

static void join_4(struct pl_buf *out, struct pl_frame *const *frames, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            pl_buf_add_char(out, PL_EIO_SEPARATOR);
        }
        pl_buf_add_str(out, pl_frame_packet(frames[i]));
    }
}

static const struct pl_eio_revision revision_4 = {
    .number = 4,
    .heartbeat = PL_STR_INIT("2"),
    .close_payload = PL_STR_INIT("1"),
    .noop_payload = PL_STR_INIT("6"),
    .noop_close_payload = PL_STR_INIT("6\x1e"
                                      "1"),
    .websocket = PL_ENCODING_EIO4_WS,
    .websocket_base64 = PL_ENCODING_EIO4_WS_BASE64,
    .polling = PL_ENCODING_EIO4_POLLING,
    .polling_base64 = PL_ENCODING_EIO4_POLLING, /* which is base64 for everybody */
    .read_text = pl_eio_packet_read,
    .read_bytes = read_bytes_4,
    .begin_body = begin_body_4,
    .next_packet = next_packet_4,
    .join = join_4,
};

/* --- revision 3 --- */

static void begin_body_3(struct pl_eio_body_reader *reader, struct pl_str body, bool is_binary)
{
    pl_eio3_payload_reader_init(&reader->as.v3, body, is_binary);
}

static int next_packet_3(struct pl_eio_packet *out, struct pl_eio_body_reader *reader,
                         struct pl_arena *arena, struct pl_error *err)
{
    return pl_eio3_payload_next(out, &reader->as.v3, arena, err);
}

/* One group with bytes makes the whole payload binary. */
static void join_3(struct pl_buf *out, struct pl_frame *const *frames, size_t count)
{
    bool is_binary = false;
    for (size_t i = 0; i < count; i++) {
        is_binary = is_binary || pl_eio3_payload_is_binary(pl_frame_packet(frames[i]));
    }
    for (size_t i = 0; i < count; i++) {
        struct pl_str group = pl_frame_packet(frames[i]);
        if (is_binary && !pl_eio3_payload_is_binary(group)) {
            pl_eio3_payload_to_binary(out, group);
        } else {
            pl_buf_add_str(out, group);
        }
    }
}

static const struct pl_eio_revision revision_3 = {
    .number = 3,
    .client_pings = true,
    .takes_binary_bodies = true,
    .has_jsonp = true,
    .heartbeat = PL_STR_INIT("3"),
    .close_payload = PL_STR_INIT("1:1"),
    .noop_payload = PL_STR_INIT("1:6"),
    .noop_close_payload = PL_STR_INIT("1:61:1"),
    .websocket = PL_ENCODING_EIO3_WS,
    .websocket_base64 = PL_ENCODING_EIO3_WS_BASE64,
    .polling = PL_ENCODING_EIO3_POLLING_BINARY,
    .polling_base64 = PL_ENCODING_EIO3_POLLING,
    .read_text = pl_eio3_packet_read,
    .read_bytes = pl_eio3_packet_of_bytes,
    .begin_body = begin_body_3,
    .next_packet = next_packet_3,
    .join = join_3,
};

/* --- choosing --- */

const struct pl_eio_revision *pl_eio_revision_get(uint8_t number)
{
    return number == 4 ? &revision_4 : &revision_3;
}

const struct pl_eio_revision *pl_eio_revision_of_encoding(enum pl_encoding encoding)
{
    return encoding < PL_ENCODING_EIO3_WS ? &revision_4 : &revision_3;
}

enum pl_encoding pl_eio_revision_polling(const struct pl_eio_revision *revision,
                                         const struct pl_eio_query *query)
{
    return query->wants_base64 || query->has_jsonp_index ? revision->polling_base64
                                                         : revision->polling;
}
