/* Deflate for messages and whole bodies: kept zlib streams that are used again and again. Whatever
 * is compressed stands alone: no context is carried from one call to the next.
 * Source: RFC 1950 to 1952, RFC 7692 section 7.2. Threads: one at a time; a loop has its own. */
#ifndef PL_NET_DEFLATE_H
#define PL_NET_DEFLATE_H

#include "base/buf.h"
#include "base/error.h"

enum pl_deflate_format {
    PL_DEFLATE_MESSAGE, /* raw, without the last four bytes 00 00 ff ff: a WebSocket's payload */
    PL_DEFLATE_ZLIB,    /* what HTTP calls deflate */
    PL_DEFLATE_GZIP,
};

struct pl_deflate_config {
    enum pl_deflate_format format;
    int level;     /* 1 to 9 */
    int mem_level; /* 1 to 9 */
};

/* --- compressing: about 256 KiB at mem_level 8, taken with the first use --- */

struct pl_deflater;

struct pl_deflater *pl_deflater_create(const struct pl_deflate_config *config);
void pl_deflater_destroy(struct pl_deflater *deflater); /* NULL is fine */

/* Compress `in` into out[0..cap). Returns the bytes; 0 when they do not fit, or without memory for
 * the stream: send `in` as it is then. An empty `in` is never worth it: 0. */
size_t pl_deflater_run(struct pl_deflater *deflater, uint8_t *out, size_t cap, struct pl_str in);

/* --- decompressing messages: about 40 KiB, taken with the first use --- */

struct pl_inflater;

/* What a peer with context takeover may refer to: the end of what it sent so far, at most its
 * window. It is all that is kept for a connection between two messages. Zeroed is empty. */
struct pl_inflate_history {
    uint8_t *bytes; /* owned; grows with what arrives */
    uint32_t len;
    uint32_t cap;
    uint32_t window_bytes; /* 512 to 32768; 0: nothing is remembered */
};

/* The history for a window of `bits` (8 to 15). zlib compresses with 9 where 8 was asked for. */
void pl_inflate_history_init(struct pl_inflate_history *history, unsigned bits);
void pl_inflate_history_fini(struct pl_inflate_history *history);

struct pl_inflater *pl_inflater_create(void);
void pl_inflater_destroy(struct pl_inflater *inflater); /* NULL is fine */

/* Decompress one whole message into `out`, which is empty; out->limit_bytes is the most it may
 * become, and no more memory than that is taken for it. `history` is used and brought up to date.
 * Returns 0; PL_E_TOO_BIG as soon as the limit is passed; PL_E_PROTO for what is not deflate, or
 * does not end at the end of a block; PL_E_NOMEM. After an error the connection has to end. An
 * empty `in` is an empty message: zlib flushes nothing twice, and so some clients send that. */
PL_MUST_CHECK int pl_inflater_run(struct pl_inflater *inflater, struct pl_buf *out,
                                  struct pl_str in, struct pl_inflate_history *history,
                                  struct pl_error *err);

#endif
