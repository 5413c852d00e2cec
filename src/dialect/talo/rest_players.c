/* Players (spec talo, 3.8). */
#include "dialect/talo/rest_routes.h"

#include "base/utf8.h"
#include "dialect/talo/write.h"
#include "store/talo/players.h"

static void answer_player(struct pl_talo_request *request, const struct pl_talo_player *player)
{
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("player"));
    pl_talo_write_player(out, player, PL_TALO_WITH_ALIASES);
    pl_talo_answer_end(request, 200);
}

/* --- GET /v1/players/identify --- */

/* A blank text would be an empty one once it is trimmed, so it is refused as one. */
static const char *check_service(const struct pl_talo_value *value)
{
    return pl_utf8_trim(value->text).len > 0 ? pl_talo_check_name(value)
                                             : "Invalid service, must be a non-empty string";
}

static const char *check_identifier(const struct pl_talo_value *value)
{
    return pl_utf8_trim(value->text).len > 0 ? pl_talo_check_name(value)
                                             : "Invalid identifier, must be a non-empty string";
}

enum { IDENTIFY_SERVICE, IDENTIFY_IDENTIFIER };
static const struct pl_talo_field identify_query[] = {
    [IDENTIFY_SERVICE] = {.name = "service",
                          .kind = PL_TALO_FIELD_STRING,
                          .invalid = "service is missing from the request query",
                          .check = check_service},
    [IDENTIFY_IDENTIFIER] = {.name = "identifier",
                             .kind = PL_TALO_FIELD_STRING,
                             .invalid = "identifier is missing from the request query",
                             .check = check_identifier},
    {0},
};

static void refuse_identify(struct pl_talo_request *request, int refusal)
{
    switch (refusal) {
    case PL_TALO_PLAYER_NOT_CREATED:
        pl_talo_answer_error(request, 404, NULL,
                             "Player not found. Use an access key with the write:players scope to "
                             "automatically create players");
        return;
    case PL_TALO_PLAYER_NEEDS_REGISTER:
        pl_talo_answer_error(
            request, 404, NULL,
            "Player not found: Talo aliases must be created using the /v1/players/auth API");
        return;
    case PL_TALO_PLAYER_NO_SESSION:
        pl_talo_answer_no_session(request);
        return;
    case PL_TALO_PLAYER_BAD_SESSION:
        pl_talo_answer_bad_session(request);
        return;
    default:
        pl_talo_answer_failed(request);
    }
}

static void on_identified(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_player_identify *done = (const struct pl_talo_op_player_identify *)op;
    if (op->rc != 0) {
        refuse_identify(request, op->refusal);
        return;
    }
    struct pl_uuid token = pl_talo_issue_token(request->talo, done->alias->id);
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("alias"));
    pl_talo_write_alias(out, done->alias, PL_TALO_WITH_AUTH);
    pl_json_key(out, PL_STR("socketToken"));
    pl_talo_write_uuid(out, &token);
    pl_talo_answer_end(request, 200);
}

static void identify(struct pl_talo_request *request)
{
    struct pl_str identifier = pl_utf8_trim(request->query[IDENTIFY_IDENTIFIER].text);
    if (pl_talo_request_refuse_profane(request, identifier)) {
        return;
    }
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_player_identify_type);
    struct pl_talo_op_player_identify *find = (struct pl_talo_op_player_identify *)op;
    find->game_id = request->game_id;
    find->service = pl_utf8_trim(request->query[IDENTIFY_SERVICE].text);
    find->identifier = identifier;
    find->session_token = request->session_token;
    find->may_create = pl_talo_missing_scopes(request->key.scopes, PL_TALO_WRITE_PLAYERS) == 0;
    find->is_dev_build = request->is_dev_build;
    find->new_alias_id = pl_talo_next_id(request->talo, PL_TALO_ID_ALIAS);
    find->new_player_id = pl_talo_new_uuid(request->talo);
    find->now_ms = pl_talo_now_ms(request->talo);
    pl_talo_request_submit(request, op, on_identified);
}

/* --- POST /v1/players/socket-token --- */

static void create_socket_token(struct pl_talo_request *request)
{
    struct pl_uuid token = pl_talo_issue_token(request->talo, request->alias_id);
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("socketToken"));
    pl_talo_write_uuid(out, &token);
    pl_talo_answer_end(request, 200);
}

/* --- GET /v1/players/search --- */

static const char *check_search(const struct pl_talo_value *value)
{
    struct pl_str text = pl_utf8_trim(value->text);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '-' && text.ptr[i] != ' ') {
            return NULL;
        }
    }
    return "Query must be a non-empty string";
}

