/* WebSocket close: the codes, and the payload of a close frame in both directions.
 * Source: RFC 6455 sections 5.5.1 and 7.4, and the IANA registry of close codes.
 * Threads: any. No allocation, no I/O, no clock. */
#ifndef PL_CODEC_WS_CLOSE_H
#define PL_CODEC_WS_CLOSE_H

#include "codec/ws_frame.h"

enum pl_ws_close_code {
    PL_WS_CLOSE_NORMAL = 1000,
    PL_WS_CLOSE_GOING_AWAY = 1001,
    PL_WS_CLOSE_PROTOCOL = 1002,
    PL_WS_CLOSE_UNSUPPORTED = 1003,
    PL_WS_CLOSE_NO_STATUS = 1005, /* never on the wire: the close frame was empty */
    PL_WS_CLOSE_ABNORMAL = 1006,  /* never on the wire: there was no close frame */
    PL_WS_CLOSE_INVALID_DATA = 1007,
    PL_WS_CLOSE_POLICY = 1008,
    PL_WS_CLOSE_TOO_BIG = 1009,
    PL_WS_CLOSE_EXTENSION_MISSING = 1010,
    PL_WS_CLOSE_INTERNAL = 1011,
    PL_WS_CLOSE_RESTART = 1012,
    PL_WS_CLOSE_TRY_LATER = 1013,
    PL_WS_CLOSE_BAD_GATEWAY = 1014,
};

/* Bytes of the longest reason: what two bytes of code leave of a control payload. */
#define PL_WS_REASON_MAX (PL_WS_CONTROL_MAX - 2)

/* Whether a close frame may carry `code`: 1000..1003, 1007..1014, 3000..4999. */
bool pl_ws_close_code_is_allowed(uint16_t code);

/* The code to close with when reading failed with `error`: PL_E_PROTO 1002, PL_E_UTF8 1007,
 * PL_E_TOO_BIG 1009; anything else 1011 (PL_E_NOMEM: the fault is ours, the peer may come
 * again). */
uint16_t pl_ws_close_code_of_error(int error);

/* Read the payload of a close frame, already unmasked. An empty one is PL_WS_CLOSE_NO_STATUS.
 * *reason borrows from `payload`.
 * Returns 0; PL_E_PROTO for a payload of one byte or a code that is not allowed; PL_E_UTF8 for a
 * reason that is not UTF-8. The outputs are written only on success. */
PL_MUST_CHECK int pl_ws_close_read(uint16_t *code, struct pl_str *reason, struct pl_str payload,
                                   struct pl_error *err);

/* Write the payload of a close frame. PL_WS_CLOSE_NO_STATUS makes it empty; any other code must be
 * allowed (asserted). A reason that is too long is cut between characters; one that is not UTF-8 is
 * left out.
 * Returns the bytes written. */
size_t pl_ws_close_write(uint8_t out[PL_WS_CONTROL_MAX], uint16_t code, struct pl_str reason);

#endif
