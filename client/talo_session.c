/* The tokens of a login: kept, renewed, told about. Source: shared spec talo.md 1.2, 3.6.1, 6.5. */
#include "client/talo_internal.h"

#include "base/alloc.h"

void pl_talo_free_secret(char *text)
{
    if (text != NULL) {
        pl_wipe(text, strlen(text));
        pl_free(text);
    }
}

void pl_talo_fini_secret(struct pl_buf *buf)
{
    if (buf->ptr != NULL) {
        pl_wipe(buf->ptr, buf->len);
    }
    pl_buf_fini(buf);
}

int pl_talo_keep_secret(char **place, const char *text)
{
    char *copy = NULL;
    if (text != NULL && text[0] != '\0') {
        copy = pl_str_to_cstr(pl_str_of_cstr(text));
        if (copy == NULL) {
            return PL_E_NOMEM;
        }
    }
    pl_talo_free_secret(*place);
    *place = copy;
    return 0;
}

static bool is_token(const char *text)
{
    return text == NULL || text[0] == '\0' || pl_talo_is_header_value(pl_str_of_cstr(text));
}

void pl_talo_session_owe(struct parley_talo *talo)
{
    talo->owes_session = true;
    pl_client_flush_later(talo->client, &talo->pump);
}

void pl_talo_session_settle(struct parley_talo *talo)
{
    bool is_owed = talo->owes_session;
    talo->owes_session = false;
    if (is_owed && talo->config.on_session != NULL) {
        pl_client_count_callback(talo->client);
        talo->config.on_session(talo, parley_talo_session_token(talo),
                                parley_talo_refresh_token(talo), talo->config.user);
    }
}

int pl_talo_session_keep(struct parley_talo *talo, const char *session, const char *refresh)
{
    char *first = NULL;
    int rc = is_token(session) && is_token(refresh) ? 0 : PL_E_PROTO;
    rc = rc < 0 ? rc : pl_talo_keep_secret(&first, session);
    rc = rc < 0 ? rc : pl_talo_keep_secret(&talo->refresh_token, refresh);
    if (rc < 0) {
        pl_talo_free_secret(first);
        return rc;
    }
    pl_talo_free_secret(talo->session_token);
    talo->session_token = first;
    return 0;
}

void pl_talo_session_clear(struct parley_talo *talo)
{
    bool had_one = talo->session_token != NULL || talo->refresh_token != NULL;
    (void)!pl_talo_session_keep(talo, NULL, NULL); /* nothing is copied */
    if (had_one) {
        pl_talo_session_owe(talo);
    }
}

/* --- renewing --- */

bool pl_talo_is_session_over(const struct parley_talo_result *result)
{
    return result->status >= 400 && (strcmp(result->code, "INVALID_SESSION") == 0 ||
                                     strcmp(result->code, "MISSING_SESSION") == 0);
}

struct pl_talo_call *pl_talo_refresh_call(struct parley_talo *talo)
{
    struct pl_json_writer writer;
    struct pl_talo_call *call =
        talo->refresh_token == NULL
            ? NULL
            : pl_talo_call_for("POST", NULL, NULL, "/v1/players/auth/refresh");
    if (call != NULL) {
        call->after = pl_talo_after_refresh;
        call->is_of_player = true;
        pl_json_writer_init(&writer, &call->body);
        pl_json_object_begin(&writer);
        pl_talo_put_text(&writer, "refreshToken", talo->refresh_token);
        pl_json_object_end(&writer);
    }
    return call;
}

bool pl_talo_after_refresh(struct parley_talo *talo, struct pl_talo_call *call,
                           struct parley_talo_result *result, struct pl_str body)
{
    (void)call;
    (void)body;
    if (result->error < 0) {
        if (pl_talo_is_session_over(result)) { /* and not for a key that is no good */
            pl_talo_session_clear(talo);
        }
        return false;
    }
    if (result->session_token[0] == '\0') {
        pl_talo_result_spoil(result, PL_E_PROTO);
        return false;
    }
    result->error = pl_talo_session_keep(talo, result->session_token, result->refresh_token);
    if (result->error < 0) {
        pl_talo_result_spoil(result, result->error);
    } else {
        pl_talo_session_owe(talo);
    }
    return false;
}

/* --- the public calls --- */

const char *parley_talo_session_token(const struct parley_talo *talo)
{
    return talo->session_token == NULL ? "" : talo->session_token;
}

const char *parley_talo_refresh_token(const struct parley_talo *talo)
{
    return talo->refresh_token == NULL ? "" : talo->refresh_token;
}

int parley_talo_set_session(struct parley_talo *talo, const char *session_token,
                            const char *refresh_token)
{
    int rc = pl_talo_enter(talo);
    rc = rc < 0 ? rc : pl_talo_session_keep(talo, session_token, refresh_token);
    if (rc == PL_E_PROTO) {
        return pl_client_fail(talo->client, PL_E_INVALID, "a token is printable ASCII");
    }
    return rc == PL_E_NOMEM ? pl_client_fail(talo->client, rc, "no memory for a token") : rc;
}
