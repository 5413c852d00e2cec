/* Engine.IO 4 polling payloads. Splitting needs no look at the packets: UTF-8 has the separator
 * byte nowhere else, and JSON escapes the character. */
#include "codec/eio_payload.h"

#include "base/utf8.h"

void pl_eio_payload_reader_init(struct pl_eio_payload_reader *reader, struct pl_str body)
{
    *reader = (struct pl_eio_payload_reader){.rest = body};
}

int pl_eio_payload_next(struct pl_eio_packet *out, struct pl_eio_payload_reader *reader,
                        struct pl_arena *arena, struct pl_error *err)
{
    size_t len = 0;
    struct pl_str item;
    int rc = 0;
    if (reader->is_over) {
        return 0;
    }
    len = pl_str_find_char(reader->rest, PL_EIO_SEPARATOR);
    item = pl_str_first(reader->rest, len);
    if (!pl_utf8_is_valid(item)) {
        return pl_error_set(err, PL_E_PROTO, "parse error: not UTF-8");
    }
    rc = pl_eio_packet_read(out, item, arena, err);
    if (rc < 0) {
        return rc;
    }
    reader->is_over = len == reader->rest.len;
    reader->rest = pl_str_from(reader->rest, len + 1);
    return 1;
}

void pl_eio_payload_writer_init(struct pl_eio_payload_writer *writer, struct pl_buf *buf)
{
    *writer = (struct pl_eio_payload_writer){.buf = buf, .start = buf->len};
}

size_t pl_eio_payload_len(const struct pl_eio_payload_writer *writer)
{
    return writer->buf->len - writer->start;
}

static void add_separator(struct pl_eio_payload_writer *writer)
{
    if (pl_eio_payload_len(writer) > 0) {
        pl_buf_add_char(writer->buf, PL_EIO_SEPARATOR);
    }
}

void pl_eio_payload_add(struct pl_eio_payload_writer *writer, const struct pl_eio_packet *packet)
{
    add_separator(writer);
    pl_eio_packet_write(writer->buf, packet);
}

void pl_eio_payload_add_text(struct pl_eio_payload_writer *writer, struct pl_str packet_text)
{
    add_separator(writer);
    pl_buf_add_str(writer->buf, packet_text);
}
