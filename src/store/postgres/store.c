/* The store on PostgreSQL: what happens when a connection is lost, and that one process alone writes. */
#include "store/postgres/store.h"

#include "base/alloc.h"
#include "base/env.h"
#include "store/postgres/pg_turn.h"
#include "store/threaded.h"

#include <time.h>

#define ANSWER_MS 30000               /* for an answer of the server */
#define MIGRATION_MS (10 * 60 * 1000) /* the same of a step of a migration */
#define PATIENCE_MS 5000
#define RETRY_MS 100
#define LONG_MS 1000 /* for an attempt to connect */
#define AGAIN_MAX 5  /* transactions that the server wants to have tried again */

/* A connection, and whether it is to be had. */
struct line {
    struct pl_pg_conn conn;
    bool is_away;            /* the last one to need it gave up: the next one does not wait */
    int64_t next_attempt_ms; /* not before: one that took long is not made at once again */
    struct pl_error reason;  /* of the last attempt, that failed */
};

struct postgres_store {
    struct pl_store_backend backend; /* first */
    char *url;
    const struct pl_log *log;
    struct line writer; /* the writer's thread's, once there is one */
    struct pl_pg_turn turn;
    struct line *readers; /* each its thread's */
    uint32_t reader_count;
    int64_t patience_ms; /* in which a lost connection may come back before callers hear of it */
};

static struct postgres_store *store_of(struct pl_store_backend *backend)
{
    return PL_CONTAINER_OF(backend, struct postgres_store, backend);
}

/* --- connections --- */

static void pause_ms(long ms)
{
    struct timespec time = {.tv_nsec = ms * 1000000};
    (void)nanosleep(&time, NULL);
}

/* What was said to be stored is to be on the disk, whatever the server's own setting. And when this machine
 * is gone, or the network between, the server is to notice within half a minute, not two hours: until then the
 * session keeps its locks. */
static int prepare_writer(struct postgres_store *store, struct pl_error *err)
{
    int rc = pl_pg_script(&store->writer.conn,
                          "SELECT set_config('synchronous_commit', 'on', false) "
                          "WHERE current_setting('synchronous_commit') = 'off'; "
                          "SELECT set_config(name, wanted, false) FROM pg_settings JOIN (VALUES "
                          "('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), "
                          "('tcp_keepalives_count', '3'), ('tcp_user_timeout', '25000'), "
                          "('idle_session_timeout', '0')) AS ours (name, wanted) USING (name)",
                          err);
    return rc < 0 ? rc : pl_pg_turn_begin(&store->turn, err);
}

static int attempt(struct postgres_store *store, struct line *line, struct pl_error *err)
{
    int64_t before_ms = pl_clock_monotonic_ms();
    if (before_ms < line->next_attempt_ms) {
        *err = line->reason;
        return err->code;
    }
    int rc = pl_pg_connect(&line->conn, store->url, err);
    if (rc == 0 && line == &store->writer) {
        rc = prepare_writer(store, err);
    }
    if (rc < 0) {
        pl_pg_disconnect(&line->conn);
        int64_t now_ms = pl_clock_monotonic_ms();
        int64_t took_ms = now_ms - before_ms;
        line->next_attempt_ms = took_ms < LONG_MS ? 0 : now_ms + took_ms;
        line->reason = *err;
    }
    return rc;
}

/* Try until it works, time does not help, or until_ms is over; at least once. At the start the lock of a
 * process that was killed may be there for a moment. */
static int connect_until(struct postgres_store *store, struct line *line, int64_t until_ms,
                         struct pl_error *err)
{
    for (;;) {
        int rc = line->conn.is_lost ? attempt(store, line, err) : 0;
        bool may_pass = rc == PL_E_CLOSED || (rc == PL_E_STATE && !store->turn.has_mark);
        if (!may_pass || pl_clock_monotonic_ms() >= until_ms) {
            return rc;
        }
        pause_ms(RETRY_MS);
    }
}

/* Until when whoever needs it waits for it. */
static int64_t patience_of(const struct postgres_store *store, const struct line *line)
{
    return pl_clock_monotonic_ms() + (line->is_away ? 0 : store->patience_ms);
}

/* --- writing --- */

static void note_away(struct postgres_store *store, bool is_away, const struct pl_error *err)
{
    char reason[2 * PL_ERROR_TEXT_MAX];
    if (is_away && !store->writer.is_away) {
        pl_log(store->log, PL_LOG_ERROR, "store.lost", "backend=postgres reason=%s",
               pl_log_quote(reason, sizeof(reason), pl_str_of_cstr(err->text)));
    } else if (!is_away && store->writer.is_away) {
        pl_log(store->log, PL_LOG_INFO, "store.back", "backend=postgres");
    }
    store->writer.is_away = is_away;
}

/* A batch, and how it fares. */
struct writing {
    struct postgres_store *store;
    struct pl_store_op *chain;
    int64_t until_ms;
    int again_count;
    bool in_doubt; /* the connection was lost while committing */
};

