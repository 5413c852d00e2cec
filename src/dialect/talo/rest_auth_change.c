/* Changes of a login: its password, address, verification and identifier. */
#include "dialect/talo/auth_change.h"
#include "dialect/talo/auth_text.h"

#include "base/utf8.h"

/* --- change_password --- */

enum { PASSWORD_NEW = PL_TALO_CURRENT_PASSWORD + 1 };
const struct pl_talo_field pl_talo_auth_password_fields[] = {
    PL_TALO_CURRENT_PASSWORD_FIELD,
    [PASSWORD_NEW] = {.name = "newPassword", .kind = PL_TALO_FIELD_STRING},
    {0},
};

static void on_new_hashed(struct pl_talo_request *request, struct pl_str hash)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_set_password_type);
    struct pl_talo_op_auth_set_password *set = (struct pl_talo_op_auth_set_password *)op;
    set->game_id = request->game_id;
    set->alias_id = request->alias_id;
    set->password_hash = pl_talo_change_record(request)->password_hash;
    set->new_hash = hash;
    pl_talo_request_submit(request, op, pl_talo_change_done);
}

/* As far as passwords count. */
static bool is_same_password(struct pl_str a, struct pl_str b)
{
    return pl_secret_eq(pl_str_first(a, PL_BCRYPT_PASSWORD_BYTES),
                        pl_str_first(b, PL_BCRYPT_PASSWORD_BYTES));
}

static void apply_password(struct pl_talo_request *request)
{
    struct pl_str new_password = request->body[PASSWORD_NEW].text;
    if (is_same_password(request->body[PL_TALO_CURRENT_PASSWORD].text, new_password)) {
        pl_talo_answer_error(request, 400, "NEW_PASSWORD_MATCHES_CURRENT_PASSWORD",
                             "Please choose a different password");
        return;
    }
    pl_talo_auth_hash(request, new_password, on_new_hashed);
}

void pl_talo_auth_change_password(struct pl_talo_request *request)
{
    pl_talo_change_begin(request, NULL, apply_password);
}

/* --- change_email --- */

enum { EMAIL_NEW = PL_TALO_CURRENT_PASSWORD + 1 };
const struct pl_talo_field pl_talo_auth_email_fields[] = {
    PL_TALO_CURRENT_PASSWORD_FIELD,
    [EMAIL_NEW] = {.name = "newEmail", .kind = PL_TALO_FIELD_STRING},
    {0},
};

static struct pl_talo_op_auth_set_email *set_email_op(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_set_email_type);
    struct pl_talo_op_auth_set_email *set = (struct pl_talo_op_auth_set_email *)op;
    set->game_id = request->game_id;
    set->alias_id = request->alias_id;
    set->password_hash = pl_talo_change_record(request)->password_hash;
    return set;
}

static void apply_email(struct pl_talo_request *request)
{
    struct pl_str email;
    if (!pl_talo_auth_read_email(&email, request, request->body[EMAIL_NEW].text)) {
        return;
    }
    if (email.ptr != NULL && pl_str_eq(email, pl_talo_change_record(request)->email)) {
        pl_talo_answer_error(request, 400, "NEW_EMAIL_MATCHES_CURRENT_EMAIL",
                             "Please choose a different email address");
        return;
    }
    if (!pl_talo_email_is_valid(email)) {
        pl_talo_auth_answer_bad_email(request);
        return;
    }
    struct pl_talo_op_auth_set_email *set = set_email_op(request);
    set->sets_email = true;
    set->email = email;
    pl_talo_request_submit(request, &set->op, pl_talo_change_done);
}

void pl_talo_auth_change_email(struct pl_talo_request *request)
{
    pl_talo_change_begin(request, NULL, apply_email);
}

/* --- toggle_verification --- */

enum { VERIFICATION_ENABLED = PL_TALO_CURRENT_PASSWORD + 1, VERIFICATION_EMAIL };
const struct pl_talo_field pl_talo_auth_verification_fields[] = {
    PL_TALO_CURRENT_PASSWORD_FIELD,
    [VERIFICATION_ENABLED] = {.name = "verificationEnabled", .kind = PL_TALO_FIELD_BOOL},
    [VERIFICATION_EMAIL] = {.name = "email",
                            .kind = PL_TALO_FIELD_STRING,
                            .flags = PL_TALO_OPTIONAL},
    {0},
};

