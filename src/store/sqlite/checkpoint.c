/* Checkpoints, from SQLite's hook after each commit. */
#include "store/sqlite/checkpoint.h"

#include <sqlite3.h>

#define CHECKPOINT_PAGES 1000 /* 4 MiB, SQLite's own number */
#define LARGE_PAGES 16384     /* 64 MiB */
#define RETRY_PAGES 4096      /* more, before the next time of waiting */
#define WAIT_MS 20            /* for readers: a read takes less, a backup more */

/* Everything goes into the file, and the journal begins at its front again; or nothing is lost. */
static void begin_anew(struct pl_sqlite *conn, int pages)
{
    sqlite3_busy_timeout(conn->db, WAIT_MS);
    int rc = sqlite3_wal_checkpoint_v2(conn->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    sqlite3_busy_timeout(conn->db, PL_SQLITE_BUSY_MS);
    conn->wal_wait_pages = rc == SQLITE_OK ? conn->wal_large_pages : pages + RETRY_PAGES;
}

/* What fails here fails again, and is told, where somebody waits for it. */
static int on_commit(void *user, sqlite3 *db, const char *name, int pages)
{
    struct pl_sqlite *conn = user;
    if (pages >= conn->wal_wait_pages) {
        begin_anew(conn, pages);
    } else if (pages >= CHECKPOINT_PAGES) {
        sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    return SQLITE_OK;
}

void pl_sqlite_checkpoint_init(struct pl_sqlite *conn)
{
    conn->wal_large_pages = LARGE_PAGES;
    conn->wal_wait_pages = LARGE_PAGES;
    sqlite3_wal_hook(conn->db, on_commit, conn);
}
