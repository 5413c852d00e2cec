/* Getting a session: register, login, verify, refresh; and giving it back: logout. */
#include "dialect/talo/auth_internal.h"
#include "dialect/talo/auth_text.h"
#include "dialect/talo/write.h"

#include "base/alloc.h"
#include "base/utf8.h"

#define TOKEN_BYTES_MAX 4096

/* What a session is answered with, known before the alias is. */
struct entry {
    struct pl_talo_auth_record record; /* of login */
    struct pl_uuid session_key;
    bool has_refresh;
    int64_t now_ms;
};

static struct entry *begin_entry(struct pl_talo_request *request, bool has_refresh)
{
    struct entry *entry = pl_arena_alloc(&request->arena, sizeof(*entry));
    if (entry == NULL) {
        pl_talo_answer_failed(request);
        return NULL;
    }
    entry->has_refresh = has_refresh;
    request->state = entry;
    return entry;
}

/* A session begins with the operation that is submitted now. */
static void set_session(struct pl_talo_request *request, struct entry *entry)
{
    entry->session_key = pl_talo_new_uuid(request->talo);
    entry->now_ms = pl_talo_now_ms(request->talo);
}

/* `write` is one of the two below. */
static void write_token(struct pl_json_writer *out, struct pl_str key,
                        const struct pl_talo_session *session, const struct entry *entry,
                        bool is_refresh)
{
    struct pl_buf token;
    pl_buf_init(&token, TOKEN_BYTES_MAX);
    if (is_refresh) {
        pl_talo_session_write_refresh(&token, session, entry->now_ms);
    } else {
        pl_talo_session_write(&token, session, entry->has_refresh, entry->now_ms);
    }
    pl_json_key(out, key);
    pl_json_put_string(out, pl_buf_str(&token));
    pl_buf_fini(&token);
}

static void write_tokens(struct pl_json_writer *out, const struct pl_talo_session *session,
                         const struct entry *entry)
{
    write_token(out, PL_STR("sessionToken"), session, entry, false);
    if (entry->has_refresh) {
        write_token(out, PL_STR("refreshToken"), session, entry, true);
    }
}

/* {alias, sessionToken, refreshToken?, socketToken} */
static void answer_entry(struct pl_talo_request *request, const struct pl_talo_alias *alias)
{
    const struct entry *entry = request->state;
    struct pl_uuid socket_token = pl_talo_issue_token(request->talo, alias->id);
    struct pl_talo_session session = {.alias_id = alias->id,
                                      .player_id = alias->player->id,
                                      .has_key = true,
                                      .key = entry->session_key};
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("alias"));
    pl_talo_write_alias(out, alias, PL_TALO_WITH_AUTH);
    write_tokens(out, &session, entry);
    pl_json_key(out, PL_STR("socketToken"));
    pl_talo_write_uuid(out, &socket_token);
    pl_talo_answer_end(request, 200);
}

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
                             .check = pl_talo_auth_check_name},
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
        answer_entry(request, done->alias);
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
    struct entry *entry = request->state;
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_register_type);
    struct pl_talo_op_auth_register *add = (struct pl_talo_op_auth_register *)op;
    set_session(request, entry);
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
    struct entry *entry = begin_entry(request, body[REGISTER_REFRESH].boolean);
    if (entry == NULL) {
        return;
    }
    if (pl_talo_request_blocks_identifier(request, pl_utf8_trim(body[REGISTER_IDENTIFIER].text))) {
        pl_talo_auth_answer_profanity(request);
        return;
    }
    if (!pl_talo_auth_read_email(&entry->record.email, request, body[REGISTER_EMAIL].text)) {
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

static void answer_bad_code(struct pl_talo_request *request)
{
    pl_talo_answer_error(request, 403, "VERIFICATION_CODE_INVALID", "Invalid code");
}

static void on_logged_in(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc == 0) {
        answer_entry(request, ((const struct pl_talo_op_auth_login *)op)->alias);
    } else {
        answer_bad_login(request); /* another password, or gone, since it was right */
    }
}

/* Begin a session of the alias, where this hash is still the one in force. */
static void submit_login(struct pl_talo_request *request, int64_t alias_id, struct pl_str hash,
                         pl_talo_request_done *on_done)
{
    struct entry *entry = request->state;
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_login_type);
    struct pl_talo_op_auth_login *login = (struct pl_talo_op_auth_login *)op;
    set_session(request, entry);
    login->game_id = request->game_id;
    login->alias_id = alias_id;
    login->password_hash = hash;
    login->session_key = entry->session_key;
    login->now_ms = entry->now_ms;
    pl_talo_request_submit(request, op, on_done);
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
    const struct pl_talo_auth_record *record = &((struct entry *)request->state)->record;
    if (!is_right) {
        answer_bad_login(request);
    } else if (record->has_verification) {
        pl_talo_auth_send_login_code(request, record);
        answer_needs_code(request, record->alias_id);
    } else {
        submit_login(request, record->alias_id, record->password_hash, on_logged_in);
    }
}

static void on_nobody_hashed(struct pl_talo_request *request, struct pl_str hash)
{
    (void)hash;
    answer_bad_login(request);
}

static void on_login_found(struct pl_talo_request *request, struct pl_store_op *op)
{
    struct entry *entry = request->state;
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
    if (begin_entry(request, request->body[LOGIN_REFRESH].boolean) == NULL) {
        return;
    }
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_find_type);
    struct pl_talo_op_auth_find *find = (struct pl_talo_op_auth_find *)op;
    find->game_id = request->game_id;
    find->by = PL_TALO_AUTH_BY_IDENTIFIER;
    find->text = pl_utf8_trim(request->body[LOGIN_IDENTIFIER].text);
    pl_talo_request_submit(request, op, on_login_found);
}

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

static void on_code_logged_in(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc == 0) {
        answer_entry(request, ((const struct pl_talo_op_auth_login *)op)->alias);
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
        submit_login(request, code.alias_id, hash, on_code_logged_in);
    } else {
        pl_talo_answer_failed(request);
    }
    pl_wipe(&code, sizeof(code));
}

void pl_talo_auth_verify_code(struct pl_talo_request *request)
{
    if (begin_entry(request, request->body[VERIFY_REFRESH].boolean) == NULL) {
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
    write_tokens(out, &done->session, request->state);
    pl_talo_answer_end(request, 200);
}

void pl_talo_auth_refresh(struct pl_talo_request *request)
{
    struct entry *entry = begin_entry(request, true);
    if (entry == NULL) {
        return;
    }
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_refresh_type);
    struct pl_talo_op_auth_refresh *refresh = (struct pl_talo_op_auth_refresh *)op;
    set_session(request, entry);
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
