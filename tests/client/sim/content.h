/* What events carry: everything follows from a number, so that whoever gets an event can tell
 * whether it is whole. Sizes are mostly small, now and then beyond what one frame length, one read
 * or one window holds; every fifth has bytes. */
#ifndef PL_CLIENT_SIM_CONTENT_H
#define PL_CLIENT_SIM_CONTENT_H

#include "base/buf.h"
#include "parley/value.h"

size_t content_text_len(uint64_t n);
char content_char(uint64_t n);
size_t content_bytes_len(uint64_t n); /* 0: none */

/* The text, repeated content_char; and the bytes, a copy in `out` (cleared before). */
void content_text(struct pl_buf *out, uint64_t n);
void content_bytes(struct pl_buf *out, uint64_t n);

/* Raw JSON arguments: `first,n,"text"[,placeholder]`, or without `first` when it is negative. */
void content_raw_args(struct pl_buf *out, int64_t first, uint64_t n);

/* The same as an argument list; NULL without memory. */
struct parley_args *content_args(uint64_t n);

/* Whether `args` has the text and bytes of `n` from argument number `at` on. */
bool content_is(const struct parley_args *args, size_t at, uint64_t n);

#endif
