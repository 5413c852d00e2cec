/* What administrators change: the tables in memory follow, and connections hear of it. */
#include "service/talo/effects.h"
#include "service/talo/streams.h"
#include "service/talo/talo_internal.h"
#include "store/talo/games.h"

static void on_game_create(struct pl_talo *talo, struct pl_store_op *op)
{
    pl_talo_admin_set_game(&talo->admin,
                           &((const struct pl_talo_op_game_create *)(const void *)op)->game);
}

struct rotation {
    const struct pl_talo *talo;
    int64_t game_id;
};

static bool is_void(const struct pl_talo_ticket *ticket, void *user)
{
    const struct rotation *rotation = user;
    const struct pl_talo_key *key = pl_talo_find_key(rotation->talo, ticket->key_id);
    return key != NULL && key->game_id == rotation->game_id;
}

void pl_talo_close_replaced(struct pl_talo *talo)
{
    struct pl_talo_game_entry *entry = pl_talo_by_id_next(&talo->admin.games, 0);
    for (; entry != NULL; entry = pl_talo_by_id_next(&talo->admin.games, entry->game.id)) {
        struct rotation rotation = {.talo = talo, .game_id = entry->game.id};
        if (entry->has_new_secret) {
            entry->has_new_secret = false;
            pl_talo_tickets_drop(&talo->tickets, is_void, &rotation);
            pl_talo_conns_revoke_game(talo, entry->game.id);
        }
    }
}

static void on_game_update(struct pl_talo *talo, struct pl_store_op *op)
{
    const struct pl_talo_op_game_update *update = (const void *)op;
    pl_talo_admin_set_game(&talo->admin, &update->game);
    pl_talo_close_replaced(talo);
    if ((update->given & PL_TALO_GAME_DISPLAY_NAME_KEY) != 0) {
        pl_talo_cache_clear(&talo->cache); /* everybody may be called something else */
    }
}

static void on_config_update(struct pl_talo *talo, struct pl_store_op *op)
{
    const struct pl_talo_op_config_update *update = (const void *)op;
    struct pl_talo_event event = {.kind = PL_TALO_EVENT_CONFIG_UPDATED};
    pl_talo_admin_set_config(&talo->admin, update->game_id, &update->config);
    event.config = pl_talo_live_config(talo, update->game_id);
    if (event.config != NULL) {
        pl_talo_stream_publish(talo, PL_TALO_STREAM_CONFIG, update->game_id, &event);
    }
}

static void on_key_create(struct pl_talo *talo, struct pl_store_op *op)
{
    pl_talo_admin_set_key(&talo->admin,
                          &((const struct pl_talo_op_key_create *)(const void *)op)->key);
}

static void on_key_update(struct pl_talo *talo, struct pl_store_op *op)
{
    pl_talo_admin_set_key(&talo->admin,
                          &((const struct pl_talo_op_key_update *)(const void *)op)->key);
}

static void on_key_revoke(struct pl_talo *talo, struct pl_store_op *op)
{
    const struct pl_talo_op_key_revoke *revoke = (const void *)op;
    pl_talo_admin_set_key(&talo->admin, &revoke->key);
    pl_talo_conns_revoke(talo, &revoke->key);
}

static void on_verification_create(struct pl_talo *talo, struct pl_store_op *op)
{
    pl_talo_admin_set_verification_key(
        &talo->admin, &((const struct pl_talo_op_verification_key_create *)(const void *)op)->key);
}

static void on_verification_delete(struct pl_talo *talo, struct pl_store_op *op)
{
    pl_talo_admin_remove_verification_key(
        &talo->admin,
        ((const struct pl_talo_op_verification_key_delete *)(const void *)op)->key_id);
}

const struct pl_talo_effect_row pl_talo_effects_admin[] = {
    {&pl_talo_op_game_create_type, on_game_create},
    {&pl_talo_op_game_update_type, on_game_update},
    {&pl_talo_op_config_update_type, on_config_update},
    {&pl_talo_op_key_create_type, on_key_create},
    {&pl_talo_op_key_update_type, on_key_update},
    {&pl_talo_op_key_revoke_type, on_key_revoke},
    {&pl_talo_op_key_note_used_type, NULL}, /* key_uses.c does it */
    {&pl_talo_op_verification_key_create_type, on_verification_create},
    {&pl_talo_op_verification_key_delete_type, on_verification_delete},
    {NULL, NULL},
};
