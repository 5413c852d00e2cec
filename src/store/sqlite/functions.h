/* What our SQL calls and SQLite lacks: strpos(text, part), where `part` first is in `text`, counted
 * in characters from 1; 0: nowhere; NULL when one of them is. lower() is SQLite's own, which knows
 * ASCII letters alone, as we want it.
 * Threads: the connection's. */
#ifndef PL_STORE_SQLITE_FUNCTIONS_H
#define PL_STORE_SQLITE_FUNCTIONS_H

#include "base/error.h"

struct sqlite3;

PL_MUST_CHECK int pl_sqlite_functions_add(struct sqlite3 *db, struct pl_error *err);

#endif
