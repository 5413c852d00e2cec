/* Engine.IO 4 packets: a digit and text, or `b` and base64. */
#include "codec/eio_packet.h"

#include "base/base64.h"

#define BINARY_MARK 'b'

int pl_eio_packet_read_base64(struct pl_eio_packet *out, struct pl_str base64,
                              struct pl_arena *arena, struct pl_error *err)
{
    ptrdiff_t len = 0;
    void *bytes = pl_arena_alloc(arena, pl_base64_decoded_max(base64.len));
    if (bytes == NULL) {
        return pl_error_set(err, PL_E_TOO_BIG, "binary packet too big");
    }
    len = pl_base64_decode(bytes, base64);
    if (len < 0) {
        return pl_error_set(err, PL_E_PROTO, "parse error: not base64");
    }
    *out = pl_eio_packet_of_bytes(pl_str_make(bytes, (size_t)len));
    return 0;
}

int pl_eio_packet_read(struct pl_eio_packet *out, struct pl_str text, struct pl_arena *arena,
                       struct pl_error *err)
{
    char first = 0;
    if (text.len == 0) {
        return pl_error_set(err, PL_E_PROTO, "parse error: empty packet");
    }
    first = text.ptr[0];
    if (first == BINARY_MARK) {
        return pl_eio_packet_read_base64(out, pl_str_from(text, 1), arena, err);
    }
    if (first < '0' || first > '6') {
        return pl_error_set(err, PL_E_PROTO, "parse error: unknown packet type");
    }
    out->type = (enum pl_eio_type)(first - '0');
    out->data = pl_str_from(text, 1);
    return 0;
}

size_t pl_eio_packet_text_len(const struct pl_eio_packet *packet)
{
    return 1 + (packet->type == PL_EIO_BINARY ? pl_base64_encoded_len(packet->data.len)
                                              : packet->data.len);
}

void pl_eio_packet_write(struct pl_buf *buf, const struct pl_eio_packet *packet)
{
    if (packet->type == PL_EIO_BINARY) {
        pl_buf_add_char(buf, BINARY_MARK);
        pl_buf_add_base64(buf, packet->data.ptr, packet->data.len);
        return;
    }
    pl_buf_add_char(buf, (char)('0' + (int)packet->type));
    pl_buf_add_str(buf, packet->data);
}
