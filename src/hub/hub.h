/* The hub: every session, stream, presence and subscription of this node, in one thread and one
 * order. It knows no dialect and no socket: time and randomness come in through `struct pl_env`,
 * bytes go out through the port. The same inputs in the same order give the same outputs.
 * Threads: the hub's only; each entry point asserts it. */
#ifndef PL_HUB_HUB_H
#define PL_HUB_HUB_H

#include "base/env.h"
#include "base/error.h"
#include "base/map.h"
#include "base/timer.h"
#include "hub/port.h"

struct pl_session;
struct pl_stream;

struct pl_hub_config {
    struct pl_env env;
    const struct pl_port_impl *port_impl; /* complete, or init refuses */
    void *port;
    struct pl_timers *timers; /* borrowed; due against pl_hub_now_ms */
    /* of one suspended session, before its reading stops; 0 means 64 */
    size_t inbound_messages_max;
    size_t inbound_bytes_max;       /* 0 means 256 KiB */
    size_t streams_per_session_max; /* 0 means 10,000 */
};

struct pl_hub;

/* Returns 0, or PL_E_INVALID. The caller owns *out. */
PL_MUST_CHECK int pl_hub_create(struct pl_hub **out, const struct pl_hub_config *config,
                                struct pl_error *err);

/* New bounds of what may wait for one suspended session; 0 as in the config. */
void pl_hub_set_inbound_max(struct pl_hub *hub, size_t messages, size_t bytes);

/* All sessions must be closed. NULL is fine. */
void pl_hub_destroy(struct pl_hub *hub);

/* Read the clocks once: call at the start of each turn. */
void pl_hub_turn_begin(struct pl_hub *hub);

/* The turn's monotonic time. */
int64_t pl_hub_now_ms(const struct pl_hub *hub);

/* A calendar stamp in microseconds that strictly increases from call to call:
 * max(last + 1, now). */
int64_t pl_hub_stamp_us(struct pl_hub *hub);

/* The stamps to come are above this one: another process gave stamps up to it. */
void pl_hub_stamp_raise(struct pl_hub *hub, int64_t stamp_us);

void pl_hub_random(struct pl_hub *hub, void *out, size_t size);
struct pl_timers *pl_hub_timers(struct pl_hub *hub);
void pl_hub_assert_thread(const struct pl_hub *hub);

/* --- streams --- */

/* What names a stream. `kind` belongs to one service or dialect (enum in the owner); the texts are
 * borrowed. Two streams are the same when all four are. */
struct pl_stream_key {
    uint8_t kind;
    struct pl_str subject;
    struct pl_str subcontext;
    struct pl_str label;
};

/* NULL when nobody is in it: a stream exists while it has members. Borrowed; good until its last
 * member leaves. */
struct pl_stream *pl_stream_find(struct pl_hub *hub, const struct pl_stream_key *key);

struct pl_stream_key pl_stream_key(const struct pl_stream *stream); /* borrowed from the stream */
size_t pl_stream_member_count(const struct pl_stream *stream);
size_t pl_stream_subscriber_count(const struct pl_stream *stream);
size_t pl_stream_presence_count(const struct pl_stream *stream); /* hidden ones included */

/* --- membership --- */

enum {
    PL_MEMBER_SUBSCRIBER = 1, /* receives what is published to the stream */
    PL_MEMBER_PRESENCE = 2,   /* is there */
    PL_MEMBER_HIDDEN = 4,     /* a presence that others do not see */
};

/* One session in one stream. */
struct pl_member;

/* Put a session into a stream, which is created when need be. A session that is a member gets the
 * flags it has not (and never loses one here). HIDDEN means a presence, and is decided when the
 * presence begins: one that others have seen stays visible. `meta` is the presence's own data, NULL
 * leaves it as it is; the hub frees it with `free_meta` (may be NULL) when the membership ends or
 * the meta is replaced.
 * Returns 1 when something changed, 0 when not, PL_E_FULL past streams_per_session_max, PL_E_CLOSED
 * when the session has been closed; on an error `meta` stays the caller's. A presence event goes to
 * the stream kind's listener, and the membership may have ended again when this returns. */
