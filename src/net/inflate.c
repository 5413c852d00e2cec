/* Decompressing with a kept stream: a peer's context is put back as a dictionary before each of its
 * messages, so that a connection costs its window at most, and nothing before it has sent one. */
#include "net/deflate.h"

#include "base/alloc.h"

#include <limits.h>
#define ZLIB_CONST /* zlib: input is read only */
#include <zlib.h>

#define WINDOW_BITS 15
#define HISTORY_BITS_MIN 9
#define FIRST_BYTES 1024
#define AT_BLOCK_END 128 /* zlib: in data_type, the stream stands between two blocks */

/* A block may be marked as the last one (RFC 7692 section 7.2.3.5), and more may follow it. Each
 * such end costs a start with the whole window, so a message of nothing else is refused. */
#define ENDS_MAX 64

struct pl_inflater {
    z_stream stream;
    bool is_ready;
};

/* One message under way. */
struct run {
    z_stream *stream;
    struct pl_buf *out;
    struct pl_inflate_history *history;
    int end_count;
};

void pl_inflate_history_init(struct pl_inflate_history *history, unsigned bits)
{
    *history = (struct pl_inflate_history){
        .window_bytes = 1u << (bits < HISTORY_BITS_MIN ? HISTORY_BITS_MIN : bits)};
}

void pl_inflate_history_fini(struct pl_inflate_history *history)
{
    pl_free(history->bytes);
    *history = (struct pl_inflate_history){0};
}

/* Room for `len` bytes in all; doubling, and never more than the window. */
static bool history_reserve(struct pl_inflate_history *history, uint32_t len)
{
    uint32_t cap = history->cap == 0 ? FIRST_BYTES / 2 : history->cap;
    uint8_t *bytes = NULL;
    if (len <= history->cap) {
        return true;
    }
    while (cap < len) {
        cap *= 2;
    }
    bytes = pl_try_alloc(cap);
    if (bytes == NULL) {
        return false;
    }
    if (history->len > 0) {
        memcpy(bytes, history->bytes, history->len);
    }
    pl_free(history->bytes);
    history->bytes = bytes;
    history->cap = cap;
    return true;
}

/* The last bytes of what was, and of the message. False without memory. */
static bool history_add(struct pl_inflate_history *history, const uint8_t *bytes, size_t len)
{
    uint32_t window = history->window_bytes;
    uint32_t added = (uint32_t)pl_size_min(len, window);
    uint32_t kept = (uint32_t)pl_size_min(history->len, window - added);
    if (added == 0) {
        return true;
    }
    if (!history_reserve(history, kept + added)) {
        return false;
    }
    memmove(history->bytes, history->bytes + (history->len - kept), kept);
    memcpy(history->bytes + kept, bytes + (len - added), added);
    history->len = kept + added;
    return true;
}

struct pl_inflater *pl_inflater_create(void)
{
    return pl_alloc(sizeof(struct pl_inflater));
}

void pl_inflater_destroy(struct pl_inflater *inflater)
{
    if (inflater != NULL) {
        if (inflater->is_ready) {
            inflateEnd(&inflater->stream);
        }
        pl_free(inflater);
    }
}

static bool make_ready(struct pl_inflater *inflater)
{
    if (inflater->is_ready) {
        return inflateReset(&inflater->stream) == Z_OK;
    }
    inflater->stream = (z_stream){0};
    inflater->is_ready = inflateInit2(&inflater->stream, -WINDOW_BITS) == Z_OK;
    return inflater->is_ready;
}

static bool add_dictionary(z_stream *stream, const uint8_t *bytes, size_t len)
{
    return len == 0 || inflateSetDictionary(stream, bytes, (uInt)len) == Z_OK;
}

/* A block was the last of its stream, and more follows: go on with a stream that knows what came
 * before. zlib keeps the later of two dictionaries behind the earlier one. */
static int start_again(struct run *run, struct pl_error *err)
{
    const struct pl_inflate_history *history = run->history;
    size_t len = run->out->len;
    size_t window = (size_t)1 << WINDOW_BITS;
    size_t recent = pl_size_min(len, window);
    if (++run->end_count > ENDS_MAX) {
        return pl_error_set(err, PL_E_PROTO, "compressed message ends too often");
    }
    if (inflateReset(run->stream) != Z_OK ||
        (recent < window && !add_dictionary(run->stream, history->bytes, history->len)) ||
        !add_dictionary(run->stream, run->out->ptr + (len - recent), recent)) {
        return pl_error_set(err, PL_E_NOMEM, "no memory to decompress");
    }
    return 0;
}

