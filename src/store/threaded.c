/* A store made of threads, around a backend: two pools (work/pool.h), one thread that takes all
 * writes that wait, and some that take a read each. */
#include "store/threaded.h"

#include "base/alloc.h"
#include "base/env.h"
#include "work/pool.h"

struct threaded {
    struct pl_store store; /* first */
    struct pl_store_backend *backend;
    struct pl_store_config config; /* without its url */
    struct pl_pool *writer;
    struct pl_pool *readers;
    struct pl_store_op *refused; /* newest first: never taken, and to be told so */
    uint32_t count;              /* operations that are here */
    bool is_stopping;
    struct pl_log_limit failed_limit;
    struct pl_metrics counted;         /* by the hub */
    struct pl_metrics counted_writing; /* by the writer's thread */
};

static struct threaded *threaded_of(struct pl_store *store)
{
    return PL_CONTAINER_OF(store, struct threaded, store);
}

static struct pl_store_op *op_of(struct pl_job *job)
{
    return job == NULL ? NULL : PL_CONTAINER_OF(job, struct pl_store_op, job);
}

void pl_store_fail_chain(struct pl_store_op *chain, const struct pl_error *error)
{
    for (struct pl_store_op *op = chain; op != NULL; op = op->next) {
        op->rc = error->code;
        op->error = *error;
    }
}

/* --- the threads --- */

/* A chain of jobs as a chain of operations. Returns how many they are. */
static uint32_t link_ops(struct pl_job *chain)
{
    uint32_t count = 0;
    for (struct pl_job *job = chain; job != NULL; job = job->next) {
        op_of(job)->next = op_of(job->next);
        count++;
    }
    return count;
}

static void run_writes(struct pl_job *chain, uint32_t thread, void *user)
{
    struct threaded *store = user;
    int64_t before_us = pl_clock_monotonic_us();
    uint32_t count = link_ops(chain);
    (void)thread;
    store->backend->impl->write(store->backend, op_of(chain));
    pl_metrics_observe(&store->counted_writing, PL_HISTOGRAM_STORE_BATCH, count);
    pl_metrics_observe(&store->counted_writing, PL_HISTOGRAM_STORE_COMMIT,
                       (uint64_t)(pl_clock_monotonic_us() - before_us));
}

static void wake(void *user)
{
    const struct threaded *store = user;
    store->config.wake(store->config.user);
}

static void run_reads(struct pl_job *chain, uint32_t thread, void *user)
{
    struct threaded *store = user;
    for (struct pl_job *job = chain; job != NULL; job = job->next) {
        store->backend->impl->read(store->backend, thread, op_of(job));
    }
}

/* --- what comes back --- */

static void count_outcome(struct threaded *store, const struct pl_store_op *op)
{
    static const enum pl_metric rows[2][3] = {
        {PL_METRIC_STORE_READS_DONE, PL_METRIC_STORE_READS_REFUSED, PL_METRIC_STORE_READS_FAILED},
        {PL_METRIC_STORE_WRITES_DONE, PL_METRIC_STORE_WRITES_REFUSED,
         PL_METRIC_STORE_WRITES_FAILED},
    };
    size_t outcome = op->rc < 0 ? 2 : (size_t)op->rc;
    pl_metrics_add(&store->counted, rows[op->type->is_write ? 1 : 0][outcome], 1);
}

static void log_failure(struct threaded *store, const struct pl_store_op *op)
{
    char reason[2 * PL_ERROR_TEXT_MAX];
    pl_log_quote(reason, sizeof(reason), pl_str_of_cstr(op->error.text));
    pl_log_limited(store->config.log, &store->failed_limit, pl_clock_monotonic_ms(), PL_LOG_ERROR,
                   "store.failed", "op=%s error=%s reason=%s", op->type->name,
                   pl_error_name(op->rc), reason);
}

static void finish(struct threaded *store, struct pl_store_op *op)
{
    store->count--;
    count_outcome(store, op);
    if (op->rc < 0) {
        log_failure(store, op);
    }
    op->next = NULL;
    op->on_done(op, op->user); /* which may submit, and frees it */
}

static void finish_jobs(struct threaded *store, struct pl_job *job)
{
    while (job != NULL) {
        struct pl_job *next = job->next;
        finish(store, op_of(job));
        job = next;
    }
}

static void finish_refused(struct threaded *store)
{
    struct pl_store_op *ordered = NULL;
    while (store->refused != NULL) {
        struct pl_store_op *op = store->refused;
        store->refused = op->next;
        op->next = ordered;
        ordered = op;
    }
    while (ordered != NULL) {
        struct pl_store_op *next = ordered->next;
        finish(store, ordered);
        ordered = next;
    }
}

static void threaded_complete(struct pl_store *base)
{
    struct threaded *store = threaded_of(base);
    finish_jobs(store, pl_pool_take(store->writer));
    finish_jobs(store, pl_pool_take(store->readers));
    finish_refused(store);
}

