/* One run: a few random things a turn, checked after each; now and then all is quiet. */
#include "run.h"

#include "store/talo/channels.h"
#include "store/talo/presence.h"
#include "store/talo/relationships.h"

#define STEPS_MIN 300
#define STEPS_MAX 1500
#define SETTLE_EVERY 250

static int pick_alias(struct world *world)
{
    return (int)sim_below(&world->rng, (uint32_t)world->model.alias_count);
}

/* Mostly one that was made lately; the ids of some that were not. */
static int pick_channel(struct world *world)
{
    uint32_t count = (uint32_t)world->channel_count;
    uint32_t back = sim_below(&world->rng, 6);
    return count == 0 || back > count ? 0 : (int)(count - back == count ? count - 1 : count - back);
}

static struct pl_talo_actor actor_of(struct world *world, int alias)
{
    return (struct pl_talo_actor){
        .game_id = 1, .alias_id = alias + 1, .now_ms = pl_talo_now_ms(world->talo)};
}

/* Somebody who may do it, more often than not. */
static int pick_owner(struct world *world, int channel)
{
    int owner = world->model.channels[channel].owner;
    return world->model.channels[channel].exists && owner != MODEL_NOBODY &&
                   sim_chance(&world->rng, 80)
               ? owner
               : pick_alias(world);
}

/* --- requests --- */

static void create_channel(struct world *world)
{
    struct pl_store_op *op = NULL;
    struct pl_talo_op_channel_create *create = NULL;
    if (world->channel_count == MODEL_CHANNELS_MAX) {
        return;
    }
    op = pl_store_op_create(&pl_talo_op_channel_create_type, 0);
    create = (void *)op;
    create->actor = actor_of(world, pick_alias(world));
    create->channel_id = pl_talo_next_id(world->talo, PL_TALO_ID_CHANNEL);
    create->name = PL_STR("room");
    create->is_auto_cleanup = sim_chance(&world->rng, 30);
    create->is_private = sim_chance(&world->rng, 20);
    create->is_temporary = sim_chance(&world->rng, 40);
    world->channel_count++;
    world_rest(world, op);
}

static void join_channel(struct world *world)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_join_type, 0);
    struct pl_talo_op_channel_join *join = (void *)op;
    join->actor = actor_of(world, pick_alias(world));
    join->channel_id = pick_channel(world) + 1;
    world_rest(world, op);
}

static void leave_channel(struct world *world)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_leave_type, 0);
    struct pl_talo_op_channel_leave *leave = (void *)op;
    leave->actor = actor_of(world, pick_alias(world));
    leave->channel_id = pick_channel(world) + 1;
    world_rest(world, op);
}

static void invite(struct world *world)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_invite_type, 0);
    struct pl_talo_op_channel_invite *invite = (void *)op;
    int channel = pick_channel(world);
    invite->actor = actor_of(world, pick_owner(world, channel));
    invite->channel_id = channel + 1;
    invite->invitee_id = pick_alias(world) + 1;
    world_rest(world, op);
}

static void update_channel(struct world *world)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_update_type, 0);
    struct pl_talo_op_channel_update *update = (void *)op;
    int channel = pick_channel(world);
    update->actor = actor_of(world, pick_owner(world, channel));
    update->channel_id = channel + 1;
    if (sim_chance(&world->rng, 60)) {
        update->given |= PL_TALO_CHANGED_OWNER;
        update->owner_change =
            sim_chance(&world->rng, 85) ? PL_TALO_OWNER_ALIAS : PL_TALO_OWNER_NOBODY;
        update->new_owner_id =
            update->owner_change == PL_TALO_OWNER_ALIAS ? pick_alias(world) + 1 : 0;
    }
    if (sim_chance(&world->rng, 50)) {
        update->given |= PL_TALO_CHANGED_AUTO_CLEANUP;
        update->is_auto_cleanup = sim_chance(&world->rng, 30);
    }
    world_rest(world, op);
}

static void delete_channel(struct world *world)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_delete_type, 0);
    struct pl_talo_op_channel_delete *delete = (void *)op;
    int channel = pick_channel(world);
    delete->actor = actor_of(world, pick_owner(world, channel));
    delete->channel_id = channel + 1;
    world_rest(world, op);
}

