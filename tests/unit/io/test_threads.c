/* I/O threads with connections of the test's own: what happens when one side is faster than the
 * other, and at the end. */
#include "io/threads.h"

#include "base/alloc.h"
#include "base/blob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURNS_MAX 1000000
#define FRAME_BYTES 4096
#define LIMIT_BYTES (64u << 20)

enum { EVENT_BYTES = 1, EVENT_END };

struct client {
    int fd; /* the test's end */
    struct pl_sink_id sink;
    struct pl_conn_away away;
    size_t told_bytes; /* of what it sent, as the hub heard it */
    uint8_t next;      /* it sends 0, 1, 2 ... */
    int end;           /* enum pl_conn_end, or -1 */
    bool is_gone;
};

struct fixture {
    struct pl_loop *loop;
    struct pl_fanout fanout;
    struct pl_metrics metrics;
    struct pl_conn_set conns;
    struct pl_io_threads *threads;
    struct client clients[4];
    size_t client_count;
};

/* --- on the thread --- */

struct remote {
    struct pl_conn *conn;
    struct pl_io_thread *thread;
};

static size_t on_input(struct pl_conn *conn, struct pl_span in)
{
    struct remote *remote = conn->protocol_data;
    size_t len = in.len < 1000 ? in.len : 1000; /* a message */
    if (!pl_loop_take_input(conn->set->loop)) {
        pl_conn_input_again(conn);
        return 0;
    }
    pl_io_thread_tell(remote->thread, &(struct pl_io_event){.kind = EVENT_BYTES,
                                                            .sink = conn->sink.id,
                                                            .bytes = pl_blob_copy(pl_str_of_span(
                                                                (struct pl_span){in.ptr, len}))});
    return len;
}

static void on_end(struct pl_conn *conn, enum pl_conn_end end)
{
    struct remote *remote = conn->protocol_data;
    pl_io_thread_tell(
        remote->thread,
        &(struct pl_io_event){.kind = EVENT_END, .sink = conn->sink.id, .detail = (uint8_t)end});
    pl_free(remote);
}

static const struct pl_conn_protocol protocol = {.on_input = on_input, .on_end = on_end};

static void run_attach(void *thread, struct pl_sink_id sink, void *arg)
{
    struct pl_conn *conn = arg;
    ((struct remote *)conn->protocol_data)->thread = thread;
    pl_conn_adopt(conn, pl_io_thread_conns(thread), sink);
    pl_conn_begin(conn, NULL);
}

/* --- on the hub --- */

static struct client *find(struct fixture *fixture, struct pl_sink_id sink)
{
    for (size_t i = 0; i < fixture->client_count; i++) {
        if (fixture->clients[i].sink.slot == sink.slot &&
            fixture->clients[i].sink.generation == sink.generation) {
            return &fixture->clients[i];
        }
    }
    fail_msg("an event of nobody's");
    return NULL;
}

static void on_event(void *user, const struct pl_io_event *event)
{
    struct fixture *fixture = user;
    struct client *client = find(fixture, event->sink);
    switch (event->kind) {
    case EVENT_BYTES:
        for (size_t i = 0; i < event->bytes->len; i++) {
            assert_int_equal(event->bytes->data[i], client->next++);
        }
        client->told_bytes += event->bytes->len;
        break;
    case EVENT_END:
        client->end = event->detail;
        break;
    default:
        assert_int_equal(event->kind, PL_IO_GONE);
        client->is_gone = true;
        pl_conn_forget(&fixture->conns, &client->away);
    }
}

static size_t ignore_input(struct pl_conn *conn, struct pl_span in)
{
    (void)conn;
    return in.len;
}

static void ignore_end(struct pl_conn *conn, enum pl_conn_end end)
{
    (void)conn;
    (void)end;
}

static const struct pl_conn_protocol before = {.on_input = ignore_input, .on_end = ignore_end};

