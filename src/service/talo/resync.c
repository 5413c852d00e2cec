/* A run asks for the memberships of every alias that is connected. The operations stand in the order
 * of writes, so what each brings is true when it comes back. */
#include "service/talo/resync.h"

#include "base/alloc.h"
#include "service/talo/effects.h"
#include "service/talo/streams.h"
#include "service/talo/talo_internal.h"
#include "store/talo/channels.h"
#include "store/talo/games.h"

#include <stdlib.h>

#define UNDER_WAY_MAX 64
#define WAIT_FIRST_MS 1000
#define WAIT_MAX_MS (30 * 1000)

static void go_on(struct pl_talo_resync *resync);

static int compare_ids(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a;
    int64_t second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

/* Whom to ask for, each once: in the order of ids, with 0 in front. */
static void gather(struct pl_talo_resync *resync)
{
    struct pl_talo_conns *conns = &resync->talo->conns;
    size_t count = 1;
    resync->alias_ids = pl_alloc_array(conns->by_alias.count + 1, sizeof(int64_t));
    PL_LIST_EACH(node, &conns->all)
    {
        const struct pl_talo_conn *conn = PL_CONTAINER_OF(node, struct pl_talo_conn, in_world);
        if (conn->alias_id != 0) {
            resync->alias_ids[count++] = conn->alias_id;
        }
    }
    qsort(resync->alias_ids, count, sizeof(int64_t), compare_ids);
    resync->count = 1;
    for (size_t i = 1; i < count; i++) {
        if (resync->alias_ids[i] != resync->alias_ids[i - 1]) {
            resync->alias_ids[resync->count++] = resync->alias_ids[i];
        }
    }
}

static void on_due(struct pl_timer *timer)
{
    struct pl_talo_resync *resync = PL_CONTAINER_OF(timer, struct pl_talo_resync, timer);
    gather(resync);
    resync->next = 0;
    resync->has_answer = false;
    resync->has_failed = false;
    resync->is_wanted = false;
    go_on(resync);
}

void pl_talo_resync_init(struct pl_talo_resync *resync, struct pl_talo *talo)
{
    *resync = (struct pl_talo_resync){
        .talo = talo, .timer = {.on_due = on_due}, .wait_ms = WAIT_FIRST_MS};
}

void pl_talo_resync_fini(struct pl_talo_resync *resync)
{
    pl_timer_stop(pl_hub_timers(resync->talo->config.hub), &resync->timer);
    pl_free(resync->alias_ids);
}

static void begin_later(struct pl_talo_resync *resync)
{
    struct pl_hub *hub = resync->talo->config.hub;
    if (!resync->talo->is_stopping) {
        pl_timer_set(pl_hub_timers(hub), &resync->timer, pl_hub_now_ms(hub) + resync->wait_ms);
    }
}

void pl_talo_resync_note(struct pl_talo_resync *resync, const struct pl_store_op *op)
{
    if (op->type == &pl_talo_op_alias_memberships_type) {
        return; /* of our own */
    }
    resync->is_wanted = true;
    if (resync->alias_ids == NULL && !pl_timer_is_set(&resync->timer)) {
        begin_later(resync);
    }
}

/* --- a run --- */

/* A run that failed begins anew, later and later. */
static void end(struct pl_talo_resync *resync)
{
    int64_t doubled = resync->wait_ms * 2 < WAIT_MAX_MS ? resync->wait_ms * 2 : WAIT_MAX_MS;
    pl_free(resync->alias_ids);
    resync->alias_ids = NULL;
    resync->wait_ms = resync->has_failed ? doubled : WAIT_FIRST_MS;
    if (resync->has_failed || resync->is_wanted) {
        begin_later(resync);
    }
}

/* The player was merged into another one, which may have gone offline without our knowing. */
static void move(struct pl_talo_conn *conn, const struct pl_uuid *player_id)
{
    struct pl_talo_absence absence = {.step = PL_TALO_ABSENCE_ONLINE,
                                      .game_id = conn->game_id,
                                      .alias_id = conn->alias_id,
                                      .player_id = *player_id};
    pl_talo_conns_identify(conn, conn->alias_id, player_id);
    pl_talo_absences_add(&conn->talo->absences, &absence);
}

static void apply(struct pl_talo *talo, const struct pl_talo_op_alias_memberships *op)
{
    struct pl_talo_conn_list list;
    pl_talo_conns_of_alias(&list, talo, op->alias_id);
    for (size_t i = 0; i < list.count; i++) {
        struct pl_talo_conn *conn = list.items[i];
        pl_talo_stream_sync(conn, &op->result);
        if (op->has_player && !pl_uuid_eq(&conn->player_id, &op->player_id)) {
            move(conn, &op->player_id);
        }
    }
    pl_talo_conn_list_fini(&list);
}

/* --- what administrators own, when everything else agrees --- */

static void load_admin(struct pl_talo_resync *resync);

static void take_admin(struct pl_talo *talo, const struct pl_talo_op_admin_load *load)
{
    struct pl_error err = {0};
    if (pl_talo_admin_fill(&talo->admin, load, talo->config.sealing_key, &err) < 0) {
        pl_log(talo->config.log, PL_LOG_ERROR, "talo.resync_failed", "reason=\"%s\"", err.text);
    }
    pl_talo_close_replaced(talo);
    for (size_t i = 0; i < load->key_count; i++) {
        if (load->keys[i].revoked_ms != 0) {
            pl_talo_conns_revoke(talo, &load->keys[i]);
        }
    }
}

/* This is a read: when something was changed meanwhile it may be older than that. */
static void on_admin_loaded(struct pl_store_op *op, void *user)
{
    struct pl_talo_resync *resync = user;
    struct pl_talo *talo = resync->talo;
    bool is_late = talo->admin.change_count != resync->admin_change_count;
    resync->under_way--;
    if (op->rc != 0) {
        pl_talo_log_failure(talo, op);
        resync->has_failed = true;
    } else if (!is_late) {
        take_admin(talo, (const void *)op);
    }
    if (op->rc == 0 && is_late) {
        load_admin(resync);
    } else {
        end(resync);
    }
    pl_store_op_free(op);
}

static void load_admin(struct pl_talo_resync *resync)
{
    struct pl_store_op *op =
        pl_store_op_create(&pl_talo_op_admin_load_type, PL_TALO_ADMIN_LOAD_BYTES);
    op->on_done = on_admin_loaded;
    op->user = resync;
    resync->under_way++;
    resync->admin_change_count = resync->talo->admin.change_count;
    pl_talo_submit(resync->talo, op);
}

static void on_done(struct pl_store_op *op, void *user)
{
    struct pl_talo_resync *resync = user;
    resync->under_way--;
    if (op->rc != 0) {
        pl_talo_log_failure(resync->talo, op);
        resync->has_failed = true;
    } else {
        if (!resync->has_answer) {
            pl_talo_cache_clear(&resync->talo->cache); /* loads are true from here on */
        }
        resync->has_answer = true;
        apply(resync->talo, (const void *)op);
    }
    pl_store_op_free(op);
    go_on(resync);
}

static void submit(struct pl_talo_resync *resync)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_alias_memberships_type, 0);
    ((struct pl_talo_op_alias_memberships *)(void *)op)->alias_id =
        resync->alias_ids[resync->next++];
    op->on_done = on_done;
    op->user = resync;
    resync->under_way++;
    pl_talo_submit(resync->talo, op);
}

static void go_on(struct pl_talo_resync *resync)
{
    size_t max = resync->has_answer ? UNDER_WAY_MAX : 1;
    while (!resync->has_failed && resync->next < resync->count && resync->under_way < max) {
        submit(resync);
    }
    if (resync->under_way == 0 && resync->has_failed) {
        end(resync);
    } else if (resync->under_way == 0) {
        load_admin(resync);
    }
}
