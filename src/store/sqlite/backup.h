/* A copy of a database as it is at one moment, while others write to it: they go on meanwhile, the
 * journal (WAL) just grows.
 * Threads: any, one that blocks until it is done. */
#ifndef PL_STORE_SQLITE_BACKUP_H
#define PL_STORE_SQLITE_BACKUP_H

#include "base/error.h"

struct pl_sqlite_backup {
    /* Told now and then, from 0 to the total; returns false to stop. May be NULL. */
    bool (*on_progress)(void *user, int64_t done_pages, int64_t total_pages);
    void *user;
    int64_t bytes; /* of the copy, afterwards */
};

/* Copy the database at `from` to a new file `to` (0600): under a temporary name beside it, checked
 * with SQLite's integrity check and synced, and only then named. The copy is one file, without a
 * journal. PL_E_EXISTS when there is a `to`, which stays as it is; PL_E_CLOSED when on_progress
 * stopped it; PL_E_FULL, PL_E_IO, PL_E_DENIED. Whatever fails, no new file is left. */
PL_MUST_CHECK int pl_sqlite_backup(struct pl_sqlite_backup *backup, const char *from_cstr,
                                   const char *to_cstr, struct pl_error *err);

#endif