static void put_presence(struct world *world)
{
    static const char letters[] = "abc";
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_presence_set_type, 0);
    struct pl_talo_op_presence_set *set = (void *)op;
    uint32_t letter = sim_below(&world->rng, 4);
    set->game_id = 1;
    set->alias_id = pick_alias(world) + 1;
    set->has_online = sim_chance(&world->rng, 60);
    set->is_online = sim_chance(&world->rng, 50);
    set->has_status = sim_chance(&world->rng, 60);
    set->custom_status = letter == 3 ? PL_STR("") : pl_str_make(letters + letter, 1);
    set->now_ms = pl_talo_now_ms(world->talo);
    world_rest(world, op);
}

static int64_t new_subscription(struct world *world)
{
    world->subscription_count++;
    return pl_talo_next_id(world->talo, PL_TALO_ID_SUBSCRIPTION);
}

static void subscribe(struct world *world)
{
    struct pl_store_op *op = NULL;
    struct pl_talo_op_subscription_create *create = NULL;
    if (world->subscription_count + 2 > MODEL_SUBSCRIPTIONS_MAX) {
        return;
    }
    op = pl_store_op_create(&pl_talo_op_subscription_create_type, 0);
    create = (void *)op;
    create->game_id = 1;
    create->alias_id = pick_alias(world) + 1;
    create->target_id = pick_alias(world) + 1;
    create->subscription_id = new_subscription(world);
    create->is_bidirectional = sim_chance(&world->rng, 50);
    create->now_ms = pl_talo_now_ms(world->talo);
    world_rest(world, op);
}

/* A subscription that was made lately. */
static int pick_subscription(struct world *world)
{
    uint32_t count = (uint32_t)world->subscription_count;
    return (int)(count - 1 - sim_below(&world->rng, count < 5 ? count : 5));
}

static void confirm(struct world *world)
{
    struct pl_store_op *op = NULL;
    struct pl_talo_op_subscription_confirm *confirm = NULL;
    const struct model_subscription *of = NULL;
    int at = 0;
    if (world->subscription_count == 0 || world->subscription_count + 2 > MODEL_SUBSCRIPTIONS_MAX) {
        return;
    }
    at = pick_subscription(world);
    of = &world->model.subscriptions[at];
    op = pl_store_op_create(&pl_talo_op_subscription_confirm_type, 0);
    confirm = (void *)op;
    confirm->game_id = 1;
    confirm->alias_id = (of->exists ? of->target : pick_alias(world)) + 1;
    confirm->subscription_id = at + 1;
    confirm->reciprocal_id = new_subscription(world);
    confirm->now_ms = pl_talo_now_ms(world->talo);
    world_rest(world, op);
}

static void unsubscribe(struct world *world)
{
    struct pl_store_op *op = NULL;
    struct pl_talo_op_subscription_delete *delete = NULL;
    const struct model_subscription *of = NULL;
    int at = 0;
    if (world->subscription_count == 0) {
        return;
    }
    at = pick_subscription(world);
    of = &world->model.subscriptions[at];
    op = pl_store_op_create(&pl_talo_op_subscription_delete_type, 0);
    delete = (void *)op;
    delete->game_id = 1;
    delete->alias_id = (of->exists ? of->subscriber : pick_alias(world)) + 1;
    delete->subscription_id = at + 1;
    world_rest(world, op);
}

/* Only where no answer is lost: the hub would not know whose connections they are. */
static void merge(struct world *world)
{
    uint32_t count = (uint32_t)world->model.player_count;
    int player = (int)sim_below(&world->rng, count);
    int other = (int)sim_below(&world->rng, count);
    if (world->options.seed % 3 == 0) {
        world_rest(world, world_make_merge(world, player, other));
    }
}

/* --- connections --- */

static uint32_t pick_scopes(struct world *world)
{
    uint32_t scopes = PL_TALO_SCOPES_ALL;
    if (sim_chance(&world->rng, 40)) {
        scopes = (uint32_t)sim_next(&world->rng) & ((1u << PL_TALO_SCOPE_COUNT) - 1);
    }
    return scopes;
}

