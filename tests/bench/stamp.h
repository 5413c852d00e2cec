/* A time inside a message: sixteen hexadecimal digits, which come back to whoever measures.
 * Threads: any. */
#ifndef PL_BENCH_STAMP_H
#define PL_BENCH_STAMP_H

#include "base/str.h"

enum { PL_STAMP_LEN = 16 };

void pl_stamp_write(char out[PL_STAMP_LEN], int64_t ns);

/* From the front of `text`. False when there is none. */
PL_MUST_CHECK bool pl_stamp_read(int64_t *out, struct pl_str text);

#endif
