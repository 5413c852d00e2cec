/* The client's turn: order, budget, posts, timers, its thread. */
#include "client/client.h"

#include "base/alloc.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* --- a world with a clock that is set --- */

struct world {
    struct parley_client *client;
    int64_t now_ms;
    struct pl_client_ready ready[4];
    int ready_count;
    int closed[8];
    int closed_count;
    bool was_destroyed;
    char log[128];
};

static int64_t world_now_ms(void *user)
{
    const struct world *world = user;
    return world->now_ms;
}

static int world_watch(void *user, struct pl_client_watch *watch, unsigned wanted)
{
    (void)user;
    watch->wanted = wanted;
    return 0;
}

static void world_close(void *user, int handle)
{
    struct world *world = user;
    world->closed[world->closed_count++] = handle;
}

static int world_wait(void *user, struct pl_client_ready *out, int max, int timeout_ms)
{
    struct world *world = user;
    int count = world->ready_count;
    (void)max;
    if (count == 0 && timeout_ms > 0) {
        world->now_ms += timeout_ms;
    }
    memcpy(out, world->ready, (size_t)count * sizeof(*out));
    world->ready_count = 0;
    return count;
}

static int world_wait_ms(void *user)
{
    (void)user;
    return -1;
}

static void world_wake(void *user)
{
    (void)user;
}

static void world_destroy(void *user)
{
    struct world *world = user;
    world->was_destroyed = true;
}

static struct pl_client_env env_of(struct world *world)
{
    return (struct pl_client_env){.now_ms = world_now_ms,
                                  .watch = world_watch,
                                  .close = world_close,
                                  .wait = world_wait,
                                  .wait_ms = world_wait_ms,
                                  .wake = world_wake,
                                  .destroy = world_destroy,
                                  .user = world};
}

static void world_open(struct world *world)
{
    *world = (struct world){.now_ms = 1000};
    struct pl_client_env env = env_of(world);
    assert_int_equal(pl_client_create_in(&world->client, &env), 0);
}

static void note(struct world *world, const char *what)
{
    strncat(world->log, what, sizeof(world->log) - strlen(world->log) - 1);
}

/* --- things that happen, each writing down its name --- */

struct thing {
    struct world *world;
    const char *name;
    struct pl_client_later later;
    struct pl_timer timer;
    struct pl_client_watch watch;
    struct pl_client_socket socket;
    struct thing *closes; /* another one's socket, when this one's is ready */
    int64_t takes_ms;
};

static void later_run(struct pl_client_later *later)
{
    struct thing *thing = PL_CONTAINER_OF(later, struct thing, later);
    note(thing->world, thing->name);
    thing->world->now_ms += thing->takes_ms;
}

static void timer_due(struct pl_timer *timer)
{
    struct thing *thing = PL_CONTAINER_OF(timer, struct thing, timer);
    note(thing->world, thing->name);
}

static void watch_ready(struct pl_client_watch *watch, unsigned ready)
{
    struct thing *thing = PL_CONTAINER_OF(watch, struct thing, watch);
    (void)ready;
    note(thing->world, thing->name);
    pl_client_count_callback(thing->world->client);
    thing->world->now_ms += thing->takes_ms;
    if (thing->closes != NULL) {
        pl_client_close(thing->world->client, &thing->closes->watch);
    }
}

static void socket_destroy(struct pl_client_socket *socket)
{
    struct thing *thing = PL_CONTAINER_OF(socket, struct thing, socket);
    note(thing->world, thing->name);
    pl_client_free_later(thing->world->client, &thing->later);
}

static struct thing thing_of(struct world *world, const char *name, int handle)
{
    return (struct thing){.world = world,
                          .name = name,
                          .later.run = later_run,
                          .timer.on_due = timer_due,
                          .watch = {.on_ready = watch_ready, .handle = handle, .wanted = 1},
                          .socket.destroy = socket_destroy};
}

static void posted(struct parley_client *client, void *user)
{
    (void)client;
    note(user, "post ");
}

/* --- tests --- */

