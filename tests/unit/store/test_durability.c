/* What came back as done is there after a power cut and after kill -9, whole and once; what came back as failed is
 * not. SQLite, on a file system that loses what was not synced (crash_vfs.h), and in a process that is killed. */
#include "crash_vfs.h"
#include "things.h"

#include "base/alloc.h"
#include "store/sqlite/conn.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static struct crash_vfs *vfs;
static struct things *things;
static char image_dir[96];

static int set_up(void **state)
{
    (void)state;
    vfs = crash_vfs_create();
    things = things_create();
    things->vfs = crash_vfs_name(vfs);
    snprintf(image_dir, sizeof(image_dir), "%s-image", things->dir);
    return mkdir(image_dir, 0700);
}

static int tear_down(void **state)
{
    char command[160];
    (void)state;
    things_close(things);
    crash_vfs_destroy(vfs);
    snprintf(command, sizeof(command), "rm -rf '%s'", image_dir);
    return system(command);
}

static void open_store_with(const struct pl_store_config *config)
{
    struct pl_error err = {0};
    int rc = things_open_store(things, config, &err);
    if (rc < 0) {
        fail_msg("%s", err.text);
    }
}

static void open_store(void)
{
    open_store_with(NULL);
}

/* --- looking at a disk after the crash --- */

