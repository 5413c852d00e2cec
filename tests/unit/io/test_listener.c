/* The listener: accepts, and refuses quickly at the limit of connections or of descriptors. */
#include "io/listener.h"

#include "net/peers.h"
#include "net/socket.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ACCEPTED_MAX 8

struct fixture {
    struct pl_loop *loop;
    struct pl_fanout fanout;
    struct pl_metrics metrics;
    struct pl_conn_set conns;
    struct pl_listener *listener;
    struct pl_address address;
    struct pl_conn_source source;
    int accepted[ACCEPTED_MAX];
    size_t accepted_count;
    struct pl_address last_peer;
};

static void on_accept(void *user, int fd, const struct pl_address *peer)
{
    struct fixture *fixture = user;
    fixture->last_peer = *peer;
    fixture->accepted[fixture->accepted_count++] = fd;
    fixture->conns.count++; /* as a connection made of it would */
    fixture->source.count++;
}

static struct pl_listener_config config_of(struct fixture *fixture)
{
    return (struct pl_listener_config){
        .fd = pl_socket_listen(&fixture->address, PL_SOCKET_DUAL, NULL),
        .conns = &fixture->conns,
        .source = &fixture->source,
        .on_accept = on_accept,
        .user = fixture,
    };
}

static void fixture_init(struct fixture *fixture)
{
    struct pl_listener_config config;
    *fixture = (struct fixture){
        .address = {.bytes = {127, 0, 0, 1}, .family = PL_ADDRESS_IPV4},
    };
    assert_int_equal(pl_loop_create(&fixture->loop, NULL), 0);
    pl_fanout_init(&fixture->fanout);
    pl_conn_set_init(&fixture->conns, fixture->loop, &fixture->fanout, &fixture->metrics);
    config = config_of(fixture);
    assert_int_equal(pl_listener_create(&fixture->listener, &config, NULL), 0);
}

static void fixture_fini(struct fixture *fixture)
{
    pl_listener_destroy(fixture->listener);
    for (size_t i = 0; i < fixture->accepted_count; i++) {
        close(fixture->accepted[i]);
    }
    pl_conn_set_fini(&fixture->conns);
    pl_loop_destroy(fixture->loop);
    pl_fanout_fini(&fixture->fanout);
}

static int connect_to(struct fixture *fixture, const char *first_words)
{
    struct sockaddr_storage storage;
    unsigned len = pl_address_to_sockaddr(&storage, &fixture->address);
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&storage, len), 0);
    assert_int_equal(send(fd, first_words, strlen(first_words), MSG_NOSIGNAL), strlen(first_words));
    return fd;
}

/* All that the server says until it ends the connection properly; -1 after a reset. */
static ssize_t read_to_end(int fd, char *out, size_t size)
{
    size_t len = 0;
    for (;;) {
        ssize_t got = recv(fd, out + len, size - len - 1, 0);
        if (got <= 0) {
            out[len] = '\0';
            return got < 0 ? -1 : (ssize_t)len;
        }
        len += (size_t)got;
    }
}

static void assert_refused(int fd)
{
    char answer[512];
    assert_true(read_to_end(fd, answer, sizeof(answer)) > 0);
    assert_memory_equal(answer, "HTTP/1.1 503 ", 13);
    close(fd);
}

static void test_listener_tells_its_port_and_hands_connections_on(void **state)
{
    struct fixture fixture;
    int fd = -1;
    (void)state;
    fixture_init(&fixture);
    assert_int_not_equal(fixture.address.port, 0);
    fd = connect_to(&fixture, "");
    pl_loop_turn(fixture.loop, 1000);
    assert_int_equal(fixture.accepted_count, 1);
    assert_int_equal(fixture.last_peer.family, PL_ADDRESS_IPV4);
    assert_memory_equal(fixture.last_peer.bytes, ((uint8_t[]){127, 0, 0, 1}), 4);
    close(fd);
    fixture_fini(&fixture);
}

