/* A database for tests of operations, fresh and with the whole schema: SQLite in memory, or, where
 * PARLEY_TEST_STORE is "postgres", a schema of its own on the server of PARLEY_TEST_POSTGRES. Each program that
 * uses it is run on both. */
#ifndef TESTS_UNIT_STORE_TEST_DB_H
#define TESTS_UNIT_STORE_TEST_DB_H

#include "store/store.h"

struct test_db;

/* Never NULL: a database that cannot be had ends the program, with words. */
struct test_db *test_db_open(void);
void test_db_close(struct test_db *db); /* NULL is fine */

/* Run one operation in its transaction, and tell op->rc (also returned). It runs twice, and the first time is undone:
 * an operation that does not reset its results shows it. */
int test_db_run(struct test_db *db, struct pl_store_op *op);

/* For tests that look at rows themselves, between operations. */
struct pl_sql *test_db_sql(struct test_db *db);

#endif
