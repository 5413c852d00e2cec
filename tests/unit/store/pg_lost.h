/* For tests of a PostgreSQL that is lost (script/with-postgres --own): a store on it with a table of things, empty
 * before each test, and the server itself.
 * Threads: one at a time, but for lost_server. */
#ifndef TESTS_UNIT_STORE_PG_LOST_H
#define TESTS_UNIT_STORE_PG_LOST_H

#include "store/postgres/store.h"

/* Long enough for any server to come back, or short enough to wait for. */
enum { LOST_LONG_MS = 100000, LOST_SHORT_MS = 300 };

/* The store that is asked, closed after each test, and the last error. */
extern struct lost {
    struct pl_store *store;
    struct pl_error err;
} lost;

void lost_wake(void *user);
void lost_open(const char *url, uint32_t patience_ms);

/* Returns what became of it; done twice, it would fail. */
int lost_insert(int64_t id);
int64_t lost_count(void);
int64_t lost_count_named(int64_t id);

void lost_server(const char *what); /* "stop" or "start" */
void lost_psql(const char *sql);    /* on the database itself */

#define LOST_END_SESSIONS                                                                          \
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley'"

int lost_set_up(void **state);
int lost_tear_down(void **state);
#define LOST_TEST(name) cmocka_unit_test_setup_teardown(name, lost_set_up, lost_tear_down)

#endif
