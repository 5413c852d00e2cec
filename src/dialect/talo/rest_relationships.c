/* Relationships between players (spec talo, 3.13). */
#include "dialect/talo/rest_routes.h"

#include "dialect/talo/write.h"
#include "store/talo/relationships.h"

static const struct pl_talo_field subscription_id[] = {{.name = "id", .kind = PL_TALO_FIELD_INT},
                                                       {0}};

enum { UNIDIRECTIONAL, BIDIRECTIONAL };
static const char *const types[] = {"unidirectional", "bidirectional", NULL};
static const char bad_type[] =
    "relationshipType must be either \"unidirectional\" or \"bidirectional\"";

static void refuse(struct pl_talo_request *request, int refusal)
{
    static const struct {
        enum pl_talo_subscription_refusal refusal;
        int status;
        const char *text;
    } rows[] = {
        {PL_TALO_SUBSCRIPTION_NO_ALIAS, 404, "Player not found"},
        {PL_TALO_SUBSCRIPTION_NO_TARGET, 404, "Player alias for subscription not found"},
        {PL_TALO_SUBSCRIPTION_IS_SELF, 400, "Cannot subscribe to yourself"},
        {PL_TALO_SUBSCRIPTION_EXISTS, 400, "Subscription already exists"},
        {PL_TALO_SUBSCRIPTION_NO_REQUEST, 404, "Subscription request not found"},
        {PL_TALO_SUBSCRIPTION_NOT_FOUND, 404, "Subscription not found"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if ((int)rows[i].refusal == refusal) {
            pl_talo_answer_error(request, rows[i].status, NULL, "%s", rows[i].text);
            return;
        }
    }
    pl_talo_answer_failed(request);
}

static void answer_subscription(struct pl_talo_request *request,
                                const struct pl_talo_subscription *subscription)
{
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("subscription"));
    pl_talo_write_subscription(out, subscription);
    pl_talo_answer_end(request, 200);
}

/* --- POST /v1/players/relationships --- */

enum { NEW_ALIAS, NEW_TYPE };
static const struct pl_talo_field create_body[] = {
    [NEW_ALIAS] = {.name = "aliasId", .kind = PL_TALO_FIELD_INT},
    [NEW_TYPE] = {.name = "relationshipType",
                  .kind = PL_TALO_FIELD_ENUM,
                  .invalid = bad_type,
                  .options = types},
    {0},
};

static void on_created(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc != 0) {
        refuse(request, op->refusal);
        return;
    }
    answer_subscription(request,
                        &((const struct pl_talo_op_subscription_create *)op)->subscription);
}

static void create(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_subscription_create_type);
    struct pl_talo_op_subscription_create *create = (struct pl_talo_op_subscription_create *)op;
    create->game_id = request->game_id;
    create->alias_id = request->alias_id;
    create->target_id = request->body[NEW_ALIAS].integer;
    create->subscription_id = pl_talo_next_id(request->talo, PL_TALO_ID_SUBSCRIPTION);
    create->is_bidirectional = request->body[NEW_TYPE].option == BIDIRECTIONAL;
    create->now_ms = pl_talo_now_ms(request->talo);
    pl_talo_request_submit(request, op, on_created);
}

/* --- PUT .../{id}/confirm --- */

static void on_confirmed(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc != 0) {
        refuse(request, op->refusal);
        return;
    }
    answer_subscription(request,
                        &((const struct pl_talo_op_subscription_confirm *)op)->subscription);
}

static void confirm(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_subscription_confirm_type);
    struct pl_talo_op_subscription_confirm *confirm = (struct pl_talo_op_subscription_confirm *)op;
    confirm->game_id = request->game_id;
    confirm->alias_id = request->alias_id;
    confirm->subscription_id = request->id.integer;
    confirm->reciprocal_id = pl_talo_next_id(request->talo, PL_TALO_ID_SUBSCRIPTION);
    confirm->now_ms = pl_talo_now_ms(request->talo);
    pl_talo_request_submit(request, op, on_confirmed);
}

/* --- GET .../subscribers and .../subscriptions --- */

static const char *const booleans[] = {"true", "false", NULL};

