/* The set of listeners: opened from settings, changed by settings, taken over from another set. */
#include "app/listeners.h"

#include "net/socket.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct pl_loop *loop;
    struct pl_fanout fanout;
    struct pl_metrics metrics;
    struct pl_conn_set conns;
    struct pl_web *web;
    struct pl_listeners *set;
    struct pl_settings settings;
    char folder[64];
};

static void fixture_init(struct fixture *fixture)
{
    struct pl_web_limits limits = {.head_bytes = 4096,
                                   .header_timeout_ms = 1000,
                                   .body_timeout_ms = 1000,
                                   .keep_alive_timeout_ms = 1000,
                                   .ws_close_timeout_ms = 1000};
    *fixture = (struct fixture){.folder = "/tmp/parley-unit-XXXXXX"};
    assert_non_null(mkdtemp(fixture->folder));
    assert_int_equal(pl_loop_create(&fixture->loop, NULL), 0);
    pl_fanout_init(&fixture->fanout);
    pl_conn_set_init(&fixture->conns, fixture->loop, &fixture->fanout, &fixture->metrics);
    assert_int_equal(pl_web_create(&fixture->web, &fixture->conns, &limits, NULL, NULL), 0);
    fixture->set = pl_listeners_create(fixture->web, &fixture->conns, NULL);
}

static void fixture_fini(struct fixture *fixture)
{
    pl_listeners_close(fixture->set);
    pl_conn_set_fini(&fixture->conns);
    pl_loop_turn(fixture->loop, 0);
    pl_listeners_destroy(fixture->set);
    pl_web_destroy(fixture->web);
    pl_loop_destroy(fixture->loop);
    pl_fanout_fini(&fixture->fanout);
    pl_settings_fini(&fixture->settings);
    assert_int_equal(rmdir(fixture->folder), 0); /* every socket file is gone */
}

/* Settings with `listen` and `listeners`; "%s" in the latter is the folder. */
static void configure(struct fixture *fixture, const char *listen, const char *listeners)
{
    char list[512];
    struct pl_setting_pair pairs[2] = {
        {PL_STR("listen"), pl_str_of_cstr(listen), PL_STR("--set")},
        {PL_STR("listeners"), {0}, PL_STR("--set")},
    };
    struct pl_settings_sources src = {.pairs = pairs, .pair_count = 2};
    const char *cut = strstr(listeners, "%s");
    snprintf(list, sizeof(list), "%.*s%s%s", cut == NULL ? 0 : (int)(cut - listeners), listeners,
             cut == NULL ? "" : fixture->folder, cut == NULL ? listeners : cut + 2);
    pairs[1].value = pl_str_of_cstr(list);
    pl_settings_fini(&fixture->settings);
    assert_int_equal(pl_settings_load(&fixture->settings, &src, NULL), 0);
}

static int apply(struct fixture *fixture, const char *listen, const char *listeners,
                 struct pl_error *err)
{
    configure(fixture, listen, listeners);
    return pl_listeners_apply(fixture->set, &fixture->settings, NULL, 0, err);
}

static struct pl_listener_info info(const struct fixture *fixture, size_t index)
{
    struct pl_listener_info info;
    pl_listeners_get(&info, fixture->set, index);
    return info;
}

static void path_in(char out[sizeof(((struct sockaddr_un *)NULL)->sun_path)],
                    const struct fixture *fixture, const char *name)
{
    snprintf(out, sizeof(((struct sockaddr_un *)NULL)->sun_path), "%s/%s", fixture->folder, name);
}

/* A client of a listening descriptor. */
static int connect_to(int listening_fd)
{
    struct sockaddr_storage storage;
    socklen_t len = sizeof(storage);
    int fd = -1;
    assert_int_equal(getsockname(listening_fd, (struct sockaddr *)&storage, &len), 0);
    fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&storage, len), 0);
    return fd;
}

static void assert_answers(struct fixture *fixture, int listening_fd)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    char answer[512] = "";
    int fd = connect_to(listening_fd);
    assert_int_equal(send(fd, request, sizeof(request) - 1, 0), sizeof(request) - 1);
    for (int i = 0; i < 4; i++) {
        pl_loop_turn(fixture->loop, 0);
    }
    assert_true(recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT) > 0);
    assert_memory_equal(answer, "HTTP/1.1 404 ", 13);
    close(fd);
    for (int i = 0; i < 4; i++) {
        pl_loop_turn(fixture->loop, 0);
    }
}

