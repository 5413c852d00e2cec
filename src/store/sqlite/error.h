/* SQLite's errors in our codes and words. Threads: the connection's. */
#ifndef PL_STORE_SQLITE_ERROR_H
#define PL_STORE_SQLITE_ERROR_H

#include "base/error.h"

struct sqlite3;

/* The last error of a connection. Returns its code, never 0. */
int pl_sqlite_error(struct sqlite3 *db, struct pl_error *err);

/* The same of a connection that could not be opened and knows no name of its file. */
int pl_sqlite_error_opening(struct sqlite3 *db, const char *path_cstr, struct pl_error *err);

/* The same for an error that a function returned and the connection does not know of. */
int pl_sqlite_error_of(struct sqlite3 *db, int extended, struct pl_error *err);

/* The code of one of SQLite's extended codes; `system_errno`: of the call that failed, or 0. */
int pl_sqlite_error_code(int extended, int system_errno);

#endif
