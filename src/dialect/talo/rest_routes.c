/* The list of all tables of endpoints. */
#include "dialect/talo/rest_routes.h"

#include "dialect/talo/rest_match.h"

const struct pl_talo_route *pl_talo_find_route(enum pl_http_method method, struct pl_str path,
                                               struct pl_str *id)
{
    static const struct pl_talo_route *const tables[] = {
        pl_talo_health_routes,         pl_talo_player_routes,   pl_talo_merge_routes,
        pl_talo_auth_routes,           pl_talo_presence_routes, pl_talo_channel_routes,
        pl_talo_channel_change_routes, pl_talo_member_routes,   pl_talo_storage_routes,
        pl_talo_relationship_routes,   pl_talo_config_routes,
    };
    return pl_talo_route_match(tables, PL_ARRAY_LEN(tables), method, path, id);
}
