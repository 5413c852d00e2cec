/* Content with a version: a file, or bytes that are part of the program. Its validators and the
 * request's conditions decide between 200, 206, 304 and 416.
 * Source: RFC 9110, sections 13 and 14. Threads: the loop's. */
#ifndef PL_WEB_CONTENT_H
#define PL_WEB_CONTENT_H

#include "web/web.h"

#define PL_CONTENT_LAST_MODIFIED_NONE INT64_MIN

struct pl_content {
    struct pl_str etag;      /* strong, with its quotes; "-gzip" is added where it is compressed */
    int64_t last_modified_s; /* since 1970, or PL_CONTENT_LAST_MODIFIED_NONE */
    struct pl_str type;      /* Content-Type */
    struct pl_str cache_control; /* empty: no such header */
    uint64_t size_bytes;
    /* The most that one answer may carry: more is a 500 and a line in the log. */
    size_t part_limit_bytes;
    /* Read `len` bytes from `offset` on into `out`; false when that is not possible (500). */
    bool (*read)(const struct pl_content *content, uint8_t *out, size_t len, uint64_t offset);
    /* What, with its tag, it is known by in the cache of compressed content. */
    const void *owner;
    struct pl_str name;
    const void *bytes; /* for `read`; what it means is its affair */
    int fd;            /* likewise */
};

/* Answer GET or HEAD. The content is borrowed for the call. */
void pl_content_respond(struct pl_web_request *request, const struct pl_content *content);

/* `read` for content whose bytes are in memory. */
bool pl_content_read_memory(const struct pl_content *content, uint8_t *out, size_t len,
                            uint64_t offset);

#endif