/* With a ticket of its own, mostly; or with one that may have been used, or be over. */
static void open_conn(struct world *world, int at)
{
    size_t back = 0;
    if (world->ticket_count == 0 || sim_chance(&world->rng, 80)) {
        world_issue_ticket(world);
    } else if (world->ticket_count >= WORLD_TICKETS_MAX) {
        back = sim_below(&world->rng, WORLD_TICKETS_MAX);
    }
    world_open(world, at, world->ticket_count - 1 - back, pick_scopes(world));
}

/* What a client sends next: first who it is, then mostly to channels that it is in. */
static struct world_wish make_wish(struct world *world, int at)
{
    const struct model_conn *conn = &world->model.conns[at];
    struct world_wish wish = {.alias = pick_alias(world), .channel = pick_channel(world)};
    uint32_t dice = sim_below(&world->rng, 100);
    for (int i = 0; i < 8 && !conn->channels[wish.channel]; i++) {
        wish.channel = pick_channel(world);
    }
    if (dice < (conn->alias == MODEL_NOBODY ? 85u : 4u)) {
        wish.kind = WORLD_IDENTIFY;
    } else {
        wish.kind = dice < 88 ? WORLD_MESSAGE : WORLD_BROADCAST;
    }
    return wish;
}

static void step_conn(struct world *world)
{
    int at = (int)sim_below(&world->rng, world->conn_max);
    if (world->conns[at].session == NULL) {
        open_conn(world, at);
    } else if (sim_chance(&world->rng, 6)) {
        world_close(world, at);
    } else {
        uint32_t count = sim_chance(&world->rng, 20) ? sim_between(&world->rng, 2, 5) : 1;
        for (uint32_t i = 0; i < count; i++) {
            struct world_wish wish = make_wish(world, at);
            world_send(world, at, &wish);
        }
    }
}

/* --- the store --- */

static void change_mood(struct world *world)
{
    static const int codes[] = {PL_E_IO, PL_E_FULL, PL_E_CLOSED};
    world->fail_percent = 0;
    world->commit_code = 0;
    if (world->options.seed % 3 == 0 || sim_chance(&world->rng, 60)) {
        return; /* in one seed out of three nothing ever fails */
    }
    world->fail_code = codes[sim_below(&world->rng, 3)];
    if (sim_chance(&world->rng, 50)) {
        world->fail_percent = sim_chance(&world->rng, 30) ? 100 : 30;
    } else {
        world->commit_code = world->fail_code;
    }
    world_trace(world, "the store fails: %d %% with %d, commits with %d", (int)world->fail_percent,
                world->fail_code, world->commit_code);
}

static void step_store(struct world *world)
{
    uint32_t dice = sim_below(&world->rng, 10);
    if (dice < 4) {
        world_write(world, sim_between(&world->rng, 1, 8));
    } else if (dice < 6) {
        world_read(world, sim_between(&world->rng, 1, 4));
    } else {
        world_answer(world);
    }
}

static void step_rest(struct world *world)
{
    static void (*const requests[])(struct world *) = {
        create_channel, join_channel,   join_channel,   join_channel, leave_channel,
        invite,         update_channel, delete_channel, put_presence, put_presence,
        subscribe,      confirm,        confirm,        unsubscribe,
    };
    if (sim_chance(&world->rng, 4)) {
        delete_channel(world);
    } else if (sim_chance(&world->rng, 4)) {
        unsubscribe(world);
    } else if (sim_chance(&world->rng, 4)) {
        merge(world);
    } else {
        requests[sim_below(&world->rng, PL_ARRAY_LEN(requests))](world);
    }
}

static void step(struct world *world)
{
    uint32_t dice = sim_below(&world->rng, 100);
    if (dice < 50) {
        step_conn(world);
    } else if (dice < 62) {
        step_rest(world);
    } else if (dice < 92) {
        step_store(world);
    } else if (dice < 98) {
        world_pass(world, sim_between(&world->rng, 1, 700));
    } else if (dice < 99) {
        world_pass(world, sim_between(&world->rng, 1, sim_chance(&world->rng, 20) ? 400000 : 5000));
    } else {
        change_mood(world);
    }
    world_check(world);
}

