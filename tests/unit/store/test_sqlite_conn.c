/* SQL on an SQLite connection: values, rows, errors, and transactions of operations. */
#include "store/sqlite/conn.h"

#include "base/alloc.h"
#include "store/sqlite/error.h"
#include "store/sqlite/memory.h"

#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>
#include <stdlib.h>
#include <stdio.h>
#include <cmocka.h>

static struct pl_sqlite *conn;

static int open_conn(void **state)
{
    struct pl_error err;
    (void)state;
    if (pl_sqlite_open(&conn, ":memory:", NULL, PL_SQLITE_WRITER, &err) < 0) {
        return -1;
    }
    return pl_sql_script(&conn->sql,
                         "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT UNIQUE, c BLOB) STRICT;"
                         "CREATE TABLE u (a INTEGER PRIMARY KEY REFERENCES t (a)) STRICT",
                         NULL);
}

static int close_conn(void **state)
{
    (void)state;
    pl_sqlite_close(conn);
    return 0;
}

static int64_t count_rows(void)
{
    struct pl_sql_rows rows;
    assert_int_equal(pl_sql_query(&rows, &conn->sql, "SELECT count(*) FROM t", NULL, 0, NULL), 0);
    assert_int_equal(pl_sql_next(&rows, NULL), 1);
    int64_t count = pl_sql_get_int(&rows, 0);
    pl_sql_end(&rows);
    return count;
}

static void assert_text(const struct pl_sql_rows *rows, int column, struct pl_str expected)
{
    struct pl_str got = pl_sql_get_bytes(rows, column);
    assert_int_equal(got.len, expected.len);
    assert_memory_equal(got.ptr, expected.ptr, expected.len);
}

static void test_sqlite_values_come_back_as_they_were(void **state)
{
    (void)state;
    struct pl_sql_rows rows;
    struct pl_error err;
    char bytes[] = {0, 1, (char)0xff, 0};
    struct pl_str blob = pl_str_make(bytes, sizeof(bytes));
    assert_int_equal(PL_SQL_RUN(&conn->sql, &err, "INSERT INTO t VALUES ($1, $2, $3)",
                                pl_sql_int(INT64_MIN), pl_sql_text(PL_STR("h\xc3\xa9")),
                                pl_sql_bytes(blob)),
                     0);
    assert_int_equal(PL_SQL_RUN(&conn->sql, &err, "INSERT INTO t VALUES ($1, $2, $3)",
                                pl_sql_int(INT64_MAX), pl_sql_text((struct pl_str){0}),
                                pl_sql_bytes((struct pl_str){0})),
                     0);
    assert_int_equal(PL_SQL_RUN(&conn->sql, &err, "INSERT INTO t VALUES ($1, $2, $3)",
                                pl_sql_int(0), pl_sql_null(), pl_sql_null()),
                     0);
    assert_int_equal(
        pl_sql_query(&rows, &conn->sql, "SELECT a, b, c FROM t ORDER BY a", NULL, 0, &err), 0);
    assert_int_equal(pl_sql_next(&rows, &err), 1);
    assert_true(pl_sql_get_int(&rows, 0) == INT64_MIN);
    assert_text(&rows, 1, PL_STR("h\xc3\xa9"));
    assert_text(&rows, 2, blob);
    assert_int_equal(pl_sql_next(&rows, &err), 1);
    assert_true(pl_sql_is_null(&rows, 1) && pl_sql_is_null(&rows, 2));
    assert_text(&rows, 1, PL_STR(""));
    assert_int_equal(pl_sql_get_int(&rows, 2), 0);
    assert_int_equal(pl_sql_next(&rows, &err), 1);
    assert_false(pl_sql_is_null(&rows, 1)); /* the empty text is not NULL */
    assert_false(pl_sql_is_null(&rows, 2));
    assert_int_equal(pl_sql_next(&rows, &err), 0);
    assert_int_equal(pl_sql_next(&rows, &err), 0); /* again is fine */
    pl_sql_end(&rows);
    pl_sql_end(&rows);
}

