/* The simulator's store: answers come when its owner says so, and as he chooses. */
#include "store/fake.h"

#include "store/threaded.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

struct game_op {
    struct pl_store_op op; /* first */
    int64_t id;
    int64_t seen;
};

static struct pl_store *store;
static int next_op_error;
static int next_commit_error;
static bool next_has_happened;
static size_t wakes;
static size_t done_count;
static int64_t done_ids[64];
static int done_rcs[64];
static int64_t done_seen[64];

static int add_run(struct pl_store_op *base, struct pl_sql *sql)
{
    struct game_op *op = (struct game_op *)base;
    int rc = PL_SQL_RUN(sql, &base->error,
                        "INSERT INTO parley_migrations (number, name, checksum, applied_ms) VALUES "
                        "($1, 'x', 'x', 0)",
                        pl_sql_int(op->id));
    return rc == 0 && op->id % 10 == 9 ? pl_store_refuse(base, 1) : rc;
}

static int count_run(struct pl_store_op *base, struct pl_sql *sql)
{
    struct game_op *op = (struct game_op *)base;
    struct pl_sql_rows rows;
    int rc = pl_sql_query(&rows, sql, "SELECT count(*) FROM parley_migrations WHERE number >= 1000",
                          NULL, 0, &base->error);
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_next(&rows, &base->error);
    op->seen = pl_sql_get_int(&rows, 0);
    pl_sql_end(&rows);
    return rc < 0 ? rc : 0;
}

static const struct pl_store_op_type add_type = {"test.add", true, sizeof(struct game_op), add_run};
static const struct pl_store_op_type count_type = {"test.count", false, sizeof(struct game_op),
                                                   count_run};

static void on_done(struct pl_store_op *base, void *user)
{
    const struct game_op *op = (struct game_op *)base;
    (void)user;
    done_ids[done_count] = op->id;
    done_seen[done_count] = op->seen;
    done_rcs[done_count++] = base->rc;
    pl_store_op_free(base);
}

static void submit(const struct pl_store_op_type *type, int64_t id)
{
    struct pl_store_op *op = pl_store_op_create(type, 0);
    ((struct game_op *)op)->id = id;
    op->on_done = on_done;
    pl_store_submit(store, op);
}

static int fail_op(const struct pl_store_op *op, void *user)
{
    int code = next_op_error;
    (void)op;
    (void)user;
    next_op_error = 0;
    return code;
}

static int fail_commit(size_t count, bool *has_happened, void *user)
{
    int code = next_commit_error;
    (void)user;
    assert_true(count > 0);
    *has_happened = next_has_happened;
    next_commit_error = 0;
    next_has_happened = false;
    return code;
}

static void wake(void *user)
{
    (void)user;
    wakes++;
}

static int open_fake(void **state)
{
    struct pl_error err;
    struct pl_store_fake_config config = {
        .fail_op = fail_op, .fail_commit = fail_commit, .wake = wake, .waiting_max = 8};
    (void)state;
    done_count = 0;
    wakes = 0;
    return pl_store_fake_create(&store, &config, &err);
}

static int close_fake(void **state)
{
    (void)state;
    pl_store_destroy(store);
    return 0;
}

static int64_t count_now(void)
{
    struct pl_store_op *op = pl_store_op_create(&count_type, 0);
    assert_int_equal(pl_store_run(store, op), 0);
    int64_t seen = ((struct game_op *)op)->seen;
    pl_store_op_free(op);
    return seen;
}

static void test_fake_answers_when_told_to(void **state)
{
    (void)state;
    submit(&add_type, 1000);
    submit(&count_type, 0);
    submit(&add_type, 1001);
    submit(&add_type, 1002);
    pl_store_complete(store);
    assert_int_equal(done_count, 0);
    assert_int_equal(pl_store_fake_write(store, 2), 2);
    assert_int_equal(pl_store_fake_writes_waiting(store), 1);
    assert_int_equal(pl_store_fake_reads_waiting(store), 1);
    assert_int_equal(wakes, 1);
    assert_int_equal(pl_store_fake_read(store, 5), 1);
    pl_store_complete(store);
    assert_int_equal(done_count, 3);
    assert_int_equal(done_ids[0], 1000);
    assert_int_equal(done_ids[1], 1001);
    assert_int_equal(done_seen[2], 2);
    assert_int_equal(pl_store_fake_write(store, 5), 1);
    assert_int_equal(wakes, 2);
    assert_int_equal(pl_store_fake_write(store, 5), 0);
    pl_store_complete(store);
    assert_int_equal(done_rcs[3], 0);
}

static void test_fake_operations_fail_as_chosen(void **state)
{
    (void)state;
    submit(&add_type, 1000);
    submit(&add_type, 1009); /* refuses itself */
    submit(&add_type, 1001);
    next_op_error = PL_E_FULL;
    pl_store_fake_write(store, 3);
    pl_store_complete(store);
    assert_int_equal(done_rcs[0], PL_E_FULL);
    assert_int_equal(done_rcs[1], 1);
    assert_int_equal(done_rcs[2], 0);
    assert_int_equal(count_now(), 1);
}

static void test_fake_commit_fails_before_it_happened(void **state)
{
    (void)state;
    submit(&add_type, 1000);
    submit(&add_type, 1009);
    next_commit_error = PL_E_IO;
    pl_store_fake_write(store, 2);
    pl_store_complete(store);
    assert_int_equal(done_rcs[0], PL_E_IO);
    assert_int_equal(done_rcs[1], PL_E_IO);
    assert_int_equal(count_now(), 0);
}

static void test_fake_commit_is_lost_after_it_happened(void **state)
{
    (void)state;
    submit(&add_type, 1000);
    next_commit_error = PL_E_CLOSED;
    next_has_happened = true;
    pl_store_fake_write(store, 1);
    pl_store_complete(store);
    assert_int_equal(done_rcs[0], PL_E_CLOSED);
    assert_int_equal(count_now(), 1);
}

static void test_fake_is_full_at_its_bound(void **state)
{
    (void)state;
    for (int64_t id = 1000; id < 1009; id++) {
        submit(&add_type, id);
    }
    assert_int_equal(wakes, 1);
    pl_store_complete(store);
    assert_int_equal(done_count, 1);
    assert_int_equal(done_ids[0], 1008);
    assert_int_equal(done_rcs[0], PL_E_FULL);
    assert_int_equal(count_now(), 8); /* pl_store_run goes behind the writes that wait */
}

static void test_fake_destroy_ends_what_waits(void **state)
{
    (void)state;
    submit(&add_type, 1000);
    submit(&count_type, 0);
    next_op_error = PL_E_FULL; /* is not asked for any more */
    pl_store_destroy(store);
    store = NULL;
    assert_int_equal(done_count, 2);
    assert_int_equal(done_rcs[0], 0);
    assert_int_equal(done_seen[1], 1);
    next_op_error = 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fake, close_fake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_fake_answers_when_told_to),
        TEST(test_fake_operations_fail_as_chosen),
        TEST(test_fake_commit_fails_before_it_happened),
        TEST(test_fake_commit_is_lost_after_it_happened),
        TEST(test_fake_is_full_at_its_bound),
        TEST(test_fake_destroy_ends_what_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
