/* Who is playing: the alias, and the socket token that makes the socket his. Source: shared spec
 * talo.md 1.2, 6.2, 6.3. */
#include "client/talo_internal.h"

#include "codec/json_raw.h"

#define IDENTITY_MAX ((size_t)4 * 1024 * 1024) /* a player's props and groups */

/* --- the alias --- */

static void forget_alias(struct parley_talo *talo)
{
    pl_arena_fini(&talo->identity_arena);
    talo->alias = NULL;
    pl_talo_free_secret(talo->socket_token);
    talo->socket_token = NULL;
}

/* Returns 0; PL_E_PROTO when it cannot be one, PL_E_NOMEM: nothing has changed. */
static int keep_alias(struct parley_talo *talo, struct pl_str raw)
{
    struct pl_arena arena;
    struct parley_talo_alias *alias = NULL;
    int rc = PL_E_NOMEM;
    pl_arena_init(&arena, IDENTITY_MAX);
    alias = pl_arena_alloc(&arena, sizeof(*alias));
    if (alias != NULL) {
        rc = pl_talo_shape_read(alias, &arena, &pl_talo_alias_shape, raw);
    }
    if (rc == 0 && !pl_talo_is_header_value(pl_str_of_cstr(alias->player.id))) {
        rc = PL_E_PROTO; /* it goes into headers */
    }
    if (rc < 0) {
        pl_arena_fini(&arena);
        return rc;
    }
    pl_arena_fini(&talo->identity_arena);
    talo->identity_arena = arena;
    talo->alias = alias;
    return 0;
}

/* The alias of an answer. Returns as keep_alias. */
static int keep_answered(struct parley_talo *talo, struct pl_str body)
{
    struct pl_str raw;
    return pl_json_object_find(&raw, body, PL_STR("alias")) ? keep_alias(talo, raw) : PL_E_PROTO;
}

/* --- the socket --- */

/* {"playerAliasId":12,"socketToken":"...","sessionToken":"..."} */
static int send_identify(struct parley_talo *talo)
{
    struct pl_json_writer writer;
    struct pl_buf json;
    int rc = 0;
    pl_buf_init(&json, SIZE_MAX / 2);
    pl_json_writer_init(&writer, &json);
    pl_json_object_begin(&writer);
    pl_talo_put_int(&writer, "playerAliasId", talo->alias->id);
    pl_talo_put_text(&writer, "socketToken", talo->socket_token);
    pl_talo_put_text(&writer, "sessionToken", talo->session_token);
    pl_json_object_end(&writer);
    rc = pl_buf_failed(&json)
             ? pl_client_fail(talo->client, PL_E_NOMEM, "no memory for a message")
             : pl_talo_send_raw(talo, PL_STR("v1.players.identify"), pl_buf_str(&json));
    pl_talo_fini_secret(&json);
    talo->is_identifying = talo->is_identifying || rc == 0;
    return rc;
}

/* Use a token at once, or when the socket opens. Returns 0, PL_E_NOMEM, PL_E_FULL. */
static int use_token(struct parley_talo *talo, const char *token)
{
    int rc = pl_talo_keep_secret(&talo->socket_token, token);
    if (rc == 0 && talo->socket_token != NULL && talo->link == PL_TALO_OPEN &&
        !talo->is_identified) {
        rc = send_identify(talo);
    }
    return rc;
}

/* A new token has come, that the library asked for itself. */
bool pl_talo_after_token(struct parley_talo *talo, struct pl_talo_call *call,
                         struct parley_talo_result *result, struct pl_str body)
{
    int rc = 0;
    (void)body;
    if (result->error == 0 && talo->alias != NULL && talo->link_number == call->link_number) {
        rc = use_token(talo, result->socket_token);
    }
    if (rc < 0) {
        pl_talo_link_lose(talo, rc, "no memory to identify the player");
    }
    return false;
}

static int ask_token(struct parley_talo *talo)
{
    struct pl_talo_call *call = pl_talo_call_for("POST", NULL, NULL, "/v1/players/socket-token");
    if (call != NULL) {
        call->after = pl_talo_after_token;
        call->link_number = talo->link_number;
    }
    return pl_talo_call_make_first(talo, call);
}

