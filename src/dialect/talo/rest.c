/* The engine's place in the web server: its routes, cross-origin requests, start and end. */
#include "dialect/talo/rest.h"

#include "dialect/talo/rest_internal.h"

#include "base/alloc.h"
#include "base/env.h"

/* --- cross-origin requests (spec 3.2, step 3) --- */

static void add_header(struct pl_web_request *request, struct pl_str name, struct pl_str value)
{
    if (pl_web_request_add_header(request, name, value, NULL) < 0) {
        return; /* more than an answer may have: a preflight without it is refused by the browser */
    }
}

/* Before the body, so that every answer has it, that to a body over the limit too. */
static void on_head(struct pl_web_request *request, void *user)
{
    const struct pl_http_request *head = pl_web_request_head(request);
    struct pl_str wanted = pl_http_header_find(head, PL_STR("access-control-request-headers"));
    (void)user;
    if (pl_http_header_find(head, PL_STR("origin")).ptr == NULL) {
        return;
    }
    add_header(request, PL_STR("Access-Control-Allow-Origin"), PL_STR("*"));
    if (head->method != PL_HTTP_OPTIONS ||
        pl_http_header_find(head, PL_STR("access-control-request-method")).ptr == NULL) {
        return;
    }
    add_header(request, PL_STR("Access-Control-Allow-Methods"),
               PL_STR("GET,HEAD,PUT,POST,DELETE,PATCH"));
    if (wanted.len > 0) {
        add_header(request, PL_STR("Access-Control-Allow-Headers"), wanted);
    }
    pl_web_respond_empty(request, 204);
}

/* --- requests --- */

static void on_request(struct pl_web_request *web, void *user)
{
    struct pl_talo_rest_call *call = pl_talo_rest_call_create(user, web);
    pl_talo_rest_call_start(call);
    pl_talo_rest_call_unref(call);
}

static int add_route(struct pl_talo_rest *rest, struct pl_str path, const char *owner,
                     struct pl_error *err)
{
    return pl_web_route_add(rest->web,
                            &(struct pl_route){
                                .path = path,
                                .match = PL_ROUTE_PREFIX,
                                .owner = owner,
                                .body_limit_bytes = PL_TALO_BODY_BYTES_MAX,
                                .too_big = {"application/json; charset=utf-8",
                                            "{\"message\":\"request entity too large\"}"},
                                .takes_raw_query = true,
                                .user = rest,
                                .on_head = on_head,
                                .on_request = on_request,
                            },
                            err);
}

#define LOG_PERIOD_MS 10000
#define LOG_BURST 5

int pl_talo_rest_create(struct pl_talo_rest **out, const struct pl_talo_rest_config *config,
                        struct pl_error *err)
{
    uint8_t hash_key[16];
    struct pl_talo_rest *rest = pl_alloc(sizeof(*rest));
    pl_random_bytes(hash_key, sizeof(hash_key));
    rest->web = config->web;
    rest->talo = config->talo;
    rest->log = config->log;
    rest->key_log_limit = (struct pl_log_limit){.period_ms = LOG_PERIOD_MS, .burst = LOG_BURST};
    rest->limits = config->limits;
    rest->auth = config->auth;
    rest->profanity = config->profanity;
    rest->limiter = pl_talo_limiter_create(hash_key);
    pl_list_init(&rest->calls);
    int rc = add_route(rest, PL_STR("/v1"), config->owner, err);
    rc = rc < 0 ? rc : add_route(rest, PL_STR("/public/health"), config->owner, err);
    if (rc < 0) {
        pl_talo_rest_destroy(rest);
        return rc;
    }
    *out = rest;
    return 0;
}

void pl_talo_rest_destroy(struct pl_talo_rest *rest)
{
    if (rest == NULL) {
        return;
    }
    PL_LIST_EACH(node, &rest->calls)
    {
        pl_talo_rest_call_free(PL_CONTAINER_OF(node, struct pl_talo_rest_call, in_calls));
    }
    pl_talo_limiter_destroy(rest->limiter);
    pl_free(rest);
}

void pl_talo_rest_set_limits(struct pl_talo_rest *rest, const struct pl_talo_rest_limits *limits)
{
    rest->limits = *limits;
}

struct pl_talo_auth_service *pl_talo_rest_auth(const struct pl_talo_rest *rest)
{
    return rest->auth;
}

/* --- the word filter --- */

struct pl_talo_profanity pl_talo_request_profanity(const struct pl_talo_request *request)
{
    const struct pl_talo_game *game = pl_talo_find_game(request->talo, request->game_id);
    return game != NULL && game->blocks_prop_profanity ? request->rest->profanity
                                                       : (struct pl_talo_profanity){0};
}

bool pl_talo_request_refuse_profane(struct pl_talo_request *request, struct pl_str identifier)
{
    const struct pl_talo_game *game = pl_talo_find_game(request->talo, request->game_id);
    if (game == NULL || !game->blocks_identifier_profanity ||
        !pl_talo_prop_is_profane(identifier, &request->rest->profanity)) {
        return false;
    }
    pl_talo_answer_error(request, 400, "IDENTIFIER_PROFANITY",
                         "Alias identifier contains inappropriate language");
    return true;
}
