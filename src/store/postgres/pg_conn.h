/* One connection to PostgreSQL, over libpq in pipeline mode: statements without an answer that
 * anybody waits for go out at once, one behind the other, and their results are looked at with the
 * next query. The first that fails stops all behind it, up to pl_pg_recover.
 * Threads: the worker's that owns it. */
#ifndef PL_STORE_POSTGRES_PG_CONN_H
#define PL_STORE_POSTGRES_PG_CONN_H

#include "base/list.h"
#include "base/map.h"
#include "store/sql.h"

#include <libpq-fe.h>

/* Statements on their way, at most: then the oldest are looked at first. */
#define PL_PG_PENDING_MAX 256

/* What a result on its way belongs to. */
struct pl_pg_pending {
    uint32_t op;      /* number of the operation (pl_pg_begin_op) */
    bool is_prepare;  /* of a prepared statement that this statement is the first to use */
    const char *text; /* of the statement; static */
};

struct pl_pg_conn {
    struct pl_sql sql;
    PGconn *pg;               /* NULL while there is no connection */
    struct pl_map statements; /* prepared: by the address of their text */
    uint32_t statement_count;
    struct pl_list open_rows;                        /* of queries that wait for their pl_sql_end */
    struct pl_pg_pending pending[PL_PG_PENDING_MAX]; /* a ring */
    uint32_t pending_first;
    uint32_t pending_count;
    uint32_t op;             /* the one that statements belong to now */
    uint32_t failed_op;      /* whose statement failed, while has_failed */
    bool has_failed;         /* nothing runs until pl_pg_recover */
    bool is_lost;            /* the connection is gone: pl_pg_connect again */
    struct pl_error failure; /* of failed_op */
    int timeout_ms;          /* for an answer */
};

/* Zeroed memory becomes a connection that is not open. */
void pl_pg_init(struct pl_pg_conn *conn, int timeout_ms);
void pl_pg_fini(struct pl_pg_conn *conn);

/* Connect (again). url: "postgresql://...", with a NUL behind it.
 * Returns 0; PL_E_CLOSED, with the server's words and without the password; PL_E_INVALID for a URL that
 * libpq cannot read (pg_url.h); PL_E_UNSUPPORTED for a database that keeps no UTF-8. */
PL_MUST_CHECK int pl_pg_connect(struct pl_pg_conn *conn, const char *url, struct pl_error *err);
void pl_pg_disconnect(struct pl_pg_conn *conn);

/* Statements from here on belong to operation number `op`. */
void pl_pg_begin_op(struct pl_pg_conn *conn, uint32_t op);

/* Queue a command without parameters or an answer: "BEGIN", "SAVEPOINT op". `text` is static. */
PL_MUST_CHECK int pl_pg_command(struct pl_pg_conn *conn, const char *text, struct pl_error *err);

/* Wait for everything on its way. Returns 0, or the error of the first that failed: conn->failed_op
 * says whose it was. */
PL_MUST_CHECK int pl_pg_settle(struct pl_pg_conn *conn, struct pl_error *err);

/* After a failure: forget what was stopped, so that commands run again. The transaction has failed
 * up to its last savepoint. PL_E_CLOSED when the connection is gone. */
PL_MUST_CHECK int pl_pg_recover(struct pl_pg_conn *conn, struct pl_error *err);

/* End what an operation left open: each is a mistake of ours. */
void pl_pg_end_all(struct pl_pg_conn *conn);

/* Run a script of several commands (a migration), outside of the pipeline; after a failure as well,
 * to roll back. */
PL_MUST_CHECK int pl_pg_script(struct pl_pg_conn *conn, const char *script_cstr,
                               struct pl_error *err);

#endif
