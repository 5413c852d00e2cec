/* A run: bad weather, then good weather until everything is there that has to be, then the end. */
#include "world.h"

#include "client/client.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SETTLE_MAX_MS 400000
#define STUCK_MAX 20000 /* ticks without time passing */
#define LINGER_MS 60000

void world_note(struct world *world, const char *what, uint64_t a, uint64_t b)
{
    net_note(&world->net, what, a, b);
}

/* Attempt n is made after delay * 2^(n-1), give or take the jitter, and at most the longest delay.
 * Others on the connection may have failed before: an attempt that is not known is any. */
void world_check_delay(struct world *world, int delay_ms, unsigned attempt)
{
    const struct parley_client_reconnect *config = &world->reconnect;
    double low = config->delay_ms * (1.0 - config->jitter) - 1;
    double high = config->delay_max_ms;
    if (attempt < 20 && world->socket_count == 1) {
        double most = config->delay_ms * (1.0 + config->jitter) * (double)(1u << attempt);
        high = most < high ? most : high;
    }
    if (low > config->delay_max_ms) {
        low = config->delay_max_ms;
    }
    if (delay_ms < low || delay_ms > high) {
        sim_fail("a delay of %d ms before attempt %u", delay_ms, attempt + 1);
    }
}

/* --- what is drawn --- */

static void draw_faults(struct world *world)
{
    static const struct net_faults weathers[] = {
        {.refused = 0, .never = 0, .cut = 10, .silent = 0, .no_name = 0, .latency_max_ms = 30},
        {.refused = 10, .never = 5, .cut = 40, .silent = 5, .no_name = 5, .latency_max_ms = 200},
        {.refused = 30, .never = 10, .cut = 60, .silent = 10, .no_name = 10, .latency_max_ms = 50},
        {.refused = 5, .never = 2, .cut = 30, .silent = 30, .no_name = 2, .latency_max_ms = 900},
    };
    world->net.faults =
        weathers[sim_chance(&world->rng, 40) ? 0 : sim_below(&world->rng, PL_ARRAY_LEN(weathers))];
    world->net.faults.cut_max_bytes = sim_chance(&world->rng, 50) ? 3000 : 200000;
    world->net.has_ipv6 = sim_chance(&world->rng, 30);
}

static struct server_options draw_server(struct world *world, bool is_plain)
{
    struct server_options options = {
        .is_plain = is_plain,
        .has_recovery = sim_chance(&world->rng, 50),
        .offers_websocket = sim_chance(&world->rng, 80),
        .is_neat = sim_chance(&world->rng, 20),
        .ping_interval_ms = sim_between(&world->rng, 200, 8000),
        .ping_timeout_ms = sim_between(&world->rng, 2500, 8000),
    };
    if (!options.is_neat) {
        options.refuse_percent = sim_below(&world->rng, 4);
        options.refuse_nsp_percent = sim_below(&world->rng, 15);
        options.refuse_probe_percent = sim_below(&world->rng, 40);
        options.drop_ack_percent = sim_below(&world->rng, 30);
    }
    if (world->config.transports == PARLEY_SIO_WEBSOCKET_ONLY) {
        options.offers_websocket = true;
    }
    return options;
}

static void draw_config(struct world *world)
{
    struct parley_sio_config *config = &world->config;
    struct parley_client_reconnect *reconnect = &config->reconnect;
    parley_sio_config_init(config);
    config->transports = (enum parley_sio_transports)sim_below(&world->rng, 4);
    config->remembers_upgrade = sim_chance(&world->rng, 50);
    config->transport.connect_timeout_ms = (int)sim_between(&world->rng, 2000, 20000);
    reconnect->is_on = true;
    reconnect->delay_ms = (int)sim_between(&world->rng, 0, 1500);
    reconnect->delay_max_ms = (int)sim_between(&world->rng, 500, 6000);
    reconnect->jitter = sim_below(&world->rng, 101) / 100.0;
    reconnect->attempts = sim_chance(&world->rng, 20) ? (int)sim_between(&world->rng, 0, 3) : -1;
    config->buffer_max = sim_chance(&world->rng, 20) ? 5000 : (size_t)1 << 20;
    config->ack_timeout_ms =
        sim_chance(&world->rng, 50) ? (int)sim_between(&world->rng, 1, 9000) : 0;
    if (sim_chance(&world->rng, 30)) {
        config->retries = 1000000;
        config->ack_timeout_ms = (int)sim_between(&world->rng, 3000, 9000);
    }
    world->reconnect = *reconnect;
}

static void start(struct world *world, uint64_t seed, bool has_trace)
{
    struct server_options server;
    struct pl_client_env env;
    bool is_plain = seed % 5 == 4;
    *world = (struct world){.seed = seed, .has_trace = has_trace, .restart_ms = -1};
    world->rng.state = seed;
    net_init(&world->net, sim_next(&world->rng), &server_peer, &world->server);
    world->net.has_trace = has_trace;
    world->socket_count = is_plain ? 0 : sim_chance(&world->rng, 60) ? 1 : SERVER_NAMESPACES;
    draw_config(world);
    draw_faults(world);
    server = draw_server(world, is_plain);
    server_init(&world->server, &world->net, &server,
                is_plain ? &plain_server_owner : &app_server_owner, world);
    env = net_env(&world->net);
    if (pl_client_create_in(&world->client, &env) < 0) {
        sim_fail("no client");
    }
    (is_plain ? plain_create : app_create)(world);
}

