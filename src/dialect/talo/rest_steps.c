/* The order in which a request is judged (spec talo, 3.2): the first step that fails answers. */
#include "dialect/talo/rest_internal.h"

#include "codec/json_number.h"
#include "dialect/talo/rest_key.h"
#include "dialect/talo/rest_match.h"
#include "dialect/talo/rest_routes.h"
#include "store/talo/players.h"

/* --- which endpoint --- */

static void answer_unknown(struct pl_talo_request *request)
{
    const char *unserved = pl_talo_route_unserved(pl_talo_rest_call_of(request)->path);
    if (unserved != NULL) {
        pl_talo_answer_error(request, 404, NULL, "Parley does not serve %s", unserved);
    } else {
        pl_talo_answer_error(request, 404, NULL, "Not Found");
    }
}

/* What does not exist is judged as far as its key, session and signature. */
static const struct pl_talo_route unknown_route = {.pattern = "unknown", .handler = answer_unknown};

/* Clients put a slash behind some paths (step 1). */
static struct pl_str without_slash(struct pl_str path)
{
    bool has_one = path.len > 1 && path.ptr[path.len - 1] == '/';
    return pl_str_first(path, has_one ? path.len - 1 : path.len);
}

/* --- step 4: rate limits --- */

/* Health checks are never limited, whatever their method. */
static bool is_limited(const struct pl_talo_rest_call *call)
{
    return (call->base.route->flags & PL_TALO_IS_PUBLIC) == 0 &&
           pl_str_starts_with(call->path, PL_STR("/v1/")) &&
           !pl_str_starts_with(call->path, PL_STR("/v1/health-check"));
}

static enum pl_talo_bucket bucket_of(struct pl_str path)
{
    static const struct pl_str prefixes[] = {
        PL_STR_INIT("/v1/players/auth"),
        PL_STR_INIT("/v1/players/identify"),
        PL_STR_INIT("/v1/players/socket-token"),
        PL_STR_INIT("/v1/socket-tickets"),
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(prefixes); i++) {
        if (pl_str_starts_with(path, prefixes[i])) {
            return PL_TALO_BUCKET_AUTH;
        }
    }
    return PL_TALO_BUCKET_DEFAULT;
}

static bool refuse_rate(struct pl_talo_rest_call *call)
{
    struct pl_talo_rest *rest = call->base.rest;
    enum pl_talo_bucket bucket = bucket_of(call->path);
    uint32_t limit = bucket == PL_TALO_BUCKET_AUTH ? rest->limits.auth_per_minute
                                                   : rest->limits.default_per_minute;
    if (!is_limited(call) ||
        pl_talo_limiter_admit(rest->limiter, pl_web_request_peer(call->web), bucket, limit,
                              pl_loop_now_ms(pl_web_conns(rest->web)->loop))) {
        return false;
    }
    struct pl_web_header retry = {PL_STR("Retry-After"), PL_STR("60")};
    pl_talo_rest_call_send(call, 429, PL_STR("{\"message\":\"Too Many Requests\"}"), &retry);
    return true;
}

/* --- step 5: the access key --- */

/* A game with a wrong key shows nothing at its own end that would help. */
static void log_refused_key(const struct pl_talo_rest_call *call, enum pl_talo_key_refusal refusal)
{
    struct pl_talo_rest *rest = call->base.rest;
    struct pl_conn_set *conns = pl_web_conns(rest->web);
    char ip[PL_ADDRESS_TEXT_MAX];
    char reason[256];
    pl_log_quote(reason, sizeof(reason), pl_str_of_cstr(pl_talo_key_refusal_text(refusal)));
    if (!pl_log_limited(rest->log, &rest->key_log_limit, pl_loop_now_ms(conns->loop), PL_LOG_WARN,
                        "talo.key_refused", "ip=%s reason=%s",
                        pl_address_format_host(ip, pl_web_request_peer(call->web)), reason)) {
        pl_metrics_add(conns->metrics, PL_METRIC_LOG_SUPPRESSED, 1);
    }
}

static bool refuse_key(struct pl_talo_rest_call *call)
{
    struct pl_talo_request *request = &call->base;
    struct pl_str token;
    enum pl_talo_key_refusal refusal =
        pl_talo_key_read_header(&token, pl_talo_rest_call_header(call, PL_STR("authorization")));
    if (refusal == PL_TALO_KEY_OK) {
        refusal = pl_talo_key_check(&request->key, request->talo, token);
    }
    if (refusal != PL_TALO_KEY_OK) {
        log_refused_key(call, refusal);
        pl_talo_answer_error(request, 401, NULL, "%s", pl_talo_key_refusal_text(refusal));
        return true;
    }
    request->game_id = request->key.game_id;
    pl_talo_note_key_used(request->talo, request->key.id);
    return false;
}

/* Whether a flag header holds a number other than 0. */
static bool is_set(const struct pl_talo_rest_call *call, struct pl_str name)
{
    double value = 0;
    return pl_json_number_to_double(&value, pl_talo_rest_call_header(call, name)) && value != 0;
}

/* --- steps 7 to 12 --- */

