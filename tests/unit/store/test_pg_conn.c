/* A connection to a real PostgreSQL: values, the pipeline, and what happens when something in it fails. Needs
 * PARLEY_TEST_POSTGRES (script/with-postgres); without it the tests are skipped. */
#include "store/postgres/pg_conn.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

static struct pl_pg_conn conn;
static struct pl_error err;

static int open_conn(void **state)
{
    (void)state;
    const char *url = getenv("PARLEY_TEST_POSTGRES");
    pl_pg_init(&conn, 5000);
    if (pl_pg_connect(&conn, url, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(
        pl_pg_script(&conn,
                     "DROP TABLE IF EXISTS conn_things;"
                     "CREATE TABLE conn_things (id BIGINT PRIMARY KEY, small SMALLINT, "
                     "name TEXT COLLATE \"C\", bytes BYTEA)",
                     &err),
        0);
    return 0;
}

static int close_conn(void **state)
{
    (void)state;
    pl_pg_fini(&conn);
    return 0;
}

static int insert(int64_t id, struct pl_sql_value name)
{
    return PL_SQL_RUN(&conn.sql, &err,
                      "INSERT INTO conn_things (id, small, name) VALUES ($1, $2, $3)",
                      pl_sql_int(id), pl_sql_int(id % 100), name);
}

static int64_t count_things(void)
{
    struct pl_sql_rows rows;
    assert_int_equal(
        pl_sql_query(&rows, &conn.sql, "SELECT count(*) FROM conn_things", NULL, 0, &err), 0);
    assert_int_equal(pl_sql_next(&rows, &err), 1);
    int64_t count = pl_sql_get_int(&rows, 0);
    pl_sql_end(&rows);
    return count;
}

static void test_values_come_back_as_they_went(void **state)
{
    (void)state;
    static const char bytes[] = {0, 1, '\\', (char)0xff};
    struct pl_sql_rows rows;
    assert_int_equal(
        PL_SQL_RUN(&conn.sql, &err,
                   "INSERT INTO conn_things (id, small, name, bytes) VALUES ($1, $2, $3, $4)",
                   pl_sql_int(INT64_MIN), pl_sql_int(-7), pl_sql_text(PL_STR("\xc3\xa4' \"%_\n")),
                   pl_sql_bytes(pl_str_make(bytes, sizeof(bytes)))),
        0);
    assert_int_equal(
        PL_SQL_QUERY(&rows, &conn.sql, &err,
                     "SELECT id, small, name, bytes, NULL FROM conn_things WHERE name = $1",
                     pl_sql_text(PL_STR("\xc3\xa4' \"%_\n"))),
        0);
    assert_int_equal(pl_sql_next(&rows, &err), 1);
    assert_true(pl_sql_get_int(&rows, 0) == INT64_MIN);
    assert_int_equal(pl_sql_get_int(&rows, 1), -7);
    assert_true(pl_str_eq(pl_sql_get_bytes(&rows, 2), PL_STR("\xc3\xa4' \"%_\n")));
    assert_true(pl_str_eq(pl_sql_get_bytes(&rows, 3), pl_str_make(bytes, sizeof(bytes))));
    assert_true(pl_sql_is_null(&rows, 4));
    assert_int_equal(pl_sql_next(&rows, &err), 0);
    pl_sql_end(&rows);
}

static void test_null_first_and_a_value_later(void **state)
{
    (void)state;
    assert_int_equal(insert(1, pl_sql_null()), 0);
    assert_int_equal(insert(2, pl_sql_text(PL_STR("two"))), 0);
    assert_int_equal(insert(3, pl_sql_null()), 0);
    assert_int_equal(count_things(), 3);
}

static void test_text_that_cannot_be_stored_is_refused(void **state)
{
    (void)state;
    assert_int_equal(insert(1, pl_sql_text(pl_str_make("a\0b", 3))), PL_E_INVALID);
    assert_int_equal(insert(2, pl_sql_text(PL_STR("\xff"))), PL_E_INVALID);
    assert_int_equal(count_things(), 0);
}

static void test_changed_counts_rows(void **state)
{
    (void)state;
    int64_t changed = -1;
    for (int64_t id = 1; id <= 5; id++) {
        assert_int_equal(insert(id, pl_sql_null()), 0);
    }
    struct pl_sql_value values[] = {pl_sql_int(2)};
    assert_int_equal(
        pl_sql_run(&conn.sql, "DELETE FROM conn_things WHERE id > $1", values, 1, &changed, &err),
        0);
    assert_int_equal(changed, 3);
}

static void test_failure_is_told_with_the_next_query_and_whose_it_was(void **state)
{
    (void)state;
    struct pl_sql_rows rows;
    assert_int_equal(pl_pg_command(&conn, "BEGIN", &err), 0);
    assert_int_equal(pl_pg_command(&conn, "SAVEPOINT op", &err), 0);
    pl_pg_begin_op(&conn, 7);
    assert_int_equal(insert(1, pl_sql_null()), 0);
    assert_int_equal(insert(1, pl_sql_null()), 0);
    pl_pg_begin_op(&conn, 8);
    assert_int_equal(insert(2, pl_sql_null()), 0);
    assert_int_equal(pl_sql_query(&rows, &conn.sql, "SELECT 1", NULL, 0, &err), PL_E_EXISTS);
    assert_true(conn.has_failed);
    assert_int_equal(conn.failed_op, 7);
    assert_int_equal(insert(3, pl_sql_null()), PL_E_EXISTS); /* all behind it is stopped */
    assert_int_equal(pl_pg_recover(&conn, &err), 0);
    assert_int_equal(pl_pg_command(&conn, "ROLLBACK TO SAVEPOINT op", &err), 0);
    assert_int_equal(insert(4, pl_sql_null()), 0);
    assert_int_equal(pl_pg_command(&conn, "COMMIT", &err), 0);
    assert_int_equal(count_things(), 1);
}

static void test_statement_that_was_stopped_is_prepared_again(void **state)
{
    (void)state;
    struct pl_sql_rows rows;
    assert_int_equal(insert(1, pl_sql_null()), 0);
    assert_int_equal(insert(1, pl_sql_null()), 0);
    for (int i = 0; i < 2; i++) {
        int rc = PL_SQL_QUERY(&rows, &conn.sql, &err, "SELECT name FROM conn_things WHERE id = $1",
                              pl_sql_int(1));
        assert_int_equal(rc, i == 0 ? PL_E_EXISTS : 0);
        pl_sql_end(&rows);
        if (i == 0) {
            assert_int_equal(pl_pg_recover(&conn, &err), 0);
        }
    }
}

static void test_more_statements_than_may_be_on_their_way(void **state)
{
    (void)state;
    for (int64_t id = 0; id < 4 * PL_PG_PENDING_MAX; id++) {
        assert_int_equal(insert(id, pl_sql_text(PL_STR("some text"))), 0);
    }
    assert_int_equal(count_things(), 4 * PL_PG_PENDING_MAX);
}

static void test_rows_of_two_queries_at_once(void **state)
{
    (void)state;
    struct pl_sql_rows outer;
    struct pl_sql_rows inner;
    int64_t sum = 0;
    for (int64_t id = 1; id <= 3; id++) {
        assert_int_equal(insert(id, pl_sql_null()), 0);
    }
    assert_int_equal(
        pl_sql_query(&outer, &conn.sql, "SELECT id FROM conn_things ORDER BY id", NULL, 0, &err),
        0);
    while (pl_sql_next(&outer, &err) == 1) {
        assert_int_equal(PL_SQL_QUERY(&inner, &conn.sql, &err,
                                      "SELECT count(*) FROM conn_things WHERE id <= $1",
                                      pl_sql_int(pl_sql_get_int(&outer, 0))),
                         0);
        assert_int_equal(pl_sql_next(&inner, &err), 1);
        sum += pl_sql_get_int(&inner, 0);
        pl_sql_end(&inner);
    }
    pl_sql_end(&outer);
    assert_int_equal(sum, 6);
}

static void test_lost_connection_is_closed_and_opened_again(void **state)
{
    (void)state;
    struct pl_sql_rows rows;
    int rc = pl_sql_query(&rows, &conn.sql, "SELECT pg_terminate_backend(pg_backend_pid())", NULL,
                          0, &err);
    pl_sql_end(&rows);
    assert_int_equal(rc, PL_E_CLOSED);
    assert_int_equal(insert(1, pl_sql_null()), PL_E_CLOSED);
    assert_int_equal(pl_pg_recover(&conn, &err), PL_E_CLOSED);
    assert_int_equal(pl_pg_connect(&conn, getenv("PARLEY_TEST_POSTGRES"), &err), 0);
    assert_int_equal(insert(1, pl_sql_null()), 0);
    assert_int_equal(count_things(), 1);
}

static void test_silent_server_is_a_lost_connection(void **state)
{
    (void)state;
    struct pl_sql_rows rows;
    conn.timeout_ms = 50;
    assert_int_equal(pl_sql_query(&rows, &conn.sql, "SELECT pg_sleep(5)", NULL, 0, &err),
                     PL_E_CLOSED);
    assert_non_null(strstr(err.text, "no answer"));
}

static void test_script_runs_several_commands(void **state)
{
    (void)state;
    assert_int_equal(pl_pg_script(&conn,
                                  "BEGIN; INSERT INTO conn_things (id) VALUES (1); "
                                  "INSERT INTO conn_things (id) VALUES (2); COMMIT;",
                                  &err),
                     0);
    assert_int_equal(count_things(), 2);
    assert_int_equal(pl_pg_script(&conn, "SELECT nothing_of_the_kind()", &err), PL_E_IO);
    assert_int_equal(count_things(), 2);
}

static void test_nobody_listens(void **state)
{
    (void)state;
    struct pl_pg_conn other;
    pl_pg_init(&other, 1000);
    assert_int_equal(pl_pg_connect(&other, "postgresql://parley:secret@127.0.0.1:1/parley", &err),
                     PL_E_CLOSED);
    assert_null(strstr(err.text, "secret"));
    pl_pg_fini(&other);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_conn, close_conn)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_values_come_back_as_they_went),
        CASE(test_null_first_and_a_value_later),
        CASE(test_text_that_cannot_be_stored_is_refused),
        CASE(test_changed_counts_rows),
        CASE(test_failure_is_told_with_the_next_query_and_whose_it_was),
        CASE(test_statement_that_was_stopped_is_prepared_again),
        CASE(test_more_statements_than_may_be_on_their_way),
        CASE(test_rows_of_two_queries_at_once),
        CASE(test_lost_connection_is_closed_and_opened_again),
        CASE(test_silent_server_is_a_lost_connection),
        CASE(test_script_runs_several_commands),
        CASE(test_nobody_listens),
    };
    if (getenv("PARLEY_TEST_POSTGRES") == NULL) {
        print_message("no PARLEY_TEST_POSTGRES: script/with-postgres sets it\n");
        return 77; /* skipped, to Meson */
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
