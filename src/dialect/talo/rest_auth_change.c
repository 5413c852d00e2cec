/* Changes that need the current password. Each finds the login, has the password compared, looks at
 * what is left to look at, and writes where that password is still the one in force. */
#include "dialect/talo/auth_internal.h"
#include "dialect/talo/auth_text.h"
#include "dialect/talo/write.h"

#include "base/utf8.h"

enum { CURRENT_PASSWORD }; /* the first field of every table here */
#define CURRENT_PASSWORD_FIELD                                                                     \
    [CURRENT_PASSWORD] = {.name = "currentPassword", .kind = PL_TALO_FIELD_STRING}

/* --- what all have in common --- */

struct change {
    struct pl_talo_auth_record record;
    /* Optional: looks at what was found before the password is. False: answered. */
    bool (*check)(struct pl_talo_request *request, const struct pl_talo_auth_record *record);
    void (*apply)(struct pl_talo_request *request); /* the password was right */
};

static const struct pl_talo_auth_record *record_of(const struct pl_talo_request *request)
{
    return &((const struct change *)request->state)->record;
}

static void on_password_verified(struct pl_talo_request *request, bool is_right)
{
    if (is_right) {
        ((const struct change *)request->state)->apply(request);
    } else {
        pl_talo_auth_answer_refusal(request, PL_TALO_AUTH_CHANGED);
    }
}

static void on_found(struct pl_talo_request *request, struct pl_store_op *op)
{
    struct change *change = request->state;
    if (op->rc != 0) {
        pl_talo_auth_answer_refusal(request, op->refusal);
        return;
    }
    if (!pl_talo_auth_keep(&change->record, request,
                           &((const struct pl_talo_op_auth_find *)op)->record)) {
        return;
    }
    if (change->check == NULL || change->check(request, &change->record)) {
        pl_talo_auth_verify(request, request->body[CURRENT_PASSWORD].text,
                            change->record.password_hash, on_password_verified);
    }
}

static void begin_change(struct pl_talo_request *request,
                         bool (*check)(struct pl_talo_request *request,
                                       const struct pl_talo_auth_record *record),
                         void (*apply)(struct pl_talo_request *request))
{
    struct change *change = pl_arena_alloc(&request->arena, sizeof(*change));
    if (change == NULL) {
        pl_talo_answer_failed(request);
        return;
    }
    change->check = check;
    change->apply = apply;
    request->state = change;
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_find_type);
    struct pl_talo_op_auth_find *find = (struct pl_talo_op_auth_find *)op;
    find->game_id = request->game_id;
    find->by = PL_TALO_AUTH_BY_ALIAS;
    find->alias_id = request->alias_id;
    pl_talo_request_submit(request, op, on_found);
}

static void on_changed(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc == 0) {
        pl_talo_answer_empty(request);
    } else {
        pl_talo_auth_answer_refusal(request, op->refusal);
    }
}

static void answer_alias(struct pl_talo_request *request, const struct pl_talo_alias *alias)
{
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("alias"));
    pl_talo_write_alias(out, alias, PL_TALO_WITH_AUTH);
    pl_talo_answer_end(request, 200);
}

/* --- change_password --- */

enum { PASSWORD_NEW = CURRENT_PASSWORD + 1 };
const struct pl_talo_field pl_talo_auth_password_fields[] = {
    CURRENT_PASSWORD_FIELD,
    [PASSWORD_NEW] = {.name = "newPassword", .kind = PL_TALO_FIELD_STRING},
    {0},
};

static void on_new_hashed(struct pl_talo_request *request, struct pl_str hash)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_set_password_type);
    struct pl_talo_op_auth_set_password *set = (struct pl_talo_op_auth_set_password *)op;
    set->game_id = request->game_id;
    set->alias_id = request->alias_id;
    set->password_hash = record_of(request)->password_hash;
    set->new_hash = hash;
    pl_talo_request_submit(request, op, on_changed);
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
    if (is_same_password(request->body[CURRENT_PASSWORD].text, new_password)) {
        pl_talo_answer_error(request, 400, "NEW_PASSWORD_MATCHES_CURRENT_PASSWORD",
                             "Please choose a different password");
        return;
    }
    pl_talo_auth_hash(request, new_password, on_new_hashed);
}

void pl_talo_auth_change_password(struct pl_talo_request *request)
{
    begin_change(request, NULL, apply_password);
}

/* --- change_email --- */

enum { EMAIL_NEW = CURRENT_PASSWORD + 1 };
const struct pl_talo_field pl_talo_auth_email_fields[] = {
    CURRENT_PASSWORD_FIELD,
    [EMAIL_NEW] = {.name = "newEmail", .kind = PL_TALO_FIELD_STRING},
    {0},
};

static struct pl_talo_op_auth_set_email *set_email_op(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_set_email_type);
    struct pl_talo_op_auth_set_email *set = (struct pl_talo_op_auth_set_email *)op;
    set->game_id = request->game_id;
    set->alias_id = request->alias_id;
    set->password_hash = record_of(request)->password_hash;
    return set;
}

