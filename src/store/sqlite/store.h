/* The store on a file of SQLite: one connection that writes, some that read (WAL lets them look at
 * the last commit meanwhile).
 * Threads: the hub's. */
#ifndef PL_STORE_SQLITE_STORE_H
#define PL_STORE_SQLITE_STORE_H

#include "store/store.h"

/* As pl_store_open; config->url is not looked at. `vfs`: of SQLite, by name; NULL in earnest. */
PL_MUST_CHECK int pl_sqlite_store_open(struct pl_store **out, const struct pl_store_config *config,
                                       const char *path_cstr, const char *vfs, bool may_migrate,
                                       struct pl_error *err);

#endif
