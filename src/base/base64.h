/* Base64 (RFC 4648 section 4, always padded) and its URL form without padding (section 5).
 * Threads: any. No allocation, except where a buffer is given. */
#ifndef PL_BASE_BASE64_H
#define PL_BASE_BASE64_H

#include "base/buf.h"

/* The exact length of the padded text of `len` bytes; `len` is at most SIZE_MAX / 2. */
static inline size_t pl_base64_encoded_len(size_t len)
{
    return len / 3 * 4 + (len % 3 > 0 ? 4 : 0);
}

/* The exact length of the URL form, which has no padding. */
static inline size_t pl_base64url_encoded_len(size_t len)
{
    return len / 3 * 4 + (len % 3 > 0 ? len % 3 + 1 : 0);
}

/* Room that is enough for what `len` characters of either form decode to. */
static inline size_t pl_base64_decoded_max(size_t len)
{
    return len / 4 * 3 + 3;
}

/* Write the padded text of `bytes` to `out`, which has pl_base64_encoded_len(len) bytes. No NUL is
 * added.
 * Returns the length. */
size_t pl_base64_encode(char *out, const void *bytes, size_t len);

/* The same in the URL alphabet and without padding: pl_base64url_encoded_len(len) bytes. */
size_t pl_base64url_encode(char *out, const void *bytes, size_t len);

/* Append the padded text of `bytes`; past its limit the buffer fails (base/buf.h). */
void pl_buf_add_base64(struct pl_buf *buf, const void *bytes, size_t len);

/* Decode padded base64 into `out`, which has pl_base64_decoded_max(text.len) bytes. Length,
 * alphabet and padding are strict: no spaces, no line ends, no missing `=`. The unused low bits of
 * the last character may be anything, as in Node's decoder and most others.
 * Returns the number of bytes, or PL_E_PROTO (`out` then holds rubbish). */
PL_MUST_CHECK ptrdiff_t pl_base64_decode(void *out, struct pl_str text);

/* The same for the URL form: its alphabet, and `=` is refused. */
PL_MUST_CHECK ptrdiff_t pl_base64url_decode(void *out, struct pl_str text);

#endif
