/* What SQLite asks for and does not get: memory, at every place, and a lock that another process holds. An operation
 * then fails whole, and the next one works. */
#include "store/sqlite/conn.h"
#include "store/sqlite/error.h"
#include "store/sqlite/transaction.h"
#include "things.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <cmocka.h>

/* --- memory that is refused: the nth allocation of SQLite, once --- */

static sqlite3_mem_methods real;
static int fail_in; /* allocations to go; 0: none fails */
static int failed_count;

static bool is_refused(void)
{
    if (fail_in == 0 || --fail_in > 0) {
        return false;
    }
    failed_count++;
    return true;
}

static void *try_malloc(int size)
{
    return is_refused() ? NULL : real.xMalloc(size);
}

static void *try_realloc(void *old, int size)
{
    return is_refused() ? NULL : real.xRealloc(old, size);
}

static int replace_malloc(void **state)
{
    (void)state;
    sqlite3_mem_methods ours;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK) {
        return -1;
    }
    ours = real;
    ours.xMalloc = try_malloc;
    ours.xRealloc = try_realloc;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
}

/* --- an operation of two rows --- */

struct pair_op {
    struct pl_store_op op;
    int64_t id;
};

static int pair_run(struct pl_store_op *base, struct pl_sql *sql)
{
    struct pair_op *op = (struct pair_op *)base;
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, &base->error, "SELECT b FROM t WHERE a = $1 ORDER BY b",
                          pl_sql_int(op->id));
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_next(&rows, &base->error);
    pl_sql_end(&rows);
    if (rc < 0) {
        return rc;
    }
    rc = PL_SQL_RUN(sql, &base->error, "INSERT INTO t (a, b) VALUES ($1, $2)", pl_sql_int(op->id),
                    pl_sql_text(PL_STR("one")));
    return rc < 0 ? rc
                  : PL_SQL_RUN(sql, &base->error, "INSERT INTO t (a, b) VALUES ($1, $2)",
                               pl_sql_int(op->id), pl_sql_text(PL_STR("two")));
}

static const struct pl_store_op_type pair_type = {"test.pair", true, sizeof(struct pair_op),
                                                  pair_run};

static int run_pair(struct pl_sqlite *conn, int64_t id)
{
    struct pl_store_op *op = pl_store_op_create(&pair_type, 0);
    ((struct pair_op *)op)->id = id;
    int rc = pl_sqlite_write(conn, op);
    assert_true(rc == 0 || op->error.text[0] != 0);
    assert_true(pl_list_is_empty(&conn->in_use));
    assert_false(pl_sqlite_is_in_transaction(conn));
    pl_store_op_free(op);
    return rc;
}

static int64_t count_of(struct pl_sqlite *conn, int64_t id)
{
    struct pl_sql_rows rows;
    assert_int_equal(PL_SQL_QUERY(&rows, &conn->sql, NULL, "SELECT count(*) FROM t WHERE a = $1",
                                  pl_sql_int(id)),
                     0);
    assert_int_equal(pl_sql_next(&rows, NULL), 1);
    int64_t count = pl_sql_get_int(&rows, 0);
    pl_sql_end(&rows);
    return count;
}

/* A connection of its own, so that its statements are new as well. */
static void test_sqlite_without_memory_an_operation_is_whole_or_nothing(void **state)
{
    (void)state;
    int refused = 0;
    for (int nth = 1; nth < 2000; nth++) {
        struct pl_sqlite *conn = NULL;
        assert_int_equal(pl_sqlite_open(&conn, ":memory:", NULL, PL_SQLITE_WRITER, NULL), 0);
        assert_int_equal(pl_sql_script(&conn->sql, "CREATE TABLE t (a INTEGER, b TEXT)", NULL), 0);
        failed_count = 0;
        fail_in = nth;
        int rc = run_pair(conn, nth);
        fail_in = 0;
        assert_true(rc == 0 || rc == PL_E_NOMEM);
        assert_int_equal(count_of(conn, nth), rc == 0 ? 2 : 0);
        assert_int_equal(run_pair(conn, -nth), 0);
        assert_int_equal(count_of(conn, -nth), 2);
        pl_sqlite_close(conn);
        refused += rc < 0 ? 1 : 0;
        if (failed_count == 0) {
            assert_true(refused > 20);
            return; /* there were no more allocations */
        }
    }
    fail_msg("it never ends");
}

static void test_sqlite_opens_or_not_without_memory(void **state)
{
    (void)state;
    for (int nth = 1; nth < 5000; nth++) {
        struct pl_sqlite *conn = NULL;
        struct pl_error err = {0};
        failed_count = 0;
        fail_in = nth;
        int rc = pl_sqlite_open(&conn, ":memory:", NULL, PL_SQLITE_WRITER, &err);
        fail_in = 0;
        assert_true(rc == 0 || (rc == PL_E_NOMEM && err.text[0] != 0));
        assert_true((rc == 0) == (conn != NULL));
        pl_sqlite_close(conn);
        if (failed_count == 0) {
            return;
        }
    }
    fail_msg("it never ends");
}

/* --- a lock that somebody holds --- */

static void test_store_fails_while_another_process_holds_the_lock(void **state)
{
    (void)state;
    struct things *things = things_open(NULL);
    struct pl_sqlite *other = NULL;
    assert_non_null(things);
    assert_int_equal(things_script(things, "PRAGMA busy_timeout = 20"), 0);
    assert_int_equal(
        pl_sqlite_open(&other, things->url + strlen("sqlite:"), NULL, PL_SQLITE_WRITER, NULL), 0);
    assert_int_equal(pl_sql_script(&other->sql, "BEGIN IMMEDIATE", NULL), 0);
    for (int64_t id = 0; id < 3; id++) {
        things_submit(things, THING_ADD, id);
    }
    things_wait(things, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(things->done[i].rc, PL_E_TIMEOUT);
        assert_non_null(strstr(things->done[i].error, "another process keeps the database /"));
        assert_non_null(strstr(things->done[i].error, " locked"));
    }
    int64_t count = -1;
    assert_int_equal(things_run(things, THING_COUNT, 0, &count), 0); /* reads go on */
    assert_int_equal(count, 0);
    pl_sqlite_close(other);
    assert_int_equal(things_run(things, THING_ADD, 1, NULL), 0);
    things_close(things);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sqlite_without_memory_an_operation_is_whole_or_nothing),
        cmocka_unit_test(test_sqlite_opens_or_not_without_memory),
        cmocka_unit_test(test_store_fails_while_another_process_holds_the_lock),
    };
    return cmocka_run_group_tests(tests, replace_malloc, NULL);
}
