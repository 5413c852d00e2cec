/* MessagePack to JSON text and back, with bytes as Socket.IO placeholders. Source: shared spec
 * socketio.md 2.13; for what JSON has not, the encoder that its clients use (notepack.io 2).
 * Threads: any. No I/O, no clock.
 *
 * Integers keep all their digits, doubles their value; NaN and the infinities become null, as in
 * JSON.stringify. `undefined` (D4 00 00) is null in an array and leaves a member of a map out. A
 * Date (D7 00 and milliseconds) is the text that JSON.stringify makes of it; an ArrayBuffer (an
 * extension of type 0 with a length) is bytes. Other extensions are refused, and so are keys that
 * are not text. */
#ifndef PL_CODEC_MSGPACK_JSON_H
#define PL_CODEC_MSGPACK_JSON_H

#include "base/arena.h"
#include "codec/msgpack.h"

/* Append the value at the front of *rest as JSON and move *rest behind it.
 *   bin_count    counted up for each piece of bytes, whose placeholder has the number before
 *   depth_limit  as pl_msgpack_skip
 * Returns 0; PL_E_PROTO, PL_E_UTF8, PL_E_TOO_BIG (too deep). Look at pl_buf_failed as well. */
PL_MUST_CHECK int pl_msgpack_to_json(struct pl_buf *out, struct pl_str *rest, uint32_t *bin_count,
                                     size_t depth_limit, struct pl_error *err);

/* Whether the item is bytes, and which. */
bool pl_msgpack_is_bytes(struct pl_str *bytes, const struct pl_msgpack_item *item);

/* Whether the item is `undefined`. */
bool pl_msgpack_is_undefined(const struct pl_msgpack_item *item);

/* Append a JSON value, which is valid; placeholders below `attachment_count` become bytes.
 *   arena  takes strings that have escapes
 * Returns 0, or PL_E_TOO_BIG at the arena's cap. Look at pl_buf_failed as well. */
PL_MUST_CHECK int pl_msgpack_of_json(struct pl_buf *out, struct pl_str json,
                                     const struct pl_str *attachments, size_t attachment_count,
                                     struct pl_arena *arena, struct pl_error *err);

#endif
