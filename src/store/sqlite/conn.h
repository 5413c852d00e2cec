/* A connection to an SQLite database, as SQL sees it (store/sql.h): each statement is prepared once
 * and kept under its text's address.
 * Threads: one at a time. */
#ifndef PL_STORE_SQLITE_CONN_H
#define PL_STORE_SQLITE_CONN_H

#include "base/list.h"
#include "base/map.h"
#include "store/sql.h"

struct sqlite3;

enum pl_sqlite_role {
    PL_SQLITE_WRITER, /* creates the file (0600) when it is missing, and switches WAL on */
    PL_SQLITE_READER, /* may not change anything */
    PL_SQLITE_COPY,   /* a file in the making, which nobody else has: nothing is synced */
};

#define PL_SQLITE_BUSY_MS 5000 /* for somebody who looks at the file with another program */

struct pl_sqlite {
    struct pl_sql sql; /* first */
    struct sqlite3 *db;
    struct pl_map statements; /* struct pl_sqlite_statement, by the address of the text */
    struct pl_list in_use;    /* struct pl_sqlite_statement: rows that wait for their pl_sql_end */
    int wal_large_pages;      /* checkpoint.c's: a journal that is not to grow */
    int wal_wait_pages;       /* from here on it waits for readers */
};

/* Open PATH, or ":memory:" (each its own). `vfs`: the name of a registered one, or NULL.
 * PL_E_IO, PL_E_DENIED (permissions), PL_E_TIMEOUT (another process holds it), PL_E_NOMEM. */
PL_MUST_CHECK int pl_sqlite_open(struct pl_sqlite **out, const char *path_cstr, const char *vfs,
                                 enum pl_sqlite_role role, struct pl_error *err);
void pl_sqlite_close(struct pl_sqlite *conn); /* NULL is fine */

/* Whether a transaction is open. SQLite ends one by itself when it cannot go on (no space, no
 * memory, a failing disk): then everything since its BEGIN is undone. */
bool pl_sqlite_is_in_transaction(const struct pl_sqlite *conn);

/* End what an operation left open. Returns how many rows that were: each is a mistake of ours. */
size_t pl_sqlite_end_all(struct pl_sqlite *conn);

/* Undo the transaction, if one is open. */
void pl_sqlite_rollback(struct pl_sqlite *conn);

#endif
