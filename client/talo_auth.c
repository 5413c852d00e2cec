/* Players with a password, over REST. Source: shared spec talo.md 3.9. */
#include "client/talo_internal.h"

/* Members of a body, all texts: key and value in turns. */
struct part {
    const char *key;
    const char *text; /* NULL: left out */
    bool is_needed;
};

static int check_parts(struct parley_talo *talo, const struct part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int rc = parts[i].is_needed ? pl_talo_check_text(talo, parts[i].key, parts[i].text)
                                    : pl_talo_check_optional(talo, parts[i].key, parts[i].text);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

/* What more a body has than texts. */
enum more {
    MORE_NOTHING,
    MORE_REFRESH,      /* "withRefresh":true: a refresh token is wanted */
    MORE_VERIFICATION, /* both: "verificationEnabled":true */
    MORE_TOGGLE_ON,
    MORE_TOGGLE_OFF,
};

static void put_more(struct pl_json_writer *writer, enum more more)
{
    switch (more) {
    case MORE_NOTHING:
        return;
    case MORE_REFRESH:
        pl_talo_put_bool(writer, "withRefresh", true);
        return;
    case MORE_VERIFICATION:
        pl_talo_put_bool(writer, "withRefresh", true);
        pl_talo_put_bool(writer, "verificationEnabled", true);
        return;
    case MORE_TOGGLE_ON:
        pl_talo_put_bool(writer, "verificationEnabled", true);
        return;
    case MORE_TOGGLE_OFF:
        pl_talo_put_bool(writer, "verificationEnabled", false);
        return;
    }
}

/* A call with a body of texts. NULL without memory. */
static struct pl_talo_call *compose(const char *method, const char *target,
                                    const struct part *parts, size_t count, enum more more)
{
    struct pl_json_writer writer;
    struct pl_talo_call *call = pl_talo_call_for(method, NULL, NULL, "%s", target);
    if (call == NULL) {
        return NULL;
    }
    pl_json_writer_init(&writer, &call->body);
    pl_json_object_begin(&writer);
    for (size_t i = 0; i < count; i++) {
        pl_talo_put_text(&writer, parts[i].key, parts[i].text);
    }
    put_more(&writer, more);
    pl_json_object_end(&writer);
    return call;
}

/* All of a public call but its beginning. */
static int make(struct parley_talo *talo, struct pl_talo_call *call, pl_talo_after *after,
                parley_talo_done *done, void *user)
{
    if (call != NULL) {
        call->after = after;
        call->done = done;
        call->user = user;
    }
    return pl_talo_call_make(talo, call);
}

/* A public call whose body is texts; `rc` is what it began with. */
static int ask(struct parley_talo *talo, int rc, const char *method, const char *target,
               const struct part *parts, size_t count, enum more more, pl_talo_after *after,
               parley_talo_done *done, void *user)
{
    rc = rc < 0 ? rc : check_parts(talo, parts, count);
    return rc < 0 ? rc : make(talo, compose(method, target, parts, count, more), after, done, user);
}

/* --- coming --- */

int parley_talo_register(struct parley_talo *talo,
                         const struct parley_talo_registration *registration,
                         parley_talo_done *done, void *user)
{
    const struct part parts[] = {{"identifier", registration->identifier, true},
                                 {"password", registration->password, true},
                                 {"email", registration->email, false}};
    return ask(talo, pl_talo_enter(talo), "POST", "/v1/players/auth/register", parts,
               PL_ARRAY_LEN(parts),
               registration->verification_is_on ? MORE_VERIFICATION : MORE_REFRESH,
               pl_talo_after_identity, done, user);
}

int parley_talo_login(struct parley_talo *talo, const char *identifier, const char *password,
                      parley_talo_done *done, void *user)
{
    const struct part parts[] = {{"identifier", identifier, true}, {"password", password, true}};
    return ask(talo, pl_talo_enter(talo), "POST", "/v1/players/auth/login", parts,
               PL_ARRAY_LEN(parts), MORE_REFRESH, pl_talo_after_identity, done, user);
}

int parley_talo_verify(struct parley_talo *talo, int64_t alias_id, const char *code,
                       parley_talo_done *done, void *user)
{
    struct pl_json_writer writer;
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter(talo);
    rc = rc < 0 ? rc : pl_talo_check_text(talo, "the code", code);
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("POST", NULL, NULL, "/v1/players/auth/verify");
    if (call != NULL) {
        pl_json_writer_init(&writer, &call->body);
        pl_json_object_begin(&writer);
        pl_talo_put_int(&writer, "aliasId", alias_id);
        pl_talo_put_text(&writer, "code", code);
        put_more(&writer, MORE_REFRESH);
        pl_json_object_end(&writer);
    }
    return make(talo, call, pl_talo_after_identity, done, user);
}

int parley_talo_refresh(struct parley_talo *talo, parley_talo_done *done, void *user)
{
    int rc = pl_talo_enter(talo);
    if (rc == 0 && talo->refresh_token == NULL) {
        rc = pl_client_fail(talo->client, PL_E_STATE,
                            "there is no refresh token: log in, or parley_talo_set_session");
    }
    return rc < 0 ? rc : make(talo, pl_talo_refresh_call(talo), pl_talo_after_refresh, done, user);
}

/* --- going --- */

int parley_talo_logout(struct parley_talo *talo, parley_talo_done *done, void *user)
{
    int rc = pl_talo_enter_as_player(talo);
    return rc < 0 ? rc
                  : make(talo, pl_talo_call_for("POST", NULL, NULL, "/v1/players/auth/logout"),
                         pl_talo_after_goodbye, done, user);
}

int parley_talo_delete_account(struct parley_talo *talo, const char *current,
                               parley_talo_done *done, void *user)
{
    const struct part parts[] = {{"currentPassword", current, true}};
    return ask(talo, pl_talo_enter_as_player(talo), "DELETE", "/v1/players/auth", parts,
               PL_ARRAY_LEN(parts), MORE_NOTHING, pl_talo_after_goodbye, done, user);
}

/* --- changing --- */

int parley_talo_change_password(struct parley_talo *talo, const char *current, const char *password,
                                parley_talo_done *done, void *user)
{
    const struct part parts[] = {{"currentPassword", current, true},
                                 {"newPassword", password, true}};
    return ask(talo, pl_talo_enter_as_player(talo), "POST", "/v1/players/auth/change_password",
               parts, PL_ARRAY_LEN(parts), MORE_NOTHING, NULL, done, user);
}

int parley_talo_change_email(struct parley_talo *talo, const char *current, const char *email,
                             parley_talo_done *done, void *user)
{
    const struct part parts[] = {{"currentPassword", current, true}, {"newEmail", email, true}};
    return ask(talo, pl_talo_enter_as_player(talo), "POST", "/v1/players/auth/change_email", parts,
               PL_ARRAY_LEN(parts), MORE_NOTHING, NULL, done, user);
}

int parley_talo_change_identifier(struct parley_talo *talo, const char *current,
                                  const char *identifier, parley_talo_done *done, void *user)
{
    const struct part parts[] = {{"currentPassword", current, true},
                                 {"newIdentifier", identifier, true}};
    return ask(talo, pl_talo_enter_as_player(talo), "POST", "/v1/players/auth/change_identifier",
               parts, PL_ARRAY_LEN(parts), MORE_NOTHING, pl_talo_after_alias, done, user);
}

int parley_talo_toggle_verification(struct parley_talo *talo, const char *current, bool is_on,
                                    const char *email, parley_talo_done *done, void *user)
{
    const struct part parts[] = {{"currentPassword", current, true}, {"email", email, false}};
    return ask(talo, pl_talo_enter_as_player(talo), "PATCH", "/v1/players/auth/toggle_verification",
               parts, PL_ARRAY_LEN(parts), is_on ? MORE_TOGGLE_ON : MORE_TOGGLE_OFF, NULL, done,
               user);
}

int parley_talo_migrate(struct parley_talo *talo, const char *current, const char *service,
                        const char *identifier, parley_talo_done *done, void *user)
{
    const struct part parts[] = {{"currentPassword", current, true},
                                 {"service", service, true},
                                 {"identifier", identifier, true}};
    return ask(talo, pl_talo_enter_as_player(talo), "POST", "/v1/players/auth/migrate", parts,
               PL_ARRAY_LEN(parts), MORE_NOTHING, pl_talo_after_alias, done, user);
}

/* --- forgotten passwords --- */

int parley_talo_forgot_password(struct parley_talo *talo, const char *email, parley_talo_done *done,
                                void *user)
{
    const struct part parts[] = {{"email", email, true}};
    return ask(talo, pl_talo_enter(talo), "POST", "/v1/players/auth/forgot_password", parts,
               PL_ARRAY_LEN(parts), MORE_NOTHING, NULL, done, user);
}

int parley_talo_reset_password(struct parley_talo *talo, const char *code, const char *password,
                               parley_talo_done *done, void *user)
{
    const struct part parts[] = {{"code", code, true}, {"password", password, true}};
    return ask(talo, pl_talo_enter(talo), "POST", "/v1/players/auth/reset_password", parts,
               PL_ARRAY_LEN(parts), MORE_NOTHING, NULL, done, user);
}
