/* `client-sim-talo`: a Talo client in bad weather, then in good, from seeds. Requests end once and
 * in the order of the calls; the socket's events fit together; what is said comes back in order;
 * and in good weather the player is there again. */
#include "client/client.h"
#include "parley/client_talo.h"
#include "sim/seeds.h"
#include "talo_service.h"
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTLE_MAX_MS 400000
#define STUCK_MAX 20000
#define REQUEST_TIMEOUT_MS 3000
#define REQUESTS_MAX 30

struct run;

/* Whose result it is. */
struct asked {
    struct run *run;
    uint64_t number;
};

struct run {
    struct talo_service service;
    struct sim_rng rng;
    struct parley_client *client;
    struct parley_talo *talo;
    struct parley_talo_config config;
    bool is_open;                            /* as the events tell */
    bool is_closing;                         /* by us */
    bool wants_socket;                       /* nobody has closed it for good */
    uint64_t asked;                          /* requests */
    uint64_t ended;                          /* ... whose results came */
    struct asked asked_of[REQUESTS_MAX + 1]; /* by number */
    uint64_t said;                           /* channel messages, numbered */
    uint64_t heard;                          /* the number of the last that came back */
    uint64_t good;                           /* results that were successes */
    int64_t action_ms;
    unsigned stuck_count;
};

/* --- what is told --- */

static void on_event(struct parley_talo *talo, const struct parley_client_event *event, void *user)
{
    struct run *run = user;
    net_note(&run->service.net, "event", event->kind, (uint64_t)(event->delay_ms + 1));
    switch (event->kind) {
    case PARLEY_CLIENT_CONNECTED:
        if (run->is_open || !parley_talo_is_open(talo)) {
            sim_fail("connected, and it is open already, or not");
        }
        run->is_open = true;
        break;
    case PARLEY_CLIENT_DISCONNECTED:
        if (!run->is_open || parley_talo_is_open(talo) || parley_talo_is_identified(talo)) {
            sim_fail("disconnected, and it was not open, or is");
        }
        run->is_open = false;
        run->is_closing = false;
        break;
    case PARLEY_CLIENT_CONNECT_FAILED:
    case PARLEY_CLIENT_RECONNECTING:
        if (run->is_open) {
            sim_fail("an attempt, and it is open");
        }
        break;
    case PARLEY_CLIENT_GAVE_UP:
        if (run->config.reconnect.attempts < 0) {
            sim_fail("it gave up");
        }
        break;
    }
}

static void on_message(struct parley_talo *talo, const struct parley_talo_message *message,
                       void *user)
{
    struct run *run = user;
    if (!run->is_open || !parley_talo_is_open(talo)) {
        sim_fail("a message without a connection");
    }
    if (message->kind == PARLEY_TALO_IDENTIFIED && !parley_talo_is_identified(talo)) {
        sim_fail("identified, and not");
    }
    if (message->kind == PARLEY_TALO_CHANNEL_MESSAGE) {
        uint64_t number = strtoull(message->text, NULL, 10);
        if (number <= run->heard || number > run->said) {
            sim_fail("message %" PRIu64 " behind %" PRIu64, number, run->heard);
        }
        run->heard = number;
    }
}

static void on_error(struct parley_talo *talo, const struct parley_talo_error *error, void *user)
{
    (void)talo;
    (void)user;
    if (strcmp(error->code, "BAD_MESSAGE") == 0) {
        sim_fail("the service is said to talk nonsense");
    }
}

static void on_done(struct parley_talo *talo, const struct parley_talo_result *result, void *user)
{
    struct asked *asked = user;
    struct run *run = asked->run;
    (void)talo;
    run->ended++;
    if (asked->number != run->ended) {
        sim_fail("result %" PRIu64 " comes in the place of %" PRIu64, asked->number, run->ended);
    }
    if (result->error < 0 && result->message[0] == '\0') {
        sim_fail("a failure without words");
    }
    run->good += result->error == 0 ? 1 : 0;
    net_note(&run->service.net, "result", run->ended, (uint64_t)-result->error);
}

/* --- what the program does --- */

