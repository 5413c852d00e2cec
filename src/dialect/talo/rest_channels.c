/* Channels: listed and found, and what their endpoints share (spec talo, 3.11). */
#include "dialect/talo/rest_channels.h"

#include "dialect/talo/rest_routes.h"
#include "dialect/talo/write.h"

/* --- shared --- */

const struct pl_talo_field pl_talo_channel_id[] = {{.name = "id", .kind = PL_TALO_FIELD_INT}, {0}};

struct pl_talo_actor pl_talo_request_actor(const struct pl_talo_request *request)
{
    return (struct pl_talo_actor){
        .game_id = request->game_id,
        .alias_id = request->alias_id,
        .includes_dev = request->includes_dev_data,
        .now_ms = pl_talo_now_ms(request->talo),
    };
}

void pl_talo_answer_channel_refusal(struct pl_talo_request *request, int refusal)
{
    static const struct {
        enum pl_talo_channel_refusal refusal;
        int status;
        const char *text;
    } rows[] = {
        {PL_TALO_CHANNEL_NO_ALIAS, 404, "Player not found"},
        {PL_TALO_CHANNEL_NOT_FOUND, 404, "Channel not found"},
        {PL_TALO_CHANNEL_IS_PRIVATE, 403, "This channel is private"},
        {PL_TALO_CHANNEL_NOT_OWNER, 403, "This player is not the owner of the channel"},
        {PL_TALO_CHANNEL_NOT_MEMBER, 403, "This player is not a member of the channel"},
        {PL_TALO_CHANNEL_NO_INVITEE, 404, "Invitee not found"},
        {PL_TALO_CHANNEL_INVITES_SELF, 400, "Players cannot invite themselves"},
        {PL_TALO_CHANNEL_NO_NEW_OWNER, 404, "New owner not found"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if ((int)rows[i].refusal == refusal) {
            pl_talo_answer_error(request, rows[i].status, NULL, "%s", rows[i].text);
            return;
        }
    }
    if (refusal == PL_TALO_CHANNEL_TOO_MANY_PROPS) {
        pl_talo_answer_invalid(request, "props", "These are more props than a channel can have");
        return;
    }
    pl_talo_answer_failed(request);
}

void pl_talo_answer_channel(struct pl_talo_request *request, const struct pl_talo_channel *channel)
{
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("channel"));
    pl_talo_write_channel(out, channel, PL_TALO_WITH_MEMBER_COUNT);
    pl_talo_answer_end(request, 200);
}

struct pl_talo_prop_filter pl_talo_prop_filter_of(const struct pl_talo_value *key,
                                                  const struct pl_talo_value *value)
{
    struct pl_talo_prop_filter filter = {0};
    if (key->is_given && key->text.len > 0) {
        filter.key = key->text;
        if (value->is_given && value->text.len > 0) {
            filter.value = value->text;
        }
    }
    return filter;
}

static void write_channels(struct pl_json_writer *out, const struct pl_talo_channel *channels,
                           size_t count)
{
    pl_json_key(out, PL_STR("channels"));
    pl_json_array_begin(out);
    for (size_t i = 0; i < count; i++) {
        pl_talo_write_channel(out, &channels[i], PL_TALO_WITH_MEMBER_COUNT);
    }
    pl_json_array_end(out);
}

/* --- GET /v1/game-channels --- */

enum { LIST_PAGE, LIST_SEARCH, LIST_PROP_KEY, LIST_PROP_VALUE };
static const struct pl_talo_field list_query[] = {
    [LIST_PAGE] = {.name = "page", .kind = PL_TALO_FIELD_PAGE},
    [LIST_SEARCH] = {.name = "search", .kind = PL_TALO_FIELD_STRING, .flags = PL_TALO_OPTIONAL},
    [LIST_PROP_KEY] = {.name = "propKey", .kind = PL_TALO_FIELD_STRING, .flags = PL_TALO_OPTIONAL},
    [LIST_PROP_VALUE] = {.name = "propValue",
                         .kind = PL_TALO_FIELD_STRING,
                         .flags = PL_TALO_OPTIONAL},
    {0},
};

