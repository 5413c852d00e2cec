/* Connections: what is shown to the protocol and when, how what is queued leaves,
 * and how they end. */
#include "io/conn.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define END_NONE 99

struct fixture {
    struct pl_loop *loop;
    struct pl_fanout fanout;
    struct pl_metrics metrics;
    struct pl_conn_set set;
};

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

static size_t on_input(struct pl_conn *conn, struct pl_span in)
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

static void on_end(struct pl_conn *conn, enum pl_conn_end end)
{
    struct subject *subject = conn->protocol_data;
    subject->end = (int)end;
    subject->end_count++;
    if (subject->on_end != NULL) {
        subject->on_end(subject);
    }
}

static void on_flushed(struct pl_conn *conn)
{
    struct subject *subject = conn->protocol_data;
    if (subject != NULL) {
        subject->flushed++;
    }
}

static const struct pl_conn_protocol protocol = {
    .on_input = on_input, .on_end = on_end, .on_flushed = on_flushed};

static void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    assert_int_equal(pl_loop_create(&fixture->loop, NULL), 0);
    pl_loop_set_input_slice(fixture->loop, 256,
                            60u * 1000 * 1000); /* no time limit: sanitizers are slow */
    pl_fanout_init(&fixture->fanout);
    pl_conn_set_init(&fixture->set, fixture->loop, &fixture->fanout, &fixture->metrics);
}

static void fixture_fini(struct fixture *fixture)
{
    pl_conn_set_fini(&fixture->set);
    assert_int_equal(pl_metrics_get(&fixture->metrics, PL_METRIC_CONNECTIONS), 0);
    pl_loop_destroy(fixture->loop);
    pl_fanout_fini(&fixture->fanout);
}

static void turns(struct fixture *fixture, int count)
{
    for (int i = 0; i < count; i++) {
        pl_loop_turn(fixture->loop, 0);
    }
}

static void subject_open_fd(struct subject *subject, struct fixture *fixture, int server_fd,
                            int client_fd)
{
    struct pl_address peer = {.family = PL_ADDRESS_UNIX};
    *subject = (struct subject){.client = client_fd, .end = END_NONE};
    assert_int_equal(pl_conn_open(&subject->conn, &fixture->set, server_fd, &peer, &protocol, NULL),
                     0);
    subject->conn->protocol_data = subject;
}

static void subject_open(struct subject *subject, struct fixture *fixture)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    subject_open_fd(subject, fixture, fds[0], fds[1]);
}

/* Over TCP, for what socket pairs cannot do: reset. */
static void subject_open_tcp(struct subject *subject, struct fixture *fixture)
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
    subject_open_fd(subject, fixture, accept4(listening, NULL, NULL, SOCK_NONBLOCK), client);
    close(listening);
}