static void test_client_turn_runs_posts_sockets_timers_flushes_frees(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    struct thing freed = thing_of(&world, "free ", 1);
    struct thing flushed = thing_of(&world, "flush ", 2);
    struct thing timed = thing_of(&world, "timer ", 3);
    struct thing ready = thing_of(&world, "ready ", 4);
    assert_int_equal(pl_client_reserve_timer(world.client), 0);
    pl_client_free_later(world.client, &freed.later);
    pl_client_flush_later(world.client, &flushed.later);
    pl_client_flush_later(world.client, &flushed.later);
    pl_client_timer_set(world.client, &timed.timer, 0);
    world.ready[0] = (struct pl_client_ready){&ready.watch, PL_WATCH_READ};
    world.ready_count = 1;
    assert_int_equal(parley_client_post(world.client, posted, &world), 0);
    assert_int_equal(parley_client_wait_ms(world.client), 0);
    assert_int_equal(parley_client_tick(world.client, 5), 2);
    assert_string_equal(world.log, "post ready timer flush free ");
    assert_int_equal(parley_client_tick(world.client, 5), 0);
    assert_int_equal(parley_client_wait_ms(world.client), -1);
    pl_client_release_timer(world.client, &timed.timer);
    parley_client_destroy(world.client);
    assert_true(world.was_destroyed);
}

static void test_client_budget_leaves_the_rest_for_the_next_tick(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    struct thing slow = thing_of(&world, "slow ", 1);
    struct thing other = thing_of(&world, "other ", 2);
    struct thing left = thing_of(&world, "left ", 3);
    slow.takes_ms = 10;
    other.takes_ms = 10;
    world.ready[0] = (struct pl_client_ready){&slow.watch, PL_WATCH_READ};
    world.ready[1] = (struct pl_client_ready){&other.watch, PL_WATCH_READ};
    world.ready_count = 2;
    pl_client_run_next(world.client, &left.later);
    assert_int_equal(parley_client_tick(world.client, 4), 1);
    assert_string_equal(world.log, "slow ");
    assert_int_equal(parley_client_wait_ms(world.client), 0);
    assert_int_equal(parley_client_tick(world.client, 4), 1); /* neither kind starves the other */
    assert_string_equal(world.log, "slow left other ");
    assert_int_equal(parley_client_wait_ms(world.client), -1);
    parley_client_destroy(world.client);
}

static void test_client_socket_closed_by_another_hears_nothing_more(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    struct thing first = thing_of(&world, "first ", 1);
    struct thing second = thing_of(&world, "second ", 2);
    first.closes = &second;
    world.ready[0] = (struct pl_client_ready){&first.watch, PL_WATCH_READ};
    world.ready[1] = (struct pl_client_ready){&second.watch, PL_WATCH_READ};
    world.ready_count = 2;
    assert_int_equal(parley_client_tick(world.client, 0), 1);
    assert_string_equal(world.log, "first ");
    assert_int_equal(world.closed_count, 1);
    assert_int_equal(second.watch.handle, -1);
    parley_client_destroy(world.client);
}

static void test_client_wait_ends_with_the_first_timer(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    struct thing timed = thing_of(&world, "timer ", 1);
    assert_int_equal(parley_client_wait(world.client, 50), 0);
    assert_int_equal(world.now_ms, 1050);
    assert_int_equal(pl_client_reserve_timer(world.client), 0);
    pl_client_timer_set(world.client, &timed.timer, 30);
    assert_int_equal(parley_client_wait_ms(world.client), 30);
    assert_int_equal(parley_client_wait(world.client, -1), 1);
    assert_int_equal(world.now_ms, 1080);
    assert_int_equal(parley_client_tick(world.client, 0), 0);
    assert_string_equal(world.log, "timer ");
    pl_client_release_timer(world.client, &timed.timer);
    parley_client_destroy(world.client);
}

static void test_client_reserved_timers_take_no_memory(void **state)
{
    struct world world;
    struct thing things[200];
    (void)state;
    world_open(&world);
    for (size_t i = 0; i < PL_ARRAY_LEN(things); i++) {
        things[i] = thing_of(&world, "", 1);
        if (pl_client_reserve_timer(world.client) < 0) {
            fail();
        }
    }
    pl_try_alloc_fail_at(1);
    for (size_t i = 0; i < PL_ARRAY_LEN(things); i++) {
        pl_client_timer_set(world.client, &things[i].timer, 5);
    }
    struct thing more = thing_of(&world, "", 1);
    (void)more;
    int rc = 0;
    size_t reserved = 0;
    while ((rc = pl_client_reserve_timer(world.client)) == 0) {
        reserved++; /* until the room that was made at once is used up */
    }
    assert_int_equal(rc, PL_E_NOMEM);
    pl_try_alloc_fail_at(0);
    assert_true(reserved < 1000);
    parley_client_destroy(world.client);
}

