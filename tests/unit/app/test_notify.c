/* The notification protocol against a datagram socket of our own, named and abstract. */
#include "app/notify.h"

#include "base/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A manager: what it receives is what the service sent. */
struct manager {
    int fd;
    char folder[32];
    char name[64]; /* for $NOTIFY_SOCKET */
};

static void listen_at(struct manager *manager, const char *name, size_t len)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, name, len);
    manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(manager->fd >= 0);
    assert_int_equal(bind(manager->fd, (const struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
}

static int set_up(void **state)
{
    struct manager *manager = calloc(1, sizeof(*manager));
    memcpy(manager->folder, "/tmp/parley-notify-XXXXXX", 26);
    assert_non_null(mkdtemp(manager->folder));
    snprintf(manager->name, sizeof(manager->name), "%s/socket", manager->folder);
    listen_at(manager, manager->name, strlen(manager->name));
    setenv("NOTIFY_SOCKET", manager->name, 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    *state = manager;
    return 0;
}

static int tear_down(void **state)
{
    struct manager *manager = *state;
    char path[64];
    snprintf(path, sizeof(path), "%s/socket", manager->folder);
    close(manager->fd);
    unlink(path);
    rmdir(manager->folder);
    free(manager);
    return 0;
}

/* The next message, or "" when there is none. */
static const char *next(const struct manager *manager, char out[600])
{
    ssize_t got = recv(manager->fd, out, 599, 0);
    out[got < 0 ? 0 : got] = 0;
    return out;
}

static void test_states_are_told_with_their_status(void **state)
{
    struct manager *manager = *state;
    struct pl_notify notify;
    char text[600];
    pl_notify_open(&notify, NULL);
    pl_notify_ready(&notify, "listening");
    assert_string_equal(next(manager, text), "READY=1\nSTATUS=listening");
    pl_notify_status(&notify, "%d sessions", 12);
    assert_string_equal(next(manager, text), "STATUS=12 sessions");
    pl_notify_stopping(&notify, 6000, "draining");
    assert_string_equal(next(manager, text),
                        "STOPPING=1\nEXTEND_TIMEOUT_USEC=6000000\nSTATUS=draining");
    pl_notify_main_pid(&notify, 4711);
    assert_string_equal(next(manager, text), "MAINPID=4711");
    pl_notify_stopping(&notify, 0, "another one speaks now");
    assert_string_equal(next(manager, text), "");
    pl_notify_close(&notify);
    pl_notify_close(&notify);
}

static void test_a_reload_carries_the_monotonic_time(void **state)
{
    struct manager *manager = *state;
    struct pl_notify notify;
    char text[600];
    long long told_us = 0;
    int64_t before_us = pl_clock_monotonic_us();
    pl_notify_open(&notify, NULL);
    pl_notify_reloading(&notify);
    assert_int_equal(
        sscanf(next(manager, text), "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=", &told_us), 1);
    assert_true(told_us >= before_us && told_us <= pl_clock_monotonic_us());
    pl_notify_close(&notify);
}

static void test_an_abstract_name_is_reached(void **state)
{
    struct manager *manager = *state;
    struct manager other = {0};
    struct pl_notify notify;
    char text[600];
    int len = snprintf(other.name, sizeof(other.name), "@%s", manager->folder);
    other.name[0] = 0;
    listen_at(&other, other.name, (size_t)len);
    other.name[0] = '@';
    setenv("NOTIFY_SOCKET", other.name, 1);
    pl_notify_open(&notify, NULL);
    pl_notify_ready(&notify, NULL);
    assert_string_equal(next(&other, text), "READY=1");
    pl_notify_close(&notify);
    close(other.fd);
}

static void test_without_a_manager_nothing_happens(void **state)
{
    static const char *const names[] = {NULL, "",          "relative",
                                        "@",  "vsock:2:1", "/nowhere/at/all/socket"};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        struct pl_notify notify;
        if (names[i] == NULL) {
            unsetenv("NOTIFY_SOCKET");
        } else {
            setenv("NOTIFY_SOCKET", names[i], 1);
        }
        pl_notify_open(&notify, NULL);
        pl_notify_ready(&notify, "listening");
        pl_notify_watch(&notify, NULL); /* no WATCHDOG_USEC: the loop is not touched */
        pl_notify_close(&notify);
    }
    struct pl_notify zeroed = {0};
    pl_notify_stopping(&zeroed, 0, "draining");
    pl_notify_close(&zeroed);
}

static void test_a_long_status_is_cut(void **state)
{
    struct manager *manager = *state;
    struct pl_notify notify;
    char text[600];
    char status[600];
    memset(status, 'x', sizeof(status) - 1);
    status[sizeof(status) - 1] = 0;
    pl_notify_open(&notify, NULL);
    pl_notify_ready(&notify, status);
    assert_int_equal(strlen(next(manager, text)), 511);
    pl_notify_status(&notify, "%s", status);
    assert_int_equal(strlen(next(manager, text)), 511);
    pl_notify_close(&notify);
}

static size_t pings(const struct manager *manager)
{
    char text[600];
    size_t count = 0;
    while (strcmp(next(manager, text), "WATCHDOG=1") == 0) {
        count++;
    }
    assert_string_equal(text, "");
    return count;
}

static void test_the_loop_pings_at_half_the_limit(void **state)
{
    struct manager *manager = *state;
    struct pl_loop *loop = NULL;
    struct pl_notify notify;
    assert_int_equal(pl_loop_create(&loop, NULL), 0);
    setenv("WATCHDOG_USEC", "600000000", 1); /* ten minutes: only the moved clock comes there */
    pl_notify_open(&notify, NULL);
    pl_notify_watch(&notify, loop);
    pl_loop_turn(loop, 0);
    assert_int_equal(pings(manager), 1); /* the first one at once */
    pl_loop_advance(loop, 290000);
    pl_loop_turn(loop, 0);
    assert_int_equal(pings(manager), 0);
    pl_loop_advance(loop, 10000);
    pl_loop_turn(loop, 0);
    assert_int_equal(pings(manager), 1);
    pl_loop_advance(loop, 300000);
    assert_int_equal(pings(manager), 0); /* a loop that does not turn does not ping */
    pl_loop_turn(loop, 0);
    assert_int_equal(pings(manager), 1);
    pl_notify_close(&notify);
    pl_loop_advance(loop, 300000);
    pl_loop_turn(loop, 0);
    assert_int_equal(pings(manager), 0);
    pl_loop_destroy(loop);
}

static void test_only_the_process_that_is_watched_pings(void **state)
{
    struct manager *manager = *state;
    struct {
        const char *limit_us;
        long pid;
        size_t count;
    } rows[] = {{"2000000", getpid(), 1},
                {"2000000", getpid() + 1, 0},
                {"0", getpid(), 0},
                {"soon", getpid(), 0},
                {"1", getpid(), 1}};
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_loop *loop = NULL;
        struct pl_notify notify;
        char pid[16];
        snprintf(pid, sizeof(pid), "%ld", rows[i].pid);
        setenv("WATCHDOG_USEC", rows[i].limit_us, 1);
        setenv("WATCHDOG_PID", pid, 1);
        assert_int_equal(pl_loop_create(&loop, NULL), 0);
        pl_notify_open(&notify, NULL);
        pl_notify_watch(&notify, loop);
        pl_loop_turn(loop, 0);
        assert_int_equal(pings(manager), rows[i].count);
        pl_notify_close(&notify);
        pl_loop_destroy(loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_states_are_told_with_their_status, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_reload_carries_the_monotonic_time, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_abstract_name_is_reached, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_a_manager_nothing_happens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_long_status_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_loop_pings_at_half_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_only_the_process_that_is_watched_pings, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
