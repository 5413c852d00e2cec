/* A store made of threads: one that writes, some that read. What they do is a backend's: SQLite's or
 * PostgreSQL's. Counts, bounds, the log and the way back to the hub are here, once for both.
 * Threads: the hub's; each function of a backend says whose it is. */
#ifndef PL_STORE_THREADED_H
#define PL_STORE_THREADED_H

#include "store/migrate.h"
#include "store/store.h"

struct pl_store_backend;

struct pl_store_backend_impl {
    const char *name; /* "sqlite": for the log */
    /* The writer's thread: run a chain of writes (linked by `next`) in one transaction or several, in
     * that order, and commit. Afterwards each has its rc and, when that is negative, its error. */
    void (*write)(struct pl_store_backend *backend, struct pl_store_op *chain);
    /* A reader's thread, number `reader` from 0: run one read in a snapshot of its own. */
    void (*read)(struct pl_store_backend *backend, uint32_t reader, struct pl_store_op *op);
    /* The hub's: free it all; the threads have ended. */
    void (*close)(struct pl_store_backend *backend);
};

/* Embedded in a backend. */
struct pl_store_backend {
    const struct pl_store_backend_impl *impl;
};

/* Start the threads of a backend that is open. The store owns it from here on, in case of an error
 * too. config->reader_count is as many as it has connections for: 0 is not changed to 2 here.
 * PL_E_IO without threads. */
PL_MUST_CHECK int pl_store_threaded_create(struct pl_store **out, struct pl_store_backend *backend,
                                           const struct pl_store_config *config,
                                           struct pl_error *err);

#define PL_STORE_READER_COUNT 2
#define PL_STORE_WAITING_MAX 16384
#define PL_STORE_BATCH_MAX 512

/* Whether a store that is opened so is migrated. */
static inline enum pl_migrate_when pl_store_migrate_when(const struct pl_store_config *config,
                                                         bool may_migrate)
{
    if (!may_migrate) {
        return PL_MIGRATE_NEVER;
    }
    return config->takes_over ? PL_MIGRATE_FRESH : PL_MIGRATE_ALWAYS;
}

/* Every operation of a chain failed the same way, whatever each had come to. */
void pl_store_fail_chain(struct pl_store_op *chain, const struct pl_error *error);

#endif
