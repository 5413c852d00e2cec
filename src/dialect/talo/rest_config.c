/* Live configuration and player groups (spec talo, 3.14). */
#include "dialect/talo/rest_routes.h"

#include "dialect/talo/write.h"
#include "store/talo/channels.h"
#include "store/talo/groups.h"

static void get_config(struct pl_talo_request *request)
{
    const struct pl_talo_props *config = pl_talo_live_config(request->talo, request->game_id);
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("config"));
    pl_talo_write_props(out, config != NULL ? config : &(struct pl_talo_props){0});
    pl_talo_answer_end(request, 200);
}

/* --- GET /v1/player-groups/{id} --- */

static const struct pl_talo_field group_id[] = {{.name = "id", .kind = PL_TALO_FIELD_UUID}, {0}};

/* Clients say `page`, which the deployed service does not know (spec 8.1, row 6). */
enum { GROUP_MEMBERS_PAGE, GROUP_PAGE };
static const struct pl_talo_field group_query[] = {
    [GROUP_MEMBERS_PAGE] = {.name = "membersPage", .kind = PL_TALO_FIELD_PAGE},
    [GROUP_PAGE] = {.name = "page", .kind = PL_TALO_FIELD_PAGE},
    {0},
};

static int64_t page_of(const struct pl_talo_request *request)
{
    const struct pl_talo_value *page = &request->query[GROUP_MEMBERS_PAGE];
    return page->is_given ? page->integer : request->query[GROUP_PAGE].integer;
}

static void on_group(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_group_get *got = (const struct pl_talo_op_group_get *)op;
    if (op->rc != 0) {
        pl_talo_answer_error(request, 404, NULL, "Group not found");
        return;
    }
    bool is_visible = got->group.has_visible_members;
    static const struct pl_talo_player none;
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("group"));
    pl_talo_write_group(out, &got->group,
                        !is_visible             ? NULL
                        : got->member_count > 0 ? got->members
                                                : &none,
                        got->member_count);
    pl_json_key(out, PL_STR("membersPagination"));
    pl_json_object_begin(out);
    pl_talo_write_page_end(out, is_visible ? got->total : 0, page_of(request), PL_TALO_PAGE_ITEMS);
    pl_json_object_end(out);
    pl_talo_answer_end(request, 200);
}

static void get_group(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_group_get_type);
    struct pl_talo_op_group_get *get = (struct pl_talo_op_group_get *)op;
    get->game_id = request->game_id;
    get->group_id = request->id.uuid;
    get->page = page_of(request);
    get->includes_dev = request->includes_dev_data;
    pl_talo_request_submit(request, op, on_group);
}

const struct pl_talo_route pl_talo_config_routes[] = {
    {.method = PL_HTTP_GET,
     .pattern = "/v1/game-config",
     .scopes = PL_TALO_READ_CONFIG,
     .handler = get_config},
    {.method = PL_HTTP_GET,
     .pattern = "/v1/player-groups/{id}",
     .scopes = PL_TALO_READ_GROUPS,
     .query = group_query,
     .path = group_id,
     .handler = get_group},
    {0},
};
