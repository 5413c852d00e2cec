/* HTTP/1.x heads of answers, as a client reads them: bytes to status, fields and framing. Strict as
 * RFC 9112 sections 4 to 6 are, and where they let a reader choose, it refuses; but an answer
 * without a reason may lack the space in front of it, as many servers have it.
 * Threads: any. No allocation, no I/O, no clock. */
#ifndef PL_CODEC_HTTP_ANSWER_H
#define PL_CODEC_HTTP_ANSWER_H

#include "codec/http_body.h"

struct pl_http_answer {
    int status;             /* 100 to 599 */
    unsigned version_minor; /* 0 or 1 */
    struct pl_str reason;   /* this and all other text: borrowed from the input; may be empty */
    bool keep_alive;        /* may the connection serve another request, once the body is read */
    enum pl_http_framing framing; /* of the body that follows */
    uint64_t content_length;      /* with PL_HTTP_FRAMING_LENGTH */
    size_t header_count;
    struct pl_http_header headers[PL_HTTP_HEADER_MAX]; /* in the order sent: pl_http_headers_find */
};

/* Read one head from the front of `in`.
 *   method       of the request: the answer to HEAD has no body
 *   limit_bytes  the largest head accepted, judged before it is whole
 * Returns the bytes consumed (> 0): the body follows, or, after a status below 200 that is not 101,
 * the next head; 0 when more are needed (nothing consumed); PL_E_PROTO, PL_E_TOO_BIG, or
 * PL_E_UNSUPPORTED (a Transfer-Encoding that we did not ask for) with the reason in `err`. `out` is
 * of use only when bytes were consumed, and its text lives as long as `in` does. The result does not
 * depend on how the input was cut. */
PL_MUST_CHECK ptrdiff_t pl_http_answer_read(struct pl_http_answer *out, struct pl_str in,
                                            enum pl_http_method method, size_t limit_bytes,
                                            struct pl_error *err);

#endif