static void push(struct fixture *fixture, const struct pl_fanout_command *command)
{
    pl_io_threads_push(fixture->threads, command);
}

static struct client *open_client(struct fixture *fixture)
{
    static const struct pl_fanout_call attach = {.run = run_attach};
    struct client *client = &fixture->clients[fixture->client_count++];
    struct pl_address peer = {.family = PL_ADDRESS_UNIX};
    struct remote *remote = pl_alloc(sizeof(*remote));
    struct pl_conn *conn = NULL;
    struct pl_conn *moved = NULL;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    *client = (struct client){.fd = fds[0], .end = -1};
    assert_int_equal(pl_conn_open(&conn, &fixture->conns, fds[1], &peer, &before, NULL), 0);
    moved = pl_conn_move(conn, &client->away);
    assert_null(pl_conn_moved_rest(conn));
    moved->protocol = &protocol;
    moved->protocol_data = remote;
    moved->sink.limit_bytes = LIMIT_BYTES;
    client->sink = pl_io_threads_take_id(fixture->threads);
    push(fixture, &(struct pl_fanout_command){
                      .kind = PL_FANOUT_CALL, .sink = client->sink, .arg = moved, .call = &attach});
    return client;
}

static void set_up(struct fixture *fixture, uint32_t count, size_t commands_max_bytes)
{
    *fixture = (struct fixture){0};
    assert_int_equal(pl_loop_create(&fixture->loop, NULL), 0);
    pl_fanout_init(&fixture->fanout);
    pl_conn_set_init(&fixture->conns, fixture->loop, &fixture->fanout, &fixture->metrics);
    assert_int_equal(pl_io_threads_create(&fixture->threads,
                                          &(struct pl_io_threads_config){
                                              .count = count,
                                              .hub_loop = fixture->loop,
                                              .hub_conns = &fixture->conns,
                                              .commands_max_bytes = commands_max_bytes,
                                              .on_event = on_event,
                                              .user = fixture,
                                          },
                                          NULL),
                     0);
    assert_int_equal(pl_io_threads_start(fixture->threads, NULL), 0);
}

static void tear_down(struct fixture *fixture)
{
    pl_io_threads_destroy(fixture->threads);
    for (size_t i = 0; i < fixture->client_count; i++) {
        assert_true(fixture->clients[i].is_gone);
        close(fixture->clients[i].fd);
    }
    assert_int_equal(fixture->conns.count, 0);
    pl_conn_set_fini(&fixture->conns);
    pl_loop_destroy(fixture->loop);
    pl_fanout_fini(&fixture->fanout);
}

static struct pl_frame *frame_of(uint8_t byte)
{
    struct pl_frame *frame = pl_frame_create(FRAME_BYTES);
    assert_non_null(frame);
    memset(frame->data, byte, frame->len);
    return frame;
}

/* --- the tests --- */

static void test_threads_connections_go_where_the_fewest_are(void **state)
{
    struct fixture fixture;
    (void)state;
    set_up(&fixture, 2, 0);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(pl_sink_id_thread(open_client(&fixture)->sink), 1 + i % 2);
    }
    tear_down(&fixture);
}

static void test_threads_a_hub_that_is_behind_is_told_no_more_than_it_can_keep(void **state)
{
    static uint8_t bytes[1 << 20];
    const size_t total = (size_t)24 << 20; /* three times what a thread tells without an answer */
    struct fixture fixture;
    struct client *client = NULL;
    size_t sent = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)i;
    }
    set_up(&fixture, 1, 0);
    client = open_client(&fixture);
    pl_loop_turn(fixture.loop, 0);
    for (;;) { /* the hub does nothing now; sooner or later the thread reads no more */
        struct pollfd pollfd = {.fd = client->fd, .events = POLLOUT};
        ssize_t part = 0;
        if (poll(&pollfd, 1, 300) == 0) {
            break;
        }
        part = send(client->fd, bytes + sent % 256, sizeof(bytes) - 256, MSG_DONTWAIT);
        sent += part > 0 ? (size_t)part : 0;
        assert_true(sent < total);
    }
    while (client->told_bytes < total) {
        ssize_t part = send(client->fd, bytes + sent % 256,
                            pl_size_min(sizeof(bytes) - 256, total - sent), MSG_DONTWAIT);
        sent += part > 0 ? (size_t)part : 0;
        pl_loop_turn(fixture.loop, 1);
    }
    assert_int_equal(client->told_bytes, total);
    tear_down(&fixture);
}

