/* Worker threads: order, batches, bounds, wakes and the end. */
#include "work/pool.h"

#include "base/alloc.h"

#include <errno.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

struct number {
    struct pl_job job; /* first */
    uint32_t value;
    uint32_t squared;
    uint32_t thread;
};

/* What a test sees of its pool. */
struct world {
    struct pl_pool *pool;
    struct pl_pool_config config;
    sem_t gate;    /* where run waits, once for each chain, while is_gated */
    sem_t entered; /* posted when run begins */
    bool is_gated; /* set before the pool starts */
    _Atomic uint32_t wakes;
    _Atomic uint32_t batches;
    _Atomic uint32_t largest;
};

static void world_run(struct pl_job *chain, uint32_t thread, void *user)
{
    struct world *world = user;
    uint32_t count = 0;
    sem_post(&world->entered);
    if (world->is_gated) {
        while (sem_wait(&world->gate) < 0 && errno == EINTR) {
        }
    }
    for (struct pl_job *job = chain; job != NULL; job = job->next) {
        struct number *number = PL_CONTAINER_OF(job, struct number, job);
        number->squared = number->value * number->value;
        number->thread = thread;
        count++;
    }
    atomic_fetch_add(&world->batches, 1);
    if (count > atomic_load(&world->largest)) {
        atomic_store(&world->largest, count);
    }
}

static void world_wake(void *user)
{
    atomic_fetch_add(&((struct world *)user)->wakes, 1);
}

static void world_open(struct world *world, bool is_gated, uint32_t threads, uint32_t waiting_max,
                       uint32_t batch_max)
{
    struct pl_error err;
    *world = (struct world){.is_gated = is_gated};
    sem_init(&world->gate, 0, 0);
    sem_init(&world->entered, 0, 0);
    world->config = (struct pl_pool_config){.name = "test",
                                            .thread_count = threads,
                                            .waiting_max = waiting_max,
                                            .batch_max = batch_max,
                                            .run = world_run,
                                            .wake = world_wake,
                                            .user = world};
    assert_int_equal(pl_pool_create(&world->pool, &world->config, &err), 0);
}

static void world_close(struct world *world)
{
    pl_pool_destroy(world->pool);
    sem_destroy(&world->gate);
    sem_destroy(&world->entered);
}

static void open_gate(struct world *world, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        sem_post(&world->gate);
    }
}

static void fill(struct number *numbers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        numbers[i] = (struct number){.value = i};
    }
}

/* Take back what is done, until so many have come; they come in order where `is_ordered`. */
static void take(struct world *world, uint32_t count, bool is_ordered)
{
    uint32_t got = 0;
    while (got < count) {
        pl_pool_wait(world->pool);
        struct pl_job *job = pl_pool_take(world->pool);
        while (job != NULL) {
            const struct number *number = PL_CONTAINER_OF(job, struct number, job);
            job = job->next;
            assert_int_equal(number->squared, number->value * number->value);
            if (is_ordered) {
                assert_int_equal(number->value, got);
            }
            got++;
        }
    }
    assert_int_equal(got, count);
    assert_null(pl_pool_take(world->pool));
}

static void test_pool_one_thread_keeps_the_order(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    struct world world;
    struct number *numbers = pl_alloc_array(COUNT, sizeof(*numbers));
    world_open(&world, false, 1, COUNT, 7);
    fill(numbers, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_true(pl_pool_submit(world.pool, &numbers[i].job));
    }
    take(&world, COUNT, true);
    assert_true(atomic_load(&world.largest) <= 7);
    world_close(&world);
    pl_free(numbers);
}

static void test_pool_many_threads_do_each_job_once(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    struct world world;
    struct number *numbers = pl_alloc_array(COUNT, sizeof(*numbers));
    uint32_t sum = 0;
    world_open(&world, false, 4, COUNT, 3);
    fill(numbers, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_true(pl_pool_submit(world.pool, &numbers[i].job));
    }
    take(&world, COUNT, false);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_true(numbers[i].thread < 4);
        sum += numbers[i].squared == i * i ? 1 : 0;
    }
    assert_int_equal(sum, COUNT);
    world_close(&world);
    pl_free(numbers);
}

static void test_pool_takes_all_that_waits_at_once_and_wakes_once(void **state)
{
    (void)state;
    struct world world;
    struct number numbers[9];
    world_open(&world, true, 1, 16, 16);
    fill(numbers, 9);
    assert_true(pl_pool_submit(world.pool, &numbers[0].job));
    sem_wait(&world.entered); /* the thread has taken the first, and stands at the gate */
    for (uint32_t i = 1; i < 9; i++) {
        assert_true(pl_pool_submit(world.pool, &numbers[i].job));
    }
    assert_int_equal(pl_pool_waiting(world.pool), 8);
    open_gate(&world, 2);
    pl_pool_stop(world.pool);
    assert_int_equal(atomic_load(&world.batches), 2);
    assert_int_equal(atomic_load(&world.largest), 8);
    assert_int_equal(atomic_load(&world.wakes), 1); /* nobody had taken the first back */
    take(&world, 9, true);
    world_close(&world);
}

static void test_pool_refuses_more_than_may_wait(void **state)
{
    (void)state;
    struct world world;
    struct number numbers[4];
    world_open(&world, true, 1, 2, 1);
    fill(numbers, 4);
    assert_true(pl_pool_submit(world.pool, &numbers[0].job));
    sem_wait(&world.entered);
    assert_true(pl_pool_submit(world.pool, &numbers[1].job));
    assert_true(pl_pool_submit(world.pool, &numbers[2].job));
    assert_false(pl_pool_submit(world.pool, &numbers[3].job));
    open_gate(&world, 3);
    take(&world, 3, true);
    assert_true(pl_pool_submit(world.pool, &numbers[3].job)); /* there is room again */
    open_gate(&world, 1);
    pl_pool_wait(world.pool);
    assert_ptr_equal(pl_pool_take(world.pool), &numbers[3].job);
    world_close(&world);
}

static void test_pool_stop_does_what_waits_and_takes_no_more(void **state)
{
    (void)state;
    struct world world;
    struct number numbers[101];
    world_open(&world, false, 2, 200, 1);
    fill(numbers, 101);
    for (uint32_t i = 0; i < 100; i++) {
        assert_true(pl_pool_submit(world.pool, &numbers[i].job));
    }
    pl_pool_stop(world.pool);
    assert_false(pl_pool_submit(world.pool, &numbers[100].job));
    pl_pool_stop(world.pool); /* again is fine */
    take(&world, 100, false);
    world_close(&world);
}

static void test_pool_wait_for_nothing_returns(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, false, 1, 1, 1);
    pl_pool_wait(world.pool);
    assert_null(pl_pool_take(world.pool));
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_one_thread_keeps_the_order),
        cmocka_unit_test(test_pool_many_threads_do_each_job_once),
        cmocka_unit_test(test_pool_takes_all_that_waits_at_once_and_wakes_once),
        cmocka_unit_test(test_pool_refuses_more_than_may_wait),
        cmocka_unit_test(test_pool_stop_does_what_waits_and_takes_no_more),
        cmocka_unit_test(test_pool_wait_for_nothing_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
