/* WebSocket messages: what arrives, in pieces of any size, becomes whole messages and control
 * events.
 * Source: RFC 6455 sections 5.4 to 5.6, 7.4.1 and 8.1. Threads: one at a time. No I/O, no clock. */
#ifndef PL_CODEC_WS_MESSAGE_H
#define PL_CODEC_WS_MESSAGE_H

#include "codec/ws_frame.h"

/* The most bytes that pl_ws_decoder_next leaves unconsumed when it wants more: a reader whose
 * buffer is larger always makes progress. */
#define PL_WS_PENDING_MAX (PL_WS_HEADER_MAX + PL_WS_CONTROL_MAX)

enum pl_ws_event_kind {
    PL_WS_EVENT_NONE, /* no event yet */
    PL_WS_EVENT_TEXT, /* a whole message */
    PL_WS_EVENT_BINARY,
    PL_WS_EVENT_PING, /* answer with a pong of the same payload */
    PL_WS_EVENT_PONG,
    PL_WS_EVENT_CLOSE, /* the last event */
};

/* What it borrows lives until the decoder or the input is used again. */
struct pl_ws_event {
    enum pl_ws_event_kind kind;
    uint8_t rsv;         /* of a message's first frame: PL_WS_RSV1 means it is still compressed */
    uint16_t close_code; /* of a close; PL_WS_CLOSE_NO_STATUS when the peer gave none */
    struct pl_span payload;     /* of a message, ping or pong: unmasked, may be changed; borrowed */
    struct pl_str close_reason; /* of a close, UTF-8; borrowed */
};

struct pl_ws_assembly;

/* Idle, it owns no memory: `assembly` exists from the first piece of an incomplete message to the
 * call after the one that delivered it. */
struct pl_ws_decoder {
    struct pl_ws_assembly *assembly; /* owned */
    uint32_t limit_bytes;            /* of a message; may be changed between messages */
    int8_t error;                    /* 0, or the PL_E_... for which reading ended */
    uint8_t role;                    /* an enum pl_ws_role: our side */
    uint8_t allowed_rsv;             /* see pl_ws_header_read */
    bool is_closed;                  /* a close frame came */
};

/* Ready for the first frame.
 *   limit_bytes  the largest message accepted, before decompression where a message is compressed;
 *                more than UINT32_MAX means UINT32_MAX
 *   allowed_rsv  as in pl_ws_header_read */
void pl_ws_decoder_init(struct pl_ws_decoder *decoder, enum pl_ws_role role, size_t limit_bytes,
                        uint8_t allowed_rsv);
void pl_ws_decoder_fini(struct pl_ws_decoder *decoder); /* zeroed memory is fine */

/* Take the next bytes from the front of `in`, unmasking them in place, up to and including one
 * event. A message that arrives in one frame and whole is borrowed from `in`; any other is
 * assembled in memory of the decoder, piece by piece. Text is checked as it comes, up to its first
 * impossible byte (unless it is compressed: then whoever decompresses checks it). After a close,
 * bytes are taken and ignored.
 * Returns the bytes consumed (> 0), with or without an event; 0 when more are needed: keep what is
 * left of `in` (at most PL_WS_PENDING_MAX) and come again with more behind it. Call until 0 is
 * returned, with an empty `in` too: that is also what frees a delivered message.
 * Errors, after which the connection ends with pl_ws_close_code_of_error and every call fails
 * again: PL_E_PROTO, PL_E_UTF8, PL_E_TOO_BIG (judged by headers, before the payload arrives),
 * PL_E_NOMEM. */
PL_MUST_CHECK ptrdiff_t pl_ws_decoder_next(struct pl_ws_decoder *decoder, struct pl_ws_event *event,
                                           struct pl_span in, struct pl_error *err);

#endif