/* --- when all is quiet --- */

static int64_t ask(struct world *world, const char *text, struct pl_sql_value value)
{
    struct pl_sql_rows rows;
    int64_t answer = -1;
    if (pl_sql_query(&rows, pl_store_fake_sql(world->fake), text, &value, 1, NULL) < 0) {
        world_fail(world, "the store cannot be asked");
    }
    if (pl_sql_next(&rows, NULL) == 1) {
        answer = pl_sql_get_int(&rows, 0);
    }
    pl_sql_end(&rows);
    return answer;
}

static void check_presence(struct world *world, int player)
{
    const struct model_player *of = &world->model.players[player];
    bool is_online = false;
    if (of->is_gone) {
        return;
    }
    is_online = ask(world, "SELECT is_online FROM talo_presences WHERE player_id = $1",
                    pl_sql_uuid(&of->id)) == 1;
    if (is_online != of->is_online) {
        world_fail(world, "player %d is stored otherwise than the model has it", player);
    }
    if ((of->certainty == MODEL_ONLINE && !is_online) ||
        (of->certainty == MODEL_OFFLINE && is_online)) {
        world_fail(world, "player %d is stored as %s", player, is_online ? "online" : "offline");
    }
}

static void check_channel(struct world *world, int channel)
{
    const struct model_channel *of = &world->model.channels[channel];
    int64_t count = ask(world, "SELECT message_count FROM talo_channels WHERE id = $1",
                        pl_sql_int(channel + 1));
    int64_t expected = of->exists ? of->message_count : -1;
    if (count != expected) {
        world_fail(world, "channel %d has %lld messages, not %lld", channel + 1, (long long)count,
                   (long long)expected);
    }
}

/* What a connection follows is what its alias is a member of, in the model and on the hub. */
static size_t check_conn(struct world *world, int at)
{
    const struct model_conn *conn = &world->model.conns[at];
    size_t count = 0;
    if (!conn->is_open) {
        return 0;
    }
    count += (conn->scopes & PL_TALO_READ_CONFIG) != 0;
    if (conn->alias == MODEL_NOBODY) {
        return count;
    }
    count += (conn->scopes & PL_TALO_READ_PRESENCE) != 0;
    for (int i = 0; i < MODEL_CHANNELS_MAX; i++) {
        const struct model_channel *channel = &world->model.channels[i];
        if (conn->channels[i] != (channel->exists && channel->members[conn->alias])) {
            world_fail(world, "connection %d and channel %d do not agree", at, i + 1);
        }
        count += conn->channels[i];
    }
    for (int i = 0; i < MODEL_ALIASES_MAX; i++) {
        count += conn->broadcasters[i] && (conn->scopes & PL_TALO_READ_BROADCASTS) != 0;
    }
    return count;
}

static void check_quiet(struct world *world)
{
    size_t member_count = 0;
    world_settle(world);
    for (int i = 0; i < world->model.player_count; i++) {
        check_presence(world, i);
    }
    for (int i = 0; i < MODEL_CHANNELS_MAX; i++) {
        check_channel(world, i);
    }
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (world->conns[i].session != NULL && world->conns[i].is_waiting) {
            world_fail(world, "connection %d waits for ever", i);
        }
        member_count += check_conn(world, i);
    }
    if (pl_hub_stats(world->hub).member_count != member_count) {
        world_fail(world, "the hub has %zu members of streams, not %zu",
                   pl_hub_stats(world->hub).member_count, member_count);
    }
}

struct world_result run_seed(const struct world_options *options)
{
    struct world *world = world_create(options);
    uint32_t count = sim_between(&world->rng, STEPS_MIN, STEPS_MAX);
    world->conn_max = sim_between(&world->rng, 2, MODEL_CONNS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        step(world);
        if (i % SETTLE_EVERY == SETTLE_EVERY - 1) {
            check_quiet(world);
        }
    }
    check_quiet(world);
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (world->conns[i].session != NULL) {
            world_close(world, i);
        }
    }
    check_quiet(world);
    return world_destroy(world);
}
