/* Operations on a table of things, and a server that goes and comes. */
#include "pg_lost.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct thing_op {
    struct pl_store_op op;
    int64_t id;
    int64_t count;
};

void lost_wake(void *user)
{
    (void)user; /* pl_store_run and pl_store_destroy look for themselves */
}

/* Run twice, it would fail. */
static int run_insert(struct pl_store_op *base, struct pl_sql *sql)
{
    struct thing_op *op = (struct thing_op *)base;
    return PL_SQL_RUN(sql, &base->error, "INSERT INTO lost_things (id) VALUES ($1)",
                      pl_sql_int(op->id));
}

static int run_count(struct pl_store_op *base, struct pl_sql *sql)
{
    struct thing_op *op = (struct thing_op *)base;
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, &base->error,
                          "SELECT count(*) FROM lost_things WHERE $1 = 0 OR id = $1",
                          pl_sql_int(op->id));
    if (rc == 0) {
        rc = pl_sql_next(&rows, &base->error);
        op->count = pl_sql_get_int(&rows, 0);
        pl_sql_end(&rows);
    }
    return rc < 0 ? rc : 0;
}

static const struct pl_store_op_type insert_type = {
    .name = "insert", .is_write = true, .size = sizeof(struct thing_op), .run = run_insert};
static const struct pl_store_op_type count_type = {
    .name = "count", .size = sizeof(struct thing_op), .run = run_count};

struct lost lost;

void lost_open(const char *url, uint32_t patience_ms)
{
    struct pl_store_config config = {.wake = lost_wake, .patience_ms = patience_ms};
    if (pl_postgres_store_open(&lost.store, &config, url, true, &lost.err) < 0) {
        fail_msg("%s", lost.err.text);
    }
}

int lost_set_up(void **state)
{
    (void)state;
    lost_psql("SET client_min_messages = error; DROP TABLE IF EXISTS lost_things; "
              "CREATE TABLE lost_things (id BIGINT PRIMARY KEY)");
    return 0;
}

int lost_tear_down(void **state)
{
    (void)state;
    pl_store_destroy(lost.store);
    lost.store = NULL;
    return 0;
}

void lost_server(const char *what)
{
    char command[256];
    (void)snprintf(command, sizeof(command), "\"$PARLEY_TEST_POSTGRES_DIR/%s\"", what);
    assert_int_equal(system(command), 0);
}

int lost_insert(int64_t id)
{
    struct thing_op *op = (struct thing_op *)pl_store_op_create(&insert_type, 0);
    op->id = id;
    int rc = pl_store_run(lost.store, &op->op);
    lost.err = op->op.error;
    pl_store_op_free(&op->op);
    return rc;
}

int64_t lost_count_named(int64_t id)
{
    struct thing_op *op = (struct thing_op *)pl_store_op_create(&count_type, 0);
    op->id = id;
    if (pl_store_run(lost.store, &op->op) < 0) {
        fail_msg("%s", op->op.error.text);
    }
    int64_t count = op->count;
    pl_store_op_free(&op->op);
    return count;
}

int64_t lost_count(void)
{
    return lost_count_named(0);
}

/* Run a command on the database itself. */
void lost_psql(const char *sql)
{
    char command[512];
    (void)snprintf(command, sizeof(command),
                   "psql -X -q -o /dev/null \"$PARLEY_TEST_POSTGRES\" -c \"%s\"", sql);
    assert_int_equal(system(command), 0);
}
