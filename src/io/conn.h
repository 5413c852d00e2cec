/* A connection: one stream socket, what is read from it and what waits to be written. What the
 * bytes mean is the affair of its protocol (HTTP, then perhaps WebSocket), a struct of functions
 * that may change.
 * Writing: frames are queued on the connection's sink and leave with one gather write per turn.
 * An idle connection holds no buffer; an incomplete message moves to one of its own.
 * Threads: its loop's. */
#ifndef PL_IO_CONN_H
#define PL_IO_CONN_H

#include "base/buf.h"
#include "base/fanout.h"
#include "base/metrics.h"
#include "io/loop.h"
#include "net/address.h"

#include <stdatomic.h>

struct pl_conn;
struct pl_peers; /* net/peers.h */
struct iovec;

enum pl_conn_state {
    PL_CONN_OPEN,
    PL_CONN_DRAINING, /* writes what is queued, shuts down, drops input until the peer does, too */
    PL_CONN_CLOSED,   /* descriptor closed; memory is freed when the turn ends */
    PL_CONN_MOVED,    /* another one has gone on with its descriptor (pl_conn_move) */
};

enum pl_conn_reading {
    PL_CONN_READING,
    PL_CONN_WATCHING, /* nothing is read, but the peer's end is noticed: a parked request */
    PL_CONN_PAUSED,   /* nothing is read; the end comes after what is unread */
};

/* Why a connection ended, as its protocol sees it. */
enum pl_conn_end {
    PL_CONN_END_PEER,     /* the peer closed its side */
    PL_CONN_END_ERROR,    /* reset, or another socket error */
    PL_CONN_END_LOCAL,    /* we closed it */
    PL_CONN_END_OVERFLOW, /* slow consumer: more than its bound stayed unsent */
};

struct pl_conn_protocol {
    /* Bytes arrived (together with what was left over): consume from the front, return how many.
     * What is left is kept and shown again with more behind it, or when pl_conn_input_again is
     * called. May close the connection, switch its protocol, pause it. */
    size_t (*on_input)(struct pl_conn *conn, struct pl_span in);
    /* The connection leaves PL_CONN_OPEN: the peer's end, an error, or our own close or drain.
     * Called exactly once; the protocol lets go of its own state here.
     * What it queues is dropped. */
    void (*on_end)(struct pl_conn *conn, enum pl_conn_end end);
    /* Optional: the peer sends nothing more. True: the protocol drains the connection itself, a
     * little later. Else it is drained now. */
    bool (*on_peer_end)(struct pl_conn *conn);
    /* Optional: what was queued has all been handed to the system. May be called inside a publish:
     * it changes no subscription and closes nothing. */
    void (*on_flushed)(struct pl_conn *conn);
    /* Optional: the hub's close with a code (WebSocket). Without it the connection is drained. */
    void (*on_close_wanted)(struct pl_conn *conn, uint16_t code, struct pl_str reason);
    const char *name; /* for operators: "http", "websocket" */
};

/* How bytes get through the socket: as they are (pl_conn_plain), or as another layer has it (TLS).
 */
struct pl_conn_transport {
    /* What has arrived, to `out`. Returns the bytes (> 0); 0 at the peer's end; PL_E_AGAIN when
     * there are none; PL_E_PROTO when the peer broke the layer's rules (what is left to send still
     * goes out), another PL_E_... when the socket is of no more use. */
    ptrdiff_t (*read)(struct pl_conn *conn, struct pl_span out);
    /* Send from the front of `parts`. Returns the bytes taken, or PL_E_AGAIN, or PL_E_IO. May take
     * bytes that are not sent yet: conn->has_unsent is then set, and it is called again, perhaps
     * without parts, until that is over. */
    ptrdiff_t (*write)(struct pl_conn *conn, const struct iovec *parts, size_t count);
    /* Send the end of the stream. False when something must be sent before (has_unsent): it is then
     * called again. */
    bool (*end)(struct pl_conn *conn);
    void (*free)(struct pl_conn *conn); /* lets go of conn->transport_data; may be NULL */
    bool is_secure;
};

extern const struct pl_conn_transport pl_conn_plain;

/* The listener that connections came through, as they know it. It outlives them. */
struct pl_conn_source {
    atomic_size_t count; /* connections open now; any thread may close one */
};

struct pl_conn_tls_memory; /* io/conn_tls.c */

/* What all connections of one loop share. */
struct pl_conn_set {
    struct pl_loop *loop;
    struct pl_fanout *fanout;
    struct pl_metrics *metrics;
    struct pl_list open;    /* every connection that is not closed, by age */
    struct pl_list waiting; /* those with input left from this turn */
    size_t count;           /* those that have moved from here to another set among them */
    size_t count_max;
    /* Optional: the last word about a connection, whose descriptor is closed. */
    void (*on_gone)(struct pl_conn_set *set, struct pl_sink_id sink);
    struct pl_conn_tls_memory *tls; /* NULL before the first TLS connection; owned */
    uint32_t handshakes_per_turn;   /* steps of handshakes, which cost far more than messages */
    uint32_t handshakes_left;       /* of this turn */
    /* What a peer must send of a body, or take of an answer; 0: any progress will do. */
    uint32_t bytes_per_second_min;
    struct pl_peers *peers; /* limits by address; borrowed, outlives it; NULL: none */
    struct pl_turn_hook hook;
};

