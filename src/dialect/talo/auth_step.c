/* Steps of a request between its operations: while the crypto pool works, the request is held. */
#include "dialect/talo/auth_internal.h"
#include "dialect/talo/auth_text.h"
#include "store/talo/players.h"

#include "base/utf8.h"

/* In the request's arena. */
struct wait {
    struct pl_talo_request *request;
    void (*on_verified)(struct pl_talo_request *request, bool is_right);
    void (*on_hashed)(struct pl_talo_request *request, struct pl_str hash);
};

static void on_crypto_done(void *user, const struct pl_crypto_result *result)
{
    const struct wait *wait = user;
    struct pl_talo_request *request = wait->request;
    struct pl_str hash;
    if (pl_talo_request_is_gone(request)) {
        pl_talo_request_release(request);
        return;
    }
    if (result->rc < 0) {
        pl_talo_answer_failed(request);
    } else if (wait->on_verified != NULL) {
        wait->on_verified(request, result->is_right);
    } else if (pl_arena_copy(&hash, &request->arena, result->hash)) {
        wait->on_hashed(request, hash);
    } else {
        pl_talo_answer_failed(request);
    }
    pl_talo_request_release(request);
}

static struct wait *begin_wait(struct pl_talo_request *request)
{
    struct wait *wait = pl_arena_alloc(&request->arena, sizeof(*wait));
    if (wait == NULL) {
        pl_talo_answer_failed(request);
        return NULL;
    }
    wait->request = request;
    pl_talo_request_hold(request);
    return wait;
}

/* The pool took the job, or the request fails. */
static void end_submit(struct pl_talo_request *request, int rc)
{
    if (rc < 0) {
        pl_talo_answer_failed(request);
        pl_talo_request_release(request);
    }
}

void pl_talo_auth_verify(struct pl_talo_request *request, struct pl_str password,
                         struct pl_str hash,
                         void (*next)(struct pl_talo_request *request, bool is_right))
{
    struct pl_crypto *crypto = pl_talo_rest_auth(request->rest)->config.crypto;
    struct wait *wait = begin_wait(request);
    if (wait != NULL) {
        wait->on_verified = next;
        end_submit(request, pl_crypto_verify(crypto, password, hash, on_crypto_done, wait));
    }
}

void pl_talo_auth_hash(struct pl_talo_request *request, struct pl_str password,
                       void (*next)(struct pl_talo_request *request, struct pl_str hash))
{
    const struct pl_talo_auth_config *config = &pl_talo_rest_auth(request->rest)->config;
    struct wait *wait = begin_wait(request);
    if (wait != NULL) {
        wait->on_hashed = next;
        end_submit(request, pl_crypto_hash(config->crypto, password, config->bcrypt_cost,
                                           on_crypto_done, wait));
    }
}

bool pl_talo_auth_keep(struct pl_talo_auth_record *out, struct pl_talo_request *request,
                       const struct pl_talo_auth_record *record)
{
    *out = *record;
    bool is_kept =
        pl_arena_copy(&out->identifier, &request->arena, record->identifier) &&
        pl_arena_copy(&out->password_hash, &request->arena, record->password_hash) &&
        (record->email.ptr == NULL || pl_arena_copy(&out->email, &request->arena, record->email));
    if (!is_kept) {
        pl_talo_answer_failed(request);
    }
    return is_kept;
}

bool pl_talo_auth_lower(struct pl_str *out, struct pl_talo_request *request, struct pl_str text)
{
    locale_t locale = pl_talo_rest_auth(request->rest)->locale;
    if (!pl_talo_lower_unicode(out, &request->arena, text, locale)) {
        pl_talo_answer_failed(request);
        return false;
    }
    return true;
}

bool pl_talo_auth_read_email(struct pl_str *out, struct pl_talo_request *request,
                             struct pl_str text)
{
    struct pl_str trimmed = pl_utf8_trim(text);
    *out = (struct pl_str){0};
    return trimmed.len == 0 || pl_talo_auth_lower(out, request, trimmed);
}

/* --- answers --- */

void pl_talo_auth_answer_bad_email(struct pl_talo_request *request)
{
    pl_talo_answer_error(request, 400, "INVALID_EMAIL", "Invalid email address");
}

void pl_talo_auth_answer_refusal(struct pl_talo_request *request, int refusal)
{
    switch ((enum pl_talo_auth_refusal)refusal) {
    case PL_TALO_AUTH_NO_ALIAS:
        pl_talo_answer_no_player(request);
        return;
    case PL_TALO_AUTH_NONE:
        pl_talo_answer_error(request, 400, NULL, "Player does not have authentication");
        return;
    case PL_TALO_AUTH_CHANGED:
        pl_talo_answer_error(request, 403, "INVALID_CREDENTIALS", "Current password is incorrect");
        return;
    case PL_TALO_AUTH_EMAIL_TAKEN:
        pl_talo_answer_error(request, 400, "EMAIL_TAKEN", "This email address is already in use");
        return;
    case PL_TALO_AUTH_IDENTIFIER_TAKEN:
        pl_talo_answer_error(request, 400, "IDENTIFIER_TAKEN", "This identifier is already taken");
        return;
    case PL_TALO_AUTH_BAD_SESSION:
        pl_talo_answer_error(request, 401, "INVALID_SESSION", "Invalid refresh token");
        return;
    case PL_TALO_AUTH_NO_EMAIL:
        pl_talo_answer_error(request, 400, "VERIFICATION_EMAIL_REQUIRED",
                             "An email address is required to enable verification");
        return;
    }
    pl_talo_answer_failed(request);
}
