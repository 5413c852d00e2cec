/* Channels: made, changed and deleted (spec talo, 3.11). */
#include "dialect/talo/rest_channels.h"

#include "base/utf8.h"
#include "dialect/talo/rest_routes.h"
#include "dialect/talo/write.h"

/* A refused create or update: nothing of it was done. */
static void refuse_change(struct pl_talo_request *request, int refusal,
                          const struct pl_talo_rejected_props *rejected)
{
    if (refusal != PL_TALO_CHANNEL_BAD_PROPS) {
        pl_talo_answer_channel_refusal(request, refusal);
        return;
    }
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("errors"));
    pl_json_object_begin(out);
    pl_json_key(out, PL_STR("props"));
    pl_json_array_begin(out);
    pl_json_put_string(out, PL_STR("One or more props are invalid, see rejectedProps"));
    pl_json_array_end(out);
    pl_json_object_end(out);
    pl_json_key(out, PL_STR("rejectedProps"));
    pl_talo_write_rejected(out, rejected);
    pl_talo_answer_end(request, 400);
}

/* --- POST /v1/game-channels --- */

enum { NEW_NAME, NEW_PROPS, NEW_AUTO_CLEANUP, NEW_PRIVATE, NEW_TEMPORARY };
static const struct pl_talo_field create_body[] = {
    [NEW_NAME] = {.name = "name", .kind = PL_TALO_FIELD_STRING, .check = pl_talo_check_name},
    [NEW_PROPS] = {.name = "props",
                   .kind = PL_TALO_FIELD_PROPS,
                   .flags = PL_TALO_OPTIONAL,
                   .invalid = "Props must be an array"},
    [NEW_AUTO_CLEANUP] = {.name = "autoCleanup",
                          .kind = PL_TALO_FIELD_BOOL,
                          .flags = PL_TALO_OPTIONAL},
    [NEW_PRIVATE] = {.name = "private", .kind = PL_TALO_FIELD_BOOL, .flags = PL_TALO_OPTIONAL},
    [NEW_TEMPORARY] = {.name = "temporaryMembership",
                       .kind = PL_TALO_FIELD_BOOL,
                       .flags = PL_TALO_OPTIONAL},
    {0},
};

static void on_created(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_channel_create *create = (const struct pl_talo_op_channel_create *)op;
    if (op->rc != 0) {
        refuse_change(request, op->refusal, &create->rejected);
        return;
    }
    pl_talo_answer_channel(request, &create->channel);
}

static void create_channel(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_channel_create_type);
    struct pl_talo_op_channel_create *create = (struct pl_talo_op_channel_create *)op;
    create->actor = pl_talo_request_actor(request);
    create->channel_id = pl_talo_next_id(request->talo, PL_TALO_ID_CHANNEL);
    create->name = request->body[NEW_NAME].text;
    create->props = request->body[NEW_PROPS].props;
    create->profanity = pl_talo_request_profanity(request);
    create->is_auto_cleanup = request->body[NEW_AUTO_CLEANUP].boolean;
    create->is_private = request->body[NEW_PRIVATE].boolean;
    create->is_temporary = request->body[NEW_TEMPORARY].boolean;
    pl_talo_request_submit(request, op, on_created);
}

/* --- PUT and DELETE /v1/game-channels/{id} --- */

static const char *check_new_name(const struct pl_talo_value *value)
{
    return pl_talo_check_name(&(struct pl_talo_value){.text = pl_utf8_trim(value->text)});
}

