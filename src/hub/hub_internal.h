/* What the files of the hub share: the structs behind the opaque names. Nothing outside src/hub
 * includes it. Each struct names the file that writes its fields.
 * Threads: the hub's. */
#ifndef PL_HUB_HUB_INTERNAL_H
#define PL_HUB_HUB_INTERNAL_H

#include "base/hash.h"
#include "base/list.h"
#include "hub/hub.h"
#include "hub/session.h"
#include "hub/table.h"

#include <pthread.h>

#define PL_KIND_COUNT 256

/* Stream numbers for a publish,
 * reused from one to the next so that publishing allocates nothing. */
struct pl_number_list {
    uint32_t *numbers;
    size_t count;
    size_t cap;
};

struct pl_session_slot {
    struct pl_session *session; /* NULL where free */
    uint32_t generation;
};

/* hub.c; the parts named below belong to the file that their comment names. */
struct pl_hub {
    struct pl_hub_config config; /* complete: defaults filled in */
    pthread_t thread;            /* the one that created it */
    int64_t now_ms;
    int64_t unix_us;
    int64_t last_stamp_us;
    struct pl_hub_stats stats;

    /* stream.c */
    struct pl_table streams; /* by key */
    uint8_t hash_key[PL_SIPHASH_KEY_BYTES];
    uint32_t *free_numbers; /* of streams that are gone, last freed first taken */
    uint32_t free_number_count;
    uint32_t free_number_cap;
    uint32_t next_number;

    /* member.c */
    struct pl_table members; /* by session and stream */
    struct pl_presence_listener listeners[PL_KIND_COUNT];

    /* session.c */
    struct pl_session_slot *slots;
    uint32_t *free_slots;
    uint32_t slot_cap;
    uint32_t free_slot_count;
    struct pl_session *closed; /* freed when the next turn begins */

    /* publish.c */
    uint64_t mark; /* number of the last walk over an audience */
    struct pl_number_list include;
    struct pl_number_list exclude;
};

/* stream.c */
struct pl_stream {
    struct pl_table_link link; /* in hub->streams */
    struct pl_list members;    /* in the order of joining */
    uint32_t number;           /* its name in the fan-out */
    uint32_t member_count;
    uint32_t subscriber_count; /* detached sessions included */
    uint32_t presence_count;
    uint32_t subscribers_by_encoding[PL_ENCODING_MAX]; /* of sessions that have a sink */
    uint64_t publish_count;                            /* messages published to it */
    uint32_t pin_count; /* callbacks about it on the stack: keeps it alive while empty */
    uint32_t subject_len;
    uint32_t subcontext_len;
    uint32_t label_len;
    uint8_t kind;
    char text[]; /* subject, subcontext, label */
};

/* member.c */
struct pl_member {
    struct pl_table_link link; /* in hub->members */
    struct pl_session *session;
    struct pl_stream *stream;
    struct pl_list in_session;
    struct pl_list in_stream;
    void *meta; /* owned through free_meta */
    void (*free_meta)(void *meta);
    uint8_t flags; /* PL_MEMBER_... */
};

/* A message that waits in a suspended session. */
struct pl_inbound {
    struct pl_inbound *next;
    size_t len;
    enum pl_message_kind kind;
    uint8_t bytes[];
};

/* session.c; inbound_... and suspend_count: inbound.c */
struct pl_session {
    struct pl_hub *hub;
    const struct pl_session_ops *ops;
    void *user;
    struct pl_list members; /* in the order of joining */
    struct pl_session *next_closed;
    uint64_t mark; /* of the last walk that met it */
    struct pl_inbound *inbound_first;
    struct pl_inbound *inbound_last;
    size_t inbound_bytes;
    struct pl_sink_id sink;
    struct pl_session_id id;
    uint32_t inbound_count;
    uint32_t member_count;
    uint32_t suspend_count;
    uint8_t encoding;
    bool is_closed;
    bool is_paused;      /* we asked the sink to stop reading */
    bool is_dispatching; /* a handler is on the stack: what arrives meanwhile waits */
};

_Static_assert(sizeof(struct pl_session) <= 160, "an idle session is meant to be small");
_Static_assert(sizeof(struct pl_member) <= 96, "an idle membership is meant to be small");

static inline bool pl_session_has_sink(const struct pl_session *session)
{
    return session->sink.generation != 0;
}

/* --- stream.c --- */

/* Find or make. */
struct pl_stream *pl_stream_ensure(struct pl_hub *hub, const struct pl_stream_key *key);

/* While pinned, a stream outlives its last member. Unpinning frees it when nobody is in it. */
void pl_stream_pin(struct pl_stream *stream);
void pl_stream_unpin(struct pl_hub *hub, struct pl_stream *stream);

/* One subscriber with a sink more (+1) or less (-1). */
void pl_stream_count_encoding(struct pl_stream *stream, uint8_t encoding, int change);

/* Add the flags and counts of a member that comes or goes. */
void pl_stream_add_member(struct pl_stream *stream, struct pl_member *member);
void pl_stream_remove_member(struct pl_stream *stream, struct pl_member *member);
void pl_stream_count_flags(struct pl_stream *stream, unsigned flags, int change);

void pl_streams_fini(struct pl_hub *hub);

/* --- member.c --- */

/* All memberships of a session end, in the order of joining. */
void pl_members_leave_all(struct pl_session *session);

/* End the fan-out subscriptions of a session on its sink, or begin them: the two halves of moving
 * it. */
void pl_members_unsubscribe_all(struct pl_session *session);
void pl_members_subscribe_all(struct pl_session *session);

/* --- session.c --- */

/* Give back the memory of closed sessions; no callback of theirs is on the stack. */
void pl_sessions_free_closed(struct pl_hub *hub);
void pl_sessions_fini(struct pl_hub *hub);

/* --- inbound.c --- */

/* Drop what waits, and let a paused sink read again. */
void pl_inbound_drop(struct pl_session *session);

/* --- publish.c --- */

void pl_publish_fini(struct pl_hub *hub);

#endif
