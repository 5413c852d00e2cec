/* What is told of a store's migrations, by a running server and by the command when none runs.
 * Threads: any, one that may block. */
#ifndef PL_APP_STORE_REPORT_H
#define PL_APP_STORE_REPORT_H

#include "codec/json_write.h"
#include "store/migrate.h"

/* Write the members of an object: database (its URL without a password), pending (how many), and
 * migrations: [{number, name, state, applied_ms}], applied_ms null for what is not applied. `url`: as
 * pl_store_open. A file of SQLite that is not there lacks all. Errors of opening and of asking. */
PL_MUST_CHECK int pl_store_report(struct pl_json_writer *json, struct pl_str url,
                                  struct pl_error *err);

/* PL_E_UNSUPPORTED, with the command that backs a database of PostgreSQL up to `path`. */
int pl_store_report_pg_dump(struct pl_str url, const char *path, struct pl_error *err);

#endif
