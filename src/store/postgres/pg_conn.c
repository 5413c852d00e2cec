/* A connection to PostgreSQL: opening it, the pipeline, and what failed in it. */
#include "store/postgres/pg_conn.h"

#include "store/postgres/pg_internal.h"
#include "store/postgres/pg_url.h"

#include <errno.h>
#include <poll.h>

/* Where the URL says nothing else. A server that does not answer is noticed by our own timeout; one
 * whose machine is gone, by these. */
static const char *const keywords[] = {
    "connect_timeout",
    "keepalives_idle",
    "tcp_user_timeout",
    "target_session_attrs", /* of several hosts, and never a standby, which lags behind */
    "application_name",
    "dbname",
    "client_encoding",
    NULL,
};

void pl_pg_init(struct pl_pg_conn *conn, int timeout_ms)
{
    *conn = (struct pl_pg_conn){.timeout_ms = timeout_ms, .is_lost = true};
    conn->sql = (struct pl_sql){.impl = &pl_pg_sql_impl, .is_postgres = true};
    pl_map_init(&conn->statements, NULL);
    pl_list_init(&conn->open_rows);
}

void pl_pg_disconnect(struct pl_pg_conn *conn)
{
    PQfinish(conn->pg);
    conn->pg = NULL;
    conn->is_lost = true;
    conn->has_failed = false;
    conn->pending_count = 0;
    conn->statement_count = 0;
    pl_map_fini(&conn->statements);
    pl_map_init(&conn->statements, NULL);
}

void pl_pg_fini(struct pl_pg_conn *conn)
{
    pl_pg_disconnect(conn);
    pl_map_fini(&conn->statements);
}

static bool is_open(const struct pl_pg_conn *conn)
{
    return PQstatus(conn->pg) == CONNECTION_OK;
}

static void drop_notice(void *user, const char *text)
{
    (void)user;
    (void)text;
}

/* One line of what libpq says. */
static int lost(struct pl_pg_conn *conn, const char *why, struct pl_error *err)
{
    struct pl_str text = pl_str_of_cstr(why);
    conn->is_lost = true;
    return pl_error_set(err, PL_E_CLOSED, "PostgreSQL: " PL_STR_FMT,
                        PL_STR_ARG(pl_str_first(text, pl_str_find_char(text, '\n'))));
}

int pl_pg_lost(struct pl_pg_conn *conn, struct pl_error *err)
{
    return lost(conn, PQerrorMessage(conn->pg), err);
}

/* Others cannot keep every text. */
static bool is_utf8(const struct pl_pg_conn *conn)
{
    const char *encoding = PQparameterStatus(conn->pg, "server_encoding");
    return encoding == NULL || strcmp(encoding, "UTF8") == 0;
}

int pl_pg_connect(struct pl_pg_conn *conn, const char *url, struct pl_error *err)
{
    const char *const values[] = {"5", "10", "10000", "read-write", "parley", url, "UTF8", NULL};
    _Static_assert(PL_ARRAY_LEN(values) == PL_ARRAY_LEN(keywords), "a value to each keyword");
    pl_pg_disconnect(conn);
    int checked = pl_pg_url_check(url, err);
    if (checked < 0) {
        return checked;
    }
    conn->pg = PQconnectdbParams(keywords, values, 1);
    if (conn->pg == NULL || !is_open(conn)) {
        int rc = lost(conn, conn->pg == NULL ? "no memory" : PQerrorMessage(conn->pg), err);
        pl_pg_disconnect(conn);
        return rc;
    }
    if (!is_utf8(conn)) {
        pl_pg_disconnect(conn);
        return pl_error_set(err, PL_E_UNSUPPORTED,
                            "the database's encoding is not UTF8: create one with "
                            "TEMPLATE template0 ENCODING 'UTF8'");
    }
    PQsetNoticeProcessor(conn->pg, drop_notice, NULL);
    if (PQsetnonblocking(conn->pg, 1) != 0 || PQenterPipelineMode(conn->pg) != 1) {
        return pl_pg_lost(conn, err);
    }
    conn->is_lost = false;
    return 0;
}

void pl_pg_begin_op(struct pl_pg_conn *conn, uint32_t op)
{
    conn->op = op;
}

/* --- results --- */

