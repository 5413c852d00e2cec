/* HTTP dates, which are always UTC. Source: RFC 9110 section 5.6.7. Threads: any. No clock. */
#ifndef PL_CODEC_HTTP_DATE_H
#define PL_CODEC_HTTP_DATE_H

#include "base/error.h"
#include "base/str.h"

#define PL_HTTP_DATE_LEN 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/* The preferred form, without a NUL. `unix_s` is seconds since 1970, moved to the years 1 to 9999
 * when it is outside them. */
void pl_http_date_write(char out[PL_HTTP_DATE_LEN], int64_t unix_s);

/* Read any of the three forms: IMF-fixdate, RFC 850 and asctime.
 *   now_s  the present in seconds since 1970: a two-digit year is at most 50 years after it
 * Returns 0 or PL_E_INVALID: a date that is not exactly one of them is ignored by whoever got it.
 * The name of the day has to be one, not the right one. */
PL_MUST_CHECK int pl_http_date_read(int64_t *unix_s, struct pl_str text, int64_t now_s,
                                    struct pl_error *err);

#endif
