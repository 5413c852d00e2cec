/* What every store of threads promises: order, batches, durability in the right moment, refusals and failures that
 * undo their own and no more, bounds, and an orderly end. Runs on both backends (things.h). */
#include "things.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <unistd.h>
#include <cmocka.h>

static struct things *things;

static int open_things(void **state)
{
    (void)state;
    things = things_open(NULL);
    return 0;
}

static int close_things(void **state)
{
    (void)state;
    things_close(things);
    things = NULL;
    return 0;
}

static void need_things(void)
{
    if (things == NULL) {
        skip();
    }
}

/* One write stands at the gate; what is submitted meanwhile becomes one batch. */
static void hold_writer(int64_t id)
{
    things_submit(things, THING_ADD_BEHIND_GATE, id);
    while (sem_wait(&things->at_gate) < 0) {
    }
}

static void let_go(void)
{
    sem_post(&things->gate);
}

static int64_t count_things(void)
{
    int64_t count = 0;
    assert_int_equal(things_run(things, THING_COUNT, 0, &count), 0);
    return count;
}

static void test_store_writes_come_back_in_the_order_of_submitting(void **state)
{
    (void)state;
    need_things();
    for (int64_t id = 0; id < 2000; id++) {
        things_submit(things, THING_ADD, id);
    }
    things_wait(things, 2000);
    for (int64_t id = 0; id < 2000; id++) {
        assert_int_equal(things->done[id].id, id);
        assert_int_equal(things->done[id].rc, 0);
    }
    assert_int_equal(count_things(), 2000);
}

static void test_store_what_waits_is_one_batch(void **state)
{
    (void)state;
    need_things();
    struct pl_metrics metrics = {0};
    hold_writer(0);
    for (int64_t id = 1; id <= 300; id++) {
        things_submit(things, THING_ADD, id);
    }
    let_go();
    things_wait(things, 301);
    pl_store_collect(things->store, &metrics);
    uint64_t batches = 0;
    for (size_t i = 0; i <= PL_HISTOGRAM_BOUNDS; i++) {
        batches += PL_COUNTER_GET(&metrics.histograms[PL_HISTOGRAM_STORE_BATCH].buckets[i]);
    }
    assert_int_equal(batches, 3); /* the table, the one at the gate, and 300 */
    assert_int_equal(pl_metrics_get(&metrics, PL_METRIC_STORE_WRITES_DONE), 302);
    assert_int_equal(pl_metrics_get(&metrics, PL_METRIC_STORE_WAITING), 0);
}

static void then_find(struct thing_op *op)
{
    things_submit(op->things, THING_FIND, op->id);
}

static void test_store_a_read_after_a_write_came_back_sees_it(void **state)
{
    (void)state;
    need_things();
    for (int64_t id = 0; id < 200; id++) {
        struct thing_op *op = thing_create(things, THING_ADD, id);
        op->then = then_find;
        things_submit_op(op);
    }
    things_wait(things, 400);
    for (size_t i = 0; i < 400; i++) {
        assert_int_equal(things->done[i].rc, 0);
        assert_true(things->done[i].kind == THING_ADD || things->done[i].seen == 1);
    }
}

static void test_store_a_read_beside_a_write_sees_the_last_commit(void **state)
{
    (void)state;
    need_things();
    assert_int_equal(things_run(things, THING_ADD, 1, NULL), 0);
    hold_writer(2);
    assert_int_equal(count_things(), 1); /* it does not wait for the writer */
    let_go();
    things_wait(things, 1);
    assert_int_equal(count_things(), 2);
}

static void test_store_refusals_and_failures_undo_their_own(void **state)
{
    (void)state;
    need_things();
    static const struct {
        enum thing_kind kind;
        int64_t id;
        int rc;
    } rows[] = {
        {THING_ADD, 1, 0},           {THING_ADD_AND_REFUSE, 2, 1},
        {THING_ADD, 3, 0},           {THING_ADD_AND_FAIL, 4, PL_E_TOO_BIG},
        {THING_ADD, 1, PL_E_EXISTS}, {THING_ADD, 2, 0}, /* the refused one left nothing behind */
        {THING_ADD_AND_LEAK, 5, 0},  {THING_ADD, 4, 0},
    };
    hold_writer(100);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        things_submit(things, rows[i].kind, rows[i].id);
    }
    let_go();
    things_wait(things, 1 + PL_ARRAY_LEN(rows));
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        const struct thing_done *done = &things->done[1 + i];
        assert_int_equal(done->id, rows[i].id);
        assert_int_equal(done->rc, rows[i].rc);
        assert_int_equal(done->refusal, rows[i].rc == 1 ? 5 : 0);
        assert_int_equal(done->error[0] == 0, rows[i].rc >= 0);
    }
    assert_int_equal(count_things(), 6);
    assert_int_equal(things_metric(things, PL_METRIC_STORE_WRITES_REFUSED), 1);
    assert_int_equal(things_metric(things, PL_METRIC_STORE_WRITES_FAILED), 2);
}

