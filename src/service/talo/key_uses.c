/* Keys that were used wait on a list until the timer writes them all. */
#include "service/talo/key_uses.h"

#include "service/talo/talo_internal.h"

#define WRITE_MAX 512 /* keys in one operation */

static void on_due(struct pl_timer *timer)
{
    pl_talo_key_uses_flush(PL_CONTAINER_OF(timer, struct pl_talo_key_uses, timer));
}

void pl_talo_key_uses_init(struct pl_talo_key_uses *uses, struct pl_talo *talo)
{
    *uses = (struct pl_talo_key_uses){.talo = talo, .timer = {.on_due = on_due}};
}

void pl_talo_key_uses_fini(struct pl_talo_key_uses *uses)
{
    pl_timer_stop(pl_hub_timers(uses->talo->config.hub), &uses->timer);
}

static void mark(struct pl_talo_key_uses *uses, struct pl_talo_key_entry *entry)
{
    struct pl_hub *hub = uses->talo->config.hub;
    if (pl_list_is_linked(&entry->used)) {
        return;
    }
    pl_list_push_back(&uses->talo->admin.used_keys, &entry->used);
    if (!pl_timer_is_set(&uses->timer) && !uses->talo->is_stopping) {
        pl_timer_set(pl_hub_timers(hub), &uses->timer,
                     pl_hub_now_ms(hub) + PL_TALO_KEY_USES_WRITE_MS);
    }
}

void pl_talo_note_key_used(struct pl_talo *talo, int64_t key_id)
{
    struct pl_talo_key_entry *entry = pl_talo_admin_find_key(&talo->admin, key_id);
    if (entry != NULL) {
        entry->key.last_used_ms = pl_talo_now_ms(talo);
        mark(&talo->key_uses, entry);
    }
}

static void on_written(struct pl_store_op *op, void *user)
{
    struct pl_talo_key_uses *uses = user;
    const struct pl_talo_op_key_note_used *note = (const void *)op;
    if (op->rc != 0) {
        pl_talo_log_failure(uses->talo, op);
    }
    for (size_t i = 0; op->rc != 0 && i < note->item_count; i++) {
        struct pl_talo_key_entry *entry =
            pl_talo_admin_find_key(&uses->talo->admin, note->items[i].key_id);
        if (entry != NULL) {
            mark(uses, entry);
        }
    }
    pl_store_op_free(op);
}

static void write_some(struct pl_talo_key_uses *uses)
{
    struct pl_list *waiting = &uses->talo->admin.used_keys;
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_key_note_used_type, 0);
    struct pl_talo_op_key_note_used *note = (void *)op;
    struct pl_talo_key_use *items = pl_arena_alloc(&op->arena, WRITE_MAX * sizeof(*items));
    struct pl_list *node = NULL;
    PL_ASSERT(items != NULL);
    while (note->item_count < WRITE_MAX && (node = pl_list_pop_front(waiting)) != NULL) {
        const struct pl_talo_key_entry *entry =
            PL_CONTAINER_OF(node, struct pl_talo_key_entry, used);
        items[note->item_count++] =
            (struct pl_talo_key_use){entry->key.id, entry->key.last_used_ms};
    }
    note->items = items;
    op->on_done = on_written;
    op->user = uses;
    pl_talo_submit(uses->talo, op);
}

void pl_talo_key_uses_flush(struct pl_talo_key_uses *uses)
{
    pl_timer_stop(pl_hub_timers(uses->talo->config.hub), &uses->timer);
    while (!pl_list_is_empty(&uses->talo->admin.used_keys)) {
        write_some(uses);
    }
}
