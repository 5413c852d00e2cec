/* A PostgreSQL that goes away: for a moment, for long, and just while a commit is answered. What was acknowledged is
 * there, once; what was not says why; nothing has to be started again. Run by script/with-postgres --own. */
#include "store/postgres/store.h"

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

struct thing_op {
    struct pl_store_op op;
    int64_t id;
    int64_t count;
};

static void on_wake(void *user)
{
    (void)user; /* pl_store_run and pl_store_destroy look for themselves */
}

/* Run twice, it would fail. */
static int run_insert(struct pl_store_op *base, struct pl_sql *sql)
{
    struct thing_op *op = (struct thing_op *)base;
    return PL_SQL_RUN(sql, &base->error, "INSERT INTO lost_things (id) VALUES ($1)",
                      pl_sql_int(op->id));
}

static int run_count(struct pl_store_op *base, struct pl_sql *sql)
{
    struct thing_op *op = (struct thing_op *)base;
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, &base->error,
                          "SELECT count(*) FROM lost_things WHERE $1 = 0 OR id = $1",
                          pl_sql_int(op->id));
    if (rc == 0) {
        rc = pl_sql_next(&rows, &base->error);
        op->count = pl_sql_get_int(&rows, 0);
        pl_sql_end(&rows);
    }
    return rc < 0 ? rc : 0;
}

/* What the session of the writer is like. */
static int run_look_at_session(struct pl_store_op *base, struct pl_sql *sql)
{
    struct thing_op *op = (struct thing_op *)base;
    struct pl_sql_rows rows;
    int rc = pl_sql_query(&rows, sql,
                          "SELECT count(*) FROM pg_settings WHERE (name, setting) IN "
                          "(('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), "
                          "('tcp_keepalives_count', '3'), ('tcp_user_timeout', '25000'), "
                          "('synchronous_commit', 'on'), ('idle_session_timeout', '0'))",
                          NULL, 0, &base->error);
    if (rc == 0) {
        rc = pl_sql_next(&rows, &base->error);
        op->count = pl_sql_get_int(&rows, 0);
        pl_sql_end(&rows);
    }
    return rc < 0 ? rc : 0;
}

static const struct pl_store_op_type session_type = {.name = "session",
                                                     .is_write = true,
                                                     .size = sizeof(struct thing_op),
                                                     .run = run_look_at_session};
static const struct pl_store_op_type insert_type = {
    .name = "insert", .is_write = true, .size = sizeof(struct thing_op), .run = run_insert};
static const struct pl_store_op_type count_type = {
    .name = "count", .size = sizeof(struct thing_op), .run = run_count};

static struct pl_store *store; /* what insert and count_rows ask */
static struct pl_error err;

static void prepare(void)
{
    char command[512];
    (void)snprintf(command, sizeof(command),
                   "psql -q '%s' -c 'SET client_min_messages = error; DROP TABLE IF EXISTS "
                   "lost_things; CREATE TABLE lost_things (id BIGINT PRIMARY KEY)'",
                   getenv("PARLEY_TEST_POSTGRES"));
    assert_int_equal(system(command), 0);
}

/* Long enough for any server to come back, or short enough to wait for. */
enum { LONG_MS = 100000, SHORT_MS = 300 };

