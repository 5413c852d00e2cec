/* No space on the disk: whoever is told so had nothing stored, everybody else had, and when there is space again the
 * store goes on. By SQLite's own limit, and by the system's for one file, which is met in the middle of a commit. */
#include "things.h"

#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <sys/resource.h>
#include <cmocka.h>

#define LARGE_BYTES 100000

static struct things *things;

static int set_up(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN); /* as the server does */
    things = things_open(NULL);
    return things == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    things_close(things);
    return 0;
}

/* Each is there if it came back as done, and only then. */
static void check_all(void)
{
    size_t count = things->done_count;
    for (size_t i = 0; i < count; i++) {
        int64_t seen = -1;
        assert_int_equal(things_run(things, THING_FIND, things->done[i].id, &seen), 0);
        assert_int_equal(seen, things->done[i].rc == 0 ? 1 : 0);
    }
}

static void assert_told(const struct thing_done *done)
{
    if (done->rc != PL_E_FULL) {
        fail_msg("%s", done->error);
    }
    assert_non_null(strstr(done->error, "no space is left for the database"));
}

static void add_large(int64_t id)
{
    size_t before = things->done_count;
    things_submit_large(things, id, LARGE_BYTES);
    things_wait(things, before + 1);
}

static void test_full_database_refuses_and_recovers(void **state)
{
    (void)state;
    int64_t id = 0;
    assert_int_equal(things_script(things, "PRAGMA max_page_count = 200"), 0);
    do {
        add_large(id);
    } while (things->done[id++].rc == 0 && id < 100);
    assert_told(&things->done[id - 1]);
    assert_true(id > 2);
    things_submit(things, THING_ADD, 1000); /* there is room for a small one */
    things_wait(things, (size_t)id + 1);
    assert_int_equal(things->done[id].rc, 0);
    check_all();
    assert_int_equal(things_script(things, "PRAGMA max_page_count = 100000"), 0);
    add_large(2000);
    assert_int_equal(things->done[things->done_count - 1].rc, 0);
    check_all();
}

/* SQLite undoes the whole transaction; the others of the batch must not suffer for it. */
static void test_full_database_fails_one_of_a_batch(void **state)
{
    (void)state;
    assert_int_equal(things_script(things, "PRAGMA max_page_count = 60"), 0);
    things_submit(things, THING_ADD_BEHIND_GATE, 0);
    while (sem_wait(&things->at_gate) < 0) {
    }
    things_submit(things, THING_ADD_PAIR, 1);
    things_submit(things, THING_ADD_AND_REFUSE, 2);
    things_submit_large(things, 3, 10 * LARGE_BYTES);
    things_submit(things, THING_ADD_PAIR, 4);
    sem_post(&things->gate);
    things_wait(things, 5);
    assert_int_equal(things->done[1].rc, 0);
    assert_int_equal(things->done[2].rc, 1);
    assert_told(&things->done[3]);
    assert_int_equal(things->done[4].rc, 0);
    check_all();
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_full_disk_refuses_and_recovers(void **state)
{
    (void)state;
    int64_t id = 0;
    size_t full_count = 0;
    limit_files((rlim_t)1024 * 1024);
    for (; id < 60; id++) {
        things_submit_large(things, id, LARGE_BYTES);
    }
    for (; id < 80; id++) {
        add_large(id);
    }
    things_wait(things, 80);
    limit_files(RLIM_INFINITY);
    for (size_t i = 0; i < 80; i++) {
        if (things->done[i].rc != 0) {
            assert_told(&things->done[i]);
            full_count++;
        }
    }
    assert_true(full_count > 0);
    check_all();
    add_large(id);
    assert_int_equal(things->done[things->done_count - 1].rc, 0);
    check_all();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_full_database_refuses_and_recovers),
        TEST(test_full_database_fails_one_of_a_batch),
        TEST(test_full_disk_refuses_and_recovers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
