/* The hand-over: what a server that is being upgraded tells the process that takes its place, and
 * what that one answers. Messages of a kind, a count of descriptors that travel beside it, and a
 * payload of fields. The other process may be of another version, so everything is checked; a newer
 * one may put fields behind those known here, which are passed over, as are unknown kinds.
 * Threads: any. No I/O, no clock. */
#ifndef PL_CODEC_HANDOVER_H
#define PL_CODEC_HANDOVER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define PL_HANDOVER_VERSION 1 /* changes when an older process would misunderstand */
#define PL_HANDOVER_HEADER_BYTES 6
#define PL_HANDOVER_PAYLOAD_MAX ((size_t)64 * 1024 * 1024)

/* In the order in which they come. Numbers are for ever. */
enum pl_handover_kind {
    /* to the new process: what it needs to start */
    PL_HANDOVER_HELLO = 1,
    PL_HANDOVER_LOCK = 2,     /* with the descriptor that holds the data directory's lock */
    PL_HANDOVER_CONTROL = 3,  /* with the control socket */
    PL_HANDOVER_LISTENER = 4, /* with its descriptor */
    PL_HANDOVER_START = 5,    /* that was all: get ready */
    /* from it */
    PL_HANDOVER_READY = 6,
    PL_HANDOVER_FAILED = 7, /* with the reason, instead of READY or TAKEN */
    /* to it: what recovers, namespace by namespace, while the old process stands still */
    PL_HANDOVER_STATE = 8,
    PL_HANDOVER_SIDS = 9,
    PL_HANDOVER_NAMESPACE = 10,
    PL_HANDOVER_PACKET = 11,
    PL_HANDOVER_SESSION = 12,
    PL_HANDOVER_NAMESPACE_END = 13,
    PL_HANDOVER_STATE_END = 14,
    /* from it: it serves from now on */
    PL_HANDOVER_TAKEN = 15,
    /* to it: connections that are between two requests, each with its descriptor */
    PL_HANDOVER_CONNECTION = 16,
};

struct pl_handover_message {
    uint8_t kind; /* enum pl_handover_kind, or unknown */
    uint8_t fd_count;
    struct pl_str payload; /* borrowed from the input */
};

/* Read one message from the front of `in`. Returns the bytes consumed; 0 when more are needed;
 * PL_E_TOO_BIG for a payload above PL_HANDOVER_PAYLOAD_MAX, judged by the header. */
PL_MUST_CHECK ptrdiff_t pl_handover_read(struct pl_handover_message *out, struct pl_str in,
                                         struct pl_error *err);

/* A list of texts. Read ones are in the arena of the reader, their text borrowed from the input. */
struct pl_handover_list {
    const struct pl_str *items;
    size_t count;
};

/* Each payload has a struct, a writer that appends the whole message, and a reader. Readers return
 * 0; PL_E_PROTO for a payload that makes no sense; PL_E_TOO_BIG at the arena's cap. */

struct pl_handover_hello {
    uint32_t version;     /* PL_HANDOVER_VERSION; its reader refuses others: PL_E_UNSUPPORTED */
    uint32_t generation;  /* upgrades before this one, since the first process */
    int64_t began_us;     /* of the system's monotonic clock */
    struct pl_str server; /* its version, for the log */
    struct pl_str control_path; /* of the control socket */
};
void pl_handover_write_hello(struct pl_buf *out, const struct pl_handover_hello *hello);
PL_MUST_CHECK int pl_handover_read_hello(struct pl_handover_hello *out, struct pl_str payload,
                                         struct pl_error *err);

struct pl_handover_ready {
    uint32_t pid;
    struct pl_str server; /* its version */
    bool takes_data_dir;  /* the lock and the control socket are its own from now on */
};
void pl_handover_write_ready(struct pl_buf *out, const struct pl_handover_ready *ready);
PL_MUST_CHECK int pl_handover_read_ready(struct pl_handover_ready *out, struct pl_str payload,
                                         struct pl_error *err);

struct pl_handover_state {
    uint8_t parser; /* of the packets' texts: enum pl_sio_parser */
};
void pl_handover_write_state(struct pl_buf *out, const struct pl_handover_state *state);
PL_MUST_CHECK int pl_handover_read_state(struct pl_handover_state *out, struct pl_str payload,
                                         struct pl_error *err);

/* Sessions on long-polling that end with the old process: their clients still ask for them. */
struct pl_handover_sids {
    struct pl_str path; /* of the engine */
    struct pl_handover_list sids;
};
void pl_handover_write_sids(struct pl_buf *out, const struct pl_handover_sids *sids);
PL_MUST_CHECK int pl_handover_read_sids(struct pl_handover_sids *out, struct pl_str payload,
                                        struct pl_arena *arena, struct pl_error *err);

struct pl_handover_namespace {
    struct pl_str name;
    bool is_child;         /* made from a parent: */
    uint64_t parent_order; /* its place among the parents that were registered */
    struct pl_str pattern; /* its pattern; empty for a function */
    int64_t dropped_us;    /* stamp of the newest packet that is gone */
};
void pl_handover_write_namespace(struct pl_buf *out, const struct pl_handover_namespace *ns);
PL_MUST_CHECK int pl_handover_read_namespace(struct pl_handover_namespace *out,
                                             struct pl_str payload, struct pl_error *err);

/* A kept packet. */
struct pl_handover_packet {
    int64_t stamp_us;
    int64_t age_ms; /* not negative */
    struct pl_str text;
    struct pl_handover_list attachments;
    struct pl_handover_list rooms;
    struct pl_handover_list except;
};
void pl_handover_write_packet(struct pl_buf *out, const struct pl_handover_packet *packet);
PL_MUST_CHECK int pl_handover_read_packet(struct pl_handover_packet *out, struct pl_str payload,
                                          struct pl_arena *arena, struct pl_error *err);

/* A session that can be recovered. */
struct pl_handover_session {
    int64_t age_ms; /* since it left; 0 for one that was connected until now */
    struct pl_str id;
    struct pl_str pid;
    struct pl_handover_list rooms;
    bool has_data;
    struct pl_str data; /* JSON, in which placeholders stand for these: */
    struct pl_handover_list data_bins;
};
void pl_handover_write_session(struct pl_buf *out, const struct pl_handover_session *session);
PL_MUST_CHECK int pl_handover_read_session(struct pl_handover_session *out, struct pl_str payload,
                                           struct pl_arena *arena, struct pl_error *err);

struct pl_handover_connection {
    struct pl_str peer;     /* address and port */
    struct pl_str listener; /* by which it came */
    bool is_relayed;        /* the descriptor leads through the old process */
    bool is_secure;         /* which does TLS for it */
    struct pl_str unread;   /* what came already and was not answered */
};
void pl_handover_write_connection(struct pl_buf *out,
                                  const struct pl_handover_connection *connection);
PL_MUST_CHECK int pl_handover_read_connection(struct pl_handover_connection *out,
                                              struct pl_str payload, struct pl_error *err);

/* LISTENER and FAILED: one text, the listener's name or the reason. */
void pl_handover_write_text(struct pl_buf *out, enum pl_handover_kind kind, uint8_t fd_count,
                            struct pl_str text);
PL_MUST_CHECK int pl_handover_read_text(struct pl_str *out, struct pl_str payload,
                                        struct pl_error *err);

/* LOCK, CONTROL, START, NAMESPACE_END, STATE_END, TAKEN: no fields. */
void pl_handover_write_bare(struct pl_buf *out, enum pl_handover_kind kind, uint8_t fd_count);

#endif