static void on_listed(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_channel_list *list = (const struct pl_talo_op_channel_list *)op;
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    write_channels(out, list->channels, list->channel_count);
    pl_talo_write_page_end(out, list->total, list->page, PL_TALO_PAGE_ITEMS);
    pl_talo_answer_end(request, 200);
}

static void list_channels(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_channel_list_type);
    struct pl_talo_op_channel_list *list = (struct pl_talo_op_channel_list *)op;
    struct pl_talo_prop_filter filter =
        pl_talo_prop_filter_of(&request->query[LIST_PROP_KEY], &request->query[LIST_PROP_VALUE]);
    list->actor = pl_talo_request_actor(request);
    list->page = request->query[LIST_PAGE].integer;
    list->search = request->query[LIST_SEARCH].text;
    list->prop_key = filter.key;
    list->prop_value = filter.value;
    pl_talo_request_submit(request, op, on_listed);
}

/* --- GET /v1/game-channels/subscriptions --- */

enum { MINE_PROP_KEY, MINE_PROP_VALUE };
static const struct pl_talo_field subscriptions_query[] = {
    [MINE_PROP_KEY] = {.name = "propKey", .kind = PL_TALO_FIELD_STRING, .flags = PL_TALO_OPTIONAL},
    [MINE_PROP_VALUE] = {.name = "propValue",
                         .kind = PL_TALO_FIELD_STRING,
                         .flags = PL_TALO_OPTIONAL},
    {0},
};

static void on_subscriptions(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_channel_subscriptions *list =
        (const struct pl_talo_op_channel_subscriptions *)op;
    if (op->rc != 0) {
        pl_talo_answer_channel_refusal(request, op->refusal);
        return;
    }
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    write_channels(out, list->channels, list->channel_count);
    pl_talo_answer_end(request, 200);
}

static void list_subscriptions(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_channel_subscriptions_type);
    struct pl_talo_op_channel_subscriptions *list = (struct pl_talo_op_channel_subscriptions *)op;
    struct pl_talo_prop_filter filter =
        pl_talo_prop_filter_of(&request->query[MINE_PROP_KEY], &request->query[MINE_PROP_VALUE]);
    list->actor = pl_talo_request_actor(request);
    list->prop_key = filter.key;
    list->prop_value = filter.value;
    pl_talo_request_submit(request, op, on_subscriptions);
}

/* --- GET /v1/game-channels/{id} --- */

static void on_got(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc != 0) {
        pl_talo_answer_channel_refusal(request, op->refusal);
        return;
    }
    pl_talo_answer_channel(request, &((const struct pl_talo_op_channel_get *)op)->channel);
}

static void get_channel(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_channel_get_type);
    struct pl_talo_op_channel_get *get = (struct pl_talo_op_channel_get *)op;
    get->actor = pl_talo_request_actor(request);
    get->channel_id = request->id.integer;
    pl_talo_request_submit(request, op, on_got);
}

const struct pl_talo_route pl_talo_channel_routes[] = {
    {.method = PL_HTTP_GET,
     .pattern = "/v1/game-channels",
     .scopes = PL_TALO_READ_CHANNELS,
     .query = list_query,
     .handler = list_channels},
    {.method = PL_HTTP_GET,
     .pattern = "/v1/game-channels/subscriptions",
     .scopes = PL_TALO_READ_CHANNELS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .query = subscriptions_query,
     .handler = list_subscriptions},
    {.method = PL_HTTP_GET,
     .pattern = "/v1/game-channels/{id}",
     .scopes = PL_TALO_READ_CHANNELS,
     .path = pl_talo_channel_id,
     .handler = get_channel},
    {0},
};
