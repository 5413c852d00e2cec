/* The store: typed operations that run elsewhere and come back. Each is one transaction with its
 * preconditions inside; ids and times come in with it, so that running it again is harmless. Writes
 * run one after the other, in the order of submitting, and come back in that order when they are
 * durable (their commits are grouped); reads run beside them, and one submitted after a write came
 * back sees it.
 * Threads: the hub's, but for `run`. */
#ifndef PL_STORE_STORE_H
#define PL_STORE_STORE_H

#include "base/log.h"
#include "base/metrics.h"
#include "store/sql.h"
#include "work/pool.h"

struct pl_store_op;

struct pl_store_op_type {
    const char *name; /* "player.identify": for logs and metrics */
    bool is_write;
    size_t size; /* of the struct that embeds pl_store_op as its first field */
    /* In a worker's thread, inside a transaction. Reads its input from *op and puts its results
     * there, in op->arena. Returns 0: to be committed; 1, by pl_store_refuse: rolled back, not an
     * error, and op->refusal says why; or a negative PL_E_... of the store. It may run several times
     * (a lost connection), so it begins by resetting its results. */
    int (*run)(struct pl_store_op *op, struct pl_sql *sql);
};

/* One operation. The submitter makes it with pl_store_op_create, fills it in, and gets it back in
 * on_done, where it is the submitter's again, to read and to free. */
struct pl_store_op {
    const struct pl_store_op_type *type;
    struct pl_arena arena; /* holds what the operation points to: its input and its results */
    void (*on_done)(struct pl_store_op *op, void *user); /* never from inside submit */
    void *user;
    int rc;      /* 0: done and durable; 1: refused; negative: it failed and nothing happened (but
                    PL_E_CLOSED: with a connection that broke while committing, it may have) */
    int refusal; /* of 1: the operation's own list */
    struct pl_error error;    /* of a negative rc */
    struct pl_store_op *next; /* the store's, as is `job`, from submitting until on_done */
    struct pl_job job;
};

/* A zeroed struct of type->size. arena_bytes: its cap; 0 for 64 MiB. */
struct pl_store_op *pl_store_op_create(const struct pl_store_op_type *type, size_t arena_bytes);
void pl_store_op_free(struct pl_store_op *op); /* NULL is fine */

/* Used as `return pl_store_refuse(op, REASON);` in `run`. */
int pl_store_refuse(struct pl_store_op *op, int refusal);

struct pl_store;

struct pl_store_impl {
    void (*submit)(struct pl_store *store, struct pl_store_op *op);
    void (*complete)(struct pl_store *store);
    int (*run)(struct pl_store *store, struct pl_store_op *op);
    void (*collect)(const struct pl_store *store, struct pl_metrics *out);
    void (*destroy)(struct pl_store *store);
};

/* Embedded as the first field of an implementation. */
struct pl_store {
    const struct pl_store_impl *impl;
    bool is_retired; /* pl_store_retire */
};

/* Hand an operation over. When too many wait it comes back with PL_E_FULL. */
void pl_store_submit(struct pl_store *store, struct pl_store_op *op);

/* Call on_done of what has come back: after `wake` of the configuration, on the hub's thread. */
void pl_store_complete(struct pl_store *store);

/* Add what the store has counted: operations by outcome, batches, how many wait. */
void pl_store_collect(const struct pl_store *store, struct pl_metrics *out);

/* Another process writes from now on: writes are not run and come back with PL_E_CLOSED. */
void pl_store_retire(struct pl_store *store);

/* Waits for the operations under way, whose on_done are called. NULL is fine. */
void pl_store_destroy(struct pl_store *store);

/* Run one operation and wait for it: for commands and the start, when no loop runs. Returns op->rc;
 * on_done is not called. */
int pl_store_run(struct pl_store *store, struct pl_store_op *op);

struct pl_store_config {
    struct pl_str url;        /* "sqlite:PATH", "postgresql://..." ; borrowed for the call */
    uint32_t reader_count;    /* 0: 2 */
    uint32_t waiting_max;     /* operations that may wait; 0: 16,384 */
    uint32_t patience_ms;     /* in which a lost PostgreSQL may come back; 0: 5,000 */
    uint32_t batch_max;       /* writes in one commit; 0: 512 */
    void (*wake)(void *user); /* from a worker's thread, or from inside submit:
                                 pl_store_complete is to be called */
    void *user;
    const struct pl_log *log;
    /* Another process writes to the same database, and will have stopped when this one's first write
     * comes; from then on that one's fail. Otherwise a PostgreSQL that has a writer is refused. */
    bool takes_over;
};

/* Open, create when missing, and migrate up when `may_migrate`; otherwise an older schema is
 * PL_E_STATE and the error tells of `parley migrate up`. A schema that another process works with
 * (takes_over) is not migrated under its feet, but for the first time. */
PL_MUST_CHECK int pl_store_open(struct pl_store **out, const struct pl_store_config *config,
                                bool may_migrate, struct pl_error *err);

#endif
