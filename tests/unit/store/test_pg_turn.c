/* Whose turn it is to write to a PostgreSQL: one process alone does, and hands it on. Run by
 * script/with-postgres --own. */
#include "pg_lost.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_database_of_another_parley_is_refused(void **state)
{
    (void)state;
    struct pl_store *other = NULL;
    struct pl_store_config config = {.wake = lost_wake, .patience_ms = LOST_SHORT_MS};
    lost_open(getenv("PARLEY_TEST_POSTGRES"), LOST_LONG_MS);
    assert_int_equal(
        pl_postgres_store_open(&other, &config, getenv("PARLEY_TEST_POSTGRES"), true, &lost.err),
        PL_E_STATE);
    assert_non_null(strstr(lost.err.text, "another Parley"));
}

/* As another server that had it for a while. */
static void test_who_comes_back_after_another_one_wrote_does_not_write(void **state)
{
    (void)state;
    lost_open(getenv("PARLEY_TEST_POSTGRES"), LOST_SHORT_MS);
    assert_int_equal(lost_insert(1), 0);
    lost_psql("UPDATE parley_commits SET run = '\\x00112233445566778899aabbccddeeff'");
    lost_psql(LOST_END_SESSIONS);
    assert_int_equal(lost_insert(2), PL_E_CLOSED);
    assert_non_null(strstr(lost.err.text, "restart this one"));
    assert_int_equal(lost_count(), 1);
}

/* Swap which store is asked. */
static void ask(struct pl_store *other, struct pl_store **former)
{
    *former = lost.store;
    lost.store = other;
}

static struct pl_store *open_successor(void)
{
    struct pl_store *successor = NULL;
    struct pl_store_config config = {.wake = lost_wake, .takes_over = true};
    if (pl_postgres_store_open(&successor, &config, getenv("PARLEY_TEST_POSTGRES"), true,
                               &lost.err) < 0) {
        fail_msg("%s", lost.err.text);
    }
    return successor;
}

static void test_successor_writes_and_the_one_before_no_more(void **state)
{
    (void)state;
    struct pl_store *before;
    struct pl_store *successor;
    lost_open(getenv("PARLEY_TEST_POSTGRES"), LOST_SHORT_MS);
    successor = open_successor();
    assert_int_equal(lost_insert(1), 0); /* still */
    ask(successor, &before);
    assert_int_equal(lost_insert(2), 0);
    ask(before, &successor);
    assert_int_equal(lost_insert(3), PL_E_CLOSED);
    assert_non_null(strstr(lost.err.text, "taken this database over"));
    pl_store_destroy(before);
    lost.store = successor;
    assert_int_equal(lost_insert(4), 0);
    assert_int_equal(lost_count(), 3);
    successor = open_successor(); /* and so on */
    ask(successor, &before);
    assert_int_equal(lost_insert(5), 0);
    pl_store_destroy(before);
    assert_int_equal(lost_insert(6), 0);
}

/* Also when it has not written yet, and the one before is gone. */
static void test_nobody_else_writes_beside_a_successor(void **state)
{
    (void)state;
    struct pl_store *before;
    struct pl_store *other = NULL;
    struct pl_store_config config = {.wake = lost_wake, .patience_ms = LOST_SHORT_MS};
    lost_open(getenv("PARLEY_TEST_POSTGRES"), LOST_LONG_MS);
    assert_int_equal(lost_insert(1), 0);
    ask(open_successor(), &before);
    pl_store_destroy(before);
    assert_int_equal(
        pl_postgres_store_open(&other, &config, getenv("PARLEY_TEST_POSTGRES"), true, &lost.err),
        PL_E_STATE);
    ask(open_successor(), &before); /* the next one */
    pl_store_destroy(before);
    assert_int_equal(lost_insert(2), 0);
    assert_int_equal(lost_count(), 2);
}

static void test_connections_lost_while_a_successor_waits(void **state)
{
    (void)state;
    struct pl_store *before;
    struct pl_store *successor;
    lost_open(getenv("PARLEY_TEST_POSTGRES"), LOST_LONG_MS);
    assert_int_equal(lost_insert(1), 0);
    successor = open_successor();
    lost_psql(LOST_END_SESSIONS);
    assert_int_equal(lost_insert(2), 0);
    ask(successor, &before);
    assert_int_equal(lost_insert(3), 0);
    lost_psql(LOST_END_SESSIONS);
    assert_int_equal(lost_insert(4), 0);
    ask(before, &successor);
    assert_int_equal(lost_insert(5), PL_E_CLOSED);
    pl_store_destroy(lost.store);
    lost.store = successor;
    assert_int_equal(lost_insert(6), 0);
    assert_int_equal(lost_count(), 5);
}

static void test_successor_that_dies_leaves_the_one_before_in_charge(void **state)
{
    (void)state;
    struct pl_store *before;
    lost_open(getenv("PARLEY_TEST_POSTGRES"), LOST_LONG_MS);
    ask(open_successor(), &before);
    assert_int_equal(lost_insert(1), 0);
    pl_store_destroy(lost.store);
    lost.store = before;
    assert_int_equal(lost_insert(2), 0);
    assert_int_equal(lost_insert(3), 0);
    assert_int_equal(lost_count(), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOST_TEST(test_database_of_another_parley_is_refused),
        LOST_TEST(test_who_comes_back_after_another_one_wrote_does_not_write),
        LOST_TEST(test_successor_writes_and_the_one_before_no_more),
        LOST_TEST(test_nobody_else_writes_beside_a_successor),
        LOST_TEST(test_connections_lost_while_a_successor_waits),
        LOST_TEST(test_successor_that_dies_leaves_the_one_before_in_charge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
