/* One turn of a client: posts, sockets that are ready, timers; at its end flushes and frees. */
#include "client/client.h"
#include "client/client_internal.h"

#define LIGHT_CALLBACKS 16 /* in one millisecond: then the clock is not read for some */
#define UNLOOKED_MAX 8
#define TIMERS_AT_ONCE 64
#define WAIT_MAX_MS (60 * 60 * 1000)
#define FLUSH_ROUNDS 16 /* what a flush's callbacks send still leaves in this turn, within reason */

const struct pl_client_env *pl_client_env(const struct parley_client *client)
{
    return &client->env;
}

uint32_t pl_client_random(const struct parley_client *client)
{
    uint32_t random = 0;
    client->env.random(client->env.user, &random, sizeof(random));
    return random;
}

static int64_t clock_ms(const struct parley_client *client)
{
    return client->env.now_ms(client->env.user);
}

int64_t pl_client_now_ms(const struct parley_client *client)
{
    return client->is_in_turn ? client->now_ms : clock_ms(client);
}

/* --- timers --- */

int pl_client_reserve_timer(struct parley_client *client)
{
    int rc = pl_timers_reserve(&client->timers, client->reserved_timers + 1);
    if (rc == 0) {
        client->reserved_timers++;
    }
    return rc;
}

void pl_client_release_timer(struct parley_client *client, struct pl_timer *timer)
{
    PL_ASSERT(client->reserved_timers > 0);
    pl_timer_stop(&client->timers, timer);
    client->reserved_timers--;
}

void pl_client_timer_set(struct parley_client *client, struct pl_timer *timer, int64_t delay_ms)
{
    pl_timer_set(&client->timers, timer, pl_client_now_ms(client) + delay_ms);
}

void pl_client_timer_stop(struct parley_client *client, struct pl_timer *timer)
{
    pl_timer_stop(&client->timers, timer);
}

/* --- later --- */

static void queue_later(struct pl_list *list, struct pl_client_later *later)
{
    if (!later->is_queued) {
        later->is_queued = true;
        pl_list_push_back(list, &later->node);
    }
}

void pl_client_flush_later(struct parley_client *client, struct pl_client_later *later)
{
    queue_later(&client->flushes, later);
}

void pl_client_free_later(struct parley_client *client, struct pl_client_later *later)
{
    queue_later(&client->frees, later);
}

void pl_client_run_next(struct parley_client *client, struct pl_client_later *later)
{
    queue_later(&client->nexts, later);
}

void pl_client_later_cancel(struct pl_client_later *later)
{
    if (later->is_queued) {
        later->is_queued = false;
        pl_list_remove(&later->node);
    }
}

/* The first one taken off the list, or NULL. */
static struct pl_client_later *take_later(struct pl_list *list)
{
    struct pl_list *node = pl_list_pop_front(list);
    struct pl_client_later *later =
        node == NULL ? NULL : PL_CONTAINER_OF(node, struct pl_client_later, node);
    if (later != NULL) {
        later->is_queued = false;
    }
    return later;
}

/* Run those that are on the list by now; what they queue waits. */
static void run_flushes_once(struct parley_client *client)
{
    struct pl_list now;
    struct pl_client_later *later = NULL;
    pl_list_init(&now);
    pl_list_splice_back(&now, &client->flushes);
    while ((later = take_later(&now)) != NULL) {
        later->run(later);
    }
}

static void run_flushes(struct parley_client *client)
{
    for (int i = 0; i < FLUSH_ROUNDS && !pl_list_is_empty(&client->flushes); i++) {
        run_flushes_once(client);
    }
}

void pl_client_run_frees(struct parley_client *client)
{
    struct pl_client_later *later = NULL;
    while ((later = take_later(&client->frees)) != NULL) {
        later->run(later);
    }
}

/* --- sockets --- */

void pl_client_add_socket(struct parley_client *client, struct pl_client_socket *socket)
{
    pl_list_push_back(&client->sockets, &socket->node);
}

void pl_client_remove_socket(struct pl_client_socket *socket)
{
    pl_list_remove(&socket->node);
}

int pl_client_watch(struct parley_client *client, struct pl_client_watch *watch, unsigned wanted)
{
    return wanted == watch->wanted ? 0 : client->env.watch(client->env.user, watch, wanted);
}

void pl_client_unwatch(struct parley_client *client, struct pl_client_watch *watch)
{
    if (watch->wanted != 0) {
        (void)!client->env.watch(client->env.user, watch, 0); /* wanting less never fails */
    }
    for (int i = client->ready_at; i < client->ready_count; i++) {
        if (client->ready[i].watch == watch) {
            client->ready[i].watch = NULL;
        }
    }
}

void pl_client_close(struct parley_client *client, struct pl_client_watch *watch)
{
    if (watch->handle >= 0) {
        pl_client_unwatch(client, watch);
        client->env.close(client->env.user, watch->handle);
        watch->handle = -1;
    }
}

/* --- the turn --- */

void pl_client_count_callback(struct parley_client *client)
{
    client->callback_count++;
}

