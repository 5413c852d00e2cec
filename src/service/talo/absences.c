/* A queue in front of the store. A failing store is noticed at the first operation, which goes back
 * to the head of the queue; from then on one operation at a time tries whether it works again. */
#include "service/talo/absences.h"

#include "base/alloc.h"
#include "service/talo/presences.h"
#include "service/talo/request.h"
#include "service/talo/talo_internal.h"
#include "store/talo/players.h"
#include "store/talo/presence.h"

#define UNDER_WAY_MAX 1024
#define WAIT_FIRST_MS 250
#define WAIT_MAX_MS (30 * 1000)

static void submit_some(struct pl_talo_absences *absences);

static void on_due(struct pl_timer *timer)
{
    submit_some(PL_CONTAINER_OF(timer, struct pl_talo_absences, retry));
}

void pl_talo_absences_init(struct pl_talo_absences *absences, struct pl_talo *talo)
{
    *absences = (struct pl_talo_absences){.talo = talo, .retry = {.on_due = on_due}};
    pl_list_init(&absences->waiting);
}

void pl_talo_absences_fini(struct pl_talo_absences *absences)
{
    struct pl_list *node = NULL;
    pl_timer_stop(pl_hub_timers(absences->talo->config.hub), &absences->retry);
    while ((node = pl_list_pop_front(&absences->waiting)) != NULL) {
        pl_free(PL_CONTAINER_OF(node, struct pl_talo_absence, node));
    }
}

/* --- one operation --- */

/* What an operation that is under way is about. */
struct attempt {
    struct pl_talo_absences *absences;
    struct pl_talo_absence *absence;
};

/* It failed: the absence waits again, before all others, and so does everybody. */
static void wait_again(struct pl_talo_absences *absences, struct pl_talo_absence *absence,
                       const struct pl_store_op *op)
{
    struct pl_hub *hub = absences->talo->config.hub;
    pl_talo_log_failure(absences->talo, op);
    if (absences->talo->is_stopping) {
        pl_free(absence); /* the next start sets it right */
        return;
    }
    pl_list_push_back(absences->waiting.next, &absence->node);
    if (!pl_timer_is_set(&absences->retry)) {
        int64_t doubled = absences->wait_ms == 0 ? WAIT_FIRST_MS : absences->wait_ms * 2;
        absences->wait_ms = doubled < WAIT_MAX_MS ? doubled : WAIT_MAX_MS;
        pl_timer_set(pl_hub_timers(hub), &absences->retry, pl_hub_now_ms(hub) + absences->wait_ms);
    }
}

/* The store said whose alias it is. */
static void found(struct pl_talo_absences *absences, struct pl_talo_absence *absence,
                  const struct pl_store_op *op)
{
    const struct pl_talo_op_alias_find *find = (const void *)op;
    absence->step = PL_TALO_ABSENCE_OFFLINE;
    absence->player_id = find->alias->player->id;
    pl_talo_absences_add(absences, absence);
}

/* The store says that it is offline: so it is told, and set right if it has come back. */
static void left(struct pl_talo_absences *absences, struct pl_talo_absence *absence,
                 const struct pl_store_op *op)
{
    const struct pl_talo_op_presence_offline *offline = (const void *)op;
    const struct pl_talo_conn *conn = NULL;
    if (offline->change.alias != NULL) { /* of another player, when it was merged meanwhile */
        absence->player_id = offline->change.alias->player->id;
    }
    pl_talo_cache_drop_player(&absences->talo->cache, &absence->player_id);
    pl_talo_presence_apply(absences->talo, &offline->change);
    conn = pl_talo_conns_first(absences->talo, &absence->player_id);
    if (conn != NULL) {
        absence->step = PL_TALO_ABSENCE_ONLINE;
        absence->alias_id = conn->alias_id;
        pl_talo_absences_add(absences, absence);
    }
}

static void settle(struct pl_talo_absences *absences, struct pl_talo_absence *absence,
                   const struct pl_store_op *op)
{
    switch (absence->step) {
    case PL_TALO_ABSENCE_OFFLINE:
        left(absences, absence, op);
        break;
    case PL_TALO_ABSENCE_FIND:
        found(absences, absence, op);
        break;
    case PL_TALO_ABSENCE_ONLINE:
        break; /* told by the effect of the operation */
    }
}

static void on_done(struct pl_store_op *op, void *user)
{
    struct attempt attempt = *(struct attempt *)user;
    struct pl_talo_absences *absences = attempt.absences;
    pl_free(user);
    absences->under_way--;
    if (op->rc < 0) {
        wait_again(absences, attempt.absence, op);
        pl_store_op_free(op);
        return;
    }
    absences->wait_ms = 0;
    pl_timer_stop(pl_hub_timers(absences->talo->config.hub), &absences->retry);
    if (op->rc == 0) { /* otherwise there is no such player any more */
        settle(absences, attempt.absence, op);
    }
    pl_free(attempt.absence);
    pl_store_op_free(op);
    submit_some(absences);
}

