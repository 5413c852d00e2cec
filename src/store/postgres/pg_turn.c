/* Whose turn it is to write: locks of the session, and the mark. */
#include "store/postgres/pg_turn.h"

/* One row of one number. */
static int ask_int(int64_t *out, struct pl_pg_conn *conn, const char *text, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = pl_sql_query(&rows, &conn->sql, text, NULL, 0, err);
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

/* Locks of the session: they end with the connection, however that ends. The writer has the first; a
 * process that takes over has the second until the other one is gone. */
#define LOCK_WRITER "88426193477985"
#define LOCK_SUCCESSOR "88426193477986"

static int try_lock(struct pl_pg_conn *conn, bool *is_ours, const char *text, struct pl_error *err)
{
    int64_t answer = 0;
    int rc = ask_int(&answer, conn, text, err);
    *is_ours = rc == 0 && answer != 0;
    return rc;
}

static int try_successor(struct pl_pg_turn *turn, bool *is_ours, struct pl_error *err)
{
    return try_lock(turn->conn, is_ours, "SELECT pg_try_advisory_lock(" LOCK_SUCCESSOR ")::int",
                    err);
}

static int drop_successor(struct pl_pg_turn *turn, struct pl_error *err)
{
    bool was_ours;
    return try_lock(turn->conn, &was_ours, "SELECT pg_advisory_unlock(" LOCK_SUCCESSOR ")::int",
                    err);
}

static int take_lock(struct pl_pg_turn *turn, struct pl_error *err)
{
    int rc = try_lock(turn->conn, &turn->has_lock,
                      "SELECT pg_try_advisory_lock(" LOCK_WRITER ")::int", err);
    if (rc < 0) {
        return rc;
    }
    if (turn->has_lock) {
        rc = turn->is_successor ? drop_successor(turn, err) : 0;
        turn->is_successor = false;
    } else if (turn->takes_over && !turn->is_successor) {
        rc = try_successor(turn, &turn->is_successor, err);
    }
    if (rc == 0 && !turn->has_lock && !turn->is_successor) {
        return pl_error_set(err, PL_E_STATE, "another Parley writes to this database");
    }
    return rc;
}

int pl_pg_turn_take_back(struct pl_pg_turn *turn, struct pl_error *err)
{
    bool is_gone = false;
    struct pl_error ignored;
    int rc = turn->has_lock ? try_successor(turn, &is_gone, &ignored) : 0;
    if (rc == 0 && is_gone) {
        turn->has_mark = false;
        rc = drop_successor(turn, &ignored);
        return rc < 0 ? rc : PL_E_AGAIN;
    }
    return pl_error_set(err, PL_E_STATE, "another Parley has taken this database over");
}

int pl_pg_turn_take(struct pl_pg_turn *turn, struct pl_error *err)
{
    int rc = turn->has_lock ? 0 : take_lock(turn, err);
    if (rc == 0 && !turn->has_mark) {
        rc = pl_pg_mark_create(turn->conn, &turn->mark, err);
        turn->has_mark = rc == 0;
    }
    return rc;
}

int pl_pg_turn_begin(struct pl_pg_turn *turn, struct pl_error *err)
{
    turn->has_lock = false;
    turn->is_successor = false;
    return take_lock(turn, err);
}
