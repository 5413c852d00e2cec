/* Backups of SQLite: one moment, whole, while the store goes on writing; under its name only when it is good. */
#include "store/sqlite/backup.h"

#include "store/sqlite/conn.h"
#include "things.h"

#include <dirent.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static struct things *things;
static char target[128];

static int set_up(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    things = things_open(NULL);
    if (things == NULL) {
        return -1;
    }
    snprintf(target, sizeof(target), "%s/copy.db", things->dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(target);
    things_close(things);
    return 0;
}

static int back_up(struct pl_sqlite_backup *backup, struct pl_error *err)
{
    *err = (struct pl_error){0};
    return pl_sqlite_backup(backup, things->url + strlen("sqlite:"), target, err);
}

static int64_t ask(const char *text)
{
    struct pl_sqlite *conn = NULL;
    struct pl_sql_rows rows;
    assert_int_equal(pl_sqlite_open(&conn, target, NULL, PL_SQLITE_READER, NULL), 0);
    assert_int_equal(pl_sql_query(&rows, &conn->sql, text, NULL, 0, NULL), 0);
    assert_int_equal(pl_sql_next(&rows, NULL), 1);
    int64_t answer = pl_sql_get_int(&rows, 0);
    pl_sql_end(&rows);
    pl_sqlite_close(conn);
    return answer;
}

/* Files in the directory besides the store's own. */
static size_t count_others(void)
{
    size_t count = 0;
    DIR *dir = opendir(things->dir);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        count += entry->d_name[0] != '.' && strncmp(entry->d_name, "store.db", 8) != 0 ? 1 : 0;
    }
    closedir(dir);
    return count;
}

static void fill(int64_t count)
{
    for (int64_t id = 0; id < count; id++) {
        things_submit_large(things, id, 50000);
    }
    things_wait(things, (size_t)count);
}

/* Each step is followed by a write; the copy does not see it, and does not begin anew. */
static bool write_meanwhile(void *user, int64_t done, int64_t total)
{
    int64_t *steps = user;
    assert_true(done <= total);
    assert_int_equal(things_run(things, THING_ADD_PAIR, 1000 + *steps, NULL), 0);
    ++*steps;
    return true;
}

static void test_backup_is_one_moment_while_others_write(void **state)
{
    (void)state;
    struct pl_error err;
    struct stat stat_of;
    int64_t steps = 0;
    struct pl_sqlite_backup backup = {.on_progress = write_meanwhile, .user = &steps};
    fill(100);
    assert_int_equal(back_up(&backup, &err), 0);
    assert_true(steps > 4);
    assert_int_equal(ask("SELECT count(*) FROM things"), 100);
    assert_int_equal(ask("SELECT count(*) FROM orphans"), 0);
    assert_int_equal(stat(target, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0600);
    assert_int_equal(stat_of.st_size, backup.bytes);
    assert_int_equal(count_others(), 1); /* no journal, no draft */
}

static void test_backup_opens_as_a_store(void **state)
{
    (void)state;
    struct pl_error err;
    struct pl_store *store = NULL;
    struct pl_sqlite_backup backup = {0};
    char url[160];
    fill(3);
    assert_int_equal(back_up(&backup, &err), 0);
    snprintf(url, sizeof(url), "sqlite:%s", target);
    struct pl_store_config config = {.url = pl_str_of_cstr(url)};
    assert_int_equal(pl_store_open(&store, &config, false, &err), 0);
    pl_store_destroy(store);
}

static void test_backup_overwrites_nothing(void **state)
{
    (void)state;
    struct pl_error err;
    struct pl_sqlite_backup backup = {0};
    FILE *file = fopen(target, "w");
    assert_non_null(file);
    fputs("precious", file);
    fclose(file);
    assert_int_equal(back_up(&backup, &err), PL_E_EXISTS);
    assert_non_null(strstr(err.text, "there already"));
    file = fopen(target, "r");
    char text[16] = "";
    assert_int_equal(fread(text, 1, 8, file), 8);
    fclose(file);
    assert_string_equal(text, "precious");
    assert_int_equal(count_others(), 1);
}

static bool take_the_name(void *user, int64_t done, int64_t total)
{
    (void)user;
    if (done == total) {
        fclose(fopen(target, "w"));
    }
    return true;
}

static void test_backup_overwrites_nothing_that_came_meanwhile(void **state)
{
    (void)state;
    struct pl_error err;
    struct pl_sqlite_backup backup = {.on_progress = take_the_name};
    assert_int_equal(back_up(&backup, &err), PL_E_EXISTS);
    assert_int_equal(count_others(), 1);
}

static bool stop_soon(void *user, int64_t done, int64_t total)
{
    (void)user;
    return done == total || done < total / 2;
}

static void test_backup_can_be_stopped(void **state)
{
    (void)state;
    struct pl_error err;
    struct pl_sqlite_backup backup = {.on_progress = stop_soon};
    fill(100);
    assert_int_equal(back_up(&backup, &err), PL_E_CLOSED);
    assert_int_equal(count_others(), 0);
}

static void test_backup_to_where_nothing_can_be_is_an_error(void **state)
{
    (void)state;
    struct pl_error err;
    struct pl_sqlite_backup backup = {0};
    assert_int_equal(
        pl_sqlite_backup(&backup, things->url + strlen("sqlite:"), "/nowhere/at/all/copy.db", &err),
        PL_E_IO);
    assert_int_equal(pl_sqlite_backup(&backup, "/nowhere/store.db", target, &err), PL_E_IO);
    assert_int_equal(count_others(), 0);
}

static void test_backup_without_space_leaves_nothing(void **state)
{
    (void)state;
    struct pl_error err;
    struct rlimit limit;
    struct pl_sqlite_backup backup = {0};
    fill(40);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    struct rlimit small = {.rlim_cur = 300000, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = back_up(&backup, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(rc, PL_E_FULL);
    assert_true(err.text[0] != 0);
    assert_int_equal(count_others(), 0);
}

static void test_backup_of_a_damaged_database_is_refused(void **state)
{
    (void)state;
    struct pl_error err;
    struct pl_sqlite_backup backup = {0};
    fill(20);
    things_close_store(things); /* all is in the file itself */
    FILE *file = fopen(things->url + strlen("sqlite:"), "r+");
    assert_non_null(file);
    for (long page = 2; page < 20; page++) {
        fseek(file, page * 4096 + 4, SEEK_SET);
        fputs("\xff\xff\xff\xff", file);
    }
    fclose(file);
    assert_int_equal(back_up(&backup, &err), PL_E_IO);
    assert_int_equal(count_others(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_backup_is_one_moment_while_others_write),
        TEST(test_backup_opens_as_a_store),
        TEST(test_backup_overwrites_nothing),
        TEST(test_backup_overwrites_nothing_that_came_meanwhile),
        TEST(test_backup_can_be_stopped),
        TEST(test_backup_to_where_nothing_can_be_is_an_error),
        TEST(test_backup_without_space_leaves_nothing),
        TEST(test_backup_of_a_damaged_database_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
