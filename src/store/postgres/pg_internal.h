/* What the files of the PostgreSQL backend share.
 * Threads: the worker's that owns the connection. */
#ifndef PL_STORE_POSTGRES_PG_INTERNAL_H
#define PL_STORE_POSTGRES_PG_INTERNAL_H

#include "store/postgres/pg_conn.h"

extern const struct pl_sql_impl pl_pg_sql_impl; /* pg_sql.c */

/* Key of a prepared statement: the address of its text. Borrowed from *text. */
static inline struct pl_str pl_pg_statement_key(const char *const *text)
{
    return pl_str_make((const char *)text, sizeof(*text));
}

/* See to it that so many more statements may be sent, and that nothing has failed. */
PL_MUST_CHECK int pl_pg_make_room(struct pl_pg_conn *conn, uint32_t count, struct pl_error *err);

/* One statement has been sent, for which there was room. */
void pl_pg_push(struct pl_pg_conn *conn, bool is_prepare, const char *text);

/* Take the results of all that is on its way. *last: that of the last, the caller's to clear; last
 * may be NULL. Errors as pl_pg_settle. */
PL_MUST_CHECK int pl_pg_drain(struct pl_pg_conn *conn, PGresult **last, struct pl_error *err);

/* Sending failed: the connection is lost. Returns PL_E_CLOSED. */
int pl_pg_lost(struct pl_pg_conn *conn, struct pl_error *err);

#endif