static void test_listener_refuses_at_its_own_limit(void **state)
{
    struct fixture fixture;
    int fds[2];
    (void)state;
    fixture_init(&fixture);
    pl_listener_set_limit(fixture.listener, 1);
    for (size_t i = 0; i < 2; i++) {
        fds[i] = connect_to(&fixture, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    pl_loop_turn(fixture.loop, 1000);
    assert_int_equal(fixture.accepted_count, 1);
    assert_refused(fds[1]);
    assert_int_equal(pl_metrics_get(&fixture.metrics, PL_METRIC_REFUSED_LISTENER_LIMIT), 1);
    fixture.source.count = 0; /* it has left */
    fds[1] = connect_to(&fixture, "");
    pl_loop_turn(fixture.loop, 1000);
    assert_int_equal(fixture.accepted_count, 2);
    close(fds[0]);
    close(fds[1]);
    fixture_fini(&fixture);
}

static void test_listener_refuses_at_the_limit_of_connections(void **state)
{
    struct fixture fixture;
    int fds[3];
    (void)state;
    fixture_init(&fixture);
    fixture.conns.count_max = 1;
    for (size_t i = 0; i < 3; i++) { /* their requests are there when they are refused */
        fds[i] = connect_to(&fixture, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    pl_loop_turn(fixture.loop, 1000);
    assert_int_equal(fixture.accepted_count, 1);
    assert_refused(fds[1]);
    assert_refused(fds[2]);
    assert_int_equal(pl_metrics_get(&fixture.metrics, PL_METRIC_REFUSED_CONNECTION_LIMIT), 2);
    close(fds[0]);
    fixture_fini(&fixture);
}

/* In a process of its own, whose descriptors run out.
 * Returns the number of what failed, 0 for nothing. */
static int run_out_of_descriptors(struct fixture *fixture)
{
    struct rlimit limit = {0};
    char answer[512];
    int client = connect_to(fixture, "GET / HTTP/1.1\r\n\r\n");
    int first_free = dup(client);
    int second = -1;
    close(first_free);
    limit.rlim_cur = (rlim_t)first_free;
    limit.rlim_max = limit.rlim_cur;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return 1;
    }
    pl_loop_turn(fixture->loop, 1000);
    if (fixture->accepted_count != 0 ||
        pl_metrics_get(&fixture->metrics, PL_METRIC_REFUSED_OPEN_FILES) != 1) {
        return 2;
    }
    if (read_to_end(client, answer, sizeof(answer)) <= 0 ||
        memcmp(answer, "HTTP/1.1 503 ", 13) != 0) {
        return 3;
    }
    close(client); /* one is free again, and goes to the next client's own side */
    second = connect_to(fixture, "");
    pl_loop_turn(fixture->loop, 1000);
    if (pl_metrics_get(&fixture->metrics, PL_METRIC_REFUSED_OPEN_FILES) != 2) {
        return 4; /* the reserve was not taken back */
    }
    return read_to_end(second, answer, sizeof(answer)) > 0 ? 0 : 5;
}

static void test_listener_refuses_without_descriptors(void **state)
{
    int status = 0;
    pid_t pid = fork();
    (void)state;
    assert_true(pid >= 0);
    if (pid == 0) {
        struct fixture fixture;
        fixture_init(&fixture);
        _exit(run_out_of_descriptors(&fixture));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_listener_refuses_an_address_by_its_limits(void **state)
{
    static const uint8_t hash_key[16];
    struct fixture fixture;
    struct pl_peers_limits limits = {
        .connections_max = 2, .connects_per_second = 1, .connects_burst = 3, .remembered_max = 8};
    struct pl_address peer = {.bytes = {127, 0, 0, 1}, .family = PL_ADDRESS_IPV4};
    char answer[512];
    int fds[4];
    (void)state;
    fixture_init(&fixture);
    fixture.conns.peers = pl_peers_create(&limits, hash_key);
    for (int i = 0; i < 3; i++) {
        fds[i] = connect_to(&fixture, "GET / HTTP/1.1\r\n");
        pl_loop_turn(fixture.loop, 1000);
        if (fixture.accepted_count == (size_t)i + 1) { /* as opening a connection does */
            assert_true(pl_peers_hold(fixture.conns.peers, &peer, 0));
        }
    }
    assert_int_equal(fixture.accepted_count, 2);
    assert_true(read_to_end(fds[2], answer, sizeof(answer)) > 0);
    assert_memory_equal(answer, "HTTP/1.1 429 ", 13);
    assert_non_null(strstr(answer, "\r\nRetry-After: "));
    assert_int_equal(pl_metrics_get(&fixture.metrics, PL_METRIC_REFUSED_ADDRESS_CONNECTIONS), 1);

    pl_peers_release(fixture.conns.peers, &peer);
    close(fds[2]);
    fds[2] = connect_to(&fixture, "");
    pl_loop_turn(fixture.loop, 1000);
    assert_int_equal(fixture.accepted_count, 3); /* the last one of the burst */
    fds[3] = connect_to(&fixture, "");
    pl_loop_turn(fixture.loop, 1000);
    assert_int_equal(fixture.accepted_count, 3);
    assert_int_equal(pl_metrics_get(&fixture.metrics, PL_METRIC_REFUSED_ADDRESS_RATE), 1);
    for (int i = 0; i < 4; i++) {
        close(fds[i]);
    }
    fixture_fini(&fixture);
    pl_peers_destroy(fixture.conns.peers);
}

static void test_listener_that_speaks_tls_refuses_without_a_word(void **state)
{
    struct fixture fixture;
    struct pl_listener_config config;
    char answer[512];
    int fd = -1;
    (void)state;
    fixture_init(&fixture);
    pl_listener_destroy(fixture.listener);
    fixture.address.port = 0;
    config = config_of(&fixture);
    config.is_secure = true;
    assert_int_equal(pl_listener_create(&fixture.listener, &config, NULL), 0);
    fixture.conns.count_max = 1;
    fixture.conns.count = 1;
    fd = connect_to(&fixture, "\x16\x03\x01");
    pl_loop_turn(fixture.loop, 1000);
    assert_int_equal(read_to_end(fd, answer, sizeof(answer)), 0);
    assert_int_equal(pl_metrics_get(&fixture.metrics, PL_METRIC_REFUSED_CONNECTION_LIMIT), 1);
    close(fd);
    fixture_fini(&fixture);
}

static void test_listener_that_is_destroyed_accepts_no_more(void **state)
{
    struct fixture fixture;
    struct sockaddr_storage storage;
    unsigned len = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)state;
    fixture_init(&fixture);
    len = pl_address_to_sockaddr(&storage, &fixture.address);
    pl_listener_destroy(fixture.listener);
    fixture.listener = NULL;
    assert_true(connect(fd, (struct sockaddr *)&storage, len) < 0);
    close(fd);
    fixture_fini(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listener_tells_its_port_and_hands_connections_on),
        cmocka_unit_test(test_listener_refuses_at_its_own_limit),
        cmocka_unit_test(test_listener_refuses_at_the_limit_of_connections),
        cmocka_unit_test(test_listener_refuses_an_address_by_its_limits),
        cmocka_unit_test(test_listener_that_speaks_tls_refuses_without_a_word),
        cmocka_unit_test(test_listener_refuses_without_descriptors),
        cmocka_unit_test(test_listener_that_is_destroyed_accepts_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
