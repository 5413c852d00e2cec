/* Presence (spec talo, 3.10). */
#include "dialect/talo/rest_routes.h"

#include "dialect/talo/write.h"
#include "store/talo/presence.h"

static void answer_presence(struct pl_talo_request *request,
                            const struct pl_talo_presence *presence,
                            const struct pl_talo_alias *alias)
{
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("presence"));
    pl_talo_write_presence(out, presence, alias);
    pl_talo_answer_end(request, 200);
}

/* --- GET /v1/players/presence/{id} --- */

static const struct pl_talo_field player_id[] = {{.name = "id", .kind = PL_TALO_FIELD_UUID}, {0}};

static void on_got(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_presence_get *got = (const struct pl_talo_op_presence_get *)op;
    struct pl_talo_presence nobody = {.custom_status = PL_STR(""),
                                      .updated_ms = pl_talo_now_ms(request->talo)};
    if (op->rc != 0) {
        pl_talo_answer_no_player(request);
        return;
    }
    answer_presence(request, got->has_presence ? &got->presence : &nobody,
                    got->has_presence ? got->alias : NULL);
}

static void get_presence(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_presence_get_type);
    struct pl_talo_op_presence_get *get = (struct pl_talo_op_presence_get *)op;
    get->game_id = request->game_id;
    get->player_id = request->id.uuid;
    pl_talo_request_submit(request, op, on_got);
}

/* --- PUT /v1/players/presence --- */

enum { PUT_ONLINE, PUT_STATUS };
static const struct pl_talo_field put_body[] = {
    [PUT_ONLINE] = {.name = "online", .kind = PL_TALO_FIELD_BOOL, .flags = PL_TALO_OPTIONAL},
    [PUT_STATUS] = {.name = "customStatus",
                    .kind = PL_TALO_FIELD_STRING,
                    .flags = PL_TALO_OPTIONAL,
                    .check = pl_talo_check_name},
    {0},
};

static void on_put(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_presence_set *set = (const struct pl_talo_op_presence_set *)op;
    if (op->rc != 0) {
        pl_talo_answer_no_player(request);
        return;
    }
    answer_presence(request, &set->change.presence, set->change.alias);
}

static void put_presence(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_presence_set_type);
    struct pl_talo_op_presence_set *set = (struct pl_talo_op_presence_set *)op;
    set->game_id = request->game_id;
    set->alias_id = request->alias_id;
    set->has_online = request->body[PUT_ONLINE].is_given;
    set->is_online = request->body[PUT_ONLINE].boolean;
    set->has_status = request->body[PUT_STATUS].is_given;
    set->custom_status = request->body[PUT_STATUS].text;
    set->now_ms = pl_talo_now_ms(request->talo);
    pl_talo_request_submit(request, op, on_put);
}

const struct pl_talo_route pl_talo_presence_routes[] = {
    {.method = PL_HTTP_GET,
     .pattern = "/v1/players/presence/{id}",
     .scopes = PL_TALO_READ_PRESENCE,
     .path = player_id,
     .handler = get_presence},
    {.method = PL_HTTP_PUT,
     .pattern = "/v1/players/presence",
     .scopes = PL_TALO_WRITE_PRESENCE,
     .flags = PL_TALO_NEEDS_ALIAS,
     .body = put_body,
     .handler = put_presence},
    {0},
};