/* Returns 0 when the batch is committed, PL_E_AGAIN to try once more, or why it failed. */
static int try_write(struct writing *writing, struct pl_error *err)
{
    struct postgres_store *store = writing->store;
    struct pl_pg_conn *conn = &store->writer.conn;
    int rc = connect_until(store, &store->writer, writing->until_ms, err);
    if (rc == 0 && writing->in_doubt) {
        rc = pl_pg_mark_check(conn, &store->turn.mark, err);
        writing->in_doubt = rc < 0;
        if (rc == 1) {
            return 0;
        }
    }
    if (rc == 0) {
        rc = pl_pg_turn_take(&store->turn, err);
    }
    if (rc == 0) {
        rc = pl_pg_write(conn, writing->chain, &store->turn.mark, &writing->in_doubt, err);
    } else if (rc == PL_E_CLOSED && !conn->is_lost) {
        conn->is_lost = true;
    }
    bool is_late = pl_clock_monotonic_ms() >= writing->until_ms;
    if (rc == PL_E_STATE && !conn->is_lost) {
        rc = pl_pg_turn_take_back(&store->turn, err);
        if (rc == PL_E_STATE && store->turn.has_lock && !is_late) {
            pause_ms(RETRY_MS); /* it may be dying */
            return PL_E_AGAIN;
        }
    }
    if (rc == PL_E_CLOSED && !is_late) {
        return PL_E_AGAIN;
    }
    return rc == PL_E_AGAIN && ++writing->again_count > AGAIN_MAX ? PL_E_IO : rc;
}

static void postgres_write(struct pl_store_backend *backend, struct pl_store_op *chain)
{
    struct postgres_store *store = store_of(backend);
    struct writing writing = {
        .store = store, .chain = chain, .until_ms = patience_of(store, &store->writer)};
    struct pl_error err = {0};
    int rc;
    store->turn.mark.batch++;
    do {
        rc = try_write(&writing, &err);
    } while (rc == PL_E_AGAIN);
    note_away(store, rc == PL_E_CLOSED || rc == PL_E_STATE, &err);
    if (rc < 0) {
        err.code = rc == PL_E_STATE ? PL_E_CLOSED : rc;
        pl_store_fail_chain(chain, &err);
    }
}

/* --- reading --- */

/* Returns as try_write. */
static int try_read(struct postgres_store *store, struct line *line, struct pl_store_op *op,
                    int64_t until_ms, struct pl_error *err)
{
    int rc = connect_until(store, line, until_ms, err);
    if (rc == 0) {
        rc = pl_pg_read(&line->conn, op, err);
    }
    bool is_late = pl_clock_monotonic_ms() >= until_ms;
    return rc == PL_E_CLOSED && !is_late ? PL_E_AGAIN : rc;
}

static void postgres_read(struct pl_store_backend *backend, uint32_t reader, struct pl_store_op *op)
{
    struct postgres_store *store = store_of(backend);
    struct line *line = &store->readers[reader];
    int64_t until_ms = patience_of(store, line);
    struct pl_error err = {0};
    int rc = PL_E_AGAIN;
    for (int i = 0; rc == PL_E_AGAIN && i < AGAIN_MAX; i++) {
        rc = try_read(store, line, op, until_ms, &err);
    }
    line->is_away = rc == PL_E_CLOSED;
    if (rc < 0) {
        op->rc = rc;
        op->error = err;
    }
}

/* --- the beginning and the end --- */

static void postgres_close(struct pl_store_backend *backend)
{
    struct postgres_store *store = store_of(backend);
    for (uint32_t i = 0; i < store->reader_count; i++) {
        pl_pg_fini(&store->readers[i].conn);
    }
    pl_pg_fini(&store->writer.conn);
    pl_free(store->readers);
    pl_wipe(store->url, strlen(store->url)); /* a password may be in it */
    pl_free(store->url);
    pl_free(store);
}

static const struct pl_store_backend_impl postgres_backend = {
    .name = "postgres",
    .write = postgres_write,
    .read = postgres_read,
    .close = postgres_close,
};

static int open_writer(struct postgres_store *store, enum pl_migrate_when when,
                       struct pl_error *err)
{
    struct pl_pg_conn *conn = &store->writer.conn;
    conn->timeout_ms = MIGRATION_MS;
    int rc = connect_until(store, &store->writer, patience_of(store, &store->writer), err);
    if (rc == 0) {
        rc = pl_migrate_open(&conn->sql, &pl_migrations_postgres, when, store->log, err);
    }
    if (rc < 0) {
        return rc;
    }
    pl_log(store->log, PL_LOG_INFO, "store.opened", "backend=postgres host=%s database=%s",
           PQhost(conn->pg), PQdb(conn->pg));
    conn->timeout_ms = ANSWER_MS;
    return 0;
}

int pl_postgres_store_open(struct pl_store **out, const struct pl_store_config *config,
                           const char *url_cstr, bool may_migrate, struct pl_error *err)
{
    struct pl_store_config filled = *config;
    struct postgres_store *store = pl_alloc(sizeof(*store));
    if (filled.reader_count == 0) {
        filled.reader_count = PL_STORE_READER_COUNT;
    }
    store->backend.impl = &postgres_backend;
    store->url = pl_strdup_n(url_cstr, strlen(url_cstr));
    store->log = config->log;
    store->patience_ms = config->patience_ms == 0 ? PATIENCE_MS : config->patience_ms;
    store->turn =
        (struct pl_pg_turn){.conn = &store->writer.conn, .takes_over = config->takes_over};
    pl_random_bytes(store->turn.mark.run.bytes, sizeof(store->turn.mark.run.bytes));
    store->readers = pl_alloc_array(filled.reader_count, sizeof(struct line));
    store->reader_count = filled.reader_count;
    pl_pg_init(&store->writer.conn, ANSWER_MS);
    for (uint32_t i = 0; i < store->reader_count; i++) {
        pl_pg_init(&store->readers[i].conn, ANSWER_MS);
    }
    int rc = open_writer(store, pl_store_migrate_when(config, may_migrate), err);
    if (rc < 0) {
        postgres_close(&store->backend);
        return rc;
    }
    return pl_store_threaded_create(out, &store->backend, &filled, err);
}