PL_MUST_CHECK int pl_hub_join(struct pl_hub *hub, struct pl_session *session,
                              const struct pl_stream_key *key, unsigned flags, void *meta,
                              void (*free_meta)(void *meta));

/* Returns whether the session was a member. */
bool pl_hub_leave(struct pl_hub *hub, struct pl_session *session, const struct pl_stream_key *key);
void pl_hub_leave_member(struct pl_hub *hub, struct pl_member *member);

/* NULL when it is not a member. */
struct pl_member *pl_hub_find_member(struct pl_hub *hub, struct pl_session *session,
                                     const struct pl_stream_key *key);
struct pl_member *pl_hub_find_member_in(struct pl_hub *hub, const struct pl_session *session,
                                        const struct pl_stream *stream);

/* Members in the order in which they joined. Start with NULL; NULL ends. Leaving the member just
 * returned is allowed only after the next one has been fetched. */
struct pl_member *pl_stream_next_member(const struct pl_stream *stream,
                                        const struct pl_member *after);
struct pl_member *pl_session_next_member(const struct pl_session *session,
                                         const struct pl_member *after);

struct pl_session *pl_member_session(const struct pl_member *member);
struct pl_stream *pl_member_stream(const struct pl_member *member);
unsigned pl_member_flags(const struct pl_member *member);
void *pl_member_meta(const struct pl_member *member);

/* What became of a stream's presences; called for kinds that registered, at once, in order. Hidden
 * presences are reported too, with their flags. `left` tells a leave from a join. One that left is
 * no longer counted or listed and receives nothing; `member` and `stream` can be read until the
 * listener returns, even when nobody is left in the stream. A listener may publish, join, leave and
 * close sessions. */
struct pl_presence_listener {
    void (*on_presence)(void *user, struct pl_stream *stream, struct pl_member *member, bool left);
    void *user;
};
void pl_hub_on_presence(struct pl_hub *hub, uint8_t kind, struct pl_presence_listener listener);

/* --- publish --- */

/* A message that is encoded when the hub knows who needs which encoding: once per encoding really
 * present in the audience. `encode` returns a frame with one reference, or NULL when it cannot be
 * encoded (those recipients get nothing). */
struct pl_message {
    struct pl_frame *(*encode)(void *user, uint8_t encoding);
    void *user;
};

struct pl_publish {
    struct pl_stream *const *include;
    size_t include_count;
    struct pl_stream *const *exclude; /* their subscribers get nothing */
    size_t exclude_count;
    const struct pl_session *except; /* NULL: nobody; may have been closed in this turn */
    unsigned flags;                  /* PL_SEND_... */
    struct pl_message message;
    struct pl_fanout_counters counters; /* of its recipients and their bytes */
};

/* Queue the message for the union of the included streams' subscribers, each session once. NULL
 * pointers among the streams are skipped, so that pl_stream_find's answer can be passed on.
 * Returns 0 or PL_E_NOMEM when no encoding could be made. */
int pl_hub_publish(struct pl_hub *hub, const struct pl_publish *publish);

/* Walk the sessions that such a publish would reach (so without those that have no sink), each
 * once, in the order of joining within each stream. `visit` must not change memberships or publish
 * (collect first). */
void pl_hub_each_in_audience(struct pl_hub *hub, const struct pl_publish *publish,
                             void (*visit)(void *user, struct pl_session *session), void *user);

/* --- figures --- */

struct pl_hub_stats {
    size_t session_count;
    size_t stream_count;
    size_t member_count;
    uint64_t publish_count;
    uint64_t encode_count; /* frames made for publishes */
    uint64_t suspend_count;
    size_t inbound_bytes; /* waiting in suspended sessions */
};

struct pl_hub_stats pl_hub_stats(const struct pl_hub *hub);

#endif