int pl_talo_identify_socket(struct parley_talo *talo)
{
    if (talo->alias == NULL) {
        return 0;
    }
    return talo->socket_token != NULL ? send_identify(talo) : ask_token(talo);
}

int pl_talo_identify_again(struct parley_talo *talo, const char *code)
{
    bool may_help =
        strcmp(code, "INVALID_SOCKET_TOKEN") == 0 || strcmp(code, "INVALID_SESSION_TOKEN") == 0;
    pl_talo_free_secret(talo->socket_token);
    talo->socket_token = NULL;
    if (!may_help || talo->has_renewed || talo->alias == NULL) {
        return 0;
    }
    talo->has_renewed = true;
    return ask_token(talo);
}

/* --- answers --- */

/* Returns 0, or what it failed with. */
static int become(struct parley_talo *talo, const struct parley_talo_result *result,
                  struct pl_str body)
{
    bool was_identified = talo->is_identified || talo->is_identifying;
    int rc = keep_answered(talo, body);
    if (rc == 0 && result->session_token[0] != '\0') {
        rc = pl_talo_session_keep(talo, result->session_token, result->refresh_token);
    }
    if (rc == 0 && was_identified) { /* another one until now: the service would keep him online */
        rc = parley_talo_reset(talo);
    }
    return rc == 0 ? use_token(talo, result->socket_token) : rc;
}

bool pl_talo_after_identity(struct parley_talo *talo, struct pl_talo_call *call,
                            struct parley_talo_result *result, struct pl_str body)
{
    int rc = 0;
    (void)call;
    if (result->error < 0) {
        if (pl_talo_is_session_over(result)) {
            pl_talo_session_clear(talo);
        }
        return false;
    }
    if (result->verification_required) {
        return false; /* verify brings the player */
    }
    rc = become(talo, result, body);
    if (rc < 0) {
        pl_talo_result_spoil(result, rc);
    } else if (result->session_token[0] != '\0') {
        pl_talo_session_owe(talo);
    }
    return false;
}

bool pl_talo_after_alias(struct parley_talo *talo, struct pl_talo_call *call,
                         struct parley_talo_result *result, struct pl_str body)
{
    (void)call;
    if (result->error == 0) {
        int rc = keep_answered(talo, body);
        if (rc < 0) {
            pl_talo_result_spoil(result, rc);
        }
    }
    return false;
}

/* Forget everything. Returns as parley_talo_reset. */
static int clear_identity(struct parley_talo *talo)
{
    forget_alias(talo);
    pl_talo_calls_disown(talo);
    pl_talo_session_clear(talo);
    return parley_talo_reset(talo);
}

bool pl_talo_after_goodbye(struct parley_talo *talo, struct pl_talo_call *call,
                           struct parley_talo_result *result, struct pl_str body)
{
    (void)call;
    (void)body;
    if (result->error == 0) {
        int rc = clear_identity(talo);
        if (rc < 0) {
            result->error = rc;
            result->message = "it worked, but the socket cannot be opened again";
        }
    }
    return false;
}

void pl_talo_identity_fini(struct parley_talo *talo)
{
    forget_alias(talo);
    pl_talo_free_secret(talo->session_token);
    pl_talo_free_secret(talo->refresh_token);
    talo->session_token = NULL;
    talo->refresh_token = NULL;
}

/* --- the public calls --- */

const struct parley_talo_alias *parley_talo_alias(const struct parley_talo *talo)
{
    return talo->alias;
}

int parley_talo_identity_check(struct parley_talo *talo)
{
    return pl_talo_enter_as_player(talo);
}

int parley_talo_clear_identity(struct parley_talo *talo)
{
    int rc = pl_talo_enter(talo);
    return rc < 0 ? rc : clear_identity(talo);
}

int parley_talo_set_socket_token(struct parley_talo *talo, const char *token)
{
    int rc = pl_talo_enter_as_player(talo);
    rc = rc < 0 ? rc : pl_talo_check_text(talo, "the token", token);
    rc = rc < 0 ? rc : use_token(talo, token);
    return rc == PL_E_NOMEM ? pl_client_fail(talo->client, rc, "no memory for a token") : rc;
}