static void test_sqlite_run_tells_how_many_rows_changed(void **state)
{
    (void)state;
    int64_t changed = -1;
    assert_int_equal(
        pl_sql_run(&conn->sql, "INSERT INTO t (a) VALUES (1), (2), (3)", NULL, 0, &changed, NULL),
        0);
    assert_int_equal(changed, 3);
    assert_int_equal(
        pl_sql_run(&conn->sql, "UPDATE t SET b = 'x' WHERE a > 9", NULL, 0, &changed, NULL), 0);
    assert_int_equal(changed, 0);
    assert_int_equal(pl_sql_run(&conn->sql, "DELETE FROM t WHERE a < 3", NULL, 0, &changed, NULL),
                     0);
    assert_int_equal(changed, 2);
}

static void test_sqlite_rows_of_one_text_may_be_open_twice(void **state)
{
    (void)state;
    struct pl_sql_rows outer;
    struct pl_sql_rows inner;
    static const char text[] = "SELECT a FROM t ORDER BY a";
    size_t before = conn->statements.count;
    int pairs = 0;
    assert_int_equal(PL_SQL_RUN(&conn->sql, NULL, "INSERT INTO t (a) VALUES ($1), ($2)",
                                pl_sql_int(1), pl_sql_int(2)),
                     0);
    assert_int_equal(pl_sql_query(&outer, &conn->sql, text, NULL, 0, NULL), 0);
    while (pl_sql_next(&outer, NULL) == 1) {
        assert_int_equal(pl_sql_query(&inner, &conn->sql, text, NULL, 0, NULL), 0);
        while (pl_sql_next(&inner, NULL) == 1) {
            pairs++;
        }
        pl_sql_end(&inner);
    }
    pl_sql_end(&outer);
    assert_int_equal(pairs, 4);
    assert_int_equal(conn->statements.count - before, 2);
}

static void test_sqlite_returning_works_unread(void **state)
{
    (void)state;
    struct pl_sql_rows rows;
    assert_int_equal(pl_sql_query(&rows, &conn->sql,
                                  "INSERT INTO t (a) VALUES (7), (8) RETURNING a", NULL, 0, NULL),
                     0);
    pl_sql_end(&rows);
    assert_int_equal(count_rows(), 2);
}

static void test_sqlite_errors_have_codes_and_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
    } rows[] = {
        {"INSERT INTO t (a) VALUES (1)", PL_E_EXISTS},
        {"INSERT INTO t (a, b) VALUES (2, 'b')", PL_E_EXISTS},
        {"INSERT INTO u (a) VALUES (9)", PL_E_INVALID},
        {"INSERT INTO t (a) VALUES ('x')", PL_E_INVALID},
        {"SELECT nothing FROM t", PL_E_INVALID},
        {"SELEC", PL_E_INVALID},
        {"", PL_E_INVALID},
        {"SELECT $1", PL_E_INVALID},
    };
    assert_int_equal(
        pl_sql_run(&conn->sql, "INSERT INTO t (a, b) VALUES (1, 'b')", NULL, 0, NULL, NULL), 0);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_error err = {0};
        assert_int_equal(pl_sql_run(&conn->sql, rows[i].text, NULL, 0, NULL, &err), rows[i].code);
        assert_int_equal(err.code, rows[i].code);
        assert_true(strlen(err.text) > 10);
    }
    assert_true(pl_list_is_empty(&conn->in_use));
}

static void test_sqlite_parameters_out_of_order_are_refused(void **state)
{
    (void)state;
    struct pl_error err;
    assert_int_equal(PL_SQL_RUN(&conn->sql, &err, "INSERT INTO t (a, b) VALUES ($2, $1)",
                                pl_sql_text(PL_STR("x")), pl_sql_int(1)),
                     PL_E_INVALID);
    assert_int_equal(
        PL_SQL_RUN(&conn->sql, &err, "INSERT INTO t (a) VALUES ($1), ($1 + 1)", pl_sql_int(1)), 0);
    assert_int_equal(count_rows(), 2);
}

