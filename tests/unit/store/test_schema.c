/* Both backends have the same tables, columns and unique indexes. Needs PARLEY_TEST_POSTGRES (script/with-postgres);
 * without it the test is skipped. */
#include "test_db.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

/* A line for each row, its texts between spaces. */
static void list(struct pl_buf *out, struct pl_sql *sql, const char *text, int columns)
{
    struct pl_error err;
    struct pl_sql_rows rows;
    assert_int_equal(pl_sql_query(&rows, sql, text, NULL, 0, &err), 0);
    while (pl_sql_next(&rows, &err) == 1) {
        for (int i = 0; i < columns; i++) {
            pl_buf_addf(out, PL_STR_FMT "%s", PL_STR_ARG(pl_sql_get_bytes(&rows, i)),
                        i + 1 < columns ? " " : "\n");
        }
    }
    pl_sql_end(&rows);
}

static void compare(const char *sqlite_text, const char *postgres_text, int columns)
{
    struct pl_buf lists[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(setenv("PARLEY_TEST_STORE", i == 0 ? "sqlite" : "postgres", 1), 0);
        struct test_db *db = test_db_open();
        pl_buf_init(&lists[i], 1024 * 1024);
        list(&lists[i], test_db_sql(db), i == 0 ? sqlite_text : postgres_text, columns);
        pl_buf_add_char(&lists[i], '\0');
        test_db_close(db);
    }
    assert_true(lists[0].len > 100);
    assert_string_equal((const char *)lists[0].ptr, (const char *)lists[1].ptr);
    pl_buf_fini(&lists[0]);
    pl_buf_fini(&lists[1]);
}

static void test_schemas_have_the_same_columns(void **state)
{
    (void)state;
    compare(
        "SELECT t.name, c.name, c.type, CASE WHEN c.\"notnull\" OR c.pk > 0 THEN 'NO' ELSE "
        "'YES' END FROM sqlite_schema t, pragma_table_info(t.name) c "
        "WHERE t.type = 'table' AND t.name LIKE 'talo%' ORDER BY t.name, c.cid",
        "SELECT table_name, column_name, CASE data_type WHEN 'bigint' THEN 'INTEGER' WHEN "
        "'bytea' THEN 'BLOB' WHEN 'text' THEN 'TEXT' ELSE data_type END, is_nullable::text FROM "
        "information_schema.columns WHERE table_schema = current_schema() AND table_name LIKE "
        "'talo%' ORDER BY table_name::text COLLATE \"C\", ordinal_position",
        4);
}

static void test_schemas_have_the_same_named_indexes(void **state)
{
    (void)state;
    compare(
        "SELECT i.tbl_name, i.name, CASE WHEN l.\"unique\" THEN 'unique' ELSE '' END, "
        "(SELECT group_concat(name, ' ') FROM pragma_index_info(i.name)) "
        "FROM sqlite_schema i, pragma_index_list(i.tbl_name) l "
        "WHERE i.type = 'index' AND i.sql IS NOT NULL AND l.name = i.name ORDER BY i.name",
        "SELECT t.relname::text, c.relname::text, CASE WHEN i.indisunique THEN 'unique' ELSE '' "
        "END, (SELECT string_agg(a.attname::text, ' ' ORDER BY k.n) FROM unnest(i.indkey) WITH "
        "ORDINALITY k(attnum, n), pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = "
        "k.attnum) FROM pg_index i, pg_class c, pg_class t WHERE c.oid = i.indexrelid AND t.oid "
        "= i.indrelid AND NOT i.indisprimary AND t.relnamespace = "
        "current_schema()::regnamespace AND t.relname LIKE 'talo%' ORDER BY c.relname::text "
        "COLLATE \"C\"",
        4);
}

static void test_text_on_postgres_compares_byte_by_byte(void **state)
{
    (void)state;
    assert_int_equal(setenv("PARLEY_TEST_STORE", "postgres", 1), 0);
    struct pl_error err;
    struct pl_sql_rows rows;
    struct test_db *db = test_db_open();
    assert_int_equal(pl_sql_query(&rows, test_db_sql(db),
                                  "SELECT table_name::text || '.' || column_name::text FROM "
                                  "information_schema.columns WHERE table_schema = "
                                  "current_schema() AND data_type = 'text' AND table_name LIKE "
                                  "'talo%' AND collation_name IS DISTINCT FROM 'C'",
                                  NULL, 0, &err),
                     0);
    while (pl_sql_next(&rows, &err) == 1) {
        fail_msg(PL_STR_FMT " compares otherwise", PL_STR_ARG(pl_sql_get_bytes(&rows, 0)));
    }
    pl_sql_end(&rows);
    test_db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schemas_have_the_same_columns),
        cmocka_unit_test(test_schemas_have_the_same_named_indexes),
        cmocka_unit_test(test_text_on_postgres_compares_byte_by_byte),
    };
    if (getenv("PARLEY_TEST_POSTGRES") == NULL) {
        print_message("no PARLEY_TEST_POSTGRES: script/with-postgres sets it\n");
        return 77; /* skipped, to Meson */
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
