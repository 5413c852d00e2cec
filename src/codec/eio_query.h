/* The query of an Engine.IO request, and the errors a refused request is answered with.
 * Source: shared spec socketio.md 1.1 and 1.9. Threads: any. No allocation. */
#ifndef PL_CODEC_EIO_QUERY_H
#define PL_CODEC_EIO_QUERY_H

#include "base/buf.h"

enum pl_eio_transport {
    PL_EIO_TRANSPORT_UNKNOWN, /* missing, or any other text */
    PL_EIO_TRANSPORT_POLLING,
    PL_EIO_TRANSPORT_WEBSOCKET,
};

struct pl_eio_query {
    enum pl_eio_transport transport;
    uint8_t revision;     /* 4 for exactly EIO=4; everything else, and its absence, is 3 */
    bool has_sid;         /* an empty sid is none */
    bool wants_base64;    /* b64=1 or b64=true: the client cannot take binary */
    bool has_jsonp_index; /* `j` is a number: JSONP, of revision 3 only */
    uint32_t jsonp_index;
    struct pl_str sid; /* borrowed from the query */
};

/* Read `raw_query`, the part of the URL behind the question mark as it came. The last of several
 * equal keys wins; unknown keys are skipped. Nothing is percent-decoded: no client encodes the
 * letters that these keys and values consist of, so an encoded transport is unknown and an encoded
 * sid names no session. */
void pl_eio_query_read(struct pl_eio_query *out, struct pl_str raw_query);

/* Why a request was refused; one row of the table in spec 1.9 each. */
enum pl_eio_error {
    PL_EIO_ERROR_MIDDLEWARE,
    PL_EIO_ERROR_TRANSPORT_UNKNOWN,
    PL_EIO_ERROR_ORIGIN,
    PL_EIO_ERROR_SID_UNKNOWN,
    PL_EIO_ERROR_TRANSPORT_MISMATCH,
    PL_EIO_ERROR_METHOD,
    PL_EIO_ERROR_TRANSPORT_HANDSHAKE,
    PL_EIO_ERROR_FORBIDDEN,
    PL_EIO_ERROR_REVISION,
    PL_EIO_ERROR_ID_GENERATION,
};

struct pl_eio_error_row {
    uint16_t http_status;
    uint8_t code;
    struct pl_str message; /* the body of a refused WebSocket request too (spec 1.6) */
    struct pl_str context; /* for the application's "connection error" event */
};

/* Never NULL for a value of the enum. */
const struct pl_eio_error_row *pl_eio_error_get(enum pl_eio_error error);

/* Append the JSON body, as {"code":1,"message":"Session ID unknown"}.
 *   text  the words of an allowRequest hook (UTF-8); empty for the message of the table */
void pl_eio_error_write(struct pl_buf *buf, enum pl_eio_error error, struct pl_str text);

#endif
