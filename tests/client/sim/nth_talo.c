/* `client-nth-talo`: a Talo client over a calm simulated network, in which the first, the second, the
 * nth allocation of the client fails until none is left that could. Calls say PARLEY_E_NOMEM, or
 * their results or events do; each request that was taken ends once; nothing leaks; and afterwards
 * the same client plays. */
#include "base/alloc.h"
#include "client/client.h"
#include "parley/client_talo.h"
#include "talo_service.h"
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPAN_MS 2000
#define STEPS_MAX 100000
#define TRIES 30
struct nth {
    struct talo_service service;
    uint64_t left; /* allocations until one fails; 0: it has, or none shall */
    struct parley_client *client;
    struct parley_talo *talo;
    unsigned pending; /* requests without a result */
    unsigned good;    /* results that were successes */
    unsigned heard;   /* channel messages */
};

static void arm(struct nth *nth)
{
    (void)pl_try_alloc_fail_at(nth->left);
}

static void disarm(struct nth *nth)
{
    nth->left = pl_try_alloc_fail_at(0);
}

/* --- the program --- */

static void on_event(struct parley_talo *talo, const struct parley_client_event *event, void *user)
{
    (void)talo;
    (void)user;
    if (event->reason == NULL || event->detail == NULL) {
        sim_fail("an event without words");
    }
}

static void on_message(struct parley_talo *talo, const struct parley_talo_message *message,
                       void *user)
{
    struct nth *nth = user;
    (void)talo;
    if (message->kind == PARLEY_TALO_CHANNEL_MESSAGE) {
        nth->heard++;
        if (strcmp(message->channel->owner->player.props[0].value, "b") != 0) {
            sim_fail("a message that is not whole");
        }
    }
}

static void on_error(struct parley_talo *talo, const struct parley_talo_error *error, void *user)
{
    (void)talo;
    (void)user;
    (void)error;
}

static void on_session(struct parley_talo *talo, const char *session, const char *refresh,
                       void *user)
{
    (void)talo;
    (void)user;
    if (session == NULL || refresh == NULL) {
        sim_fail("a session without tokens");
    }
}

static void on_done(struct parley_talo *talo, const struct parley_talo_result *result, void *user)
{
    struct nth *nth = user;
    (void)talo;
    if (nth->pending == 0) {
        sim_fail("a result too many");
    }
    nth->pending--;
    nth->good += result->error == 0 ? 1 : 0;
    if (result->error > 0 || (result->error < 0 && result->message[0] == '\0')) {
        sim_fail("a result without words");
    }
}

/* 0 for success; anything but success and no memory is a mistake. */
static int taken(struct nth *nth, const char *what, int rc)
{
    disarm(nth);
    if (rc != 0 && (rc != PARLEY_E_NOMEM || nth->left != 0)) {
        sim_fail("%s returns %d: %s", what, rc, parley_client_error(nth->client));
    }
    return rc;
}

static void request(struct nth *nth, const char *what, int rc)
{
    nth->pending += taken(nth, what, rc) == 0 ? 1 : 0;
    arm(nth);
}

/* Requests of each kind: those of a player only when there is one. */
static void ask(struct nth *nth)
{
    static const struct parley_talo_prop props[] = {{"key", "value"}, {"gone", NULL}};
    struct parley_talo *talo = nth->talo;
    arm(nth);
    request(nth, "channels", parley_talo_channels(talo, NULL, on_done, nth));
    request(nth, "config", parley_talo_live_config(talo, on_done, nth));
    if (parley_talo_alias(talo) != NULL) {
        request(nth, "update", parley_talo_player_update(talo, props, 2, on_done, nth));
        request(nth, "confirm", parley_talo_confirm_from(talo, 12, on_done, nth));
        request(nth, "store", parley_talo_storage_set(talo, 7, props, 2, on_done, nth));
    }
    disarm(nth);
}

static void become(struct nth *nth)
{
    arm(nth);
    request(nth, "identify", parley_talo_identify(nth->talo, "username", "ada", on_done, nth));
    request(nth, "login", parley_talo_login(nth->talo, "ada", "secret", on_done, nth));
    disarm(nth);
}

static void talk(struct nth *nth)
{
    if (!parley_talo_is_open(nth->talo)) {
        return;
    }
    arm(nth);
    if (parley_talo_alias(nth->talo) != NULL) {
        (void)taken(nth, "send", parley_talo_channel_send(nth->talo, 7, "hi"));
    }
    arm(nth);
    (void)taken(nth, "sendf", parley_talo_sendf(nth->talo, "v1.what", "{\"a\":%d}", 1));
}

