/* A hub on its inline port, a clock that stands where it is put,
 * and sinks that note what they get. */
#ifndef PL_TEST_HUB_FIXTURE_H
#define PL_TEST_HUB_FIXTURE_H

#include "base/alloc.h"
#include "hub/hub.h"
#include "hub/port_inline.h"
#include "hub/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FIXTURE_CLIENTS 8

struct client {
    struct pl_sink sink;
    struct pl_fanout *fanout;
    struct pl_session *session;
    char received[256]; /* the first byte of each frame */
    size_t received_count;
    char handled[256]; /* the first byte of each message */
    size_t handled_count;
    unsigned pause_count;
    unsigned resume_count;
    void (*on_message)(struct client *client, char what); /* may be NULL */
};

struct fixture {
    struct pl_fanout fanout;
    struct pl_timers timers;
    struct pl_hub *hub;
    int64_t now_ms;
    int64_t unix_us;
    unsigned encode_counts[PL_ENCODING_MAX];
    struct client clients[FIXTURE_CLIENTS];
};

static inline void fixture_on_message(struct pl_session *session, enum pl_message_kind kind,
                                      struct pl_span bytes)
{
    struct client *client = pl_session_user(session);
    (void)kind;
    client->handled[client->handled_count++] = (char)bytes.ptr[0];
    if (client->on_message != NULL) {
        client->on_message(client, (char)bytes.ptr[0]);
    }
}

static inline void fixture_flush(struct pl_sink *sink)
{
    struct client *client = PL_CONTAINER_OF(sink, struct client, sink);
    struct pl_frame *frame = NULL;
    while ((frame = pl_outq_pop(&sink->outq, &client->fanout->pool)) != NULL) {
        client->received[client->received_count++] = (char)frame->data[0];
        pl_frame_unref(&frame);
    }
}

static inline void fixture_ignore(struct pl_sink *sink)
{
    (void)sink;
}

static inline void fixture_pause(struct pl_sink *sink)
{
    PL_CONTAINER_OF(sink, struct client, sink)->pause_count++;
}

static inline void fixture_resume(struct pl_sink *sink)
{
    PL_CONTAINER_OF(sink, struct client, sink)->resume_count++;
}

static inline int64_t fixture_now_ms(void *user)
{
    return ((struct fixture *)user)->now_ms;
}

static inline int64_t fixture_unix_us(void *user)
{
    return ((struct fixture *)user)->unix_us;
}

static inline void fixture_random(void *user, void *out, size_t size)
{
    (void)user;
    memset(out, 7, size);
}

/* The attached sink of client `at`, without a session. */
static inline struct pl_sink_id fixture_sink(struct fixture *fixture, size_t at, uint8_t encoding)
{
    static const struct pl_sink_ops ops = {.flush = fixture_flush,
                                           .overflow = fixture_ignore,
                                           .pause = fixture_pause,
                                           .resume = fixture_resume};
    struct client *client = &fixture->clients[at];
    client->fanout = &fixture->fanout;
    client->sink = (struct pl_sink){
        .ops = &ops, .limit_bytes = 1 << 20, .encoding = encoding, .is_ready = true};
    pl_fanout_attach(&fixture->fanout, &client->sink);
    return client->sink.id;
}

static inline struct pl_session *fixture_open(struct fixture *fixture, size_t at, uint8_t encoding)
{
    static const struct pl_session_ops ops = {.on_message = fixture_on_message};
    struct client *client = &fixture->clients[at];
    struct pl_session_params params = {.ops = &ops,
                                       .user = client,
                                       .sink = fixture_sink(fixture, at, encoding),
                                       .encoding = encoding};
    client->session = pl_session_open(fixture->hub, &params);
    return client->session;
}

static inline struct pl_hub_config fixture_config(struct fixture *fixture)
{
    return (struct pl_hub_config){
        .env = {fixture_now_ms, fixture_unix_us, fixture_random, fixture},
        .port_impl = &pl_port_inline,
        .port = &fixture->fanout,
        .timers = &fixture->timers,
        .inbound_messages_max = 4,
        .inbound_bytes_max = 40,
        .streams_per_session_max = 20,
    };
}

static inline struct fixture *fixture_make(void)
{
    struct fixture *fixture = pl_alloc(sizeof(*fixture));
    struct pl_hub_config config = fixture_config(fixture);
    struct pl_error err = {0};
    pl_fanout_init(&fixture->fanout);
    pl_timers_init(&fixture->timers);
    assert_int_equal(pl_hub_create(&fixture->hub, &config, &err), 0);
    return fixture;
}

/* Closes everything; memory is back at zero. */
static inline void fixture_finish(struct fixture *fixture)
{
    struct pl_hub_stats stats;
    for (size_t i = 0; i < FIXTURE_CLIENTS; i++) {
        pl_session_close(&fixture->clients[i].session);
        pl_fanout_detach(&fixture->fanout, &fixture->clients[i].sink);
    }
    stats = pl_hub_stats(fixture->hub);
    assert_int_equal(stats.session_count, 0);
    assert_int_equal(stats.stream_count, 0);
    assert_int_equal(stats.member_count, 0);
    assert_int_equal(stats.inbound_bytes, 0);
    pl_hub_destroy(fixture->hub);
    pl_fanout_fini(&fixture->fanout);
    pl_timers_fini(&fixture->timers);
    pl_free(fixture);
}

static inline struct pl_stream_key fixture_key(const char *subject)
{
    return (struct pl_stream_key){.kind = 1, .subject = pl_str_of_cstr(subject)};
}

static inline int fixture_join(struct fixture *fixture, size_t at, const char *subject,
                               unsigned flags)
{
    struct pl_stream_key key = fixture_key(subject);
    return pl_hub_join(fixture->hub, fixture->clients[at].session, &key, flags, NULL, NULL);
}

static inline bool fixture_leave(struct fixture *fixture, size_t at, const char *subject)
{
    struct pl_stream_key key = fixture_key(subject);
    return pl_hub_leave(fixture->hub, fixture->clients[at].session, &key);
}

static inline struct pl_stream *fixture_stream(struct fixture *fixture, const char *subject)
{
    struct pl_stream_key key = fixture_key(subject);
    return pl_stream_find(fixture->hub, &key);
}

/* What client `at` has received, after a flush, as text. */
static inline const char *fixture_received(struct fixture *fixture, size_t at)
{
    pl_fanout_flush(&fixture->fanout);
    return fixture->clients[at].received;
}

#endif
