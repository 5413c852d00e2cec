/* Whose turn it is to write to a PostgreSQL: ids come from the memory of one process, so one process
 * alone writes. It has a lock as long as it is connected, and its mark (pg_batch.h) in the database;
 * one that takes over puts its own mark there, and the batches of the other one fail from then on.
 * Threads: the writer's. */
#ifndef PL_STORE_POSTGRES_PG_TURN_H
#define PL_STORE_POSTGRES_PG_TURN_H

#include "store/postgres/pg_batch.h"

struct pl_pg_turn {
    struct pl_pg_conn *conn; /* borrowed */
    struct pl_pg_mark mark;
    bool takes_over;   /* until it has had the lock once */
    bool has_lock;     /* nobody but a successor may begin to write */
    bool is_successor; /* has the other lock, while the process before may have the first */
    bool has_mark;
};

/* The connection is a new one: take the lock, or the successor's. What this process has sent on former
 * connections is decided then: it has happened, or will not.
 * PL_E_STATE when another process has the lock or has written meanwhile; PL_E_UNSUPPORTED when it is no
 * session of its own that the connection leads to; or what became of the connection. */
PL_MUST_CHECK int pl_pg_turn_begin(struct pl_pg_turn *turn, struct pl_error *err);

/* Before a batch: say that this process writes. Not before its first one: a process that takes over is
 * not to disturb the other one before that. Errors as above. */
PL_MUST_CHECK int pl_pg_turn_take(struct pl_pg_turn *turn, struct pl_error *err);

/* A batch failed since another process has the mark, which was to take over from this one. When it
 * died on the way, this one goes on: PL_E_AGAIN. Otherwise PL_E_STATE. */
PL_MUST_CHECK int pl_pg_turn_take_back(struct pl_pg_turn *turn, struct pl_error *err);

/* For a command: the lock alone, until the connection is closed. Errors as pl_pg_turn_begin. */
PL_MUST_CHECK int pl_pg_turn_lock_out(struct pl_pg_conn *conn, struct pl_error *err);

#endif