static void test_threads_a_hub_that_is_ahead_waits_and_the_slowest_are_closed(void **state)
{
    struct fixture fixture;
    struct client *reader = NULL;
    struct client *deaf = NULL;
    const uint32_t stream = 3;
    const size_t rounds = 60000; /* far more than it takes */
    size_t got = 0;
    size_t rounds_done = 0;
    uint8_t bytes[65536];
    (void)state;
    set_up(&fixture, 1, 64 * 1024);
    reader = open_client(&fixture);
    deaf = open_client(&fixture);
    push(&fixture, &(struct pl_fanout_command){
                       .kind = PL_FANOUT_SUBSCRIBE, .sink = reader->sink, .stream = stream});
    push(&fixture, &(struct pl_fanout_command){
                       .kind = PL_FANOUT_SUBSCRIBE, .sink = deaf->sink, .stream = stream});
    for (size_t i = 0; i < rounds; i++) {
        struct pl_frame *frames[PL_ENCODING_MAX] = {frame_of((uint8_t)i)};
        struct pl_fanout_publish publish = {
            .include = &stream, .include_count = 1, .frames = frames};
        push(&fixture, &(struct pl_fanout_command){.kind = PL_FANOUT_PUBLISH,
                                                   .sink = reader->sink,
                                                   .job = pl_publish_job_create(&publish, 1)});
        pl_frame_unref(&frames[0]);
        for (ssize_t part = 1; part > 0;) {
            part = recv(reader->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
            for (ssize_t at = 0; at < part; at++) {
                assert_int_equal(bytes[at], (uint8_t)((got + (size_t)at) / FRAME_BYTES));
            }
            got += part > 0 ? (size_t)part : 0;
        }
        pl_loop_turn(fixture.loop, 0);
        rounds_done = i;
        if (deaf->is_gone) {
            break;
        }
    }
    assert_true(rounds_done * FRAME_BYTES < LIMIT_BYTES); /* so not for its own bound */
    assert_true(pl_metrics_get(&fixture.metrics, PL_METRIC_IO_BACKLOG_WAITS) > 0);
    assert_int_equal(deaf->end, PL_CONN_END_OVERFLOW);
    tear_down(&fixture);
}

static void test_threads_what_is_on_its_way_at_the_end_is_given_back(void **state)
{
    struct fixture fixture;
    (void)state;
    set_up(&fixture, 2, 0);
    for (size_t i = 0; i < 4; i++) {
        struct client *client = open_client(&fixture);
        for (uint8_t n = 0; n < 100; n++) {
            push(&fixture, &(struct pl_fanout_command){
                               .kind = PL_FANOUT_SEND, .sink = client->sink, .frame = frame_of(n)});
        }
        push(&fixture, &(struct pl_fanout_command){.kind = PL_FANOUT_PAUSE, .sink = client->sink});
    }
    tear_down(&fixture); /* at once: the sanitizer sees what is left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_connections_go_where_the_fewest_are),
        cmocka_unit_test(test_threads_a_hub_that_is_behind_is_told_no_more_than_it_can_keep),
        cmocka_unit_test(test_threads_a_hub_that_is_ahead_waits_and_the_slowest_are_closed),
        cmocka_unit_test(test_threads_what_is_on_its_way_at_the_end_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
