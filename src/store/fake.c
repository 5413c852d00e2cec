/* The simulator's store: two queues, of writes and of reads, that move when the owner says so. What
 * has run waits on a third until pl_store_complete. */
#include "store/fake.h"

#include "base/alloc.h"
#include "store/sqlite/memory.h"
#include "store/sqlite/transaction.h"
#include "store/threaded.h"

struct queue {
    struct pl_store_op *first;
    struct pl_store_op *last;
    size_t count;
};

struct fake {
    struct pl_store store; /* first */
    struct pl_store_fake_config config;
    struct pl_sqlite *conn;
    struct queue writes;
    struct queue reads;
    struct queue done;
    bool is_closing; /* nothing fails any more, and nothing is taken */
};

static struct fake *fake_of(struct pl_store *store)
{
    return PL_CONTAINER_OF(store, struct fake, store);
}

static void push(struct queue *queue, struct pl_store_op *op)
{
    op->next = NULL;
    if (queue->first == NULL) {
        queue->first = op;
    } else {
        queue->last->next = op;
    }
    queue->last = op;
    queue->count++;
}

static struct pl_store_op *pop(struct queue *queue)
{
    struct pl_store_op *op = queue->first;
    if (op != NULL) {
        queue->first = op->next;
        queue->count--;
        op->next = NULL;
    }
    return op;
}

static void give_back(struct fake *fake, struct pl_store_op *op)
{
    bool is_first = fake->done.first == NULL;
    push(&fake->done, op);
    if (is_first && fake->config.wake != NULL) {
        fake->config.wake(fake->config.user);
    }
}

/* --- running --- */

/* Whether the owner lets it fail: then it has, and does not run. */
static bool is_made_to_fail(struct fake *fake, struct pl_store_op *op)
{
    int code = fake->is_closing || fake->config.fail_op == NULL
                   ? 0
                   : fake->config.fail_op(op, fake->config.user);
    if (code != 0) {
        op->rc = pl_error_set(&op->error, code, "the simulated store fails");
    }
    return code != 0;
}

/* The operations of a batch, each in its savepoint. */
static void write_inside(struct fake *fake, const struct queue *batch)
{
    for (struct pl_store_op *op = batch->first; op != NULL; op = op->next) {
        if (!is_made_to_fail(fake, op)) {
            pl_sqlite_write_inside(fake->conn, op);
            PL_ASSERT(pl_sqlite_is_in_transaction(fake->conn)); /* memory has no full disk */
        }
    }
}

static void write_batch(struct fake *fake, const struct queue *batch)
{
    bool has_happened = false;
    struct pl_sql *sql = &fake->conn->sql;
    PL_ASSERT(pl_sql_script(sql, "BEGIN", NULL) == 0);
    write_inside(fake, batch);
    int code = fake->is_closing || fake->config.fail_commit == NULL
                   ? 0
                   : fake->config.fail_commit(batch->count, &has_happened, fake->config.user);
    struct pl_error err = {0};
    if (code == 0 || has_happened) {
        int rc = pl_sql_script(sql, "COMMIT", &err);
        code = rc < 0 ? rc : code;
    }
    if (code < 0) {
        if (err.code == 0) {
            pl_error_set(&err, code, "the simulated commit fails");
        }
        pl_sqlite_rollback(fake->conn);
        pl_store_fail_chain(batch->first, &err);
    }
}

size_t pl_store_fake_write(struct pl_store *store, size_t max)
{
    struct fake *fake = fake_of(store);
    struct queue batch = {0};
    size_t count = pl_size_min(max, fake->writes.count);
    if (count == 0) {
        return 0;
    }
    while (batch.count < count) {
        push(&batch, pop(&fake->writes));
    }
    write_batch(fake, &batch);
    while (batch.count > 0) {
        give_back(fake, pop(&batch));
    }
    return count;
}