/* --- batches of anything --- */

enum {
    IDS = 40,
};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* What an operation comes to when all before it ran one by one. */
static int expect(bool has[IDS], enum thing_kind kind, int64_t id)
{
    if (has[id]) {
        return PL_E_EXISTS;
    }
    if (kind == THING_ADD_AND_REFUSE) {
        return 1;
    }
    if (kind == THING_ADD_AND_FAIL) {
        return PL_E_TOO_BIG;
    }
    has[id] = true;
    return 0;
}

/* Batches of 1 to 9, with whatever in them, and each operation ends as if there were none. */
static void test_store_a_batch_is_as_one_by_one(void **state)
{
    (void)state;
    need_things();
    static const enum thing_kind kinds[] = {THING_ADD, THING_ADD_PAIR, THING_ADD_AND_LEAK,
                                            THING_ADD_AND_REFUSE, THING_ADD_AND_FAIL};
    uint32_t seed = 1;
    size_t done = 0;
    for (int round = 0; round < 40; round++) {
        bool has[IDS] = {false};
        int expected[10] = {0};
        assert_int_equal(things_run(things, THING_TABLE, 0, NULL), 0);
        for (int batch = 0; batch < 4; batch++) {
            size_t count = 1 + next_random(&seed) % 9;
            hold_writer(1000 + batch);
            for (size_t i = 0; i < count; i++) {
                enum thing_kind kind = kinds[next_random(&seed) % PL_ARRAY_LEN(kinds)];
                int64_t id = next_random(&seed) % IDS;
                things_submit(things, kind, id);
                expected[1 + i] = expect(has, kind, id);
            }
            let_go();
            things_wait(things, done + 1 + count);
            for (size_t i = 0; i <= count; i++) {
                assert_int_equal(things->done[done + i].rc, expected[i]);
            }
            done += 1 + count;
        }
        int64_t stored = 4;
        for (size_t id = 0; id < IDS; id++) {
            stored += has[id] ? 1 : 0;
        }
        assert_int_equal(count_things(), stored);
    }
}

static void test_store_failures_are_logged_at_a_limited_rate(void **state)
{
    (void)state;
    need_things();
    struct pl_log log = {.level = PL_LOG_ERROR, .format = PL_LOG_TEXT};
    struct pl_store_config config = {.log = &log};
    struct pl_error err;
    char text[16384];
    int fds[2];
    size_t lines = 0;
    assert_int_equal(pipe(fds), 0);
    log.fd = fds[1];
    things_close_store(things);
    assert_int_equal(things_open_store(things, &config, &err), 0);
    for (int64_t id = 0; id < 50; id++) {
        things_submit(things, THING_ADD_AND_FAIL, id);
        things_submit(things, THING_ADD_AND_REFUSE, id); /* no line: it is no failure */
    }
    things_wait(things, 100);
    ssize_t len = read(fds[0], text, sizeof(text) - 1);
    assert_true(len > 0);
    text[len] = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    assert_int_equal(lines, 10);
    assert_non_null(strstr(text, "store.failed op=thing.write error=TOO_BIG "
                                 "reason=\"as it was asked to\""));
    things_close_store(things);
    close(fds[0]);
    close(fds[1]);
}

static void test_store_a_commit_that_fails_fails_the_whole_batch(void **state)
{
    (void)state;
    need_things();
    hold_writer(0);
    things_submit(things, THING_ADD, 1);
    things_submit(things, THING_ADD_AND_REFUSE, 2);
    things_submit(things, THING_ADD_ORPHAN, 3);
    things_submit(things, THING_ADD, 4);
    let_go();
    things_wait(things, 5);
    assert_int_equal(things->done[0].rc, 0); /* a batch of its own */
    for (size_t i = 1; i < 5; i++) {
        assert_true(things->done[i].rc < 0);
        assert_true(things->done[i].error[0] != 0);
    }
    assert_int_equal(count_things(), 1);
    assert_int_equal(things_run(things, THING_ADD, 1, NULL), 0); /* and it goes on */
}

