/* Channels: order, the list behind the ring, and the sleep of a consumer on another thread. */
#include "base/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#define CELLS_PER_THREAD 200000

struct fixture {
    struct pl_channel channel;
    unsigned over_count;
};

static void on_over(void *user)
{
    struct fixture *fixture = user;
    uint64_t cell = 0;
    fixture->over_count++;
    while (pl_channel_is_over(&fixture->channel)) { /* the consumer catches up */
        assert_true(pl_channel_pop(&fixture->channel, &cell));
        pl_channel_done(&fixture->channel, cell);
        pl_channel_settle(&fixture->channel);
    }
}

static void init(struct fixture *fixture, uint32_t ring_cells, size_t bytes_max)
{
    *fixture = (struct fixture){0};
    pl_channel_init(&fixture->channel, &(struct pl_channel_config){.ring_cells = ring_cells,
                                                                   .cell_bytes = sizeof(uint64_t),
                                                                   .bytes_max = bytes_max,
                                                                   .on_over = on_over,
                                                                   .user = fixture});
}

static void test_channel_nothing_overtakes_what_waits_outside_the_ring(void **state)
{
    struct fixture fixture;
    uint64_t next = 0;
    uint64_t cell = 0;
    (void)state;
    init(&fixture, 4, SIZE_MAX);
    for (uint64_t i = 0; i < 1000; i++) {
        pl_channel_push(&fixture.channel, &i, 0);
        if (i % 3 == 0) { /* makes room in the ring while others wait */
            assert_true(pl_channel_pop(&fixture.channel, &cell));
            assert_int_equal(cell, next++);
        }
    }
    while (next < 1000) {
        while (pl_channel_pop(&fixture.channel, &cell)) {
            assert_int_equal(cell, next++);
        }
        pl_channel_settle(&fixture.channel);
    }
    pl_channel_fini(&fixture.channel);
}

static void test_channel_past_its_bound_asks_for_room_each_time(void **state)
{
    struct fixture fixture;
    const uint64_t cost = 80; /* each cell tells its own */
    uint64_t cell = 0;
    (void)state;
    init(&fixture, 2, 3 * 80);
    pl_channel_push(&fixture.channel, &cost, cost);
    pl_channel_push(&fixture.channel, &cost, cost);
    assert_int_equal(fixture.over_count, 0);
    pl_channel_push(&fixture.channel, &cost,
                    cost); /* wherever they are, in the ring or behind it */
    assert_int_equal(fixture.over_count, 1);
    assert_int_equal(pl_channel_bytes(&fixture.channel), 2 * (80 + sizeof(uint64_t)));
    pl_channel_push(&fixture.channel, &cost, cost);
    assert_int_equal(fixture.over_count, 2);
    while (pl_channel_pop(&fixture.channel, &cell)) {
        pl_channel_settle(&fixture.channel);
    }
    pl_channel_fini(&fixture.channel);
}

static void test_channel_wakes_a_sleeper_once_and_nobody_else(void **state)
{
    struct fixture fixture;
    uint64_t cell = 1;
    (void)state;
    init(&fixture, 4, SIZE_MAX);
    assert_false(pl_channel_must_wake(&fixture.channel)); /* no news */
    pl_channel_push(&fixture.channel, &cell, 0);
    assert_false(pl_channel_must_wake(&fixture.channel)); /* awake */
    assert_false(pl_channel_sleep(&fixture.channel));     /* there is something */
    pl_channel_awake(&fixture.channel);
    assert_true(pl_channel_pop(&fixture.channel, &cell));
    assert_true(pl_channel_sleep(&fixture.channel));
    assert_false(pl_channel_must_wake(&fixture.channel)); /* asleep, but no news */
    pl_channel_push(&fixture.channel, &cell, 0);
    pl_channel_push(&fixture.channel, &cell, 0);
    assert_true(pl_channel_must_wake(&fixture.channel));
    pl_channel_push(&fixture.channel, &cell, 0);
    assert_false(pl_channel_must_wake(&fixture.channel)); /* it was woken */
    pl_channel_awake(&fixture.channel);
    while (pl_channel_pop(&fixture.channel, &cell)) {
    }
    pl_channel_fini(&fixture.channel);
}

/* --- two threads --- */

struct consumer {
    struct pl_channel *channel;
    sem_t wake; /* what an eventfd is to a loop */
    uint64_t next;
    uint64_t sleep_count;
    bool is_in_order;
};

static void *consume(void *user)
{
    struct consumer *self = user;
    self->is_in_order = true;
    while (self->next < CELLS_PER_THREAD) {
        uint64_t cell = 0;
        if (pl_channel_sleep(self->channel)) {
            sem_wait(&self->wake); /* a wake-up that is lost would be waited for in vain */
            self->sleep_count++;
        }
        pl_channel_awake(self->channel);
        while (pl_channel_pop(self->channel, &cell)) {
            self->is_in_order = self->is_in_order && cell == self->next;
            self->next++;
        }
    }
    return NULL;
}

static void test_channel_between_threads_keeps_order_and_loses_no_wake_up(void **state)
{
    struct fixture fixture;
    struct consumer consumer = {.channel = &fixture.channel};
    pthread_t thread;
    (void)state;
    init(&fixture, 64, SIZE_MAX);
    sem_init(&consumer.wake, 0, 0);
    assert_int_equal(pthread_create(&thread, NULL, consume, &consumer), 0);
    for (uint64_t i = 0; i < CELLS_PER_THREAD; i++) {
        pl_channel_push(&fixture.channel, &i, 0);
        if (i % 7 == 0 && pl_channel_must_wake(&fixture.channel)) { /* a turn ends */
            sem_post(&consumer.wake);
        }
    }
    while (!pl_channel_settle(&fixture.channel) || !pl_ring_is_empty(&fixture.channel.ring)) {
        if (pl_channel_must_wake(&fixture.channel)) {
            sem_post(&consumer.wake);
        }
    }
    if (pl_channel_must_wake(&fixture.channel)) {
        sem_post(&consumer.wake);
    }
    pthread_join(thread, NULL);
    assert_true(consumer.is_in_order);
    assert_int_equal(consumer.next, CELLS_PER_THREAD);
    sem_destroy(&consumer.wake);
    pl_channel_fini(&fixture.channel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_channel_nothing_overtakes_what_waits_outside_the_ring),
        cmocka_unit_test(test_channel_past_its_bound_asks_for_room_each_time),
        cmocka_unit_test(test_channel_wakes_a_sleeper_once_and_nobody_else),
        cmocka_unit_test(test_channel_between_threads_keeps_order_and_loses_no_wake_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
