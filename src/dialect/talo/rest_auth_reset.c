/* A new password for who forgot the old one: a code by mail, and what it allows. */
#include "dialect/talo/auth_internal.h"

/* --- forgot_password --- */

enum { FORGOT_EMAIL };
const struct pl_talo_field pl_talo_auth_forgot_fields[] = {
    [FORGOT_EMAIL] = {.name = "email", .kind = PL_TALO_FIELD_STRING},
    {0},
};

/* Whether somebody was found is nobody's business. */
static void on_forgetful_found(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc == 0) {
        pl_talo_auth_send_reset_code(request, &((const struct pl_talo_op_auth_find *)op)->record);
    }
    pl_talo_answer_empty(request);
}

void pl_talo_auth_forgot_password(struct pl_talo_request *request)
{
    struct pl_str email;
    if (!pl_talo_auth_lower(&email, request, request->body[FORGOT_EMAIL].text)) {
        return;
    }
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_find_type);
    struct pl_talo_op_auth_find *find = (struct pl_talo_op_auth_find *)op;
    find->game_id = request->game_id;
    find->by = PL_TALO_AUTH_BY_EMAIL;
    find->text = email; /* not trimmed: spec 3.9 */
    pl_talo_request_submit(request, op, on_forgetful_found);
}

/* --- reset_password --- */

enum { RESET_CODE, RESET_PASSWORD };
const struct pl_talo_field pl_talo_auth_reset_fields[] = {
    [RESET_CODE] = {.name = "code", .kind = PL_TALO_FIELD_STRING},
    [RESET_PASSWORD] = {.name = "password", .kind = PL_TALO_FIELD_STRING},
    {0},
};

static void answer_bad_code(struct pl_talo_request *request)
{
    pl_talo_answer_error(request, 401, "PASSWORD_RESET_CODE_INVALID",
                         "This code is either invalid or has expired");
}

static void on_reset(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc == 0) {
        pl_talo_answer_empty(request);
    } else {
        answer_bad_code(request); /* the login is gone, and its codes are worth nothing */
    }
}

/* The code is used up only now, so that a full pool costs nobody a code. */
static void on_reset_hashed(struct pl_talo_request *request, struct pl_str hash)
{
    int64_t alias_id = 0;
    if (!pl_talo_codes_take_reset(&alias_id, &pl_talo_rest_auth(request->rest)->reset_codes,
                                  request->game_id, request->body[RESET_CODE].text,
                                  pl_talo_now_ms(request->talo))) {
        answer_bad_code(request);
        return;
    }
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_reset_password_type);
    struct pl_talo_op_auth_reset_password *reset = (struct pl_talo_op_auth_reset_password *)op;
    reset->game_id = request->game_id;
    reset->alias_id = alias_id;
    reset->new_hash = hash;
    pl_talo_request_submit(request, op, on_reset);
}

void pl_talo_auth_reset_password(struct pl_talo_request *request)
{
    int64_t alias_id = 0;
    if (!pl_talo_codes_find_reset(&alias_id, &pl_talo_rest_auth(request->rest)->reset_codes,
                                  request->game_id, request->body[RESET_CODE].text,
                                  pl_talo_now_ms(request->talo))) {
        answer_bad_code(request);
        return;
    }
    pl_talo_auth_hash(request, request->body[RESET_PASSWORD].text, on_reset_hashed);
}
