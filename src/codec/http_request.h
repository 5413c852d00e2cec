/* HTTP/1.x request heads: bytes to fields and to the facts that decide about framing. A strict
 * subset of RFC 9112: whatever two parsers could understand differently is refused, so that nothing
 * can be smuggled.
 * Threads: any. No allocation, no I/O, no clock. */
#ifndef PL_CODEC_HTTP_REQUEST_H
#define PL_CODEC_HTTP_REQUEST_H

#include "codec/http_header.h"

#define PL_HTTP_HEAD_LIMIT_BYTES 16384 /* the usual limit_bytes */
#define PL_HTTP_HEADER_MAX 100         /* more: 431 */
#define PL_HTTP_METHOD_BYTES_MAX 32    /* longer: 501 */
#define PL_HTTP_EMPTY_LINES_MAX 2      /* tolerated in front (RFC 9112 section 2.2) */

enum pl_http_method {
    PL_HTTP_GET,
    PL_HTTP_HEAD,
    PL_HTTP_POST,
    PL_HTTP_PUT,
    PL_HTTP_PATCH,
    PL_HTTP_DELETE,
    PL_HTTP_OPTIONS,
    PL_HTTP_OTHER, /* see method_text */
};

struct pl_http_request {
    int refusal_status; /* when read failed: the status to answer; 0 otherwise */
    enum pl_http_method method;
    unsigned version_minor;    /* 0 or 1 */
    struct pl_str method_text; /* this and all other text: borrowed from the input */
    struct pl_str target;      /* "/path?query", or "*"; of an absolute form only what follows the
                                * authority: "", "/..." or "?..." */
    struct pl_str host;        /* of the Host header, or of an absolute target, which wins */
    bool has_host;             /* a Host header was sent */
    /* The query holds bytes from 0x80 up as they are, which no RFC allows and some clients send: for
     * who serves such a target to say whether that is fine. */
    bool has_raw_query;
    bool has_content_length;
    bool is_chunked;         /* never together with has_content_length */
    bool keep_alive;         /* may the connection serve another request */
    bool expects_continue;   /* HTTP/1.1 with Expect: 100-continue */
    bool wants_upgrade;      /* HTTP/1.1 with the token `upgrade` in Connection */
    uint64_t content_length; /* 0 without has_content_length */
    size_t header_count;
    struct pl_http_header headers[PL_HTTP_HEADER_MAX]; /* in the order sent */
};

/* Read one request head from the front of `in`.
 *   limit_bytes  the largest head accepted, judged before it is whole
 * Returns the bytes consumed (> 0): the body follows; 0 when more are needed (nothing consumed);
 * otherwise PL_E_PROTO (400), PL_E_TOO_BIG (414, 431) or PL_E_UNSUPPORTED (501, 505) with the
 * status in out->refusal_status and the reason in `err`. After a refusal the connection has to be
 * closed: where the next request would begin is unknown. `out` holds nothing but refusal_status
 * unless bytes were consumed, and its text lives as long as `in` does. The result does not depend
 * on how the input was cut. */
PL_MUST_CHECK ptrdiff_t pl_http_request_read(struct pl_http_request *out, struct pl_str in,
                                             size_t limit_bytes, struct pl_error *err);

/* The value of the first header of that name (any case). Its ptr is NULL when there is none. */
struct pl_str pl_http_header_find(const struct pl_http_request *request, struct pl_str name);

/* How many headers of that name there are. */
size_t pl_http_header_count(const struct pl_http_request *request, struct pl_str name);

/* Whether any header of that name lists `token`; neither is case-sensitive. */
bool pl_http_header_has_token(const struct pl_http_request *request, struct pl_str name,
                              struct pl_str token);

#endif
