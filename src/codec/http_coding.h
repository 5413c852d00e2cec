/* Content codings: which one does the client like best? Source: RFC 9110 sections 8.4.1 and 12.5.3.
 * Threads: any. No allocation. */
#ifndef PL_CODEC_HTTP_CODING_H
#define PL_CODEC_HTTP_CODING_H

#include "base/str.h"

enum pl_http_coding {
    PL_HTTP_CODING_IDENTITY, /* as it is */
    PL_HTTP_CODING_GZIP,
    PL_HTTP_CODING_DEFLATE, /* in the format of zlib */
    PL_HTTP_CODING_COUNT,
};

/* The coding for a value of Accept-Encoding: the one with the highest weight, the first of those
 * that are equal; what `*` allows counts where a coding is not named. Identity where neither gzip
 * nor deflate is accepted, where the client gives identity more weight, and without the header
 * (a NULL ptr). What is malformed is not accepted. */
enum pl_http_coding pl_http_coding_choose(struct pl_str accepted);

/* "gzip", "deflate"; "identity". */
struct pl_str pl_http_coding_name(enum pl_http_coding coding);

#endif
