/* One connection to the database of a store, for commands that look at it while no server has it: to
 * migrate, to copy.
 * Threads: one at a time. */
#ifndef PL_STORE_DATABASE_H
#define PL_STORE_DATABASE_H

#include "store/migrate.h"

struct pl_database;

enum pl_database_role {
    PL_DATABASE_READER,  /* changes nothing; a file has to be there */
    PL_DATABASE_CREATOR, /* a file is made when it is missing */
};

/* url: as pl_store_open. Returns 0; PL_E_INVALID for another kind of URL; or what became of opening. */
PL_MUST_CHECK int pl_database_open(struct pl_database **out, struct pl_str url,
                                   enum pl_database_role role, struct pl_error *err);

/* See to it that nobody writes to it as long as it is open. Of a PostgreSQL, which servers of other machines
 * may have; of a file, the lock of the data directory tells.
 * PL_E_STATE when somebody does. */
PL_MUST_CHECK int pl_database_lock(struct pl_database *database, struct pl_error *err);

void pl_database_close(struct pl_database *database); /* NULL is fine */

struct pl_sql *pl_database_sql(struct pl_database *database);

/* Those of its backend. */
const struct pl_migrations *pl_database_migrations(const struct pl_database *database);

#endif
