/* The tables of endpoints, one per file of handlers; each is ended by a zeroed row.
 * Threads: any. */
#ifndef PL_DIALECT_TALO_REST_ROUTES_H
#define PL_DIALECT_TALO_REST_ROUTES_H

#include "dialect/talo/rest.h"

extern const struct pl_talo_route pl_talo_health_routes[];         /* spec 3.7 */
extern const struct pl_talo_route pl_talo_player_routes[];         /* 3.8 */
extern const struct pl_talo_route pl_talo_merge_routes[];          /* 3.8 */
extern const struct pl_talo_route pl_talo_auth_routes[];           /* 3.9 */
extern const struct pl_talo_route pl_talo_presence_routes[];       /* 3.10 */
extern const struct pl_talo_route pl_talo_channel_routes[];        /* 3.11 */
extern const struct pl_talo_route pl_talo_channel_change_routes[]; /* 3.11 */
extern const struct pl_talo_route pl_talo_member_routes[];         /* 3.11 */
extern const struct pl_talo_route pl_talo_storage_routes[];        /* 3.12 */
extern const struct pl_talo_route pl_talo_relationship_routes[];   /* 3.13 */
extern const struct pl_talo_route pl_talo_config_routes[];         /* 3.14 */

/* As pl_talo_route_match, in all of them. */
const struct pl_talo_route *pl_talo_find_route(enum pl_http_method method, struct pl_str path,
                                               struct pl_str *id);

#endif
