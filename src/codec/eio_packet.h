/* Engine.IO 4 packets: one text or binary message of a transport, to a type and its data and back.
 * Source: shared spec socketio.md 1.4. Threads: any. No I/O, no clock. */
#ifndef PL_CODEC_EIO_PACKET_H
#define PL_CODEC_EIO_PACKET_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum pl_eio_type {
    PL_EIO_OPEN = 0, /* 0 to 6 are the digits on the wire */
    PL_EIO_CLOSE = 1,
    PL_EIO_PING = 2,
    PL_EIO_PONG = 3,
    PL_EIO_MESSAGE = 4,
    PL_EIO_UPGRADE = 5,
    PL_EIO_NOOP = 6,
    PL_EIO_BINARY = 7, /* a message of bytes; it has no digit */
};

struct pl_eio_packet {
    enum pl_eio_type type;
    struct pl_str data; /* what follows the digit; for PL_EIO_BINARY the decoded bytes */
};

/* Read the packet of a WebSocket text message or of one item of a polling payload. `text` is UTF-8
 * already. out->data borrows from `text`, or from `arena` for PL_EIO_BINARY.
 *   arena  takes the bytes of a `b` + base64 packet; nothing else is allocated
 * Returns 0; PL_E_PROTO (empty, unknown type, bad base64: close with "parse error"); PL_E_TOO_BIG
 * at the arena's cap. */
PL_MUST_CHECK int pl_eio_packet_read(struct pl_eio_packet *out, struct pl_str text,
                                     struct pl_arena *arena, struct pl_error *err);

/* The bytes message that a `b` (of revision 3: `b4`) and base64 stand for. `base64` is what follows
 * the mark; the bytes are in `arena`.
 * Returns 0, PL_E_PROTO or PL_E_TOO_BIG. */
PL_MUST_CHECK int pl_eio_packet_read_base64(struct pl_eio_packet *out, struct pl_str base64,
                                            struct pl_arena *arena, struct pl_error *err);

/* The packet of a WebSocket binary message: all bytes are data. Borrows. */
static inline struct pl_eio_packet pl_eio_packet_of_bytes(struct pl_str bytes)
{
    return (struct pl_eio_packet){PL_EIO_BINARY, bytes};
}

/* The length of the packet as text: what pl_eio_packet_write appends. */
size_t pl_eio_packet_text_len(const struct pl_eio_packet *packet);

/* Append the packet as text; PL_EIO_BINARY becomes `b` + base64, as in polling payloads and on a
 * WebSocket opened with b64=1. On any other WebSocket a binary packet is its bare data and needs no
 * writer. */
void pl_eio_packet_write(struct pl_buf *buf, const struct pl_eio_packet *packet);

#endif