struct pl_conn {
    struct pl_sink sink; /* the first member */
    struct pl_watch watch;
    const struct pl_conn_protocol *protocol;
    void *protocol_data; /* the protocol's own, owned by it */
    const struct pl_conn_transport *transport;
    void *transport_data; /* the transport's own, owned by it */
    struct pl_conn_set *set;
    struct pl_conn_source *source; /* borrowed; NULL: none */
    struct pl_list in_set;
    struct pl_list in_waiting;
    struct pl_buf *rest;      /* input that is not consumed yet; NULL when there is none */
    struct pl_timer timer;    /* the protocol's deadline */
    struct pl_deferred later; /* closing from inside a flush; once closed, giving memory back */
    struct pl_address peer;
    uint8_t state;     /* enum pl_conn_state */
    uint8_t close_end; /* enum pl_conn_end, for the close that waits in `later` */
    uint8_t end;       /* enum pl_conn_end: why it left PL_CONN_OPEN */
    uint8_t reading;   /* enum pl_conn_reading */
    bool is_waiting;   /* on set->waiting: shows its rest again next turn */
    bool peer_has_ended;
    bool has_unsent;  /* the transport holds bytes that the queue has given up already */
    bool reads_again; /* the transport has more to tell, though the socket may stay silent */
    bool is_held;     /* counted in set->peers under `peer` */
    bool
        reads_no_more; /* pl_conn_set_reading has no effect: not begun, or only waiting for its end */
};

void pl_conn_set_init(struct pl_conn_set *set, struct pl_loop *loop, struct pl_fanout *fanout,
                      struct pl_metrics *metrics);
void pl_conn_set_fini(struct pl_conn_set *set); /* closes what is still open */

/* Take over a connected, non-blocking descriptor. On failure it is closed. */
PL_MUST_CHECK int pl_conn_open(struct pl_conn **out, struct pl_conn_set *set, int fd,
                               const struct pl_address *peer,
                               const struct pl_conn_protocol *protocol, struct pl_error *err);

/* Count a connection just opened at its source, until it is closed. */
void pl_conn_set_source(struct pl_conn *conn, struct pl_conn_source *source);

/* The peer is another than the one that the socket tells: behind a proxy that says so. */
void pl_conn_set_peer(struct pl_conn *conn, const struct pl_address *peer);

static inline struct pl_conn *pl_conn_of_sink(struct pl_sink *sink)
{
    return PL_CONTAINER_OF(sink, struct pl_conn, sink);
}

/* --- moving to another set, whose loop another thread may run --- */

/* What a set remembers of a connection that is in another one. */
struct pl_conn_away {
    struct pl_address peer;
    bool is_held; /* in set->peers */
};

/* Whether it may move: not when it is about to be closed. */
bool pl_conn_can_move(const struct pl_conn *conn);

/* Go on with an open connection as another one, which is returned: descriptor, transport, queue and
 * peer are its own now. It belongs to no set until pl_conn_adopt; the caller gives it a protocol.
 * `conn` is PL_CONN_MOVED: what its protocol has not consumed is kept for pl_conn_moved_rest, since
 * the call comes from inside the protocol. Its set goes on counting it, as `away` remembers, until
 * pl_conn_forget. */
struct pl_conn *pl_conn_move(struct pl_conn *conn, struct pl_conn_away *away);

/* The input left in a connection that moved, once its protocol has returned; the caller frees the
 * buffer and its memory. NULL: there is none. Frees `conn`. */
struct pl_buf *pl_conn_moved_rest(struct pl_conn *conn);

/* On the thread of `set`: the connection goes on here, with PL_CONN_PAUSED reading. When it cannot be
 * watched it is closed, with its protocol's on_end. */
void pl_conn_adopt(struct pl_conn *conn, struct pl_conn_set *set, struct pl_sink_id id);

/* Behind pl_conn_adopt: show `rest` (taken over, may be NULL) to the protocol, then read on. `conn`
 * may be NULL, or closed meanwhile. */
void pl_conn_begin(struct pl_conn *conn, struct pl_buf *rest);

/* A connection that moved away from this set is gone. */
void pl_conn_forget(struct pl_conn_set *set, const struct pl_conn_away *away);

/* Queue one frame, whose reference is taken over. */
void pl_conn_send(struct pl_conn *conn, struct pl_frame *frame);

/* Queue a copy of bytes (HTTP answers). Without memory the connection is closed. */
void pl_conn_write(struct pl_conn *conn, struct pl_str bytes);

/* Send what is queued, then close gracefully (end of stream, short wait for the peer's). */
void pl_conn_drain(struct pl_conn *conn);

/* Close now; what is queued is lost.
 * The protocol's on_end runs; memory stays until the turn ends. */
void pl_conn_close(struct pl_conn *conn, enum pl_conn_end end);

/* What to read from now on. Back at PL_CONN_READING, input that is left is shown again. */
void pl_conn_set_reading(struct pl_conn *conn, enum pl_conn_reading reading);

/* Input that is left, in the order of reading. Borrowed until the next read. */
struct pl_str pl_conn_rest(const struct pl_conn *conn);

/* Bytes of the peer's that came by another way, before all that is still to be read: they are shown
 * to the protocol, this turn or the next. */
void pl_conn_unread(struct pl_conn *conn, struct pl_str bytes);

/* Show the input that is left to the protocol again, this turn or the next. */
void pl_conn_input_again(struct pl_conn *conn);

/* (Re)arm or stop the protocol's deadline: conn->timer.on_due must be set. */
void pl_conn_deadline(struct pl_conn *conn, int64_t in_ms);
void pl_conn_no_deadline(struct pl_conn *conn);

/* Progress moves a deadline that is set: `bytes` earn the time that set->bytes_per_second_min
 * allows for them, but it is never more than most_ms away. A byte now and then earns nothing worth
 * having; at that rate or above the deadline stays most_ms away. */
void pl_conn_deadline_earn(struct pl_conn *conn, size_t bytes, int64_t most_ms);

#endif
