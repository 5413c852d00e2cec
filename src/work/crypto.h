/* The crypto pool: bcrypt, which takes tens of milliseconds of a processor, on threads of its own.
 * Jobs wait in a bounded queue; their results come back on the hub's thread. Only the first 72 bytes
 * of a password count, as everywhere with bcrypt. Passwords are copied, and wiped when they are
 * done with.
 * Threads: the hub's. */
#ifndef PL_WORK_CRYPTO_H
#define PL_WORK_CRYPTO_H

#include "base/error.h"
#include "base/log.h"
#include "base/metrics.h"
#include "work/bcrypt.h"

struct pl_crypto;

struct pl_crypto_config {
    uint32_t thread_count;    /* 0: 1 */
    uint32_t waiting_max;     /* jobs that may wait; 0: 256 */
    void (*wake)(void *user); /* from a worker's thread: pl_crypto_complete is to be called */
    void *user;
    struct pl_metrics *metrics; /* the hub's; may be NULL */
};

PL_MUST_CHECK int pl_crypto_create(struct pl_crypto **out, const struct pl_crypto_config *config,
                                   struct pl_error *err);

/* Waits for the job under way. Jobs whose results have not come back end with PL_E_CLOSED. NULL is
 * fine. */
void pl_crypto_destroy(struct pl_crypto *crypto);

struct pl_crypto_result {
    int rc;             /* 0; PL_E_INVALID: what should be a hash is none, or costs more than
                           PL_BCRYPT_COST_MAX; PL_E_CLOSED; PL_E_NOMEM */
    bool is_right;      /* of verify */
    struct pl_str hash; /* of hash; borrowed for the call */
};

/* How a job ended; never from inside the call that began it. */
typedef void pl_crypto_done(void *user, const struct pl_crypto_result *result);

/* Hash a password with a random salt. Returns 0, or PL_E_FULL when too many wait: then on_done is
 * not called. PL_E_INVALID for a password with U+0000; PL_E_CLOSED while the pool is destroyed. */
PL_MUST_CHECK int pl_crypto_hash(struct pl_crypto *crypto, struct pl_str password, uint32_t cost,
                                 pl_crypto_done *on_done, void *user);

/* Compare a password with a hash of bcrypt ($2a$, $2b$ or $2y$). Returns as pl_crypto_hash. */
PL_MUST_CHECK int pl_crypto_verify(struct pl_crypto *crypto, struct pl_str password,
                                   struct pl_str hash, pl_crypto_done *on_done, void *user);

/* Call on_done of what has come back: after `wake`. */
void pl_crypto_complete(struct pl_crypto *crypto);

#endif
