/* Happy eyeballs on a written-down network: who is tried when, who wins, who is closed. */
#include "client/dial.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define HANDLES_MAX 8

/* A network of addresses a, b, c ... (ports 1, 2, 3 ...), whose fate is a letter of `fates`:
 * 'r' refused at once, 'R' refused 10 ms later, 's' silent, '0' to '9' open after so many 100 ms. */
struct world {
    struct parley_client *client;
    struct pl_client_dial *dial;
    int64_t now_ms;
    const char *fates;
    const char *families; /* '4' or '6' each; of the lookup */
    struct pl_client_lookup *lookup;
    struct pl_client_watch *watches[HANDLES_MAX];
    int64_t begun_ms[HANDLES_MAX]; /* handle n is the nth address in the network; -1: not open */
    char log[256];
    int error;
};

static void note(struct world *world, const char *fmt, ...) PL_PRINTF(2, 3);
static void note(struct world *world, const char *fmt, ...)
{
    size_t len = strlen(world->log);
    va_list args;
    va_start(args, fmt);
    vsnprintf(world->log + len, sizeof(world->log) - len, fmt, args);
    va_end(args);
}

static int64_t world_now_ms(void *user)
{
    const struct world *world = user;
    return world->now_ms;
}

static int world_connect(void *user, const struct pl_address *to, struct pl_error *err)
{
    struct world *world = user;
    int handle = to->port - 1;
    note(world, "%d:%c ", (int)world->now_ms, 'a' + handle);
    if (world->fates[handle] == 'r') {
        return pl_error_set(err, PL_E_IO, "refused");
    }
    world->begun_ms[handle] = world->now_ms;
    return handle;
}

static int64_t due_ms(const struct world *world, int handle)
{
    char fate = world->fates[handle];
    return fate == 's' ? INT64_MAX
                       : world->begun_ms[handle] + (fate == 'R' ? 10 : (fate - '0') * 100);
}

static int world_connected(void *user, int handle, struct pl_error *err)
{
    struct world *world = user;
    if (due_ms(world, handle) > world->now_ms) {
        return PL_E_AGAIN;
    }
    return world->fates[handle] == 'R' ? pl_error_set(err, PL_E_IO, "refused later") : 0;
}

static void world_close(void *user, int handle)
{
    struct world *world = user;
    assert_true(world->begun_ms[handle] >= 0);
    world->begun_ms[handle] = -1;
    note(world, "-%c ", 'a' + handle);
}

static int world_watch(void *user, struct pl_client_watch *watch, unsigned wanted)
{
    struct world *world = user;
    world->watches[watch->handle] = wanted == 0 ? NULL : watch;
    watch->wanted = wanted;
    return 0;
}

static void tell_names(struct world *world)
{
    struct pl_address addresses[HANDLES_MAX] = {0};
    struct pl_client_lookup *lookup = world->lookup;
    size_t count = strlen(world->families);
    for (size_t i = 0; i < count; i++) {
        addresses[i].family = world->families[i] == '6' ? PL_ADDRESS_IPV6 : PL_ADDRESS_IPV4;
        addresses[i].port = (uint16_t)(i + 1);
    }
    world->lookup = NULL;
    lookup->on_done(lookup, addresses, count, 0, NULL);
}

static int world_wait(void *user, struct pl_client_ready *out, int max, int timeout_ms)
{
    struct world *world = user;
    int count = 0;
    (void)max;
    (void)timeout_ms;
    if (world->lookup != NULL) {
        tell_names(world);
    }
    for (int i = 0; i < HANDLES_MAX; i++) {
        if (world->watches[i] != NULL && due_ms(world, i) <= world->now_ms) {
            out[count++] = (struct pl_client_ready){world->watches[i], PL_WATCH_WRITE};
        }
    }
    return count;
}

static int world_wait_ms(void *user)
{
    (void)user;
    return -1;
}

