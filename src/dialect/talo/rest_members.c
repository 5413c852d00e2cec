/* Who is in a channel, and who comes and goes (spec talo, 3.11). */
#include "dialect/talo/rest_channels.h"

#include "dialect/talo/rest_routes.h"
#include "dialect/talo/write.h"

/* --- POST /v1/game-channels/{id}/join --- */

static void on_joined(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc != 0) {
        pl_talo_answer_channel_refusal(request, op->refusal);
        return;
    }
    pl_talo_answer_channel(request, &((const struct pl_talo_op_channel_join *)op)->channel);
}

static void join(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_channel_join_type);
    struct pl_talo_op_channel_join *join = (struct pl_talo_op_channel_join *)op;
    join->actor = pl_talo_request_actor(request);
    join->channel_id = request->id.integer;
    pl_talo_request_submit(request, op, on_joined);
}

/* --- POST .../leave and .../invite --- */

static void on_done(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc != 0) {
        pl_talo_answer_channel_refusal(request, op->refusal);
        return;
    }
    pl_talo_answer_empty(request);
}

static void leave(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_channel_leave_type);
    struct pl_talo_op_channel_leave *leave = (struct pl_talo_op_channel_leave *)op;
    leave->actor = pl_talo_request_actor(request);
    leave->channel_id = request->id.integer;
    pl_talo_request_submit(request, op, on_done);
}

enum { INVITE_ALIAS };
static const struct pl_talo_field invite_body[] = {
    [INVITE_ALIAS] = {.name = "inviteeAliasId", .kind = PL_TALO_FIELD_NUMBER},
    {0},
};

static void invite(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_channel_invite_type);
    struct pl_talo_op_channel_invite *invite = (struct pl_talo_op_channel_invite *)op;
    invite->actor = pl_talo_request_actor(request);
    invite->channel_id = request->id.integer;
    invite->invitee_id = request->body[INVITE_ALIAS].integer;
    pl_talo_request_submit(request, op, on_done);
}

/* --- GET .../members --- */

/* Clients say propKey and propValue, which the deployed service does not know (spec 8.1, row 6). */
enum {
    MEMBERS_PAGE,
    MEMBERS_PLAYER,
    MEMBERS_ALIAS,
    MEMBERS_IDENTIFIER,
    MEMBERS_PLAYER_PROP_KEY,
    MEMBERS_PLAYER_PROP_VALUE,
    MEMBERS_PROP_KEY,
    MEMBERS_PROP_VALUE,
    MEMBERS_GROUP,
};
static const struct pl_talo_field members_query[] = {
    [MEMBERS_PAGE] = {.name = "page", .kind = PL_TALO_FIELD_PAGE},
    [MEMBERS_PLAYER] = {.name = "playerId", .kind = PL_TALO_FIELD_UUID, .flags = PL_TALO_OPTIONAL},
    [MEMBERS_ALIAS] = {.name = "aliasId", .kind = PL_TALO_FIELD_INT, .flags = PL_TALO_OPTIONAL},
    [MEMBERS_IDENTIFIER] = {.name = "identifier",
                            .kind = PL_TALO_FIELD_STRING,
                            .flags = PL_TALO_OPTIONAL},
    [MEMBERS_PLAYER_PROP_KEY] = {.name = "playerPropKey",
                                 .kind = PL_TALO_FIELD_STRING,
                                 .flags = PL_TALO_OPTIONAL},
    [MEMBERS_PLAYER_PROP_VALUE] = {.name = "playerPropValue",
                                   .kind = PL_TALO_FIELD_STRING,
                                   .flags = PL_TALO_OPTIONAL},
    [MEMBERS_PROP_KEY] = {.name = "propKey",
                          .kind = PL_TALO_FIELD_STRING,
                          .flags = PL_TALO_OPTIONAL},
    [MEMBERS_PROP_VALUE] = {.name = "propValue",
                            .kind = PL_TALO_FIELD_STRING,
                            .flags = PL_TALO_OPTIONAL},
    [MEMBERS_GROUP] = {.name = "playerGroupId",
                       .kind = PL_TALO_FIELD_UUID,
                       .flags = PL_TALO_OPTIONAL},
    {0},
};

static void on_members(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_channel_members *list = (const struct pl_talo_op_channel_members *)op;
    if (op->rc != 0) {
        pl_talo_answer_channel_refusal(request, op->refusal);
        return;
    }
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("members"));
    pl_json_array_begin(out);
    for (size_t i = 0; i < list->member_count; i++) {
        pl_talo_write_alias(out, &list->members[i], 0);
    }
    pl_json_array_end(out);
    pl_talo_write_page_end(out, list->total, list->page, PL_TALO_PAGE_ITEMS);
    pl_talo_answer_end(request, 200);
}

static void set_filters(struct pl_talo_op_channel_members *list, const struct pl_talo_value *query)
{
    struct pl_talo_prop_filter filter =
        pl_talo_prop_filter_of(&query[MEMBERS_PLAYER_PROP_KEY], &query[MEMBERS_PLAYER_PROP_VALUE]);
    if (filter.key.ptr == NULL) {
        filter = pl_talo_prop_filter_of(&query[MEMBERS_PROP_KEY], &query[MEMBERS_PROP_VALUE]);
    }
    list->prop_key = filter.key;
    list->prop_value = filter.value;
    list->has_player_id = query[MEMBERS_PLAYER].is_given;
    list->player_id = query[MEMBERS_PLAYER].uuid;
    list->has_alias_id = query[MEMBERS_ALIAS].is_given;
    list->alias_id = query[MEMBERS_ALIAS].integer;
    if (query[MEMBERS_IDENTIFIER].is_given && query[MEMBERS_IDENTIFIER].text.len > 0) {
        list->identifier = query[MEMBERS_IDENTIFIER].text;
    }
    list->has_group_id = query[MEMBERS_GROUP].is_given;
    list->group_id = query[MEMBERS_GROUP].uuid;
}

static void list_members(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_channel_members_type);
    struct pl_talo_op_channel_members *list = (struct pl_talo_op_channel_members *)op;
    list->actor = pl_talo_request_actor(request);
    list->channel_id = request->id.integer;
    list->page = request->query[MEMBERS_PAGE].integer;
    set_filters(list, request->query);
    pl_talo_request_submit(request, op, on_members);
}

const struct pl_talo_route pl_talo_member_routes[] = {
    {.method = PL_HTTP_POST,
     .pattern = "/v1/game-channels/{id}/join",
     .scopes = PL_TALO_WRITE_CHANNELS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .path = pl_talo_channel_id,
     .handler = join},
    {.method = PL_HTTP_POST,
     .pattern = "/v1/game-channels/{id}/leave",
     .scopes = PL_TALO_WRITE_CHANNELS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .path = pl_talo_channel_id,
     .handler = leave},
    {.method = PL_HTTP_POST,
     .pattern = "/v1/game-channels/{id}/invite",
     .scopes = PL_TALO_WRITE_CHANNELS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .body = invite_body,
     .path = pl_talo_channel_id,
     .handler = invite},
    {.method = PL_HTTP_GET,
     .pattern = "/v1/game-channels/{id}/members",
     .scopes = PL_TALO_READ_CHANNELS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .query = members_query,
     .path = pl_talo_channel_id,
     .handler = list_members},
    {0},
};
