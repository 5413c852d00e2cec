/* Compressing with a kept stream: reset, one run, done. */
#include "net/deflate.h"

#include "base/alloc.h"

#include <limits.h>
#define ZLIB_CONST /* zlib: input is read only */
#include <zlib.h>

#define WINDOW_BITS 15
#define GZIP_BITS 16 /* zlib: added to the window to ask for gzip */
#define TAIL_BYTES 4 /* 00 00 ff ff, which a message goes without (RFC 7692 section 7.2.1) */

struct pl_deflater {
    struct pl_deflate_config config;
    z_stream stream;
    bool is_ready;
};

struct pl_deflater *pl_deflater_create(const struct pl_deflate_config *config)
{
    struct pl_deflater *deflater = pl_alloc(sizeof(*deflater));
    deflater->config = *config;
    return deflater;
}

void pl_deflater_destroy(struct pl_deflater *deflater)
{
    if (deflater != NULL) {
        if (deflater->is_ready) {
            deflateEnd(&deflater->stream);
        }
        pl_free(deflater);
    }
}

static int window_bits_of(enum pl_deflate_format format)
{
    switch (format) {
    case PL_DEFLATE_MESSAGE:
        return -WINDOW_BITS;
    case PL_DEFLATE_GZIP:
        return WINDOW_BITS + GZIP_BITS;
    case PL_DEFLATE_ZLIB:
        break;
    }
    return WINDOW_BITS;
}

/* A stream at its start. */
static bool make_ready(struct pl_deflater *deflater)
{
    const struct pl_deflate_config *config = &deflater->config;
    if (deflater->is_ready) {
        return deflateReset(&deflater->stream) == Z_OK;
    }
    deflater->stream = (z_stream){0};
    deflater->is_ready =
        deflateInit2(&deflater->stream, config->level, Z_DEFLATED, window_bits_of(config->format),
                     config->mem_level, Z_DEFAULT_STRATEGY) == Z_OK;
    return deflater->is_ready;
}

size_t pl_deflater_run(struct pl_deflater *deflater, uint8_t *out, size_t cap, struct pl_str in)
{
    z_stream *stream = &deflater->stream;
    bool is_message = deflater->config.format == PL_DEFLATE_MESSAGE;
    size_t len = 0;
    int rc = 0;
    if (in.len == 0 || in.len > INT_MAX || cap > INT_MAX || !make_ready(deflater)) {
        return 0;
    }
    stream->next_in = (const Bytef *)in.ptr;
    stream->avail_in = (uInt)in.len;
    stream->next_out = out;
    stream->avail_out = (uInt)cap;
    rc = deflate(stream, is_message ? Z_SYNC_FLUSH : Z_FINISH);
    len = cap - stream->avail_out;
    stream->next_in = NULL;
    stream->next_out = NULL;
    if (!is_message) {
        return rc == Z_STREAM_END ? len : 0;
    }
    /* A flush is known to be whole when room is left behind it. */
    return rc == Z_OK && len < cap && len > TAIL_BYTES ? len - TAIL_BYTES : 0;
}
