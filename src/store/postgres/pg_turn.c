/* Whose turn it is to write: locks of the session, and the mark. */
#include "store/postgres/pg_turn.h"

/* One row of one number. */
static int ask_int(int64_t *out, struct pl_pg_conn *conn, const char *text,
                   const struct pl_sql_value *values, size_t count, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = pl_sql_query(&rows, &conn->sql, text, values, count, err);
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_next(&rows, err);
    if (rc == 1) {
        *out = pl_sql_get_int(&rows, 0);
    }
    pl_sql_end(&rows);
    return rc < 0 ? rc : 0;
}

/* --- locks --- */

/* Of the session: they end with the connection, however that ends. The writer has the first; a process
 * that takes over has the second until the other one is gone. A third is of each process alone. */
#define LOCK_WRITER INT64_C(88426193477985)
#define LOCK_SUCCESSOR INT64_C(88426193477986)

static int try_lock(struct pl_pg_conn *conn, bool *is_ours, int64_t lock, struct pl_error *err)
{
    int64_t answer = 0;
    int rc = ask_int(&answer, conn, "SELECT pg_try_advisory_lock($1)::int",
                     (const struct pl_sql_value[]){pl_sql_int(lock)}, 1, err);
    *is_ours = rc == 0 && answer != 0;
    return rc;
}

static int drop_successor(struct pl_pg_conn *conn, struct pl_error *err)
{
    int64_t was_ours;
    return ask_int(&was_ours, conn, "SELECT pg_advisory_unlock($1)::int",
                   (const struct pl_sql_value[]){pl_sql_int(LOCK_SUCCESSOR)}, 1, err);
}

/* The server names the process that serves a connection, and a pooler between names another one. It would
 * let anybody have this session's locks, and spread statements over sessions. */
static int check_session(struct pl_pg_conn *conn, struct pl_error *err)
{
    int64_t pid = 0;
    int rc = ask_int(&pid, conn, "SELECT pg_backend_pid()", NULL, 0, err);
    if (rc == 0 && pid != PQbackendPID(conn->pg)) {
        return pl_error_set(err, PL_E_UNSUPPORTED,
                            "the store's URL leads to a connection pooler: it has to lead to "
                            "PostgreSQL itself");
    }
    return rc;
}

static int refuse_writer(struct pl_error *err)
{
    return pl_error_set(err, PL_E_STATE, "another Parley writes to this database");
}

/* The writer's lock, if nobody has it; as a successor, go on without. */
static int take_lock(struct pl_pg_turn *turn, struct pl_error *err)
{
    int rc = try_lock(turn->conn, &turn->has_lock, LOCK_WRITER, err);
    if (rc < 0) {
        return rc;
    }
    if (turn->has_lock) {
        rc = turn->is_successor ? drop_successor(turn->conn, err) : 0;
        turn->is_successor = false;
        turn->takes_over = false;
    }
    return rc == 0 && !turn->has_lock && !turn->is_successor ? refuse_writer(err) : rc;
}

/* The successor's lock first: the process before may have lost its connection, and is to have its own again.
 * It may be a successor itself that has not written since: then its lock is this one, and the other free. */
static int take_over(struct pl_pg_turn *turn, struct pl_error *err)
{
    int rc = try_lock(turn->conn, &turn->is_successor, LOCK_SUCCESSOR, err);
    return rc < 0 || turn->is_successor ? rc : take_lock(turn, err);
}

/* PL_E_STATE when a process that has taken over has not written yet. */
static int check_successor(struct pl_pg_conn *conn, struct pl_error *err)
{
    bool is_free = false;
    int rc = try_lock(conn, &is_free, LOCK_SUCCESSOR, err);
    if (rc == 0 && !is_free) {
        return refuse_writer(err);
    }
    return rc < 0 ? rc : drop_successor(conn, err);
}

static int take_either(struct pl_pg_turn *turn, struct pl_error *err)
{
    if (turn->takes_over) {
        return take_over(turn, err);
    }
    int rc = take_lock(turn, err);
    return rc < 0 || turn->has_mark ? rc : check_successor(turn->conn, err);
}

/* A session of this process whose connection broke may be there still, with a commit under way: not
 * before it has ended is it known what became of that. */
static int take_own_lock(struct pl_pg_turn *turn, struct pl_error *err)
{
    int64_t lock = 0;
    bool is_ours = false;
    for (size_t i = 0; i < sizeof(lock); i++) {
        lock = (int64_t)((uint64_t)lock << 8 | turn->mark.run.bytes[i]);
    }
    int rc = try_lock(turn->conn, &is_ours, lock, err);
    if (rc == 0 && !is_ours) {
        return pl_error_set(err, PL_E_CLOSED,
                            "PostgreSQL has not noticed that the connection before is over");
    }
    return rc;
}

/* Whoever wrote while there was no connection has done what this process knows nothing of. */
static int check_mark(struct pl_pg_turn *turn, struct pl_error *err)
{
    int rc = turn->has_mark ? pl_pg_mark_is_ours(turn->conn, &turn->mark, err) : 1;
    if (rc == 0) {
        return pl_error_set(err, PL_E_STATE,
                            "another Parley has written to this database: restart this one");
    }
    return rc < 0 ? rc : 0;
}

int pl_pg_turn_begin(struct pl_pg_turn *turn, struct pl_error *err)
{
    turn->has_lock = false;
    turn->is_successor = false;
    int rc = check_session(turn->conn, err);
    rc = rc < 0 ? rc : take_own_lock(turn, err);
    rc = rc < 0 ? rc : take_either(turn, err);
    return rc < 0 ? rc : check_mark(turn, err);
}

/* --- writing --- */

int pl_pg_turn_take(struct pl_pg_turn *turn, struct pl_error *err)
{
    int rc = turn->has_lock ? 0 : take_lock(turn, err);
    if (rc == 0 && !turn->has_mark) {
        rc = pl_pg_mark_create(turn->conn, &turn->mark, err);
        turn->has_mark = rc == 0;
    }
    return rc;
}

int pl_pg_turn_take_back(struct pl_pg_turn *turn, struct pl_error *err)
{
    bool is_gone = false;
    struct pl_error ignored;
    int rc = turn->has_lock ? try_lock(turn->conn, &is_gone, LOCK_SUCCESSOR, &ignored) : 0;
    if (rc == 0 && is_gone) {
        turn->has_mark = false;
        rc = drop_successor(turn->conn, &ignored);
        return rc < 0 ? rc : PL_E_AGAIN;
    }
    return pl_error_set(err, PL_E_STATE, "another Parley has taken this database over");
}

int pl_pg_turn_lock_out(struct pl_pg_conn *conn, struct pl_error *err)
{
    struct pl_pg_turn turn = {.conn = conn};
    int rc = check_session(conn, err);
    return rc < 0 ? rc : take_either(&turn, err);
}
