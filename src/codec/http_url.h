/* Request targets: path, query, percent escapes. Source: RFC 3986 section 2.1; for queries the
 * application/x-www-form-urlencoded parser of the WHATWG URL standard, which forms follow as well.
 * Threads: any. */
#ifndef PL_CODEC_HTTP_URL_H
#define PL_CODEC_HTTP_URL_H

#include "base/arena.h"
#include "base/error.h"

struct pl_http_url {
    struct pl_str path;  /* still escaped; "/" when the target has none, "*" of OPTIONS */
    struct pl_str query; /* still escaped, without the '?'; ptr NULL when there is no '?' */
};

/* One `name=value` of a query, both still escaped. A pair without '=' has an empty value. */
struct pl_http_query_pair {
    struct pl_str name;
    struct pl_str value;
};

/* Cut the target of a request (which read has checked). Borrows from `target`. */
void pl_http_url_split(struct pl_http_url *out, struct pl_str target);

/* The path without its escapes. A path without any is borrowed, others are copied to the arena.
 * Returns 0, PL_E_INVALID for a broken escape or an escaped NUL, PL_E_TOO_BIG at the arena's cap.
 * Escaped slashes become slashes: split into segments first where that matters. */
PL_MUST_CHECK int pl_http_path_decode(struct pl_str *out, struct pl_str path,
                                      struct pl_arena *arena, struct pl_error *err);

/* A name or value of a query or form: `+` is a space, a broken escape stands for itself. Borrows or
 * copies as above.
 * Returns 0 or PL_E_TOO_BIG. The bytes are any: UTF-8 is not checked here. */
PL_MUST_CHECK int pl_http_form_decode(struct pl_str *out, struct pl_str text,
                                      struct pl_arena *arena, struct pl_error *err);

/* Whether `text`, decoded as above, is `plain`. */
bool pl_http_form_eq(struct pl_str text, struct pl_str plain);

/* The next pair; empty ones (`&&`) are passed over. `rest` begins as the query.
 * False at the end. */
bool pl_http_query_next(struct pl_http_query_pair *out, struct pl_str *rest);

/* The value of the last pair with that (decoded) name, still escaped. Its ptr is NULL when there is
 * none. */
struct pl_str pl_http_query_find(struct pl_str query, struct pl_str name);

/* The same, decoded. Returns 0, PL_E_NOT_FOUND or PL_E_TOO_BIG. */
PL_MUST_CHECK int pl_http_query_get(struct pl_str *out, struct pl_str query, struct pl_str name,
                                    struct pl_arena *arena, struct pl_error *err);

#endif
