/* The Socket.IO server as its own files see it; socketio.h has what starts and stops it. io.c
 * writes its fields, but for those that name another file. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_IO_H
#define PL_DIALECT_SOCKETIO_IO_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/timer.h"
#include "codec/sio_decoder.h"
#include "dialect/socketio/hooks.h"
#include "dialect/socketio/recovery.h"
#include "dialect/socketio/socketio.h"
#include "hub/hub.h"
#include "value/wire.h"

struct pl_eio_raw;

/* Kinds of hub streams. A socket's own-id room is none:
 * it is a look-up in its namespace's index. */
enum {
    PL_STREAM_SIO_NAMESPACE = 16, /* subject: the namespace; every connected socket subscribes */
    PL_STREAM_SIO_ROOM = 17,      /* subject: the namespace; label: the room */
};

struct parley_io {
    struct pl_sio_params params;
    struct pl_sio_config config;
    struct pl_hub *hub;
    struct pl_eio_engine *engine; /* NULL until started */
    struct pl_eio_raw *raw;       /* eio_raw.c: engines of the application's own; NULL for none */
    bool has_raw_path; /* eio_raw.c: one of them has taken the configured path: no Socket.IO */
    bool is_mute;      /* handover.c: nothing is sent any more */
    struct pl_sio_limits limits; /* of every connection's decoder */
    uint8_t hash_key[PL_SIPHASH_KEY_BYTES];
    /* namespace.c */
    struct pl_map by_name;     /* namespaces that can be joined */
    struct pl_list namespaces; /* the same */
    struct pl_list parents;    /* patterns and functions, in the order of registration */
    uint64_t next_parent_order;
    size_t child_count;
    void (*on_new_namespace)(const char *name, void *user);
    void *on_new_namespace_user;
    struct pl_list nexts;      /* next.c */
    struct pl_sio_hooks hooks; /* hooks.c */
    struct pl_timer purge;     /* of recovery stores */
    struct pl_timer closed;
    void (*on_closed)(void *user);
    void *on_closed_user;
    struct pl_log_limit error_limit; /* of clients' mistakes */
    struct pl_log_limit emit_limit;  /* of the application's */
    /* emit.c: reused from packet to packet, so that writing one allocates nothing but its frame */
    struct pl_buf args;
    struct pl_buf packet;
    struct pl_buf packed; /* the packet as msgpack */
    struct pl_bin_list bins;
    struct pl_str *slices; /* of the attachments */
    size_t slice_cap;
    struct parley_val *empty_object;
};

/* A random id: PL_SIO_ID_LEN characters and a NUL. */
void pl_sio_make_id(struct parley_io *io, char out[PL_SIO_ID_LEN + 1]);

static inline struct pl_timers *pl_sio_timers(struct parley_io *io)
{
    return pl_hub_timers(io->hub);
}

static inline void pl_sio_count(struct parley_io *io, enum pl_metric metric, int64_t n)
{
    pl_metrics_add(io->params.metrics, metric, n);
}

#endif
