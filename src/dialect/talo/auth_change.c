/* Each change finds the login, has the password compared, and writes where that password is still
 * the one in force. */
#include "dialect/talo/auth_change.h"

#include "dialect/talo/write.h"

struct change {
    struct pl_talo_auth_record record;
    /* Optional: looks at what was found before the password is. False: answered. */
    bool (*check)(struct pl_talo_request *request, const struct pl_talo_auth_record *record);
    void (*apply)(struct pl_talo_request *request); /* the password was right */
};

const struct pl_talo_auth_record *pl_talo_change_record(const struct pl_talo_request *request)
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
        pl_talo_auth_verify(request, request->body[PL_TALO_CURRENT_PASSWORD].text,
                            change->record.password_hash, on_password_verified);
    }
}

void pl_talo_change_begin(struct pl_talo_request *request,
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

void pl_talo_change_done(struct pl_talo_request *request, struct pl_store_op *op)
{
    if (op->rc == 0) {
        pl_talo_answer_empty(request);
    } else {
        pl_talo_auth_answer_refusal(request, op->refusal);
    }
}

void pl_talo_change_answer_alias(struct pl_talo_request *request, const struct pl_talo_alias *alias)
{
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("alias"));
    pl_talo_write_alias(out, alias, PL_TALO_WITH_AUTH);
    pl_talo_answer_end(request, 200);
}