static void open_again(struct nth *nth)
{
    int rc = 0;
    arm(nth);
    rc = parley_talo_open(nth->talo);
    (void)taken(nth, "open", rc == PARLEY_E_STATE ? 0 : rc);
}

/* --- the run --- */

static void drive(struct nth *nth, int64_t span_ms)
{
    int64_t until_ms = nth->service.net.now_ms + span_ms;
    for (unsigned steps = 0;; steps++) {
        int wait_ms = parley_client_wait_ms(nth->client);
        int64_t next_ms = talo_service_next_ms(&nth->service, wait_ms);
        if (next_ms < 0 || next_ms > until_ms) {
            break;
        }
        if (steps > STEPS_MAX) {
            sim_fail("time stands still");
        }
        talo_service_run(&nth->service, next_ms);
        arm(nth);
        if (parley_client_tick(nth->client, 0) < 0) {
            sim_fail("a tick fails");
        }
        disarm(nth);
    }
    nth->service.net.now_ms = until_ms;
}

static void create(struct nth *nth)
{
    struct parley_talo_config config;
    parley_talo_config_init(&config);
    config.access_key = "key";
    config.socket_url = "ws://h.test/socket";
    config.signing_version = "1";
    config.signing_key = "secret";
    config.heartbeat_ms = 700;
    config.reconnect.is_on = true;
    config.reconnect.attempts = 2;
    config.on_event = on_event;
    config.on_message = on_message;
    config.on_error = on_error;
    config.on_session = on_session;
    config.user = nth;
    arm(nth);
    (void)taken(nth, "create",
                parley_talo_create(&nth->talo, nth->client, "http://h.test", &config));
}

static void play(struct nth *nth)
{
    ask(nth);
    become(nth);
    drive(nth, SPAN_MS);
    open_again(nth);
    drive(nth, SPAN_MS);
    talk(nth);
    ask(nth);
    drive(nth, SPAN_MS);
    server_restart(&nth->service.server);
    drive(nth, SPAN_MS * 4);
    arm(nth);
    (void)taken(nth, "reset", parley_talo_reset(nth->talo));
    drive(nth, SPAN_MS);
    ask(nth);
    arm(nth);
    (void)taken(nth, "clear", parley_talo_clear_identity(nth->talo));
    drive(nth, SPAN_MS * 10);
    if (nth->pending > 0) {
        sim_fail("%u requests never ended", nth->pending);
    }
}

/* Whatever failed: with memory, all of it works. */
static void check_alive(struct nth *nth)
{
    unsigned good = nth->good;
    unsigned heard = nth->heard;
    nth->left = 0;
    for (int i = 0; i < TRIES && !parley_talo_is_identified(nth->talo); i++) {
        open_again(nth);
        if (parley_talo_alias(nth->talo) == NULL) {
            become(nth);
        }
        drive(nth, SPAN_MS);
    }
    talk(nth);
    ask(nth);
    drive(nth, SPAN_MS);
    if (nth->good < good + 4 || nth->heard == heard || nth->pending > 0) {
        sim_fail("it does not work any more");
    }
}

/* Returns whether an allocation was made to fail. */
static bool run(uint64_t n)
{
    static struct nth nth; /* large */
    const struct server_options options = {.is_plain = true, .is_neat = true};
    struct pl_client_env env;
    bool has_failed = false;
    nth = (struct nth){.left = n};
    talo_service_init(&nth.service, 1, &options);
    nth.service.net.is_calm = true;
    env = net_env(&nth.service.net);
    if (pl_client_create_in(&nth.client, &env) != 0) {
        sim_fail("no client");
    }
    create(&nth);
    if (nth.talo != NULL) {
        play(&nth);
        has_failed = nth.left == 0;
        check_alive(&nth);
    } else {
        has_failed = true;
    }
    parley_talo_destroy(nth.talo);
    parley_client_destroy(nth.client);
    if (nth.service.net.open_count != 0) {
        sim_fail("%zu sockets are left open", nth.service.net.open_count);
    }
    talo_service_fini(&nth.service);
    return has_failed;
}

int main(int argc, char **argv)
{
    uint64_t n = 1;
    if (argc > 1) {
        run(strtoull(argv[1], NULL, 10));
        return EXIT_SUCCESS;
    }
    while (fprintf(stderr, "\rallocation %" PRIu64, n) > 0 && run(n)) {
        n++;
    }
    printf("\n%" PRIu64 " allocations made to fail\n", n - 1);
    return EXIT_SUCCESS;
}