/* Send what waits and take what comes, until libpq has the next result (or NULL, which ends the
 * results of one statement). */
static int fetch(struct pl_pg_conn *conn, PGresult **out, struct pl_error *err)
{
    for (;;) {
        int flushed = PQflush(conn->pg);
        if (flushed < 0) {
            return pl_pg_lost(conn, err);
        }
        if (!PQisBusy(conn->pg)) {
            *out = PQgetResult(conn->pg);
            return *out == NULL && !is_open(conn) ? pl_pg_lost(conn, err) : 0;
        }
        if (!is_open(conn)) { /* and will not become readable */
            return pl_pg_lost(conn, err);
        }
        struct pollfd poll_fd = {.fd = PQsocket(conn->pg),
                                 .events = (short)(POLLIN | (flushed == 1 ? POLLOUT : 0))};
        int ready = poll(&poll_fd, 1, conn->timeout_ms);
        if (ready == 0) {
            return lost(conn, "no answer in time", err);
        }
        if ((ready < 0 && errno != EINTR) || PQconsumeInput(conn->pg) != 1) {
            return pl_pg_lost(conn, err);
        }
    }
}

static int code_of_state(const char *state)
{
    static const struct {
        struct pl_str prefix;
        int code;
    } rows[] = {
        {PL_STR_INIT("23505"), PL_E_EXISTS},
        {PL_STR_INIT("53100"), PL_E_FULL},
        {PL_STR_INIT("54"), PL_E_TOO_BIG},
        {PL_STR_INIT("22012"), PL_E_STATE}, /* a division by zero: pg_batch.c divides on purpose */
        {PL_STR_INIT("22021"), PL_E_INVALID},
        {PL_STR_INIT("22P05"), PL_E_INVALID},
        {PL_STR_INIT("40"), PL_E_AGAIN},
        {PL_STR_INIT("57P"), PL_E_CLOSED},
        {PL_STR_INIT("08"), PL_E_CLOSED},
    };
    struct pl_str text = pl_str_of_cstr(state == NULL ? "" : state);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if (pl_str_starts_with(text, rows[i].prefix)) {
            return rows[i].code;
        }
    }
    return PL_E_IO;
}

/* Behind such an error the server closes the connection. */
static bool is_fatal(const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return severity != NULL && strcmp(severity, "ERROR") != 0;
}

/* The primary message alone: details quote values. */
static int fail(struct pl_pg_conn *conn, const struct pl_pg_pending *pending,
                const PGresult *result, struct pl_error *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    int code = code_of_state(state);
    conn->has_failed = true;
    conn->failed_op = pending->op;
    conn->is_lost = conn->is_lost || code == PL_E_CLOSED || is_fatal(result) || !is_open(conn);
    pl_error_set(&conn->failure, conn->is_lost ? PL_E_CLOSED : code, "PostgreSQL: %s (%s)",
                 message == NULL ? "the connection was lost" : message,
                 state == NULL ? "-----" : state);
    if (err != NULL) {
        *err = conn->failure;
    }
    return conn->failure.code;
}

static void forget_statement(struct pl_pg_conn *conn, const char *text)
{
    pl_map_remove(&conn->statements, pl_pg_statement_key(&text));
}

static struct pl_pg_pending take_pending(struct pl_pg_conn *conn)
{
    struct pl_pg_pending pending = conn->pending[conn->pending_first];
    conn->pending_first = (conn->pending_first + 1) % PL_PG_PENDING_MAX;
    conn->pending_count--;
    return pending;
}

/* The oldest statement on its way. *out: its result, when it went well. */
static int take_result(struct pl_pg_conn *conn, PGresult **out, struct pl_error *err)
{
    struct pl_pg_pending pending = take_pending(conn);
    PGresult *result = NULL;
    PGresult *end = NULL;
    int rc = fetch(conn, &result, err);
    if (rc < 0) {
        return rc;
    }
    ExecStatusType status = result == NULL ? PGRES_FATAL_ERROR : PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        rc = fail(conn, &pending, result, err);
        if (pending.is_prepare) {
            forget_statement(conn, pending.text);
        }
        PQclear(result);
        return rc;
    }
    rc = fetch(conn, &end, err);
    PQclear(end);
    if (rc < 0) {
        PQclear(result);
        return rc;
    }
    *out = result;
    return 0;
}

