/* WebSocket frame headers. The first and the second byte are judged as soon as they are there, so a
 * peer that will never send a valid frame is not waited for. */
#include "codec/ws_frame.h"

#define FIN_BIT 0x80u
#define MASK_BIT 0x80u
#define OPCODE_BITS 0x0Fu
#define LEN_BITS 0x7Fu
#define LEN_OF_2 126 /* the length is in the next two bytes */
#define LEN_OF_8 127 /* the length is in the next eight bytes */

static bool is_known_opcode(uint8_t opcode)
{
    return opcode <= PL_WS_BINARY || (opcode >= PL_WS_CLOSE && opcode <= PL_WS_PONG);
}

static int first_byte_read(struct pl_ws_header *out, uint8_t byte, uint8_t allowed_rsv,
                           struct pl_error *err)
{
    out->is_final = (byte & FIN_BIT) != 0;
    out->rsv = (uint8_t)(byte & PL_WS_RSV_ALL);
    out->opcode = (uint8_t)(byte & OPCODE_BITS);
    if (!is_known_opcode(out->opcode)) {
        return pl_error_set(err, PL_E_PROTO, "reserved opcode %u", out->opcode);
    }
    if (out->opcode != PL_WS_TEXT && out->opcode != PL_WS_BINARY) {
        allowed_rsv = 0;
    }
    if ((out->rsv & ~allowed_rsv) != 0) {
        return pl_error_set(err, PL_E_PROTO, "reserved bits 0x%02x without a meaning", out->rsv);
    }
    if (pl_ws_opcode_is_control(out->opcode) && !out->is_final) {
        return pl_error_set(err, PL_E_PROTO, "fragmented control frame");
    }
    return 0;
}

/* Returns 0 with the 7-bit length field in *len_field, or PL_E_PROTO. */
static int second_byte_read(struct pl_ws_header *out, uint8_t *len_field, uint8_t byte,
                            enum pl_ws_role role, struct pl_error *err)
{
    out->is_masked = (byte & MASK_BIT) != 0;
    *len_field = (uint8_t)(byte & LEN_BITS);
    if (role == PL_WS_SERVER && !out->is_masked) {
        return pl_error_set(err, PL_E_PROTO, "frame of a client is not masked");
    }
    if (role == PL_WS_CLIENT && out->is_masked) {
        return pl_error_set(err, PL_E_PROTO, "frame of a server is masked");
    }
    if (pl_ws_opcode_is_control(out->opcode) && *len_field > PL_WS_CONTROL_MAX) {
        return pl_error_set(err, PL_E_PROTO, "control frame longer than 125 bytes");
    }
    return 0;
}

static uint64_t big_endian_read(const uint8_t *at, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

static void big_endian_write(uint8_t *out, size_t len, uint64_t value)
{
    for (size_t i = len; i > 0; i--) {
        out[i - 1] = (uint8_t)(value & 0xFF);
        value >>= 8;
    }
}

/* `at` has `size` bytes: 0, 2 or 8. */
static int length_read(uint64_t *out, uint8_t len_field, const uint8_t *at, size_t size,
                       struct pl_error *err)
{
    *out = size == 0 ? len_field : big_endian_read(at, size);
    if (*out > INT64_MAX) {
        return pl_error_set(err, PL_E_PROTO, "payload length of 64 bits");
    }
    if (pl_ws_header_len(*out) != 2 + size) {
        return pl_error_set(err, PL_E_PROTO, "payload length not in its shortest form");
    }
    return 0;
}

ptrdiff_t pl_ws_header_read(struct pl_ws_header *out, struct pl_str in, enum pl_ws_role role,
                            uint8_t allowed_rsv, struct pl_error *err)
{
    const uint8_t *at = (const uint8_t *)in.ptr;
    struct pl_ws_header header = {0};
    uint8_t len_field = 0;
    size_t len_size = 0;
    size_t key_at = 0;
    int rc = 0;
    if (in.len >= 1 && (rc = first_byte_read(&header, at[0], allowed_rsv, err)) < 0) {
        return rc;
    }
    if (in.len >= 2 && (rc = second_byte_read(&header, &len_field, at[1], role, err)) < 0) {
        return rc;
    }
    len_size = len_field == LEN_OF_2 ? 2 : len_field == LEN_OF_8 ? 8 : 0;
    key_at = 2 + len_size;
    if (in.len < key_at) {
        return 0;
    }
    rc = length_read(&header.payload_len, len_field, at + 2, len_size, err);
    if (rc < 0) {
        return rc;
    }
    if (header.is_masked) {
        if (in.len < key_at + PL_WS_KEY_BYTES) {
            return 0;
        }
        memcpy(header.key, at + key_at, PL_WS_KEY_BYTES);
        key_at += PL_WS_KEY_BYTES;
    }
    *out = header;
    return (ptrdiff_t)key_at;
}

size_t pl_ws_header_write(uint8_t out[PL_WS_HEADER_MAX], unsigned opcode_and_rsv, bool is_final,
                          uint64_t payload_len, const uint8_t *key)
{
    size_t len = pl_ws_header_len(payload_len);
    bool is_control = pl_ws_opcode_is_control((uint8_t)(opcode_and_rsv & OPCODE_BITS));
    PL_ASSERT(payload_len <= INT64_MAX);
    PL_ASSERT((opcode_and_rsv & ~(PL_WS_RSV_ALL | OPCODE_BITS)) == 0);
    PL_ASSERT(!is_control || (is_final && payload_len <= PL_WS_CONTROL_MAX));
    out[0] = (uint8_t)((is_final ? FIN_BIT : 0) | opcode_and_rsv);
    if (len == 2) {
        out[1] = (uint8_t)payload_len;
    } else {
        out[1] = len == 4 ? LEN_OF_2 : LEN_OF_8;
        big_endian_write(out + 2, len - 2, payload_len);
    }
    if (key != NULL) {
        out[1] |= MASK_BIT;
        memcpy(out + len, key, PL_WS_KEY_BYTES);
        len += PL_WS_KEY_BYTES;
    }
    return len;
}
