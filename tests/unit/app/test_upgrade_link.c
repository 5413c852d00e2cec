/* The link between two processes, with both ends in this one: messages and descriptors arrive
 * together, whatever the pieces, and nothing leaks. */
#include "app/upgrade_link.h"

#include "base/env.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct pl_upgrade_link near;
    struct pl_upgrade_link far;
};

static int open_files(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

static void setup(struct fixture *fixture)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    pl_upgrade_link_init(&fixture->near, pair[0]);
    pl_upgrade_link_init(&fixture->far, pair[1]);
}

static void teardown(struct fixture *fixture)
{
    pl_upgrade_link_close(&fixture->near);
    pl_upgrade_link_close(&fixture->far);
}

static int64_t soon(void)
{
    return pl_clock_monotonic_ms() + 5000;
}

static void send_text(struct fixture *fixture, const char *text, int fd)
{
    struct pl_buf buf;
    pl_buf_init(&buf, 100000);
    pl_handover_write_text(&buf, PL_HANDOVER_LISTENER, fd >= 0, pl_str_of_cstr(text));
    assert_int_equal(pl_upgrade_link_send(&fixture->near, pl_buf_str(&buf), fd, soon(), NULL), 0);
    pl_buf_fini(&buf);
}

static void assert_next(struct fixture *fixture, const char *text)
{
    struct pl_handover_message message;
    struct pl_str got;
    assert_int_equal(pl_upgrade_link_next(&message, &fixture->far, NULL), 1);
    assert_int_equal(pl_handover_read_text(&got, message.payload, NULL), 0);
    assert_true(pl_str_eq(got, pl_str_of_cstr(text)));
}

static bool is_same_file(int a, int b)
{
    struct stat one;
    struct stat other;
    return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

static void test_link_descriptors_come_with_their_messages(void **state)
{
    struct fixture fixture;
    int before = open_files();
    int pipes[2];
    (void)state;
    setup(&fixture);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    send_text(&fixture, "one", pipes[0]);
    send_text(&fixture, "two", -1);
    send_text(&fixture, "three", pipes[1]);
    assert_next(&fixture, "one");
    int fd = pl_upgrade_link_take_fd(&fixture.far);
    assert_true(is_same_file(fd, pipes[0]));
    assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    assert_int_equal(pl_upgrade_link_take_fd(&fixture.far), -1);
    close(fd);
    assert_next(&fixture, "two");
    assert_int_equal(pl_upgrade_link_take_fd(&fixture.far), -1);
    assert_next(&fixture, "three"); /* whose descriptor nobody takes */
    struct pl_handover_message message;
    assert_int_equal(pl_upgrade_link_next(&message, &fixture.far, NULL), 0);
    close(pipes[0]);
    close(pipes[1]);
    teardown(&fixture);
    assert_int_equal(open_files(), before);
}

static void test_link_message_in_pieces_is_read_when_it_is_whole(void **state)
{
    struct fixture fixture;
    struct pl_handover_message message;
    struct pl_buf buf;
    (void)state;
    setup(&fixture);
    pl_buf_init(&buf, 1000);
    pl_handover_write_text(&buf, PL_HANDOVER_LISTENER, 0, PL_STR("whole"));
    for (size_t i = 0; i < buf.len; i++) {
        assert_int_equal(pl_upgrade_link_next(&message, &fixture.far, NULL), 0);
        assert_int_equal(write(fixture.near.fd, buf.ptr + i, 1), 1);
    }
    assert_next(&fixture, "whole");
    pl_buf_fini(&buf);
    teardown(&fixture);
}

static void test_link_end_comes_behind_what_was_sent(void **state)
{
    struct fixture fixture;
    struct pl_handover_message message;
    (void)state;
    setup(&fixture);
    send_text(&fixture, "last", -1);
    pl_upgrade_link_close(&fixture.near);
    assert_next(&fixture, "last");
    assert_int_equal(pl_upgrade_link_next(&message, &fixture.far, NULL), PL_E_CLOSED);
    assert_int_equal(pl_upgrade_link_next(&message, &fixture.far, NULL), PL_E_CLOSED);
    assert_int_equal(pl_upgrade_link_send(&fixture.far, PL_STR("x"), -1, soon(), NULL),
                     PL_E_CLOSED);
    teardown(&fixture);
}

static void test_link_waits_until_its_deadline(void **state)
{
    struct fixture fixture;
    struct pl_handover_message message;
    struct pl_error err = {0};
    static char much[4 * 1024 * 1024];
    (void)state;
    setup(&fixture);
    assert_int_equal(
        pl_upgrade_link_wait(&message, &fixture.far, pl_clock_monotonic_ms() + 10, &err),
        PL_E_TIMEOUT);
    assert_int_equal(pl_upgrade_link_send(&fixture.near, pl_str_make(much, sizeof(much)), -1,
                                          pl_clock_monotonic_ms() + 10, &err),
                     PL_E_TIMEOUT);
    teardown(&fixture);
}

static void test_link_missing_descriptor_is_a_mistake(void **state)
{
    struct fixture fixture;
    struct pl_handover_message message;
    struct pl_error err = {0};
    struct pl_buf buf;
    (void)state;
    setup(&fixture);
    pl_buf_init(&buf, 1000);
    pl_handover_write_bare(&buf, PL_HANDOVER_LOCK, 1);
    assert_int_equal(pl_upgrade_link_send(&fixture.near, pl_buf_str(&buf), -1, soon(), NULL), 0);
    assert_int_equal(pl_upgrade_link_next(&message, &fixture.far, &err), PL_E_PROTO);
    pl_buf_fini(&buf);
    teardown(&fixture);
}

static void test_link_more_descriptors_than_it_takes_are_closed(void **state)
{
    struct fixture fixture;
    int before = open_files();
    (void)state;
    setup(&fixture);
    struct pl_handover_message message;
    int rc = 0;
    for (int i = 0; i <= PL_UPGRADE_LINK_FDS_MAX && rc == 0; i++) { /* never a whole message */
        rc = pl_upgrade_link_send(&fixture.near, PL_STR("\xff"), STDERR_FILENO, soon(), NULL);
        assert_int_equal(rc, 0);
        rc = pl_upgrade_link_next(&message, &fixture.far, NULL);
        if (i < 4) { /* the length is still to come */
            assert_int_equal(rc, 0);
        }
    }
    assert_true(rc < 0);
    teardown(&fixture);
    assert_int_equal(open_files(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_descriptors_come_with_their_messages),
        cmocka_unit_test(test_link_message_in_pieces_is_read_when_it_is_whole),
        cmocka_unit_test(test_link_end_comes_behind_what_was_sent),
        cmocka_unit_test(test_link_waits_until_its_deadline),
        cmocka_unit_test(test_link_missing_descriptor_is_a_mistake),
        cmocka_unit_test(test_link_more_descriptors_than_it_takes_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
