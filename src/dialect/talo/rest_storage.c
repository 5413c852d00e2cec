/* The storage of channels (spec talo, 3.12). */
#include "dialect/talo/rest_channels.h"

#include "dialect/talo/rest_routes.h"
#include "dialect/talo/write.h"
#include "store/talo/storage.h"

/* --- GET /v1/game-channels/{id}/storage --- */

enum { GET_KEY };
static const struct pl_talo_field get_query[] = {
    [GET_KEY] = {.name = "propKey", .kind = PL_TALO_FIELD_STRING},
    {0},
};

static void on_got(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_storage_get *get = (const struct pl_talo_op_storage_get *)op;
    if (op->rc != 0) {
        pl_talo_answer_channel_refusal(request, op->refusal);
        return;
    }
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("prop"));
    if (get->prop == NULL) {
        pl_json_put_null(out);
    } else {
        pl_talo_write_storage_prop(out, get->prop);
    }
    pl_talo_answer_end(request, 200);
}

static void get_storage(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_storage_get_type);
    struct pl_talo_op_storage_get *get = (struct pl_talo_op_storage_get *)op;
    get->actor = pl_talo_request_actor(request);
    get->channel_id = request->id.integer;
    get->key = request->query[GET_KEY].text;
    pl_talo_request_submit(request, op, on_got);
}

/* --- GET .../storage/list --- */

static const char *check_keys(const struct pl_talo_value *value)
{
    if (value->string_count > PL_TALO_STORAGE_LIST_MAX) {
        return "Maximum 50 keys allowed per request";
    }
    for (size_t i = 0; i < value->string_count; i++) {
        if (value->strings[i].len == 0) {
            return "All keys must be non-empty strings";
        }
    }
    return NULL;
}

enum { LIST_KEYS };
static const struct pl_talo_field list_query[] = {
    [LIST_KEYS] = {.name = "propKeys",
                   .kind = PL_TALO_FIELD_STRINGS,
                   .invalid = "propKeys is missing from the request query",
                   .check = check_keys},
    {0},
};

static void on_listed(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_storage_list *list = (const struct pl_talo_op_storage_list *)op;
    if (op->rc != 0) {
        pl_talo_answer_channel_refusal(request, op->refusal);
        return;
    }
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("props"));
    pl_talo_write_storage_props(out, &list->props);
    pl_talo_answer_end(request, 200);
}

static void list_storage(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_storage_list_type);
    struct pl_talo_op_storage_list *list = (struct pl_talo_op_storage_list *)op;
    list->actor = pl_talo_request_actor(request);
    list->channel_id = request->id.integer;
    list->keys = request->query[LIST_KEYS].strings;
    list->key_count = request->query[LIST_KEYS].string_count;
    pl_talo_request_submit(request, op, on_listed);
}

/* --- PUT .../storage --- */

enum { PUT_PROPS };
static const struct pl_talo_field put_body[] = {
    [PUT_PROPS] = {.name = "props",
                   .kind = PL_TALO_FIELD_PROP_CHANGES,
                   .invalid = "Props must be an array"},
    {0},
};

static void on_put(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_storage_put *put = (const struct pl_talo_op_storage_put *)op;
    if (op->rc != 0) {
        pl_talo_answer_channel_refusal(request, op->refusal);
        return;
    }
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("channel"));
    pl_talo_write_channel(out, &put->channel, 0);
    pl_json_key(out, PL_STR("upsertedProps"));
    pl_talo_write_storage_props(out, &put->upserted);
    pl_json_key(out, PL_STR("deletedProps"));
    pl_talo_write_storage_props(out, &put->deleted);
    pl_json_key(out, PL_STR("failedProps"));
    pl_talo_write_rejected(out, &put->failed);
    pl_talo_answer_end(request, 200);
}

static void put_storage(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_storage_put_type);
    struct pl_talo_op_storage_put *put = (struct pl_talo_op_storage_put *)op;
    put->actor = pl_talo_request_actor(request);
    put->channel_id = request->id.integer;
    put->changes = request->body[PUT_PROPS].changes;
    put->profanity = pl_talo_request_profanity(request);
    pl_talo_request_submit(request, op, on_put);
}

const struct pl_talo_route pl_talo_storage_routes[] = {
    {.method = PL_HTTP_GET,
     .pattern = "/v1/game-channels/{id}/storage",
     .scopes = PL_TALO_READ_CHANNELS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .query = get_query,
     .path = pl_talo_channel_id,
     .handler = get_storage},
    {.method = PL_HTTP_GET,
     .pattern = "/v1/game-channels/{id}/storage/list",
     .scopes = PL_TALO_READ_CHANNELS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .query = list_query,
     .path = pl_talo_channel_id,
     .handler = list_storage},
    {.method = PL_HTTP_PUT,
     .pattern = "/v1/game-channels/{id}/storage",
     .scopes = PL_TALO_WRITE_CHANNELS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .body = put_body,
     .path = pl_talo_channel_id,
     .handler = put_storage},
    {0},
};