static void say(const struct subject *subject, const char *text)
{
    assert_int_equal(send(subject->client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void say_many(const struct subject *subject, size_t count)
{
    uint8_t bytes[4096] = {0};
    assert_true(count <= sizeof(bytes));
    assert_int_equal(send(subject->client, bytes, count, MSG_NOSIGNAL), count);
}

/* What the client has got; ended: the server's end of stream was behind it. */
static size_t hear(const struct subject *subject, bool *ended)
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

static void reset(const struct subject *subject)
{
    struct linger linger = {.l_onoff = 1};
    setsockopt(subject->client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(subject->client);
}

static void queue(struct subject *subject, size_t len)
{
    struct pl_frame *frame = pl_frame_create(len);
    assert_non_null(frame);
    memset(frame->data, 'x', len);
    pl_conn_send(subject->conn, frame);
}

/* --- reading --- */

static void test_conn_input_of_a_turn_has_a_share_and_the_rest_comes_next_turn(void **state)
{
    struct fixture fixture;
    struct subject subject;
    (void)state;
    fixture_init(&fixture);
    subject_open(&subject, &fixture);
    say_many(&subject, 600);
    turns(&fixture, 1);
    assert_int_equal(subject.taken, 256);
    pl_loop_turn(fixture.loop, -1); /* does not sleep */
    assert_int_equal(subject.taken, 512);
    pl_loop_turn(fixture.loop, -1);
    assert_int_equal(subject.taken, 600);
    assert_null(subject.conn->rest); /* an idle connection holds no buffer */
    close(subject.client);
    fixture_fini(&fixture);
}

static void test_conn_of_little_input_is_not_starved_by_those_of_much(void **state)
{
    struct fixture fixture;
    struct subject many[3];
    struct subject few;
    (void)state;
    fixture_init(&fixture);
    for (size_t i = 0; i < 3; i++) {
        subject_open(&many[i], &fixture);
        say_many(&many[i], 4096);
    }
    subject_open(&few, &fixture);
    say_many(&few, 1);
    turns(&fixture, 5);
    assert_int_equal(few.taken, 1);
    for (size_t i = 0; i < 3; i++) {
        assert_true(many[i].taken >= 256);
        close(many[i].client);
    }
    close(few.client);
    fixture_fini(&fixture);
}

static void test_conn_that_has_no_share_left_leaves_its_input_in_the_socket(void **state)
{
    struct fixture fixture;
    struct subject subjects[4];
    size_t kept = 0;
    (void)state;
    fixture_init(&fixture);
    for (size_t i = 0; i < 4; i++) {
        subject_open(&subjects[i], &fixture);
        say_many(&subjects[i], 1000);
    }
    turns(&fixture, 1);
    for (size_t i = 0; i < 4; i++) {
        kept += subjects[i].conn->rest != NULL;
    }
    assert_int_equal(kept, 1);
    turns(&fixture, 20);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(subjects[i].taken, 1000);
        close(subjects[i].client);
    }
    fixture_fini(&fixture);
}

static void test_conn_incomplete_message_is_kept_and_shown_with_more_behind_it(void **state)
{
    struct fixture fixture;
    struct subject subject;
    (void)state;
    fixture_init(&fixture);
    subject_open(&subject, &fixture);
    subject.wants = 3;
    say(&subject, "a");
    turns(&fixture, 1);
    say(&subject, "b");
    turns(&fixture, 1);
    assert_int_equal(subject.taken, 0);
    say(&subject, "cde");
    turns(&fixture, 1);
    assert_int_equal(subject.taken, 3);
    assert_int_equal(subject.longest, 5);
    say(&subject, "f");
    turns(&fixture, 1);
    assert_int_equal(subject.taken, 6);
    assert_string_equal(subject.order, "a");
    close(subject.client);
    fixture_fini(&fixture);
}

static void pause_at_p(struct subject *subject, uint8_t byte)
{
    if (byte == 'p') {
        pl_conn_set_reading(subject->conn, PL_CONN_PAUSED);
    }
}

static void test_conn_paused_inside_its_input_goes_on_where_it_was(void **state)
{
    struct fixture fixture;
    struct subject subject;
    (void)state;
    fixture_init(&fixture);
    subject_open(&subject, &fixture);
    subject.on_message = pause_at_p;
    say(&subject, "apbc");
    turns(&fixture, 3);
    assert_string_equal(subject.order, "ap");
    say(&subject, "de");
    turns(&fixture, 3);
    assert_string_equal(subject.order, "ap");
    pl_conn_set_reading(subject.conn, PL_CONN_READING);
    turns(&fixture, 2);
    assert_string_equal(subject.order, "apbcde");
    close(subject.client);
    fixture_fini(&fixture);
}

static void resume_other(struct subject *subject, uint8_t byte)
{
    (void)byte;
    pl_conn_set_reading(subject->other->conn, PL_CONN_PAUSED);
    pl_conn_set_reading(subject->other->conn, PL_CONN_READING);
}

static void test_conn_resumed_inside_its_own_input_is_shown_each_byte_once(void **state)
{
    struct fixture fixture;
    struct subject subject;
    (void)state;
    fixture_init(&fixture);
    subject_open(&subject, &fixture);
    subject.on_message = resume_other;
    subject.other = &subject;
    say(&subject, "abcdef");
    turns(&fixture, 4);
    assert_string_equal(subject.order, "abcdef");
    assert_int_equal(subject.taken, 6);
    close(subject.client);
    fixture_fini(&fixture);
}

static void test_conn_end_of_the_peer_is_noticed_as_its_reading_wants(void **state)
{
    static const struct {
        enum pl_conn_reading reading;
        int end;
        const char *shown; /* of what was sent before the end */
    } rows[] = {
        {PL_CONN_READING, PL_CONN_END_PEER, "ab"},
        {PL_CONN_WATCHING, PL_CONN_END_PEER, ""},
        {PL_CONN_PAUSED, END_NONE, ""},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        struct subject subject;
        fixture_init(&fixture);
        subject_open(&subject, &fixture);
        pl_conn_set_reading(subject.conn, rows[i].reading);
        say(&subject, "ab");
        shutdown(subject.client, SHUT_WR);
        turns(&fixture, 3);
        assert_int_equal(subject.end, rows[i].end);
        assert_string_equal(subject.order, rows[i].shown);
        if (subject.end == END_NONE) { /* the end comes after what is unread */
            pl_conn_set_reading(subject.conn, PL_CONN_READING);
            turns(&fixture, 3);
            assert_int_equal(subject.end, PL_CONN_END_PEER);
            assert_string_equal(subject.order, "ab");
        }
        close(subject.client);
        fixture_fini(&fixture);
    }
}

static void test_conn_reset_is_an_error_however_it_reads(void **state)
{
    static const enum pl_conn_reading rows[] = {PL_CONN_READING, PL_CONN_WATCHING, PL_CONN_PAUSED};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows) * 2; i++) {
        struct fixture fixture;
        struct subject subject;
        fixture_init(&fixture);
        subject_open_tcp(&subject, &fixture);
        pl_conn_set_reading(subject.conn, rows[i / 2]);
        if (i % 2 == 1) { /* with something to write, which meets the error first */
            int small = 4096;
            setsockopt(subject.conn->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
            queue(&subject, 4u << 20);
            turns(&fixture, 1);
            assert_true(subject.conn->sink.is_blocked);
        }
        reset(&subject);
        turns(&fixture, 2);
        assert_int_equal(subject.end, PL_CONN_END_ERROR);
        assert_int_equal(subject.end_count, 1);
        assert_int_equal(fixture.set.count, 0);
        assert_int_equal(pl_metrics_get(&fixture.metrics, PL_METRIC_CONNECTIONS_CLOSED_ERROR), 1);
        fixture_fini(&fixture);
    }
}

/* --- writing --- */

static void test_conn_queue_longer_than_one_gather_leaves_in_order(void **state)
{
    struct fixture fixture;
    struct subject subject;
    uint8_t got[1024];
    (void)state;
    fixture_init(&fixture);
    subject_open(&subject, &fixture);
    for (size_t i = 0; i < 300; i++) {
        struct pl_frame *frame = pl_frame_create(i % 3); /* some are empty */
        memset(frame->data, (int)(i % 251), i % 3);
        pl_conn_send(subject.conn, frame);
    }
    turns(&fixture, 1);
    assert_int_equal(recv(subject.client, got, sizeof(got), 0), 300);
    for (size_t i = 0, at = 0; i < 300; i++) {
        for (size_t j = 0; j < i % 3; j++) {
            assert_int_equal(got[at++], i % 251);
        }
    }
    assert_int_equal(subject.flushed, 1);
    assert_int_equal(subject.conn->sink.outq.count, 0);
    close(subject.client);
    fixture_fini(&fixture);
}

static void test_conn_that_is_written_in_parts_loses_nothing(void **state)
{
    struct fixture fixture;
    struct subject subject;
    size_t sent = 0;
    size_t heard = 0;
    int small = 2048;
    (void)state;
    fixture_init(&fixture);
    subject_open(&subject, &fixture);
    setsockopt(subject.conn->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    for (size_t i = 0; i < 200; i++) {
        queue(&subject, 37 * i);
        sent += 37 * i;
    }
    turns(&fixture, 1);
    assert_true(subject.conn->sink.is_blocked);
    assert_int_equal(subject.flushed, 0);
    for (int i = 0; i < 2000 && heard < sent; i++) {
        heard += hear(&subject, NULL);
        turns(&fixture, 1);
    }
    assert_int_equal(heard, sent);
    assert_false(subject.conn->sink.is_blocked);
    assert_int_equal(subject.flushed, 1);
    close(subject.client);
    fixture_fini(&fixture);
}

static void test_conn_of_a_slow_consumer_is_closed_at_the_end_of_the_turn(void **state)
{
    struct fixture fixture;
    struct subject subject;
    int small = 2048;
    (void)state;
    fixture_init(&fixture);
    subject_open(&subject, &fixture);
    setsockopt(subject.conn->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    subject.conn->sink.limit_bytes = 100000;
    for (size_t i = 0; i < 200; i++) {
        queue(&subject, 1000); /* early flushes fill the system's buffer first */
    }
    assert_true(subject.conn->sink.is_closed);
    assert_int_equal(subject.end, END_NONE); /* not inside the publish */
    assert_true(subject.conn->sink.outq.bytes <= 101000);
    turns(&fixture, 1);
    assert_int_equal(subject.end, PL_CONN_END_OVERFLOW);
    assert_int_equal(subject.end_count, 1);
    assert_int_equal(fixture.set.count, 0);
    assert_int_equal(pl_metrics_get(&fixture.metrics, PL_METRIC_SLOW_CONSUMERS), 1);
    close(subject.client);
    fixture_fini(&fixture);
}

static void test_conn_that_passes_half_its_bound_is_flushed_inside_the_publish(void **state)
{
    struct fixture fixture;
    struct subject subject;
    struct pl_frame *frames[PL_ENCODING_MAX] = {0};
    uint32_t stream = 7;
    (void)state;
    fixture_init(&fixture);
    subject_open(&subject, &fixture);
    subject.conn->sink.limit_bytes = 1000;
    pl_fanout_subscribe(&fixture.fanout, &subject.conn->sink, stream);
    frames[0] = pl_frame_create(400);
    memset(frames[0]->data, 'x', 400);
    for (size_t i = 0; i < 5; i++) {
        struct pl_fanout_publish publish = {
            .include = &stream, .include_count = 1, .frames = frames};
        assert_int_equal(pl_fanout_publish(&fixture.fanout, &publish), 1);
    }
    assert_int_equal(hear(&subject, NULL), 1600); /* two at a time; no turn has passed */
    assert_int_equal(subject.end, END_NONE);
    turns(&fixture, 1);
    assert_int_equal(hear(&subject, NULL), 400);
    pl_frame_unref(&frames[0]);
    close(subject.client);
    fixture_fini(&fixture);
}

/* --- ends --- */

static void answer(struct subject *subject, uint8_t byte)
{
    (void)byte;
    queue(subject, 100000);
}

static void test_conn_whose_peer_ends_after_its_request_gets_its_answer(void **state)
{
    struct fixture fixture;
    struct subject subject;
    size_t heard = 0;
    bool ended = false;
    int small = 4096;
    (void)state;
    fixture_init(&fixture);
    subject_open(&subject, &fixture);
    setsockopt(subject.conn->watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    subject.on_message = answer;
    say(&subject, "q");
    shutdown(subject.client, SHUT_WR);
    for (int i = 0; i < 1000 && !ended; i++) {
        turns(&fixture, 1);
        heard += hear(&subject, &ended);
    }
    assert_int_equal(heard, 100000);
    assert_true(ended);
    assert_int_equal(subject.end, PL_CONN_END_PEER);
    assert_int_equal(subject.end_count, 1);
    assert_int_equal(fixture.set.count, 0);
    assert_int_equal(pl_metrics_get(&fixture.metrics, PL_METRIC_CONNECTIONS_CLOSED_PEER), 1);
    close(subject.client);
    fixture_fini(&fixture);
}

static void test_conn_drained_sends_its_queue_and_waits_for_the_peers_end(void **state)
{
    struct fixture fixture;
    struct subject subject;
    bool ended = false;
    (void)state;
    fixture_init(&fixture);
    subject_open(&subject, &fixture);
    queue(&subject, 1000);
    pl_conn_drain(subject.conn);
    assert_int_equal(subject.end, PL_CONN_END_LOCAL);
    queue(&subject, 1000); /* too late: dropped */
    say(&subject, "more");
    turns(&fixture, 2);
    assert_int_equal(hear(&subject, &ended), 1000);
    assert_true(ended);
    assert_int_equal(subject.taken, 0); /* nothing is shown any more */
    assert_int_equal(fixture.set.count, 1);
    shutdown(subject.client, SHUT_WR);
    turns(&fixture, 2);
    assert_int_equal(fixture.set.count, 0);
    assert_int_equal(subject.end_count, 1);
    close(subject.client);
    fixture_fini(&fixture);
}

static void test_conn_drained_does_not_wait_for_ever(void **state)
{
    static const struct {
        size_t queued; /* more than the system takes, or nothing */
        int64_t still_there_ms;
        int64_t gone_ms;
    } rows[] = {{0, 1900, 200}, {4u << 20, 29000, 2000}};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        struct subject subject;
        fixture_init(&fixture);
        subject_open(&subject, &fixture);
        if (rows[i].queued > 0) {
            queue(&subject, rows[i].queued);
        }
        pl_conn_drain(subject.conn);
        turns(&fixture, 1);
        pl_loop_advance(fixture.loop, rows[i].still_there_ms);
        say(&subject, "talk goes on"); /* which buys no time */
        turns(&fixture, 2);
        assert_int_equal(fixture.set.count, 1);
        pl_loop_advance(fixture.loop, rows[i].gone_ms);
        turns(&fixture, 1);
        assert_int_equal(fixture.set.count, 0);
        close(subject.client);
        fixture_fini(&fixture);
    }
}

static void close_self(struct subject *subject, uint8_t byte)
{
    (void)byte;
    pl_conn_close(subject->conn, PL_CONN_END_LOCAL);
}

static void drain_self(struct subject *subject, uint8_t byte)
{
    (void)byte;
    pl_conn_drain(subject->conn);
}

static void close_other(struct subject *subject, uint8_t byte)
{
    (void)byte;
    pl_conn_close(subject->other->conn, PL_CONN_END_LOCAL);
}

static void test_conn_may_end_inside_its_own_input(void **state)
{
    static void (*const rows[])(struct subject *, uint8_t) = {close_self, drain_self};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        struct subject subject;
        fixture_init(&fixture);
        subject_open(&subject, &fixture);
        subject.on_message = rows[i];
        say(&subject, "abc");
        turns(&fixture, 2);
        assert_int_equal(subject.taken, 1);
        assert_int_equal(subject.end_count, 1);
        close(subject.client);
        fixture_fini(&fixture);
    }
}

static void test_conn_may_close_another_that_is_ready_in_the_same_turn(void **state)
{
    struct fixture fixture;
    struct subject subjects[2];
    (void)state;
    fixture_init(&fixture);
    for (size_t i = 0; i < 2; i++) {
        subject_open(&subjects[i], &fixture);
        subjects[i].on_message = close_other;
        subjects[i].other = &subjects[1 - i];
        say(&subjects[i], "a");
    }
    turns(&fixture, 1);
    assert_int_equal(subjects[0].taken + subjects[1].taken, 1);
    assert_int_equal(fixture.set.count, 1);
    close(subjects[0].client);
    close(subjects[1].client);
    fixture_fini(&fixture);
}

static void test_conn_may_close_another_that_waits_for_its_share(void **state)
{
    struct fixture fixture;
    struct subject subjects[2];
    (void)state;
    fixture_init(&fixture);
    for (size_t i = 0; i < 2; i++) {
        subject_open(&subjects[i], &fixture);
        subjects[i].other = &subjects[1 - i];
        say_many(&subjects[i], 300);
    }
    turns(&fixture, 1);
    subjects[0].on_message = close_other;
    subjects[1].on_message = close_other;
    turns(&fixture, 3);
    assert_int_equal(fixture.set.count, 1);
    close(subjects[0].client);
    close(subjects[1].client);
    fixture_fini(&fixture);
}

static void close_on_end(struct subject *subject)
{
    pl_conn_close(subject->conn, PL_CONN_END_LOCAL);
    pl_conn_deadline(subject->conn, 1); /* of no effect: no timer may point at what is freed */
}

static void test_conn_may_be_closed_inside_its_own_end(void **state)
{
    struct fixture fixture;
    struct subject subject;
    (void)state;
    fixture_init(&fixture);
    subject_open(&subject, &fixture);
    subject.on_end = close_on_end;
    pl_conn_drain(subject.conn);
    assert_int_equal(subject.end_count, 1);
    assert_int_equal(fixture.set.count, 0);
    turns(&fixture, 1);
    pl_loop_advance(fixture.loop, 100000);
    turns(&fixture, 1);
    close(subject.client);
    fixture_fini(&fixture);
}

static void test_conn_set_fini_closes_all(void **state)
{
    struct fixture fixture;
    struct subject subjects[3];
    (void)state;
    fixture_init(&fixture);
    for (size_t i = 0; i < 3; i++) {
        subject_open(&subjects[i], &fixture);
        queue(&subjects[i], 10);
        say_many(&subjects[i], 300);
    }
    turns(&fixture, 1);
    pl_conn_drain(subjects[1].conn);
    fixture_fini(&fixture);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(subjects[i].end_count, 1);
        close(subjects[i].client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conn_input_of_a_turn_has_a_share_and_the_rest_comes_next_turn),
        cmocka_unit_test(test_conn_of_little_input_is_not_starved_by_those_of_much),
        cmocka_unit_test(test_conn_that_has_no_share_left_leaves_its_input_in_the_socket),
        cmocka_unit_test(test_conn_incomplete_message_is_kept_and_shown_with_more_behind_it),
        cmocka_unit_test(test_conn_paused_inside_its_input_goes_on_where_it_was),
        cmocka_unit_test(test_conn_resumed_inside_its_own_input_is_shown_each_byte_once),
        cmocka_unit_test(test_conn_end_of_the_peer_is_noticed_as_its_reading_wants),
        cmocka_unit_test(test_conn_reset_is_an_error_however_it_reads),
        cmocka_unit_test(test_conn_queue_longer_than_one_gather_leaves_in_order),
        cmocka_unit_test(test_conn_that_is_written_in_parts_loses_nothing),
        cmocka_unit_test(test_conn_of_a_slow_consumer_is_closed_at_the_end_of_the_turn),
        cmocka_unit_test(test_conn_that_passes_half_its_bound_is_flushed_inside_the_publish),
        cmocka_unit_test(test_conn_whose_peer_ends_after_its_request_gets_its_answer),
        cmocka_unit_test(test_conn_drained_sends_its_queue_and_waits_for_the_peers_end),
        cmocka_unit_test(test_conn_drained_does_not_wait_for_ever),
        cmocka_unit_test(test_conn_may_end_inside_its_own_input),
        cmocka_unit_test(test_conn_may_close_another_that_is_ready_in_the_same_turn),
        cmocka_unit_test(test_conn_may_close_another_that_waits_for_its_share),
        cmocka_unit_test(test_conn_may_be_closed_inside_its_own_end),
        cmocka_unit_test(test_conn_set_fini_closes_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
