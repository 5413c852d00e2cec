/* Bodies of requests and answers: by Content-Length, chunked, or until the connection ends, decoded
 * as they arrive. Source: RFC 9112 sections 6 and 7.1, in a strict reading (CRLF only, no white
 * space around sizes).
 * Threads: one at a time. No allocation. */
#ifndef PL_CODEC_HTTP_BODY_H
#define PL_CODEC_HTTP_BODY_H

#include "codec/http_request.h"

#define PL_HTTP_CHUNK_DIGITS_MAX 8
#define PL_HTTP_CHUNK_EXTENSION_MAX 256 /* bytes per chunk, passed over */
#define PL_HTTP_TRAILER_MAX 4096        /* bytes in all, checked and dropped */

/* How a body's end is told (RFC 9112 section 6.3). */
enum pl_http_framing {
    PL_HTTP_FRAMING_NONE, /* there is no body */
    PL_HTTP_FRAMING_LENGTH,
    PL_HTTP_FRAMING_CHUNKED,
    PL_HTTP_FRAMING_UNTIL_CLOSE, /* answers only */
};

/* What comes next; each but the data is one byte of framing at a time. */
enum pl_http_body_state {
    PL_HTTP_BODY_DATA, /* remaining_bytes > 0 */
    PL_HTTP_BODY_CHUNK_SIZE,
    PL_HTTP_BODY_CHUNK_EXTENSION,
    PL_HTTP_BODY_CHUNK_SIZE_LF,
    PL_HTTP_BODY_CHUNK_CR, /* behind the data */
    PL_HTTP_BODY_CHUNK_LF,
    PL_HTTP_BODY_TRAILER_START, /* a trailer, or the CR of the last line */
    PL_HTTP_BODY_TRAILER_NAME,
    PL_HTTP_BODY_TRAILER_VALUE,
    PL_HTTP_BODY_TRAILER_LF,
    PL_HTTP_BODY_LAST_LF,
    PL_HTTP_BODY_UNTIL_CLOSE, /* data, however much */
    PL_HTTP_BODY_DONE,
    PL_HTTP_BODY_FAILED,
};

struct pl_http_body {
    enum pl_http_body_state state;
    int failure; /* PL_E_... in PL_HTTP_BODY_FAILED, given again to whoever reads on */
    bool is_chunked;
    uint64_t remaining_bytes; /* of the body, or of the chunk */
    uint64_t received_bytes;  /* decoded and handed out so far */
    uint64_t limit_bytes;
    size_t framing_bytes; /* digits, extension bytes or trailer bytes so far */
};

/* Ready for the body of `request`; done at once when it has none.
 *   limit_bytes  the largest decoded body accepted */
void pl_http_body_init(struct pl_http_body *body, const struct pl_http_request *request,
                       uint64_t limit_bytes);

/* The same for a body that is framed as an answer's head says (http_answer.h).
 *   length_bytes  with PL_HTTP_FRAMING_LENGTH */
void pl_http_body_init_framed(struct pl_http_body *body, enum pl_http_framing framing,
                              uint64_t length_bytes, uint64_t limit_bytes);

/* Read on from the front of `in`; call again with the rest until the body is done or `in` is empty.
 *   *consumed   bytes used up; at least one when `in` is not empty and the body is not done
 *   *out_slice  decoded data, borrowed from `in`; often empty, when only framing was read
 * Returns 0; PL_E_TOO_BIG as soon as received and announced bytes together pass the limit, which
 * may be before they arrive and with an empty `in`; PL_E_PROTO for broken framing. An error stays:
 * the connection has to be closed. Bytes behind a finished body are the next request's and are not
 * consumed. */
PL_MUST_CHECK int pl_http_body_read(struct pl_http_body *body, struct pl_str in, size_t *consumed,
                                    struct pl_str *out_slice, struct pl_error *err);

/* The connection has ended: whether the body is whole now. */
static inline bool pl_http_body_is_whole(const struct pl_http_body *body)
{
    return body->state == PL_HTTP_BODY_DONE || body->state == PL_HTTP_BODY_UNTIL_CLOSE;
}

static inline bool pl_http_body_is_done(const struct pl_http_body *body)
{
    return body->state == PL_HTTP_BODY_DONE;
}

#endif
