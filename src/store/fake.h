/* A store for the simulator: operations really run, on SQLite in memory, but when its owner says so,
 * and they fail as its owner chooses. No threads: the same calls give the same answers.
 * Threads: the owner's. */
#ifndef PL_STORE_FAKE_H
#define PL_STORE_FAKE_H

#include "store/store.h"

struct pl_store_fake_config {
    /* Asked for each operation before it runs: 0, or the PL_E_... that it fails with, and nothing
     * has happened. May be NULL: none fails. */
    int (*fail_op)(const struct pl_store_op *op, void *user);
    /* Asked before the commit of a batch of `count` writes: 0, or the PL_E_... that all of them fail
     * with. *has_happened is false and may be set: then the batch is stored all the same, as when a
     * connection breaks while it commits (PL_E_CLOSED). May be NULL. */
    int (*fail_commit)(size_t count, bool *has_happened, void *user);
    void (*wake)(void *user); /* results are there: pl_store_complete hands them out. May be NULL */
    void *user;
    uint32_t waiting_max; /* 0: as a real one */
};

/* With the whole schema, and nothing in it. PL_E_NOMEM, or what is wrong with the schema. */
PL_MUST_CHECK int pl_store_fake_create(struct pl_store **out,
                                       const struct pl_store_fake_config *config,
                                       struct pl_error *err);

/* Run up to `max` of the writes that wait, oldest first, and commit them as one batch. Returns how
 * many they were. */
size_t pl_store_fake_write(struct pl_store *store, size_t max);

/* Run up to `max` of the reads that wait; they see all batches written so far. */
size_t pl_store_fake_read(struct pl_store *store, size_t max);

/* How many wait. */
size_t pl_store_fake_writes_waiting(const struct pl_store *store);
size_t pl_store_fake_reads_waiting(const struct pl_store *store);

/* For an owner who looks at the rows himself, between the calls above. */
struct pl_sql *pl_store_fake_sql(struct pl_store *store);

#endif