enum { PUT_NAME, PUT_PROPS, PUT_OWNER, PUT_AUTO_CLEANUP, PUT_PRIVATE, PUT_TEMPORARY };
static const struct pl_talo_field update_body[] = {
    [PUT_NAME] = {.name = "name",
                  .kind = PL_TALO_FIELD_STRING,
                  .flags = PL_TALO_OPTIONAL,
                  .check = check_new_name},
    [PUT_PROPS] = {.name = "props",
                   .kind = PL_TALO_FIELD_PROP_CHANGES,
                   .flags = PL_TALO_OPTIONAL,
                   .invalid = "Props must be an array"},
    [PUT_OWNER] = {.name = "ownerAliasId",
                   .kind = PL_TALO_FIELD_NUMBER,
                   .flags = PL_TALO_OPTIONAL | PL_TALO_NULLABLE},
    [PUT_AUTO_CLEANUP] = {.name = "autoCleanup",
                          .kind = PL_TALO_FIELD_BOOL,
                          .flags = PL_TALO_OPTIONAL},
    [PUT_PRIVATE] = {.name = "private", .kind = PL_TALO_FIELD_BOOL, .flags = PL_TALO_OPTIONAL},
    [PUT_TEMPORARY] = {.name = "temporaryMembership",
                       .kind = PL_TALO_FIELD_BOOL,
                       .flags = PL_TALO_OPTIONAL},
    {0},
};

static unsigned given_properties(const struct pl_talo_value *body)
{
    static const unsigned bits[] = {
        [PUT_NAME] = PL_TALO_CHANGED_NAME,       [PUT_PROPS] = PL_TALO_CHANGED_PROPS,
        [PUT_OWNER] = PL_TALO_CHANGED_OWNER,     [PUT_AUTO_CLEANUP] = PL_TALO_CHANGED_AUTO_CLEANUP,
        [PUT_PRIVATE] = PL_TALO_CHANGED_PRIVATE, [PUT_TEMPORARY] = PL_TALO_CHANGED_TEMPORARY,
    };
    unsigned given = 0;
    for (size_t i = 0; i < PL_ARRAY_LEN(bits); i++) {
        given |= body[i].is_given || body[i].is_null ? bits[i] : 0;
    }
    return given;
}

static void on_updated(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_channel_update *update = (const struct pl_talo_op_channel_update *)op;
    if (op->rc != 0) {
        refuse_change(request, op->refusal, &update->rejected);
        return;
    }
    pl_talo_answer_channel(request, &update->channel);
}

static void update_channel(struct pl_talo_request *request)
{
    const struct pl_talo_value *body = request->body;
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_channel_update_type);
    struct pl_talo_op_channel_update *update = (struct pl_talo_op_channel_update *)op;
    update->actor = pl_talo_request_actor(request);
    update->channel_id = request->id.integer;
    update->given = given_properties(body);
    update->name = body[PUT_NAME].text;
    update->props = body[PUT_PROPS].changes;
    update->profanity = pl_talo_request_profanity(request);
    update->owner_change = body[PUT_OWNER].is_given  ? PL_TALO_OWNER_ALIAS
                           : body[PUT_OWNER].is_null ? PL_TALO_OWNER_NOBODY
                                                     : PL_TALO_OWNER_UNCHANGED;
    update->new_owner_id = body[PUT_OWNER].integer;
    update->is_auto_cleanup = body[PUT_AUTO_CLEANUP].boolean;
    update->is_private = body[PUT_PRIVATE].boolean;
    update->is_temporary = body[PUT_TEMPORARY].boolean;
    pl_talo_request_submit(request, op, on_updated);
}

static void on_deleted(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc != 0) {
        pl_talo_answer_channel_refusal(request, op->refusal);
        return;
    }
    pl_talo_answer_empty(request);
}

static void delete_channel(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_channel_delete_type);
    struct pl_talo_op_channel_delete *delete = (struct pl_talo_op_channel_delete *)op;
    delete->actor = pl_talo_request_actor(request);
    delete->channel_id = request->id.integer;
    pl_talo_request_submit(request, op, on_deleted);
}

const struct pl_talo_route pl_talo_channel_change_routes[] = {
    {.method = PL_HTTP_POST,
     .pattern = "/v1/game-channels",
     .scopes = PL_TALO_WRITE_CHANNELS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .body = create_body,
     .handler = create_channel},
    {.method = PL_HTTP_PUT,
     .pattern = "/v1/game-channels/{id}",
     .scopes = PL_TALO_WRITE_CHANNELS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .body = update_body,
     .path = pl_talo_channel_id,
     .handler = update_channel},
    {.method = PL_HTTP_DELETE,
     .pattern = "/v1/game-channels/{id}",
     .scopes = PL_TALO_WRITE_CHANNELS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .path = pl_talo_channel_id,
     .handler = delete_channel},
    {0},
};
