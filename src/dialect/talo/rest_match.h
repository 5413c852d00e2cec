/* From a method and a path to an endpoint. Pure. Threads: any. */
#ifndef PL_DIALECT_TALO_REST_MATCH_H
#define PL_DIALECT_TALO_REST_MATCH_H

#include "dialect/talo/rest.h"

/* The endpoint for the path (still escaped, without a trailing slash), or NULL. *id becomes the
 * segment in the place of {id}, still escaped; or a NULL pointer. A row with a static segment wins;
 * HEAD is served by rows of GET. */
const struct pl_talo_route *pl_talo_route_match(const struct pl_talo_route *const *tables,
                                                size_t table_count, enum pl_http_method method,
                                                struct pl_str path, struct pl_str *id);

/* What a path belongs to that Talo has and Parley does not ("leaderboards"), or NULL. */
const char *pl_talo_route_unserved(struct pl_str path);

#endif
