/* The decoder of one Socket.IO connection: packets whose attachments follow in messages of their
 * own are put together. Source: shared spec socketio.md 2.6. Idle, it holds no memory beside this
 * struct.
 * Threads: one at a time (the attachments may go anywhere: base/blob.h). No I/O, no clock: the
 * caller closes a connection that waits too long. */
#ifndef PL_CODEC_SIO_DECODER_H
#define PL_CODEC_SIO_DECODER_H

#include "base/blob.h"
#include "codec/sio_packet.h"

#define PL_SIO_ATTACHMENT_LIMIT_DEFAULT 10

struct pl_sio_limits {
    enum pl_sio_role role;
    uint32_t attachment_limit; /* per packet; more is an error */
    size_t packet_limit_bytes; /* text and attachments together, while a packet waits */
};

struct pl_sio_decoder {
    const struct pl_sio_limits *limits; /* borrowed, shared by all connections */
    struct pl_sio_pending *pending;     /* owned; NULL unless attachments are missing */
};

/* A complete packet. */
struct pl_sio_message {
    struct pl_sio_packet packet;
    struct pl_blob **attachments; /* by num; the array is in the arena, the references are owned */
    size_t attachment_count;
};

void pl_sio_decoder_init(struct pl_sio_decoder *decoder, const struct pl_sio_limits *limits);

/* Drops what is incomplete; zeroed memory is fine. The decoder is then idle. */
void pl_sio_decoder_fini(struct pl_sio_decoder *decoder);

/* Whether attachments are missing. */
static inline bool pl_sio_decoder_is_waiting(const struct pl_sio_decoder *decoder)
{
    return decoder->pending != NULL;
}

/* Feed the data of a PL_EIO_MESSAGE, or of a PL_EIO_BINARY.
 *   arena  takes what *out points to and is not in `text`; the text of a packet that had to wait is
 *          copied there
 * Returns 1 with a complete packet, which borrows from `text` and `arena` and is ended with
 * pl_sio_message_fini; 0 when attachments are missing; a negative code when the connection must be
 * closed (the decoder is then idle): PL_E_PROTO, PL_E_UTF8, PL_E_TOO_BIG, PL_E_NOMEM. */
PL_MUST_CHECK int pl_sio_decoder_feed_text(struct pl_sio_message *out,
                                           struct pl_sio_decoder *decoder, struct pl_str text,
                                           struct pl_arena *arena, struct pl_error *err);
PL_MUST_CHECK int pl_sio_decoder_feed_binary(struct pl_sio_message *out,
                                             struct pl_sio_decoder *decoder, struct pl_str bytes,
                                             struct pl_arena *arena, struct pl_error *err);

/* Give the references to the attachments back; who keeps one takes a reference before. Zeroed
 * memory is fine. */
void pl_sio_message_fini(struct pl_sio_message *message);

#endif