static int world_lookup(void *user, struct pl_client_lookup *lookup, struct pl_str host,
                        uint16_t port, struct pl_error *err)
{
    struct world *world = user;
    (void)host;
    (void)port;
    (void)err;
    world->lookup = lookup;
    return 0;
}

static void world_cancel_lookup(void *user, struct pl_client_lookup *lookup)
{
    struct world *world = user;
    assert_ptr_equal(world->lookup, lookup);
    world->lookup = NULL;
    note(world, "cancel ");
}

static void on_connected(void *user, int handle)
{
    struct world *world = user;
    note(world, "%d!%c ", (int)world->now_ms, 'a' + handle);
    pl_client_dial_destroy(&world->dial);
}

static void on_failed(void *user, int error, const char *reason)
{
    struct world *world = user;
    assert_true(strlen(reason) > 0);
    note(world, "%d?", (int)world->now_ms);
    world->error = error;
    pl_client_dial_destroy(&world->dial);
}

static const struct pl_client_dial_owner owner = {on_connected, on_failed};

static void world_open(struct world *world, const char *families, const char *fates)
{
    *world = (struct world){.families = families, .fates = fates};
    const struct pl_client_env env = {.now_ms = world_now_ms,
                                      .connect = world_connect,
                                      .connected = world_connected,
                                      .close = world_close,
                                      .watch = world_watch,
                                      .wait = world_wait,
                                      .wait_ms = world_wait_ms,
                                      .lookup = world_lookup,
                                      .cancel_lookup = world_cancel_lookup,
                                      .user = world};
    for (int i = 0; i < HANDLES_MAX; i++) {
        world->begun_ms[i] = -1;
    }
    assert_int_equal(pl_client_create_in(&world->client, &env), 0);
    assert_int_equal(
        pl_client_dial_open(&world->dial, world->client, PL_STR("h"), 80, &owner, world, NULL), 0);
}

static void test_dial_tries_who_wins_and_who_is_closed(void **state)
{
    static const struct {
        const char *families;
        const char *fates;
        const char *log;
    } rows[] = {
        {"6", "0", "0:a 0!a "},
        {"64", "0s", "0:a 0!a "},
        {"64", "r0", "0:a 0:b 0!b "},                /* the next one at once */
        {"64", "R0", "0:a -a 10:b 10!b "},           /* and later, too */
        {"64", "s0", "0:a 250:b -a 250!b "},         /* after the head start */
        {"64", "39", "0:a 250:b -b 300!a "},         /* which is not the end of the first */
        {"66644", "s0000", "0:a 250:d -a 250!d "},   /* the families take turns */
        {"444", "sss", "0:a 250:b 500:c -a -b -c "}, /* the owner's timeout ends it */
        {"64", "rr", "0:a 0:b 0?"},
        {"64", "RR", "0:a -a 10:b -b 20?"},
        {"", "", "0?"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct world world;
        world_open(&world, rows[i].families, rows[i].fates);
        for (; world.now_ms < 2000 && world.dial != NULL; world.now_ms += 10) {
            parley_client_tick(world.client, 0);
            parley_client_tick(world.client, 0); /* what has come of the first */
        }
        pl_client_dial_destroy(&world.dial);
        parley_client_destroy(world.client);
        assert_string_equal(world.log, rows[i].log);
    }
}

static void test_dial_destroyed_early_leaves_nothing(void **state)
{
    struct world world;
    (void)state;
    world_open(&world, "64", "ss");
    pl_client_dial_destroy(&world.dial); /* before the name is known */
    assert_string_equal(world.log, "cancel ");
    parley_client_destroy(world.client);
    world_open(&world, "64", "ss");
    parley_client_tick(world.client, 0);
    pl_client_dial_destroy(&world.dial);
    assert_string_equal(world.log, "0:a -a ");
    assert_int_equal(parley_client_tick(world.client, 0), 0);
    assert_int_equal(parley_client_wait_ms(world.client), -1);
    parley_client_destroy(world.client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dial_tries_who_wins_and_who_is_closed),
        cmocka_unit_test(test_dial_destroyed_early_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
