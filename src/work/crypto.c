/* Jobs for worker threads. How many there are is counted on the hub's thread alone, from the
 * submitting to the coming back. */
#include "work/crypto.h"

#include "base/alloc.h"
#include "base/env.h"
#include "work/pool.h"

#define WAITING_MAX 256

enum job_kind {
    JOB_HASH,
    JOB_VERIFY,
};

struct job {
    struct pl_job base; /* the first field: the pool knows it alone */
    enum job_kind kind;
    uint32_t cost;
    size_t password_len; /* at most PL_BCRYPT_PASSWORD_BYTES: no more counts */
    char password[PL_BCRYPT_PASSWORD_BYTES];
    char hash[PL_BCRYPT_HASH_MAX]; /* of verify: to compare with; of hash: the result */
    bool is_right;
    int rc;
    pl_crypto_done *on_done;
    void *user;
};

struct pl_crypto {
    struct pl_pool *pool;
    struct pl_metrics *metrics; /* borrowed; may be NULL */
    void (*wake)(void *user);
    void *user;
    uint32_t open_max;
    uint32_t open_count;     /* jobs that have not come back */
    _Atomic bool is_leaving; /* read by the threads: what waits is not worked on any more */
};

static struct job *job_of(struct pl_job *base)
{
    return PL_CONTAINER_OF(base, struct job, base);
}

/* --- the workers' threads --- */

static void run(struct job *job)
{
    struct pl_str password = pl_str_make(job->password, job->password_len);
    uint8_t salt[PL_BCRYPT_SALT_BYTES];
    switch (job->kind) {
    case JOB_HASH:
        pl_random_bytes(salt, sizeof(salt));
        job->rc = pl_bcrypt_hash(job->hash, password, job->cost, salt, NULL);
        break;
    case JOB_VERIFY:
        job->rc = pl_bcrypt_verify(&job->is_right, password, pl_str_of_cstr(job->hash), NULL);
        break;
    }
    pl_wipe(job->password, sizeof(job->password));
}

static void run_chain(struct pl_job *chain, uint32_t thread, void *user)
{
    struct pl_crypto *crypto = user;
    (void)thread;
    for (; chain != NULL; chain = chain->next) {
        if (crypto->is_leaving) {
            job_of(chain)->rc = PL_E_CLOSED;
        } else {
            run(job_of(chain));
        }
    }
}

static void wake(void *user)
{
    struct pl_crypto *crypto = user;
    crypto->wake(crypto->user);
}

/* --- the hub's thread --- */

int pl_crypto_create(struct pl_crypto **out, const struct pl_crypto_config *config,
                     struct pl_error *err)
{
    struct pl_crypto *crypto = pl_alloc(sizeof(*crypto));
    uint32_t thread_count = config->thread_count == 0 ? 1 : config->thread_count;
    uint32_t waiting_max = config->waiting_max == 0 ? WAITING_MAX : config->waiting_max;
    crypto->metrics = config->metrics;
    crypto->wake = config->wake;
    crypto->user = config->user;
    crypto->open_max = waiting_max + thread_count; /* those that are worked on do not wait */
    struct pl_pool_config pool_config = {.name = "parley-crypto",
                                         .thread_count = thread_count,
                                         .waiting_max = crypto->open_max,
                                         .batch_max = 1,
                                         .run = run_chain,
                                         .wake = wake,
                                         .user = crypto};
    int rc = pl_pool_create(&crypto->pool, &pool_config, err);
    if (rc < 0) {
        pl_free(crypto);
        return rc;
    }
    *out = crypto;
    return 0;
}

static void show_open(struct pl_crypto *crypto)
{
    if (crypto->metrics != NULL) {
        pl_metrics_set(crypto->metrics, PL_METRIC_CRYPTO_JOBS_WAITING, crypto->open_count);
    }
}

static void count(struct pl_crypto *crypto, enum pl_metric metric)
{
    if (crypto->metrics != NULL) {
        pl_metrics_add(crypto->metrics, metric, 1);
    }
}

static void free_job(struct job *job)
{
    pl_wipe(job, sizeof(*job));
    pl_free(job);
}

/* Frees the job. */
static void tell(struct pl_crypto *crypto, struct job *job)
{
    struct pl_crypto_result result = {.rc = job->rc, .is_right = job->rc == 0 && job->is_right};
    if (job->kind == JOB_HASH && job->rc == 0) {
        result.hash = pl_str_of_cstr(job->hash);
    }
    crypto->open_count--;
    show_open(crypto);
    count(crypto, PL_METRIC_CRYPTO_JOBS_DONE);
    job->on_done(job->user, &result);
    free_job(job);
}

void pl_crypto_complete(struct pl_crypto *crypto)
{
    struct pl_job *base = pl_pool_take(crypto->pool);
    while (base != NULL) {
        struct job *job = job_of(base);
        base = base->next;
        if (crypto->is_leaving) {
            job->rc = PL_E_CLOSED;
        }
        tell(crypto, job);
    }
}

void pl_crypto_destroy(struct pl_crypto *crypto)
{
    if (crypto != NULL) {
        crypto->is_leaving = true;
        pl_pool_stop(crypto->pool);
        pl_crypto_complete(crypto);
        pl_pool_destroy(crypto->pool);
        pl_free(crypto);
    }
}

static bool has_nul(struct pl_str text)
{
    return pl_str_find_char(text, '\0') < text.len;
}

/* A job with a copy of the password. */
static int make_job(struct job **out, struct pl_crypto *crypto, enum job_kind kind,
                    struct pl_str password, pl_crypto_done *on_done, void *user)
{
    if (has_nul(password)) {
        return PL_E_INVALID;
    }
    if (crypto->open_count == crypto->open_max) {
        count(crypto, PL_METRIC_CRYPTO_JOBS_REFUSED);
        return PL_E_FULL;
    }
    struct job *job = pl_alloc(sizeof(*job));
    job->kind = kind;
    job->on_done = on_done;
    job->user = user;
    job->password_len = pl_size_min(password.len, sizeof(job->password));
    if (job->password_len > 0) {
        memcpy(job->password, password.ptr, job->password_len);
    }
    *out = job;
    return 0;
}

static int submit(struct pl_crypto *crypto, struct job *job)
{
    if (!pl_pool_submit(crypto->pool, &job->base)) {
        free_job(job);
        return PL_E_CLOSED; /* on_done of another one, while the pool is being destroyed */
    }
    crypto->open_count++;
    show_open(crypto);
    return 0;
}

int pl_crypto_hash(struct pl_crypto *crypto, struct pl_str password, uint32_t cost,
                   pl_crypto_done *on_done, void *user)
{
    struct job *job = NULL;
    int rc = make_job(&job, crypto, JOB_HASH, password, on_done, user);
    if (rc < 0) {
        return rc;
    }
    job->cost = cost;
    return submit(crypto, job);
}

int pl_crypto_verify(struct pl_crypto *crypto, struct pl_str password, struct pl_str hash,
                     pl_crypto_done *on_done, void *user)
{
    struct job *job = NULL;
    int rc = make_job(&job, crypto, JOB_VERIFY, password, on_done, user);
    if (rc < 0) {
        return rc;
    }
    /* What does not fit is no hash either way. */
    memcpy(job->hash, hash.ptr, hash.len < sizeof(job->hash) ? hash.len : 0);
    return submit(crypto, job);
}
