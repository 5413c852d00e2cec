/* Operations on their way: whoever submits gets them back after their effect. */
#include "service/talo/talo.h"

#include "base/alloc.h"
#include "service/talo/effects.h"
#include "service/talo/talo_internal.h"

pl_talo_effect *pl_talo_effect_of(const struct pl_store_op_type *type)
{
    static const struct pl_talo_effect_row *const tables[] = {
        pl_talo_effects_channels,
        pl_talo_effects_players,
        pl_talo_effects_relationships,
        pl_talo_effects_admin,
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(tables); i++) {
        for (const struct pl_talo_effect_row *row = tables[i]; row->type != NULL; row++) {
            if (row->type == type) {
                return row->effect;
            }
        }
    }
    return NULL;
}

/* Whose operation it is while the store has it. */
struct errand {
    struct pl_talo *talo;
    pl_talo_effect *effect;
    void (*on_done)(struct pl_store_op *op, void *user);
    void *user;
};

static void on_done(struct pl_store_op *op, void *user)
{
    struct errand errand = *(struct errand *)user;
    pl_free(user);
    op->on_done = errand.on_done;
    op->user = errand.user;
    if (op->rc == 0 && errand.effect != NULL) {
        errand.effect(errand.talo, op);
    }
    if (op->rc == PL_E_CLOSED && op->type->is_write) {
        pl_talo_resync_note(&errand.talo->resync, op);
    }
    errand.on_done(op, errand.user);
}

void pl_talo_submit(struct pl_talo *talo, struct pl_store_op *op)
{
    struct errand *errand = pl_alloc(sizeof(*errand));
    pl_hub_assert_thread(talo->config.hub);
    *errand = (struct errand){talo, pl_talo_effect_of(op->type), op->on_done, op->user};
    op->on_done = on_done;
    op->user = errand;
    pl_store_submit(talo->config.store, op);
}

void pl_talo_log_failure(struct pl_talo *talo, const struct pl_store_op *op)
{
    char text[256];
    (void)pl_log_limited(talo->config.log, &talo->log_limit, pl_hub_now_ms(talo->config.hub),
                         PL_LOG_WARN, "talo.store_failed", "operation=%s error=%s reason=%s",
                         op->type->name, pl_error_name(op->rc),
                         pl_log_quote(text, sizeof(text), pl_str_of_cstr(op->error.text)));
}
