/* Raw deflate with a preset dictionary. What packs is set up once and reset for each head; what
 * unpacks is made for the moment, since handshakes are looked at far less often than connections
 * are opened. */
#include "codec/http_head_pack.h"

#include "base/alloc.h"
#include "codec/http_head_dictionary.h"

#include <limits.h>
#include <zlib.h>

/* Negative: no zlib header nor check sum. 4 KiB hold the dictionary, and repeats in any
 * head worth packing. */
#define WINDOW_BITS (-12)
#define MEM_LEVEL 4
#define LEVEL 4 /* as small as level 9 for such short texts, in half the time */

#define DICTIONARY_LEN ((uInt)(sizeof(pl_http_head_dictionary) - 1))

_Static_assert(DICTIONARY_LEN <= 4096 - 262,
               "all of it is within reach of the window (zlib's MIN_LOOKAHEAD)");

struct pl_http_head_packer {
    z_stream deflate;
    uint8_t packed[PL_HTTP_HEAD_PACKED_MAX];
};

/* zlib only reads its input, but says so only where ZLIB_CONST is in force. */
static Bytef *as_input(struct pl_str str)
{
    union {
        const char *in;
        Bytef *out;
    } bytes = {.in = str.ptr};
    return bytes.out;
}

/* --- packing --- */

static void *allocate(void *unused, uInt count, uInt size)
{
    (void)unused;
    return pl_alloc_array(count, size);
}

static void release(void *unused, void *ptr)
{
    (void)unused;
    pl_free(ptr);
}

struct pl_http_head_packer *pl_http_head_packer_create(void)
{
    struct pl_http_head_packer *packer = pl_alloc(sizeof(*packer));
    int rc = 0;
    packer->deflate.zalloc = allocate;
    packer->deflate.zfree = release;
    rc = deflateInit2(&packer->deflate, LEVEL, Z_DEFLATED, WINDOW_BITS, MEM_LEVEL,
                      Z_DEFAULT_STRATEGY);
    PL_ASSERT(rc == Z_OK);
    return packer;
}

void pl_http_head_packer_destroy(struct pl_http_head_packer *packer)
{
    if (packer != NULL) {
        deflateEnd(&packer->deflate);
        pl_free(packer);
    }
}

bool pl_http_head_pack(struct pl_str *out, struct pl_http_head_packer *packer, struct pl_str head)
{
    z_stream *stream = &packer->deflate;
    if (head.len == 0 || head.len > UINT_MAX) {
        return false;
    }
    deflateReset(stream);
    deflateSetDictionary(stream, (const Bytef *)pl_http_head_dictionary, DICTIONARY_LEN);
    stream->next_in = as_input(head);
    stream->avail_in = (uInt)head.len;
    stream->next_out = packer->packed;
    stream->avail_out = (uInt)pl_size_min(head.len - 1, sizeof(packer->packed));
    if (stream->avail_out == 0 || deflate(stream, Z_FINISH) != Z_STREAM_END) {
        return false;
    }
    *out = pl_str_make((const char *)packer->packed, (size_t)(stream->next_out - packer->packed));
    return true;
}

/* --- unpacking --- */

static void *try_allocate(void *unused, uInt count, uInt size)
{
    size_t bytes = 0;
    (void)unused;
    return pl_size_mul(&bytes, count, size) ? pl_try_alloc(bytes) : NULL;
}

/* Into `out`, which is exactly as long as the head was. */
static int inflate_all(struct pl_span out, struct pl_str packed, struct pl_error *err)
{
    z_stream stream = {.zalloc = try_allocate, .zfree = release};
    int rc = 0;
    bool is_whole = false;
    if (inflateInit2(&stream, WINDOW_BITS) != Z_OK) {
        return pl_error_set(err, PL_E_NOMEM, "out of memory");
    }
    rc = inflateSetDictionary(&stream, (const Bytef *)pl_http_head_dictionary, DICTIONARY_LEN);
    if (rc == Z_OK) {
        stream.next_in = as_input(packed);
        stream.avail_in = (uInt)packed.len;
        stream.next_out = out.ptr;
        stream.avail_out = (uInt)out.len;
        rc = inflate(&stream, Z_FINISH);
        is_whole = rc == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
    }
    inflateEnd(&stream);
    if (rc == Z_MEM_ERROR) {
        return pl_error_set(err, PL_E_NOMEM, "out of memory");
    }
    return is_whole ? 0 : pl_error_set(err, PL_E_PROTO, "not a packed request head");
}

int pl_http_head_unpack(struct pl_str *out, struct pl_str packed, size_t head_len,
                        struct pl_arena *arena, struct pl_error *err)
{
    uint8_t *head = NULL;
    int rc = 0;
    if (packed.len > PL_HTTP_HEAD_PACKED_MAX || head_len > UINT_MAX) {
        return pl_error_set(err, PL_E_PROTO, "not a packed request head");
    }
    head = pl_arena_alloc(arena, head_len);
    if (head == NULL) {
        return pl_error_set(err, PL_E_TOO_BIG, "the request head is too long");
    }
    rc = inflate_all((struct pl_span){head, head_len}, packed, err);
    if (rc < 0) {
        return rc;
    }
    *out = pl_str_make((const char *)head, head_len);
    return 0;
}
