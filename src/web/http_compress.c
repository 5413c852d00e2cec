/* Content codings: a kept stream per coding, and a small cache of compressed content, the one used
 * longest ago leaving first. An entry is a version: its tag is part of its name. */
#include "web/http_compress.h"

#include "base/alloc.h"
#include "net/deflate.h"
#include "web/mime.h"

#define MEM_LEVEL 8
#define DEFAULT_LEVEL 6
/* A larger buffer is given back with the next use. */
#define BUFFER_KEPT_BYTES ((size_t)256 * 1024)

/* The cache is searched one by one. */
#define ENTRIES_MAX 256

/* One compressed content; its texts and bytes lie behind it. */
struct entry {
    struct pl_list in_cache; /* the one used last is at the back */
    const void *owner;
    enum pl_http_coding coding;
    struct pl_str name;
    struct pl_str etag;
    struct pl_str bytes;
    char data[];
};

struct pl_http_compressor {
    struct pl_web_compression config;
    struct pl_deflater *deflaters[PL_HTTP_CODING_COUNT];
    struct pl_buf packed; /* the last result */
    struct pl_buf plain;  /* content that was read to be compressed */
    struct pl_list cache;
    size_t cached_count;
    size_t cached_bytes;
};

static void remove_entry(struct pl_http_compressor *compressor, struct entry *entry)
{
    pl_list_remove(&entry->in_cache);
    compressor->cached_count--;
    compressor->cached_bytes -= entry->bytes.len;
    pl_free(entry);
}

static struct entry *oldest(const struct pl_http_compressor *compressor)
{
    return PL_CONTAINER_OF(compressor->cache.next, struct entry, in_cache);
}

static void clear(struct pl_http_compressor *compressor)
{
    while (!pl_list_is_empty(&compressor->cache)) {
        remove_entry(compressor, oldest(compressor));
    }
    for (size_t i = 0; i < PL_HTTP_CODING_COUNT; i++) {
        pl_deflater_destroy(compressor->deflaters[i]);
        compressor->deflaters[i] = NULL;
    }
}

static struct pl_deflater *create_deflater(enum pl_deflate_format format, int level)
{
    return pl_deflater_create(&(struct pl_deflate_config){
        .format = format, .level = level == 0 ? DEFAULT_LEVEL : level, .mem_level = MEM_LEVEL});
}

void pl_http_compressor_set(struct pl_http_compressor *compressor,
                            const struct pl_web_compression *config)
{
    clear(compressor);
    compressor->config = *config;
    compressor->deflaters[PL_HTTP_CODING_GZIP] = create_deflater(PL_DEFLATE_GZIP, config->level);
    compressor->deflaters[PL_HTTP_CODING_DEFLATE] = create_deflater(PL_DEFLATE_ZLIB, config->level);
}

struct pl_http_compressor *pl_http_compressor_create(void)
{
    struct pl_http_compressor *compressor = pl_alloc(sizeof(*compressor));
    pl_list_init(&compressor->cache);
    pl_http_compressor_set(compressor, &(struct pl_web_compression){0});
    return compressor;
}

void pl_http_compressor_destroy(struct pl_http_compressor *compressor)
{
    if (compressor != NULL) {
        clear(compressor);
        pl_buf_fini(&compressor->packed);
        pl_buf_fini(&compressor->plain);
        pl_free(compressor);
    }
}

/* An empty buffer with room for `len` bytes; false without memory. */
static bool make_room(struct pl_buf *buf, size_t len)
{
    if (buf->cap > BUFFER_KEPT_BYTES) {
        pl_buf_fini(buf);
    }
    pl_buf_clear(buf);
    buf->limit_bytes = len;
    return pl_buf_reserve(buf, len);
}

struct pl_str pl_http_compress(struct pl_http_compressor *compressor, enum pl_http_coding coding,
                               struct pl_str body)
{
    struct pl_buf *packed = &compressor->packed;
    size_t cap = body.len > 0 ? body.len - 1 : 0; /* else it is no gain */
    if (cap == 0 || !make_room(packed, cap)) {
        return (struct pl_str){0};
    }
    packed->len = pl_deflater_run(compressor->deflaters[coding], packed->ptr, cap, body);
    return packed->len == 0 ? (struct pl_str){0} : pl_buf_str(packed);
}

/* --- content --- */

bool pl_http_compressor_wants(const struct pl_http_compressor *compressor,
                              const struct pl_content *content)
{
    const struct pl_web_compression *config = &compressor->config;
    return config->is_enabled && content->size_bytes >= config->threshold_bytes &&
           content->size_bytes <= config->limit_bytes &&
           content->size_bytes <= content->part_limit_bytes &&
           pl_mime_is_compressible(content->type);
}

static struct entry *find(struct pl_http_compressor *compressor, enum pl_http_coding coding,
                          const struct pl_content *content)
{
    PL_LIST_EACH(node, &compressor->cache)
    {
        struct entry *entry = PL_CONTAINER_OF(node, struct entry, in_cache);
        if (entry->coding == coding && entry->owner == content->owner &&
            pl_str_eq(entry->etag, content->etag) && pl_str_eq(entry->name, content->name)) {
            return entry;
        }
    }
    return NULL;
}

static struct pl_str keep_text(char **at, struct pl_str text)
{
    struct pl_str kept = pl_str_make(*at, text.len);
    if (text.len > 0) {
        memcpy(*at, text.ptr, text.len);
    }
    *at += text.len;
    return kept;
}

/* Without memory, or when it is more than all of the cache, it is just not kept. */
static void keep(struct pl_http_compressor *compressor, enum pl_http_coding coding,
                 const struct pl_content *content, struct pl_str bytes)
{
    struct entry *entry = NULL;
    char *at = NULL;
    if (bytes.len > compressor->config.cache_bytes) {
        return;
    }
    while (compressor->cached_bytes + bytes.len > compressor->config.cache_bytes ||
           compressor->cached_count >= ENTRIES_MAX) {
        remove_entry(compressor, oldest(compressor));
    }
    entry = pl_try_alloc(sizeof(*entry) + content->name.len + content->etag.len + bytes.len);
    if (entry == NULL) {
        return;
    }
    at = entry->data;
    *entry = (struct entry){.owner = content->owner, .coding = coding};
    entry->name = keep_text(&at, content->name);
    entry->etag = keep_text(&at, content->etag);
    entry->bytes = keep_text(&at, bytes);
    pl_list_push_back(&compressor->cache, &entry->in_cache);
    compressor->cached_count++;
    compressor->cached_bytes += bytes.len;
}

struct pl_str pl_http_compress_content(struct pl_http_compressor *compressor,
                                       enum pl_http_coding coding, const struct pl_content *content)
{
    struct entry *entry = find(compressor, coding, content);
    struct pl_buf *plain = &compressor->plain;
    struct pl_str packed = {0};
    if (entry != NULL) {
        pl_list_remove(&entry->in_cache);
        pl_list_push_back(&compressor->cache, &entry->in_cache);
        return entry->bytes;
    }
    if (!make_room(plain, (size_t)content->size_bytes) ||
        !content->read(content, plain->ptr, (size_t)content->size_bytes, 0)) {
        return packed;
    }
    plain->len = (size_t)content->size_bytes;
    packed = pl_http_compress(compressor, coding, pl_buf_str(plain));
    if (packed.ptr != NULL) {
        keep(compressor, coding, content, packed);
    }
    return packed;
}
