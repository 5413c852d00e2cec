/* What a Socket.IO socket keeps: listeners, acknowledgements that it waits for, events that wait to
 * be sent.
 * Threads: the client's. */
#ifndef PL_CLIENT_SIO_TABLES_H
#define PL_CLIENT_SIO_TABLES_H

#include "base/blob.h"
#include "base/list.h"
#include "base/timer.h"
#include "parley/client_socketio.h"

/* --- listeners (sio_listener.c) --- */

enum pl_client_sio_listens {
    PL_CLIENT_SIO_TO_EVENT,
    PL_CLIENT_SIO_TO_ANY,
    PL_CLIENT_SIO_TO_OUTGOING,
};

struct pl_client_sio_listener {
    enum pl_client_sio_listens listens;
    bool is_once;
    char *event; /* owned; of TO_EVENT */
    size_t event_len;
    parley_sio_listener *fn; /* NULL: removed while a walk is going on */
    void *user;
};

struct pl_client_sio_listeners {
    struct pl_client_sio_listener *items; /* owned; in the order of registration */
    uint32_t count;
    uint32_t cap;
    uint32_t walk_count; /* walks that are going on: nothing moves meanwhile */
    bool has_holes;
};

void pl_client_sio_listeners_fini(struct pl_client_sio_listeners *listeners);

/* Whether any is called for it. */
bool pl_client_sio_listeners_want(const struct pl_client_sio_listeners *listeners,
                                  enum pl_client_sio_listens listens, struct pl_str event);

/* Call those that there were when it began and that are there still. */
void pl_client_sio_listeners_call(struct parley_sio *sio, enum pl_client_sio_listens listens,
                                  const char *event, size_t event_len,
                                  const struct parley_args *args, struct parley_sio_ack *ack);

/* --- events that wait (sio_outbox.c) --- */

/* Who waits for an acknowledgement. */
struct pl_client_sio_wait {
    void (*on_ack)(struct parley_sio *sio, int error, const struct parley_args *args, void *user);
    void *user;
    int timeout_ms; /* 0: none */
};

/* One event, in one block of memory. */
struct pl_client_sio_kept {
    struct pl_list node;
    size_t size; /* that it is charged with */
    bool has_id;
    bool is_volatile; /* dropped when it cannot be sent after all */
    uint64_t id;
    struct pl_client_sio_wait wait; /* of the at-least-once queue */
    int try_count;                  /* likewise */
    struct pl_str name;             /* with a NUL behind it */
    struct pl_str raw_args;
    size_t blob_count;
    struct pl_blob *blobs[]; /* counted */
};

struct pl_client_sio_outbox {
    struct pl_list events;
    size_t bytes;
};

void pl_client_sio_outbox_init(struct pl_client_sio_outbox *outbox);
void pl_client_sio_outbox_clear(struct pl_client_sio_outbox *outbox);

void pl_client_sio_outbox_drop_volatile(struct pl_client_sio_outbox *outbox);

struct pl_client_sio_event;

/* What it would be charged with. */
size_t pl_client_sio_kept_size(const struct pl_client_sio_event *event);

/* Append a copy. NULL without memory. */
PL_MUST_CHECK struct pl_client_sio_kept *
pl_client_sio_outbox_add(struct pl_client_sio_outbox *outbox,
                         const struct pl_client_sio_event *event);

/* The first, or NULL. */
struct pl_client_sio_kept *pl_client_sio_outbox_first(const struct pl_client_sio_outbox *outbox);

void pl_client_sio_outbox_take(struct pl_client_sio_outbox *outbox,
                               struct pl_client_sio_kept *kept); /* off the list */
void pl_client_sio_kept_destroy(struct pl_client_sio_kept *kept);

/* Its arguments as a list: one reference, or NULL without memory. */
PL_MUST_CHECK const struct parley_args *
pl_client_sio_kept_args(const struct pl_client_sio_kept *kept);

/* --- acknowledgements that are waited for (sio_ack.c) --- */

struct pl_client_sio_ack {
    struct pl_list node; /* in the order of their ids */
    struct pl_client_sio_ack *next_in_bucket;
    struct parley_sio *sio;
    struct pl_client_sio_kept *kept; /* its event, when that was not sent yet; borrowed */
    uint64_t id;
    struct pl_client_sio_wait wait;
    bool has_timer;
    struct pl_timer timer;
};

struct pl_client_sio_acks {
    struct pl_client_sio_ack **buckets; /* owned; NULL while nothing was ever waited for */
    size_t bucket_count;                /* a power of two */
    size_t count;
    uint64_t next_id;
    struct pl_list all;
};

void pl_client_sio_acks_init(struct pl_client_sio_acks *acks);

/* Forget all, and nobody is told. */
void pl_client_sio_acks_fini(struct parley_sio *sio);

/* Wait for one more, with the next id. NULL without memory. */
PL_MUST_CHECK struct pl_client_sio_ack *
pl_client_sio_acks_add(struct parley_sio *sio, const struct pl_client_sio_wait *wait);

/* Its event could not be sent after all: as if it had never been, its id included. It is the last
 * that was added. */
void pl_client_sio_acks_undo(struct parley_sio *sio, struct pl_client_sio_ack *ack);

struct pl_client_sio_ack *pl_client_sio_acks_find(const struct pl_client_sio_acks *acks,
                                                  uint64_t id);

/* End one and call back. */
void pl_client_sio_acks_end(struct parley_sio *sio, struct pl_client_sio_ack *ack, int error,
                            const struct parley_args *args);

/* The socket was disconnected: end those whose events were sent, with PL_E_CLOSED. */
void pl_client_sio_acks_close(struct parley_sio *sio);

#endif
