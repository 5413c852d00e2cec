/* WebSocket frame headers: bytes to header and back, for either side of a connection.
 * Source: RFC 6455 section 5. Threads: any. No allocation, no I/O, no clock. */
#ifndef PL_CODEC_WS_FRAME_H
#define PL_CODEC_WS_FRAME_H

#include "base/error.h"
#include "base/str.h"

#define PL_WS_HEADER_MAX 14         /* bytes of the longest frame header */
#define PL_WS_CONTROL_MAX 125       /* bytes of the longest control payload (section 5.5) */
#define PL_WS_KEY_BYTES ((size_t)4) /* of a masking key */

/* Section 5.2; the other ten values are reserved. */
enum pl_ws_opcode {
    PL_WS_CONTINUATION = 0x0,
    PL_WS_TEXT = 0x1,
    PL_WS_BINARY = 0x2,
    PL_WS_CLOSE = 0x8,
    PL_WS_PING = 0x9,
    PL_WS_PONG = 0xA,
};

/* The reserved bits, at their place in a frame's first byte. */
#define PL_WS_RSV1 0x40u /* permessage-deflate: this message is compressed (RFC 7692) */
#define PL_WS_RSV2 0x20u
#define PL_WS_RSV3 0x10u
#define PL_WS_RSV_ALL 0x70u

/* Which side we are. Clients mask what they send, servers do not, and each refuses the opposite
 * (section 5.1). */
enum pl_ws_role {
    PL_WS_SERVER,
    PL_WS_CLIENT,
};

struct pl_ws_header {
    uint64_t payload_len; /* below 2^63 */
    uint8_t opcode;       /* an enum pl_ws_opcode */
    uint8_t rsv;          /* PL_WS_RSV... bits that are set */
    bool is_final;
    bool is_masked;
    uint8_t key[PL_WS_KEY_BYTES]; /* zeroes when not masked */
};

static inline bool pl_ws_opcode_is_control(uint8_t opcode)
{
    return (opcode & 0x8) != 0;
}

/* Read the header of a frame that the peer sent.
 *   role         our side: PL_WS_SERVER wants masked frames, PL_WS_CLIENT unmasked ones
 *   allowed_rsv  the reserved bits that a negotiated extension gave a meaning; they may be set on
 *                the first frame of a message only, never on continuations and control frames
 * Returns the header's bytes (2 to 14); 0 when more are needed; PL_E_PROTO with the reason in
 * `err`, as soon as the bytes at hand show it. `out` is written only when bytes were consumed. */
PL_MUST_CHECK ptrdiff_t pl_ws_header_read(struct pl_ws_header *out, struct pl_str in,
                                          enum pl_ws_role role, uint8_t allowed_rsv,
                                          struct pl_error *err);

/* The bytes of an unmasked header for a payload of `payload_len` bytes: 2, 4 or 10.
 * A key adds 4. */
static inline size_t pl_ws_header_len(uint64_t payload_len)
{
    return payload_len <= 125 ? 2 : payload_len <= UINT16_MAX ? 4 : 10;
}

/* Write a header into `out`, its length in the shortest form.
 *   opcode_and_rsv  an enum pl_ws_opcode, with PL_WS_RSV... bits added where an extension has them
 *   payload_len     below 2^63; at most PL_WS_CONTROL_MAX for control frames, which are final
 *                   (asserted)
 *   key             PL_WS_KEY_BYTES for a client's frame, NULL for a server's
 * Returns the bytes written. */
size_t pl_ws_header_write(uint8_t out[PL_WS_HEADER_MAX], unsigned opcode_and_rsv, bool is_final,
                          uint64_t payload_len, const uint8_t *key);

#endif
