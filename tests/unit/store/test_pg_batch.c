/* Batches of writes on a real PostgreSQL: whatever fails in them, and whenever that shows, each operation's outcome
 * and what is stored are as if they had run one by one. Needs PARLEY_TEST_POSTGRES (script/with-postgres); without it
 * the tests are skipped. */
#include "store/postgres/pg_batch.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

enum kind {
    INSERT,          /* nobody waits for it */
    INSERT_AND_LOOK, /* and looks whether it is there */
    INSERT_AND_REFUSE,
    INSERT_BAD_TEXT,
    LOOK, /* how many there are */
    LOSE_CONNECTION,
    KIND_COUNT,
};

struct thing_op {
    struct pl_store_op op;
    enum kind kind;
    int64_t id;
    int64_t seen;
};

static struct pl_pg_conn conn;
static struct pl_error err;
static struct pl_pg_mark mark = {.run = {{1, 2, 3}}};

/* --- operations --- */

static int look(struct thing_op *op, struct pl_sql *sql, struct pl_error *error)
{
    struct pl_sql_rows rows;
    int rc = pl_sql_query(&rows, sql, "SELECT count(*) FROM batch_things", NULL, 0, error);
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_next(&rows, error);
    op->seen = pl_sql_get_int(&rows, 0);
    pl_sql_end(&rows);
    return rc < 0 ? rc : 0;
}

static int lose(struct pl_sql *sql, struct pl_error *error)
{
    struct pl_sql_rows rows;
    int rc =
        pl_sql_query(&rows, sql, "SELECT pg_terminate_backend(pg_backend_pid())", NULL, 0, error);
    pl_sql_end(&rows);
    return rc;
}

static int run(struct pl_store_op *base, struct pl_sql *sql)
{
    struct thing_op *op = (struct thing_op *)base;
    struct pl_str text = op->kind == INSERT_BAD_TEXT ? PL_STR("\xff") : PL_STR("fine");
    if (op->kind == LOOK) {
        return look(op, sql, &base->error);
    }
    if (op->kind == LOSE_CONNECTION) {
        return lose(sql, &base->error);
    }
    int rc = PL_SQL_RUN(sql, &base->error, "INSERT INTO batch_things (id, name) VALUES ($1, $2)",
                        pl_sql_int(op->id), pl_sql_text(text));
    if (rc == 0 && op->kind == INSERT_AND_LOOK) {
        rc = look(op, sql, &base->error);
    }
    return rc == 0 && op->kind == INSERT_AND_REFUSE ? pl_store_refuse(base, 5) : rc;
}

static const struct pl_store_op_type type = {
    .name = "thing", .is_write = true, .size = sizeof(struct thing_op), .run = run};

/* Put an operation in front of the others. */
static void add(struct pl_store_op **ops, enum kind kind, int64_t id)
{
    struct thing_op *op = (struct thing_op *)pl_store_op_create(&type, 0);
    op->kind = kind;
    op->id = id;
    op->op.next = *ops;
    *ops = &op->op;
}

static void free_all(struct pl_store_op *ops)
{
    while (ops != NULL) {
        struct pl_store_op *next = ops->next;
        pl_store_op_free(ops);
        ops = next;
    }
}

/* --- fixture --- */

/* In a schema of its own: others have their mark in the usual one. */
static void connect_again(void)
{
    assert_int_equal(pl_pg_connect(&conn, getenv("PARLEY_TEST_POSTGRES"), &err), 0);
    assert_int_equal(
        pl_pg_script(&conn, "CREATE SCHEMA IF NOT EXISTS batch; SET search_path = batch", &err), 0);
}

static void clear(void)
{
    assert_int_equal(pl_pg_script(&conn,
                                  "DROP TABLE IF EXISTS batch_things;"
                                  "CREATE TABLE batch_things (id BIGINT PRIMARY KEY, name TEXT)",
                                  &err),
                     0);
}

static int open_conn(void **state)
{
    (void)state;
    pl_pg_init(&conn, 5000);
    connect_again();
    clear();
    mark.batch = 0;
    assert_int_equal(pl_pg_mark_create(&conn, &mark, &err), 0);
    return 0;
}

static int close_conn(void **state)
{
    (void)state;
    pl_pg_fini(&conn);
    return 0;
}

static int write_batch(struct pl_store_op *ops, bool *in_doubt)
{
    mark.batch++;
    return pl_pg_write(&conn, ops, &mark, in_doubt, &err);
}

static int64_t count_rows(void)
{
    struct pl_store_op *ops = NULL;
    add(&ops, LOOK, 0);
    assert_int_equal(pl_pg_read(&conn, ops, &err), 0);
    assert_int_equal(ops->rc, 0);
    int64_t seen = ((struct thing_op *)ops)->seen;
    free_all(ops);
    return seen;
}

