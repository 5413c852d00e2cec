/* Opening a store on SQLite: what can be wrong with it, in words. */
#include "store/sqlite/store.h"

#include "store/migrate.h"
#include "store/sqlite/conn.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[64];
static char path[128];
static char url[160];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/parley-store-XXXXXX");
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/store.db", dir);
    snprintf(url, sizeof(url), "sqlite:%s", path);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    return system(command);
}

static void wake(void *user)
{
    (void)user;
}

static int open_url(const char *text, bool may_migrate, struct pl_error *err)
{
    struct pl_store *store = NULL;
    struct pl_store_config config = {.url = pl_str_of_cstr(text), .wake = wake};
    *err = (struct pl_error){0};
    int rc = pl_store_open(&store, &config, may_migrate, err);
    assert_true((rc == 0) == (store != NULL));
    pl_store_destroy(store);
    return rc;
}

static void change(const char *script)
{
    struct pl_sqlite *conn = NULL;
    assert_int_equal(pl_sqlite_open(&conn, path, NULL, PL_SQLITE_WRITER, NULL), 0);
    assert_int_equal(pl_sql_script(&conn->sql, script, NULL), 0);
    pl_sqlite_close(conn);
}

static void test_store_of_another_url_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        int rc;
    } rows[] = {
        {"", PL_E_INVALID},
        {"sqlite:", PL_E_INVALID},
        {"mysql://user:password@host/db", PL_E_INVALID},
        {"/var/lib/parley/store.db", PL_E_INVALID},
        {"sqlite:/nowhere/at/all/store.db", PL_E_IO},
        {"sqlite:/tmp", PL_E_IO},
        {"sqlite::memory:", PL_E_INVALID},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_error err;
        assert_int_equal(open_url(rows[i].url, true, &err), rows[i].rc);
        assert_true(err.text[0] != 0);
        assert_null(strstr(err.text, "password"));
    }
}

static void test_store_that_is_no_database_is_refused(void **state)
{
    (void)state;
    struct pl_error err;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) {
        fputs("not a database ", file);
    }
    fclose(file);
    assert_int_equal(open_url(url, true, &err), PL_E_IO);
    assert_non_null(strstr(err.text, "not a database"));
}

static void test_store_is_migrated_where_it_may_be(void **state)
{
    (void)state;
    struct pl_error err;
    assert_int_equal(open_url(url, false, &err), PL_E_STATE);
    assert_non_null(strstr(err.text, "parley migrate up"));
    assert_int_equal(open_url(url, true, &err), 0);
    assert_int_equal(open_url(url, false, &err), 0);
}

/* An upgrade to a program that keeps something, from one that did not. */
static void test_store_that_is_taken_over_is_made_when_there_is_none(void **state)
{
    (void)state;
    struct pl_error err = {0};
    struct pl_store *store = NULL;
    struct pl_store_config config = {.url = pl_str_of_cstr(url), .wake = wake, .takes_over = true};
    assert_int_equal(pl_store_open(&store, &config, true, &err), 0);
    pl_store_destroy(store);
}

static void test_store_newer_than_the_program_is_refused(void **state)
{
    (void)state;
    struct pl_error err;
    assert_int_equal(open_url(url, true, &err), 0);
    change("INSERT INTO parley_migrations VALUES (9999, 'future', 'x', 0)");
    assert_int_equal(open_url(url, true, &err), PL_E_STATE);
    assert_non_null(strstr(err.text, "newer than this program"));
    assert_non_null(strstr(err.text, "9999 (future)"));
}

static void test_store_migrated_by_another_text_is_refused(void **state)
{
    (void)state;
    struct pl_error err;
    assert_int_equal(open_url(url, true, &err), 0);
    change("UPDATE parley_migrations SET checksum = 'x' WHERE number = 1");
    assert_int_equal(open_url(url, true, &err), PL_E_STATE);
    assert_non_null(strstr(err.text, "differs"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_store_of_another_url_is_refused),
        TEST(test_store_that_is_no_database_is_refused),
        TEST(test_store_is_migrated_where_it_may_be),
        TEST(test_store_that_is_taken_over_is_made_when_there_is_none),
        TEST(test_store_newer_than_the_program_is_refused),
        TEST(test_store_migrated_by_another_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