static void test_store_a_read_cannot_write(void **state)
{
    (void)state;
    need_things();
    assert_true(things_run(things, THING_WRITE_IN_READ, 1, NULL) < 0);
    assert_int_equal(count_things(), 0);
}

static void test_store_runs_one_while_others_are_under_way(void **state)
{
    (void)state;
    need_things();
    for (int64_t id = 0; id < 50; id++) {
        things_submit(things, THING_ADD, id);
    }
    assert_int_equal(things_run(things, THING_ADD, 50, NULL), 0);
    assert_int_equal(things->done_count, 50); /* they were before it */
    assert_int_equal(count_things(), 51);
}

static void then_add_more(struct thing_op *op)
{
    if (op->id < 5) {
        struct thing_op *more = thing_create(op->things, THING_ADD, op->id + 1);
        more->then = then_add_more;
        things_submit_op(more);
    }
}

static void test_store_on_done_may_submit(void **state)
{
    (void)state;
    need_things();
    struct thing_op *op = thing_create(things, THING_ADD, 1);
    op->then = then_add_more;
    things_submit_op(op);
    things_wait(things, 5);
    assert_int_equal(count_things(), 5);
}

static void test_store_destroy_ends_what_is_under_way(void **state)
{
    (void)state;
    need_things();
    for (int64_t id = 0; id < 100; id++) {
        struct thing_op *op = thing_create(things, THING_ADD, 10 * id);
        op->then = id == 99 ? then_find : NULL;
        things_submit_op(op);
    }
    things_close_store(things);
    assert_int_equal(things->done_count, 101);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(things->done[i].rc, 0);
    }
    assert_int_equal(things->done[100].rc, PL_E_CLOSED); /* too late */
}

static void test_store_too_many_waiting_are_told_so(void **state)
{
    (void)state;
    need_things();
    struct pl_store_config config = {.waiting_max = 3};
    struct pl_error err;
    things_close_store(things);
    assert_int_equal(things_open_store(things, &config, &err), 0);
    hold_writer(0);
    for (int64_t id = 1; id < 6; id++) {
        things_submit(things, THING_ADD, id);
    }
    assert_int_equal(things_metric(things, PL_METRIC_STORE_WAITING), 6);
    things_wait(things, 3); /* the last three come back at once */
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(things->done[i].id, 3 + (int64_t)i);
        assert_int_equal(things->done[i].rc, PL_E_FULL);
        assert_non_null(strstr(things->done[i].error, "3 operations wait"));
    }
    let_go();
    things_wait(things, 6);
    assert_int_equal(things_run(things, THING_ADD, 6, NULL), 0);
    assert_int_equal(count_things(), 4);
}

static void test_store_of_small_batches_writes_all(void **state)
{
    (void)state;
    need_things();
    struct pl_store_config config = {.batch_max = 3, .reader_count = 4};
    struct pl_error err;
    things_close_store(things);
    assert_int_equal(things_open_store(things, &config, &err), 0);
    for (int64_t id = 0; id < 100; id++) {
        things_submit(things, THING_ADD, id);
        things_submit(things, THING_COUNT, 0);
    }
    things_wait(things, 200);
    assert_int_equal(count_things(), 100);
    assert_int_equal(things_metric(things, PL_METRIC_STORE_READS_DONE), 101);
}

static void test_store_keeps_what_it_has(void **state)
{
    (void)state;
    need_things();
    struct pl_error err;
    assert_int_equal(things_run(things, THING_ADD, 7, NULL), 0);
    things_close_store(things);
    assert_int_equal(things_open_store(things, NULL, &err), 0);
    assert_int_equal(count_things(), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_things, close_things)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_store_writes_come_back_in_the_order_of_submitting),
        TEST(test_store_what_waits_is_one_batch),
        TEST(test_store_a_read_after_a_write_came_back_sees_it),
        TEST(test_store_a_read_beside_a_write_sees_the_last_commit),
        TEST(test_store_refusals_and_failures_undo_their_own),
        TEST(test_store_a_batch_is_as_one_by_one),
        TEST(test_store_failures_are_logged_at_a_limited_rate),
        TEST(test_store_a_commit_that_fails_fails_the_whole_batch),
        TEST(test_store_a_read_cannot_write),
        TEST(test_store_runs_one_while_others_are_under_way),
        TEST(test_store_on_done_may_submit),
        TEST(test_store_destroy_ends_what_is_under_way),
        TEST(test_store_too_many_waiting_are_told_so),
        TEST(test_store_of_small_batches_writes_all),
        TEST(test_store_keeps_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