static void test_listeners_of_every_kind_answer(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    assert_int_equal(
        apply(&fixture, "127.0.0.1:0", "unix:%s/a.sock,[::1]:0 connections_max=7", NULL), 0);
    assert_int_equal(pl_listeners_count(fixture.set), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_answers(&fixture, info(&fixture, i).fd);
        assert_int_equal(info(&fixture, i).connection_count, 0);
    }
    assert_memory_equal(info(&fixture, 0).url, "http://127.0.0.1:", 17);
    assert_true(info(&fixture, 1).is_unix);
    assert_memory_equal(info(&fixture, 2).url, "http://[::1]:", 13);
    assert_int_equal(info(&fixture, 2).connections_max, 7);
    fixture_fini(&fixture);
}

static void test_listeners_on_all_of_ipv6_take_ipv4_unless_told(void **state)
{
    static const struct {
        const char *text;
        bool takes_ipv4;
    } rows[] = {{"[::]:0", true}, {"[::]:0 ipv6_only", false}};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        struct pl_address bound;
        struct sockaddr_storage storage;
        unsigned len = 0;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        fixture_init(&fixture);
        assert_int_equal(apply(&fixture, rows[i].text, "", NULL), 0);
        assert_int_equal(pl_socket_adopt(&bound, info(&fixture, 0).fd, NULL), 0);
        bound.family = PL_ADDRESS_IPV4;
        memcpy(bound.bytes, (uint8_t[]){127, 0, 0, 1}, 4);
        len = pl_address_to_sockaddr(&storage, &bound);
        assert_int_equal(connect(fd, (struct sockaddr *)&storage, len) == 0, rows[i].takes_ipv4);
        close(fd);
        pl_loop_turn(fixture.loop, 0);
        fixture_fini(&fixture);
    }
}

static void test_listeners_change_with_the_settings(void **state)
{
    struct fixture fixture;
    int first_fd = -1;
    int client = -1;
    char path[108];
    (void)state;
    fixture_init(&fixture);
    assert_int_equal(apply(&fixture, "127.0.0.1:0", "unix:%s/a.sock", NULL), 0);
    first_fd = info(&fixture, 0).fd;
    client = connect_to(info(&fixture, 1).fd);
    pl_loop_turn(fixture.loop, 0);
    assert_int_equal(info(&fixture, 1).connection_count, 1);
    /* one goes, one comes, one stays with another option */
    assert_int_equal(apply(&fixture, "127.0.0.1:0 connections_max=3", "[::1]:0", NULL), 0);
    assert_int_equal(pl_listeners_count(fixture.set), 2);
    assert_int_equal(info(&fixture, 0).fd, first_fd);
    assert_int_equal(info(&fixture, 0).connections_max, 3);
    path_in(path, &fixture, "a.sock");
    assert_int_equal(access(path, F_OK), -1);
    /* whoever came through the closed one is still served */
    assert_int_equal(fixture.conns.count, 1);
    assert_int_equal(send(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27, 0), 27);
    pl_loop_turn(fixture.loop, 0);
    pl_loop_turn(fixture.loop, 0);
    assert_int_equal(recv(client, path, 12, MSG_DONTWAIT), 12);
    assert_memory_equal(path, "HTTP/1.1 404", 12);
    close(client);
    pl_loop_turn(fixture.loop, 0);
    pl_loop_turn(fixture.loop, 0);
    assert_int_equal(apply(&fixture, "127.0.0.1:0", "", NULL), 0); /* forgets the closed one */
    fixture_fini(&fixture);
}

