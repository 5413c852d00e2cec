/* Fan-out: which sinks receive which streams, and the one loop that hands a publish to all of them.
 * One `struct pl_fanout` belongs to each thread that sends. A sink is where frames for one session
 * go: a WebSocket connection, or a queue that the hub holds for a session on long-polling. The
 * fan-out path allocates nothing, locks nothing and copies nothing per recipient.
 * Threads: one at a time. */
#ifndef PL_BASE_FANOUT_H
#define PL_BASE_FANOUT_H

#include "base/list.h"
#include "base/metrics.h"
#include "base/outq.h"
#include "base/sink_id.h"

/* How frames for a sink are encoded: a number that the dialects agree on, one frame per number
 * really present in an audience (design, rule 3). */
#define PL_ENCODING_MAX 32

struct pl_sink;
struct pl_sink_info; /* base/fanout_top.h */

struct pl_sink_ops {
    /* Send what is queued, which may be nothing. Called once per turn for a sink that got
     * something, and early when the queue passes half its bound. Neither this nor `overflow` may
     * free or detach a sink, subscribe, unsubscribe or publish: a publish may be in the middle of
     * its loop. */
    void (*flush)(struct pl_sink *sink);
    /* More than limit_bytes are unsent after a flush attempt: close, as the dialect defines, at the
     * end of the turn. The sink takes nothing more from now on. */
    void (*overflow)(struct pl_sink *sink);
    /* Stop and resume reading from the peer. */
    void (*pause)(struct pl_sink *sink);
    void (*resume)(struct pl_sink *sink);
    /* Flush, then close with a WebSocket close code and reason (borrowed). */
    void (*close)(struct pl_sink *sink, uint16_t code, struct pl_str reason);
    /* Optional, for operators: where it sends to. */
    void (*describe)(struct pl_sink *sink, struct pl_sink_info *out);
};

/* One subscription, as the sink sees it. */
struct pl_sink_sub {
    uint32_t stream;
    uint32_t at; /* place in the stream's list */
};

struct pl_sink {
    struct pl_outq outq;
    const struct pl_sink_ops *ops;
    struct pl_list dirty; /* on fanout->dirty while something waits for a flush */
    uint64_t mark; /* number of the last publish that reached, or must not reach, this sink */
    struct pl_sink_sub *subs;
    uint32_t sub_count;
    uint32_t sub_cap;
    struct pl_sink_id id;
    uint32_t limit_bytes; /* bound of unsent bytes */
    uint8_t encoding;
    bool is_ready;   /* what is pushed now can go to the system now (volatile messages need it) */
    bool is_blocked; /* the system takes no more at the moment: no early flush */
    bool is_closed;  /* takes nothing more */
};

struct pl_fanout_stream; /* the subscribers of one stream */

struct pl_fanout {
    struct pl_outq_pool pool;
    struct pl_list dirty;
    struct pl_fanout_stream *streams; /* by stream number */
    uint32_t stream_cap;
    struct pl_sink **sinks; /* by place; NULL where free */
    uint32_t sink_cap;
    struct pl_sink_ids ids;     /* of sinks that are attached without a name */
    struct pl_metrics *metrics; /* for publishes that are counted; NULL: none are */
    uint64_t publish_count;
    /* figures that any thread may read */
    _Atomic uint64_t delivered_count; /* frame groups handed to sinks */
    _Atomic uint64_t dropped_volatile_count;
    _Atomic uint64_t overflow_count;
};

enum {
    PL_SEND_VOLATILE = 1, /* drop for a sink that is not ready, or has something queued */
};

/* The counters of a publish, told by who delivers it. The same twice: not counted. */
struct pl_fanout_counters {
    enum pl_metric recipients;
    enum pl_metric bytes; /* of the frames they were handed */
};

struct pl_fanout_publish {
    const uint32_t *include; /* streams */
    size_t include_count;
    const uint32_t *exclude; /* their subscribers get nothing */
    size_t exclude_count;
    struct pl_sink_id except; /* generation 0: nobody */
    unsigned flags;           /* PL_SEND_... */
    struct pl_frame *const
        *frames; /* PL_ENCODING_MAX of them, borrowed; NULL where nobody needs one */
    struct pl_fanout_counters counters;
};

void pl_fanout_init(struct pl_fanout *fanout);
void pl_fanout_fini(struct pl_fanout *fanout); /* all sinks must be detached */

/* Make a zeroed sink with ops, limit and encoding known; gives it its id. */
void pl_fanout_attach(struct pl_fanout *fanout, struct pl_sink *sink);

/* The same with an id that the hub has taken for this fan-out's thread: it remains
 * the hub's to give back. */
void pl_fanout_attach_as(struct pl_fanout *fanout, struct pl_sink *sink, struct pl_sink_id id);

/* Forget a sink: its subscriptions end, its queue is dropped.
 * A sink that is not attached is fine. */
void pl_fanout_detach(struct pl_fanout *fanout, struct pl_sink *sink);

/* NULL when it is gone. */
struct pl_sink *pl_fanout_find(const struct pl_fanout *fanout, struct pl_sink_id id);

/* `stream` is a small number chosen by the caller, reused when a stream has no subscribers left.
 * Subscribing twice is the caller's mistake; unsubscribing what is not subscribed does nothing.
 * Unsubscribing looks through the sink's subscriptions from the newest on. */
void pl_fanout_subscribe(struct pl_fanout *fanout, struct pl_sink *sink, uint32_t stream);
void pl_fanout_unsubscribe(struct pl_fanout *fanout, struct pl_sink *sink, uint32_t stream);

/* Queue one frame for one sink; takes the reference over. A closed sink drops it.
 * Returns whether it was queued. */
bool pl_fanout_send(struct pl_fanout *fanout, struct pl_sink *sink, struct pl_frame *frame,
                    unsigned flags);

/* Queue a message for the union of the streams, each sink once.
 * Returns the number of recipients. */
size_t pl_fanout_publish(struct pl_fanout *fanout, const struct pl_fanout_publish *publish);

/* Flush every dirty sink: once per turn of the loop. */
void pl_fanout_flush(struct pl_fanout *fanout);

size_t pl_fanout_subscriber_count(const struct pl_fanout *fanout, uint32_t stream);

#endif
