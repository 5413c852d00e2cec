/* Health checks and tickets (spec talo, 3.7). */
#include "dialect/talo/rest_routes.h"

#include "dialect/talo/write.h"

static void get_health(struct pl_talo_request *request)
{
    pl_talo_answer_empty(request);
}

static void create_ticket(struct pl_talo_request *request)
{
    struct pl_uuid ticket =
        pl_talo_issue_ticket(request->talo, request->key.id, request->is_dev_build);
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("ticket"));
    pl_talo_write_uuid(out, &ticket);
    pl_talo_answer_end(request, 200);
}

const struct pl_talo_route pl_talo_health_routes[] = {
    {.method = PL_HTTP_GET,
     .pattern = "/public/health",
     .flags = PL_TALO_IS_PUBLIC,
     .handler = get_health},
    {.method = PL_HTTP_GET, .pattern = "/v1/health-check", .handler = get_health},
    {.method = PL_HTTP_POST, .pattern = "/v1/socket-tickets", .handler = create_ticket},
    {0},
};