static void test_listeners_after_a_failure_are_as_before(void **state)
{
    struct fixture fixture;
    struct pl_error err = {0};
    char path[108];
    int fd = -1;
    (void)state;
    fixture_init(&fixture);
    assert_int_equal(apply(&fixture, "127.0.0.1:0", "", NULL), 0);
    path_in(path, &fixture, "file");
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    assert_int_equal(apply(&fixture, "127.0.0.1:0 connections_max=3", "[::1]:0,unix:%s/file", &err),
                     PL_E_EXISTS);
    assert_non_null(strstr(err.text, "listeners: unix:/"));
    assert_non_null(strstr(err.text, "no socket"));
    assert_int_equal(pl_listeners_count(fixture.set), 1);
    assert_int_equal(info(&fixture, 0).connections_max, 0);
    assert_answers(&fixture, info(&fixture, 0).fd);
    unlink(path);
    fixture_fini(&fixture);
}

static void test_listeners_that_cannot_be_name_the_setting(void **state)
{
    static const struct {
        const char *listen;
        const char *listeners;
        const char *reason;
    } rows[] = {
        {"", "", "listen: there is nowhere to listen"},
        {"127.0.0.1:9999", "127.0.0.1:9999 tls",
         "listeners: 127.0.0.1:9999 is listened on already"},
        {"127.0.0.1:0", "127.0.0.1:0 tls", "TLS: a listener has TLS, but there is no certificate"},
        {"127.0.0.1:0", "unix:%s/no/folder", "its folder does not exist"},
        {"127.0.0.1:0", "unix:%s/a.sock user=no-such-user", "there is no user 'no-such-user'"},
        {"127.0.0.1:0", "unix:%s/a.sock group=no-such-group", "there is no group"},
        {"192.0.2.1:0", "", "listen: cannot listen on 192.0.2.1:0: no interface has that address"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        struct pl_error err = {0};
        fixture_init(&fixture);
        assert_true(apply(&fixture, rows[i].listen, rows[i].listeners, &err) < 0);
        if (strstr(err.text, rows[i].reason) == NULL) {
            fail_msg("%s", err.text);
        }
        assert_int_equal(pl_listeners_count(fixture.set), 0);
        fixture_fini(&fixture);
    }
}

static void test_listeners_of_a_port_in_use_say_so(void **state)
{
    struct fixture fixture;
    struct pl_error err = {0};
    struct pl_address bound;
    char text[PL_ADDRESS_TEXT_MAX];
    (void)state;
    fixture_init(&fixture);
    assert_int_equal(apply(&fixture, "127.0.0.1:0", "", NULL), 0);
    assert_int_equal(pl_socket_adopt(&bound, info(&fixture, 0).fd, NULL), 0);
    pl_address_format(text, &bound);
    assert_int_equal(apply(&fixture, "127.0.0.1:0", text, &err), PL_E_EXISTS);
    assert_memory_equal(err.text, "listeners: 127.0.0.1:", 21);
    assert_non_null(strstr(err.text, "is in use"));
    fixture_fini(&fixture);
}

static void test_listeners_replace_a_socket_that_nobody_listens_on(void **state)
{
    struct fixture fixture;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat stat_of_file;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct pl_error err = {0};
    (void)state;
    fixture_init(&fixture);
    path_in(address.sun_path, &fixture, "a.sock");
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(apply(&fixture, "127.0.0.1:0", "unix:%s/a.sock mode=0600", &err), PL_E_EXISTS);
    assert_non_null(strstr(err.text, "another program listens on it"));
    close(fd); /* as a server that was killed leaves it */
    assert_int_equal(apply(&fixture, "127.0.0.1:0", "unix:%s/a.sock mode=0600", NULL), 0);
    assert_int_equal(stat(address.sun_path, &stat_of_file), 0);
    assert_int_equal(stat_of_file.st_mode & 0777, 0600);
    assert_answers(&fixture, info(&fixture, 1).fd);
    assert_int_equal(apply(&fixture, "127.0.0.1:0", "unix:%s/a.sock mode=0640", NULL), 0);
    assert_int_equal(stat(address.sun_path, &stat_of_file), 0);
    assert_int_equal(stat_of_file.st_mode & 0777, 0640);
    fixture_fini(&fixture);
}

static void test_listeners_leave_a_file_alone_that_is_another_one_now(void **state)
{
    struct fixture fixture;
    char path[108];
    int fd = -1;
    (void)state;
    fixture_init(&fixture);
    assert_int_equal(apply(&fixture, "", "unix:%s/a.sock", NULL), 0);
    path_in(path, &fixture, "a.sock");
    unlink(path);
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    pl_listeners_close(fixture.set);
    assert_int_equal(unlink(path), 0);
    fixture_fini(&fixture);
}

/* What a new process does with the descriptors of the one before. */
static void test_listeners_are_taken_over_by_another_set(void **state)
{
    struct fixture fixture;
    struct pl_listeners *old = NULL;
    struct pl_listen_fd handed[3];
    char path[108];
    char url[PL_LISTENER_URL_MAX];
    (void)state;
    fixture_init(&fixture);
    assert_int_equal(apply(&fixture, "127.0.0.1:0", "unix:%s/a.sock", NULL), 0);
    for (size_t i = 0; i < 2; i++) {
        handed[i] = (struct pl_listen_fd){info(&fixture, i).name, dup(info(&fixture, i).fd)};
    }
    handed[2] = (struct pl_listen_fd){PL_STR("127.0.0.1:1"), dup(handed[0].fd)}; /* nobody's */
    snprintf(url, sizeof(url), "%s", info(&fixture, 0).url);
    old = fixture.set;
    fixture.set = pl_listeners_create(fixture.web, &fixture.conns, NULL);
    assert_int_equal(
        pl_listeners_apply(fixture.set, &fixture.settings, handed, PL_ARRAY_LEN(handed), NULL), 0);
    assert_string_equal(info(&fixture, 0).url, url);
    assert_int_equal(fcntl(handed[2].fd, F_GETFD), -1);
    assert_int_equal(fcntl(handed[0].fd, F_GETFD), FD_CLOEXEC);
    pl_listeners_hand_over(old);
    pl_listeners_destroy(old);
    path_in(path, &fixture, "a.sock");
    assert_int_equal(access(path, F_OK), 0);
    assert_answers(&fixture, info(&fixture, 0).fd);
    assert_answers(&fixture, info(&fixture, 1).fd);
    fixture_fini(&fixture);
}

/* What the service manager hands over has no name, and its file is not ours. */
static void test_listeners_take_what_is_bound_to_their_address(void **state)
{
    struct fixture fixture;
    struct pl_listen_fd handed[2];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct pl_address tcp = {.bytes = {127, 0, 0, 1}, .family = PL_ADDRESS_IPV4};
    char text[PL_ADDRESS_TEXT_MAX];
    (void)state;
    fixture_init(&fixture);
    path_in(address.sun_path, &fixture, "a.sock");
    handed[0] = (struct pl_listen_fd){.fd = socket(AF_UNIX, SOCK_STREAM, 0)};
    assert_int_equal(bind(handed[0].fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(handed[0].fd, 8), 0);
    handed[1] = (struct pl_listen_fd){.fd = pl_socket_listen(&tcp, PL_SOCKET_DUAL, NULL)};
    configure(&fixture, pl_address_format(text, &tcp), "unix:%s/a.sock");
    assert_int_equal(pl_listeners_apply(fixture.set, &fixture.settings, handed, 2, NULL), 0);
    assert_int_equal(info(&fixture, 0).fd, handed[1].fd);
    assert_int_equal(info(&fixture, 1).fd, handed[0].fd);
    assert_int_equal(info(&fixture, 1).name.len, 0); /* and so it goes to the next process */
    assert_answers(&fixture, info(&fixture, 1).fd);
    pl_listeners_close(fixture.set);
    assert_int_equal(unlink(address.sun_path), 0); /* it is still there */
    fixture_fini(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listeners_of_every_kind_answer),
        cmocka_unit_test(test_listeners_on_all_of_ipv6_take_ipv4_unless_told),
        cmocka_unit_test(test_listeners_change_with_the_settings),
        cmocka_unit_test(test_listeners_after_a_failure_are_as_before),
        cmocka_unit_test(test_listeners_that_cannot_be_name_the_setting),
        cmocka_unit_test(test_listeners_of_a_port_in_use_say_so),
        cmocka_unit_test(test_listeners_replace_a_socket_that_nobody_listens_on),
        cmocka_unit_test(test_listeners_leave_a_file_alone_that_is_another_one_now),
        cmocka_unit_test(test_listeners_are_taken_over_by_another_set),
        cmocka_unit_test(test_listeners_take_what_is_bound_to_their_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
