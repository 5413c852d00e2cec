/* The beginning and the end of the world, its clock and ids, and what others may look up in it. */
#include "service/talo/talo.h"

#include "base/alloc.h"
#include "service/talo/talo_internal.h"
#include "store/talo/games.h"
#include "store/talo/presence.h"

static int load_admin(struct pl_talo *talo, struct pl_error *err)
{
    struct pl_store_op *op =
        pl_store_op_create(&pl_talo_op_admin_load_type, PL_TALO_ADMIN_LOAD_BYTES);
    struct pl_talo_op_admin_load *load = (void *)op;
    int rc = pl_store_run(talo->config.store, op);
    if (rc < 0) {
        rc = pl_error_set(err, rc, "games and keys cannot be loaded: %s", op->error.text);
    } else {
        memcpy(talo->last_ids, load->highest_ids, sizeof(talo->last_ids));
        rc = pl_talo_admin_fill(&talo->admin, load, talo->config.sealing_key, err);
    }
    pl_store_op_free(op);
    return rc;
}

static int sweep(struct pl_talo *talo, struct pl_error *err)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_presence_sweep_type, 0);
    struct pl_talo_op_presence_sweep *sweep = (void *)op;
    int rc = 0;
    sweep->now_ms = pl_talo_now_ms(talo);
    rc = pl_store_run(talo->config.store, op);
    if (rc < 0) {
        rc = pl_error_set(err, rc, "presences cannot be set offline: %s", op->error.text);
    } else if (sweep->swept_count > 0) {
        pl_log(talo->config.log, PL_LOG_INFO, "talo.presences_swept", "count=%lld",
               (long long)sweep->swept_count);
    }
    pl_store_op_free(op);
    return rc;
}

int pl_talo_create(struct pl_talo **out, const struct pl_talo_config *config, struct pl_error *err)
{
    struct pl_talo *talo = pl_alloc(sizeof(*talo));
    int rc = 0;
    talo->config = *config;
    talo->log_limit = (struct pl_log_limit){.period_ms = 10000, .burst = 5};
    pl_hub_random(config->hub, talo->hash_key, sizeof(talo->hash_key));
    pl_talo_admin_init(&talo->admin);
    pl_talo_cache_init(&talo->cache, talo->hash_key, 0);
    pl_talo_conns_init(&talo->conns);
    pl_talo_counts_init(&talo->counts, talo);
    pl_talo_key_uses_init(&talo->key_uses, talo);
    pl_talo_absences_init(&talo->absences, talo);
    pl_talo_resync_init(&talo->resync, talo);
    pl_talo_tickets_init(&talo->tickets, config->hub);
    pl_talo_tokens_init(&talo->tokens, config->hub, talo->hash_key);
    pl_talo_replay_init(&talo->replay, config->hub, talo->hash_key);
    rc = load_admin(talo, err);
    if (rc == 0) {
        rc = sweep(talo, err);
    }
    if (rc < 0) {
        pl_talo_destroy(talo);
        return rc;
    }
    *out = talo;
    return 0;
}

void pl_talo_stop(struct pl_talo *talo)
{
    talo->is_stopping = true;
    pl_talo_absences_flush(&talo->absences);
    pl_talo_counts_flush(&talo->counts);
    pl_talo_key_uses_flush(&talo->key_uses);
}

void pl_talo_flush(struct pl_talo *talo)
{
    pl_talo_counts_flush(&talo->counts);
    pl_talo_key_uses_flush(&talo->key_uses);
}

void pl_talo_retire(struct pl_talo *talo)
{
    talo->is_stopping = true;
    talo->is_retired = true;
    pl_store_retire(talo->config.store);
}

void pl_talo_destroy(struct pl_talo *talo)
{
    if (talo == NULL) {
        return;
    }
    PL_ASSERT(pl_list_is_empty(&talo->conns.all));
    pl_talo_replay_fini(&talo->replay);
    pl_talo_tokens_fini(&talo->tokens);
    pl_talo_tickets_fini(&talo->tickets);
    pl_talo_resync_fini(&talo->resync);
    pl_talo_absences_fini(&talo->absences);
    pl_talo_key_uses_fini(&talo->key_uses);
    pl_talo_counts_fini(&talo->counts);
    pl_talo_conns_fini(&talo->conns);
    pl_talo_cache_fini(&talo->cache);
    pl_talo_admin_fini(&talo->admin);
    pl_wipe(talo->config.sealing_key, sizeof(talo->config.sealing_key));
    pl_free(talo);
}

