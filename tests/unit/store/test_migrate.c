/* Migrations on SQLite: in order, once, whole or not at all, and only those the program knows. */
#include "store/migrate.h"

#include "store/sqlite/conn.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static const struct pl_migration items[] = {
    {1, "first", "aa", "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);"},
    {2, "second", "bb", "-- a comment\nCREATE TABLE b (x INTEGER);\nINSERT INTO a VALUES (2);\n"},
    {3, "third", "cc", "INSERT INTO a VALUES (3); INSERT INTO nowhere VALUES (4);"},
};
static const struct pl_migrations two = {items, 2};
static const struct pl_migrations three = {items, 3};

static struct pl_sqlite *conn;

static int open_conn(void **state)
{
    (void)state;
    return pl_sqlite_open(&conn, ":memory:", NULL, PL_SQLITE_WRITER, NULL);
}

static int close_conn(void **state)
{
    (void)state;
    pl_sqlite_close(conn);
    return 0;
}

static int64_t sum_of_a(void)
{
    struct pl_sql_rows rows;
    assert_int_equal(pl_sql_query(&rows, &conn->sql, "SELECT sum(x) FROM a", NULL, 0, NULL), 0);
    assert_int_equal(pl_sql_next(&rows, NULL), 1);
    int64_t sum = pl_sql_get_int(&rows, 0);
    pl_sql_end(&rows);
    return sum;
}

static void test_migrations_are_applied_once(void **state)
{
    (void)state;
    struct pl_error err;
    struct pl_migration_list list;
    assert_int_equal(pl_migrate_list(&list, &conn->sql, &two, &err), 0);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.pending_count, 2);
    assert_int_equal(pl_migrate_check(&list, true, &err), 0);
    assert_int_equal(pl_migrate_check(&list, false, &err), PL_E_STATE);
    assert_non_null(strstr(err.text, "lacks 2 migrations"));
    pl_migration_list_free(&list);
    assert_int_equal(pl_migrate_up(&conn->sql, &two, NULL, &err), 2);
    assert_int_equal(pl_migrate_up(&conn->sql, &two, NULL, &err), 0);
    assert_int_equal(sum_of_a(), 3);
    assert_int_equal(pl_migrate_list(&list, &conn->sql, &two, &err), 0);
    assert_int_equal(list.pending_count, 0);
    assert_int_equal(list.rows[1].number, 2);
    assert_string_equal(list.rows[1].name, "second");
    assert_int_equal(list.rows[1].state, PL_MIGRATION_APPLIED);
    assert_true(list.rows[1].applied_ms > 0);
    assert_int_equal(pl_migrate_check(&list, false, &err), 0);
    pl_migration_list_free(&list);
}

static void test_migration_that_fails_leaves_nothing_behind(void **state)
{
    (void)state;
    struct pl_error err;
    struct pl_migration_list list;
    assert_int_equal(pl_migrate_up(&conn->sql, &three, NULL, &err), PL_E_INVALID);
    assert_non_null(strstr(err.text, "migration 3 (third)"));
    assert_non_null(strstr(err.text, "nowhere"));
    assert_int_equal(sum_of_a(), 3); /* the two before it stay */
    assert_int_equal(pl_migrate_list(&list, &conn->sql, &three, &err), 0);
    assert_int_equal(list.pending_count, 1);
    pl_migration_list_free(&list);
}

static void test_migrations_of_a_newer_program_are_told(void **state)
{
    (void)state;
    struct pl_error err;
    struct pl_migration_list list;
    static const struct pl_migrations one = {items, 1};
    assert_int_equal(pl_migrate_up(&conn->sql, &two, NULL, &err), 2);
    assert_int_equal(pl_migrate_list(&list, &conn->sql, &one, &err), 0);
    assert_int_equal(list.rows[1].state, PL_MIGRATION_UNKNOWN);
    assert_int_equal(pl_migrate_check(&list, true, &err), PL_E_STATE);
    pl_migration_list_free(&list);
    assert_int_equal(pl_migrate_up(&conn->sql, &one, NULL, &err), PL_E_STATE);
}

static void test_migrations_that_changed_are_told(void **state)
{
    (void)state;
    struct pl_error err;
    struct pl_migration_list list;
    struct pl_migration changed[] = {items[0], items[1]};
    struct pl_migrations known = {changed, 2};
    changed[1].checksum = "other";
    assert_int_equal(pl_migrate_up(&conn->sql, &two, NULL, &err), 2);
    assert_int_equal(pl_migrate_list(&list, &conn->sql, &known, &err), 0);
    assert_int_equal(list.rows[1].state, PL_MIGRATION_CHANGED);
    pl_migration_list_free(&list);
    assert_int_equal(pl_migrate_up(&conn->sql, &known, NULL, &err), PL_E_STATE);
}

static void test_migrations_are_taken_when_they_may_be(void **state)
{
    (void)state;
    struct pl_error err;
    struct pl_sql *sql = &conn->sql;
    static const struct pl_migrations one = {items, 1};
    assert_int_equal(pl_migrate_open(sql, &one, PL_MIGRATE_NEVER, NULL, &err), PL_E_STATE);
    assert_int_equal(pl_migrate_open(sql, &one, PL_MIGRATE_FRESH, NULL, &err), 0);
    assert_int_equal(pl_migrate_open(sql, &one, PL_MIGRATE_NEVER, NULL, &err), 0);
    assert_int_equal(pl_migrate_open(sql, &two, PL_MIGRATE_FRESH, NULL, &err), PL_E_STATE);
    assert_non_null(strstr(err.text, "lacks 1 migration of this program"));
    assert_int_equal(sum_of_a(), 1);
    assert_int_equal(pl_migrate_open(sql, &two, PL_MIGRATE_ALWAYS, NULL, &err), 0);
    assert_int_equal(sum_of_a(), 3);
    assert_int_equal(pl_migrate_open(sql, &one, PL_MIGRATE_ALWAYS, NULL, &err), PL_E_STATE);
}

static void test_migrations_in_the_program_are_numbered_without_gaps(void **state)
{
    (void)state;
    const struct pl_migrations *const lists[] = {&pl_migrations_sqlite, &pl_migrations_postgres};
    assert_int_equal(lists[0]->count, lists[1]->count);
    for (size_t i = 0; i < lists[0]->count; i++) {
        assert_int_equal(lists[0]->items[i].number, i + 1);
        assert_int_equal(lists[1]->items[i].number, i + 1);
        assert_string_equal(lists[0]->items[i].name, lists[1]->items[i].name);
        assert_int_equal(strlen(lists[0]->items[i].checksum), 64);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_conn, close_conn)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_migrations_are_applied_once),
        TEST(test_migration_that_fails_leaves_nothing_behind),
        TEST(test_migrations_of_a_newer_program_are_told),
        TEST(test_migrations_that_changed_are_told),
        TEST(test_migrations_are_taken_when_they_may_be),
        TEST(test_migrations_in_the_program_are_numbered_without_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