struct parley_client_event pl_client_event_ready(struct parley_client *client,
                                                 const struct parley_client_event *event)
{
    struct parley_client_event ready = *event;
    ready.reason = ready.reason == NULL ? "" : ready.reason;
    ready.detail = ready.detail == NULL ? "" : ready.detail;
    pl_client_count_callback(client);
    return ready;
}

/* While callbacks are light, several in one millisecond, the clock is read for every few alone: it
 * costs a tenth of receiving a small event. */
bool pl_client_is_over_budget(struct parley_client *client)
{
    int64_t now_ms = 0;
    if (client->until_ms == INT64_MAX || client->handled_count + client->callback_count == 0) {
        return false;
    }
    if (client->unlooked_count > 0) {
        client->unlooked_count--;
        return false;
    }
    now_ms = clock_ms(client);
    if (now_ms >= client->until_ms) {
        return true;
    }
    if (now_ms != client->looked_ms) {
        client->looked_ms = now_ms;
        client->same_count = 0;
    } else if (client->same_count < LIGHT_CALLBACKS) {
        client->same_count++;
    } else {
        client->unlooked_count = UNLOOKED_MAX;
    }
    return false;
}

bool pl_client_has_work(const struct parley_client *client)
{
    int64_t next_ms = pl_timers_next_ms(&client->timers);
    return client->ready_at < client->ready_count || !pl_list_is_empty(&client->nexts) ||
           !pl_list_is_empty(&client->flushes) || !pl_list_is_empty(&client->frees) ||
           atomic_load(&client->has_posts) || (next_ms >= 0 && next_ms <= clock_ms(client));
}

static int sooner_ms(int a_ms, int b_ms)
{
    return a_ms < 0 ? b_ms : b_ms < 0 || a_ms < b_ms ? a_ms : b_ms;
}

int pl_client_wait_time(const struct parley_client *client, int wait_ms)
{
    int64_t next_ms = pl_timers_next_ms(&client->timers);
    wait_ms = sooner_ms(wait_ms, client->env.wait_ms(client->env.user));
    if (next_ms >= 0) {
        int64_t left_ms = pl_i64_max(next_ms - clock_ms(client), 0);
        wait_ms = sooner_ms(wait_ms, left_ms < WAIT_MAX_MS ? (int)left_ms : WAIT_MAX_MS);
    }
    return wait_ms;
}

void pl_client_look(struct parley_client *client, int wait_ms)
{
    if (client->ready_at < client->ready_count) {
        return; /* what was told before comes first */
    }
    client->ready_at = 0;
    client->ready_count = 0; /* nothing to be forgotten while names are told */
    client->ready_count =
        client->env.wait(client->env.user, client->ready, PL_CLIENT_READY_MAX, wait_ms);
}

static void run_ready(struct parley_client *client)
{
    while (client->ready_at < client->ready_count && !pl_client_is_over_budget(client)) {
        struct pl_client_ready ready = client->ready[client->ready_at++];
        if (ready.watch != NULL) {
            ready.watch->on_ready(ready.watch, ready.ready);
            client->handled_count++;
        }
    }
}

/* Those of the list as it is now: what they queue is for the next turn. */
static void run_nexts(struct parley_client *client)
{
    struct pl_list now;
    pl_list_init(&now);
    pl_list_splice_back(&now, &client->nexts);
    while (!pl_list_is_empty(&now) && !pl_client_is_over_budget(client)) {
        struct pl_client_later *later = take_later(&now);
        later->run(later);
        client->handled_count++;
    }
    pl_list_splice_back(&now, &client->nexts);
    pl_list_splice_back(&client->nexts, &now); /* those that were left stay in front */
}

static void run_timers(struct parley_client *client)
{
    size_t ran = TIMERS_AT_ONCE;
    while (ran == TIMERS_AT_ONCE && !pl_client_is_over_budget(client)) {
        ran = pl_timers_run_some(&client->timers, client->now_ms, TIMERS_AT_ONCE);
        client->handled_count += ran > 0 ? 1 : 0;
    }
}

/* Sockets and what was left of them, in turns. */
static void run_input(struct parley_client *client)
{
    if (client->begins_with_nexts) {
        run_nexts(client);
        run_ready(client);
    } else {
        run_ready(client);
        run_nexts(client);
    }
    client->begins_with_nexts = !client->begins_with_nexts;
}

int pl_client_turn(struct parley_client *client, int wait_ms, int budget_ms)
{
    pl_client_look(client, wait_ms);
    client->now_ms = clock_ms(client);
    client->until_ms = budget_ms > 0 ? client->now_ms + budget_ms : INT64_MAX;
    client->callback_count = 0;
    client->handled_count = 0;
    client->looked_ms = client->now_ms;
    client->same_count = 0;
    client->unlooked_count = 0;
    client->is_in_turn = true;
    if (atomic_load(&client->has_posts)) {
        pl_client_run_posts(client);
    }
    run_input(client);
    client->unlooked_count = 0;
    run_timers(client);
    run_flushes(client);
    pl_client_run_frees(client);
    client->is_in_turn = false;
    client->until_ms = INT64_MAX;
    return client->callback_count;
}