/* --- submitting --- */

static struct pl_pool *pool_of(struct threaded *store, const struct pl_store_op *op)
{
    return op->type->is_write ? store->writer : store->readers;
}

static int refusal(const struct threaded *store, struct pl_error *err)
{
    if (store->is_stopping) {
        return pl_error_set(err, PL_E_CLOSED, "the store is closing");
    }
    if (store->store.is_retired) {
        return pl_error_set(err, PL_E_CLOSED, "another process writes to it now");
    }
    return pl_error_set(err, PL_E_FULL, "%u operations wait for the database already",
                        (unsigned)store->config.waiting_max);
}

static void refuse(struct threaded *store, struct pl_store_op *op)
{
    bool is_first = store->refused == NULL;
    op->rc = refusal(store, &op->error);
    op->next = store->refused;
    store->refused = op;
    if (is_first) {
        wake(store);
    }
}

static void threaded_submit(struct pl_store *base, struct pl_store_op *op)
{
    struct threaded *store = threaded_of(base);
    PL_ASSERT(op->on_done != NULL);
    op->rc = 0;
    op->refusal = 0;
    op->error = (struct pl_error){0};
    bool is_taken = store->count < store->config.waiting_max &&
                    !(base->is_retired && op->type->is_write) &&
                    pl_pool_submit(pool_of(store, op), &op->job);
    store->count++;
    if (!is_taken) {
        refuse(store, op);
    }
}

static void note_done(struct pl_store_op *op, void *user)
{
    (void)op;
    *(bool *)user = true;
}

static int threaded_run(struct pl_store *base, struct pl_store_op *op)
{
    struct threaded *store = threaded_of(base);
    bool is_done = false;
    void *user = op->user;
    void (*on_done)(struct pl_store_op *, void *) = op->on_done;
    op->on_done = note_done;
    op->user = &is_done;
    threaded_submit(base, op);
    while (!is_done) {
        if (store->refused == NULL) {
            pl_pool_wait(pool_of(store, op));
        }
        threaded_complete(base);
    }
    op->on_done = on_done;
    op->user = user;
    return op->rc;
}

static void threaded_collect(const struct pl_store *base, struct pl_metrics *out)
{
    const struct threaded *store = (const void *)base; /* its first field */
    pl_metrics_merge(out, &store->counted);
    pl_metrics_merge(out, &store->counted_writing);
    pl_metrics_add(out, PL_METRIC_STORE_WAITING, store->count);
}

/* --- the beginning and the end --- */

static void threaded_destroy(struct pl_store *base)
{
    struct threaded *store = threaded_of(base);
    store->is_stopping = true;
    if (store->writer != NULL && store->readers != NULL) {
        pl_pool_stop(store->writer);
        pl_pool_stop(store->readers);
        while (store->count > 0) {
            threaded_complete(base); /* what these submit is refused, and comes back too */
        }
    }
    pl_pool_destroy(store->writer);
    pl_pool_destroy(store->readers);
    store->backend->impl->close(store->backend);
    pl_free(store);
}

static const struct pl_store_impl threaded_impl = {
    .submit = threaded_submit,
    .complete = threaded_complete,
    .run = threaded_run,
    .collect = threaded_collect,
    .destroy = threaded_destroy,
};

static int start(struct threaded *store, struct pl_error *err)
{
    struct pl_pool_config writer = {.name = "store-writer",
                                    .thread_count = 1,
                                    .waiting_max = UINT32_MAX, /* both are counted here */
                                    .batch_max = store->config.batch_max,
                                    .run = run_writes,
                                    .wake = wake,
                                    .user = store};
    struct pl_pool_config readers = writer;
    readers.name = "store-reader";
    readers.thread_count = store->config.reader_count;
    readers.batch_max = 1;
    readers.run = run_reads;
    int rc = pl_pool_create(&store->writer, &writer, err);
    return rc < 0 ? rc : pl_pool_create(&store->readers, &readers, err);
}

int pl_store_threaded_create(struct pl_store **out, struct pl_store_backend *backend,
                             const struct pl_store_config *config, struct pl_error *err)
{
    struct threaded *store = pl_alloc(sizeof(*store));
    store->store.impl = &threaded_impl;
    store->backend = backend;
    store->config = *config;
    store->config.url = (struct pl_str){0};
    store->config.waiting_max =
        config->waiting_max == 0 ? PL_STORE_WAITING_MAX : config->waiting_max;
    store->config.batch_max = config->batch_max == 0 ? PL_STORE_BATCH_MAX : config->batch_max;
    store->failed_limit = (struct pl_log_limit){.period_ms = 10000, .burst = 10};
    int rc = start(store, err);
    if (rc < 0) {
        threaded_destroy(&store->store);
        return rc;
    }
    *out = &store->store;
    return 0;
}
