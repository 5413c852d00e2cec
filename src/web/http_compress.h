/* Content codings for answers: bodies that are compressed as they are sent, and content with a
 * version, whose compressed form is kept for the next client. Threads: the loop's. */
#ifndef PL_WEB_HTTP_COMPRESS_H
#define PL_WEB_HTTP_COMPRESS_H

#include "codec/http_coding.h"
#include "web/content.h"

struct pl_http_compressor;

struct pl_http_compressor *pl_http_compressor_create(void);
void pl_http_compressor_destroy(struct pl_http_compressor *compressor); /* NULL is fine */
void pl_http_compressor_set(struct pl_http_compressor *compressor,
                            const struct pl_web_compression *config);

/* Compress a body. Returns what borrows from the compressor until it is used again; a NULL ptr when
 * it would not get shorter, or without memory: send it as it is. coding: not identity. */
struct pl_str pl_http_compress(struct pl_http_compressor *compressor, enum pl_http_coding coding,
                               struct pl_str body);

/* Whether content of this type and size has compressed forms. */
bool pl_http_compressor_wants(const struct pl_http_compressor *compressor,
                              const struct pl_content *content);

/* The compressed form of a content, from the cache where it is there. As pl_http_compress, and a
 * NULL ptr when the content cannot be read. */
struct pl_str pl_http_compress_content(struct pl_http_compressor *compressor,
                                       enum pl_http_coding coding,
                                       const struct pl_content *content);

#endif