enum { LIST_PAGE, LIST_CONFIRMED, LIST_ALIAS, LIST_TYPE };
static const struct pl_talo_field list_query[] = {
    [LIST_PAGE] = {.name = "page", .kind = PL_TALO_FIELD_PAGE},
    [LIST_CONFIRMED] = {.name = "confirmed",
                        .kind = PL_TALO_FIELD_ENUM,
                        .flags = PL_TALO_OPTIONAL,
                        .options = booleans},
    [LIST_ALIAS] = {.name = "aliasId", .kind = PL_TALO_FIELD_INT, .flags = PL_TALO_OPTIONAL},
    [LIST_TYPE] = {.name = "relationshipType",
                   .kind = PL_TALO_FIELD_ENUM,
                   .flags = PL_TALO_OPTIONAL,
                   .invalid = bad_type,
                   .options = types},
    {0},
};

/* YES for the option of that index, NO for the other one. */
static enum pl_talo_tristate tristate_of(const struct pl_talo_value *value, size_t yes)
{
    if (!value->is_given) {
        return PL_TALO_ANY;
    }
    return value->option == yes ? PL_TALO_YES : PL_TALO_NO;
}

static void on_listed(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_subscription_list *list =
        (const struct pl_talo_op_subscription_list *)op;
    if (op->rc != 0) {
        refuse(request, op->refusal);
        return;
    }
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("subscriptions"));
    pl_json_array_begin(out);
    for (size_t i = 0; i < list->subscription_count; i++) {
        pl_talo_write_subscription(out, &list->subscriptions[i]);
    }
    pl_json_array_end(out);
    pl_talo_write_page_end(out, list->total, list->page, PL_TALO_PAGE_ITEMS);
    pl_talo_answer_end(request, 200);
}

static void list(struct pl_talo_request *request, enum pl_talo_subscription_side side)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_subscription_list_type);
    struct pl_talo_op_subscription_list *list = (struct pl_talo_op_subscription_list *)op;
    list->game_id = request->game_id;
    list->alias_id = request->alias_id;
    list->side = side;
    list->page = request->query[LIST_PAGE].integer;
    list->is_confirmed = tristate_of(&request->query[LIST_CONFIRMED], 0);
    list->is_bidirectional = tristate_of(&request->query[LIST_TYPE], BIDIRECTIONAL);
    list->has_other_id = request->query[LIST_ALIAS].is_given;
    list->other_id = request->query[LIST_ALIAS].integer;
    pl_talo_request_submit(request, op, on_listed);
}

static void list_subscribers(struct pl_talo_request *request)
{
    list(request, PL_TALO_AS_TARGET);
}

static void list_subscriptions(struct pl_talo_request *request)
{
    list(request, PL_TALO_AS_SUBSCRIBER);
}

/* --- DELETE .../{id} --- */

static void on_deleted(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc != 0) {
        refuse(request, op->refusal);
        return;
    }
    pl_talo_answer_empty(request);
}

static void delete_subscription(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_subscription_delete_type);
    struct pl_talo_op_subscription_delete *delete = (struct pl_talo_op_subscription_delete *)op;
    delete->game_id = request->game_id;
    delete->alias_id = request->alias_id;
    delete->subscription_id = request->id.integer;
    pl_talo_request_submit(request, op, on_deleted);
}

const struct pl_talo_route pl_talo_relationship_routes[] = {
    {.method = PL_HTTP_POST,
     .pattern = "/v1/players/relationships",
     .scopes = PL_TALO_WRITE_RELATIONSHIPS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .body = create_body,
     .handler = create},
    {.method = PL_HTTP_PUT,
     .pattern = "/v1/players/relationships/{id}/confirm",
     .scopes = PL_TALO_WRITE_RELATIONSHIPS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .path = subscription_id,
     .handler = confirm},
    {.method = PL_HTTP_GET,
     .pattern = "/v1/players/relationships/subscribers",
     .scopes = PL_TALO_READ_RELATIONSHIPS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .query = list_query,
     .handler = list_subscribers},
    {.method = PL_HTTP_GET,
     .pattern = "/v1/players/relationships/subscriptions",
     .scopes = PL_TALO_READ_RELATIONSHIPS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .query = list_query,
     .handler = list_subscriptions},
    {.method = PL_HTTP_DELETE,
     .pattern = "/v1/players/relationships/{id}",
     .scopes = PL_TALO_WRITE_RELATIONSHIPS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .path = subscription_id,
     .handler = delete_subscription},
    {0},
};
