/* parley_post, the one call for any thread: what four threads post while the loop runs arrives, in
 * each thread's order; past the bound and after the stop it is refused. script/test --all runs this
 * under the thread sanitizer. */
#include "app/app.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    THREADS = 4,
    POSTS = 50000, /* of each: more than the bound all together */
    POSTS_MAX = 65536,
};

/* An application around a bare loop. */
struct world {
    struct parley_app app;
    struct pl_loop *loop;
    size_t run_count;      /* written by the loop's thread alone */
    size_t finished_count; /* threads whose last post has run */
};

struct sender;

/* One posted function call. */
struct note {
    struct sender *sender;
    size_t number;
};

struct sender {
    struct world *world;
    pthread_t thread;
    struct note notes[POSTS];
    size_t next;        /* the number that must come next; the loop's thread */
    size_t wrong_count; /* out of order; the loop's thread */
    size_t full_count;  /* refusals, each tried again; the sender's thread */
    int last_rc;        /* the sender's thread */
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    pl_app_init(&world->app, NULL);
    assert_int_equal(pl_loop_create(&world->loop, NULL), 0);
    world->app.loop = world->loop;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    pl_app_fini(&world->app);
    pl_loop_destroy(world->loop);
    free(world);
    return 0;
}

static void count(void *user)
{
    ((struct world *)user)->run_count++;
}

static void read_note(void *user)
{
    const struct note *note = user;
    struct sender *sender = note->sender;
    struct world *world = sender->world;
    sender->wrong_count += note->number != sender->next;
    sender->next = note->number + 1;
    world->run_count++;
    if (note->number == POSTS - 1 && ++world->finished_count == THREADS) {
        pl_loop_stop(world->loop);
    }
}

static void *send_all(void *user)
{
    struct sender *sender = user;
    for (size_t i = 0; i < POSTS; i++) {
        sender->notes[i] = (struct note){sender, i};
        while (true) {
            sender->last_rc = parley_post(&sender->world->app, read_note, &sender->notes[i]);
            if (sender->last_rc != PARLEY_E_FULL) {
                break;
            }
            sender->full_count++;
            sched_yield();
        }
    }
    return NULL;
}

static void test_post_of_four_threads_runs_everything_in_each_ones_order(void **state)
{
    struct world *world = *state;
    struct sender *senders = calloc(THREADS, sizeof(*senders));
    for (size_t i = 0; i < THREADS; i++) {
        senders[i].world = world;
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
    }
    pl_loop_run(world->loop);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(senders[i].thread, NULL);
        assert_int_equal(senders[i].last_rc, 0);
        assert_int_equal(senders[i].wrong_count, 0);
        assert_int_equal(senders[i].next, POSTS);
    }
    assert_int_equal(world->run_count, (size_t)THREADS * POSTS);
    free(senders);
}

/* Posts until it is refused. */
static void *fill(void *user)
{
    struct world *world = user;
    int rc = 0;
    while (rc == 0) {
        rc = parley_post(&world->app, count, world);
    }
    return rc == PARLEY_E_FULL ? world : NULL;
}

static void test_post_past_the_bound_is_refused_until_the_loop_has_run_what_waits(void **state)
{
    struct world *world = *state;
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, fill, world), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *saw_full = NULL;
        pthread_join(threads[i], &saw_full);
        assert_non_null(saw_full);
    }
    assert_int_equal(world->run_count, 0);
    pl_loop_turn(world->loop, 0);
    assert_int_equal(world->run_count, POSTS_MAX);
    assert_int_equal(parley_post(&world->app, count, world), 0);
    pl_loop_turn(world->loop, 0);
    assert_int_equal(world->run_count, POSTS_MAX + 1);
}

/* Posts until the loop closes, and tells how many were accepted. */
static void *post_until_closed(void *user)
{
    struct world *world = user;
    uintptr_t accepted_count = 0;
    int rc = 0;
    while (rc != PARLEY_E_CLOSED) {
        rc = parley_post(&world->app, count, world);
        accepted_count += rc == 0;
        if (rc == PARLEY_E_FULL) {
            sched_yield();
        }
    }
    return (void *)accepted_count; /* NOLINT: a number, handed back as threads do */
}

static void *stop_soon(void *user)
{
    struct world *world = user;
    for (int i = 0; i < 1000; i++) {
        sched_yield();
    }
    pl_loop_stop(world->loop);
    return NULL;
}

static void test_post_that_was_accepted_runs_though_the_loop_stops_meanwhile(void **state)
{
    struct world *world = *state;
    pthread_t threads[THREADS];
    pthread_t stopper;
    size_t accepted_count = 0;
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, post_until_closed, world), 0);
    }
    assert_int_equal(pthread_create(&stopper, NULL, stop_soon, world), 0);
    pl_loop_run(world->loop);
    pthread_join(stopper, NULL);
    for (size_t i = 0; i < THREADS; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        accepted_count += (uintptr_t)result;
    }
    assert_int_equal(world->run_count, accepted_count);
}

static void test_post_after_the_stop_is_refused_and_never_run(void **state)
{
    struct world *world = *state;
    pl_loop_stop(world->loop);
    assert_int_equal(parley_post(&world->app, count, world), PARLEY_E_CLOSED);
    pl_loop_run(world->loop);
    assert_int_equal(world->run_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_post_of_four_threads_runs_everything_in_each_ones_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_post_past_the_bound_is_refused_until_the_loop_has_run_what_waits, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            test_post_that_was_accepted_runs_though_the_loop_stops_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_post_after_the_stop_is_refused_and_never_run, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
