/* The store on PostgreSQL: one connection that writes, some that read. A connection that is lost is
 * opened again, and what it had not committed runs again.
 * Threads: the hub's. */
#ifndef PL_STORE_POSTGRES_STORE_H
#define PL_STORE_POSTGRES_STORE_H

#include "store/store.h"

/* As pl_store_open; url_cstr: "postgresql://...". PL_E_STATE as well when another process of Parley
 * writes to this database and goes on doing so for some seconds: ids come from the memory of one. */
PL_MUST_CHECK int pl_postgres_store_open(struct pl_store **out,
                                         const struct pl_store_config *config, const char *url_cstr,
                                         bool may_migrate, struct pl_error *err);

#endif
