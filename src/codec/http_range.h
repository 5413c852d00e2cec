/* Requests for a part of a file: `Range: bytes=...` with one range.
 * Source: RFC 9110 section 14. Threads: any. */
#ifndef PL_CODEC_HTTP_RANGE_H
#define PL_CODEC_HTTP_RANGE_H

#include "base/str.h"

enum pl_http_range_kind {
    PL_HTTP_RANGE_NONE,          /* send the whole with 200: no range, several, or not understood */
    PL_HTTP_RANGE_SATISFIABLE,   /* send the part with 206 */
    PL_HTTP_RANGE_UNSATISFIABLE, /* 416 */
};

struct pl_http_range {
    uint64_t first; /* offset of the first byte */
    uint64_t last;  /* of the last one: first <= last < size */
};

/* Read the value of a Range header for a file of `size_bytes`. `out` is written only when
 * satisfiable. */
enum pl_http_range_kind pl_http_range_read(struct pl_http_range *out, struct pl_str value,
                                           uint64_t size_bytes);

#endif
