/* What REST would do: operations with random arguments, made so that many of them succeed. */
#include "requests.h"

#include "store/talo/channels.h"
#include "store/talo/presence.h"
#include "store/talo/relationships.h"

int world_pick_alias(struct world *world)
{
    return (int)sim_below(&world->rng, (uint32_t)world->model.alias_count);
}

int world_pick_channel(struct world *world)
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
               : world_pick_alias(world);
}

static void create_channel(struct world *world)
{
    struct pl_store_op *op = NULL;
    struct pl_talo_op_channel_create *create = NULL;
    if (world->channel_count == MODEL_CHANNELS_MAX) {
        return;
    }
    op = pl_store_op_create(&pl_talo_op_channel_create_type, 0);
    create = (void *)op;
    create->actor = actor_of(world, world_pick_alias(world));
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
    join->actor = actor_of(world, world_pick_alias(world));
    join->channel_id = world_pick_channel(world) + 1;
    world_rest(world, op);
}

static void leave_channel(struct world *world)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_leave_type, 0);
    struct pl_talo_op_channel_leave *leave = (void *)op;
    leave->actor = actor_of(world, world_pick_alias(world));
    leave->channel_id = world_pick_channel(world) + 1;
    world_rest(world, op);
}

static void invite(struct world *world)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_invite_type, 0);
    struct pl_talo_op_channel_invite *invite = (void *)op;
    int channel = world_pick_channel(world);
    invite->actor = actor_of(world, pick_owner(world, channel));
    invite->channel_id = channel + 1;
    invite->invitee_id = world_pick_alias(world) + 1;
    world_rest(world, op);
}

static void update_channel(struct world *world)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_update_type, 0);
    struct pl_talo_op_channel_update *update = (void *)op;
    int channel = world_pick_channel(world);
    update->actor = actor_of(world, pick_owner(world, channel));
    update->channel_id = channel + 1;
    if (sim_chance(&world->rng, 60)) {
        update->given |= PL_TALO_CHANGED_OWNER;
        update->owner_change =
            sim_chance(&world->rng, 85) ? PL_TALO_OWNER_ALIAS : PL_TALO_OWNER_NOBODY;
        update->new_owner_id =
            update->owner_change == PL_TALO_OWNER_ALIAS ? world_pick_alias(world) + 1 : 0;
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
    int channel = world_pick_channel(world);
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
    set->alias_id = world_pick_alias(world) + 1;
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
    create->alias_id = world_pick_alias(world) + 1;
    create->target_id = world_pick_alias(world) + 1;
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
    confirm->alias_id = (of->exists ? of->target : world_pick_alias(world)) + 1;
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
    delete->alias_id = (of->exists ? of->subscriber : world_pick_alias(world)) + 1;
    delete->subscription_id = at + 1;
    world_rest(world, op);
}

static void merge(struct world *world)
{
    uint32_t count = (uint32_t)world->model.player_count;
    int player = (int)sim_below(&world->rng, count);
    int other = (int)sim_below(&world->rng, count);
    world_rest(world, world_make_merge(world, player, other));
}

void requests_step(struct world *world)
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
