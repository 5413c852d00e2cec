/* Players, their aliases, logins and presence. Most of it only makes what is cached of them out of
 * date. */
#include "service/talo/effects.h"
#include "service/talo/presences.h"
#include "service/talo/streams.h"
#include "service/talo/talo_internal.h"
#include "store/talo/auth.h"
#include "store/talo/groups.h"
#include "store/talo/import.h"
#include "store/talo/players.h"

static void changed(struct pl_talo *talo, const struct pl_talo_player *player)
{
    pl_talo_cache_drop_player(&talo->cache, &player->id);
}

static void on_identify(struct pl_talo *talo, struct pl_store_op *op)
{
    changed(talo, ((const struct pl_talo_op_player_identify *)(const void *)op)->alias->player);
}

static void on_patch(struct pl_talo *talo, struct pl_store_op *op)
{
    changed(talo, ((const struct pl_talo_op_player_patch *)(const void *)op)->player);
}

static void on_set_dev(struct pl_talo *talo, struct pl_store_op *op)
{
    changed(talo, ((const struct pl_talo_op_player_set_dev *)(const void *)op)->player);
}

static void on_login(struct pl_talo *talo, struct pl_store_op *op)
{
    changed(talo, ((const struct pl_talo_op_auth_login *)(const void *)op)->alias->player);
}

static void on_set_identifier(struct pl_talo *talo, struct pl_store_op *op)
{
    changed(talo, ((const struct pl_talo_op_auth_set_identifier *)(const void *)op)->alias->player);
}

static void on_migrate(struct pl_talo *talo, struct pl_store_op *op)
{
    changed(talo, ((const struct pl_talo_op_auth_migrate *)(const void *)op)->alias->player);
}

static void on_presence(struct pl_talo *talo, struct pl_store_op *op)
{
    pl_talo_presence_apply_put(talo, (const void *)op);
}

/* Who was player 2 is player 1. */
static void on_merge(struct pl_talo *talo, struct pl_store_op *op)
{
    const struct pl_talo_op_player_merge *merge = (const void *)op;
    struct pl_talo_conn_list list;
    pl_talo_conns_of_player(&list, talo, &merge->player2_id);
    for (size_t i = 0; i < list.count; i++) {
        pl_talo_conns_identify(list.items[i], list.items[i]->alias_id, &merge->player1_id);
    }
    pl_talo_conn_list_fini(&list);
    pl_talo_cache_drop_player(&talo->cache, &merge->player1_id);
    pl_talo_cache_drop_player(&talo->cache, &merge->player2_id);
}

/* --- what is gone --- */

/* The alias is in no channel and has no relationships any more; its connections stay open. */
static void forget_alias(struct pl_talo *talo, int64_t alias_id)
{
    struct pl_talo_conn_list list;
    pl_talo_conns_of_alias(&list, talo, alias_id);
    for (size_t i = 0; i < list.count; i++) {
        pl_talo_stream_leave_alias(list.items[i]);
    }
    pl_talo_conn_list_fini(&list);
    pl_talo_stream_empty(talo, PL_TALO_STREAM_BROADCAST, alias_id);
    pl_talo_tokens_remove(&talo->tokens, alias_id);
}

static void on_delete_player(struct pl_talo *talo, struct pl_store_op *op)
{
    const struct pl_talo_op_player_delete *delete = (const void *)op;
    for (size_t i = 0; i < delete->player->alias_count; i++) {
        forget_alias(talo, delete->player->aliases[i].id);
    }
    changed(talo, delete->player);
}

static void on_delete_auth(struct pl_talo *talo, struct pl_store_op *op)
{
    const struct pl_talo_op_auth_delete *delete = (const void *)op;
    forget_alias(talo, delete->alias_id);
    pl_talo_cache_drop_player(&talo->cache, &delete->player_id);
}

/* --- groups: whose they are is shown with every player --- */

static void on_group(struct pl_talo *talo, struct pl_store_op *op)
{
    (void)op;
    pl_talo_cache_clear(&talo->cache);
}

const struct pl_talo_effect_row pl_talo_effects_players[] = {
    {&pl_talo_op_presence_set_type, on_presence},
    {&pl_talo_op_player_identify_type, on_identify},
    {&pl_talo_op_player_patch_type, on_patch},
    {&pl_talo_op_player_merge_type, on_merge},
    {&pl_talo_op_player_set_dev_type, on_set_dev},
    {&pl_talo_op_player_delete_type, on_delete_player},
    {&pl_talo_op_auth_login_type, on_login},
    {&pl_talo_op_auth_set_identifier_type, on_set_identifier},
    {&pl_talo_op_auth_migrate_type, on_migrate},
    {&pl_talo_op_auth_delete_type, on_delete_auth},
    {&pl_talo_op_group_save_type, on_group},
    {&pl_talo_op_group_delete_type, on_group},
    {&pl_talo_op_presence_online_type, NULL},     /* identify.c does it */
    {&pl_talo_op_presence_offline_type, NULL},    /* absences.c does it */
    {&pl_talo_op_presence_sweep_type, NULL},      /* before anybody is connected */
    {&pl_talo_op_player_import_type, NULL},       /* a new player, whom nobody knows */
    {&pl_talo_op_auth_register_type, NULL},       /* a new player, whom nobody knows */
    {&pl_talo_op_auth_refresh_type, NULL},        /* no session is remembered */
    {&pl_talo_op_auth_logout_type, NULL},         /* no session is remembered */
    {&pl_talo_op_auth_set_password_type, NULL},   /* no password is remembered */
    {&pl_talo_op_auth_reset_password_type, NULL}, /* neither of them is remembered */
    {&pl_talo_op_auth_set_email_type, NULL},      /* no address is remembered */
    {NULL, NULL},
};
