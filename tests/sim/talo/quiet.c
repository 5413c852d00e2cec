/* When all is quiet: presence, counts and memberships as stored, in the model and on the hub. */
#include "quiet.h"

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

void quiet_check(struct world *world)
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