static bool check_verification(struct pl_talo_request *request,
                               const struct pl_talo_auth_record *record)
{
    if (request->body[VERIFICATION_ENABLED].boolean && record->email.ptr == NULL &&
        pl_utf8_trim(request->body[VERIFICATION_EMAIL].text).len == 0) {
        pl_talo_auth_answer_refusal(request, PL_TALO_AUTH_NO_EMAIL);
        return false;
    }
    return true;
}

static void apply_verification(struct pl_talo_request *request)
{
    struct pl_str email;
    if (!pl_talo_auth_read_email(&email, request, request->body[VERIFICATION_EMAIL].text)) {
        return;
    }
    if (email.ptr != NULL && !pl_talo_email_is_valid(email)) {
        pl_talo_auth_answer_bad_email(request);
        return;
    }
    struct pl_talo_op_auth_set_email *set = set_email_op(request);
    set->sets_email = email.ptr != NULL;
    set->email = email;
    set->sets_verification = true;
    set->has_verification = request->body[VERIFICATION_ENABLED].boolean;
    pl_talo_request_submit(request, &set->op, pl_talo_change_done);
}

void pl_talo_auth_toggle_verification(struct pl_talo_request *request)
{
    pl_talo_change_begin(request, check_verification, apply_verification);
}

/* --- change_identifier --- */

enum { IDENTIFIER_NEW = PL_TALO_CURRENT_PASSWORD + 1 };
const struct pl_talo_field pl_talo_auth_identifier_fields[] = {
    PL_TALO_CURRENT_PASSWORD_FIELD,
    [IDENTIFIER_NEW] = {.name = "newIdentifier",
                        .kind = PL_TALO_FIELD_STRING,
                        .check = pl_talo_check_name},
    {0},
};

static void on_renamed(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc == 0) {
        pl_talo_change_answer_alias(request,
                                    ((const struct pl_talo_op_auth_set_identifier *)op)->alias);
    } else {
        pl_talo_auth_answer_refusal(request, op->refusal);
    }
}

/* The new one in lower case against the one there is. False: answered. */
static bool check_identifier(struct pl_talo_request *request, struct pl_str identifier)
{
    struct pl_str current = pl_talo_change_record(request)->identifier;
    struct pl_str lower;
    if (pl_str_eq(identifier, current)) {
        pl_talo_answer_error(request, 400, "NEW_IDENTIFIER_MATCHES_CURRENT_IDENTIFIER",
                             "Please choose a different identifier");
        return false;
    }
    if (pl_talo_request_refuse_profane(request, identifier) ||
        !pl_talo_auth_lower(&lower, request, current)) {
        return false;
    }
    if (pl_str_eq(identifier, lower)) { /* the stored one has capitals: taken, by oneself */
        pl_talo_auth_answer_refusal(request, PL_TALO_AUTH_IDENTIFIER_TAKEN);
        return false;
    }
    return true;
}

static void apply_identifier(struct pl_talo_request *request)
{
    struct pl_str identifier;
    if (!pl_talo_auth_lower(&identifier, request,
                            pl_utf8_trim(request->body[IDENTIFIER_NEW].text)) ||
        !check_identifier(request, identifier)) {
        return;
    }
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_set_identifier_type);
    struct pl_talo_op_auth_set_identifier *set = (struct pl_talo_op_auth_set_identifier *)op;
    set->game_id = request->game_id;
    set->alias_id = request->alias_id;
    set->password_hash = pl_talo_change_record(request)->password_hash;
    set->identifier = identifier;
    set->now_ms = pl_talo_now_ms(request->talo);
    pl_talo_request_submit(request, op, on_renamed);
}

void pl_talo_auth_change_identifier(struct pl_talo_request *request)
{
    pl_talo_change_begin(request, NULL, apply_identifier);
}
