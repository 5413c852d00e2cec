/* A PostgreSQL that goes away, for a moment and for long, and servers that are none to be taken. What was
 * acknowledged is there, once; what was not says why; nothing has to be started again. Run by
 * script/with-postgres --own. */
#include "pg_lost.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void *restart_soon(void *user)
{
    (void)user;
    lost_server("start");
    return NULL;
}

static void test_server_that_restarts_is_not_noticed(void **state)
{
    (void)state;
    lost_open(getenv("PARLEY_TEST_POSTGRES"), LOST_LONG_MS);
    int64_t id = 0;
    for (int round = 0; round < 3; round++) {
        pthread_t thread;
        lost_server("stop");
        assert_int_equal(pthread_create(&thread, NULL, restart_soon, NULL), 0);
        for (int i = 0; i < 20; i++) {
            assert_int_equal(lost_insert(++id), 0);
        }
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    assert_int_equal(lost_count(), id);
}

static void test_server_that_stays_away_is_told_and_welcomed_back(void **state)
{
    (void)state;
    lost_open(getenv("PARLEY_TEST_POSTGRES"), LOST_SHORT_MS);
    assert_int_equal(lost_insert(1), 0);
    lost_server("stop");
    assert_int_equal(lost_insert(2), PL_E_CLOSED);
    assert_non_null(strstr(lost.err.text, "PostgreSQL"));
    assert_int_equal(lost_insert(3), PL_E_CLOSED); /* at once */
    lost_server("start");
    assert_int_equal(lost_insert(4), 0);
    assert_int_equal(lost_count(), 2);
}

static void test_sessions_that_are_ended_are_opened_again(void **state)
{
    (void)state;
    lost_open(getenv("PARLEY_TEST_POSTGRES"), LOST_LONG_MS);
    for (int64_t id = 1; id <= 5; id++) {
        assert_int_equal(lost_insert(id), 0);
        lost_psql(LOST_END_SESSIONS);
        assert_int_equal(lost_count(), id);
    }
}

/* The session of a connection that broke is still there: what it was told last may happen yet. */
static void test_writing_waits_for_the_end_of_its_former_session(void **state)
{
    (void)state;
    lost_open(getenv("PARLEY_TEST_POSTGRES"), LOST_SHORT_MS);
    assert_int_equal(lost_insert(1), 0);
    lost_psql("CREATE TABLE locks AS SELECT objid::bigint FROM pg_locks LIMIT 0");
    lost_psql("INSERT INTO locks SELECT classid::bigint << 32 | objid::bigint FROM pg_locks WHERE "
              "locktype "
              "= 'advisory'");
    /* another session takes that of the process, which has two */
    FILE *other = popen("psql -X -q -o /dev/null \"$PARLEY_TEST_POSTGRES\"", "w");
    assert_non_null(other);
    (void)fprintf(other,
                  "%s;\nSELECT pg_advisory_lock(objid) FROM locks WHERE objid <> "
                  "88426193477985;\nUPDATE lost_things SET id = 7;\n",
                  LOST_END_SESSIONS);
    (void)fflush(other);
    while (lost_count_named(7) == 0) {
        (void)poll(NULL, 0, 10);
    }
    assert_int_equal(lost_insert(2), PL_E_CLOSED);
    assert_non_null(strstr(lost.err.text, "the connection before"));
    assert_int_equal(pclose(other), 0);
    while (lost_insert(3) < 0) { /* until the server has noticed, too */
        (void)poll(NULL, 0, 10);
    }
    lost_psql("DROP TABLE locks");
}

struct look_op {
    struct pl_store_op op;
    int64_t count;
};

/* What the session of the writer is like. */
static int run_look_at_session(struct pl_store_op *base, struct pl_sql *sql)
{
    struct look_op *op = (struct look_op *)base;
    struct pl_sql_rows rows;
    int rc = pl_sql_query(&rows, sql,
                          "SELECT count(*) FROM pg_settings WHERE (name, setting) IN "
                          "(('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), "
                          "('tcp_keepalives_count', '3'), ('tcp_user_timeout', '25000'), "
                          "('synchronous_commit', 'on'), ('idle_session_timeout', '0'))",
                          NULL, 0, &base->error);
    if (rc == 0) {
        rc = pl_sql_next(&rows, &base->error);
        op->count = pl_sql_get_int(&rows, 0);
        pl_sql_end(&rows);
    }
    return rc < 0 ? rc : 0;
}

static const struct pl_store_op_type session_type = {.name = "session",
                                                     .is_write = true,
                                                     .size = sizeof(struct look_op),
                                                     .run = run_look_at_session};

/* Whatever the administrator of the server prefers: a session that nobody has any more ends soon. */
static void test_session_is_durable_and_notices_who_is_gone(void **state)
{
    (void)state;
    char url[256];
    (void)snprintf(
        url, sizeof(url),
        "%s?options=-c%%20synchronous_commit%%3Doff%%20-c%%20idle_session_timeout%%3D9000",
        getenv("PARLEY_TEST_POSTGRES"));
    lost_open(url, LOST_LONG_MS);
    struct look_op *op = (struct look_op *)pl_store_op_create(&session_type, 0);
    assert_int_equal(pl_store_run(lost.store, &op->op), 0);
    assert_int_equal(op->count, 6);
    pl_store_op_free(&op->op);
}

static void test_standby_is_refused(void **state)
{
    (void)state;
    struct pl_store_config config = {.wake = lost_wake, .patience_ms = LOST_SHORT_MS};
    char url[256];
    (void)snprintf(url, sizeof(url), "%s?options=-c%%20default_transaction_read_only%%3Don",
                   getenv("PARLEY_TEST_POSTGRES"));
    assert_int_equal(pl_postgres_store_open(&lost.store, &config, url, true, &lost.err),
                     PL_E_CLOSED);
    assert_non_null(strstr(lost.err.text, "read-only"));
}

static void test_database_without_utf8_is_refused(void **state)
{
    (void)state;
    struct pl_store_config config = {.wake = lost_wake};
    char url[256];
    char *name;
    lost_psql("CREATE DATABASE lost_latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    (void)snprintf(url, sizeof(url), "%s", getenv("PARLEY_TEST_POSTGRES"));
    name = strrchr(url, '/');
    (void)snprintf(name, sizeof(url) - (size_t)(name - url), "/lost_latin");
    assert_int_equal(pl_postgres_store_open(&lost.store, &config, url, true, &lost.err),
                     PL_E_UNSUPPORTED);
    assert_non_null(strstr(lost.err.text, "UTF8"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOST_TEST(test_server_that_restarts_is_not_noticed),
        LOST_TEST(test_server_that_stays_away_is_told_and_welcomed_back),
        LOST_TEST(test_sessions_that_are_ended_are_opened_again),
        LOST_TEST(test_writing_waits_for_the_end_of_its_former_session),
        LOST_TEST(test_session_is_durable_and_notices_who_is_gone),
        LOST_TEST(test_standby_is_refused),
        LOST_TEST(test_database_without_utf8_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
