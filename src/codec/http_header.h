/* Header fields and the comma-separated lists in them.
 * Source: RFC 9110 section 5, RFC 9112 section 5. Threads: any. No allocation. */
#ifndef PL_CODEC_HTTP_HEADER_H
#define PL_CODEC_HTTP_HEADER_H

#include "base/error.h"
#include "base/str.h"

struct pl_http_header {
    struct pl_str name;  /* as it was sent: compare without case */
    struct pl_str value; /* without white space around it; never NULL, may be empty */
};

/* Read one field line with its CRLF from the front of `in`, which holds it whole. Strict: a name
 * that is not a token, white space before the colon or at the front (obs-fold), and control
 * characters in the value are refused.
 * Returns the bytes consumed, or PL_E_PROTO with the reason in `err`. Borrows from `in`. */
PL_MUST_CHECK ptrdiff_t pl_http_header_read(struct pl_http_header *out, struct pl_str in,
                                            struct pl_error *err);

/* The next item of a list, trimmed; empty items are passed over. `rest` begins as the header's
 * value. False when there is none left. */
bool pl_http_list_next(struct pl_str *item, struct pl_str *rest);

/* Whether `token` is an item of the list, without regard to case. */
bool pl_http_list_has(struct pl_str list, struct pl_str token);

/* --- heads: what requests and answers have in common --- */

/* Find the empty line that ends a head.
 *   in         from behind the first line on
 *   lines_max  header lines accepted
 * Returns the length of the header lines with it; 0 when more are needed; PL_E_PROTO for a line that
 * ends in LF without CR, PL_E_TOO_BIG for too many. */
PL_MUST_CHECK ptrdiff_t pl_http_head_end(struct pl_str in, size_t lines_max, struct pl_error *err);

/* The value of the first header of that name (any case). Its ptr is NULL when there is none. */
struct pl_str pl_http_headers_find(const struct pl_http_header *headers, size_t count,
                                   struct pl_str name);

/* How many headers of that name there are. */
size_t pl_http_headers_count(const struct pl_http_header *headers, size_t count,
                             struct pl_str name);

/* Whether any header of that name lists `token`; neither is case-sensitive. */
bool pl_http_headers_have_token(const struct pl_http_header *headers, size_t count,
                                struct pl_str name, struct pl_str token);

#endif
