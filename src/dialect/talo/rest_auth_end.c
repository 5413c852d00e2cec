/* The end of a login: delete, and migrate to another service. */
#include "dialect/talo/auth_change.h"

#include "base/utf8.h"

/* --- delete --- */

const struct pl_talo_field pl_talo_auth_delete_fields[] = {
    PL_TALO_CURRENT_PASSWORD_FIELD,
    {0},
};

static void apply_delete(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_delete_type);
    struct pl_talo_op_auth_delete *delete = (struct pl_talo_op_auth_delete *)op;
    delete->game_id = request->game_id;
    delete->alias_id = request->alias_id;
    delete->password_hash = pl_talo_change_record(request)->password_hash;
    pl_talo_request_submit(request, op, pl_talo_change_done);
}

void pl_talo_auth_delete(struct pl_talo_request *request)
{
    pl_talo_change_begin(request, NULL, apply_delete);
}

/* --- migrate --- */

/* A blank text would be an empty one once it is trimmed. */
static const char *check_target(const struct pl_talo_value *value)
{
    return pl_utf8_trim(value->text).len == 0 ? "Too small: expected string to have >=1 characters"
                                              : pl_talo_check_name(value);
}

enum { MIGRATE_SERVICE = PL_TALO_CURRENT_PASSWORD + 1, MIGRATE_IDENTIFIER };
const struct pl_talo_field pl_talo_auth_migrate_fields[] = {
    PL_TALO_CURRENT_PASSWORD_FIELD,
    [MIGRATE_SERVICE] = {.name = "service", .kind = PL_TALO_FIELD_STRING, .check = check_target},
    [MIGRATE_IDENTIFIER] = {.name = "identifier",
                            .kind = PL_TALO_FIELD_STRING,
                            .check = check_target},
    {0},
};

static void on_migrated(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc == 0) {
        pl_talo_change_answer_alias(request, ((const struct pl_talo_op_auth_migrate *)op)->alias);
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
    migrate->password_hash = pl_talo_change_record(request)->password_hash;
    migrate->service = service;
    migrate->identifier = pl_utf8_trim(request->body[MIGRATE_IDENTIFIER].text);
    migrate->now_ms = pl_talo_now_ms(request->talo);
    pl_talo_request_submit(request, op, on_migrated);
}

void pl_talo_auth_migrate(struct pl_talo_request *request)
{
    pl_talo_change_begin(request, NULL, apply_migrate);
}
