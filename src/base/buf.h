/* A growable byte buffer with a limit. Appending past the limit, or without memory, marks the
 * buffer as failed and changes nothing more: build a whole message and check once, with
 * pl_buf_failed.
 * Threads: one at a time. */
#ifndef PL_BASE_BUF_H
#define PL_BASE_BUF_H

#include "base/str.h"

#include <stdarg.h>

struct pl_buf {
    uint8_t *ptr; /* owned; NULL while empty */
    size_t len;
    size_t cap;
    size_t limit_bytes;
    bool has_failed;
};

/* Takes no memory until the first append. */
void pl_buf_init(struct pl_buf *buf, size_t limit_bytes);
void pl_buf_fini(struct pl_buf *buf); /* zeroed memory is fine; keeps limit_bytes */

/* Room for `extra` more bytes. False (and failed) at the limit. */
bool pl_buf_reserve(struct pl_buf *buf, size_t extra);

/* The same, but a refusal changes nothing: for a buffer that holds whole messages already, to which
 * one more is added whole or not at all. False for a buffer that had failed before, too. */
PL_MUST_CHECK bool pl_buf_try_reserve(struct pl_buf *buf, size_t extra);

void pl_buf_add(struct pl_buf *buf, const void *bytes, size_t len);
void pl_buf_add_str(struct pl_buf *buf, struct pl_str str);
void pl_buf_add_char(struct pl_buf *buf, char c);
void pl_buf_add_u64(struct pl_buf *buf, uint64_t value); /* in decimal */
void pl_buf_addf(struct pl_buf *buf, const char *fmt, ...) PL_PRINTF(2, 3);
void pl_buf_addv(struct pl_buf *buf, const char *fmt, va_list args) PL_PRINTF(2, 0);

/* Drop `len` bytes from the front. */
void pl_buf_consume(struct pl_buf *buf, size_t len);

/* Forget the contents and a failure; keep the memory. */
void pl_buf_clear(struct pl_buf *buf);

static inline bool pl_buf_failed(const struct pl_buf *buf)
{
    return buf->has_failed;
}

/* Borrowed until the buffer changes. */
static inline struct pl_str pl_buf_str(const struct pl_buf *buf)
{
    return pl_str_make((const char *)buf->ptr, buf->len);
}

#endif