static void test_sqlite_text_with_nul_or_broken_utf8_is_refused(void **state)
{
    (void)state;
    struct pl_error err;
    assert_int_equal(PL_SQL_RUN(&conn->sql, &err, "INSERT INTO t (b) VALUES ($1)",
                                pl_sql_text(pl_str_make("a\0b", 3))),
                     PL_E_INVALID);
    assert_int_equal(PL_SQL_RUN(&conn->sql, &err, "INSERT INTO t (b) VALUES ($1)",
                                pl_sql_text(PL_STR("\xc3("))),
                     PL_E_INVALID);
    assert_int_equal(count_rows(), 0);
}

static void test_sqlite_strpos_counts_characters_and_lower_knows_ascii(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *part;
        int64_t position;
    } rows[] = {
        {"abc", "c", 3},
        {"abc", "", 1},
        {"abc", "d", 0},
        {"", "a", 0},
        {"", "", 1},
        {"50%_", "%", 3},
        {"\xc3\xa9\xf0\x9f\x98\x80x", "x", 3},
        {"aab", "ab", 2},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_sql_rows found;
        assert_int_equal(PL_SQL_QUERY(&found, &conn->sql, NULL, "SELECT strpos($1, $2)",
                                      pl_sql_text(pl_str_of_cstr(rows[i].text)),
                                      pl_sql_text(pl_str_of_cstr(rows[i].part))),
                         0);
        assert_int_equal(pl_sql_next(&found, NULL), 1);
        assert_int_equal(pl_sql_get_int(&found, 0), rows[i].position);
        pl_sql_end(&found);
    }
    struct pl_sql_rows lowered;
    assert_int_equal(PL_SQL_QUERY(&lowered, &conn->sql, NULL, "SELECT lower($1), strpos(NULL, 'x')",
                                  pl_sql_text(PL_STR("AbZ\xc3\x89"))),
                     0);
    assert_int_equal(pl_sql_next(&lowered, NULL), 1);
    assert_text(&lowered, 0, PL_STR("abz\xc3\x89"));
    assert_true(pl_sql_is_null(&lowered, 1));
    pl_sql_end(&lowered);
}

static void test_sqlite_no_room_has_many_names_and_one_code(void **state)
{
    (void)state;
    assert_int_equal(pl_sqlite_error_code(SQLITE_FULL, ENOSPC), PL_E_FULL);
    assert_int_equal(pl_sqlite_error_code(SQLITE_IOERR_WRITE, EFBIG), PL_E_FULL);
    assert_int_equal(pl_sqlite_error_code(SQLITE_IOERR_WRITE, EDQUOT), PL_E_FULL);
    assert_int_equal(pl_sqlite_error_code(SQLITE_IOERR_SHMSIZE, ENOSPC), PL_E_FULL);
    assert_int_equal(pl_sqlite_error_code(SQLITE_IOERR_WRITE, EIO), PL_E_IO);
    assert_int_equal(pl_sqlite_error_code(SQLITE_IOERR_FSYNC, 0), PL_E_IO);
    assert_int_equal(pl_sqlite_error_code(SQLITE_CORRUPT, 0), PL_E_IO);
    assert_int_equal(pl_sqlite_error_code(SQLITE_BUSY, 0), PL_E_TIMEOUT);
}

