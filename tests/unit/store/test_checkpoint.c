/* The journal of SQLite does not grow without end, and nobody waits long for a reader that does not end. */
#include "store/sqlite/checkpoint.h"

#include "things.h"

#include "base/env.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <cmocka.h>

static struct things *things; /* for its directory */
static struct pl_sqlite *writer;
static struct pl_sqlite *readers[2];
static char path[128];

static int set_up(void **state)
{
    (void)state;
    things = things_create();
    snprintf(path, sizeof(path), "%s/store.db", things->dir);
    if (pl_sqlite_open(&writer, path, NULL, PL_SQLITE_WRITER, NULL) < 0) {
        return -1;
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(readers); i++) {
        if (pl_sqlite_open(&readers[i], path, NULL, PL_SQLITE_READER, NULL) < 0) {
            return -1;
        }
    }
    writer->wal_large_pages = 100;
    writer->wal_wait_pages = 100;
    return pl_sql_script(&writer->sql, "CREATE TABLE t (a)", NULL);
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(readers); i++) {
        pl_sqlite_close(readers[i]);
    }
    pl_sqlite_close(writer);
    things_close(things);
    return 0;
}

static void write_some(int count)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(
            pl_sql_script(&writer->sql, "INSERT INTO t VALUES (zeroblob(20000))", NULL), 0);
    }
}

static void look(struct pl_sqlite *conn)
{
    assert_int_equal(pl_sql_script(&conn->sql, "BEGIN; SELECT count(*) FROM t", NULL), 0);
}

static int64_t journal_bytes(void)
{
    struct stat there;
    char wal[160];
    snprintf(wal, sizeof(wal), "%s-wal", path);
    assert_int_equal(stat(wal, &there), 0);
    return there.st_size;
}

/* Far below the 1,000 pages that SQLite itself would let it grow to. */
static void test_journal_begins_anew_when_it_is_large(void **state)
{
    (void)state;
    write_some(200);
    assert_true(journal_bytes() < 150 * 4096);
}

static void test_journal_grows_beside_a_long_reader_and_shrinks_after_it(void **state)
{
    (void)state;
    look(readers[0]);
    int64_t before_ms = pl_clock_monotonic_ms();
    write_some(300);
    assert_true(pl_clock_monotonic_ms() - before_ms <
                5000); /* it gives up quickly, and seldom tries */
    assert_true(journal_bytes() > 1000 * 4096);
    assert_true(writer->wal_wait_pages > 1500);
    pl_sqlite_rollback(readers[0]);
    writer->wal_wait_pages = 0; /* the time to try again has come */
    write_some(1);
    assert_int_equal(writer->wal_wait_pages, 100);
    int64_t grown = journal_bytes();
    write_some(100);
    assert_int_equal(journal_bytes(), grown); /* used again from the front */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_journal_begins_anew_when_it_is_large),
        TEST(test_journal_grows_beside_a_long_reader_and_shrinks_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
