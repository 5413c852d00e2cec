/* Operations on a table of things, on whatever store. */
#include "things.h"

#include "base/alloc.h"
#include "store/sqlite/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- the operations --- */

static int make_tables(struct pl_sql *sql, struct pl_error *err)
{
    return pl_sql_script(sql,
                         "DROP TABLE IF EXISTS orphans; DROP TABLE IF EXISTS things;"
                         "CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT NOT NULL);"
                         "CREATE TABLE orphans (id BIGINT PRIMARY KEY, thing_id BIGINT NOT NULL "
                         "REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED)",
                         err);
}

static int add(struct thing_op *op, struct pl_sql *sql, struct pl_str name)
{
    return PL_SQL_RUN(sql, &op->op.error, "INSERT INTO things (id, name) VALUES ($1, $2)",
                      pl_sql_int(op->id), pl_sql_text(name));
}

static int add_large(struct thing_op *op, struct pl_sql *sql)
{
    char *text = pl_alloc(op->bytes + 1);
    memset(text, 'x', op->bytes);
    int rc = add(op, sql, pl_str_make(text, op->bytes));
    pl_free(text);
    return rc;
}

static int look(struct thing_op *op, struct pl_sql *sql, bool is_left_open)
{
    struct pl_sql_rows rows;
    int rc = op->kind == THING_FIND
                 ? PL_SQL_QUERY(&rows, sql, &op->op.error,
                                "SELECT count(*) FROM things WHERE id = $1", pl_sql_int(op->id))
                 : pl_sql_query(&rows, sql, "SELECT count(*) FROM things", NULL, 0, &op->op.error);
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_next(&rows, &op->op.error);
    op->seen = rc == 1 ? pl_sql_get_int(&rows, 0) : -1;
    if (!is_left_open) {
        pl_sql_end(&rows);
    }
    return rc < 0 ? rc : 0;
}

static int add_pair(struct thing_op *op, struct pl_sql *sql)
{
    int rc = add(op, sql, PL_STR("one of two"));
    return rc < 0 ? rc
                  : PL_SQL_RUN(sql, &op->op.error,
                               "INSERT INTO orphans (id, thing_id) VALUES ($1, $1)",
                               pl_sql_int(op->id));
}

static void wait_at_gate(struct things *things)
{
    sem_post(&things->at_gate);
    while (sem_wait(&things->gate) < 0 && errno == EINTR) {
    }
}

static int run(struct pl_store_op *base, struct pl_sql *sql)
{
    struct thing_op *op = (struct thing_op *)base;
    int rc = 0;
    op->seen = -1;
    switch (op->kind) {
    case THING_TABLE:
        return make_tables(sql, &base->error);
    case THING_ADD:
    case THING_WRITE_IN_READ:
        return add(op, sql, PL_STR("thing"));
    case THING_ADD_AND_REFUSE:
        rc = add(op, sql, PL_STR("thing"));
        return rc < 0 ? rc : pl_store_refuse(base, 5);
    case THING_ADD_AND_FAIL:
        rc = add(op, sql, PL_STR("thing"));
        return rc < 0 ? rc : pl_error_set(&base->error, PL_E_TOO_BIG, "as it was asked to");
    case THING_ADD_ORPHAN:
        return PL_SQL_RUN(sql, &base->error, "INSERT INTO orphans (id, thing_id) VALUES ($1, -1)",
                          pl_sql_int(op->id));
    case THING_ADD_BEHIND_GATE:
        wait_at_gate(op->things);
        return add(op, sql, PL_STR("thing"));
    case THING_ADD_AND_LEAK:
        rc = look(op, sql, true);
        return rc < 0 ? rc : add(op, sql, PL_STR("thing"));
    case THING_ADD_LARGE:
        return add_large(op, sql);
    case THING_ADD_PAIR:
        return add_pair(op, sql);
    case THING_SCRIPT:
        return pl_sql_script(sql, op->script, &base->error);
    case THING_COUNT:
    case THING_FIND:
        return look(op, sql, false);
    }
    return PL_E_INVALID;
}

static const struct pl_store_op_type write_type = {
    .name = "thing.write", .is_write = true, .size = sizeof(struct thing_op), .run = run};
static const struct pl_store_op_type read_type = {
    .name = "thing.read", .is_write = false, .size = sizeof(struct thing_op), .run = run};

static bool is_read(enum thing_kind kind)
{
    return kind == THING_COUNT || kind == THING_FIND || kind == THING_WRITE_IN_READ;
}

/* --- coming back --- */

static void on_done(struct pl_store_op *base, void *user)
{
    struct thing_op *op = (struct thing_op *)base;
    struct things *things = user;
    PL_ASSERT(!things->is_submitting);
    PL_ASSERT(things->done_count < THINGS_DONE_MAX);
    struct thing_done *done = &things->done[things->done_count++];
    *done = (struct thing_done){
        .id = op->id, .kind = op->kind, .rc = base->rc, .refusal = base->refusal, .seen = op->seen};
    snprintf(done->error, sizeof(done->error), "%s", base->error.text);
    if (op->then != NULL) {
        op->then(op);
    }
    pl_store_op_free(base);
}