/* --- tests --- */

#define IDS 6 /* few, so that many are there already */

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

/* What each operation must come to, one by one. */
static void expect(struct pl_store_op *ops, bool is_there[IDS])
{
    for (struct pl_store_op *base = ops; base != NULL; base = base->next) {
        struct thing_op *op = (struct thing_op *)base;
        int64_t count = 0;
        bool was_there = op->id >= 0 && is_there[op->id];
        int rc = op->kind == LOOK                             ? 0
                 : op->kind == INSERT_BAD_TEXT                ? PL_E_INVALID
                 : was_there && op->kind != INSERT_AND_REFUSE ? PL_E_EXISTS
                 : op->kind == INSERT_AND_REFUSE              ? 1
                                                              : 0;
        if (op->kind == INSERT_AND_REFUSE && was_there) {
            rc = base->rc; /* it refused before the failure of its own statement showed, or not */
            assert_true(rc == 1 || rc == PL_E_EXISTS);
        }
        assert_int_equal(base->rc, rc);
        if (rc == 0 && op->kind != LOOK) {
            is_there[op->id] = true;
        }
        for (size_t i = 0; i < IDS; i++) {
            count += is_there[i];
        }
        if (rc == 0 && (op->kind == LOOK || op->kind == INSERT_AND_LOOK)) {
            assert_int_equal(op->seen, count);
        }
    }
}

static void test_batches_come_to_what_one_by_one_comes_to(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 150; seed++) {
        uint32_t random = seed;
        bool is_there[IDS] = {false};
        int64_t count = 0;
        clear();
        for (int round = 0; round < 2; round++) {
            struct pl_store_op *ops = NULL;
            bool in_doubt = false;
            uint32_t size = 1 + next_random(&random) % 12;
            for (uint32_t i = 0; i < size; i++) {
                enum kind kind = (enum kind)(next_random(&random) % LOSE_CONNECTION);
                add(&ops, kind, next_random(&random) % IDS);
            }
            assert_int_equal(write_batch(ops, &in_doubt), 0);
            expect(ops, is_there);
            free_all(ops);
        }
        for (size_t i = 0; i < IDS; i++) {
            count += is_there[i];
        }
        assert_int_equal(count_rows(), count);
    }
}

static void test_large_batch(void **state)
{
    (void)state;
    struct pl_store_op *ops = NULL;
    bool in_doubt = false;
    for (int64_t id = 0; id < 2000; id++) {
        add(&ops, INSERT, id);
    }
    assert_int_equal(write_batch(ops, &in_doubt), 0);
    free_all(ops);
    assert_int_equal(count_rows(), 2000);
}

static void test_lost_connection_undoes_the_batch_and_the_mark_tells(void **state)
{
    (void)state;
    struct pl_store_op *ops = NULL;
    bool in_doubt = false;
    add(&ops, INSERT, 2);
    add(&ops, LOSE_CONNECTION, 0);
    add(&ops, INSERT_AND_LOOK, 1);
    assert_int_equal(write_batch(ops, &in_doubt), PL_E_CLOSED);
    assert_false(in_doubt);
    connect_again();
    assert_int_equal(pl_pg_mark_check(&conn, &mark, &err), 0);
    assert_int_equal(count_rows(), 0);
    struct pl_store_op *rest = NULL;
    add(&rest, INSERT, 2);
    add(&rest, INSERT_AND_LOOK, 1);
    assert_int_equal(write_batch(rest, &in_doubt), 0);
    assert_int_equal(pl_pg_mark_check(&conn, &mark, &err), 1);
    assert_int_equal(count_rows(), 2);
    free_all(rest);
    free_all(ops);
}

static void test_read_that_fails_leaves_the_connection_usable(void **state)
{
    (void)state;
    struct pl_store_op *ops = NULL;
    add(&ops, INSERT, 1); /* a read may not write */
    assert_int_equal(pl_pg_read(&conn, ops, &err), 0);
    assert_int_equal(ops->rc, PL_E_IO);
    free_all(ops);
    assert_int_equal(count_rows(), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_conn, close_conn)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_batches_come_to_what_one_by_one_comes_to),
        CASE(test_large_batch),
        CASE(test_lost_connection_undoes_the_batch_and_the_mark_tells),
        CASE(test_read_that_fails_leaves_the_connection_usable),
    };
    if (getenv("PARLEY_TEST_POSTGRES") == NULL) {
        print_message("no PARLEY_TEST_POSTGRES: script/with-postgres sets it\n");
        return 77; /* skipped, to Meson */
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
