/* Connections in the test's own process, whose protocol counts what it is shown, with their clients
 * on socket pairs. */
#ifndef PL_TEST_CONN_FIXTURE_H
#define PL_TEST_CONN_FIXTURE_H

#include "base/alloc.h"
#include "io/conn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define END_NONE 99
#define SUBJECTS_MAX 4

/* A connection whose protocol counts: every byte is a message. */
struct subject {
    struct pl_conn *conn;
    int client; /* the other end */
    size_t taken;
    size_t calls;
    size_t longest; /* input shown at once */
    size_t flushed;
    size_t end_count;
    int end;        /* enum pl_conn_end, or END_NONE */
    size_t wants;   /* bytes that must be there before any is consumed; 0: one */
    char order[16]; /* of the first messages */
    void (*on_message)(struct subject *subject, uint8_t byte);
    void (*on_end)(struct subject *subject);
    struct subject *other;
};

struct fixture {
    struct pl_loop *loop;
    struct pl_fanout fanout;
    struct pl_metrics metrics;
    struct pl_conn_set set;
    struct subject subjects[SUBJECTS_MAX];
    size_t subject_count;
};

static inline size_t on_input(struct pl_conn *conn, struct pl_span in)
{
    struct subject *subject = conn->protocol_data;
    uint8_t byte = in.ptr[0];
    size_t wants = subject->wants > 0 ? subject->wants : 1;
    subject->calls++;
    subject->longest = pl_size_max(subject->longest, in.len);
    if (in.len < wants) {
        return 0;
    }
    if (!pl_loop_take_input(conn->set->loop)) {
        pl_conn_input_again(conn);
        return 0;
    }
    if (subject->taken < sizeof(subject->order) - 1) {
        subject->order[subject->taken] = (char)byte;
    }
    subject->taken += wants;
    if (subject->on_message != NULL) {
        subject->on_message(subject, byte);
    }
    return wants;
}

static inline void on_end(struct pl_conn *conn, enum pl_conn_end end)
{
    struct subject *subject = conn->protocol_data;
    subject->end = (int)end;
    subject->end_count++;
    if (subject->on_end != NULL) {
        subject->on_end(subject);
    }
}

static inline void on_flushed(struct pl_conn *conn)
{
    struct subject *subject = conn->protocol_data;
    if (subject != NULL) {
        subject->flushed++;
    }
}

static const struct pl_conn_protocol subject_protocol = {
    .on_input = on_input, .on_end = on_end, .on_flushed = on_flushed};

static inline void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    assert_int_equal(pl_loop_create(&fixture->loop, NULL), 0);
    pl_loop_stop_clock(fixture->loop);
    pl_loop_set_input_slice(fixture->loop, 256,
                            60u * 1000 * 1000); /* no time limit: sanitizers are slow */
    pl_fanout_init(&fixture->fanout);
    pl_conn_set_init(&fixture->set, fixture->loop, &fixture->fanout, &fixture->metrics);
}

static inline void fixture_fini(struct fixture *fixture)
{
    pl_conn_set_fini(&fixture->set);
    assert_int_equal(pl_metrics_get(&fixture->metrics, PL_METRIC_CONNECTIONS), 0);
    pl_loop_destroy(fixture->loop);
    pl_fanout_fini(&fixture->fanout);
    for (size_t i = 0; i < fixture->subject_count; i++) {
        close(fixture->subjects[i].client);
    }
}

/* cmocka: a fixture for each test. */
static inline int setup(void **state)
{
    struct fixture *fixture = pl_alloc(sizeof(*fixture));
    fixture_init(fixture);
    *state = fixture;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *fixture = *state;
    fixture_fini(fixture);
    pl_free(fixture);
    return 0;
}

static inline void turns(struct fixture *fixture, int count)
{
    for (int i = 0; i < count; i++) {
        pl_loop_turn(fixture->loop, 0);
    }
}

static inline struct subject *subject_open_fd(struct fixture *fixture, int server_fd, int client_fd)
{
    struct subject *subject = &fixture->subjects[fixture->subject_count++];
    assert_true(fixture->subject_count <= SUBJECTS_MAX);
    struct pl_address peer = {.family = PL_ADDRESS_UNIX};
    *subject = (struct subject){.client = client_fd, .end = END_NONE};
    assert_int_equal(
        pl_conn_open(&subject->conn, &fixture->set, server_fd, &peer, &subject_protocol, NULL), 0);
    subject->conn->protocol_data = subject;
    return subject;
}

/* A connection, and its client, which ends with the fixture. */
static inline struct subject *subject_open(struct fixture *fixture)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    return subject_open_fd(fixture, fds[0], fds[1]);
}

/* Over TCP, for what socket pairs cannot do: reset. */
static inline struct subject *subject_open_tcp(struct fixture *fixture)
{
    struct pl_address address = {.bytes = {127, 0, 0, 1}, .family = PL_ADDRESS_IPV4};
    struct sockaddr_storage storage;
    unsigned len = pl_address_to_sockaddr(&storage, &address);
    socklen_t bound_len = sizeof(storage);
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&storage, len), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&storage, &bound_len), 0);
    assert_int_equal(connect(client, (struct sockaddr *)&storage, len), 0);
    int accepted = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
    close(listening);
    return subject_open_fd(fixture, accepted, client);
}

static inline void say(const struct subject *subject, const char *text)
{
    assert_int_equal(send(subject->client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static inline void say_many(const struct subject *subject, size_t count)
{
    uint8_t bytes[4096] = {0};
    assert_true(count <= sizeof(bytes));
    assert_int_equal(send(subject->client, bytes, count, MSG_NOSIGNAL), count);
}

/* What the client has got; ended: the server's end of stream was behind it. */
static inline size_t hear(const struct subject *subject, bool *ended)
{
    static uint8_t bytes[1 << 16];
    size_t total = 0;
    ssize_t got = 0;
    while ((got = recv(subject->client, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
        total += (size_t)got;
    }
    if (ended != NULL) {
        *ended = got == 0;
    }
    return total;
}

static inline void reset(struct subject *subject)
{
    struct linger linger = {.l_onoff = 1};
    setsockopt(subject->client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(subject->client);
    subject->client = -1;
}

static inline void queue(struct subject *subject, size_t len)
{
    struct pl_frame *frame = pl_frame_create(len);
    assert_non_null(frame);
    memset(frame->data, 'x', len);
    pl_conn_send(subject->conn, frame);
}

#endif
