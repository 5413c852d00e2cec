/* Entity tags: does the client have this version already? Source: RFC 9110 sections 8.8.3 and 13.1.
 * Threads: any. No allocation. */
#ifndef PL_CODEC_HTTP_ETAG_H
#define PL_CODEC_HTTP_ETAG_H

#include "base/str.h"

/* Whether a value of If-None-Match names `etag`, compared weakly (W/ does not matter), or is `*`.
 *   etag  ours, with its quotes: `"abc"` or `W/"abc"`
 * What is not a list of entity tags matches as far as it is one. */
bool pl_http_etag_list_has(struct pl_str list, struct pl_str etag);

/* Strong comparison of two tags, for If-Range: the same, and neither weak. */
bool pl_http_etag_eq_strong(struct pl_str a, struct pl_str b);

#endif