static int64_t ask(struct pl_sqlite *conn, const char *text)
{
    struct pl_sql_rows rows;
    struct pl_error err = {0};
    if (pl_sql_query(&rows, &conn->sql, text, NULL, 0, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(pl_sql_next(&rows, &err), 1);
    int64_t answer = pl_sql_get_int(&rows, 0);
    pl_sql_end(&rows);
    return answer;
}

static int64_t count_of(struct pl_sqlite *conn, int64_t id)
{
    struct pl_sql_rows rows;
    assert_int_equal(PL_SQL_QUERY(&rows, &conn->sql, NULL,
                                  "SELECT count(*) FROM things WHERE id = $1", pl_sql_int(id)),
                     0);
    assert_int_equal(pl_sql_next(&rows, NULL), 1);
    int64_t count = pl_sql_get_int(&rows, 0);
    pl_sql_end(&rows);
    return count;
}

/* A machine that has started again. */
static struct pl_sqlite *open_image(enum crash_luck luck, uint64_t seed)
{
    char path[160];
    struct pl_sqlite *conn = NULL;
    struct pl_error err = {0};
    crash_vfs_image(vfs, image_dir, luck, seed);
    snprintf(path, sizeof(path), "%s/store.db", image_dir);
    if (pl_sqlite_open(&conn, path, NULL, PL_SQLITE_WRITER, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(pl_sql_script(&conn->sql, "PRAGMA synchronous = OFF", NULL),
                     0); /* in a hurry */
    assert_int_equal(ask(conn, "SELECT count(*) FROM pragma_integrity_check "
                               "WHERE integrity_check = 'ok'"),
                     1);
    return conn;
}

/* Pairs are there whole, and everything that came back as done is. */
static void check_image(enum crash_luck luck, uint64_t seed)
{
    struct pl_sqlite *conn = open_image(luck, seed);
    assert_int_equal(ask(conn,
                         "SELECT count(*) FROM things WHERE name = 'one of two' AND id NOT IN "
                         "(SELECT id FROM orphans)"),
                     0);
    assert_int_equal(
        ask(conn, "SELECT count(*) FROM orphans WHERE id NOT IN (SELECT id FROM things)"), 0);
    for (size_t i = 0; i < things->done_count; i++) {
        const struct thing_done *done = &things->done[i];
        if (done->rc == 0 && count_of(conn, done->id) != 1) {
            fail_msg("%lld was done, and is not there (luck %d, seed %llu)", (long long)done->id,
                     (int)luck, (unsigned long long)seed);
        }
        if (done->rc != 0 && count_of(conn, done->id) != 0) {
            fail_msg("%lld was not done, and is there (luck %d, seed %llu)", (long long)done->id,
                     (int)luck, (unsigned long long)seed);
        }
    }
    pl_sqlite_close(conn);
}

/* --- power cuts --- */

static void test_durability_power_may_go_at_any_moment(void **state)
{
    (void)state;
    int64_t id = 0;
    open_store();
    assert_int_equal(things_run(things, THING_TABLE, 0, NULL), 0);
    for (uint64_t round = 0; round < 60; round++) {
        for (int i = 0; i < 12; i++) {
            things_submit(things, i == 5 ? THING_ADD_AND_REFUSE : THING_ADD_PAIR, id++);
        }
        things_submit_large(things, id++, 30000); /* now and then the journal goes into the file */
        things_wait(things, things->done_count + 5);
        check_image((enum crash_luck)(round % 3), round);
    }
    things_wait(things, things->submitted_count);
    check_image(CRASH_NOTHING_MORE, 0);
    things_close_store(things);
    check_image(CRASH_SOME, 7);
}

/* The tests above are worth something: without syncs the same disk does lose rows. */
static void test_durability_the_simulated_disk_loses_what_is_not_synced(void **state)
{
    (void)state;
    struct pl_sqlite *conn = NULL;
    char path[128];
    snprintf(path, sizeof(path), "%s/store.db", things->dir);
    assert_int_equal(pl_sqlite_open(&conn, path, things->vfs, PL_SQLITE_WRITER, NULL), 0);
    assert_int_equal(pl_sql_script(&conn->sql,
                                   "CREATE TABLE things (id BIGINT PRIMARY KEY);"
                                   "PRAGMA synchronous = NORMAL; INSERT INTO things VALUES (1)",
                                   NULL),
                     0);
    struct pl_sqlite *image = open_image(CRASH_NOTHING_MORE, 0);
    assert_int_equal(count_of(image, 1), 0);
    pl_sqlite_close(image);
    image = open_image(CRASH_ALL, 0);
    assert_int_equal(count_of(image, 1), 1);
    pl_sqlite_close(image);
    pl_sqlite_close(conn);
}

/* --- a disk that is slow --- */

static uint64_t count_batches(void)
{
    struct pl_metrics metrics = {0};
    uint64_t count = 0;
    pl_store_collect(things->store, &metrics);
    for (size_t i = 0; i <= PL_HISTOGRAM_BOUNDS; i++) {
        count += PL_COUNTER_GET(&metrics.histograms[PL_HISTOGRAM_STORE_BATCH].buckets[i]);
    }
    return count;
}

static void test_durability_nothing_is_done_before_it_is_safe(void **state)
{
    (void)state;
    int64_t count = -1;
    open_store_with(&(struct pl_store_config){.waiting_max = 100});
    assert_int_equal(things_run(things, THING_TABLE, 0, NULL), 0);
    uint64_t batches = count_batches();
    crash_vfs_hold_syncs(vfs);
    things_submit(things, THING_ADD_PAIR, 0);
    crash_vfs_wait_for_sync(vfs);
    for (int64_t id = 1; id < 120; id++) {
        things_submit(things, THING_ADD_PAIR, id);
    }
    things_wait(things, 20); /* those that were too many come back at once */
    pl_store_complete(things->store);
    assert_int_equal(things->done_count, 20);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(things->done[i].id, 100 + (int64_t)i);
        assert_int_equal(things->done[i].rc, PL_E_FULL);
    }
    check_image(CRASH_NOTHING_MORE, 0);
    struct pl_sqlite *image = open_image(CRASH_NOTHING_MORE, 0);
    assert_int_equal(count_of(image, 0), 0);
    pl_sqlite_close(image);
    crash_vfs_let_go(vfs);
    things_wait(things, 120);
    for (size_t i = 20; i < 120; i++) {
        assert_int_equal(things->done[i].id, (int64_t)i - 20);
        assert_int_equal(things->done[i].rc, 0);
    }
    check_image(CRASH_NOTHING_MORE, 0);
    assert_int_equal(count_batches() - batches, 2);
    assert_int_equal(things_run(things, THING_COUNT, 0, &count), 0);
    assert_int_equal(count, 100);
}

/* --- a disk that fails --- */

static void run_pair(int64_t id)
{
    struct thing_op *op = thing_create(things, THING_ADD_PAIR, id);
    size_t before = things->done_count;
    things_submit_op(op);
    things_wait(things, before + 1);
}

static void test_durability_what_failed_did_not_happen(void **state)
{
    (void)state;
    void (*const kinds[])(struct crash_vfs *, uint64_t, uint64_t) = {crash_vfs_fail_syncs,
                                                                     crash_vfs_fail_writes};
    int64_t id = 0;
    size_t failed_count = 0;
    open_store();
    assert_int_equal(things_run(things, THING_TABLE, 0, NULL), 0);
    for (size_t kind = 0; kind < PL_ARRAY_LEN(kinds); kind++) {
        for (uint64_t nth = 1; nth <= 12; nth++) {
            kinds[kind](vfs, nth, 1);
            for (int i = 0; i < 4; i++) {
                run_pair(id++);
                const struct thing_done *done = &things->done[things->done_count - 1];
                failed_count += done->rc < 0 ? 1 : 0;
                assert_true(done->rc == 0 || done->rc == PL_E_IO);
                check_image(CRASH_ALL, 0); /* at once: nothing that failed comes back */
                check_image(CRASH_NOTHING_MORE, 0);
            }
            kinds[kind](vfs, 0, 0);
        }
    }
    assert_true(failed_count >= 10);
    run_pair(id);
    assert_int_equal(things->done[things->done_count - 1].rc, 0); /* it goes on without a restart */
}

static void test_durability_opening_survives_a_disk_that_fails(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth < 40; nth++) {
        struct pl_error err = {0};
        crash_vfs_fail_writes(vfs, nth, 1);
        int rc = things_open_store(things, NULL, &err);
        assert_true(rc == 0 || rc == PL_E_IO);
        things_close_store(things);
        crash_vfs_fail_writes(vfs, 0, 0);
    }
    open_store();
    assert_int_equal(things_run(things, THING_TABLE, 0, NULL), 0);
    run_pair(1);
    check_image(CRASH_SOME, 1);
}

/* --- kill -9 --- */

/* In the child: writes without end, and tells of each that is done. */
static void then_tell(struct thing_op *op)
{
    if (op->op.rc == 0 &&
        write(STDOUT_FILENO, &op->id, sizeof(op->id)) != (ssize_t)sizeof(op->id)) {
        _exit(1);
    }
}

static int be_killed(const char *url)
{
    struct pl_error err;
    struct things *child = pl_alloc(sizeof(*child));
    sem_init(&child->woken, 0, 0);
    snprintf(child->url, sizeof(child->url), "%s", url);
    if (things_open_store(child, NULL, &err) < 0) {
        return 1;
    }
    for (int64_t id = 0;;) {
        child->done_count = 0;
        for (int i = 0; i < 40; i++) {
            struct thing_op *op = thing_create(child, THING_SCRIPT, ++id);
            char *script = pl_alloc(128);
            snprintf(script, 128, "INSERT INTO acks VALUES (%lld); INSERT INTO acks2 VALUES (%lld)",
                     (long long)id, (long long)id);
            op->script = script; /* the process ends before that is too much */
            op->then = then_tell;
            things_submit_op(op);
        }
        things_wait(child, 20); /* the rest stays under way */
        while (child->done_count < 40) {
            things_wait(child, child->done_count + 1);
        }
    }
}

static pid_t start_child(int *out_fd)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[1], STDOUT_FILENO);
        close(fds[0]);
        close(fds[1]);
        execl("/proc/self/exe", "test_durability", "--be-killed", things->url, (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    *out_fd = fds[0];
    return pid;
}

/* Read ids until `count` have come, or all that there are. The last one told is returned. */
static int64_t read_ids(int fd, size_t count, int64_t last)
{
    int64_t id;
    while (count-- > 0 && read(fd, &id, sizeof(id)) == (ssize_t)sizeof(id)) {
        assert_int_equal(id, last + 1); /* in the order of submitting */
        last = id;
    }
    return last;
}

static void test_durability_kill_loses_nothing_and_repeats_nothing(void **state)
{
    (void)state;
    things->vfs = NULL;
    for (size_t round = 0; round < 4; round++) {
        int fd = -1;
        open_store();
        assert_int_equal(things_script(things,
                                       "DROP TABLE IF EXISTS acks; CREATE TABLE acks (id);"
                                       "DROP TABLE IF EXISTS acks2; CREATE TABLE acks2 (id)"),
                         0);
        things_close_store(things);
        pid_t pid = start_child(&fd);
        int64_t last = read_ids(fd, 100 + 77 * round, 0);
        assert_int_equal(kill(pid, SIGKILL), 0);
        last = read_ids(fd, SIZE_MAX, last);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        close(fd);
        assert_true(last >= 100);
        struct pl_sqlite *conn = NULL;
        assert_int_equal(
            pl_sqlite_open(&conn, things->url + strlen("sqlite:"), NULL, PL_SQLITE_WRITER, NULL),
            0);
        char text[128];
        snprintf(text, sizeof(text), "SELECT count(DISTINCT id) FROM acks WHERE id <= %lld",
                 (long long)last);
        assert_int_equal(ask(conn, text), last);
        assert_int_equal(ask(conn, "SELECT count(*) - count(DISTINCT id) FROM acks"), 0);
        assert_int_equal(ask(conn, "SELECT count(*) FROM acks a, acks2 b WHERE a.id = b.id"),
                         ask(conn, "SELECT count(*) FROM acks"));
        pl_sqlite_close(conn);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_durability_power_may_go_at_any_moment),
        TEST(test_durability_the_simulated_disk_loses_what_is_not_synced),
        TEST(test_durability_nothing_is_done_before_it_is_safe),
        TEST(test_durability_what_failed_did_not_happen),
        TEST(test_durability_opening_survives_a_disk_that_fails),
        TEST(test_durability_kill_loses_nothing_and_repeats_nothing),
    };
    if (argc == 3 && strcmp(argv[1], "--be-killed") == 0) {
        return be_killed(argv[2]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
