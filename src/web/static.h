/* Static files of a folder: GET and HEAD, ETag, Last-Modified, conditional requests and single
 * ranges. Files are read whole at request time up to a limit and sent through the connection's
 * queue.
 * Threads: the loop's. */
#ifndef PL_WEB_STATIC_H
#define PL_WEB_STATIC_H

#include "web/web.h"

struct pl_static;

struct pl_static_config {
    const char *owner; /* of the route */
    struct pl_str folder;
    struct pl_str prefix;        /* of the URL: "/" or "/assets" */
    struct pl_str index;         /* "index.html"; empty for none */
    bool falls_back_to_index;    /* for GET with Accept: text/html on paths that are no file */
    struct pl_str cache_control; /* empty for none */
    size_t file_limit_bytes;
};

/* Serve a folder: adds its route. Dot files, `..`, and links that lead out of the folder are not
 * found. */
PL_MUST_CHECK int pl_static_add(struct pl_static **out, struct pl_web *web,
                                const struct pl_static_config *config, struct pl_error *err);
void pl_static_destroy(struct pl_static *files);

#endif
