/* The store on a file of SQLite. Writes that wait together are one transaction with a savepoint for
 * each, so that one commit, which waits for the disk, pays for all. */
#include "store/sqlite/store.h"

#include "base/alloc.h"
#include "store/sqlite/transaction.h"
#include "store/threaded.h"

#include <sqlite3.h>

struct sqlite_store {
    struct pl_store_backend backend; /* first */
    struct pl_sqlite *writer;        /* the writer's thread's, once there is one */
    struct pl_sqlite **readers;      /* each its thread's */
    uint32_t reader_count;
};

static struct sqlite_store *store_of(struct pl_store_backend *backend)
{
    return PL_CONTAINER_OF(backend, struct sqlite_store, backend);
}

/* --- writing --- */

/* A commit that failed at one of its last steps, the sync for one, has left whole pages in the journal;
 * if the process ended now, the next one would find them there, take them for committed, and what was
 * told to have failed would be stored. A commit that changes nothing (but writes a page) overwrites
 * them. `rc`: what the commit failed with. */
static void bury(struct pl_sqlite *conn, int rc)
{
    bool has_written = rc != PL_E_INVALID && rc != PL_E_EXISTS && rc != PL_E_TIMEOUT;
    if (has_written && pl_sql_script(&conn->sql, "PRAGMA user_version = 0", NULL) < 0) {
        pl_sqlite_rollback(conn); /* a disk that fails again: nothing can be promised */
    }
}

/* One by one, each with a commit of its own. Not all of them wait for somebody who has the file. */
static void write_apart(struct pl_sqlite *conn, struct pl_store_op *chain)
{
    for (struct pl_store_op *op = chain; op != NULL; op = op->next) {
        int rc = pl_sqlite_write(conn, op);
        if (rc == PL_E_TIMEOUT) {
            pl_store_fail_chain(op, &op->error);
            return;
        }
        if (rc < 0) {
            bury(conn, rc);
        }
    }
}

/* How a batch in one transaction went. */
enum batch_end {
    BATCH_WHOLE,
    BATCH_TO_UNDO, /* an operation that is not to be stored has changed something */
    BATCH_LOST,    /* SQLite has ended the transaction: no room, no memory, a disk that fails */
};

/* Without a savepoint for each, which costs half as much as the operation in it: most refuse, if at
 * all, before they have changed anything. */
static enum batch_end write_quickly(struct pl_sqlite *conn, struct pl_store_op *chain)
{
    for (struct pl_store_op *op = chain; op != NULL; op = op->next) {
        int64_t before = sqlite3_total_changes64(conn->db);
        pl_sqlite_call(conn, op);
        if (!pl_sqlite_is_in_transaction(conn)) {
            return BATCH_LOST;
        }
        if (op->rc != 0 && sqlite3_total_changes64(conn->db) != before) {
            return BATCH_TO_UNDO;
        }
    }
    return BATCH_WHOLE;
}

static enum batch_end write_carefully(struct pl_sqlite *conn, struct pl_store_op *chain)
{
    for (struct pl_store_op *op = chain; op != NULL; op = op->next) {
        pl_sqlite_write_inside(conn, op);
        if (!pl_sqlite_is_in_transaction(conn)) {
            return BATCH_LOST;
        }
    }
    return BATCH_WHOLE;
}

static int begin(struct pl_sqlite *conn, struct pl_error *err)
{
    return pl_sql_run(&conn->sql, "BEGIN IMMEDIATE", NULL, 0, NULL, err);
}

/* All in one transaction that is left open, for its commit. 1 when that is lost. */
static int write_together(struct pl_sqlite *conn, struct pl_store_op *chain, struct pl_error *err)
{
    int rc = begin(conn, err);
    if (rc < 0) {
        return rc;
    }
    enum batch_end end = write_quickly(conn, chain);
    if (end == BATCH_TO_UNDO) {
        pl_sqlite_rollback(conn);
        rc = begin(conn, err);
        if (rc < 0) {
            return rc;
        }
        end = write_carefully(conn, chain);
    }
    return end == BATCH_LOST ? 1 : 0;
}

/* A batch that is lost to one of its operations is done again in pieces: the others may well work.
 * When the commit fails all have failed, even those that were refused: what they saw was not to be. */
static void sqlite_write(struct pl_store_backend *backend, struct pl_store_op *chain)
{
    struct pl_sqlite *conn = store_of(backend)->writer;
    struct pl_error err = {0};
    int rc = write_together(conn, chain, &err);
    if (rc == 1) {
        write_apart(conn, chain);
        return;
    }
    if (rc == 0) {
        rc = pl_sql_run(&conn->sql, "COMMIT", NULL, 0, NULL, &err);
    }
    if (rc < 0) {
        pl_sqlite_rollback(conn);
        pl_store_fail_chain(chain, &err);
        bury(conn, rc);
    }
}

static void sqlite_read(struct pl_store_backend *backend, uint32_t reader, struct pl_store_op *op)
{
    pl_sqlite_read(store_of(backend)->readers[reader], op);
}

/* --- the beginning and the end --- */

/* The readers first: the last connection to close empties the journal into the database. */
static void sqlite_close(struct pl_store_backend *backend)
{
    struct sqlite_store *store = store_of(backend);
    for (uint32_t i = 0; i < store->reader_count; i++) {
        pl_sqlite_close(store->readers[i]);
    }
    pl_sqlite_close(store->writer);
    pl_free(store->readers);
    pl_free(store);
}

static const struct pl_store_backend_impl sqlite_backend = {
    .name = "sqlite",
    .write = sqlite_write,
    .read = sqlite_read,
    .close = sqlite_close,
};

static int open_connections(struct sqlite_store *store, const char *path_cstr, const char *vfs,
                            enum pl_migrate_when when, const struct pl_log *log,
                            struct pl_error *err)
{
    int rc = pl_sqlite_open(&store->writer, path_cstr, vfs, PL_SQLITE_WRITER, err);
    if (rc == 0) {
        rc = pl_migrate_open(&store->writer->sql, &pl_migrations_sqlite, when, log, err);
    }
    for (uint32_t i = 0; rc >= 0 && i < store->reader_count; i++) {
        rc = pl_sqlite_open(&store->readers[i], path_cstr, vfs, PL_SQLITE_READER, err);
    }
    return rc < 0 ? rc : 0;
}

int pl_sqlite_store_open(struct pl_store **out, const struct pl_store_config *config,
                         const char *path_cstr, const char *vfs, bool may_migrate,
                         struct pl_error *err)
{
    struct pl_store_config filled = *config;
    if (strcmp(path_cstr, ":memory:") == 0) {
        return pl_error_set(err, PL_E_INVALID, "a store in memory keeps nothing: name a file");
    }
    struct sqlite_store *store = pl_alloc(sizeof(*store));
    if (filled.reader_count == 0) {
        filled.reader_count = PL_STORE_READER_COUNT;
    }
    store->backend.impl = &sqlite_backend;
    store->reader_count = filled.reader_count;
    store->readers = pl_alloc_array(store->reader_count, sizeof(struct pl_sqlite *));
    int rc = open_connections(store, path_cstr, vfs, pl_store_migrate_when(config, may_migrate),
                              config->log, err);
    if (rc < 0) {
        sqlite_close(&store->backend);
        return rc;
    }
    return pl_store_threaded_create(out, &store->backend, &filled, err);
}
