/* What a namespace keeps so that a client whose connection broke misses nothing: the sessions that
 * left, and the packets sent since. Both are bounded by age, number and bytes; the oldest go first.
 * The clock is the caller's (now_ms: monotonic); stamps are what offsets are made of, and strictly
 * increase. Source: shared spec socketio.md 3.8.
 * Threads: one at a time. */
#ifndef PL_DIALECT_SOCKETIO_RECOVERY_H
#define PL_DIALECT_SOCKETIO_RECOVERY_H

#include "base/blob.h"
#include "base/list.h"
#include "hub/table.h"

#define PL_SIO_ID_LEN 20     /* of a socket's id and of a pid */
#define PL_SIO_OFFSET_LEN 11 /* of an offset's text */

struct pl_sio_store;

struct pl_sio_store_limits {
    int64_t age_ms;
    uint32_t sessions;
    uint32_t packets;
    size_t bytes; /* of packets; and, counted apart, of sessions with their rooms' names */
};

/* --- offsets: a packet's stamp as text, whose order is the stamps' --- */

void pl_sio_offset_write(char out[PL_SIO_OFFSET_LEN], int64_t stamp_us);
PL_MUST_CHECK bool pl_sio_offset_read(int64_t *stamp_us, struct pl_str text);

/* --- the store --- */

/* An empty store. Never NULL.
 *   hash_key  16 random bytes
 *   stamp_us  below the stamps of all packets to come */
struct pl_sio_store *pl_sio_store_create(const struct pl_sio_store_limits *limits,
                                         const uint8_t hash_key[16], int64_t stamp_us);
void pl_sio_store_destroy(struct pl_sio_store *store); /* NULL is fine */

/* Other bounds; what is beyond them goes with the next packet, session or purge. */
void pl_sio_store_set_limits(struct pl_sio_store *store, const struct pl_sio_store_limits *limits);

/* Drop what is too old. */
void pl_sio_store_purge(struct pl_sio_store *store, int64_t now_ms);
size_t pl_sio_store_session_count(const struct pl_sio_store *store);

/* A packet for the room names `rooms` (none: for everybody) but for `except`. */
struct pl_sio_kept_packet {
    int64_t stamp_us; /* above those of all packets before it */
    struct pl_str text;
    struct pl_blob *const *attachments;
    size_t attachment_count;
    const struct pl_str *rooms;
    size_t room_count;
    const struct pl_str *except;
    size_t except_count;
};

/* Keep a copy (attachments are counted). Without memory it is as if it had been dropped for its
 * age. */
void pl_sio_store_add(struct pl_sio_store *store, const struct pl_sio_kept_packet *packet,
                      int64_t now_ms);

/* A session that left. */
struct pl_sio_kept_session {
    struct pl_list in_store; /* oldest first */
    struct pl_table_link by_pid;
    int64_t left_ms;
    void *data; /* what the owner wants kept, given back through free_data */
    void (*free_data)(void *data);
    size_t bytes; /* of this allocation */
    size_t room_count;
    struct pl_str *rooms; /* its own id among them; text and array are in this allocation */
    char id[PL_SIO_ID_LEN];
    char pid[PL_SIO_ID_LEN];
};

/* With copies of its texts. Never NULL. */
struct pl_sio_kept_session *pl_sio_kept_session_create(struct pl_str id, struct pl_str pid,
                                                       const struct pl_str *rooms,
                                                       size_t room_count);
void pl_sio_kept_session_free(struct pl_sio_kept_session *session); /* NULL is fine */

/* Keep it; it belongs to the store now. */
void pl_sio_store_keep(struct pl_sio_store *store, struct pl_sio_kept_session *session,
                       int64_t now_ms);

/* Take the session with this pid out: it is the caller's. NULL, and nothing changes, when there is
 * none that is young enough, or when a packet after `offset` was dropped. The pid is compared in
 * constant time. */
struct pl_sio_kept_session *pl_sio_store_claim(struct pl_sio_store *store, struct pl_str pid,
                                               struct pl_str offset, int64_t now_ms);

/* Whether no packet after `offset` was dropped. */
bool pl_sio_store_has_all(const struct pl_sio_store *store, struct pl_str offset);

/* --- the whole of it, for another process --- */

int64_t pl_sio_store_dropped_us(const struct pl_sio_store *store); /* the newest one dropped */
int64_t pl_sio_store_last_us(const struct pl_sio_store *store);    /* the newest one ever */

/* Show what is kept, oldest first. `now_ms` of pl_sio_store_add was kept_ms. */
void pl_sio_store_each_packet(const struct pl_sio_store *store,
                              void (*visit)(void *user, const struct pl_sio_kept_packet *packet,
                                            int64_t kept_ms),
                              void *user);
void pl_sio_store_each_session(const struct pl_sio_store *store,
                               void (*visit)(void *user, const struct pl_sio_kept_session *session),
                               void *user);

/* --- what was missed --- */

/* Show the packets after `offset` that the session would have received, in order. */
void pl_sio_store_each_missed(struct pl_sio_store *store, const struct pl_sio_kept_session *session,
                              struct pl_str offset,
                              void (*visit)(void *user, const struct pl_sio_kept_packet *packet),
                              void *user);

#endif