static void open_store(const char *url, uint32_t patience_ms)
{
    struct pl_store_config config = {.wake = on_wake, .patience_ms = patience_ms};
    if (pl_postgres_store_open(&store, &config, url, true, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static int setup(void **state)
{
    (void)state;
    prepare();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pl_store_destroy(store);
    store = NULL;
    return 0;
}

static void server_does(const char *what)
{
    char command[256];
    (void)snprintf(command, sizeof(command), "\"$PARLEY_TEST_POSTGRES_DIR/%s\"", what);
    assert_int_equal(system(command), 0);
}

static int insert(int64_t id)
{
    struct thing_op *op = (struct thing_op *)pl_store_op_create(&insert_type, 0);
    op->id = id;
    int rc = pl_store_run(store, &op->op);
    err = op->op.error;
    pl_store_op_free(&op->op);
    return rc;
}

static int64_t count_rows_named(int64_t id)
{
    struct thing_op *op = (struct thing_op *)pl_store_op_create(&count_type, 0);
    op->id = id;
    if (pl_store_run(store, &op->op) < 0) {
        fail_msg("%s", op->op.error.text);
    }
    int64_t count = op->count;
    pl_store_op_free(&op->op);
    return count;
}

static int64_t count_rows(void)
{
    return count_rows_named(0);
}

static void *restart_soon(void *user)
{
    (void)user;
    server_does("start");
    return NULL;
}

static void test_server_that_restarts_is_not_noticed(void **state)
{
    (void)state;
    open_store(getenv("PARLEY_TEST_POSTGRES"), LONG_MS);
    int64_t id = 0;
    for (int round = 0; round < 3; round++) {
        pthread_t thread;
        server_does("stop");
        assert_int_equal(pthread_create(&thread, NULL, restart_soon, NULL), 0);
        for (int i = 0; i < 20; i++) {
            assert_int_equal(insert(++id), 0);
        }
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    assert_int_equal(count_rows(), id);
}

static void test_server_that_stays_away_is_told_and_welcomed_back(void **state)
{
    (void)state;
    open_store(getenv("PARLEY_TEST_POSTGRES"), SHORT_MS);
    assert_int_equal(insert(1), 0);
    server_does("stop");
    assert_int_equal(insert(2), PL_E_CLOSED);
    assert_non_null(strstr(err.text, "PostgreSQL"));
    assert_int_equal(insert(3), PL_E_CLOSED); /* at once */
    server_does("start");
    assert_int_equal(insert(4), 0);
    assert_int_equal(count_rows(), 2);
}

static void test_database_of_another_parley_is_refused(void **state)
{
    (void)state;
    struct pl_store *other = NULL;
    struct pl_store_config config = {.wake = on_wake, .patience_ms = SHORT_MS};
    open_store(getenv("PARLEY_TEST_POSTGRES"), LONG_MS);
    assert_int_equal(
        pl_postgres_store_open(&other, &config, getenv("PARLEY_TEST_POSTGRES"), true, &err),
        PL_E_STATE);
    assert_non_null(strstr(err.text, "another Parley"));
}

/* Run a command on the database itself. */
static void psql(const char *sql)
{
    char command[512];
    (void)snprintf(command, sizeof(command),
                   "psql -X -q -o /dev/null \"$PARLEY_TEST_POSTGRES\" -c \"%s\"", sql);
    assert_int_equal(system(command), 0);
}

#define END_SESSIONS                                                                               \
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley'"

static void test_sessions_that_are_ended_are_opened_again(void **state)
{
    (void)state;
    open_store(getenv("PARLEY_TEST_POSTGRES"), LONG_MS);
    for (int64_t id = 1; id <= 5; id++) {
        assert_int_equal(insert(id), 0);
        psql(END_SESSIONS);
        assert_int_equal(count_rows(), id);
    }
}

/* As another server that had it for a while. */
static void test_who_comes_back_after_another_one_wrote_does_not_write(void **state)
{
    (void)state;
    open_store(getenv("PARLEY_TEST_POSTGRES"), SHORT_MS);
    assert_int_equal(insert(1), 0);
    psql("UPDATE parley_commits SET run = '\\x00112233445566778899aabbccddeeff'");
    psql(END_SESSIONS);
    assert_int_equal(insert(2), PL_E_CLOSED);
    assert_non_null(strstr(err.text, "restart this one"));
    assert_int_equal(count_rows(), 1);
}

/* The session of a connection that broke is still there: what it was told last may happen yet. */
static void test_writing_waits_for_the_end_of_its_former_session(void **state)
{
    (void)state;
    open_store(getenv("PARLEY_TEST_POSTGRES"), SHORT_MS);
    assert_int_equal(insert(1), 0);
    psql("CREATE TABLE locks AS SELECT objid::bigint FROM pg_locks LIMIT 0");
    psql("INSERT INTO locks SELECT classid::bigint << 32 | objid::bigint FROM pg_locks WHERE "
         "locktype "
         "= 'advisory'");
    /* another session takes that of the process, which has two */
    FILE *other = popen("psql -X -q -o /dev/null \"$PARLEY_TEST_POSTGRES\"", "w");
    assert_non_null(other);
    (void)fprintf(other,
                  "%s;\nSELECT pg_advisory_lock(objid) FROM locks WHERE objid <> "
                  "88426193477985;\nUPDATE lost_things SET id = 7;\n",
                  END_SESSIONS);
    (void)fflush(other);
    while (count_rows_named(7) == 0) {
        (void)poll(NULL, 0, 10);
    }
    assert_int_equal(insert(2), PL_E_CLOSED);
    assert_non_null(strstr(err.text, "the connection before"));
    assert_int_equal(pclose(other), 0);
    while (insert(3) < 0) { /* until the server has noticed, too */
        (void)poll(NULL, 0, 10);
    }
    psql("DROP TABLE locks");
}

/* Whatever the administrator of the server prefers: a session that nobody has any more ends soon. */
static void test_session_is_durable_and_notices_who_is_gone(void **state)
{
    (void)state;
    char url[256];
    (void)snprintf(
        url, sizeof(url),
        "%s?options=-c%%20synchronous_commit%%3Doff%%20-c%%20idle_session_timeout%%3D9000",
        getenv("PARLEY_TEST_POSTGRES"));
    open_store(url, LONG_MS);
    struct thing_op *op = (struct thing_op *)pl_store_op_create(&session_type, 0);
    assert_int_equal(pl_store_run(store, &op->op), 0);
    assert_int_equal(op->count, 6);
    pl_store_op_free(&op->op);
}

static void test_standby_is_refused(void **state)
{
    (void)state;
    struct pl_store_config config = {.wake = on_wake, .patience_ms = SHORT_MS};
    char url[256];
    (void)snprintf(url, sizeof(url), "%s?options=-c%%20default_transaction_read_only%%3Don",
                   getenv("PARLEY_TEST_POSTGRES"));
    assert_int_equal(pl_postgres_store_open(&store, &config, url, true, &err), PL_E_CLOSED);
    assert_non_null(strstr(err.text, "read-only"));
}

static void test_database_without_utf8_is_refused(void **state)
{
    (void)state;
    struct pl_store_config config = {.wake = on_wake};
    char url[256];
    char *name;
    psql("CREATE DATABASE lost_latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    (void)snprintf(url, sizeof(url), "%s", getenv("PARLEY_TEST_POSTGRES"));
    name = strrchr(url, '/');
    (void)snprintf(name, sizeof(url) - (size_t)(name - url), "/lost_latin");
    assert_int_equal(pl_postgres_store_open(&store, &config, url, true, &err), PL_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "UTF8"));
}

/* Swap whom insert asks. */
static void ask(struct pl_store *other, struct pl_store **former)
{
    *former = store;
    store = other;
}

static struct pl_store *open_successor(void)
{
    struct pl_store *successor = NULL;
    struct pl_store_config config = {.wake = on_wake, .takes_over = true};
    if (pl_postgres_store_open(&successor, &config, getenv("PARLEY_TEST_POSTGRES"), true, &err) <
        0) {
        fail_msg("%s", err.text);
    }
    return successor;
}

static void test_successor_writes_and_the_one_before_no_more(void **state)
{
    (void)state;
    struct pl_store *before;
    struct pl_store *successor;
    open_store(getenv("PARLEY_TEST_POSTGRES"), SHORT_MS);
    successor = open_successor();
    assert_int_equal(insert(1), 0); /* still */
    ask(successor, &before);
    assert_int_equal(insert(2), 0);
    ask(before, &successor);
    assert_int_equal(insert(3), PL_E_CLOSED);
    assert_non_null(strstr(err.text, "taken this database over"));
    pl_store_destroy(before);
    store = successor;
    assert_int_equal(insert(4), 0);
    assert_int_equal(count_rows(), 3);
    successor = open_successor(); /* and so on */
    ask(successor, &before);
    assert_int_equal(insert(5), 0);
    pl_store_destroy(before);
    assert_int_equal(insert(6), 0);
}

/* Also when it has not written yet, and the one before is gone. */
static void test_nobody_else_writes_beside_a_successor(void **state)
{
    (void)state;
    struct pl_store *before;
    struct pl_store *other = NULL;
    struct pl_store_config config = {.wake = on_wake, .patience_ms = SHORT_MS};
    open_store(getenv("PARLEY_TEST_POSTGRES"), LONG_MS);
    assert_int_equal(insert(1), 0);
    ask(open_successor(), &before);
    pl_store_destroy(before);
    assert_int_equal(
        pl_postgres_store_open(&other, &config, getenv("PARLEY_TEST_POSTGRES"), true, &err),
        PL_E_STATE);
    ask(open_successor(), &before); /* the next one */
    pl_store_destroy(before);
    assert_int_equal(insert(2), 0);
    assert_int_equal(count_rows(), 2);
}

static void test_connections_lost_while_a_successor_waits(void **state)
{
    (void)state;
    struct pl_store *before;
    struct pl_store *successor;
    open_store(getenv("PARLEY_TEST_POSTGRES"), LONG_MS);
    assert_int_equal(insert(1), 0);
    successor = open_successor();
    psql(END_SESSIONS);
    assert_int_equal(insert(2), 0);
    ask(successor, &before);
    assert_int_equal(insert(3), 0);
    psql(END_SESSIONS);
    assert_int_equal(insert(4), 0);
    ask(before, &successor);
    assert_int_equal(insert(5), PL_E_CLOSED);
    pl_store_destroy(store);
    store = successor;
    assert_int_equal(insert(6), 0);
    assert_int_equal(count_rows(), 5);
}

static void test_successor_that_dies_leaves_the_one_before_in_charge(void **state)
{
    (void)state;
    struct pl_store *before;
    open_store(getenv("PARLEY_TEST_POSTGRES"), LONG_MS);
    ask(open_successor(), &before);
    assert_int_equal(insert(1), 0);
    pl_store_destroy(store);
    store = before;
    assert_int_equal(insert(2), 0);
    assert_int_equal(insert(3), 0);
    assert_int_equal(count_rows(), 3);
}

/* --- a connection that breaks just while a commit is answered --- */

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
    open_store(url, LONG_MS);
    for (int64_t id = 1; id <= 6; id++) {
        cutter.cuts = id % 2 == 0 ? 1 : 0;
        assert_int_equal(insert(id), 0);
        assert_int_equal(cutter.cuts, 0);
    }
    assert_int_equal(count_rows(), 6);
    pl_store_destroy(store);
    store = NULL;
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
    struct pl_store_config config = {.wake = on_wake};
    char url[128];
    start_cutter(&cutter, false);
    (void)snprintf(url, sizeof(url), "postgresql://parley@127.0.0.1:%u/parley",
                   (unsigned)cutter.port);
    assert_int_equal(pl_postgres_store_open(&store, &config, url, true, &err), PL_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "pooler"));
    stop_cutter(&cutter);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_server_that_restarts_is_not_noticed),
        CASE(test_server_that_stays_away_is_told_and_welcomed_back),
        CASE(test_database_of_another_parley_is_refused),
        CASE(test_sessions_that_are_ended_are_opened_again),
        CASE(test_who_comes_back_after_another_one_wrote_does_not_write),
        CASE(test_writing_waits_for_the_end_of_its_former_session),
        CASE(test_session_is_durable_and_notices_who_is_gone),
        CASE(test_standby_is_refused),
        CASE(test_database_without_utf8_is_refused),
        CASE(test_successor_writes_and_the_one_before_no_more),
        CASE(test_nobody_else_writes_beside_a_successor),
        CASE(test_connections_lost_while_a_successor_waits),
        CASE(test_successor_that_dies_leaves_the_one_before_in_charge),
        CASE(test_commit_whose_answer_is_lost_happens_once),
        CASE(test_commit_that_did_not_arrive_is_made_again),
        CASE(test_pooler_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