/* --- time --- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void act(struct world *world)
{
    uint32_t most_ms = sim_chance(&world->rng, 95) ? 60 : 3000;
    world->action_ms = world->net.now_ms + world->pause_ms + sim_below(&world->rng, most_ms);
    if (world->restart_ms >= 0 && world->restart_ms <= world->net.now_ms) {
        world->net.is_up = true;
        world->restart_ms = -1;
    }
    if (!world->is_fair && sim_below(&world->rng, 300) == 0) {
        world_note(world, "restart", 0, 0);
        server_restart(&world->server);
        world->net.is_up = false;
        world->restart_ms = world->net.now_ms + sim_below(&world->rng, 10000);
        return;
    }
    (world->socket_count == 0 ? plain_act : app_act)(world);
}

/* One step to the next thing that happens; with `acts` the application does its part. False when
 * nothing will ever happen any more. */
static bool step(struct world *world, bool acts)
{
    static const int budgets[] = {0, 0, 1, 5};
    int wait_ms = parley_client_wait_ms(world->client);
    int64_t next_ms = earlier(net_next_ms(&world->net), server_next_ms(&world->server));
    next_ms = earlier(next_ms, wait_ms < 0 ? -1 : world->net.now_ms + wait_ms);
    next_ms = acts ? earlier(next_ms, world->action_ms) : next_ms;
    if (next_ms < 0) {
        return false;
    }
    world->stuck_count = next_ms > world->net.now_ms ? 0 : world->stuck_count + 1;
    if (world->stuck_count > STUCK_MAX) {
        sim_fail("time stands still: the client asks for a tick again and again");
    }
    world->net.now_ms = pl_i64_max(next_ms, world->net.now_ms);
    server_run(&world->server);
    net_run(&world->net);
    if (acts && world->action_ms <= world->net.now_ms) {
        act(world);
    }
    if (parley_client_tick(world->client, budgets[sim_below(&world->rng, PL_ARRAY_LEN(budgets))]) <
        0) {
        sim_fail("a tick fails: %s", parley_client_error(world->client));
    }
    return true;
}

static bool is_settled(const struct world *world)
{
    return world->socket_count == 0 ? plain_is_settled(world) : app_is_settled(world);
}

static void clear_up(struct world *world)
{
    world_note(world, "fair", 0, 0);
    world->is_fair = true;
    world->net.is_up = true;
    net_heal(&world->net);
    if (world->socket_count == 0) {
        net_end_silent(&world->net); /* a plain WebSocket has no heartbeat */
    }
    world->restart_ms = -1;
    world->server.options.refuse_percent = 0;
    world->server.options.refuse_nsp_percent = 0;
    world->server.options.drop_ack_percent = 0;
}

/* Steps, with few actions, until nothing is missing. */
static void settle(struct world *world)
{
    int64_t until_ms = world->net.now_ms + SETTLE_MAX_MS;
    while (!is_settled(world)) {
        bool is_idle = world->net.now_ms > until_ms - SETTLE_MAX_MS + 200000;
        if (!step(world, !is_idle && !is_settled(world)) || world->net.now_ms > until_ms) {
            sim_fail("in good weather something is missing for ever");
        }
        world->pause_ms = 500;
    }
}

/* --- the end --- */

static void stop(struct world *world)
{
    (world->socket_count == 0 ? plain_destroy : app_destroy)(world);
    parley_client_destroy(world->client);
    if (world->net.open_count != 0) {
        sim_fail("%zu sockets are left open", world->net.open_count);
    }
    for (size_t i = 0; i < NET_LOOKUPS_MAX; i++) {
        if (world->net.lookups[i].lookup != NULL) {
            sim_fail("a lookup is left");
        }
    }
    server_fini(&world->server);
    net_fini(&world->net);
}

static void finish(struct world *world)
{
    int64_t until_ms = 0;
    uint64_t goodbyes = world->goodbye_count + world->socket_count;
    if (world->socket_count == 0) {
        plain_close(world);
    } else {
        app_leave(world);
    }
    until_ms = world->net.now_ms + LINGER_MS;
    while (world->net.now_ms < until_ms && step(world, false)) {
    }
    if (world->socket_count == 0) {
        plain_check_end(world);
    } else if (world->goodbye_count < goodbyes) {
        sim_fail("the server never heard of the disconnect");
    } else {
        app_check_end(world);
    }
    if (world->net.open_count != 0 || parley_client_wait_ms(world->client) >= 0) {
        sim_fail("disconnected, and yet %zu connections, next timer in %d ms",
                 world->net.open_count, parley_client_wait_ms(world->client));
    }
}

struct seeds_result world_run(uint64_t seed, bool has_trace)
{
    static struct world world; /* large */
    struct seeds_result result = {0};
    int64_t storm_end_ms = 0;
    start(&world, seed, has_trace);
    storm_end_ms = world.net.now_ms + sim_between(&world.rng, 2000, 60000);
    while (world.net.now_ms < storm_end_ms) {
        step(&world, true);
    }
    if (!sim_chance(&world.rng, 20)) { /* otherwise in the middle of it */
        clear_up(&world);
        settle(&world);
        for (int i = 0; i < 20; i++) {
            step(&world, true);
        }
        settle(&world);
        finish(&world);
    }
    result.hash = world.net.hash;
    result.counts[0] = world.server.packet_count;
    result.counts[1] = world.server.upgrade_count;
    stop(&world);
    return result;
}
