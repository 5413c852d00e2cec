/* Prepared statements of one connection. Threads: the connection's. */
#ifndef PL_STORE_SQLITE_STATEMENT_H
#define PL_STORE_SQLITE_STATEMENT_H

#include "store/sqlite/conn.h"

#include <sqlite3.h>

struct pl_sqlite_statement {
    struct pl_list use; /* on conn->in_use while it is in use */
    sqlite3_stmt *stmt;
    bool is_kept; /* in conn->statements; otherwise it ends with its use */
};

/* The statement of a text, ready for its parameters: the kept one, or another when that is in use
 * (a query inside a query of the same text). PL_E_INVALID for a text that is no SQL, or whose
 * parameters are not $1 ... $count in that order. */
PL_MUST_CHECK int pl_sqlite_statement_take(struct pl_sqlite_statement **out, struct pl_sqlite *conn,
                                           const char *text, size_t count, struct pl_error *err);

/* Its parameters. `is_copied`: the values do not live as long as the statement is in use. */
PL_MUST_CHECK int pl_sqlite_statement_bind(struct pl_sqlite_statement *statement,
                                           const struct pl_sql_value *values, size_t count,
                                           bool is_copied, struct pl_error *err);

/* Given back, whatever its state. */
void pl_sqlite_statement_give(struct pl_sqlite_statement *statement);

void pl_sqlite_statements_free(struct pl_sqlite *conn);

#endif
