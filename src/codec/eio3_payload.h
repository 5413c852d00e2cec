/* Engine.IO 3, where its wire differs from revision 4: the type byte in front of bytes, polling
 * payloads whose packets are counted, and JSONP. Source: shared spec socketio.md 1.14. Threads:
 * any. No I/O, no clock.
 *
 * A payload has one of two forms. Text: each packet behind its length and a colon, `6:4hello`; the
 * length counts UTF-16 code units, because the clients count so. Binary, once a client that takes
 * bytes is sent some: each packet behind a byte 0 (text) or 1 (bytes), its length in bytes with one
 * digit per byte (values 0 to 9), and 0xFF. */
#ifndef PL_CODEC_EIO3_PAYLOAD_H
#define PL_CODEC_EIO3_PAYLOAD_H

#include "codec/eio_packet.h"

#define PL_EIO3_DIGITS_MAX 10                           /* of a length; more is a parse error */
#define PL_EIO3_PREFIX_MAX (1 + PL_EIO3_DIGITS_MAX + 1) /* of one packet in a payload */

/* --- packets --- */

/* The packet of a WebSocket text message, or of a text in a payload. As pl_eio_packet_read, but
 * bytes are `b4` + base64. */
PL_MUST_CHECK int pl_eio3_packet_read(struct pl_eio_packet *out, struct pl_str text,
                                      struct pl_arena *arena, struct pl_error *err);

/* The packet of a WebSocket binary message, or of bytes in a payload: behind a byte 4. Borrows.
 * Returns 0 or PL_E_PROTO. */
PL_MUST_CHECK int pl_eio3_packet_of_bytes(struct pl_eio_packet *out, struct pl_str bytes,
                                          struct pl_error *err);

/* --- reading payloads --- */

struct pl_eio3_payload_reader {
    struct pl_str rest; /* borrowed from the body; what is not read yet */
    bool is_binary;     /* its form */
    bool is_begun;
};

/* `body` stays as it is while the reader and the packets are used. */
void pl_eio3_payload_reader_init(struct pl_eio3_payload_reader *reader, struct pl_str body,
                                 bool is_binary);

/* Read the next packet; text is checked to be UTF-8. Results and errors as pl_eio_payload_next. */
PL_MUST_CHECK int pl_eio3_payload_next(struct pl_eio_packet *out,
                                       struct pl_eio3_payload_reader *reader,
                                       struct pl_arena *arena, struct pl_error *err);

/* Whether a payload that we wrote has the binary form. */
static inline bool pl_eio3_payload_is_binary(struct pl_str payload)
{
    return payload.len > 0 && payload.ptr[0] <= 1;
}

/* --- writing payloads --- */

/* The UTF-16 code units of well-formed UTF-8. */
size_t pl_eio3_count_units(struct pl_str utf8);

/* What stands before a packet of so many code units in the text form. Returns its length. */
size_t pl_eio3_text_prefix(uint8_t out[PL_EIO3_PREFIX_MAX], size_t unit_count);

/* The same in the binary form, for a packet of `len` bytes. */
size_t pl_eio3_binary_prefix(uint8_t out[PL_EIO3_PREFIX_MAX], bool is_bytes, size_t len);

/* Append a payload of the text form, without `b4` packets, in the binary form; anything else than a
 * payload that we wrote is cut off where it stops being one. */
void pl_eio3_payload_to_binary(struct pl_buf *out, struct pl_str text_payload);

/* --- JSONP --- */

/* Append the script that hands a payload of the text form to callback number `index`. */
void pl_eio3_jsonp_write(struct pl_buf *out, uint32_t index, struct pl_str payload);

/* The payload in the form of a JSONP POST (`d=...`), decoded in place. Returns 0, or PL_E_PROTO
 * when the form has no `d`. */
PL_MUST_CHECK int pl_eio3_jsonp_read(struct pl_str *payload, struct pl_span form,
                                     struct pl_error *err);

#endif