static void apply_email(struct pl_talo_request *request)
{
    struct pl_str email;
    if (!pl_talo_auth_read_email(&email, request, request->body[EMAIL_NEW].text)) {
        return;
    }
    if (email.ptr != NULL && pl_str_eq(email, record_of(request)->email)) {
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
    pl_talo_request_submit(request, &set->op, on_changed);
}

void pl_talo_auth_change_email(struct pl_talo_request *request)
{
    begin_change(request, NULL, apply_email);
}

/* --- toggle_verification --- */

enum { VERIFICATION_ENABLED = CURRENT_PASSWORD + 1, VERIFICATION_EMAIL };
const struct pl_talo_field pl_talo_auth_verification_fields[] = {
    CURRENT_PASSWORD_FIELD,
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
    pl_talo_request_submit(request, &set->op, on_changed);
}

void pl_talo_auth_toggle_verification(struct pl_talo_request *request)
{
    begin_change(request, check_verification, apply_verification);
}

/* --- change_identifier --- */

enum { IDENTIFIER_NEW = CURRENT_PASSWORD + 1 };
const struct pl_talo_field pl_talo_auth_identifier_fields[] = {
    CURRENT_PASSWORD_FIELD,
    [IDENTIFIER_NEW] = {.name = "newIdentifier",
                        .kind = PL_TALO_FIELD_STRING,
                        .check = pl_talo_auth_check_name},
    {0},
};

static void on_renamed(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc == 0) {
        answer_alias(request, ((const struct pl_talo_op_auth_set_identifier *)op)->alias);
    } else {
        pl_talo_auth_answer_refusal(request, op->refusal);
    }
}

/* The new one in lower case against the one there is. False: answered. */
static bool check_identifier(struct pl_talo_request *request, struct pl_str identifier)
{
    struct pl_str current = record_of(request)->identifier;
    struct pl_str lower;
    if (pl_str_eq(identifier, current)) {
        pl_talo_answer_error(request, 400, "NEW_IDENTIFIER_MATCHES_CURRENT_IDENTIFIER",
                             "Please choose a different identifier");
        return false;
    }
    if (pl_talo_request_blocks_identifier(request, identifier)) {
        pl_talo_auth_answer_profanity(request);
        return false;
    }
    if (!pl_talo_auth_lower(&lower, request, current)) {
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
    set->password_hash = record_of(request)->password_hash;
    set->identifier = identifier;
    set->now_ms = pl_talo_now_ms(request->talo);
    pl_talo_request_submit(request, op, on_renamed);
}

void pl_talo_auth_change_identifier(struct pl_talo_request *request)
{
    begin_change(request, NULL, apply_identifier);
}

/* --- delete --- */

const struct pl_talo_field pl_talo_auth_delete_fields[] = {
    CURRENT_PASSWORD_FIELD,
    {0},
};

static void apply_delete(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_delete_type);
    struct pl_talo_op_auth_delete *delete = (struct pl_talo_op_auth_delete *)op;
    delete->game_id = request->game_id;
    delete->alias_id = request->alias_id;
    delete->password_hash = record_of(request)->password_hash;
    pl_talo_request_submit(request, op, on_changed);
}

void pl_talo_auth_delete(struct pl_talo_request *request)
{
    begin_change(request, NULL, apply_delete);
}

/* --- migrate --- */

/* A blank text would be an empty one once it is trimmed. */
static const char *check_target(const struct pl_talo_value *value)
{
    return pl_utf8_trim(value->text).len == 0 ? "Too small: expected string to have >=1 characters"
                                              : pl_talo_auth_check_name(value);
}

enum { MIGRATE_SERVICE = CURRENT_PASSWORD + 1, MIGRATE_IDENTIFIER };
const struct pl_talo_field pl_talo_auth_migrate_fields[] = {
    CURRENT_PASSWORD_FIELD,
    [MIGRATE_SERVICE] = {.name = "service", .kind = PL_TALO_FIELD_STRING, .check = check_target},
    [MIGRATE_IDENTIFIER] = {.name = "identifier",
                            .kind = PL_TALO_FIELD_STRING,
                            .check = check_target},
    {0},
};

static void on_migrated(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc == 0) {
        answer_alias(request, ((const struct pl_talo_op_auth_migrate *)op)->alias);
    } else if (op->refusal == PL_TALO_AUTH_IDENTIFIER_TAKEN) {
        pl_talo_answer_error(request, 409, "IDENTIFIER_TAKEN",
                             "A player already exists with this identifier");
    } else {
        pl_talo_auth_answer_refusal(request, op->refusal);
    }
}

static void apply_migrate(struct pl_talo_request *request)
{
    struct pl_str service = pl_utf8_trim(request->body[MIGRATE_SERVICE].text);
    if (pl_str_eq(service, PL_STR("talo"))) {
        pl_talo_answer_error(request, 400, "INVALID_MIGRATION_TARGET",
                             "Cannot migrate to the Talo service");
        return;
    }
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_migrate_type);
    struct pl_talo_op_auth_migrate *migrate = (struct pl_talo_op_auth_migrate *)op;
    migrate->game_id = request->game_id;
    migrate->alias_id = request->alias_id;
    migrate->password_hash = record_of(request)->password_hash;
    migrate->service = service;
    migrate->identifier = pl_utf8_trim(request->body[MIGRATE_IDENTIFIER].text);
    migrate->now_ms = pl_talo_now_ms(request->talo);
    pl_talo_request_submit(request, op, on_migrated);
}

void pl_talo_auth_migrate(struct pl_talo_request *request)
{
    begin_change(request, NULL, apply_migrate);
}
