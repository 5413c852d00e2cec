/* Compressing frame groups, with one stream for all of them. */
#include "web/ws_compress.h"

#include "base/alloc.h"
#include "codec/ws_frame.h"
#include "web/web_internal.h"

#define SCRATCH_KEPT_BYTES ((size_t)256 * 1024) /* a larger buffer is given back after its use */

struct pl_ws_compression {
    struct pl_ws_compression *next; /* of the same server */
    struct pl_web *web;
    struct pl_ws_compression_config config;
    struct pl_deflater *deflater;
    struct pl_buf scratch; /* of a group in the making */
};

struct pl_ws_compression *pl_ws_compression_create(struct pl_web *web,
                                                   const struct pl_ws_compression_config *config)
{
    struct pl_ws_compression *compression = pl_alloc(sizeof(*compression));
    compression->web = web;
    compression->config = *config;
    compression->deflater = pl_deflater_create(&(struct pl_deflate_config){
        .format = PL_DEFLATE_MESSAGE, .level = config->level, .mem_level = config->mem_level});
    compression->next = web->compressions;
    web->compressions = compression;
    return compression;
}

void pl_ws_compressions_destroy(struct pl_web *web)
{
    while (web->compressions != NULL) {
        struct pl_ws_compression *compression = web->compressions;
        web->compressions = compression->next;
        pl_deflater_destroy(compression->deflater);
        pl_buf_fini(&compression->scratch);
        pl_free(compression);
    }
}

const struct pl_ws_deflate_policy *
pl_ws_compression_policy(const struct pl_ws_compression *compression)
{
    return &compression->config.policy;
}

/* One WebSocket frame of a group. */
struct part {
    struct pl_ws_header header;
    struct pl_str payload;
    struct pl_str whole; /* with its header */
};

/* Take the first frame off `rest`: we made it, so it is whole. */
static struct part take_part(struct pl_str *rest)
{
    struct part part = {0};
    ptrdiff_t header_len =
        pl_ws_header_read(&part.header, *rest, PL_WS_CLIENT, PL_WS_RSV_ALL, NULL);
    PL_ASSERT(header_len > 0 && rest->len - (size_t)header_len >= part.header.payload_len);
    part.whole = pl_str_first(*rest, (size_t)header_len + (size_t)part.header.payload_len);
    part.payload = pl_str_from(part.whole, (size_t)header_len);
    *rest = pl_str_from(*rest, part.whole.len);
    return part;
}

static bool is_worth_it(const struct pl_ws_compression *compression, const struct part *part)
{
    return part->header.is_final && part->header.rsv == 0 &&
           (part->header.opcode == PL_WS_TEXT || part->header.opcode == PL_WS_BINARY) &&
           part->payload.len >= compression->config.threshold_bytes;
}

static bool has_work(const struct pl_ws_compression *compression, const struct pl_frame *frame)
{
    struct pl_str rest = pl_str_make((const char *)frame->data, frame->len);
    while (rest.len > 0) {
        struct part part = take_part(&rest);
        if (is_worth_it(compression, &part)) {
            return true;
        }
    }
    return false;
}

static void count_out(struct pl_ws_compression *compression, size_t plain, size_t packed)
{
    pl_web_count(compression->web, PL_METRIC_DEFLATE_MESSAGES_OUT, 1);
    pl_web_count(compression->web, PL_METRIC_DEFLATE_PLAIN_BYTES_OUT, (int64_t)plain);
    pl_web_count(compression->web, PL_METRIC_DEFLATE_PACKED_BYTES_OUT, (int64_t)packed);
}

/* Append the part compressed; false when that is impossible or no gain. The scratch buffer has room
 * for the part as it is. */
static bool add_packed(struct pl_ws_compression *compression, const struct part *part)
{
    struct pl_buf *out = &compression->scratch;
    uint8_t header[PL_WS_HEADER_MAX];
    uint8_t *payload = out->ptr + out->len + (part->whole.len - part->payload.len);
    size_t len = pl_deflater_run(compression->deflater, payload, part->payload.len, part->payload);
    size_t header_len = 0;
    if (len == 0) {
        return false;
    }
    header_len = pl_ws_header_write(header, part->header.opcode | PL_WS_RSV1, true, len, NULL);
    memmove(out->ptr + out->len + header_len, payload, len);
    memcpy(out->ptr + out->len, header, header_len);
    out->len += header_len + len;
    count_out(compression, part->payload.len, len);
    return true;
}

/* The whole group in the scratch buffer. False without memory, or when nothing got shorter. */
static bool pack(struct pl_ws_compression *compression, const struct pl_frame *frame)
{
    struct pl_str rest = pl_str_make((const char *)frame->data, frame->len);
    struct pl_buf *out = &compression->scratch;
    bool is_shorter = false;
    pl_buf_clear(out);
    out->limit_bytes = frame->len;
    if (!pl_buf_reserve(out, frame->len)) {
        return false;
    }
    while (rest.len > 0) {
        struct part part = take_part(&rest);
        if (is_worth_it(compression, &part) && add_packed(compression, &part)) {
            is_shorter = true;
        } else {
            pl_buf_add_str(out, part.whole);
        }
    }
    return is_shorter;
}

struct pl_frame *pl_ws_compress(struct pl_ws_compression *compression, struct pl_frame *frame)
{
    struct pl_buf *scratch = &compression->scratch;
    struct pl_frame *packed = NULL;
    if (frame == NULL || (frame->flags & PL_FRAME_NO_COMPRESS) != 0 ||
        !has_work(compression, frame)) {
        return frame;
    }
    if (pack(compression, frame)) {
        packed = pl_frame_create(scratch->len);
    }
    if (packed != NULL) {
        memcpy(packed->data, scratch->ptr, scratch->len);
        packed->flags = frame->flags;
        pl_frame_unref(&frame);
    }
    if (scratch->cap > SCRATCH_KEPT_BYTES) {
        pl_buf_fini(scratch);
    }
    return packed == NULL ? frame : packed;
}
