/* Who comes in: register and login. */
#include "dialect/talo/auth_entry.h"
#include "dialect/talo/auth_text.h"

#include "base/utf8.h"

/* --- register --- */

enum {
    REGISTER_IDENTIFIER,
    REGISTER_PASSWORD,
    REGISTER_EMAIL,
    REGISTER_VERIFIES,
    REGISTER_REFRESH
};
const struct pl_talo_field pl_talo_auth_register_fields[] = {
    [REGISTER_IDENTIFIER] = {.name = "identifier",
                             .kind = PL_TALO_FIELD_STRING,
                             .check = pl_talo_check_name},
    [REGISTER_PASSWORD] = {.name = "password", .kind = PL_TALO_FIELD_STRING},
    [REGISTER_EMAIL] = {.name = "email", .kind = PL_TALO_FIELD_STRING, .flags = PL_TALO_OPTIONAL},
    [REGISTER_VERIFIES] = {.name = "verificationEnabled",
                           .kind = PL_TALO_FIELD_BOOL,
                           .flags = PL_TALO_OPTIONAL},
    [REGISTER_REFRESH] = {.name = "withRefresh",
                          .kind = PL_TALO_FIELD_BOOL,
                          .flags = PL_TALO_OPTIONAL},
    {0},
};

void pl_talo_auth_check_register(struct pl_talo_request *request)
{
    const struct pl_talo_value *body = request->body;
    if (body[REGISTER_VERIFIES].boolean && pl_utf8_trim(body[REGISTER_EMAIL].text).len == 0) {
        pl_talo_request_refuse_field(request, "email",
                                     "email is required when verificationEnabled is true");
    }
}

static void on_registered(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_auth_register *done = (const struct pl_talo_op_auth_register *)op;
    if (op->rc == 0) {
        pl_talo_entry_answer(request, done->alias);
    } else if (op->refusal == PL_TALO_AUTH_IDENTIFIER_TAKEN) {
        struct pl_buf message;
        pl_buf_init(&message, 4096);
        pl_buf_addf(&message, "Player with identifier '" PL_STR_FMT "' already exists",
                    PL_STR_ARG(done->identifier));
        struct pl_json_writer *out = pl_talo_answer_begin(request);
        pl_json_key(out, PL_STR("message"));
        pl_json_put_string(out, pl_buf_str(&message));
        pl_json_key(out, PL_STR("errorCode"));
        pl_json_put_string(out, PL_STR("IDENTIFIER_TAKEN"));
        pl_json_key(out, PL_STR("field"));
        pl_json_put_string(out, PL_STR("aliases"));
        pl_talo_answer_end(request, 400);
        pl_buf_fini(&message);
    } else {
        pl_talo_auth_answer_refusal(request, op->refusal);
    }
}

static void on_register_hashed(struct pl_talo_request *request, struct pl_str hash)
{
    const struct pl_talo_value *body = request->body;
    struct pl_talo_entry *entry = request->state;
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_register_type);
    struct pl_talo_op_auth_register *add = (struct pl_talo_op_auth_register *)op;
    pl_talo_entry_set_session(request);
    add->game_id = request->game_id;
    add->player_id = pl_talo_new_uuid(request->talo);
    add->alias_id = pl_talo_next_id(request->talo, PL_TALO_ID_ALIAS);
    add->is_dev_build = request->is_dev_build;
    add->identifier = pl_utf8_trim(body[REGISTER_IDENTIFIER].text);
    add->password_hash = hash;
    add->email = entry->record.email;
    add->has_verification = body[REGISTER_VERIFIES].boolean;
    add->session_key = entry->session_key;
    add->now_ms = entry->now_ms;
    pl_talo_request_submit(request, op, on_registered);
}

void pl_talo_auth_register(struct pl_talo_request *request)
{
    const struct pl_talo_value *body = request->body;
    struct pl_talo_entry *entry = pl_talo_entry_begin(request, body[REGISTER_REFRESH].boolean);
    if (entry == NULL) {
        return;
    }
    if (pl_talo_request_refuse_profane(request, pl_utf8_trim(body[REGISTER_IDENTIFIER].text)) ||
        !pl_talo_auth_read_email(&entry->record.email, request, body[REGISTER_EMAIL].text)) {
        return;
    }
    if (entry->record.email.ptr != NULL && !pl_talo_email_is_valid(entry->record.email)) {
        pl_talo_auth_answer_bad_email(request);
        return;
    }
    pl_talo_auth_hash(request, body[REGISTER_PASSWORD].text, on_register_hashed);
}

/* --- login --- */

enum { LOGIN_IDENTIFIER, LOGIN_PASSWORD, LOGIN_REFRESH };
const struct pl_talo_field pl_talo_auth_login_fields[] = {
    [LOGIN_IDENTIFIER] = {.name = "identifier", .kind = PL_TALO_FIELD_STRING},
    [LOGIN_PASSWORD] = {.name = "password", .kind = PL_TALO_FIELD_STRING},
    [LOGIN_REFRESH] = {.name = "withRefresh",
                       .kind = PL_TALO_FIELD_BOOL,
                       .flags = PL_TALO_OPTIONAL},
    {0},
};

static void answer_bad_login(struct pl_talo_request *request)
{
    pl_talo_answer_error(request, 401, "INVALID_CREDENTIALS", "Incorrect identifier or password");
}

static void on_logged_in(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc == 0) {
        pl_talo_entry_answer(request, ((const struct pl_talo_op_auth_login *)op)->alias);
    } else {
        answer_bad_login(request); /* another password, or gone, since it was right */
    }
}

static void answer_needs_code(struct pl_talo_request *request, int64_t alias_id)
{
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("aliasId"));
    pl_json_put_i64(out, alias_id);
    pl_json_key(out, PL_STR("verificationRequired"));
    pl_json_put_bool(out, true);
    pl_talo_answer_end(request, 200);
}

static void on_login_verified(struct pl_talo_request *request, bool is_right)
{
    const struct pl_talo_auth_record *record = &((struct pl_talo_entry *)request->state)->record;
    if (!is_right) {
        answer_bad_login(request);
    } else if (record->has_verification) {
        pl_talo_auth_send_login_code(request, record);
        answer_needs_code(request, record->alias_id);
    } else {
        pl_talo_entry_submit_login(request, record->alias_id, record->password_hash, on_logged_in);
    }
}

static void on_nobody_hashed(struct pl_talo_request *request, struct pl_str hash)
{
    (void)hash;
    answer_bad_login(request);
}

static void on_login_found(struct pl_talo_request *request, struct pl_store_op *op)
{
    struct pl_talo_entry *entry = request->state;
    struct pl_str password = request->body[LOGIN_PASSWORD].text;
    if (op->rc != 0) {
        /* It takes as long as for somebody who exists. */
        pl_talo_auth_hash(request, password, on_nobody_hashed);
        return;
    }
    if (pl_talo_auth_keep(&entry->record, request,
                          &((const struct pl_talo_op_auth_find *)op)->record)) {
        pl_talo_auth_verify(request, password, entry->record.password_hash, on_login_verified);
    }
}

void pl_talo_auth_login(struct pl_talo_request *request)
{
    if (pl_talo_entry_begin(request, request->body[LOGIN_REFRESH].boolean) == NULL) {
        return;
    }
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_find_type);
    struct pl_talo_op_auth_find *find = (struct pl_talo_op_auth_find *)op;
    find->game_id = request->game_id;
    find->by = PL_TALO_AUTH_BY_IDENTIFIER;
    find->text = pl_utf8_trim(request->body[LOGIN_IDENTIFIER].text);
    pl_talo_request_submit(request, op, on_login_found);
}