/* Room for what comes next: as much as there is, else twice as much, up to the limit and a byte. */
static int reserve(struct pl_buf *out, size_t limit_bytes, struct pl_error *err)
{
    size_t wanted = 0;
    if (out->len < out->cap && out->len <= limit_bytes) {
        return 0;
    }
    if (out->len > limit_bytes) {
        return pl_error_set(err, PL_E_TOO_BIG, "message longer than %zu bytes", limit_bytes);
    }
    wanted =
        pl_size_min(out->len < FIRST_BYTES ? FIRST_BYTES : out->len, limit_bytes + 1 - out->len);
    out->limit_bytes = limit_bytes + 1; /* the byte that shows that it is too long */
    return pl_buf_reserve(out, wanted) ? 0
                                       : pl_error_set(err, PL_E_NOMEM, "no memory to decompress");
}

/* All of `in`. */
static int run_piece(struct run *run, struct pl_str in, size_t limit_bytes, struct pl_error *err)
{
    z_stream *stream = run->stream;
    struct pl_buf *out = run->out;
    stream->next_in = (const Bytef *)in.ptr;
    stream->avail_in = (uInt)in.len;
    for (;;) {
        size_t room = 0;
        int rc = reserve(out, limit_bytes, err);
        if (rc < 0) {
            return rc;
        }
        room = pl_size_min(pl_size_min(out->cap, limit_bytes + 1) - out->len, INT_MAX);
        stream->next_out = out->ptr + out->len;
        stream->avail_out = (uInt)room;
        rc = inflate(stream, Z_SYNC_FLUSH);
        out->len += room - stream->avail_out;
        if (rc == Z_MEM_ERROR) {
            return pl_error_set(err, PL_E_NOMEM, "no memory to decompress");
        }
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
            return pl_error_set(err, PL_E_PROTO, "compressed message is broken");
        }
        if (out->len > limit_bytes) {
            return pl_error_set(err, PL_E_TOO_BIG, "message longer than %zu bytes", limit_bytes);
        }
        if (rc == Z_STREAM_END) {
            rc = start_again(run, err);
            if (rc < 0) {
                return rc;
            }
        } else if (stream->avail_out > 0) {
            return 0; /* all of the input is used, and all that it gives is out */
        }
    }
}

static int run_message(struct run *run, struct pl_str in, size_t limit_bytes, struct pl_error *err)
{
    const struct pl_str tail = PL_STR("\x00\x00\xff\xff");
    int rc = run_piece(run, in, limit_bytes, err);
    if (rc == 0) {
        rc = run_piece(run, tail, limit_bytes, err);
    }
    if (rc == 0 && (run->stream->data_type & AT_BLOCK_END) == 0) {
        rc = pl_error_set(err, PL_E_PROTO, "compressed message is cut short");
    }
    return rc;
}

int pl_inflater_run(struct pl_inflater *inflater, struct pl_buf *out, struct pl_str in,
                    struct pl_inflate_history *history, struct pl_error *err)
{
    struct run run = {&inflater->stream, out, history, 0};
    size_t limit_bytes = out->limit_bytes;
    int rc = 0;
    PL_ASSERT(out->len == 0);
    if (in.len == 0) {
        return 0;
    }
    if (in.len > INT_MAX) {
        return pl_error_set(err, PL_E_TOO_BIG, "compressed message longer than %d bytes", INT_MAX);
    }
    if (!make_ready(inflater) || !add_dictionary(&inflater->stream, history->bytes, history->len)) {
        return pl_error_set(err, PL_E_NOMEM, "no memory to decompress");
    }
    rc = run_message(&run, in, limit_bytes, err);
    out->limit_bytes = limit_bytes;
    inflater->stream.next_in = NULL;
    inflater->stream.next_out = NULL;
    if (rc == 0 && !history_add(history, out->ptr, out->len)) {
        rc = pl_error_set(err, PL_E_NOMEM, "no memory to decompress");
    }
    return rc;
}
