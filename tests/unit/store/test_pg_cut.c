/* A connection to PostgreSQL that breaks just while a commit is answered, by a proxy between that cuts it:
 * what was to be written is there, once. Run by script/with-postgres --own. */
#include "pg_lost.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

struct cutter {
    int listen_fd;
    uint16_t port; /* its own */
    uint16_t server_port;
    _Atomic int cuts;       /* how many commits are still to be cut */
    _Atomic bool after;     /* the server gets the commit, its answer is lost; or it gets nothing */
    _Atomic bool is_pooler; /* names another process than the server does */
    _Atomic bool is_over;
    pthread_t thread;
};

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static bool has_commit(const char *bytes, size_t len)
{
    return memmem(bytes, len, "COMMIT", 6) != NULL;
}

/* BackendKeyData: 'K', its length of 12, the process, a key. */
static void change_pid(char *bytes, size_t len)
{
    char *at = memmem(bytes, len, "K\0\0\0\x0c", 5);
    if (at != NULL && (size_t)(bytes + len - at) >= 9) {
        at[8] ^= 1;
    }
}

/* What is said in one direction. False when the connection is over. */
static bool pass_on(struct cutter *cutter, int from, int to, bool is_client)
{
    char bytes[65536];
    ssize_t len = read(from, bytes, sizeof(bytes));
    if (len <= 0) {
        return false;
    }
    if (!is_client && cutter->is_pooler) {
        change_pid(bytes, (size_t)len);
    }
    bool is_cut = is_client && cutter->cuts > 0 && has_commit(bytes, (size_t)len);
    if (!is_cut || cutter->after) {
        (void)!write(to, bytes, (size_t)len);
    }
    if (is_cut) {
        cutter->cuts--;
        if (cutter->after) {
            (void)!read(to, bytes, sizeof(bytes)); /* committed */
        }
    }
    return !is_cut;
}

struct leg {
    struct cutter *cutter;
    int client;
    int server;
};

static void *carry(void *user)
{
    struct leg *leg = user;
    struct pollfd fds[] = {{.fd = leg->client, .events = POLLIN},
                           {.fd = leg->server, .events = POLLIN}};
    bool is_open = true;
    while (is_open && !leg->cutter->is_over) {
        (void)poll(fds, 2, 50);
        if ((fds[0].revents & (POLLIN | POLLHUP)) != 0) {
            is_open = pass_on(leg->cutter, leg->client, leg->server, true);
        }
        if (is_open && (fds[1].revents & (POLLIN | POLLHUP)) != 0) {
            is_open = pass_on(leg->cutter, leg->server, leg->client, false);
        }
    }
    (void)close(leg->client);
    (void)close(leg->server);
    pl_free(leg);
    return NULL;
}

static void *accept_all(void *user)
{
    struct cutter *cutter = user;
    pthread_t threads[64];
    size_t count = 0;
    struct pollfd poll_fd = {.fd = cutter->listen_fd, .events = POLLIN};
    while (!cutter->is_over && count < PL_ARRAY_LEN(threads)) {
        if (poll(&poll_fd, 1, 50) != 1) {
            continue;
        }
        struct leg *leg = pl_alloc(sizeof(*leg));
        leg->cutter = cutter;
        leg->client = accept(cutter->listen_fd, NULL, NULL);
        leg->server = connect_to(cutter->server_port);
        assert_int_equal(pthread_create(&threads[count++], NULL, carry, leg), 0);
    }
    while (count > 0) {
        assert_int_equal(pthread_join(threads[--count], NULL), 0);
    }
    return NULL;
}

static void start_cutter(struct cutter *cutter, bool after)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    unsigned port = 0;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(
        sscanf(getenv("PARLEY_TEST_POSTGRES"), "postgresql://parley@127.0.0.1:%u/", &port), 1);
    cutter->server_port = (uint16_t)port;
    cutter->after = after;
    cutter->listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(cutter->listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(cutter->listen_fd, 16), 0);
    assert_int_equal(getsockname(cutter->listen_fd, (struct sockaddr *)&address, &size), 0);
    cutter->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&cutter->thread, NULL, accept_all, cutter), 0);
}

static void stop_cutter(struct cutter *cutter)
{
    cutter->is_over = true;
    assert_int_equal(pthread_join(cutter->thread, NULL), 0);
    (void)close(cutter->listen_fd);
}

static void check_cut(bool after)
{
    struct cutter cutter = {0};
    char url[128];
    start_cutter(&cutter, after);
    (void)snprintf(url, sizeof(url), "postgresql://parley@127.0.0.1:%u/parley",
                   (unsigned)cutter.port);
    lost_open(url, LOST_LONG_MS);
    for (int64_t id = 1; id <= 6; id++) {
        cutter.cuts = id % 2 == 0 ? 1 : 0;
        assert_int_equal(lost_insert(id), 0);
        assert_int_equal(cutter.cuts, 0);
    }
    assert_int_equal(lost_count(), 6);
    pl_store_destroy(lost.store);
    lost.store = NULL;
    stop_cutter(&cutter);
}

static void test_commit_whose_answer_is_lost_happens_once(void **state)
{
    (void)state;
    check_cut(true);
}

static void test_commit_that_did_not_arrive_is_made_again(void **state)
{
    (void)state;
    check_cut(false);
}

static void test_pooler_is_refused(void **state)
{
    (void)state;
    struct cutter cutter = {.is_pooler = true};
    struct pl_store_config config = {.wake = lost_wake};
    char url[128];
    start_cutter(&cutter, false);
    (void)snprintf(url, sizeof(url), "postgresql://parley@127.0.0.1:%u/parley",
                   (unsigned)cutter.port);
    assert_int_equal(pl_postgres_store_open(&lost.store, &config, url, true, &lost.err),
                     PL_E_UNSUPPORTED);
    assert_non_null(strstr(lost.err.text, "pooler"));
    stop_cutter(&cutter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOST_TEST(test_commit_whose_answer_is_lost_happens_once),
        LOST_TEST(test_commit_that_did_not_arrive_is_made_again),
        LOST_TEST(test_pooler_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