static void ask(struct run *run, uint32_t what)
{
    static const struct parley_talo_prop props[] = {{"key", "value"}};
    struct parley_talo *talo = run->talo;
    bool has_player = parley_talo_alias(talo) != NULL;
    struct asked *asked = &run->asked_of[(run->asked + 1) % (REQUESTS_MAX + 1)];
    struct asked before = *asked;
    int rc = 0;
    *asked = (struct asked){run, run->asked + 1};
    switch (has_player ? what : what % 3) {
    case 0:
        rc = parley_talo_identify(talo, "username", "ada", on_done, asked);
        break;
    case 1:
        rc = parley_talo_channels(talo, NULL, on_done, asked);
        break;
    case 2:
        rc = parley_talo_login(talo, "ada", "secret", on_done, asked);
        break;
    case 3:
        rc = parley_talo_confirm_from(talo, 12, on_done, asked);
        break;
    case 4:
        rc = parley_talo_player_update(talo, props, 1, on_done, asked);
        break;
    default:
        rc = parley_talo_storage_set(talo, 7, props, 1, on_done, asked);
        break;
    }
    if (rc == 0) {
        run->asked++;
        return;
    }
    *asked = before; /* of a request that may be under way */
    if (rc != PARLEY_E_FULL) {
        sim_fail("a request returns %d: %s", rc, parley_client_error(run->client));
    }
}

static void say(struct run *run)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, run->said + 1);
    if (parley_talo_is_open(run->talo) && parley_talo_alias(run->talo) != NULL &&
        parley_talo_channel_send(run->talo, 7, text) == 0) {
        run->said++;
    }
}

static void open_or_close(struct run *run)
{
    uint32_t what = sim_below(&run->rng, 4);
    int rc = 0;
    if (what == 0) {
        rc = parley_talo_close(run->talo, 1000, "later");
        run->wants_socket = rc == 0 ? false : run->wants_socket;
    } else if (what == 1) {
        rc = parley_talo_reset(run->talo);
        run->wants_socket = true;
    } else if (what == 2) {
        rc = parley_talo_clear_identity(run->talo);
        run->wants_socket = true;
    } else {
        rc = parley_talo_open(run->talo);
        run->wants_socket = rc == 0 ? true : run->wants_socket;
    }
    if (rc != 0 && rc != PARLEY_E_STATE && rc != PARLEY_E_FULL) {
        sim_fail("opening or closing returns %d", rc);
    }
}

static void act(struct run *run)
{
    uint32_t what = sim_below(&run->rng, 20);
    run->action_ms = run->service.net.now_ms + sim_below(&run->rng, 400);
    if (what < 9) {
        ask(run, sim_below(&run->rng, 7));
    } else if (what < 17) {
        say(run);
    } else if (what < 19) {
        open_or_close(run);
    } else if (sim_chance(&run->rng, 20)) {
        server_restart(&run->service.server);
    }
}

/* --- time --- */

/* False when nothing will ever happen any more. */
static bool step(struct run *run, bool acts)
{
    static const int budgets[] = {0, 0, 1, 5};
    struct net *net = &run->service.net;
    int64_t next_ms = talo_service_next_ms(&run->service, parley_client_wait_ms(run->client));
    if (acts && (next_ms < 0 || run->action_ms < next_ms)) {
        next_ms = run->action_ms;
    }
    if (next_ms < 0) {
        return false;
    }
    run->stuck_count = next_ms > net->now_ms ? 0 : run->stuck_count + 1;
    if (run->stuck_count > STUCK_MAX) {
        sim_fail("time stands still");
    }
    talo_service_run(&run->service, next_ms);
    if (acts && run->action_ms <= net->now_ms) {
        act(run);
    }
    if (parley_client_tick(run->client, budgets[sim_below(&run->rng, PL_ARRAY_LEN(budgets))]) < 0) {
        sim_fail("a tick fails");
    }
    return true;
}

/* --- a run --- */

