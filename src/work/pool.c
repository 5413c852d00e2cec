/* Worker threads around one lock: two chains, of what waits and of what is done, and two conditions
 * to sleep on, for threads without work and for an owner who waits. */
#include "work/pool.h"

#include "base/alloc.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

struct chain {
    struct pl_job *first;
    struct pl_job *last;
};

struct pl_pool {
    struct pl_pool_config config;
    pthread_t *threads; /* owned */
    uint32_t started_count;
    uint32_t next_index;  /* of the thread that begins next; under the lock */
    pthread_mutex_t lock; /* of what follows; held for a few instructions, never while a job runs */
    pthread_cond_t work;  /* threads sleep here: a job waits, or the end has come */
    pthread_cond_t back;  /* the owner sleeps here: something is done */
    struct chain waiting;
    struct chain done;
    _Atomic uint32_t waiting_count;
    uint32_t idle_count;    /* threads that sleep, or are about to wake up */
    uint32_t running_count; /* threads that run jobs */
    bool is_stopping;
};

static void chain_add(struct chain *chain, struct pl_job *first, struct pl_job *last)
{
    last->next = NULL;
    if (chain->first == NULL) {
        chain->first = first;
    } else {
        chain->last->next = first;
    }
    chain->last = last;
}

/* --- a thread --- */

/* Up to batch_max jobs from the front, as a chain of their own. Under the lock. */
static struct chain take_batch(struct pl_pool *pool)
{
    struct chain batch = {pool->waiting.first, pool->waiting.first};
    uint32_t count = 1;
    while (count < pool->config.batch_max && batch.last->next != NULL) {
        batch.last = batch.last->next;
        count++;
    }
    pool->waiting.first = batch.last->next;
    batch.last->next = NULL;
    atomic_fetch_sub_explicit(&pool->waiting_count, count, memory_order_relaxed);
    return batch;
}

/* Give a batch back. Whether the owner has to be woken: no when there is something he has not taken
 * yet. Under the lock. */
static bool give_back(struct pl_pool *pool, const struct chain *batch)
{
    bool is_first = pool->done.first == NULL;
    chain_add(&pool->done, batch->first, batch->last);
    pool->running_count--;
    pthread_cond_signal(&pool->back);
    return is_first;
}

/* Under the lock, but not while the jobs run. */
static void run_batch(struct pl_pool *pool, uint32_t index)
{
    struct chain batch = take_batch(pool);
    pool->running_count++;
    pthread_mutex_unlock(&pool->lock);
    pool->config.run(batch.first, index, pool->config.user);
    pthread_mutex_lock(&pool->lock);
    if (give_back(pool, &batch)) {
        pthread_mutex_unlock(&pool->lock);
        pool->config.wake(pool->config.user);
        pthread_mutex_lock(&pool->lock);
    }
}

static void *thread_main(void *arg)
{
    struct pl_pool *pool = arg;
    pthread_setname_np(pthread_self(), pool->config.name);
    pthread_mutex_lock(&pool->lock);
    uint32_t index = pool->next_index++;
    for (;;) {
        if (pool->waiting.first != NULL) {
            run_batch(pool, index);
        } else if (pool->is_stopping) {
            break;
        } else {
            pool->idle_count++;
            pthread_cond_wait(&pool->work, &pool->lock);
            pool->idle_count--;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* --- the owner --- */

/* Signals are the main thread's. */
static int start_threads(struct pl_pool *pool, struct pl_error *err)
{
    sigset_t all;
    sigset_t before;
    int rc = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    while (rc == 0 && pool->started_count < pool->config.thread_count) {
        rc = pthread_create(&pool->threads[pool->started_count], NULL, thread_main, pool);
        pool->started_count += rc == 0 ? 1 : 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) {
        return pl_error_set(err, PL_E_IO, "no thread for %s: %s", pool->config.name, strerror(rc));
    }
    return 0;
}

int pl_pool_create(struct pl_pool **out, const struct pl_pool_config *config, struct pl_error *err)
{
    struct pl_pool *pool = pl_alloc(sizeof(*pool));
    PL_ASSERT(config->thread_count > 0 && config->batch_max > 0);
    pool->config = *config;
    pool->threads = pl_alloc_array(config->thread_count, sizeof(*pool->threads));
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->back, NULL);
    int rc = start_threads(pool, err);
    if (rc < 0) {
        pl_pool_destroy(pool);
        return rc;
    }
    *out = pool;
    return 0;
}

bool pl_pool_submit(struct pl_pool *pool, struct pl_job *job)
{
    pthread_mutex_lock(&pool->lock);
    bool is_taken = !pool->is_stopping && pl_pool_waiting(pool) < pool->config.waiting_max;
    if (is_taken) {
        chain_add(&pool->waiting, job, job);
        atomic_fetch_add_explicit(&pool->waiting_count, 1, memory_order_relaxed);
    }
    bool must_call = is_taken && pool->idle_count > 0;
    pthread_mutex_unlock(&pool->lock);
    if (must_call) {
        pthread_cond_signal(&pool->work);
    }
    return is_taken;
}

struct pl_job *pl_pool_take(struct pl_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct pl_job *first = pool->done.first;
    pool->done = (struct chain){0};
    pthread_mutex_unlock(&pool->lock);
    return first;
}

void pl_pool_wait(struct pl_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->done.first == NULL && (pool->waiting.first != NULL || pool->running_count > 0)) {
        pthread_cond_wait(&pool->back, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}

uint32_t pl_pool_waiting(const struct pl_pool *pool)
{
    return atomic_load_explicit(&pool->waiting_count, memory_order_relaxed);
}

void pl_pool_stop(struct pl_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->is_stopping = true;
    pthread_mutex_unlock(&pool->lock);
    pthread_cond_broadcast(&pool->work);
    for (uint32_t i = 0; i < pool->started_count; i++) {
        pthread_join(pool->threads[i], NULL);
    }
    pool->started_count = 0;
}

void pl_pool_destroy(struct pl_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    pl_pool_stop(pool);
    PL_ASSERT(pool->done.first == NULL);
    pthread_cond_destroy(&pool->back);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    pl_free(pool->threads);
    pl_free(pool);
}
