/* Copying everything from SQLite to PostgreSQL and back: nothing is lost on the way. Needs PARLEY_TEST_POSTGRES
 * (script/with-postgres); without it the tests are skipped. */
#include "test_db.h"

#include "base/buf.h"
#include "store/copy.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

static struct pl_error err;

static struct test_db *open_db(const char *backend)
{
    assert_int_equal(setenv("PARLEY_TEST_STORE", backend, 1), 0);
    return test_db_open();
}

static void fill(struct pl_sql *sql, int64_t player_count)
{
    assert_int_equal(pl_sql_script(sql, "BEGIN", &err), 0);
    assert_int_equal(
        PL_SQL_RUN(sql, &err,
                   "INSERT INTO talo_games (id, name, secret, verifies_requests, "
                   "blocks_identifier_profanity, blocks_prop_profanity, display_name_key, "
                   "created_ms) VALUES ($1, $2, $3, 1, 0, 0, '', $4)",
                   pl_sql_int(1), pl_sql_text(PL_STR("\xc3\xa4 'game'")),
                   pl_sql_bytes(pl_str_make("\0\1\2\xff", 4)), pl_sql_int(INT64_MAX)),
        0);
    for (int64_t i = 0; i < player_count; i++) {
        struct pl_uuid id = {{(uint8_t)i, (uint8_t)(i >> 8)}};
        assert_int_equal(PL_SQL_RUN(sql, &err,
                                    "INSERT INTO talo_players (id, game_id, is_dev_build, "
                                    "created_ms, last_seen_ms) VALUES ($1, 1, 0, $2, $3)",
                                    pl_sql_uuid(&id), pl_sql_int(-i), pl_sql_int(i)),
                         0);
        assert_int_equal(PL_SQL_RUN(sql, &err,
                                    "INSERT INTO talo_player_props (player_id, position, key, "
                                    "value) VALUES ($1, 0, 'k', $2)",
                                    pl_sql_uuid(&id), pl_sql_text(PL_STR(""))),
                         0);
    }
    assert_int_equal(pl_sql_script(sql, "COMMIT", &err), 0);
}

/* All that fill put there, as text. */
static void dump(struct pl_buf *out, struct pl_sql *sql)
{
    struct pl_sql_rows rows;
    pl_buf_init(out, (size_t)64 * 1024 * 1024);
    assert_int_equal(pl_sql_query(&rows, sql,
                                  "SELECT id, name, secret, created_ms FROM talo_games ORDER BY id",
                                  NULL, 0, &err),
                     0);
    while (pl_sql_next(&rows, &err) == 1) {
        pl_buf_addf(out, "%lld " PL_STR_FMT " ", (long long)pl_sql_get_int(&rows, 0),
                    PL_STR_ARG(pl_sql_get_bytes(&rows, 1)));
        pl_buf_add_str(out, pl_sql_get_bytes(&rows, 2));
        pl_buf_addf(out, " %lld\n", (long long)pl_sql_get_int(&rows, 3));
    }
    pl_sql_end(&rows);
    assert_int_equal(pl_sql_query(&rows, sql,
                                  "SELECT p.id, p.created_ms, q.value FROM talo_players p, "
                                  "talo_player_props q WHERE q.player_id = p.id ORDER BY p.id",
                                  NULL, 0, &err),
                     0);
    while (pl_sql_next(&rows, &err) == 1) {
        pl_buf_add_str(out, pl_sql_get_bytes(&rows, 0));
        pl_buf_addf(out, " %lld '" PL_STR_FMT "'\n", (long long)pl_sql_get_int(&rows, 1),
                    PL_STR_ARG(pl_sql_get_bytes(&rows, 2)));
    }
    pl_sql_end(&rows);
    assert_false(pl_buf_failed(out));
}

static int copy(struct test_db *from, struct test_db *to, int64_t *row_count)
{
    struct pl_store_copy copying = {0};
    int rc = pl_store_copy_run(&copying, test_db_sql(from), test_db_sql(to), &err);
    *row_count = copying.row_count;
    return rc;
}

static void test_copy_there_and_back(void **state)
{
    (void)state;
    struct test_db *first = open_db("sqlite");
    struct test_db *second = open_db("postgres");
    struct test_db *third = open_db("sqlite");
    struct pl_buf before;
    struct pl_buf after;
    int64_t count = 0;
    fill(test_db_sql(first), 2500); /* more than two pages */
    assert_int_equal(copy(first, second, &count), 0);
    assert_int_equal(count, 5001);
    assert_int_equal(copy(second, third, &count), 0);
    assert_int_equal(count, 5001);
    dump(&before, test_db_sql(first));
    dump(&after, test_db_sql(third));
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.ptr, after.ptr, before.len);
    pl_buf_fini(&before);
    pl_buf_fini(&after);
    test_db_close(first);
    test_db_close(second);
    test_db_close(third);
}

static void test_copy_onto_data_is_refused(void **state)
{
    (void)state;
    struct test_db *from = open_db("sqlite");
    struct test_db *to = open_db("postgres");
    int64_t count = 0;
    fill(test_db_sql(from), 3);
    fill(test_db_sql(to), 1);
    assert_int_equal(copy(from, to, &count), PL_E_EXISTS);
    assert_non_null(strstr(err.text, "empty database"));
    test_db_close(from);
    test_db_close(to);
}

static void test_copy_of_what_the_target_cannot_have_copies_nothing(void **state)
{
    (void)state;
    struct test_db *from = open_db("sqlite");
    struct test_db *to = open_db("postgres");
    int64_t count = 0;
    fill(test_db_sql(from), 3);
    /* SQLite takes what it is told is text */
    assert_int_equal(
        pl_sql_script(test_db_sql(from), "UPDATE talo_games SET name = CAST(x'ff' AS TEXT)", &err),
        0);
    assert_int_equal(copy(from, to, &count), PL_E_INVALID);
    assert_non_null(strstr(err.text, "talo_games"));
    test_db_close(from);
    test_db_close(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_there_and_back),
        cmocka_unit_test(test_copy_onto_data_is_refused),
        cmocka_unit_test(test_copy_of_what_the_target_cannot_have_copies_nothing),
    };
    if (getenv("PARLEY_TEST_POSTGRES") == NULL) {
        print_message("no PARLEY_TEST_POSTGRES: script/with-postgres sets it\n");
        return 77; /* skipped, to Meson */
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
