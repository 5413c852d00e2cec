/* The payload of WebSocket close frames: two bytes of code, then a reason in UTF-8. */
#include "codec/ws_close.h"

#include "base/utf8.h"

bool pl_ws_close_code_is_allowed(uint16_t code)
{
    return (code >= PL_WS_CLOSE_NORMAL && code <= PL_WS_CLOSE_UNSUPPORTED) ||
           (code >= PL_WS_CLOSE_INVALID_DATA && code <= PL_WS_CLOSE_BAD_GATEWAY) ||
           (code >= 3000 && code <= 4999);
}

uint16_t pl_ws_close_code_of_error(int error)
{
    switch (error) {
    case PL_E_PROTO:
        return PL_WS_CLOSE_PROTOCOL;
    case PL_E_UTF8:
        return PL_WS_CLOSE_INVALID_DATA;
    case PL_E_TOO_BIG:
        return PL_WS_CLOSE_TOO_BIG;
    default:
        return PL_WS_CLOSE_INTERNAL;
    }
}

int pl_ws_close_read(uint16_t *code, struct pl_str *reason, struct pl_str payload,
                     struct pl_error *err)
{
    uint16_t wire_code = 0;
    if (payload.len == 0) {
        *code = PL_WS_CLOSE_NO_STATUS;
        *reason = PL_STR("");
        return 0;
    }
    if (payload.len == 1) {
        return pl_error_set(err, PL_E_PROTO, "close frame with half a code");
    }
    wire_code = (uint16_t)((uint8_t)payload.ptr[0] << 8 | (uint8_t)payload.ptr[1]);
    if (!pl_ws_close_code_is_allowed(wire_code)) {
        return pl_error_set(err, PL_E_PROTO, "close code %u is not allowed", wire_code);
    }
    if (!pl_utf8_is_valid(pl_str_from(payload, 2))) {
        return pl_error_set(err, PL_E_UTF8, "close reason is not UTF-8");
    }
    *code = wire_code;
    *reason = pl_str_from(payload, 2);
    return 0;
}

size_t pl_ws_close_write(uint8_t out[PL_WS_CONTROL_MAX], uint16_t code, struct pl_str reason)
{
    size_t reason_len = 0;
    if (code == PL_WS_CLOSE_NO_STATUS) {
        return 0;
    }
    PL_ASSERT(pl_ws_close_code_is_allowed(code));
    out[0] = (uint8_t)(code >> 8);
    out[1] = (uint8_t)(code & 0xFF);
    if (reason.len > 0 && pl_utf8_is_valid(reason)) {
        reason_len = pl_utf8_cut(reason, PL_WS_REASON_MAX);
        memcpy(out + 2, reason.ptr, reason_len);
    }
    return 2 + reason_len;
}