size_t pl_store_fake_read(struct pl_store *store, size_t max)
{
    struct fake *fake = fake_of(store);
    size_t count = pl_size_min(max, fake->reads.count);
    for (size_t i = 0; i < count; i++) {
        struct pl_store_op *op = pop(&fake->reads);
        if (!is_made_to_fail(fake, op)) {
            pl_sqlite_read(fake->conn, op);
        }
        give_back(fake, op);
    }
    return count;
}

size_t pl_store_fake_writes_waiting(const struct pl_store *store)
{
    const struct fake *fake = (const void *)store; /* its first field */
    return fake->writes.count;
}

size_t pl_store_fake_reads_waiting(const struct pl_store *store)
{
    const struct fake *fake = (const void *)store;
    return fake->reads.count;
}

struct pl_sql *pl_store_fake_sql(struct pl_store *store)
{
    return &fake_of(store)->conn->sql;
}

/* --- as any store --- */

static size_t count_all(const struct fake *fake)
{
    return fake->writes.count + fake->reads.count + fake->done.count;
}

static void fake_submit(struct pl_store *store, struct pl_store_op *op)
{
    struct fake *fake = fake_of(store);
    PL_ASSERT(op->on_done != NULL);
    op->rc = 0;
    op->refusal = 0;
    op->error = (struct pl_error){0};
    if (fake->is_closing) {
        op->rc = pl_error_set(&op->error, PL_E_CLOSED, "the store is closing");
        give_back(fake, op);
    } else if (count_all(fake) >= fake->config.waiting_max) {
        op->rc = pl_error_set(&op->error, PL_E_FULL, "too many operations wait for the database");
        give_back(fake, op);
    } else {
        push(op->type->is_write ? &fake->writes : &fake->reads, op);
    }
}

/* What is submitted meanwhile comes back with the next call. */
static void fake_complete(struct pl_store *store)
{
    struct fake *fake = fake_of(store);
    struct queue done = fake->done;
    fake->done = (struct queue){0};
    while (done.count > 0) {
        struct pl_store_op *op = pop(&done);
        op->on_done(op, op->user);
    }
}

/* Behind the writes that wait, as with a real one; nothing fails. */
static int fake_run(struct pl_store *store, struct pl_store_op *op)
{
    struct fake *fake = fake_of(store);
    bool was_closing = fake->is_closing;
    fake->is_closing = true;
    pl_store_fake_write(store, SIZE_MAX);
    fake->is_closing = was_closing;
    return op->type->is_write ? pl_sqlite_write(fake->conn, op) : pl_sqlite_read(fake->conn, op);
}

static void fake_collect(const struct pl_store *store, struct pl_metrics *out)
{
    const struct fake *fake = (const void *)store;
    pl_metrics_add(out, PL_METRIC_STORE_WAITING, (int64_t)count_all(fake));
}

static void fake_destroy(struct pl_store *store)
{
    struct fake *fake = fake_of(store);
    fake->is_closing = true;
    pl_store_fake_write(store, SIZE_MAX);
    pl_store_fake_read(store, SIZE_MAX);
    while (fake->done.count > 0) {
        fake_complete(store);
    }
    pl_sqlite_close(fake->conn);
    pl_free(fake);
}

static const struct pl_store_impl fake_impl = {
    .submit = fake_submit,
    .complete = fake_complete,
    .run = fake_run,
    .collect = fake_collect,
    .destroy = fake_destroy,
};

int pl_store_fake_create(struct pl_store **out, const struct pl_store_fake_config *config,
                         struct pl_error *err)
{
    struct pl_sqlite *conn = NULL;
    int rc = pl_sqlite_memory_open(&conn, err);
    if (rc < 0) {
        return rc;
    }
    struct fake *fake = pl_alloc(sizeof(*fake));
    fake->store.impl = &fake_impl;
    fake->config = *config;
    if (fake->config.waiting_max == 0) {
        fake->config.waiting_max = PL_STORE_WAITING_MAX;
    }
    fake->conn = conn;
    *out = &fake->store;
    return 0;
}