static void test_sqlite_file_is_private_and_durable(void **state)
{
    (void)state;
    char dir[] = "/tmp/parley-sqlite-XXXXXX";
    char path[64];
    struct stat stat_of;
    struct pl_sqlite *file = NULL;
    struct pl_sql_rows rows;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/store.db", dir);
    assert_int_equal(pl_sqlite_open(&file, path, NULL, PL_SQLITE_READER, NULL), PL_E_IO);
    assert_int_equal(pl_sqlite_open(&file, path, NULL, PL_SQLITE_WRITER, NULL), 0);
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0600);
    assert_int_equal(pl_sql_query(&rows, &file->sql,
                                  "SELECT journal_mode, synchronous, foreign_keys FROM "
                                  "pragma_journal_mode, pragma_synchronous, pragma_foreign_keys",
                                  NULL, 0, NULL),
                     0);
    assert_int_equal(pl_sql_next(&rows, NULL), 1);
    assert_text(&rows, 0, PL_STR("wal"));
    assert_int_equal(pl_sql_get_int(&rows, 1), 2);
    assert_int_equal(pl_sql_get_int(&rows, 2), 1);
    pl_sql_end(&rows);
    pl_sqlite_close(file);
    unlink(path);
    rmdir(dir);
}

/* --- operations --- */

struct add_op {
    struct pl_store_op op;
    int64_t a;
    int refusal;
    int times;
};

static int add_run(struct pl_store_op *base, struct pl_sql *sql)
{
    struct add_op *op = PL_CONTAINER_OF(base, struct add_op, op);
    op->times++;
    int rc = PL_SQL_RUN(sql, &op->op.error, "INSERT INTO t (a) VALUES ($1)", pl_sql_int(op->a));
    if (rc < 0) {
        return rc;
    }
    return op->refusal != 0 ? pl_store_refuse(base, op->refusal) : 0;
}

static const struct pl_store_op_type add_type = {"test.add", true, sizeof(struct add_op), add_run};

static struct add_op *add(int64_t a, int refusal)
{
    struct pl_store_op *op = pl_store_op_create(&add_type, 0);
    struct add_op *add = PL_CONTAINER_OF(op, struct add_op, op);
    add->a = a;
    add->refusal = refusal;
    return add;
}

static void test_memory_runs_an_operation_once_for_all_to_see(void **state)
{
    (void)state;
    struct add_op *op = add(1, 0);
    assert_int_equal(pl_sqlite_memory_run(conn, &op->op), 0);
    assert_int_equal(op->times, 2); /* the first time was undone */
    assert_int_equal(count_rows(), 1);
    assert_int_equal(pl_sqlite_memory_run(conn, &op->op), PL_E_EXISTS);
    assert_int_equal(count_rows(), 1);
    pl_store_op_free(&op->op);
}

static void test_memory_undoes_what_is_refused(void **state)
{
    (void)state;
    struct add_op *op = add(1, 5);
    assert_int_equal(pl_sqlite_memory_run(conn, &op->op), 1);
    assert_int_equal(op->op.refusal, 5);
    assert_int_equal(count_rows(), 0);
    pl_store_op_free(&op->op);
}

static void test_memory_has_the_whole_schema(void **state)
{
    (void)state;
    struct pl_error err = {0};
    struct pl_sqlite *memory = NULL;
    struct pl_sql_rows rows;
    assert_int_equal(pl_sqlite_memory_open(&memory, &err), 0);
    assert_int_equal(
        pl_sql_query(&rows, &memory->sql, "SELECT id FROM talo_players", NULL, 0, &err), 0);
    pl_sql_end(&rows);
    pl_sqlite_close(memory);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_conn, close_conn)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sqlite_values_come_back_as_they_were),
        TEST(test_sqlite_run_tells_how_many_rows_changed),
        TEST(test_sqlite_rows_of_one_text_may_be_open_twice),
        TEST(test_sqlite_returning_works_unread),
        TEST(test_sqlite_errors_have_codes_and_words),
        TEST(test_sqlite_parameters_out_of_order_are_refused),
        TEST(test_sqlite_text_with_nul_or_broken_utf8_is_refused),
        TEST(test_sqlite_strpos_counts_characters_and_lower_knows_ascii),
        TEST(test_sqlite_no_room_has_many_names_and_one_code),
        TEST(test_sqlite_file_is_private_and_durable),
        TEST(test_memory_runs_an_operation_once_for_all_to_see),
        TEST(test_memory_undoes_what_is_refused),
        TEST(test_memory_has_the_whole_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