int pl_pg_drain(struct pl_pg_conn *conn, PGresult **last, struct pl_error *err)
{
    PGresult *result = NULL;
    if (conn->is_lost) {
        return lost(conn, "there is no connection", err);
    }
    if (conn->has_failed) {
        *err = conn->failure;
        return conn->failure.code;
    }
    if (conn->pending_count > 0 && PQsendFlushRequest(conn->pg) != 1) {
        return pl_pg_lost(conn, err);
    }
    while (conn->pending_count > 0) {
        PQclear(result);
        result = NULL;
        int rc = take_result(conn, &result, err);
        if (rc < 0) {
            return rc;
        }
    }
    if (last != NULL) {
        *last = result;
    } else {
        PQclear(result);
    }
    return 0;
}

int pl_pg_settle(struct pl_pg_conn *conn, struct pl_error *err)
{
    struct pl_error ignored;
    return pl_pg_drain(conn, NULL, err == NULL ? &ignored : err);
}

int pl_pg_recover(struct pl_pg_conn *conn, struct pl_error *err)
{
    while (conn->pending_count > 0) { /* what was stopped was never prepared */
        struct pl_pg_pending pending = take_pending(conn);
        if (pending.is_prepare) {
            forget_statement(conn, pending.text);
        }
    }
    conn->has_failed = false;
    if (conn->is_lost || PQpipelineSync(conn->pg) != 1) {
        return lost(conn, "the connection was lost", err);
    }
    for (bool is_over = false; !is_over;) {
        PGresult *result = NULL;
        int rc = fetch(conn, &result, err);
        if (rc < 0) {
            return rc;
        }
        is_over = result != NULL && PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        PQclear(result);
    }
    return 0;
}

/* --- commands --- */

void pl_pg_push(struct pl_pg_conn *conn, bool is_prepare, const char *text)
{
    PL_ASSERT(conn->pending_count < PL_PG_PENDING_MAX);
    uint32_t at = (conn->pending_first + conn->pending_count) % PL_PG_PENDING_MAX;
    conn->pending[at] =
        (struct pl_pg_pending){.op = conn->op, .is_prepare = is_prepare, .text = text};
    conn->pending_count++;
}

int pl_pg_make_room(struct pl_pg_conn *conn, uint32_t count, struct pl_error *err)
{
    if (conn->is_lost || conn->has_failed || conn->pending_count + count > PL_PG_PENDING_MAX) {
        return pl_pg_settle(conn, err);
    }
    return 0;
}

int pl_pg_command(struct pl_pg_conn *conn, const char *text, struct pl_error *err)
{
    int rc = pl_pg_make_room(conn, 1, err);
    if (rc < 0) {
        return rc;
    }
    if (PQsendQueryParams(conn->pg, text, 0, NULL, NULL, NULL, NULL, 0) != 1) {
        return pl_pg_lost(conn, err);
    }
    pl_pg_push(conn, false, text);
    return 0;
}

/* The results of a script up to its end. */
static int take_script(struct pl_pg_conn *conn, struct pl_error *err)
{
    struct pl_pg_pending pending = {.op = conn->op};
    int rc = 0;
    for (;;) {
        PGresult *result = NULL;
        int fetched = fetch(conn, &result, err);
        if (fetched < 0 || result == NULL) {
            return fetched < 0 ? fetched : rc;
        }
        ExecStatusType status = PQresultStatus(result);
        if (rc == 0 && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
            rc = fail(conn, &pending, result, err);
            conn->has_failed = false; /* of a script, nothing is stopped behind it */
        }
        PQclear(result);
    }
}

int pl_pg_script(struct pl_pg_conn *conn, const char *script_cstr, struct pl_error *err)
{
    int rc = conn->has_failed ? pl_pg_recover(conn, err) : pl_pg_settle(conn, err);
    if (rc < 0) {
        return rc;
    }
    if (PQexitPipelineMode(conn->pg) != 1 || PQsendQuery(conn->pg, script_cstr) != 1) {
        return pl_pg_lost(conn, err);
    }
    rc = take_script(conn, err);
    if (!conn->is_lost && PQenterPipelineMode(conn->pg) != 1) {
        return pl_pg_lost(conn, rc < 0 ? NULL : err);
    }
    return rc;
}
