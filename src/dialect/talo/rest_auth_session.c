/* Sessions that go on from something: a code from a mail, a refresh token; and their end. */
#include "dialect/talo/auth_entry.h"

#include "base/alloc.h"

/* --- verify --- */

enum { VERIFY_ALIAS, VERIFY_CODE, VERIFY_REFRESH };
const struct pl_talo_field pl_talo_auth_verify_fields[] = {
    [VERIFY_ALIAS] = {.name = "aliasId", .kind = PL_TALO_FIELD_NUMBER},
    [VERIFY_CODE] = {.name = "code", .kind = PL_TALO_FIELD_STRING},
    [VERIFY_REFRESH] = {.name = "withRefresh",
                        .kind = PL_TALO_FIELD_BOOL,
                        .flags = PL_TALO_OPTIONAL},
    {0},
};

static void answer_bad_code(struct pl_talo_request *request)
{
    pl_talo_answer_error(request, 403, "VERIFICATION_CODE_INVALID", "Invalid code");
}

static void on_code_logged_in(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc == 0) {
        pl_talo_entry_answer(request, ((const struct pl_talo_op_auth_login *)op)->alias);
    } else {
        answer_bad_code(request); /* the password has been changed since: so the code is void */
    }
}

static void on_verify_found(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_auth_find *found = (const struct pl_talo_op_auth_find *)op;
    struct pl_talo_codes *codes = &pl_talo_rest_auth(request->rest)->login_codes;
    struct pl_talo_code code;
    struct pl_str hash;
    if (op->rc != 0 && op->refusal == PL_TALO_AUTH_NO_ALIAS) {
        pl_talo_answer_error(request, 403, "VERIFICATION_ALIAS_NOT_FOUND",
                             "Player alias not found");
        return;
    }
    if (op->rc != 0) {
        pl_talo_auth_answer_refusal(request, op->refusal);
        return;
    }
    if (!pl_talo_codes_take_login(&code, codes, found->record.alias_id,
                                  request->body[VERIFY_CODE].text, pl_talo_now_ms(request->talo))) {
        answer_bad_code(request);
        return;
    }
    if (pl_arena_copy(&hash, &request->arena, pl_str_of_cstr(code.password_hash))) {
        pl_talo_entry_submit_login(request, code.alias_id, hash, on_code_logged_in);
    } else {
        pl_talo_answer_failed(request);
    }
    pl_wipe(&code, sizeof(code));
}

void pl_talo_auth_verify_code(struct pl_talo_request *request)
{
    if (pl_talo_entry_begin(request, request->body[VERIFY_REFRESH].boolean) == NULL) {
        return;
    }
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_find_type);
    struct pl_talo_op_auth_find *find = (struct pl_talo_op_auth_find *)op;
    find->game_id = request->game_id;
    find->by = PL_TALO_AUTH_BY_ALIAS;
    find->alias_id = request->body[VERIFY_ALIAS].integer;
    pl_talo_request_submit(request, op, on_verify_found);
}

/* --- refresh --- */

enum { REFRESH_TOKEN };
const struct pl_talo_field pl_talo_auth_refresh_fields[] = {
    [REFRESH_TOKEN] = {.name = "refreshToken", .kind = PL_TALO_FIELD_STRING},
    {0},
};

static void on_refreshed(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_auth_refresh *done = (const struct pl_talo_op_auth_refresh *)op;
    if (op->rc != 0) {
        pl_talo_auth_answer_refusal(request, op->refusal);
        return;
    }
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_talo_entry_write_tokens(out, &done->session, request->state);
    pl_talo_answer_end(request, 200);
}

void pl_talo_auth_refresh(struct pl_talo_request *request)
{
    struct pl_talo_entry *entry = pl_talo_entry_begin(request, true);
    if (entry == NULL) {
        return;
    }
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_refresh_type);
    struct pl_talo_op_auth_refresh *refresh = (struct pl_talo_op_auth_refresh *)op;
    pl_talo_entry_set_session(request);
    refresh->game_id = request->game_id;
    refresh->token = request->body[REFRESH_TOKEN].text;
    refresh->session_key = entry->session_key;
    refresh->now_ms = entry->now_ms;
    pl_talo_request_submit(request, op, on_refreshed);
}

/* --- logout --- */

static void on_logged_out(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc == 0) {
        pl_talo_answer_empty(request);
    } else {
        pl_talo_auth_answer_refusal(request, op->refusal);
    }
}

void pl_talo_auth_logout(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_logout_type);
    struct pl_talo_op_auth_logout *logout = (struct pl_talo_op_auth_logout *)op;
    logout->game_id = request->game_id;
    logout->alias_id = request->alias_id;
    pl_talo_request_submit(request, op, on_logged_out);
}
