/* Socket.IO packets of the msgpack parser: a map {type, nsp, data, id} in one message of bytes.
 * Source: shared spec socketio.md 2.13. Threads: any. No I/O, no clock.
 *
 * A packet is turned into one of the default parser (codec/sio_packet.h) and back, so that all
 * above sees JSON and placeholders whichever parser is spoken. It follows that an object of the
 * application's that looks like a placeholder, in a packet that has bytes, is taken for one (spec
 * 2.6), and that namespaces with a comma cannot be named. */
#ifndef PL_CODEC_SIO_MSGPACK_H
#define PL_CODEC_SIO_MSGPACK_H

#include "base/buf.h"
#include "codec/sio_decoder.h"

#define PL_SIO_MSGPACK_KEYS_MAX 20   /* of a packet's map, unknown ones included */
#define PL_SIO_MSGPACK_BINS_MAX 1024 /* pieces of bytes in one packet */

/* The most that the text of a packet of `len` bytes can need. */
static inline size_t pl_sio_msgpack_text_max(size_t len)
{
    return len * 6 + PL_SIO_MSGPACK_BINS_MAX * 48 + 256;
}

/* Read a packet.
 *   scratch  empty; takes the packet's text
 *   arena    takes an event name that has escapes, and the list of attachments
 * *out borrows from `scratch` and `arena`, and is ended with pl_sio_message_fini. Returns 0, or a
 * negative code, after which the connection is closed: PL_E_PROTO, PL_E_UTF8, PL_E_TOO_BIG,
 * PL_E_NOMEM. */
PL_MUST_CHECK int pl_sio_msgpack_read(struct pl_sio_message *out, struct pl_str bytes,
                                      enum pl_sio_role role, struct pl_buf *scratch,
                                      struct pl_arena *arena, struct pl_error *err);

/* Append a packet of the default parser, with its attachments, as msgpack. Returns 0; PL_E_TOO_BIG,
 * PL_E_PROTO when `text` is no packet. Look at pl_buf_failed as well. */
PL_MUST_CHECK int pl_sio_msgpack_write(struct pl_buf *out, struct pl_str text,
                                       const struct pl_str *attachments, size_t attachment_count,
                                       struct pl_error *err);

#endif