enum { SEARCH_QUERY };
static const struct pl_talo_field search_query[] = {
    [SEARCH_QUERY] = {.name = "query",
                      .kind = PL_TALO_FIELD_STRING,
                      .invalid = "query is missing from the request query",
                      .check = check_search},
    {0},
};

static void on_searched(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_player_search *found = (const struct pl_talo_op_player_search *)op;
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("players"));
    pl_json_array_begin(out);
    for (size_t i = 0; i < found->player_count; i++) {
        pl_talo_write_player(out, &found->players[i], PL_TALO_WITH_ALIASES);
    }
    pl_json_array_end(out);
    pl_talo_write_page_end(out, found->total, 0, PL_TALO_SEARCH_ITEMS);
    pl_talo_answer_end(request, 200);
}

static void search(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_player_search_type);
    struct pl_talo_op_player_search *find = (struct pl_talo_op_player_search *)op;
    find->game_id = request->game_id;
    find->query = pl_utf8_trim(request->query[SEARCH_QUERY].text);
    find->includes_dev = request->includes_dev_data;
    pl_talo_request_submit(request, op, on_searched);
}

/* --- GET and PATCH /v1/players/{id} --- */

static void on_got(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc != 0) {
        pl_talo_answer_no_player(request);
        return;
    }
    answer_player(request, ((const struct pl_talo_op_player_find *)op)->player);
}

static void get_player(struct pl_talo_request *request)
{
    struct pl_uuid id;
    if (!pl_uuid_parse(&id, request->id.text)) {
        pl_talo_answer_no_player(request); /* any text is taken as an id (spec 3.8) */
        return;
    }
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_player_find_type);
    struct pl_talo_op_player_find *find = (struct pl_talo_op_player_find *)op;
    find->game_id = request->game_id;
    find->player_id = id;
    pl_talo_request_submit(request, op, on_got);
}

enum { PATCH_PROPS };
static const struct pl_talo_field patch_body[] = {
    [PATCH_PROPS] = {.name = "props",
                     .kind = PL_TALO_FIELD_PROP_CHANGES,
                     .flags = PL_TALO_OPTIONAL},
    {0},
};

static void on_patched(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_player_patch *patched = (const struct pl_talo_op_player_patch *)op;
    if (op->rc != 0) {
        if (op->refusal == PL_TALO_PLAYER_TOO_MANY_PROPS) {
            pl_talo_answer_too_many_props(request);
        } else {
            pl_talo_answer_no_player(request);
        }
        return;
    }
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("player"));
    pl_talo_write_player(out, patched->player, PL_TALO_WITH_ALIASES);
    pl_json_key(out, PL_STR("rejectedProps"));
    pl_talo_write_rejected(out, &patched->rejected);
    pl_talo_answer_end(request, 200);
}

static void patch_player(struct pl_talo_request *request)
{
    struct pl_uuid id;
    if (!pl_uuid_parse(&id, request->id.text)) {
        pl_talo_answer_no_player(request);
        return;
    }
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_player_patch_type);
    struct pl_talo_op_player_patch *patch = (struct pl_talo_op_player_patch *)op;
    patch->game_id = request->game_id;
    patch->player_id = id;
    patch->changes = request->body[PATCH_PROPS].changes;
    patch->profanity = pl_talo_request_profanity(request);
    patch->reserved = PL_TALO_RESERVED_IGNORED;
    pl_talo_request_submit(request, op, on_patched);
}

const struct pl_talo_route pl_talo_player_routes[] = {
    {.method = PL_HTTP_GET,
     .pattern = "/v1/players/identify",
     .scopes = PL_TALO_READ_PLAYERS,
     .query = identify_query,
     .handler = identify},
    {.method = PL_HTTP_POST,
     .pattern = "/v1/players/socket-token",
     .scopes = PL_TALO_WRITE_PLAYERS,
     .flags = PL_TALO_NEEDS_ALIAS,
     .handler = create_socket_token},
    {.method = PL_HTTP_GET,
     .pattern = "/v1/players/search",
     .scopes = PL_TALO_READ_PLAYERS,
     .query = search_query,
     .handler = search},
    {.method = PL_HTTP_GET,
     .pattern = "/v1/players/{id}",
     .scopes = PL_TALO_READ_PLAYERS,
     .handler = get_player},
    {.method = PL_HTTP_PATCH,
     .pattern = "/v1/players/{id}",
     .scopes = PL_TALO_WRITE_PLAYERS,
     .body = patch_body,
     .handler = patch_player},
    {0},
};
