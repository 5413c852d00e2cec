/* The model as a whole: each operation finds its rule. */
#include "model_internal.h"

#define EXPECTED_MAX ((size_t)1 << 20)

void model_init(struct model *model)
{
    *model = (struct model){0};
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        pl_buf_init(&model->conns[i].expected, EXPECTED_MAX);
        model->conns[i].alias = MODEL_NOBODY;
    }
    for (int i = 0; i < MODEL_ALIASES_MAX; i++) {
        model->players[i].changed_by = MODEL_NOBODY;
    }
}

void model_fini(struct model *model)
{
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        pl_buf_fini(&model->conns[i].expected);
    }
}

static bool complete_memberships(struct model *model, const struct pl_talo_op_alias_memberships *op,
                                 struct model_outcome outcome)
{
    for (int i = 0; outcome.is_known && op->alias_id != 0 && i < MODEL_CONNS_MAX; i++) {
        if (model->conns[i].is_open && model->conns[i].alias == (int)op->alias_id - 1) {
            model_sync(model, &model->conns[i]);
        }
    }
    return true;
}

static bool apply(struct model *model, const struct pl_store_op *op, struct model_outcome outcome,
                  bool is_own)
{
    const void *as = op;
    if (op->type == &pl_talo_op_channel_create_type) {
        return model_complete_create(model, as, outcome);
    }
    if (op->type == &pl_talo_op_channel_join_type) {
        return model_complete_join(model, as, outcome);
    }
    if (op->type == &pl_talo_op_channel_invite_type) {
        return model_complete_invite(model, as, outcome);
    }
    if (op->type == &pl_talo_op_channel_leave_type) {
        return model_complete_leave(model, as, outcome);
    }
    if (op->type == &pl_talo_op_channel_update_type) {
        return model_complete_update(model, as, outcome);
    }
    if (op->type == &pl_talo_op_channel_delete_type) {
        return model_complete_delete(model, as, outcome);
    }
    if (op->type == &pl_talo_op_presence_set_type) {
        return model_complete_put(model, as, outcome, is_own);
    }
    if (op->type == &pl_talo_op_presence_online_type) {
        return model_complete_online(model, as, outcome);
    }
    if (op->type == &pl_talo_op_presence_offline_type) {
        return model_complete_offline(model, as, outcome);
    }
    if (op->type == &pl_talo_op_player_merge_type) {
        return model_complete_merge(model, as, outcome);
    }
    if (op->type == &pl_talo_op_message_load_type) {
        return model_complete_load(model, as, outcome);
    }
    if (op->type == &pl_talo_op_alias_memberships_type) {
        return complete_memberships(model, as, outcome);
    }
    if (op->type == &pl_talo_op_subscription_create_type) {
        return model_complete_subscribe(model, as, outcome);
    }
    if (op->type == &pl_talo_op_subscription_confirm_type) {
        return model_complete_confirm(model, as, outcome);
    }
    if (op->type == &pl_talo_op_subscription_delete_type) {
        return model_complete_unsubscribe(model, as, outcome);
    }
    return op->rc == 0; /* changes nothing that the model knows */
}

bool model_complete(struct model *model, const struct pl_store_op *op, struct model_outcome outcome,
                    bool is_own)
{
    bool is_right = false;
    model->has_doubt = model->has_doubt || (outcome.has_happened && !outcome.is_known);
    is_right = apply(model, op, outcome, is_own);
    return op->rc < 0 || !op->type->is_write || is_right == (op->rc == 0);
}