static struct pl_store_op *make_find(const struct pl_talo_absence *absence)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_alias_find_type, 0);
    struct pl_talo_op_alias_find *find = (void *)op;
    find->game_id = absence->game_id;
    find->alias_id = absence->alias_id;
    return op;
}

static struct pl_store_op *make_offline(struct pl_talo *talo, const struct pl_talo_absence *absence)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_presence_offline_type, 0);
    struct pl_talo_op_presence_offline *offline = (void *)op;
    offline->game_id = absence->game_id;
    offline->player_id = absence->player_id;
    offline->alias_id = absence->alias_id;
    offline->now_ms = pl_talo_now_ms(talo);
    return op;
}

static struct pl_store_op *make_online(struct pl_talo *talo, const struct pl_talo_absence *absence)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_presence_set_type, 0);
    struct pl_talo_op_presence_set *set = (void *)op;
    set->game_id = absence->game_id;
    set->alias_id = absence->alias_id;
    set->has_online = true;
    set->is_online = true;
    set->now_ms = pl_talo_now_ms(talo);
    return op;
}

static struct pl_store_op *make(struct pl_talo *talo, const struct pl_talo_absence *absence)
{
    switch (absence->step) {
    case PL_TALO_ABSENCE_OFFLINE:
        return make_offline(talo, absence);
    case PL_TALO_ABSENCE_FIND:
        return make_find(absence);
    case PL_TALO_ABSENCE_ONLINE:
        return make_online(talo, absence);
    }
    return NULL;
}

static void submit(struct pl_talo_absences *absences, struct pl_talo_absence *absence)
{
    struct attempt *attempt = pl_alloc(sizeof(*attempt));
    struct pl_store_op *op = make(absences->talo, absence);
    *attempt = (struct attempt){absences, absence};
    op->on_done = on_done;
    op->user = attempt;
    absences->under_way++;
    pl_talo_submit(absences->talo, op);
}

/* --- the queue --- */

/* Somebody is identifying as the alias, and answers for it when that has ended. */
static bool is_answered_for(struct pl_talo *talo, const struct pl_talo_absence *absence)
{
    struct pl_talo_conn_request *request =
        pl_talo_conn_request_identifying(talo, absence->alias_id);
    if (request != NULL) {
        request->is_absent = true;
        request->absent_player_id = absence->player_id;
    }
    return request != NULL;
}

/* Whether there is nothing to do any more, or not now. */
static bool is_excused(struct pl_talo *talo, const struct pl_talo_absence *absence)
{
    switch (absence->step) {
    case PL_TALO_ABSENCE_OFFLINE:
        return pl_talo_conns_has(talo, &absence->player_id) || is_answered_for(talo, absence);
    case PL_TALO_ABSENCE_FIND:
        return false;
    case PL_TALO_ABSENCE_ONLINE: /* when it has gone again, that was another absence */
        return !pl_talo_conns_has(talo, &absence->player_id);
    }
    return false;
}

static void submit_some(struct pl_talo_absences *absences)
{
    size_t max = absences->wait_ms == 0 ? UNDER_WAY_MAX : 1;
    while (absences->under_way < max && !pl_timer_is_set(&absences->retry)) {
        struct pl_list *node = pl_list_pop_front(&absences->waiting);
        struct pl_talo_absence *absence = NULL;
        if (node == NULL) {
            return;
        }
        absence = PL_CONTAINER_OF(node, struct pl_talo_absence, node);
        if (is_excused(absences->talo, absence)) {
            pl_free(absence);
        } else {
            submit(absences, absence);
        }
    }
}

void pl_talo_absences_add(struct pl_talo_absences *absences, const struct pl_talo_absence *absence)
{
    struct pl_talo_absence *copy = NULL;
    if (absences->talo->is_retired || is_excused(absences->talo, absence)) {
        return;
    }
    copy = pl_alloc(sizeof(*copy));
    *copy = *absence;
    copy->node = (struct pl_list){0};
    pl_list_push_back(&absences->waiting, &copy->node);
    submit_some(absences);
}

void pl_talo_absences_flush(struct pl_talo_absences *absences)
{
    struct pl_list *node = NULL;
    pl_timer_stop(pl_hub_timers(absences->talo->config.hub), &absences->retry);
    while ((node = pl_list_pop_front(&absences->waiting)) != NULL) {
        submit(absences, PL_CONTAINER_OF(node, struct pl_talo_absence, node));
    }
}
