/* Worker threads: jobs go in in the owner's thread, are run elsewhere, and come back to the owner.
 * A thread takes what waits, up to a batch, so that what costs once for many (a commit) is paid
 * once; one wake for all that comes back until the owner takes it.
 * Threads: the owner's, but for `run` and `wake`. */
#ifndef PL_WORK_POOL_H
#define PL_WORK_POOL_H

#include "base/error.h"

/* Embedded in what is to be done. On its way from pl_pool_submit until it is taken back. */
struct pl_job {
    struct pl_job *next;
};

struct pl_pool;

struct pl_pool_config {
    const char *name;      /* of the threads, for people who look: at most 15 bytes */
    uint32_t thread_count; /* at least 1 */
    uint32_t waiting_max;  /* jobs that may wait for a thread */
    uint32_t batch_max;    /* that one thread takes at once; 1 where jobs take long */
    /* In thread number `thread`, from 0: do the jobs of a chain, linked by `next` in the order of
     * submitting; it stays linked. */
    void (*run)(struct pl_job *chain, uint32_t thread, void *user);
    void (*wake)(void *user); /* from a thread, or when submitting: pl_pool_take is to be called */
    void *user;
};

/* Starts the threads, with all signals blocked. PL_E_IO when the system has none. */
PL_MUST_CHECK int pl_pool_create(struct pl_pool **out, const struct pl_pool_config *config,
                                 struct pl_error *err);

/* Hand a job over. False when as many wait as may, or after pl_pool_stop: it is the caller's still. */
PL_MUST_CHECK bool pl_pool_submit(struct pl_pool *pool, struct pl_job *job);

/* All that has come back, linked by `next`, or NULL. With one thread in the order of submitting. */
struct pl_job *pl_pool_take(struct pl_pool *pool);

/* Sleep until something has come back, or nothing is on its way. */
void pl_pool_wait(struct pl_pool *pool);

/* Jobs that wait for a thread now. Any thread. */
uint32_t pl_pool_waiting(const struct pl_pool *pool);

/* Let the threads do what waits, and end them. What has come back can be taken afterwards. Again is
 * fine. */
void pl_pool_stop(struct pl_pool *pool);

/* Stops, when that has not been done; all must have been taken back. NULL is fine. */
void pl_pool_destroy(struct pl_pool *pool);

#endif