/* --- clock, ids, secrets --- */

int64_t pl_talo_now_ms(struct pl_talo *talo)
{
    return pl_hub_stamp_us(talo->config.hub) / 1000;
}

struct pl_uuid pl_talo_new_uuid(struct pl_talo *talo)
{
    uint8_t random[16];
    pl_hub_random(talo->config.hub, random, sizeof(random));
    return pl_uuid_v4(random);
}

int64_t pl_talo_next_id(struct pl_talo *talo, enum pl_talo_id kind)
{
    return ++talo->last_ids[kind];
}

void pl_talo_raise_id(struct pl_talo *talo, enum pl_talo_id kind, int64_t id)
{
    talo->last_ids[kind] = pl_i64_max(talo->last_ids[kind], id);
}

void pl_talo_seal(struct pl_buf *out, struct pl_talo *talo, enum pl_talo_secret kind, int64_t id,
                  struct pl_str plain)
{
    uint8_t nonce[PL_SEAL_NONCE_BYTES];
    pl_hub_random(talo->config.hub, nonce, sizeof(nonce));
    pl_talo_secret_seal(out, talo->config.sealing_key, nonce, kind, id, plain);
}

/* --- what administrators own --- */

const struct pl_talo_game *pl_talo_find_game(const struct pl_talo *talo, int64_t id)
{
    const struct pl_talo_game_entry *entry = pl_talo_admin_find_game(&talo->admin, id);
    return entry == NULL ? NULL : &entry->game;
}

const struct pl_talo_key *pl_talo_find_key(const struct pl_talo *talo, int64_t id)
{
    const struct pl_talo_key_entry *entry = pl_talo_admin_find_key(&talo->admin, id);
    return entry == NULL ? NULL : &entry->key;
}

const struct pl_talo_props *pl_talo_live_config(const struct pl_talo *talo, int64_t game_id)
{
    const struct pl_talo_game_entry *entry = pl_talo_admin_find_game(&talo->admin, game_id);
    return entry == NULL ? NULL : entry->config;
}

const struct pl_talo_game *pl_talo_next_game(const struct pl_talo *talo, int64_t after_id)
{
    const struct pl_talo_game_entry *entry = pl_talo_by_id_next(&talo->admin.games, after_id);
    return entry == NULL ? NULL : &entry->game;
}

const struct pl_talo_key *pl_talo_next_key(const struct pl_talo *talo, int64_t after_id)
{
    const struct pl_talo_key_entry *entry = pl_talo_by_id_next(&talo->admin.keys, after_id);
    return entry == NULL ? NULL : &entry->key;
}

const struct pl_talo_verification_key *pl_talo_next_verification_key(const struct pl_talo *talo,
                                                                     int64_t after_id)
{
    const struct pl_talo_verification_entry *entry =
        pl_talo_by_id_next(&talo->admin.verification_keys, after_id);
    return entry == NULL ? NULL : &entry->key;
}

/* --- tickets and tokens --- */

struct pl_uuid pl_talo_issue_ticket(struct pl_talo *talo, int64_t key_id, bool is_dev_build)
{
    struct pl_uuid id = pl_talo_new_uuid(talo);
    pl_talo_tickets_add(&talo->tickets, &id, &(struct pl_talo_ticket){key_id, is_dev_build});
    return id;
}

bool pl_talo_take_ticket(struct pl_talo_ticket *out, struct pl_talo *talo, struct pl_str text)
{
    return pl_talo_tickets_take(out, &talo->tickets, text);
}

struct pl_uuid pl_talo_issue_token(struct pl_talo *talo, int64_t alias_id)
{
    struct pl_uuid token = pl_talo_new_uuid(talo);
    pl_talo_tokens_set(&talo->tokens, alias_id, &token);
    return token;
}

bool pl_talo_check_token(struct pl_talo *talo, int64_t alias_id, struct pl_str text)
{
    return pl_talo_tokens_check(&talo->tokens, alias_id, text);
}