/* The alias header's number, or 0. Longer ones are no id. */
static int64_t alias_header(const struct pl_talo_rest_call *call)
{
    uint64_t id = 0;
    return pl_str_to_u64(&id, pl_talo_rest_call_header(call, PL_STR("x-talo-alias")), INT64_MAX)
               ? (int64_t)id
               : 0;
}

/* Needed by games that verify requests, of whoever acts as an alias and changes something; an alias
 * that nobody can have is one as well, or a `0` would take the place of a signature. */
static bool refuse_signature(struct pl_talo_rest_call *call)
{
    struct pl_talo_request *request = &call->base;
    const struct pl_talo_game *game = pl_talo_find_game(request->talo, request->game_id);
    if (game == NULL || !game->verifies_requests || !pl_talo_rest_call_has_alias(call) ||
        pl_web_request_head(call->web)->method == PL_HTTP_GET) {
        return false;
    }
    if (pl_talo_verify_request(request->talo, request->game_id, alias_header(call),
                               pl_talo_rest_call_header(call, PL_STR("x-talo-signature")),
                               pl_str_of_span(pl_web_request_body(call->web)))) {
        return false;
    }
    pl_talo_answer_error(request, 401, NULL, "Unauthorized");
    return true;
}

static bool refuse_scopes(struct pl_talo_request *request)
{
    uint32_t missing = pl_talo_missing_scopes(request->key.scopes, request->route->scopes);
    struct pl_buf text;
    if (missing == 0) {
        return false;
    }
    pl_buf_init(&text, 1024);
    pl_talo_write_missing_scopes(&text, missing);
    pl_talo_answer_error(request, 403, NULL, PL_STR_FMT, PL_STR_ARG(pl_buf_str(&text)));
    pl_buf_fini(&text);
    return true;
}

static bool refuse_alias(struct pl_talo_request *request)
{
    if ((request->route->flags & PL_TALO_NEEDS_ALIAS) == 0 || request->alias_id != 0) {
        return false;
    }
    pl_talo_answer_no_player(request);
    return true;
}

static void go_on(struct pl_talo_rest_call *call)
{
    struct pl_talo_request *request = &call->base;
    if (refuse_signature(call) || !pl_talo_rest_call_validate(call) || refuse_scopes(request) ||
        refuse_alias(request)) {
        return;
    }
    request->route->handler(request);
}

/* --- step 6: the session --- */

static bool refuse_session(struct pl_talo_request *request, enum pl_talo_session_check check)
{
    switch (check) {
    case PL_TALO_SESSION_NONE:
    case PL_TALO_SESSION_OK:
        return false;
    case PL_TALO_SESSION_MISSING:
        pl_talo_answer_no_session(request);
        return true;
    case PL_TALO_SESSION_INVALID:
        break;
    }
    pl_talo_answer_bad_session(request);
    return true;
}

static void on_acting(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_acting_load *acting = (const struct pl_talo_op_acting_load *)op;
    if (refuse_session(request, acting->session)) {
        return;
    }
    if (acting->alias != NULL) {
        request->alias_id = acting->alias->id;
    }
    go_on(pl_talo_rest_call_of(request));
}

/* One look-up tells who acts, and whether that needs a session. */
static void find_acting(struct pl_talo_rest_call *call)
{
    struct pl_talo_request *request = &call->base;
    struct pl_talo_session_claim claim = {.alias_id = alias_header(call),
                                          .token = request->session_token};
    claim.has_player =
        pl_uuid_parse(&claim.player_id, pl_talo_rest_call_header(call, PL_STR("x-talo-player")));
    if ((claim.alias_id == 0 && !claim.has_player) ||
        (request->route->flags & PL_TALO_SKIPS_SESSION) != 0) {
        go_on(call);
        return;
    }
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_acting_load_type);
    struct pl_talo_op_acting_load *acting = (struct pl_talo_op_acting_load *)op;
    acting->game_id = request->game_id;
    acting->claim = claim;
    acting->now_ms = pl_talo_now_ms(request->talo);
    pl_talo_request_submit(request, op, on_acting);
}

/* --- from the start --- */

static void take_headers(struct pl_talo_rest_call *call)
{
    call->base.session_token = pl_talo_rest_call_header(call, PL_STR("x-talo-session"));
    call->base.is_dev_build = is_set(call, PL_STR("x-talo-dev-build"));
    call->base.includes_dev_data = is_set(call, PL_STR("x-talo-include-dev-data"));
}

void pl_talo_rest_call_start(struct pl_talo_rest_call *call)
{
    struct pl_talo_request *request = &call->base;
    call->path = without_slash(pl_web_request_url(call->web)->path);
    const struct pl_talo_route *route =
        pl_talo_find_route(pl_web_request_head(call->web)->method, call->path, &call->segment);
    request->route = route != NULL ? route : &unknown_route;
    if ((request->route->flags & PL_TALO_IS_PUBLIC) != 0) {
        request->route->handler(request);
        return;
    }
    if (!pl_talo_rest_call_read_body(call) || refuse_rate(call) || refuse_key(call)) {
        return;
    }
    take_headers(call);
    find_acting(call);
}
