/* Heads of HTTP/1.1 responses, built line by line in a buffer: begin, headers, end, then the body.
 * Source: RFC 9112 section 4, RFC 9110 section 15.
 * Threads: any. The buffer's sticky failure tells whether all of it found room: check once, with
 * pl_buf_failed. */
#ifndef PL_CODEC_HTTP_RESPONSE_H
#define PL_CODEC_HTTP_RESPONSE_H

#include "base/buf.h"
#include "base/error.h"

enum pl_http_connection {
    PL_HTTP_CONNECTION_CLOSE,
    PL_HTTP_CONNECTION_KEEP_ALIVE,
    PL_HTTP_CONNECTION_UPGRADE,
};

/* "Not Found" is 404; a number without a name is "Unknown". */
struct pl_str pl_http_status_reason(int status);

/* The status line. `status` is ours: 100 to 599. */
void pl_http_response_begin(struct pl_buf *buf, int status);

/* A header that we wrote ourselves: asserts that it is one. */
void pl_http_response_add(struct pl_buf *buf, struct pl_str name, struct pl_str value);

/* A header with a name or value that stems from a peer or an application. PL_E_INVALID, and nothing
 * added, when the name is not a token or the value holds a control character (so no CR or LF splits
 * the response) or white space at an end. */
PL_MUST_CHECK int pl_http_response_add_foreign(struct pl_buf *buf, struct pl_str name,
                                               struct pl_str value, struct pl_error *err);

/* Content-Length, Date (from seconds since 1970) and Connection. */
void pl_http_response_add_length(struct pl_buf *buf, uint64_t length_bytes);
void pl_http_response_add_date(struct pl_buf *buf, int64_t unix_s);
void pl_http_response_add_connection(struct pl_buf *buf, enum pl_http_connection connection);

/* The empty line behind the last header. */
void pl_http_response_end(struct pl_buf *buf);

#endif
