/* Growable byte buffer. */
#include "base/buf.h"

#include "base/alloc.h"

#include <stdio.h>

#define FIRST_CAP_BYTES 64

void pl_buf_init(struct pl_buf *buf, size_t limit_bytes)
{
    *buf = (struct pl_buf){.limit_bytes = limit_bytes};
}

void pl_buf_fini(struct pl_buf *buf)
{
    pl_free(buf->ptr);
    pl_buf_init(buf, buf->limit_bytes);
}

/* Memory for `wanted` bytes, which the limit allows. */
static bool grow(struct pl_buf *buf, size_t wanted)
{
    size_t cap = pl_size_min(pl_size_max(buf->cap * 2, FIRST_CAP_BYTES), buf->limit_bytes);
    uint8_t *grown = NULL;
    if (wanted <= buf->cap) {
        return true;
    }
    cap = pl_size_max(cap, wanted);
    grown = pl_try_realloc(buf->ptr, cap);
    if (grown == NULL) {
        buf->has_failed = true;
        return false;
    }
    buf->ptr = grown;
    buf->cap = cap;
    return true;
}

bool pl_buf_reserve(struct pl_buf *buf, size_t extra)
{
    size_t wanted = 0;
    if (buf->has_failed || !pl_size_add(&wanted, buf->len, extra) || wanted > buf->limit_bytes) {
        buf->has_failed = true;
        return false;
    }
    return grow(buf, wanted);
}

bool pl_buf_try_reserve(struct pl_buf *buf, size_t extra)
{
    if (buf->has_failed) {
        return false;
    }
    bool has_room = pl_buf_reserve(buf, extra);
    buf->has_failed = false;
    return has_room;
}

void pl_buf_add(struct pl_buf *buf, const void *bytes, size_t len)
{
    if (len > 0 && pl_buf_reserve(buf, len)) {
        memcpy(buf->ptr + buf->len, bytes, len);
        buf->len += len;
    }
}

void pl_buf_add_str(struct pl_buf *buf, struct pl_str str)
{
    pl_buf_add(buf, str.ptr, str.len);
}

void pl_buf_add_char(struct pl_buf *buf, char c)
{
    pl_buf_add(buf, &c, 1);
}

void pl_buf_add_u64(struct pl_buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    pl_buf_add(buf, digits + at, sizeof(digits) - at);
}

void pl_buf_addf(struct pl_buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    pl_buf_addv(buf, fmt, args);
    va_end(args);
}

void pl_buf_addv(struct pl_buf *buf, const char *fmt, va_list args)
{
    va_list again;
    int len = 0;
    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    /* vsnprintf writes a NUL too: it needs one byte more than it counts, which the limit does not
     * know */
    if (len >= 0 && pl_buf_reserve(buf, (size_t)len) && grow(buf, buf->len + (size_t)len + 1)) {
        vsnprintf((char *)buf->ptr + buf->len, (size_t)len + 1, fmt, args);
        buf->len += (size_t)len;
    }
}

void pl_buf_consume(struct pl_buf *buf, size_t len)
{
    PL_ASSERT(len <= buf->len);
    if (len > 0) {
        memmove(buf->ptr, buf->ptr + len, buf->len - len);
        buf->len -= len;
    }
}

void pl_buf_clear(struct pl_buf *buf)
{
    buf->len = 0;
    buf->has_failed = false;
}