static void wake(void *user)
{
    sem_post(&((struct things *)user)->woken);
}

struct thing_op *thing_create(struct things *things, enum thing_kind kind, int64_t id)
{
    struct pl_store_op *base = pl_store_op_create(is_read(kind) ? &read_type : &write_type, 0);
    struct thing_op *op = (struct thing_op *)base;
    base->on_done = on_done;
    base->user = things;
    op->things = things;
    op->kind = kind;
    op->id = id;
    return op;
}

void things_submit_op(struct thing_op *op)
{
    struct things *things = op->things;
    things->submitted_count++;
    things->is_submitting = true;
    pl_store_submit(things->store, &op->op);
    things->is_submitting = false;
}

void things_submit(struct things *things, enum thing_kind kind, int64_t id)
{
    things_submit_op(thing_create(things, kind, id));
}

void things_submit_large(struct things *things, int64_t id, size_t bytes)
{
    struct thing_op *op = thing_create(things, THING_ADD_LARGE, id);
    op->bytes = bytes;
    things_submit_op(op);
}

void things_wait(struct things *things, size_t count)
{
    PL_ASSERT(count <= THINGS_DONE_MAX);
    while (things->done_count < count) {
        while (sem_wait(&things->woken) < 0 && errno == EINTR) {
        }
        pl_store_complete(things->store);
    }
}

int things_run(struct things *things, enum thing_kind kind, int64_t id, int64_t *seen)
{
    struct thing_op *op = thing_create(things, kind, id);
    int rc = pl_store_run(things->store, &op->op);
    if (seen != NULL) {
        *seen = op->seen;
    }
    pl_store_op_free(&op->op);
    return rc;
}

int things_script(struct things *things, const char *script)
{
    struct thing_op *op = thing_create(things, THING_SCRIPT, 0);
    op->script = script;
    int rc = pl_store_run(things->store, &op->op);
    pl_store_op_free(&op->op);
    return rc;
}

int64_t things_metric(struct things *things, enum pl_metric metric)
{
    struct pl_metrics metrics = {0};
    pl_store_collect(things->store, &metrics);
    return pl_metrics_get(&metrics, metric);
}

/* --- the store --- */

static bool choose_url(struct things *things)
{
    const char *backend = getenv("PARLEY_TEST_STORE");
    if (backend != NULL && strcmp(backend, "postgres") == 0) {
        const char *url = getenv("PARLEY_TEST_POSTGRES");
        snprintf(things->url, sizeof(things->url), "%s", url == NULL ? "" : url);
        return url != NULL;
    }
    snprintf(things->dir, sizeof(things->dir), "/dev/shm/parley-store-XXXXXX"); /* quick */
    if (mkdtemp(things->dir) == NULL) {
        snprintf(things->dir, sizeof(things->dir), "/tmp/parley-store-XXXXXX");
        PL_ASSERT(mkdtemp(things->dir) != NULL);
    }
    snprintf(things->url, sizeof(things->url), "sqlite:%s/store.db", things->dir);
    return true;
}

struct things *things_create(void)
{
    struct things *things = pl_alloc(sizeof(*things));
    sem_init(&things->woken, 0, 0);
    sem_init(&things->gate, 0, 0);
    sem_init(&things->at_gate, 0, 0);
    if (!choose_url(things)) {
        things_close(things);
        return NULL;
    }
    return things;
}

int things_open_store(struct things *things, const struct pl_store_config *config,
                      struct pl_error *err)
{
    struct pl_store_config filled = config == NULL ? (struct pl_store_config){0} : *config;
    filled.url = pl_str_of_cstr(things->url);
    filled.wake = wake;
    filled.user = things;
    if (things->vfs != NULL) {
        return pl_sqlite_store_open(&things->store, &filled, things->url + strlen("sqlite:"),
                                    things->vfs, true, err);
    }
    return pl_store_open(&things->store, &filled, true, err);
}

void things_close_store(struct things *things)
{
    pl_store_destroy(things->store);
    things->store = NULL;
}

struct things *things_open(const struct pl_store_config *config)
{
    struct pl_error err = {0};
    struct things *things = things_create();
    if (things == NULL) {
        return NULL;
    }
    int rc = things_open_store(things, config, &err);
    if (rc == PL_E_UNSUPPORTED) {
        things_close(things);
        return NULL;
    }
    if (rc < 0 || things_run(things, THING_TABLE, 0, NULL) != 0) {
        fprintf(stderr, "things: %s\n", err.text);
        abort();
    }
    return things;
}

void things_close(struct things *things)
{
    if (things == NULL) {
        return;
    }
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm"};
    things_close_store(things);
    for (size_t i = 0; i < PL_ARRAY_LEN(names) && things->dir[0] != 0; i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", things->dir, names[i]);
        unlink(path);
    }
    if (things->dir[0] != 0) {
        rmdir(things->dir);
    }
    sem_destroy(&things->woken);
    sem_destroy(&things->gate);
    sem_destroy(&things->at_gate);
    pl_free(things);
}