static void test_client_destroys_its_sockets_and_drops_posts(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    struct thing socket = thing_of(&world, "socket ", 1);
    pl_client_add_socket(world.client, &socket.socket);
    assert_int_equal(parley_client_post(world.client, posted, &world), 0);
    parley_client_destroy(world.client);
    assert_string_equal(world.log, "socket socket "); /* destroyed, then freed */
}

static void test_client_create_without_memory_gives_the_world_back(void **state)
{
    (void)state;
    for (uint64_t nth = 1;; nth++) {
        struct parley_client *client = NULL;
        pl_try_alloc_fail_at(nth);
        int rc = parley_client_create(&client);
        pl_try_alloc_fail_at(0);
        if (rc == 0) {
            assert_true(nth > 1);
            parley_client_destroy(client);
            return;
        }
        assert_int_equal(rc, PL_E_NOMEM);
        assert_null(client);
    }
}

/* --- threads, in the real world --- */

struct counted {
    atomic_int ran;
    pthread_t on;
};

static void count(struct parley_client *client, void *user)
{
    struct counted *counted = user;
    counted->on = pthread_self();
    atomic_fetch_add(&counted->ran, 1);
    assert_int_equal(pl_client_enter(client), 0);
}

static void test_client_thread_runs_what_is_posted(void **state)
{
    struct parley_client *client = NULL;
    struct counted counted = {0};
    (void)state;
    assert_int_equal(parley_client_create(&client), 0);
    assert_int_equal(parley_client_run_thread(client), 0);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(parley_client_post(client, count, &counted), 0);
    }
    while (atomic_load(&counted.ran) < 1000) {
        poll(NULL, 0, 1);
    }
    parley_client_destroy(client);
    assert_false(pthread_equal(counted.on, pthread_self()));
}

static void *post_one(void *user)
{
    void **both = user;
    assert_int_equal(parley_client_post(both[0], count, both[1]), 0);
    return NULL;
}

static void test_client_post_ends_a_wait(void **state)
{
    struct parley_client *client = NULL;
    struct counted counted = {0};
    pthread_t thread;
    (void)state;
    assert_int_equal(parley_client_create(&client), 0);
    void *both[] = {client, &counted};
    assert_int_equal(pthread_create(&thread, NULL, post_one, both), 0);
    assert_int_equal(parley_client_wait(client, -1), 1);
    struct pollfd fd = {.fd = parley_client_fd(client), .events = POLLIN};
    assert_true(parley_client_wait_ms(client) == 0 || poll(&fd, 1, -1) == 1);
    assert_int_equal(parley_client_tick(client, 1), 1);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&counted.ran), 1);
    parley_client_destroy(client);
}

static void *adopt_and_tick(void *user)
{
    struct parley_client *client = user;
    assert_int_equal(parley_client_adopt(client), 0);
    assert_int_equal(parley_client_tick(client, 1), 0);
    return NULL;
}

static void test_client_is_adopted_by_another_thread(void **state)
{
    struct parley_client *client = NULL;
    pthread_t thread;
    (void)state;
    assert_int_equal(parley_client_create(&client), 0);
    assert_int_equal(pthread_create(&thread, NULL, adopt_and_tick, client), 0);
    pthread_join(thread, NULL);
    assert_int_equal(parley_client_adopt(client), 0);
    assert_int_equal(parley_client_tick(client, 1), 0);
    parley_client_destroy(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client_turn_runs_posts_sockets_timers_flushes_frees),
        cmocka_unit_test(test_client_budget_leaves_the_rest_for_the_next_tick),
        cmocka_unit_test(test_client_socket_closed_by_another_hears_nothing_more),
        cmocka_unit_test(test_client_wait_ends_with_the_first_timer),
        cmocka_unit_test(test_client_reserved_timers_take_no_memory),
        cmocka_unit_test(test_client_destroys_its_sockets_and_drops_posts),
        cmocka_unit_test(test_client_create_without_memory_gives_the_world_back),
        cmocka_unit_test(test_client_thread_runs_what_is_posted),
        cmocka_unit_test(test_client_post_ends_a_wait),
        cmocka_unit_test(test_client_is_adopted_by_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
