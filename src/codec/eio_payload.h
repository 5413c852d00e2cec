/* Engine.IO 4 polling payloads: packets joined by the byte 0x1e.
 * Source: shared spec socketio.md 1.5.1. Threads: any. No I/O, no clock. */
#ifndef PL_CODEC_EIO_PAYLOAD_H
#define PL_CODEC_EIO_PAYLOAD_H

#include "codec/eio_packet.h"

#define PL_EIO_SEPARATOR '\x1e'

/* Where the reading of one POST body stands. */
struct pl_eio_payload_reader {
    struct pl_str rest; /* borrowed from the body; what is not read yet */
    bool is_over;
};

/* `body` stays as it is while the reader and the packets are used. */
void pl_eio_payload_reader_init(struct pl_eio_payload_reader *reader, struct pl_str body);

/* Read the next packet; its text is checked to be UTF-8. `arena` and out->data as with
 * pl_eio_packet_read.
 * Returns 1 with a packet, 0 when there are no more, or the errors of pl_eio_packet_read; an empty
 * body, an empty item and bad UTF-8 are PL_E_PROTO. Packets before a bad one have been delivered by
 * then (spec 1.5.3 row 9); after an error every further call gives the same error. */
PL_MUST_CHECK int pl_eio_payload_next(struct pl_eio_packet *out,
                                      struct pl_eio_payload_reader *reader, struct pl_arena *arena,
                                      struct pl_error *err);

/* Where the writing of one poll answer stands. */
struct pl_eio_payload_writer {
    struct pl_buf *buf; /* borrowed */
    size_t start;       /* where in buf the payload begins */
};

/* The payload is appended to what `buf` holds. */
void pl_eio_payload_writer_init(struct pl_eio_payload_writer *writer, struct pl_buf *buf);

/* The length of the payload so far. */
size_t pl_eio_payload_len(const struct pl_eio_payload_writer *writer);

/* Append a packet, behind a separator unless it is the first. */
void pl_eio_payload_add(struct pl_eio_payload_writer *writer, const struct pl_eio_packet *packet);

/* The same for the text of a packet that is encoded already. */
void pl_eio_payload_add_text(struct pl_eio_payload_writer *writer, struct pl_str packet_text);

#endif