static void start(struct run *run, uint64_t seed, bool has_trace)
{
    static const struct net_faults weathers[] = {
        {.cut = 10, .latency_max_ms = 30},
        {.refused = 10, .never = 5, .cut = 40, .silent = 5, .no_name = 5, .latency_max_ms = 200},
        {.refused = 5, .never = 2, .cut = 30, .silent = 30, .no_name = 2, .latency_max_ms = 900},
    };
    struct server_options options = {.is_plain = true};
    struct pl_client_env env;
    *run = (struct run){.rng.state = seed, .wants_socket = true};
    options.is_neat = sim_chance(&run->rng, 30);
    options.refuse_percent = options.is_neat ? 0 : sim_below(&run->rng, 8);
    talo_service_init(&run->service, sim_next(&run->rng), &options);
    run->service.net.has_trace = has_trace;
    run->service.net.faults = weathers[sim_below(&run->rng, PL_ARRAY_LEN(weathers))];
    run->service.net.faults.cut_max_bytes = sim_chance(&run->rng, 50) ? 3000 : 100000;
    env = net_env(&run->service.net);
    if (pl_client_create_in(&run->client, &env) < 0) {
        sim_fail("no client");
    }
    parley_talo_config_init(&run->config);
    run->config.access_key = "key";
    run->config.transport.connect_timeout_ms = (int)sim_between(&run->rng, 1000, 8000);
    run->config.request_timeout_ms = REQUEST_TIMEOUT_MS;
    run->config.requests_max = (int)sim_between(&run->rng, 2, REQUESTS_MAX);
    run->config.heartbeat_ms = (int)sim_between(&run->rng, 1000, 5000);
    run->config.reconnect.is_on = true;
    run->config.reconnect.delay_ms = (int)sim_between(&run->rng, 0, 1500);
    run->config.signing_version = sim_chance(&run->rng, 30) ? "1" : NULL;
    run->config.signing_key = run->config.signing_version == NULL ? NULL : "secret";
    run->config.on_event = on_event;
    run->config.on_message = on_message;
    run->config.on_error = on_error;
    run->config.user = run;
    if (parley_talo_create(&run->talo, run->client, "http://h.test", &run->config) < 0) {
        sim_fail("no Talo client");
    }
}

/* In good weather everything comes: results, the socket, the player, what is said. */
static void settle(struct run *run)
{
    struct net *net = &run->service.net;
    int64_t until_ms = net->now_ms + SETTLE_MAX_MS;
    uint64_t said = 0;
    net_heal(net);
    net_end_silent(net);
    run->service.server.options.refuse_percent = 0;
    while (run->ended < run->asked) {
        if (!step(run, false) || net->now_ms > until_ms) {
            sim_fail("a request never ends");
        }
    }
    if (!run->wants_socket) {
        int rc = parley_talo_open(run->talo);
        if (rc != 0 && rc != PARLEY_E_STATE) {
            sim_fail("it does not open: %d", rc);
        }
    }
    ask(run, 0);
    while (run->ended < run->asked || !parley_talo_is_identified(run->talo)) {
        if (!step(run, false) || net->now_ms > until_ms) {
            sim_fail("the player is not there");
        }
    }
    say(run);
    said = run->said;
    while (run->heard < said) {
        if (!step(run, false) || net->now_ms > until_ms) {
            sim_fail("what was said does not come back");
        }
    }
}

static void close_for_good(struct run *run)
{
    struct net *net = &run->service.net;
    int64_t until_ms = net->now_ms + SETTLE_MAX_MS;
    if (parley_talo_close(run->talo, 1000, NULL) < 0) {
        sim_fail("it cannot be closed");
    }
    while (run->is_open) {
        if (!step(run, false) || net->now_ms > until_ms) {
            sim_fail("it does not close");
        }
    }
    if (parley_client_wait_ms(run->client) >= 0) {
        sim_fail("closed, and it has a timer");
    }
}

static struct seeds_result run_seed(uint64_t seed, bool has_trace)
{
    static struct run run; /* large */
    struct seeds_result result = {0};
    int64_t storm_end_ms = 0;
    start(&run, seed, has_trace);
    storm_end_ms = run.service.net.now_ms + sim_between(&run.rng, 2000, 60000);
    while (run.service.net.now_ms < storm_end_ms) {
        step(&run, true);
    }
    if (!sim_chance(&run.rng, 20)) { /* otherwise in the middle of it */
        settle(&run);
        close_for_good(&run);
    }
    result.hash = run.service.net.hash;
    result.counts[0] = run.ended;
    result.counts[1] = run.good;
    parley_talo_destroy(run.talo);
    parley_client_destroy(run.client);
    if (run.service.net.open_count != 0) {
        sim_fail("%zu sockets are left open", run.service.net.open_count);
    }
    talo_service_fini(&run.service);
    return result;
}

int main(int argc, char **argv)
{
    static const struct seeds_program program = {
        .name = "client-sim-talo",
        .about = "Runs the Talo client over a simulated network against a model of a service.",
        .counted = {"requests", "of them good"},
        .run = run_seed,
    };
    return seeds_main(&program, argc, argv);
}
